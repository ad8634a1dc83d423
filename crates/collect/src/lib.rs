//! Reads a tenant through the Azure client into a journal that is an export like any other, and says what it could not
//! read.
//!
//! Resource Graph is asked for what it holds, the resource providers for what it does not, Microsoft Graph for whom the roles
//! belong to. Nothing that is asked returns a secret, and nothing is written but the journal.

mod directory;
mod journal;
mod known;
mod lists;
pub mod permissions;
mod preflight;
mod queries;
mod records;
mod run;
mod since;
mod steps;

pub use journal::{Done, Journal, carry_over};
pub use known::Known;
pub use lists::{LISTS, List};
pub use preflight::{Missing, preflight};
pub use queries::{QUERIES, Query};
pub use records::{LONGEST, Records};
pub use run::{Collected, Collector, Failure, Progress};
pub use since::Earlier;
