//! Reads the text of a resource along a tree: what no policy looks at is skipped, not kept.

use super::Docket;
use super::slot::{self, ROOTS, Slot};
use super::tree::{Branch, Shape};
use crate::subject::type_in;
use dekey_expr::Value;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Map;
use smallvec::SmallVec;
use sonic_rs::LazyValue;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Deeper than any resource of Azure.
const DEEPEST: u32 = 100;

/// Why a text was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is no JSON, or nested too deep.
    Bad(String),
    /// A property stands there twice, or it is no object: only the whole document says what that means.
    Odd,
}

/// Finds what is looked at of a type of resource.
pub(crate) type Dockets<'t> = &'t mut dyn FnMut(&str) -> Arc<Docket>;

/// What was read of a resource, and of which type it is taken to be.
pub(crate) struct Read<'d> {
    pub(crate) docket: Arc<Docket>,
    pub(crate) slots: Vec<Slot<'d>>,
}

pub(crate) fn read<'d>(json: &'d str, dockets: Dockets<'_>) -> Result<Read<'d>, Unread> {
    if !json.trim_start().starts_with('{') {
        return Err(Unread::Bad("a resource must be a JSON object".to_owned()));
    }
    if let Some(at) = too_deep(json) {
        return Err(Unread::Bad(format!("nested deeper than {DEEPEST} levels at byte {at}")));
    }
    let mut deserializer = sonic_rs::Deserializer::from_str(json);
    let mut odd = false;
    let read = Root { dockets, odd: &mut odd }.deserialize(&mut deserializer);
    let read = read.and_then(|read| deserializer.end().map(|()| read));
    match read {
        _ if odd => Err(Unread::Odd),
        Ok(read) => Ok(read),
        Err(error) => Err(Unread::Bad(plain(&error))),
    }
}

/// What went wrong and where, without the text around it: that may hold a secret.
fn plain(error: &sonic_rs::Error) -> String {
    format!("not JSON at line {}, column {}", error.line(), error.column())
}

/// Where a text is nested too deep. Most have so few brackets that it cannot be.
pub(crate) fn too_deep(json: &str) -> Option<usize> {
    let opens = json.bytes().filter(|b| matches!(b, b'{' | b'[')).count();
    if opens <= DEEPEST as usize {
        return None;
    }
    let (mut depth, mut in_text, mut escaped) = (0u32, false, false);
    for (at, b) in json.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The resource itself. Its tree is known once its type is.
struct Root<'t> {
    dockets: Dockets<'t>,
    odd: &'t mut bool,
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = Read<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut slots: Vec<Slot<'de>> = Vec::with_capacity(32);
        slots.resize_with(ROOTS.len(), Slot::default);
        let mut kept: Option<Arc<Docket>> = None;
        // What stands before the type, to be read once that is known.
        let mut before: SmallVec<[(Cow<'de, str>, LazyValue<'de>); 4]> = SmallVec::new();
        let mut seen = Seen::default();
        let mut seen_roots = 0u8;
        while let Some(key) = map.next_key_seed(Key)? {
            let root = root_of(&key);
            if let Some(at) = root {
                *self.odd |= seen_roots & (1 << at) != 0;
                seen_roots |= 1 << at;
                let value = map.next_value_seed(Pruned(Shape::WHOLE))?;
                if let Some(slot) = slots.get_mut(at) {
                    *slot = value;
                }
                if at == slot::TYPE
                    && let Some(Slot::Text(name)) = slots.get(slot::TYPE)
                {
                    let own = (self.dockets)(name);
                    slots.resize_with(own.tree.slots, Slot::default);
                    kept = Some(own);
                }
                continue;
            }
            let Some(docket) = &kept else {
                before.push((key, map.next_value()?));
                continue;
            };
            let Some((at, branch)) = docket.tree.root.child(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            *self.odd |= seen.twice(at);
            map.next_value_seed(Along { branch, slots: &mut slots, odd: self.odd })?;
        }
        let docket = kept.unwrap_or_else(|| {
            let id = slots.get(slot::ID).and_then(Slot::text).unwrap_or_default();
            let own = (self.dockets)(&type_in(&id));
            slots.resize_with(own.tree.slots, Slot::default);
            own
        });
        let root = &docket.tree.root;
        for (key, raw) in before {
            let Some((at, branch)) = root.child(&key) else { continue };
            *self.odd |= seen.twice(at);
            let mut inner = sonic_rs::Deserializer::from_str(raw.as_raw_str());
            let mut own: Vec<Slot<'_>> = Vec::new();
            own.resize_with(slots.len(), Slot::default);
            let read = Along { branch, slots: &mut own, odd: self.odd }.deserialize(&mut inner);
            read.map_err(A::Error::custom)?;
            for (slot, own) in slots.iter_mut().zip(own) {
                match own {
                    Slot::Missing | Slot::Borrowed(_) => {}
                    Slot::Text(text) => *slot = Slot::Text(Cow::Owned(text.into_owned())),
                    Slot::Value(value) => *slot = Slot::Value(value),
                }
            }
        }
        Ok(Read { docket, slots })
    }
}

/// Which properties were met already.
#[derive(Default)]
struct Seen(SmallVec<[u64; 4]>);

impl Seen {
    fn twice(&mut self, at: usize) -> bool {
        let (word, bit) = (at / 64, 1 << (at % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let Some(own) = self.0.get_mut(word) else { return true };
        let twice = *own & bit != 0;
        *own |= bit;
        twice
    }
}

fn root_of(key: &str) -> Option<usize> {
    let is = |at: usize, name: &str| key.eq_ignore_ascii_case(name).then_some(at);
    match key.len() {
        2 => is(slot::ID, "id"),
        4 => is(slot::TYPE, "type").or(is(slot::NAME, "name")).or(is(slot::KIND, "kind")),
        8 if key.is_ascii() => is(slot::LOCATION, "location").or(is(slot::FULL_NAME, "fullName")),
        _ if !key.is_ascii() => ROOTS.iter().position(|own| dekey_expr::text::eq(own, key)),
        _ => None,
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The value of a property, and what is below it.
struct Along<'t, 'de> {
    branch: &'t Branch,
    slots: &'t mut Vec<Slot<'de>>,
    odd: &'t mut bool,
}

impl<'de> DeserializeSeed<'de> for Along<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some(slot) = self.branch.slot else { return deserializer.deserialize_any(self) };
        if !self.branch.children.is_empty() && !self.branch.shape.whole {
            return deserializer.deserialize_any(self);
        }
        let value = Pruned(&self.branch.shape).deserialize(deserializer)?;
        if let Slot::Value(whole) = &value {
            self.branch.fill_copies(whole, self.slots);
        }
        if let Some(own) = self.slots.get_mut(slot) {
            *own = value;
        }
        Ok(())
    }
}

impl<'de> Along<'_, 'de> {
    fn keep<E>(self, value: Slot<'de>) -> Result<(), E> {
        if let Some(own) = self.branch.slot.and_then(|slot| self.slots.get_mut(slot)) {
            *own = value;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Along<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, yes: bool) -> Result<(), E> {
        self.keep(Slot::Value(yes.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.keep(Slot::Value(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.keep(Slot::Value(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.keep(Slot::Value(number.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.keep(Slot::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.keep(Slot::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        while let Some(key) = map.next_key_seed(Key)? {
            let Some((at, branch)) = self.branch.child(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            *self.odd |= seen.twice(at);
            map.next_value_seed(Along { branch, slots: &mut *self.slots, odd: &mut *self.odd })?;
        }
        // An object stands where elements were wanted: that has none.
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.branch.slot.is_none() {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let value = Pruned(&self.branch.shape).visit_seq(seq)?;
        self.keep(value)
    }
}

/// A value, as much of it as is wanted.
struct Pruned<'t>(&'t Shape);

impl<'de> DeserializeSeed<'de> for Pruned<'_> {
    type Value = Slot<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pruned<'_> {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Slot::Missing)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Slot::Value(yes.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Slot::Value(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Slot::Value(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Slot::Value(number.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Slot::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Slot::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = map.next_key_seed(Key)? {
            let wanted = if self.0.whole { Some(Shape::WHOLE) } else { self.0.key(&key) };
            match wanted {
                Some(shape) => {
                    kept.insert(key.into_owned(), map.next_value_seed(Pruned(shape))?.into_value());
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Slot::Value(Value::Object(kept)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let shape =
            if self.0.whole { Shape::WHOLE } else { self.0.each.as_deref().unwrap_or(Shape::NOTHING) };
        let mut kept = Vec::new();
        while let Some(value) = seq.next_element_seed(Pruned(shape))? {
            kept.push(value.into_value());
        }
        Ok(Slot::Value(Value::Array(kept)))
    }
}
