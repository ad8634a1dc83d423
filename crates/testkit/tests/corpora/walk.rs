//! Every file of the corpora: read, or named with a reason.

use crate::recordings::answers;
use crate::{agree, corpora, files, read};
use dekey_model::{Inventory, NoteKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether nothing was said of a document in which there is something.
fn is_silent(inventory: &Inventory, bytes: &[u8]) -> bool {
    let nothing = || match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Null) => true,
        Ok(Value::Array(items)) => items.is_empty(),
        Ok(page) => page.get("value").and_then(Value::as_array).is_some_and(Vec::is_empty),
        Err(_) => bytes.is_empty(),
    };
    inventory.is_empty() && inventory.coverage().notes.is_empty() && !nothing()
}

/// Sources of policy definitions look like answers without an id. They are read with a remark that says so; a definition
/// that nobody assigns has no effect on any verdict.
const DEFINITIONS: &str =
    "iac/Azure+Enterprise-Scale/src/resources/Microsoft.Authorization/policyDefinitions/";

/// What should be is no input: templates, their parameters, plans.
const DESIRED: &[&str] = &["iac/", "arm-variants/", "plans/", "plans-schema-provider/", "amlyaml/"];

#[test]
fn nothing_is_passed_over_in_silence() {
    let Some(corpora) = corpora() else { return };
    let mut problems = Vec::new();
    let mut reasons: BTreeMap<(String, NoteKind, String), usize> = BTreeMap::new();
    let mut read_in: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in files(&corpora) {
        let name = path.strip_prefix(&corpora).unwrap().display().to_string();
        let folder = name.split('/').next().unwrap_or("").to_owned();
        let whole = std::fs::read(&path).unwrap();
        let mut documents = vec![whole];
        if folder == "live" {
            documents.extend(answers(&path).into_iter().map(|answer| answer.body.into_bytes()));
        }
        for document in documents {
            let inventory = read(&name, &document);
            let count = read_in.entry(folder.clone()).or_default();
            *count = (count.0 + 1, count.1 + inventory.len());
            if is_silent(&inventory, &document) {
                problems.push(format!("{name}: passed over in silence ({} bytes)", document.len()));
            }
            if DESIRED.iter().any(|start| name.starts_with(start)) && !name.starts_with(DEFINITIONS) {
                for resource in inventory.resources().take(3) {
                    problems.push(format!("{name}: {} is taken for live", resource.id()));
                }
            }
            for note in &inventory.coverage().notes {
                *reasons.entry((folder.clone(), note.kind, note.reason.clone())).or_default() += 1;
            }
        }
    }
    for (folder, (documents, resources)) in &read_in {
        eprintln!("walk: {folder}: {documents} documents, {resources} resources");
    }
    for ((folder, kind, reason), count) in &reasons {
        eprintln!("walk: {folder}: {count} times {kind:?}: {reason}");
    }
    agree(&problems);
}
