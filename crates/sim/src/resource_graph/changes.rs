//! `resourcechanges`: what happened to the resources of the table `resources`, for fourteen days.

use crate::azure::{Azure, Call};
use crate::id;
use crate::store::Change;
use crate::types::{self, Table};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The table.
pub(super) const TABLE: &str = "resourcechanges";
/// The type of its rows, in lower case.
pub(super) const TYPE: &str = "microsoft.resources/changes";
/// How long a change is known.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The types whose logs tell what they were set to.
const LOGGED: &[&str] = &[
    types::WORKSPACE,
    "microsoft.machinelearningservices/workspaces/datastores",
    "microsoft.storage/storageaccounts",
    "microsoft.keyvault/vaults",
    "microsoft.containerregistry/registries",
];
/// What stands between the id of a resource and the name of a change.
const MARK: &str = "/providers/microsoft.resources/changes/";

/// The changes, by id in lower case.
#[derive(Debug, Default)]
pub(crate) struct Changes(BTreeMap<Box<str>, (Timestamp, Box<str>)>);

/// The resource that a change is about.
pub(super) fn target(id: &str) -> &str {
    id.rfind(MARK).and_then(|at| id.get(..at)).unwrap_or(id)
}

impl Changes {
    /// The changes after one of them, in order of id, as a reader sees them who stands at a time.
    pub(super) fn rows<'a>(
        &'a self,
        after: Option<&str>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let oldest = now.checked_sub(KEPT).unwrap_or(now);
        let rows = self.0.range::<str, _>((from, Bound::Unbounded));
        rows.filter(move |(_, (at, _))| (oldest..=now).contains(at)).map(|(id, (_, body))| (&**id, &**body))
    }

    /// Forgets what is too old to be told.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        let oldest = now.checked_sub(KEPT).unwrap_or(now);
        self.0.retain(|_, (at, _)| *at >= oldest);
    }
}

impl Azure {
    /// Takes note of what a request changed, and by whom.
    pub(crate) fn note_changes(&mut self, call: &Call<'_>) {
        for (nth, change) in self.store.changes().into_iter().enumerate() {
            if LOGGED.contains(&id::type_of(&change.id).as_str()) {
                self.history.entry(change.id.clone()).or_default().push((change.at, change.old.clone()));
            }
            if types::find(&id::type_of(&change.id)).is_none_or(|row| row.table != Table::Resources) {
                continue;
            }
            let name = crate::guid(self.options.seed, &format!("change {} {nth}", self.requests()));
            let own = self.last_action.as_ref().filter(|(_, scope)| scope.eq_ignore_ascii_case(&change.id));
            let by = own.map(|(action, _)| (call.caller.app_id.as_str(), action.as_str()));
            if let Some(body) = described(&change, &name, by) {
                self.changes.0.insert(format!("{}{MARK}{name}", change.id).into(), (change.at, body));
            }
        }
    }
}

/// A change as Resource Graph tells it; nothing when it comes to nothing.
fn described(change: &Change, name: &str, by: Option<(&str, &str)>) -> Option<Box<str>> {
    let read = |own: Option<&str>| own.and_then(|own| serde_json::from_str::<Value>(own).ok());
    let (old, new) = (read(change.old.as_deref()), read(change.new.as_deref()));
    let given = new.as_ref().or(old.as_ref())?.get("id")?.as_str()?.to_owned();
    let mut changes = Map::new();
    let what = match (&old, &new) {
        (None, _) => "Create",
        (_, None) => "Delete",
        (Some(old), Some(new)) => {
            differences("", old, new, &mut changes);
            if changes.is_empty() {
                return None;
            }
            "Update"
        }
    };
    let (changed_by, operation) = by.unwrap_or(("System", "Unspecified"));
    let body = json!({
        "id": format!("{given}/providers/Microsoft.Resources/changes/{name}"), "name": name,
        "properties": {
            "targetResourceId": given,
            "targetResourceType": id::type_of(&change.id),
            "changeType": what,
            "changeAttributes": {
                "timestamp": format!("{:.3}", change.at).replace('Z', "+00:00"),
                "changesCount": changes.len(), "correlationId": name,
                "changedBy": changed_by, "changedByType": if by.is_some() { "Application" } else { "System" },
                "clientType": "Unspecified", "operation": operation,
            },
            "changes": changes,
        },
    });
    Some(body.to_string().into())
}

/// Every property that differs, by its path with dots.
fn differences(path: &str, old: &Value, new: &Value, all: &mut Map<String, Value>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let (Value::Object(before), Value::Object(after)) = (old, new) {
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            let side = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
            differences(&below(name), &side(before), &side(after), all);
        }
        return;
    }
    if old == new {
        return;
    }
    let kind = match (old.is_null(), new.is_null()) {
        (true, _) => "Insert",
        (_, true) => "Remove",
        _ => "Update",
    };
    let text = |value: &Value| match value {
        Value::Null => Value::Null,
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    };
    all.insert(
        path.to_owned(),
        json!({ "previousValue": text(old), "newValue": text(new), "propertyChangeType": kind,
            "changeCategory": "User", "isTruncated": "false" }),
    );
}
