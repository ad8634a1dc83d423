//! Definitions for `az ml .. create -f`: they say what should be and must not be taken for what is. With an id, as
//! `az ml .. show` prints them, each must be read as the table says.

use crate::table::{self, Line};
use crate::{agree, corpora, read};
use dekey_model::{Field, IdentityState, Kind, NoteKind, Resource};
use std::path::Path;

/// What must at least be compared, so that the test cannot pass by reading nothing.
const LEAST_DEFINITIONS: usize = 250;
const LEAST_FIELDS: usize = 140;

const WORKSPACE: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w";

/// Schemas of what dekey audits, where such a resource stands in its workspace, and its kind.
const SCHEMAS: &[(&str, &str, Kind)] = &[
    ("workspace", "", Kind::Workspace),
    ("azureFile", "/datastores/d", Kind::Datastore),
    ("azureDataLakeGen1", "/datastores/d", Kind::Datastore),
    ("azureDataLakeGen2", "/datastores/d", Kind::Datastore),
    ("Connection.json", "/connections/c", Kind::Connection),
    ("amlCompute", "/computes/c", Kind::Compute),
    ("computeInstance", "/computes/c", Kind::Compute),
    ("k8s/other", "/computes/c", Kind::Compute),
    ("managedOnlineEndpoint", "/onlineEndpoints/e", Kind::OnlineEndpoint),
    ("kubernetesOnlineEndpoint", "/onlineEndpoints/e", Kind::OnlineEndpoint),
    ("managedOnlineDeployment", "/onlineEndpoints/e/deployments/d", Kind::OnlineDeployment),
    ("kubernetesOnlineDeployment", "/onlineEndpoints/e/deployments/d", Kind::OnlineDeployment),
    ("batchDeployment", "/batchEndpoints/e/deployments/d", Kind::BatchDeployment),
];

/// What ARM says for the words of `az ml` that occur in the table.
fn arm(word: &str) -> &str {
    match word {
        "azure_file" => "AzureFile",
        "azure_data_lake_gen1" => "AzureDataLakeGen1",
        "azure_data_lake_gen2" => "AzureDataLakeGen2",
        "amlcompute" => "AmlCompute",
        "computeinstance" => "ComputeInstance",
        "synapsespark" => "SynapseSpark",
        "key" => "Key",
        "aml_token" => "AMLToken",
        "account_key" => "AccountKey",
        "access_key" => "AccessKey",
        "sas_token" => "Sas",
        other => other,
    }
}

/// The fields that the table tells of a definition of this kind. An empty word means that there is none.
fn told(row: &Line, kind: Kind) -> Vec<(Field, &str)> {
    match kind {
        Kind::Datastore => {
            vec![(Field::DatastoreType, arm(&row["type"])), (Field::CredentialsType, arm(&row["cred_keys"]))]
        }
        Kind::Connection => {
            vec![(Field::Category, arm(&row["type"])), (Field::AuthType, arm(&row["cred_type"]))]
        }
        Kind::Compute => vec![(Field::ComputeType, arm(&row["type"]))],
        Kind::OnlineEndpoint => vec![(Field::AuthMode, arm(&row["auth_mode"]))],
        _ => Vec::new(),
    }
}

fn differences(row: &Line, resource: Resource<'_>, compared: &mut usize) -> Vec<String> {
    let mut out = Vec::new();
    for (field, want) in told(row, resource.kind()) {
        *compared += 1;
        let got = resource.text(field).value().unwrap_or("");
        if got != want {
            out.push(format!("{}: {want:?} in the table, {got:?} in the inventory", field.pointer()));
        }
    }
    if [Kind::Workspace, Kind::Compute, Kind::OnlineEndpoint].contains(&resource.kind()) {
        *compared += 1;
        let want = (row["identity"].contains("system_assigned"), row["identity"].contains("user_assigned"));
        match resource.identity() {
            IdentityState::Known(own) if (own.system, own.user) == want => {}
            other => {
                out.push(format!("identity: {} in the table, {other:?} in the inventory", row["identity"]));
            }
        }
    }
    out
}

/// A definition as it stands: nothing of it is live, and the reason is given.
fn as_definition(name: &str, text: &str, problems: &mut Vec<String>) {
    let inventory = read(name, text.as_bytes());
    let refused = inventory.coverage().notes.iter().any(|note| note.kind == NoteKind::NotUnderstood);
    if !inventory.is_empty() || !refused {
        problems.push(format!("{name}: a definition was not refused with a reason"));
    }
}

/// The same with an id.
fn as_resource(row: &Line, text: &str, compared: &mut usize, problems: &mut Vec<String>) {
    let Some((_, place, kind)) = SCHEMAS.iter().find(|schema| schema.0 == row["schema"]) else { return };
    let id = format!("{WORKSPACE}{place}");
    let inventory = read(&row["path"], format!("id: {id}\n{}", text.trim_start_matches("---")).as_bytes());
    *compared += 1;
    match inventory.find(&id).filter(|resource| resource.kind() == *kind) {
        Some(resource) => {
            let all = differences(row, resource, compared);
            problems.extend(all.into_iter().map(|d| format!("{}: {d}", row["path"])));
        }
        None => problems.push(format!("{}: was not read", row["path"])),
    }
}

#[test]
fn definitions_of_az_ml_are_refused_and_its_output_is_read() {
    let Some(corpora) = corpora() else { return };
    let rows = table::read(&corpora.join("truth/azureml_examples_yaml_truth.csv"));
    let (mut problems, mut compared) = (Vec::new(), 0);
    for row in &rows {
        let path: &Path = &corpora.join("amlyaml").join(&row["path"]);
        let text = std::fs::read_to_string(path).unwrap();
        as_definition(&row["path"], &text, &mut problems);
        as_resource(row, &text, &mut compared, &mut problems);
    }
    eprintln!("az ml: {} definitions refused, {compared} kinds and fields compared with ids", rows.len());
    agree(&problems);
    assert!(rows.len() >= LEAST_DEFINITIONS && compared >= LEAST_FIELDS, "less was compared than there is");
}
