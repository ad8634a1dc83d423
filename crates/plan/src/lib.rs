//! Plans: what is to be done to a tenant, step by step, before anything is done.
//!
//! A [`Plan`] is a value. It is bound to the inventory that it was made from and known by the hash of its content; whoever
//! changes a letter has another plan. Each [`Step`] holds the request to the letter, the state that must be there before it,
//! the request that takes it back, and what a `GET` must show afterwards. [`lint`] says what is wrong with a plan whoever made
//! it, [`Gate`] what must hold before a stage, and [`HeldBack`] why it has to wait.
//!
//! [`rollout`] makes plans that bring Azure Policy into force ring by ring.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod canon;
mod diff;
mod error;
mod gate;
mod held;
pub mod lint;
mod needs;
pub mod observe;
mod plan;
mod rings;
pub mod rollout;
pub mod state;
mod step;

pub use canon::{InventoryHash, hash_of, pretty};
pub use diff::diff;
pub use error::PlanError;
pub use gate::{Denial, Facts, Gate, NotKnown, Recent, Refusal};
pub use held::HeldBack;
pub use needs::Permission;
pub use plan::{Assigns, Bound, FORMAT, Phase, Plan, Purpose, Stage, Standing};
pub use rings::{
    Ring, RingError, complete as complete_rings, derive as derive_rings, normal_location,
    parse as parse_rings,
};
pub use step::{Approval, Before, Request, Step, Undo, Verb, Verify};
