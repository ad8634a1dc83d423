//! Which conditions the cases put to the test.

use crate::blame::{Traced, leaves, trees};
use dekey_policy::Step;
use serde_json::Value;
use std::collections::BTreeMap;

/// How often a condition came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// It held.
    pub held: usize,
    /// It did not.
    pub failed: usize,
}

/// A condition of what is tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The definition; empty where there is only one.
    pub reference: String,
    /// Where it stands in the definition.
    pub pointer: String,
    /// The condition, in words.
    pub words: String,
    /// What it came to, over all cases.
    pub seen: Seen,
}

/// Counts what conditions came to.
#[derive(Default)]
pub(crate) struct Counter {
    seen: BTreeMap<(String, String), Seen>,
}

impl Counter {
    pub(crate) fn count(&mut self, reference: &str, steps: &[Step]) {
        for step in steps {
            let seen = self.seen.entry((reference.to_owned(), step.pointer.clone())).or_default();
            match step.result {
                Ok(true) => seen.held += 1,
                Ok(false) => seen.failed += 1,
                Err(_) => {}
            }
        }
    }

    /// Every condition of a definition, with what was counted.
    pub(crate) fn of(&self, reference: &str, document: &Value) -> Vec<Condition> {
        let mut all = Vec::new();
        for (pointer, tree) in trees(document) {
            leaves(&pointer, tree, &mut all);
        }
        let condition = |(pointer, own): (String, &Value)| {
            let seen = self.seen.get(&(reference.to_owned(), pointer.clone())).copied().unwrap_or_default();
            let words = dekey_policy::words::condition(own);
            let words = words.first().map(|line| line.text.clone()).unwrap_or_default();
            Condition { reference: reference.to_owned(), pointer, words, seen }
        };
        // A rule is not even run for other types: its conditions on them say what it is about, and no case can make them fail.
        all.into_iter().filter(|own| !is_about_type(own.1)).map(condition).collect()
    }
}

fn is_about_type(condition: &Value) -> bool {
    let field = condition.as_object().and_then(|map| dekey_expr::text::get(map, "field"));
    field.and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("type"))
}

/// The conditions that decided what a definition came to.
pub(crate) fn deciders(document: &Value, steps: &[Step]) -> Vec<crate::Decider> {
    let traced = Traced::new(steps);
    trees(document).iter().flat_map(|(pointer, tree)| traced.deciders(pointer, tree)).collect()
}
