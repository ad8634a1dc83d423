//! Base64, data URIs and percent-encoding.

use super::args::{text, value};
use super::convert::parse_json;
use super::{Answer, Args};
use crate::value::to_text;
use crate::{Fault, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn base64(args: &Args<'_>) -> Answer {
    Ok(Value::String(STANDARD.encode(text(args, 0)?)))
}

pub(crate) fn base64_to_string(args: &Args<'_>) -> Answer {
    decode(text(args, 0)?).map(Value::String)
}

pub(crate) fn base64_to_json(args: &Args<'_>) -> Answer {
    parse_json(&decode(text(args, 0)?)?)
}

fn decode(encoded: &str) -> Result<String, Box<Fault>> {
    let dense: String = encoded.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(dense).map_err(|_| Fault::failed("this string is not base64"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn data_uri(args: &Args<'_>) -> Answer {
    let whole = value(args, 0);
    let kind = match whole {
        Value::String(_) | Value::Null => "text/plain;charset=utf8",
        _ => "application/json;charset=utf8",
    };
    Ok(Value::String(format!("data:{kind};base64,{}", STANDARD.encode(to_text(whole)))))
}

/// Also takes the `charset=utf8` that `dataUri` writes, which the reference would refuse.
pub(crate) fn data_uri_to_string(args: &Args<'_>) -> Answer {
    let bad = |what: &str| Fault::failed(format!("this string is not a data URI: {what}"));
    let whole = text(args, 0)?;
    let rest = match whole.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => whole.get(5..).unwrap_or_default(),
        _ => return Err(bad("it does not start with `data:`")),
    };
    let (metadata, data) = rest.split_once(',').ok_or_else(|| bad("it has no comma"))?;
    let tokens: Vec<&str> = if metadata.is_empty() { Vec::new() } else { metadata.split(';').collect() };
    let is_base64 = tokens.last().is_some_and(|last| last.eq_ignore_ascii_case("base64"));
    if tokens.first().is_some_and(|first| first.is_empty()) && (tokens.len() != 2 || !is_base64) {
        return Err(bad("it has parameters without a media type"));
    }
    if tokens.iter().skip(1).any(|token| token.trim().is_empty()) {
        return Err(bad("a parameter is empty"));
    }
    let charset = tokens.get(1).and_then(|token| token.split_once('='));
    if let Some((name, charset)) = charset
        && name.eq_ignore_ascii_case("charset")
        && !charset.eq_ignore_ascii_case("utf-8")
        && !charset.eq_ignore_ascii_case("utf8")
    {
        return Err(bad("its charset is not UTF-8"));
    }
    if is_base64 { decode(data).map(Value::String) } else { Ok(Value::String(percent_decode(data))) }
}

pub(crate) fn uri_component(args: &Args<'_>) -> Answer {
    let mut encoded = String::new();
    for byte in text(args, 0)?.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(hex(byte >> 4));
            encoded.extend(hex(byte & 15));
        }
    }
    Ok(Value::String(encoded))
}

fn hex(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase())
}

/// As `HttpUtility.UrlDecode`: `+` is a space, and what is not an escape stays.
pub(crate) fn uri_component_to_string(args: &Args<'_>) -> Answer {
    Ok(Value::String(percent_decode(text(args, 0)?)))
}

fn percent_decode(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after.split_at_checked(2).and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
            Some((u8::from_str_radix(digits, 16).ok().filter(|_| valid)?, after))
        });
        match (first, escape) {
            (b'%', Some((byte, after))) => {
                bytes.push(byte);
                rest = after;
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            (other, _) => {
                bytes.push(*other);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
