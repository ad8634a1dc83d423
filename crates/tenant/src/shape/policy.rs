//! Azure Policy: definitions, initiatives, assignments, exemptions.

use super::{name_of, system_data};
use serde_json::{Value, json};

/// The built-in policy that asks for a user-assigned identity.
pub(crate) const BUILT_IN_USER_ASSIGNED: &str =
    "/providers/Microsoft.Authorization/policyDefinitions/5f0c7d88-c7de-45b8-ac49-db49e72eaa78";
/// The built-in policy against shared keys of storage accounts.
pub(crate) const BUILT_IN_SHARED_KEY: &str =
    "/providers/Microsoft.Authorization/policyDefinitions/8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54";

/// The condition "a workspace without a system-assigned identity".
pub(crate) fn without_system_assigned() -> Value {
    json!({
        "allOf": [
            { "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces" },
            {
                "anyOf": [
                    { "field": "identity.type", "exists": "false" },
                    { "field": "identity.type", "notContains": "SystemAssigned" },
                ],
            },
        ],
    })
}

/// The condition of [`BUILT_IN_USER_ASSIGNED`].
pub(crate) fn without_primary_user_assigned() -> Value {
    const ALIAS: &str = "Microsoft.MachineLearningServices/workspaces/primaryUserAssignedIdentity";
    json!({
        "allOf": [
            { "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces" },
            { "anyOf": [{ "field": ALIAS, "exists": false }, { "field": ALIAS, "equals": "" }] },
        ],
    })
}

/// The condition of [`BUILT_IN_SHARED_KEY`].
pub(crate) fn with_shared_key() -> Value {
    const ALIAS: &str = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess";
    json!({
        "allOf": [
            { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
            {
                "anyOf": [
                    { "anyOf": [{ "field": ALIAS, "exists": "false" }, { "field": ALIAS, "equals": "" }] },
                    { "field": ALIAS, "equals": "true" },
                ],
            },
        ],
    })
}

/// A definition. `effect` is its default, or the fixed effect when no other is allowed.
pub(crate) fn definition(id: &str, title: &str, condition: &Value, effect: &str, allowed: &[&str]) -> Value {
    let built_in = id.starts_with("/providers/Microsoft.Authorization/");
    let parameters = if allowed.is_empty() {
        json!({})
    } else {
        json!({
            "effect": {
                "type": "String",
                "metadata": { "displayName": "Effect", "description": "What happens to a resource that matches" },
                "allowedValues": allowed,
                "defaultValue": effect,
            },
        })
    };
    json!({
        "id": id,
        "name": name_of(id),
        "type": "Microsoft.Authorization/policyDefinitions",
        "properties": {
            "displayName": title,
            "policyType": if built_in { "BuiltIn" } else { "Custom" },
            "mode": "Indexed",
            "description": title,
            "metadata": { "version": "1.0.0", "category": "Machine Learning" },
            "version": "1.0.0",
            "parameters": parameters,
            "policyRule": {
                "if": condition,
                "then": { "effect": if allowed.is_empty() { effect } else { "[parameters('effect')]" } },
            },
            "versions": ["1.0.0"],
        },
    })
}

/// An initiative whose one parameter `effect` goes to every definition that it holds.
pub(crate) fn initiative(id: &str, title: &str, definitions: &[&str]) -> Value {
    let list: Vec<Value> = definitions
        .iter()
        .map(|definition| {
            json!({
                "policyDefinitionReferenceId": name_of(definition),
                "policyDefinitionId": definition,
                "definitionVersion": "1.*.*",
                "parameters": { "effect": { "value": "[parameters('effect')]" } },
                "groupNames": [],
            })
        })
        .collect();
    json!({
        "id": id,
        "name": name_of(id),
        "type": "Microsoft.Authorization/policySetDefinitions",
        "properties": {
            "displayName": title,
            "policyType": "Custom",
            "description": title,
            "metadata": { "version": "1.0.0", "category": "Machine Learning" },
            "version": "1.0.0",
            "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny"], "defaultValue": "Audit" } },
            "policyDefinitions": list,
            "versions": ["1.0.0"],
        },
    })
}

/// An assignment. An empty effect leaves the definition's own.
pub(crate) fn assignment(
    scope: &str,
    name: &str,
    title: &str,
    definition: &str,
    effect: &str,
    mode: &str,
) -> Value {
    let parameters = if effect.is_empty() { json!({}) } else { json!({ "effect": { "value": effect } }) };
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": {
            "displayName": title,
            "description": null,
            "metadata": { "assignedBy": "Platform governance" },
            "policyDefinitionId": definition,
            "definitionVersion": "1.*.*",
            "notScopes": [],
            "parameters": parameters,
            "enforcementMode": mode,
            "nonComplianceMessages": [],
            "scope": scope,
        },
        "systemData": system_data("governance@contoso.example", "2025-02-03T09:12:44.1075056Z", "2026-01-19T14:03:10.5519023Z"),
    })
}

/// An exemption; without an expiry when that is empty.
pub(crate) fn exemption(
    scope: &str,
    name: &str,
    of: &str,
    category: &str,
    why: &str,
    expires: &str,
) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/policyExemptions/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/policyExemptions",
        "properties": {
            "policyAssignmentId": of,
            "policyDefinitionReferenceIds": [],
            "exemptionCategory": category,
            "displayName": why,
            "description": why,
            "expiresOn": super::text_or_null(expires),
            "assignmentScopeValidation": "Default",
            "metadata": {},
        },
        "systemData": system_data("governance@contoso.example", "2025-03-31T08:00:02.7740118Z", "2025-03-31T08:00:02.7740118Z"),
    })
}
