//! `Microsoft.Resources/tags/default` of any resource, resource group or subscription.

use crate::azure::{Azure, Call};
use crate::id;
use crate::types;
use crate::wire::Response;
use serde_json::{Map, Value, json};

const VERSIONS: &[&str] = &[
    "2019-10-01",
    "2020-06-01",
    "2020-10-01",
    "2021-04-01",
    "2022-09-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];

impl Azure {
    /// GET, PUT, PATCH and DELETE of the tags of something.
    pub(super) fn tags(&mut self, call: &Call<'_>, host: &str) -> Result<Response, Response> {
        if !VERSIONS.contains(&call.version.as_str()) {
            let message = format!(
                "The api-version '{}' is invalid. The supported versions are '{}'.",
                call.version,
                VERSIONS.join(", ")
            );
            return Err(Response::error(400, "InvalidApiVersionParameter", &message));
        }
        let verb = match call.r.method {
            "GET" => "read",
            "DELETE" => "delete",
            _ => "write",
        };
        self.authorize(call, &format!("Microsoft.Resources/tags/{verb}"), host)?;
        let Some(mut value) = self.store.value(host) else {
            return Err(self.not_found(&id::parse(host), verb));
        };
        let before = value.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
        let after = match call.r.method {
            "GET" => before.clone(),
            "DELETE" => Map::new(),
            "PUT" | "PATCH" => changed(before.clone(), &call.r.json()?, call.r.method == "PUT")?,
            _ => {
                return Err(Response::error(
                    405,
                    "HttpMethodNotSupported",
                    "Tags are read, put, patched and deleted.",
                ));
            }
        };
        let mut after = after;
        if let (true, Value::Object(map)) = (after != before, &mut value) {
            let tags = json!({ "tags": after });
            map.insert("tags".to_owned(), Value::Object(after));
            if let Some(row) = types::find(&id::parse(host).kind) {
                *map = self.admitted_patch(call, row, host, std::mem::take(map), &tags)?;
            }
            after = map.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
            self.store.put(host, value.to_string(), Some(call.r.now));
        }
        let id = format!("{host}/providers/Microsoft.Resources/tags/default");
        Ok(Response::json(
            200,
            &json!({ "id": id, "name": "default", "type": "Microsoft.Resources/tags", "properties": { "tags": after } }),
        ))
    }
}

/// Tags after a change; names of tags have no case.
fn changed(
    mut tags: Map<String, Value>,
    body: &Value,
    replace: bool,
) -> Result<Map<String, Value>, Response> {
    let given = body.pointer("/properties/tags").and_then(Value::as_object).cloned().unwrap_or_default();
    let operation = body.get("operation").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
    match operation.as_str() {
        "" if replace => return Ok(given),
        "replace" => return Ok(given),
        "merge" | "delete" => {}
        _ => {
            return Err(Response::error(
                400,
                "InvalidTagsOperation",
                "The operation is none of Merge, Replace and Delete.",
            ));
        }
    }
    for (name, value) in given {
        tags.retain(|own, _| !own.eq_ignore_ascii_case(&name));
        if operation == "merge" {
            tags.insert(name, value);
        }
    }
    Ok(tags)
}
