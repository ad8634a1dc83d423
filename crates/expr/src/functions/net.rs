//! Addresses.

use super::args::{text, value};
use super::{Answer, Args};
use crate::{Fault, Value};
use std::net::IpAddr;

/// Addresses of one family, from first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    is_v6: bool,
    first: u128,
    last: u128,
}

/// Whether one range lies within another. Families that differ never contain each other.
pub(crate) fn ip_range_contains(args: &Args<'_>) -> Answer {
    let range = |ix: usize| {
        let text = value(args, ix).as_str().and_then(parse_range);
        text.ok_or_else(|| {
            Fault::failed(format!("argument {} is no address, CIDR range or `start-end`", ix + 1))
        })
    };
    let (outer, inner) = (range(0)?, range(1)?);
    let within = outer.is_v6 == inner.is_v6 && outer.first <= inner.first && inner.last <= outer.last;
    Ok(Value::Bool(within))
}

fn parse_range(text: &str) -> Option<Range> {
    if let Some((start, end)) = text.split_once('-') {
        let (start, end) = (address(start)?, address(end)?);
        let range = Range { is_v6: start.0, first: start.1, last: end.1 };
        return (start.0 == end.0 && start.1 <= end.1).then_some(range);
    }
    let (prefix, mask) = match text.split_once('/') {
        Some((prefix, mask)) => (address(prefix)?, Some(mask.trim().parse::<u32>().ok()?)),
        None => (address(text)?, None),
    };
    let bits = if prefix.0 { 128 } else { 32 };
    let free = bits - mask.unwrap_or(bits).min(bits);
    if mask.is_some_and(|mask| mask > bits) {
        return None;
    }
    let low = if free == 128 { u128::MAX } else { (1_u128 << free) - 1 };
    Some(Range { is_v6: prefix.0, first: prefix.1 & !low, last: prefix.1 | low })
}

fn address(text: &str) -> Option<(bool, u128)> {
    match text.trim().parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => Some((false, u128::from(v4.to_bits()))),
        IpAddr::V6(v6) => Some((true, v6.to_bits())),
    }
}

/// A relative reference resolved against a base, as RFC 3986 does.
pub(crate) fn uri(args: &Args<'_>) -> Answer {
    for ix in 0..2 {
        text(args, ix)?;
    }
    let (base, relative) = (text(args, 0)?, text(args, 1)?);
    let parts = Parts::of(base);
    let Some(scheme) = parts.scheme else { return Err(Fault::failed("argument 1 is not an absolute URI")) };
    if parts.authority.is_none_or(str::is_empty) || base.contains(char::is_whitespace) {
        return Err(Fault::failed("argument 1 is not an absolute URI"));
    }
    let more = Parts::of(relative);
    if more.scheme.is_some() {
        return Ok(Value::String(relative.to_owned()));
    }
    let authority = more.authority.or(parts.authority).unwrap_or_default();
    let path = match (more.authority, more.path) {
        (None, "") => parts.path.to_owned(),
        (None, path) if !path.starts_with('/') => {
            let folder = parts.path.rfind('/').and_then(|at| parts.path.get(..=at)).unwrap_or("/");
            without_dots(&format!("{folder}{path}"))
        }
        (_, path) => without_dots(path),
    };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let mut whole = format!("{scheme}://{authority}{path}");
    let query = if more.path.is_empty() && more.query.is_none() { parts.query } else { more.query };
    for (sign, part) in [('?', query), ('#', more.fragment)] {
        if let Some(part) = part {
            whole.push(sign);
            whole.push_str(part);
        }
    }
    Ok(Value::String(whole.replace(' ', "%20")))
}

struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Parts<'a> {
        let (rest, fragment) = text.split_once('#').map_or((text, None), |(rest, part)| (rest, Some(part)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, part)| (rest, Some(part)));
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, rest),
        };
        match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
                Parts { scheme, authority: Some(authority), path, query, fragment }
            }
            None => Parts { scheme, authority: None, path: rest, query, fragment },
        }
    }
}

/// A path with `.` and `..` taken.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let count = segments.len();
    for (ix, segment) in segments.into_iter().enumerate() {
        let is_last = ix + 1 == count;
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}
