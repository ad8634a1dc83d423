//! Runs a rule on one resource.

use crate::Path;
use crate::alias::Aliases;
use crate::field::{Field, Unlisted};
use crate::operator::{self, Item, Operator};
use crate::panel::{self, Slot, Special};
use crate::path::{self, Segment};
use crate::rule::{Counted, Counting, Names, Node, Right, Side, Test};
use crate::semantics::{NullLeft, Order, Semantics};
use crate::subject::{Subject, Surroundings};
use crate::trace::Tracer;
use dekey_expr::{Fault, Template, Value, text};
use smallvec::SmallVec;
use std::borrow::Cow;

/// What all conditions of one evaluation share.
pub(crate) struct Env<'a> {
    /// Whose fields conditions test.
    pub(crate) subject: &'a Subject<'a>,
    /// Where the subject is a related resource: the one that the rule was evaluated for, which `field()` reads.
    pub(crate) primary: Option<&'a Subject<'a>>,
    pub(crate) around: &'a Surroundings<'a>,
    pub(crate) semantics: Semantics,
    pub(crate) names: &'a Names,
    pub(crate) aliases: &'a Aliases,
    pub(crate) unlisted: Unlisted,
    pub(crate) parameters: &'a Value,
    pub(crate) about: &'a Value,
    pub(crate) trace: Option<&'a Tracer>,
    /// Where only what policies look at was read: what the subject has there.
    pub(crate) view: Option<View<'a>>,
    /// The same of the one that the rule was evaluated for, where the subject is a related resource.
    pub(crate) primary_view: Option<View<'a>>,
}

/// A resource of which only what policies look at was read, and the rule for its type.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) slots: &'a [Slot<'a>],
    pub(crate) special: &'a Special,
}

/// One element that a count is at.
pub(crate) struct Frame<'a> {
    pub(crate) parent: Option<&'a Frame<'a>>,
    pub(crate) index: usize,
    pub(crate) at: At<'a>,
}

pub(crate) enum At<'a> {
    Field { name: &'a str, path: &'a Path, element: Option<&'a Value> },
    Value { name: &'a str, element: &'a Value },
}

/// Where an evaluation is.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) env: &'a Env<'a>,
    pub(crate) frame: Option<&'a Frame<'a>>,
}

/// Whether a condition holds, or why nobody can say.
pub(crate) type Truth = Result<bool, Box<Fault>>;

/// What a field selects.
pub(crate) enum Selected<'v> {
    One(Item<'v>),
    Text(Option<Cow<'v, str>>),
    Many(SmallVec<[Option<&'v Value>; 4]>),
}

impl<'a> Cx<'a> {
    pub(crate) fn truth(&self, node: &Node) -> Truth {
        match node {
            Node::All(parts) => self.combine(parts, false),
            Node::Any(parts) => self.combine(parts, true),
            Node::Not(inner) => self.truth(inner).map(|yes| !yes),
            Node::Test(test) => self.test(test),
            Node::Known(yes) | Node::Fixed(yes) => Ok(*yes),
        }
    }

    /// `allOf` is decided by a false part, `anyOf` by a true one. Short of that, what is not known outweighs what fails,
    /// because it might have decided.
    fn combine(&self, parts: &[Node], deciding: bool) -> Truth {
        let mut pending: Option<Box<Fault>> = None;
        let mut decided = false;
        for part in parts {
            match self.truth(part) {
                Ok(value) if value == deciding => {
                    if self.env.trace.is_none() {
                        return Ok(deciding);
                    }
                    decided = true;
                }
                Ok(_) => {}
                Err(fault) => {
                    let first = pending.is_none() && !decided;
                    if self.env.semantics.order == Order::AsWritten
                        && first
                        && matches!(*fault, Fault::Failed(_))
                    {
                        return Err(fault);
                    }
                    let outweighs = matches!(*fault, Fault::Missing(_));
                    if pending.is_none()
                        || (outweighs && matches!(pending.as_deref(), Some(Fault::Failed(_))))
                    {
                        pending = Some(fault);
                    }
                }
            }
        }
        match pending {
            _ if decided => Ok(deciding),
            Some(fault) => Err(fault),
            None => Ok(!deciding),
        }
    }

    fn test(&self, test: &Test) -> Truth {
        let right = match &test.right {
            Right::Known(value) | Right::Texts(value, _) => Cow::Borrowed(value),
            Right::Later(template) => match template.eval(self) {
                Ok(value) => value,
                Err(fault) => return self.traced(test, None, None, None, Err(fault)),
            },
        };
        match &test.left {
            Side::Field(field) => self.test_field(test, field, &right),
            Side::Named(template) => {
                let name = self.field_name(template);
                let parsed = name.and_then(|name| {
                    Field::parse(&name, self.env.aliases, self.env.unlisted)
                        .map_err(|error| Fault::failed(error.message))
                });
                match parsed {
                    Ok(field) => self.test_field(test, &field, &right),
                    Err(fault) => self.traced(test, None, None, Some(&right), Err(fault)),
                }
            }
            Side::Value(template) => match template.eval(self) {
                Ok(left) => {
                    let item = Item::of(Some(&left));
                    self.traced(test, None, Some(item), Some(&right), self.compare(test, item, &right))
                }
                Err(fault) => self.traced(test, None, None, Some(&right), Err(fault)),
            },
            Side::Count(counting) => {
                let result = self.count(counting).and_then(|count| {
                    let left = Value::from(count);
                    let holds = self.compare(test, Item::Value(&left), &counted_against(&right));
                    self.traced(test, None, Some(Item::Value(&left)), Some(&right), holds)
                });
                if result.is_err() && self.env.trace.is_some() {
                    return self.traced(test, None, None, Some(&right), result);
                }
                result
            }
        }
    }

    fn field_name(&self, template: &Template) -> Result<String, Box<Fault>> {
        match template.eval(self)?.as_ref() {
            Value::String(name) => Ok(name.clone()),
            other => Err(Fault::failed(format!("a field is named by a text, not by {other}"))),
        }
    }

    /// A field with `[*]` must fulfil the condition with every element.
    fn test_field(&self, test: &Test, field: &Field, right: &Value) -> Truth {
        let selected = match self.selected(field, self.env.subject, self.frame, self.env.view) {
            Ok(selected) => selected,
            Err(fault) => return self.traced(test, None, None, Some(right), Err(fault)),
        };
        match selected {
            Selected::One(item) => {
                self.traced(test, None, Some(item), Some(right), self.compare(test, item, right))
            }
            Selected::Text(text) => {
                let item = text.as_deref().map_or(Item::Missing, Item::Text);
                self.traced(test, None, Some(item), Some(right), self.compare(test, item, right))
            }
            Selected::Many(items) => {
                let mut all = true;
                for (ix, item) in items.iter().enumerate() {
                    let item = Item::of(*item);
                    let holds = self.compare(test, item, right);
                    all &= self.traced(test, Some(ix), Some(item), Some(right), holds)?;
                    if !all && self.env.trace.is_none() {
                        break;
                    }
                }
                if items.is_empty() {
                    return self.traced(test, None, None, Some(right), Ok(true));
                }
                Ok(all)
            }
        }
    }

    fn compare(&self, test: &Test, left: Item<'_>, right: &Value) -> Truth {
        if let Some(unread) = &self.env.subject.unread {
            unread.compared(test.operator, left)?;
        }
        if let Right::Texts(_, texts) = &test.right {
            let folded = match left {
                Item::Text(own) => text::fold(own),
                Item::Value(Value::String(own)) => text::fold(own),
                Item::Missing if self.env.semantics.null_left == NullLeft::EmptyText => Cow::Borrowed(""),
                _ => return operator::holds(test.operator, left, right, self.env.semantics),
            };
            return Ok(texts.contains(folded.as_ref()) == (test.operator == Operator::In));
        }
        operator::holds(test.operator, left, right, self.env.semantics)
    }

    fn traced(
        &self,
        test: &Test,
        element: Option<usize>,
        left: Option<Item<'_>>,
        right: Option<&Value>,
        holds: Truth,
    ) -> Truth {
        if let Some(tracer) = self.env.trace {
            tracer.note(test, self.frame, element, left, right, &holds);
        }
        holds
    }

    fn count(&self, counting: &Counting) -> Result<usize, Box<Fault>> {
        match &counting.of {
            Counted::Value(template, name) => {
                let array = template.eval(self)?;
                let Value::Array(items) = array.as_ref() else {
                    return Err(Fault::failed("only an array can be counted"));
                };
                self.count_items(counting, items.iter().map(|element| At::Value { name, element }))
            }
            Counted::Field(name, field) => self.count_field(counting, name, field),
            Counted::Named(template) => {
                let name = self.field_name(template)?;
                let field = Field::parse(&name, self.env.aliases, self.env.unlisted);
                let field = field.map_err(|error| Fault::failed(error.message))?;
                self.count_field(counting, &name, &field)
            }
        }
    }

    fn count_field(&self, counting: &Counting, name: &str, field: &Field) -> Result<usize, Box<Fault>> {
        let Some(path) = path_of(field, self.env.subject)? else {
            return Err(Fault::failed(format!("`{name}` cannot be counted")));
        };
        let missing = crate::semantics::MissingArray::Empty;
        let elements = self.elements(field, path, self.env.subject, self.frame, self.env.view, missing);
        let at = elements.iter().map(|element| At::Field { name, path, element: *element });
        self.count_items(counting, at)
    }

    fn count_items<'i>(
        &self,
        counting: &Counting,
        items: impl Iterator<Item = At<'i>>,
    ) -> Result<usize, Box<Fault>>
    where
        'a: 'i,
    {
        let Some(filter) = &counting.filter else { return Ok(items.count()) };
        let mut count = 0;
        for (index, at) in items.enumerate() {
            let frame = Frame { parent: self.frame, index, at };
            let inner = Cx { env: self.env, frame: Some(&frame) };
            if inner.truth(filter)? {
                count += 1;
            }
        }
        Ok(count)
    }

    pub(crate) fn selected<'v>(
        &self,
        field: &Field,
        subject: &'v Subject<'v>,
        frame: Option<&Frame<'v>>,
        view: Option<View<'v>>,
    ) -> Result<Selected<'v>, Box<Fault>> {
        if let Some(unread) = &subject.unread {
            unread.selected(field, subject)?;
        }
        let root = |key: &str, slot: usize| match view {
            Some(view) => view.slots.get(slot).map_or(Item::Missing, Slot::item),
            None => Item::of(subject.body.as_object().and_then(|map| text::get(map, key))),
        };
        Ok(match field {
            Field::Type => match subject.resource_type() {
                "" => Selected::One(Item::Missing),
                name => Selected::One(Item::Text(name)),
            },
            Field::Name => Selected::Text(subject.name()),
            Field::FullName => Selected::Text(subject.full_name()),
            Field::Id => match subject.id() {
                "" => Selected::One(Item::Missing),
                id => Selected::One(Item::Text(id)),
            },
            Field::Location if self.env.semantics.normalise_location => {
                Selected::One(subject.location().map_or(Item::Missing, Item::Text))
            }
            Field::Location => Selected::One(root("location", panel::LOCATION)),
            Field::Kind => Selected::One(root("kind", panel::KIND)),
            Field::Tags => Selected::One(Item::of(tags(subject))),
            Field::Tag(name) => {
                let tags = tags(subject).and_then(Value::as_object);
                Selected::One(Item::of(tags.and_then(|tags| text::get(tags, name))))
            }
            Field::Slot(own) if own.path.is_collection() => {
                let missing = self.env.semantics.missing_array;
                Selected::Many(self.elements(field, &own.path, subject, frame, view, missing))
            }
            Field::Slot(own) => Selected::One(own.item(view)),
            _ => {
                let Some(path) = path_of(field, subject)? else {
                    return Ok(Selected::One(Item::Missing));
                };
                if path.is_collection() {
                    let missing = self.env.semantics.missing_array;
                    return Ok(Selected::Many(self.elements(field, path, subject, frame, view, missing)));
                }
                Selected::One(Item::of(path::one(subject.body, &path.segments)))
            }
        })
    }

    /// What a path selects, seen from the elements that counts are at.
    #[expect(clippy::unused_self, reason = "it belongs to the evaluation")]
    fn elements<'v>(
        &self,
        field: &Field,
        path: &Path,
        subject: &Subject<'v>,
        frame: Option<&Frame<'v>>,
        view: Option<View<'v>>,
        missing: crate::semantics::MissingArray,
    ) -> SmallVec<[Option<&'v Value>; 4]> {
        let mut found = SmallVec::new();
        let mut push = |value| found.push(value);
        match (within(path, frame), field) {
            (Some((element, rest)), _) => path::select(element, rest, missing, &mut push),
            (None, Field::Slot(own)) => path::select(own.value(view), own.rest(), missing, &mut push),
            (None, _) => path::select(Some(subject.body), &path.segments, missing, &mut push),
        }
        found
    }
}

fn tags<'v>(subject: &Subject<'v>) -> Option<&'v Value> {
    subject.body.as_object().and_then(|map| text::get(map, "tags"))
}

/// Where a field is in a resource; `None` for what is not in its JSON as such.
pub(crate) fn path_of<'f>(field: &'f Field, subject: &Subject<'_>) -> Result<Option<&'f Path>, Box<Fault>> {
    match field {
        Field::Path(path) => Ok(Some(path)),
        Field::Alias(alias) => Ok(alias.path(subject.resource_type(), subject.version)),
        Field::Slot(own) => Ok(Some(&own.path)),
        Field::Unlisted(name) => Err(Fault::missing(format!("where the alias `{name}` is in a resource"))),
        _ => Ok(None),
    }
}

/// The element that a count is at from which a path goes on, and the rest of the path.
fn within<'v, 'p>(path: &'p Path, frame: Option<&Frame<'v>>) -> Option<(Option<&'v Value>, &'p [Segment])> {
    let mut next = frame;
    while let Some(frame) = next {
        if let At::Field { path: counted, element, .. } = &frame.at
            && let Some(rest) = path.after(counted)
        {
            return Some((*element, rest));
        }
        next = frame.parent;
    }
    None
}

/// A count is compared with a number, also where that is written as text.
fn counted_against(right: &Value) -> Cow<'_, Value> {
    match right {
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(number) => Cow::Owned(Value::from(number)),
            Err(_) => Cow::Borrowed(right),
        },
        _ => Cow::Borrowed(right),
    }
}
