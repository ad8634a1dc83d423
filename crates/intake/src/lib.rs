//! Turns documents that hold ARM JSON into resources.
//!
//! A document is cut into its resources while it streams by ([`Splitter`]), so that its size does not matter; the pieces are
//! parsed on any thread ([`Piece::parse`]) into batches for the model's [`Builder`](dekey_model::Builder). Shapes other than
//! plain ARM (Azure CLI, Resource Graph, `az ml`) are first brought into it ([`shape`]).
//!
//! Pure: reads from whatever it is given, opens nothing.

#![deny(clippy::disallowed_methods)]

mod capture;
mod diff;
mod document;
mod envelope;
mod manifest;
mod parse;
mod scan;
pub mod shape;
mod snapshot;
mod split;
mod yaml;

pub use diff::{Change, diff};
pub use document::{close, read_document, read_into};
pub use manifest::Manifest;
pub use parse::{Buffers, Keep, Piece, Span};
pub use snapshot::{SnapshotWriter, answered_line, canonical_line};
pub use split::{Format, Limits, SplitOutcome, Splitter, StopReason};
