//! Azure Policy over an inventory: what is assigned, what it says of each resource, and what it would refuse.
//!
//! An [`Estate`] is the policy side of an inventory that was read with its documents: definitions, initiatives, assignments and
//! exemptions, and what surrounds each resource. [`simulate`] holds assignments against every resource. Documents are parsed a
//! stretch at a time, so that an inventory may hold millions. What was not read leaves a verdict *not judged*.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod activity;
mod around;
mod blast;
mod conflict;
mod estate;
mod force;
mod gate;
mod order;
mod request;
mod shelf;
mod simulation;
mod stand;
mod state;
mod states;
mod status;
mod subject;
mod walk;

pub use activity::{Activity, Event};
pub use around::{Around, Lookups};
pub use blast::{Blast, PartAt, RefusedWrite, Stuck, Writes, blast};
pub use conflict::{Change, Conflict, conflicts};
pub use estate::{Added, Compiled, Estate, Problem};
pub use force::{Forces, Unforced, force};
pub use gate::Gate;
pub use request::Differs;
pub use simulation::{Assessment, Counts, Excused, Judgement, Simulation, simulate};
pub use stand::Stand;
pub use states::{Compared, Difference, compare_states};
pub use status::{RuleStatus, ScopeStatus, StandsFor, Status, not_read, status};
pub use subject::{Body, is_evaluated};
pub use walk::{Judged, Options, Visitor, walk};
