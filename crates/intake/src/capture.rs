//! Walks one JSON document along the tree of known fields and keeps what it meets there. Everything else is skipped, which
//! is what makes reading fast; one walk serves every kind of resource.

use crate::envelope;
use crate::shape::{lacks_slash, record};
use dekey_model::{Batch, Fact, Field, FieldNode, PairSpan, Sym, secret};
use node::NodeSeed;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use values::ignore_others;

mod node;
mod values;

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
    /// Its id or its type is there twice, and which of them counts is for a parser to say that keeps what it reads.
    repeated: bool,
    /// Other resources are nested in it, or it is a record about one.
    nests: bool,
    named_by_resource_id: bool,
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
            && !self.repeated
            && !self.nests
            && (self.type_is_path || self.resource_type.is_none() && !self.named_by_resource_id)
            && (self.has_properties || self.unknown == 0)
    }

    /// Rows of Resource Graph hold the columns that somebody asked for, and lower-case types.
    pub(crate) fn is_graph_row(&self) -> bool {
        self.lower_type && (self.subscription_column || self.resource_group_column)
    }
}

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
            2 if is("id") => {
                self.0.named_by_resource_id = false;
                TopKey::Id
            }
            // Spelled like this by PowerShell; in a log, `resourceId` says what a record is about.
            10 if name == "ResourceId" && self.0.id.is_none() => {
                self.0.named_by_resource_id = true;
                TopKey::Id
            }
            4 if is("type") => TopKey::Type,
            12 if name == "ResourceType" && self.0.resource_type.is_none() => TopKey::Type,
            10 if is("apiVersion") => TopKey::ApiVersion,
            5 if is("dekey") => TopKey::Dekey,
            _ => {
                if let Some(node) = FieldNode::root().child(name) {
                    self.0.has_properties |= is("properties");
                    TopKey::Node(node)
                } else {
                    self.0.subscription_column |= name == "subscriptionId";
                    self.0.resource_group_column |= name == "resourceGroup";
                    self.0.nests |= is("resources") || record::is_telling(name);
                    self.0.unknown += u32::from(!envelope::is_known(name));
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
                    capture.envelope.repeated |= capture.envelope.id.is_some();
                    if let Some(text) = map.next_value_seed(TextSeed(capture))? {
                        let text = capture.rooted(text);
                        let id = capture.batch.texts.get(text);
                        capture.envelope.id_is_path = id.starts_with('/') && id.len() > 1;
                        capture.envelope.id = Some(text);
                    }
                }
                TopKey::Type => {
                    capture.envelope.repeated |= capture.envelope.resource_type.is_some();
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
