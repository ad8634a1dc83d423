//! Every public definition loads and compiles, or it is said why not.

use dekey_expr::Value;
use dekey_policy::{About, Aliases, Definition, Knowledge, LoadError, Policy, Semantics, Unlisted};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn lines(path: &Path) -> impl Iterator<Item = Value> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    file.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// A value of the right kind for each parameter that has no default.
fn given(definition: &Definition) -> Map<String, Value> {
    let value = |kind: &str| match kind.to_ascii_lowercase().as_str() {
        "array" => json!([]),
        "object" => json!({}),
        "boolean" => json!(true),
        "integer" | "float" => json!(1),
        "datetime" => json!("2026-11-23T00:00:00.0000000Z"),
        _ => json!("text"),
    };
    let missing = definition.parameters.iter().filter(|own| own.default.is_none());
    missing
        .map(|own| {
            let first = own.allowed.as_ref().and_then(|all| all.first()).cloned();
            let first = first.filter(|_| !own.kind.eq_ignore_ascii_case("array"));
            (own.name.clone(), first.unwrap_or_else(|| value(&own.kind)))
        })
        .collect()
}

/// Definitions in documents of a corpus, by path.
fn definitions(path: &Path) -> BTreeMap<String, Value> {
    let is_definition = |doc: &Value| {
        let properties = doc.get("properties").unwrap_or(doc);
        properties.get("policyRule").is_some_and(Value::is_object)
    };
    lines(path)
        .map(|mut line| (line["path"].as_str().unwrap().to_owned(), line["doc"].take()))
        .filter(|(_, doc)| is_definition(doc))
        .collect()
}

#[test]
fn every_public_definition_loads() {
    let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let corpora = corpora.join("policy");
    let mut aliases = Aliases::new();
    aliases.read(&std::fs::read_to_string(corpora.join("aliases.jsonl")).unwrap()).unwrap();
    assert!(aliases.len() > 70_000);
    let knowledge = Knowledge {
        aliases: Arc::new(aliases),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    };
    let load = |doc: &Value| -> Result<Policy, LoadError> {
        let definition = Definition::parse(doc)?;
        Policy::compile(&definition, &given(&definition), &About::default(), &knowledge)
    };
    let mut all = 0;
    let mut refused = Vec::new();
    for (file, count) in
        [("builtin-definitions.jsonl", 5000), ("community.jsonl", 500), ("landing-zone.jsonl", 100)]
    {
        let found = definitions(&corpora.join(file));
        assert!(found.len() >= count, "{file}: {}", found.len());
        eprintln!("{file}: {} definitions", found.len());
        all += found.len();
        for (path, doc) in found {
            if let Err(error) = load(&doc) {
                refused.push(format!("{path}: {error}"));
            }
        }
    }
    eprintln!("{} of {all} load", all - refused.len());
    let unexplained: Vec<&String> =
        refused.iter().filter(|own| !REFUSED.iter().any(|(part, _)| own.contains(part))).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

/// What is wrong with those that are refused, and why that is right.
const REFUSED: &[(&str, &str)] = &[(
    "`source` is no longer supported",
    "conditions on the source of a request are gone from the language",
)];
