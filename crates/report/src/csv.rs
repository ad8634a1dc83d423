//! CSV after RFC 4180: one table, and a `status` column that tells findings from everything else.
//!
//! Spreadsheets run cells that look like formulas. Such a cell gets a leading apostrophe; so does whatever would begin a
//! cell where `;` separates them, as in many European locales. A record is always one line.

use crate::clean;
use crate::{FindingView, Question, Report, words};
use dekey_model::{CoverageEntry, Note, Outcome, Resource};
use dekey_rules::WaiverUse;
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

const COLUMNS: [&str; 25] = [
    "status",
    "severity",
    "confidence",
    "rule",
    "title",
    "resource",
    "resource_type",
    "name",
    "part",
    "workspaces",
    "owner",
    "owner_source",
    "owner_inferred",
    "cost_center",
    "message",
    "context",
    "evidence",
    "remedy",
    "controls",
    "fingerprint",
    "source",
    "line",
    "waiver_justification",
    "waiver_approver",
    "waiver_expires",
];

/// Separates several values in one cell; never begins a cell of its own in any locale.
const AND: &str = " | ";

/// Writes a report. `status` is `finding`, `waived`, `not judged`, `error`, `not read`, `waiver` or `summary`.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut BufWriter::new(out);
    out.write_all(COLUMNS.join(",").as_bytes())?;
    out.write_all(b"\r\n")?;
    for view in report.findings().into_iter().filter_map(|f| report.view(f)) {
        of_finding("finding", &view, None).write(out)?;
    }
    for waived in report.waived() {
        let Some(view) = report.view(&waived.finding) else { continue };
        of_finding("waived", &view, report.audit.waivers.get(waived.waiver)).write(out)?;
    }
    for question in report.not_judged() {
        of_not_judged(report, &question).write(out)?;
    }
    for error in report.errors() {
        let mut row = of_resource("error", report.inventory.get(error.resource));
        row.rule = report.rule(error.rule).map_or("", |rule| rule.id).into();
        row.message = words::RULE_FAILED.into();
        row.write(out)?;
    }
    let coverage = report.inventory.coverage();
    coverage.notes.iter().try_for_each(|note| of_note(note).write(out))?;
    let unread = coverage.entries().filter(|entry| entry.outcome != Outcome::Read);
    unread.into_iter().try_for_each(|entry| of_entry(&entry).write(out))?;
    report.audit.waivers.iter().try_for_each(|used| of_waiver(used).write(out))?;
    summary(report).iter().try_for_each(|row| row.write(out))?;
    out.flush()
}

/// A record; columns that say nothing stay empty.
#[derive(Default)]
struct Row<'a> {
    status: &'static str,
    severity: &'static str,
    confidence: &'static str,
    rule: Cow<'a, str>,
    title: &'a str,
    resource: Cow<'a, str>,
    resource_type: &'a str,
    name: &'a str,
    part: &'a str,
    workspaces: String,
    owner: &'a str,
    owner_source: &'a str,
    owner_inferred: &'a str,
    cost_center: &'a str,
    message: Cow<'a, str>,
    context: &'a str,
    evidence: String,
    remedy: &'a str,
    controls: String,
    fingerprint: &'a str,
    source: &'a str,
    line: String,
    waiver: Option<&'a WaiverUse>,
}

impl Row<'_> {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let waiver = self.waiver.map(|used| &used.waiver);
        let expires = waiver.map_or(String::new(), |w| w.expires.to_string());
        let cells: [&str; COLUMNS.len()] = [
            self.status,
            self.severity,
            self.confidence,
            &self.rule,
            self.title,
            &self.resource,
            self.resource_type,
            self.name,
            self.part,
            &self.workspaces,
            self.owner,
            self.owner_source,
            self.owner_inferred,
            self.cost_center,
            &self.message,
            self.context,
            &self.evidence,
            self.remedy,
            &self.controls,
            self.fingerprint,
            self.source,
            &self.line,
            waiver.map_or("", |w| &w.justification),
            waiver.map_or("", |w| &w.approver),
            &expires,
        ];
        for (ix, text) in cells.into_iter().enumerate() {
            if ix > 0 {
                out.write_all(b",")?;
            }
            out.write_all(cell(text).as_bytes())?;
        }
        out.write_all(b"\r\n")
    }
}

fn of_finding<'a>(status: &'static str, view: &'a FindingView<'a>, waiver: Option<&'a WaiverUse>) -> Row<'a> {
    let own = view.finding;
    let join = |items: Vec<String>| items.join(AND);
    let evidence = |e: &crate::EvidenceView<'_>| {
        let other =
            if e.resource == view.resource.id() { String::new() } else { format!(" ({})", e.resource) };
        format!("{}: {}{other}", e.pointer, e.value)
    };
    Row {
        severity: own.severity.as_str(),
        confidence: own.confidence.as_str(),
        rule: view.rule.id.into(),
        title: view.rule.title(),
        part: own.part.as_deref().unwrap_or(""),
        workspaces: join(view.workspaces.iter().map(|ws| ws.id().to_owned()).collect()),
        owner: view.owner.value.unwrap_or(""),
        owner_source: view.owner.source.unwrap_or(""),
        owner_inferred: view.owner.inferred.unwrap_or(""),
        cost_center: view.cost_center.unwrap_or(""),
        message: own.message.as_ref().into(),
        context: own.context.as_deref().unwrap_or(""),
        evidence: join(view.evidence.iter().map(evidence).collect()),
        remedy: &view.remedy.az,
        controls: join(
            view.controls.iter().map(|c| format!("{} {} ({})", c.framework, c.id, c.source)).collect(),
        ),
        fingerprint: &view.fingerprint,
        waiver,
        ..of_resource(status, view.resource)
    }
}

fn of_resource<'a>(status: &'static str, resource: Resource<'a>) -> Row<'a> {
    let (source, line) = resource.provenance();
    Row {
        status,
        resource: resource.id().into(),
        resource_type: resource.resource_type(),
        name: resource.name(),
        source,
        line: placed(line.into()),
        ..Row::default()
    }
}

fn of_not_judged<'a>(report: &'a Report<'a>, question: &Question<'_>) -> Row<'a> {
    let rule = report.rule(question.rule);
    Row {
        rule: rule.map_or("", |rule| rule.id).into(),
        title: rule.map_or("", |rule| rule.title()),
        message: question.gap.explain(report.inventory).into(),
        ..of_resource("not judged", report.inventory.get(question.resource))
    }
}

fn of_note(note: &Note) -> Row<'_> {
    Row {
        status: "not read",
        title: words::note_kind(note.kind),
        message: note.reason.as_str().into(),
        source: &note.source,
        line: placed(note.line),
        ..Row::default()
    }
}

fn of_entry(entry: &CoverageEntry) -> Row<'static> {
    let (word, why) = words::outcome(&entry.outcome);
    Row {
        status: "not read",
        title: word,
        resource: if entry.scope.is_empty() { "/".into() } else { entry.scope.clone().into() },
        message: format!("{}: {}", entry.kind.plural(), why.unwrap_or(word)).into(),
        ..Row::default()
    }
}

fn of_waiver(used: &WaiverUse) -> Row<'_> {
    let (state, days) = words::waiver_state(used.state);
    let days = days.map_or(String::new(), |days| format!(", {days} days left"));
    Row {
        status: "waiver",
        rule: used.waiver.rule.as_str().into(),
        resource: used.waiver.resource.as_str().into(),
        message: format!("{state}{days}, {}", words::counted(used.findings as u64, "finding")).into(),
        waiver: Some(used),
        ..Row::default()
    }
}

fn summary(report: &Report) -> Vec<Row<'static>> {
    let rates = report.rates();
    let row = |title: &'static str, message: String, context: &'static str| Row {
        status: "summary",
        title,
        message: message.into(),
        context,
        ..Row::default()
    };
    vec![
        row("strict compliance rate", rates.strict, words::STRICT),
        row("rate Azure Policy would show", rates.azure_policy, words::AZURE_POLICY),
        row("coverage", rates.coverage, words::COVERAGE),
        row("findings known from baseline", report.known.to_string(), "left out above; the rates count them"),
        row("documents read", report.inventory.coverage().sources.len().to_string(), ""),
        row("as of", report.audit.as_of.to_string(), ""),
    ]
}

fn placed(line: u64) -> String {
    if line == 0 { String::new() } else { line.to_string() }
}

/// A cell: one line, nothing hidden, no formula, quoted where it has to be.
fn cell(text: &str) -> Cow<'_, str> {
    let text = defused(text);
    if !text.contains([',', '"', ';']) && text.trim().len() == text.len() {
        return text;
    }
    Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
}

/// Puts an apostrophe before what a spreadsheet would take for a formula. The last four are typed on Japanese keyboards.
fn defused(raw: &str) -> Cow<'_, str> {
    let text = clean::line(raw);
    let opens = |piece: &str| {
        let bare = piece.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    };
    let first = raw.starts_with(['\t', '\r', '\n']) || opens(&text);
    if !first && !text.split(';').skip(1).any(opens) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 2);
    for (ix, piece) in text.split(';').enumerate() {
        out.push_str(if ix > 0 { ";" } else { "" });
        out.push_str(if (ix == 0 && first) || (ix > 0 && opens(piece)) { "'" } else { "" });
        out.push_str(piece);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
