//! The wire, and nothing else: what these types say is what the schema says.

use schemars::JsonSchema;
use serde::Serialize;

/// The result of `dekey access`. Later releases may add properties to any object and write them where a reader does not know
/// them; within version 1 none is removed, renamed or given another meaning. Ids are as the documents give them; compare them
/// without regard to case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The format.
    #[schemars(extend("const" = super::SCHEMA))]
    pub dekey: &'static str,
    /// The moment for which the answer holds, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub as_of: String,
    /// What no document says and was taken for read.
    pub taken_for_read: Vec<String>,
    /// The question and its answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The question and its answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Answer {
    /// What somebody can do.
    Show(Show),
    /// Who can do something.
    Who(Who),
    /// What workspaces need.
    Needs(Needs),
    /// The least that suffices.
    Minimise(Least),
    /// A workspace as a graph.
    Graph(Graph),
}

/// Somebody.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Principal {
    /// The object id; `null` when no document says it.
    pub object_id: Option<String>,
    /// A name for people; `null` when no document says it.
    pub name: Option<String>,
    /// What kind of principal it is, in words.
    pub kind: Option<String>,
    /// What acts as it: a workspace, compute or endpoint.
    pub acts_for: Option<String>,
    /// Why it is not known as whom that acts.
    pub unknown: Option<String>,
}

/// An answer of the engine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decision {
    /// The verdict.
    #[schemars(extend("enum" = ["allowed", "denied", "conditional", "unknown"]))]
    pub verdict: &'static str,
    /// What a conditional verdict depends on.
    pub condition: Option<String>,
    /// What permits it.
    pub because: Vec<Reason>,
    /// Deny assignments that forbid it: name and scope.
    pub denied_by: Vec<Reason>,
    /// What would permit it once activated.
    pub eligible: Vec<Reason>,
    /// What is missing and could change the verdict.
    pub gaps: Vec<String>,
    /// What was taken for read and could change the verdict.
    pub assumed: Vec<String>,
}

/// An assignment, an access policy or a deny assignment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// Its id.
    pub assignment: String,
    /// The role's name, or what stands in its place.
    pub role: String,
    /// The role's GUID; empty where there is none.
    pub role_id: String,
    /// Where it counts, and below.
    pub scope: String,
    /// The pattern that covers the action.
    pub pattern: String,
    /// The group through which it counts.
    pub through_group: Option<Principal>,
    /// What it depends on.
    pub condition: Option<String>,
    /// Since when it is there.
    pub since: Option<String>,
    /// Until when it counts.
    pub until: Option<String>,
}

/// What somebody can do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Show {
    /// The resource that was asked about.
    pub on: Option<String>,
    /// The action that was asked about.
    pub action: Option<String>,
    /// Whoever was asked about; several where a workspace has several identities.
    pub principals: Vec<Shown>,
}

/// What one principal can do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Shown {
    /// Who.
    pub principal: Principal,
    /// Its assignments, its groups' included.
    pub grants: Vec<Grant>,
    /// Everything it can do at the resource, the most dangerous first.
    pub effective: Vec<Effective>,
    /// Whether it can do the action there.
    pub decision: Option<Decision>,
    /// Ways to what the action gives that need no permission for it.
    pub ways: Vec<Way>,
    /// Why the assignments that reach the resource do not permit the action.
    pub why_not: Vec<String>,
}

/// An assignment of somebody, or an access policy: its permissions stand in the place of the pattern.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Grant {
    /// The assignment.
    #[serde(flatten)]
    pub reason: Reason,
    /// Whether it counts now, has to be activated, has ended, or counts later.
    #[schemars(extend("enum" = ["active", "eligible", "ended", "later"]))]
    pub standing: &'static str,
    /// The most dangerous kind of action that the role permits, of those that matter here.
    pub worst: Option<&'static str>,
}

/// Something that can be done.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Effective {
    /// The action.
    pub action: String,
    /// `control` or `data`.
    pub plane: &'static str,
    /// What harm it can do.
    #[schemars(extend("enum" = ["read", "act", "write", "delete", "secrets", "grant"]))]
    pub danger: &'static str,
    /// `allowed`, `conditional` or `unknown`.
    pub verdict: &'static str,
    /// Through what, when that was asked for.
    pub because: Vec<Reason>,
}

/// A way that needs no permission for the action itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Way {
    /// The action that opens it.
    pub action: String,
    /// The resource that it is done to.
    pub at: String,
    /// What is behind it.
    pub opens: String,
    /// Whether a setting keeps it shut: `open` or `unknown`.
    pub lock: &'static str,
    /// Whether that action is permitted.
    pub decision: Decision,
}

/// Who can do something.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Who {
    /// The resource.
    pub resource: String,
    /// The action.
    pub action: String,
    /// `control` or `data`.
    pub plane: &'static str,
    /// Everyone who can or might, by permission or by another way, or could once an eligible role is activated.
    pub holders: Vec<WhoHolder>,
    /// Whether somebody may whom no document names.
    pub others: Decision,
}

/// Somebody who can, or might.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WhoHolder {
    /// Who.
    pub principal: Principal,
    /// By permission.
    pub decision: Decision,
    /// By other ways.
    pub ways: Vec<Way>,
}

/// What workspaces need.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Needs {
    /// Each workspace.
    pub workspaces: Vec<WorkspaceNeeds>,
}

/// What one workspace needs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WorkspaceNeeds {
    /// Its id.
    pub id: String,
    /// The workspace and everything that runs in it as an identity of its own.
    pub actors: Vec<ActorNeeds>,
}

/// What one that acts needs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActorNeeds {
    /// The workspace, compute or endpoint.
    pub resource: String,
    /// What it is, in a word.
    pub kind: &'static str,
    /// As whom it acts; `null` when it has no identity.
    pub principal: Option<Principal>,
    /// What was not read, so that there may be more.
    pub unread: Vec<String>,
    /// What it reaches.
    pub dependents: Vec<DependentNeeds>,
    /// The identity of a workspace beside a profile, when one was asked for.
    pub compared: Option<Compared>,
}

/// An identity beside a profile.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Compared {
    /// The profile.
    #[schemars(extend("enum" = ["default", "documented", "hardened"]))]
    pub profile: &'static str,
    /// What the profile is.
    pub about: String,
    /// Its rows.
    pub grants: Vec<ProfileGrant>,
}

/// A row of a profile.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProfileGrant {
    /// The role's name, or the access policy that stands in its place.
    pub role: String,
    /// The role's GUID; empty for an access policy.
    pub role_id: String,
    /// Where.
    pub scope: String,
    /// When it belongs to the profile; `null` for always.
    pub when: Option<String>,
    /// Where Microsoft says so.
    pub source: String,
    /// Whether the identity has the role there, or above; `not_applicable` where a setting of the resource rules the row out.
    #[schemars(extend("enum" = ["held", "missing", "unknown", "not_applicable"]))]
    pub state: &'static str,
}

/// What is needed of one dependent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DependentNeeds {
    /// Its id.
    pub id: String,
    /// How it is used.
    pub parts: Vec<Part>,
    /// Each need and whether it is met; empty when nobody acts.
    pub needs: Vec<Need>,
    /// Uses of which the needs are not known, because a setting was not read.
    pub unclear: Vec<&'static str>,
    /// What may be done beyond that.
    pub excess: Excess,
    /// Commands that grant what is missing.
    pub remedy: Vec<String>,
}

/// One way in which a dependent is used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Part {
    /// What it is to the workspace.
    pub role: &'static str,
    /// The datastore, where it is the account of one.
    pub datastore: Option<String>,
    /// What is done there.
    pub uses: Vec<&'static str>,
    /// Whether that is done with a key today.
    pub by_key: Option<bool>,
    /// Whether the workspace has it from its hub.
    pub through_hub: bool,
}

/// A need.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Need {
    /// For what.
    pub purpose: &'static str,
    /// The action.
    pub action: String,
    /// `control` or `data`.
    pub plane: &'static str,
    /// Whether it is met, and by what.
    pub decision: Decision,
}

/// What may be done and is not needed.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Excess {
    /// How many actions.
    pub actions: u32,
    /// What they come from, worst first.
    pub causes: Vec<Cause>,
}

/// An assignment that permits more than is needed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cause {
    /// The assignment.
    #[serde(flatten)]
    pub reason: Reason,
    /// `narrowest`: the documented role for what is needed; `by_default`: the service grants it itself; `beyond`: neither.
    #[schemars(extend("enum" = ["narrowest", "by_default", "beyond"]))]
    pub fit: &'static str,
    /// The most dangerous kind of action among them.
    pub worst: &'static str,
    /// What it permits beyond the needs, the most dangerous first.
    pub actions: Vec<String>,
}

/// The least that suffices for a workspace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Least {
    /// The workspace.
    pub workspace: String,
    /// The workspace and everything that runs in it as an identity of its own.
    pub actors: Vec<ActorLeast>,
}

/// The least that suffices for one that acts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActorLeast {
    /// The workspace, compute or endpoint.
    pub resource: String,
    /// What it is, in a word.
    pub kind: &'static str,
    /// As whom it acts; `null` when it has no identity.
    pub principal: Option<Principal>,
    /// What was not read, so that it may need more.
    pub unread: Vec<String>,
    /// The assignments; empty when there are none that suffice.
    pub assignments: Vec<Pick>,
    /// What they cost: 2 for each, and what they permit beyond the needs by its danger; `null` when none suffice.
    pub cost: Option<u64>,
    /// The cheaper choice with custom roles, if there is one.
    pub with_custom_roles: Vec<Pick>,
    /// What that costs; a custom role costs 20.
    pub cost_with_custom_roles: Option<u64>,
    /// Permissions that access policies have to hold: vault and permissions.
    pub access_policies: Vec<Policy>,
    /// Why there is nothing less, in words.
    pub proof: Vec<String>,
    /// Whether that was checked.
    pub proven: bool,
    /// Needs that no role meets, and uses of which the needs are not known.
    pub open: Vec<String>,
}

/// Permissions of an access policy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Policy {
    /// The vault.
    pub vault: String,
    /// The permissions, such as `secrets/get`.
    pub permissions: Vec<String>,
    /// The command that grants them.
    pub command: String,
}

/// One assignment of the answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Pick {
    /// The role's name.
    pub role: String,
    /// The role's GUID; `null` for a custom role.
    pub role_id: Option<String>,
    /// Where.
    pub scope: String,
    /// What it is needed for.
    pub meets: Vec<String>,
    /// How many actions it permits beyond that.
    pub excess: usize,
    /// The most dangerous of them.
    pub worst: Option<String>,
    /// The definition of a custom role.
    pub definition: Option<serde_json::Value>,
    /// The command that assigns it.
    pub command: String,
}

/// A workspace as a graph.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Graph {
    /// The workspace.
    pub workspace: String,
    /// In columns from left to right: who acts, through which role, where; and who gets at the keys.
    pub nodes: Vec<Node>,
    /// Between nodes, by position.
    pub edges: Vec<Edge>,
}

/// Something in the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    /// `actor`, `grant`, `dependent` or `holder`.
    pub kind: &'static str,
    /// What it says.
    pub label: String,
    /// A second line.
    pub detail: String,
}

/// Something that leads from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Edge {
    /// The position of a node.
    pub from: usize,
    /// The position of a node.
    pub to: usize,
    /// `has`, `permits`, `missing` or `keys`.
    pub kind: &'static str,
    /// What it says.
    pub label: String,
}
