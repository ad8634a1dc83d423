//! What is said of built-in policies is what they do.

use dekey_pack::{Origin, definitions};
use dekey_policy::{
    About, Aliases, Definition, Knowledge, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;

/// The public documents of the built-ins that the pack refers to, by name.
fn published() -> Option<BTreeMap<String, Value>> {
    let corpora = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from)?;
    let file = std::fs::File::open(corpora.join("policy/builtin-definitions.jsonl")).unwrap();
    let names: Vec<&str> =
        definitions().filter(|own| own.origin == Origin::BuiltIn).map(|own| own.name.as_str()).collect();
    let mut found = BTreeMap::new();
    for line in std::io::BufReader::new(file).lines() {
        let mut line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let doc = line["doc"].take();
        let name = doc["name"].as_str().unwrap_or_default().to_owned();
        if names.contains(&name.as_str()) {
            found.entry(name).or_insert(doc);
        }
    }
    Some(found)
}

fn compile(document: &Value) -> Policy {
    let knowledge = Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    };
    let given: Map<String, Value> = [("effect".to_owned(), json!("Deny"))].into_iter().collect();
    Policy::compile(&Definition::parse(document).unwrap(), &given, &About::default(), &knowledge).unwrap()
}

/// Everything that a property could be, known or not.
fn values() -> Vec<Option<Value>> {
    let texts = [
        "",
        "true",
        "True",
        "false",
        "recover",
        "default",
        "AmlCompute",
        "amlcompute",
        "ComputeInstance",
        "VirtualMachine",
    ];
    let mut all: Vec<Option<Value>> = texts.iter().map(|text| Some(json!(text))).collect();
    all.extend([
        None,
        Some(Value::Null),
        Some(json!(true)),
        Some(json!(false)),
        Some(json!(0)),
        Some(json!(1)),
    ]);
    all.extend([Some(json!([])), Some(json!({})), Some(json!(["true"]))]);
    all
}

const TYPES: &[(&str, &[&str])] = &[
    ("Microsoft.MachineLearningServices/workspaces/computes", &["computeType", "disableLocalAuth"]),
    ("Microsoft.Storage/storageAccounts", &["allowSharedKeyAccess"]),
    ("Microsoft.ContainerRegistry/registries", &["adminUserEnabled", "anonymousPullEnabled"]),
    ("Microsoft.KeyVault/vaults", &["createMode", "enableRbacAuthorization"]),
    ("Microsoft.MachineLearningServices/workspaces", &["kind"]),
];

#[test]
fn equivalents_come_to_what_the_built_ins_come_to() {
    let Some(published) = published() else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let mut compared = 0;
    for own in definitions().filter(|own| own.origin == Origin::BuiltIn) {
        let theirs =
            published.get(&own.name).unwrap_or_else(|| panic!("{}: no built-in {}", own.rule, own.name));
        assert_eq!(own.title(), theirs["properties"]["displayName"], "{}", own.rule);
        assert_eq!(own.mode(), theirs["properties"]["mode"], "{}", own.rule);
        let allowed = &theirs["properties"]["parameters"]["effect"]["allowedValues"];
        assert_eq!(*allowed, json!(["Audit", "Deny", "Disabled"]), "{}", own.rule);
        let (ours, theirs) = (compile(&own.document), compile(theirs));
        for (kind, names) in TYPES {
            for resource in resources(kind, names) {
                let judge = |policy: &Policy| policy.judge(&Subject::new(&resource), &Surroundings::UNKNOWN);
                assert_eq!(judge(&ours), judge(&theirs), "{}: {resource}", own.rule);
                compared += 1;
            }
        }
    }
    eprintln!("{compared} verdicts compared");
    assert!(compared > 3_000, "{compared}");
}

/// Resources with every combination of values.
fn resources(kind: &str, names: &[&str]) -> Vec<Value> {
    let mut all = vec![Map::new()];
    for name in names {
        let with = |own: &Map<String, Value>, value: Option<Value>| {
            let mut own = own.clone();
            own.extend(value.map(|value| ((*name).to_owned(), value)));
            own
        };
        all = all.iter().flat_map(|own| values().into_iter().map(move |value| with(own, value))).collect();
    }
    let resource = |properties: Map<String, Value>| json!({ "id": "/subscriptions/s/resourceGroups/g/providers/x/y/z", "name": "z", "type": kind, "properties": properties });
    all.into_iter().map(resource).collect()
}
