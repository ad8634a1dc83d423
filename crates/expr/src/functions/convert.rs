//! From one kind to another.

use super::args::{integer, text, value, wrong};
use super::{Answer, Args};
use crate::value::{is_integer, to_text};
use crate::{Fault, Value, time};

/// Objects and arrays as JSON; floats have no text here.
pub(crate) fn string(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Number(number) if !is_integer(number) => {
            Err(wrong(0, "a string, integer, boolean, array or object", value(args, 0)))
        }
        other => Ok(Value::String(to_text(other))),
    }
}

pub(crate) fn int(args: &Args<'_>) -> Answer {
    if let Value::Number(number) = value(args, 0)
        && is_integer(number)
    {
        return Ok(Value::Number(number.clone()));
    }
    let written = text(args, 0)?.trim();
    let number = written.strip_prefix('+').unwrap_or(written).parse::<i64>();
    number.map(Value::from).map_err(|_| Fault::failed("this string is not an integer"))
}

pub(crate) fn float(args: &Args<'_>) -> Answer {
    let number = match value(args, 0) {
        Value::Number(number) => number.as_f64(),
        Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Value::String(written) => written.trim().replace(',', "").parse::<f64>().ok(),
        other => return Err(wrong(0, "a number or string", other)),
    };
    let number = number.filter(|number| number.is_finite());
    number.map(Value::from).ok_or_else(|| Fault::failed("this string is not a number"))
}

/// `true` and `false` in any case; a number is false when it is zero.
pub(crate) fn bool(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Bool(yes) => Ok(Value::Bool(*yes)),
        Value::Number(number) => Ok(Value::Bool(number.as_f64() != Some(0.0))),
        Value::String(written) if written.trim().eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Value::String(written) if written.trim().eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        Value::String(_) => Err(Fault::failed("this string is neither true nor false")),
        other => Err(wrong(0, "a boolean, number or string", other)),
    }
}

pub(crate) fn json(args: &Args<'_>) -> Answer {
    if value(args, 0).is_null() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    parse_json(text(args, 0)?)
}

/// Never quotes the text: it may hold a secret.
pub(crate) fn parse_json(written: &str) -> Answer {
    serde_json::from_str(written).map_err(|error| {
        Fault::failed(format!("this string is not JSON (line {}, column {})", error.line(), error.column()))
    })
}

pub(crate) fn add_days(args: &Args<'_>) -> Answer {
    let start = time::parse(text(args, 0)?);
    let start = start.ok_or_else(|| Fault::failed("argument 1 is not a date and time in ISO 8601"))?;
    let later = time::add_days(start, integer(args, 1)?);
    let later = later.ok_or_else(|| Fault::failed("the date is out of range"))?;
    Ok(Value::String(time::format(later)))
}
