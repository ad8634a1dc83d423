//! Key vaults that were deleted: they are kept for ninety days, with their name, until they are recovered or purged.

use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::wire::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The type, in lower case.
pub(crate) const VAULT: &str = "microsoft.keyvault/vaults";
/// How long one is kept that does not say.
const DAYS: i64 = 90;

/// Deleted vaults, by id in lower case: when, and what they were.
pub(crate) type DeletedVaults = BTreeMap<String, (Timestamp, Value)>;

impl Azure {
    /// Keeps a vault that is being deleted.
    pub(super) fn keep_vault(&mut self, id: &str, now: Timestamp) {
        if let Some(value) = self.store.value(id) {
            self.deleted_vaults.insert(id.to_ascii_lowercase(), (now, value));
        }
    }

    /// Answers what is asked of deleted vaults; nothing when the path is none of theirs.
    pub(super) fn deleted_vaults(&mut self, call: &Call<'_>) -> Option<Result<Response, Response>> {
        let lower = call.path.to_ascii_lowercase();
        let (subscription, rest) = lower.split_once("/providers/microsoft.keyvault/")?;
        let segments: Vec<&str> = rest.split('/').collect();
        let found = match (call.r.method, segments.as_slice()) {
            ("GET", ["deletedvaults"]) => (None, "read"),
            ("GET", ["locations", _, "deletedvaults", name]) => (Some(*name), "read"),
            ("POST", ["locations", _, "deletedvaults", name, "purge"]) => (Some(*name), "purge/action"),
            _ => return None,
        };
        Some(self.of_deleted_vaults(call, subscription, found))
    }

    fn of_deleted_vaults(
        &mut self,
        call: &Call<'_>,
        subscription: &str,
        (name, verb): (Option<&str>, &str),
    ) -> Result<Response, Response> {
        super::row(VAULT, call)?;
        let prefix = if name.is_some() { "locations/" } else { "" };
        self.authorize(call, &format!("Microsoft.KeyVault/{prefix}deletedVaults/{verb}"), subscription)?;
        let here = self.deleted_vaults.iter().filter(|(id, _)| id::covers(subscription, id));
        let Some(name) = name else {
            let all: Vec<Value> = here.map(|(_, (at, vault))| shown(*at, vault)).collect();
            return Ok(Response::json(200, &json!({ "value": all })));
        };
        let mut here = here.filter(|(id, _)| id::name(id) == name);
        let Some((id, (at, vault))) = here.next().map(|(id, own)| (id.clone(), own.clone())) else {
            let message = format!("The specified deleted vault {name} does not exist.");
            return Err(Response::error(404, "DeletedVaultNotFound", &message));
        };
        if verb == "read" {
            return Ok(Response::json(200, &shown(at, &vault)));
        }
        if vault.pointer("/properties/enablePurgeProtection") == Some(&Value::Bool(true)) {
            let message =
                format!("The vault {name} has purge protection and is kept until its time is over.");
            return Err(Response::error(409, "Conflict", &message));
        }
        self.deleted_vaults.remove(&id);
        Ok(Response::empty(200))
    }

    /// What a PUT of a vault puts in its place when one of that name was deleted: it has to say that it recovers it.
    pub(super) fn recovered(
        &mut self,
        path: &Path,
        body: &Map<String, Value>,
    ) -> Result<Option<Map<String, Value>>, Response> {
        if id::type_of(&path.id) != VAULT {
            return Ok(None);
        }
        let taken =
            self.deleted_vaults.keys().find(|id| id::name(id).eq_ignore_ascii_case(id::name(&path.id)));
        let Some(id) = taken.cloned() else { return Ok(None) };
        let properties = body.get("properties");
        let mode = properties.and_then(|own| own.get("createMode")).and_then(Value::as_str).unwrap_or("");
        if !mode.eq_ignore_ascii_case("recover") || !id.eq_ignore_ascii_case(&path.id) {
            let message = "A vault with the same name already exists in deleted state. You need to either recover or purge existing \
                           key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on \
                           soft delete.";
            return Err(Response::error(409, "ConflictError", message));
        }
        let Some((_, Value::Object(vault))) = self.deleted_vaults.remove(&id) else { return Ok(None) };
        Ok(Some(vault))
    }
}

/// A deleted vault as it is told.
fn shown(at: Timestamp, vault: &Value) -> Value {
    let text = |name: &str| vault.get(name).and_then(Value::as_str).unwrap_or("");
    let (id, name, location) = (text("id"), text("name"), text("location"));
    let days = vault.pointer("/properties/softDeleteRetentionInDays").and_then(Value::as_i64).unwrap_or(DAYS);
    let purge = at.checked_add(SignedDuration::from_hours(days.clamp(7, DAYS) * 24)).unwrap_or(at);
    let subscription = id::segment(id, "subscriptions");
    json!({
        "id": format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{name}"),
        "name": name, "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": id, "location": location, "tags": vault.get("tags"),
            "deletionDate": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "scheduledPurgeDate": purge.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "purgeProtectionEnabled": vault.pointer("/properties/enablePurgeProtection"),
        },
    })
}
