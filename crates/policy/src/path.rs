//! Where a property is in a resource: `properties.rules[*].name`.

use crate::semantics::MissingArray;
use dekey_expr::{Value, text};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A property, whatever its case.
    Key(Box<str>),
    /// Every element of an array.
    Each,
    /// One element of an array.
    Index(usize),
}

/// Where a property is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Path {
    pub(crate) segments: Box<[Segment]>,
}

impl Path {
    /// Reads `a.b[*].c`, `a['x.y']`, `a[0]`.
    pub fn parse(written: &str) -> Option<Path> {
        let mut segments = Vec::new();
        let mut rest = written.trim();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (segment, after) = bracket(inner)?;
                segments.push(segment);
                rest = after;
            } else {
                let plain = rest.strip_prefix('.').unwrap_or(rest);
                let end = plain.find(['.', '[']).unwrap_or(plain.len());
                let (key, after) = plain.split_at_checked(end)?;
                if key.is_empty() || (rest.len() == plain.len() && !segments.is_empty()) {
                    return None;
                }
                segments.push(Segment::Key(key.into()));
                rest = after;
            }
        }
        (!segments.is_empty()).then(|| Path { segments: segments.into() })
    }

    /// The path of keys, one in the other.
    pub(crate) fn of_keys(keys: &[&str]) -> Path {
        Path { segments: keys.iter().map(|own| Segment::Key((*own).into())).collect() }
    }

    /// Whether it selects every element of some array.
    pub fn is_collection(&self) -> bool {
        self.segments.contains(&Segment::Each)
    }

    /// What is left of this path after another one, if that is where it starts.
    pub(crate) fn after<'a>(&'a self, start: &Path) -> Option<&'a [Segment]> {
        let (head, rest) = self.segments.split_at_checked(start.segments.len())?;
        let same = head.iter().zip(&start.segments).all(|pair| match pair {
            (Segment::Key(a), Segment::Key(b)) => text::eq(a, b),
            (a, b) => a == b,
        });
        same.then_some(rest)
    }
}

/// What stands in brackets, and what follows them.
fn bracket(inner: &str) -> Option<(Segment, &str)> {
    if let Some(rest) = inner.strip_prefix("*]") {
        return Some((Segment::Each, rest));
    }
    let trimmed = inner.trim_start();
    for quote in ['\'', '"'] {
        if let Some((key, after)) = trimmed.strip_prefix(quote).and_then(|quoted| quoted_key(quoted, quote)) {
            return Some((Segment::Key(key.into()), after));
        }
    }
    let (plain, after) = inner.split_once(']')?;
    match plain.trim() {
        "" => None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some((Segment::Index(digits.parse().ok()?), after))
        }
        key => Some((Segment::Key(key.into()), after)),
    }
}

/// A key up to the quote that a bracket follows; doubled quotes stand for one.
fn quoted_key(quoted: &str, quote: char) -> Option<(String, &str)> {
    let mut from = 0;
    loop {
        let at = from + quoted.get(from..)?.find(quote)?;
        let after = quoted.get(at + 1..)?;
        if after.starts_with(quote) {
            from = at + 2;
            continue;
        }
        if let Some(rest) = after.trim_start().strip_prefix(']') {
            let doubled: String = [quote, quote].iter().collect();
            return Some((quoted.get(..at)?.replace(&doubled, &quote.to_string()), rest));
        }
        from = at + 1;
    }
}

/// Hands on every value that the rest of a path selects: `None` where a property is missing.
pub(crate) fn select<'v>(
    value: Option<&'v Value>,
    segments: &[Segment],
    missing: MissingArray,
    found: &mut dyn FnMut(Option<&'v Value>),
) {
    let Some((first, rest)) = segments.split_first() else {
        return found(value.filter(|value| !value.is_null()));
    };
    match first {
        Segment::Key(key) => {
            let next = value.and_then(Value::as_object).and_then(|map| text::get(map, key));
            select(next, rest, missing, found);
        }
        Segment::Index(index) => {
            let next = value.and_then(Value::as_array).and_then(|items| items.get(*index));
            select(next, rest, missing, found);
        }
        Segment::Each => match value {
            Some(Value::Array(items)) => {
                for item in items {
                    select(Some(item), rest, missing, found);
                }
            }
            _ if missing == MissingArray::OneNull => found(None),
            _ => {}
        },
    }
}

/// The one value that a path without `[*]` selects.
pub(crate) fn one<'v>(value: &'v Value, segments: &[Segment]) -> Option<&'v Value> {
    let mut current = value;
    for segment in segments {
        current = match segment {
            Segment::Key(key) => text::get(current.as_object()?, key)?,
            Segment::Index(index) => current.as_array()?.get(*index)?,
            Segment::Each => return None,
        };
    }
    (!current.is_null()).then_some(current)
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (ix, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Key(key) if key.contains(['.', '[', ']']) => {
                    write!(f, "['{}']", key.replace('\'', "''"))?;
                }
                Segment::Key(key) if ix == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Each => f.write_str("[*]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
