//! Answers about access, version 1: as JSON, on a terminal, and as a graph.

mod fill;
mod graph;
mod least;
mod needs;
mod profile;
mod show;
mod svg;
mod terminal;
mod types;
mod who;

pub use fill::Teller;
pub use graph::{dot, mermaid};
pub use show::Asking;
pub use svg::svg;
pub use terminal::render;
pub use types::{
    ActorLeast, ActorNeeds, Answer, Cause, Compared, Decision, DependentNeeds, Document, Edge, Effective,
    Excess, Grant, Graph, Least, Need, Needs, Node, Part, Pick, Principal, ProfileGrant, Reason, Show, Shown,
    Way, Who, WhoHolder, WorkspaceNeeds,
};

use schemars::generate::SchemaSettings;
use std::io::{self, Write};

/// Names the format, in every document and as the id of its schema.
pub const SCHEMA: &str = "access/1";

/// Writes an answer as JSON.
pub fn json(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    crate::lines::write(document, 3, out)
}

/// The JSON schema of what [`json`] writes: draft 2020-12, complete in itself.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(schemars::transform::RecursiveTransform(crate::json::v1::open));
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), "urn:dekey:schema:access-v1".into());
    schema.insert("title".to_owned(), "dekey access, version 1".into());
    schema.to_value()
}

#[cfg(test)]
mod tests;
