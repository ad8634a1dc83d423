use super::*;

const WORKSPACE: &str =
    "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w";
const READ: &str = "Microsoft.MachineLearningServices/workspaces/read";
const KEYS: &str = "Microsoft.MachineLearningServices/workspaces/listKeys/action";

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn store(scope: &str, role: &str, at: Option<Timestamp>) -> Store {
    let mut store = Store::default();
    for (id, value) in built_in() {
        store.put(&id, value.to_string(), None);
    }
    let (id, value) = assignment("n", scope, &role_guid(role).unwrap(), "P", "User", "");
    store.put(&id, value.to_string(), at);
    store
}

fn may(store: &Store, action: &str, scope: &str, second: i64) -> bool {
    let principals = ["p".to_owned()];
    Access { store, principals: &principals, seed: 1, lag: true, now: time(second) }.may(action, scope)
}

#[test]
fn a_role_reaches_down_and_not_sideways() {
    let store = store("/subscriptions/S/resourceGroups/G", "Reader", None);
    assert!(may(&store, READ, WORKSPACE, 0));
    assert!(!may(&store, KEYS, WORKSPACE, 0));
    assert!(!may(&store, READ, "/subscriptions/s", 0));
    assert!(!may(&store, READ, "/subscriptions/s/resourcegroups/go", 0));
}

#[test]
fn not_actions_subtract() {
    let store = store("/", "AzureML Data Scientist", None);
    assert!(!may(&store, KEYS, WORKSPACE, 0));
    assert!(may(&store, "Microsoft.MachineLearningServices/workspaces/datastores/write", WORKSPACE, 0));
}

#[test]
fn a_new_assignment_takes_up_to_a_quarter_of_an_hour() {
    let store = store("/", "Owner", Some(time(1000)));
    assert!(!may(&store, KEYS, WORKSPACE, 1000));
    assert!(may(&store, KEYS, WORKSPACE, 1000 + 900));
}

#[test]
fn a_deny_assignment_wins_unless_the_principal_is_excluded() {
    let mut store = store("/", "Owner", None);
    let deny = |excluded: &str| {
        json!({ "properties": { "scope": "/subscriptions/S", "principals": [{ "id": EVERYONE }],
            "excludePrincipals": [{ "id": excluded }], "permissions": [{ "actions": ["*/action"], "notActions": [] }] } })
        .to_string()
    };
    let id = "/subscriptions/S/providers/Microsoft.Authorization/denyAssignments/d";
    store.put(id, deny("other"), None);
    assert!(!may(&store, KEYS, WORKSPACE, 0) && may(&store, READ, WORKSPACE, 0));
    store.put(id, deny("P"), None);
    assert!(may(&store, KEYS, WORKSPACE, 0));
}

#[test]
fn management_groups_lie_above_their_subscriptions() {
    let mut store = store("/providers/Microsoft.Management/managementGroups/Root", "Reader", None);
    assert!(!may(&store, READ, WORKSPACE, 0));
    let subscription = json!({ "properties": { "managementGroupAncestorsChain": [{ "name": "team" }, { "name": "root" }] } });
    store.put("/subscriptions/s", subscription.to_string(), None);
    assert!(may(&store, READ, WORKSPACE, 0));
}
