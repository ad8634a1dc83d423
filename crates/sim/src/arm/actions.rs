//! POST: actions on a resource. Those that give secrets give invented ones; they are here so that a test can see that nobody
//! asks for them.

use super::row;
use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::{Lro, Type};
use crate::wire::Response;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Actions: the type, the last segment, and the name that roles know it by.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("Microsoft.MachineLearningServices/workspaces", "diagnose", "diagnose/action"),
    ("Microsoft.MachineLearningServices/workspaces", "resyncKeys", "resyncKeys/action"),
    ("Microsoft.MachineLearningServices/workspaces", "listKeys", "listKeys/action"),
    ("Microsoft.MachineLearningServices/workspaces/datastores", "listSecrets", "listSecrets/action"),
    ("Microsoft.MachineLearningServices/workspaces/connections", "listsecrets", "listsecrets/action"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "listKeys", "listKeys/action"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "start", "start/action"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "stop", "stop/action"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "restart", "restart/action"),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "listKeys", "listKeys/action"),
    (
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        "regenerateKeys",
        "regenerateKeys/action",
    ),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "token", "token/action"),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints", "listkeys", "listKeys/action"),
    ("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", "listKeys", "listKeys/action"),
    (
        "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints",
        "regenerateKeys",
        "regenerateKeys/action",
    ),
    ("Microsoft.Storage/storageAccounts", "listKeys", "listKeys/action"),
    ("Microsoft.Storage/storageAccounts", "regenerateKey", "regenerateKey/action"),
    ("Microsoft.ContainerRegistry/registries", "listCredentials", "listCredentials/action"),
];

/// How long `diagnose` and `resyncKeys` take.
const TAKES: SignedDuration = SignedDuration::from_secs(20);

impl Azure {
    /// POST of an action.
    pub(super) fn act(&mut self, call: &Call<'_>, path: &Path, tail: &str) -> Result<Response, Response> {
        let row = row(&path.kind, call)?;
        let known = ACTIONS
            .iter()
            .find(|(kind, name, _)| kind.eq_ignore_ascii_case(row.name) && name.eq_ignore_ascii_case(tail));
        let Some((_, name, action)) = known else {
            let message = format!("The simulator knows no action '{tail}' of '{}'.", row.name);
            return Err(Response::error(404, "NotFound", &message));
        };
        self.authorize(call, &format!("{}/{action}", row.name), &path.id)?;
        let Some(value) = self.store.value(&path.id) else { return Err(self.not_found(path, "action")) };
        match *name {
            "diagnose" => {
                let result = self.diagnosis(&value);
                Ok(self.later(call, row, path, result))
            }
            "resyncKeys" => {
                self.grant_defaults(call, &path.id);
                Ok(self.later(call, row, path, Value::Null))
            }
            "regenerateKey" => self.regenerate(call, path, value),
            "regenerateKeys" => self.regenerate_endpoint(call, row, path, &value),
            "start" | "stop" | "restart" => self.turn(call, row, path, name, value),
            "token" => token(call, &value, &self.invented(&path.id, "token")),
            _ => self.secrets(row, name, path, &value),
        }
    }

    fn later(&mut self, call: &Call<'_>, row: &'static Type, path: &Path, result: Value) -> Response {
        let until = self.after(call, TAKES);
        self.accepted_with(call, row, &path.id, Lro::Location, until, Some(result))
    }

    /// What is wrong with a workspace.
    fn diagnosis(&self, workspace: &Value) -> Value {
        let mut storage = Vec::new();
        if self.lacks_keys(workspace) {
            storage.push(json!({ "code": "StorageAccountKeyAccessDisabled", "level": "Error", "message":
                "Key based authentication is not permitted on the storage account, and the workspace uses access keys." }));
        }
        let mut others = json!({});
        for name in ["storageAccount", "keyVault", "containerRegistry", "applicationInsights"] {
            let id = workspace.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("");
            let mut found = if name == "storageAccount" { storage.clone() } else { Vec::new() };
            if !id.is_empty() && self.store.get(id).is_none() {
                found.push(json!({ "code": "ResourceNotFound", "level": "Error", "message": format!("'{id}' does not exist.") }));
            }
            if let Value::Object(map) = &mut others {
                map.insert(format!("{name}Results"), found.into());
            }
        }
        if let Value::Object(map) = &mut others {
            for name in ["dnsResolution", "networkSecurityRule", "resourceLock", "userDefinedRoute", "other"]
            {
                map.insert(format!("{name}Results"), json!([]));
            }
        }
        json!({ "value": others })
    }

    fn regenerate(&mut self, call: &Call<'_>, path: &Path, mut value: Value) -> Result<Response, Response> {
        let body = call.r.json()?;
        let key = body.get("keyName").and_then(Value::as_str).unwrap_or("");
        if !["key1", "key2"].contains(&key) {
            return Err(Response::error(
                400,
                "InvalidValuesForRequestParameters",
                "Values for request parameters are invalid: keyName.",
            ));
        }
        if let Some(Value::Object(properties)) = value.get_mut("properties") {
            let times = properties.entry("keyCreationTime").or_insert_with(|| json!({}));
            if let Value::Object(times) = times {
                times.insert(key.to_owned(), format!("{:.7}", call.r.now).into());
            }
        }
        self.store.put(&path.id, value.to_string(), Some(call.r.now));
        self.another(&path.id, key);
        Ok(Response::json(200, &json!({ "keys": self.keys(&path.id) })))
    }

    fn regenerate_endpoint(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        path: &Path,
        value: &Value,
    ) -> Result<Response, Response> {
        by_key(value)?;
        let body = call.r.json()?;
        let kind = body.get("keyType").and_then(Value::as_str).unwrap_or("");
        let Some(key) = ["Primary", "Secondary"].into_iter().find(|own| own.eq_ignore_ascii_case(kind))
        else {
            return Err(Response::error(400, "UserError", "keyType is neither Primary nor Secondary."));
        };
        self.another(&path.id, &key.to_ascii_lowercase());
        Ok(self.later(call, row, path, Value::Null))
    }

    /// Starts and stops a compute instance; nothing else can be.
    fn turn(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        path: &Path,
        how: &str,
        mut value: Value,
    ) -> Result<Response, Response> {
        let kind = value.pointer("/properties/computeType").and_then(Value::as_str).unwrap_or("");
        if !kind.eq_ignore_ascii_case("ComputeInstance") {
            let message = format!("The operation '{how}' is not supported for compute of the type '{kind}'.");
            return Err(Response::error(400, "UserError", &message));
        }
        let state = if how == "stop" { "Stopped" } else { "Running" };
        let inner = value.pointer_mut("/properties").and_then(Value::as_object_mut);
        let inner = inner.map(|own| own.entry("properties").or_insert_with(|| json!({})));
        if let Some(Value::Object(inner)) = inner {
            inner.insert("state".to_owned(), state.into());
        }
        self.store.put(&path.id, value.to_string(), Some(call.r.now));
        Ok(self.later(call, row, path, Value::Null))
    }

    /// A key that is made again is another one.
    fn another(&mut self, id: &str, key: &str) {
        *self.keys_made.entry(format!("{key} of {}", id.to_ascii_lowercase())).or_default() += 1;
    }

    /// An invented value, the same for the same resource.
    fn invented(&self, id: &str, what: &str) -> String {
        format!(
            "simulated-{}",
            match self.keys_made.get(&format!("{what} of {}", id.to_ascii_lowercase())) {
                None => crate::guid(self.options.seed, &format!("{what} of {}", id.to_ascii_lowercase())),
                Some(times) =>
                    crate::guid(self.options.seed, &format!("{what} {times} of {}", id.to_ascii_lowercase())),
            }
        )
    }

    fn keys(&self, id: &str) -> Value {
        let key =
            |name: &str| json!({ "keyName": name, "value": self.invented(id, name), "permissions": "FULL" });
        json!([key("key1"), key("key2")])
    }

    fn secrets(&self, row: &Type, name: &str, path: &Path, value: &Value) -> Result<Response, Response> {
        let id = &path.id;
        let own = |what: &str| self.invented(id, what);
        let body = match (row.name, name) {
            ("Microsoft.Storage/storageAccounts", _) => json!({ "keys": self.keys(id) }),
            ("Microsoft.ContainerRegistry/registries", _) => {
                if value.pointer("/properties/adminUserEnabled") != Some(&Value::Bool(true)) {
                    let message = format!("The admin user of the registry '{}' is disabled.", id::name(id));
                    return Err(Response::error(400, "UnAuthorizedForCredentialOperations", &message));
                }
                let passwords =
                    ["password", "password2"].map(|name| json!({ "name": name, "value": own(name) }));
                json!({ "username": id::name(id), "passwords": passwords })
            }
            ("Microsoft.MachineLearningServices/workspaces", _) => json!({
                "userStorageKey": own("storage key"),
                "userStorageArmId": value.pointer("/properties/storageAccount"),
                "notebookAccessKeys": { "primaryAccessKey": own("notebook 1"), "secondaryAccessKey": own("notebook 2") },
            }),
            ("Microsoft.MachineLearningServices/workspaces/datastores", _) => {
                let kind = value
                    .pointer("/properties/credentials/credentialsType")
                    .and_then(Value::as_str)
                    .unwrap_or("None");
                match kind {
                    "AccountKey" => json!({ "secretsType": kind, "key": own("key") }),
                    "Sas" => json!({ "secretsType": kind, "sasToken": own("sas") }),
                    "ServicePrincipal" => json!({ "secretsType": kind, "clientSecret": own("secret") }),
                    "Certificate" => json!({ "secretsType": kind, "certificate": own("certificate") }),
                    _ => return Err(Response::error(400, "UserError", "The datastore has no secrets.")),
                }
            }
            ("Microsoft.MachineLearningServices/workspaces/connections", _) => {
                let mut shown = value.clone();
                if let Some(Value::Object(properties)) = shown.get_mut("properties") {
                    properties.insert("credentials".to_owned(), json!({ "key": own("key") }));
                }
                shown
            }
            _ => {
                by_key(value)?;
                json!({ "primaryKey": own("primary"), "secondaryKey": own("secondary") })
            }
        };
        Ok(Response::json(200, &body))
    }
}

/// Endpoints have keys when that is how they are called.
fn by_key(endpoint: &Value) -> Result<(), Response> {
    let mode = endpoint.pointer("/properties/authMode").and_then(Value::as_str).unwrap_or("Key");
    if mode.eq_ignore_ascii_case("Key") {
        return Ok(());
    }
    let message = format!("The endpoint has no keys: its authentication mode is '{mode}'.");
    Err(Response::error(400, "UserError", &message))
}

/// A token for an endpoint that takes them.
fn token(call: &Call<'_>, endpoint: &Value, token: &str) -> Result<Response, Response> {
    if by_key(endpoint).is_ok() {
        let message = "The endpoint gives no tokens: its authentication mode is 'Key'.";
        return Err(Response::error(400, "UserError", message));
    }
    let now = call.r.now.as_second();
    Ok(Response::json(
        200,
        &json!({ "accessToken": token, "tokenType": "Bearer", "expiryTimeUtc": now + 8 * 3600, "refreshAfterTimeUtc": now + 7 * 3600 }),
    ))
}
