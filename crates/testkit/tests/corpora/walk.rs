//! Every file of the corpora: read, or named with a reason.

use crate::recordings::answers;
use crate::{agree, corpora, files, read};
use dekey_model::{Inventory, NoteKind};
use std::collections::BTreeMap;

/// Whether something was said of a document: resources, a reason why not, or that there is nothing in it.
fn is_silent(inventory: &Inventory, bytes: &[u8]) -> bool {
    let empty = [&b""[..], b"[]", b"{\"value\":[]}"];
    let packed: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    inventory.is_empty() && inventory.coverage().notes.is_empty() && !empty.contains(&packed.as_slice())
}

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
            if DESIRED.iter().any(|start| name.starts_with(start)) {
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
