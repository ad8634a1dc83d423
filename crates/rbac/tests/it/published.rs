//! Published cases, read in place.

use crate::folder;
use dekey_rbac::Condition;
use dekey_rbac::condition::{Facts, Known, Outcome, Request, Source, Value};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Conditions of `regorus` that are not understood here, and why.
const NOT_UNDERSTOOD: &[(&str, &str)] = &[
    (
        "identifier_action_matches",
        "`name ActionMatches '..'`: Microsoft's text knows the form with braces only",
    ),
    ("sub_operation_matches", "`name SubOperationMatches '..'`: likewise"),
];

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Number)
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(all) => Value::List(all.iter().map(value).collect()),
        Json::Object(_) => Value::Text(json.to_string()),
    }
}

/// The context that the cases are meant for, as `tests.rs` next to them builds it.
fn context(changes: &Json) -> Facts {
    let request = json!({ "owner": "alice", "text": "HelloWorld", "tags": ["prod", "gold"], "count": 10, "ratio": 2.5,
        "enabled": true, "ip": "10.0.0.8", "guid": "A1B2C3D4-0000-0000-0000-000000000000", "time": "12:30:15",
        "date": "2023-05-01T12:00:00Z", "numbers": [1, 2, 3], "letters": ["a", "b"] });
    let resource = json!({ "owner": "alice", "tags": ["a", "b"], "count": 5, "enabled": false, "ip": "10.0.0.5",
        "guid": "a1b2c3d4-0000-0000-0000-000000000000" });
    let mut facts = Facts::default();
    for (source, name, all) in [
        (Source::Request, "request_attributes", request),
        (Source::Resource, "resource_attributes", resource),
    ] {
        let all = changes.get(name).cloned().unwrap_or(all);
        for (name, own) in all.as_object().unwrap() {
            facts.set(source, name, value(own));
        }
        facts.close(source);
    }
    facts
}

fn cases(file: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(file).unwrap();
    let document: Json = serde_saphyr::from_str(&text).unwrap();
    document["test_cases"].as_array().unwrap().clone()
}

fn text<'a>(case: &'a Json, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

/// `DEKEY_REGORUS` names the unpacked source of the crate.
#[test]
fn cases_of_regorus() {
    let Some(source) = folder("DEKEY_REGORUS") else { return };
    let source = source.join("src/languages/azure_rbac");
    let (mut files, mut judged) = (0, 0);
    let mut problems = Vec::new();
    for entry in std::fs::read_dir(source.join("test_cases")).unwrap() {
        files += 1;
        for case in cases(&entry.unwrap().path()) {
            judged += 1;
            let facts = context(case.get("context").unwrap_or(&Json::Null));
            let request = Request {
                action: "microsoft.storage/storageaccounts/read",
                suboperation: Known::Value("sub/read"),
                facts: &facts,
            };
            let expected = if case["expected"].as_bool().unwrap() { Outcome::Holds } else { Outcome::Fails };
            match text(&case, "condition").parse::<Condition>().map(|own| own.judge(&request)) {
                Ok(outcome) if outcome == expected => {}
                other => problems.push(format!("{}: {other:?}", text(&case, "name"))),
            }
        }
    }
    let mut understood = 0;
    for case in cases(&source.join("test_cases.yaml")) {
        let name = text(&case, "name");
        let expected = NOT_UNDERSTOOD.iter().find(|row| row.0 == name);
        match (text(&case, "condition").parse::<Condition>(), expected) {
            (Ok(condition), None) => {
                understood += 1;
                assert_eq!(condition.to_string().parse(), Ok(condition), "{name}");
            }
            (Err(_), Some(_)) => {}
            (Ok(_), Some(_)) => problems.push(format!("{name} is understood after all")),
            (Err(error), None) => problems.push(format!("{name}: {error}")),
        }
    }
    eprintln!("{files} files, {judged} judged, {understood} parsed, {} not understood", NOT_UNDERSTOOD.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(files > 50 && judged > 100 && understood > 50);
}
