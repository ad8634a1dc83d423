//! What policy assignments do about workspace identities and static keys.
//!
//! Small questions only: which assignments reach a resource, what stands behind them, with which effect, and whether the
//! rule asks for an identity. Whatever is not understood stays unknown, and what depends on it is not judged.

mod concern;
mod parameters;
mod requirement;
mod standing;
mod tags;
mod topic;

pub use concern::Concern;
pub use parameters::{Effect, Parameters, Place, effect_of, overridden};
pub use requirement::{Known, Requirement, State, identity_requirement};
pub use standing::{Standing, Watcher};
pub use tags::opt_outs;
pub use topic::Topic;

use dekey_model::{ArmId, Covered, Field, Inventory, Kind, Resource, ResourceIx, Seen};
use parameters::{get, takes};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The policy assignments and exemptions of an inventory, taken apart once.
#[derive(Debug, Default)]
pub struct Policies {
    assignments: Vec<Assignment>,
    by_resource: HashMap<ResourceIx, usize>,
    /// Assignments that may say something about identities, by their scope in lower case.
    by_scope: HashMap<String, Vec<usize>>,
    /// Those at management groups, with the group's name in lower case.
    by_group: Vec<(String, usize)>,
    exemptions: HashMap<String, Vec<ResourceIx>>,
    /// Management groups above a subscription, by the subscription's id in lower case.
    ancestors: HashMap<String, Vec<String>>,
    /// Subscriptions of which at least one resource of a kind was read: list calls are whole or refused.
    listed: HashSet<(Kind, String)>,
    assigned: HashSet<String>,
}

/// A policy assignment.
#[derive(Debug)]
pub struct Assignment {
    /// The assignment itself.
    pub resource: ResourceIx,
    /// Whether its effects are enforced.
    pub mode: Mode,
    /// The definitions behind it that concern identities or keys.
    pub members: Vec<Member>,
    /// Definitions, or the initiative, that stand behind it and were not read.
    pub unread: Vec<String>,
    /// A built-in initiative behind it that was not read: what it says of identities is known, the rest is not.
    pub known_for_identities: Option<String>,
    scope: String,
}

/// A definition behind an assignment.
#[derive(Debug)]
pub struct Member {
    /// Its id.
    pub definition: String,
    /// Its reference id in the initiative.
    pub reference: Option<String>,
    /// What it is about.
    pub topic: Topic,
    /// What it requires of the identity of workspaces.
    pub requirement: Option<Requirement>,
    effect: Effect,
}

/// `enforcementMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Effects are enforced.
    Default,
    /// Resources are evaluated, effects are not enforced.
    DoNotEnforce,
    /// Effects are enforced where a policy enrollment exists.
    Enroll,
    /// The mode was not read, or nobody knows the word.
    Unknown,
}

impl Policies {
    /// Takes apart what was read.
    pub fn new(inventory: &Inventory) -> Self {
        let mut policies = Self::default();
        for subscription in all(inventory, Kind::Subscription) {
            if let Some(chain) = subscription.json(Field::ManagementGroups).value().and_then(Value::as_array)
            {
                let names = chain.iter().filter_map(|group| Some(folded(get(group, "name")?.as_str()?)));
                policies.ancestors.insert(folded(subscription.id()), names.collect());
            }
        }
        for assignment in all(inventory, Kind::PolicyAssignment) {
            policies.list(assignment);
            policies.add(assignment);
        }
        for exemption in all(inventory, Kind::PolicyExemption) {
            policies.list(exemption);
            if let Seen::Value(of) = exemption.text(Field::PolicyAssignmentId) {
                policies.exemptions.entry(folded(of)).or_default().push(exemption.ix());
            }
        }
        policies
    }

    fn list(&mut self, resource: Resource<'_>) {
        if let Some(subscription) = resource.arm_id().subscription() {
            self.listed.insert((resource.kind(), folded(subscription)));
        }
    }

    fn add(&mut self, resource: Resource<'_>) {
        let assignment = Assignment::read(resource, &mut self.assigned);
        let at = self.assignments.len();
        if !assignment.unread.is_empty()
            || assignment.members.iter().any(|member| member.requirement.is_some())
        {
            match assignment.scope.strip_prefix(MANAGEMENT_GROUPS) {
                Some(group) => self.by_group.push((group.to_owned(), at)),
                None => self.by_scope.entry(assignment.scope.clone()).or_default().push(at),
            }
        }
        self.by_resource.insert(resource.ix(), at);
        self.assignments.push(assignment);
    }

    /// An assignment, taken apart.
    pub fn assignment(&self, resource: Resource<'_>) -> Option<&Assignment> {
        self.assignments.get(*self.by_resource.get(&resource.ix())?)
    }

    /// Whether all assignments, or all exemptions, that reach a resource were read. Listing those of a subscription gives
    /// those above and below it too.
    pub fn covered<'a>(&self, kind: Kind, resource: Resource<'a>) -> Covered<'a> {
        let coverage = resource.inventory().coverage();
        match coverage.covers(kind, resource.id()) {
            Covered::Unknown if !coverage.in_part(kind, resource.id()) => {
                match resource.arm_id().subscription() {
                    Some(subscription) if self.listed.contains(&(kind, folded(subscription))) => Covered::Yes,
                    _ => Covered::Unknown,
                }
            }
            covered => covered,
        }
    }

    /// Whether an assignment that was read stands on a definition, by itself or in an initiative.
    pub fn is_assigned(&self, definition: Resource<'_>) -> bool {
        self.assigned.contains(&folded(definition.id()))
    }

    /// Assignments that may say something about the identity of a workspace, and whether they reach it.
    fn over<'p>(&'p self, workspace: Resource<'_>) -> Vec<(&'p Assignment, Known)> {
        let id = folded(workspace.id());
        let mut found: Vec<usize> = Vec::new();
        for scope in scopes(&id) {
            found.extend(self.by_scope.get(scope).into_iter().flatten());
        }
        found.extend(self.by_group.iter().map(|(_, at)| *at));
        found.sort_unstable();
        let assignments = found.into_iter().filter_map(|at| self.assignments.get(at));
        assignments
            .map(|assignment| (assignment, self.reaches(assignment, workspace, &id)))
            .filter(|(_, reach)| *reach != Known::No)
            .collect()
    }

    /// Whether an assignment reaches a resource, whose id is given in lower case: within its scope, outside its excluded
    /// scopes, and selected.
    fn reaches(&self, assignment: &Assignment, resource: Resource<'_>, id: &str) -> Known {
        let own = resource.inventory().get(assignment.resource);
        let excluded = match own.json(Field::NotScopes) {
            Seen::Value(list) => {
                let scopes = list.as_array().into_iter().flatten().filter_map(Value::as_str);
                scopes.map(|scope| self.holds(&folded(scope), id)).max().unwrap_or(Known::No)
            }
            Seen::Absent | Seen::Null => Known::No,
            Seen::NotRead | Seen::Odd => Known::Unknown,
        };
        self.holds(&assignment.scope, id).min(excluded.negated()).min(selects(own, resource))
    }

    /// Whether a scope holds an id, both in lower case.
    fn holds(&self, scope: &str, id: &str) -> Known {
        let Some(group) = scope.strip_prefix(MANAGEMENT_GROUPS) else {
            return if below(scope, id) { Known::Yes } else { Known::No };
        };
        let subscription = ArmId(id).subscription().map(|name| format!("/subscriptions/{name}"));
        match subscription.and_then(|id| self.ancestors.get(&id)) {
            Some(chain) if chain.iter().any(|name| name == group) => Known::Yes,
            Some(_) => Known::No,
            None => Known::Unknown,
        }
    }

    /// The exemption of a resource from a definition behind an assignment that is honoured on a day, and whether it is
    /// certain that it holds.
    fn exemption<'a>(
        &self,
        assignment: &Assignment,
        member: &Member,
        resource: Resource<'a>,
        as_of: jiff::civil::Date,
    ) -> Option<(Resource<'a>, Known)> {
        let inventory = resource.inventory();
        let all = self.exemptions.get(&folded(inventory.get(assignment.resource).id()))?;
        let found = all.iter().map(|&ix| inventory.get(ix)).map(|exemption| {
            let scope = exemption.arm_id().parent().unwrap_or("");
            let reach = self.holds(&folded(scope), &folded(resource.id())).min(selects(exemption, resource));
            let alive = if has_expired(exemption, as_of) { Known::No } else { Known::Yes };
            (exemption, reach.min(alive).min(exempts(exemption, member)))
        });
        found
            .filter(|(_, holds)| *holds != Known::No)
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.id().cmp(a.0.id())))
    }
}

/// The start of a management group's id, in lower case.
const MANAGEMENT_GROUPS: &str = "/providers/microsoft.management/managementgroups/";

/// What to do about definitions that were not read.
const EXPORT: &str =
    "export definitions and initiatives (az policy definition list, az policy set-definition list)";

/// Ids and names have no case.
fn folded(text: &str) -> String {
    text.trim_end_matches('/').to_ascii_lowercase()
}

/// The scopes of a top-level resource that assignments may stand at: its subscription, its resource group, and itself.
fn scopes(id: &str) -> impl Iterator<Item = &str> {
    let end = |nth| id.match_indices('/').nth(nth).map(|(at, _)| at);
    [end(2), end(4), Some(id.len())].into_iter().flatten().filter_map(|end| id.get(..end))
}

/// Whether an id is that of a scope or lies below it, segment by segment. Both in lower case.
fn below(scope: &str, id: &str) -> bool {
    id.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All resources of a kind in order of id: the order of reading must not show.
fn all(inventory: &Inventory, kind: Kind) -> Vec<Resource<'_>> {
    let mut all: Vec<Resource<'_>> = inventory.of_kind(kind).iter().map(|&ix| inventory.get(ix)).collect();
    all.sort_by_cached_key(|resource| folded(resource.id()));
    all
}

/// Whether the `resourceSelectors` of an assignment or exemption take a resource.
fn selects(own: Resource<'_>, resource: Resource<'_>) -> Known {
    match own.json(Field::ResourceSelectors) {
        Seen::Value(selectors) => {
            takes(Some(selectors), resource.resource_type(), resource.text(Field::Location).value())
        }
        Seen::Absent | Seen::Null => Known::Yes,
        Seen::NotRead | Seen::Odd => Known::Unknown,
    }
}

/// Whether the day is past on which an exemption is last honoured.
fn has_expired(exemption: Resource<'_>, as_of: jiff::civil::Date) -> bool {
    let expires = exemption.text(Field::ExpiresOn).non_empty().value();
    expires.and_then(crate::context::date_of).is_some_and(|day| day < as_of)
}

/// Whether an exemption is about a definition behind its assignment.
fn exempts(exemption: Resource<'_>, member: &Member) -> Known {
    let list = match exemption.json(Field::ExemptedDefinitions) {
        Seen::Value(list) => list.as_array(),
        Seen::Absent | Seen::Null => return Known::Yes,
        Seen::NotRead | Seen::Odd => return Known::Unknown,
    };
    let Some(list) = list.filter(|list| !list.is_empty()) else { return Known::Yes };
    let mut references = list.iter().filter_map(Value::as_str);
    let own = member.reference.as_deref();
    if references.any(|reference| own.is_some_and(|own| own.eq_ignore_ascii_case(reference))) {
        Known::Yes
    } else {
        Known::No
    }
}

impl Assignment {
    fn read(resource: Resource<'_>, assigned: &mut HashSet<String>) -> Self {
        let scope = folded(resource.arm_id().parent().unwrap_or(""));
        let mut read = Self {
            resource: resource.ix(),
            mode: Mode::of(resource),
            members: Vec::new(),
            unread: Vec::new(),
            known_for_identities: None,
            scope,
        };
        let Seen::Value(id) = resource.text(Field::PolicyDefinitionId).non_empty() else {
            read.unread.push(resource.id().to_owned());
            return read;
        };
        let given = resource.json(Field::PolicyParameters).value();
        assigned.insert(folded(id));
        if id.to_ascii_lowercase().contains("/policysetdefinitions/") {
            read.initiative(resource.inventory(), id, given, assigned);
        } else {
            read.definition(resource.inventory(), id, None, Parameters { given, ..Parameters::default() });
        }
        read
    }

    fn initiative(
        &mut self,
        inventory: &Inventory,
        id: &str,
        given: Option<&Value>,
        assigned: &mut HashSet<String>,
    ) {
        let initiative = inventory.find(id);
        let Some(members) =
            initiative.and_then(|i| i.json(Field::PolicyDefinitions).value()).and_then(Value::as_array)
        else {
            return self.unread_initiative(id);
        };
        let declared = initiative.and_then(|i| i.json(Field::PolicyParameters).value());
        let outer = Parameters { given, declared, outer: None };
        for member in members {
            let text = |key| get(member, key).and_then(Value::as_str);
            let Some(definition) = text("policyDefinitionId") else {
                self.unread.push(id.to_owned());
                continue;
            };
            assigned.insert(folded(definition));
            let given = get(member, "parameters");
            let parameters = Parameters { given, declared: None, outer: Some(&outer) };
            self.definition(inventory, definition, text("policyDefinitionReferenceId"), parameters);
        }
    }

    /// Microsoft's own initiatives are known well enough to tell whether they ask for an identity.
    fn unread_initiative(&mut self, id: &str) {
        if !topic::is_built_in(id) {
            return self.unread.push(id.to_owned());
        }
        self.known_for_identities = Some(id.to_owned());
        let known = topic::INITIATIVES.iter().find(|(name, _)| folded(id).ends_with(&format!("/{name}")));
        self.members.extend(known.map(|(_, reference)| Member {
            definition: topic::USER_ASSIGNED_ID.to_owned(),
            reference: Some((*reference).to_owned()),
            topic: Topic::WorkspaceIdentity,
            requirement: Some(Requirement::PRIMARY_USER_ASSIGNED),
            effect: Effect::Audit,
        }));
    }

    fn definition(
        &mut self,
        inventory: &Inventory,
        id: &str,
        reference: Option<&str>,
        parameters: Parameters<'_>,
    ) {
        let read = inventory.find(id);
        let member = match read.and_then(|definition| definition.json(Field::PolicyRule).value()) {
            Some(rule) => {
                let declared = read.and_then(|definition| definition.json(Field::PolicyParameters).value());
                let parameters = Parameters { declared, ..parameters };
                about(rule, &parameters)
                    .map(|(topic, required)| (topic, required, effect_of(rule, &parameters)))
            }
            None if topic::is_built_in(id) => topic::built_in(id).map(|row| {
                let set = parameters.given.is_some_and(|given| get(given, "effect").is_some());
                let effect = match parameters.value("effect").and_then(Value::as_str) {
                    Some(word) => Effect::parse(word),
                    None if set => Effect::Unknown,
                    None => row.2,
                };
                (row.1, topic::built_in_requirement(row), effect)
            }),
            None => return self.unread.push(id.to_owned()),
        };
        self.members.extend(member.map(|(topic, requirement, effect)| Member {
            definition: id.to_owned(),
            reference: reference.map(str::to_owned),
            topic,
            requirement,
            effect,
        }));
    }

    /// The effect of a definition behind this assignment, overrides counted.
    pub fn effect(&self, inventory: &Inventory, member: &Member, place: Place<'_>) -> Effect {
        match inventory.get(self.resource).json(Field::PolicyOverrides) {
            Seen::Value(overrides) => {
                overridden(member.effect, Some(overrides), member.reference.as_deref(), place)
            }
            Seen::Absent | Seen::Null => member.effect,
            Seen::NotRead | Seen::Odd => Effect::Unknown,
        }
    }
}

impl Mode {
    fn of(assignment: Resource<'_>) -> Self {
        match assignment.text(Field::EnforcementMode).non_empty() {
            Seen::Value(mode) if mode.eq_ignore_ascii_case("Default") => Mode::Default,
            Seen::Value(mode) if mode.eq_ignore_ascii_case("DoNotEnforce") => Mode::DoNotEnforce,
            Seen::Value(mode) if mode.eq_ignore_ascii_case("Enroll") => Mode::Enroll,
            Seen::Absent | Seen::Null => Mode::Default,
            Seen::Value(_) | Seen::NotRead | Seen::Odd => Mode::Unknown,
        }
    }
}

/// What the control is that a policy rule is about, and what it requires of the identity of workspaces.
fn about(rule: &Value, parameters: &Parameters<'_>) -> Option<(Topic, Option<Requirement>)> {
    let requirement = identity_requirement(rule, parameters);
    let topic = requirement.map(|_| Topic::WorkspaceIdentity).or_else(|| topic::key_topic(rule));
    topic.map(|topic| (topic, requirement))
}

/// What a custom definition is about; nothing for built-in ones, which nobody can change.
pub fn custom_topic(definition: Resource<'_>, rule: &Value) -> Option<Topic> {
    let declared = definition.json(Field::PolicyParameters).value();
    let topic = about(rule, &Parameters { declared, ..Parameters::default() }).map(|(topic, _)| topic);
    topic.filter(|_| !topic::is_built_in(definition.id()))
}

/// What people call a policy resource: its display name, or else its name.
pub fn label(resource: Resource<'_>) -> &str {
    match resource.text(Field::DisplayName).non_empty() {
        Seen::Value(name) => name,
        _ => resource.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_end_at_segments() {
        let group = "/subscriptions/s/resourcegroups/rg";
        assert!(below(group, group));
        assert!(below(group, &format!("{group}/providers/p/t/n")));
        assert!(!below(group, "/subscriptions/s/resourcegroups/rg-2"));
        assert!(!below(group, "/subscriptions/s"));
        assert_eq!(folded("/Subscriptions/S/"), "/subscriptions/s");
        let workspace = format!("{group}/providers/microsoft.machinelearningservices/workspaces/ws");
        assert_eq!(scopes(&workspace).collect::<Vec<_>>(), ["/subscriptions/s", group, &workspace]);
    }
}
