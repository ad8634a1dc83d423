//! The JSON of `dekey policy simulate` and `dekey policy status`, version 1.

use super::simulate::Simulate;
use super::status::StatusAnswer;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

/// Names the format, in every document and as the id of its schema.
pub const SCHEMA: &str = "policy/1";

/// The result of `dekey policy simulate` or `dekey policy status`. Later releases may add properties to any object and write them
/// where a reader does not know them; within version 1 none is removed, renamed or given another meaning. Ids are as the documents
/// give them; compare them without regard to case.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Document<'a> {
    /// The format.
    #[schemars(extend("const" = SCHEMA))]
    dekey: &'static str,
    /// The moment for which the answer holds, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    as_of: &'a str,
    /// The question and its answer.
    #[serde(flatten)]
    answer: Answer<'a>,
}

/// The question and its answer.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "question", rename_all = "snake_case")]
pub(crate) enum Answer<'a> {
    /// What assignments say of an inventory, and what they would refuse.
    Simulate(Simulate<'a>),
    /// Which rule is enforced where.
    Status(StatusAnswer<'a>),
}

impl<'a> Document<'a> {
    pub(crate) fn new(as_of: &'a str, answer: Answer<'a>) -> Self {
        Self { dekey: SCHEMA, as_of, answer }
    }
}

/// The JSON schema of these documents: draft 2020-12, complete in itself.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(schemars::transform::RecursiveTransform(crate::json::v1::open));
    let mut schema = settings.into_generator().into_root_schema_for::<Document<'static>>();
    schema.insert("$id".to_owned(), "urn:dekey:schema:policy-v1".into());
    schema.insert("title".to_owned(), "dekey policy, version 1".into());
    schema.to_value()
}
