//! The example tenant.

use crate::given::{agrees, inventory, knowledge};
use dekey_guard::Estate;
use std::path::Path;

fn documents() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso");
    let mut all: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == "json"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn the_example_tenant_is_judged() {
    let all = documents();
    let named: Vec<(&str, String)> = all.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let forward = inventory(&named);
    let estate = Estate::of(&forward);
    assert_eq!(estate.problems, []);
    let compiled = estate.compile(&knowledge());
    assert_eq!(compiled.problems, []);
    let simulation = agrees(&estate, &compiled.assigned);
    let counts = simulation.counts();
    assert_eq!((counts.compliant, counts.non_compliant, counts.exempt, counts.not_judged), (38, 27, 2, 16));
    // The order of documents changes nothing.
    let reversed: Vec<(&str, String)> = named.iter().rev().cloned().collect();
    let backward = inventory(&reversed);
    let other = Estate::of(&backward);
    let again = agrees(&other, &other.compile(&knowledge()).assigned);
    assert_eq!(again.counts(), counts);
}
