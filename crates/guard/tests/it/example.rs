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
    for own in &compiled.problems {
        println!("{own:?}");
    }
    let simulation = agrees(&estate, &compiled.assigned);
    for (own, assessed) in compiled.assigned.iter().zip(&simulation.assessments) {
        println!("{} covers {} leaves out {}", own.assignment.name, assessed.covered, assessed.excluded);
        for (part, judged) in own.parts.iter().zip(&assessed.parts) {
            println!("  {} {:?} {:?}", part.definition, judged.counts, judged.not_judged.keys());
        }
    }
    let counts = simulation.counts();
    assert!(counts.non_compliant > 0 && counts.compliant > 0 && counts.exempt > 0, "{counts:?}");
    // The order of documents changes nothing.
    let reversed: Vec<(&str, String)> = named.iter().rev().cloned().collect();
    let backward = inventory(&reversed);
    let other = Estate::of(&backward);
    let again = agrees(&other, &other.compile(&knowledge()).assigned);
    assert_eq!(again.counts(), counts);
}
