//! Inventories for tests, and the engine asked the slow and obvious way.

use dekey_guard::{Body, Estate, is_evaluated};
use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};
use dekey_policy::{Aliases, Assigned, Knowledge, Semantics, Standing, Unlisted, Verdict};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn knowledge() -> Knowledge {
    Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

pub(crate) fn inventory(documents: &[(&str, String)]) -> Inventory {
    let mut builder = Builder::new();
    for (name, text) in documents {
        read_into(&mut builder, name, &mut text.as_bytes(), Keep::Raw).unwrap();
    }
    builder.finish()
}

pub(crate) fn listed(all: &[Value]) -> Inventory {
    inventory(&[("list.json", serde_json::json!({ "value": all }).to_string())])
}

/// What stands how, without any of the shortcuts: by the word, the assignment and the reference.
pub(crate) fn obvious(
    estate: &Estate<'_>,
    assigned: &[Assigned],
) -> BTreeMap<(String, usize, String), Vec<String>> {
    let mut all: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for resource in estate.inventory.resources().filter(|own| is_evaluated(*own)) {
        let body = Body::of(resource).unwrap();
        let subject = body.subject(resource);
        let around = dekey_guard::Around::new(estate, Some(now()));
        let lookups = around.lookups();
        for (at, own) in assigned.iter().enumerate() {
            let outcomes =
                own.judge(&subject, &lookups.of(resource.id()), estate.exemptions(&own.assignment.id));
            for outcome in outcomes {
                let word = match &outcome.standing {
                    Standing::Judged(Verdict::NotApplicable(_))
                    | Standing::Exempt { verdict: Verdict::NotApplicable(_), .. } => "not applicable",
                    Standing::Judged(verdict) => verdict.word(),
                    Standing::Exempt { .. } => "exempt",
                    Standing::Excluded => "excluded",
                    Standing::Elsewhere => continue,
                };
                let key = (word.to_owned(), at, outcome.part.reference.clone());
                all.entry(key).or_default().push(resource.id().to_owned());
            }
        }
    }
    all
}

/// The counts of a simulation are those of the obvious way.
pub(crate) fn agrees(estate: &Estate<'_>, assigned: &[Assigned]) -> dekey_guard::Simulation {
    let options = dekey_guard::Options { now: Some(now()), ..Default::default() };
    let simulation = dekey_guard::simulate(estate, assigned, options);
    let slow = obvious(estate, assigned);
    for (at, (own, assessed)) in assigned.iter().zip(&simulation.assessments).enumerate() {
        for (part, judged) in own.parts.iter().zip(&assessed.parts) {
            let expected = |word: &str| {
                slow.get(&(word.to_owned(), at, part.reference.clone())).map_or(0, |all| all.len() as u64)
            };
            let counts = judged.counts;
            let found = [
                ("compliant", counts.compliant),
                ("non-compliant", counts.non_compliant),
                ("exempt", counts.exempt),
                ("excluded", counts.excluded),
                ("not applicable", counts.not_applicable),
                ("evaluation error", counts.failed),
                ("not judged", counts.not_judged),
            ];
            for (word, count) in found {
                assert_eq!(count, expected(word), "{word}: {} {}", own.assignment.id, part.reference);
            }
        }
    }
    simulation
}
