//! What Microsoft's text says, and what real data holds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of these tests")]

mod conditions;
mod cover;
mod inventory;
mod minimise;
mod published;
mod questions;
mod roles;
mod services;

use std::path::PathBuf;

/// A folder that an environment variable names.
fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {variable} names no folder");
    }
    folder
}
