//! The computes, endpoints and deployments of Contoso's workspaces, one row each.

use super::workspaces::{self, Row};
use super::world::{GRETA, INES, KENJI, MARA, SOFIA, Sub, TOMAS, find, user_assigned};
use crate::shape::compute::Compute;
use crate::shape::serving::Endpoint;
use serde_json::{Value, json};

/// What a compute is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// With size, and whether nodes may be logged in to from outside.
    Cluster(&'static str, &'static str),
    /// With the state of SSH and the user.
    Instance(&'static str, &'static str),
    Attached(&'static str),
}

/// A compute: workspace, name, kind, `identity.type`, user-assigned identity, `disableLocalAuth`.
pub(super) type ComputeRow = (&'static str, &'static str, Kind, &'static str, &'static str, Option<bool>);

const SYSTEM: &str = "SystemAssigned";
const USER: &str = "UserAssigned";

#[rustfmt::skip]
pub(super) const COMPUTES: &[ComputeRow] = &[
    ("mlw-fraud-prod", "cpu-train", Kind::Cluster("Standard_E16ds_v5", "Disabled"), SYSTEM, "", Some(true)),
    ("mlw-fraud-scoring", "ci-mara", Kind::Instance("Disabled", MARA), SYSTEM, "", Some(true)),
    ("mlw-churn-prod", "cpu-cluster", Kind::Cluster("Standard_DS3_v2", "NotSpecified"), "", "", None),
    ("mlw-vision-prod", "gpu-a100", Kind::Cluster("Standard_NC24ads_A100_v4", "Disabled"), USER, "id-vision-train", Some(true)),
    ("mlw-pricing-legacy", "vm-actuary", Kind::Attached("VirtualMachine"), "", "", Some(false)),
    ("mlw-pricing-legacy", "ci-greta", Kind::Instance("Enabled", GRETA), "", "", Some(false)),
    ("mlw-risk-models", "cpu-risk", Kind::Cluster("Standard_E8ds_v5", "Disabled"), USER, "id-risk-models", Some(true)),
    ("mlw-telematics-prod", "aks-edge", Kind::Attached("Kubernetes"), SYSTEM, "", Some(false)),
    ("mlw-batch-scoring", "cpu-nightly", Kind::Cluster("Standard_DS3_v2", "Disabled"), SYSTEM, "", Some(true)),
    ("mlw-fraud-dev", "cpu-dev", Kind::Cluster("Standard_DS3_v2", "Disabled"), SYSTEM, "", Some(false)),
    // Nodes can be logged in to from the internet.
    ("mlw-churn-dev", "cpu-open", Kind::Cluster("Standard_DS3_v2", "Enabled"), "None", "", Some(false)),
    ("mlw-vision-dev", "ci-ines", Kind::Instance("Enabled", INES), "null", "", Some(false)),
    ("mlw-vision-dev", "gpu-dev", Kind::Cluster("Standard_NC6s_v3", "Disabled"), SYSTEM, "", Some(true)),
    ("mlw-telematics-dev", "hdi-trips", Kind::Attached("HDInsight"), "", "", None),
    ("mlw-sandbox-01", "ci-temp", Kind::Instance("Disabled", GRETA), "", "", Some(false)),
    ("mlw-mlops-ci", "cpu-ci", Kind::Cluster("Standard_DS3_v2", "Disabled"), USER, "id-mlops-ci", Some(true)),
    ("mlw-marketing-dev", "dbw-marketing", Kind::Attached("Databricks"), "", "", None),
    ("mlw-marketing-dev", "spark-marketing", Kind::Attached("SynapseSpark"), SYSTEM, "", None),
    ("proj-prompt-lab", "ci-kenji", Kind::Instance("Disabled", KENJI), SYSTEM, "", Some(true)),
    ("mlw-research-gpu", "gpu-h100", Kind::Cluster("Standard_ND96isr_H100_v5", "Disabled"), "", "", Some(false)),
    ("mlw-genai-lab", "ci-genai", Kind::Instance("Disabled", KENJI), USER, "id-genai-lab", Some(true)),
    ("mlw-intern-2026", "ci-intern", Kind::Instance("Enabled", TOMAS), "", "", None),
];

fn users(name: &str) -> Vec<String> {
    if name.is_empty() { Vec::new() } else { vec![user_assigned(name)] }
}

/// The computes of a subscription.
pub(super) fn computes(sub: Sub) -> Vec<Value> {
    let rows = COMPUTES.iter().filter_map(|row| Some((workspaces::by_name(row.0)?, row)));
    rows.filter(|(workspace, _)| workspace.sub() == sub)
        .map(|(workspace, &(_, name, kind, identity, user, off))| {
            let compute = Compute {
                id: &format!("{}/computes/{name}", workspace.id()),
                location: find(workspace.group).location,
                identity,
                users: &users(user),
                local_auth_off: off.map(Value::Bool),
                created: "2025-10-06T12:14:52.0000000+00:00",
                tags: Some(json!({})),
            };
            match kind {
                Kind::Cluster(vm, remote) => compute.cluster(vm, 8, remote),
                Kind::Instance(ssh, user) => compute.instance("Standard_E4ds_v4", ssh, user),
                Kind::Attached(what) => compute.attached(what),
            }
        })
        .collect()
}

/// What an endpoint serves, and with what its deployment is told about secrets.
#[derive(Clone, Copy, Debug)]
enum Serves {
    Online(Variables),
    /// On the attached Kubernetes compute of this name.
    OnlineOn(&'static str),
    /// On the cluster of this name.
    Batch(&'static str, Variables),
    /// This model.
    Serverless(&'static str),
}

/// The environment variables of a deployment.
#[derive(Clone, Copy, Debug)]
enum Variables {
    None,
    /// Only where secrets are, not what they are.
    References,
    /// A connection string with a key in it.
    ConnectionString,
    /// A password under a name that says so.
    Password,
}

impl Variables {
    fn wire(self) -> Value {
        match self {
            Variables::None => json!({}),
            Variables::References => json!({
                "WORKER_COUNT": "4",
                "KEY_VAULT_URL": "https://kv-fraud-prod.vault.azure.net/",
                "OPENAI_API_KEY": "${{azureml://connections/aoai-fraud/credentials/key}}",
            }),
            // The shape of a storage key, the text of none: 86 letters and padding.
            Variables::ConnectionString => json!({
                "WORKER_COUNT": "2",
                "FEATURES_CONNECTION": format!(
                    "DefaultEndpointsProtocol=https;AccountName=stfraudscoring;AccountKey={}FA==;EndpointSuffix=core.windows.net",
                    "FAKE".repeat(21)
                ),
            }),
            Variables::Password => json!({ "REGION": "eu", "REGISTRY_PASSWORD": "not-a-real-password" }),
        }
    }
}

/// An endpoint: workspace, name, what it serves, `authMode`, `identity.type`, user-assigned identity.
type EndpointRow = (&'static str, &'static str, Serves, &'static str, &'static str, &'static str);

const LLAMA: &str = "azureml://registries/azureml-meta/models/Llama-3.3-70B-Instruct";
const PHI: &str = "azureml://registries/azureml/models/Phi-4";

#[rustfmt::skip]
const ENDPOINTS: &[EndpointRow] = &[
    ("mlw-fraud-prod", "ep-fraud-score", Serves::Online(Variables::References), "AADToken", SYSTEM, ""),
    ("mlw-fraud-scoring", "ep-fraud-legacy", Serves::Online(Variables::ConnectionString), "Key", SYSTEM, ""),
    ("mlw-churn-prod", "ep-churn", Serves::Online(Variables::None), "AMLToken", "None", ""),
    ("mlw-vision-prod", "ep-damage", Serves::Online(Variables::References), "Key", USER, "id-vision-train"),
    ("mlw-pricing-legacy", "batch-tariffs", Serves::Batch("vm-actuary", Variables::Password), "Key", "", ""),
    ("mlw-telematics-prod", "ep-trips", Serves::OnlineOn("aks-edge"), "AMLToken", SYSTEM, ""),
    ("mlw-batch-scoring", "batch-claims", Serves::Batch("cpu-nightly", Variables::None), "AADToken", SYSTEM, ""),
    ("mlhub-nlp-prod", "maas-llama", Serves::Serverless(LLAMA), "Key", SYSTEM, ""),
    ("proj-chat-assist", "maas-chat", Serves::Serverless(PHI), "KeyAndAAD", SYSTEM, ""),
    ("proj-policy-search", "maas-search", Serves::Serverless(PHI), "AAD", SYSTEM, ""),
    ("mlw-mlops-ci", "ep-smoke-test", Serves::Online(Variables::Password), "Key", SYSTEM, ""),
    ("mlw-vision-dev", "ep-damage-dev", Serves::Online(Variables::None), "AADToken", SYSTEM, ""),
    ("proj-prompt-lab", "maas-prompts", Serves::Serverless(LLAMA), "Key", SYSTEM, ""),
    ("mlw-genai-lab", "ep-genai-demo", Serves::Online(Variables::None), "Key", SYSTEM, ""),
    ("mlw-research-lab", "batch-embeddings", Serves::Batch("cpu-lab", Variables::None), "AADToken", SYSTEM, ""),
];

fn endpoint(workspace: &Row, row: &EndpointRow) -> Vec<Value> {
    let &(_, name, serves, auth, identity, user) = row;
    let (path, live) = match serves {
        Serves::Online(_) | Serves::OnlineOn(_) => ("onlineEndpoints", "blue"),
        Serves::Batch(..) => ("batchEndpoints", "nightly"),
        Serves::Serverless(_) => ("serverlessEndpoints", ""),
    };
    let (workspace_id, users) = (workspace.id(), users(user));
    let compute = match serves {
        Serves::OnlineOn(name) => format!("{workspace_id}/computes/{name}"),
        _ => String::new(),
    };
    let endpoint = Endpoint {
        id: &format!("{workspace_id}/{path}/{name}"),
        location: find(workspace.group).location,
        auth,
        identity,
        users: &users,
        compute: &compute,
        live,
        created: "2025-11-20T07:55:26.7781043Z",
        created_by: SOFIA,
        tags: Some(json!({})),
    };
    match serves {
        Serves::Online(variables) => {
            vec![endpoint.online(), endpoint.online_deployment(live, &variables.wire())]
        }
        Serves::OnlineOn(_) => vec![endpoint.online(), endpoint.online_deployment(live, &json!({}))],
        Serves::Batch(cluster, variables) => {
            vec![endpoint.batch(), endpoint.batch_deployment(live, cluster, &variables.wire())]
        }
        Serves::Serverless(model) => vec![endpoint.serverless(model)],
    }
}

/// The endpoints of a subscription, each followed by its deployment.
pub(super) fn endpoints(sub: Sub) -> Vec<Value> {
    let rows = ENDPOINTS.iter().filter_map(|row| Some((workspaces::by_name(row.0)?, row)));
    rows.filter(|(workspace, _)| workspace.sub() == sub)
        .flat_map(|(workspace, row)| endpoint(workspace, row))
        .collect()
}
