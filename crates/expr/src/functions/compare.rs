//! Comparison and logic.

use super::args::{boolean, value};
use super::{Answer, Args};
use crate::value::{deep_equals, is_integer, kind};
use crate::{Fault, Value, text};
use std::cmp::Ordering;

pub(crate) fn yes(_: &Args<'_>) -> Answer {
    Ok(Value::Bool(true))
}

pub(crate) fn no(_: &Args<'_>) -> Answer {
    Ok(Value::Bool(false))
}

pub(crate) fn null(_: &Args<'_>) -> Answer {
    Ok(Value::Null)
}

pub(crate) fn not(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(!boolean(args, 0)?))
}

/// All arguments must be booleans: none is left out because an earlier one settles the matter.
pub(crate) fn and(args: &Args<'_>) -> Answer {
    let all = booleans(args)?;
    Ok(Value::Bool(all.into_iter().all(|yes| yes)))
}

pub(crate) fn or(args: &Args<'_>) -> Answer {
    let all = booleans(args)?;
    Ok(Value::Bool(all.into_iter().any(|yes| yes)))
}

fn booleans(args: &Args<'_>) -> Result<Vec<bool>, Box<Fault>> {
    (0..args.len()).map(|ix| boolean(args, ix)).collect()
}

/// Unlike the operator of the same name, this compares kind and case; only numbers meet across kinds.
pub(crate) fn equals(args: &Args<'_>) -> Answer {
    let (a, b) = (value(args, 0), value(args, 1));
    let same = match (a, b) {
        (Value::Number(x), Value::Number(y)) if is_integer(x) != is_integer(y) => x.as_f64() == y.as_f64(),
        _ => deep_equals(a, b),
    };
    Ok(Value::Bool(same))
}

pub(crate) fn less(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(order(args)?.is_lt()))
}

pub(crate) fn less_or_equals(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(order(args)?.is_le()))
}

pub(crate) fn greater(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(order(args)?.is_gt()))
}

pub(crate) fn greater_or_equals(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(order(args)?.is_ge()))
}

fn order(args: &Args<'_>) -> Result<Ordering, Box<Fault>> {
    let (a, b) = (value(args, 0), value(args, 1));
    let as_text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        _ => None,
    };
    if let (Some(a), Some(b)) = (as_text(a), as_text(b)) {
        return Ok(text::compare(&a, &b));
    }
    let (Value::Number(x), Value::Number(y)) = (a, b) else {
        return Err(Fault::failed(format!("cannot order {} and {}", kind(a), kind(b))));
    };
    let whole = x.as_i64().zip(y.as_i64()).map(|(x, y)| x.cmp(&y));
    let order = whole.or_else(|| x.as_f64()?.partial_cmp(&y.as_f64()?));
    order.ok_or_else(|| Fault::failed("cannot order these numbers"))
}
