//! What is left alone while the rest is taken back.

use crate::failure::Failure;
use dekey_plan::Step;
use serde_json::Value;
use std::collections::BTreeSet;

/// What was left alone so far.
#[derive(Default)]
pub(crate) struct LeftAlone {
    failures: Vec<Failure>,
    /// The paths that nothing more is sent to, in lower case.
    held: BTreeSet<String>,
    kept: Vec<String>,
}

impl LeftAlone {
    /// Whether a step is about something that was left alone. What was there before such a step does not follow any more.
    pub(crate) fn holds(&self, step: &Step) -> bool {
        self.held.contains(&step.request.path.to_ascii_lowercase())
    }

    /// Leaves alone what a step made, for a reason that concerns nothing else. Any other failure comes back.
    pub(crate) fn add(&mut self, step: &Step, failure: Failure) -> Result<(), Failure> {
        if !matches!(failure, Failure::ChangedByOthers { .. } | Failure::NoWayBack { .. }) {
            return Err(failure);
        }
        self.failures.push(failure);
        self.held.insert(step.request.path.to_ascii_lowercase());
        self.hold_used(step);
        Ok(())
    }

    /// Leaves alone one more step that is about it.
    pub(crate) fn keep(&mut self, step: &Step, is_made: bool) {
        let path = &step.request.path;
        let is_named = self.kept.contains(path)
            || self.failures.iter().any(
                |own| matches!(own, Failure::ChangedByOthers { path: other, .. } if other.eq_ignore_ascii_case(path)),
            );
        if is_made && !is_named {
            self.kept.push(path.clone());
        }
        self.hold_used(step);
    }

    /// Azure removes no definition that something still uses. An exemption, on the other hand, keeps no assignment: what
    /// denies is to go whenever it can.
    fn hold_used(&mut self, step: &Step) {
        if let Some(body) = &step.request.body {
            collect_used(body, &mut self.held);
        }
    }

    /// How it ended, when nothing else ended it before.
    pub(crate) fn ended(self) -> Result<(), Failure> {
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(Failure::LeftAlone { left: self.failures, kept: self.kept, then: None })
    }

    /// How it ended, when something else ended it.
    pub(crate) fn ended_by(self, failure: Failure) -> Failure {
        if self.failures.is_empty() {
            return failure;
        }
        Failure::LeftAlone { left: self.failures, kept: self.kept, then: Some(Box::new(failure)) }
    }
}

fn collect_used(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, own) in members {
                match own {
                    Value::String(id) if name == "policyDefinitionId" => {
                        used.insert(id.to_ascii_lowercase());
                    }
                    other => collect_used(other, used),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|own| collect_used(own, used)),
        _ => {}
    }
}
