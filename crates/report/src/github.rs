//! GitHub workflow commands: annotations on the documents that resources were read from.
//!
//! GitHub shows ten of each level for a step, so the summary comes first and findings come worst first. Everything else is
//! cut to a few lines with a last one that says how many more there are; the other formats list them all.

use crate::clean;
use crate::{FindingView, Report, words};
use dekey_model::{Outcome, Resource, Severity};
use std::io::{self, BufWriter, Write};

/// How many of each list other than findings are written.
const SHOWN: usize = 10;

/// Longer messages are cut; the runner would do so at 4,096 characters, without a mark.
const LONG: usize = 3000;

/// Writes a report.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut BufWriter::new(out);
    summary(report, out)?;
    for view in report.findings().into_iter().filter_map(|f| report.view(f)) {
        let level = match view.finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium | Severity::Low => "warning",
            Severity::Info => "notice",
        };
        let place = Place::of(view.resource);
        command(out, level, &place, view.rule.title(), &said(&view))?;
    }
    errors(report, out)?;
    input(report, out)?;
    waivers(report, out)?;
    not_judged(report, out)?;
    out.flush()
}

fn summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (rates, counts) = (report.rates(), report.tally().by_severity);
    let found: Vec<String> = Severity::ALL.iter().zip(counts).map(|(s, n)| format!("{n} {s}")).collect();
    let lines = [
        format!("strict compliance rate: {} ({})", rates.strict, words::STRICT),
        format!("rate Azure Policy would show: {} ({})", rates.azure_policy, words::AZURE_POLICY),
        format!("coverage: {} ({})", rates.coverage, words::COVERAGE),
        format!(
            "findings: {}; waived: {}; not judged: {}; left out as known from the baseline: {}",
            found.join(", "),
            report.audit.waived.len(),
            report.audit.questions(),
            report.known
        ),
        format!("read: {}", words::counted(report.inventory.coverage().sources.len() as u64, "document")),
    ];
    let title = format!("dekey audit of {}", report.audit.as_of);
    command(out, "notice", &Place::default(), &title, &lines)
}

fn said(view: &FindingView<'_>) -> Vec<String> {
    let own = view.finding;
    let context = own.context.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    let mut lines = vec![format!("{}: {} ({}){context}", view.resource.name(), own.message, own.severity)];
    lines.extend(view.owner.value.map(|owner| format!("owner: {owner}")));
    lines.push(format!("to put it right: {}", view.remedy.az));
    lines.push(format!("resource: {}", view.resource.id()));
    lines.push(format!("rule: {}, fingerprint: {}", view.rule.id, view.fingerprint));
    lines
}

fn errors(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    some(out, "error", "rule failures", report.errors().into_iter(), |out, error| {
        let resource = report.inventory.get(error.resource);
        let rule = report.rule(error.rule).map_or("", |rule| rule.id);
        let text = format!("{}: {}", resource.name(), words::RULE_FAILED);
        command(out, "error", &Place::of(resource), rule, &[text])
    })
}

fn input(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let coverage = report.inventory.coverage();
    some(out, "warning", "notes on the input", coverage.notes.iter(), |out, note| {
        let place = Place { source: &note.source, line: note.line, column: note.column };
        let title = format!("input: {}", words::note_kind(note.kind));
        command(out, "warning", &place, &title, std::slice::from_ref(&note.reason))
    })?;
    let unread = coverage.entries().filter(|entry| entry.outcome != Outcome::Read);
    some(out, "warning", "kinds that were not read", unread, |out, entry| {
        let (word, why) = words::outcome(&entry.outcome);
        let scope = if entry.scope.is_empty() { "/" } else { &entry.scope };
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        let text = format!("{} at {scope}: {word}{why}", entry.kind.plural());
        command(out, "warning", &Place::default(), "not read", &[text])
    })
}

fn waivers(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    some(out, "notice", "waivers", report.audit.waivers.iter(), |out, used| {
        let (own, (state, days)) = (&used.waiver, words::waiver_state(used.state));
        let level = if days.is_some() { "notice" } else { "warning" };
        let lines = [
            format!("{} on {}: {}", own.rule, own.resource, words::counted(used.findings as u64, "finding")),
            format!("until {} by {}: {}", own.expires, own.approver, own.justification),
        ];
        command(out, level, &Place::default(), &format!("waiver: {state}"), &lines)
    })?;
    some(out, "notice", "waived findings", report.waived().into_iter(), |out, waived| {
        let Some(view) = report.view(&waived.finding) else { return Ok(()) };
        let title = format!("waived: {}", view.rule.title());
        command(out, "notice", &Place::of(view.resource), &title, &said(&view))
    })
}

fn not_judged(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    some(out, "notice", "not judged", report.not_judged(), |out, question| {
        let Some(view) = report.view_not_judged(&question) else { return Ok(()) };
        let title = format!("not judged: {}", view.rule.title());
        let text = format!("{}: {}", view.resource.name(), view.reason);
        command(out, "notice", &Place::of(view.resource), &title, &[text])
    })
}

/// The first few items, and how many more there are.
fn some<T>(
    out: &mut dyn Write,
    level: &str,
    what: &str,
    mut items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut dyn Write, T) -> io::Result<()>,
) -> io::Result<()> {
    items.by_ref().take(SHOWN).try_for_each(|item| write(out, item))?;
    match items.count() {
        0 => Ok(()),
        more => {
            let text = format!("{more} more {what} are not shown here; --format json lists them all");
            command(out, level, &Place::default(), &format!("{more} more {what}"), &[text])
        }
    }
}

/// Where an annotation is put; without a document it belongs to the whole run.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    source: &'a str,
    line: u64,
    column: u64,
}

impl<'a> Place<'a> {
    fn of(resource: Resource<'a>) -> Self {
        let (source, line) = resource.provenance();
        Self { source, line: line.into(), column: 0 }
    }
}

fn command(
    out: &mut dyn Write,
    level: &str,
    place: &Place<'_>,
    title: &str,
    lines: &[String],
) -> io::Result<()> {
    write!(out, "::{level} ")?;
    if !matches!(place.source, "" | "-") {
        write!(out, "file={},", property(place.source))?;
        for (name, number) in [("line", place.line), ("col", place.column)] {
            if number > 0 {
                write!(out, "{name}={number},")?;
            }
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| clean::line(line)).collect();
    let text = lines.join("\n");
    writeln!(out, "title={}::{}", property(title), data(&clean::cut(&text, LONG)))
}

/// After the escaping of GitHub's own toolkit. Hidden characters are spelled out first, so that line breaks are ours.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&clean::cut(&clean::line(text), LONG)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
