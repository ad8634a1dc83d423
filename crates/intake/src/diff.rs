//! What changed between two inventories, in words.

use crate::canonical_line;
use dekey_model::{Inventory, Kind, Resource};
use serde_json::Value;
use std::collections::BTreeMap;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The resource.
    pub resource: String,
    /// JSON pointer of what changed; empty for the resource itself.
    pub pointer: String,
    /// The old value; nothing when there was none.
    pub old: Option<String>,
    /// The new value; nothing when there is none.
    pub new: Option<String>,
    /// In words.
    pub words: String,
}

/// Properties that change by themselves and mean nothing.
const NOISE: &[&str] = &[
    "/apiVersion",
    "/dekey",
    "/etag",
    "/systemData/lastModifiedAt",
    "/properties/provisioningState",
    "/changedTime",
];

/// What a change of some properties means: end of the pointer, old and new value (`*` for any), in words.
const MEANINGS: &[(&str, &str, &str, &str)] = &[
    ("/allowSharedKeyAccess", "*", "false", "its keys no longer open it"),
    ("/allowSharedKeyAccess", "false", "*", "its keys open it again"),
    ("/adminUserEnabled", "*", "true", "its admin password works again"),
    ("/adminUserEnabled", "*", "false", "its admin password no longer works"),
    ("/systemDatastoresAuthMode", "*", "identity", "its system datastores use identity"),
    ("/systemDatastoresAuthMode", "*", "accesskey", "its system datastores use the account key"),
    ("/credentials/credentialsType", "*", "None", "it stores no credential any more"),
    ("/credentials/credentialsType", "None", "*", "it stores a credential now"),
    ("/enableRbacAuthorization", "*", "true", "roles decide, access policies no longer do"),
    ("/enableRbacAuthorization", "*", "false", "access policies decide, roles no longer do"),
    ("/enforcementMode", "*", "DoNotEnforce", "it no longer enforces"),
    ("/enforcementMode", "DoNotEnforce", "*", "it enforces now"),
];

/// Every change, by resource and pointer. Both inventories must have been read with their raw documents.
pub fn diff(old: &Inventory, new: &Inventory) -> Vec<Change> {
    let (old, new) = (documents(old), documents(new));
    let mut changes = Vec::new();
    for (key, (resource, before)) in &old {
        match new.get(key) {
            Some((_, after)) => compare(resource, "", Some(before), Some(after), &mut changes),
            None => changes.push(whole(resource, false)),
        }
    }
    for (_, (resource, _)) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        changes.push(whole(resource, true));
    }
    changes.sort();
    changes
}

struct Name {
    id: String,
    words: String,
}

fn documents(inventory: &Inventory) -> BTreeMap<String, (Name, Value)> {
    let document = |resource: Resource<'_>| {
        let value: Value = serde_json::from_str(&canonical_line(resource)?).ok()?;
        let kind = resource.resource_type().rsplit('/').next().unwrap_or("").to_owned();
        let name = Name { id: resource.id().to_owned(), words: format!("{kind} `{}`", resource.name()) };
        Some((resource.id().to_ascii_lowercase(), (name, value)))
    };
    // Records about resources come and go by themselves.
    let is_record = |own: &Resource<'_>| matches!(own.kind(), Kind::ActivityEvent | Kind::PolicyState);
    inventory.resources().filter(|own| !is_record(own)).filter_map(document).collect()
}

fn whole(resource: &Name, added: bool) -> Change {
    let state = Some("present".to_owned());
    Change {
        resource: resource.id.clone(),
        pointer: String::new(),
        old: if added { None } else { state.clone() },
        new: if added { state } else { None },
        words: format!("{} {}", resource.words, if added { "is new" } else { "is gone" }),
    }
}

fn compare(
    resource: &Name,
    pointer: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    if old == new || NOISE.contains(&pointer) {
        return;
    }
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (old, new) {
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            let step = name.replace('~', "~0").replace('/', "~1");
            compare(resource, &format!("{pointer}/{step}"), before.get(name), after.get(name), changes);
        }
        return;
    }
    // Ids and types are spelled in different cases by different calls.
    if let (Some(Value::String(before)), Some(Value::String(after))) = (old, new) {
        let spelling = pointer == "/type" || before.starts_with('/');
        if spelling && before.eq_ignore_ascii_case(after) {
            return;
        }
    }
    let (old, new) = (old.map(plain), new.map(plain));
    let words = in_words(resource, pointer, old.as_deref(), new.as_deref());
    changes.push(Change { resource: resource.id.clone(), pointer: pointer.to_owned(), old, new, words });
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn in_words(resource: &Name, pointer: &str, old: Option<&str>, new: Option<&str>) -> String {
    let what = pointer.trim_start_matches('/').trim_start_matches("properties/").replace('/', ".");
    let change = match (old, new) {
        (Some(old), Some(new)) => format!("{what} changed from `{old}` to `{new}`"),
        (None, Some(new)) => format!("{what} is now set, to `{new}`"),
        (Some(old), None) => format!("{what} is no longer set; it was `{old}`"),
        (None, None) => what,
    };
    let fits = |pattern: &str, value: Option<&str>| {
        pattern == "*" || value.is_some_and(|v| v.eq_ignore_ascii_case(pattern))
    };
    let meaning = MEANINGS
        .iter()
        .find(|(end, before, after, _)| pointer.ends_with(end) && fits(before, old) && fits(after, new));
    match meaning {
        Some((.., meaning)) => format!("{}: {change} ({meaning})", resource.words),
        None => format!("{}: {change}", resource.words),
    }
}
