//! Snapshots: one resource a line, in order of id, with secrets masked.

use crate::capture::mask_all;
use dekey_model::{Inventory, Resource, secret};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Write;

/// Write-only properties that some exports carry all the same; a snapshot never holds their values.
const SECRET_PROPERTIES: &[&str] = &[
    "secrets",
    "adminUserPassword",
    "password",
    "clientSecret",
    "accountKey",
    "sasToken",
    "keys",
    "primaryKey",
    "secondaryKey",
    "connectionString",
    "instrumentationKey",
    "privateKeyData",
    "databricksAccessToken",
    "accessToken",
    "secretAccessKey",
    "pat",
    "sas",
    "key",
    "certificate",
    "adminUserSshPublicKey",
    "publicKeyData",
];

/// Whose resources say who may do what, and what must be.
const PROVIDER: &str = "Microsoft.Authorization/";

/// The document to keep of a resource.
pub(crate) fn raw(value: &Value, whole: bool) -> Box<str> {
    let mut value = value.clone();
    mask_secrets(&mut value);
    if let (Value::Object(map), false) = (&mut value, whole) {
        let remarks = map.entry("dekey").or_insert_with(|| serde_json::json!({}));
        if let Value::Object(remarks) = remarks {
            remarks.insert("partial".to_owned(), true.into());
        }
    }
    value.to_string().into_boxed_str()
}

/// The line of a resource as Azure answered it just now, with its secrets masked. Without an api-version it is a row of
/// Resource Graph, of which absence from the envelope means nothing.
pub fn answered_line(mut value: Value, api_version: Option<&str>, read_at: &str) -> String {
    mask_secrets(&mut value);
    if let Value::Object(map) = &mut value {
        if let (Some(version), false) = (api_version, map.contains_key("apiVersion")) {
            map.insert("apiVersion".to_owned(), version.into());
        }
        let remarks = match api_version {
            Some(_) => serde_json::json!({ "readAt": read_at }),
            None => serde_json::json!({ "readAt": read_at, "partial": true }),
        };
        map.insert("dekey".to_owned(), remarks);
    }
    value.to_string()
}

fn mask_secrets(value: &mut Value) {
    mask_all(value);
    // Definitions and assignments hold no credentials, and names in them stand for something else.
    let own = value.get("type").and_then(Value::as_str).unwrap_or("");
    if !own.get(..PROVIDER.len()).is_some_and(|own| own.eq_ignore_ascii_case(PROVIDER)) {
        hide(value);
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                if name.eq_ignore_ascii_case("environmentVariables") {
                    hide_variables(inner);
                } else if name.eq_ignore_ascii_case("accessPolicies") {
                    // What each allows on `keys`, `secrets` and `certificates` is no key and no secret.
                } else if SECRET_PROPERTIES.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                    hide_texts(inner);
                } else if name.eq_ignore_ascii_case("tags") {
                    hide_tags(inner);
                } else {
                    hide(inner);
                }
            }
        }
        _ => {}
    }
}

fn hide_variables(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for (name, inner) in map {
        let Some(label) = inner.as_str().and_then(|text| secret::recognise_variable(name, text)) else {
            continue;
        };
        *inner = Value::String(format!("[masked {label}]"));
    }
}

/// Tags are free text: what has the form of a credential was masked before, the rest goes by its name.
fn hide_tags(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for (name, inner) in map {
        if inner.as_str().is_some_and(|text| secret::is_announced_by_tag(name, text)) {
            *inner = Value::String(secret::mask_by_name());
        }
    }
}

/// Masks every text below a property that holds secrets, but for the discriminators that say of which type they are.
fn hide_texts(value: &mut Value) {
    match value {
        Value::String(text) => "[masked]".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(hide_texts),
        Value::Object(map) => {
            map.iter_mut()
                .filter(|(name, _)| !name.ends_with("Type"))
                .for_each(|(_, inner)| hide_texts(inner));
        }
        _ => {}
    }
}

/// The line of a resource; nothing when raw documents were not kept.
pub fn canonical_line(resource: Resource<'_>) -> Option<String> {
    line_of(resource, None)
}

fn line_of(resource: Resource<'_>, taken_at: Option<&str>) -> Option<String> {
    let mut value: Value = serde_json::from_str(resource.raw()?).ok()?;
    if let Value::Object(map) = &mut value {
        // The id as the inventory has it: shapes without one were given one.
        map.insert("id".to_owned(), resource.id().into());
        if let Some(version) = resource.api_version() {
            map.insert("apiVersion".to_owned(), version.into());
        }
        if let Some(read_at) = resource.read_at().or(taken_at) {
            let remarks = map.entry("dekey").or_insert_with(|| serde_json::json!({}));
            if let Value::Object(remarks) = remarks {
                remarks.insert("readAt".to_owned(), read_at.into());
            }
        }
    }
    value.sort_all_objects();
    Some(value.to_string())
}

/// Writes the lines of a snapshot and hashes them on the way.
pub struct SnapshotWriter<W: Write> {
    out: W,
    hash: Sha256,
    resources: u64,
    taken_at: Option<String>,
}

impl<W: Write> SnapshotWriter<W> {
    /// A writer of lines. `taken_at` is noted on resources of which nobody knows when they were read.
    pub fn new(out: W, taken_at: Option<String>) -> Self {
        Self { out, hash: Sha256::new(), resources: 0, taken_at }
    }

    /// Writes every resource of an inventory, in order of id.
    pub fn write_all(&mut self, inventory: &Inventory) -> std::io::Result<()> {
        let mut order: Vec<Resource<'_>> = inventory.resources().collect();
        order.sort_by_cached_key(|resource| resource.id().to_ascii_lowercase());
        for resource in order {
            let Some(mut line) = line_of(resource, self.taken_at.as_deref()) else { continue };
            line.push('\n');
            self.raw(line.as_bytes())?;
        }
        Ok(())
    }

    /// Writes lines that are already spelled, in blocks of any size; a line break ends a resource.
    pub fn raw(&mut self, block: &[u8]) -> std::io::Result<()> {
        self.hash.update(block);
        self.out.write_all(block)?;
        self.resources += memchr::memchr_iter(b'\n', block).count() as u64;
        Ok(())
    }

    /// The writer, the number of resources and the hash of their lines.
    pub fn finish(self) -> (W, u64, String) {
        use std::fmt::Write as _;
        let mut hash = String::from("sha256:");
        for byte in self.hash.finalize() {
            // Writing to a string does not fail.
            let _ = write!(hash, "{byte:02x}");
        }
        (self.out, self.resources, hash)
    }
}
