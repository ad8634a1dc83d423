//! `dekey policy rollout`.

mod apply;
mod evidence;
mod gates;
mod plan;
mod undo;

use crate::args::{DiffArgs, RolloutCommand, RolloutStatusArgs};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use dekey_execute::{Past, Progress};
use dekey_plan::{HeldBack, Plan, Stage};
use dekey_report::TerminalOptions;
use dekey_report::policy::StageView;
use dekey_report::terminal::plain;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(command: &RolloutCommand, color: ColorChoice) -> Result<Exit, Error> {
    match command {
        RolloutCommand::Plan(args) => plan::run(args, color),
        RolloutCommand::Apply(args) => apply::run(args, color),
        RolloutCommand::Status(args) => status(args, color),
        RolloutCommand::Undo(args) => undo::run(args, color),
        RolloutCommand::Diff(args) => diff(args),
    }
}

/// Reads a plan, and makes sure that it may be carried out.
fn read_plan(path: &Path) -> Result<Plan, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    let plan = Plan::parse(&text).map_err(|error| Error::Input(format!("{}: {error}", path.display())))?;
    checked(&plan, &path.display().to_string())?;
    Ok(plan)
}

/// Says what is wrong with a plan.
fn checked(plan: &Plan, place: &str) -> Result<(), Error> {
    let faults = dekey_plan::lint::check(plan);
    if faults.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = faults.iter().map(|own| format!("\n  {}", plain(&own.to_string()))).collect();
    Err(Error::Input(format!("{place}: this plan may not be carried out:{}", list.concat())))
}

/// The journal of a plan: the one that was named, or the one beside it. A plan that takes the place of another in the same file
/// has another journal.
fn journal_of(path: &Path, plan: &Plan, named: Option<&PathBuf>) -> PathBuf {
    named.cloned().unwrap_or_else(|| path.with_extension(format!("{}.journal.jsonl", plan.short())))
}

/// What was done so far; a journal of another plan is told.
fn past_of(plan: &Plan, journal: &Path) -> Result<Past, Error> {
    let past = Past::of_file(journal).map_err(|error| Error::Input(error.to_string()))?.unwrap_or_default();
    match past.plan() {
        Some(other) if other != plan.id => Err(Error::Input(format!(
            "{} belongs to another plan ({}): say which with --journal",
            journal.display(),
            plain(other)
        ))),
        _ => Ok(past),
    }
}

/// A stage by its number, as printed, or its name.
fn stage_by(plan: &Plan, word: &str) -> Result<usize, Error> {
    let by_number = word.parse::<usize>().ok().and_then(|own| own.checked_sub(1));
    let by_name = plan.stages.iter().position(|stage| stage.name == word);
    by_name.or(by_number).filter(|at| *at < plan.stages.len()).ok_or_else(|| {
        let names: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
        Error::Usage(format!("no stage `{}`; there are {}", plain(word), plain(&names.join(", "))))
    })
}

/// How a stage stands, in words.
fn standing(past: &Past, stage: &Stage, is_next: bool) -> String {
    match past.stage(stage) {
        Progress::Done(at) => {
            let who = past.approved_by(stage).map(|who| format!(", agreed to by {who}")).unwrap_or_default();
            format!("done at {at:.0}{who}")
        }
        Progress::Already(since) => {
            since.map_or_else(|| "so already".to_owned(), |since| format!("so already, since {since:.0}"))
        }
        Progress::InPart { done } => format!("begun, {done} of {} done", stage.steps.len()),
        Progress::Not if is_next => "next".to_owned(),
        Progress::Not => String::new(),
    }
}

/// How all stages stand, and what holds them back.
fn views(plan: &Plan, past: &Past, next: Option<usize>, held: Vec<Vec<HeldBack>>) -> Vec<StageView> {
    let view = |((at, stage), held): ((usize, &Stage), Vec<HeldBack>)| StageView {
        standing: standing(past, stage, next == Some(at)),
        held,
        failure: past.failure(stage).map(str::to_owned),
    };
    plan.stages.iter().enumerate().zip(held).map(view).collect()
}

fn options(color: ColorChoice, all: bool) -> TerminalOptions {
    TerminalOptions { width: output::width(), color: color.stdout(), all }
}

/// The exit code of what holds a stage back: what is not known weighs less than what is known to be wrong.
fn exit_of(held: &[HeldBack]) -> Exit {
    let unknown = |own: &HeldBack| {
        matches!(own, HeldBack::NotJudged { .. } | HeldBack::NoInventory | HeldBack::InventoryTooOld { .. })
    };
    match held {
        [] => Exit::Clean,
        all if all.iter().all(unknown) => Exit::NotJudged,
        _ => Exit::Findings,
    }
}

/// Asks before something is sent. Where nobody can be asked, nothing is.
fn agreed(question: &str, yes: bool) -> Result<bool, Error> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::Usage(
            "nobody can be asked here, so nothing was sent: look at it with --dry-run, then say --yes"
                .to_owned(),
        ));
    }
    let mut out = std::io::stdout().lock();
    write!(out, "{question} Type yes: ")?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

fn status(args: &RolloutStatusArgs, color: ColorChoice) -> Result<Exit, Error> {
    let plan = read_plan(&args.plan)?;
    let past = past_of(&plan, &journal_of(&args.plan, &plan, args.journal.as_ref()))?;
    let next = past.next(&plan);
    let read = evidence::Read::maybe(&args.evidence)?;
    let judged = gates::judge(&plan, &past, (next, read.as_ref()), args.accept_not_judged)?;
    let exit = match next {
        None => Exit::Clean,
        Some(at) if exit_of(judged.of(at)) == Exit::NotJudged => Exit::NotJudged,
        Some(_) => Exit::Findings,
    };
    judged.print((&plan, &past), next, &options(color, args.evidence.all))?;
    Ok(read.map_or(exit, |read| read.ended(exit)))
}

fn diff(args: &DiffArgs) -> Result<Exit, Error> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        Plan::parse(&text).map_err(|error| Error::Input(format!("{}: {error}", path.display())))
    };
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let all = dekey_plan::diff(&old, &new);
    let mut out = std::io::stdout().lock();
    for line in &all {
        writeln!(out, "{}", plain(line))?;
    }
    if all.is_empty() {
        writeln!(out, "both do the same")?;
    }
    Ok(if all.is_empty() { Exit::Clean } else { Exit::Findings })
}
