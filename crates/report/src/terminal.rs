//! What a person reads after an audit, in the order in which a person asks: can I trust the number, how bad is it, what is
//! mine, what do I do next.

use crate::style::{Style, safe, wrap};
use crate::words::{self, counted, percent};
use crate::{Group, GroupKind, Report};
use dekey_model::{Finding, Kind, NoteKind, Resource, Severity};
use dekey_rules::WaiverState;
use std::io::{self, Write};

/// How the report looks.
#[derive(Clone, Copy, Debug)]
pub struct TerminalOptions {
    /// Columns.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
    /// Whether to show everything rather than the worst.
    pub all: bool,
}

/// How many groups, findings of a group, and lines of the other lists are shown unless everything is asked for.
const GROUPS: usize = 10;
const FINDINGS: usize = 8;
const LINES: usize = 12;

/// Text that is safe to print: nothing in it moves the cursor or hides.
pub fn plain(text: &str) -> String {
    safe(text)
}

/// Writes the report.
pub fn render(report: &Report<'_>, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let limit = |few: usize| if options.all { usize::MAX } else { few };
    let mut page = Page {
        report,
        style: Style { color: options.color },
        width: options.width.max(40),
        groups: limit(GROUPS),
        findings: limit(FINDINGS),
        lines: limit(LINES),
        last_fix: String::new(),
        out,
    };
    page.coverage()?;
    page.headline()?;
    page.findings()?;
    page.not_judged()?;
    page.waivers()?;
    page.notes()?;
    page.errors()?;
    page.close()
}

struct Page<'p, 'a> {
    report: &'p Report<'a>,
    style: Style,
    width: usize,
    groups: usize,
    findings: usize,
    lines: usize,
    last_fix: String,
    out: &'p mut dyn Write,
}

impl Page<'_, '_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        let heading = self.style.bold(text);
        self.line("")?;
        self.line(&heading)
    }

    /// A text below a mark, wrapped, with its own look.
    fn text(&mut self, mark: &str, text: &str, look: impl Fn(&str) -> String) -> io::Result<()> {
        let indent = mark.chars().count();
        for (at, line) in wrap(&safe(text), self.width.saturating_sub(indent)).iter().enumerate() {
            let lead = if at == 0 { mark.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{lead}{}", look(line)))?;
        }
        Ok(())
    }

    fn coverage(&mut self) -> io::Result<()> {
        let report = self.report;
        let kinds = report.audit.summary.resources.iter().filter(|(kind, _)| **kind != Kind::Other);
        let mut read: Vec<String> = kinds.map(|(kind, count)| words::resources(*count, *kind)).collect();
        if let Some(others) = report.audit.summary.resources.get(&Kind::Other) {
            read.push(if *others == 1 { "1 other".to_owned() } else { format!("{others} others") });
        }
        let read = if read.is_empty() { "nothing".to_owned() } else { read.join(", ") };
        let sources = counted(report.inventory.coverage().sources.len() as u64, "document");
        let title = format!("dekey {} as of {}", report.version, report.audit.as_of);
        let title = self.style.bold(&title);
        self.line(&title)?;
        self.line("")?;
        self.text("read        ", &format!("{read}; from {sources}"), str::to_owned)?;
        let broken = report.inventory.coverage().notes.iter().filter(|n| n.kind != NoteKind::Remark).count();
        if broken > 0 {
            let style = self.style;
            let text = format!("{} that could not be read, listed below", counted(broken as u64, "piece"));
            self.text("not read    ", &text, |line| style.unknown(line))?;
        }
        Ok(())
    }

    fn headline(&mut self) -> io::Result<()> {
        let style = self.style;
        let rates = self.report.rates();
        self.line("")?;
        self.text(
            "compliance  ",
            &format!("{} strict: {}", rates.strict, "pairs of workspace and rule that pass"),
            |l| style.bold(l),
        )?;
        self.text(
            "judged      ",
            &format!("{}; what was not judged counts against compliance", rates.coverage),
            str::to_owned,
        )?;
        let azure = format!(
            "{} is what Azure Policy would show: there, exempt and unknown count as compliant",
            rates.azure_policy
        );
        self.text("            ", &azure, |l| style.dim(l))?;
        let tally = self.report.tally();
        let counts: Vec<String> = Severity::ALL
            .iter()
            .zip(tally.by_severity)
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| style.severity(*severity, &format!("{count} {severity}")))
            .collect();
        let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        self.line(&format!("findings    {counts}"))?;
        if self.report.known > 0 {
            let text =
                format!("{} left out: known from the baseline", counted(self.report.known as u64, "finding"));
            self.text("            ", &text, |l| style.dim(l))?;
        }
        Ok(())
    }

    fn findings(&mut self) -> io::Result<()> {
        let (groups, all) = self.report.worst_groups(self.groups);
        for group in &groups {
            self.group(group)?;
        }
        if groups.len() < all {
            let rest = all - groups.len();
            let style = self.style;
            self.line("")?;
            self.text("", &format!("and {rest} more workspaces and resources, less urgent: --all shows them, --format html=report.html too"), |l| style.dim(l))?;
        }
        Ok(())
    }

    fn group(&mut self, group: &Group<'_>) -> io::Result<()> {
        let resource = self.report.inventory.get(group.kind.resource());
        let name = safe(resource.name());
        let (title, about) = match group.kind {
            GroupKind::Workspace(_) => (name, words::place(resource)),
            GroupKind::Shared(_) => {
                (name, format!("{}, used by {}", type_name(resource), words::users(resource)))
            }
            GroupKind::Unattached(_) => {
                (name, format!("{}, {}", type_name(resource), words::place(resource)))
            }
        };
        self.heading(&title)?;
        let owner = self.report.owner(resource);
        let owner = match (owner.value, owner.source, owner.inferred) {
            (Some(value), Some(source), _) => format!("owner {value} (tag of the {source})"),
            (_, _, Some(creator)) => format!("no owner tag; made by {creator}"),
            _ => "owner not known".to_owned(),
        };
        let style = self.style;
        self.text("", &format!("{about}; {owner}"), |l| style.dim(l))?;
        for finding in group.findings.iter().take(self.findings) {
            self.finding(finding)?;
        }
        let rest = group.findings.len().saturating_sub(self.findings);
        if rest > 0 {
            self.text("  ", &format!("and {rest} more here, less urgent"), |l| style.dim(l))?;
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let Some(rule) = self.report.rule(finding.rule) else { return Ok(()) };
        let style = self.style;
        let resource = self.report.inventory.get(finding.resource);
        let severity = style.severity(finding.severity, &format!("{:8}", finding.severity));
        let about = if resource.kind() == Kind::Workspace {
            String::new()
        } else {
            format!(" {} {}", type_name(resource), safe(resource.name()))
        };
        self.line(&format!("  {severity} {}{about}", style.code(rule.id)))?;
        self.text("           ", &finding.message, str::to_owned)?;
        if let Some(context) = &finding.context {
            self.text("           ", context, |l| style.dim(l))?;
        }
        for evidence in self.report.evidence(finding).iter().take(3) {
            self.text(
                "           ",
                &format!("{} = {}", evidence.pointer, crate::clean::cut(&evidence.value, 200)),
                |l| style.dim(l),
            )?;
        }
        let az = crate::fill(rule.remedy_for(self.report.settings).az, resource, crate::Dialect::Shell);
        // A command and what must have come before it, each on a line of its own, however long: a command that was broken
        // cannot be copied. Whole scripts are left to the other formats.
        let lines: Vec<&str> = az.trim().lines().collect();
        if lines.len() > 2 || self.last_fix == az {
            return Ok(());
        }
        for line in lines {
            let line = safe(line);
            let line = if line.starts_with('#') { style.dim(&line) } else { style.code(&line) };
            self.line(&format!("         > {line}"))?;
        }
        self.last_fix = az;
        Ok(())
    }

    fn not_judged(&mut self) -> io::Result<()> {
        let report = self.report;
        let reasons = words::reasons(report);
        if reasons.is_empty() {
            return Ok(());
        }
        let style = self.style;
        self.heading(&format!("Not judged: {}", counted(report.audit.questions(), "question")))?;
        for reason in reasons.iter().take(self.lines) {
            self.text(&format!("  {:>6}  ", reason.questions), &reason.text, |l| style.unknown(l))?;
        }
        self.more(reasons.len(), "reason")
    }

    fn waivers(&mut self) -> io::Result<()> {
        let waivers = &self.report.audit.waivers;
        if waivers.is_empty() {
            return Ok(());
        }
        let style = self.style;
        self.heading(&format!(
            "Waivers: {}",
            counted(self.report.audit.waived.len() as u64, "waived finding")
        ))?;
        for entry in waivers.iter().take(self.lines) {
            let state = match entry.state {
                WaiverState::Active(days) => format!("until {}, {days} days left", entry.waiver.expires),
                WaiverState::Expired => {
                    format!("EXPIRED on {}: its findings count again", entry.waiver.expires)
                }
            };
            let own = &entry.waiver;
            let text = format!(
                "{} on {}: {}, {state}; approved by {}: {}",
                own.rule,
                own.resource,
                counted(entry.findings as u64, "finding"),
                own.approver,
                own.justification
            );
            self.text("  ", &text, |l| {
                if entry.state == WaiverState::Expired { style.unknown(l) } else { l.to_owned() }
            })?;
        }
        self.more(waivers.len(), "waiver")
    }

    fn notes(&mut self) -> io::Result<()> {
        let notes = &self.report.inventory.coverage().notes;
        if notes.is_empty() {
            return Ok(());
        }
        let style = self.style;
        self.heading("Input that was not read, or only in part")?;
        let mut order: Vec<_> = notes.iter().collect();
        order.sort_by_key(|note| (note.kind == NoteKind::Remark, note.kind));
        for note in order.into_iter().take(self.lines) {
            self.text(
                "  ",
                &format!("{}: {}: {}", note.place(), words::note_kind(note.kind), note.reason),
                |l| style.unknown(l),
            )?;
        }
        self.more(notes.len(), "note")
    }

    fn errors(&mut self) -> io::Result<()> {
        let errors = self.report.errors();
        if errors.is_empty() {
            return Ok(());
        }
        let style = self.style;
        self.heading("Errors in dekey itself: please report them")?;
        for error in errors.into_iter().take(self.lines) {
            let rule = self.report.rule(error.rule).map_or("", |r| r.id);
            let text = format!("{rule} failed on {}", self.report.inventory.get(error.resource).id());
            self.text("  ", &text, |l| style.severity(Severity::High, l))?;
        }
        Ok(())
    }

    fn more(&mut self, all: usize, noun: &str) -> io::Result<()> {
        let rest = all.saturating_sub(self.lines);
        if rest == 0 {
            return Ok(());
        }
        let style = self.style;
        self.text("  ", &format!("and {rest} more {noun}s"), |l| style.dim(l))
    }

    fn close(&mut self) -> io::Result<()> {
        let summary = &self.report.audit.summary;
        let workspaces = summary.workspaces.len() as u64;
        let style = self.style;
        self.line("")?;
        let share = percent(summary.workspaces_without_high, workspaces);
        let text = format!(
            "{} of {} ({share}) have no finding of high or critical severity.",
            summary.workspaces_without_high,
            counted(workspaces, "workspace")
        );
        self.text("", &text, str::to_owned)?;
        // The rule with most of the worst findings.
        let worst = self.report.worst();
        let mut counts = vec![0u64; self.report.audit.rules.len()];
        for finding in self.report.listed().iter().filter(|finding| Some(finding.severity) == worst) {
            if let Some(count) = counts.get_mut(usize::from(finding.rule.0)) {
                *count += 1;
            }
        }
        let most = counts.iter().zip(&self.report.audit.rules).rev().max_by_key(|(count, _)| **count);
        let Some(next) = most.filter(|(count, _)| **count > 0).map(|(_, rule)| rule.id) else {
            return Ok(());
        };
        self.text(
            "",
            &format!("Next: dekey explain {next}; --format html=report.html writes a report to pass on."),
            |l| style.dim(l),
        )
    }
}

fn type_name(resource: Resource<'_>) -> &str {
    resource.resource_type().rsplit('/').next().unwrap_or("")
}

#[cfg(test)]
mod tests;
