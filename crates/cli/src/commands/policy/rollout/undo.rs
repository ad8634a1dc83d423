//! `dekey policy rollout undo`.

use super::apply::{Todo, Work};
use super::{agreed, journal_of, options, past_of, read_plan, stage_by};
use crate::args::UndoArgs;
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use dekey_execute::{How, StepState};
use dekey_plan::{Request, Undo, Verb};
use dekey_report::terminal::plain;
use std::io::Write;

pub(super) fn run(args: &UndoArgs, color: ColorChoice) -> Result<Exit, Error> {
    let plan = read_plan(&args.plan)?;
    let journal = journal_of(&args.plan, &plan, args.journal.as_ref());
    let past = past_of(&plan, &journal)?;
    let down_to = args.stage.as_deref().map(|word| stage_by(&plan, word)).transpose()?.unwrap_or(0);
    let made = plan
        .stages
        .iter()
        .skip(down_to)
        .flat_map(|stage| &stage.steps)
        .filter(|step| !matches!(past.step(&step.id), StepState::Not | StepState::Done(How::FoundSo)));
    let made: Vec<_> = made.collect();
    if made.is_empty() {
        output::tell("there is nothing to take back");
        return Ok(Exit::Clean);
    }
    let requests: Vec<(Verb, &str, &str)> = made
        .iter()
        .rev()
        .filter_map(|step| match &step.undo {
            Undo::Request(Request { verb: Verb::Delete, path, .. }) => {
                Some((Verb::Delete, path.as_str(), "it was not there before"))
            }
            Undo::Request(Request { verb, path, .. }) => Some((*verb, path.as_str(), "as it was before")),
            Undo::Impossible(_) => None,
        })
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "Taking back {} of plan {} sends:", plain(&plan.title), plan.short())?;
    dekey_report::policy::requests(&plan.scope, &requests, &options(color, args.all), &mut out)?;
    drop(out);
    if args.dry_run {
        output::tell("nothing was sent");
        return Ok(Exit::Clean);
    }
    if !agreed(&format!("Send them to {}?", plain(&args.connection.cloud)), args.yes)? {
        output::tell("nothing was sent");
        return Ok(Exit::Clean);
    }
    Todo { plan: &plan, journal: &journal, connection: &args.connection }.carry_out(Work::Undo(down_to))
}
