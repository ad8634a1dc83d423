//! What holds the next stage back.

use super::evidence::Read;
use crate::exit::Error;
use dekey_execute::{Past, Progress};
use dekey_plan::{Approval, Facts, Gate, HeldBack, Phase, Plan, Stage};
use dekey_report::TerminalOptions;
use dekey_report::policy::Rollout;
use jiff::Timestamp;
use std::io::{BufWriter, Write};

/// How many hours old an inventory may be by which a stage is judged: what somebody changes in between is not seen.
const HOURS: i64 = 24;

/// What is known before the stages that are left.
pub(super) struct Judged {
    /// For each stage, what holds it back.
    pub(super) held: Vec<Vec<HeldBack>>,
    rings: Vec<Facts>,
    beyond: u64,
}

impl Judged {
    /// What holds a stage back.
    pub(super) fn of(&self, stage: usize) -> &[HeldBack] {
        self.held.get(stage).map_or(&[], Vec::as_slice)
    }

    pub(super) fn print(
        self,
        (plan, past): (&Plan, &Past),
        next: Option<usize>,
        options: &TerminalOptions,
    ) -> Result<(), Error> {
        let stages = super::views(plan, past, next, self.held);
        let mut out = BufWriter::new(std::io::stdout().lock());
        let own = Rollout { plan, rings: &self.rings, stages: &stages, beyond: self.beyond };
        dekey_report::policy::rollout(&own, options, &mut out)?;
        out.flush()?;
        Ok(())
    }
}

/// What holds the stages back that are left.
pub(super) fn judge(
    plan: &Plan,
    past: &Past,
    (next, read): (Option<usize>, Option<&Read>),
    accept_not_judged: bool,
) -> Result<Judged, Error> {
    let now = Timestamp::now();
    let observed = match read {
        Some(read) => read.of_plan(plan, now)?,
        None => dekey_plan::observe::Observed::default(),
    };
    let stale = match read {
        Some(read) => too_old(read.bound().read_at, now),
        None => Some(HeldBack::NoInventory),
    };
    let mut held = Vec::new();
    for (at, stage) in plan.stages.iter().enumerate() {
        let is_over = matches!(past.stage(stage), Progress::Done(_) | Progress::Already(_));
        let mut own = Vec::new();
        if let (Some(gate), Some(ring), false) = (&stage.gate, stage.ring, is_over) {
            let gate =
                Gate { accept_not_judged: gate.accept_not_judged || accept_not_judged, ..gate.clone() };
            // That there is no inventory is said once, where it is needed.
            own.extend(stale.clone().filter(|_| read.is_some() || next == Some(at)));
            own.extend(
                observed
                    .problems
                    .iter()
                    .map(|why| HeldBack::NotJudged { pairs: 0, because: vec![(why.clone(), 0)] }),
            );
            if let Some(facts) = observed.rings.get(ring) {
                let facts = since_in_force(facts, denied_since(plan, past));
                own.extend(gate.check(&facts, audited_since(plan, past, ring), now));
            }
        }
        held.push(own);
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

/// With those requests alone that were refused since the policy is in force; none before.
fn since_in_force(facts: &Facts, since: Option<Timestamp>) -> Facts {
    let denials = match (&facts.denials, since) {
        (_, None) => None,
        (Some(Ok(all)), Some(since)) => Some(Ok(all.iter().filter(|own| own.at >= since).cloned().collect())),
        (other, _) => other.clone(),
    };
    Facts { denials, ..facts.clone() }
}
