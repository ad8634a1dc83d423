//! What surrounds a case.

use crate::format::{Around, Method, Request};
use crate::load::{Files, document};
use dekey_expr::time;
use dekey_policy::{Estate, Query, Related, Subject};
use serde_json::{Map, Value, json};

/// The subscription and resource group of resources that say neither.
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg";

/// Resources that a case names; `None` where it says nothing of others.
pub(crate) struct Listed(Option<Vec<Value>>);

impl Listed {
    pub(crate) fn of(around: &Around, files: &dyn Files) -> Result<Listed, String> {
        let read = |own| document(own, files).map(named);
        let all = around.related.as_ref().map(|all| all.iter().map(read).collect::<Result<Vec<_>, _>>());
        all.transpose().map(Listed)
    }
}

impl Estate for Listed {
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e> {
        let Some(all) = &self.0 else {
            return Related::Unknown(format!(
                "the resources of type {} below {}: say with `related` which there are",
                query.resource_type, query.scope
            ));
        };
        let below = |id: &str| {
            let head = id.get(..query.scope.len()).is_some_and(|head| head.eq_ignore_ascii_case(query.scope));
            head && id.as_bytes().get(query.scope.len()).is_none_or(|next| *next == b'/')
        };
        let of_type = |own: &Subject<'_>| own.resource_type().eq_ignore_ascii_case(query.resource_type);
        Related::Known(all.iter().map(Subject::new).filter(|own| of_type(own) && below(own.id())).collect())
    }
}

/// Gives a resource that has a type and a name the id that they make.
pub(crate) fn named(mut resource: Value) -> Value {
    let text = |key: &str| resource.get(key).and_then(Value::as_str).map(str::to_owned);
    let (id, kind, name) = (text("id"), text("type"), text("name"));
    let (None, Some(kind)) = (id, kind) else { return resource };
    let mut segments = kind.split('/');
    let space = segments.next().unwrap_or_default();
    let types: Vec<&str> = segments.collect();
    let own = name.unwrap_or_else(|| "name".to_owned());
    let mut names: Vec<&str> = own.split('/').collect();
    while names.len() < types.len() {
        names.insert(0, "parent");
    }
    let mut id = format!("{GROUP}/providers/{space}");
    for (kind, name) in types.iter().zip(names) {
        id.extend(["/", kind, "/", name]);
    }
    if let Some(map) = resource.as_object_mut() {
        map.insert("id".to_owned(), json!(id));
    }
    resource
}

/// What a request would make of a resource.
pub(crate) fn outcome(request: &Request, files: &dyn Files) -> Result<Value, String> {
    let read = |own: &Option<crate::format::Source>| own.as_ref().map(|own| document(own, files)).transpose();
    let (existing, body) = (read(&request.existing)?, read(&request.body)?);
    let mut whole = match (request.method, existing, body) {
        (Method::Put, _, Some(body)) => body,
        (Method::Patch, Some(mut existing), Some(body)) => {
            merge(&mut existing, body);
            existing
        }
        (Method::Delete, Some(existing), None) => existing,
        (Method::Put, _, None) => return Err("a PUT needs a `body`".to_owned()),
        (Method::Patch, ..) => {
            return Err("a PATCH needs what it changes as `existing`, and a `body`".to_owned());
        }
        (Method::Delete, ..) => {
            return Err("a DELETE needs what it deletes as `existing`, and no `body`".to_owned());
        }
    };
    if let (Some(id), Some(map)) = (&request.id, whole.as_object_mut()) {
        map.insert("id".to_owned(), json!(id));
    }
    Ok(named(whole))
}

/// Objects are merged, null takes away, everything else replaces.
fn merge(target: &mut Value, change: Value) {
    let Value::Object(change) = change else {
        *target = change;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(own) = target.as_object_mut() else { return };
    for (key, value) in change {
        if value.is_null() {
            own.remove(&key);
        } else {
            merge(own.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// What `requestContext()` returns.
pub(crate) fn context(around: &Around, request: &Request) -> Value {
    let mut context = Map::new();
    let version = request.api_version.as_ref().or(around.api_version.as_ref());
    let identity = request.identity.as_ref().or(around.identity.as_ref());
    context.extend(version.map(|own| ("apiVersion".to_owned(), json!(own))));
    context.extend(identity.map(|own| ("identity".to_owned(), own.clone())));
    Value::Object(context)
}

/// The time of an evaluation.
pub(crate) fn now(around: &Around) -> Result<Option<time::Instant>, String> {
    let read = |text: &String| {
        time::parse(text).ok_or_else(|| "`now` is a time such as 2026-11-23T00:00:00Z".to_owned())
    };
    around.now.as_ref().map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_get_the_id_that_type_and_name_make() {
        let id = |own: Value| named(own)["id"].as_str().unwrap().to_owned();
        let account = json!({ "type": "Microsoft.Storage/storageAccounts", "name": "st" });
        assert_eq!(id(account), format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/st"));
        let child = json!({ "type": "A.B/c/d", "name": "x" });
        assert_eq!(id(child), format!("{GROUP}/providers/A.B/c/parent/d/x"));
        assert_eq!(id(json!({ "type": "A.B/c/d", "name": "w/x" })), format!("{GROUP}/providers/A.B/c/w/d/x"));
        assert_eq!(id(json!({ "id": "/x", "type": "A.B/c" })), "/x");
    }

    #[test]
    fn patches_merge() {
        let mut own = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        merge(&mut own, json!({ "a": { "b": null, "e": { "f": 3 } }, "d": [2] }));
        assert_eq!(own, json!({ "a": { "c": 2, "e": { "f": 3 } }, "d": [2] }));
    }
}
