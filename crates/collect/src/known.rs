//! What the answers so far say about what to ask next.

use dekey_model::{ArmId, Kind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds below which there are lists.
const PARENTS: &[Kind] = &[
    Kind::Workspace,
    Kind::OnlineEndpoint,
    Kind::BatchEndpoint,
    Kind::StorageAccount,
    Kind::Vault,
    Kind::ContainerRegistry,
];

/// Which property of a workspace names a dependent.
const DEPENDENTS: &[&str] = &["storageAccount", "keyVault", "containerRegistry"];

/// Ids and names met so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Parents by kind: the id in lower case, and as it was given.
    parents: BTreeMap<Kind, BTreeMap<String, String>>,
    /// Dependents of workspaces, in lower case.
    used: BTreeSet<String>,
    /// Storage accounts that datastores name, in lower case.
    accounts: BTreeSet<String>,
    /// Workspaces that say they have a system-assigned identity, with its principal.
    identities: BTreeMap<String, String>,
    /// Object ids that the directory knows something about.
    principals: BTreeSet<String>,
    /// Application ids of service principals.
    applications: BTreeSet<String>,
    /// Groups.
    groups: BTreeSet<String>,
}

impl Known {
    /// Takes note of a resource.
    pub fn see(&mut self, value: &Value) {
        let Some(id) = value.get("id").and_then(Value::as_str) else { return };
        let kind = ArmId(id).resource_type().map_or(Kind::Other, |own| Kind::of_type(&own));
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        if PARENTS.contains(&kind) {
            self.parents.entry(kind).or_default().insert(id.to_ascii_lowercase(), id.to_owned());
        }
        match kind {
            Kind::Workspace => {
                let named = DEPENDENTS.iter().map(|name| text(&format!("/properties/{name}")));
                self.used.extend(named.filter(|own| !own.is_empty()).map(str::to_ascii_lowercase));
                let principal = text("/identity/principalId");
                if !principal.is_empty() {
                    self.identities.insert(id.to_owned(), principal.to_owned());
                }
            }
            Kind::Datastore => {
                let account = text("/properties/accountName");
                self.accounts.extend((!account.is_empty()).then(|| account.to_ascii_lowercase()));
            }
            Kind::RoleAssignment => self.principal(text("/properties/principalId")),
            Kind::Vault => {
                let policies = value.pointer("/properties/accessPolicies").and_then(Value::as_array);
                for policy in policies.map(Vec::as_slice).unwrap_or_default() {
                    self.principal(policy.get("objectId").and_then(Value::as_str).unwrap_or(""));
                }
            }
            Kind::ServicePrincipal => {
                let application = text("/properties/appId");
                let is_application =
                    text("/properties/servicePrincipalType").eq_ignore_ascii_case("Application");
                self.applications.extend(is_application.then(|| application.to_owned()));
            }
            Kind::Group => {
                self.groups.insert(ArmId(id).name().to_owned());
            }
            _ => {}
        }
        self.principals_of_identity(value);
    }

    fn principals_of_identity(&mut self, value: &Value) {
        let own = value.pointer("/identity/principalId").and_then(Value::as_str);
        self.principal(own.unwrap_or(""));
        let attached = value.pointer("/identity/userAssignedIdentities").and_then(Value::as_object);
        for identity in attached.into_iter().flat_map(|map| map.values()) {
            self.principal(identity.get("principalId").and_then(Value::as_str).unwrap_or(""));
        }
    }

    fn principal(&mut self, id: &str) {
        if !id.is_empty() {
            self.principals.insert(id.to_ascii_lowercase());
        }
    }

    /// The parents of a kind, as they were given. Of dependents, those that a workspace or a datastore uses.
    pub fn parents(&self, kind: Kind) -> Vec<String> {
        let all = self.parents.get(&kind).into_iter().flatten();
        let used = |lower: &str| match kind {
            Kind::StorageAccount => self.used.contains(lower) || self.accounts.contains(ArmId(lower).name()),
            Kind::Vault | Kind::ContainerRegistry => self.used.contains(lower),
            _ => true,
        };
        all.filter(|(lower, _)| used(lower)).map(|(_, given)| given.clone()).collect()
    }

    /// Workspaces with a system-assigned identity, and the principal that Resource Graph names.
    pub fn identities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.identities.iter().map(|(id, principal)| (id.as_str(), principal.as_str()))
    }

    /// Everybody whom the directory is asked about.
    pub fn principals(&self) -> Vec<String> {
        self.principals.iter().cloned().collect()
    }

    /// The applications behind service principals.
    pub fn applications(&self) -> Vec<String> {
        self.applications.iter().cloned().collect()
    }

    /// The groups whose members are read.
    pub fn groups(&self) -> Vec<String> {
        self.groups.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GROUP: &str = "/subscriptions/S/resourceGroups/rg/providers";

    #[test]
    fn only_dependents_in_use_are_parents() {
        let mut known = Known::default();
        let account = |name: &str| format!("{GROUP}/Microsoft.Storage/storageAccounts/{name}");
        let workspace = format!("{GROUP}/Microsoft.MachineLearningServices/workspaces/w");
        for name in ["Used", "named", "other"] {
            known.see(&json!({ "id": account(name) }));
        }
        known.see(&json!({ "id": workspace, "identity": { "principalId": "P" },
            "properties": { "storageAccount": account("used").to_uppercase() } }));
        known.see(
            &json!({ "id": format!("{workspace}/datastores/d"), "properties": { "accountName": "named" } }),
        );
        assert_eq!(known.parents(Kind::StorageAccount), [account("named"), account("Used")]);
        assert_eq!(known.parents(Kind::Workspace).as_slice(), std::slice::from_ref(&workspace));
        assert_eq!(known.identities().collect::<Vec<_>>(), [(workspace.as_str(), "P")]);
        assert_eq!(known.principals(), ["p"]);
    }

    #[test]
    fn everybody_with_a_role_a_policy_or_an_identity_is_asked_about() {
        let mut known = Known::default();
        known.see(&json!({ "id": "/providers/Microsoft.Authorization/roleAssignments/r", "properties": { "principalId": "a" } }));
        known.see(&json!({ "id": format!("{GROUP}/Microsoft.KeyVault/vaults/v"),
            "properties": { "accessPolicies": [{ "objectId": "b" }] } }));
        known.see(&json!({ "id": format!("{GROUP}/Microsoft.MachineLearningServices/workspaces/w"),
            "identity": { "userAssignedIdentities": { "/x": { "principalId": "c" } } } }));
        known.see(&json!({ "no": "id" }));
        assert_eq!(known.principals(), ["a", "b", "c"]);
        known.see(&json!({ "id": "/providers/Microsoft.Graph/servicePrincipals/s",
            "properties": { "appId": "app", "servicePrincipalType": "Application" } }));
        known.see(&json!({ "id": "/providers/Microsoft.Graph/servicePrincipals/m",
            "properties": { "appId": "msi", "servicePrincipalType": "ManagedIdentity" } }));
        known.see(&json!({ "id": "/providers/Microsoft.Graph/groups/g" }));
        assert_eq!((known.applications(), known.groups()), (vec!["app".to_owned()], vec!["g".to_owned()]));
    }
}
