//! What was read of a resource, one place for each property that some policy looks at.

use crate::Path;
use crate::evaluate::View;
use crate::operator::Item;
use crate::path::{self, Segment};
use dekey_expr::Value;
use std::borrow::Cow;

/// Places that every resource has.
pub(crate) const ID: usize = 0;
pub(crate) const TYPE: usize = 1;
pub(crate) const LOCATION: usize = 2;
pub(crate) const NAME: usize = 3;
pub(crate) const FULL_NAME: usize = 4;
pub(crate) const KIND: usize = 5;

/// The names of these, in their order.
pub(crate) const ROOTS: [&str; 6] = ["id", "type", "location", "name", "fullName", "kind"];

/// What stands in one place.
#[derive(Clone, Debug, Default)]
pub(crate) enum Slot<'d> {
    /// Nothing, or null.
    #[default]
    Missing,
    /// A text.
    Text(Cow<'d, str>),
    /// Anything else; of arrays only what policies look at.
    Value(Box<Value>),
    /// A value of a document that was parsed already.
    Borrowed(&'d Value),
}

impl<'d> Slot<'d> {
    pub(crate) fn of(value: &'d Value) -> Slot<'d> {
        match value {
            Value::Null => Slot::Missing,
            Value::String(text) => Slot::Text(Cow::Borrowed(text)),
            other => Slot::Borrowed(other),
        }
    }

    pub(crate) fn own(value: Value) -> Slot<'d> {
        Slot::Value(Box::new(value))
    }

    pub(crate) fn of_bool(yes: bool) -> Slot<'d> {
        Slot::Borrowed(if yes { &Value::Bool(true) } else { &Value::Bool(false) })
    }

    pub(crate) fn item(&self) -> Item<'_> {
        match self {
            Slot::Missing => Item::Missing,
            Slot::Text(text) => Item::Text(text),
            Slot::Value(value) => Item::of(Some(value)),
            Slot::Borrowed(value) => Item::of(Some(value)),
        }
    }

    /// The value, unless it is a text: paths do not go on from one.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Slot::Missing | Slot::Text(_) => None,
            Slot::Value(value) => Some(value),
            Slot::Borrowed(value) => Some(value),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Slot::Missing => Value::Null,
            Slot::Text(text) => Value::String(text.into_owned()),
            Slot::Value(value) => *value,
            Slot::Borrowed(value) => value.clone(),
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<Cow<'d, str>> {
        match self {
            Slot::Text(text) => Some(text.clone()),
            Slot::Borrowed(Value::String(text)) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}

/// A field that is in a slot, or below what is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InSlot {
    pub(crate) slot: usize,
    /// The whole path from the root of the resource.
    pub(crate) path: Path,
    /// How many segments lead to the slot.
    pub(crate) from: usize,
}

impl InSlot {
    /// How the path goes on from the slot.
    pub(crate) fn rest(&self) -> &[Segment] {
        self.path.segments.get(self.from..).unwrap_or_default()
    }

    pub(crate) fn value<'v>(&self, view: Option<View<'v>>) -> Option<&'v Value> {
        view?.slots.get(self.slot)?.value()
    }

    /// What a path without `[*]` selects.
    pub(crate) fn item<'v>(&self, view: Option<View<'v>>) -> Item<'v> {
        let rest = self.rest();
        if rest.is_empty() {
            return view.and_then(|view| view.slots.get(self.slot)).map_or(Item::Missing, Slot::item);
        }
        Item::of(self.value(view).and_then(|value| path::one(value, rest)))
    }
}
