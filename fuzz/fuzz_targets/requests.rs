//! Any text as a resource or request, before a few policies: read in part it gets the same verdicts as read as a whole.

#![no_main]

use dekey_policy::{
    About, Aliases, Definition, Knowledge, Panel, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let knowledge = Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::AsPath,
        semantics: Semantics::DOCUMENTED,
    };
    let rules = [
        json!({ "field": "p.text", "like": "a*" }),
        json!({ "field": "p.list[*]", "notEquals": "a" }),
        json!({ "field": "p.list[*].x", "exists": true }),
        json!({ "count": { "field": "p.list[*]", "where": { "field": "p.list[*].x", "in": ["a", "b", 5] } }, "greater": 0 }),
        json!({ "count": { "field": "p.list[*]", "where": { "value": "[string(current('p.list[*]'))]", "contains": "a" } }, "equals": 1 }),
        json!({ "field": "tags.Env", "equals": "prod" }),
        json!({ "field": "tags", "containsKey": "env" }),
        json!({ "allOf": [{ "field": "type", "like": "*/b" }, { "field": "name", "match": "?#" }, { "field": "fullName", "contains": "/" }] }),
        json!({ "field": "location", "in": ["westeurope"] }),
        json!({ "field": "p.number", "greaterOrEquals": 5 }),
        json!({ "value": "[length(field('p.list[*].x'))]", "equals": 2 }),
        json!({ "value": "[concat(field('id'), field('kind'), field('p.deep'))]", "contains": "a" }),
    ];
    let policy = |rule: &Value| {
        let document = json!({ "policyRule": { "if": rule, "then": { "effect": "deny" } } });
        let mut definition = Definition::parse(&document).expect("a definition");
        definition.mode = dekey_policy::Mode::All;
        Policy::compile(&definition, &Map::new(), &About::default(), &knowledge).expect("a policy")
    };
    rules.iter().map(policy).collect()
});

fuzz_target!(|text: &str| {
    let panel = Panel::new(&*POLICIES);
    let mut sitting = panel.sitting();
    let read = sitting.read(text);
    let Ok(whole) = serde_json::from_str::<Value>(text) else { return };
    if !whole.is_object() {
        return assert!(read.is_err());
    }
    let around = Surroundings::UNKNOWN;
    let subject = Subject::new(&whole);
    let looked = sitting.look(&subject);
    for (index, policy) in POLICIES.iter().enumerate() {
        let verdict = policy.judge(&subject, &around);
        assert_eq!(looked.judge(index, &around, None), verdict, "looked at by {index}");
        // What is nested too deep is refused, and nothing else that is JSON.
        match &read {
            Ok(read) => assert_eq!(read.judge(index, &around, None), verdict, "read by {index}"),
            Err(why) => assert!(why.contains("deeper"), "{why}"),
        }
    }
});
