//! Computes of a workspace, api-version 2025-12-01.

use super::{TENANT, Wire, identity, name_of, put, segment};
use crate::draw::guid;
use serde_json::{Value, json};

/// What every compute has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compute<'a> {
    pub(crate) id: &'a str,
    pub(crate) location: &'a str,
    /// As [`identity`] takes it.
    pub(crate) identity: &'a str,
    pub(crate) users: &'a [String],
    /// `disableLocalAuth`.
    pub(crate) local_auth_off: Wire,
    pub(crate) created: &'a str,
    pub(crate) tags: Wire,
}

impl Compute<'_> {
    fn wrap(&self, kind: &str, resource: &str, own: &Value) -> Value {
        let base = json!({
            "id": self.id,
            "name": name_of(self.id),
            "type": "Microsoft.MachineLearningServices/workspaces/computes",
            "location": self.location,
        });
        let properties = json!({
            "description": null,
            "createdOn": self.created,
            "modifiedOn": self.created,
            "resourceId": super::text_or_null(resource),
            "computeType": kind,
            "computeLocation": self.location,
            "provisioningState": "Succeeded",
            "provisioningErrors": null,
            "isAttachedCompute": !resource.is_empty(),
            "properties": own,
        });
        let head = put(
            base,
            "",
            [
                ("tags", self.tags.clone()),
                ("identity", identity(self.id, self.identity, self.users)),
                ("properties", Some(properties)),
            ],
        );
        put(head, "/properties", [("disableLocalAuth", self.local_auth_off.clone())])
    }

    /// A cluster. `remote_login` is `remoteLoginPortPublicAccess`.
    pub(crate) fn cluster(&self, vm: &str, nodes: u64, remote_login: &str) -> Value {
        let own = json!({
            "vmSize": vm,
            "vmPriority": "Dedicated",
            "osType": "Linux",
            "virtualMachineImage": null,
            "isolatedNetwork": false,
            "scaleSettings": {
                "maxNodeCount": nodes,
                "minNodeCount": 0,
                "nodeIdleTimeBeforeScaleDown": "PT120S",
            },
            "userAccountCredentials": if remote_login == "Enabled" {
                json!({ "adminUserName": "azureuser", "adminUserPassword": null, "adminUserSshPublicKey": null })
            } else {
                Value::Null
            },
            "subnet": null,
            "remoteLoginPortPublicAccess": remote_login,
            "allocationState": "Steady",
            "allocationStateTransitionTime": self.created,
            "errors": null,
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": {
                "preparingNodeCount": 0,
                "runningNodeCount": 0,
                "idleNodeCount": 0,
                "unusableNodeCount": 0,
                "leavingNodeCount": 0,
                "preemptedNodeCount": 0,
            },
            "enableNodePublicIp": true,
        });
        self.wrap("AmlCompute", "", &own)
    }

    /// A compute instance. `ssh` is `sshPublicAccess`, `user` the one person who may use it.
    pub(crate) fn instance(&self, vm: &str, ssh: &str, user: &str) -> Value {
        let object = guid(&format!("user {user}"));
        let port = if ssh == "Enabled" { json!(50001) } else { Value::Null };
        let own = json!({
            "vmSize": vm,
            "subnet": null,
            "applicationSharingPolicy": "Personal",
            "sshSettings": {
                "sshPublicAccess": ssh,
                "adminUserName": "azureuser",
                "sshPort": port,
                "adminPublicKey": null,
            },
            "enableNodePublicIp": true,
            "enableSSO": true,
            "idleTimeBeforeShutdown": "PT60M",
            "customServices": null,
            "osImageMetadata": {
                "currentImageVersion": "26.09.14",
                "latestImageVersion": "26.10.30",
                "isLatestOsImageVersion": false,
            },
            "connectivityEndpoints": { "publicIpAddress": null, "privateIpAddress": "10.0.0.4" },
            "applications": [],
            "createdBy": { "userName": user, "userId": object, "userOrgId": TENANT },
            "errors": [],
            "state": "Stopped",
            "computeInstanceAuthorizationType": "personal",
            "personalComputeInstanceSettings": { "assignedUser": { "objectId": object, "tenantId": TENANT } },
            "setupScripts": null,
            "lastOperation": {
                "operationName": "Stop",
                "operationTime": self.created,
                "operationStatus": "Succeeded",
                "operationTrigger": "IdleShutdown",
            },
            "schedules": { "computeStartStop": [] },
        });
        self.wrap("ComputeInstance", "", &own)
    }

    /// Something that was made elsewhere and attached: `VirtualMachine`, `Databricks`, `Kubernetes`, `AKS`, `HDInsight`,
    /// `SynapseSpark`. The credentials behind it do not come with the answer.
    pub(crate) fn attached(&self, kind: &str) -> Value {
        let subscription = segment(self.id, "subscriptions");
        let group = segment(self.id, "resourceGroups");
        let name = name_of(self.id);
        let resource =
            |of: &str| format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{of}/{name}");
        let (resource, own) = match kind {
            "VirtualMachine" => (
                resource("Microsoft.Compute/virtualMachines"),
                json!({
                    "virtualMachineSize": "Standard_NC6s_v3",
                    "sshPort": 22,
                    "address": "20.61.4.17",
                    "administratorAccount": { "username": "azureuser", "publicKeyData": null },
                    "isNotebookInstanceCompute": false,
                }),
            ),
            "Databricks" => (
                resource("Microsoft.Databricks/workspaces"),
                json!({
                    "databricksAccessToken": null,
                    "workspaceUrl": "adb-4410729305512270.10.azuredatabricks.net",
                }),
            ),
            "HDInsight" => (
                resource("Microsoft.HDInsight/clusters"),
                json!({
                    "sshPort": 22,
                    "address": format!("{name}-ssh.azurehdinsight.net"),
                    "administratorAccount": { "username": "sshuser" },
                }),
            ),
            "SynapseSpark" => (
                resource("Microsoft.Synapse/workspaces/synw-marketing/bigDataPools"),
                json!({
                    "sparkVersion": "3.4",
                    "nodeCount": 3,
                    "nodeSize": "Medium",
                    "nodeSizeFamily": "MemoryOptimized",
                    "poolName": name,
                    "workspaceName": "synw-marketing",
                }),
            ),
            _ => (
                resource("Microsoft.ContainerService/managedClusters"),
                json!({
                    "relayConnectionString": null,
                    "serviceBusConnectionString": null,
                    "extensionPrincipalId": guid(&format!("extension {}", self.id)),
                    "extensionInstanceReleaseTrain": "stable",
                    "vcName": null,
                    "namespace": "azureml",
                    "defaultInstanceType": "defaultinstancetype",
                    "instanceTypes": null,
                }),
            ),
        };
        self.wrap(kind, &resource, &own)
    }
}
