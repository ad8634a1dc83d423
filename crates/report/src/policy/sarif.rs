//! SARIF 2.1.0 for policies: what is refused or not compliant as results, what could not be judged as notifications.

use crate::lines::{self, Stream};
use crate::sarif::{source_uri, text};
use crate::{clean, fingerprint};
use dekey_model::Resource;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// How deep items have lines of their own.
const DEPTH: usize = 4;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    automation_details: Value,
    column_kind: &'static str,
    results: Stream<'a, Value>,
    invocations: [Value; 1],
}

/// A policy that results are of.
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A result: the position of its rule, how grave it is, what it says, and of what.
pub(crate) struct Outcome<'a> {
    pub(crate) rule: usize,
    pub(crate) id: String,
    pub(crate) level: &'static str,
    pub(crate) message: String,
    pub(crate) resource: Resource<'a>,
    pub(crate) owner: Option<String>,
}

/// Writes a log.
pub(crate) fn write<'a, I: Iterator<Item = Outcome<'a>> + 'a>(
    version: &str,
    task: &str,
    rules: &[Rule],
    results: impl Fn() -> I + 'a,
    notices: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    let descriptors: Vec<Value> = rules
        .iter()
        .map(|own| {
            json!({ "id": text(&own.id), "shortDescription": { "text": text(&own.name) },
                "fullDescription": { "text": text(&own.text) },
                "help": { "text": text(&own.text), "markdown": clean::line(&own.text).replace(['<', '`', '[', '|'], " ") } })
        })
        .collect();
    let driver = json!({ "name": "dekey", "fullName": format!("dekey {version}"), "organization": "dekey",
        "semanticVersion": version, "version": version,
        "notifications": [{ "id": "not-judged", "shortDescription": { "text": "Something could not be judged." },
            "fullDescription": { "text": "What would have to be known was not read. It says neither that something is refused nor that nothing is." },
            "help": { "text": "Read what is named and ask again.", "markdown": "Read what is named and ask again." } }],
        "rules": descriptors });
    let notice = |why: &String| {
        json!({ "descriptor": { "id": "not-judged", "index": 0 }, "level": "warning",
            "message": { "text": text(&format!("Not judged: {why}.")) } })
    };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({ "driver": driver }),
            automation_details: json!({ "id": format!("dekey/{task}/") }),
            column_kind: "unicodeCodePoints",
            results: Stream::new(move || results().map(result)),
            invocations: [json!({ "executionSuccessful": true,
                "toolExecutionNotifications": notices.iter().map(notice).collect::<Vec<_>>() })],
        }],
    };
    lines::write(&log, DEPTH, out)
}

#[expect(clippy::needless_pass_by_value, reason = "each is made to be written")]
fn result(own: Outcome<'_>) -> Value {
    let (source, line) = own.resource.provenance();
    let print = fingerprint(&own.id, own.resource.id(), None);
    let mut properties = json!({ "resource_type": own.resource.resource_type() });
    if let Some(owner) = &own.owner {
        if let Value::Object(map) = &mut properties {
            map.insert("owner".to_owned(), text(owner).into());
        }
    }
    json!({ "ruleId": text(&own.id), "ruleIndex": own.rule, "kind": "fail", "level": own.level,
        "message": { "text": text(&own.message) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": source_uri(source) }, "region": { "startLine": line.max(1) } },
            "logicalLocations": [{ "name": own.resource.name(), "fullyQualifiedName": own.resource.id(), "kind": "resource" }],
        }],
        "partialFingerprints": { "primaryLocationLineHash": format!("{print}:1"), "dekey/v1": print },
        "properties": properties })
}
