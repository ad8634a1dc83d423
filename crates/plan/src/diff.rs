//! Two plans, in words.

use crate::plan::{Plan, Stage};
use crate::state::differences;
use crate::step::{Before, Step};
use serde_json::Value;

/// What a later plan does differently; nothing when both do the same.
pub fn diff(old: &Plan, new: &Plan) -> Vec<String> {
    let mut all = Vec::new();
    let mut told = |what: &str, a: &str, b: &str| {
        if a != b {
            all.push(format!("{what}: {a} → {b}"));
        }
    };
    told("scope", &old.scope, &new.scope);
    told("assigns", &old.assigns.target, &new.assigns.target);
    let rings = |plan: &Plan| {
        let all: Vec<String> =
            plan.rings.iter().map(|ring| format!("{} ({})", ring.name, ring.reach())).collect();
        all.join(", then ")
    };
    told("rings", &rings(old), &rings(new));
    if old.inventory.hash != new.inventory.hash {
        all.push(format!(
            "made from another inventory: {} resources → {}",
            old.inventory.resources, new.inventory.resources
        ));
    }
    for stage in &old.stages {
        match new.stages.iter().find(|own| own.name == stage.name) {
            None => all.push(format!("stage `{}` is gone", stage.name)),
            Some(other) => stages(stage, other, &mut all),
        }
    }
    for stage in new.stages.iter().filter(|own| !old.stages.iter().any(|other| other.name == own.name)) {
        all.push(format!("stage `{}` is new, with {} steps", stage.name, stage.steps.len()));
    }
    all
}

fn stages(old: &Stage, new: &Stage, all: &mut Vec<String>) {
    let name = &old.name;
    if old.gate != new.gate {
        all.push(format!("stage `{name}`: its gate differs"));
    }
    if old.standing != new.standing {
        all.push(format!("stage `{name}`: {} → {}", standing(old), standing(new)));
    }
    for step in &old.steps {
        match new.steps.iter().find(|own| own.id == step.id) {
            None => all.push(format!("stage `{name}`: `{}` is gone ({})", step.id, step.what)),
            Some(other) => steps(name, step, other, all),
        }
    }
    for step in new.steps.iter().filter(|own| !old.steps.iter().any(|other| other.id == own.id)) {
        all.push(format!("stage `{name}`: `{}` is new ({})", step.id, step.what));
    }
}

fn standing(stage: &Stage) -> &'static str {
    match stage.standing {
        crate::Standing::ToDo => "to be done",
        crate::Standing::Already(_) => "so already",
    }
}

fn steps(stage: &str, old: &Step, new: &Step, all: &mut Vec<String>) {
    let mut told = |what: &str, more: &[String]| {
        let more = if more.is_empty() { String::new() } else { format!(": {}", more.join(", ")) };
        all.push(format!("stage `{stage}`, `{}`: {what}{more}", new.id));
    };
    if (old.request.verb, &old.request.path) != (new.request.verb, &new.request.path) {
        told("another request", &[format!("{} {}", new.request.verb, new.request.path)]);
    }
    let none = Value::Null;
    let bodies = (old.request.body.as_ref().unwrap_or(&none), new.request.body.as_ref().unwrap_or(&none));
    if bodies.0 != bodies.1 {
        told("sends something else", &differences(bodies.0, bodies.1));
    }
    match (&old.before, &new.before) {
        (Before::Absent, Before::Present(_)) => told("now finds something there", &[]),
        (Before::Present(_), Before::Absent) => told("now finds nothing there", &[]),
        (Before::Present(a), Before::Present(b)) if a != b => told("finds another state", &differences(a, b)),
        _ => {}
    }
}
