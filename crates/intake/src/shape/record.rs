//! Records about resources that are no resources themselves: events of the activity log, and what Policy Insights says. Of each
//! are kept the facts that somebody asks for, under an id that says which list it is of.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The resource that a record becomes; nothing if the document is none.
pub(super) fn shape(map: &Map<String, Value>) -> Option<Value> {
    event(map).or_else(|| state(map))
}

/// Whether a name at the top of a document is one that only records have.
pub(crate) fn is_telling(name: &str) -> bool {
    ["eventTimestamp", "complianceState"].iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn get<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let any_case = || map.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|own| own.1);
    map.get(name).or_else(any_case).filter(|own| !own.is_null())
}

/// A text; where Azure writes a value beside a translation of it, the value.
fn text<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    match get(map, name)? {
        Value::String(own) => Some(own),
        Value::Object(own) => get(own, "value")?.as_str(),
        _ => None,
    }
}

/// An event of the activity log: as its API and the Azure CLI answer, as PowerShell prints, or as it is exported to storage.
fn event(map: &Map<String, Value>) -> Option<Value> {
    let resource = text(map, "resourceId").or_else(|| text(map, "resourceUri"))?;
    let operation = text(map, "operationName")?;
    let exported = text(map, "category").is_some_and(|own| own.eq_ignore_ascii_case("Administrative"));
    let time = text(map, "eventTimestamp").or_else(|| text(map, "time").filter(|_| exported))?;
    let status = text(map, "status").or_else(|| text(map, "resultType"));
    let subscription = dekey_model::ArmId(resource).subscription().or_else(|| text(map, "subscriptionId"));
    let name = text(map, "eventDataId").map_or_else(
        || hash(&[resource, operation, time, status.unwrap_or_default(), caller(map).unwrap_or_default()]),
        str::to_owned,
    );
    let of = subscription.map(|own| format!("/subscriptions/{own}")).unwrap_or_default();
    let mut properties = Map::new();
    for (key, value) in [
        ("eventTimestamp", Some(time)),
        ("operationName", Some(operation)),
        ("resourceId", Some(resource)),
        ("status", status),
        ("caller", caller(map)),
        ("operationId", text(map, "operationId").or_else(|| text(map, "correlationId"))),
    ] {
        if let Some(value) = value {
            properties.insert(key.to_owned(), value.into());
        }
    }
    Some(json!({
        "id": format!("{of}/providers/Microsoft.Insights/eventTypes/management/values/{name}"),
        "name": name,
        "type": "Microsoft.Insights/eventTypes/values",
        "properties": properties,
    }))
}

/// Who did it: a name that people know, or else the object id.
fn caller(map: &Map<String, Value>) -> Option<&str> {
    text(map, "caller").or_else(|| {
        let claims = get(get(map, "identity")?.as_object()?, "claims")?.as_object()?;
        let end =
            |end: &str| claims.iter().find(|(name, _)| name.ends_with(end)).and_then(|own| own.1.as_str());
        end("claims/upn").or_else(|| end("claims/name")).or_else(|| end("objectidentifier"))
    })
}

/// What Policy Insights says of a resource and a policy.
fn state(map: &Map<String, Value>) -> Option<Value> {
    let (resource, state) = (text(map, "resourceId")?, text(map, "complianceState")?);
    let assignment = text(map, "policyAssignmentId")?;
    let reference = text(map, "policyDefinitionReferenceId").unwrap_or_default();
    let definition = text(map, "policyDefinitionId").unwrap_or_default();
    let name = hash(&[assignment, reference, definition]);
    let mut properties = Map::new();
    for key in [
        "timestamp",
        "resourceId",
        "resourceType",
        "policyAssignmentId",
        "policyDefinitionId",
        "policySetDefinitionId",
        "policyDefinitionReferenceId",
        "policyDefinitionAction",
        "complianceState",
    ] {
        if let Some(value) = text(map, key).filter(|own| !own.is_empty()) {
            properties.insert(key.to_owned(), value.into());
        }
    }
    properties.insert("complianceState".to_owned(), state.into());
    Some(json!({
        "id": format!("{resource}/providers/Microsoft.PolicyInsights/policyStates/{name}"),
        "name": name,
        "type": "Microsoft.PolicyInsights/policyStates",
        "properties": properties,
    }))
}

/// The same name for the same texts, whatever their case.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.to_ascii_lowercase().as_bytes());
        hash.update([0]);
    }
    let mut name = String::new();
    for byte in hash.finalize().iter().take(12) {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}
