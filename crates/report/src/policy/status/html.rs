//! As a page.

use super::Stood;
use crate::clean;
use crate::policy::html::{CSS, Card, Cell, ROWS, Section, Sheet};
use crate::words::{counted, percent};
use dekey_guard::{Counts, Stand};
use std::io::{self, Write};

/// Writes it as a page.
pub fn html(own: &Stood<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut counts = Counts::default();
    own.status.scopes.iter().filter(|scope| scope.depth == 0).for_each(|scope| counts.add(&scope.counts));
    let all = counts.looked_at();
    let card = |number: String, what: &str, text: String| Card { number, what: what.to_owned(), text };
    let sheet = Sheet {
        css: CSS,
        title: "Where Azure Policy enforces what",
        version: own.version,
        about: format!(
            "{} in {}, as of {}.",
            counted(own.status.rules.len() as u64, "rule"),
            counted(own.status.scopes.len() as u64, "scope"),
            own.as_of
        ),
        cards: vec![
            card(
                percent(counts.compliant, all),
                "strict compliance:",
                format!(
                    "{} of {all} pairs of resource and rule. Exempt and not judged do not count as compliant.",
                    counts.compliant
                ),
            ),
            card(
                percent(counts.compliant + counts.exempt, all - counts.not_judged),
                "Azure would show",
                "this for the same pairs: exempt counts as compliant there. For comparison only.".to_owned(),
            ),
        ],
        sections: vec![scopes(own), azure(own), gaps(own)],
    };
    sheet.write(out)
}

fn clean(text: &str) -> String {
    clean::line(text).into_owned()
}

fn tag(stand: Stand) -> &'static str {
    match stand {
        Stand::Enforced => "low",
        Stand::Audited | Stand::Exempt => "medium",
        Stand::Bare => "high",
        Stand::Unknown => "unknown",
    }
}

fn scopes(own: &Stood<'_>) -> Section {
    let mut rows = Vec::new();
    let mut more = 0;
    for (scope, told) in own.worth_telling(false) {
        let name = format!("{}{}", "\u{a0}\u{a0}".repeat(scope.depth.min(8)), clean(&scope.name));
        let alike = told.is_empty();
        let mut add = |rule: String, stand: Cell, by: String, rate: String| {
            if rows.len() < ROWS {
                rows.push(vec![
                    Cell::plain(&*name),
                    Cell::plain(rule),
                    stand,
                    Cell::plain(by),
                    Cell::plain(rate),
                ]);
            } else {
                more += 1;
            }
        };
        for stand in [Stand::Enforced, Stand::Audited, Stand::Exempt, Stand::Unknown, Stand::Bare] {
            let row = |at: &usize| own.status.rules.get(*at).zip(scope.rules.get(*at));
            let all: Vec<_> = told.iter().filter_map(row).filter(|row| row.1.stand == stand).collect();
            if matches!(stand, Stand::Bare | Stand::Unknown) && !all.is_empty() {
                let names: Vec<&str> = all.iter().map(|row| row.0.as_str()).collect();
                add(names.join(", "), Cell::tag(stand.word(), tag(stand)), String::new(), String::new());
                continue;
            }
            for (rule, status) in all {
                let by: Vec<String> = status.by.iter().map(|by| own.who(*by)).collect();
                let looked = status.counts.looked_at();
                let rate = if looked == 0 {
                    String::new()
                } else {
                    format!("{} of {looked}", status.counts.compliant)
                };
                let part = if status.in_part { ", in part" } else { "" };
                let word = Cell::tag(format!("{}{part}", stand.word()), tag(stand));
                add(rule.clone(), word, clean(&by.join("; ")), rate);
            }
        }
        if alike {
            add("as in the subscription".to_owned(), Cell::plain(""), String::new(), String::new());
        }
    }
    let head = vec!["scope", "rule", "stands", "by", "comply"];
    let title = "Scopes and rules".to_owned();
    Section { id: "scopes".to_owned(), title, text: String::new(), head, rows, more }
}

fn azure(own: &Stood<'_>) -> Section {
    let title = "What Azure says".to_owned();
    let head = vec!["resource", "policy", "Azure", "evaluated", "dekey"];
    let Some(azure) = own.compared else {
        let text = "Not judged: no policy states were read.".to_owned();
        return Section { id: "azure".to_owned(), title, text, head, rows: Vec::new(), more: 0 };
    };
    let text = format!(
        "{}: {} as dekey says, {} otherwise, {} not judged by dekey.",
        counted(azure.states, "state"),
        azure.same,
        azure.differences.len(),
        azure.not_judged
    );
    let row = |one: &dekey_guard::Difference| {
        vec![
            Cell::plain(clean(&one.resource)),
            Cell::plain(clean(&own.who((one.assignment, one.part)))),
            Cell::plain(clean(&one.azure)),
            Cell::plain(clean(one.evaluated.as_deref().unwrap_or(""))),
            Cell::plain(one.own),
        ]
    };
    let rows: Vec<Vec<Cell>> = azure.differences.iter().take(ROWS).map(row).collect();
    let more = azure.differences.len().saturating_sub(ROWS);
    Section { id: "azure".to_owned(), title, text, head, rows, more }
}

fn gaps(own: &Stood<'_>) -> Section {
    let rows: Vec<Vec<Cell>> = own.gaps().iter().map(|own| vec![Cell::plain(clean(own))]).collect();
    let text = if rows.is_empty() { "Everything was judged.".to_owned() } else { String::new() };
    Section {
        id: "unknown".to_owned(),
        title: "Not judged".to_owned(),
        text,
        head: vec!["what is missing"],
        rows,
        more: 0,
    }
}
