//! Judging a condition: it holds, it does not, or it depends.

use super::expr::{Attribute, Compare, Condition, Each, Expr, Function, Operand, Source};
use super::{Facts, Known, Operator, Value};
use std::borrow::Cow;

/// What a condition is judged for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The action, in lower case.
    pub action: &'a str,
    /// Which part of it, such as `Blob.List`.
    pub suboperation: Known<&'a str>,
    /// What is known of attributes.
    pub facts: &'a Facts,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It holds if this does.
    Open(Expr),
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Outcome::Holds } else { Outcome::Fails }
    }
}

impl Outcome {
    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Outcome::Holds => Outcome::Fails,
            Outcome::Fails => Outcome::Holds,
            Outcome::Open(Expr::Not(inner)) => Outcome::Open(*inner),
            Outcome::Open(expr) => Outcome::Open(Expr::Not(Box::new(expr))),
        }
    }

    /// Whether all hold.
    pub fn all(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self::join(outcomes, &Outcome::Fails, Outcome::Holds, |open| match open {
            Expr::And(inner) => Ok(inner),
            other => Err(other),
        })
        .map_or_else(|done| done, |open| Outcome::Open(Expr::And(open)))
    }

    /// Whether any holds.
    pub fn any(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self::join(outcomes, &Outcome::Holds, Outcome::Fails, |open| match open {
            Expr::Or(inner) => Ok(inner),
            other => Err(other),
        })
        .map_or_else(|done| done, |open| Outcome::Open(Expr::Or(open)))
    }

    /// The parts that are open, each once and flattened, if there are several and none decides.
    fn join(
        outcomes: impl IntoIterator<Item = Outcome>,
        decides: &Outcome,
        neutral: Outcome,
        flatten: impl Fn(Expr) -> Result<Vec<Expr>, Expr>,
    ) -> Result<Vec<Expr>, Outcome> {
        let mut open: Vec<Expr> = Vec::new();
        for outcome in outcomes {
            if outcome == *decides {
                return Err(outcome);
            }
            if let Outcome::Open(expr) = outcome {
                for part in flatten(expr).unwrap_or_else(|one| vec![one]) {
                    if !open.contains(&part) {
                        open.push(part);
                    }
                }
            }
        }
        match open.len() {
            0 => Err(neutral),
            1 => Err(open.pop().map_or(neutral, Outcome::Open)),
            _ => Ok(open),
        }
    }
}

impl Condition {
    /// Judges the condition.
    pub fn judge(&self, request: &Request<'_>) -> Outcome {
        judge(&self.expr, request)
    }
}

fn judge(expr: &Expr, request: &Request<'_>) -> Outcome {
    match expr {
        Expr::Always(truth) => Outcome::from(*truth),
        Expr::And(all) => Outcome::all(all.iter().map(|one| judge(one, request))),
        Expr::Or(all) => Outcome::any(all.iter().map(|one| judge(one, request))),
        Expr::Not(inner) => judge(inner, request).negated(),
        Expr::ActionMatches(patterns) => {
            Outcome::from(patterns.iter().any(|own| own.covers_folded(request.action)))
        }
        Expr::SubOperationMatches(patterns) => match request.suboperation {
            Known::Unknown => Outcome::Open(expr.clone()),
            Known::Absent => Outcome::Fails,
            Known::Value(own) => Outcome::from(patterns.iter().any(|pattern| pattern.covers(own))),
        },
        Expr::Exists(operand) => match value(operand, request) {
            Known::Unknown => Outcome::Open(expr.clone()),
            Known::Absent => Outcome::Fails,
            Known::Value(_) => Outcome::Holds,
        },
        Expr::Compare(compare) => match holds(compare, request) {
            Some(holds) => Outcome::from(holds),
            None => Outcome::Open(expr.clone()),
        },
    }
}

/// Nothing when it depends on what nobody told, or when values are not of the kind that is compared.
fn holds(compare: &Compare, request: &Request<'_>) -> Option<bool> {
    let (left, right) = match (value(&compare.left, request), value(&compare.right, request)) {
        (Known::Absent, _) | (_, Known::Absent) => return Some(false),
        (Known::Value(left), Known::Value(right)) => (left, right),
        _ => return None,
    };
    let operator = compare.operator;
    if operator.takes_lists() {
        return operator.test(&left, &right).map(|holds| holds != operator.is_negated());
    }
    let Some(each) = compare.each else {
        return any(left.each(), |l| any(right.each(), |r| operator.test(l, r)))
            .map(|holds| holds != operator.is_negated());
    };
    let one = |l: &Value, r: &Value| signed(operator, l, r);
    match each {
        Each::AnyAny => any(left.each(), |l| any(right.each(), |r| one(l, r))),
        Each::AllAny => every(left.each(), |l| any(right.each(), |r| one(l, r))),
        Each::AnyAll => any(left.each(), |l| every(right.each(), |r| one(l, r))),
        Each::AllAll => every(left.each(), |l| every(right.each(), |r| one(l, r))),
    }
}

fn signed(operator: Operator, left: &Value, right: &Value) -> Option<bool> {
    operator.test(left, right).map(|holds| holds != operator.is_negated())
}

/// Whether one holds; nothing when none does and one is not known.
fn any<T>(values: &[T], test: impl Fn(&T) -> Option<bool>) -> Option<bool> {
    let mut answer = Some(false);
    for value in values {
        match test(value) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => answer = None,
        }
    }
    answer
}

/// Whether all hold; nothing when none fails and one is not known.
fn every<T>(values: &[T], test: impl Fn(&T) -> Option<bool>) -> Option<bool> {
    any(values, |value| test(value).map(|holds| !holds)).map(|found| !found)
}

/// The old spelling of the suboperation.
const SUBOPERATION: &str = "subOperation";

fn value<'a>(operand: &'a Operand, request: &Request<'a>) -> Known<Cow<'a, Value>> {
    match operand {
        Operand::Attribute(attribute) => attribute_value(attribute, request),
        Operand::Literal(value) => Known::Value(Cow::Borrowed(value)),
        Operand::Call(function, arguments) => {
            let mut values = Vec::new();
            for argument in arguments {
                match value(argument, request) {
                    Known::Value(value) => values.push(value),
                    Known::Absent => return Known::Absent,
                    Known::Unknown => return Known::Unknown,
                }
            }
            call(*function, &values).map_or(Known::Unknown, |value| Known::Value(Cow::Owned(value)))
        }
    }
}

fn attribute_value<'a>(attribute: &Attribute, request: &Request<'a>) -> Known<Cow<'a, Value>> {
    match request.facts.get(attribute) {
        Known::Value(value) => Known::Value(Cow::Borrowed(value)),
        Known::Absent => Known::Absent,
        Known::Unknown if attribute.is(Source::Request, SUBOPERATION) => match request.suboperation {
            Known::Value(own) => Known::Value(Cow::Owned(Value::from(own))),
            Known::Absent => Known::Absent,
            Known::Unknown => Known::Unknown,
        },
        Known::Unknown => Known::Unknown,
    }
}

/// Nothing when the arguments are not of the kind that the function takes.
fn call(function: Function, arguments: &[Cow<'_, Value>]) -> Option<Value> {
    let first = arguments.first()?;
    Some(match function {
        Function::ToLower => Value::Text(first.text()?.to_lowercase()),
        Function::ToUpper => Value::Text(first.text()?.to_uppercase()),
        Function::Trim => Value::Text(first.text()?.trim().to_owned()),
        Function::ToTime => {
            first.time_of_day()?;
            first.clone().into_owned()
        }
        Function::AddDays => {
            let days =
                jiff::SignedDuration::from_secs(arguments.get(1)?.number()?.checked_mul(24 * 60 * 60)?);
            Value::Text(first.moment()?.checked_add(days).ok()?.to_string())
        }
        Function::NormalizeList => Value::List(first.each().to_vec()),
        Function::NormalizeSet => {
            let mut values: Vec<Value> = Vec::new();
            for value in first.each() {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            Value::List(values)
        }
    })
}
