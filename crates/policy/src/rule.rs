//! A rule ready to run: parameters filled in, constants folded, fields resolved to paths.

use crate::LoadError;
use crate::alias::Aliases;
use crate::condition::{Condition, Count, CountOf, Leaf, Left, check_counted};
use crate::field::{Field, Unlisted};
use crate::language::{CURRENT, FIELD};
use crate::operator::Operator;
use crate::semantics::{Order, Semantics};
use crate::subject::normal_location;
use dekey_expr::{Host, Template, Value, text};
use hashbrown::{HashMap, HashSet};

/// A condition ready to run.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    All(Box<[Node]>),
    Any(Box<[Node]>),
    Not(Box<Node>),
    Test(Box<Test>),
    /// Decided by the type of the resource alone.
    Known(bool),
    /// Comes out so for every resource of the type, though it does not ask what the resource is.
    Fixed(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) left: Side,
    pub(crate) operator: Operator,
    pub(crate) right: Right,
    pub(crate) pointer: String,
}

impl Test {
    /// Whether it asks what the resource is: its type, name or kind.
    pub(crate) fn is_about_identity(&self) -> bool {
        matches!(self.left, Side::Field(Field::Type | Field::Name | Field::FullName | Field::Kind))
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Side {
    Field(Field),
    /// A field whose name is only known when the resource is.
    Named(Template),
    Value(Template),
    Count(Box<Counting>),
}

#[derive(Clone, Debug)]
pub(crate) enum Right {
    Known(Value),
    /// Many texts for `in`, folded.
    Texts(Value, HashSet<String, foldhash::fast::FixedState>),
    Later(Template),
}

#[derive(Clone, Debug)]
pub(crate) struct Counting {
    pub(crate) of: Counted,
    pub(crate) filter: Option<Node>,
}

#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Field(String, Field),
    Named(Template),
    Value(Template, String),
}

/// Names that expressions ask `field()` and `current()` for, resolved beforehand.
pub(crate) type Names = HashMap<Box<str>, Field, foldhash::fast::FixedState>;

/// What conditions are compiled with.
pub(crate) struct Compiler<'a> {
    pub(crate) aliases: &'a Aliases,
    pub(crate) unlisted: Unlisted,
    pub(crate) semantics: Semantics,
    /// Knows the parameters.
    pub(crate) constants: &'a dyn Host,
    pub(crate) names: Names,
    /// Whether some field is only known when the resource is.
    pub(crate) dynamic: bool,
}

impl Compiler<'_> {
    pub(crate) fn condition(&mut self, condition: &Condition) -> Result<Node, LoadError> {
        Ok(match condition {
            Condition::All(parts) => Node::All(self.conditions(parts)?),
            Condition::Any(parts) => Node::Any(self.conditions(parts)?),
            Condition::Not(inner) => Node::Not(Box::new(self.condition(inner)?)),
            Condition::Leaf(leaf) => Node::Test(Box::new(self.leaf(leaf)?)),
        })
    }

    fn conditions(&mut self, parts: &[Condition]) -> Result<Box<[Node]>, LoadError> {
        let mut nodes = parts.iter().map(|part| self.condition(part)).collect::<Result<Vec<_>, _>>()?;
        // Cheap tests first decide most resources. Where order does not matter, nobody can tell.
        if self.semantics.order == Order::Any {
            nodes.sort_by_key(cost);
        }
        Ok(nodes.into())
    }

    fn leaf(&mut self, leaf: &Leaf) -> Result<Test, LoadError> {
        let at = |error: LoadError| LoadError { pointer: leaf.pointer.clone(), ..error };
        let left = match &leaf.left {
            Left::Field(name) => {
                if let Some(name) = self.template(name).as_plain().and_then(Value::as_str) {
                    Side::Field(self.field(name).map_err(at)?)
                } else {
                    self.dynamic = true;
                    Side::Named(self.template(name))
                }
            }
            Left::Value(value) => Side::Value(self.template(value)),
            Left::Count(count) => Side::Count(Box::new(self.count(count, &leaf.pointer)?)),
        };
        let right = self.template(&leaf.right);
        let is_location = matches!(left, Side::Field(Field::Location)) && self.semantics.normalise_location;
        let right = match right {
            Template::Plain(value) if is_location => known(leaf.operator, locations(value)),
            Template::Plain(value) => known(leaf.operator, value),
            later => Right::Later(later),
        };
        Ok(Test { left, operator: leaf.operator, right, pointer: leaf.pointer.clone() })
    }

    fn count(&mut self, count: &Count, pointer: &str) -> Result<Counting, LoadError> {
        let at = |error: LoadError| LoadError { pointer: pointer.to_owned(), ..error };
        let of = match &count.of {
            CountOf::Field(name) => {
                if let Some(name) = self.template(name).as_plain().and_then(Value::as_str) {
                    check_counted(name, pointer)?;
                    Counted::Field(name.trim().to_owned(), self.field(name).map_err(at)?)
                } else {
                    self.dynamic = true;
                    Counted::Named(self.template(name))
                }
            }
            CountOf::Value(value, name) => Counted::Value(self.template(value), name.clone()),
        };
        let filter = count.filter.as_ref().map(|filter| self.condition(filter)).transpose()?;
        Ok(Counting { of, filter })
    }

    pub(crate) fn field(&mut self, name: &str) -> Result<Field, LoadError> {
        Field::parse(name, self.aliases, self.unlisted)
    }

    /// Folds an expression and notes the fields it asks for.
    pub(crate) fn template(&mut self, template: &Template) -> Template {
        let folded = template.clone().fold(self.constants);
        let mut asked: Vec<Option<String>> = Vec::new();
        folded.exprs(&mut |expr| {
            expr.host_calls(&mut |which, args, _| {
                if which == FIELD || (which == CURRENT && !args.is_empty()) {
                    asked.push(args.first().and_then(|arg| Some(arg.as_literal()?.as_str()?.to_owned())));
                }
            });
        });
        for name in asked {
            match name {
                Some(name) if !self.names.contains_key(name.as_str()) => {
                    // What is no field fails when it is asked for, as in Azure.
                    if let Ok(field) = self.field(&name) {
                        self.names.insert(name.into(), field);
                    }
                }
                Some(_) => {}
                None => self.dynamic = true,
            }
        }
        folded
    }
}

fn known(operator: Operator, value: Value) -> Right {
    let Value::Array(items) = &value else { return Right::Known(value) };
    if !matches!(operator, Operator::In | Operator::NotIn) || items.len() < 8 {
        return Right::Known(value);
    }
    let texts = items.iter().map(|item| item.as_str().map(|text| text::fold(text).into_owned()));
    match texts.collect::<Option<HashSet<_, _>>>() {
        Some(texts) => Right::Texts(value, texts),
        None => Right::Known(value),
    }
}

fn locations(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(normal_location(&text).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(locations).collect()),
        other => other,
    }
}

fn cost(node: &Node) -> u8 {
    match node {
        Node::Test(test) => match (&test.left, &test.right) {
            (Side::Field(Field::Type), Right::Known(_) | Right::Texts(..)) => 0,
            (Side::Field(Field::Kind | Field::Location | Field::Id), Right::Known(_) | Right::Texts(..)) => 1,
            (Side::Field(_), Right::Known(_) | Right::Texts(..)) => 2,
            (Side::Field(_) | Side::Value(_) | Side::Named(_), _) => 3,
            (Side::Count(_), _) => 5,
        },
        Node::Not(inner) => cost(inner),
        Node::Known(_) | Node::Fixed(_) => 0,
        Node::All(parts) | Node::Any(parts) => parts.iter().map(cost).max().unwrap_or(0).max(2) + 1,
    }
}

/// Whether a rule can hold for a type of resource: `None` where that depends on more than the type.
pub(crate) fn by_type(node: &Node, resource_type: &str, semantics: Semantics) -> Option<bool> {
    match node {
        Node::All(parts) => {
            let mut all = Some(true);
            for part in parts {
                match by_type(part, resource_type, semantics) {
                    Some(false) => return Some(false),
                    None => all = None,
                    Some(true) => {}
                }
            }
            all
        }
        Node::Any(parts) => {
            let mut any = Some(false);
            for part in parts {
                match by_type(part, resource_type, semantics) {
                    Some(true) => return Some(true),
                    None => any = None,
                    Some(false) => {}
                }
            }
            any
        }
        Node::Not(inner) => by_type(inner, resource_type, semantics).map(|yes| !yes),
        Node::Known(yes) => Some(*yes),
        Node::Fixed(_) => None,
        Node::Test(test) => match (&test.left, &test.right) {
            (Side::Field(Field::Type), Right::Known(value) | Right::Texts(value, _)) => {
                crate::operator::holds(
                    test.operator,
                    crate::operator::Item::Text(resource_type),
                    value,
                    semantics,
                )
                .ok()
            }
            _ => None,
        },
    }
}

/// Every type that a rule names, so that an index can be made of them.
pub(crate) fn named_types(node: &Node, found: &mut dyn FnMut(&str)) {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| named_types(part, found)),
        Node::Not(inner) => named_types(inner, found),
        Node::Known(_) | Node::Fixed(_) => {}
        Node::Test(test) => {
            if let (Side::Field(Field::Type), Right::Known(value) | Right::Texts(value, _)) =
                (&test.left, &test.right)
            {
                match value {
                    Value::String(name) if !name.contains('*') => found(name),
                    Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(found),
                    _ => {}
                }
            }
        }
    }
}

/// Whether a rule looks at tags, in its conditions or by `field()`.
pub(crate) fn looks_at_tags(node: &Node, names: &Names) -> bool {
    names.values().any(is_of_tags) || tests_tags(node)
}

fn tests_tags(node: &Node) -> bool {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().any(tests_tags),
        Node::Not(inner) => tests_tags(inner),
        Node::Known(_) | Node::Fixed(_) => false,
        Node::Test(test) => match &test.left {
            Side::Field(field) => is_of_tags(field),
            Side::Named(_) => true,
            Side::Value(_) => false,
            Side::Count(counting) => {
                let counted = match &counting.of {
                    Counted::Field(_, field) => is_of_tags(field),
                    Counted::Named(_) => true,
                    Counted::Value(..) => false,
                };
                counted || counting.filter.as_ref().is_some_and(tests_tags)
            }
        },
    }
}

fn is_of_tags(field: &Field) -> bool {
    match field {
        Field::Tags | Field::Tag(_) => true,
        Field::Path(path) => path.to_string().to_ascii_lowercase().starts_with("tags"),
        _ => false,
    }
}
