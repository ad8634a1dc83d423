//! Answers for people, on a terminal.

mod least;
mod needs;
mod show;

use super::fill::place;
use super::show::day;
use super::types::{Answer, Decision, Document, Principal, Reason, Way};
use crate::TerminalOptions;
use crate::style::{Style, safe, wrap};
use dekey_model::{ArmId, Severity};
use std::io::{self, Write};

/// Writes an answer. A graph has formats of its own and is not written.
pub fn render(document: &Document, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page =
        Page { style: Style { color: options.color }, width: options.width.max(60), all: options.all, out };
    match &document.answer {
        Answer::Show(own) => page.show(own)?,
        Answer::Who(own) => page.who(own)?,
        Answer::Needs(own) => page.needs(own)?,
        Answer::Minimise(own) => page.least(own)?,
        Answer::Graph(_) => return Ok(()),
    }
    if !document.taken_for_read.is_empty() {
        page.line("")?;
        let style = page.style;
        let text = format!("Taken for read: {}", document.taken_for_read.join("; "));
        page.text("", &text, |own| style.dim(own))?;
    }
    Ok(())
}

pub(super) struct Page<'p> {
    style: Style,
    width: usize,
    all: bool,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
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

    fn plain(&mut self, mark: &str, text: &str) -> io::Result<()> {
        self.text(mark, text, str::to_owned)
    }

    fn dim(&mut self, mark: &str, text: &str) -> io::Result<()> {
        let style = self.style;
        self.text(mark, text, |own| style.dim(own))
    }

    /// A command, on one line however long: one that is broken cannot be copied.
    fn command(&mut self, indent: &str, text: &str) -> io::Result<()> {
        let text = self.style.code(&safe(text));
        self.line(&format!("{indent}> {text}"))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.style.bold(&safe(text));
        self.line(&text)
    }

    /// A verdict in its colour.
    fn verdict(&self, word: &str) -> String {
        match word {
            "denied" | "missing" => self.style.severity(Severity::High, word),
            "unknown" | "conditional" => self.style.unknown(word),
            _ => word.to_owned(),
        }
    }

    fn decision(&mut self, indent: &str, own: &Decision, why: bool) -> io::Result<()> {
        if let Some(condition) = &own.condition {
            self.plain(indent, &format!("if {condition}"))?;
        }
        for reason in &own.denied_by {
            let condition = reason.condition.as_ref().map(|own| format!(", if {own}")).unwrap_or_default();
            self.plain(
                indent,
                &format!("deny assignment {} on {}{condition}", reason.role, place(&reason.scope)),
            )?;
        }
        // What is denied is so in spite of these.
        let by = if own.verdict == "denied" { "in spite of " } else { "by " };
        for reason in &own.because {
            self.reason(&format!("{indent}{by}"), reason, why)?;
        }
        for reason in &own.eligible {
            let until =
                reason.until.as_deref().map(|own| format!(", until {}", day(own))).unwrap_or_default();
            self.plain(
                indent,
                &format!("{} on {} could be activated{until}", reason.role, place(&reason.scope)),
            )?;
        }
        let style = self.style;
        for gap in &own.gaps {
            self.text(indent, &format!("not known: {gap}"), |own| style.unknown(own))?;
        }
        Ok(())
    }

    fn reason(&mut self, mark: &str, own: &Reason, why: bool) -> io::Result<()> {
        let mut text = format!("{} on {}", own.role, place(&own.scope));
        if let Some(group) = &own.through_group {
            text.extend([", through group ", &name(group)]);
        }
        if let Some(since) = &own.since {
            text.extend([", since ", day(since)]);
        }
        if let Some(until) = &own.until {
            text.extend([", until ", day(until)]);
        }
        if let Some(condition) = &own.condition {
            text.extend([", if ", condition]);
        }
        self.plain(mark, &text)?;
        if why {
            let indent = " ".repeat(mark.chars().count());
            self.dim(&indent, &format!("pattern {}", own.pattern))?;
            self.dim(&indent, &own.assignment)?;
        }
        Ok(())
    }

    /// Ways around, those at one place together.
    fn ways(&mut self, indent: &str, all: &[Way], why: bool) -> io::Result<()> {
        let mut told: Vec<(&str, bool, Vec<&Way>)> = Vec::new();
        for own in all {
            let sure = own.decision.verdict == "allowed" && own.lock == "open";
            match told.iter_mut().find(|(at, is_sure, _)| *at == own.at && *is_sure == sure) {
                Some(row) => row.2.push(own),
                None => told.push((&own.at, sure, vec![own])),
            }
        }
        for (at, sure, ways) in told {
            let last = |own: &&Way| {
                let name = own.action.strip_suffix("/action").unwrap_or(&own.action);
                let words: Vec<&str> = name.rsplit('/').take(2).collect();
                words.into_iter().rev().collect::<Vec<_>>().join("/")
            };
            let actions: Vec<String> = ways.iter().map(last).collect();
            let can = if sure { "can" } else { "might" };
            let opens = ways.first().map_or("", |own| own.opens.as_str());
            self.plain(indent, &format!("{can} on {}: {}, for {opens}", place(at), actions.join(", ")))?;
            if why {
                self.decision(&format!("{indent}  "), &together(&ways), false)?;
            }
        }
        Ok(())
    }
}

/// What several ways rest on, each once.
fn together(ways: &[&Way]) -> Decision {
    let mut all = Decision {
        verdict: ways.first().map_or("unknown", |own| own.decision.verdict),
        condition: ways.iter().find_map(|own| own.decision.condition.clone()),
        because: Vec::new(),
        denied_by: Vec::new(),
        eligible: Vec::new(),
        gaps: Vec::new(),
        assumed: Vec::new(),
    };
    let add = |list: &mut Vec<Reason>, more: &[Reason]| {
        for own in more {
            if !list.iter().any(|other| other.assignment == own.assignment) {
                list.push(own.clone());
            }
        }
    };
    for own in ways.iter().map(|own| &own.decision) {
        add(&mut all.because, &own.because);
        add(&mut all.denied_by, &own.denied_by);
        add(&mut all.eligible, &own.eligible);
        all.gaps.extend(own.gaps.iter().cloned());
    }
    all.gaps.sort();
    all.gaps.dedup();
    all
}

/// Somebody in few words.
pub(super) fn name(own: &Principal) -> String {
    match (&own.name, &own.object_id) {
        (Some(name), Some(id)) => format!(
            "{name} ({})",
            own.kind.as_ref().map_or_else(|| id.clone(), |kind| format!("{kind}, {id}"))
        ),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => id.clone(),
        (None, None) => {
            own.acts_for.as_deref().map_or_else(|| "somebody".to_owned(), |id| ArmId(id).name().to_owned())
        }
    }
}
