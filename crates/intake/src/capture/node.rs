//! The value below a node of the field tree.

use super::values::{Kept, ScalarText};
use super::{Capture, TextSeed, mask_all};
use dekey_model::{Capture as How, Fact, Field, FieldNode, secret};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// The deepest JSON value that is kept whole.
const MAX_KEPT_DEPTH: u32 = 32;

/// The value below a node of the field tree.
pub(super) struct NodeSeed<'c, 'b> {
    pub(super) node: &'static FieldNode,
    pub(super) capture: &'c mut Capture<'b>,
}

impl NodeSeed<'_, '_> {
    fn scalar(self, fact: impl FnOnce(&mut Capture<'_>) -> Fact) {
        let Some((field, how)) = self.node.field else { return };
        let fact = match how {
            How::Scalar => fact(self.capture),
            How::Presence => Fact::Bool(true),
            How::Pairs | How::Principals | How::SecretNames | How::Json | How::Lifetimes => Fact::Odd,
        };
        self.capture.keep(field, fact);
    }

    fn null(self) {
        if let Some((field, _)) = self.node.field {
            self.capture.keep(field, Fact::Null);
        }
    }
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.node.field {
            Some((field, How::Json)) => {
                let value = Kept(MAX_KEPT_DEPTH).deserialize(deserializer)?;
                self.capture.keep_json(field, value);
                Ok(())
            }
            Some((field, How::Lifetimes)) => {
                let value = Kept(MAX_KEPT_DEPTH).deserialize(deserializer)?;
                match value {
                    Value::Array(list) => {
                        self.capture.keep_json(field, list.into_iter().map(lifetime).collect());
                    }
                    Value::Null => self.capture.keep(field, Fact::Null),
                    _ => self.capture.keep(field, Fact::Odd),
                }
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl Capture<'_> {
    fn keep_json(&mut self, field: Field, mut value: Value) {
        let fact = if value.is_null() {
            Fact::Null
        } else {
            mask_all(&mut value);
            self.batch.json.push(value);
            Fact::Json(u32::try_from(self.batch.json.len() - 1).unwrap_or(u32::MAX))
        };
        self.keep(field, fact);
    }
}

/// Of a credential its name and times. What has no place there stays as `false` or an empty credential: it is odd, not absent.
fn lifetime(credential: Value) -> Value {
    let Value::Object(map) = credential else { return Value::Object(serde_json::Map::new()) };
    let names = ["name", "creationTime", "expiry", "displayName", "keyId", "startDateTime", "endDateTime"];
    let own = |given: &str| names.into_iter().find(|name| given.eq_ignore_ascii_case(name));
    let plain = |value: Value| if value.is_string() || value.is_null() { value } else { Value::Bool(false) };
    map.into_iter().filter_map(|(given, value)| Some((own(&given)?.to_owned(), plain(value)))).collect()
}

/// The principal that an answer says of an attached identity, or nothing.
fn principal(identity: &Value) -> &str {
    let Value::Object(map) = identity else { return "" };
    let own = map.iter().find(|(name, _)| name.eq_ignore_ascii_case("principalId"));
    own.and_then(|(_, value)| value.as_str()).unwrap_or("")
}

struct NameSeed<'n>(&'n FieldNode);

impl<'de> DeserializeSeed<'de> for NameSeed<'static> {
    type Value = Option<&'static FieldNode>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'static> {
    type Value = Option<&'static FieldNode>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.child(name))
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(|_| Fact::Bool(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(|capture| Fact::Number(capture.intern(&value.to_string())));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(|capture| Fact::Number(capture.intern(&value.to_string())));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(|capture| Fact::Number(capture.intern(&value.to_string())));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(|capture| Fact::Text(capture.intern(text)));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.null();
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.null();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.scalar(|_| Fact::Odd);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self.node.field {
            Some((field, How::Pairs)) => {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key_seed(TextSeed(self.capture))? {
                    let mut value = map.next_value_seed(ScalarText)?.unwrap_or_default();
                    if let Some(name) = name {
                        if secret::is_announced_by_tag(self.capture.batch.texts.get(name), &value) {
                            value = secret::mask_by_name();
                        }
                        pairs.push((name, self.capture.intern(&value)));
                    }
                }
                self.capture.keep_pairs(field, pairs);
            }
            Some((field, How::Principals)) => {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key_seed(TextSeed(self.capture))? {
                    let identity = map.next_value_seed(Kept(MAX_KEPT_DEPTH))?;
                    // A key with `null` takes the identity away, in a request; an answer has no such key.
                    if let (Some(name), false) = (name, identity.is_null()) {
                        pairs.push((name, self.capture.intern(principal(&identity))));
                    }
                }
                self.capture.keep_pairs(field, pairs);
            }
            Some((field, How::SecretNames)) => {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value_seed(ScalarText)?.unwrap_or_default();
                    if let Some(label) = secret::recognise_variable(&name, &value) {
                        pairs.push((self.capture.intern(&name), self.capture.intern(label)));
                    }
                }
                self.capture.keep_pairs(field, pairs);
            }
            field => {
                while let Some(child) = map.next_key_seed(NameSeed(self.node))? {
                    match child {
                        Some(node) => map.next_value_seed(NodeSeed { node, capture: self.capture })?,
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                if let Some((field, how)) = field {
                    let fact = if how == How::Presence { Fact::Bool(true) } else { Fact::Odd };
                    self.capture.keep(field, fact);
                }
            }
        }
        Ok(())
    }
}
