//! The official examples of Azure's REST specifications, replayed: does the simulator answer in the shape that Microsoft shows?
//!
//! Every difference is a line of `conformance.txt`, so that a new one and one that is gone both show. Runs only where
//! `DEKEY_CORPORA` names the folder that holds the examples.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use crate::{World, json};
use dekey_sim::Options;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance.txt");

/// What came of all examples: why some were not replayed, and what was different, each with how often.
#[derive(Default)]
struct Tally {
    replayed: BTreeMap<&'static str, usize>,
    passed_over: BTreeMap<String, usize>,
    different: BTreeMap<String, usize>,
    /// Properties that only the simulator showed.
    more: usize,
}

impl Tally {
    fn differs(&mut self, kind: &str, resource: &str, at: &str) {
        *self.different.entry(format!("{kind}: {resource}{at}")).or_default() += 1;
    }

    fn passes_over(&mut self, why: &str) {
        *self.passed_over.entry(why.to_owned()).or_default() += 1;
    }

    /// Compares names and types; `null` is of every type, because Azure gives it for what is not set.
    fn compare(&mut self, resource: &str, at: &str, theirs: &Value, ours: &Value) {
        match (theirs, ours) {
            (Value::Null, _) | (_, Value::Null) => {}
            (Value::Object(theirs), Value::Object(ours)) => {
                for (name, value) in theirs {
                    let at = format!("{at}/{name}");
                    match ours.get(name) {
                        Some(own) => self.compare(resource, &at, value, own),
                        None if value.is_null() => {}
                        None => self.differs("missing", resource, &at),
                    }
                }
                self.more += ours.keys().filter(|name| !theirs.contains_key(*name)).count();
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                if theirs.len() != ours.len() {
                    self.differs("length", resource, at);
                }
                for (value, own) in theirs.iter().zip(ours) {
                    self.compare(resource, at, value, own);
                }
            }
            (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {}
            _ => self.differs("type", resource, at),
        }
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "# What the simulator answers otherwise than the official examples do; written by the test.\n",
        );
        let count = |own: &BTreeMap<&'static str, usize>| {
            own.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>()
        };
        writeln!(out, "\nreplayed: {}", count(&self.replayed).join(", ")).unwrap();
        writeln!(out, "shown by the simulator alone: {} properties\n\nnot replayed:", self.more).unwrap();
        for (why, n) in &self.passed_over {
            writeln!(out, "{n:4}  {why}").unwrap();
        }
        out.push_str("\ndifferent:\n");
        for (what, n) in &self.different {
            writeln!(out, "{n:4}  {what}").unwrap();
        }
        out
    }
}

/// What the specification calls an update, and is a PUT.
const WHOLE: &[&str] = &["ComponentsUpdate", "updateAccessPoliciesAdd"];

/// Examples whose path their answer does not tell.
const ELSEWHERE: &[(&str, &str)] = &[
    ("listVault", "a list of resources of every type"),
    ("PutRoleDefinition", "a request that its own specification forbids"),
    ("updateAccessPoliciesAdd", "an answer with an id that is not its path"),
];

/// A file of the specification.
struct Example {
    name: String,
    parameters: Map<String, Value>,
    responses: Map<String, Value>,
}

impl Example {
    fn version(&self) -> &str {
        self.parameters["api-version"].as_str().unwrap()
    }

    /// What the request carries: the one parameter that is an object.
    fn body(&self) -> Option<&Value> {
        self.parameters.values().find(|own| own.is_object())
    }

    /// The body of the first response that has one.
    fn answer(&self) -> Option<&Value> {
        ["200", "201"].iter().find_map(|code| self.responses.get(*code)?.get("body"))
    }

    fn method(&self) -> &'static str {
        let name = self.name.to_ascii_lowercase();
        let changes =
            ["patch", "update"].iter().any(|own| name.contains(own)) && !name.contains("createorupdate");
        match self.body() {
            None if name.contains("delete") => "DELETE",
            None => "GET",
            Some(_) if changes && !WHOLE.contains(&self.name.as_str()) => "PATCH",
            Some(_) => "PUT",
        }
    }
}

fn examples(folder: &Path) -> Vec<Example> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|own| own == "json"))
        .map(|path| read(&path))
        .collect()
}

fn read(path: &PathBuf) -> Example {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    Example {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        parameters: object(value["parameters"].take()),
        responses: object(value["responses"].take()),
    }
}

/// An id as the simulator's store takes it: some examples leave the first slash out, or write `/subscriptions/…/` twice.
fn id_of(resource: &Value) -> Option<String> {
    let id = resource.get("id")?.as_str()?.trim_matches('/');
    (id.contains("providers/") || id.starts_with("subscriptions/")).then(|| format!("/{id}"))
}

/// `Microsoft.Storage/storageAccounts` of an id.
fn kind_of(id: &str) -> String {
    let Some((_, rest)) = id.rsplit_once("/providers/") else { return String::new() };
    let mut segments = rest.split('/');
    let mut kind = segments.next().unwrap().to_owned();
    for own in segments.step_by(2) {
        kind = format!("{kind}/{own}");
    }
    kind
}

/// Everything that an id lies in, so that it can be written.
fn with_parents(world: &mut World, id: &str) {
    let segments: Vec<&str> = id.trim_start_matches('/').split('/').collect();
    for end in (2..segments.len()).step_by(1) {
        let above = format!("/{}", segments[..end].join("/"));
        if id.len() > above.len() && segments.len().saturating_sub(end) >= 2 {
            world.azure.seed(json!({ "id": above, "location": "westeurope", "properties": {} }));
        }
    }
}

/// What a client may say of a resource.
fn written(resource: &Value) -> Value {
    let names = ["location", "tags", "sku", "kind", "identity", "properties"];
    let map = resource.as_object().unwrap();
    map.iter()
        .filter(|(name, _)| names.contains(&name.as_str()))
        .map(|(name, own)| (name.clone(), own.clone()))
        .collect()
}

/// What an assignment assigns, with everything that it names.
fn assigned(assignment: &Value) -> Value {
    let properties = &assignment["properties"];
    let id = properties["policyDefinitionId"].as_str().unwrap();
    let kind = |own: &Value| match own {
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Integer",
        _ => "String",
    };
    let given = properties["parameters"].as_object().into_iter().flatten();
    let parameters: Map<String, Value> =
        given.map(|(name, own)| (name.clone(), json!({ "type": kind(&own["value"]) }))).collect();
    if !id.contains("policySetDefinitions") {
        let rule = json!({ "if": { "field": "type", "equals": "none" }, "then": { "effect": "audit" } });
        return json!({ "id": id, "properties": { "parameters": parameters, "policyRule": rule } });
    }
    let messages = properties["nonComplianceMessages"].as_array().into_iter().flatten();
    let named = messages.filter_map(|own| own.get("policyDefinitionReferenceId"));
    let members: Vec<Value> = named
        .map(|own| json!({ "policyDefinitionReferenceId": own, "policyDefinitionId": "/providers/x/policyDefinitions/none" }))
        .collect();
    json!({ "id": id, "properties": { "parameters": parameters, "policyDefinitions": members } })
}

/// The role or policy that an assignment names.
fn with_named(world: &mut World, answer: &Value) {
    if let Some(role) = answer.pointer("/properties/roleDefinitionId") {
        world.azure.seed(json!({ "id": role, "properties": { "permissions": [] } }));
    }
    if answer.pointer("/properties/policyDefinitionId").is_some() {
        world.azure.seed(assigned(answer));
    }
}

fn replay(example: &Example, tally: &mut Tally) {
    if let Some((_, why)) = ELSEWHERE.iter().find(|(name, _)| *name == example.name) {
        return tally.passes_over(why);
    }
    let Some(answer) = example.answer() else { return tally.passes_over("the answer has no body") };
    if let Some(items) = answer.get("value").and_then(Value::as_array) {
        return replay_list(example, items, tally);
    }
    let Some(id) = id_of(answer) else { return tally.passes_over("the answer is no resource") };
    let kind = kind_of(&id);
    let mut world = World::filled(Options::new(7), |_| {});
    with_parents(&mut world, &id);
    with_named(&mut world, answer);
    let method = example.method();
    let mut seeded = answer.clone();
    seeded["id"] = id.clone().into();
    if method != "PUT" {
        world.azure.seed(seeded);
    }
    let url = format!("{id}?api-version={}", example.version());
    if method != "GET" {
        let body = example.body().map_or_else(|| written(answer), Value::clone);
        let status = world.ask(method, &url, &body.to_string());
        let known = matches!(
            json(&status)["error"]["code"].as_str(),
            Some("InvalidResourceType" | "InvalidResourceNamespace")
        );
        if known {
            return tally.passes_over(&format!("no such type: {kind}"));
        }
        if !example.responses.contains_key(&status.status.to_string()) {
            let code = json(&status)["error"]["code"].as_str().unwrap_or("").to_owned();
            return tally.differs(
                &format!("status {} {code}", status.status),
                &kind,
                &format!(" ({method}, {})", example.name),
            );
        }
    }
    if method == "DELETE" {
        return;
    }
    // Whatever goes on is over by then.
    world.now += jiff::SignedDuration::from_mins(5);
    let (status, ours) = world.get(&url);
    match (status, ours["error"]["code"].as_str()) {
        (200, _) => {}
        (_, Some("InvalidResourceType" | "InvalidResourceNamespace")) => {
            return tally.passes_over(&format!("no such type: {kind}"));
        }
        (_, code) => {
            return tally.differs(
                &format!("status {status} {}", code.unwrap_or("")),
                &kind,
                &format!(" (GET, {})", example.name),
            );
        }
    }
    *tally.replayed.entry(method).or_default() += 1;
    tally.compare(&kind, "", answer, &ours);
}

fn replay_list(example: &Example, items: &[Value], tally: &mut Tally) {
    let Some(first) = items.first().and_then(id_of) else {
        return tally.passes_over("a list of no resources");
    };
    let kind = kind_of(&first);
    let mut world = World::filled(Options::new(7), |_| {});
    for item in items {
        let Some(id) = id_of(item) else { return tally.passes_over("a list of no resources") };
        with_parents(&mut world, &id);
        let mut seeded = item.clone();
        seeded["id"] = id.into();
        world.azure.seed(seeded);
    }
    let (list, _) = first.rsplit_once('/').unwrap();
    let (status, ours) = world.get(&format!("{list}?api-version={}", example.version()));
    match (status, ours["error"]["code"].as_str()) {
        (200, _) => {}
        (_, Some("InvalidResourceType" | "InvalidResourceNamespace")) => {
            return tally.passes_over(&format!("no such type: {kind}"));
        }
        (_, code) => {
            return tally.differs(
                &format!("status {status} {}", code.unwrap_or("")),
                &kind,
                &format!(" (list, {})", example.name),
            );
        }
    }
    *tally.replayed.entry("list").or_default() += 1;
    let found = ours["value"].as_array().unwrap();
    for item in items
        .iter()
        .filter(|item| id_of(item).unwrap().rsplit_once('/').unwrap().0.eq_ignore_ascii_case(list))
    {
        let own =
            found.iter().find(|own| own["id"].as_str().unwrap().eq_ignore_ascii_case(&id_of(item).unwrap()));
        match own {
            Some(own) => tally.compare(&kind, "", item, own),
            None => tally.differs("not listed", &kind, &format!(" ({})", example.name)),
        }
    }
}

#[test]
fn official_examples_are_answered_in_their_shape() {
    let Some(folder) = std::env::var_os("DEKEY_CORPORA") else {
        eprintln!("skipped: DEKEY_CORPORA names no folder of corpora");
        return;
    };
    let mut tally = Tally::default();
    for example in examples(&Path::new(&folder).join("examples/spec-2024-07")) {
        replay(&example, &mut tally);
    }
    let expected = std::fs::read_to_string(EXPECTED).unwrap_or_default();
    let found = tally.text();
    if std::env::var_os("DEKEY_BLESS").is_some() {
        std::fs::write(EXPECTED, &found).unwrap();
    } else {
        assert!(
            found == expected,
            "the differences are others than conformance.txt says; DEKEY_BLESS=1 writes it:\n{found}"
        );
    }
}
