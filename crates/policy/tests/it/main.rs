//! The evaluator from outside, on cases that others wrote.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says what it counted"
)]

mod admission;
mod assigned;
mod elsewhere;
mod loaded;
mod normalised;
mod panel;
mod probes;
mod published;
mod words;
