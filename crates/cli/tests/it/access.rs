//! Who can do what: on the example tenant, on a tenant that answers, and on exports that try something.

use crate::live::Sim;
use crate::{Done, Run, example};
use serde_json::{Value, json};

fn access(run: &Run, args: &[&str]) -> Done {
    let example = example();
    let from = ["--from", example.as_str(), "--assume", "all", "--as-of", "2026-11-23"];
    run.dekey(&[&["access"], args, &from].concat())
}

fn answer(run: &Run, args: &[&str]) -> Value {
    access(run, &[args, &["--format", "json"]].concat()).json()
}

#[test]
fn needs_tells_missing_held_and_excess() {
    let run = Run::new();
    assert_eq!(access(&run, &["needs", "mlw-fraud-prod"]).code(), 0, "it has all that it takes");
    let done = access(&run, &["needs", "mlw-batch-scoring"]);
    assert_eq!(done.code(), 10);
    let text = done.out();
    for line in [
        "held         write blobs: by Storage Blob Data Contributor on storage account stbatchscoring",
        "missing      write files",
        "--role 'Storage File Data Privileged Contributor' --scope /subscriptions/",
        "the service grants Azure AI Administrator on resource group rg-feature-platform by itself",
        "Taken for read: ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let beside = access(&run, &["needs", "mlw-batch-scoring", "--profile", "default"]).out();
    for line in [
        "missing      Contributor on registry crfraudprod",
        "held         Azure AI Administrator on resource group",
    ] {
        assert!(beside.contains(line), "{line}\n{beside}");
    }
    let json = answer(&run, &["needs", "--all"]);
    assert_eq!((json["dekey"].as_str(), json["question"].as_str()), (Some("access/1"), Some("needs")));
    let all = json["workspaces"].as_array().unwrap();
    assert_eq!(all.len(), 42);
    let legacy = all.iter().find(|own| own["id"].as_str().unwrap().ends_with("/mlw-pricing-legacy")).unwrap();
    assert!(legacy["actors"][0]["principal"].is_null(), "it has no identity");
    let batch = all.iter().find(|own| own["id"].as_str().unwrap().ends_with("/mlw-batch-scoring")).unwrap();
    let storage = &batch["actors"][0]["dependents"][0];
    let verdicts = |purpose: &str| -> Vec<&str> {
        let needs = storage["needs"].as_array().unwrap().iter().filter(|own| own["purpose"] == purpose);
        needs.map(|own| own["decision"]["verdict"].as_str().unwrap()).collect()
    };
    assert_eq!((verdicts("write blobs"), verdicts("write files")), (vec!["allowed"; 4], vec!["denied"; 5]));
}

/// An export that holds no word of management groups says so when told to take nothing for read, and nothing is missing for that.
#[test]
fn what_was_not_read_is_unknown() {
    let run = Run::new();
    let done = run.dekey(&["access", "needs", "mlw-batch-scoring", "--from", &example(), "--assume", "none"]);
    assert_eq!(done.code(), 11, "{}", done.out());
    assert!(
        !done.out().contains("missing") && done.out().contains("--assume denials,ancestors"),
        "{}",
        done.out()
    );
}

#[test]
fn show_says_through_what_and_why_not() {
    let run = Run::new();
    let own = access(&run, &["show", "mlw-fraud-prod"]);
    assert_eq!(own.code(), 0);
    assert!(
        own.out().contains("Key Vault Secrets Officer on vault kv-fraud-prod, since 2025-03-11"),
        "{}",
        own.out()
    );
    // By name, by object id, by id: the same.
    for word in ["rg-fraud-prod/mlw-fraud-prod", "0A63407D-9d26-4505-8037-62aa106d038c"] {
        assert!(access(&run, &["show", word]).out().contains("Key Vault Secrets Officer"), "{word}");
    }
    let asked = |action: &str| {
        access(
            &run,
            &["show", "mlw-batch-scoring", "--on", "stbatchscoring", "--action", action, "--why-not"],
        )
    };
    assert_eq!(asked("blobs/write").code(), 0);
    let denied = asked("files/write");
    assert_eq!(denied.code(), 10);
    for text in ["denied", "does not cover it", "narrowest first: "] {
        assert!(denied.out().contains(text), "{}", denied.out());
    }
    let json = answer(&run, &["show", "mlw-fraud-prod", "--on", "kv-fraud-prod", "--why"]);
    let first = &json["principals"][0]["effective"][0];
    assert_eq!((first["danger"].as_str(), first["verdict"].as_str()), (Some("grant"), Some("allowed")));
    assert!(first["because"][0]["pattern"].is_string());
}

#[test]
fn who_tells_of_permissions_and_of_ways_around() {
    let run = Run::new();
    let json = answer(&run, &["who", "stchurnshared", "--action", "blobs/read"]);
    let holders = json["holders"].as_array().unwrap();
    let called = |name: &str| holders.iter().find(|own| own["principal"]["name"] == name).unwrap();
    assert_eq!(called("mlw-churn-prod")["decision"]["verdict"], "allowed");
    // The data scientists read the account's keys in the workspace.
    let group = called("grp-rg-churn-prod-data-scientists");
    assert_eq!(group["decision"]["verdict"], "denied");
    assert!(!group["ways"].as_array().unwrap().is_empty());
    // Keys that the account refuses open nothing.
    let locked = answer(&run, &["who", "stfraudprod", "--action", "blobs/read"]);
    let ways = locked["holders"].as_array().unwrap().iter().flat_map(|own| own["ways"].as_array().unwrap());
    assert!(
        ways.clone().all(|own| !own["action"].as_str().unwrap().contains("Keys")),
        "{:?}",
        ways.collect::<Vec<_>>()
    );
    let keys = access(&run, &["who", "stchurnshared", "--action", "listKeys"]);
    assert_eq!(keys.code(), 0);
    assert!(keys.out().starts_with("Microsoft.Storage/storageAccounts/listKeys/action on storage account"));
}

#[test]
fn minimise_proves_its_answer() {
    let run = Run::new();
    let done = access(&run, &["minimise", "mlw-fraud-prod"]);
    assert_eq!(done.code(), 0);
    let json = answer(&run, &["minimise", "mlw-fraud-prod"]);
    let own = &json["actors"][0];
    let mut roles: Vec<&str> =
        own["assignments"].as_array().unwrap().iter().map(|own| own["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    let expected = [
        "Container Registry Repository Writer",
        "Key Vault Secrets Officer",
        "Monitoring Metrics Publisher",
        "Storage Blob Data Contributor",
        "Storage Blob Data Reader",
        "Storage File Data Privileged Contributor",
    ];
    assert_eq!((roles.as_slice(), own["proven"].as_bool()), (&expected[..], Some(true)));
    assert!(own["cost_with_custom_roles"].as_u64() < own["cost"].as_u64());
    // Whoever writes to the lake needs more of it.
    let writes = answer(&run, &["minimise", "mlw-fraud-prod", "--writes", "transactions_curated"]);
    assert!(!writes["actors"][0]["assignments"].to_string().contains("Storage Blob Data Reader"));
    // A vault of access policies asks for permissions, not for a role.
    let policy = answer(&run, &["minimise", "mlw-churn-retention"]);
    assert_eq!(policy["actors"][0]["access_policies"][0]["permissions"].as_array().unwrap().len(), 4);
}

#[test]
fn graphs_are_drawn() {
    let run = Run::new();
    let dot = access(&run, &["graph", "mlw-batch-scoring"]).out();
    assert!(dot.starts_with("digraph") && dot.contains("missing: write files"), "{dot}");
    assert!(
        access(&run, &["graph", "mlw-fraud-prod", "--format", "mermaid"]).out().starts_with("flowchart LR")
    );
    let svg = access(&run, &["graph", "mlw-fraud-prod", "--format", "svg"]).out();
    assert!(svg.starts_with("<svg") && svg.contains("Storage Blob Data Contributor"), "{svg}");
    assert_eq!(answer(&run, &["graph", "mlw-fraud-prod"])["question"], "graph");
}

#[test]
fn names_that_say_nothing_or_too_much_are_told() {
    let run = Run::new();
    let unknown = access(&run, &["needs", "mlw-nowhere"]);
    assert_eq!(unknown.code(), 2);
    assert!(unknown.err().contains("no workspace called `mlw-nowhere`"), "{}", unknown.err());
    let action = access(&run, &["who", "stfraudprod", "--action", "containers/write\u{1b}[31m"]);
    assert_eq!(action.code(), 2);
    assert!(!action.err().contains('\u{1b}'), "{}", action.err());
    let keys = access(&run, &["who", "stfraudprod", "--action", "write"]);
    assert_eq!(keys.code(), 0, "what is done to the resource itself comes first: {}", keys.err());
    let many = access(&run, &["who", "stfraudprod", "--action", "messages/read", "--why"]);
    assert_eq!(many.code(), 0, "{}", many.err());
    let no_input = run.dekey(&["access", "needs", "--all"]);
    assert!(no_input.code() == 2 && no_input.err().contains("--from"), "{}", no_input.err());
    run.write("empty.json", "[]");
    assert_eq!(run.dekey(&["access", "needs", "--all", "--from", "empty.json"]).code(), 12);
}

#[test]
fn two_of_a_name_are_listed_and_hostile_names_are_plain() {
    let run = Run::new();
    let id = |group: &str, name: &str| {
        format!(
            "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )
    };
    let hostile = "x\u{1b}[2J'; rm -rf .; '\"<b><script>";
    let workspace = |group: &str, name: &str| {
        json!({ "id": id(group, name), "name": name, "type": "Microsoft.MachineLearningServices/workspaces",
            "identity": { "type": "SystemAssigned", "principalId": "p'; echo" },
            "properties": { "storageAccount": format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{name}") } })
    };
    let all = json!([workspace("a", "twin"), workspace("b", "twin"), workspace("c", hostile)]);
    run.write("t.json", &all.to_string());
    let from = ["--from", "t.json", "--assume", "all"];
    let twin = run.dekey(&[&["access", "needs", "twin"], &from[..]].concat());
    assert_eq!(twin.code(), 2);
    assert!(twin.err().contains(&id("a", "twin")) && twin.err().contains(&id("b", "twin")), "{}", twin.err());
    assert_eq!(run.dekey(&[&["access", "needs", "b/twin"], &from[..]].concat()).code(), 10);
    for command in [&["needs", "--all"][..], &["minimise", hostile], &["show", hostile]] {
        let done = run.dekey(&[&["access"], command, &from[..]].concat());
        assert!([0, 10, 11].contains(&done.code()), "{command:?}: {}", done.err());
        assert!(!done.out().contains('\u{1b}'), "{command:?}");
        for line in done.out().lines().filter(|line| line.contains("> az ")) {
            assert!(line.matches('\'').count() % 2 == 0 && !line.contains("; rm"), "{line}");
        }
    }
    let svg = run.dekey(&[&["access", "graph", hostile, "--format", "svg"], &from[..]].concat());
    assert!(svg.code() == 0 && !svg.out().contains("<script"), "{}", svg.out());
}

/// A tenant that was collected holds every list that decides: nothing has to be taken for read.
#[test]
fn a_tenant_that_answers_leaves_nothing_unknown() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader"]);
    let args = ["access", "needs", "mlw-batch-scoring", "--azure", "--assume", "none", "--format", "json"];
    let done = sim.dekey(&run, &args);
    assert_eq!(done.code(), 10, "{}{}", done.out(), done.err());
    let json = done.json();
    let text = json.to_string();
    assert!(text.contains("\"denied\"") && text.contains("\"allowed\""), "{text}");
    assert_eq!(json["taken_for_read"], json!([]), "{}", json["taken_for_read"]);
}

/// A workspace hands out the keys of its own account; of another one only what a datastore holds.
#[test]
fn a_workspace_opens_what_it_holds_the_keys_of() {
    let run = Run::new();
    let group = "/subscriptions/s/resourceGroups/g/providers";
    let account = |name: &str| format!("{group}/Microsoft.Storage/storageAccounts/{name}");
    let workspace = format!("{group}/Microsoft.MachineLearningServices/workspaces/w");
    let written = |credentials: &str, keys: bool| {
        let datastore = json!({ "datastoreType": "AzureBlob", "accountName": "lake", "credentials": { "credentialsType": credentials } });
        let role = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121";
        let all = json!([
            { "id": workspace, "properties": { "storageAccount": account("own"), "systemDatastoresAuthMode": "accesskey" } },
            { "id": format!("{workspace}/datastores/lake"), "properties": datastore },
            { "id": account("own"), "properties": { "allowSharedKeyAccess": keys } },
            { "id": account("lake"), "properties": { "allowSharedKeyAccess": keys } },
            { "id": format!("{workspace}/providers/Microsoft.Authorization/roleAssignments/a"), "properties": {
                "principalId": "ds", "principalType": "User", "roleDefinitionId": role, "scope": workspace } },
        ]);
        run.write("t.json", &all.to_string());
    };
    let ways = |of: &str| {
        let id = account(of);
        let args = [
            "access",
            "who",
            &id,
            "--action",
            "blobs/read",
            "--from",
            "t.json",
            "--assume",
            "all",
            "--format",
            "json",
        ];
        let json = run.dekey(&args).json();
        let holders = json["holders"].as_array().unwrap().clone();
        let of = |own: &Value| {
            let action = own["action"].as_str().unwrap().split('/').rev().nth(1).unwrap().to_owned();
            format!("{action} {}", own["lock"].as_str().unwrap())
        };
        holders.iter().flat_map(|own| own["ways"].as_array().unwrap()).map(of).collect::<Vec<_>>()
    };
    written("AccountKey", true);
    assert_eq!(ways("lake"), ["listsecrets open"]);
    assert_eq!(ways("own"), ["listStorageAccountKeys open"]);
    written("None", true);
    assert_eq!(ways("lake"), [""; 0]);
    // A service principal's secret does not care for keys.
    written("ServicePrincipal", false);
    assert_eq!(ways("lake"), ["listsecrets open"]);
    assert_eq!(ways("own"), [""; 0]);
    written("AccountKey", false);
    assert_eq!(ways("lake"), [""; 0]);
}
