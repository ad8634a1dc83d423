//! `dekey policy simulate` and `dekey policy status`, from the outside.

use crate::Run;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const PROD: &str = "/subscriptions/d9ff73d7-de05-4ca4-94d6-7d4f3f237609";

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso")
}

fn dekey(args: &[&str], paths: &[&Path]) -> Ran {
    let paths = paths.iter().map(|own| own.to_str().unwrap());
    let all: Vec<&str> = args.iter().copied().chain(paths).collect();
    let done = Run::new().dekey(&all);
    Ran { code: Some(done.code()), out: done.out(), err: done.err() }
}

fn run(args: &[&str], paths: &[&Path]) -> Ran {
    dekey(&[&["policy"], args, &["--as-of", "2026-11-23"]].concat(), paths)
}

fn json(args: &[&str], paths: &[&Path]) -> (Option<i32>, Value) {
    let ran = run(&[args, &["--format", "json"]].concat(), paths);
    (
        ran.code,
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err)),
    )
}

#[test]
fn what_is_assigned_is_simulated_and_the_document_fits_its_schema() {
    let (code, document) = json(&["simulate"], &[&example()]);
    assert_eq!(code, Some(10));
    let schema: Value = serde_json::from_str(&dekey(&["schema", "policy"], &[]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
    let (_, status) = json(&["status"], &[&example()]);
    assert!(validator.iter_errors(&status).next().is_none());
    assert_eq!(document["counts"]["non_compliant"], 27);
    assert_eq!(document["counts"]["exempt"], 2);
    assert!(document["blast"]["writes"].is_null(), "there is no log");
    let refused = document["blast"]["resources"].as_array().unwrap();
    assert_eq!(refused.len(), 14);
    assert!(refused.iter().any(|own| own["owner"] == "tomas.okafor@contoso.example"));
}

#[test]
fn the_state_that_satisfies_both_identity_policies_is_told_and_shown() {
    let (_, document) = json(&["simulate"], &[&example()]);
    let conflicts = document["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1);
    let own = &conflicts[0];
    assert!(own["one"]["definition"].as_str().unwrap().ends_with("5f0c7d88-c7de-45b8-ac49-db49e72eaa78"));
    let both = own["both"].as_array().unwrap();
    let to =
        |path: &str| both.iter().find(|change| change["path"] == path).map(|change| change["to"].clone());
    assert_eq!(to("identity.type"), Some(json!("SystemAssigned,UserAssigned")));
    let primary = to("properties.primaryUserAssignedIdentity").unwrap();
    assert!(to("identity.userAssignedIdentities").unwrap().get(primary.as_str().unwrap()).is_some());
    // Shown by asking again: with that state neither of them refuses.
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::read_to_string(example().join("prod-workspaces.json")).unwrap();
    let mut all: Value = serde_json::from_str(&file).unwrap();
    let list = if all.is_array() { &mut all } else { &mut all["value"] };
    let workspace = list.as_array_mut().unwrap().iter_mut().find(|own| own["name"] == "mlw-fraud-prod");
    let workspace = workspace.unwrap();
    workspace["identity"]["type"] = json!("SystemAssigned,UserAssigned");
    workspace["identity"]["userAssignedIdentities"] = to("identity.userAssignedIdentities").unwrap();
    workspace["properties"]["primaryUserAssignedIdentity"] = primary;
    let changed = folder.path().join("workspaces.json");
    std::fs::write(&changed, all.to_string()).unwrap();
    let (_, after) = json(
        &["simulate"],
        &[&changed, &example().join("prod-policy.json"), &example().join("policy-definitions.json")],
    );
    let id = own["example"].as_str().unwrap();
    let still = after["blast"]["resources"].as_array().unwrap().iter().any(|own| own["resource"] == id);
    assert!(!still, "neither refuses it any more");
}

#[test]
fn writes_of_late_that_would_have_been_refused_are_told_with_whose_they_are() {
    let workspace = format!(
        "{PROD}/resourceGroups/rg-churn-prod/providers/Microsoft.MachineLearningServices/workspaces/mlw-churn-prod"
    );
    let event = |at: &str, status: &str, operation: &str, of: &str| {
        json!({ "eventDataId": format!("{at}{status}"), "eventTimestamp": at, "caller": "somebody@contoso.example",
            "id": format!("{of}/events/x/ticks/1"), "operationId": at, "subscriptionId": "x",
            "operationName": { "value": operation, "localizedValue": operation }, "resourceId": of,
            "status": { "value": status }, "properties": { "requestbody": "{}" } })
    };
    let write = "Microsoft.MachineLearningServices/workspaces/write";
    let log = json!([
        event("2026-11-20T10:00:00Z", "Started", write, &workspace),
        event("2026-11-20T10:00:00Z", "Succeeded", write, &workspace),
        event("2026-11-18T10:00:00Z", "Succeeded", write, &workspace),
        event("2026-11-21T10:00:00Z", "Failed", write, &workspace),
        event("2026-11-20T11:00:00Z", "Succeeded", write, &workspace.replace("mlw-churn-prod", "gone")),
        event(
            "2026-11-20T12:00:00Z",
            "Succeeded",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            &workspace
        ),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.json");
    std::fs::write(&file, log.to_string()).unwrap();
    let (_, document) = json(&["simulate"], &[&example(), &file]);
    let writes = &document["blast"]["writes"];
    assert_eq!(writes["refused"].as_array().unwrap().len(), 1);
    let refused = &writes["refused"][0];
    assert_eq!(refused["time"], "2026-11-20T10:00:00Z");
    assert_eq!(refused["caller"], "somebody@contoso.example");
    assert_eq!(refused["owner"], "tomas.okafor@contoso.example");
    assert_eq!(writes["earlier"], 1);
    assert_eq!(writes["not_judged"][0]["resources"].as_array().unwrap().len(), 1);
    // A snapshot says the same.
    let packed = folder.path().join("all.jsonl");
    let target = packed.to_str().unwrap();
    let done = dekey(&["snapshot", "pack", "-o", target], &[&example(), &file]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(!std::fs::read_to_string(&packed).unwrap().contains("requestbody"));
    let (_, again) = json(&["simulate"], &[&packed]);
    assert_eq!(again["blast"]["writes"], *writes);
    assert_eq!(again["counts"], document["counts"]);
}

#[test]
fn azure_says_otherwise_and_is_told_so() {
    let state = |workspace: &str, word: &str| {
        json!({ "timestamp": "2026-11-22T00:00:00Z", "complianceState": word,
            "resourceId": format!("{PROD}/resourceGroups/rg-churn-prod/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"),
            "policyAssignmentId": format!("{PROD}/providers/Microsoft.Authorization/policyAssignments/aml-user-assigned"),
            "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
            "policyDefinitionReferenceId": "", "policyDefinitionAction": "deny", "isCompliant": word == "Compliant" })
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("states.json");
    let all = json!({ "@odata.count": 3, "value": [
        state("mlw-churn-prod", "NonCompliant"), state("mlw-churn-campaigns", "Compliant"), state("gone", "Compliant"),
    ] });
    std::fs::write(&file, all.to_string()).unwrap();
    let (code, document) = json(&["status"], &[&example(), &file]);
    assert_eq!(code, Some(10));
    let azure = &document["azure"];
    assert_eq!((azure["states"].clone(), azure["same"].clone()), (json!(3), json!(1)));
    assert_eq!(azure["differences"][0]["azure"], "Compliant");
    assert_eq!(azure["differences"][0]["dekey"], "NonCompliant");
    assert_eq!(azure["not_compared"][0]["count"], 1);
    let scopes = document["scopes"].as_array().unwrap();
    let prod = scopes.iter().find(|own| own["id"] == PROD).unwrap();
    let stand = |rule: &str| {
        let rules = prod["rules"].as_array().unwrap();
        rules.iter().find(|own| own["rule"] == rule).unwrap()["stand"].clone()
    };
    assert_eq!(stand("workspace-without-user-assigned-identity"), "enforced");
    assert_eq!(stand("workspace-without-system-assigned-identity"), "audited");
    assert_eq!(stand("storage-shared-key-access"), "audited");
    assert_eq!(stand("registry-admin-user"), "bare");
}

#[test]
fn a_definition_is_tried_before_it_is_assigned() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let rule = |alias: &str| {
        json!({ "properties": { "displayName": "Mine", "mode": "Indexed",
            "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny"] } },
            "policyRule": { "if": { "allOf": [
                { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
                { "field": format!("Microsoft.Storage/storageAccounts/{alias}"), "notEquals": false } ] },
                "then": { "effect": "[parameters('effect')]" } } } })
        .to_string()
    };
    let mine = write("mine.json", &rule("allowSharedKeyAccess"));
    let mine = mine.to_str().unwrap();
    let ran = run(&["simulate", "--definition", mine], &[&example()]);
    assert_eq!(ran.code, Some(12), "{}", ran.out);
    assert!(ran.err.contains("/parameters/effect") && ran.err.contains("-p NAME=VALUE"), "{}", ran.err);
    let (code, document) = json(&["simulate", "--definition", mine, "-p", "effect=Audit"], &[&example()]);
    assert_eq!(code, Some(10));
    let shown: Vec<&Value> =
        document["assignments"].as_array().unwrap().iter().filter(|own| own["new"] == true).collect();
    assert_eq!(shown.len(), 1);
    assert_eq!(document["blast"]["count"], 0);
    let (_, denied) =
        json(&["simulate", "--definition", mine, "-p", "effect=Audit", "--effect", "deny"], &[&example()]);
    assert_eq!(denied["blast"]["count"], document["counts"]["non_compliant"]);
    // An alias that nobody gave is named, and a table that has it answers.
    let odd = write("odd.json", &rule("neverHeardOf"));
    let odd = odd.to_str().unwrap();
    let ran = run(&["simulate", "--definition", odd, "-p", "effect=Deny"], &[&example()]);
    assert_eq!(ran.code, Some(11), "{}", ran.out);
    assert!(ran.out.contains("neverHeardOf"), "{}", ran.out);
    let table = write(
        "aliases.csv",
        "Microsoft.Storage/storageAccounts/neverHeardOf,properties.allowSharedKeyAccess\n",
    );
    let table = table.to_str().unwrap();
    let ran = run(&["simulate", "--definition", odd, "-p", "effect=Deny", "--aliases", table], &[&example()]);
    assert_eq!(ran.code, Some(10), "{}", ran.out);
    let broken = write("broken.json", "{\n  \"properties\": \n");
    let ran = run(&["simulate", "--definition", broken.to_str().unwrap()], &[&example()]);
    assert_eq!(ran.code, Some(12));
    assert!(ran.err.contains("broken.json:"), "{}", ran.err);
}

#[test]
fn every_format_says_the_same_whatever_the_order_of_documents() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<_> =
        std::fs::read_dir(example()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|own| own == "json"));
    files.sort();
    let forward: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let backward: Vec<&Path> = forward.iter().rev().copied().collect();
    for task in ["simulate", "status"] {
        for format in ["terminal", "json", "html"] {
            let one = run(&[task, "--all", "--format", format], &forward);
            let other = run(&[task, "--all", "--format", format], &backward);
            assert!(one.out == other.out, "{task} {format}");
            assert_eq!(one.code, Some(10), "{}", one.err);
        }
        let path = folder.path().join("out.sarif");
        let ran = run(&[task, "--format", &format!("sarif={}", path.display())], &forward);
        assert!(ran.err.contains("wrote"), "{}", ran.err);
        let log: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() > 10);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for own in results {
            let at = usize::try_from(own["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[at]["id"], own["ruleId"]);
        }
        let notices = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert!(notices.iter().any(|own| own["message"]["text"].as_str().unwrap().contains("Not judged")));
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("cut.json"),
        "{\"value\":[{\"id\":\"/subscriptions/s/resourceGroups/g/prov",
    )
    .unwrap();
    let bad = json!([{ "id": "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/odd", "name": "odd",
        "type": "Microsoft.Authorization/policyAssignments", "properties": { "scope": "/subscriptions/s" } }]);
    std::fs::write(folder.path().join("odd.json"), bad.to_string()).unwrap();
    let ran = run(&["simulate"], &[folder.path()]);
    assert_eq!(ran.code, Some(12), "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("cut.json"), "{}", ran.err);
    assert!(
        ran.out.contains("policyAssignments/odd") && ran.out.contains("policyDefinitionId"),
        "{}",
        ran.out
    );
}

#[test]
fn why_tells_the_conditions() {
    let ran = run(&["simulate", "--why", "mlw-fraud-prod"], &[&example()]);
    assert!(ran.out.contains("primaryUserAssignedIdentity is absent; exists false"), "{}", ran.out);
    let ran = run(&["simulate", "--why", "nobody"], &[&example()]);
    assert_eq!(ran.code, Some(2));
}
