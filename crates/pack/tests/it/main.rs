//! The pack from outside: every case, every form, and what it is held against.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says what it counted"
)]

mod agrees;
mod built_in;
mod cases;
mod forms;
mod shape;
mod versions;

use std::path::{Path, PathBuf};

/// A folder of the crate.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files of a folder of the crate, by their names without extension.
pub(crate) fn stems(name: &str) -> Vec<String> {
    let all = std::fs::read_dir(folder(name)).unwrap();
    let mut stems: Vec<String> =
        all.map(|own| own.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    stems.sort();
    stems
}
