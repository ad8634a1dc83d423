//! How an evaluation came to its result, made only on request.

use crate::evaluate::{At, Frame, Truth};
use crate::field::Field;
use crate::operator::{Item, Operator};
use crate::rule::{Counted, Side, Test};
use dekey_expr::{Fault, Value};
use std::cell::RefCell;

/// What one condition came to, on one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where the condition stands in the definition, as a JSON pointer.
    pub pointer: String,
    /// What it looks at: `Field`, `Value` or `Count`, as Azure's `expressionKind`.
    pub kind: &'static str,
    /// The field or alias; empty for an expression.
    pub expression: String,
    /// Where the field is in the resource, if it is in its JSON.
    pub path: String,
    /// What it found; `None` where there was nothing. It may hold a secret of the resource.
    pub found: Option<Value>,
    /// What it is compared with.
    pub target: Option<Value>,
    /// How.
    pub operator: Operator,
    /// Which element, where several were looked at: the elements that counts were at, then that of `[*]`.
    pub elements: Vec<usize>,
    /// Whether the condition held, or why nobody can say.
    pub result: Result<bool, Fault>,
}

/// Collects steps.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    steps: RefCell<Vec<Step>>,
}

impl Tracer {
    pub(crate) fn note(
        &self,
        test: &Test,
        frame: Option<&Frame<'_>>,
        element: Option<usize>,
        left: Option<Item<'_>>,
        right: Option<&Value>,
        holds: &Truth,
    ) {
        let (kind, expression) = match &test.left {
            Side::Field(field) => ("Field", field_name(field)),
            Side::Named(_) => ("Field", String::new()),
            Side::Value(_) => ("Value", String::new()),
            Side::Count(counting) => match &counting.of {
                Counted::Field(name, _) | Counted::Value(_, name) => ("Count", name.clone()),
                Counted::Named(_) => ("Count", String::new()),
            },
        };
        let mut elements = Vec::new();
        let mut next = frame;
        while let Some(frame) = next {
            elements.insert(0, frame.index);
            next = frame.parent;
        }
        elements.extend(element);
        let step = Step {
            pointer: test.pointer.clone(),
            kind,
            path: match &test.left {
                Side::Field(Field::Alias(alias)) => {
                    alias.aliases.first().map(|a| a.path.to_string()).unwrap_or_default()
                }
                Side::Field(Field::Path(path)) => path.to_string(),
                Side::Field(field) => field_name(field),
                _ => frame_path(frame),
            },
            expression,
            found: left.and_then(Item::to_value),
            target: right.cloned(),
            operator: test.operator,
            elements,
            result: holds.as_ref().map(|yes| *yes).map_err(|fault| (**fault).clone()),
        };
        self.steps.borrow_mut().push(step);
    }

    /// The steps in the order of the definition.
    pub(crate) fn finish(self) -> Vec<Step> {
        self.steps.into_inner()
    }
}

fn frame_path(frame: Option<&Frame<'_>>) -> String {
    match frame.map(|frame| &frame.at) {
        Some(At::Field { path, .. }) => path.to_string(),
        _ => String::new(),
    }
}

fn field_name(field: &Field) -> String {
    match field {
        Field::Name => "name".to_owned(),
        Field::FullName => "fullName".to_owned(),
        Field::Kind => "kind".to_owned(),
        Field::Type => "type".to_owned(),
        Field::Location => "location".to_owned(),
        Field::Id => "id".to_owned(),
        Field::Tags => "tags".to_owned(),
        Field::Tag(name) => format!("tags['{name}']"),
        Field::Path(path) => path.to_string(),
        Field::Alias(alias) => alias.name.to_string(),
        Field::Unlisted(name) => name.to_string(),
        Field::Slot(own) => own.path.to_string(),
    }
}
