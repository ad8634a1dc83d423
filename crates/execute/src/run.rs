//! One step after the other.

use crate::entry::{Doing, Entry, How, Left};
use crate::failure::Failure;
use crate::journal::Journal;
use crate::left_alone::LeftAlone;
use crate::past::StepState;
use dekey_azure::operation::{Operation, Protocol};
use dekey_azure::{Client, Error, ErrorKind, If, Verb, Write, WriteAccess};
use dekey_plan::{Before, Plan, Request, Stage, Step, Undo, Verify, state};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an operation to end.
    pub operation: Duration,
    /// For what was done to show.
    pub showing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { operation: Duration::from_mins(30), showing: Duration::from_mins(2) }
    }
}

/// What is told of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its request is about to be sent.
    Sending(Doing),
    /// Azure has taken it on, and it is waited for.
    Waiting,
    /// It is as it was wanted.
    Done(Doing, How),
    /// It was done by an earlier run.
    DoneBefore,
}

/// Somebody who is told.
pub trait Watch: Sync {
    /// Something happened to a step.
    fn told(&self, step: &Step, told: Told);
}

/// Nobody.
pub struct Silent;

impl Watch for Silent {
    fn told(&self, _: &Step, _: Told) {}
}

/// Carries out a plan.
pub struct Executor<'e> {
    client: &'e Client,
    access: WriteAccess,
    journal: Journal,
    watch: &'e dyn Watch,
    stop: &'e AtomicBool,
    patience: Patience,
}

impl<'e> Executor<'e> {
    /// Somebody who writes through `client` what a plan says, and into `journal` what was done.
    pub fn new(client: &'e Client, journal: Journal, watch: &'e dyn Watch, stop: &'e AtomicBool) -> Self {
        let patience = Patience::default();
        Self { client, access: WriteAccess::of_the_executor(), journal, watch, stop, patience }
    }

    /// With other patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Carries out a stage, or what is left of it. What was done by an earlier run is looked at, and not done again.
    pub async fn apply(
        &mut self,
        plan: &Plan,
        stage: usize,
        approved_by: Option<&str>,
    ) -> Result<(), Failure> {
        let number = stage;
        let stage = plan.stages.get(number).ok_or(Failure::NoSuchStage)?;
        let begun =
            |own: &&Stage| own.steps.iter().any(|step| self.journal.past().step(&step.id) != StepState::Not);
        if let Some(later) = plan.stages.iter().skip(number + 1).find(begun) {
            return Err(Failure::Superseded { stage: stage.name.clone(), later: later.name.clone() });
        }
        for step in &stage.steps {
            self.go_on(step)?;
            self.make(step).await?;
        }
        self.close(stage, Doing::Apply, approved_by)
    }

    /// Takes back what was made, down to and with a stage, in the opposite order. What others changed since, and what cannot be
    /// taken back, is left alone and told at the end: it must not keep what denies in force elsewhere.
    pub async fn undo(&mut self, plan: &Plan, down_to: usize) -> Result<(), Failure> {
        let stages = plan.stages.get(down_to..).ok_or(Failure::NoSuchStage)?;
        let mut left = LeftAlone::default();
        for stage in stages.iter().rev() {
            if let Err(failure) = self.undo_stage(stage, &mut left).await {
                return Err(left.ended_by(failure));
            }
        }
        left.ended()
    }

    async fn undo_stage(&mut self, stage: &Stage, left: &mut LeftAlone) -> Result<(), Failure> {
        let (mut any, mut whole) = (false, true);
        for step in stage.steps.iter().rev() {
            self.go_on(step)?;
            if left.holds(step) {
                let state = self.journal.past().step(&step.id);
                let is_made = !matches!(state, StepState::Not | StepState::Done(How::FoundSo));
                left.keep(step, is_made);
                whole &= !is_made;
                continue;
            }
            match self.unmake(step).await {
                Ok(was_made) => any |= was_made,
                Err(failure) => {
                    left.add(step, failure)?;
                    whole = false;
                }
            }
        }
        let closed = |entry: &Entry| matches!(entry, Entry::Stage { stage: name, .. } if *name == stage.name);
        if whole && (any || self.journal.past().entries.iter().any(closed)) {
            self.close(stage, Doing::Undo, None)?;
        }
        Ok(())
    }

    fn close(&mut self, stage: &Stage, doing: Doing, approved_by: Option<&str>) -> Result<(), Failure> {
        let approved_by = approved_by.map(str::to_owned);
        let entry = Entry::Stage { stage: stage.name.clone(), doing, at: Timestamp::now(), approved_by };
        Ok(self.journal.note(entry)?)
    }

    fn go_on(&self, step: &Step) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) {
            Err(Failure::Stopped { step: step.id.clone() })
        } else {
            Ok(())
        }
    }

    async fn make(&mut self, step: &Step) -> Result<(), Failure> {
        let before = self.journal.past().step(&step.id);
        if let StepState::Accepted(Doing::Apply, operation) = before {
            return self.follow(step, Doing::Apply, *operation).await;
        }
        let found = self.look(step).await?;
        let found = found.as_ref();
        let (as_before, as_after) = (state::is_before(step, found), state::is_untouched(step, found));
        match before {
            StepState::Done(_) if state::shows(step, found) => {
                self.watch.told(step, Told::DoneBefore);
                Ok(())
            }
            StepState::Done(_) => Err(changed(step, wanted_after(step).as_ref(), found)),
            StepState::Begun(Doing::Undo) | StepState::Accepted(Doing::Undo, _) => {
                Err(Failure::HalfUndone { step: step.id.clone() })
            }
            StepState::Begun(_) | StepState::Accepted(..) if as_after => {
                self.done(step, Doing::Apply, How::Made)
            }
            StepState::Begun(_) | StepState::Accepted(..) if as_before => {
                self.send(step, Doing::Apply, &step.request, found).await
            }
            StepState::Begun(_) | StepState::Accepted(..) => {
                Err(changed(step, wanted_before(step).as_ref(), found))
            }
            StepState::Not if as_before => self.send(step, Doing::Apply, &step.request, found).await,
            StepState::Not if as_after => self.done(step, Doing::Apply, How::FoundSo),
            StepState::Not => Err(Failure::NotAsPlanned {
                step: step.id.clone(),
                path: step.request.path.clone(),
                differences: differences(step, wanted_before(step).as_ref(), found),
            }),
        }
    }

    /// Takes a step back; whether there was anything to take back.
    async fn unmake(&mut self, step: &Step) -> Result<bool, Failure> {
        match self.journal.past().step(&step.id) {
            // What was there already was not made by this plan, and stays.
            StepState::Not | StepState::Done(How::FoundSo) => return Ok(false),
            StepState::Accepted(Doing::Undo, operation) => {
                self.follow(step, Doing::Undo, *operation).await?;
                return Ok(true);
            }
            // Nothing is taken back while it is still being made.
            StepState::Accepted(Doing::Apply, mut operation) => {
                if let Err(error) = self.client.wait(&mut operation, self.patience.operation).await
                    && matches!(error.kind, ErrorKind::StillRunning(_))
                {
                    return Err(Failure::Lost { step: step.id.clone(), error: error.into() });
                }
            }
            StepState::Begun(_) | StepState::Done(How::Made) => {}
        }
        let found = self.look_for_made(step).await?;
        if state::is_before(step, found.as_ref()) {
            self.done(step, Doing::Undo, How::FoundSo)?;
            return Ok(true);
        }
        if !state::is_untouched(step, found.as_ref()) {
            return Err(changed(step, wanted_after(step).as_ref(), found.as_ref()));
        }
        match &step.undo {
            Undo::Impossible(why) => Err(Failure::NoWayBack { step: step.id.clone(), why: why.clone() }),
            Undo::Request(request) => {
                self.send(step, Doing::Undo, request, found.as_ref()).await?;
                Ok(true)
            }
        }
    }

    /// Looks at what is there, and again while it is what was there before: Azure answers a while from before a change, and
    /// what was made must not be taken for gone.
    async fn look_for_made(&self, step: &Step) -> Result<Option<Value>, Failure> {
        let mut pause = Pause::default();
        loop {
            let found = self.look(step).await?;
            if !state::is_before(step, found.as_ref()) || pause.waited >= self.patience.showing {
                return Ok(found);
            }
            pause.wait().await;
            self.go_on(step)?;
        }
    }

    /// Writes down what is about to be done, does it, and looks what came of it.
    async fn send(
        &mut self,
        step: &Step,
        doing: Doing,
        request: &Request,
        found: Option<&Value>,
    ) -> Result<(), Failure> {
        let before = found.map(|own| state::of(&request.path, &step.about, own));
        // What is taken back is what the plan itself made, and the plan is kept beside the journal.
        if doing == Doing::Apply && before.as_ref().is_some_and(holds_secret) {
            return Err(Failure::HoldsSecret { step: step.id.clone(), path: request.path.clone() });
        }
        self.watch.told(step, Told::Sending(doing));
        let (id, at) = (step.id.clone(), Timestamp::now());
        self.journal.note(Entry::Intent { step: id, doing, at, request: request.clone(), before })?;
        let query: Vec<(&str, &str)> =
            request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let write = Write {
            verb: match request.verb {
                dekey_plan::Verb::Put => Verb::Put,
                dekey_plan::Verb::Patch => Verb::Patch,
                dekey_plan::Verb::Delete => Verb::Delete,
            },
            path: &request.path,
            api_version: &request.api_version,
            query: &query,
            body: request.body.as_ref(),
            only_if: found.and_then(|own| own.get("etag")?.as_str()).map_or(If::Always, If::Unchanged),
        };
        match self.client.write(&self.access, &write).await {
            Ok(operation) => self.follow(step, doing, operation).await,
            Err(error) => {
                let otherwise = if is_refusal(&error.kind) { Left::Refused } else { Left::Unchanged };
                self.after_error(step, doing, error, otherwise).await
            }
        }
    }

    /// Follows what Azure has taken on to its end.
    async fn follow(&mut self, step: &Step, doing: Doing, mut operation: Operation) -> Result<(), Failure> {
        // Of what is removed without more ado, the best answer is that it is not there.
        if (operation.verb, operation.protocol) == (Verb::Delete, Protocol::ProvisioningState)
            && let Ok(None) = self.get(step).await
        {
            return self.done(step, doing, How::Made);
        }
        if operation.protocol != Protocol::Over {
            self.watch.told(step, Told::Waiting);
            let kept = Operation { answer: None, ..operation.clone() };
            let (id, at) = (step.id.clone(), Timestamp::now());
            self.journal.note(Entry::Accepted { step: id, doing, at, operation: kept })?;
        }
        match self.client.wait(&mut operation, self.patience.operation).await {
            // It was read again at the end: when that shows it, nothing more is asked.
            Ok(found) if is_so(step, doing, found.as_ref()) => self.done(step, doing, How::Made),
            Ok(_) => self.shown(step, doing).await,
            // Azure had taken it on, so whatever it answers now is no refusal of the request.
            Err(error) => self.after_error(step, doing, error, Left::Unchanged).await,
        }
    }

    /// Waits until what was done shows. Azure answers a while from before a change.
    async fn shown(&mut self, step: &Step, doing: Doing) -> Result<(), Failure> {
        let mut pause = Pause::default();
        loop {
            let found = self.look(step).await?;
            if is_so(step, doing, found.as_ref()) {
                return self.done(step, doing, How::Made);
            }
            if pause.waited >= self.patience.showing {
                let wanted = if doing == Doing::Apply { wanted_after(step) } else { wanted_before(step) };
                let differences = differences(step, wanted.as_ref(), found.as_ref());
                let why = format!("it does not show: {}", differences.join(", "));
                self.failed(step, doing, why, Left::Changed)?;
                return Err(Failure::NotVerified {
                    step: step.id.clone(),
                    path: step.request.path.clone(),
                    differences,
                });
            }
            pause.wait().await;
        }
    }

    /// A request that failed may have been carried out all the same: its answer was lost. So somebody looks.
    /// `otherwise` is what it left when nothing changed.
    async fn after_error(
        &mut self,
        step: &Step,
        doing: Doing,
        error: Error,
        otherwise: Left,
    ) -> Result<(), Failure> {
        let id = step.id.clone();
        let Ok(found) = self.get(step).await else {
            self.failed(step, doing, error.to_string(), Left::Unknown)?;
            return Err(Failure::Lost { step: id, error: error.into() });
        };
        if is_so(step, doing, found.as_ref()) {
            return self.done(step, doing, How::Made);
        }
        let unchanged = match doing {
            Doing::Apply => state::is_before(step, found.as_ref()),
            Doing::Undo => state::is_untouched(step, found.as_ref()),
        };
        // Without an answer, the request may still be on its way.
        let answered = !matches!(
            error.kind,
            ErrorKind::Transport(_) | ErrorKind::Protocol(_) | ErrorKind::StillRunning(_)
        );
        if unchanged && answered {
            self.failed(step, doing, error.to_string(), otherwise)?;
            return Err(Failure::Refused { step: id, error: error.into() });
        }
        let left = if unchanged { Left::Unchanged } else { Left::Changed };
        self.failed(step, doing, error.to_string(), left)?;
        Err(Failure::Lost { step: id, error: error.into() })
    }

    fn done(&mut self, step: &Step, doing: Doing, how: How) -> Result<(), Failure> {
        self.journal.note(Entry::Done { step: step.id.clone(), doing, at: Timestamp::now(), how })?;
        self.watch.told(step, Told::Done(doing, how));
        Ok(())
    }

    fn failed(&mut self, step: &Step, doing: Doing, why: String, left: Left) -> Result<(), Failure> {
        Ok(self.journal.note(Entry::Failed {
            step: step.id.clone(),
            doing,
            at: Timestamp::now(),
            why,
            left,
        })?)
    }

    /// What is there; nothing when there is nothing.
    async fn look(&self, step: &Step) -> Result<Option<Value>, Failure> {
        self.get(step).await.map_err(|error| Failure::Blind { step: step.id.clone(), error: error.into() })
    }

    async fn get(&self, step: &Step) -> Result<Option<Value>, Error> {
        match self.client.get(&step.request.path, &step.request.api_version).await {
            Ok(found) => Ok(Some(found)),
            Err(Error { kind: ErrorKind::NotFound(_), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The time between looks, longer each time.
struct Pause {
    next: Duration,
    waited: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self { next: Duration::from_secs(1), waited: Duration::ZERO }
    }
}

impl Pause {
    async fn wait(&mut self) {
        tokio::time::sleep(self.next).await;
        self.waited += self.next;
        self.next = (self.next * 2).min(Duration::from_secs(30));
    }
}

/// Whether Azure has said for good that it does not do it. A conflict (409, 412) may be one with an earlier try of the same
/// request whose answer was lost, and too late or too many (408, 429) come after such tries: those say nothing for good.
fn is_refusal(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Forbidden { .. } | ErrorKind::NotFound(_) | ErrorKind::NotSent(_) => true,
        ErrorKind::Refused { status, .. } => {
            (400..500).contains(status) && !matches!(status, 408 | 409 | 412 | 429)
        }
        _ => false,
    }
}

/// Whether what is there is what was to come of it.
fn is_so(step: &Step, doing: Doing, found: Option<&Value>) -> bool {
    match doing {
        Doing::Apply => state::shows(step, found),
        Doing::Undo => state::is_before(step, found),
    }
}

/// Whether a value holds something that looks like a secret.
fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => dekey_model::secret::mask(text) != text.as_str(),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => members.values().any(holds_secret),
        _ => false,
    }
}

fn wanted_before(step: &Step) -> Option<Value> {
    match &step.before {
        Before::Absent => None,
        Before::Present(state) => Some(state.clone()),
    }
}

fn wanted_after(step: &Step) -> Option<Value> {
    match &step.verify {
        Verify::Gone => None,
        Verify::Shows(wanted) => Some(state::of(&step.request.path, &step.about, wanted)),
    }
}

fn differences(step: &Step, wanted: Option<&Value>, found: Option<&Value>) -> Vec<String> {
    match (wanted, found) {
        (None, Some(_)) => vec!["it is there, and should not be".to_owned()],
        (Some(_), None) => vec!["it is not there".to_owned()],
        (Some(wanted), Some(found)) => {
            state::differences(wanted, &state::of(&step.request.path, &step.about, found))
        }
        (None, None) => Vec::new(),
    }
}

fn changed(step: &Step, wanted: Option<&Value>, found: Option<&Value>) -> Failure {
    let differences = differences(step, wanted, found);
    Failure::ChangedByOthers { step: step.id.clone(), path: step.request.path.clone(), differences }
}
