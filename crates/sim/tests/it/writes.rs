//! Writes: what becomes of them, how long they take, and what the services do of their own accord.

use crate::{World, code, json};
use dekey_sim::Options;
use jiff::SignedDuration;
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/rg";
const AML: &str = "api-version=2025-12-01";

fn id(kind: &str, name: &str) -> String {
    format!("{GROUP}/providers/{kind}/{name}")
}

fn workspace(name: &str) -> String {
    id("Microsoft.MachineLearningServices/workspaces", name)
}

fn account() -> String {
    id("Microsoft.Storage/storageAccounts", "st")
}

fn vault() -> String {
    id("Microsoft.KeyVault/vaults", "kv")
}

/// A resource group with a storage account and a vault.
fn world() -> World {
    World::filled(Options::new(1), |azure| {
        for id in [GROUP.to_owned(), account(), vault()] {
            assert!(azure.seed(json!({ "id": id, "location": "westeurope", "properties": {} })));
        }
        azure.seed_workspaces(1, 1);
    })
}

fn body(identity: &str) -> Value {
    json!({ "location": "westeurope", "identity": { "type": identity },
        "properties": { "storageAccount": account(), "keyVault": vault() } })
}

/// Writes, and follows the protocol that the answer asks for to its end.
fn write(world: &mut World, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let answer = world.ask(method, url, &body.to_string());
    let first = answer.status;
    assert!(first < 300, "{method} {url}: {}", json(&answer));
    if let Some(url) = answer.header("Azure-AsyncOperation") {
        assert_eq!(world.get(url).1["status"], "InProgress");
        world.now += SignedDuration::from_mins(1);
        assert_eq!(world.get(url).1["status"], "Succeeded");
    }
    if let Some(url) = answer.header("Location").map(str::to_owned) {
        if answer.header("Azure-AsyncOperation").is_none() {
            let running = world.ask("GET", &url, "");
            assert_eq!((running.status, running.header("Retry-After").is_some()), (202, true));
            world.now += SignedDuration::from_mins(1);
        }
        let end = world.ask("GET", &url, "");
        assert!([200, 204].contains(&end.status), "{url}");
        return (first, json(&end));
    }
    (first, json(&answer))
}

#[test]
fn each_type_has_its_own_protocol() {
    let mut world = world();
    let own = workspace("w");
    let (status, made) = write(&mut world, "PUT", &format!("{own}?{AML}"), &body("None"));
    assert_eq!((status, &made["properties"]["provisioningState"]), (202, &json!("Succeeded")));
    for (url, document, status) in [
        (
            format!("{own}/computes/c?{AML}"),
            json!({ "location": "westeurope", "properties": { "computeType": "AmlCompute" } }),
            201,
        ),
        (
            format!("{own}/onlineEndpoints/e?{AML}"),
            json!({ "location": "westeurope", "properties": { "authMode": "AADToken" } }),
            201,
        ),
        (
            format!("{own}/datastores/d?{AML}"),
            json!({ "properties": { "datastoreType": "AzureBlob", "credentials": { "credentialsType": "None" } } }),
            201,
        ),
        (
            format!("{own}/datastores/d?{AML}"),
            json!({ "properties": { "datastoreType": "AzureBlob", "credentials": { "credentialsType": "None" } } }),
            200,
        ),
        (
            format!("{own}/connections/k?{AML}"),
            json!({ "properties": { "authType": "AAD", "category": "Git" } }),
            200,
        ),
        (
            format!("{}?api-version=2025-06-01", id("Microsoft.Storage/storageAccounts", "new")),
            json!({ "location": "westeurope", "kind": "StorageV2" }),
            202,
        ),
    ] {
        let (own, made) = write(&mut world, "PUT", &url, &document);
        assert_eq!(own, status, "{url}: {made}");
        assert_eq!(world.get(&url).0, 200);
    }
    let endpoint = format!("{own}/onlineEndpoints/e?{AML}");
    let (status, changed) = write(&mut world, "PATCH", &endpoint, &json!({ "tags": { "a": "b" } }));
    assert_eq!((status, &changed["tags"]["a"]), (202, &json!("b")));
    assert_eq!(write(&mut world, "DELETE", &endpoint, &json!({})).0, 202);
    assert_eq!(world.get(&endpoint).0, 404);
    assert_eq!(world.ask("DELETE", &format!("{own}/computes/c?{AML}"), "").status, 400);
    assert_eq!(world.ask("DELETE", &format!("{own}/datastores/d?{AML}"), "").status, 200);
    assert_eq!(world.ask("DELETE", &format!("{own}/datastores/d?{AML}"), "").status, 204);
}

#[test]
fn while_something_goes_on_nothing_else_does() {
    let mut world = world();
    let url = format!("{}?{AML}", workspace("w"));
    assert_eq!(world.ask("PUT", &url, &body("None").to_string()).status, 202);
    assert_eq!(world.get(&url).1["properties"]["provisioningState"], "Creating");
    let answer = world.ask("PATCH", &url, "{}");
    assert_eq!((answer.status, code(&json(&answer))), (409, "Conflict"));
    world.now += SignedDuration::from_mins(1);
    assert_eq!(world.get(&url).1["properties"]["provisioningState"], "Succeeded");
    let bearer = format!("Bearer {}", world.token);
    let tag = world.ask("GET", &url, "").header("ETag").unwrap().to_owned();
    let with = |world: &mut World, tag: &str| {
        world
            .send("PATCH", &url, &[("Authorization", &bearer), ("If-Match", tag)], r#"{"tags":{"x":"y"}}"#)
            .status
    };
    assert_eq!(with(&mut world, "W/\"99\""), 412);
    assert_eq!(with(&mut world, &tag), 202);
}

#[test]
fn an_identity_that_is_switched_on_gets_a_principal_and_the_grants_of_the_service() {
    let mut world = world();
    let own = workspace("w");
    let url = format!("{own}?{AML}");
    write(&mut world, "PUT", &url, &body("None"));
    assert_eq!(
        world
            .get(&format!(
                "{own}/providers/Microsoft.ManagedIdentity/identities/default?api-version=2024-11-30"
            ))
            .0,
        404
    );
    let (_, patched) = write(&mut world, "PATCH", &url, &json!({ "identity": { "type": "SystemAssigned" } }));
    let principal = patched["identity"]["principalId"].as_str().unwrap().to_owned();
    assert_eq!(patched["properties"]["storageAccount"], account());
    let list = format!(
        "{GROUP}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId%20eq%20'{principal}'"
    );
    let grants = world.all(&list).0;
    let mut scopes: Vec<&str> =
        grants.iter().map(|own| own["properties"]["scope"].as_str().unwrap()).collect();
    scopes.sort_unstable();
    assert_eq!(scopes, [GROUP, own.as_str(), account().as_str()]);
    let policies =
        world.get(&format!("{}?api-version=2025-05-01", vault())).1["properties"]["accessPolicies"].clone();
    assert_eq!(policies[0]["objectId"], principal.as_str());
    // What somebody takes away comes back with resyncKeys.
    let gone = grants.iter().find(|own| own["properties"]["scope"] == account()).unwrap();
    let gone = format!("{}?api-version=2022-04-01", gone["id"].as_str().unwrap());
    assert_eq!(world.ask("DELETE", &gone, "").status, 200);
    assert_eq!(world.all(&list).0.len(), 2);
    assert_eq!(write(&mut world, "POST", &format!("{own}/resyncKeys?{AML}"), &json!({})).0, 202);
    assert_eq!(world.all(&list).0.len(), 3);
    // A workspace that is deleted leaves them behind, but for its own.
    assert_eq!(write(&mut world, "DELETE", &url, &json!({})).0, 202);
    assert_eq!(world.all(&list).0.len(), 2);
    let again = world.ask("PUT", &url, &body("None").to_string());
    assert_eq!(
        (again.status, json(&again)["error"]["message"].as_str().unwrap().contains("Soft-deleted")),
        (400, true)
    );
}

#[test]
fn a_storage_account_without_keys_fails_a_workspace_that_wants_them() {
    let mut world = world();
    let url = format!("{}?{AML}", workspace("w"));
    let (_, made) = write(&mut world, "PUT", &url, &body("SystemAssigned"));
    assert_eq!(made["properties"]["systemDatastoresAuthMode"], "accesskey");
    let diagnose = format!("{}/diagnose?{AML}", workspace("w"));
    let findings = |world: &mut World| {
        write(world, "POST", &diagnose, &json!({})).1["value"]["storageAccountResults"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(findings(&mut world), 0);
    let storage = format!("{}?api-version=2025-06-01", account());
    let (status, off) =
        write(&mut world, "PATCH", &storage, &json!({ "properties": { "allowSharedKeyAccess": false } }));
    assert_eq!((status, &off["properties"]["allowSharedKeyAccess"]), (200, &json!(false)));
    assert_eq!(findings(&mut world), 1);
    let other = world.ask("PUT", &format!("{}?{AML}", workspace("other")), &body("None").to_string());
    assert_eq!((other.status, code(&json(&other))), (400, "ValidationError"));
    write(&mut world, "PATCH", &url, &json!({ "properties": { "systemDatastoresAuthMode": "identity" } }));
    assert_eq!(findings(&mut world), 0);
}

#[test]
fn role_assignments_are_made_once() {
    let mut world = world();
    let reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let url = |name: &str| {
        format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01")
    };
    let put = |world: &mut World, name: &str, principal: &str, role: &str| {
        let body = json!({ "properties": { "roleDefinitionId": role, "principalId": principal, "principalType": "User" } });
        let answer = world.ask("PUT", &url(name), &body.to_string());
        (answer.status, code(&json(&answer)).to_owned())
    };
    let code_of = |code: &str| code.to_owned();
    assert_eq!(put(&mut world, "a", "p", reader), (201, String::new()));
    assert_eq!(put(&mut world, "a", "p", reader), (200, String::new()));
    assert_eq!(put(&mut world, "b", "P", reader), (409, code_of("RoleAssignmentExists")));
    assert_eq!(put(&mut world, "a", "q", reader), (400, code_of("RoleAssignmentUpdateNotPermitted")));
    assert_eq!(put(&mut world, "c", "p", "/x/none"), (404, code_of("RoleDefinitionDoesNotExist")));
    assert_eq!(world.get(&url("a")).1["properties"]["scope"], GROUP);
    let answer = world.ask("DELETE", &url("a"), "");
    assert_eq!((answer.status, &json(&answer)["name"]), (200, &json!("a")));
    assert_eq!(world.ask("DELETE", &url("a"), "").status, 204);
}

#[test]
fn who_may_read_may_not_write_and_what_gives_secrets_needs_an_action_of_its_own() {
    let mut world = World::filled(Options::with_roles(1, &[("Reader", "/")]), |azure| {
        azure.seed_workspaces(1, 3);
    });
    let workspace = world.workspaces()[0]["id"].as_str().unwrap().to_owned();
    let subscription = world.subscriptions().remove(0);
    let list = format!("{subscription}/providers/Microsoft.Storage/storageAccounts?api-version=2025-06-01");
    let storage = world.all(&list).0;
    let account = storage[0]["id"].as_str().unwrap().to_owned();
    for (method, url, action) in [
        ("PATCH", format!("{workspace}?{AML}"), "Microsoft.MachineLearningServices/workspaces/write"),
        ("DELETE", format!("{workspace}?{AML}"), "Microsoft.MachineLearningServices/workspaces/delete"),
        (
            "POST",
            format!("{workspace}/listKeys?{AML}"),
            "Microsoft.MachineLearningServices/workspaces/listKeys/action",
        ),
        (
            "POST",
            format!("{account}/listKeys?api-version=2025-06-01"),
            "Microsoft.Storage/storageAccounts/listKeys/action",
        ),
    ] {
        let answer = world.ask(method, &url, "{}");
        assert_eq!(answer.status, 403, "{method} {url}");
        assert!(json(&answer)["error"]["message"].as_str().unwrap().contains(action));
        assert_eq!(world.azure.actions()[action], 1);
    }
}

#[test]
fn resource_graph_notices_a_write_later_than_everybody_else() {
    let options = Options { graph_lag: SignedDuration::from_mins(2), ..Options::new(1) };
    let mut world = World::filled(options, |azure| {
        azure.seed_workspaces(1, 2);
    });
    let own = world.workspaces()[0]["id"].as_str().unwrap().to_owned();
    let tagged = |world: &mut World| {
        let body = json!({ "query": "resources | where tags.seen == 'yes' | count" }).to_string();
        let url = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
        json(&world.ask("POST", url, &body))["data"][0]["Count"].as_u64().unwrap()
    };
    assert_eq!(world.ask("PATCH", &format!("{own}?{AML}"), r#"{"tags":{"seen":"yes"}}"#).status, 202);
    assert_eq!(world.get(&format!("{own}?{AML}")).1["tags"]["seen"], "yes");
    assert_eq!(tagged(&mut world), 0);
    world.now += SignedDuration::from_secs(121);
    assert_eq!(tagged(&mut world), 1);
}

#[test]
fn what_is_written_is_in_the_activity_log_and_what_is_read_is_not() {
    let mut world = world();
    let subscription = GROUP.split("/resourceGroups/").next().unwrap().to_owned();
    let tags = format!("{}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01", account());
    let merge = json!({ "operation": "Merge", "properties": { "tags": { "Owner": "a" } } }).to_string();
    let answer = world.ask("PATCH", &tags, &merge);
    assert_eq!((answer.status, &json(&answer)["properties"]["tags"]["Owner"]), (200, &json!("a")));
    world.now += SignedDuration::from_secs(5);
    let merge = merge.replace("Owner", "owner").replace("\"a\"", "\"b\"");
    assert_eq!(json(&world.ask("PATCH", &tags, &merge))["properties"]["tags"], json!({ "owner": "b" }));
    assert_eq!(world.ask("PATCH", &tags, r#"{"operation":"Burn"}"#).status, 400);
    assert_eq!(world.ask("POST", &format!("{}/listKeys?api-version=2025-06-01", account()), "").status, 200);
    let log = format!(
        "{subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
    );
    assert_eq!(world.get(&log).0, 400);
    let since = |time: &str| format!("{log}&$filter=eventTimestamp%20ge%20'{time}'");
    let (events, _) = world.all(&since("2026-11-23T00:00:00Z"));
    let action = |own: &Value| own["operationName"]["value"].as_str().unwrap().to_owned();
    let actions: Vec<String> = events.iter().map(action).collect();
    let write = "Microsoft.Resources/tags/write";
    assert_eq!(actions, ["Microsoft.Storage/storageAccounts/listKeys/action", write, write, write]);
    assert_eq!(events[1]["status"]["value"], "Failed");
    assert_eq!(world.all(&since("2026-11-23T08:00:01Z")).0.len(), 3);
    let other = format!("{}%20and%20resourceUri%20eq%20'{}'", since("2026-11-23T00:00:00Z"), vault());
    assert!(world.all(&other).0.is_empty());
}

#[test]
fn a_name_is_free_until_somebody_takes_it() {
    let mut world = world();
    let subscription = GROUP.split("/resourceGroups/").next().unwrap().to_owned();
    let url =
        format!("{subscription}/providers/Microsoft.Storage/checkNameAvailability?api-version=2025-06-01");
    let mut free = |name: &str, kind: &str| {
        let answer = world.ask("POST", &url, &json!({ "name": name, "type": kind }).to_string());
        (answer.status, json(&answer)["nameAvailable"].as_bool())
    };
    assert_eq!(free("new", "Microsoft.Storage/storageAccounts"), (200, Some(true)));
    assert_eq!(free("ST", "Microsoft.Storage/storageAccounts"), (200, Some(false)));
    assert_eq!(free("x", "Microsoft.KeyVault/vaults"), (400, None));
}

#[test]
fn operations_can_be_made_short() {
    let most = SignedDuration::from_secs(2);
    let options = Options { operation_time: Some(most), ..Options::new(7) };
    let mut world = World::filled(options, |azure| {
        azure.seed_example().unwrap();
    });
    let own = world.workspaces().remove(0)["id"].as_str().unwrap().to_owned();
    let answer = world.ask("PATCH", &format!("{own}?{AML}"), r#"{"tags":{"a":"b"}}"#);
    assert_eq!((answer.status, answer.header("Retry-After")), (202, Some("1")));
    let location = answer.header("Location").unwrap().to_owned();
    world.now += SignedDuration::from_secs(1);
    assert_eq!(world.ask("GET", &location, "").status, 202);
    world.now += SignedDuration::from_secs(1);
    assert_eq!(world.ask("GET", &location, "").status, 200);
}

#[test]
fn a_group_comes_back_in_the_spelling_of_azure() {
    let mut world = World::contoso();
    let subscription = world.subscriptions().remove(0);
    let url = format!("{subscription}/resourcegroups/rg-new?api-version=2022-09-01");
    let answer = json(&world.ask("PUT", &url, r#"{"location":"westeurope"}"#));
    assert_eq!(answer["id"], format!("{subscription}/resourceGroups/rg-new"));
}

/// What the service does in consequence is in the activity log too, by itself.
#[test]
fn the_activity_log_tells_what_the_service_did() {
    let mut world = World::contoso();
    let group = "/subscriptions/85c204e5-9355-4eb0-b260-a78d8ab373f9/resourceGroups/rg-sandbox";
    let workspace = format!("{group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-logged");
    let body = format!(
        r#"{{"location":"westeurope","identity":{{"type":"SystemAssigned"}},"properties":{{"storageAccount":"{group}/providers/Microsoft.Storage/storageAccounts/stsandbox02","systemDatastoresAuthMode":"identity"}}}}"#
    );
    assert_eq!(world.ask("PUT", &format!("{workspace}?api-version=2025-12-01"), &body).status, 202);
    let filter = "eventTimestamp%20ge%20'2020-01-01T00:00:00Z'";
    let path = format!(
        "/subscriptions/85c204e5-9355-4eb0-b260-a78d8ab373f9/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={filter}"
    );
    let (status, log) = world.get(&path);
    assert_eq!(status, 200, "{log}");
    let events = log["value"].as_array().unwrap();
    let by_service: Vec<&str> = events
        .iter()
        .filter(|own| own["caller"] == "0736f41a-0425-4b46-bdb5-1563eff02385")
        .map(|own| own["operationName"]["value"].as_str().unwrap())
        .collect();
    assert_eq!(by_service, ["Microsoft.Authorization/roleAssignments/write"; 3], "{events:?}");
    let own = events.iter().find(|own| own["resourceId"] == workspace.as_str()).unwrap();
    assert!(events.iter().all(|event| event["correlationId"] == own["correlationId"]));
}

/// An operation can end in a failure, and so does what it was about.
#[test]
fn operations_fail_when_told_to() {
    let faults = "at request 1 of workspaces/mlw-broken: operation fails".parse().unwrap();
    let mut world = World::filled(Options { faults, ..Options::new(7) }, |azure| {
        azure.seed_example().unwrap();
    });
    let path = "/subscriptions/85c204e5-9355-4eb0-b260-a78d8ab373f9/resourceGroups/rg-sandbox/providers/Microsoft.MachineLearningServices/workspaces/mlw-broken?api-version=2025-12-01";
    let answer = world.ask(
        "PUT",
        path,
        r#"{"location":"westeurope","properties":{"systemDatastoresAuthMode":"identity"}}"#,
    );
    assert_eq!(answer.status, 202);
    let link = answer.header("Location").unwrap().to_owned();
    assert_eq!(world.get(path).1["properties"]["provisioningState"], "Creating");
    world.now += SignedDuration::from_mins(2);
    let (status, body) = world.get(&link);
    assert_eq!((status, code(&body)), (500, "InternalServerError"));
    assert_eq!(world.get(path).1["properties"]["provisioningState"], "Failed");
}

#[test]
fn an_identity_is_attached_by_who_may_assign_it() {
    let group =
        |name: &str| format!("/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/{name}");
    let (own, others) = (group("own"), group("others"));
    let identity =
        |group: &str| format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id");
    let workspace = format!("{own}/providers/Microsoft.MachineLearningServices/workspaces/w");
    let mut world =
        World::filled(Options::with_roles(7, &[("Contributor", &own), ("Reader", "/")]), |azure| {
            for id in [workspace.clone(), identity(&own), identity(&others)] {
                assert!(azure.seed(json!({ "id": id, "location": "westeurope", "properties": {} })));
            }
        });
    let url = format!("{workspace}?api-version=2025-12-01");
    let body = |id: &str| {
        json!({ "identity": { "type": "UserAssigned", "userAssignedIdentities": { id: {} } } }).to_string()
    };
    let refused = world.ask("PATCH", &url, &body(&identity(&others)));
    let said = json(&refused);
    assert_eq!((refused.status, code(&said)), (403, "LinkedAuthorizationFailed"));
    let message = said["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("userAssignedIdentities/assign/action") && message.contains(&others),
        "{message}"
    );
    let allowed = world.ask("PATCH", &url, &body(&identity(&own)));
    assert_eq!(allowed.status, 202, "{}", json(&allowed));
}
