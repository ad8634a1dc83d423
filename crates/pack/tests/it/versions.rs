//! What changes gets another version: tenants hold the versions they have against those they could have.

use super::folder;
use dekey_pack::{Choices, Origin, Scope, VERSION, definitions, initiative};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const LOCK: &str = "versions.lock";
const HEAD: &str = "# Version and content of everything that is deployed. Written by the test `versions` where DEKEY_BLESS is set.\n";

fn hash(document: &Value) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(document.to_string()) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Name, version and hash of everything.
fn now() -> BTreeMap<String, (String, String)> {
    let own = definitions().filter(|own| own.origin == Origin::Own);
    let mut all: BTreeMap<String, (String, String)> =
        own.map(|own| (own.name.clone(), (own.version().to_owned(), hash(&own.document)))).collect();
    let set = initiative(&Scope::Subscription("s".to_owned()), &Choices::default());
    all.insert("initiative".to_owned(), (VERSION.to_owned(), hash(&set)));
    all
}

fn locked() -> BTreeMap<String, (String, String)> {
    let text = std::fs::read_to_string(folder(LOCK)).unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        (cells[0].to_owned(), (cells[1].to_owned(), cells[2].to_owned()))
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap()).collect()
}

#[test]
fn what_changed_has_a_new_version() {
    let (now, locked) = (now(), locked());
    let mut stale = Vec::new();
    for (name, (version, hash)) in &now {
        match locked.get(name) {
            Some((was, content)) if content != hash => {
                assert!(number(version) > number(was), "{name} changed and is still version {was}: raise it");
                stale.push(name);
            }
            Some((was, _)) => assert_eq!(was, version, "{name} has another version and did not change"),
            None => stale.push(name),
        }
    }
    let gone: Vec<&String> = locked.keys().filter(|name| !now.contains_key(*name)).collect();
    assert!(gone.is_empty(), "{gone:?} are gone: tenants still have them; keep them, disabled by default");
    if stale.is_empty() {
        return;
    }
    assert!(
        std::env::var_os("DEKEY_BLESS").is_some(),
        "{stale:?} are new: run this test with DEKEY_BLESS=1 and commit {LOCK}"
    );
    let mut text = HEAD.to_owned();
    for (name, (version, hash)) in &now {
        writeln!(text, "{name} {version} {hash}").unwrap();
    }
    std::fs::write(folder(LOCK), text).unwrap();
}
