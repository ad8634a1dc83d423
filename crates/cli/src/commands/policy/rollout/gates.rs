//! What holds the next stage back.

use super::evidence::Read;
use crate::exit::Error;
use dekey_execute::{Past, Progress};
use dekey_plan::{Approval, Denial, Facts, Gate, HeldBack, Phase, Plan, Stage};
use dekey_report::TerminalOptions;
use dekey_report::policy::{Rollout, StageView};
use jiff::Timestamp;
use std::io::{BufWriter, Write};

/// How many hours old an inventory may be by which a stage is judged: what somebody changes in between is not seen.
const HOURS: i64 = 24;

/// What is known before a stage.
pub(super) struct Judged {
    pub(super) held: Vec<HeldBack>,
    rings: Vec<Facts>,
    beyond: u64,
}

/// What is printed of it.
pub(super) struct Shown {
    rings: Vec<Facts>,
    stages: Vec<StageView>,
    beyond: u64,
}

impl Judged {
    pub(super) fn shown(self, plan: &Plan, past: &Past, next: Option<usize>) -> Shown {
        Shown { stages: super::views(plan, past, next, self.held), rings: self.rings, beyond: self.beyond }
    }
}

impl Shown {
    pub(super) fn print(&self, plan: &Plan, options: &TerminalOptions) -> Result<(), Error> {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let own = Rollout { plan, rings: &self.rings, stages: &self.stages, beyond: self.beyond };
        dekey_report::policy::rollout(&own, options, &mut out)?;
        out.flush()?;
        Ok(())
    }
}

/// What holds a stage back, but for somebody who has to agree.
pub(super) fn judge(
    plan: &Plan,
    past: &Past,
    stage: Option<usize>,
    read: Option<&Read>,
    accept_not_judged: bool,
) -> Result<Judged, Error> {
    let now = Timestamp::now();
    let mut observed = match read {
        Some(read) => read.of_plan(plan, now)?,
        None => dekey_plan::observe::Observed::default(),
    };
    let mut held = Vec::new();
    if let Some(stage) = stage.and_then(|at| plan.stages.get(at))
        && let (Some(gate), Some(ring)) = (&stage.gate, stage.ring)
    {
        let gate = Gate { accept_not_judged: gate.accept_not_judged || accept_not_judged, ..gate.clone() };
        match read {
            None => held.push(HeldBack::NoInventory),
            Some(read) => {
                held.extend(too_old(read.bound().read_at, now));
                held.extend(
                    observed
                        .problems
                        .iter()
                        .map(|why| HeldBack::NotJudged { pairs: 0, because: vec![(why.clone(), 0)] }),
                );
                let mut facts = std::mem::take(&mut observed.rings);
                if let Some(own) = facts.get_mut(ring) {
                    denials_since(own, denied_since(plan, past));
                    held.extend(gate.check(own, audited_since(plan, past, ring), now));
                }
                observed.rings = facts;
            }
        }
    }
    Ok(Judged { held, rings: observed.rings, beyond: observed.beyond })
}

/// Whether somebody has to agree to a stage, and nobody has.
pub(super) fn unapproved(stage: &Stage, approved_by: Option<&str>) -> Option<HeldBack> {
    let who = stage.steps.iter().map(|step| step.approval).max()?;
    let somebody = approved_by.is_some_and(|own| !own.trim().is_empty());
    (who > Approval::Operator && !somebody).then_some(HeldBack::WaitingForApproval(who))
}

fn too_old(read_at: Option<Timestamp>, now: Timestamp) -> Option<HeldBack> {
    let is_fresh = read_at.is_some_and(|own| now.duration_since(own).as_hours() < HOURS);
    (!is_fresh).then_some(HeldBack::InventoryTooOld { read_at, hours: HOURS })
}

/// Since when a ring is audited.
fn audited_since(plan: &Plan, past: &Past, ring: usize) -> Option<Timestamp> {
    let own = plan.stages.iter().find(|own| own.phase == Phase::Audit && own.ring == Some(ring))?;
    match past.stage(own) {
        Progress::Done(at) | Progress::Already(Some(at)) => Some(at),
        _ => None,
    }
}

/// Since when something is denied anywhere; nothing while nothing is.
fn denied_since(plan: &Plan, past: &Past) -> Option<Timestamp> {
    let all = plan.stages.iter().filter(|own| own.phase == Phase::Deny);
    all.filter_map(|own| match past.stage(own) {
        Progress::Done(at) | Progress::Already(Some(at)) => Some(at),
        _ => None,
    })
    .min()
}

/// Of requests that a policy refused, those since this one is in force; none before.
fn denials_since(facts: &mut Facts, since: Option<Timestamp>) {
    let Some(since) = since else {
        facts.denials = None;
        return;
    };
    if let Some(Ok(all)) = &mut facts.denials {
        all.retain(|own: &Denial| own.at >= since);
    }
}
