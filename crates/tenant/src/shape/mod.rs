//! What Azure answers: each function gives one resource as a GET, or one item of a list, has it on the wire.
//!
//! Shapes follow recorded answers and the type dumps of the api-versions that the Azure SDKs use in 2026. They are as full
//! as the real ones, because what a reader has to skip is part of its cost. Nothing here is a real key: where Azure would
//! leave a secret out of an answer, it is left out here too.

pub(crate) mod authorization;
pub(crate) mod compute;
pub(crate) mod container;
pub(crate) mod data;
pub(crate) mod keyvault;
pub(crate) mod policy;
pub(crate) mod registry;
pub(crate) mod serving;
pub(crate) mod storage;
pub(crate) mod telemetry;
pub(crate) mod workspace;

use crate::draw::guid;
use serde_json::{Map, Value, json};

/// The Entra tenant of every invented resource.
pub const TENANT: &str = "5a1e0c7d-2f4b-4c3a-9d86-0b7e6f1c2a93";

/// A property as it goes over the wire: `None` is absent, which Azure tells apart from `null`.
pub(crate) type Wire = Option<Value>;

/// A text, or absence when it is empty.
pub(crate) fn text(value: &str) -> Wire {
    (!value.is_empty()).then(|| Value::from(value))
}

/// A text, or `null` when it is empty.
pub(crate) fn text_or_null(value: &str) -> Value {
    text(value).unwrap_or(Value::Null)
}

/// Puts properties into the object at a JSON pointer; absent ones stay absent.
pub(crate) fn put<const N: usize>(mut value: Value, at: &str, properties: [(&str, Wire); N]) -> Value {
    if let Some(Value::Object(object)) = value.pointer_mut(at) {
        for (name, wire) in properties {
            if let Some(wire) = wire {
                object.insert(name.to_owned(), wire);
            }
        }
    }
    value
}

/// An object from names and texts.
pub(crate) fn texts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let object: Map<String, Value> = pairs.into_iter().map(|(k, v)| (k.to_owned(), Value::from(v))).collect();
    Value::Object(object)
}

/// The last segment of an id.
pub(crate) fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The segment of an id that follows a word, in any case.
pub(crate) fn segment<'a>(id: &'a str, after: &str) -> &'a str {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(after)).and_then(|_| parts.next()).unwrap_or("")
}

/// The object id of the service principal behind a managed identity: the system-assigned one of a resource, or a
/// user-assigned one.
pub(crate) fn principal_of(id: &str) -> String {
    guid(&format!("principal of {id}"))
}

/// The client id of a user-assigned identity.
pub(crate) fn client_of(id: &str) -> String {
    guid(&format!("client of {id}"))
}

/// An identity block. `kind` is `identity.type` as it is to be spelled; empty stands for an absent block, `null` for `null`.
pub(crate) fn identity<T: AsRef<str>>(host: &str, kind: &str, users: &[T]) -> Wire {
    match kind {
        "" => return None,
        "null" => return Some(Value::Null),
        _ => {}
    }
    let mut block = Map::new();
    block.insert("type".to_owned(), Value::from(kind));
    if kind.to_ascii_lowercase().contains("systemassigned") {
        block.insert("principalId".to_owned(), Value::from(principal_of(host)));
        block.insert("tenantId".to_owned(), Value::from(TENANT));
    }
    if !users.is_empty() {
        let all: Map<String, Value> = users
            .iter()
            .map(AsRef::as_ref)
            .map(|id| (id.to_owned(), json!({ "principalId": principal_of(id), "clientId": client_of(id) })))
            .collect();
        block.insert("userAssignedIdentities".to_owned(), Value::Object(all));
    }
    Some(Value::Object(block))
}

/// A `systemData` block.
pub(crate) fn system_data(by: &str, created: &str, modified: &str) -> Value {
    let kind = if by.contains('@') { "User" } else { "Application" };
    json!({
        "createdAt": created,
        "createdBy": by,
        "createdByType": kind,
        "lastModifiedAt": modified,
        "lastModifiedBy": by,
        "lastModifiedByType": kind,
    })
}
