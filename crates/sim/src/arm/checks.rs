//! What a write may not do.

use crate::azure::Azure;
use crate::id::{self, Path};
use crate::types::{self, Table, Type};
use crate::wire::Response;
use serde_json::{Map, Value};

/// What stays as it was made: the type, and pointers.
const FIXED: &[(&str, &[&str])] = &[
    (
        "Microsoft.MachineLearningServices/workspaces",
        &[
            "/kind",
            "/properties/storageAccount",
            "/properties/keyVault",
            "/properties/hubResourceId",
            "/properties/hbiWorkspace",
            "/properties/enableDataIsolation",
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/computes",
        &["/properties/computeType", "/properties/properties/vmSize"],
    ),
    ("Microsoft.MachineLearningServices/workspaces/datastores", &["/properties/datastoreType"]),
    ("Microsoft.Storage/storageAccounts", &["/properties/isHnsEnabled"]),
    ("Microsoft.KeyVault/vaults", &["/properties/tenantId"]),
];

/// What a PATCH takes, of types that do not take everything; the rest of it has no effect.
const PATCHED: &[(&str, &[&str])] = &[
    ("Microsoft.MachineLearningServices/workspaces", &["tags", "sku", "identity", "properties"]),
    ("Microsoft.MachineLearningServices/workspaces/computes", &["properties"]),
    ("Microsoft.MachineLearningServices/workspaces/connections", &["properties"]),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", &["tags", "identity"]),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments", &["tags", "sku"]),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints", &["tags", "identity"]),
    ("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", &["tags", "identity", "sku"]),
    ("Microsoft.KeyVault/vaults", &["tags", "properties"]),
    ("Microsoft.ContainerRegistry/registries", &["tags", "sku", "identity", "properties"]),
];

fn rows<'t>(all: &[(&str, &'t [&'t str])], row: &Type) -> Option<&'t [&'t str]> {
    all.iter().find(|own| own.0.eq_ignore_ascii_case(row.name)).map(|own| own.1)
}

/// What of a PATCH counts.
pub(super) fn patchable(row: &Type, mut body: Map<String, Value>) -> Map<String, Value> {
    if let Some(taken) = rows(PATCHED, row) {
        body.retain(|name, _| taken.contains(&name.as_str()));
    }
    // Of a cluster only how far it scales.
    if row.name.ends_with("/computes") {
        let scale = body.get("properties").and_then(|own| own.pointer("/properties/scaleSettings")).cloned();
        let own = scale.map_or_else(
            || serde_json::json!({}),
            |own| serde_json::json!({ "properties": { "scaleSettings": own } }),
        );
        body.insert("properties".to_owned(), own);
    }
    body
}

/// Refuses to change what stays as it was made, and to move what has a place.
pub(super) fn unchanged(
    row: &Type,
    path: &Path,
    body: &Map<String, Value>,
    old: Option<&Map<String, Value>>,
) -> Result<(), Response> {
    let Some(old) = old else { return Ok(()) };
    let (new, old) = (Value::Object(body.clone()), Value::Object(old.clone()));
    let place = |of: &Value| {
        of.get("location").and_then(Value::as_str).map(|own| own.replace(' ', "").to_ascii_lowercase())
    };
    if let (Some(new), Some(old)) = (place(&new), place(&old))
        && new != old
        && (row.table == Table::Resources || row.name.eq_ignore_ascii_case(types::GROUP))
    {
        return Err(moved(row, path, &old, &new));
    }
    for pointer in rows(FIXED, row).unwrap_or_default() {
        let (after, before) = (new.pointer(pointer), old.pointer(pointer));
        let same = match (after, before) {
            (None | Some(Value::Null), _) | (_, None | Some(Value::Null)) => true,
            (Some(Value::String(after)), Some(Value::String(before))) => after.eq_ignore_ascii_case(before),
            (after, before) => after == before,
        };
        if !same {
            let name = id::name(pointer);
            let message = format!(
                "The property '{name}' of '{}' cannot be changed once it is made.",
                id::name(&path.id)
            );
            return Err(Response::error(400, "ValidationError", &message));
        }
    }
    Ok(())
}

fn moved(row: &Type, path: &Path, old: &str, new: &str) -> Response {
    let name = id::name(&path.id);
    if row.name.eq_ignore_ascii_case(types::GROUP) {
        let message = format!(
            "Invalid resource group location '{new}'. The Resource group already exists in location '{old}'."
        );
        return Response::error(409, "InvalidResourceGroupLocation", &message);
    }
    let message = format!(
        "The resource '{name}' already exists in location '{old}' in resource group '{}'. A resource with the same name cannot be \
         created in location '{new}'. Please select a new resource name.",
        id::segment(&path.id, "resourceGroups")
    );
    Response::error(409, "InvalidResourceLocation", &message)
}

impl Azure {
    /// What something lies in has to be there.
    pub(super) fn check_scope(&self, path: &Path) -> Result<(), Response> {
        let above = id::parent(&path.id);
        let is_there = above.as_deref().is_none_or(|own| own.is_empty() || self.exists(own));
        if is_there { Ok(()) } else { Err(self.not_found(path, "write")) }
    }

    /// What a type forbids.
    pub(super) fn check_new(
        &self,
        row: &Type,
        path: &Path,
        body: &Map<String, Value>,
    ) -> Result<(), Response> {
        let kind = row.name.to_ascii_lowercase();
        if kind == types::ROLE_ASSIGNMENT {
            return self.check_assignment(path, body);
        }
        self.check_policy(row, path, body)?;
        if kind == types::WORKSPACE && self.lacks_keys(&Value::Object(body.clone())) {
            let message = "The workspace uses access keys for its system datastores, but its storage account does not permit key \
                           based authentication.";
            return Err(Response::error(400, "ValidationError", message));
        }
        Ok(())
    }

    fn check_assignment(&self, path: &Path, body: &Map<String, Value>) -> Result<(), Response> {
        let body = Value::Object(body.clone());
        let text = |value: &Value, name: &str| {
            value.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("").to_owned()
        };
        let (principal, role) = (text(&body, "principalId"), text(&body, "roleDefinitionId"));
        if principal.is_empty() || role.is_empty() {
            return Err(Response::error(
                400,
                "InvalidCreateRoleAssignmentRequest",
                "The request to create a role assignment needs principalId and roleDefinitionId.",
            ));
        }
        if self.access(&[], jiff::Timestamp::UNIX_EPOCH).role(&role).is_none() {
            let message = format!(
                "The specified role definition with ID '{}' does not exist.",
                id::name(&role).replace('-', "")
            );
            return Err(Response::error(404, "RoleDefinitionDoesNotExist", &message));
        }
        let own = path.id.to_ascii_lowercase();
        for other in self.store.assignments_of(&principal) {
            let Some(value) = self.store.value(other) else { continue };
            let same_role = id::name(&text(&value, "roleDefinitionId")).eq_ignore_ascii_case(id::name(&role));
            let same_scope = text(&value, "scope").trim_end_matches('/').eq_ignore_ascii_case(&path.scope);
            if same_role && same_scope && **other != *own {
                return Err(Response::error(
                    409,
                    "RoleAssignmentExists",
                    "The role assignment already exists.",
                ));
            }
        }
        if let Some(value) = self.store.value(&path.id)
            && !text(&value, "principalId").eq_ignore_ascii_case(&principal)
        {
            let message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
            return Err(Response::error(400, "RoleAssignmentUpdateNotPermitted", message));
        }
        Ok(())
    }
}
