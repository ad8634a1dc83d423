//! Every output format, each a versioned module of its own: data in, bytes out.
//!
//! [`Report`] is the one place where findings are put in order, given a fingerprint, an owner and a remedy; the formats
//! only spell it. Names, tags and messages come from documents that others wrote: each format escapes them its own way.
//!
//! Pure: no I/O, no clock. Equal input gives equal bytes.

#![deny(clippy::disallowed_methods)]

pub mod access;
mod baseline;
mod clean;
pub mod csv;
mod fill;
mod fingerprint;
pub mod github;
mod groups;
pub mod html;
pub mod json;
pub mod junit;
mod lines;
pub mod markdown;
pub mod page;
pub mod policy;
#[cfg(test)]
mod sample;
pub mod sarif;
mod style;
pub mod terminal;
mod view;
mod words;

pub use baseline::Baseline;
pub use fill::{Dialect, fill};
pub use fingerprint::fingerprint;
pub use groups::{Group, GroupKind};
pub use terminal::TerminalOptions;
pub use view::{
    ControlView, EvidenceView, FindingView, NotJudgedView, OwnerView, Question, RemedyView, Report,
};
