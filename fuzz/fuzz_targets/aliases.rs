//! Any text as a table of aliases, in any of the forms that are read: then a policy that uses what it may name.

#![no_main]

use dekey_policy::{
    About, Aliases, Definition, Knowledge, Panel, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static DEFINITION: LazyLock<Definition> = LazyLock::new(|| {
    let rule = json!({ "anyOf": [
        { "field": "Microsoft.T/things/a", "equals": "x" },
        { "field": "Microsoft.T/things/l[*].b", "notEquals": "x" },
        { "count": { "field": "Microsoft.T/things/l[*]", "where": { "field": "Microsoft.T/things/l[*].b", "like": "*" } }, "greater": 1 },
        { "value": "[concat(field('Microsoft.T/things/a'), 'y')]", "equals": "xy" },
    ] });
    let document = json!({ "properties": { "mode": "Indexed", "policyRule": { "if": rule, "then": { "effect": "deny" } } } });
    Definition::parse(&document).expect("a definition")
});

static RESOURCE: LazyLock<Value> = LazyLock::new(|| {
    json!({ "type": "Microsoft.T/things", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.T/things/t",
        "properties": { "a": "x", "l": [{ "b": "x" }, { "b": null, "properties": { "b": "y" } }, 5] } })
});

fuzz_target!(|text: &str| {
    let mut aliases = Aliases::new();
    let Ok(_) = aliases.read(text) else { return };
    let knowledge =
        Knowledge { aliases: Arc::new(aliases), unlisted: Unlisted::NotJudged, semantics: Semantics::DOCUMENTED };
    let Ok(policy) = Policy::compile(&DEFINITION, &Map::new(), &About::default(), &knowledge) else { return };
    let subject = Subject::new(&RESOURCE);
    let verdict = policy.judge(&subject, &Surroundings::UNKNOWN);
    let panel = Panel::new([&policy]);
    let json = RESOURCE.to_string();
    let mut sitting = panel.sitting();
    let read = sitting.read(&json).expect("JSON").judge(0, &Surroundings::UNKNOWN, None);
    assert_eq!(read, verdict);
    // The last version of the API may have other paths.
    let _ = policy.judge(&subject.with_api_version("2024-01-01"), &Surroundings::UNKNOWN);
});
