//! States that a resource could be in: what to try when two denials want different things.

use crate::estate::Estate;
use dekey_model::{Kind, Resource};
use dekey_policy::{Policy, Subject, Surroundings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How many properties are tried, and how many values of each.
const TOPICS: usize = 5;
const VALUES: usize = 8;

/// Properties that change together, with what they would be; nothing takes a property away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edit {
    pub(crate) sets: Vec<(String, Option<Value>)>,
}

/// What a resource can be in one respect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    pub(crate) edits: Vec<Edit>,
}

const TYPE: &str = "identity.type";
const ATTACHED: &str = "identity.userAssignedIdentities";
const PRIMARY: &str = "properties.primaryUserAssignedIdentity";

/// Whether a property says which identities a resource has: they only change together.
pub(crate) fn is_about_identities(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.starts_with("identity.") || path == PRIMARY.to_ascii_lowercase()
}

/// What could be changed of a resource so that these policies come to other verdicts.
pub(crate) fn topics(
    estate: &Estate<'_>,
    resource: Resource<'_>,
    policies: &[&Policy],
    subject: &Subject<'_>,
    around: &Surroundings<'_>,
) -> Vec<Topic> {
    let mut topics = Vec::new();
    let mut values: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    let mut identities = false;
    for policy in policies {
        identities |= policy.looks_at().iter().any(|path| is_about_identities(path));
        for step in policy.explain(subject, around).1 {
            let is_plain = step.path.starts_with("properties.") && !step.path.contains('[');
            if !is_plain || is_about_identities(&step.path) {
                continue;
            }
            let list = values.entry(step.path.clone()).or_default();
            step.target.iter().for_each(|target| propose(list, target));
        }
    }
    if identities {
        topics.push(Topic { edits: identity_states(estate, resource, subject) });
    }
    for (path, list) in values.into_iter().take(TOPICS) {
        let edit = |value: Option<Value>| Edit { sets: vec![(path.clone(), value)] };
        topics.push(Topic { edits: list.into_iter().take(VALUES).map(edit).collect() });
    }
    topics
}

fn propose(list: &mut Vec<Option<Value>>, target: &Value) {
    let mut add = |value: Option<Value>| {
        if !list.contains(&value) {
            list.push(value);
        }
    };
    match target {
        Value::Array(all) => {
            for own in all {
                add(Some(own.clone()));
            }
        }
        Value::Bool(_) => {
            for own in [true, false] {
                add(Some(own.into()));
            }
        }
        Value::String(own) if ["true", "false"].contains(&own.to_ascii_lowercase().as_str()) => {
            for own in [true, false] {
                add(Some(own.into()));
            }
        }
        Value::String(_) | Value::Number(_) => add(Some(target.clone())),
        _ => {}
    }
    add(None);
}

/// The states that the identities of a resource can be in. Azure takes a primary identity only if it is attached, and attached ones
/// only if the type says so.
fn identity_states(estate: &Estate<'_>, resource: Resource<'_>, subject: &Subject<'_>) -> Vec<Edit> {
    let attached = at(subject.body, ATTACHED).and_then(Value::as_object).cloned().unwrap_or_default();
    let first = attached.keys().next().cloned().unwrap_or_else(|| user_assigned(estate, resource));
    let all = if attached.is_empty() {
        Value::Object(Map::from_iter([(first.clone(), json!({}))]))
    } else {
        Value::Object(attached)
    };
    let has_primary = resource.kind() == Kind::Workspace;
    let state = |kind: &str, with: bool, primary: bool| {
        let mut sets =
            vec![(TYPE.to_owned(), Some(kind.into())), (ATTACHED.to_owned(), with.then(|| all.clone()))];
        if has_primary {
            sets.push((PRIMARY.to_owned(), primary.then(|| first.clone().into())));
        }
        Edit { sets }
    };
    let mut states = vec![
        state("SystemAssigned", false, false),
        state("UserAssigned", true, false),
        state("SystemAssigned,UserAssigned", true, false),
        state("None", false, false),
    ];
    if has_primary {
        states.push(state("UserAssigned", true, true));
        states.push(state("SystemAssigned,UserAssigned", true, true));
    }
    states
}

/// A user-assigned identity near a resource, or the id that a new one would have.
fn user_assigned(estate: &Estate<'_>, resource: Resource<'_>) -> String {
    let id = resource.arm_id();
    let subscription = id.subscription().unwrap_or_default();
    let group =
        format!("/subscriptions/{subscription}/resourceGroups/{}", id.resource_group().unwrap_or_default());
    let kind = Kind::UserAssignedIdentity.resource_type();
    let near = estate.resources_of(kind, &group).next();
    near.map_or_else(
        || format!("{group}/providers/{kind}/{}-identity", resource.name()),
        |own| own.id().to_owned(),
    )
}

/// What stands at a path.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |own, key| {
        own.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|own| own.1)
    })
}

/// Carries an edit out.
pub(crate) fn apply(body: &mut Value, edit: &Edit) {
    for (path, value) in &edit.sets {
        set(body, path, value.clone());
    }
}

fn set(value: &mut Value, path: &str, to: Option<Value>) {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { return };
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let name = map.keys().find(|own| own.eq_ignore_ascii_case(first)).cloned();
    let name = name.unwrap_or_else(|| first.to_owned());
    match (rest, to) {
        (None, None) => {
            map.shift_remove(&name);
        }
        (None, Some(to)) => {
            map.insert(name, to);
        }
        (Some(rest), to) => {
            if to.is_some() || map.contains_key(&name) {
                set(map.entry(name).or_insert_with(|| json!({})), rest, to);
            }
        }
    }
}
