//! What a condition is made of.

use super::{Operator, Value};
use crate::Pattern;

/// A condition that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) expr: Expr,
}

impl Condition {
    /// What it says.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Always or never.
    Always(bool),
    /// All of these; at least two.
    And(Vec<Expr>),
    /// Any of these; at least two.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// Whether the action is covered by one of these patterns.
    ActionMatches(Vec<Pattern>),
    /// Whether the suboperation is covered by one of these patterns.
    SubOperationMatches(Vec<Pattern>),
    /// Whether the attribute exists.
    Exists(Operand),
    /// A comparison.
    Compare(Compare),
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// What is compared.
    pub left: Operand,
    /// Which of several values must match.
    pub each: Option<Each>,
    /// How.
    pub operator: Operator,
    /// With what.
    pub right: Operand,
}

/// Which values on the left must match which values on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// `ForAnyOfAnyValues`: one on the left, one on the right.
    AnyAny,
    /// `ForAllOfAnyValues`: each on the left, one on the right.
    AllAny,
    /// `ForAnyOfAllValues`: one on the left, every one on the right.
    AnyAll,
    /// `ForAllOfAllValues`: each on the left, every one on the right.
    AllAll,
}

impl Each {
    pub(crate) const TABLE: [(&'static str, Each); 4] = [
        ("ForAnyOfAnyValues", Each::AnyAny),
        ("ForAllOfAnyValues", Each::AllAny),
        ("ForAnyOfAllValues", Each::AnyAll),
        ("ForAllOfAllValues", Each::AllAll),
    ];
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// An attribute.
    Attribute(Attribute),
    /// A value that stands in the condition.
    Literal(Value),
    /// A function of values.
    Call(Function, Vec<Operand>),
}

/// Where an attribute comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The request: what is to be done.
    Request,
    /// The resource.
    Resource,
    /// Whoever asks.
    Principal,
    /// Network and time.
    Environment,
    /// Something else that Microsoft's interpreter knows the name of.
    Context,
}

impl Source {
    pub(crate) const TABLE: [(&'static str, Source); 5] = [
        ("Request", Source::Request),
        ("Resource", Source::Resource),
        ("Principal", Source::Principal),
        ("Environment", Source::Environment),
        ("Context", Source::Context),
    ];
}

/// An attribute, such as `@Resource[Microsoft.Storage/storageAccounts:name]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Where it comes from.
    pub source: Source,
    /// Its name, as given.
    pub name: String,
}

/// What marks a key whose case counts.
const CASE_SENSITIVE: &str = "<$key_case_sensitive$>";

impl Attribute {
    /// Whether this is the attribute of a source and name. Case does not count, except in keys that say so.
    pub fn is(&self, source: Source, name: &str) -> bool {
        if self.source != source || !self.name.eq_ignore_ascii_case(name) {
            return false;
        }
        match self.name.strip_suffix(CASE_SENSITIVE) {
            Some(own) => {
                let key = |text: &str| text.rsplit_once(':').map(|(_, key)| key.to_owned());
                key(own) == name.strip_suffix(CASE_SENSITIVE).and_then(key)
            }
            None => true,
        }
    }
}

/// A function that Microsoft's own interpreter knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// In lower case.
    ToLower,
    /// In upper case.
    ToUpper,
    /// Without the space around it.
    Trim,
    /// A time of day.
    ToTime,
    /// A time, some days later.
    AddDays,
    /// As a list.
    NormalizeList,
    /// As a set: every value once.
    NormalizeSet,
}

impl Function {
    pub(crate) const TABLE: [(&'static str, Function, usize); 7] = [
        ("ToLower", Function::ToLower, 1),
        ("ToUpper", Function::ToUpper, 1),
        ("Trim", Function::Trim, 1),
        ("ToTime", Function::ToTime, 1),
        ("AddDays", Function::AddDays, 2),
        ("NormalizeList", Function::NormalizeList, 1),
        ("NormalizeSet", Function::NormalizeSet, 1),
    ];
}
