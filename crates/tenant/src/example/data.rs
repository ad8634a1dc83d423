//! The datastores and connections of Contoso's workspaces, one row each.

use super::workspaces::{self, Row};
use super::world::{GRETA, Sub};
use crate::shape::data::{Connection, Datastore, system_datastores};
use crate::shape::principal_of;
use serde_json::Value;

/// A datastore that somebody added: workspace, name, type, account, container, credentials, identity that reads previews.
pub(super) type StoreRow = [&'static str; 7];

const IDENTITY: &str = "WorkspaceSystemAssignedIdentity";

#[rustfmt::skip]
pub(super) const STORES: &[StoreRow] = &[
    ["mlw-fraud-prod", "transactions_curated", "AzureDataLakeGen2", "stcontosolake", "transactions", "None", IDENTITY],
    ["mlw-fraud-scoring", "scoring_results", "AzureBlob", "stfraudscoring", "results", "None", "None"],
    ["mlw-churn-prod", "crm_export", "AzureBlob", "stchurnshared", "crm", "AccountKey", "None"],
    ["mlw-churn-prod", "partner_drop", "AzureBlob", "stchurnshared", "partners", "Sas", "None"],
    ["mlw-churn-campaigns", "segments", "AzureDataLakeGen2", "stcontosolake", "segments", "ServicePrincipal", "None"],
    ["proj-claims-triage", "triage_notes", "AzureBlob", "stnlphubprod", "triage-notes", "None", IDENTITY],
    // The account is locked: this key opens nothing any more.
    ["mlw-vision-prod", "claims_photos_2023", "AzureBlob", "stvisionprod", "claims-photos-2023", "AccountKey", "None"],
    ["mlw-vision-prod", "claims_photos", "AzureBlob", "stvisionprod", "claims-photos", "None", IDENTITY],
    // Azure Files has no identity path: this share stays on a key until it moves to blobs.
    ["mlw-pricing-legacy", "actuarial_share", "AzureFile", "stpricinglegacy", "actuarial", "AccountKey", "None"],
    ["mlw-pricing-legacy", "tariff_archive", "AzureDataLakeGen1", "contosotariffs", "", "ServicePrincipal", "None"],
    ["mlw-pricing-legacy", "hadoop_onprem", "Hdfs", "namenode.hadoop.contoso.example:9870", "", "KerberosPassword", ""],
    ["mlw-risk-models", "exposures", "AzureDataLakeGen2", "stcontosolake", "exposures", "None", "WorkspaceUserAssignedIdentity"],
    ["mlw-telematics-prod", "trips", "AzureDataLakeGen2", "stcontosolake", "trips", "Certificate", "None"],
    ["fs-features-prod", "offline_store", "AzureDataLakeGen2", "stcontosolake", "features", "None", IDENTITY],
    ["mlw-batch-scoring", "fabric_claims", "OneLake", "contoso-claims", "claims.Lakehouse", "ServicePrincipal", ""],
    // A kind of credential that nobody documents yet.
    ["mlw-quantum-poc", "qubit_runs", "AzureBlob", "stchurndev", "qubits", "QuantumKey", "None"],
    ["mlw-churn-dev", "crm_sample", "AzureBlob", "stchurndev", "crm", "AccountKey", "None"],
    ["mlw-vision-labeling", "labels_share", "AzureFile", "stvisionlabeling", "labels", "Sas", "None"],
    ["mlw-pricing-dev", "tariffs_dev", "AzureBlob", "stpricingdev", "tariffs", "ServicePrincipal", "None"],
    ["mlw-sandbox-02", "vendor_drop", "AzureBlob", "stsandbox02", "drop", "Sas", "None"],
    ["mlw-forecast-dev", "fabric_weather", "OneLake", "contoso-weather", "weather.Lakehouse", "None", ""],
];

/// A connection: workspace, name, `authType`, category, target, expiry.
pub(super) type ConnectionRow = [&'static str; 6];

#[rustfmt::skip]
pub(super) const CONNECTIONS: &[ConnectionRow] = &[
    ["mlw-fraud-prod", "aoai-fraud", "AAD", "AzureOpenAI", "https://aoai-contoso-prod.openai.azure.com/", ""],
    ["mlw-fraud-prod", "images", "ManagedIdentity", "ContainerRegistry", "https://crfraudprod.azurecr.io", ""],
    ["mlw-fraud-scoring", "python-feed", "None", "PythonFeed", "https://pypi.contoso.example/simple", ""],
    ["mlw-churn-prod", "snowflake-crm", "UsernamePassword", "Snowflake", "contoso-eu.snowflakecomputing.example", ""],
    ["mlw-churn-prod", "s3-partner", "AccessKey", "S3", "s3://contoso-partner-drop", "2027-01-31T00:00:00Z"],
    ["mlw-churn-campaigns", "mailer", "CustomKeys", "CustomKeys", "https://mail.contoso.example/api", ""],
    ["mlhub-nlp-prod", "aoai-nlp", "ApiKey", "AzureOpenAI", "https://aoai-contoso-nlp.openai.azure.com/", ""],
    ["mlhub-nlp-prod", "search-nlp", "AAD", "CognitiveSearch", "https://srch-contoso-nlp.search.windows.net", ""],
    ["proj-claims-triage", "triage-model", "ProjectManagedIdentity", "AIServices", "https://ai-contoso.cognitiveservices.azure.com/", ""],
    ["proj-chat-assist", "teams-bot", "OAuth2", "GenericHttp", "https://bots.contoso.example/chat-assist", ""],
    ["proj-policy-search", "policy-library", "UserEntraToken", "GenericHttp", "https://library.contoso.example/", ""],
    ["mlw-vision-prod", "photo-exchange", "SAS", "AzureBlob", "https://stphotoexchange.blob.core.windows.net/in", "2026-09-30T00:00:00Z"],
    ["mlw-pricing-legacy", "actuarial-db", "UsernamePassword", "AzureSqlDb", "sql-actuarial.database.windows.net", ""],
    ["mlw-pricing-legacy", "tariff-backup", "AccountKey", "AzureBlob", "https://sttariffbackup.blob.core.windows.net/backup", ""],
    ["mlw-risk-models", "images", "ManagedIdentity", "ContainerRegistry", "https://crriskprod.azurecr.io", ""],
    ["mlw-telematics-prod", "lake", "ServicePrincipal", "ADLSGen2", "https://stcontosolake.dfs.core.windows.net/trips", ""],
    ["mlhub-nlp-dev", "aoai-nlp-dev", "ApiKey", "AzureOpenAI", "https://aoai-contoso-dev.openai.azure.com/", ""],
    ["mlw-mlops-ci", "git-models", "PAT", "Git", "https://git.contoso.example/ml/models", "2026-12-31T00:00:00Z"],
    ["mlw-forecast-dev", "weather-blobs", "DelegatedSAS", "AzureBlob", "https://stweather.blob.core.windows.net/grid", ""],
    // No list of authentication types knows this one.
    ["mlw-quantum-poc", "qpu-broker", "QuantumToken", "GenericHttp", "https://qpu.contoso.example/broker", ""],
];

/// How the system datastores of a workspace authenticate: as it says, or as its hub says.
fn mode(row: &Row) -> &'static str {
    match workspaces::by_name(row.hub) {
        Some(hub) if row.mode.is_empty() => hub.mode,
        _ => row.mode,
    }
}

/// The account of the system datastores: the workspace's own, or its hub's. A project of an unknown hub still tells.
fn account(row: &Row) -> &'static str {
    match (row.storage, workspaces::by_name(row.hub)) {
        ("", Some(hub)) => hub.storage,
        ("", None) => "stdocumentshub",
        (own, _) => own,
    }
}

/// The datastores of a subscription.
pub(super) fn datastores(sub: Sub) -> Vec<Value> {
    let mut all = Vec::new();
    for row in workspaces::of(sub) {
        let (id, mode) = (row.id(), mode(row));
        let keyless = mode.eq_ignore_ascii_case("identity") || mode == "UserDelegationSAS";
        all.extend(system_datastores(&id, account(row), keyless, row.created, row.by));
        let own = STORES.iter().filter(|[workspace, ..]| *workspace == row.name);
        all.extend(own.map(|&[_, name, kind, account, container, credentials, data_access]| {
            let store = Datastore {
                workspace: &id,
                name,
                kind,
                account,
                container,
                credentials,
                data_access,
                default: false,
                created: row.created,
                created_by: row.by,
            };
            store.to_json()
        }));
    }
    all
}

/// The connections of a subscription.
pub(super) fn connections(sub: Sub) -> Vec<Value> {
    let rows = CONNECTIONS.iter().filter_map(|row| {
        let [workspace, ..] = row;
        workspaces::by_name(workspace).filter(|w| w.sub() == sub).map(|w| (w, row))
    });
    rows.map(|(workspace, &[_, name, auth, category, target, expires])| {
        let by = principal_of("service principal platform-automation");
        let connection = Connection {
            workspace: &workspace.id(),
            name,
            auth,
            category,
            target,
            shared: workspace.kind == "Hub",
            expires,
            created: "2025-09-18T10:31:07.4471902Z",
            created_by: if workspace.by == GRETA { GRETA } else { &by },
        };
        connection.to_json()
    })
    .collect()
}
