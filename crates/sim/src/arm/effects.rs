//! What the services do of their own accord when something is written.

use crate::access;
use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::{self, Type};
use serde_json::{Map, Value, json};

const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const AI_ADMINISTRATOR: &str = "b78c5d69-af96-48a3-bf8d-a8b4d589de94";
const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const VAULT_ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

impl Azure {
    /// What follows from a write.
    pub(super) fn consequences(
        &mut self,
        call: &Call<'_>,
        row: &Type,
        path: &Path,
        new: &Value,
        old: Option<&Map<String, Value>>,
    ) {
        if !row.name.eq_ignore_ascii_case(types::WORKSPACE) {
            return;
        }
        let before =
            old.and_then(|old| old.get("identity")).map_or("", |identity| text(identity, "/principalId"));
        if before.is_empty() && !text(new, "/identity/principalId").is_empty() {
            self.grant_defaults(call, &path.id);
        }
        if old.is_none() {
            self.system_datastores(call, &path.id, new);
        }
    }

    /// The grants that the service makes for a workspace's system-assigned identity; `resyncKeys` makes them again.
    pub(super) fn grant_defaults(&mut self, call: &Call<'_>, workspace: &str) {
        let Some(value) = self.store.value(workspace) else { return };
        let principal = text(&value, "/identity/principalId").to_owned();
        if principal.is_empty() {
            return;
        }
        let group = id::parse(workspace).scope;
        let dependent = |name: &str| text(&value, &format!("/properties/{name}")).to_owned();
        let vault = dependent("keyVault");
        let by_roles = self.store.value(&vault).is_some_and(|own| {
            own.pointer("/properties/enableRbacAuthorization") == Some(&Value::Bool(true))
        });
        let mut grants = vec![
            (workspace.to_owned(), CONTRIBUTOR),
            (group, AI_ADMINISTRATOR),
            (dependent("storageAccount"), BLOB_CONTRIBUTOR),
            (dependent("containerRegistry"), CONTRIBUTOR),
        ];
        if by_roles {
            grants.push((vault.clone(), VAULT_ADMINISTRATOR));
        }
        grants.retain(|(scope, _)| self.store.get(scope).is_some());
        for (scope, role) in grants {
            let name = crate::guid(
                self.options.seed,
                &format!("grant {} {role} {principal}", scope.to_ascii_lowercase()),
            );
            let time = format!("{:.7}", call.r.now);
            let (id, value) = access::assignment(&name, &scope, role, &principal, "ServicePrincipal", &time);
            if self.store.get(&id).is_none() {
                self.store.put(&id, value.to_string(), Some(call.r.now));
                self.note_service(call, "Microsoft.Authorization/roleAssignments/write", &id);
            }
        }
        if !by_roles {
            let all = json!({ "keys": ["all"], "secrets": ["all"], "certificates": ["all"], "storage": [] });
            let own = json!([{ "tenantId": self.options.tenant, "objectId": principal, "permissions": all }]);
            if self.change_policies(call, &vault, "add", &own).is_some() {
                self.note_service(call, "Microsoft.KeyVault/vaults/accessPolicies/write", &vault);
            }
        }
    }

    /// `accessPolicies/add`, `replace` and `remove` of a vault.
    pub(super) fn change_policies(
        &mut self,
        call: &Call<'_>,
        vault: &str,
        how: &str,
        policies: &Value,
    ) -> Option<Value> {
        let mut value = self.store.value(vault)?;
        let named: Vec<Value> = policies.as_array().cloned().unwrap_or_default();
        let own = value.pointer_mut("/properties")?.as_object_mut()?;
        let list = own.entry("accessPolicies").or_insert_with(|| json!([]));
        let kept = list.as_array().cloned().unwrap_or_default();
        let object = |policy: &Value| text(policy, "/objectId").to_ascii_lowercase();
        let is_named = |policy: &Value| named.iter().any(|own| object(own) == object(policy));
        let rest: Vec<Value> =
            kept.into_iter().filter(|policy| how != "replace" && !is_named(policy)).collect();
        *list = rest.into_iter().chain(named.iter().filter(|_| how != "remove").cloned()).collect();
        let after = list.clone();
        self.store.put(vault, value.to_string(), Some(call.r.now));
        Some(after)
    }

    /// The datastores that every workspace has from the beginning.
    fn system_datastores(&mut self, call: &Call<'_>, workspace: &str, value: &Value) {
        let by_identity =
            text(value, "/properties/systemDatastoresAuthMode").eq_ignore_ascii_case("identity");
        let credentials = if by_identity {
            json!({ "credentialsType": "None" })
        } else {
            json!({ "credentialsType": "AccountKey", "secrets": { "secretsType": "AccountKey" } })
        };
        let account = id::name(text(value, "/properties/storageAccount"));
        let guid = text(value, "/properties/workspaceId");
        for (name, kind, place, at) in [
            ("workspaceblobstore", "AzureBlob", "containerName", format!("azureml-blobstore-{guid}")),
            ("workspaceartifactstore", "AzureBlob", "containerName", "azureml".to_owned()),
            ("workspacefilestore", "AzureFile", "fileShareName", format!("azureml-filestore-{guid}")),
            ("workspaceworkingdirectory", "AzureFile", "fileShareName", format!("code-{guid}")),
        ] {
            let id = format!("{workspace}/datastores/{name}");
            let own = json!({
                "id": id, "name": name, "type": "Microsoft.MachineLearningServices/workspaces/datastores",
                "properties": {
                    "datastoreType": kind, place: at, "accountName": account, "endpoint": "core.localhost", "protocol": "https",
                    "isDefault": name == "workspaceblobstore", "credentials": credentials,
                    "serviceDataAccessAuthIdentity": if by_identity { "WorkspaceSystemAssignedIdentity" } else { "None" },
                },
            });
            self.store.put(&id, own.to_string(), Some(call.r.now));
        }
    }

    /// Whether a workspace wants the keys of a storage account that gives none.
    pub(super) fn lacks_keys(&self, workspace: &Value) -> bool {
        let mode = text(workspace, "/properties/systemDatastoresAuthMode");
        let by_keys = mode.is_empty() || mode.eq_ignore_ascii_case("accesskey");
        let account = self.store.value(text(workspace, "/properties/storageAccount"));
        by_keys
            && account.is_some_and(|own| {
                own.pointer("/properties/allowSharedKeyAccess") == Some(&Value::Bool(false))
            })
    }
}
