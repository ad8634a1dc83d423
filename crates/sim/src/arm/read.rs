//! One resource.

use super::row;
use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::store::Resource;
use crate::types::{self, Type};
use crate::wire::Response;
use serde_json::{Value, json};
use std::borrow::Cow;

impl Azure {
    /// GET of a resource.
    pub(super) fn get(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        if path.kind.is_empty() {
            return Err(Response::error(404, "NotFound", "There is nothing at this path."));
        }
        let row = row(&path.kind, call)?;
        self.authorize(call, &format!("{}/read", row.name), &path.id)?;
        let at_tenant = at_tenant(path);
        let found = self.store.get(&path.id).or_else(|| self.store.get(&at_tenant));
        let Some(resource) = found else {
            let implied = self.exists(&path.id).then(|| Response::text(200, implied(row, &path.id)));
            return implied.ok_or_else(|| self.not_found(path, "read"));
        };
        let body = present(call, row, resource).into_owned();
        Ok(Response::text(200, body).with("ETag", format!("W/\"{}\"", resource.version)))
    }
}

/// What is there without being written: a service of a storage account.
pub(super) fn implied(row: &Type, id: &str) -> String {
    let properties = json!({ "cors": { "corsRules": [] }, "deleteRetentionPolicy": { "enabled": false } });
    json!({ "id": id, "name": id::name(id), "type": row.name, "properties": properties }).to_string()
}

/// Role and policy definitions of the tenant can be asked for below every subscription.
fn at_tenant(path: &Path) -> String {
    let kind = path.kind.to_ascii_lowercase();
    let shared = [
        "microsoft.authorization/roledefinitions",
        "microsoft.authorization/policydefinitions",
        "microsoft.authorization/policysetdefinitions",
    ];
    let name = id::name(&path.id);
    if shared.contains(&kind.as_str()) { format!("/providers/{}/{name}", path.kind) } else { String::new() }
}

impl Azure {
    /// A resource as it is shown just now.
    pub(super) fn shown_now(&self, call: &Call<'_>, row: &Type, id: &str) -> Option<String> {
        self.store.get(id).map(|own| present(call, row, own).into_owned())
    }
}

/// A resource as it is shown: as its version has it, and with what is going on.
pub(super) fn present<'b>(call: &Call<'_>, row: &Type, resource: &'b Resource) -> Cow<'b, str> {
    let body = match resource.body.text() {
        Cow::Borrowed(text) => shown(row, &call.version, text),
        Cow::Owned(text) => Cow::Owned(shown(row, &call.version, &text).into_owned()),
    };
    let Some(state) = resource.state(call.r.now) else { return body };
    let Ok(mut value) = serde_json::from_str::<Value>(&body) else { return body };
    if let Some(Value::Object(properties)) = value.get_mut("properties") {
        properties.insert("provisioningState".to_owned(), state.into());
        // What comes of a deployment is told when it is over.
        if super::deployments::is_deployment(row) {
            properties.retain(|name, _| !["error", "outputs", "outputResources"].contains(&name.as_str()));
        }
    }
    Cow::Owned(value.to_string())
}

/// What an api-version does not show of a type: what it does not have, and what is never read.
pub(super) fn hidden_in<'v>(row: &Type, version: &'v str) -> impl Iterator<Item = &'static str> + use<'v> {
    types::only::unknown(row.name, version).chain(row.write_only.iter().copied())
}

/// A document as an api-version shows it: without what that version does not have, and without what is never read.
pub(crate) fn shown<'b>(row: &Type, version: &str, body: &'b str) -> Cow<'b, str> {
    let own_chain = row.name.eq_ignore_ascii_case(types::SUBSCRIPTION).then_some("/properties");
    let hidden: Vec<&str> = hidden_in(row, version)
        .chain(own_chain)
        // Whether a name is in the text at all is cheaper to see than to parse.
        .filter(|pointer| body.contains(&format!("\"{}\"", id::name(pointer))))
        .collect();
    if hidden.is_empty() {
        return Cow::Borrowed(body);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return Cow::Borrowed(body) };
    for pointer in hidden {
        remove(&mut value, pointer);
    }
    Cow::Owned(value.to_string())
}

pub(super) fn remove(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    value.pointer_mut(parent)?.as_object_mut()?.shift_remove(name)
}
