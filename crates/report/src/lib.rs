//! Every output format, each a versioned module of its own: data in, bytes out.
//!
//! [`Report`] is the one place where findings are put in order, given a fingerprint, an owner and a remedy; the formats
//! only spell it. Names, tags and messages come from documents that others wrote: each format escapes them its own way.
//!
//! Pure: no I/O, no clock. Equal input gives equal bytes.

#![deny(clippy::disallowed_methods)]

mod baseline;
mod fill;
mod fingerprint;
mod groups;
mod view;

pub use baseline::Baseline;
pub use fill::{Dialect, fill};
pub use fingerprint::fingerprint;
pub use groups::{Group, GroupKind};
pub use view::{ControlView, EvidenceView, FindingView, NotJudgedView, OwnerView, RemedyView, Report};
