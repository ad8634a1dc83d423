//! Endpoints and deployments of a workspace, api-version 2025-12-01.

use super::{Wire, identity, name_of, put, segment, system_data};
use serde_json::{Value, json};

/// What differs between endpoints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint<'a> {
    pub(crate) id: &'a str,
    pub(crate) location: &'a str,
    /// `authMode`.
    pub(crate) auth: &'a str,
    /// As [`identity`] takes it.
    pub(crate) identity: &'a str,
    pub(crate) users: &'a [String],
    /// The attached Kubernetes compute it runs on; empty for managed ones.
    pub(crate) compute: &'a str,
    /// The deployment that gets the traffic, if any.
    pub(crate) live: &'a str,
    pub(crate) created: &'a str,
    pub(crate) created_by: &'a str,
    pub(crate) tags: Wire,
}

impl Endpoint<'_> {
    fn wrap(&self, kind: &str, properties: Value) -> Value {
        let base = json!({
            "id": self.id,
            "name": name_of(self.id),
            "type": format!("Microsoft.MachineLearningServices/workspaces/{kind}"),
            "location": self.location,
        });
        put(
            base,
            "",
            [
                ("tags", self.tags.clone()),
                ("identity", identity(self.id, self.identity, self.users)),
                ("kind", super::text(if self.compute.is_empty() { "Managed" } else { "K8S" })),
                ("properties", Some(properties)),
                ("systemData", Some(system_data(self.created_by, self.created, self.created))),
            ],
        )
    }

    fn host(&self) -> String {
        format!("https://{}.{}.inference.ml.azure.com", name_of(self.id), self.location)
    }

    fn async_operations(&self) -> Value {
        json!({
            "azureml.onlineendpointid": self.id.to_ascii_lowercase(),
            "AzureAsyncOperationUri": format!(
                "https://management.azure.com/subscriptions/{}/providers/Microsoft.MachineLearningServices/locations/{}/\
                 mfeOperationsStatus/oe:{}?api-version=2022-02-01-preview",
                segment(self.id, "subscriptions"),
                self.location,
                super::guid(&format!("operation {}", self.id))
            ),
        })
    }

    /// An online endpoint.
    pub(crate) fn online(&self) -> Value {
        let traffic = if self.live.is_empty() { json!({}) } else { json!({ self.live: 100 }) };
        let properties = json!({
            "authMode": self.auth,
            "description": null,
            "properties": self.async_operations(),
            "keys": null,
            "scoringUri": format!("{}/score", self.host()),
            "swaggerUri": format!("{}/swagger.json", self.host()),
            "compute": super::text_or_null(self.compute),
            "traffic": traffic,
            "mirrorTraffic": {},
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        });
        self.wrap("onlineEndpoints", properties)
    }

    /// A batch endpoint.
    pub(crate) fn batch(&self) -> Value {
        let properties = json!({
            "authMode": self.auth,
            "description": null,
            "properties": { "BatchEndpointCreationApiVersion": "2025-12-01" },
            "keys": null,
            "scoringUri": format!("{}/jobs", self.host()),
            "swaggerUri": null,
            "defaults": { "deploymentName": self.live },
            "provisioningState": "Succeeded",
        });
        self.wrap("batchEndpoints", properties)
    }

    /// A serverless endpoint.
    pub(crate) fn serverless(&self, model: &str) -> Value {
        let properties = json!({
            "modelSettings": { "modelId": model },
            "authMode": self.auth,
            "inferenceEndpoint": {
                "uri": format!("https://{}.{}.models.ai.azure.com", name_of(self.id), self.location),
                "headers": {},
            },
            "provisioningState": "Succeeded",
            "endpointState": "Online",
            "marketplaceSubscriptionId": null,
            "contentSafety": { "contentSafetyStatus": "Enabled" },
        });
        let endpoint = self.wrap("serverlessEndpoints", properties);
        put(endpoint, "", [("sku", Some(json!({ "name": "Consumption" })))])
    }

    /// A deployment of this endpoint as an online endpoint, with its environment variables.
    pub(crate) fn online_deployment(&self, name: &str, variables: &Value) -> Value {
        let workspace = self.id.rsplit_once("/onlineEndpoints").map_or(self.id, |(workspace, _)| workspace);
        let kubernetes = !self.compute.is_empty();
        let properties = json!({
            "description": null,
            "properties": { "azureml.deploymentid": self.id.to_ascii_lowercase() },
            "endpointComputeType": if kubernetes { "Kubernetes" } else { "Managed" },
            "appInsightsEnabled": true,
            "codeConfiguration": {
                "codeId": format!("{workspace}/codes/{}/versions/1", super::guid(&format!("code {}", self.id))),
                "scoringScript": "score.py",
            },
            "egressPublicNetworkAccess": "Enabled",
            "environmentId": format!("{workspace}/environments/serving/versions/7"),
            "environmentVariables": variables,
            "instanceType": if kubernetes { "defaultinstancetype" } else { "Standard_DS3_v2" },
            "livenessProbe": {
                "failureThreshold": 30,
                "initialDelay": "PT10S",
                "period": "PT10S",
                "successThreshold": 1,
                "timeout": "PT2S",
            },
            "model": format!("{workspace}/models/{}/versions/3", name_of(self.id)),
            "provisioningState": "Succeeded",
            "requestSettings": {
                "maxConcurrentRequestsPerInstance": 1,
                "maxQueueWait": "PT0.5S",
                "requestTimeout": "PT5S",
            },
            "scaleSettings": { "scaleType": "Default" },
        });
        let deployment = json!({
            "id": format!("{}/deployments/{name}", self.id),
            "name": name,
            "type": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
            "location": self.location,
            "tags": {},
            "kind": if kubernetes { "K8S" } else { "Managed" },
            "sku": { "name": "Default", "tier": "Standard", "capacity": 1 },
            "properties": properties,
            "systemData": system_data(self.created_by, self.created, self.created),
        });
        put(deployment, "", [("identity", identity(self.id, self.identity, self.users))])
    }

    /// A deployment of this endpoint as a batch endpoint, with its environment variables.
    pub(crate) fn batch_deployment(&self, name: &str, cluster: &str, variables: &Value) -> Value {
        let workspace = self.id.rsplit_once("/batchEndpoints").map_or(self.id, |(workspace, _)| workspace);
        json!({
            "id": format!("{}/deployments/{name}", self.id),
            "name": name,
            "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
            "location": self.location,
            "tags": {},
            "properties": {
                "description": null,
                "properties": {},
                "codeConfiguration": {
                    "codeId": format!("{workspace}/codes/{}/versions/1", super::guid(&format!("code {}", self.id))),
                    "scoringScript": "batch_score.py",
                },
                "compute": format!("{workspace}/computes/{cluster}"),
                "environmentId": format!("{workspace}/environments/batch/versions/4"),
                "environmentVariables": variables,
                "errorThreshold": -1,
                "loggingLevel": "Info",
                "maxConcurrencyPerInstance": 2,
                "miniBatchSize": 10,
                "model": {
                    "referenceType": "Id",
                    "assetId": format!("{workspace}/models/{}/versions/2", name_of(self.id)),
                },
                "outputAction": "AppendRow",
                "outputFileName": "predictions.csv",
                "provisioningState": "Succeeded",
                "resources": { "instanceCount": 2 },
                "retrySettings": { "maxRetries": 3, "timeout": "PT30S" },
            },
            "systemData": system_data(self.created_by, self.created, self.created),
        })
    }
}
