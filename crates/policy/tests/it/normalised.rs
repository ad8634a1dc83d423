//! The cases that Microsoft publishes of how regorus normalises resources, read in place. There is no such step here: what an alias
//! finds in the resource as it is must be what stands under its short name in the normalised one.

use crate::published::files;
use dekey_expr::Value;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, Mode, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cases that put it elsewhere, and why that is no difference.
const EXPLAINED: &[(&str, &str)] = &[(
    "collision safe key",
    "an alias whose short name is that of a property of the resource stands under a name of its own there; here it is found by its path",
)];

/// The tables of a file and of a case, as documents.
fn tables(folder: &Path, file: &Value, case: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for own in [file, case] {
        all.extend(["aliases_json"].iter().filter_map(|name| own[*name].as_str().map(str::to_owned)));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        all.extend(own["aliases_file"].as_str().map(read));
    }
    all
}

/// The names of the aliases in a table, with the type of each.
fn names(table: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(table).unwrap();
    let providers = document.get("value").unwrap_or(&document);
    let mut found = Vec::new();
    for provider in providers.as_array().into_iter().flatten() {
        for kind in provider["resourceTypes"].as_array().into_iter().flatten() {
            let full = format!(
                "{}/{}",
                provider["namespace"].as_str().unwrap(),
                kind["resourceType"].as_str().unwrap()
            );
            for alias in kind["aliases"].as_array().into_iter().flatten() {
                found.push((alias["name"].as_str().unwrap().to_owned(), full.clone()));
            }
        }
    }
    found
}

/// What a condition on a field looks at, element by element.
fn found(alias: &str, resource: &Value, version: Option<&str>, knowledge: &Knowledge) -> Vec<Value> {
    let document =
        json!({ "policyRule": { "if": { "field": alias, "exists": true }, "then": { "effect": "audit" } } });
    let mut definition = Definition::parse(&document).unwrap();
    definition.mode = Mode::All;
    let policy = Policy::compile(&definition, &Map::new(), &About::default(), knowledge).unwrap();
    let mut subject = Subject::new(resource);
    if let Some(version) = version {
        subject = subject.with_api_version(version);
    }
    let (_, steps) = policy.explain(&subject, &Surroundings::UNKNOWN);
    steps.into_iter().filter_map(|step| step.found).collect()
}

/// What stands under a short name.
fn under<'v>(value: &'v Value, name: &str, into: &mut Vec<&'v Value>) {
    if name.is_empty() {
        if !value.is_null() {
            into.push(value);
        }
        return;
    }
    if let Some(rest) = name.strip_prefix("[*]") {
        for own in value.as_array().into_iter().flatten() {
            under(own, rest.trim_start_matches('.'), into);
        }
        return;
    }
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (key, rest) = name.split_at(end);
    let own = value.as_object().and_then(|map| map.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)));
    if let Some((_, own)) = own {
        under(own, rest.trim_start_matches('.'), into);
    }
}

/// Whether two values are the same but for the case of names.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, a)| b.iter().any(|(own, b)| own.eq_ignore_ascii_case(key) && same(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        // What is below `properties` of an element stands beside its other names once it is normalised.
        (a, b) => a == b,
    }
}

#[test]
fn aliases_find_what_normalising_puts_under_their_names() {
    let Some(source) = std::env::var_os("DEKEY_REGORUS").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_REGORUS does not name the source of regorus");
        return;
    };
    let folder = source.join("tests/azure_policy/normalization/cases");
    let (mut cases, mut looked, mut aliases_looked_at, mut differ) = (0, 0, 0, Vec::new());
    for path in files(&folder) {
        let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            cases += 1;
            let note = case["note"].as_str().unwrap();
            // Either way round: one of the two is the resource, the other what it is normalised to.
            let (resource, normal) = match (&case["expected_normalized"], &case["expected_denormalized"]) {
                (Value::Object(_), _) => (&case["input"], &case["expected_normalized"]),
                (_, Value::Object(_)) => (&case["expected_denormalized"], &case["input"]),
                _ => continue,
            };
            let tables = tables(&folder, &file, case);
            let mut aliases = Aliases::new();
            for table in &tables {
                aliases.read(table).unwrap();
            }
            let knowledge = Knowledge {
                aliases: Arc::new(aliases),
                unlisted: Unlisted::NotJudged,
                semantics: Semantics::DOCUMENTED,
            };
            let kind = resource["type"].as_str().unwrap_or_default();
            let mut looked_here = 0;
            for (name, full) in tables.iter().flat_map(|own| names(own)) {
                let Some(short) = name.get(full.len() + 1..).filter(|_| full.eq_ignore_ascii_case(kind))
                else {
                    continue;
                };
                let found = found(&name, resource, case["api_version"].as_str(), &knowledge);
                let mut wanted = Vec::new();
                under(normal, short, &mut wanted);
                looked_here += 1;
                let all = found.len() == wanted.len() && found.iter().zip(&wanted).all(|(a, b)| same(a, b));
                if !all && !EXPLAINED.iter().any(|(own, _)| *own == note) {
                    differ.push(format!("{note}: {name}: there {wanted:?}, here {found:?}"));
                }
            }
            looked += usize::from(looked_here > 0);
            aliases_looked_at += looked_here;
        }
    }
    eprintln!(
        "{looked} of {cases} cases name aliases of their resource: {aliases_looked_at} aliases, {} differ",
        differ.len()
    );
    assert_eq!(cases, 87, "the published set");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
