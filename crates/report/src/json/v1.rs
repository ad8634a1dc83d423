//! JSON, version 1: one object; the long lists come last, one item a line.

mod fill;
mod types;

use crate::{Report, lines};
use schemars::generate::SchemaSettings;
use std::io::{self, Write};

/// Names the format, in every document and as the id of its schema.
pub const SCHEMA: &str = "urn:dekey:schema:audit-v1";

/// How deep items have lines of their own: the members of the document, and the items of its lists.
const DEPTH: usize = 2;

/// Writes a report.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    lines::write(&fill::document(report), DEPTH, out)
}

/// The JSON schema of what [`render`] writes: draft 2020-12, complete in itself.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(schemars::transform::RecursiveTransform(open));
    let mut schema = settings.into_generator().into_root_schema_for::<types::Document<'static>>();
    schema.insert("$id".to_owned(), SCHEMA.into());
    schema.insert("title".to_owned(), "dekey audit, version 1".into());
    schema.to_value()
}

/// Says of every object that later versions of dekey may add to it.
pub(crate) fn open(schema: &mut schemars::Schema) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests;
