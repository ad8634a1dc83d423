//! Values that are kept as they are, or of which little is.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

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
pub(super) use ignore_others;

/// A scalar as text, or nothing.
pub(super) struct ScalarText;

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

/// Stands for what is nested deeper than is kept.
const TOO_DEEP: &str = "[nested too deep]";

/// A JSON value of bounded depth.
pub(super) struct Kept(pub(super) u32);

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
