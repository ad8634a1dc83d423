//! `Microsoft.KeyVault/vaults`, api-version 2024-11-01.

use super::{TENANT, Wire, name_of, put, system_data};
use serde_json::{Value, json};

/// What differs between vaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vault<'a> {
    pub(crate) id: &'a str,
    pub(crate) location: &'a str,
    pub(crate) created: &'a str,
    pub(crate) created_by: &'a str,
    pub(crate) tags: Wire,
    /// `enableRbacAuthorization`; absent and `null` mean access policies.
    pub(crate) rbac: Wire,
    pub(crate) policies: Vec<Value>,
}

/// Everything on keys, secrets and certificates, which is what the service grants a new workspace.
pub(crate) const EVERYTHING: [&[&str]; 3] = [&["all"], &["all"], &["all"]];
/// What reading and writing a workspace's own secrets needs, without the right to purge.
pub(crate) const MANAGE: [&[&str]; 3] = [&[], &["Get", "List", "Set", "Delete", "Recover", "Backup"], &[]];
/// The least: reading secrets.
pub(crate) const READ: [&[&str]; 3] = [&[], &["get", "list"], &[]];

/// An access policy: what a principal may do with keys, secrets and certificates.
pub(crate) fn access(principal: &str, [keys, secrets, certificates]: [&[&str]; 3]) -> Value {
    json!({
        "tenantId": TENANT,
        "objectId": principal,
        "permissions": { "keys": keys, "secrets": secrets, "certificates": certificates, "storage": [] },
    })
}

impl Vault<'_> {
    /// As `GET` answers it.
    pub(crate) fn to_json(&self) -> Value {
        let name = name_of(self.id);
        let base = json!({
            "id": self.id,
            "name": name,
            "type": "Microsoft.KeyVault/vaults",
            "location": self.location,
        });
        let properties = json!({
            "sku": { "family": "A", "name": "standard" },
            "tenantId": TENANT,
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            },
            "accessPolicies": self.policies,
            "enabledForDeployment": false,
            "enabledForDiskEncryption": false,
            "enabledForTemplateDeployment": false,
            "enableSoftDelete": true,
            "softDeleteRetentionInDays": 90,
            "enablePurgeProtection": true,
            "vaultUri": format!("https://{name}.vault.azure.net/"),
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        });
        let head = put(
            base,
            "",
            [
                ("tags", self.tags.clone()),
                ("systemData", Some(system_data(self.created_by, self.created, self.created))),
                ("properties", Some(properties)),
            ],
        );
        put(head, "/properties", [("enableRbacAuthorization", self.rbac.clone())])
    }
}

/// As `az keyvault list` prints it: without any properties.
pub(crate) fn az(vault: &Value) -> Value {
    let get = |name: &str| vault.get(name).cloned().unwrap_or(Value::Null);
    let group = vault.get("id").and_then(Value::as_str).map(|id| super::segment(id, "resourceGroups"));
    json!({
        "id": get("id"),
        "location": get("location"),
        "name": get("name"),
        "resourceGroup": group,
        "tags": get("tags"),
        "type": get("type"),
    })
}
