//! Dependencies point down, and pure crates reach nothing outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which crates of ours a crate may depend on, outside of tests.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("expr", &[]),
    ("policy", &["expr"]),
    ("guard", &["model", "policy"]),
    ("intake", &["model"]),
    ("rbac", &["model"]),
    ("access", &["model", "rbac"]),
    ("rules", &["model", "rbac", "access"]),
    ("report", &["model", "rbac", "access", "rules", "policy", "guard", "pack", "suite"]),
    ("pack", &["policy", "rules"]),
    ("suite", &["expr", "policy"]),
    ("oracle", &["rbac"]),
    ("azure", &["model"]),
    ("collect", &["model", "intake", "azure"]),
    (
        "cli",
        &[
            "model", "intake", "guard", "rbac", "access", "rules", "report", "azure", "collect", "sim",
            "policy", "pack", "suite",
        ],
    ),
    ("testkit", &["model", "intake", "rules"]),
    ("sim", &["expr", "intake", "model", "policy", "tenant"]),
    ("tenant", &[]),
    ("xtask", &["rbac", "report", "rules", "suite", "tenant"]),
];

/// Crates that decide, and what they may use of others: nothing that opens, talks, or tells the time.
const PURE: &[&str] =
    &["model", "expr", "policy", "guard", "intake", "rules", "report", "rbac", "access", "pack", "suite"];
const PURE_MAY_USE: &[&str] = &[
    "aho-corasick",
    "askama",
    "base64",
    "encoding_rs_io",
    "foldhash",
    "globset",
    "hashbrown",
    "jiff",
    "memchr",
    "rayon",
    "regex",
    "schemars",
    "serde",
    "serde-saphyr",
    "serde_json",
    "sha1",
    "sha2",
    "smallvec",
    "sonic-rs",
    "strsim",
    "thiserror",
    "toml",
    "unicode-width",
    "wide",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The dependencies of each crate, from its manifest.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let list = manifest.get("dependencies").and_then(toml::Value::as_table);
        let names = list.map(|table| table.keys().cloned().collect()).unwrap_or_default();
        all.insert(folder.file_name().unwrap().to_str().unwrap().to_owned(), names);
    }
    all
}

#[test]
fn dependencies_point_down() {
    let all = dependencies();
    let known: Vec<&str> = MAY_USE.iter().map(|row| row.0).collect();
    for (name, dependencies) in &all {
        assert!(known.contains(&name.as_str()), "say what `{name}` may use, here and in ARCHITECTURE.md");
        let allowed = MAY_USE.iter().find(|row| row.0 == name).unwrap().1;
        for own in dependencies.iter().filter_map(|d| d.strip_prefix("dekey-")) {
            assert!(allowed.contains(&own), "`{name}` must not use `{own}`");
        }
    }
}

#[test]
fn pure_crates_use_nothing_that_reaches_outside() {
    let all = dependencies();
    for name in PURE {
        for other in all[*name].iter().filter(|d| !d.starts_with("dekey-")) {
            assert!(PURE_MAY_USE.contains(&other.as_str()), "`{name}` is pure: is `{other}`?");
        }
        let lib = std::fs::read_to_string(crates().join(name).join("src/lib.rs")).unwrap();
        assert!(
            lib.contains("#![deny(clippy::disallowed_methods)]"),
            "`{name}` must deny what clippy.toml bans"
        );
    }
}

/// Only one crate talks to Azure, and in it only what takes leave to write sends what writes.
#[test]
fn only_azure_talks_to_azure() {
    for (name, dependencies) in dependencies() {
        for other in &dependencies {
            let client = ["reqwest", "azure_core", "azure_identity", "hyper"].contains(&other.as_str());
            // The simulator is the far side of the same wire.
            let may = ["azure", "sim"].contains(&name.as_str());
            assert!(!client || may, "`{name}` must not use `{other}`: that is for `azure` alone");
        }
    }
    for entry in std::fs::read_dir(crates().join("azure/src")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.file_name().unwrap().to_str().unwrap();
        for (word, files) in [
            ("Method::Put", &["call.rs"][..]),
            ("Method::Patch", &["call.rs"]),
            ("Method::Delete", &["call.rs"]),
            ("verb: ", &["call.rs", "write.rs", "operation.rs"]),
        ] {
            assert!(!text.contains(word) || files.contains(&name), "{name} has `{word}`");
        }
    }
    let write = std::fs::read_to_string(crates().join("azure/src/write.rs")).unwrap();
    let calls = write.matches("pub async fn ").count();
    assert_eq!(calls, write.matches("(&self, _: &WriteAccess, ").count(), "a call that writes without leave");
}

/// What changes Azure takes a value that only the executor makes.
#[test]
fn only_the_executor_may_write() {
    let maker = ["WriteAccess::", "of_the_executor"].concat();
    let mut folders = vec![crates()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let own = path.strip_prefix(crates()).unwrap();
            let may = ["azure", "execute"].iter().any(|name| own.starts_with(name));
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            assert!(may || !text.contains(&maker), "{} gives itself leave to change Azure", path.display());
        }
    }
}

/// The project speaks of itself alone: no path of a machine, nobody's home.
#[test]
fn no_file_names_a_machine() {
    let root = crates().join("..");
    let mut folders = vec![root.clone()];
    let words =
        [["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["/wo", "rk/"].concat(), ["/Us", "ers/"].concat()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // In a linked work tree, `.git` is a file.
            if ["target", ".git", "corpus", "artifacts"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if let Some(word) = words.iter().find(|word| text.contains(word.as_str())) {
                panic!("{} names a path of a machine ({word})", path.display());
            }
        }
    }
}
