//! The policies that dekey brings: a definition for each rule that Azure Policy can evaluate, and one initiative of them.
//!
//! Where a built-in policy does the job already it is referenced, never copied; what stands in `equivalents/` says the same in our
//! own words, so that the initiative can be judged without a tenant. [`initiative()`] makes the initiative for a scope, [`Shelf`] holds
//! everything for an evaluator, and [`files()`] writes it all as JSON, Bicep or Terraform.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod bicep;
mod choices;
mod definition;
mod files;
mod initiative;
mod list;
mod scope;
mod shelf;
mod terraform;

pub use choices::Choices;
pub use definition::{Origin, PackDefinition, definition, definitions};
pub use files::{File, Form, files};
pub use initiative::{NAME, VERSION, initiative};
pub use scope::Scope;
pub use shelf::Shelf;
