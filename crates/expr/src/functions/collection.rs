//! Arrays, objects, and what texts have in common with them.

use super::args::{integer, text, value, wrong};
use super::{Answer, Args};
use crate::value::{deep_equals, kind};
use crate::{Fault, Value, text};
use serde_json::Map;

pub(crate) fn length(args: &Args<'_>) -> Answer {
    let length = match value(args, 0) {
        Value::Null => 0,
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        Value::String(whole) => text::length(whole),
        other => return Err(wrong(0, "a string, array or object", other)),
    };
    Ok(Value::from(length))
}

pub(crate) fn empty(args: &Args<'_>) -> Answer {
    let empty = match value(args, 0) {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(whole) => whole.is_empty(),
        other => return Err(wrong(0, "a string, array or object", other)),
    };
    Ok(Value::Bool(empty))
}

/// Case matters for elements, and neither for keys nor within a text.
pub(crate) fn contains(args: &Args<'_>) -> Answer {
    let element = value(args, 1);
    let found = match value(args, 0) {
        Value::Object(map) => text::key(map, text(args, 1)?).is_some(),
        Value::Array(items) => items.iter().any(|item| deep_equals(item, element)),
        Value::String(whole) => text::contains(whole, text(args, 1)?),
        other => return Err(wrong(0, "a string, array or object", other)),
    };
    Ok(Value::Bool(found))
}

pub(crate) fn index_of(args: &Args<'_>) -> Answer {
    let element = value(args, 1);
    match value(args, 0) {
        Value::Null => Ok(Value::from(-1)),
        Value::Array(items) => Ok(place(items.iter().position(|item| deep_equals(item, element)))),
        Value::String(whole) => {
            let part = text(args, 1)?;
            if part.is_empty() {
                return Ok(Value::from(0));
            }
            Ok(place(text::find_all(whole, part).first().map(|found| units(whole, found.0))))
        }
        other => Err(wrong(0, "a string or array", other)),
    }
}

pub(crate) fn last_index_of(args: &Args<'_>) -> Answer {
    let element = value(args, 1);
    match value(args, 0) {
        Value::Null => Ok(Value::from(-1)),
        Value::Array(items) => Ok(place(items.iter().rposition(|item| deep_equals(item, element)))),
        Value::String(whole) => {
            let part = text(args, 1)?;
            if part.is_empty() {
                return Ok(Value::from(text::length(whole)));
            }
            Ok(place(last_found(whole, part).map(|at| units(whole, at))))
        }
        other => Err(wrong(0, "a string or array", other)),
    }
}

/// The last occurrence may overlap an earlier one, so the search runs from the end.
fn last_found(whole: &str, part: &str) -> Option<usize> {
    if whole.is_ascii() {
        return memchr::memmem::rfind(text::fold(whole).as_bytes(), text::fold(part).as_bytes());
    }
    let reverse = |text: &str| text.chars().rev().collect::<String>();
    let (backwards, wanted) = (reverse(whole), reverse(part));
    let (_, end) = text::find_all(&backwards, &wanted).into_iter().next()?;
    Some(whole.len() - end)
}

fn units(whole: &str, byte: usize) -> usize {
    text::length(whole.get(..byte).unwrap_or_default())
}

fn place(found: Option<usize>) -> Value {
    found.map_or(Value::from(-1), Value::from)
}

pub(crate) fn first(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(items.first().cloned().unwrap_or(Value::Null)),
        Value::String(whole) => Ok(Value::String(text::slice(whole, 0, 1))),
        other => Err(wrong(0, "a string or array", other)),
    }
}

pub(crate) fn last(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(items.last().cloned().unwrap_or(Value::Null)),
        Value::String(whole) => {
            let length = text::length(whole);
            Ok(Value::String(text::slice(whole, length.saturating_sub(1), length)))
        }
        other => Err(wrong(0, "a string or array", other)),
    }
}

pub(crate) fn take(args: &Args<'_>) -> Answer {
    let count = usize::try_from(integer(args, 1)?).unwrap_or(0);
    match value(args, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(Value::Array(items.iter().take(count).cloned().collect())),
        Value::String(whole) => Ok(Value::String(text::slice(whole, 0, count))),
        other => Err(wrong(0, "a string or array", other)),
    }
}

pub(crate) fn skip(args: &Args<'_>) -> Answer {
    let count = usize::try_from(integer(args, 1)?).unwrap_or(0);
    match value(args, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(Value::Array(items.iter().skip(count).cloned().collect())),
        Value::String(whole) => Ok(Value::String(text::slice(whole, count, usize::MAX))),
        other => Err(wrong(0, "a string or array", other)),
    }
}

/// Counted from 1 for the last element.
pub(crate) fn index_from_end(args: &Args<'_>) -> Answer {
    if !value(args, 0).is_array() {
        return Err(wrong(0, "an array", value(args, 0)));
    }
    let found = from_end(args)?;
    found
        .cloned()
        .ok_or_else(|| Fault::failed(format!("there is no element {} from the end", value(args, 1))))
}

pub(crate) fn try_index_from_end(args: &Args<'_>) -> Answer {
    Ok(from_end(args)?.cloned().unwrap_or_default())
}

fn from_end<'a>(args: &'a Args<'_>) -> Result<Option<&'a Value>, Box<Fault>> {
    let index = usize::try_from(integer(args, 1)?).ok();
    let items = value(args, 0).as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(index.and_then(|index| items.get(items.len().checked_sub(index)?)))
}

pub(crate) fn array(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Array(items) => Ok(Value::Array(items.clone())),
        other => Ok(Value::Array(vec![other.clone()])),
    }
}

pub(crate) fn create_array(args: &Args<'_>) -> Answer {
    Ok(Value::Array(args.iter().map(|arg| arg.as_ref().clone()).collect()))
}

pub(crate) fn create_object(args: &Args<'_>) -> Answer {
    if !args.len().is_multiple_of(2) {
        return Err(Fault::failed("takes names and values in pairs"));
    }
    let mut map = Map::new();
    for (ix, pair) in args.chunks(2).enumerate() {
        let name = text(args, ix * 2)?;
        let value = pair.last().map(|value| value.as_ref().clone()).unwrap_or_default();
        if map.insert(name.to_owned(), value).is_some() {
            return Err(Fault::failed(format!("has `{name}` twice")));
        }
    }
    Ok(Value::Object(map))
}

pub(crate) fn coalesce(args: &Args<'_>) -> Answer {
    Ok(args.iter().find(|arg| !arg.is_null()).map(|arg| arg.as_ref().clone()).unwrap_or_default())
}

pub(crate) fn intersection(args: &Args<'_>) -> Answer {
    let rest = args.get(1..).unwrap_or_default();
    match value(args, 0) {
        Value::Array(items) => {
            let others =
                rest.iter().map(|arg| arg.as_array()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            let mut common: Vec<Value> = Vec::new();
            for item in items {
                let everywhere =
                    others.iter().all(|other| other.iter().any(|other| deep_equals(item, other)));
                if everywhere && !common.iter().any(|known| deep_equals(known, item)) {
                    common.push(item.clone());
                }
            }
            Ok(Value::Array(common))
        }
        Value::Object(map) => {
            let others =
                rest.iter().map(|arg| arg.as_object()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            let common = map.iter().filter(|(key, value)| {
                others.iter().all(|other| other.get(*key).is_some_and(|other| deep_equals(value, other)))
            });
            Ok(Value::Object(common.map(|(key, value)| (key.clone(), value.clone())).collect()))
        }
        other => Err(wrong(0, "an array or object", other)),
    }
}

fn mixed() -> Box<Fault> {
    Fault::failed("needs arguments of one kind")
}

/// Arrays without repetition; objects with the later value, nested objects merged, and arrays in them replaced.
pub(crate) fn union(args: &Args<'_>) -> Answer {
    match value(args, 0) {
        Value::Array(_) => {
            let all = args.iter().map(|arg| arg.as_array()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            let mut seen: Vec<Value> = Vec::new();
            for item in all.into_iter().flatten() {
                if !seen.iter().any(|known| deep_equals(known, item)) {
                    seen.push(item.clone());
                }
            }
            Ok(Value::Array(seen))
        }
        Value::Object(_) => {
            let mut merged = Map::new();
            for arg in args {
                merge(&mut merged, arg.as_object().ok_or_else(mixed)?);
            }
            Ok(Value::Object(merged))
        }
        other => Err(wrong(0, "an array or object", other)),
    }
}

fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        let spelled = text::key(into, key).unwrap_or(key).to_owned();
        match (into.get_mut(&spelled), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            _ => {
                into.insert(spelled, value.clone());
            }
        }
    }
}

/// Name and value of every property, by name.
pub(crate) fn items(args: &Args<'_>) -> Answer {
    let Value::Object(map) = value(args, 0) else { return Err(wrong(0, "an object", value(args, 0))) };
    let mut pairs: Vec<(&String, &Value)> = map.iter().collect();
    pairs.sort_by_cached_key(|(key, _)| key.to_uppercase());
    let pairs = pairs.into_iter().map(|(key, value)| {
        let pair = [("key".to_owned(), Value::String(key.clone())), ("value".to_owned(), value.clone())];
        Value::Object(pair.into_iter().collect())
    });
    Ok(Value::Array(pairs.collect()))
}

/// Only the first step may miss: from there on, a missing property fails.
pub(crate) fn try_get(args: &Args<'_>) -> Answer {
    for ix in 1..args.len() {
        let key = value(args, ix);
        if !key.is_string() && !key.is_i64() {
            return Err(wrong(ix, "a string or integer", key));
        }
    }
    let Some(mut current) = step(value(args, 0), value(args, 1)) else { return Ok(Value::Null) };
    if current.is_null() {
        return Ok(Value::Null);
    }
    for ix in 2..args.len() {
        let key = value(args, ix);
        current = step(current, key)
            .ok_or_else(|| Fault::failed(format!("there is no {key} in {}", kind(current))))?;
    }
    Ok(current.clone())
}

fn step<'a>(from: &'a Value, key: &Value) -> Option<&'a Value> {
    match (from, key) {
        (Value::Object(map), Value::String(name)) => text::get(map, name),
        (Value::Array(items), Value::Number(index)) => items.get(usize::try_from(index.as_u64()?).ok()?),
        _ => None,
    }
}
