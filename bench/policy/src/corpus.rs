//! Published definitions and aliases: `DEKEY_CORPORA` names the folder that holds `policy/`.

use dekey_expr::Value as Json;
use dekey_policy::{
    About, Aliases, Definition, Estate, Knowledge, Policy, Query, Related, Semantics, Surroundings, Unlisted,
};
use serde_json::{Map, json};
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

pub(crate) fn folder() -> PathBuf {
    let Some(folder) = std::env::var_os("DEKEY_CORPORA") else {
        eprintln!("DEKEY_CORPORA names no unpacked corpora");
        std::process::exit(2);
    };
    PathBuf::from(folder).join("policy")
}

/// The lines of a file, each a JSON document.
pub(crate) fn lines(name: &str) -> impl Iterator<Item = Json> {
    let path = folder().join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| {
        eprintln!("{}: {error}", path.display());
        std::process::exit(2);
    });
    std::io::BufReader::new(file)
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
}

/// All aliases, by name, with their paths.
pub(crate) fn aliases() -> Vec<(String, String)> {
    let text = |own: &Json, name: &str| own[name].as_str().unwrap_or_default().to_owned();
    lines("aliases.jsonl").map(|own| (text(&own, "name"), text(&own, "path"))).collect()
}

/// What a policy is compiled with.
pub(crate) fn knowledge(aliases: &[(String, String)], semantics: Semantics) -> Knowledge {
    let mut table = Aliases::built_in();
    for chunk in aliases.chunks(10_000) {
        let line = |(name, path): &(String, String)| json!({ "name": name, "path": path }).to_string();
        let text: Vec<String> = chunk.iter().map(line).collect();
        table.read(&text.join("\n")).expect("a table of aliases");
    }
    Knowledge { aliases: Arc::new(table), unlisted: Unlisted::NotJudged, semantics }
}

/// A definition of the public cloud that Microsoft ships.
pub(crate) struct BuiltIn {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) definition: Definition,
    pub(crate) parameters: Map<String, Json>,
}

/// Every public built-in, each once.
pub(crate) fn built_ins() -> Vec<BuiltIn> {
    let mut all = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for mut line in lines("builtin-definitions.jsonl") {
        let path = line["path"].as_str().unwrap_or_default().to_owned();
        let doc = line["doc"].take();
        let properties = doc.get("properties").unwrap_or(&doc);
        let id = doc["name"].as_str().unwrap_or_default().to_owned();
        if properties["policyType"] != "BuiltIn"
            || path.contains("Azure Government")
            || !seen.insert(id.clone())
        {
            continue;
        }
        let definition = Definition::parse(&doc).unwrap_or_else(|error| panic!("{path}: {error}"));
        let parameters = given(&definition);
        all.push(BuiltIn { id, text: doc.to_string(), definition, parameters });
    }
    all
}

/// A value of the right kind for each parameter that has no default.
fn given(definition: &Definition) -> Map<String, Json> {
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

impl BuiltIn {
    pub(crate) fn compile(&self, knowledge: &Knowledge) -> Policy {
        let about = About::default();
        Policy::compile(&self.definition, &self.parameters, &about, knowledge)
            .unwrap_or_else(|error| panic!("{}: {error}", self.id))
    }
}

/// An estate with nothing in it.
pub(crate) struct Empty;

impl Estate for Empty {
    fn related<'e>(&'e self, _: &Query<'_>) -> Related<'e> {
        Related::Known(Vec::new())
    }
}

static GROUP: LazyLock<Json> = LazyLock::new(
    || json!({ "id": "/subscriptions/s/resourceGroups/g", "name": "g", "location": "eastus", "tags": { "env": "prod" } }),
);
static SUBSCRIPTION: LazyLock<Json> = LazyLock::new(
    || json!({ "id": "/subscriptions/s", "subscriptionId": "s", "tenantId": "t", "displayName": "S", "tags": {} }),
);
static REQUEST: LazyLock<Json> = LazyLock::new(|| json!({ "apiVersion": "2024-01-01", "identity": {} }));

/// The same surroundings that regorus gets.
pub(crate) fn around() -> Surroundings<'static> {
    Surroundings {
        now: "2026-11-23T00:00:00Z".parse().ok(),
        resource_group: Some(&GROUP),
        subscription: Some(&SUBSCRIPTION),
        request: Some(&REQUEST),
        estate: &Empty,
        ..Surroundings::UNKNOWN
    }
}
