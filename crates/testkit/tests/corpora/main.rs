//! Reads real exports, recordings and examples that nobody here wrote, in place, and compares with tables that say what is
//! true of them. Runs only where `DEKEY_CORPORA` names the folder that holds them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of these tests")]

mod azml;
mod examples;
mod live;
mod recordings;
mod table;
mod verdicts;
mod walk;

use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};
use std::path::{Path, PathBuf};

/// The folder of the corpora, if there is one.
fn corpora() -> Option<PathBuf> {
    let folder = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: DEKEY_CORPORA names no folder of corpora");
    }
    folder
}

/// The files below a folder that an audit would read, in order of name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let known = ["json", "jsonl", "ndjson", "yaml", "yml"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else if entry.extension().and_then(|e| e.to_str()).is_some_and(|e| known.contains(&e)) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Reads one document.
fn read(name: &str, bytes: &[u8]) -> Inventory {
    let mut builder = Builder::new();
    let mut input = bytes;
    read_into(&mut builder, name, &mut input, Keep::Facts).unwrap();
    builder.finish()
}

/// Fails with what differed; at most as much as fits on a screen.
fn agree(problems: &[String]) {
    let shown = problems.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(problems.is_empty(), "{} differences:\n{shown}", problems.len());
}
