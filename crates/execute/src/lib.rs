//! Carries out plans. Nothing else in dekey changes Azure.
//!
//! An [`Executor`] decides nothing: it does what a plan says, one step after the other. Before each step it looks whether what
//! is there is what the plan was made for, writes down in the [`Journal`] what it is about to do, and only then does it; then
//! it looks again whether what was to come of it is there. Whatever ends it in between, the next run reads the journal, looks
//! at what is there, and goes on, or says that somebody else was at it. [`Executor::undo`] takes back what was made, in the
//! opposite order, and leaves alone what was there before or was changed since.

mod entry;
mod failure;
mod journal;
mod left_alone;
mod past;
mod run;

pub use entry::{Doing, Entry, How, Left};
pub use failure::Failure;
pub use journal::{Durable, Journal, JournalError};
pub use past::{Past, Progress, StepState};
pub use run::{Executor, Patience, Silent, Told, Watch};
