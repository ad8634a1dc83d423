//! `Microsoft.MachineLearningServices/workspaces`, api-version 2025-12-01.

use super::{TENANT, Wire, identity, name_of, put, segment, system_data, text};
use crate::draw::guid;
use serde_json::{Value, json};

/// What differs between workspaces. Empty texts stand for absent properties.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace<'a> {
    pub(crate) id: &'a str,
    /// `Default`, `Hub`, `Project`, `FeatureStore`; empty for answers of old api-versions.
    pub(crate) kind: &'a str,
    pub(crate) location: &'a str,
    pub(crate) friendly_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) created_by: &'a str,
    pub(crate) created: &'a str,
    pub(crate) modified: &'a str,
    pub(crate) tags: Wire,
    /// As [`identity`] takes it.
    pub(crate) identity: &'a str,
    pub(crate) users: &'a [String],
    pub(crate) primary_user: &'a str,
    pub(crate) storage: &'a str,
    pub(crate) vault: &'a str,
    pub(crate) registry: Wire,
    pub(crate) insights: &'a str,
    /// `systemDatastoresAuthMode`.
    pub(crate) auth_mode: Wire,
    pub(crate) hub: &'a str,
    /// The projects of a hub.
    pub(crate) projects: &'a [String],
    pub(crate) private: bool,
}

/// The workspace's own GUID, which names its containers and shares.
pub(crate) fn workspace_guid(id: &str) -> String {
    guid(&format!("workspace {id}"))
}

impl Workspace<'_> {
    /// As `GET` answers it.
    pub(crate) fn to_json(&self) -> Value {
        let base = json!({
            "id": self.id,
            "name": name_of(self.id),
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": self.location,
        });
        let head = put(base, "", [("tags", self.tags.clone()), ("etag", Some(Value::Null))]);
        let head = put(head, "", [("properties", Some(self.properties()))]);
        put(
            head,
            "",
            [
                ("identity", identity(self.id, self.identity, self.users)),
                ("kind", text(self.kind)),
                ("sku", Some(json!({ "name": "Basic", "tier": "Basic" }))),
                ("systemData", Some(system_data(self.created_by, self.created, self.modified))),
            ],
        )
    }

    fn properties(&self) -> Value {
        let names = json!({ "friendlyName": self.friendly_name, "description": self.description });
        let dependents = put(
            names,
            "",
            [
                ("storageAccount", text(self.storage)),
                ("keyVault", text(self.vault)),
                ("applicationInsights", text(self.insights)),
                ("containerRegistry", self.registry.clone()),
                ("hubResourceId", text(self.hub)),
                ("associatedWorkspaces", (!self.projects.is_empty()).then(|| Value::from(self.projects))),
                ("primaryUserAssignedIdentity", text(self.primary_user)),
                ("systemDatastoresAuthMode", self.auth_mode.clone()),
            ],
        );
        self.settings(dependents)
    }

    fn settings(&self, mut properties: Value) -> Value {
        let (guid, location) = (workspace_guid(self.id), self.location);
        let rest = json!({
            "hbiWorkspace": false,
            "tenantId": TENANT,
            "imageBuildCompute": null,
            "provisioningState": "Succeeded",
            "managedNetwork": {
                "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
                "isolationMode": if self.private { "AllowInternetOutbound" } else { "Disabled" },
                "enableNetworkMonitor": false,
                "enableFirewallLog": false,
            },
            "allowRoleAssignmentOnRG": self.created > "2024-11-19",
            "v1LegacyMode": false,
            "softDeleteEnabled": false,
            "creationTime": self.created,
            "notebookInfo": {
                "resourceId": super::guid(&format!("notebook {guid}")).replace('-', ""),
                "fqdn": format!("ml-{}-{location}-{guid}.{location}.notebooks.azure.net", name_of(self.id)),
                "isPrivateLinkEnabled": self.private,
                "notebookPreparationError": null,
            },
            "storageHnsEnabled": false,
            "workspaceId": guid,
            "linkedModelInventoryArmId": null,
            "privateLinkCount": u8::from(self.private),
            "publicNetworkAccess": if self.private { "Disabled" } else { "Enabled" },
            "discoveryUrl": format!("https://{location}.api.azureml.ms/discovery"),
            "mlFlowTrackingUri": format!(
                "azureml://{location}.api.azureml.ms/mlflow/v1.0/subscriptions/{}/resourceGroups/{}/providers/\
                 Microsoft.MachineLearningServices/workspaces/{}",
                segment(self.id, "subscriptions"),
                segment(self.id, "resourceGroups"),
                name_of(self.id)
            ),
            "sdkTelemetryAppInsightsKey": super::guid(&format!("telemetry {location}")),
            "enableDataIsolation": matches!(self.kind, "Hub" | "Project"),
        });
        if let (Value::Object(all), Value::Object(rest)) = (&mut properties, rest) {
            all.extend(rest);
        }
        properties
    }
}
