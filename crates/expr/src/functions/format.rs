//! `format()`: composite formatting as .NET does it.

use super::args::{text, value};
use super::{Answer, Args};
use crate::value::is_integer;
use crate::{Fault, Value};

/// Wider than any text that a function may return.
const WIDEST: usize = 131_072;

pub(crate) fn format(args: &Args<'_>) -> Answer {
    let Value::String(_) = value(args, 0) else {
        return Err(super::args::wrong(0, "a string", value(args, 0)));
    };
    let mut rest = text(args, 0)?;
    let mut out = String::new();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else if let Some(after) = from.strip_prefix('{') {
            let (item, after) = after.split_once('}').ok_or_else(|| bad("a brace is not closed"))?;
            placeholder(item, args, &mut out)?;
            rest = after;
        } else {
            return Err(bad("a closing brace stands alone"));
        }
        if out.len() > 4 * WIDEST {
            return Err(Fault::failed("returns a string of more than 131072 characters"));
        }
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

fn bad(what: &str) -> Box<Fault> {
    Fault::failed(format!("the format is wrong: {what}"))
}

/// `index[,alignment][:format]`
fn placeholder(item: &str, args: &Args<'_>, out: &mut String) -> Result<(), Box<Fault>> {
    let (place, spec) = item.split_once(':').map_or((item, ""), |(place, spec)| (place, spec));
    let (index, width) = place.split_once(',').map_or((place, None), |(index, width)| (index, Some(width)));
    let digits = index.trim_end();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad("a placeholder needs a number"));
    }
    let index: usize = digits.parse().map_err(|_| bad("a placeholder needs a number"))?;
    let arg = index.checked_add(1).and_then(|at| args.get(at));
    let arg = arg.ok_or_else(|| bad(&format!("there is no argument for {{{index}}}")))?;
    let shown = show(arg, spec)?;
    let Some(width) = width else {
        out.push_str(&shown);
        return Ok(());
    };
    let width: i64 = width.trim().parse().map_err(|_| bad("an alignment needs a number"))?;
    let wanted = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
    if wanted > WIDEST {
        return Err(bad("an alignment is too wide"));
    }
    let padding = " ".repeat(wanted.saturating_sub(crate::text::length(&shown)));
    if width < 0 {
        out.extend([shown, padding]);
    } else {
        out.extend([padding, shown]);
    }
    Ok(())
}

/// Numbers take a format; other values ignore it. Objects and arrays read as JSON in single quotes.
fn show(arg: &Value, spec: &str) -> Result<String, Box<Fault>> {
    match arg {
        Value::Number(number) if !spec.is_empty() => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => number_as(spec, Some(whole), i128::from(whole)),
            (None, Some(float)) => float_as(spec, float),
            _ => Err(bad("this number is out of range")),
        },
        Value::Number(number) if !is_integer(number) => Ok(plain_float(number.as_f64().unwrap_or(0.0))),
        Value::Array(_) | Value::Object(_) => Ok(arg.to_string().replace('"', "'")),
        other => Ok(crate::value::to_text(other)),
    }
}

fn plain_float(float: f64) -> String {
    format!("{float}")
}

fn parse_spec(spec: &str) -> Result<(char, Option<usize>), Box<Fault>> {
    let unknown = || Fault::missing(format!("what the number format `{spec}` of format() writes"));
    let letter = spec.chars().next().ok_or_else(unknown)?;
    let digits = spec.get(letter.len_utf8()..).unwrap_or_default();
    let precision = match digits {
        "" => None,
        digits => Some(digits.parse::<usize>().ok().filter(|n| *n <= 99).ok_or_else(unknown)?),
    };
    if !letter.is_ascii_alphabetic() {
        return Err(unknown());
    }
    Ok((letter, precision))
}

fn number_as(spec: &str, whole: Option<i64>, wide: i128) -> Result<String, Box<Fault>> {
    let (letter, precision) = parse_spec(spec)?;
    let digits = precision.unwrap_or(1);
    match (letter.to_ascii_uppercase(), whole) {
        ('D', _) => {
            let sign = if wide < 0 { "-" } else { "" };
            Ok(format!("{sign}{:0>digits$}", wide.unsigned_abs()))
        }
        ('X', Some(whole)) if letter == 'X' => Ok(format!("{:0>digits$}", format!("{whole:X}"))),
        ('X', Some(whole)) => Ok(format!("{:0>digits$}", format!("{whole:x}"))),
        ('G' | 'R', _) if precision.is_none() => Ok(wide.to_string()),
        ('F', _) => Ok(decimals(&wide.to_string(), precision.unwrap_or(2), false)),
        ('N', _) => Ok(decimals(&wide.to_string(), precision.unwrap_or(2), true)),
        ('P', _) => {
            let hundred = (wide * 100).to_string();
            Ok(format!("{} %", decimals(&hundred, precision.unwrap_or(2), true)))
        }
        _ => standard_or_unknown(letter, spec),
    }
}

/// A whole number with zeros after the point.
fn decimals(whole: &str, precision: usize, grouped: bool) -> String {
    let whole = if grouped { group(whole) } else { whole.to_owned() };
    if precision == 0 { whole } else { format!("{whole}.{}", "0".repeat(precision)) }
}

fn float_as(spec: &str, float: f64) -> Result<String, Box<Fault>> {
    let (letter, precision) = parse_spec(spec)?;
    let fixed = |float: f64, grouped: bool| {
        let text = format!("{float:.*}", precision.unwrap_or(2));
        match text.split_once('.') {
            Some((whole, rest)) if grouped => format!("{}.{rest}", group(whole)),
            None if grouped => group(&text),
            _ => text,
        }
    };
    match letter.to_ascii_uppercase() {
        'F' => Ok(fixed(float, false)),
        'N' => Ok(fixed(float, true)),
        'P' => Ok(format!("{} %", fixed(float * 100.0, true))),
        'G' | 'R' if precision.is_none() => Ok(plain_float(float)),
        'D' | 'X' => Err(bad("only integers have this number format")),
        _ => standard_or_unknown(letter, spec),
    }
}

/// .NET knows these formats, and dekey does not write them; any other letter is an error there too.
fn standard_or_unknown(letter: char, spec: &str) -> Result<String, Box<Fault>> {
    if "BCDEFGNPRX".contains(letter.to_ascii_uppercase()) {
        return Err(Fault::missing(format!("what the number format `{spec}` of format() writes")));
    }
    Err(bad("there is no such number format"))
}

fn group(whole: &str) -> String {
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::from(sign);
    for (ix, digit) in digits.chars().enumerate() {
        if ix > 0 && (digits.len() - ix).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
