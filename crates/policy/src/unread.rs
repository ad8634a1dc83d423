//! What was not read of a resource, so that what is absent from its JSON says nothing.

use crate::evaluate::path_of;
use crate::field::Field;
use crate::operator::{Item, Operator};
use crate::path::{self, Path, Segment};
use crate::subject::Subject;
use dekey_expr::{Fault, Value, text};

/// What was not read of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// What stands beside `properties` was read in part: a name that is not there may exist.
    pub envelope: bool,
    /// Of `properties` only some were read, or none.
    pub properties: bool,
    /// Some values are masked, because they look like credentials.
    pub masked: bool,
}

impl Unread {
    pub(crate) fn is_some(self) -> bool {
        self.envelope || self.properties || self.masked
    }

    /// Complains if a field is missing where it may only not have been read.
    pub(crate) fn selected(self, field: &Field, subject: &Subject<'_>) -> Result<(), Box<Fault>> {
        let key = match field {
            Field::Kind => "kind",
            Field::Location => "location",
            Field::Tags | Field::Tag(_) => "tags",
            _ => {
                return match path_of(field, subject)? {
                    Some(path) if self.hides(path, subject.body) => {
                        Err(Fault::missing(not_read(&path.to_string())))
                    }
                    _ => Ok(()),
                };
            }
        };
        if self.envelope && !has(subject.body, key) { Err(Fault::missing(not_read(key))) } else { Ok(()) }
    }

    fn hides(self, path: &Path, body: &Value) -> bool {
        let Some(Segment::Key(first)) = path.segments.first() else { return false };
        if !text::eq(first, "properties") {
            return self.envelope && !has(body, first);
        }
        let end = path.segments.iter().position(|own| *own == Segment::Each).unwrap_or(path.segments.len());
        let scalar = path.segments.get(..end).unwrap_or_default();
        self.properties && path::one(body, scalar).is_none()
    }

    /// Complains if a value that is masked decides something.
    pub(crate) fn compared(self, operator: Operator, left: Item<'_>) -> Result<(), Box<Fault>> {
        let is_masked = match left {
            Item::Text(own) => is_masked(own),
            Item::Value(value) => holds_masked(value),
            Item::Missing => false,
        };
        if self.masked && is_masked && operator != Operator::Exists {
            Err(Fault::missing(masked("a value")))
        } else {
            Ok(())
        }
    }

    /// Complains if an expression takes a value that is masked.
    pub(crate) fn taken(self, field: &Field, subject: &Subject<'_>) -> Result<(), Box<Fault>> {
        if !self.masked {
            return Ok(());
        }
        if let Field::Tags | Field::Tag(_) = field {
            let tags = subject.body.as_object().and_then(|map| text::get(map, "tags"));
            return if tags.is_some_and(holds_masked) {
                Err(Fault::missing(masked("a tag")))
            } else {
                Ok(())
            };
        }
        let Some(path) = path_of(field, subject)? else { return Ok(()) };
        let mut hit = false;
        let missing = crate::semantics::MissingArray::Empty;
        let mut each = |value: Option<&Value>| hit |= value.is_some_and(holds_masked);
        path::select(Some(subject.body), &path.segments, missing, &mut each);
        if hit { Err(Fault::missing(masked(&format!("`{path}`")))) } else { Ok(()) }
    }
}

fn has(body: &Value, key: &str) -> bool {
    body.as_object().is_some_and(|map| text::get(map, key).is_some())
}

fn not_read(what: &str) -> String {
    format!("`{what}`, which was not read")
}

fn masked(what: &str) -> String {
    format!("{what} that looks like a credential and was masked when it was read")
}

fn is_masked(text: &str) -> bool {
    text.contains("[masked")
}

fn holds_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => is_masked(text),
        Value::Array(items) => items.iter().any(holds_masked),
        Value::Object(map) => map.values().any(holds_masked),
        _ => false,
    }
}
