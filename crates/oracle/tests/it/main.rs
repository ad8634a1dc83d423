//! The engines against the oracle.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of these tests")]

mod draw;
mod rbac;
