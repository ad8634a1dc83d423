//! What dekey knows of a tenant.
//!
//! Whatever comes in is turned into ARM resources with provenance. An [`Inventory`] is an immutable value: resources,
//! what they say about themselves ([`Seen`]), how they hang together, and how much was read ([`Coverage`]). Verdicts
//! ([`Finding`], [`NotJudged`]) point back into it.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod build;
mod coverage;
mod fact;
mod field;
mod id;
mod identity;
mod index;
mod inventory;
mod kind;
pub mod secret;
mod seen;
mod text;
mod verdict;

pub use build::{Batch, Builder, DocumentEnd, Draft, List, SourceIx};
pub use coverage::{Coverage, CoverageEntry, Covered, Note, NoteKind, Outcome, Source};
pub use fact::{Fact, PairSpan};
pub use field::{Capture, Field, FieldNode};
pub use id::{ArmId, eq_ids, fold_hash};
pub use identity::{IdentityState, IdentityType};
pub use inventory::{Inventory, Link, Resource, ResourceIx};
pub use kind::{Kind, ParentKind};
pub use seen::Seen;
pub use text::{Sym, Texts};
pub use verdict::{Confidence, Evidence, Finding, Gap, NotJudged, RuleIx, RuleSet, Severity};
