//! Examples of the REST specifications, and other published answers: as they stand, and each answer on its own.

use crate::live::{Tally, find, id_of, text};
use crate::recordings::answers;
use crate::table::Line;
use crate::verdicts::Judged;
use crate::{agree, corpora, files, read};
use dekey_model::{ArmId, Kind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What must at least be read, so that the test cannot pass by reading nothing.
const LEAST_RESOURCES: usize = 400;

/// A row of the table as the answer itself calls for it.
fn row_of(value: &Value, kind: Kind) -> Line {
    let word = |value: Option<&Value>| match value {
        None => "ABSENT".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Object(block)) => block.get("type").and_then(Value::as_str).unwrap_or("null").to_owned(),
        Some(other) => other.to_string(),
    };
    let mut fields = BTreeMap::new();
    for name in ["systemDatastoresAuthMode", "allowSharedKeyAccess", "adminUserEnabled"] {
        let given = value.pointer(&format!("/properties/{name}")).cloned().unwrap_or_else(|| json!("ABSENT"));
        fields.insert(format!("properties.{name}"), given);
    }
    [
        ("id", id_of(value).to_owned()),
        ("type", kind.resource_type().to_ascii_lowercase()),
        ("identity", word(value.get("identity"))),
        ("fields", json!(fields).to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// One file; how many resources of known kinds were read in it.
fn example(name: &str, path: &Path, tally: &mut Tally) -> BTreeMap<Kind, usize> {
    let whole = read(name, &std::fs::read(path).unwrap());
    let mut counts = BTreeMap::new();
    for answer in answers(path) {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let mut found = Vec::new();
        find(&body, 0, false, &mut found);
        let mut judged = Judged::new(read(name, answer.body.as_bytes()), &body);
        for found in found.iter().filter(|f| !f.inside && !text(f.value, "id").is_empty()) {
            let id = format!("/{}", text(found.value, "id").trim_start_matches('/'));
            let kind = match text(found.value, "type") {
                given if given.contains('/') => Kind::of_type(given),
                _ => Kind::of_type(&ArmId(&id).resource_type().unwrap_or_default()),
            };
            if kind == Kind::Other {
                continue;
            }
            *counts.entry(kind).or_default() += 1;
            for (inventory, how) in [(&whole, "in the whole file"), (&judged.inventory, "on its own")] {
                if inventory.find(&id).is_none_or(|resource| resource.kind() != kind) {
                    tally.problems.push(format!("{name}: {id} was not read {how}"));
                }
            }
            if let Some(resource) = judged.inventory.find(&id).map(dekey_model::Resource::ix) {
                judged.compare(name, &row_of(found.value, kind), found.value, resource, tally);
            }
        }
    }
    counts
}

#[test]
fn every_published_example_is_read() {
    let Some(corpora) = corpora() else { return };
    let mut tally = Tally::default();
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for folder in ["examples", "live/rest-specs-2024-07"] {
        for path in files(&corpora.join(folder)) {
            let name = path.strip_prefix(&corpora).unwrap().display().to_string();
            // Records of changes hold what was, not what is.
            if name.ends_with("/ResourceChangeDetails.json") {
                continue;
            }
            for (kind, count) in example(&name, &path, &mut tally) {
                *counts.entry(kind).or_default() += count;
            }
        }
    }
    eprintln!("examples: {counts:?}");
    eprintln!("examples: verdicts {:?}", tally.verdicts);
    agree(&tally.problems);
    assert!(counts.values().sum::<usize>() >= LEAST_RESOURCES, "less was read than there is");
    for kind in [Kind::Workspace, Kind::StorageAccount, Kind::ContainerRegistry, Kind::Vault] {
        assert!(counts.contains_key(&kind), "no {} in the examples", kind.plural());
    }
}
