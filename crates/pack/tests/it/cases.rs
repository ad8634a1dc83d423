//! Every definition has cases, and every case holds.

use super::{folder, stems};
use dekey_pack::definitions;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, MissingArray, NullLeft, NullOperand, NumberEquality, Order,
    Ordering, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use dekey_suite::{Files, Status, Suite};
use serde_json::{Map, Value};
use std::sync::Arc;

struct Cases;

impl Files for Cases {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(folder("cases").join(path)).map_err(|error| format!("{path}: {error}"))
    }

    fn list(&self, _: &str) -> Option<Vec<String>> {
        None
    }
}

fn text(rule: &str) -> String {
    std::fs::read_to_string(folder("cases").join(format!("{rule}.yaml"))).unwrap()
}

fn run(rule: &str) -> Suite {
    dekey_suite::run(&text(rule), &Cases).unwrap_or_else(|error| panic!("{rule}: {error}"))
}

#[test]
fn every_definition_has_cases_that_hold() {
    let rules: Vec<&str> = definitions().map(|own| own.rule).collect();
    assert_eq!(stems("cases"), rules);
    let mut count = 0;
    for rule in rules {
        let suite = run(rule);
        for case in &suite.cases {
            assert_eq!(case.status, Status::Passed, "{rule}: {}: {:?}", case.name, case.problems);
        }
        for wanted in ["deny", "compliant"] {
            assert!(suite.cases.iter().any(|case| case.got == wanted), "{rule}: no case comes to {wanted}");
        }
        count += suite.cases.len();
    }
    eprintln!("{count} cases");
}

#[test]
fn every_condition_is_seen_to_hold_and_not_to() {
    for own in definitions() {
        for condition in run(own.rule).conditions {
            let seen = condition.seen;
            assert!(seen.held > 0 && seen.failed > 0, "{}: {}: {seen:?}", own.rule, condition.words);
        }
    }
}

/// Where documents leave open what Azure does, the definitions come to the same under each reading.
#[test]
fn no_case_depends_on_how_documents_are_read() {
    let mut readings = vec![Semantics::DOCUMENTED];
    let change = |with: &dyn Fn(&mut Semantics)| {
        let mut own = Semantics::DOCUMENTED;
        with(&mut own);
        own
    };
    readings.push(change(&|own| own.missing_array = MissingArray::OneNull));
    readings.push(change(&|own| own.numbers = NumberEquality::Value));
    readings.push(change(&|own| own.ordering = Ordering::Coerces));
    readings.push(change(&|own| own.null_operand = NullOperand::Compares));
    readings.push(change(&|own| own.null_left = NullLeft::Nothing));
    readings.push(change(&|own| own.order = Order::AsWritten));
    readings.push(change(&|own| own.like_question_mark = true));
    readings.push(change(&|own| own.normalise_location = false));
    let aliases = Arc::new(Aliases::built_in());
    for own in definitions() {
        let definition = Definition::parse(&own.document).unwrap();
        let file: Value = serde_saphyr::from_str(&text(own.rule)).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let Some(resource) = case.get("resource") else { continue };
            let mut given: Map<String, Value> = file["parameters"].as_object().unwrap().clone();
            given.extend(case.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default());
            let verdicts: Vec<String> = readings
                .iter()
                .map(|semantics| {
                    let knowledge = Knowledge {
                        aliases: Arc::clone(&aliases),
                        unlisted: Unlisted::NotJudged,
                        semantics: *semantics,
                    };
                    let policy = Policy::compile(&definition, &given, &About::default(), &knowledge).unwrap();
                    policy.judge(&Subject::new(resource), &Surroundings::UNKNOWN).to_string()
                })
                .collect();
            let same = verdicts.iter().all(|verdict| *verdict == verdicts[0]);
            assert!(same, "{}: {}: {verdicts:?}", own.rule, case["name"]);
        }
    }
}
