//! The wire, and nothing else: what these types say is what the schema says.

use crate::lines::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What assignments say of an inventory, and what they would refuse.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Simulate<'a> {
    /// The effect in the place of the policies' own; `null` when none was asked for.
    pub(super) effect: Option<String>,
    /// Summed over all policies.
    pub(super) counts: Counts,
    /// The assignments.
    pub(super) assignments: Vec<Assignment<'a>>,
    /// What denials would stop.
    pub(super) blast: Blast<'a>,
    /// Denials that pull in different directions.
    pub(super) conflicts: Vec<Conflict>,
    /// What could not be judged beside single resources.
    pub(super) not_judged: Vec<String>,
    /// How the resource that was asked about came to its verdicts.
    pub(super) why: Vec<Why>,
}

/// How many resources stand in which way.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Counts {
    pub(crate) compliant: u64,
    pub(crate) non_compliant: u64,
    pub(crate) exempt: u64,
    pub(crate) excluded: u64,
    pub(crate) not_applicable: u64,
    /// Azure's evaluation fails, which denies requests.
    pub(crate) evaluation_error: u64,
    pub(crate) not_judged: u64,
    /// Compliant of all that is looked at; exempt and not judged do not count as compliant.
    pub(crate) strict_rate: Option<f64>,
    /// What Azure shows: exempt counts as compliant, and what was not judged here is left out.
    pub(crate) azure_rate: Option<f64>,
}

/// An assignment.
#[derive(Serialize, JsonSchema)]
pub(super) struct Assignment<'a> {
    pub(super) id: &'a str,
    pub(super) name: String,
    pub(super) scope: &'a str,
    /// It is not assigned yet.
    pub(super) new: bool,
    #[schemars(extend("enum" = ["Default", "DoNotEnforce", "Enroll"]))]
    pub(super) enforcement: &'static str,
    /// How many resources it covers.
    pub(super) covered: u64,
    /// Resources that it leaves out.
    pub(super) excluded: Stream<'a, &'a str>,
    /// Its policies.
    pub(super) policies: Vec<Policy<'a>>,
}

/// A policy of an assignment.
#[derive(Serialize, JsonSchema)]
pub(super) struct Policy<'a> {
    /// What it is called within the initiative; empty where there is none.
    pub(super) reference: &'a str,
    pub(super) definition: &'a str,
    pub(super) name: String,
    /// Its effect, as it is or as it is asked about.
    pub(super) effect: String,
    pub(super) counts: Counts,
    /// Resources for which it holds, by what it does to them.
    pub(super) non_compliant: Vec<Group<'a>>,
    /// Resources that are excused, by exemption.
    pub(super) exempt: Vec<Exempt<'a>>,
    /// Resources whose evaluation fails, by reason.
    pub(super) evaluation_errors: Vec<Group<'a>>,
    /// Resources that could not be judged, by what is missing.
    pub(super) not_judged: Vec<Group<'a>>,
    /// Resources of which a request may come to another verdict than what there is.
    pub(super) requests: Vec<Group<'a>>,
    /// The properties that this hangs on: no request has them, or the service fills them in.
    pub(super) hangs_on: Vec<&'static str>,
    /// Types of which it is not known what requests may leave out.
    pub(super) requests_not_known: Vec<&'a str>,
}

/// Resources that have something in common.
#[derive(Serialize, JsonSchema)]
pub(super) struct Group<'a> {
    /// What they have in common.
    pub(super) because: &'a str,
    pub(super) count: u64,
    pub(super) resources: Stream<'a, &'a str>,
}

/// Resources that one exemption excuses.
#[derive(Serialize, JsonSchema)]
pub(super) struct Exempt<'a> {
    pub(super) exemption: &'a str,
    #[schemars(extend("enum" = ["Waiver", "Mitigated"]))]
    pub(super) category: &'static str,
    pub(super) count: u64,
    /// How many of them the policy would hold for.
    pub(super) would_not_comply: u64,
    pub(super) resources: Stream<'a, &'a str>,
}

/// What denials would stop.
#[derive(Serialize, JsonSchema)]
pub(super) struct Blast<'a> {
    /// How many policies refuse, or would.
    pub(super) policies: u64,
    /// How many resources can no longer be updated as they are.
    pub(super) count: u64,
    /// These resources.
    pub(super) resources: Stream<'a, Stuck<'a>>,
    /// Writes of late; `null` when the inventory has no activity log: they are not judged.
    pub(super) writes: Option<Writes<'a>>,
}

/// A resource that can no longer be updated as it is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Stuck<'a> {
    pub(super) resource: &'a str,
    pub(super) owner: Option<&'a str>,
    /// Where the owner is known from.
    pub(super) owner_from: Option<&'static str>,
    pub(super) by: Vec<By<'a>>,
}

/// A policy of an assignment.
#[derive(Serialize, JsonSchema)]
pub(super) struct By<'a> {
    pub(super) assignment: &'a str,
    pub(super) reference: &'a str,
    pub(super) definition: &'a str,
}

/// Writes of late.
#[derive(Serialize, JsonSchema)]
pub(super) struct Writes<'a> {
    /// The time of the first event of the log.
    pub(super) from: Option<&'a str>,
    /// The time of the last.
    pub(super) to: Option<&'a str>,
    /// How many there were of resources that these policies may be about.
    pub(super) looked_at: u64,
    /// Those that would have been refused.
    pub(super) refused: Vec<Refused<'a>>,
    /// Earlier writes of the same resources: what they wrote, no log says.
    pub(super) earlier: u64,
    /// Writes that cannot be judged, by reason.
    pub(super) not_judged: Vec<Unclear<'a>>,
}

/// A write that would have been refused.
#[derive(Serialize, JsonSchema)]
pub(super) struct Refused<'a> {
    pub(super) time: &'a str,
    pub(super) caller: Option<&'a str>,
    pub(super) operation: &'a str,
    pub(super) resource: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) owner_from: Option<&'static str>,
    pub(super) by: Vec<By<'a>>,
}

/// Writes that cannot be judged.
#[derive(Serialize, JsonSchema)]
pub(super) struct Unclear<'a> {
    pub(super) because: &'a str,
    pub(super) resources: Vec<&'a str>,
}

/// Two denials that pull in different directions.
#[derive(Serialize, JsonSchema)]
pub(super) struct Conflict {
    pub(super) one: Named,
    pub(super) other: Named,
    /// How many resources one of them refuses as they are.
    pub(super) resources: u64,
    /// One of these.
    pub(super) example: String,
    /// Changes that satisfy one of them and leave the other refusing.
    pub(super) alone: Vec<Alone>,
    /// Changes after which neither refuses it, as both were asked; `null` when none were found.
    pub(super) both: Option<Vec<Change>>,
}

/// A policy of an assignment, by name.
#[derive(Serialize, JsonSchema)]
pub(super) struct Named {
    pub(super) assignment: String,
    pub(super) reference: String,
    pub(super) definition: String,
    pub(super) name: String,
}

/// Changes that satisfy one policy.
#[derive(Serialize, JsonSchema)]
pub(super) struct Alone {
    pub(super) satisfies: String,
    pub(super) changes: Vec<Change>,
}

/// One property that changes.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    pub(super) path: String,
    pub(super) from: Option<Value>,
    pub(super) to: Option<Value>,
}

/// How a resource came to the verdict of one policy.
#[derive(Serialize, JsonSchema)]
pub(super) struct Why {
    pub(super) resource: String,
    pub(super) assignment: String,
    pub(super) policy: String,
    pub(super) outcome: String,
    pub(super) steps: Vec<Step>,
}

/// What one condition came to.
#[derive(Serialize, JsonSchema)]
pub(super) struct Step {
    /// Where the condition stands in the definition, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) expression: String,
    pub(super) path: String,
    pub(super) found: Option<Value>,
    pub(super) operator: String,
    pub(super) target: Option<Value>,
    /// `true`, `false`, or why nobody can say.
    pub(super) result: String,
}
