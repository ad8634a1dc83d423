//! A roll-out for people: what it does stage by stage, what it would refuse, and what holds it back.

use super::Page;
use crate::TerminalOptions;
use crate::style::Style;
use crate::words::{counted, percent};
use dekey_model::Severity;
use dekey_plan::{Before, Facts, HeldBack, Plan, Stage, Step, Verb};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many resources of a ring are named unless everything is asked for.
const NAMED: usize = 5;

/// How a stage stands, in words that the caller chose, and what holds it back.
#[derive(Debug, Default)]
pub struct StageView {
    /// `done`, `next`, `so already` and the like.
    pub standing: String,
    /// What holds it back; nothing when it may go on, or when it is not its turn.
    pub held: Vec<HeldBack>,
    /// Why it was left unfinished.
    pub failure: Option<String>,
}

/// A roll-out to be shown.
pub struct Rollout<'r> {
    /// The plan.
    pub plan: &'r Plan,
    /// What is known of each ring; none when no inventory was given.
    pub rings: &'r [Facts],
    /// How each stage stands.
    pub stages: &'r [StageView],
    /// Pairs of resource and policy that no ring reaches.
    pub beyond: u64,
}

/// Writes a roll-out.
pub fn rollout(own: &Rollout<'_>, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options, out);
    let plan = own.plan;
    page.heading(&format!("{} at {}", plan.title, plan.scope))?;
    let read = plan
        .inventory
        .read_at
        .map_or_else(|| "nobody said when they were read".to_owned(), |at| format!("read {at:.0}"));
    page.dim(
        "",
        &format!(
            "plan {}, made {:.0}, from {} ({read})",
            plan.short(),
            plan.made_at,
            counted(plan.inventory.resources, "resource")
        ),
    )?;
    rings(&mut page, own, options.all)?;
    page.line("")?;
    let width = plan.stages.iter().map(|stage| stage.name.len()).max().unwrap_or(0);
    for (at, stage) in plan.stages.iter().enumerate() {
        let empty = StageView::default();
        let view = own.stages.get(at).unwrap_or(&empty);
        one(&mut page, (at, stage), view, width)?;
        if options.all {
            stage.steps.iter().try_for_each(|step| step_lines(&mut page, "      ", step))?;
        }
    }
    if !plan.notes.is_empty() {
        page.line("")?;
        plan.notes.iter().try_for_each(|note| page.dim("note  ", note))?;
    }
    Ok(())
}

fn rings(page: &mut Page<'_>, own: &Rollout<'_>, all: bool) -> io::Result<()> {
    if own.rings.is_empty() {
        return Ok(());
    }
    page.line("")?;
    for (ring, facts) in own.plan.rings.iter().zip(own.rings) {
        let pairs = facts.pairs();
        let rate = if pairs == 0 {
            "nothing that the policies look at".to_owned()
        } else {
            format!("{} ({} of {pairs})", percent(facts.compliant, pairs), facts.compliant)
        };
        page.text(
            &format!("ring {}  ", ring.name),
            &format!("{}; complies: {rate}", ring.reach()),
            Style::bold,
        )?;
        let more = [
            (facts.exempt, "exempt"),
            (facts.failed, "fail to evaluate, which Azure refuses"),
            (facts.unknown(), "not judged"),
        ];
        for (count, what) in more.into_iter().filter(|row| row.0 > 0) {
            page.dim("  ", &format!("{count} {what}"))?;
        }
        let reasons = facts.not_judged.iter().take(if all { usize::MAX } else { 3 });
        for (why, count) in reasons {
            page.text("    ", &format!("{count} {why}"), Style::unknown)?;
        }
        refusals(page, facts, all)?;
    }
    if own.beyond > 0 {
        page.plain(
            "",
            &format!(
                "{} of resource and policy lie in no ring and are never reached",
                counted(own.beyond, "pair")
            ),
        )?;
    }
    Ok(())
}

/// What would be refused, by owner.
fn refusals(page: &mut Page<'_>, facts: &Facts, all: bool) -> io::Result<()> {
    let resources = facts.resources();
    if resources.is_empty() {
        return Ok(());
    }
    let head = format!(
        "once it denies, {} could no longer be written as they are:",
        counted(resources.len() as u64, "resource")
    );
    page.text("  ", &head, |style, text| style.severity(Severity::High, text))?;
    let mut by_owner: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for own in &facts.refusals {
        let owner = own.owner.as_deref().unwrap_or("nobody known");
        // A single definition goes by its id; what it is called is its end.
        let policy = own.policy.rsplit('/').next().unwrap_or(&own.policy);
        by_owner.entry(owner).or_default().entry(&own.resource).or_default().push(policy);
    }
    let limit = if all { usize::MAX } else { NAMED };
    let mut told = 0;
    for (owner, own) in &by_owner {
        if told >= limit {
            break;
        }
        page.plain("    ", &format!("{owner}: {}", counted(own.len() as u64, "resource")))?;
        for (resource, policies) in own.iter().take(limit.saturating_sub(told)) {
            told += 1;
            let name = resource.rsplit('/').next().unwrap_or(resource);
            page.dim("      ", &format!("{name}: {}", policies.join(", ")))?;
        }
    }
    let left = resources.len().saturating_sub(told);
    if left > 0 { page.dim("    ", &format!("and {left} more: --all lists them")) } else { Ok(()) }
}

fn one(page: &mut Page<'_>, (at, stage): (usize, &Stage), view: &StageView, width: usize) -> io::Result<()> {
    let requests = counted(stage.steps.len() as u64, "request");
    let standing = if view.standing.is_empty() { String::new() } else { format!("{}; ", view.standing) };
    page.plain(&format!("{:>3}  {:width$}  ", at + 1, stage.name), &format!("{standing}{requests}"))?;
    if let Some(why) = &view.failure {
        page.text("       ", &format!("failed: {why}"), |style, text| style.severity(Severity::High, text))?;
    }
    for held in &view.held {
        page.text("       ", &format!("held back: {held}"), Style::unknown)?;
    }
    Ok(())
}

fn step_lines(page: &mut Page<'_>, indent: &str, step: &Step) -> io::Result<()> {
    let verb = match (step.request.verb, &step.before) {
        (Verb::Put, Before::Absent) => "make",
        (Verb::Delete, _) => "remove",
        _ => "change",
    };
    page.dim(indent, &format!("{verb} {}", step.request.path))?;
    page.dim(indent, &format!("  {}; {}", step.what, step.why))
}

/// How many requests are named unless everything is asked for.
const REQUESTS: usize = 12;

/// Writes what is about to be sent: what each request does, and what it is sent to, below the scope.
pub fn requests(
    scope: &str,
    all: &[(Verb, &str, &str)],
    options: &TerminalOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options, out);
    let limit = if options.all { usize::MAX } else { REQUESTS };
    for (verb, path, what) in all.iter().take(limit) {
        let below = path.get(..scope.len()).is_some_and(|own| own.eq_ignore_ascii_case(scope));
        let rest = if below { path.get(scope.len()..).unwrap_or(path) } else { path };
        page.plain("  ", what)?;
        page.dim("    ", &format!("{verb} {}{rest}", if below { ".." } else { "" }))?;
    }
    let left = all.len().saturating_sub(limit);
    if left > 0 { page.dim("  ", &format!("and {left} more: --all lists them")) } else { Ok(()) }
}
