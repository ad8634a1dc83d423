//! Azure Policy, evaluated offline: definitions, initiatives, assignments and exemptions on resources and requests.
//!
//! [`Definition`] reads a definition; [`Policy`] is one compiled with its parameters and the aliases that are known, and judges a
//! [`Subject`]. What nobody gave (an alias, a caller, related resources) leaves a verdict *not judged*; an evaluation that fails
//! in Azure is a verdict of its own, because Azure denies it.
//!
//! [`Panel`] seats many policies before an inventory: of each resource it reads once what any of them looks at.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod admission;
mod admit;
mod alias;
mod assigned;
mod assignment;
mod change;
mod condition;
mod definition;
mod effect;
mod enrollment;
mod error;
mod evaluate;
mod exemption;
mod existence;
mod field;
mod host;
mod initiative;
mod json;
mod language;
mod looks;
mod operation;
mod operator;
mod panel;
mod path;
mod policy;
mod rule;
mod selector;
mod semantics;
mod subject;
mod trace;
mod unread;
mod verdict;
mod version;
pub mod words;

pub use admission::{Admission, Changed, Decision, Denial, Noted, Refusal, Rules, Source, Unjudged, Write};
pub use alias::{Alias, Aliases, TypeFacts};
pub use assigned::{Assigned, Library, Outcome, Part, Standing};
pub use assignment::{Assignment, Coverage, Enforcement};
pub use change::Change;
pub use definition::{Definition, Mode, Parameter};
pub use effect::Effect;
pub use enrollment::Enrollment;
pub use error::LoadError;
pub use exemption::{Category, Exemption};
pub use field::Unlisted;
pub use initiative::{Initiative, Member};
pub use operator::Operator;
pub use panel::{Panel, Sighting, Sitting};
pub use path::Path;
pub use policy::{About, Knowledge, Policy, values};
pub use semantics::{MissingArray, NullLeft, NullOperand, NumberEquality, Order, Ordering, Semantics};
pub use subject::{Estate, Query, Related, Subject, Surroundings, Unseen};
pub use trace::Step;
pub use unread::Unread;
pub use verdict::{Reason, Verdict};
pub use version::{fits, newest};
