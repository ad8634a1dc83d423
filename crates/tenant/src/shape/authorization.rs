//! User-assigned identities and role assignments.

use super::{TENANT, Wire, client_of, name_of, principal_of, put, segment};
use crate::draw::guid;
use serde_json::{Value, json};

/// Built-in roles: the name and the GUID of the definition.
pub(crate) const CONTRIBUTOR: [&str; 2] = ["Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"];
pub(crate) const AI_ADMINISTRATOR: [&str; 2] =
    ["Azure AI Administrator", "b78c5d69-af96-48a3-bf8d-a8b4d589de94"];
pub(crate) const BLOB_CONTRIBUTOR: [&str; 2] =
    ["Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"];
pub(crate) const BLOB_READER: [&str; 2] =
    ["Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"];
pub(crate) const FILE_CONTRIBUTOR: [&str; 2] =
    ["Storage File Data Privileged Contributor", "69566ab7-960f-475b-8e7c-b3118f30c6bd"];
pub(crate) const VAULT_ADMINISTRATOR: [&str; 2] =
    ["Key Vault Administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483"];
pub(crate) const VAULT_OFFICER: [&str; 2] =
    ["Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"];
pub(crate) const ACR_PULL: [&str; 2] = ["AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"];
pub(crate) const REPOSITORY_READER: [&str; 2] =
    ["Container Registry Repository Reader", "b93aa761-3e63-49ed-ac28-beffa264f7ac"];
pub(crate) const REPOSITORY_WRITER: [&str; 2] =
    ["Container Registry Repository Writer", "2a1e307c-b015-4ebd-883e-5b7698a07328"];
pub(crate) const METRICS_PUBLISHER: [&str; 2] =
    ["Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb"];
pub(crate) const DATA_SCIENTIST: [&str; 2] =
    ["AzureML Data Scientist", "f6c7c914-8db3-469d-8ca1-694a8f32e121"];

/// A user-assigned identity, api-version 2024-11-30.
pub(crate) fn user_assigned(id: &str, location: &str, tags: Wire) -> Value {
    let base = json!({
        "id": id,
        "name": name_of(id),
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "location": location,
    });
    let properties = json!({
        "isolationScope": "None",
        "tenantId": TENANT,
        "principalId": principal_of(id),
        "clientId": client_of(id),
    });
    put(base, "", [("tags", tags), ("properties", Some(properties))])
}

/// As `az identity list` prints it.
pub(crate) fn az_identity(user_assigned: Value) -> Value {
    super::container::lift(user_assigned, &[], &["tags", "systemData"])
}

/// A role assignment, api-version 2022-04-01.
pub(crate) fn role_assignment(
    scope: &str,
    [_, role]: [&str; 2],
    principal: &str,
    kind: &str,
    created: &str,
) -> Value {
    let name = guid(&format!("role assignment {scope} {role} {principal}"));
    let definition = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        segment(scope, "subscriptions")
    );
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            "condition": null,
            "conditionVersion": null,
            "createdOn": created,
            "updatedOn": created,
            "createdBy": guid("user platform-automation"),
            "updatedBy": guid("user platform-automation"),
            "delegatedManagedIdentityResourceId": null,
            "description": null,
        },
    })
}

/// As `az role assignment list` prints it: with the names of role and principal.
pub(crate) fn az_assignment(assignment: Value, [role, _]: [&str; 2], principal: &str) -> Value {
    let flat = super::container::lift(assignment, &[], &[]);
    let names =
        [("roleDefinitionName", Some(Value::from(role))), ("principalName", Some(Value::from(principal)))];
    let Value::Object(mut all) = put(flat, "", names) else { return Value::Null };
    all.sort_keys();
    Value::Object(all)
}
