//! YAML, as `az ml` writes it.

use dekey_model::{Note, NoteKind};

/// The largest YAML document that is read; `az ml` writes one resource into each.
const MAX_YAML: usize = 16 << 20;

/// The values of a YAML stream, and whether there is a list among its documents.
pub(crate) fn read_yaml(source: &str, text: &str) -> Result<(Vec<serde_json::Value>, bool), Note> {
    let note = |line: u64, column: u64, kind: NoteKind, reason: String| Note {
        source: source.to_owned(),
        line,
        column,
        kind,
        reason,
    };
    if text.len() > MAX_YAML {
        return Err(note(0, 0, NoteKind::TooLarge, format!("YAML larger than {} MiB", MAX_YAML >> 20)));
    }
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).map_err(|error| {
        let at = error.location();
        let line = at.as_ref().map_or(0, serde_saphyr::Location::line);
        let column = at.as_ref().map_or(0, serde_saphyr::Location::column);
        note(
            line,
            column,
            NoteKind::Malformed,
            "neither JSON nor YAML: expected a resource or a list of resources".into(),
        )
    })?;
    let (mut values, mut listed) = (Vec::new(), false);
    for document in documents {
        listed |= !document.is_object() || document.get("value").is_some_and(serde_json::Value::is_array);
        match document {
            serde_json::Value::Array(items) => values.extend(items),
            serde_json::Value::Object(mut map)
                if map.get("value").is_some_and(serde_json::Value::is_array) =>
            {
                if let Some(serde_json::Value::Array(items)) = map.remove("value") {
                    values.extend(items);
                }
            }
            serde_json::Value::Null => {}
            value @ serde_json::Value::Object(_) => values.push(value),
            _ => {
                let reason = "neither JSON nor YAML of resources: plain text".to_owned();
                return Err(note(1, 1, NoteKind::NotUnderstood, reason));
            }
        }
    }
    Ok((values, listed))
}
