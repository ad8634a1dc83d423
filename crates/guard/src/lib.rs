//! Azure Policy over an inventory: what is assigned, what it says of each resource, and what it would refuse.
//!
//! An [`Estate`] is the policy side of an inventory that was read with its documents: definitions, initiatives, assignments and
//! exemptions, and what surrounds each resource. [`simulate`] holds assignments against every resource. Documents are parsed a
//! stretch at a time, so that an inventory may hold millions. What was not read leaves a verdict *not judged*.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod around;
mod estate;
mod force;
mod order;
mod shelf;
mod simulation;
mod subject;
mod walk;

pub use around::{Around, Lookups};
pub use estate::{Added, Compiled, Estate, Problem};
pub use force::{Forces, Unforced, force};
pub use simulation::{Assessment, Counts, Excused, Judgement, Simulation, simulate};
pub use subject::{Body, is_evaluated};
pub use walk::{Judged, Options, Visitor, walk};
