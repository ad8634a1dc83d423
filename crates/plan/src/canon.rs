//! One spelling for every value, so that equal values have equal hashes and differences are differences.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A value as JSON for people and version control: keys in order, two spaces, a line break at the end.
pub fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    value.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&value)?;
    text.push('\n');
    Ok(text)
}

/// The hash of a value, whatever the order of its keys.
pub fn hash_of(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    hex(Sha256::digest(value.to_string().as_bytes()).as_slice())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The hash of an inventory: what its resources say, not when or in which order they were read.
#[derive(Default)]
pub struct InventoryHash {
    lines: Vec<[u8; 32]>,
}

impl InventoryHash {
    /// Takes a resource in: its id, and its JSON as it was read.
    pub fn add(&mut self, id: &str, json: &str) {
        let mut hash = Sha256::new();
        hash.update(id.to_ascii_lowercase().as_bytes());
        match serde_json::from_str::<Value>(json) {
            Ok(mut value) => {
                if let Value::Object(map) = &mut value {
                    // Remarks on the reading: when it was, and with which api-version.
                    map.shift_remove("dekey");
                    map.shift_remove("apiVersion");
                }
                value.sort_all_objects();
                hash.update(value.to_string().as_bytes());
            }
            Err(_) => hash.update(json.as_bytes()),
        }
        self.lines.push(hash.finalize().into());
    }

    /// How many resources were taken in.
    pub fn len(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The hash of them all.
    pub fn finish(mut self) -> String {
        self.lines.sort_unstable();
        let mut hash = Sha256::new();
        self.lines.iter().for_each(|line| hash.update(line));
        hex(hash.finalize().as_slice())
    }
}
