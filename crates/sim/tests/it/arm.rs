//! Resource Manager: reads, lists, pages, errors, permissions.

use crate::{World, code, names};
use dekey_sim::Options;
use serde_json::{Value, json};

const AML: &str = "Microsoft.MachineLearningServices/workspaces";

#[test]
fn what_is_listed_can_be_read() {
    let mut world = World::contoso();
    let workspaces = world.workspaces();
    assert!(workspaces.len() > 20, "{}", workspaces.len());
    for workspace in &workspaces {
        let id = workspace["id"].as_str().unwrap();
        let (status, own) = world.get(&format!("{id}?api-version=2025-12-01"));
        assert_eq!((status, &own), (200, workspace));
        let upper = id.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions");
        assert_eq!(world.get(&format!("{upper}?api-version=2025-12-01")).1, own);
    }
}

#[test]
fn subscriptions_are_enabled_and_have_their_names() {
    let mut world = World::contoso();
    let (all, _) = world.all("/subscriptions?api-version=2022-12-01");
    assert_eq!(all.len(), 3);
    for own in &all {
        assert_eq!(own["state"], "Enabled");
        assert!(own["displayName"].as_str().unwrap().starts_with("Contoso"), "{own}");
        assert!(
            own["subscriptionId"].is_string()
                && own["tenantId"].is_string()
                && own.get("properties").is_none()
        );
    }
}

#[test]
fn lists_come_in_pages_that_neither_repeat_nor_leave_out() {
    let mut world = World::filled(Options::new(1), |azure| {
        azure.seed_workspaces(3, 95);
    });
    let subscription = world.subscriptions().remove(0);
    let (all, pages) = world.all(&format!("{subscription}/providers/{AML}?api-version=2025-12-01"));
    assert_eq!((all.len(), pages), (95, 4));
    let mut own = names(&all);
    own.sort_unstable();
    own.dedup();
    assert_eq!(own.len(), 95);
    let (groups, _) = world.all(&format!("{subscription}/resourceGroups?api-version=2021-04-01"));
    let below: usize = groups
        .iter()
        .map(|group| {
            world
                .all(&format!("{}/providers/{AML}?api-version=2025-12-01", group["id"].as_str().unwrap()))
                .0
                .len()
        })
        .sum();
    assert_eq!(below, 95);
    let (brief, _) = world.all(&format!(
        "{subscription}/resources?api-version=2021-04-01&$top=7&$filter=resourceType%20eq%20'{AML}'"
    ));
    assert_eq!(brief.len(), 95);
    assert!(brief[0].get("properties").is_none());
}

#[test]
fn a_version_has_its_own_properties() {
    let mut world = World::contoso();
    let workspaces = world.workspaces();
    let id = workspaces
        .iter()
        .find(|own| own["properties"]["systemDatastoresAuthMode"].is_string())
        .and_then(|own| own["id"].as_str())
        .unwrap();
    let mut has = |version: &str, property: &str| {
        let (status, own) = world.get(&format!("{id}?api-version={version}"));
        assert_eq!(status, 200);
        own["properties"].get(property).is_some()
    };
    assert!(has("2025-12-01", "systemDatastoresAuthMode"));
    assert!(!has("2024-10-01", "systemDatastoresAuthMode"));
    assert!(!has("2025-12-01", "allowRoleAssignmentOnRG"));
    assert!(has("2025-10-01-preview", "allowRoleAssignmentOnRG"));
    assert!(has("2022-05-01", "tenantId") && !has("2020-08-01", "tenantId"));
    // What a version does not know of it has no lists of either.
    let (status, own) = world.get(&format!("{id}/datastores?api-version=2020-08-01"));
    assert_eq!((status, own["error"]["code"].as_str()), (400, Some("NoRegisteredProviderFound")));
    let (status, own) = world.get(&format!("{id}/serverlessEndpoints?api-version=2023-10-01"));
    let message = own["error"]["message"].as_str().unwrap();
    assert!(
        status == 400 && message.contains("2024-04-01") && !message.contains("2023-10-01, "),
        "{message}"
    );
}

#[test]
fn a_version_that_is_missing_wrong_or_unknown_is_refused() {
    let mut world = World::contoso();
    let id = world.workspaces()[0]["id"].as_str().unwrap().to_owned();
    for (query, status, expected) in [
        ("", 400, "MissingApiVersionParameter"),
        ("?api-version=", 400, "MissingApiVersionParameter"),
        ("?api-version=latest", 400, "InvalidApiVersionParameter"),
        ("?api-version=2019-01-02", 400, "NoRegisteredProviderFound"),
    ] {
        let (own, body) = world.get(&format!("{id}{query}"));
        assert_eq!((own, code(&body)), (status, expected), "{query}");
    }
    let (status, body) = world.get("/subscriptions?api-version=2019-01-02");
    assert_eq!((status, code(&body)), (400, "InvalidApiVersionParameter"));
}

#[test]
fn what_is_not_there_is_said_in_the_words_of_azure() {
    let mut world = World::contoso();
    let workspace = world.workspaces()[0]["id"].as_str().unwrap().to_owned();
    let group = workspace.split("/providers/").next().unwrap().to_owned();
    let subscription = world.subscriptions().remove(0);
    let version = "?api-version=2025-12-01";
    for (path, expected) in [
        (format!("/subscriptions/none/resourceGroups/g/providers/{AML}/w{version}"), "SubscriptionNotFound"),
        (format!("{subscription}/resourceGroups/none/providers/{AML}/w{version}"), "ResourceGroupNotFound"),
        (format!("{group}/providers/{AML}/none{version}"), "ResourceNotFound"),
        (format!("{group}/providers/{AML}/none/datastores{version}"), "ResourceNotFound"),
        (format!("{group}/providers/{AML}/none/datastores/d{version}"), "ParentResourceNotFound"),
        (
            format!("{group}/providers/Microsoft.MachineLearningServices/nothing/n{version}"),
            "InvalidResourceType",
        ),
        (format!("{group}/providers/Microsoft.Nothing/nothing/n{version}"), "InvalidResourceNamespace"),
    ] {
        let (status, body) = world.get(&path);
        assert_eq!((status, code(&body)), (404, expected), "{path}: {body}");
    }
}

#[test]
fn who_may_not_is_told_which_action_is_missing() {
    let workspaces = World::contoso().workspaces();
    let id = workspaces[0]["id"].as_str().unwrap();
    let group = id.split("/providers/").next().unwrap();
    let mut world = World::with_roles(&[("Reader", group)]);
    let version = "api-version=2025-12-01";
    assert_eq!(world.get(&format!("{id}?{version}")).0, 200);
    assert_eq!(world.subscriptions().len(), 1);
    let other = workspaces.iter().find(|own| !own["id"].as_str().unwrap().starts_with(group)).unwrap();
    let other = other["id"].as_str().unwrap();
    let (status, body) = world.get(&format!("{other}?{version}"));
    assert_eq!((status, code(&body)), (403, "AuthorizationFailed"));
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(
        "does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/read'"
    ));
    assert!(message.contains(&format!("over scope '{other}' or the scope is invalid")), "{message}");
    // Of a list, the scope is the path up to the type.
    let subscription = group.split("/resourceGroups/").next().unwrap();
    let (status, body) = world.get(&format!("{subscription}/providers/{AML}?{version}"));
    assert_eq!(status, 403);
    let scope = format!("over scope '{subscription}/providers/Microsoft.MachineLearningServices'");
    assert!(body["error"]["message"].as_str().unwrap().contains(&scope), "{body}");
    assert_eq!(world.azure.actions()["Microsoft.MachineLearningServices/workspaces/read"], 3);
}

#[test]
fn role_assignments_apply_from_above_and_are_listed_from_below() {
    let mut world = World::contoso();
    let subscription = world.subscriptions().remove(0);
    let list =
        format!("{subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01");
    let (all, _) = world.all(&list);
    let (at, _) = world.all(&format!("{list}&$filter=atScope()"));
    // The caller's own, at the root.
    assert!(!at.is_empty() && at.len() < all.len(), "{} of {}", at.len(), all.len());
    for own in &at {
        let scope = own["properties"]["scope"].as_str().unwrap();
        assert!(scope == "/" || subscription.starts_with(scope), "{scope}");
    }
    let principal = all.last().unwrap()["properties"]["principalId"].as_str().unwrap();
    let (own, _) = world.all(&format!("{list}&$filter=principalId%20eq%20'{principal}'"));
    assert!(!own.is_empty() && own.iter().all(|own| own["properties"]["principalId"] == principal));
    let roles =
        format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01");
    let (reader, _) = world.all(&format!("{roles}&$filter=roleName%20eq%20'Reader'"));
    assert_eq!(reader.len(), 1);
    assert!(reader[0]["id"].as_str().unwrap().starts_with(&subscription));
    let id = reader[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("{id}?api-version=2022-04-01")).1["properties"]["roleName"], "Reader");
    let (status, body) = world.get(&format!("{list}&$filter=whatever"));
    assert_eq!((status, code(&body)), (400, "InvalidFilterInQueryString"));
}

#[test]
fn secrets_that_went_in_do_not_come_out() {
    let group = "/subscriptions/s/resourceGroups/g";
    let mut world = World::filled(Options::new(1), |azure| {
        for (id, properties) in [
            ("w", json!({})),
            (
                "w/datastores/d",
                json!({ "credentials": { "credentialsType": "AccountKey", "secrets": { "key": "canary-4711" } } }),
            ),
            ("w/connections/c", json!({ "authType": "ApiKey", "credentials": { "key": "canary-4711" } })),
            ("w/onlineEndpoints/e", json!({ "authMode": "Key", "keys": { "primaryKey": "canary-4711" } })),
        ] {
            assert!(
                azure
                    .seed(json!({ "id": format!("{group}/providers/{AML}/{id}"), "properties": properties }))
            );
        }
        azure.seed_workspaces(1, 1);
    });
    for list in ["datastores", "connections", "onlineEndpoints"] {
        let url = format!("{group}/providers/{AML}/w/{list}?api-version=2025-12-01");
        let (items, _) = world.all(&url);
        assert_eq!(items.len(), 1);
        let id = items[0]["id"].as_str().unwrap().to_owned();
        let one = world.get(&format!("{id}?api-version=2025-12-01")).1;
        assert!(!format!("{items:?}{one}").contains("canary"), "{list}");
    }
    let kept = world.get(&format!("{group}/providers/{AML}/w/datastores/d?api-version=2025-12-01")).1;
    assert_eq!(kept["properties"]["credentials"], json!({ "credentialsType": "AccountKey" }));
}

#[test]
fn an_identity_can_be_asked_for_at_any_resource() {
    let mut world = World::contoso();
    let workspaces = world.workspaces();
    let tail = "providers/Microsoft.ManagedIdentity/identities/default?api-version=2024-11-30";
    let (mut with, mut without) = (0, 0);
    for workspace in &workspaces {
        let (status, own) = world.get(&format!("{}/{tail}", workspace["id"].as_str().unwrap()));
        if let Some(principal) = workspace.pointer("/identity/principalId").and_then(Value::as_str) {
            assert_eq!((status, own["properties"]["principalId"].as_str()), (200, Some(principal)));
            with += 1;
        } else {
            assert_eq!(status, 404);
            without += 1;
        }
    }
    assert!(with > 0 && without > 0);
}

#[test]
fn hostile_paths_and_tokens_are_refused_and_fatal_to_nobody() {
    let mut world = World::contoso();
    for path in [
        "/",
        "//",
        "/%",
        "/..%2f..",
        "/providers",
        "/providers/",
        "/subscriptions//",
        "/subscriptions/a/b/c/d/e/providers",
    ] {
        let (status, _) = world.get(&format!("{path}?api-version=2021-04-01"));
        assert!(status < 500, "{path}: {status}");
    }
    let subscription = world.subscriptions().remove(0);
    for token in ["x", "%00", "Li4vLi4", &"A".repeat(100_000)] {
        let url = format!("{subscription}/providers/{AML}?api-version=2025-12-01&%24skip={token}");
        let (status, body) = world.get(&url);
        assert_eq!((status, code(&body)), (400, "InvalidSkipToken"));
    }
}

#[test]
fn a_subscription_has_locations() {
    let mut world = World::contoso();
    let (_, subscriptions) = world.get("/subscriptions?api-version=2022-12-01");
    let own = subscriptions["value"][0]["id"].as_str().unwrap().to_owned();
    let (status, all) = world.get(&format!("{own}/locations?api-version=2022-12-01"));
    let names: Vec<_> = all["value"].as_array().unwrap().iter().map(|own| own["name"].clone()).collect();
    assert!(status == 200 && names.contains(&"westeurope".into()), "{all}");
}

#[test]
fn clients_find_what_they_ask_first() {
    let mut world = World::contoso();
    let subscription = world.subscriptions().remove(0);
    let (_, provider) =
        world.get(&format!("{subscription}/providers/microsoft.STORAGE?api-version=2024-11-01"));
    assert_eq!(provider["namespace"], "Microsoft.Storage");
    assert!(
        provider["resourceTypes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|own| own["resourceType"] == "storageAccounts")
    );
    let (status, unknown) =
        world.get(&format!("{subscription}/providers/Microsoft.Nowhere?api-version=2024-11-01"));
    assert_eq!((status, code(&unknown)), (404, "InvalidResourceNamespace"));
    let (tags, _) = world.all(&format!("{subscription}/tagNames?api-version=2024-11-01"));
    assert!(tags.iter().any(|own| own["tagName"] == "owner"));
    let tagged = |world: &mut World, filter: &str| {
        world.all(&format!("{subscription}/resources?api-version=2024-11-01&$filter={filter}")).0
    };
    let owned = tagged(&mut world, "tagName%20eq%20'OWNER'");
    assert!(!owned.is_empty() && owned.iter().all(|own| own["tags"].get("owner").is_some()));
    let value = owned[0]["tags"]["owner"].as_str().unwrap().replace(' ', "%20");
    let narrower = tagged(&mut world, &format!("tagName%20eq%20'owner'%20and%20tagValue%20eq%20'{value}'"));
    assert!(!narrower.is_empty() && narrower.len() <= owned.len());
    assert!(
        narrower
            .iter()
            .all(|own| own["tags"]["owner"] == owned[0]["tags"]["owner"] && own.get("tagName").is_none())
    );
}

#[test]
fn services_of_an_account_and_categories_of_logs_need_not_be_written() {
    let mut world = World::contoso();
    let subscription = world.subscriptions().remove(0);
    let accounts =
        format!("{subscription}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01");
    let account = world.all(&accounts).0.remove(0)["id"].as_str().unwrap().to_owned();
    let (status, service) = world.get(&format!("{account}/blobServices/default?api-version=2023-05-01"));
    assert_eq!((status, &service["name"]), (200, &"default".into()));
    assert_eq!(names(&world.all(&format!("{account}/blobServices?api-version=2023-05-01")).0), ["default"]);
    let categories =
        "providers/Microsoft.Insights/diagnosticSettingsCategories?api-version=2021-05-01-preview";
    let (found, _) = world.all(&format!("{account}/blobServices/default/{categories}"));
    assert_eq!(names(&found), ["StorageRead", "StorageWrite", "StorageDelete"]);
    let (status, _) = world.get(&format!("{account}x/blobServices/default?api-version=2023-05-01"));
    assert_eq!(status, 404);
}
