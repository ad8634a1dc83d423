//! Reads the text of a resource along a tree. What no policy looks at is passed over by its brackets alone, so that reading takes
//! a fraction of the time of parsing.

use super::Docket;
use super::prune::pruned;
use super::scan::{Marks, Unclosed};
use super::slot::{self, ROOTS, Slot};
use super::tree::{Branch, Shape};
use crate::subject::type_in;
use dekey_expr::{Value, text};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::Arc;

/// Deeper than any resource of Azure.
const DEEPEST: usize = 100;

/// Why a text was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is no JSON, or nested too deep.
    Bad(String),
    /// A property stands there twice, or its name is escaped: only a parser that keeps everything says what that means.
    Odd,
}

/// Finds what is looked at of a type of resource.
pub(crate) type Dockets<'t> = &'t mut dyn FnMut(&str) -> Arc<Docket>;

/// What was read of a resource, and of which type it is taken to be.
pub(crate) struct Read<'d> {
    pub(crate) docket: Arc<Docket>,
    pub(crate) slots: Vec<Slot<'d>>,
}

/// Reads a resource. A property twice is odd wherever policies look.
pub(crate) fn read<'d>(json: &'d str, dockets: Dockets<'_>) -> Result<Read<'d>, Unread> {
    let mut walk = Walk { json, marks: Marks::new(json.as_bytes()) };
    match walk.marks.next() {
        Some((at, b'{')) if json.get(..at).is_some_and(|own| own.trim().is_empty()) => {}
        _ => return Err(Unread::Bad("a resource must be a JSON object".to_owned())),
    }
    let mut slots: Vec<Slot<'d>> = Vec::with_capacity(48);
    slots.resize_with(ROOTS.len(), Slot::default);
    let mut found: Option<Arc<Docket>> = None;
    // What stands before the type, to be read once that is known.
    let mut before: SmallVec<[(&'d str, &'d str); 4]> = SmallVec::new();
    let (mut seen, mut seen_roots) = (Seen::default(), 0u8);
    let end = loop {
        let colon = match walk.next()? {
            (at, b':') => at,
            (at, b'}') => break at,
            (at, _) => return Err(walk.bad(at)),
        };
        let key = walk.key(colon)?;
        if let Some(root) = root_of(key) {
            if seen_roots & (1 << root) != 0 {
                return Err(Unread::Odd);
            }
            seen_roots |= 1 << root;
            let value = walk.value(colon + 1, Shape::WHOLE)?;
            if root == slot::TYPE
                && let Slot::Text(name) = &value
            {
                let docket = dockets(name);
                slots.resize_with(docket.tree.slots, Slot::default);
                found = Some(docket);
            }
            if let Some(slot) = slots.get_mut(root) {
                *slot = value;
            }
            continue;
        }
        let Some(docket) = &found else {
            let (start, end) = walk.pass(colon + 1)?;
            before.push((key, json.get(start..end).unwrap_or_default()));
            continue;
        };
        match docket.tree.root.child(key) {
            Some((at, branch)) => {
                seen.once(at)?;
                walk.along(colon + 1, branch, &mut slots)?;
            }
            None => walk.skip(colon + 1)?,
        }
    };
    if json.get(end + 1..).is_none_or(|rest| !rest.trim().is_empty()) {
        return Err(walk.bad(end + 1));
    }
    let docket = found.unwrap_or_else(|| {
        let id = slots.get(slot::ID).and_then(Slot::text).unwrap_or_default();
        let docket = dockets(&type_in(&id));
        slots.resize_with(docket.tree.slots, Slot::default);
        docket
    });
    postponed(&before, &docket, &mut seen, &mut slots)?;
    Ok(Read { docket, slots })
}

/// Reads what stood before the type.
fn postponed<'d>(
    before: &[(&'d str, &'d str)],
    docket: &Docket,
    seen: &mut Seen,
    slots: &mut [Slot<'d>],
) -> Result<(), Unread> {
    for (key, value) in before {
        let Some((at, branch)) = docket.tree.root.child(key) else { continue };
        seen.once(at)?;
        let mut walk = Walk { json: value, marks: Marks::new(value.as_bytes()) };
        walk.along(0, branch, slots)?;
    }
    Ok(())
}

/// Which properties were met already.
#[derive(Default)]
struct Seen(SmallVec<[u64; 4]>);

impl Seen {
    fn once(&mut self, at: usize) -> Result<(), Unread> {
        let (word, bit) = (at / 64, 1 << (at % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        match self.0.get_mut(word) {
            Some(own) if *own & bit == 0 => *own |= bit,
            _ => return Err(Unread::Odd),
        }
        Ok(())
    }
}

fn root_of(key: &str) -> Option<usize> {
    let is = |at: usize, name: &str| key.eq_ignore_ascii_case(name).then_some(at);
    match key.len() {
        2 => is(slot::ID, "id"),
        4 if key.is_ascii() => is(slot::TYPE, "type").or(is(slot::NAME, "name")).or(is(slot::KIND, "kind")),
        8 if key.is_ascii() => is(slot::LOCATION, "location").or(is(slot::FULL_NAME, "fullName")),
        _ if !key.is_ascii() => ROOTS.iter().position(|own| text::eq(own, key)),
        _ => None,
    }
}

/// A walk through a text, from bracket to bracket.
struct Walk<'d> {
    json: &'d str,
    marks: Marks<'d>,
}

impl<'d> Walk<'d> {
    fn bad(&self, at: usize) -> Unread {
        let lines = self.json.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
        Unread::Bad(format!("not JSON at line {}, byte {at}", lines + 1))
    }

    fn next(&mut self) -> Result<(usize, u8), Unread> {
        self.marks.next().ok_or_else(|| Unread::Bad("the JSON breaks off".to_owned()))
    }

    /// The name before a colon.
    #[inline]
    fn key(&self, colon: usize) -> Result<&'d str, Unread> {
        let head = self.json.as_bytes().get(..colon).unwrap_or_default();
        // Hardly anybody puts a space there.
        let head = if head.ends_with(b"\"") { head } else { head.trim_ascii_end() };
        let Some(inside) = head.strip_suffix(b"\"") else { return Err(self.bad(colon)) };
        let Some(start) = inside.iter().rposition(|byte| matches!(byte, b'"' | b'\\')) else {
            return Err(self.bad(colon));
        };
        // A backslash, in the name or before a quote in it.
        let is_escaped =
            inside.get(start) != Some(&b'"') || inside.get(..start).is_some_and(|own| own.ends_with(b"\\"));
        if is_escaped {
            return Err(Unread::Odd);
        }
        Ok(self.json.get(start + 1..inside.len()).unwrap_or_default())
    }

    /// Where a value starts, and its first byte.
    #[inline]
    fn start(&self, from: usize) -> Result<(usize, u8), Unread> {
        let mut at = from;
        while let Some(byte) = self.json.as_bytes().get(at) {
            if !byte.is_ascii_whitespace() {
                return Ok((at, *byte));
            }
            at += 1;
        }
        Err(self.bad(from))
    }

    /// Goes past a value that nobody wants.
    #[inline]
    fn skip(&mut self, from: usize) -> Result<(), Unread> {
        if matches!(self.start(from)?.1, b'{' | b'[') {
            self.close()?;
        }
        Ok(())
    }

    /// Past what a bracket opens that comes next, to where that ends.
    fn close(&mut self) -> Result<usize, Unread> {
        let (open, _) = self.next()?;
        match self.marks.close(DEEPEST) {
            Ok(end) => Ok(end + 1),
            Err(Unclosed::Deep) => {
                Err(Unread::Bad(format!("nested deeper than {DEEPEST} levels at byte {open}")))
            }
            Err(Unclosed::Open) => Err(Unread::Bad("the JSON breaks off".to_owned())),
        }
    }

    /// Where a value starts and ends.
    fn pass(&mut self, from: usize) -> Result<(usize, usize), Unread> {
        let (start, first) = self.start(from)?;
        let end = match first {
            b'{' | b'[' => self.close()?,
            b'"' => self.end_of_text(start)?.0,
            _ => {
                let rest = self.json.as_bytes().get(start..).unwrap_or_default();
                let is_end = |b: &u8| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace();
                start + rest.iter().position(is_end).unwrap_or(rest.len())
            }
        };
        Ok((start, end))
    }

    /// Where a text ends, and whether something in it is escaped.
    fn end_of_text(&self, start: usize) -> Result<(usize, bool), Unread> {
        let bytes = self.json.as_bytes();
        let (mut from, mut escaped) = (start + 1, false);
        loop {
            let rest = bytes.get(from..).unwrap_or_default();
            let Some(at) = memchr::memchr2(b'"', b'\\', rest) else { return Err(self.bad(start)) };
            if rest.get(at) == Some(&b'"') {
                return Ok((from + at + 1, escaped));
            }
            escaped = true;
            from += at + 2;
        }
    }

    fn value(&mut self, from: usize, shape: &Shape) -> Result<Slot<'d>, Unread> {
        let (start, first) = self.start(from)?;
        if first == b'"' {
            let (end, escaped) = self.end_of_text(start)?;
            if !escaped {
                return Ok(Slot::Text(Cow::Borrowed(self.json.get(start + 1..end - 1).unwrap_or_default())));
            }
        }
        let (start, end) = self.pass(start)?;
        let raw = self.json.get(start..end).unwrap_or_default();
        Ok(match raw {
            "null" => Slot::Missing,
            "true" => Slot::of_bool(true),
            "false" => Slot::of_bool(false),
            "[]" => Slot::own(Value::Array(Vec::new())),
            _ if raw.starts_with(['{', '[']) => Slot::own(pruned(raw, shape).map_err(|_| self.bad(start))?),
            _ => match serde_json::from_str(raw).map_err(|_| self.bad(start))? {
                Value::String(text) => Slot::Text(Cow::Owned(text)),
                other => Slot::own(other),
            },
        })
    }

    /// Keeps what is wanted of a value.
    fn along(&mut self, from: usize, branch: &Branch, slots: &mut [Slot<'d>]) -> Result<(), Unread> {
        let is_object = self.start(from)?.1 == b'{';
        if is_object && !branch.shape.whole && !branch.children.is_empty() {
            self.next()?;
            return self.object(branch, slots);
        }
        let Some(slot) = branch.slot else { return self.skip(from) };
        let value = self.value(from, &branch.shape)?;
        if let Slot::Value(whole) = &value {
            branch.fill_copies(whole, slots);
        }
        if let Some(own) = slots.get_mut(slot) {
            *own = value;
        }
        Ok(())
    }

    fn object(&mut self, branch: &Branch, slots: &mut [Slot<'d>]) -> Result<(), Unread> {
        let mut seen = Seen::default();
        loop {
            let colon = match self.next()? {
                (at, b':') => at,
                (_, b'}') => return Ok(()),
                (at, _) => return Err(self.bad(at)),
            };
            match branch.child(self.key(colon)?) {
                Some((at, child)) => {
                    seen.once(at)?;
                    self.along(colon + 1, child, slots)?;
                }
                None => self.skip(colon + 1)?,
            }
        }
    }
}
