//! Who reads and writes storage accounts, and with what.

use super::workload::{extend, principal};
use super::{MOST, View};
use crate::id;
use crate::kql::Row;
use crate::{guid, seeded};
use jiff::Timestamp;
use serde_json::{Value, json};

/// How a request is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// With an account key.
    Key,
    /// With a shared access signature.
    Sas,
    /// By a managed identity, with its object id.
    Identity(String),
    /// By an application, with its client id.
    Application(String),
}

/// With what a datastore is read; `identity` is that of the workspace.
pub(super) fn credential(datastore: &Value, identity: Option<&str>) -> Option<Signed> {
    let text = |pointer: &str| datastore.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    match text("/properties/credentials/credentialsType").to_ascii_lowercase().as_str() {
        "accountkey" => Some(Signed::Key),
        "sas" => Some(Signed::Sas),
        "serviceprincipal" | "certificate" => {
            let client = text("/properties/credentials/clientId");
            (!client.is_empty()).then(|| Signed::Application(client.to_owned()))
        }
        "none" => identity.map(|own| Signed::Identity(own.to_owned())),
        _ => None,
    }
}

/// How the workspace signs what it does to its own account.
fn own(workspace: &Value) -> Option<Signed> {
    let mode =
        workspace.pointer("/properties/systemDatastoresAuthMode").and_then(Value::as_str).unwrap_or("");
    if mode.is_empty() || mode.eq_ignore_ascii_case("accesskey") {
        return Some(Signed::Key);
    }
    principal(workspace).map(|own| Signed::Identity(own.to_owned()))
}

/// A client of an account: what its traffic hangs on, and where its configuration is.
struct Client {
    workspace: String,
    /// Nothing for the account of the workspace itself.
    datastore: Option<String>,
}

/// The records of a service of every account that sends them here.
pub(super) fn records(view: &View<'_>, service: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    let kind = "microsoft.storage/storageaccounts";
    for category in ["StorageRead", "StorageWrite"] {
        for host in view
            .sending(kind, category)
            .into_iter()
            .filter(|own| own.contains(&format!("/{service}services/")))
        {
            let Some(account) = host.split(&format!("/{service}services/")).next() else { continue };
            for client in clients(view, account, service) {
                let what =
                    format!("{service} {category} {account} {} {:?}", client.workspace, client.datastore);
                for time in view.moments(&what) {
                    rows.extend(record(view, service, category, account, &client, time));
                    if rows.len() > MOST {
                        return rows;
                    }
                }
            }
        }
    }
    rows
}

/// Whoever is configured to use a service of an account. Tables and queues serve parallel run steps, which one workspace in four has.
fn clients(view: &View<'_>, account: &str, service: &str) -> Vec<Client> {
    let store = &view.azure.store;
    let mut all = Vec::new();
    for workspace in view.users("storageAccount", account) {
        let steps = seeded(view.azure.options.seed, &format!("parallel {workspace}")).is_multiple_of(4);
        if ["blob", "file"].contains(&service) || steps {
            all.push(Client { workspace, datastore: None });
        }
    }
    let wanted = if service == "file" { "AzureFile" } else { "AzureBlob" };
    if !["blob", "file"].contains(&service) {
        return all;
    }
    for (id, datastore) in store.below("microsoft.machinelearningservices/workspaces/datastores", "", None) {
        // Those of the system are the workspace's own.
        if id::name(id).starts_with("workspace")
            || !datastore.body.text().to_ascii_lowercase().contains(id::name(account))
        {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(&datastore.body.text()) else { continue };
        let text =
            |name: &str| value.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("");
        let is_kind = text("datastoreType").eq_ignore_ascii_case(wanted)
            || (service == "blob" && text("datastoreType").eq_ignore_ascii_case("AzureDataLakeGen2"));
        if let (true, true, Some(workspace)) =
            (is_kind, text("accountName").eq_ignore_ascii_case(id::name(account)), id::parent(id))
        {
            all.push(Client { workspace, datastore: Some(id.to_owned()) });
        }
    }
    all
}

fn record(
    view: &View<'_>,
    service: &str,
    category: &str,
    account: &str,
    client: &Client,
    time: Timestamp,
) -> Option<Row> {
    let (own_account, workspace) = (view.at(account, time)?, view.at(&client.workspace, time)?);
    let signed = match &client.datastore {
        Some(datastore) => credential(&view.at(datastore, time)?, principal(&workspace))?,
        None => own(&workspace)?,
    };
    let refused = own_account.pointer("/properties/allowSharedKeyAccess") == Some(&Value::Bool(false));
    let (status, why) = match signed {
        Signed::Key | Signed::Sas if refused => ("403", "KeyBasedAuthenticationNotPermitted"),
        _ => ("200", "Success"),
    };
    let hash = guid(0, &format!("key1 of {account}"));
    let (kind, hash, object, application) = match &signed {
        Signed::Key => ("AccountKey", format!("key1({hash})"), String::new(), String::new()),
        Signed::Sas => (
            "SAS",
            format!("key1({hash}),SasSignature({})", guid(0, &format!("sas {:?}", client.datastore))),
            String::new(),
            String::new(),
        ),
        Signed::Identity(own) => {
            ("OAuth", guid(0, &format!("token {own}")), own.clone(), guid(0, &format!("client of {own}")))
        }
        Signed::Application(own) => {
            ("OAuth", guid(0, &format!("token {own}")), guid(0, &format!("principal of {own}")), own.clone())
        }
    };
    let name = id::name(account);
    let operation = match (service, category) {
        ("blob", "StorageRead") => "GetBlob",
        ("blob", _) => "PutBlob",
        ("file", "StorageRead") => "GetFile",
        ("file", _) => "PutRange",
        ("queue", "StorageRead") => "PeekMessages",
        ("queue", _) => "PutMessage",
        (_, "StorageRead") => "QueryEntity",
        _ => "InsertEntity",
    };
    let mut row = view.row(time, &format!("{account}/{service}services/default"), &client.workspace);
    extend(
        &mut row,
        json!({
            "AccountName": name, "AuthenticationType": kind, "AuthenticationHash": hash, "Category": category,
            "CallerIpAddress": "10.0.0.4:41234", "OperationName": operation, "Protocol": "HTTPS", "RequesterObjectId": object,
            "RequesterAppId": application, "RequesterTenantId": if object.is_empty() { "" } else { &view.azure.options.tenant },
            "ServiceType": service, "StatusCode": status, "StatusText": why,
            "Uri": format!("https://{name}.{service}.core.localhost/azureml"), "UserAgentHeader": "azureml-dataprep/5.1.6",
        }),
    );
    Some(row)
}
