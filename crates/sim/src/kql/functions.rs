//! Scalar functions.

use super::eval::{Datum, NULL, Scope, parse_time};
use super::{Error, Expr};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// Calls a function; those that do not look at all their arguments are here, the rest is a table.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: &[Expr]) -> Result<Datum, Error> {
    match (name, arguments) {
        ("now", []) => return Ok(Datum::Time(scope.now)),
        ("iff" | "iif", [condition, yes, no]) => {
            return scope.eval(if scope.truth(condition)? == Some(true) { yes } else { no });
        }
        ("case", arms) if arms.len() % 2 == 1 => {
            for arm in arms.chunks_exact(2) {
                if let [condition, value] = arm
                    && scope.truth(condition)? == Some(true)
                {
                    return scope.eval(value);
                }
            }
            return arms.last().map_or(Ok(NULL), |rest| scope.eval(rest));
        }
        ("coalesce", all) => {
            for one in all {
                let value = scope.eval(one)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            return Ok(NULL);
        }
        _ => {}
    }
    let values = arguments.iter().map(|own| scope.eval(own)).collect::<Result<Vec<_>, _>>()?;
    apply(name, &values, scope.now).ok_or_else(|| Error::language(name))
}

/// Nothing when there is no such function, or none with so many arguments.
fn apply(name: &str, values: &[Datum], now: Timestamp) -> Option<Datum> {
    Some(match (name, values) {
        ("tostring", [a]) => Datum::text(a.to_text()),
        ("tolower", [a]) => Datum::text(a.to_text().to_lowercase()),
        ("toupper", [a]) => Datum::text(a.to_text().to_uppercase()),
        ("strlen", [a]) => count(a.to_text().chars().count()),
        ("strcat", all) => Datum::text(all.iter().map(Datum::to_text).collect::<String>()),
        ("toint" | "tolong", [a]) => a.to_number().map_or(NULL, |own| Datum::number(own.trunc())),
        ("todouble" | "toreal", [a]) => a.to_number().map_or(NULL, Datum::number),
        ("tobool", [a]) => bool_of(a),
        ("todynamic" | "parse_json", [a]) => dynamic(a),
        ("todatetime", [a]) => a.to_time().map_or(NULL, Datum::Time),
        ("ago", [Datum::Span(span)]) => now.checked_sub(*span).map_or(NULL, Datum::Time),
        ("bin", [a, width]) => bin(a, width),
        ("startofday", [a]) => bin(a, &Datum::Span(SignedDuration::from_hours(24))),
        ("isnull", [a]) => Datum::bool(a.is_null()),
        ("isnotnull", [a]) => Datum::bool(!a.is_null()),
        ("isempty", [a]) => Datum::bool(a.to_text().is_empty()),
        ("isnotempty", [a]) => Datum::bool(!a.to_text().is_empty()),
        ("split", [a, by]) => Datum::Json(split(&a.to_text(), &by.to_text())),
        ("split", [a, by, at]) => {
            let parts = split(&a.to_text(), &by.to_text());
            let part = position(at).and_then(|at| parts.get(at).cloned());
            Datum::Json(Value::Array(part.into_iter().collect()))
        }
        ("substring", [a, from]) => {
            Datum::text(a.to_text().chars().skip(position(from)?).collect::<String>())
        }
        ("substring", [a, from, length]) => {
            Datum::text(a.to_text().chars().skip(position(from)?).take(position(length)?).collect::<String>())
        }
        ("indexof", [a, b]) => {
            let text = a.to_text();
            let found = text.find(&*b.to_text()).and_then(|at| text.get(..at));
            found.map_or(Datum::number(-1.0), |before| count(before.chars().count()))
        }
        ("replace_string", [a, from, to]) => {
            Datum::text(a.to_text().replace(&*from.to_text(), &to.to_text()))
        }
        ("array_length", [Datum::Json(Value::Array(items))]) => count(items.len()),
        ("bag_keys", [Datum::Json(Value::Object(map))]) => Datum::Json(map.keys().cloned().collect()),
        ("pack_array", all) => Datum::Json(all.iter().cloned().map(Datum::json).collect()),
        ("bag_pack" | "pack", all) if all.len() % 2 == 0 => {
            let pairs = all.chunks_exact(2).filter_map(|pair| match pair {
                [name, value] => Some((name.to_text().into_owned(), value.clone().json())),
                _ => None,
            });
            Datum::Json(Value::Object(pairs.collect::<Map<_, _>>()))
        }
        ("set_has_element", [Datum::Json(Value::Array(items)), element]) => {
            let element = element.clone().json();
            Datum::bool(items.contains(&element))
        }
        ("array_length" | "bag_keys", [_]) | ("set_has_element", [_, _]) => NULL,
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "lengths are small")]
fn count(of: usize) -> Datum {
    Datum::number(of as f64)
}

fn position(of: &Datum) -> Option<usize> {
    let number = of.to_number().filter(|own| (0.0..1e9).contains(own))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e9")]
    Some(number as usize)
}

fn split(text: &str, by: &str) -> Value {
    if by.is_empty() { Value::from(vec![text]) } else { text.split(by).map(Value::from).collect() }
}

fn bool_of(of: &Datum) -> Datum {
    let text = of.to_text().to_lowercase();
    let number = || of.to_number().map(|number| number != 0.0);
    let known = if text == "true" {
        Some(true)
    } else if text == "false" {
        Some(false)
    } else {
        number()
    };
    known.map_or(NULL, Datum::bool)
}

fn dynamic(of: &Datum) -> Datum {
    match of {
        Datum::Json(Value::String(text)) => {
            serde_json::from_str(text).map_or_else(|_| Datum::text(text.clone()), Datum::Json)
        }
        other => other.clone(),
    }
}

fn bin(of: &Datum, width: &Datum) -> Datum {
    if let (Some(time), Datum::Span(span)) = (of.to_time(), width) {
        let width = span.as_nanos();
        let down = time.as_nanosecond().checked_div_euclid(width).and_then(|bins| bins.checked_mul(width));
        return down.and_then(|own| Timestamp::from_nanosecond(own).ok()).map_or(NULL, Datum::Time);
    }
    match of.to_number().zip(width.to_number()) {
        Some((number, width)) if width > 0.0 => Datum::number((number / width).floor() * width),
        _ => NULL,
    }
}

/// Whether a text is a time: what a column's type is guessed by.
pub(super) fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.contains('T') && parse_time(text).is_some()
}
