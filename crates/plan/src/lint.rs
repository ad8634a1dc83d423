//! What is wrong with a plan, whoever made it.

use crate::plan::{Phase, Plan, Stage};
use crate::state::type_of;
use crate::step::{Approval, Before, Step, Undo, Verb, Verify};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// How many exemptions one stage may make: more is no exception any more, and nobody reads that many before agreeing.
pub const MOST_EXEMPTIONS: usize = 200;

/// How many steps one stage may have: what is taken back has to be done in one sitting as well.
pub const MOST_STEPS: usize = 500;

/// How many days an exemption may last: what is excused for longer than a year is no exception.
pub const MOST_DAYS: i64 = 366;

/// How many overrides Azure takes in an assignment.
const MOST_OVERRIDES: usize = 10;

/// How large the body of a request may be.
const MOST_BYTES: usize = 1 << 20;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: the stage, and the step if it is about one.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is wrong with a plan; nothing when it may be carried out.
pub fn check(plan: &Plan) -> Vec<Fault> {
    let mut faults = Faults { all: Vec::new(), place: "plan".to_owned() };
    let mut ids = BTreeSet::new();
    for stage in &plan.stages {
        faults.place = format!("stage `{}`", stage.name);
        stage_is_bounded(stage, &mut faults);
        let mut written = BTreeSet::new();
        for step in &stage.steps {
            faults.place = format!("stage `{}`, step `{}`", stage.name, step.id);
            faults.unless(ids.insert(step.id.as_str()), "another step has the same id");
            faults.unless(
                written.insert(step.request.path.to_ascii_lowercase()),
                "a step before it in the stage writes the same resource: make two stages of it",
            );
            step_is_whole(step, stage, &mut faults);
            step_is_in_reach(plan, step, &mut faults);
            exemption_ends(plan, step, &mut faults);
        }
    }
    "plan".clone_into(&mut faults.place);
    audited_before_denied(plan, &mut faults);
    faults.all
}

struct Faults {
    all: Vec<Fault>,
    place: String,
}

impl Faults {
    fn unless(&mut self, holds: bool, message: &str) {
        if !holds {
            self.all.push(Fault { place: self.place.clone(), message: message.to_owned() });
        }
    }
}

fn stage_is_bounded(stage: &Stage, faults: &mut Faults) {
    let message =
        format!("has {} steps, and {MOST_STEPS} is the most that one can look through", stage.steps.len());
    faults.unless(stage.steps.len() <= MOST_STEPS, &message);
    let exempting = |step: &&Step| type_of(&step.request.path).ends_with("/policyexemptions");
    let count = stage.steps.iter().filter(exempting).count();
    let message = format!(
        "makes {count} exemptions, and {MOST_EXEMPTIONS} is the most: put some resources right first"
    );
    faults.unless(count <= MOST_EXEMPTIONS, &message);
    faults.unless(stage.phase != Phase::Deny || stage.gate.is_some(), "denies without a gate before it");
}

fn step_is_whole(step: &Step, stage: &Stage, faults: &mut Faults) {
    let request = &step.request;
    faults.unless(
        (request.verb == Verb::Delete) == request.body.is_none(),
        "a request that writes has a body, and one that removes has none",
    );
    faults.unless(!request.api_version.is_empty(), "its request has no api-version");
    let size = request.body.as_ref().map_or(0, |body| body.to_string().len());
    faults.unless(size <= MOST_BYTES, "its request is larger than Azure takes (1 MiB)");
    match &step.undo {
        Undo::Impossible(why) => {
            faults.unless(
                !why.trim().is_empty() && step.approval > Approval::Operator,
                "cannot be taken back: it says why, and somebody has to agree",
            );
        }
        Undo::Request(undo) => {
            faults.unless(
                undo.path.eq_ignore_ascii_case(&request.path),
                "is taken back by a request to another resource",
            );
            let removes = undo.verb == Verb::Delete;
            let was_absent = step.before == Before::Absent;
            faults.unless(removes == was_absent, "is taken back to something that was not there before");
        }
    }
    let empty = |value: &Value| value.as_object().is_none_or(serde_json::Map::is_empty);
    match &step.verify {
        Verify::Gone => {
            faults.unless(request.verb == Verb::Delete, "is verified by the absence of what it makes");
        }
        Verify::Shows(wanted) => {
            faults.unless(
                request.verb != Verb::Delete && !empty(wanted),
                "is verified by nothing that its request leaves behind",
            );
        }
    }
    let refuses = matches!(stage.phase, Phase::Deny | Phase::Exempt);
    faults.unless(
        !refuses || step.approval >= Approval::PolicyOwner,
        "needs the agreement of whoever answers for policies",
    );
    let overrides = request.body.as_ref().and_then(|body| body.pointer("/properties/overrides"));
    let count = overrides.and_then(Value::as_array).map_or(0, Vec::len);
    faults.unless(count <= MOST_OVERRIDES, "has more overrides than Azure takes (10)");
}

fn step_is_in_reach(plan: &Plan, step: &Step, faults: &mut Faults) {
    let path = step.request.path.to_ascii_lowercase();
    let scope = plan.scope.trim_end_matches('/').to_ascii_lowercase();
    let below = path.strip_prefix(&scope).is_some_and(|rest| rest.starts_with('/'));
    // Below a management group lie subscriptions, whose ids do not say so.
    let of_group = scope.starts_with("/providers/microsoft.management/managementgroups/");
    // Definitions for a resource group are kept in its subscription.
    let kind = type_of(&path);
    let is_definition =
        ["microsoft.authorization/policydefinitions", "microsoft.authorization/policysetdefinitions"];
    let at_home = is_definition.contains(&kind.as_str())
        && crate::rollout::home(&scope)
            .is_some_and(|home| path.starts_with(&format!("{home}/providers/microsoft.authorization/")));
    let in_reach = below || at_home || (of_group && path.starts_with("/subscriptions/"));
    faults.unless(in_reach, "writes outside the scope of the plan");
    faults.unless(
        plan.purpose.types().contains(&kind.as_str()),
        "writes a resource of a type that this plan is not for",
    );
    faults.unless(
        !path.split('/').any(|own| own == "." || own == ".." || own.contains(['%', '\\', '?', '#'])),
        "has a path that is no id",
    );
}

fn exemption_ends(plan: &Plan, step: &Step, faults: &mut Faults) {
    if !type_of(&step.request.path).ends_with("/policyexemptions") || step.request.verb == Verb::Delete {
        return;
    }
    let properties = step.request.body.as_ref().and_then(|body| body.get("properties"));
    let text = |name: &str| properties.and_then(|own| own.get(name)).and_then(Value::as_str).unwrap_or("");
    let ends: Option<jiff::Timestamp> = text("expiresOn").parse().ok();
    let days = ends.map(|ends| ends.duration_since(plan.made_at).as_hours() / 24);
    faults.unless(
        days.is_some_and(|days| (0..=MOST_DAYS).contains(&days)),
        "exempts without an end within a year",
    );
    faults.unless(!text("description").trim().is_empty(), "exempts without saying why");
}

/// Nothing is denied in a ring before it was audited there, and rings are reached in order.
fn audited_before_denied(plan: &Plan, faults: &mut Faults) {
    let (mut audited, mut denied) = (None, None);
    for stage in &plan.stages {
        faults.place = format!("stage `{}`", stage.name);
        match stage.phase {
            Phase::Audit => {
                in_order(&mut audited, stage.ring, plan.rings.len(), faults);
                faults.unless(!denies(stage), "is to audit, and denies");
            }
            Phase::Deny => {
                in_order(&mut denied, stage.ring, plan.rings.len(), faults);
                faults.unless(
                    stage.ring.is_some() && stage.ring <= audited,
                    "denies what no stage before it audits",
                );
            }
            Phase::Prepare => faults.unless(
                !stage.steps.iter().any(|own| type_of(&own.request.path).ends_with("/policyassignments")),
                "is to lay things ready, and assigns",
            ),
            Phase::Exempt => {}
        }
    }
}

fn in_order(reached: &mut Option<usize>, ring: Option<usize>, rings: usize, faults: &mut Faults) {
    let next = reached.map_or(0, |own| own + 1);
    faults.unless(
        ring == Some(next) && next < rings,
        "reaches further than one ring beyond the stage before it",
    );
    *reached = ring.or(*reached);
}

/// Whether an assignment of a stage forces an effect other than audit and disabled.
fn denies(stage: &Stage) -> bool {
    let of_step = |step: &Step| {
        let properties = step.request.body.as_ref().and_then(|body| body.get("properties"));
        let is_assignment = type_of(&step.request.path).ends_with("/policyassignments");
        let overrides = properties.and_then(|own| own.get("overrides")).and_then(Value::as_array);
        let forced = |own: &Value| {
            let effect = own.get("value").and_then(Value::as_str).unwrap_or("");
            !["audit", "disabled"].contains(&effect.to_ascii_lowercase().as_str())
        };
        // Without an override, the effect is the policy's own, and nobody knows it here.
        is_assignment
            && step.request.verb != Verb::Delete
            && overrides.is_none_or(|all| all.is_empty() || all.iter().any(forced))
    };
    stage.steps.iter().any(of_step)
}
