//! What an operation does to the JSON of a request.

use crate::Path;
use crate::operation::{Kind, Planned};
use crate::path::Segment;
use dekey_expr::{Value, text, value};
use serde_json::Map;

/// A change to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field, as the policy names it.
    pub field: String,
    /// Where it is in the request, as a JSON pointer.
    pub pointer: String,
    /// What was there, if anything. It may hold a secret of the request.
    pub old: Option<Value>,
    /// What is there now; nothing when it was taken away.
    pub new: Option<Value>,
}

/// What keeps an operation from being done: the policy would put another value in the place of one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    /// Where.
    pub(crate) pointer: String,
}

/// What is around a change.
pub(crate) struct Place<'a> {
    /// The request as it was sent.
    pub(crate) sent: &'a Value,
    /// Whether it changes a resource that is there, so that what it leaves out stays.
    pub(crate) is_patch: bool,
}

impl Planned {
    /// Whether the request leaves out what the property lies in, which Azure takes for meant. Tags have no such place, and what
    /// `append` adds is made with everything that it lies in.
    fn is_left_out(&self, place: &Place<'_>) -> bool {
        let segments = &self.path.segments;
        let is_tag = matches!(segments.first(), Some(Segment::Key(key)) if text::eq(key, "tags"));
        if is_tag || self.kind == Kind::Append {
            return false;
        }
        let above = segments.iter().take_while(|own| **own != Segment::Each).count();
        // The last key of a path is the property itself; of one with `[*]` it is the array.
        let above = above.saturating_sub(1);
        // Of a whole resource, `properties` themselves may be left out without meaning anything by it.
        if above == 0 || (above == 1 && !place.is_patch) {
            return false;
        }
        let mut at = Some(place.sent);
        for segment in segments.iter().take(above) {
            at = match (segment, at) {
                (Segment::Key(key), Some(Value::Object(map))) => {
                    text::get(map, key).filter(|own| !own.is_null())
                }
                (Segment::Index(index), Some(Value::Array(items))) => items.get(*index),
                _ => None,
            };
        }
        at.is_none()
    }

    /// Does it, and says what changed.
    pub(crate) fn apply(&self, body: &mut Value, place: &Place<'_>) -> Result<Vec<Change>, Clash> {
        let mut changes = Vec::new();
        if !self.is_left_out(place) {
            self.at(body, &self.path.segments, &mut String::new(), &mut changes)?;
        }
        Ok(changes)
    }

    fn at(
        &self,
        value: &mut Value,
        segments: &[Segment],
        pointer: &mut String,
        changes: &mut Vec<Change>,
    ) -> Result<(), Clash> {
        let Some((first, rest)) = segments.split_first() else { return Ok(()) };
        let length = pointer.len();
        let done = match first {
            Segment::Key(key) => {
                if !value.is_object() {
                    if !value.is_null() {
                        return Err(Clash { pointer: pointer.clone() });
                    }
                    *value = Value::Object(Map::new());
                }
                let Value::Object(map) = value else { return Ok(()) };
                let key = text::key(map, key).map_or_else(|| key.to_string(), str::to_owned);
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                if rest.is_empty() {
                    self.set(map, &key, pointer, changes)
                } else if self.kind == Kind::Remove && !map.contains_key(&key) {
                    Ok(())
                } else {
                    self.at(map.entry(key).or_insert(Value::Null), rest, pointer, changes)
                }
            }
            Segment::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                match value.as_array_mut().and_then(|items| items.get_mut(*index)) {
                    Some(item) => self.at(item, rest, pointer, changes),
                    None => Ok(()),
                }
            }
            Segment::Each if rest.is_empty() => self.add(value, pointer, changes),
            Segment::Each => {
                for (ix, item) in value.as_array_mut().into_iter().flatten().enumerate() {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&ix.to_string());
                    self.at(item, rest, pointer, changes)?;
                    pointer.truncate(length);
                }
                Ok(())
            }
        };
        pointer.truncate(length);
        done
    }

    /// Sets or removes a property.
    fn set(
        &self,
        map: &mut Map<String, Value>,
        key: &str,
        pointer: &str,
        changes: &mut Vec<Change>,
    ) -> Result<(), Clash> {
        let old = map.get(key).filter(|own| !own.is_null()).cloned();
        let new = self.value.clone();
        if old == new {
            return Ok(());
        }
        match (self.kind, &old, &new) {
            (Kind::Append | Kind::Add, Some(old), Some(new)) if !same(old, new) => {
                return Err(Clash { pointer: pointer.to_owned() });
            }
            (Kind::Append | Kind::Add, Some(_), Some(_)) => return Ok(()),
            (_, _, Some(new)) => {
                map.insert(key.to_owned(), new.clone());
            }
            (_, _, None) => {
                map.shift_remove(key);
            }
        }
        changes.push(Change { field: self.field.clone(), pointer: pointer.to_owned(), old, new });
        Ok(())
    }

    /// Adds an element to an array, or puts an array of it alone in its place.
    fn add(&self, value: &mut Value, pointer: &str, changes: &mut Vec<Change>) -> Result<(), Clash> {
        let Some(new) = self.value.clone() else { return Ok(()) };
        let old = Some(value.clone()).filter(|own| !own.is_null());
        let mut items = match value.take() {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            other => {
                *value = other;
                return Err(Clash { pointer: pointer.to_owned() });
            }
        };
        if self.kind == Kind::AddOrReplace {
            items.clear();
        }
        items.push(new);
        *value = Value::Array(items);
        if old.as_ref() != Some(&*value) {
            let new = Some(value.clone());
            changes.push(Change { field: self.field.clone(), pointer: pointer.to_owned(), old, new });
        }
        Ok(())
    }

    /// Whether two policies cannot both have their way with this property.
    pub(crate) fn disagrees(&self, other: &Planned) -> bool {
        if !same_path(&self.path, &other.path) {
            return false;
        }
        let adds = |own: &Planned| {
            own.kind != Kind::AddOrReplace && own.path.segments.last() == Some(&Segment::Each)
        };
        if adds(self) && adds(other) {
            return false;
        }
        self.value != other.value || (adds(self) != adds(other))
    }
}

fn same_path(one: &Path, other: &Path) -> bool {
    one.after(other).is_some_and(<[Segment]>::is_empty)
}

/// Whether two values are the same to `append`: texts in any case.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => text::eq(one, other),
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => one == other,
        (one, other) => text::eq(&value::to_text(one), &value::to_text(other)),
    }
}
