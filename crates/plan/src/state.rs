//! What of a resource counts when two states of it are compared.
//!
//! A `GET` shows more than anybody wrote: ids, times, defaults, links. Held to the letter, every resource would look changed.
//! So a state is what can be written, without what says nothing (`null`, empty lists and objects, documented defaults).

use crate::step::{Before, Step, Verify};
use serde_json::{Map, Value, json};

/// The members of the envelope that can be written.
const ENVELOPE: &[&str] = &["location", "tags", "sku", "kind", "identity", "properties", "zones", "plan"];

/// What can be written in the `properties` of a type; of a type that is not here, everything counts but what providers set.
const WRITABLE: &[(&str, &[&str])] = &[
    (
        "microsoft.authorization/policydefinitions",
        &["displayName", "description", "mode", "metadata", "parameters", "policyRule", "version"],
    ),
    (
        "microsoft.authorization/policysetdefinitions",
        &[
            "displayName",
            "description",
            "metadata",
            "parameters",
            "policyDefinitions",
            "policyDefinitionGroups",
            "version",
        ],
    ),
    (
        "microsoft.authorization/policyassignments",
        &[
            "displayName",
            "description",
            "metadata",
            "policyDefinitionId",
            "parameters",
            "notScopes",
            "enforcementMode",
            "nonComplianceMessages",
            "resourceSelectors",
            "overrides",
        ],
    ),
    (
        "microsoft.authorization/policyexemptions",
        &[
            "displayName",
            "description",
            "metadata",
            "policyAssignmentId",
            "policyDefinitionReferenceIds",
            "exemptionCategory",
            "expiresOn",
            "resourceSelectors",
            "assignmentScopeValidation",
        ],
    ),
];

/// What providers set themselves, in properties of any type.
const SET_BY_PROVIDERS: &[&str] = &["provisioningState", "creationTime", "statusOfPrimary"];

/// What Azure writes into `metadata` of policies.
const SET_METADATA: &[&str] = &["createdBy", "createdOn", "updatedBy", "updatedOn", "lastSyncedToArgOn"];

/// The type of a resource by its id, in lower case.
pub fn type_of(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let Some((_, rest)) = lower.rsplit_once("/providers/") else { return String::new() };
    let mut segments = rest.split('/');
    let mut found = segments.next().unwrap_or_default().to_owned();
    for segment in segments.step_by(2) {
        found.push('/');
        found.push_str(segment);
    }
    found
}

/// The state of a resource: all that can be written of it, or what is at the pointers that a step is about.
pub fn of(path: &str, about: &[String], resource: &Value) -> Value {
    if about.is_empty() {
        return whole(path, resource);
    }
    let at = |pointer: &String| {
        let found = resource.pointer(pointer).filter(|own| !is_nothing(own)).cloned();
        (pointer.clone(), found.unwrap_or(Value::Null))
    };
    Value::Object(about.iter().map(at).collect())
}

fn whole(path: &str, resource: &Value) -> Value {
    let kind = type_of(path);
    let writable = WRITABLE.iter().find(|row| row.0 == kind).map(|row| row.1);
    let mut state = Map::new();
    for (name, value) in resource.as_object().into_iter().flatten() {
        if !ENVELOPE.contains(&name.as_str()) {
            continue;
        }
        let mut value = value.clone();
        if let (true, Value::Object(properties)) = (name == "properties", &mut value) {
            properties.retain(|own, _| match writable {
                Some(list) => list.contains(&own.as_str()),
                None => !SET_BY_PROVIDERS.contains(&own.as_str()),
            });
            if kind.starts_with("microsoft.authorization/policy") {
                policy(properties);
            }
        }
        // Only what stands there by itself: within a rule, an empty list says something.
        if let Value::Object(members) = &mut value {
            members.retain(|_, own| !is_nothing(own));
        }
        // Rows of Resource Graph have every member, empty where the resource has none.
        if !is_nothing(&value) && value.as_str() != Some("") {
            state.insert(name.clone(), value);
        }
    }
    Value::Object(state)
}

/// What says nothing in a policy resource.
fn policy(properties: &mut Map<String, Value>) {
    if let Some(Value::Object(metadata)) = properties.get_mut("metadata") {
        metadata.retain(|name, _| !SET_METADATA.contains(&name.as_str()));
    }
    let defaults = [
        ("enforcementMode", json!("Default")),
        ("assignmentScopeValidation", json!("Default")),
        ("mode", json!("Indexed")),
    ];
    properties
        .retain(|name, value| !defaults.iter().any(|(own, default)| own == name && same(default, value)));
    // Azure numbers what has no version as 1.0.0.
    properties.retain(|name, value| name != "version" || *value != json!("1.0.0"));
}

/// `null`, an empty list or an empty object.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether two values are the same to Azure: ids, locations and words without regard to case, times by the moment.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.eq_ignore_ascii_case(b) || same_moment(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let in_other = |(name, own): (&String, &Value), other: &Map<String, Value>| match other.get(name)
            {
                Some(other) => same(own, other),
                None => own.is_null(),
            };
            a.iter().all(|own| in_other(own, b)) && b.iter().all(|own| in_other(own, a))
        }
        _ => a == b,
    }
}

fn same_moment(a: &str, b: &str) -> bool {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
    moment(a).is_some_and(|a| Some(a) == moment(b))
}

/// Whether a value has at least the members that are wanted; `null`, an empty list or an empty object wants nothing there.
pub fn holds(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(name, wanted)| match found.get(name) {
                Some(found) => holds(wanted, found),
                None => is_nothing(wanted),
            })
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| holds(wanted, found))
        }
        _ => (is_nothing(wanted) && is_nothing(found)) || same(wanted, found),
    }
}

/// Whether something in a state was masked when it was read: it cannot be put back.
pub fn is_masked(state: &Value) -> bool {
    match state {
        Value::String(text) => text.contains("[masked"),
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        _ => false,
    }
}

/// The properties of a policy resource that can be written, to the letter.
pub fn writable_properties(path: &str, properties: &Map<String, Value>) -> Map<String, Value> {
    let kind = type_of(path);
    let list = WRITABLE.iter().find(|row| row.0 == kind).map(|row| row.1);
    let wanted = |name: &str| list.is_none_or(|list| list.contains(&name));
    properties
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, own)| (name.clone(), own.clone()))
        .collect()
}

/// Whether what is there is what a step wants before it.
pub fn is_before(step: &Step, found: Option<&Value>) -> bool {
    match (&step.before, found) {
        (Before::Absent, None) => true,
        (Before::Present(state), Some(found)) => same(state, &of(&step.request.path, &step.about, found)),
        _ => false,
    }
}

/// Whether what is there shows what a step leaves behind. What somebody may have added does not matter to that.
pub fn shows(step: &Step, found: Option<&Value>) -> bool {
    match (&step.verify, found) {
        (Verify::Gone, None) => true,
        (Verify::Shows(wanted), Some(found)) => holds(wanted, found) || is_untouched(step, Some(found)),
        _ => false,
    }
}

/// Whether what is there is what a step left behind, and nobody changed anything since.
pub fn is_untouched(step: &Step, found: Option<&Value>) -> bool {
    match (&step.verify, found) {
        (Verify::Gone, None) => true,
        (Verify::Shows(wanted), Some(found)) => {
            let (path, about) = (&step.request.path, &step.about);
            same(&of(path, about, wanted), &of(path, about, found))
        }
        _ => false,
    }
}

/// In words, where two states differ, as JSON pointers.
pub fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut all = Vec::new();
    walk(wanted, found, "", &mut all);
    all
}

fn walk(a: &Value, b: &Value, at: &str, all: &mut Vec<String>) {
    if same(a, b) {
        return;
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, own) in a {
                let below = format!("{at}/{}", escaped(name));
                match b.get(name) {
                    Some(other) => walk(own, other, &below, all),
                    None => all.push(format!("{below} is gone")),
                }
            }
            all.extend(
                b.keys()
                    .filter(|name| !a.contains_key(*name))
                    .map(|name| format!("{at}/{} is new", escaped(name))),
            );
        }
        _ => all.push(format!("{} differs", if at.is_empty() { "/" } else { at })),
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
