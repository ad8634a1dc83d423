//! What stands in the way, and what stands in its place: times, conditions, deny assignments, and services that disregard roles.

use crate::{Done, Run};
use serde_json::{Value, json};

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-0000000000aa";
const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

fn group() -> String {
    format!("{SUB}/resourceGroups/rg-ml")
}

fn id(of: &str, name: &str) -> String {
    format!("{}/providers/{of}/{name}", group())
}

fn role(guid: &str) -> String {
    format!("{SUB}/providers/Microsoft.Authorization/roleDefinitions/{guid}")
}

/// Something of Microsoft.Authorization.
fn own(kind: &str, scope: &str, name: &str, properties: Value) -> Value {
    let mut properties = properties;
    properties["scope"] = scope.into();
    json!({ "id": format!("{scope}/providers/Microsoft.Authorization/{kind}/{name}"),
        "type": format!("Microsoft.Authorization/{kind}"), "properties": properties })
}

fn grant(scope: &str, name: &str, who: &str, kind: &str, guid: &str) -> Value {
    let properties = json!({ "principalId": who, "principalType": kind, "roleDefinitionId": role(guid),
        "createdOn": "2025-05-05T10:00:00Z" });
    own("roleAssignments", scope, name, properties)
}

fn schedule(kind: &str, scope: &str, who: &str, guid: &str, times: [&str; 2], origin: &str) -> Value {
    let properties = json!({ "principalId": who, "principalType": "User", "roleDefinitionId": role(guid),
        "startDateTime": times[0], "endDateTime": times[1], "originRoleAssignmentId": origin });
    own(kind, scope, who, properties)
}

fn named(set: &str, id: &str, properties: &Value) -> Value {
    json!({ "id": format!("/providers/Microsoft.Graph/{set}/{id}"), "name": id, "type": format!("Microsoft.Graph/{set}"),
        "properties": properties })
}

/// A hub, its project, what they depend on, and people with every standing.
fn tenant(run: &Run) {
    let (hub, project) =
        ["hub1", "prj1"].map(|name| id("Microsoft.MachineLearningServices/workspaces", name)).into();
    let storage = id("Microsoft.Storage/storageAccounts", "sthub");
    let vault = id("Microsoft.KeyVault/vaults", "kvhub");
    let registry = id("Microsoft.ContainerRegistry/registries", "crhub");
    let endpoint = id("Microsoft.Network/privateEndpoints", "pe1");
    let condition = "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR \
        (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringStartsWith 'prj'))";
    let mut conditional = grant(&storage, "a1", "prjpid", "ServicePrincipal", BLOB_CONTRIBUTOR);
    conditional["properties"]["condition"] = condition.into();
    let carl = grant(&storage, "a5", "carl", "User", BLOB_CONTRIBUTOR);
    let origin = carl["id"].as_str().unwrap().to_owned();
    let deny = json!({ "denyAssignmentName": "no keys for ada", "principals": [ { "id": "ada", "type": "User" } ], "excludePrincipals": [],
        "permissions": [ { "actions": ["Microsoft.Storage/storageAccounts/listKeys/action"], "notActions": [], "dataActions": [],
            "notDataActions": [] } ] });
    let all = json!([
        { "id": hub, "kind": "Hub", "identity": { "type": "SystemAssigned", "principalId": "hubpid" }, "properties": {
            "storageAccount": storage, "keyVault": vault, "containerRegistry": registry, "systemDatastoresAuthMode": "identity" } },
        { "id": project, "kind": "Project", "identity": { "type": "SystemAssigned", "principalId": "prjpid" },
            "properties": { "hubResourceId": hub, "systemDatastoresAuthMode": "identity" } },
        { "id": storage, "properties": { "allowSharedKeyAccess": true,
            "privateEndpointConnections": [ { "properties": { "privateEndpoint": { "id": endpoint } } } ] } },
        { "id": vault, "properties": { "enableRbacAuthorization": false, "accessPolicies": [
            { "objectId": "prjpid", "tenantId": "t", "permissions": { "secrets": ["Get", "List"] } } ] } },
        { "id": registry, "properties": { "adminUserEnabled": false, "roleAssignmentMode": "AbacRepositoryPermissions" } },
        conditional,
        grant(&registry, "a2", "prjpid", "ServicePrincipal", ACR_PULL),
        grant(&storage, "a3", "ada", "User", CONTRIBUTOR),
        grant(&group(), "a4", "grp", "Group", CONTRIBUTOR),
        named("groups", "grp", &json!({ "displayName": "ml-admins", "transitiveMembers": ["bob"] })),
        named("users", "bob", &json!({ "displayName": "Bob" })),
        named("users", "ada", &json!({ "displayName": "Ada" })),
        named("users", "eve", &json!({ "displayName": "Eve" })),
        named("users", "carl", &json!({ "displayName": "Carl" })),
        schedule("roleEligibilityScheduleInstances", &group(), "eve", CONTRIBUTOR, ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"], ""),
        carl,
        schedule("roleAssignmentScheduleInstances", &storage, "carl", BLOB_CONTRIBUTOR, ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"], &origin),
        own("denyAssignments", &storage, "d1", deny),
    ]);
    run.write("t.json", &all.to_string());
}

fn access(run: &Run, args: &[&str], as_of: &str) -> Done {
    run.dekey(&[&["access"], args, &["--from", "t.json", "--assume", "all", "--as-of", as_of]].concat())
}

fn holds(done: &Done, code: i32, lines: &[&str]) {
    assert_eq!(done.code(), code, "{}{}", done.out(), done.err());
    for line in lines {
        assert!(done.out().contains(line), "{line}\n{}", done.out());
    }
}

#[test]
fn times_and_eligibility_are_told() {
    let run = Run::new();
    tenant(&run);
    let show = |args: &[&str], day: &str| access(&run, &[&["show"], args].concat(), day);
    let eligible = "eligible: Contributor on resource group rg-ml, since 2026-01-01, until 2027-01-01";
    holds(&show(&["eve"], "2026-11-23"), 0, &[eligible]);
    holds(&show(&["eve"], "2027-11-23"), 0, &["ended: Contributor on resource group rg-ml"]);
    let not_yet = "not yet: Contributor on resource group rg-ml, since 2026-01-01";
    holds(&show(&["eve"], "2025-11-23"), 0, &[not_yet]);
    let keys = ["eve", "--on", "sthub", "--action", "listKeys", "--why-not"];
    let lines = [
        "Contributor on resource group rg-ml could be activated, until 2027-01-01",
        "Contributor on resource group rg-ml covers it, but it has to be activated first",
    ];
    holds(&show(&keys, "2026-11-23"), 10, &lines);
    let who = access(&run, &["who", "sthub", "--action", "listKeys"], "2026-11-23");
    assert!(who.out().contains("could, once a role is activated\n    Eve (user, eve)"), "{}", who.out());
    let read = ["carl", "--on", "sthub", "--action", "blobs/read", "--why-not"];
    holds(&show(&read, "2026-01-23"), 0, &["by Storage Blob Data Contributor", "until 2026-02-01"]);
    let ended =
        "Storage Blob Data Contributor on storage account sthub covers it, but it ended on 2026-02-01";
    holds(&show(&read, "2026-11-23"), 10, &[ended]);
}

#[test]
fn what_is_in_the_way_is_named() {
    let run = Run::new();
    tenant(&run);
    let show = |args: &[&str]| access(&run, &[&["show"], args].concat(), "2026-11-23");
    let lines = [
        "deny assignment no keys for ada on storage account sthub",
        "in spite of Contributor on storage account sthub",
        "covers it, but deny assignment no keys for ada forbids it",
    ];
    holds(&show(&["ada", "--on", "sthub", "--action", "listKeys", "--why-not"]), 10, &lines);
    // A registry of repository permissions disregards AcrPull.
    let pull = show(&["prj1", "--on", "crhub", "--action", "pull/read", "--why-not"]);
    holds(
        &pull,
        10,
        &["goes by repository permissions, where this", "AcrPull on registry crhub covers it, but"],
    );
    assert!(!pull.out().contains("roles that would permit it"), "{}", pull.out());
    holds(&show(&["prj1", "--on", "crhub"]), 0, &["can do nothing on registry crhub"]);
    // A vault of access policies disregards roles.
    holds(
        &show(&["prj1", "--on", "kvhub"]),
        0,
        &["access policy on vault kvhub", "secrets/get, secrets/list"],
    );
    holds(&show(&["prj1"]), 0, &["access policy on vault kvhub"]);
    let secret = ["prj1", "--on", "kvhub", "--action", "setSecret", "--why-not"];
    holds(&show(&secret), 10, &["the vault goes by access policies", "`secrets/set` is what it takes"]);
    // What is not known of an attribute is left as the condition.
    let read = show(&["prj1", "--on", "sthub", "--action", "blobs/read"]);
    holds(
        &read,
        11,
        &["conditional", "if @Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]"],
    );
}

#[test]
fn ways_rest_on_each_assignment_once() {
    let run = Run::new();
    tenant(&run);
    let done = access(&run, &["who", "sthub", "--action", "blobs/read", "--why"], "2026-11-23");
    assert_eq!(done.code(), 11, "the project can under a condition only: {}", done.out());
    let out = done.out();
    let bob =
        out.split("Bob (user, bob)").nth(1).unwrap().split("\n    ml-admins (group, grp)").next().unwrap();
    let by = bob.lines().filter(|line| line.trim().starts_with("by Contributor on resource group")).count();
    assert_eq!(by, 5, "keys of the account, the hub and the project, datastores of these two: {out}");
}

#[test]
fn a_project_has_what_its_hub_has() {
    let run = Run::new();
    tenant(&run);
    let needs = access(&run, &["needs", "prj1", "--profile", "hardened"], "2026-11-23");
    let lines = [
        "sthub: storage (write blobs, write files), from its hub",
        "pe1: private endpoint (read the endpoint's state)",
        "--role Reader --scope",
        "not there    Container Registry Repository Writer on registry crhub, when images are built",
    ];
    holds(&needs, 10, &lines);
    // What the mode of the registry and of the vault rules out is no row of its own.
    let outside =
        needs.out().lines().skip_while(|line| !line.contains("beside the least")).collect::<String>();
    assert!(!outside.contains("AcrP") && !outside.contains("Secrets Officer"), "{outside}");
    let default = access(&run, &["needs", "prj1", "--profile", "default"], "2026-11-23");
    holds(&default, 10, &["missing      access policy for everything but purging on vault kvhub"]);
    let minimise = access(&run, &["minimise", "prj1"], "2026-11-23");
    holds(&minimise, 11, &["Reader on private endpoint pe1: read the endpoint's state in pe1"]);
    let graph = access(&run, &["graph", "prj1", "--format", "mermaid"], "2026-11-23");
    holds(&graph, 0, &["write blobs under a condition"]);
}
