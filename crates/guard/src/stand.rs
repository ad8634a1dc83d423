//! What one policy of an assignment does about its rule in a scope.

use crate::estate::{Estate, key};
use crate::order::lies_in;
use dekey_model::ArmId;
use dekey_policy::{Assigned, Effect, Enforcement, Enrollment, Part, Policy, Subject};
use jiff::Timestamp;

/// What is done about a rule, from nothing to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// Nothing is assigned.
    Bare,
    /// What is assigned may be, but what would tell was not read.
    Unknown,
    /// Everything in the scope is excused.
    Exempt,
    /// It is only told.
    Audited,
    /// What breaks it is refused or put right.
    Enforced,
}

impl Stand {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Stand::Bare => "bare",
            Stand::Unknown => "not judged",
            Stand::Exempt => "exempt",
            Stand::Audited => "audited",
            Stand::Enforced => "enforced",
        }
    }
}

/// Whether an assignment counts in all of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Here,
    Elsewhere,
    Unknown,
}

pub(crate) fn reach(estate: &Estate<'_>, own: &Assigned, scope: &str) -> Reach {
    match above(estate, &own.assignment.scope, scope) {
        Reach::Here => {}
        other => return other,
    }
    let out = own.assignment.not_scopes.iter().any(|left| above(estate, left, scope) == Reach::Here);
    if out { Reach::Elsewhere } else { Reach::Here }
}

/// Whether a scope is another one, or lies above it.
fn above(estate: &Estate<'_>, upper: &str, lower: &str) -> Reach {
    if upper.trim_end_matches('/').is_empty() || lies_in(lower, upper) {
        return Reach::Here;
    }
    if !key(upper).contains("/managementgroups/") {
        return Reach::Elsewhere;
    }
    let is_above = |groups: &[String]| groups.iter().any(|own| key(own) == key(upper));
    if let Some(subscription) = ArmId(lower).subscription() {
        return match estate.management_groups(subscription) {
            Some(groups) if is_above(groups) => Reach::Here,
            Some(_) => Reach::Elsewhere,
            None => Reach::Unknown,
        };
    }
    // Of a management group: what is above it is above every subscription below it.
    let mut chains = estate.subscriptions.values().filter_map(|own| own.groups.as_deref());
    let found =
        chains.find_map(|own| own.iter().position(|group| key(group) == key(lower)).map(|at| (own, at)));
    match found {
        Some((own, at)) if is_above(own.get(at..).unwrap_or_default()) => Reach::Here,
        _ => Reach::Elsewhere,
    }
}

/// What a policy does about its rule in a scope that its assignment reaches, and whether that leaves some of the scope out.
pub(crate) fn stand_of(
    estate: &Estate<'_>,
    own: &Assigned,
    part: &Part,
    scope: &str,
    now: Option<Timestamp>,
) -> (Stand, bool) {
    let assignment = &own.assignment;
    // A resource that is nowhere in particular: overrides for certain locations do not count for all of the scope.
    let anything = Subject::new(&serde_json::Value::Null);
    let overridden = assignment.effect(&anything, &part.reference).ok().flatten().cloned();
    let effect = overridden.or_else(|| part.policy().ok().and_then(Policy::effect));
    let Some(effect) = effect else { return (Stand::Unknown, false) };
    let does = match effect {
        Effect::Disabled => return (Stand::Bare, false),
        Effect::Deny
        | Effect::DenyAction
        | Effect::Modify
        | Effect::Append
        | Effect::Mutate
        | Effect::DeployIfNotExists => Stand::Enforced,
        _ => Stand::Audited,
    };
    let Some(excused) = excused(estate, own, part, scope, now) else { return (Stand::Exempt, false) };
    let in_part = assignment.is_selective() || excused;
    match assignment.enforcement {
        Enforcement::Default => (does, in_part),
        Enforcement::DoNotEnforce => (Stand::Audited, in_part),
        Enforcement::Enroll => match enrolled(estate, own, part, scope) {
            Some(in_part_too) => (does, in_part || in_part_too),
            None => (Stand::Audited, true),
        },
    }
}

/// Whether some of a scope is excused from a policy; `None` if all of it is.
fn excused(
    estate: &Estate<'_>,
    own: &Assigned,
    part: &Part,
    scope: &str,
    now: Option<Timestamp>,
) -> Option<bool> {
    let mut some = false;
    for exemption in estate.exemptions(&own.assignment.id) {
        let lasts = match (exemption.expires, now) {
            (Some(end), Some(now)) => end > now,
            _ => true,
        };
        let counts = lasts && exemption.names(&part.reference);
        if !counts || above(estate, &exemption.scope, scope) != Reach::Here {
            continue;
        }
        if !exemption.is_selective() {
            return None;
        }
        some = true;
    }
    Some(some)
}

/// Whether enrollments in a policy leave some of a scope out; `None` if there are none.
fn enrolled(estate: &Estate<'_>, own: &Assigned, part: &Part, scope: &str) -> Option<bool> {
    let id = key(&own.assignment.id);
    let counts = |own: &&Enrollment| {
        key(&own.assignment) == id
            && own.names(&part.reference)
            && above(estate, &own.scope, scope) == Reach::Here
    };
    let all = estate.enrollments().iter().filter(counts);
    all.map(Enrollment::is_selective).reduce(|one, other| one && other)
}
