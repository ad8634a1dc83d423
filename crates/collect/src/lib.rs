//! Reads a tenant through the Azure client into a journal that is an export like any other, and says what it could not
//! read.

mod journal;
mod known;
mod lists;
pub mod permissions;
mod queries;

pub use journal::{Done, Journal, carry_over};
pub use known::Known;
pub use lists::{LISTS, List};
pub use queries::{QUERIES, Query};
