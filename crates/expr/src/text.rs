//! Texts as .NET compares and measures them.

use crate::Value;
use serde_json::Map;
use std::borrow::Cow;

pub use crate::sort::{compare, compare_ignoring_case};

/// The characters that a text is compared by when case does not matter: upper case first, so that `ß` meets `SS`.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Owned(text.chars().flat_map(fold_char).collect())
}

fn fold_char(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

/// Whether two texts are the same but for case.
pub fn eq(a: &str, b: &str) -> bool {
    // Most texts that are the same are so byte by byte, and most that differ differ in length.
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && fold(a) == fold(b))
}

/// Whether a text contains another, whatever the case.
pub fn contains(text: &str, part: &str) -> bool {
    memchr::memmem::find(fold(text).as_bytes(), fold(part).as_bytes()).is_some()
}

/// Whether a text starts with another, whatever the case.
pub fn starts_with(text: &str, part: &str) -> bool {
    fold(text).starts_with(fold(part).as_ref())
}

/// Whether a text ends with another, whatever the case.
pub fn ends_with(text: &str, part: &str) -> bool {
    fold(text).ends_with(fold(part).as_ref())
}

/// Every place where a text contains another, whatever the case, as bytes of the text; none overlap.
pub fn find_all(text: &str, part: &str) -> Vec<(usize, usize)> {
    let folded_part = fold(part);
    if text.is_ascii() {
        let folded = fold(text);
        let finder = memchr::memmem::Finder::new(folded_part.as_bytes());
        return finder.find_iter(folded.as_bytes()).map(|at| (at, at + folded_part.len())).collect();
    }
    // Which byte of the text a byte of the folded text comes from, where a character starts.
    let mut folded = String::new();
    let mut origin = Vec::new();
    for (at, c) in text.char_indices() {
        for lower in fold_char(c) {
            folded.push(lower);
        }
        if origin.len() < folded.len() {
            origin.push(Some(at));
            origin.resize(folded.len(), None);
        }
    }
    origin.push(Some(text.len()));
    let place = |at: usize| origin.get(at).copied().flatten();
    let found = memchr::memmem::find_iter(folded.as_bytes(), folded_part.as_bytes());
    found.filter_map(|at| Some((place(at)?, place(at + folded_part.len())?))).collect()
}

/// How long a text is, as .NET counts: in units of UTF-16.
pub fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The part of a text between two places, counted as .NET does. Half of a character becomes `U+FFFD`.
pub fn slice(text: &str, start: usize, end: usize) -> String {
    if text.is_ascii() {
        return text.get(start.min(text.len())..end.min(text.len())).unwrap_or_default().to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(start).take(end.saturating_sub(start)).collect();
    String::from_utf16_lossy(&units)
}

/// How a map spells a key.
pub fn key<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match map.get_key_value(name) {
        Some((key, _)) => Some(key),
        None => map.keys().find(|key| eq(key, name)).map(String::as_str),
    }
}

/// The value of a key, whatever its case.
pub fn get<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match map.get(name) {
        Some(value) => Some(value),
        None => map.iter().find(|(key, _)| eq(key, name)).map(|(_, value)| value),
    }
}
