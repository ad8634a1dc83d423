//! What hangs below a workspace: datastores, connections, computes, endpoints and their deployments.

use super::block::{Place, Role, time};
use super::dependents::Drawn;
use super::{Bundle, Part};
use crate::draw::Draw;
use crate::shape::compute::Compute;
use crate::shape::data::{Connection, Datastore, system_datastores};
use crate::shape::name_of;
use crate::shape::serving::Endpoint;
use serde_json::{Value, json};

/// Adds all of them.
pub(super) fn add(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    datastores(place, drawn, bundle);
    connections(place, drawn, bundle);
    // Hubs and projects have no clusters and no batch endpoints.
    computes(place, drawn, bundle);
    online(place, drawn, bundle);
    if matches!(place.role, Role::Default | Role::FeatureStore) {
        batch(place, drawn, bundle);
    } else {
        serverless(place, drawn, bundle);
    }
}

fn datastores(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("datastores");
    let account = name_of(&drawn.storage);
    for value in system_datastores(&drawn.id, account, drawn.keyless, &drawn.created, &drawn.created_by) {
        bundle.push(Part::Datastores, value);
    }
    for number in 0..draw.below(4) {
        let kind = draw.share(&[(50, "AzureBlob"), (15, "AzureFile"), (30, "AzureDataLakeGen2")], "OneLake");
        let credentials = match kind {
            "AzureFile" => draw.share(&[(80, "AccountKey")], "Sas"),
            "OneLake" => draw.share(&[(50, "ServicePrincipal")], "None"),
            "AzureDataLakeGen2" => draw.share(&[(50, "None"), (40, "ServicePrincipal")], "Certificate"),
            _ => draw.share(&[(45, "None"), (35, "AccountKey")], "Sas"),
        };
        let store = Datastore {
            workspace: &drawn.id,
            name: &format!("data_{}_{number}", place.team),
            kind,
            account: &format!("stdata{}{:05}", place.team, place.group_index),
            container: draw.pick(&["raw", "curated", "features", "archive"]),
            credentials,
            data_access: draw.pick(&["None", "WorkspaceSystemAssignedIdentity"]),
            default: false,
            created: &drawn.created,
            created_by: &drawn.created_by,
        };
        bundle.push(Part::Datastores, store.to_json());
    }
}

fn connections(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("connections");
    for number in 0..draw.below(4) {
        let [auth, category, target] = draw.share(
            &[
                (20, ["AAD", "AzureOpenAI", "https://aoai-contoso.openai.azure.com/"]),
                (20, ["ApiKey", "AzureOpenAI", "https://aoai-contoso.openai.azure.com/"]),
                (10, ["PAT", "Git", "https://git.contoso.example/ml/models"]),
                (10, ["CustomKeys", "CustomKeys", "https://feeds.contoso.example/"]),
                (10, ["ManagedIdentity", "ContainerRegistry", "https://crshared.azurecr.io"]),
                (8, ["UsernamePassword", "Snowflake", "contoso-eu.snowflakecomputing.example"]),
                (8, ["SAS", "AzureBlob", "https://stexchange.blob.core.windows.net/in"]),
                (6, ["ServicePrincipal", "ADLSGen2", "https://stlake.dfs.core.windows.net/raw"]),
                (4, ["AccountKey", "AzureBlob", "https://stexchange.blob.core.windows.net/out"]),
            ],
            ["None", "PythonFeed", "https://pypi.contoso.example/simple"],
        );
        let connection = Connection {
            workspace: &drawn.id,
            name: &format!("{}-{number}", category.to_ascii_lowercase()),
            auth,
            category,
            target,
            shared: place.role == Role::Hub,
            expires: if draw.chance(10) { "2027-06-30T00:00:00Z" } else { "" },
            created: &drawn.created,
            created_by: &drawn.created_by,
        };
        bundle.push(Part::Connections, connection.to_json());
    }
}

/// An identity block for a compute or endpoint.
fn host_identity(draw: &mut Draw) -> (&'static str, bool) {
    draw.share(
        &[(55, ("SystemAssigned", false)), (15, ("UserAssigned", true)), (10, ("None", false))],
        ("", false),
    )
}

fn computes(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("computes");
    let kinds: &[&str] = match place.role {
        Role::Default | Role::FeatureStore => &["AmlCompute", "AmlCompute", "ComputeInstance", "attached"],
        Role::Hub | Role::Project => &["ComputeInstance"],
    };
    for number in 0..draw.below(4) {
        let kind = draw.pick(kinds);
        let (identity, user) = host_identity(&mut draw);
        let users = if user { vec![place.user_assigned(9)] } else { Vec::new() };
        let name = match kind {
            "AmlCompute" => format!("cluster-{number}"),
            "ComputeInstance" => format!("ci-{}-{number}", place.index),
            _ => format!("attached-{number}"),
        };
        let compute = Compute {
            id: &format!("{}/computes/{name}", drawn.id),
            location: place.location,
            identity,
            users: &users,
            local_auth_off: draw.share(&[(40, Some(true)), (45, Some(false))], None).map(Value::Bool),
            created: &time(&mut draw),
            tags: place.tags(&mut draw),
        };
        let value = match kind {
            "AmlCompute" => {
                let vm = draw.pick(&["Standard_DS3_v2", "Standard_NC24ads_A100_v4", "Standard_E16ds_v5"]);
                compute.cluster(vm, 1 + draw.below(8), draw.pick(&["Disabled", "NotSpecified", "Enabled"]))
            }
            "ComputeInstance" => {
                let vm = draw.pick(&["Standard_DS3_v2", "Standard_E4ds_v4", "Standard_NC6s_v3"]);
                compute.instance(vm, draw.share(&[(75, "Disabled")], "Enabled"), &drawn.created_by)
            }
            _ => compute.attached(draw.pick(&["Kubernetes", "VirtualMachine", "Databricks", "SynapseSpark"])),
        };
        bundle.push(Part::Computes, value);
    }
}

fn endpoint<'a>(
    place: &Place,
    drawn: &'a Drawn,
    id: &'a str,
    draw: &mut Draw,
    auth: &'a str,
) -> Endpoint<'a> {
    Endpoint {
        id,
        location: place.location,
        auth,
        identity: draw.share(&[(85, "SystemAssigned")], "None"),
        users: &[],
        compute: "",
        live: "blue",
        created: &drawn.created,
        created_by: &drawn.created_by,
        tags: place.tags(draw),
    }
}

fn online(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("online");
    for number in 0..draw.below(3) {
        let id = format!("{}/onlineEndpoints/ep-{}-{}-{number}", drawn.id, place.team, place.index);
        let auth = draw.share(&[(50, "Key"), (20, "AMLToken")], "AADToken");
        let endpoint = endpoint(place, drawn, &id, &mut draw, auth);
        let variables = match draw.below(10) {
            // The shape of a storage key, the text of none.
            0 => json!({ "WORKERS": "2", "STORAGE_CONNECTION": format!(
                "DefaultEndpointsProtocol=https;AccountName={};AccountKey={}FA==;EndpointSuffix=core.windows.net",
                name_of(&drawn.storage),
                "FAKE".repeat(21)
            ) }),
            1..6 => json!({ "WORKERS": "2", "KEY_VAULT_URL": "https://kv-shared.vault.azure.net/" }),
            _ => json!({}),
        };
        bundle.push(Part::Endpoints, endpoint.online());
        bundle.push(Part::Deployments, endpoint.online_deployment("blue", &variables));
    }
}

fn batch(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("batch");
    if draw.chance(25) {
        let id = format!("{}/batchEndpoints/batch-{}-{}", drawn.id, place.team, place.index);
        let endpoint = Endpoint { live: "nightly", ..endpoint(place, drawn, &id, &mut draw, "AADToken") };
        bundle.push(Part::Endpoints, endpoint.batch());
        bundle.push(Part::Deployments, endpoint.batch_deployment("nightly", "cluster-0", &json!({})));
    }
}

fn serverless(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("serverless");
    if draw.chance(30) {
        let id = format!("{}/serverlessEndpoints/maas-{}-{}", drawn.id, place.team, place.index);
        let auth = draw.share(&[(60, "Key"), (20, "AAD")], "KeyAndAAD");
        let endpoint = endpoint(place, drawn, &id, &mut draw, auth);
        bundle.push(
            Part::Endpoints,
            endpoint.serverless("azureml://registries/azureml-meta/models/Llama-3.3-70B-Instruct"),
        );
    }
}
