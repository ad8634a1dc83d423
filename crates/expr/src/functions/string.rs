//! Texts.

use super::args::{integer, small, text, value, wrong};
use super::{Answer, Args};
use crate::value::{is_integer, to_text};
use crate::{Fault, Value, text};
use aho_corasick::{AhoCorasick, MatchKind};

/// Joins arrays if all arguments are arrays, and texts, integers, booleans and nulls otherwise.
pub(crate) fn concat(args: &Args<'_>) -> Answer {
    if args.iter().all(|arg| arg.is_array()) {
        let items = args.iter().filter_map(|arg| arg.as_array()).flatten();
        return Ok(Value::Array(items.cloned().collect()));
    }
    let mut joined = String::new();
    for (ix, arg) in args.iter().enumerate() {
        match arg.as_ref() {
            Value::String(part) => joined.push_str(part),
            Value::Null => {}
            Value::Number(number) if is_integer(number) => joined.push_str(&number.to_string()),
            Value::Bool(_) => joined.push_str(&to_text(arg)),
            other => return Err(wrong(ix, "a string, integer or boolean", other)),
        }
    }
    Ok(Value::String(joined))
}

/// A text or integer, up to 16 characters wide.
pub(crate) fn pad_left(args: &Args<'_>) -> Answer {
    let padded = match value(args, 0) {
        Value::Number(number) if is_integer(number) => number.to_string(),
        _ => text(args, 0)?.to_owned(),
    };
    let width = integer(args, 1)?;
    if !(1..=16).contains(&width) {
        return Err(Fault::failed("pads to a width from 1 to 16"));
    }
    let filler = match value(args, 2) {
        Value::Null => " ",
        _ => text(args, 2)?,
    };
    if text::length(filler) != 1 {
        return Err(Fault::failed("pads with one character"));
    }
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text::length(&padded));
    Ok(Value::String(filler.repeat(missing) + &padded))
}

/// Case does not matter for what is replaced.
pub(crate) fn replace(args: &Args<'_>) -> Answer {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if old.is_empty() {
        return Err(Fault::failed("cannot replace the empty string"));
    }
    let mut result = String::new();
    let mut done = 0;
    for (start, end) in text::find_all(whole, old) {
        if start < done {
            continue;
        }
        result.push_str(whole.get(done..start).unwrap_or_default());
        result.push_str(new);
        done = end;
        if result.len() > 4 * 131_072 {
            return Err(Fault::failed("returns a string of more than 131072 characters"));
        }
    }
    result.push_str(whole.get(done..).unwrap_or_default());
    Ok(Value::String(result))
}

pub(crate) fn to_lower(args: &Args<'_>) -> Answer {
    Ok(Value::String(text(args, 0)?.to_lowercase()))
}

pub(crate) fn to_upper(args: &Args<'_>) -> Answer {
    Ok(Value::String(text(args, 0)?.chars().flat_map(one_upper).collect()))
}

/// .NET maps one character to one: `ß` has no upper case there.
fn one_upper(c: char) -> impl Iterator<Item = char> {
    let mut upper = c.to_uppercase();
    let single = if upper.len() == 1 { upper.next() } else { None };
    std::iter::once(single.unwrap_or(c))
}

pub(crate) fn trim(args: &Args<'_>) -> Answer {
    Ok(Value::String(text(args, 0)?.trim().to_owned()))
}

pub(crate) fn split(args: &Args<'_>) -> Answer {
    if value(args, 0).is_null() {
        return Ok(Value::Array(Vec::new()));
    }
    let whole = text(args, 0)?;
    let parts: Vec<&str> = match value(args, 1) {
        Value::Null => vec![whole],
        Value::String(delimiter) if delimiter.is_empty() => vec![whole],
        Value::String(delimiter) => whole.split(delimiter.as_str()).collect(),
        // .NET takes no separators for white space.
        Value::Array(delimiters) if delimiters.is_empty() => whole.split(char::is_whitespace).collect(),
        Value::Array(delimiters) => split_by(whole, delimiters)?,
        other => return Err(wrong(1, "a string or an array of strings", other)),
    };
    Ok(Value::Array(parts.into_iter().map(|part| Value::String(part.to_owned())).collect()))
}

fn split_by<'a>(whole: &'a str, delimiters: &[Value]) -> Result<Vec<&'a str>, Box<Fault>> {
    let mut patterns = Vec::new();
    for delimiter in delimiters {
        match delimiter {
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => patterns.push(text.as_str()),
            Value::Null => {}
            other => return Err(wrong(1, "an array of strings", other)),
        }
    }
    if patterns.is_empty() {
        return Ok(vec![whole]);
    }
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(patterns);
    let search = search.map_err(|_| Fault::failed("has too many delimiters"))?;
    let mut parts = Vec::new();
    let mut done = 0;
    for found in search.find_iter(whole) {
        parts.push(whole.get(done..found.start()).unwrap_or_default());
        done = found.end();
    }
    parts.push(whole.get(done..).unwrap_or_default());
    Ok(parts)
}

/// Elements must be texts; null is the empty one.
pub(crate) fn join(args: &Args<'_>) -> Answer {
    let Value::Array(items) = value(args, 0) else { return Err(wrong(0, "an array", value(args, 0))) };
    let delimiter = text(args, 1)?;
    let mut joined = String::new();
    for (ix, item) in items.iter().enumerate() {
        if ix > 0 {
            joined.push_str(delimiter);
        }
        match item {
            Value::String(part) => joined.push_str(part),
            Value::Null => {}
            _ => return Err(wrong(0, "an array of strings", item)),
        }
        if joined.len() > 4 * 131_072 {
            return Err(Fault::failed("returns a string of more than 131072 characters"));
        }
    }
    Ok(Value::String(joined))
}

pub(crate) fn substring(args: &Args<'_>) -> Answer {
    let whole = text(args, 0)?;
    let length = i64::try_from(text::length(whole)).unwrap_or(i64::MAX);
    let start = i64::from(small(args, 1)?);
    if start < 0 || start > length {
        return Err(Fault::failed(format!("cannot start at {start} in a string of {length}")));
    }
    let count = if args.len() > 2 { i64::from(small(args, 2)?) } else { length - start };
    if count < 0 || start > length - count {
        return Err(Fault::failed(format!("cannot take {count} from {start} of a string of {length}")));
    }
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    Ok(Value::String(text::slice(whole, place(start), place(start + count))))
}

pub(crate) fn starts_with(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(text::starts_with(text(args, 0)?, text(args, 1)?)))
}

pub(crate) fn ends_with(args: &Args<'_>) -> Answer {
    Ok(Value::Bool(text::ends_with(text(args, 0)?, text(args, 1)?)))
}
