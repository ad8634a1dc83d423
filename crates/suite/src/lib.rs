//! Tests of policies. A file in YAML names a definition, an initiative or an assignment, and cases: a resource or a request, what is
//! expected of it, and why.
//!
//! [`run()`] runs a file and says of each case whether it passed, failed, or could not be judged, with the conditions that decided;
//! and of each condition whether some case made it hold and some other did not.
//!
//! Pure: no I/O, no clock, no environment, no randomness. Files come through [`Files`].

#![deny(clippy::disallowed_methods)]

mod blame;
mod coverage;
mod estate;
mod format;
mod judge;
mod load;
mod run;

pub use blame::Decider;
pub use coverage::{Condition, Seen};
pub use format::schema;
pub use load::Files;
pub use run::{Case, Status, Suite, run};

/// Whether a text in YAML is a file of tests at all: it has `cases`.
pub fn is_suite(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("cases:") || line.starts_with("\"cases\":"))
}
