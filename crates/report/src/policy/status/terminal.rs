//! For people, on a terminal.

use super::Stood;
use crate::TerminalOptions;
use crate::policy::Page;
use crate::policy::simulate::{RATES, rates};
use crate::style::Style;
use crate::words::{counted, percent};
use dekey_guard::{ScopeStatus, Stand};
use dekey_model::{ArmId, Kind, Severity};
use std::io::{self, Write};

/// How many differences and policies are named unless all are asked for.
const NAMED: usize = 10;

/// Writes it for people.
pub fn terminal(own: &Stood<'_>, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut told = Told {
        own,
        page: Page::new(options, out),
        all: options.all,
        named: if options.all { usize::MAX } else { NAMED },
    };
    told.page.heading(&format!(
        "{} in {}, {}, as of {}",
        counted(own.status.rules.len() as u64, "rule"),
        counted(own.status.scopes.len() as u64, "scope"),
        counted(own.assigned.len() as u64, "assignment"),
        own.as_of
    ))?;
    told.page.dim("", RATES)?;
    for (scope, rules) in own.worth_telling(options.all) {
        told.scope(scope, &rules)?;
    }
    told.others()?;
    told.azure()?;
    told.gaps()
}

struct Told<'t, 'p> {
    own: &'t Stood<'t>,
    page: Page<'p>,
    all: bool,
    named: usize,
}

fn look(stand: Stand) -> fn(Style, &str) -> String {
    match stand {
        Stand::Enforced => |_, text| text.to_owned(),
        Stand::Audited | Stand::Exempt => |style, text| style.severity(Severity::Medium, text),
        Stand::Bare => |style, text| style.severity(Severity::High, text),
        Stand::Unknown => Style::unknown,
    }
}

impl Told<'_, '_> {
    fn scope(&mut self, scope: &ScopeStatus, rules: &[usize]) -> io::Result<()> {
        self.page.line("")?;
        let indent = "  ".repeat(scope.depth.min(8));
        let kind = match scope.kind {
            Kind::ManagementGroup => "management group",
            Kind::Subscription => "subscription",
            _ => "resource group",
        };
        self.page.text(&indent, &format!("{} ({kind})", scope.name), Style::bold)?;
        let indent = format!("{indent}  ");
        if scope.counts.looked_at() > 0 {
            self.page.dim(&indent, &rates(&scope.counts))?;
        }
        for stand in [Stand::Enforced, Stand::Audited, Stand::Exempt, Stand::Unknown, Stand::Bare] {
            let row = |at: &usize| self.own.status.rules.get(*at).zip(scope.rules.get(*at));
            let own: Vec<_> = rules.iter().filter_map(row).filter(|row| row.1.stand == stand).collect();
            if own.is_empty() {
                continue;
            }
            if matches!(stand, Stand::Bare | Stand::Unknown) && !self.all {
                let names: Vec<&str> = own.iter().map(|row| row.0.as_str()).collect();
                let text = format!("{}: {}", stand.word(), names.join(", "));
                self.page.text(&indent, &text, look(stand))?;
                continue;
            }
            for (rule, status) in own {
                let by: Vec<String> = status.by.iter().map(|by| self.own.who(*by)).collect();
                let part = if status.in_part { ", in part" } else { "" };
                let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join("; ")) };
                let all = status.counts.looked_at();
                let rate = if all == 0 {
                    String::new()
                } else {
                    format!(
                        " ({}, {} of {all} comply)",
                        percent(status.counts.compliant, all),
                        status.counts.compliant
                    )
                };
                self.page.text(&indent, &format!("{}{part}: {rule}{by}{rate}", stand.word()), look(stand))?;
            }
        }
        if rules.is_empty() { self.page.dim(&indent, "rules stand as in the subscription") } else { Ok(()) }
    }

    fn others(&mut self) -> io::Result<()> {
        let all = &self.own.status.others;
        if all.is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        self.page.heading("Assigned, and about none of these rules")?;
        for at in all.iter().take(self.named) {
            self.page.plain("  ", &self.own.who(*at))?;
        }
        self.more(all.len())
    }

    fn azure(&mut self) -> io::Result<()> {
        let Some(azure) = self.own.compared else { return Ok(()) };
        self.page.line("")?;
        self.page.heading("What Azure says")?;
        let text = format!(
            "{}: {} as dekey says, {} otherwise, {} not judged by dekey",
            counted(azure.states, "state"),
            azure.same,
            azure.differences.len(),
            azure.not_judged
        );
        self.page.plain("  ", &text)?;
        for own in azure.differences.iter().take(self.named) {
            let when = own.evaluated.as_deref().map_or_else(String::new, |at| format!(" (evaluated {at})"));
            let text = format!(
                "{}: {} says Azure{when}, {} says dekey; {}",
                ArmId(&own.resource).name(),
                own.azure,
                own.own,
                self.own.who((own.assignment, own.part))
            );
            self.page.text("    ", &text, |style, text| style.severity(Severity::Medium, text))?;
        }
        self.more(azure.differences.len())?;
        for (why, count) in &azure.not_compared {
            self.page.text(
                "  ",
                &format!("{} not compared: {why}", counted(*count, "state")),
                Style::unknown,
            )?;
        }
        Ok(())
    }

    fn gaps(&mut self) -> io::Result<()> {
        let gaps = self.own.gaps();
        if gaps.is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        self.page.heading("Not judged")?;
        for gap in gaps.iter().take(self.named) {
            self.page.text("  ", gap, Style::unknown)?;
        }
        self.more(gaps.len())
    }

    fn more(&mut self, count: usize) -> io::Result<()> {
        match count.saturating_sub(self.named) {
            0 => Ok(()),
            more => self.page.dim("  ", &format!("and {more} more (--all)")),
        }
    }
}
