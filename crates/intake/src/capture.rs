//! Walks one JSON document along the tree of known fields and keeps what it meets there. Everything else is skipped, which
//! is what makes reading fast; one walk serves every kind of resource.

use crate::shape::lacks_slash;
use dekey_model::{Batch, Capture as How, Fact, Field, FieldNode, PairSpan, Sym, secret};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The deepest JSON value that is kept whole.
const MAX_KEPT_DEPTH: u32 = 32;

/// What a document says of itself at its top level.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) id: Option<Sym>,
    pub(crate) resource_type: Option<Sym>,
    pub(crate) api_version: Option<Sym>,
    pub(crate) read_at: Option<Sym>,
    /// A snapshot says that absence from this resource means nothing.
    pub(crate) partial: bool,
    /// Only single properties are known: absence of others means nothing.
    pub(crate) sparse: bool,
    /// Other resources are nested in it.
    nests: bool,
    id_is_path: bool,
    type_is_path: bool,
    has_properties: bool,
    unknown: u32,
    subscription_column: bool,
    resource_group_column: bool,
    lower_type: bool,
}

impl Envelope {
    /// A resource as ARM has it: an id, a type or none, and properties in their place.
    pub(crate) fn is_arm(&self) -> bool {
        self.id_is_path
            && !self.nests
            && (self.type_is_path || self.resource_type.is_none())
            && (self.has_properties || self.unknown == 0)
    }

    /// Rows of Resource Graph hold the columns that somebody asked for, and lower-case types.
    pub(crate) fn is_graph_row(&self) -> bool {
        self.lower_type && (self.subscription_column || self.resource_group_column)
    }
}

/// Top-level names that belong to the envelope but are not kept.
const ENVELOPE: &[&str] = &[
    "name",
    "sku",
    "plan",
    "zones",
    "etag",
    "managedby",
    "extendedlocation",
    "scope",
    "systemdata",
    "changedtime",
    "createdtime",
    "provisioningstate",
    "tenantid",
    "managedbyextended",
    "displayname",
    "state",
    "authorizationsource",
    "subscriptionpolicies",
    "managedbytenants",
    "promotions",
    "spendinglimit",
    "quotaid",
];

/// Captures one document into a batch.
pub(crate) struct Capture<'b> {
    batch: &'b mut Batch,
    envelope: &'b mut Envelope,
    /// Where this resource's facts start.
    facts: usize,
}

impl<'b> Capture<'b> {
    pub(crate) fn new(batch: &'b mut Batch, envelope: &'b mut Envelope, facts: usize) -> Self {
        Self { batch, envelope, facts }
    }

    /// Captures a document; false when it is not well formed or not an object.
    pub(crate) fn json(&mut self, bytes: &[u8]) -> bool {
        let mut deserializer = sonic_rs::Deserializer::from_slice(bytes);
        Top(self).deserialize(&mut deserializer).is_ok()
    }

    /// Captures a parsed document.
    pub(crate) fn value(&mut self, value: &serde_json::Value) -> bool {
        Top(self).deserialize(value).is_ok()
    }

    fn intern(&mut self, text: &str) -> Sym {
        match self.batch.texts.find(text) {
            Some(sym) => sym,
            None => self.batch.texts.intern(&secret::mask(text)),
        }
    }

    /// An id with its leading slash.
    fn rooted(&mut self, id: Sym) -> Sym {
        let text = self.batch.texts.get(id);
        if !lacks_slash(text) {
            return id;
        }
        let rooted = format!("/{text}");
        self.batch.texts.intern(&rooted)
    }

    /// Keeps a fact; of a name that occurs twice the last counts, as everywhere in JSON.
    fn keep(&mut self, field: Field, fact: Fact) {
        let own = self.batch.facts.get_mut(self.facts..).unwrap_or_default();
        match own.iter_mut().find(|(known, _)| *known == field) {
            Some(known) => known.1 = fact,
            None => self.batch.facts.push((field, fact)),
        }
    }

    fn keep_pairs(&mut self, field: Field, pairs: Vec<(Sym, Sym)>) {
        let start = u32::try_from(self.batch.pairs.len()).unwrap_or(u32::MAX);
        let fact = match u16::try_from(pairs.len()) {
            Ok(len) => Fact::Pairs(PairSpan { start, len }),
            Err(_) => Fact::Odd,
        };
        self.batch.pairs.extend(pairs);
        self.keep(field, fact);
    }
}

/// The document itself.
struct Top<'c, 'b>(&'c mut Capture<'b>);

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

enum TopKey {
    Id,
    Type,
    ApiVersion,
    Dekey,
    Node(&'static FieldNode),
    Skip,
}

struct TopKeySeed<'e>(&'e mut Envelope);

impl<'de> DeserializeSeed<'de> for TopKeySeed<'_> {
    type Value = TopKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TopKey, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TopKeySeed<'_> {
    type Value = TopKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_str<E>(self, name: &str) -> Result<TopKey, E> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        Ok(match name.len() {
            2 if is("id") => TopKey::Id,
            10 if is("resourceId") && self.0.id.is_none() => TopKey::Id,
            4 if is("type") => TopKey::Type,
            12 if is("resourceType") && self.0.resource_type.is_none() => TopKey::Type,
            10 if is("apiVersion") => TopKey::ApiVersion,
            5 if is("dekey") => TopKey::Dekey,
            _ => {
                if let Some(node) = FieldNode::root().child(name) {
                    self.0.has_properties |= is("properties");
                    TopKey::Node(node)
                } else {
                    self.0.subscription_column |= name == "subscriptionId";
                    self.0.resource_group_column |= name == "resourceGroup";
                    self.0.nests |= is("resources");
                    let envelope = ["subscriptionid", "resourcegroup", "resourcegroupname", "resourcename"];
                    let known = ENVELOPE.iter().chain(&envelope).any(|own| is(own));
                    self.0.unknown += u32::from(!known);
                    TopKey::Skip
                }
            }
        })
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let capture = self.0;
        while let Some(key) = map.next_key_seed(TopKeySeed(capture.envelope))? {
            match key {
                TopKey::Id => {
                    if let Some(text) = map.next_value_seed(TextSeed(capture))? {
                        let text = capture.rooted(text);
                        let id = capture.batch.texts.get(text);
                        capture.envelope.id_is_path = id.starts_with('/') && id.len() > 1;
                        capture.envelope.id = Some(text);
                    }
                }
                TopKey::Type => {
                    if let Some(text) = map.next_value_seed(TextSeed(capture))? {
                        let given = capture.batch.texts.get(text);
                        capture.envelope.type_is_path = given.contains('/');
                        capture.envelope.lower_type = !given.bytes().any(|b| b.is_ascii_uppercase());
                        capture.envelope.resource_type = Some(text);
                    }
                }
                TopKey::ApiVersion => {
                    capture.envelope.api_version = map.next_value_seed(TextSeed(capture))?;
                }
                TopKey::Dekey => map.next_value_seed(DekeySeed(capture))?,
                TopKey::Node(node) => map.next_value_seed(NodeSeed { node, capture })?,
                TopKey::Skip => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A text, or nothing when there is something else.
struct TextSeed<'c, 'b>(&'c mut Capture<'b>);

impl<'de> DeserializeSeed<'de> for TextSeed<'_, '_> {
    type Value = Option<Sym>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Sym>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Visits anything and keeps nothing of it; for visitors that want one kind of value only.
macro_rules! ignore_others {
    ($value:ty, $nothing:expr, [$($kind:ident),*]) => {
        $(ignore_others!(@ $kind, $value, $nothing);)*
    };
    (@ bool, $value:ty, $nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<$value, E> { Ok($nothing) }
    };
    (@ number, $value:ty, $nothing:expr) => {
        fn visit_u64<E>(self, _: u64) -> Result<$value, E> { Ok($nothing) }
        fn visit_i64<E>(self, _: i64) -> Result<$value, E> { Ok($nothing) }
        fn visit_f64<E>(self, _: f64) -> Result<$value, E> { Ok($nothing) }
    };
    (@ null, $value:ty, $nothing:expr) => {
        fn visit_unit<E>(self) -> Result<$value, E> { Ok($nothing) }
        fn visit_none<E>(self) -> Result<$value, E> { Ok($nothing) }
    };
    (@ str, $value:ty, $nothing:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<$value, E> { Ok($nothing) }
    };
    (@ seq, $value:ty, $nothing:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
    (@ map, $value:ty, $nothing:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

impl<'de> Visitor<'de> for TextSeed<'_, '_> {
    type Value = Option<Sym>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Sym>, E> {
        Ok(Some(self.0.intern(text)))
    }

    ignore_others!(Option<Sym>, None, [bool, number, null, seq, map]);
}

/// What a snapshot adds to a resource: `{"partial": true, "sparse": true, "readAt": ".."}`.
struct DekeySeed<'c, 'b>(&'c mut Capture<'b>);

impl<'de> DeserializeSeed<'de> for DekeySeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DekeySeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot's remarks on a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "partial" => self.0.envelope.partial = map.next_value::<bool>()?,
                "sparse" => self.0.envelope.sparse = map.next_value::<bool>()?,
                "readAt" => self.0.envelope.read_at = map.next_value_seed(TextSeed(self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    ignore_others!((), (), [bool, number, null, str, seq]);
}

/// The value below a node of the field tree.
struct NodeSeed<'c, 'b> {
    node: &'static FieldNode,
    capture: &'c mut Capture<'b>,
}

impl NodeSeed<'_, '_> {
    fn scalar(self, fact: impl FnOnce(&mut Capture<'_>) -> Fact) {
        let Some((field, how)) = self.node.field else { return };
        let fact = match how {
            How::Scalar => fact(self.capture),
            How::Presence => Fact::Bool(true),
            How::Pairs | How::Keys | How::SecretNames | How::Json => Fact::Odd,
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
                let mut value = Kept(MAX_KEPT_DEPTH).deserialize(deserializer)?;
                let fact = if value.is_null() {
                    Fact::Null
                } else {
                    mask_all(&mut value);
                    self.capture.batch.json.push(value);
                    Fact::Json(u32::try_from(self.capture.batch.json.len() - 1).unwrap_or(u32::MAX))
                };
                self.capture.keep(field, fact);
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
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
            Some((field, How::Keys)) => {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key_seed(TextSeed(self.capture))? {
                    // A key with `null` takes the identity away, in a request; an answer has no such key.
                    let nothing = map.next_value_seed(IsNull)?;
                    if let (Some(name), false) = (name, nothing) {
                        pairs.push((name, self.capture.intern("")));
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

/// A scalar as text, or nothing.
struct ScalarText;

impl<'de> DeserializeSeed<'de> for ScalarText {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarText {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    ignore_others!(Option<String>, None, [null, seq, map]);
}

struct IsNull;

impl<'de> DeserializeSeed<'de> for IsNull {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IsNull {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    ignore_others!(bool, false, [bool, number, str, seq, map]);
}

/// Stands for what is nested deeper than is kept.
const TOO_DEEP: &str = "[nested too deep]";

/// A JSON value of bounded depth.
struct Kept(u32);

impl<'de> DeserializeSeed<'de> for Kept {
    type Value = serde_json::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept {
    type Value = serde_json::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some(below) = self.0.checked_sub(1) else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(TOO_DEEP.into());
        };
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Kept(below))? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(below) = self.0.checked_sub(1) else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(TOO_DEEP.into());
        };
        let mut object = serde_json::Map::new();
        while let Some(name) = map.next_key::<String>()? {
            object.insert(name, map.next_value_seed(Kept(below))?);
        }
        Ok(object.into())
    }
}

/// Masks every text in a value, names included.
pub(crate) fn mask_all(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            if let std::borrow::Cow::Owned(masked) = secret::mask(text) {
                *text = masked;
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(mask_all),
        serde_json::Value::Object(map) => {
            let odd = map.keys().any(|name| matches!(secret::mask(name), std::borrow::Cow::Owned(_)));
            if odd {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(n, v)| (secret::mask(&n).into_owned(), v))
                    .collect();
            }
            map.values_mut().for_each(mask_all);
        }
        _ => {}
    }
}
