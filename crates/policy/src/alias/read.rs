//! The public forms of alias tables.
//!
//! - ARM's answer to `providers?$expand=resourceTypes/aliases`, one provider of it, and the linter's files of the same shape
//! - data policy manifests
//! - PSRule's `types.json` (names to paths)
//! - JSON lines with `name` and `path`
//! - Markdown tables, path first; CSV, name first

use super::{Alias, Aliases, type_of};
use crate::{Path, json};
use dekey_expr::Value;
use serde_json::Map;

pub(super) fn read(aliases: &mut Aliases, document: &str) -> Result<usize, String> {
    let text = document.trim_start_matches('\u{feff}').trim_start();
    let before = aliases.len();
    if !text.starts_with(['[', '{']) {
        lines(aliases, text)?;
        return Ok(aliases.len() - before);
    }
    // JSON lines start like a document and go on after its end.
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    for value in values {
        let value = value.map_err(|error| format!("line {}: this is not JSON", error.line()))?;
        any(aliases, &value);
    }
    match aliases.len() - before {
        0 if !text.contains("resourceType") => Err("there are no aliases in this document".to_owned()),
        added => Ok(added),
    }
}

fn any(aliases: &mut Aliases, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| any(aliases, item)),
        Value::Object(map) => object(aliases, map),
        _ => {}
    }
}

fn object(aliases: &mut Aliases, map: &Map<String, Value>) {
    let properties = json::properties(map);
    if let Some(values) = json::get(map, "value").and_then(Value::as_array) {
        for value in values {
            any(aliases, value);
        }
    } else if let Some(types) = json::get(map, "resourceTypes").and_then(Value::as_array) {
        let namespace = json::string(map, "namespace").unwrap_or_default();
        for entry in types.iter().filter_map(Value::as_object) {
            resource_type(aliases, namespace, entry);
        }
    } else if let Some(types) = json::get(properties, "resourceTypeAliases").and_then(Value::as_array) {
        for entry in types.iter().filter_map(Value::as_object) {
            resource_type(aliases, "", entry);
        }
    } else if json::get(map, "aliases").is_some() {
        let namespace = json::string(map, "namespace").unwrap_or_default();
        resource_type(aliases, namespace, map);
    } else if let (Some(name), Some(path)) = (json::string(map, "name"), json::string(map, "path")) {
        plain(aliases, name, path, type_of(name));
    }
}

fn resource_type(aliases: &mut Aliases, namespace: &str, entry: &Map<String, Value>) {
    let short = json::string(entry, "resourceType").unwrap_or_default();
    let full = if namespace.is_empty() { short.to_owned() } else { format!("{namespace}/{short}") };
    let indexed = json::string(entry, "capabilities").map(|list| {
        let list = list.to_ascii_lowercase();
        list.contains("supportstags") && list.contains("supportslocation")
    });
    let versions = json::strings(entry, "apiVersions");
    if !short.is_empty() {
        aliases.insert_type(&full, indexed, versions.iter().max().map(String::as_str));
    }
    match json::get(entry, "aliases") {
        Some(Value::Array(list)) => {
            for alias in list.iter().filter_map(Value::as_object) {
                detailed(aliases, &full, alias);
            }
        }
        Some(Value::Object(map)) => {
            for (name, path) in map {
                if let Some(path) = path.as_str() {
                    plain(aliases, name, path, &full);
                }
            }
        }
        _ => {}
    }
}

fn plain(aliases: &mut Aliases, name: &str, path: &str, resource_type: &str) {
    if let Some(path) = Path::parse(path) {
        let (name, resource_type) = (name.to_owned(), resource_type.to_owned());
        aliases.insert(Alias {
            name,
            resource_type,
            path,
            versions: Vec::new(),
            modifiable: None,
            token: None,
        });
    }
}

fn detailed(aliases: &mut Aliases, resource_type: &str, entry: &Map<String, Value>) {
    let Some(name) = json::string(entry, "name") else { return };
    let mut versions = Vec::new();
    for path in json::get(entry, "paths").and_then(Value::as_array).into_iter().flatten() {
        let Some(path) = path.as_object() else { continue };
        if let Some(parsed) = json::string(path, "path").and_then(Path::parse) {
            versions.push((json::strings(path, "apiVersions"), parsed));
        }
    }
    let default = json::string(entry, "defaultPath").or_else(|| json::string(entry, "path"));
    let Some(path) = default.and_then(Path::parse).or_else(|| versions.first().map(|(_, path)| path.clone()))
    else {
        return;
    };
    versions.retain(|(_, other)| *other != path);
    let metadata = json::get(entry, "defaultMetadata").and_then(Value::as_object);
    let attributes = metadata.and_then(|metadata| json::string(metadata, "attributes"));
    aliases.insert(Alias {
        name: name.to_owned(),
        resource_type: if resource_type.is_empty() {
            type_of(name).to_owned()
        } else {
            resource_type.to_owned()
        },
        path,
        versions,
        modifiable: attributes.map(|attributes| attributes.to_ascii_lowercase().contains("modifiable")),
        token: metadata.and_then(|metadata| json::string(metadata, "type")).map(str::to_owned),
    });
}

/// Markdown rows and CSV. Each line holds a name and a path, in either order: only a name has a slash before any dot.
fn lines(aliases: &mut Aliases, text: &str) -> Result<(), String> {
    let before = aliases.len();
    for line in text.lines() {
        let cells = line.trim().trim_matches('|').split(['|', ',', ';', '\t']);
        let cells: Vec<&str> = cells.map(|cell| cell.trim().trim_matches(['`', '"'])).collect();
        let [first, second, ..] = cells.as_slice() else { continue };
        let (name, path) = if type_of(first).contains('/') { (first, second) } else { (second, first) };
        if type_of(name).contains('/') {
            plain(aliases, name, path, type_of(name));
        }
    }
    if aliases.len() == before { Err("there are no aliases in this document".to_owned()) } else { Ok(()) }
}
