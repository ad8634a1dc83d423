//! Arithmetic on integers of 64 bits.

use super::args::{integer, small, value, wrong};
use super::{Answer, Args};
use crate::{Fault, Value};

fn checked(args: &Args<'_>, compute: fn(i64, i64) -> Option<i64>) -> Answer {
    let (a, b) = (integer(args, 0)?, integer(args, 1)?);
    compute(a, b).map(Value::from).ok_or_else(|| Fault::failed("the result is out of range"))
}

pub(crate) fn add(args: &Args<'_>) -> Answer {
    checked(args, i64::checked_add)
}

pub(crate) fn sub(args: &Args<'_>) -> Answer {
    checked(args, i64::checked_sub)
}

pub(crate) fn mul(args: &Args<'_>) -> Answer {
    checked(args, i64::checked_mul)
}

pub(crate) fn div(args: &Args<'_>) -> Answer {
    match integer(args, 1)? {
        0 => Err(Fault::failed("cannot divide by zero")),
        _ => checked(args, i64::checked_div),
    }
}

pub(crate) fn rem(args: &Args<'_>) -> Answer {
    match integer(args, 1)? {
        0 => Err(Fault::failed("cannot divide by zero")),
        _ => checked(args, i64::checked_rem),
    }
}

pub(crate) fn min(args: &Args<'_>) -> Answer {
    extreme(args, |best, next| next < best)
}

pub(crate) fn max(args: &Args<'_>) -> Answer {
    extreme(args, |best, next| next > best)
}

/// Over the arguments, or over the one array. One float makes the result a float.
fn extreme(args: &Args<'_>, better: fn(f64, f64) -> bool) -> Answer {
    let numbers: Vec<&Value> = match (args, value(args, 0)) {
        ([_], Value::Array(items)) => items.iter().collect(),
        _ => args.iter().map(AsRef::as_ref).collect(),
    };
    for (ix, number) in numbers.iter().enumerate() {
        if !number.is_number() {
            return Err(wrong(ix, "a number", number));
        }
    }
    let any_float = numbers.iter().any(|number| number.is_f64());
    if !any_float && let Some(whole) = numbers.iter().map(|n| n.as_i64()).collect::<Option<Vec<_>>>() {
        let want_more = better(0.0, 1.0);
        let best = if want_more { whole.iter().max() } else { whole.iter().min() };
        return best.map(|best| Value::from(*best)).ok_or_else(empty);
    }
    let mut floats = numbers.iter().filter_map(|number| number.as_f64());
    let first = floats.next().ok_or_else(empty)?;
    Ok(Value::from(floats.fold(first, |best, next| if better(best, next) { next } else { best })))
}

fn empty() -> Box<Fault> {
    Fault::failed("needs at least one number")
}

pub(crate) fn range(args: &Args<'_>) -> Answer {
    let (start, count) = (small(args, 0)?, small(args, 1)?);
    if !(0..=10_000).contains(&count) {
        return Err(Fault::failed("counts from 0 to 10000 numbers"));
    }
    let end = i64::from(start) + i64::from(count);
    if end - 1 > i64::from(i32::MAX) {
        return Err(Fault::failed("ends beyond 2147483647"));
    }
    Ok(Value::Array((i64::from(start)..end).map(Value::from).collect()))
}
