//! What keeps things as they are, and what is kept of them: locks, deleted vaults, policy states.

use crate::{World, code, json};
use dekey_sim::Options;
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/rg";
const SUBSCRIPTION: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001";
const LOCKS: &str = "api-version=2016-09-01";
const VAULTS: &str = "api-version=2023-07-01";

fn account() -> String {
    format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/st")
}

fn vault() -> String {
    format!("{GROUP}/providers/Microsoft.KeyVault/vaults/kv")
}

fn world() -> World {
    World::filled(Options::new(1), |azure| {
        for id in [SUBSCRIPTION.to_owned(), GROUP.to_owned(), account(), vault()] {
            assert!(
                azure.seed(
                    json!({ "id": id, "location": "westeurope", "tags": { "a": "b" }, "properties": {} })
                )
            );
        }
    })
}

fn lock(world: &mut World, scope: &str, level: &str) -> String {
    let url = format!("{scope}/providers/Microsoft.Authorization/locks/l?{LOCKS}");
    let answer = world.ask("PUT", &url, &json!({ "properties": { "level": level } }).to_string());
    assert_eq!(answer.status, 201, "{}", json(&answer));
    url
}

#[test]
fn a_lock_holds_back_what_it_forbids_at_its_scope_and_below() {
    for (scope, level, patch, delete, keys) in [
        (GROUP.to_owned(), "CanNotDelete", 200, 409, 200),
        (account(), "CanNotDelete", 200, 409, 200),
        (account(), "ReadOnly", 409, 409, 409),
        (vault(), "ReadOnly", 200, 200, 200),
    ] {
        let mut world = world();
        let url = lock(&mut world, &scope, level);
        let own = format!("{}?api-version=2023-01-01", account());
        let listing = format!("{}/listKeys?api-version=2023-01-01", account());
        assert_eq!(world.get(&own).0, 200, "reading is free");
        assert_eq!(world.ask("PATCH", &own, "{\"tags\":{}}").status, patch, "{scope} {level}");
        assert_eq!(world.ask("POST", &listing, "").status, keys, "{scope} {level}");
        let answer = world.ask("DELETE", &own, "");
        assert_eq!(answer.status, delete, "{scope} {level}");
        if delete == 409 {
            let told = json(&answer);
            assert_eq!(code(&told), "ScopeLocked");
            let message = told["error"]["message"].as_str().unwrap();
            assert!(message.contains(&format!("scope(s) are locked: '{scope}'")), "{message}");
        }
        assert_eq!(world.ask("DELETE", &url, "").status, 200, "a lock can be taken away");
        assert!([200, 204].contains(&world.ask("DELETE", &own, "").status));
    }
}

#[test]
fn what_holds_something_locked_is_not_deleted() {
    let mut world = world();
    lock(&mut world, &account(), "CanNotDelete");
    let answer = world.ask("DELETE", &format!("{GROUP}?api-version=2022-09-01"), "");
    assert_eq!((answer.status, code(&json(&answer))), (409, "ScopeLocked"));
}

#[test]
fn a_deleted_vault_keeps_its_name_until_it_is_recovered_or_purged() {
    let mut world = world();
    let own = format!("{}?{VAULTS}", vault());
    let listed = format!("{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults?{VAULTS}");
    let deleted =
        format!("{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv");
    let names = |list: &Value| list["value"].as_array().unwrap().len();
    assert_eq!(names(&world.get(&listed).1), 0);
    assert_eq!(world.ask("DELETE", &own, "").status, 200);
    assert_eq!((world.get(&own).0, names(&world.get(&listed).1)), (404, 1));
    let (status, told) = world.get(&format!("{deleted}?{VAULTS}"));
    assert_eq!((status, &told["properties"]["vaultId"]), (200, &json!(vault())));
    assert_eq!(told["properties"]["scheduledPurgeDate"], "2027-02-21T08:00:00Z");

    let body =
        |mode: &str| json!({ "location": "westeurope", "properties": { "createMode": mode } }).to_string();
    let refused = world.ask("PUT", &own, &body("default"));
    assert_eq!((refused.status, code(&json(&refused))), (409, "ConflictError"));
    let recovered = world.ask("PUT", &own, &body("recover"));
    assert_eq!((recovered.status, &json(&recovered)["tags"]["a"]), (200, &json!("b")));
    assert_eq!(names(&world.get(&listed).1), 0);

    assert_eq!(world.ask("DELETE", &own, "").status, 200);
    assert_eq!(world.ask("POST", &format!("{deleted}/purge?{VAULTS}"), "").status, 200);
    assert_eq!(world.get(&format!("{deleted}?{VAULTS}")).0, 404);
    assert_eq!(world.ask("PUT", &own, &body("default")).status, 200, "the name is free again");
}

#[test]
fn policy_states_are_those_of_the_export_by_scope_filter_and_count() {
    let mut world = World::filled(Options::new(1), |azure| {
        for id in [SUBSCRIPTION, GROUP] {
            assert!(azure.seed(json!({ "id": id, "location": "westeurope", "properties": {} })));
        }
        for (nth, (of, state)) in
            [(account(), "NonCompliant"), (vault(), "NonCompliant"), (vault(), "Compliant")]
                .iter()
                .enumerate()
        {
            assert!(azure.seed(json!({
                "id": format!("{of}/providers/Microsoft.PolicyInsights/policyStates/s{nth}"),
                "properties": { "resourceId": of, "complianceState": state, "policyAssignmentId": format!("/a/{nth}"),
                    "policyDefinitionId": "/d", "policyDefinitionAction": "audit" },
            })));
        }
    });
    let url = |scope: &str, what: &str| {
        format!(
            "{scope}/providers/Microsoft.PolicyInsights/policyStates/latest/{what}?api-version=2019-10-01"
        )
    };
    let ask = |world: &mut World, url: &str| {
        let answer = world.ask("POST", url, "");
        (answer.status, json(&answer))
    };
    let (status, all) = ask(&mut world, &url(SUBSCRIPTION, "queryResults"));
    assert_eq!((status, &all["@odata.count"]), (200, &json!(3)));
    let filter =
        format!("{}&$filter=complianceState%20eq%20'NonCompliant'", url(SUBSCRIPTION, "queryResults"));
    assert_eq!(ask(&mut world, &filter).1["@odata.count"], 2);
    assert_eq!(ask(&mut world, &url(&account(), "queryResults")).1["@odata.count"], 1);
    let (_, summary) = ask(&mut world, &url(GROUP, "summarize"));
    let own = &summary["value"][0];
    assert_eq!(
        (&own["results"]["nonCompliantResources"], &own["results"]["nonCompliantPolicies"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(own["policyAssignments"].as_array().unwrap().len(), 3);
    let (status, refused) = ask(&mut world, &format!("{}&$apply=groupby((a))", url(GROUP, "queryResults")));
    assert_eq!((status, code(&refused)), (400, "InvalidQuery"));
}
