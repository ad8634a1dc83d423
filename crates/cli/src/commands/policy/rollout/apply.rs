//! `dekey policy rollout apply`.

use super::evidence::Read;
use super::{agreed, exit_of, gates, journal_of, options, past_of, read_plan, stage_by};
use crate::args::{ApplyArgs, AzureArgs};
use crate::azure::{block_on, connect};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use dekey_execute::{Doing, Executor, Failure, How, Journal, Told, Watch};
use dekey_plan::{HeldBack, Plan, Step, Verb};
use dekey_report::terminal::plain;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) fn run(args: &ApplyArgs, color: ColorChoice) -> Result<Exit, Error> {
    let plan = read_plan(&args.plan)?;
    if args.print_permissions {
        return permissions(&plan);
    }
    let journal = journal_of(&args.plan, &plan, args.journal.as_ref());
    let past = past_of(&plan, &journal)?;
    let next = past.next(&plan);
    let named = args.stage.as_deref().map(|word| stage_by(&plan, word)).transpose()?;
    let Some(at) = named.or(next) else {
        output::tell("all stages are done");
        return Ok(Exit::Clean);
    };
    let Some(stage) = plan.stages.get(at) else { return Err(Error::Usage("no such stage".to_owned())) };
    let read = Read::maybe(&args.evidence)?;
    let mut judged = gates::judge(&plan, &past, (Some(at), read.as_ref()), args.accept_not_judged)?;
    if let Some(own) = judged.held.get_mut(at) {
        if let Some(first) = next.filter(|first| *first < at).and_then(|first| plan.stages.get(first)) {
            own.insert(0, HeldBack::NotItsTurn { first: first.name.clone() });
        }
        own.extend(gates::unapproved(stage, args.approved_by.as_deref()));
    }
    let (held, names) = (exit_of(judged.of(at)), judged.of(at).len());
    judged.print((&plan, &past), Some(at), &options(color, args.evidence.all))?;
    if read.is_some_and(|own| own.complain()) {
        return Err(Error::Input(
            "not everything that was given could be read, so nothing was sent".to_owned(),
        ));
    }
    if names > 0 {
        output::tell(&format!("stage `{}` is held back; nothing was sent", plain(&stage.name)));
        return Ok(held);
    }
    let requests: Vec<(Verb, &str, &str)> = stage
        .steps
        .iter()
        .map(|own| (own.request.verb, own.request.path.as_str(), own.what.as_str()))
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nStage `{}` sends:", plain(&stage.name))?;
    dekey_report::policy::requests(&plan.scope, &requests, &options(color, args.evidence.all), &mut out)?;
    drop(out);
    if args.dry_run {
        output::tell("nothing was sent");
        return Ok(Exit::Clean);
    }
    if !agreed(
        &format!("Send {} to {}?", counted(requests.len()), plain(&args.evidence.connection.cloud)),
        args.yes,
    )? {
        output::tell("nothing was sent");
        return Ok(Exit::Clean);
    }
    let todo = Todo { plan: &plan, journal: &journal, connection: &args.evidence.connection };
    let ended = todo.carry_out(Work::Apply(at, args.approved_by.as_deref()))?;
    if ended == Exit::Clean {
        tell_next(&plan, &journal, &args.plan)?;
    }
    Ok(ended)
}

fn counted(count: usize) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

fn tell_next(plan: &Plan, journal: &Path, path: &Path) -> Result<(), Error> {
    let past = past_of(plan, journal)?;
    match past.next(plan).and_then(|at| plan.stages.get(at)) {
        Some(stage) => output::tell(&format!(
            "Next: stage `{}`: dekey policy rollout apply {}{}",
            plain(&stage.name),
            path.display(),
            if stage.gate.is_some() { " --from FRESH --approved-by NAME" } else { "" }
        )),
        None => output::tell("all stages are done"),
    }
    Ok(())
}

/// What is to be done.
#[derive(Clone, Copy)]
pub(super) enum Work<'w> {
    /// A stage, and who agreed.
    Apply(usize, Option<&'w str>),
    /// Taking back, down to a stage.
    Undo(usize),
}

/// A plan, its journal, and the way to Azure.
pub(super) struct Todo<'t> {
    pub(super) plan: &'t Plan,
    pub(super) journal: &'t Path,
    pub(super) connection: &'t AzureArgs,
}

impl Todo<'_> {
    /// Does it, and says how it ended.
    pub(super) fn carry_out(&self, work: Work<'_>) -> Result<Exit, Error> {
        let journal =
            Journal::open(self.journal, &self.plan.id).map_err(|error| Error::Input(error.to_string()))?;
        let (ended, calls) = block_on(async {
            let connection = connect(self.connection).await?;
            let stop = Arc::new(AtomicBool::new(false));
            let stopping = Arc::clone(&stop);
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    output::tell("stopping after the request that is under way");
                    stopping.store(true, Ordering::Relaxed);
                }
            });
            let mut executor = Executor::new(&connection.client, journal, &Aloud, &stop);
            let ended = match work {
                Work::Apply(stage, who) => executor.apply(self.plan, stage, who).await,
                Work::Undo(down_to) => executor.undo(self.plan, down_to).await,
            };
            Ok((ended, connection.calls.to_string()))
        })?;
        match ended {
            Ok(()) => {
                output::tell(&format!("done, after {calls}; the journal is {}", self.journal.display()));
                Ok(Exit::Clean)
            }
            Err(failure @ Failure::Stopped { .. }) => {
                output::complain(&plain(&failure.to_string()));
                Ok(Exit::NotJudged)
            }
            Err(failure) => {
                let journal = self.journal.display();
                Err(Error::Azure(format!("{}. What was done is in {journal}", plain(&failure.to_string()))))
            }
        }
    }
}

/// Says each step on the standard error.
struct Aloud;

impl Watch for Aloud {
    fn told(&self, step: &Step, told: Told) {
        let text = match told {
            Told::Sending(_) | Told::Waiting | Told::DoneBefore => return,
            Told::Done(Doing::Apply, How::Made) => "done",
            Told::Done(Doing::Apply, How::FoundSo) => "so already",
            Told::Done(Doing::Undo, How::Made) => "taken back",
            Told::Done(Doing::Undo, How::FoundSo) => "was not there",
        };
        output::tell(&format!("  {text}: {}", plain(&step.what)));
    }
}

/// The role that is enough to carry out a plan, and to take it back.
fn permissions(plan: &Plan) -> Result<Exit, Error> {
    let actions: BTreeSet<&str> = plan.needs.iter().map(|own| own.action.as_str()).collect();
    let role = json!({
        "Name": format!("dekey roll-out {}", plan.short()),
        "IsCustom": true,
        "Description": "Carries out one plan of dekey, and takes it back.",
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [plan.scope],
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "# The built-in role Resource Policy Contributor at {} is enough.", plain(&plan.scope))?;
    writeln!(out, "# Just enough is this one, for az role definition create --role-definition @FILE:")?;
    writeln!(out, "{role:#}")?;
    Ok(Exit::Clean)
}
