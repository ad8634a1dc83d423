//! Markdown: a summary for a comment on a pull request, or a wiki.
//!
//! Bounded: lists are cut, and say what was cut, so that the whole fits in a GitHub comment (65,536 characters) whatever the
//! tenant. Texts from documents and settings only ever stand in code spans: no link, mention, image or HTML comes out of them.

use crate::{Group, GroupKind, Report, clean, words};
use dekey_model::{Finding, NoteKind, Outcome, RuleIx, Severity};
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

/// How many rows the tables of rules, and all others, have at most.
const RULES: usize = 64;
const ROWS: usize = 10;

/// How many characters of a name, and of a sentence, are shown.
const NAME: usize = 90;
const SENTENCE: usize = 280;

/// Writes a report.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut BufWriter::new(out);
    headline(report, out)?;
    rules(report, out)?;
    groups(report, out)?;
    not_judged(report, out)?;
    waivers(report, out)?;
    input(report, out)?;
    settings(report, out)?;
    out.flush()
}

fn headline(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (rates, summary) = (report.rates(), &report.audit.summary);
    let found: u64 = report.tally().by_severity.iter().sum();
    let (good, all) = (summary.workspaces_without_high, summary.workspaces.len() as u64);
    let unknown = summary.workspaces.iter().filter(|ws| ws.counts.not_judged + ws.counts.error > 0).count();
    writeln!(out, "# dekey audit of {}\n", report.audit.as_of)?;
    writeln!(out, "| | | |\n|---|---:|---|")?;
    writeln!(out, "| **Strict compliance rate** | **{}** | {} |", rates.strict, words::STRICT)?;
    writeln!(out, "| Coverage | {} | {} |", rates.coverage, words::COVERAGE)?;
    writeln!(out, "| What Azure Policy would show | {} | {} |", rates.azure_policy, words::AZURE_POLICY)?;
    let judged = format!("workspaces that were not fully judged, these or others: {unknown}");
    writeln!(out, "| Workspaces without a high or critical finding | {good} of {all} | {judged} |")?;
    writeln!(out, "| Findings | {found} | left out because the baseline has them: {} |", report.known)?;
    writeln!(out, "| Waived findings | {} | accepted until a day, see below |", report.audit.waived.len())?;
    writeln!(out, "| Not judged | {} | neither a finding nor a pass, see below |", report.audit.questions())?;
    match report.audit.errors.len() {
        0 => Ok(()),
        failed => writeln!(
            out,
            "| Rules that failed on a resource | {failed} | a mistake in dekey, please report it |"
        ),
    }
}

fn rules(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![[0u64; Severity::ALL.len() + 2]; report.audit.rules.len()];
    let mut add = |rule: RuleIx, slot: usize| {
        if let Some(count) = rows.get_mut(usize::from(rule.0)).and_then(|row| row.get_mut(slot)) {
            *count += 1;
        }
    };
    report.findings().into_iter().for_each(|f| add(f.rule, slot(f)));
    report.audit.waived.iter().for_each(|w| add(w.finding.rule, Severity::ALL.len()));
    report.not_judged().for_each(|n| add(n.rule, Severity::ALL.len() + 1));
    let mut rows: Vec<_> =
        report.audit.rules.iter().zip(rows).filter(|(_, row)| row.iter().any(|n| *n > 0)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.id.cmp(b.0.id)));
    let names: Vec<&str> = Severity::ALL.iter().map(|s| s.as_str()).collect();
    let head = format!("| Rule | {} | waived | not judged |\n|---|{}", names.join(" | "), "---:|".repeat(7));
    table(out, "By rule and severity", &head, RULES, rows.into_iter(), |(rule, row)| {
        let counts: Vec<String> =
            row.iter().map(|n| if *n == 0 { String::new() } else { n.to_string() }).collect();
        format!("| {}: {} | {} |", code(rule.id, NAME), own_words(rule.title()), counts.join(" | "))
    })
}

fn slot(finding: &Finding) -> usize {
    Severity::ALL.iter().position(|s| *s == finding.severity).unwrap_or(0)
}

fn groups(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = Severity::ALL.iter().map(|s| s.as_str()).collect();
    let head = format!(
        "| Workspace | Resource group | {} | Owner |\n|---|---|{}---|",
        names.join(" | "),
        "---:|".repeat(5)
    );
    table(out, "Worst workspaces", &head, ROWS, report.groups().into_iter(), |group| row_of(report, &group))
}

fn row_of(report: &Report, group: &Group<'_>) -> String {
    let resource = report.inventory.get(group.kind.resource());
    let what = match group.kind {
        GroupKind::Workspace(_) => "",
        GroupKind::Shared(_) => " (used by several workspaces)",
        GroupKind::Unattached(_) => " (used by no workspace that was read)",
    };
    let owner = report.owner(resource);
    let owner = match (owner.value, owner.inferred) {
        (Some(owner), _) => code(owner, NAME),
        (None, Some(who)) => format!("none; made by {}", code(who, NAME)),
        (None, None) => "none known".to_owned(),
    };
    let counts: Vec<String> =
        group.counts.iter().map(|n| if *n == 0 { String::new() } else { n.to_string() }).collect();
    let place = code(resource.arm_id().resource_group().unwrap_or(""), NAME);
    format!("| {}{what} | {place} | {} | {owner} |", code(resource.name(), NAME), counts.join(" | "))
}

fn not_judged(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let head = "| Not judged | Rules | Why, and what to do |\n|---:|---:|---|";
    table(out, "Not judged, by reason", head, ROWS, words::reasons(report).into_iter(), |reason| {
        format!("| {} | {} | {} |", reason.questions, reason.rules.len(), code(&reason.text, SENTENCE))
    })
}

fn waivers(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let head = "| Waiver of | on | State | Findings | Approver | Why |\n|---|---|---|---:|---|---|";
    table(out, "Waivers", head, ROWS, report.audit.waivers.iter(), |used| {
        let own = &used.waiver;
        let state = match words::waiver_state(used.state) {
            (word, Some(days)) => format!("{word} until {} ({days} days)", own.expires),
            (word, None) => format!("**{word}** on {}: its findings count again", own.expires),
        };
        format!(
            "| {} | {} | {state} | {} | {} | {} |",
            code(&own.rule, NAME),
            code(&own.resource, NAME),
            used.findings,
            code(&own.approver, NAME),
            code(&own.justification, SENTENCE)
        )
    })
}

fn input(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let coverage = report.inventory.coverage();
    let kinds = &report.audit.summary.resources;
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| words::resources(*count, *kind)).collect();
    writeln!(out, "\n## What was read\n")?;
    let documents = words::counted(coverage.sources.len() as u64, "document");
    let all = if kinds.is_empty() { "no resources".to_owned() } else { kinds.join(", ") };
    writeln!(out, "{documents}: {all}.")?;
    let mut notes: Vec<_> = coverage.notes.iter().collect();
    notes.sort_by_key(|note| note.kind == NoteKind::Remark);
    let head = "| Document | Line | What | Why |\n|---|---:|---|---|";
    table(out, "Input that was not taken, or only in part", head, ROWS, notes.into_iter(), |note| {
        let line = if note.line == 0 { String::new() } else { note.line.to_string() };
        let (document, reason) = (code(&note.source, NAME), code(&note.reason, SENTENCE));
        format!("| {document} | {line} | {} | {reason} |", words::note_kind(note.kind))
    })?;
    let unread: Vec<_> = coverage.entries().filter(|entry| entry.outcome != Outcome::Read).collect();
    let head = "| Kind | Scope | Outcome | Why |\n|---|---|---|---|";
    table(out, "Kinds that were not read", head, ROWS, unread.into_iter(), |entry| {
        let (word, why) = words::outcome(&entry.outcome);
        let scope = if entry.scope.is_empty() { "/" } else { &entry.scope };
        let why = why.map_or(String::new(), |why| code(why, SENTENCE));
        format!("| {} | {} | {word} | {why} |", entry.kind.plural(), code(scope, SENTENCE))
    })
}

fn settings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let own = report.settings;
    write!(out, "\n---\n\ndekey {}, identity standard ", code(report.version, NAME))?;
    write!(out, "`{}`", words::identity_standard(own.identity_standard))?;
    if !own.disabled_rules.is_empty() {
        write!(out, ", {} switched off", words::counted(own.disabled_rules.len() as u64, "rule"))?;
    }
    let scopes = own.scopes.include.len() + own.scopes.exclude.len();
    if scopes > 0 {
        write!(out, ", limited to a part of the tenant by {}", words::counted(scopes as u64, "scope"))?;
    }
    writeln!(out, ".")
}

/// A section with a table of at most `limit` rows; nothing when there are none.
fn table<T>(
    out: &mut dyn Write,
    title: &str,
    head: &str,
    limit: usize,
    mut rows: impl ExactSizeIterator<Item = T>,
    mut row: impl FnMut(T) -> String,
) -> io::Result<()> {
    if rows.len() == 0 {
        return Ok(());
    }
    writeln!(out, "\n## {title}\n\n{head}")?;
    rows.by_ref().take(limit).try_for_each(|item| writeln!(out, "{}", row(item)))?;
    match rows.len() {
        0 => Ok(()),
        more => writeln!(out, "\n… and {more} more, which other formats list."),
    }
}

/// A title of a rule: written by us, and allowed to hold Markdown, but not to break a table.
fn own_words(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Somebody else's text as a code span in a table cell: one line, cut, and never anything but text.
fn code(text: &str, limit: usize) -> String {
    let line = clean::line(text);
    let text = clean::cut(line.trim(), limit);
    if text.is_empty() {
        return "–".to_owned();
    }
    // Table cells are split before code spans are read, and readers disagree on what `\\|` means: keep the two apart.
    let text =
        if text.contains('|') { Cow::Owned(text.replace("\\|", "\\ |").replace('|', "\\|")) } else { text };
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests;
