//! Reading JSON whose keys people write in any case.

use crate::LoadError;
use dekey_expr::{Value, text};
use serde_json::Map;

/// An object, or a complaint.
pub(crate) fn object<'a>(
    value: &'a Value,
    pointer: &str,
    what: &str,
) -> Result<&'a Map<String, Value>, LoadError> {
    value.as_object().ok_or_else(|| LoadError::new(pointer, format!("{what} must be an object")))
}

/// The value of a key in any case, unless it is null.
pub(crate) fn get<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    text::get(map, key).filter(|value| !value.is_null())
}

/// A text.
pub(crate) fn string<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    get(map, key).and_then(Value::as_str)
}

/// A list of texts; anything else in it is left out.
pub(crate) fn strings(map: &Map<String, Value>, key: &str) -> Vec<String> {
    let items = get(map, key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The properties of an ARM resource, or the object itself where tools flatten them.
pub(crate) fn properties(map: &Map<String, Value>) -> &Map<String, Value> {
    get(map, "properties").and_then(Value::as_object).unwrap_or(map)
}
