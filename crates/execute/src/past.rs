//! What a journal says was done.

use crate::entry::{Doing, Entry, How, Left};
use dekey_azure::operation::Operation;
use dekey_plan::{Plan, Stage, Standing};
use jiff::Timestamp;

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// The lines, oldest first.
    pub entries: Vec<Entry>,
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// Nothing was done, or it was taken back.
    Not,
    /// A request was to be sent. Whether it was, and what came of it, nobody knows.
    Begun(Doing),
    /// Azure has taken it on, and it may not be over.
    Accepted(Doing, Box<Operation>),
    /// It is done.
    Done(How),
}

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was done.
    Not,
    /// Some of its steps were begun or done.
    InPart {
        /// How many are done.
        done: usize,
    },
    /// All of it, since then.
    Done(Timestamp),
    /// The tenant was like that when the plan was made, since then if anybody knows.
    Already(Option<Timestamp>),
}

impl Past {
    /// The plan that it belongs to.
    pub fn plan(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Opened { plan, .. } => Some(plan.as_str()),
            _ => None,
        })
    }

    /// How a step stands.
    pub fn step(&self, id: &str) -> StepState {
        let mut state = StepState::Not;
        let mut before_intent = StepState::Not;
        for entry in &self.entries {
            match entry {
                Entry::Intent { step, doing, .. } if step == id => {
                    before_intent = std::mem::replace(&mut state, StepState::Begun(*doing));
                }
                Entry::Accepted { step, doing, operation, .. } if step == id => {
                    state = StepState::Accepted(*doing, Box::new(operation.clone()));
                }
                Entry::Done { step, doing, how, .. } if step == id => {
                    state = if *doing == Doing::Apply { StepState::Done(*how) } else { StepState::Not };
                }
                // Nothing came of it, and nothing will: what is there later is somebody else's.
                Entry::Failed { step, left: Left::Refused, .. } if step == id => {
                    state = before_intent.clone();
                }
                // What failed may have come about later all the same: whoever goes on looks.
                Entry::Failed { step, doing, .. } if step == id => state = StepState::Begun(*doing),
                _ => {}
            }
        }
        state
    }

    /// How a stage stands.
    pub fn stage(&self, stage: &Stage) -> Progress {
        if let Standing::Already(since) = stage.standing {
            return Progress::Already(since);
        }
        let states: Vec<StepState> = stage.steps.iter().map(|step| self.step(&step.id)).collect();
        let done = states.iter().filter(|own| matches!(own, StepState::Done(_))).count();
        let closed = self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Stage { stage: name, doing, at, .. } if *name == stage.name => Some((*doing, *at)),
            _ => None,
        });
        match closed {
            Some((Doing::Apply, at)) if done == states.len() => Progress::Done(at),
            _ if states.iter().all(|own| *own == StepState::Not) => Progress::Not,
            _ => Progress::InPart { done },
        }
    }

    /// The first stage that is not done; none when all are.
    pub fn next(&self, plan: &Plan) -> Option<usize> {
        plan.stages
            .iter()
            .position(|stage| !matches!(self.stage(stage), Progress::Done(_) | Progress::Already(_)))
    }

    /// The last line of a step that failed, if it is about a step of the stage and nothing came after it.
    pub fn failure(&self, stage: &Stage) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Done { step, .. } | Entry::Failed { step, .. }
                if !stage.steps.iter().any(|own| own.id == *step) =>
            {
                None
            }
            Entry::Failed { why, .. } => Some(Some(why.as_str())),
            Entry::Done { .. } => Some(None),
            _ => None,
        })?
    }

    /// Who agreed to a stage.
    pub fn approved_by(&self, stage: &Stage) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Stage { stage: name, approved_by, .. } if *name == stage.name => approved_by.as_deref(),
            _ => None,
        })
    }
}
