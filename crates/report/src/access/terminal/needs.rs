//! `access needs`.

use super::Page;
use crate::access::fill::place;
use crate::access::types::{ActorNeeds, Compared, DependentNeeds, Need, Needs, Part, Reason};
use crate::words::counted;
use dekey_model::{ArmId, Severity};
use std::collections::BTreeSet;
use std::io;

/// Where the words after a verdict start.
const COLUMN: usize = 19;

impl Page<'_> {
    pub(super) fn needs(&mut self, own: &Needs) -> io::Result<()> {
        for (at, workspace) in own.workspaces.iter().enumerate() {
            if at > 0 {
                self.line("")?;
            }
            let id = ArmId(&workspace.id);
            self.heading(&format!("{} ({})", id.name(), id.resource_group().unwrap_or("?")))?;
            for actor in &workspace.actors {
                self.actor(actor)?;
            }
        }
        self.hint(own)
    }

    /// How to get at an answer where lists are missing that many exports do not hold.
    fn hint(&mut self, own: &Needs) -> io::Result<()> {
        let needs = || {
            own.workspaces
                .iter()
                .flat_map(|own| &own.actors)
                .flat_map(|own| &own.dependents)
                .flat_map(|own| &own.needs)
        };
        let lists = [
            ("management groups above", "ancestors"),
            ("members of group", "groups"),
            ("role assignments", "assignments"),
        ];
        let has = |start: &str| {
            needs().any(|need| {
                need.decision.gaps.iter().any(|gap| gap.starts_with(start) && gap.ends_with("not read"))
            })
        };
        let missing: Vec<&str> = lists.iter().filter(|row| has(row.0)).map(|row| row.1).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.line("")?;
        let text = format!(
            "Some of this is unknown because no document holds a list that decides. dekey collect reads them all; \
             --assume {} takes them for read.",
            std::iter::once("denials").chain(missing).collect::<Vec<_>>().join(",")
        );
        self.plain("", &text)
    }

    fn actor(&mut self, own: &ActorNeeds) -> io::Result<()> {
        self.acts(own.kind, &own.resource, own.principal.as_ref())?;
        for dependent in &own.dependents {
            self.dependent(dependent, own.principal.is_some())?;
        }
        self.by_default(own)?;
        if let Some(compared) = &own.compared {
            self.compared(compared)?;
        }
        self.unread(&own.unread)
    }

    fn dependent(&mut self, own: &DependentNeeds, acts: bool) -> io::Result<()> {
        let hub = if own.parts.iter().any(|part| part.through_hub) { ", from its hub" } else { "" };
        let kinds: Vec<String> = own.parts.iter().map(part).collect();
        let text = format!("{}: {}{hub}", ArmId(&own.id).name(), kinds.join("; "));
        self.plain("    ", &text)?;
        if !acts {
            return Ok(());
        }
        for (verdict, word) in [
            ("allowed", "held"),
            ("denied", "missing"),
            ("conditional", "conditional"),
            ("unknown", "unknown"),
        ] {
            self.group(own, verdict, word)?;
        }
        for purpose in &own.unclear {
            let word = self.verdict("unknown");
            self.line(&format!(
                "      {word}  {purpose}: a setting that decides what it takes was not read"
            ))?;
        }
        for command in &own.remedy {
            self.command(&" ".repeat(COLUMN), command)?;
        }
        self.excess(own)
    }

    /// The needs with one verdict.
    fn group(&mut self, own: &DependentNeeds, verdict: &str, word: &str) -> io::Result<()> {
        let all: Vec<&Need> = own.needs.iter().filter(|need| need.decision.verdict == verdict).collect();
        let mut purposes: Vec<(&str, u32)> = Vec::new();
        for need in &all {
            match purposes.iter_mut().find(|own| own.0 == need.purpose) {
                Some(own) => own.1 += 1,
                None => purposes.push((need.purpose, 1)),
            }
        }
        for (purpose, count) in purposes {
            let mine: Vec<&&Need> = all.iter().filter(|need| need.purpose == purpose).collect();
            let of = own.needs.iter().filter(|need| need.purpose == purpose).count();
            let share = if mine.len() == of { String::new() } else { format!(" ({count} of {of} actions)") };
            let detail = detail(verdict, &mine);
            let padding = " ".repeat(COLUMN.saturating_sub(word.len() + 6));
            let shown = self.verdict(word);
            self.plain_after(
                &format!("      {shown}{padding}"),
                COLUMN,
                &format!("{purpose}{share}{detail}"),
            )?;
        }
        Ok(())
    }

    /// A text after a mark that may hold colour.
    fn plain_after(&mut self, mark: &str, columns: usize, text: &str) -> io::Result<()> {
        let lines = crate::style::wrap(&crate::style::safe(text), self.width.saturating_sub(columns));
        for (at, line) in lines.iter().enumerate() {
            let lead = if at == 0 { mark.to_owned() } else { " ".repeat(columns) };
            self.line(&format!("{lead}{line}"))?;
        }
        Ok(())
    }

    fn excess(&mut self, own: &DependentNeeds) -> io::Result<()> {
        for cause in &own.excess.causes {
            let fit = match cause.fit {
                "narrowest" | "by_default" if !self.all => continue,
                "narrowest" => ", which is the documented role",
                "by_default" => ", which the service grants by itself",
                _ => "",
            };
            let first: Vec<&str> = cause
                .actions
                .iter()
                .take(if self.all { usize::MAX } else { 2 })
                .map(|own| short(own))
                .collect();
            let rest = cause.actions.len() - first.len();
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let group =
                cause.reason.through_group.as_ref().map(|own| format!(" through group {}", super::name(own)));
            let text = format!(
                "{} on {}{}{fit}: {}{more}",
                cause.reason.role,
                place(&cause.reason.scope),
                group.unwrap_or_default(),
                first.join(", "),
            );
            let mark = match (cause.fit, cause.worst) {
                ("beyond", "secrets" | "grant") => self.style.severity(Severity::High, "excess"),
                ("beyond", _) => self.style.severity(Severity::Medium, "excess"),
                _ => self.style.dim("excess"),
            };
            self.plain_after(&format!("      {mark}{}", " ".repeat(COLUMN - 12)), COLUMN, &text)?;
        }
        Ok(())
    }

    /// The identity beside a profile.
    fn compared(&mut self, own: &Compared) -> io::Result<()> {
        self.plain("    ", &format!("beside {}:", own.about))?;
        let all = self.all;
        for grant in own.grants.iter().filter(|own| all || own.state != "not_applicable") {
            let when = grant.when.as_ref().map(|own| format!(", when {own}")).unwrap_or_default();
            let source = if self.all { format!("; {}", grant.source) } else { String::new() };
            let text = format!("{} on {}{when}{source}", grant.role, place(&grant.scope));
            let word = match (grant.state, &grant.when) {
                // Whether the condition is met is for the reader to say.
                ("missing", Some(_)) => "not there",
                ("not_applicable", _) => "not for it",
                (state, _) => state,
            };
            let padding = " ".repeat(COLUMN.saturating_sub(word.len() + 6));
            self.plain_after(&format!("      {}{padding}", self.verdict(word)), COLUMN, &text)?;
        }
        Ok(())
    }

    /// What the service grants by itself, in a line for each grant.
    fn by_default(&mut self, own: &ActorNeeds) -> io::Result<()> {
        let mut told: Vec<(&Reason, usize, bool)> = Vec::new();
        for cause in
            own.dependents.iter().flat_map(|to| &to.excess.causes).filter(|own| own.fit == "by_default")
        {
            let keys = ["secrets", "grant"].contains(&cause.worst);
            match told.iter_mut().find(|row| row.0.assignment == cause.reason.assignment) {
                Some(row) => (row.1, row.2) = (row.1 + 1, row.2 || keys),
                None => told.push((&cause.reason, 1, keys)),
            }
        }
        for (reason, dependents, keys) in told {
            let keys = if keys { ", keys included" } else { "" };
            let text = format!(
                "the service grants {} on {} by itself: more than is needed at {}{keys}; --detail tells what",
                reason.role,
                place(&reason.scope),
                counted(dependents as u64, "dependent")
            );
            self.dim("    ", &text)?;
        }
        Ok(())
    }

    pub(super) fn acts(
        &mut self,
        kind: &str,
        resource: &str,
        principal: Option<&crate::access::types::Principal>,
    ) -> io::Result<()> {
        let who = match principal {
            None => "has no identity: it lives on keys, or on whoever calls it".to_owned(),
            Some(own) => match (&own.unknown, &own.object_id) {
                (_, Some(id)) => {
                    // A system-assigned identity is called as what it belongs to.
                    let name = own.name.as_deref().filter(|name| *name != ArmId(resource).name());
                    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
                    format!("acts as its {}{name} ({id})", own.kind.as_deref().unwrap_or("identity"))
                }
                (Some(why), None) => format!("identity not known: {why}"),
                (None, None) => "identity not known".to_owned(),
            },
        };
        self.plain("  ", &format!("{kind} {} {who}", ArmId(resource).name()))
    }

    pub(super) fn unread(&mut self, unread: &[String]) -> io::Result<()> {
        let style = self.style;
        for why in unread {
            self.text("    ", &format!("not known: {why}"), |own| style.unknown(own))?;
        }
        Ok(())
    }
}

fn part(own: &Part) -> String {
    let name = own.datastore.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let uses = if own.uses.is_empty() { "nothing needed".to_owned() } else { own.uses.join(", ") };
    let key = match own.by_key {
        Some(true) => ", today with a key",
        Some(false) => "",
        None => ", today perhaps with a key",
    };
    format!("{}{name} ({uses}{key})", own.role)
}

/// Through what, or why not.
fn detail(verdict: &str, needs: &[&&Need]) -> String {
    let texts: BTreeSet<String> = match verdict {
        "allowed" | "conditional" => {
            let first = |need: &&&Need| {
                need.decision.because.first().map(|own| {
                    let group =
                        own.through_group.as_ref().map(|own| format!(" through group {}", super::name(own)));
                    format!("by {} on {}{}", own.role, place(&own.scope), group.unwrap_or_default())
                })
            };
            needs.iter().filter_map(first).collect()
        }
        "unknown" => needs.iter().flat_map(|need| need.decision.gaps.iter().cloned()).collect(),
        _ => BTreeSet::new(),
    };
    let condition = needs.iter().find_map(|need| need.decision.condition.as_ref());
    let condition = condition.map(|own| format!(", if {own}")).unwrap_or_default();
    if texts.is_empty() {
        return condition;
    }
    let few: Vec<String> = texts.iter().take(3).cloned().collect();
    let more = if texts.len() > 3 {
        format!(" and {}", counted((texts.len() - 3) as u64, "more reason"))
    } else {
        String::new()
    };
    format!(": {}{more}{condition}", few.join(", "))
}

/// An action without its provider.
fn short(action: &str) -> &str {
    action.split_once('/').map_or(action, |own| own.1)
}
