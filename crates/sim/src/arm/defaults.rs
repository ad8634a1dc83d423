//! What a service adds to what it is sent.

use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::Type;
use serde_json::{Map, Value, json};

/// Adds to the properties of a resource what belongs to the service, as it was before where it was, and what a caller left unsaid.
pub(super) fn fill(
    azure: &Azure,
    call: &Call<'_>,
    row: &Type,
    path: &Path,
    old: Option<&Map<String, Value>>,
    properties: &mut Value,
) {
    let Some(own) = properties.as_object_mut() else { return };
    let (service, unsaid) = of(azure, call, row, path);
    let unsaid = with_version(azure, row, own, unsaid);
    let before = old.and_then(|old| old.get("properties")).and_then(Value::as_object);
    for (name, value) in objects(service) {
        let kept = before.and_then(|before| before.get(&name)).cloned();
        own.insert(name, kept.unwrap_or(value));
    }
    for (name, value) in objects(unsaid) {
        own.entry(name).or_insert(value);
    }
}

/// An assignment goes with the major version that its definition has, unless it says which.
fn with_version(azure: &Azure, row: &Type, own: &Map<String, Value>, mut unsaid: Value) -> Value {
    if row.name.eq_ignore_ascii_case(crate::policy::ASSIGNMENT)
        && let Some(target) = own.get("policyDefinitionId").and_then(Value::as_str)
        && let Some(definition) = azure.store.value(target)
        && let Some(version) = definition.pointer("/properties/version").and_then(Value::as_str)
        && let Value::Object(map) = &mut unsaid
    {
        let major = version.split('.').next().unwrap_or("1");
        map.insert("definitionVersion".to_owned(), format!("{major}.*.*").into());
    }
    unsaid
}

fn objects(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What is the service's own, and what it takes for granted.
fn of(azure: &Azure, call: &Call<'_>, row: &Type, path: &Path) -> (Value, Value) {
    let name = id::name(&path.id);
    let lower = path.id.to_ascii_lowercase();
    let own = |of: &str| crate::guid(0, &format!("{of} {lower}"));
    let tenant = &azure.options.tenant;
    let now = format!("{:.7}", call.r.now);
    match row.name {
        "Microsoft.MachineLearningServices/workspaces" => (
            json!({
                "workspaceId": own("workspace"), "tenantId": tenant, "provisioningState": "Succeeded", "creationTime": now,
                "discoveryUrl": "https://westeurope.api.azureml.ms/discovery",
                "mlFlowTrackingUri": format!("azureml://westeurope.api.azureml.ms/mlflow/v1.0{}", path.id),
                "privateLinkCount": 0, "storageHnsEnabled": false, "softDeleteEnabled": true,
            }),
            json!({ "hbiWorkspace": false, "enableDataIsolation": false, "allowPublicAccessWhenBehindVnet": false, "v1LegacyMode": false, "publicNetworkAccess": "Enabled",
                "systemDatastoresAuthMode": "accesskey", "allowRoleAssignmentOnRG": true }),
        ),
        "Microsoft.Storage/storageAccounts" => (
            json!({
                "keyCreationTime": { "key1": now, "key2": now }, "provisioningState": "Succeeded", "creationTime": now,
                "primaryEndpoints": { "blob": format!("https://{name}.blob.core.localhost/") }, "statusOfPrimary": "available",
            }),
            json!({ "supportsHttpsTrafficOnly": true, "minimumTlsVersion": "TLS1_2", "allowBlobPublicAccess": false }),
        ),
        "Microsoft.KeyVault/vaults" => (
            json!({ "vaultUri": format!("https://{name}.vault.localhost/"), "provisioningState": "Succeeded" }),
            json!({ "tenantId": tenant, "accessPolicies": [], "enableSoftDelete": true, "softDeleteRetentionInDays": 90 }),
        ),
        "Microsoft.MachineLearningServices/workspaces/computes" => (
            json!({ "createdOn": now, "modifiedOn": now, "provisioningState": "Succeeded", "isAttachedCompute": false,
                "provisioningErrors": null }),
            json!({ "disableLocalAuth": false }),
        ),
        "Microsoft.MachineLearningServices/workspaces/datastores" => {
            (json!({}), json!({ "isDefault": false }))
        }
        _ if row.name.starts_with("Microsoft.Authorization/") => of_authorization(call, row, path, &now),
        _ => of_others(azure, row, path, &now),
    }
}

/// The same for what stands around a workspace.
fn of_others(azure: &Azure, row: &Type, path: &Path, now: &str) -> (Value, Value) {
    let name = id::name(&path.id);
    let lower = path.id.to_ascii_lowercase();
    let own = |of: &str| crate::guid(0, &format!("{of} {lower}"));
    let tenant = &azure.options.tenant;
    match row.name {
        "Microsoft.ContainerRegistry/registries" => (
            json!({ "loginServer": format!("{name}.azurecr.localhost"), "creationDate": now, "provisioningState": "Succeeded" }),
            json!({ "adminUserEnabled": false, "anonymousPullEnabled": false, "publicNetworkAccess": "Enabled" }),
        ),
        "Microsoft.ContainerRegistry/registries/tokens"
        | "Microsoft.ContainerRegistry/registries/scopeMaps" => (
            json!({ "creationDate": now, "provisioningState": "Succeeded" }),
            if row.name.ends_with("scopeMaps") {
                json!({ "type": "UserDefined" })
            } else {
                json!({ "status": "enabled" })
            },
        ),
        "Microsoft.ManagedIdentity/userAssignedIdentities" => (
            json!({ "tenantId": tenant, "principalId": azure.principal_of(&path.id), "clientId": own("client of") }),
            json!({ "isolationScope": "None" }),
        ),
        "Microsoft.Insights/components" => (
            json!({
                "AppId": own("app"), "ApplicationId": name, "CreationDate": now, "provisioningState": "Succeeded", "TenantId": tenant,
                "InstrumentationKey": own("instrumentation"), "ConnectionString": format!("InstrumentationKey={}", own("instrumentation")),
            }),
            json!({ "Application_Type": "web", "Flow_Type": "Bluefield", "DisableIpMasking": false, "SamplingPercentage": null,
                "publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled" }),
        ),
        "Microsoft.OperationalInsights/workspaces" => (
            json!({ "customerId": own("customer"), "provisioningState": "Succeeded", "createdDate": now, "modifiedDate": now }),
            json!({ "retentionInDays": 30, "sku": { "name": "PerGB2018" } }),
        ),
        _ if row.writes.takes > 0 => (json!({ "provisioningState": "Succeeded" }), json!({})),
        _ => (json!({}), json!({})),
    }
}

/// The same for roles and policies.
fn of_authorization(call: &Call<'_>, row: &Type, path: &Path, now: &str) -> (Value, Value) {
    let caller = &call.caller.object_id;
    match row.name {
        "Microsoft.Authorization/roleAssignments" => (
            json!({ "createdOn": now, "createdBy": caller, "scope": if path.scope.is_empty() { "/" } else { &path.scope } }),
            json!({ "updatedOn": now, "updatedBy": caller, "principalType": "ServicePrincipal", "condition": null,
                "conditionVersion": null, "delegatedManagedIdentityResourceId": null, "description": null }),
        ),
        // Whoever writes a role writes one of their own, whatever they call it.
        "Microsoft.Authorization/roleDefinitions" => (
            json!({ "createdOn": now, "createdBy": caller, "type": "CustomRole" }),
            json!({ "updatedOn": now, "updatedBy": caller, "description": null }),
        ),
        "Microsoft.Authorization/policyDefinitions" | "Microsoft.Authorization/policySetDefinitions" => {
            (json!({}), json!({ "policyType": "Custom" }))
        }
        "Microsoft.Authorization/policyAssignments" => {
            let metadata =
                json!({ "createdBy": caller, "createdOn": now, "updatedBy": null, "updatedOn": null });
            (
                json!({ "scope": path.scope }),
                json!({ "enforcementMode": "Default", "notScopes": [], "metadata": metadata, "definitionVersion": "1.*.*" }),
            )
        }
        _ => (json!({}), json!({})),
    }
}
