//! From an inventory to missing, held and excess.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod workspace;

use dekey_access::{Usage, WorkspaceAccess};
use dekey_model::{Inventory, Kind};
use dekey_rbac::{Assume, Engine, catalogue};
use dekey_testkit::cases::inventory;

const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const ACR_PUSH: &str = "8311e382-0749-4cb8-b61a-304f252e45ec";

/// A workspace with everything, all of which was read, and what is added to it.
pub(crate) fn tenant(more: &str) -> Inventory {
    let text = format!("{BASE}{more}");
    inventory(&text).unwrap()
}

const BASE: &str = "
- covers: [datastores, computes, online endpoints, role assignments, deny assignments, groups]
- id: ws/w
  identity: { type: SystemAssigned, principalId: p-w }
  properties: { storageAccount: st/own, keyVault: kv/own, containerRegistry: acr/own, applicationInsights: appi/own, systemDatastoresAuthMode: identity }
- id: st/own
  properties: { allowSharedKeyAccess: false }
- id: st/lake
  properties: { }
- id: kv/own
  properties: { enableRbacAuthorization: true }
- id: acr/own
  properties: { roleAssignmentMode: LegacyRegistryPermissions }
- id: appi/own
  properties: { DisableLocalAuth: false }
";

/// A role assignment, as an entry of an inventory.
pub(crate) fn grant(name: &str, at: &str, who: &str, role: &str) -> String {
    format!(
        "- id: {at}/role/{name}\n  properties: {{ principalId: {who}, principalType: ServicePrincipal, scope: {at}, roleDefinitionId: {role} }}\n"
    )
}

pub(crate) fn engine(inventory: &Inventory) -> Engine {
    let assume = Assume { ancestors: true, built_in: true, ..Assume::default() };
    dekey_rbac::engine(inventory, catalogue::actions(), assume)
}

pub(crate) fn access<'a>(inventory: &'a Inventory, usage: &Usage) -> WorkspaceAccess<'a> {
    let workspace = inventory.get(inventory.of_kind(Kind::Workspace)[0]);
    WorkspaceAccess::used(&engine(inventory), workspace, usage, "2026-11-23T00:00:00Z".parse().unwrap())
}
