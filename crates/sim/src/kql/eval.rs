//! Expressions over a row.

use super::functions::call;
use super::{Error, Expr, Row};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Json(Value),
    Time(Timestamp),
    Span(SignedDuration),
}

pub(super) const NULL: Datum = Datum::Json(Value::Null);

impl Datum {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Datum::Json(Value::String(text.into()))
    }

    pub(super) fn bool(value: bool) -> Self {
        Datum::Json(Value::Bool(value))
    }

    pub(super) fn number(value: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        let number = if value.fract() == 0.0 && value.abs() < 9e15 {
            Some(Number::from(value as i64))
        } else {
            Number::from_f64(value)
        };
        Datum::Json(number.map_or(Value::Null, Value::Number))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Datum::Json(Value::Null))
    }

    /// As it stands in a column.
    pub(super) fn json(self) -> Value {
        match self {
            Datum::Json(value) => value,
            Datum::Time(time) => Value::String(format!("{time:.7}")),
            Datum::Span(span) => Value::String(span_text(span)),
        }
    }

    /// As `tostring()` gives it.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Datum::Json(Value::String(text)) => Cow::Borrowed(text),
            Datum::Json(Value::Null) => Cow::Borrowed(""),
            Datum::Json(Value::Bool(value)) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Datum::Json(value) => Cow::Owned(value.to_string()),
            Datum::Time(time) => Cow::Owned(format!("{time:.7}")),
            Datum::Span(span) => Cow::Owned(span_text(*span)),
        }
    }

    pub(super) fn to_number(&self) -> Option<f64> {
        match self {
            Datum::Json(Value::Number(number)) => number.as_f64(),
            Datum::Json(Value::String(text)) => text.trim().parse().ok(),
            Datum::Json(Value::Bool(value)) => Some(f64::from(u8::from(*value))),
            Datum::Span(span) => Some(span.as_secs_f64()),
            _ => None,
        }
    }

    pub(super) fn to_time(&self) -> Option<Timestamp> {
        match self {
            Datum::Time(time) => Some(*time),
            Datum::Json(Value::String(text)) => parse_time(text),
            _ => None,
        }
    }
}

pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let day: jiff::civil::Date = text.parse().ok()?;
        Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

fn span_text(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    format!("{days}{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

fn span(milliseconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(SignedDuration::ZERO)
}

/// What expressions are evaluated with.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) row: &'s Row,
    pub(super) columns: &'s [String],
    pub(super) now: Timestamp,
}

impl Scope<'_> {
    pub(super) fn eval(&self, expr: &Expr) -> Result<Datum, Error> {
        Ok(match expr {
            Expr::Null => NULL,
            Expr::Bool(value) => Datum::bool(*value),
            Expr::Number(number, _) => Datum::number(*number),
            Expr::Text(text) => Datum::text(text.clone()),
            Expr::Span(milliseconds) => Datum::Span(span(*milliseconds)),
            Expr::Name(name) => self.column(name)?,
            Expr::Field(of, name) => field(&self.eval(of)?, name),
            Expr::Index(of, index) => match self.eval(index)? {
                Datum::Json(Value::String(name)) => field(&self.eval(of)?, &name),
                other => element(&self.eval(of)?, &other),
            },
            Expr::Call(name, arguments) => call(self, name, arguments)?,
            Expr::Not(inner) => match self.truth(inner)? {
                Some(value) => Datum::bool(!value),
                None => NULL,
            },
            Expr::Negative(inner) => match self.eval(inner)? {
                Datum::Span(span) => Datum::Span(-span),
                other => other.to_number().map_or(NULL, |number| Datum::number(-number)),
            },
            Expr::Binary(sign, left, right) => return self.binary(sign, left, right),
            Expr::In(sign, of, list) => return self.list(sign, of, list),
            Expr::Between(of, low, high) => {
                let (of, low, high) = (self.eval(of)?, self.eval(low)?, self.eval(high)?);
                let above = order(&of, &low).map(|own| own != Ordering::Less);
                let below = order(&of, &high).map(|own| own != Ordering::Greater);
                above.zip(below).map_or(NULL, |(above, below)| Datum::bool(above && below))
            }
        })
    }

    fn column(&self, name: &str) -> Result<Datum, Error> {
        match self.row.get(name) {
            Some(value) => Ok(Datum::Json(value.clone())),
            None if self.columns.iter().any(|own| own == name) => Ok(NULL),
            None => Err(Error::column(name)),
        }
    }

    /// True, false, or neither.
    pub(super) fn truth(&self, expr: &Expr) -> Result<Option<bool>, Error> {
        Ok(match self.eval(expr)? {
            Datum::Json(Value::Bool(value)) => Some(value),
            Datum::Json(Value::Number(number)) => number.as_f64().map(|number| number != 0.0),
            _ => None,
        })
    }

    fn binary(&self, sign: &'static str, left: &Expr, right: &Expr) -> Result<Datum, Error> {
        if sign == "and" || sign == "or" {
            let (a, b) = (self.truth(left)?, self.truth(right)?);
            let wins = Some(sign == "or");
            let known = if a == wins || b == wins { wins } else { a.and(b) };
            return Ok(known.map_or(NULL, Datum::bool));
        }
        let (a, b) = (self.eval(left)?, self.eval(right)?);
        Ok(match sign {
            "==" | "!=" => equality(&a, &b, sign == "=="),
            "=~" => Datum::bool(a.to_text().eq_ignore_ascii_case(&b.to_text())),
            "!~" => Datum::bool(!a.to_text().eq_ignore_ascii_case(&b.to_text())),
            "<" => order(&a, &b).map_or(NULL, |own| Datum::bool(own == Ordering::Less)),
            ">" => order(&a, &b).map_or(NULL, |own| Datum::bool(own == Ordering::Greater)),
            "<=" => order(&a, &b).map_or(NULL, |own| Datum::bool(own != Ordering::Greater)),
            ">=" => order(&a, &b).map_or(NULL, |own| Datum::bool(own != Ordering::Less)),
            "+" | "-" | "*" | "/" | "%" => arithmetic(sign, &a, &b),
            _ => {
                let (negated, word) = sign.strip_prefix('!').map_or((false, sign), |word| (true, word));
                Datum::bool(text_test(word, &a.to_text(), &b.to_text()) != negated)
            }
        })
    }

    fn list(&self, sign: &str, of: &Expr, list: &[Expr]) -> Result<Datum, Error> {
        let value = self.eval(of)?;
        let (negated, word) = sign.strip_prefix('!').map_or((false, sign), |word| (true, word));
        let mut all = Vec::new();
        for item in list {
            match self.eval(item)? {
                Datum::Json(Value::Array(items)) => all.extend(items.into_iter().map(Datum::Json)),
                other => all.push(other),
            }
        }
        let text = value.to_text();
        let found = match word {
            "in" => all.iter().any(|own| equality(&value, own, true) == Datum::bool(true)),
            "in~" => all.iter().any(|own| own.to_text().eq_ignore_ascii_case(&text)),
            "has_all" => all.iter().all(|own| text_test("has", &text, &own.to_text())),
            _ => all.iter().any(|own| text_test("has", &text, &own.to_text())),
        };
        Ok(Datum::bool(found != negated))
    }
}

fn field(of: &Datum, name: &str) -> Datum {
    match of {
        Datum::Json(Value::Object(map)) => map.get(name).cloned().map_or(NULL, Datum::Json),
        _ => NULL,
    }
}

fn element(of: &Datum, index: &Datum) -> Datum {
    let (Datum::Json(Value::Array(items)), Some(index)) = (of, index.to_number()) else { return NULL };
    #[expect(clippy::cast_possible_truncation, reason = "out of range finds nothing")]
    let index = index as i64;
    let index = if index < 0 { index + i64::try_from(items.len()).unwrap_or(0) } else { index };
    let found = usize::try_from(index).ok().and_then(|index| items.get(index));
    found.cloned().map_or(NULL, Datum::Json)
}

/// Null equals nothing and differs from every value; whether it differs from null nobody can say.
fn equality(a: &Datum, b: &Datum, equal: bool) -> Datum {
    match (a.is_null(), b.is_null()) {
        (true, true) => NULL,
        (true, false) | (false, true) => Datum::bool(!equal),
        _ => Datum::bool(same(a, b) == equal),
    }
}

fn same(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::Time(_), _) | (_, Datum::Time(_)) => {
            a.to_time().is_some_and(|time| Some(time) == b.to_time())
        }
        (Datum::Json(Value::Number(_)), _) | (_, Datum::Json(Value::Number(_))) => {
            a.to_number().zip(b.to_number()).is_some_and(|(a, b)| a.total_cmp(&b) == Ordering::Equal)
        }
        (Datum::Json(Value::Bool(_)), Datum::Json(Value::String(_)))
        | (Datum::Json(Value::String(_)), Datum::Json(Value::Bool(_))) => a.to_text() == b.to_text(),
        _ => a == b,
    }
}

/// The order of two values; nothing when one is null.
pub(super) fn order(a: &Datum, b: &Datum) -> Option<Ordering> {
    if a.is_null() || b.is_null() {
        return None;
    }
    if let (Some(a), Some(b)) = (a.to_time(), b.to_time()) {
        return Some(a.cmp(&b));
    }
    let is_number = |own: &Datum| matches!(own, Datum::Json(Value::Number(_)) | Datum::Span(_));
    if is_number(a) || is_number(b) {
        return a.to_number()?.partial_cmp(&b.to_number()?);
    }
    Some(a.to_text().cmp(&b.to_text()))
}

fn arithmetic(sign: &str, a: &Datum, b: &Datum) -> Datum {
    if let (Datum::Span(span), Some(time)) = (b, a.to_time()) {
        let shifted = if sign == "-" { time.checked_sub(*span) } else { time.checked_add(*span) };
        return shifted.map_or(NULL, Datum::Time);
    }
    if let (Some(a), Some(b), "-") = (a.to_time(), b.to_time(), sign) {
        return Datum::Span(a.duration_since(b));
    }
    let Some((x, y)) = a.to_number().zip(b.to_number()) else { return NULL };
    let result = match sign {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "%" if y != 0.0 => x % y,
        "/" if y != 0.0 => x / y,
        _ => return NULL,
    };
    let spans = matches!(a, Datum::Span(_)) || matches!(b, Datum::Span(_));
    if spans && sign != "/" { Datum::Span(span(result * 1000.0)) } else { Datum::number(result) }
}

fn text_test(word: &str, text: &str, part: &str) -> bool {
    let (lower, part_lower) = (text.to_lowercase(), part.to_lowercase());
    match word {
        "has" => has(&lower, &part_lower),
        "has_cs" => has(text, part),
        "contains" => lower.contains(&part_lower),
        "contains_cs" => text.contains(part),
        "startswith" => lower.starts_with(&part_lower),
        _ => lower.ends_with(&part_lower),
    }
}

/// Whether a text holds a term: no letter or digit stands on either side of it.
fn has(text: &str, term: &str) -> bool {
    text.match_indices(term).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.get(term.len()..).unwrap_or("");
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}
