//! The output of `az ml` v2: snake case, types and modes in words of its own.

use super::{Resource, Shaped, has_properties, text};
use dekey_model::ArmId;
use serde_json::{Map, Value, json};

/// Whether a document is output of `az ml`: an id of the provider, no properties, and a type or names of its own. An id alone
/// is no output: what it does not say is not known.
pub(super) fn speaks(id: &str, map: &Map<String, Value>) -> bool {
    let own =
        ArmId(id).provider().is_some_and(|p| p.eq_ignore_ascii_case("Microsoft.MachineLearningServices"));
    let words = || map.keys().any(|name| name.contains('_'));
    own && !map.contains_key("dekey")
        && !has_properties(map)
        && text(map, "type").map_or_else(words, |given| !given.contains('/'))
}

/// Which properties of ARM an `az ml` name stands for; per kind of resource (the last type in the id).
const PROPERTIES: &[(&str, &str, &str)] = &[
    ("workspaces", "storage_account", "storageAccount"),
    ("workspaces", "key_vault", "keyVault"),
    ("workspaces", "application_insights", "applicationInsights"),
    ("workspaces", "container_registry", "containerRegistry"),
    ("workspaces", "hub_id", "hubResourceId"),
    ("workspaces", "primary_user_assigned_identity", "primaryUserAssignedIdentity"),
    ("workspaces", "system_datastores_auth_mode", "systemDatastoresAuthMode"),
    ("datastores", "account_name", "accountName"),
    ("connections", "target", "target"),
    ("connections", "is_shared", "isSharedToAll"),
    ("computes", "resource_id", "resourceId"),
    ("onlineendpoints", "public_network_access", "publicNetworkAccess"),
    ("deployments", "environment_variables", "environmentVariables"),
];

/// Words of `az ml` and what ARM says.
const WORDS: &[(&str, &str)] = &[
    // Datastores.
    ("azure_blob", "AzureBlob"),
    ("azure_file", "AzureFile"),
    ("azure_data_lake_gen1", "AzureDataLakeGen1"),
    ("azure_data_lake_gen2", "AzureDataLakeGen2"),
    ("one_lake", "OneLake"),
    ("hdfs", "Hdfs"),
    // Computes.
    ("amlcompute", "AmlCompute"),
    ("computeinstance", "ComputeInstance"),
    ("virtualmachine", "VirtualMachine"),
    ("kubernetes", "Kubernetes"),
    ("synapsespark", "SynapseSpark"),
    ("databricks", "Databricks"),
    ("hdinsight", "HDInsight"),
    ("aks", "AKS"),
    // Endpoints.
    ("key", "Key"),
    ("aml_token", "AMLToken"),
    ("aad_token", "AADToken"),
    ("key_and_aad", "KeyAndAAD"),
    ("managed", "Managed"),
    // Connections.
    ("api_key", "ApiKey"),
    ("account_key", "AccountKey"),
    ("access_key", "AccessKey"),
    ("sas", "SAS"),
    ("sas_token", "SAS"),
    ("pat", "PAT"),
    ("personal_access_token", "PAT"),
    ("username_password", "UsernamePassword"),
    ("service_principal", "ServicePrincipal"),
    ("managed_identity", "ManagedIdentity"),
    ("custom_keys", "CustomKeys"),
    ("custom", "CustomKeys"),
    ("oauth2", "OAuth2"),
    ("aad", "AAD"),
    ("none", "None"),
];

fn word(text: &str) -> &str {
    WORDS.iter().find(|(own, _)| own.eq_ignore_ascii_case(text)).map_or(text, |row| row.1)
}

/// A document of `az ml` as ARM would have shown it. Properties that `az ml` leaves out stay unread.
pub(super) fn shape(id: &str, map: &Map<String, Value>) -> Result<Shaped, String> {
    let resource_type = ArmId(id).resource_type().unwrap_or_default();
    let last = resource_type.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let mut properties = Map::new();
    for (_, own, arm) in PROPERTIES.iter().filter(|row| row.0 == last) {
        if let Some(value) = map.get(*own) {
            properties.insert((*arm).to_owned(), value.clone());
        }
    }
    let given = text(map, "type").map(word);
    match last.as_str() {
        "workspaces" => {}
        "datastores" => datastore(map, given, &mut properties),
        "connections" => connection(map, given, &mut properties),
        "computes" => compute(map, given, &mut properties),
        "onlineendpoints" | "batchendpoints" | "serverlessendpoints" => {
            put(&mut properties, "authMode", text(map, "auth_mode").map(word));
        }
        "deployments" => put(&mut properties, "endpointComputeType", given),
        _ => return Err(format!("`az ml` output of a kind that is not audited ({last})")),
    }
    let mut out = Map::new();
    out.insert("id".to_owned(), id.into());
    out.insert("type".to_owned(), resource_type.into());
    for name in ["name", "location", "kind"] {
        if let Some(value) = map.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    out.insert("tags".to_owned(), map.get("tags").cloned().unwrap_or_else(|| json!({})));
    if map.contains_key("identity") || shows_identity(&last, given) {
        out.insert("identity".to_owned(), identity(map.get("identity")));
    }
    out.insert("properties".to_owned(), Value::Object(properties));
    out.insert("dekey".to_owned(), json!({ "partial": true, "sparse": true }));
    Ok(Shaped { resources: vec![Resource { value: Value::Object(out), whole: false }], remark: None })
}

/// Whether `az ml` shows the identity of such a resource, so that none shown is none there. It never shows that of a batch
/// endpoint or of a virtual machine.
fn shows_identity(last: &str, given: Option<&str>) -> bool {
    match last {
        "workspaces" | "onlineendpoints" => true,
        "computes" => given.is_some_and(|own| {
            ["AmlCompute", "ComputeInstance", "Kubernetes", "SynapseSpark"].contains(&own)
        }),
        _ => false,
    }
}

fn put(properties: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        properties.insert(name.to_owned(), value.into());
    }
}

/// `{"type": "system_assigned", "user_assigned_identities": [{"resource_id": ..}]}`.
fn identity(given: Option<&Value>) -> Value {
    let Some(Value::Object(block)) = given else { return Value::Null };
    let mut out = Map::new();
    put(&mut out, "type", text(block, "type"));
    put(&mut out, "principalId", text(block, "principal_id"));
    let principal = |one: &Map<String, Value>| match text(one, "principal_id") {
        Some(id) => json!({ "principalId": id }),
        None => json!({}),
    };
    let attached: Map<String, Value> = match block.get("user_assigned_identities") {
        Some(Value::Array(list)) => {
            let known = list.iter().filter_map(Value::as_object);
            known.filter_map(|one| Some((text(one, "resource_id")?.to_owned(), principal(one)))).collect()
        }
        Some(Value::Object(map)) => {
            map.iter().map(|(id, one)| (id.clone(), one.as_object().map_or(json!({}), principal))).collect()
        }
        _ => Map::new(),
    };
    if !attached.is_empty() {
        out.insert("userAssignedIdentities".to_owned(), Value::Object(attached));
    }
    Value::Object(out)
}

/// Which credential a datastore holds is told by the names in its `credentials`; an empty block tells nothing, because
/// `az ml` leaves secrets out.
fn datastore(map: &Map<String, Value>, given: Option<&str>, properties: &mut Map<String, Value>) {
    put(properties, "datastoreType", given);
    let Some(Value::Object(credentials)) = map.get("credentials") else { return };
    let has = |name: &str| credentials.contains_key(name);
    let held = match text(credentials, "type").map(word) {
        Some("None") => Some("None"),
        Some("SAS") => Some("Sas"),
        Some(other) => Some(other),
        None if has("account_key") => Some("AccountKey"),
        None if has("sas_token") => Some("Sas"),
        None if has("thumbprint") || has("certificate") => Some("Certificate"),
        None if has("client_id") || has("client_secret") => Some("ServicePrincipal"),
        None if has("kerberos_keytab") => Some("KerberosKeytab"),
        None if has("kerberos_password") => Some("KerberosPassword"),
        None => None,
    };
    if let Some(held) = held {
        properties.insert("credentials".to_owned(), json!({ "credentialsType": held }));
    }
}

fn connection(map: &Map<String, Value>, given: Option<&str>, properties: &mut Map<String, Value>) {
    put(properties, "category", given);
    let held = map.get("credentials").and_then(Value::as_object).and_then(|block| text(block, "type"));
    put(properties, "authType", held.map(word));
}

fn compute(map: &Map<String, Value>, given: Option<&str>, properties: &mut Map<String, Value>) {
    put(properties, "computeType", given);
    let Some(open) = map.get("ssh_public_access_enabled").and_then(Value::as_bool) else { return };
    let inner = match given {
        Some("ComputeInstance") => {
            json!({ "sshSettings": { "sshPublicAccess": if open { "Enabled" } else { "Disabled" } } })
        }
        _ => json!({ "remoteLoginPortPublicAccess": if open { "Enabled" } else { "Disabled" } }),
    };
    properties.insert("properties".to_owned(), inner);
}
