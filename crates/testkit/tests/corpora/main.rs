//! Reads real exports, recordings and examples that nobody here wrote, in place, and compares with tables that say what is
//! true of them. Runs only where `DEKEY_CORPORA` names the folder that holds them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of these tests")]

mod live;
mod recordings;
mod table;
mod verdicts;

use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};
use std::path::PathBuf;

/// The folder of the corpora, if there is one.
fn corpora() -> Option<PathBuf> {
    let folder = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: DEKEY_CORPORA names no folder of corpora");
    }
    folder
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
    let shown = problems.iter().take(200).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(problems.is_empty(), "{} differences:\n{shown}", problems.len());
}
