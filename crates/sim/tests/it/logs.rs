//! Log Analytics: what the services would have logged follows from how things are set.

use crate::{World, code, json};
use dekey_sim::Options;
use jiff::SignedDuration;
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001";
const GROUP: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/rg";
const CUSTOMER: &str = "11111111-2222-4333-8444-555555555555";

fn id(kind: &str, name: &str) -> String {
    format!("{GROUP}/providers/{kind}/{name}")
}

/// A workspace on keys, with a datastore of each kind, that logs everything.
fn world(logged: bool) -> World {
    let account = id("Microsoft.Storage/storageAccounts", "st");
    let workspace = id("Microsoft.MachineLearningServices/workspaces", "w");
    let logs = id("Microsoft.OperationalInsights/workspaces", "log");
    World::filled(Options::new(1), move |azure| {
        let put = |azure: &mut dekey_sim::Azure, id: &str, properties: Value| {
            assert!(azure.seed(json!({ "id": id, "location": "westeurope", "properties": properties,
                "identity": { "type": "SystemAssigned", "principalId": "principal-w" } })));
        };
        for id in [SUBSCRIPTION, GROUP] {
            put(azure, id, json!({}));
        }
        put(azure, &logs, json!({ "customerId": CUSTOMER }));
        put(azure, &account, json!({}));
        put(azure, &workspace, json!({ "storageAccount": account, "systemDatastoresAuthMode": "accesskey" }));
        for (name, credentials) in [
            ("keyed", json!({ "credentialsType": "AccountKey" })),
            ("signed", json!({ "credentialsType": "Sas" })),
            ("app", json!({ "credentialsType": "ServicePrincipal", "clientId": "client-1" })),
            ("bare", json!({ "credentialsType": "None" })),
        ] {
            let own =
                json!({ "datastoreType": "AzureBlob", "accountName": "st", "credentials": credentials });
            put(azure, &format!("{workspace}/datastores/{name}"), own);
        }
        if logged {
            let setting =
                format!("{account}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/d");
            let categories = json!([{ "category": "StorageRead", "enabled": true }, { "category": "StorageWrite", "enabled": false }]);
            put(azure, &setting, json!({ "workspaceId": logs, "logs": categories }));
        }
    })
}

fn query(world: &mut World, kql: &str, span: &str) -> (u16, Value) {
    let token = world.sign_in("https://api.loganalytics.io");
    let bearer = format!("Bearer {token}");
    let body = json!({ "query": kql, "timespan": span }).to_string();
    let url = format!("/v1/workspaces/{CUSTOMER}/query");
    let answer = world.send("POST", &url, &[("Authorization", &bearer)], &body);
    (answer.status, json(&answer))
}

fn rows(answer: &Value) -> Vec<Vec<Value>> {
    let rows = answer["tables"][0]["rows"].as_array().unwrap();
    rows.iter().map(|row| row.as_array().unwrap().clone()).collect()
}

const BY_KIND: &str = "StorageBlobLogs | where TimeGenerated > ago(2d) | summarize n = count() by AuthenticationType, StatusCode \
                       | order by AuthenticationType asc";

fn kinds(world: &mut World, kql: &str) -> Vec<String> {
    let (status, answer) = query(world, kql, "P2D");
    assert_eq!(status, 200, "{answer}");
    let text = |own: &Value| own.as_str().map_or_else(|| own.to_string(), str::to_owned);
    rows(&answer).iter().map(|row| format!("{} {}", text(&row[0]), text(&row[1]))).collect()
}

#[test]
fn requests_are_signed_as_the_configuration_says() {
    let mut world = world(true);
    assert_eq!(kinds(&mut world, BY_KIND), ["AccountKey 200", "OAuth 200", "SAS 200"]);
    let who = "StorageBlobLogs | where AuthenticationType == 'OAuth' | distinct RequesterObjectId, RequesterAppId \
               | where RequesterObjectId == 'principal-w' | project RequesterObjectId, RequesterObjectId";
    assert_eq!(rows(&query(&mut world, who, "P2D").1).len(), 1);
    let hashes = "StorageBlobLogs | where AuthenticationType == 'SAS' and AuthenticationHash !startswith 'key1(' | count";
    assert_eq!(rows(&query(&mut world, hashes, "P2D").1), [[json!(0)]]);
    // Writes are not logged, and files not at all.
    let writes = "StorageBlobLogs | where Category == 'StorageWrite' | count";
    assert_eq!(rows(&query(&mut world, writes, "P2D").1), [[json!(0)]]);
    assert_eq!(rows(&query(&mut world, "StorageFileLogs | count", "P2D").1), [[json!(0)]]);
    assert_eq!(
        query(&mut world, BY_KIND, "P2D").1,
        query(&mut world, BY_KIND, "P2D").1,
        "the same seed, the same records"
    );
}

#[test]
fn what_is_not_sent_is_not_there() {
    let mut world = world(false);
    let url = format!("/v1/workspaces/{CUSTOMER}/query");
    assert_eq!(kinds(&mut world, BY_KIND), [""; 0]);
    let token = world.sign_in("https://management.azure.com");
    let wrong = world.send(
        "POST",
        &url,
        &[("Authorization", &format!("Bearer {token}"))],
        "{\"query\":\"StorageBlobLogs\"}",
    );
    assert_eq!(wrong.status, 401, "a token for another service");
}

#[test]
fn a_switch_to_the_identity_shows_from_then_on() {
    let mut world = world(true);
    let workspace = id("Microsoft.MachineLearningServices/workspaces", "w");
    let account = id("Microsoft.Storage/storageAccounts", "st");
    let before = world.now;
    let patch = json!({ "properties": { "systemDatastoresAuthMode": "identity" } }).to_string();
    assert!(world.ask("PATCH", &format!("{workspace}?api-version=2025-12-01"), &patch).status < 300);
    let lock = json!({ "properties": { "allowSharedKeyAccess": false } }).to_string();
    assert_eq!(world.ask("PATCH", &format!("{account}?api-version=2023-01-01"), &lock).status, 200);
    world.now += SignedDuration::from_hours(24);
    let since = |op: &str| {
        format!(
            "StorageBlobLogs | where TimeGenerated {op} datetime({before}) | summarize n = count() by AuthenticationType, StatusCode | order by AuthenticationType asc"
        )
    };
    assert_eq!(kinds(&mut world, &since("<")), ["AccountKey 200", "OAuth 200", "SAS 200"]);
    // What still holds a key is refused.
    assert_eq!(kinds(&mut world, &since(">")), ["AccountKey 403", "OAuth 200", "SAS 403"]);
    let keys = format!(
        "StorageBlobLogs | where TimeGenerated > datetime({before}) and AuthenticationType == 'AccountKey' | count"
    );
    let own = format!(
        "StorageBlobLogs | where TimeGenerated < datetime({before}) and AuthenticationType == 'AccountKey' | count"
    );
    let number = |world: &mut World, kql: &str| rows(&query(world, kql, "P2D").1)[0][0].as_u64().unwrap();
    assert!(
        number(&mut world, &keys) < number(&mut world, &own),
        "the workspace itself signs with keys no more"
    );
    let signed_in = "AADManagedIdentitySignInLogs | where ServicePrincipalId == 'principal-w' | count";
    assert!(number(&mut world, signed_in) > 10);
    let written =
        "AzureActivity | where OperationNameValue == 'Microsoft.Storage/storageAccounts/write' | count";
    assert_eq!(number(&mut world, written), 1);
}

#[test]
fn questions_that_cannot_be_answered_are_refused() {
    let mut world = world(true);
    for (kql, inner) in [
        ("StorageBlobLogs | where (", "SyntaxError"),
        ("NoSuchTable | count", "SemanticError"),
        ("StorageBlobLogs | where NoSuchColumn == 1", "SemanticError"),
    ] {
        let (status, answer) = query(&mut world, kql, "PT1H");
        assert_eq!((status, code(&answer)), (400, "BadArgumentError"), "{kql}: {answer}");
        assert_eq!(answer["error"]["innererror"]["code"], inner, "{kql}");
    }
    assert_eq!(query(&mut world, "StorageBlobLogs", "soon").0, 400);
    let token = world.sign_in("https://api.loganalytics.io");
    let other = "/v1/workspaces/00000000-0000-0000-0000-000000000000/query";
    let answer =
        world.send("POST", other, &[("Authorization", &format!("Bearer {token}"))], "{\"query\":\"x\"}");
    assert_eq!((answer.status, code(&json(&answer))), (404, "WorkspaceNotFoundError"));
}
