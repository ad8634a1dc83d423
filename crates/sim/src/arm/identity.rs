//! The identity block: what a caller sends, and what becomes of it.

use crate::azure::Azure;
use serde_json::{Map, Value, json};

/// Who the identities of resources are.
pub(super) type Principals<'p> = &'p dyn Fn(&str) -> String;

impl Azure {
    /// The object id of the service principal behind the managed identity of a resource. One that is made again is another one.
    pub(super) fn principal_of(&self, host: &str) -> String {
        let lower = host.to_ascii_lowercase();
        if let Some(own) = self.store.value(&lower)
            && let Some(own) = own.pointer("/properties/principalId").and_then(Value::as_str)
        {
            return own.to_owned();
        }
        match self.identities_made.get(&lower) {
            None => crate::guid(0, &format!("principal of {lower}")),
            Some(times) => crate::guid(0, &format!("principal {times} of {lower}")),
        }
    }

    /// The identity of a resource is gone, and so is its service principal.
    pub(super) fn identity_ends(&mut self, host: &str) {
        *self.identities_made.entry(host.to_ascii_lowercase()).or_default() += 1;
    }
}

/// Whether a resource has a principal of its own.
pub(super) fn has_principal(resource: &Value) -> bool {
    let kind = resource.get("type").and_then(Value::as_str).unwrap_or_default();
    resource.pointer("/identity/principalId").is_some_and(|own| !own.is_null())
        || kind.eq_ignore_ascii_case("Microsoft.ManagedIdentity/userAssignedIdentities")
}

struct Asked {
    system: bool,
    user: bool,
}

/// Case and spaces differ between providers; what is meant does not.
fn asked(block: &Value) -> Result<Asked, String> {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or("None");
    let mut asked = Asked { system: false, user: false };
    for part in kind.split(',') {
        match part.trim().to_ascii_lowercase().as_str() {
            "systemassigned" => asked.system = true,
            "userassigned" => asked.user = true,
            "none" => {}
            other => {
                return Err(format!(
                    "'{other}' is no identity type; use None, SystemAssigned, UserAssigned or SystemAssigned,UserAssigned."
                ));
            }
        }
    }
    Ok(asked)
}

/// The identity after a PUT: what is sent replaces what was; nothing sent leaves it.
pub(super) fn put(
    tenant: &str,
    host: &str,
    before: Option<&Value>,
    block: Option<&Value>,
    principals: Principals<'_>,
) -> Result<Option<Value>, String> {
    match block {
        None => Ok(before.cloned()),
        Some(block) => made(tenant, host, before, (block, false), principals).map(Some),
    }
}

/// The identity after a PATCH: user-assigned identities that are not named stay, those that are null go.
pub(super) fn patch(
    tenant: &str,
    host: &str,
    before: Option<&Value>,
    block: &Value,
    principals: Principals<'_>,
) -> Result<Value, String> {
    made(tenant, host, before, (block, true), principals)
}

fn made(
    tenant: &str,
    host: &str,
    before: Option<&Value>,
    (block, keep): (&Value, bool),
    principals: Principals<'_>,
) -> Result<Value, String> {
    let asked = asked(block)?;
    let old = |name: &str| before.and_then(|before| before.get(name));
    let mut attached: Map<String, Value> = Map::new();
    if keep && let Some(Value::Object(map)) = old("userAssignedIdentities") {
        attached.clone_from(map);
    }
    if let Some(Value::Object(map)) = block.get("userAssignedIdentities") {
        for (id, value) in map {
            attached.retain(|own, _| !own.eq_ignore_ascii_case(id));
            if !value.is_null() {
                let client = crate::guid(0, &format!("client of {}", id.to_ascii_lowercase()));
                attached.insert(id.clone(), json!({ "principalId": principals(id), "clientId": client }));
            }
        }
    }
    if asked.user && attached.is_empty() {
        return Err("The identity type 'UserAssigned' needs at least one user-assigned identity.".to_owned());
    }
    let mut new = Map::new();
    let kind = match (asked.system, asked.user) {
        (true, true) => "SystemAssigned,UserAssigned",
        (true, false) => "SystemAssigned",
        (false, true) => "UserAssigned",
        (false, false) => "None",
    };
    new.insert("type".to_owned(), kind.into());
    if asked.system {
        // A principal lives as long as the identity is on.
        let own = old("principalId").cloned().filter(|own| !own.is_null());
        new.insert("principalId".to_owned(), own.unwrap_or_else(|| principals(host).into()));
        new.insert("tenantId".to_owned(), tenant.into());
    }
    if asked.user {
        new.insert("userAssignedIdentities".to_owned(), Value::Object(attached));
    }
    Ok(Value::Object(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_and_users(of: &Value) -> (String, Vec<String>) {
        let users = of.get("userAssignedIdentities").and_then(Value::as_object);
        (
            of["type"].as_str().unwrap().to_owned(),
            users.map(|map| map.keys().cloned().collect()).unwrap_or_default(),
        )
    }

    #[test]
    fn a_patch_keeps_what_it_does_not_name() {
        let before = json!({ "type": "UserAssigned", "userAssignedIdentities": { "/A": {}, "/b": {} } });
        let patched = |block: Value| {
            patch("t", "/w", Some(&before), &block, &str::to_owned).map(|own| kind_and_users(&own))
        };
        let all = |kind: &str, users: &[&str]| {
            Ok((kind.to_owned(), users.iter().map(|own| (*own).to_owned()).collect()))
        };
        assert_eq!(
            patched(json!({ "type": "systemassigned, userassigned" })),
            all("SystemAssigned,UserAssigned", &["/A", "/b"])
        );
        let block = json!({ "type": "UserAssigned", "userAssignedIdentities": { "/a": null, "/c": {} } });
        assert_eq!(patched(block), all("UserAssigned", &["/b", "/c"]));
        assert_eq!(patched(json!({ "type": "SystemAssigned" })), all("SystemAssigned", &[]));
        assert!(patched(json!({ "type": "Both" })).is_err());
        let none = json!({ "type": "UserAssigned", "userAssignedIdentities": { "/A": null, "/B": null } });
        assert!(patched(none).is_err());
    }

    #[test]
    fn a_put_replaces_and_a_principal_stays_while_it_is_on() {
        let before = json!({ "type": "SystemAssigned", "principalId": "kept", "userAssignedIdentities": {} });
        let own = put("t", "/w", Some(&before), Some(&json!({ "type": "SystemAssigned" })), &str::to_owned)
            .unwrap()
            .unwrap();
        assert_eq!(own["principalId"], "kept");
        let off =
            put("t", "/w", Some(&own), Some(&json!({ "type": "None" })), &str::to_owned).unwrap().unwrap();
        assert_eq!(off, json!({ "type": "None" }));
        assert_eq!(put("t", "/w", Some(&own), None, &str::to_owned).unwrap(), Some(own));
    }
}
