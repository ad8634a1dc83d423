//! JUnit XML: a suite for the input, then one for each rule.
//!
//! A finding is a failed case, what was not judged or is waived a skipped one with the reason, a rule that failed an error.
//! Passes are not kept one by one, so each rule has one case that says how many workspaces pass; a rule that no workspace
//! passes has none. Names of cases are ids of resources, so that a CI system can follow them over time.

use crate::clean;
use crate::{FindingView, Question, Report, words};
use dekey_model::{CoverageEntry, Finding, NoteKind, Outcome};
use dekey_rules::{Rule, RuleError, WaivedFinding, WaiverUse};
use std::io::{self, BufWriter, Write};

/// Writes a report.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut BufWriter::new(out);
    let suites = suites(report);
    let input = Count::of_input(report);
    let total = suites.iter().map(Suite::count).fold(input, Count::plus);
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    writeln!(out, "<testsuites name=\"dekey audit\" {total}>")?;
    write_input(report, input, out)?;
    for suite in suites.iter().filter(|suite| suite.count().tests > 0) {
        suite.write(report, out)?;
    }
    out.write_all(b"</testsuites>\n")?;
    out.flush()
}

/// What the attributes of a suite say.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }

    fn of_input(report: &Report) -> Self {
        let coverage = report.inventory.coverage();
        let errors = coverage.notes.iter().filter(|note| is_error(note.kind)).count();
        let skipped = coverage.notes.len() - errors + unread(report).count();
        Self { tests: coverage.sources.len() + errors + skipped, failures: 0, errors, skipped }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Count { tests, failures, errors, skipped } = self;
        write!(f, "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

/// What came of a rule.
struct Suite<'a> {
    rule: &'static Rule,
    passed: u64,
    in_scope: u64,
    findings: Vec<&'a Finding>,
    waived: Vec<&'a WaivedFinding>,
    /// Several reasons on one resource stand side by side.
    not_judged: Vec<Question<'a>>,
    errors: Vec<&'a RuleError>,
}

fn suites<'a>(report: &'a Report<'a>) -> Vec<Suite<'a>> {
    let audit = report.audit;
    let mut suites: Vec<Suite<'a>> = audit
        .rules
        .iter()
        .zip(&audit.summary.rules)
        .map(|(rule, summary)| Suite {
            rule,
            passed: summary.counts.pass,
            in_scope: summary.counts.in_scope(),
            findings: Vec::new(),
            waived: Vec::new(),
            not_judged: Vec::new(),
            errors: Vec::new(),
        })
        .collect();
    let mut put = |rule: dekey_model::RuleIx, add: &mut dyn FnMut(&mut Suite<'a>)| {
        if let Some(suite) = suites.get_mut(usize::from(rule.0)) {
            add(suite);
        }
    };
    report.findings().into_iter().for_each(|f| put(f.rule, &mut |suite| suite.findings.push(f)));
    report.waived().into_iter().for_each(|w| put(w.finding.rule, &mut |suite| suite.waived.push(w)));
    report.not_judged().for_each(|n| put(n.rule, &mut |suite| suite.not_judged.push(n)));
    report.errors().into_iter().for_each(|e| put(e.rule, &mut |suite| suite.errors.push(e)));
    suites
}

impl<'a> Suite<'a> {
    fn unjudged(&self) -> impl Iterator<Item = &[Question<'a>]> {
        self.not_judged.chunk_by(|a, b| a.resource == b.resource)
    }

    fn count(&self) -> Count {
        let skipped = self.waived.len() + self.unjudged().count();
        let (failures, errors) = (self.findings.len(), self.errors.len());
        Count { tests: failures + errors + skipped + usize::from(self.passed > 0), failures, errors, skipped }
    }

    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let id = self.rule.id;
        writeln!(out, "  <testsuite name=\"{}\" {}>", Escaped(id), self.count())?;
        if self.passed > 0 {
            let text = format!("{} of {} workspaces in scope pass", self.passed, self.in_scope);
            case(out, id, "workspaces that pass", "system-out", "", &text)?;
        }
        for view in self.findings.iter().filter_map(|f| report.view(f)) {
            let own = view.finding;
            let kind = format!("failure type=\"{}\"", own.severity);
            case(out, id, &name(&view), &kind, &said(&view), &details(&view))?;
        }
        for waived in &self.waived {
            let Some(view) = report.view(&waived.finding) else { continue };
            let waiver = report.audit.waivers.get(waived.waiver).map_or(String::new(), accepted);
            case(out, id, &name(&view), "skipped", &format!("{waiver}: {}", said(&view)), "")?;
        }
        for entries in self.unjudged() {
            let reasons: Vec<_> = entries.iter().filter_map(|entry| report.view_not_judged(entry)).collect();
            let Some(resource) = reasons.first().map(|view| view.resource.id()) else { continue };
            let reasons: Vec<&str> = reasons.iter().map(|view| view.reason.as_str()).collect();
            case(out, id, resource, "skipped", &format!("not judged: {}", reasons.join("; ")), "")?;
        }
        for error in &self.errors {
            let resource = report.inventory.get(error.resource).id();
            case(out, id, resource, "error type=\"rule-failed\"", words::RULE_FAILED, "")?;
        }
        out.write_all(b"  </testsuite>\n")
    }
}

fn write_input(report: &Report, count: Count, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  <testsuite name=\"input\" {count}>\n    <properties>")?;
    for (name, value) in properties(report) {
        writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", Escaped(&name), Escaped(&value))?;
    }
    out.write_all(b"    </properties>\n")?;
    let coverage = report.inventory.coverage();
    for source in &coverage.sources {
        let text = format!("{}, {}", source.format, words::counted(source.resources, "resource"));
        case(out, "input", &source.name, "system-out", "", &text)?;
    }
    for note in &coverage.notes {
        let kind = if is_error(note.kind) { "error type=\"input\"" } else { "skipped" };
        let text = format!("{}: {}", words::note_kind(note.kind), note.reason);
        case(out, "input", &note.place(), kind, &text, "")?;
    }
    for entry in unread(report) {
        let (word, why) = words::outcome(&entry.outcome);
        let name =
            format!("{} at {}", entry.kind.plural(), if entry.scope.is_empty() { "/" } else { &entry.scope });
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        case(out, "input", &name, "skipped", &format!("{word}{why}"), "")?;
    }
    out.write_all(b"  </testsuite>\n")
}

fn properties(report: &Report) -> Vec<(String, String)> {
    let rates = report.rates();
    let mut list = vec![
        ("dekey".to_owned(), report.version.to_owned()),
        ("as of".to_owned(), report.audit.as_of.to_string()),
        ("strict compliance rate".to_owned(), format!("{}: {}", rates.strict, words::STRICT)),
        (
            "rate Azure Policy would show".to_owned(),
            format!("{}: {}", rates.azure_policy, words::AZURE_POLICY),
        ),
        ("coverage".to_owned(), format!("{}: {}", rates.coverage, words::COVERAGE)),
        ("findings known from baseline, left out".to_owned(), report.known.to_string()),
    ];
    list.extend(report.audit.waivers.iter().map(|used| {
        let (state, _) = words::waiver_state(used.state);
        let value =
            format!("{state}, {}, {}", words::counted(used.findings as u64, "finding"), accepted(used));
        (format!("waiver of {} on {}", used.waiver.rule, used.waiver.resource), value)
    }));
    list
}

fn unread(report: &Report) -> impl Iterator<Item = CoverageEntry> {
    report.inventory.coverage().entries().filter(|entry| entry.outcome != Outcome::Read)
}

/// Input that is broken is an error; input that is something else, or only limits what can be said, is not.
fn is_error(kind: NoteKind) -> bool {
    match kind {
        NoteKind::Malformed | NoteKind::TooLarge | NoteKind::Unreadable => true,
        NoteKind::NotUnderstood | NoteKind::Remark => false,
    }
}

fn name(view: &FindingView<'_>) -> String {
    let part = view.finding.part.as_deref().map_or(String::new(), |part| format!(" [{part}]"));
    format!("{}{part}", view.resource.id())
}

fn said(view: &FindingView<'_>) -> String {
    let context = view.finding.context.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    format!("{}: {}{context}", view.finding.severity, view.finding.message)
}

fn accepted(used: &WaiverUse) -> String {
    let own = &used.waiver;
    format!("waived until {} by {}: {}", own.expires, own.approver, own.justification)
}

fn details(view: &FindingView<'_>) -> String {
    let mut lines = vec![format!("confidence: {}", view.finding.confidence.as_str())];
    lines.extend(
        view.evidence.iter().map(|e| format!("evidence: {} = {} ({})", e.pointer, e.value, e.resource)),
    );
    lines.extend(view.owner.value.map(|owner| format!("owner: {owner}")));
    lines.extend(view.owner.inferred.map(|who| format!("owner: none; made by {who}")));
    lines.push(format!("read from: {}, line {}", view.source, view.line));
    lines.push(format!("to put it right: {}", view.remedy.az));
    lines.push(format!("fingerprint: {}", view.fingerprint));
    let lines: Vec<_> = lines.iter().map(|line| clean::line(line)).collect();
    lines.join("\n")
}

/// A case with one element in it. `kind` is the element with its own attributes; an empty message is left out.
pub(crate) fn case(
    out: &mut dyn Write,
    class: &str,
    name: &str,
    kind: &str,
    message: &str,
    text: &str,
) -> io::Result<()> {
    let tag = kind.split(' ').next().unwrap_or(kind);
    write!(out, "    <testcase classname=\"{}\" name=\"{}\"><{kind}", Escaped(class), Escaped(named(name)))?;
    if !message.is_empty() {
        write!(out, " message=\"{}\"", Escaped(message))?;
    }
    if text.is_empty() {
        out.write_all(b"/></testcase>\n")
    } else {
        let lines: Vec<String> = text.split('\n').map(|line| Escaped(line).to_string()).collect();
        writeln!(out, ">{}</{tag}></testcase>", lines.join("\n"))
    }
}

/// Readers take a case without a name for a mistake.
pub(crate) fn named(name: &str) -> &str {
    if name.trim().is_empty() { "(no name)" } else { name }
}

/// One line of text, for an attribute or an element. XML 1.0 has no way at all to write most control characters.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = clean::line(self.0);
        let mut rest = line.as_ref();
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
            f.write_str(before)?;
            f.write_str(match special.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = special.get(1..).unwrap_or("");
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests;
