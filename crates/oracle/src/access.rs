//! Access, step by step.

use crate::condition::{Facts, judge};
use dekey_rbac::condition::Known;
use dekey_rbac::{
    Action, Answer, Assignment, Completeness, DenyAssignment, EVERYONE, List, Permission, Plane,
    PrincipalType, Standing, Tenant,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who.
    pub principal: &'a str,
    /// What.
    pub action: &'a Action,
    /// Where.
    pub scope: &'a str,
    /// When.
    pub now: Timestamp,
    /// Which part of the action.
    pub suboperation: Known<&'a str>,
    /// What is known of attributes.
    pub facts: &'a Facts,
}

/// What one thing that speaks for a side amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    No,
    If,
    Unknown,
    Yes,
}

/// The answer to a question.
pub fn answer(tenant: &Tenant, ask: &Ask<'_>) -> Answer {
    // "If a deny assignment applies, access is blocked."
    let denied = tenant.denials.iter().map(|own| denies(tenant, own, ask)).max().unwrap_or(Says::No);
    let denied = denied.max(unread(tenant, List::Denials, ask.scope));
    if denied == Says::Yes {
        return Answer::Denied;
    }
    let allowed = tenant.assignments.iter().map(|own| allows(tenant, own, ask)).max().unwrap_or(Says::No);
    let allowed = allowed.max(unread(tenant, List::Assignments, ask.scope));
    match (allowed, denied) {
        (Says::No, _) => Answer::Denied,
        (Says::Unknown, _) | (_, Says::Unknown) => Answer::Unknown,
        (Says::If, _) | (_, Says::If) => Answer::Conditional,
        _ => Answer::Allowed,
    }
}

fn allows(tenant: &Tenant, own: &Assignment<'_>, ask: &Ask<'_>) -> Says {
    let counts = own.standing == Standing::Active
        && own.from.is_none_or(|from| from <= ask.now)
        && own.until.is_none_or(|until| ask.now < until);
    if !counts || !is_at_or_above(tenant, &own.scope, ask.scope) {
        return Says::No;
    }
    let member = membership(tenant, ask.principal, &own.principal);
    if member == Says::No {
        return Says::No;
    }
    let guid = |id: &str| id.rsplit('/').next().unwrap_or("").to_lowercase();
    let Some(role) = tenant.roles.iter().find(|role| guid(&role.id) == guid(&own.role)) else {
        return Says::Unknown;
    };
    let says = role.permissions.iter().map(|one| permits(one, own.condition.as_deref(), ask)).max();
    // Of somebody who may be in the group, anything that is said is not known.
    says.filter(|says| *says != Says::No)
        .map_or(Says::No, |says| if member == Says::Unknown { member } else { says })
}

fn denies(tenant: &Tenant, own: &DenyAssignment, ask: &Ask<'_>) -> Says {
    let is_here = path(&own.scope) == path(ask.scope);
    let reaches = is_here || (!own.this_scope_only && is_at_or_above(tenant, &own.scope, ask.scope));
    let is_in = |list: &[String]| list.iter().map(|id| membership(tenant, ask.principal, id)).max();
    let everybody = own.principals.iter().any(|id| id == EVERYONE).then_some(Says::Yes);
    let named = everybody.or(is_in(&own.principals)).unwrap_or(Says::No);
    let spared = is_in(&own.excluded).unwrap_or(Says::No);
    if !reaches || named == Says::No || spared == Says::Yes {
        return Says::No;
    }
    let says = own.permissions.iter().map(|one| permits(one, own.condition.as_deref(), ask)).max();
    match says.unwrap_or(Says::No) {
        Says::No => Says::No,
        _ if named == Says::Unknown || spared == Says::Unknown => Says::Unknown,
        says => says,
    }
}

/// `Actions - NotActions`, of the plane that is asked about, and the conditions.
fn permits(own: &Permission, condition: Option<&str>, ask: &Ask<'_>) -> Says {
    let (yes, no) = match ask.action.plane() {
        Plane::Control => (&own.actions, &own.not_actions),
        Plane::Data => (&own.data_actions, &own.not_data_actions),
    };
    let any = |list: &[String]| list.iter().any(|pattern| matches(pattern, ask.action.name()));
    if !any(yes) || any(no) {
        return Says::No;
    }
    let says = |text: Option<&str>| text.map_or(Says::Yes, |text| judge(text, ask));
    match (says(condition), says(own.condition.as_deref())) {
        (Says::No, _) | (_, Says::No) => Says::No,
        (Says::Unknown, _) | (_, Says::Unknown) => Says::Unknown,
        (one, other) => one.min(other),
    }
}

/// Whether a pattern covers an action: `*` is any run of characters, and the slashes around it may be one.
pub(crate) fn matches(pattern: &str, action: &str) -> bool {
    fn glob(pattern: &[u8], text: &[u8]) -> bool {
        let Some((own, rest)) = pattern.split_first() else { return text.is_empty() };
        if pattern.starts_with(b"/*/") && glob(pattern.get(2..).unwrap_or(&[]), text) {
            return true;
        }
        let after = |at: usize| text.get(at..).is_some_and(|less| glob(rest, less));
        if *own == b'*' { (0..=text.len()).any(after) } else { text.first() == Some(own) && after(1) }
    }
    glob(pattern.trim().to_lowercase().as_bytes(), action.trim().to_lowercase().as_bytes())
}

fn path(scope: &str) -> String {
    scope.trim_matches('/').to_lowercase()
}

const GROUPS: &str = "providers/microsoft.management/managementgroups/";

/// A management group's path, from its name or id.
fn group_path(name: &str) -> String {
    if name.contains('/') { path(name) } else { format!("{GROUPS}{}", name.to_lowercase()) }
}

/// The management groups above a path, and whether they are all known.
fn management_groups(tenant: &Tenant, scope: &str) -> (Vec<String>, bool) {
    let own = path(scope);
    let depth = [("subscriptions/", 2), (GROUPS, 4)].into_iter().find(|(start, _)| own.starts_with(start));
    let Some((_, depth)) = depth else { return (Vec::new(), true) };
    let mut at = own.split('/').take(depth).collect::<Vec<_>>().join("/");
    let mut above = Vec::new();
    loop {
        let chains = tenant.ancestors.iter().map(|(below, above)| {
            std::iter::once(path(below)).chain(above.iter().map(|name| group_path(name))).collect::<Vec<_>>()
        });
        let chains: Vec<Vec<String>> = chains.filter(|chain| chain.contains(&at)).collect();
        if chains.is_empty() {
            return (above, false);
        }
        let next = chains.iter().find_map(|chain| chain.iter().skip_while(|one| **one != at).nth(1).cloned());
        let Some(next) = next else {
            above.push(at);
            return (above, true);
        };
        above.push(std::mem::replace(&mut at, next));
    }
}

fn is_at_or_above(tenant: &Tenant, scope: &str, place: &str) -> bool {
    let (scope, below) = (path(scope), path(place));
    scope.is_empty()
        || scope == below
        || below.starts_with(&format!("{scope}/"))
        || management_groups(tenant, place).0.contains(&scope)
}

/// Whether somebody is a principal or in it: "transitive for groups".
fn membership(tenant: &Tenant, who: &str, principal: &str) -> Says {
    let (who, principal) = (who.to_lowercase(), principal.to_lowercase());
    let found = closure(tenant, BTreeSet::from([who]));
    if found.contains(&principal) {
        return Says::Yes;
    }
    // Groups whose members are not all known may hold anybody, and whatever holds those may too.
    let in_part = tenant.groups.iter().filter(|own| !own.is_whole);
    let mut unsure: BTreeSet<String> = in_part.map(|own| own.id.to_lowercase()).collect();
    if !matches!(tenant.groups_read, Completeness::Whole | Completeness::Assumed) {
        let denials = tenant.denials.iter().flat_map(|own| own.principals.iter().chain(&own.excluded));
        let named = tenant.assignments.iter().map(|own| own.principal.to_lowercase());
        unsure.extend(named.chain(denials.map(|id| id.to_lowercase())).filter(|id| {
            let own = tenant.assignments.iter().filter(|own| own.principal.eq_ignore_ascii_case(id));
            let own = own.map(|own| own.principal_type).max().unwrap_or_default();
            let is_whole = tenant.groups.iter().any(|own| own.is_whole && own.id.eq_ignore_ascii_case(id));
            matches!(own, PrincipalType::Group | PrincipalType::Unsaid) && !is_whole && id != EVERYONE
        }));
    }
    if closure(tenant, unsure).contains(&principal) { Says::Unknown } else { Says::No }
}

/// Everything that any of these is in, and these.
fn closure(tenant: &Tenant, mut found: BTreeSet<String>) -> BTreeSet<String> {
    loop {
        let before = found.len();
        for group in &tenant.groups {
            if group.members.iter().any(|own| found.contains(&own.to_lowercase())) {
                found.insert(group.id.to_lowercase());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// What the lists that were not read could say. The nearest word on a list at or above the place counts.
fn unread(tenant: &Tenant, list: List, place: &str) -> Says {
    let near = path(place);
    let ends = near.match_indices('/').map(|(at, _)| at).chain([near.len()]);
    let mut scopes: Vec<&str> = ends.filter_map(|end| near.get(..end)).collect();
    scopes.reverse();
    let (above, all_known) = management_groups(tenant, place);
    scopes.extend(above.iter().map(String::as_str).chain([""]));
    let is_read = |list: List| {
        let said = |scope: &&str| tenant.read.iter().find(|row| row.0 == list && path(&row.1) == **scope);
        let said = scopes.iter().find_map(said).map(|row| &row.2);
        matches!(said, Some(Completeness::Whole | Completeness::Assumed))
    };
    if is_read(list) && (all_known || is_read(List::Ancestors)) { Says::No } else { Says::Unknown }
}
