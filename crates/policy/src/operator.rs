//! The nineteen operators.

use crate::semantics::{NullLeft, NullOperand, NumberEquality, Ordering, Semantics};
use dekey_expr::{Fault, Value, text, time, value};
use std::borrow::Cow;

/// What a condition does with the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as policies name it")]
pub enum Operator {
    Equals,
    NotEquals,
    Like,
    NotLike,
    Match,
    NotMatch,
    MatchInsensitively,
    NotMatchInsensitively,
    Contains,
    NotContains,
    In,
    NotIn,
    ContainsKey,
    NotContainsKey,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
    Exists,
}

const NAMES: &[(&str, Operator)] = &[
    ("equals", Operator::Equals),
    ("notEquals", Operator::NotEquals),
    ("like", Operator::Like),
    ("notLike", Operator::NotLike),
    ("match", Operator::Match),
    ("notMatch", Operator::NotMatch),
    ("matchInsensitively", Operator::MatchInsensitively),
    ("notMatchInsensitively", Operator::NotMatchInsensitively),
    ("contains", Operator::Contains),
    ("notContains", Operator::NotContains),
    ("in", Operator::In),
    ("notIn", Operator::NotIn),
    ("containsKey", Operator::ContainsKey),
    ("notContainsKey", Operator::NotContainsKey),
    ("less", Operator::Less),
    ("lessOrEquals", Operator::LessOrEquals),
    ("greater", Operator::Greater),
    ("greaterOrEquals", Operator::GreaterOrEquals),
    ("exists", Operator::Exists),
];

impl Operator {
    /// The operator with a name, whatever its case.
    pub fn parse(name: &str) -> Option<Operator> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, operator)| *operator)
    }

    /// As policies write it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, operator)| *operator == self).map_or("", |(name, _)| name)
    }
}

/// The left side of a condition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'v> {
    Missing,
    Value(&'v Value),
    Text(&'v str),
}

impl<'v> Item<'v> {
    pub(crate) fn of(value: Option<&'v Value>) -> Item<'v> {
        match value {
            None | Some(Value::Null) => Item::Missing,
            Some(value) => Item::Value(value),
        }
    }

    /// As text, if it is neither an array nor an object; what is missing reads as the empty text.
    fn as_text(&self) -> Option<Cow<'v, str>> {
        match self {
            Item::Missing => Some(Cow::Borrowed("")),
            Item::Text(text) => Some(Cow::Borrowed(text)),
            Item::Value(value) => scalar(value),
        }
    }

    pub(crate) fn to_value(self) -> Option<Value> {
        match self {
            Item::Missing => None,
            Item::Text(text) => Some(Value::String(text.to_owned())),
            Item::Value(value) => Some(value.clone()),
        }
    }
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Array(_) | Value::Object(_) => None,
        Value::Null => Some(Cow::Borrowed("")),
        // As `to_text` spells them.
        Value::Bool(true) => Some(Cow::Borrowed("True")),
        Value::Bool(false) => Some(Cow::Borrowed("False")),
        other => Some(Cow::Owned(value::to_text(other))),
    }
}

/// Whether a condition holds for one left side.
pub(crate) fn holds(
    operator: Operator,
    left: Item<'_>,
    right: &Value,
    semantics: Semantics,
) -> Result<bool, Box<Fault>> {
    if right.is_null() && semantics.null_operand == NullOperand::Fails {
        return Err(Fault::failed(format!("the value of `{}` is null", operator.name())));
    }
    match operator {
        Operator::Equals => Ok(equals(left, right, semantics)),
        Operator::NotEquals => Ok(!equals(left, right, semantics)),
        Operator::In => is_in(left, right, semantics),
        Operator::NotIn => is_in(left, right, semantics).map(|yes| !yes),
        Operator::Contains => contains(left, right, semantics),
        Operator::NotContains => contains(left, right, semantics).map(|yes| !yes),
        Operator::ContainsKey => contains_key(left, right),
        Operator::NotContainsKey => contains_key(left, right).map(|yes| !yes),
        Operator::Like => like(left, right, semantics),
        Operator::NotLike => like(left, right, semantics).map(|yes| !yes),
        Operator::Match => matches(left, right, false, semantics),
        Operator::NotMatch => matches(left, right, false, semantics).map(|yes| !yes),
        Operator::MatchInsensitively => matches(left, right, true, semantics),
        Operator::NotMatchInsensitively => matches(left, right, true, semantics).map(|yes| !yes),
        Operator::Less => order(left, right, semantics, std::cmp::Ordering::is_lt),
        Operator::LessOrEquals => order(left, right, semantics, std::cmp::Ordering::is_le),
        Operator::Greater => order(left, right, semantics, std::cmp::Ordering::is_gt),
        Operator::GreaterOrEquals => order(left, right, semantics, std::cmp::Ordering::is_ge),
        Operator::Exists => Ok(!matches!(left, Item::Missing) == wanted(right)?),
    }
}

/// The value of `exists`: a boolean, or its name.
pub(crate) fn wanted(right: &Value) -> Result<bool, Box<Fault>> {
    match right {
        Value::Bool(yes) => Ok(*yes),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        other => {
            Err(Fault::failed(format!("the value of `exists` is true or false, not {}", value::kind(other))))
        }
    }
}

/// The value of an operator that compares texts.
fn right_text<'a>(operator: &str, right: &'a Value) -> Result<Cow<'a, str>, Box<Fault>> {
    let complaint =
        || Fault::failed(format!("the value of `{operator}` must be a text, not {}", value::kind(right)));
    scalar(right).ok_or_else(complaint)
}

pub(crate) fn equals(left: Item<'_>, right: &Value, semantics: Semantics) -> bool {
    let a_number = matches!(left, Item::Value(Value::Number(_))) || right.is_number();
    if semantics.numbers == NumberEquality::Value
        && a_number
        && let (Some(a), Some(b)) = (number(left), number(Item::Value(right)))
    {
        return a.total_cmp(&b).is_eq();
    }
    match (left.as_text(), scalar(right)) {
        (Some(a), Some(b)) => text::eq(&a, &b),
        (None, None) => match (left, right) {
            (Item::Value(Value::Array(a)), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equals(Item::of(Some(a)), b, semantics))
            }
            (Item::Value(Value::Object(a)), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, a)| {
                        text::get(b, key).is_some_and(|b| equals(Item::of(Some(a)), b, semantics))
                    })
            }
            _ => false,
        },
        _ => false,
    }
}

fn number(item: Item<'_>) -> Option<f64> {
    match item {
        Item::Value(Value::Number(number)) => number.as_f64(),
        Item::Value(Value::String(text)) => text.parse().ok(),
        Item::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn nothing(left: Item<'_>, semantics: Semantics) -> bool {
    matches!(left, Item::Missing) && semantics.null_left == NullLeft::Nothing
}

fn is_in(left: Item<'_>, right: &Value, semantics: Semantics) -> Result<bool, Box<Fault>> {
    let Value::Array(options) = right else {
        return Err(Fault::failed(format!("the value of `in` must be an array, not {}", value::kind(right))));
    };
    let found = options.iter().any(|option| !option.is_null() && equals(left, option, semantics));
    Ok(found && !nothing(left, semantics))
}

fn contains(left: Item<'_>, right: &Value, semantics: Semantics) -> Result<bool, Box<Fault>> {
    if let Item::Value(Value::Array(items)) = left {
        return Ok(items.iter().any(|item| equals(Item::of(Some(item)), right, semantics)));
    }
    let part = right_text("contains", right)?;
    Ok(left.as_text().is_some_and(|whole| text::contains(&whole, &part)) && !nothing(left, semantics))
}

fn contains_key(left: Item<'_>, right: &Value) -> Result<bool, Box<Fault>> {
    let key = right_text("containsKey", right)?;
    match left {
        Item::Value(Value::Object(map)) => Ok(text::key(map, &key).is_some()),
        _ => Ok(false),
    }
}

fn like(left: Item<'_>, right: &Value, semantics: Semantics) -> Result<bool, Box<Fault>> {
    let pattern = right_text("like", right)?;
    let Some(whole) = left.as_text() else { return Ok(false) };
    let question = semantics.like_question_mark;
    let fits = if whole.is_ascii() && pattern.is_ascii() {
        fits(whole.as_bytes(), pattern.as_bytes(), question, &(b'*', b'?'), u8::eq_ignore_ascii_case)
    } else {
        let chars = |text: &str| text::fold(text).chars().collect::<Vec<char>>();
        fits(&chars(&whole), &chars(&pattern), question, &('*', '?'), char::eq)
    };
    Ok(fits && !nothing(left, semantics))
}

/// Whether a text fits a pattern with `*` for any run of characters, and `?` for one where that counts.
fn fits<C: Copy + PartialEq>(
    whole: &[C],
    pattern: &[C],
    question: bool,
    (any, one): &(C, C),
    same: fn(&C, &C) -> bool,
) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    // Where the last `*` was, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = whole.get(at) {
        match pattern.get(in_pattern) {
            Some(p) if p == any => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(p) if same(p, c) || (question && p == one) => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                in_pattern = star_at + 1;
                at = taken + 1;
            }
        }
    }
    pattern.iter().skip(in_pattern).all(|p| p == any)
}

/// `#` for a digit, `?` for a letter, `.` for any character.
fn matches(
    left: Item<'_>,
    right: &Value,
    insensitively: bool,
    semantics: Semantics,
) -> Result<bool, Box<Fault>> {
    let pattern = right_text("match", right)?;
    let Some(whole) = left.as_text() else { return Ok(false) };
    let (whole, pattern) = if insensitively {
        (text::fold(&whole), text::fold(&pattern))
    } else {
        (whole.as_ref().into(), pattern.as_ref().into())
    };
    let mut letters = whole.chars();
    let fits = pattern.chars().all(|p| {
        letters.next().is_some_and(|c| match p {
            '#' => c.is_ascii_digit(),
            '?' => c.is_alphabetic(),
            '.' => true,
            other => other == c,
        })
    });
    Ok(fits && letters.next().is_none() && !nothing(left, semantics))
}

fn order(
    left: Item<'_>,
    right: &Value,
    semantics: Semantics,
    wanted: fn(std::cmp::Ordering) -> bool,
) -> Result<bool, Box<Fault>> {
    let left_value = match left {
        // What is not there has no order, and no kind that could be wrong.
        Item::Missing => return Ok(false),
        Item::Text(text) => {
            return order_texts(text, right, semantics).map(|order| order.is_some_and(wanted));
        }
        Item::Value(value) => value,
    };
    let order = match (left_value, right) {
        (Value::Number(a), Value::Number(b)) => {
            let whole = a.as_i64().zip(b.as_i64()).map(|(a, b)| a.cmp(&b));
            whole.or_else(|| a.as_f64()?.partial_cmp(&b.as_f64()?))
        }
        (Value::String(a), _) => order_texts(a, right, semantics)?,
        (Value::Number(a), Value::String(b)) if semantics.ordering == Ordering::Coerces => {
            b.parse::<f64>().ok().and_then(|b| a.as_f64()?.partial_cmp(&b))
        }
        _ if semantics.ordering == Ordering::Coerces => None,
        (a, b) => return disordered(a, b),
    };
    Ok(order.is_some_and(wanted))
}

fn disordered<T>(a: &Value, b: &Value) -> Result<T, Box<Fault>> {
    Err(Fault::failed(format!("{} cannot be ordered against {}", value::kind(a), value::kind(b))))
}

/// Points in time if both are, texts otherwise.
fn order_texts(
    a: &str,
    right: &Value,
    semantics: Semantics,
) -> Result<Option<std::cmp::Ordering>, Box<Fault>> {
    let b = match right {
        Value::String(b) => b,
        Value::Number(b) if semantics.ordering == Ordering::Coerces => {
            return Ok(a.parse::<f64>().ok().and_then(|a| a.partial_cmp(&b.as_f64()?)));
        }
        _ if semantics.ordering == Ordering::Coerces => return Ok(None),
        other => return disordered(&Value::String(String::new()), other),
    };
    if let (Some(a), Some(b)) = (time::parse(a), time::parse(b)) {
        return Ok(Some(a.cmp(&b)));
    }
    Ok(Some(text::compare_ignoring_case(a, b)))
}
