//! As a page.

use super::Simulated;
use super::terminal::{policies as count_of_policies, told, words};
use crate::clean;
use crate::policy::html::{CSS, Card, Cell, ROWS, Section, Sheet};
use crate::words::{counted, percent};
use std::io::{self, Write};

/// Writes it as a page.
pub fn html(own: &Simulated<'_>, out: &mut dyn Write) -> io::Result<()> {
    let effect = own.effect.as_ref().map_or_else(String::new, |effect| format!(", as if {effect}"));
    let sheet = Sheet {
        css: CSS,
        title: "What Azure Policy says, and would stop",
        version: own.version,
        about: format!(
            "{} on {}{effect}, as of {}.",
            counted(own.shown().count() as u64, "assignment"),
            counted(own.inventory().len() as u64, "resource"),
            own.as_of
        ),
        cards: cards(own),
        sections: vec![stuck(own), writes(own), conflicts(own), policies(own), resources(own), gaps(own)],
    };
    sheet.write(out)
}

fn cards(own: &Simulated<'_>) -> Vec<Card> {
    let counts = own.counts();
    let all = counts.looked_at();
    let card = |number: String, what: &str, text: String| Card { number, what: what.to_owned(), text };
    vec![
        card(
            percent(counts.compliant, all),
            "strict compliance:",
            format!(
                "{} of {all} pairs of resource and policy. Exempt and not judged do not count as compliant.",
                counts.compliant
            ),
        ),
        card(
            percent(counts.compliant + counts.exempt, all - counts.not_judged),
            "Azure would show",
            "this for the same pairs: exempt counts as compliant there. For comparison only.".to_owned(),
        ),
        card(
            own.blast.stuck.len().to_string(),
            "resources refused as they are",
            format!(
                "by {} that deny. They can no longer be updated until they are put right.",
                count_of_policies(own.blast.refusing.len())
            ),
        ),
        card(
            counts.not_judged.to_string(),
            "not judged:",
            "pairs of which something would have to be known that was not read.".to_owned(),
        ),
    ]
}

fn section(id: &str, title: &str, head: Vec<&'static str>, mut rows: Vec<Vec<Cell>>, none: &str) -> Section {
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let text = if rows.is_empty() { none.to_owned() } else { String::new() };
    Section { id: id.to_owned(), title: title.to_owned(), text, head, rows, more }
}

fn clean(text: &str) -> String {
    clean::line(text).into_owned()
}

fn policies(own: &Simulated<'_>) -> Section {
    let mut rows = Vec::new();
    for (at, assessed) in own.simulation.assessments.iter().enumerate().filter(|one| own.is_shown(one.0)) {
        for (ix, judged) in assessed.parts.iter().enumerate() {
            let scope = own.assignment(at).map_or("", |own| own.assignment.scope.as_str());
            rows.push(vec![
                Cell::plain(clean(&own.assignment_name(at))),
                Cell::plain(clean(&own.part_name(at, ix))),
                Cell::plain(clean(scope)),
                Cell::plain(own.effect_of(at, ix)),
                Cell::plain(own.enforcement(at)),
                Cell::plain(words(&judged.counts)),
            ]);
        }
    }
    let head = vec!["assignment", "policy", "scope", "effect", "enforcement", "resources"];
    section("policies", "Policies", head, rows, "Nothing is assigned.")
}

fn stuck(own: &Simulated<'_>) -> Section {
    let rows = own.blast.stuck.iter().take(ROWS + 1).map(|stuck| {
        let resource = own.get(stuck.resource);
        let by: Vec<String> = stuck.by.iter().map(|by| own.who(*by)).collect();
        vec![
            Cell::plain(clean(resource.name())),
            Cell::plain(clean(&own.place(stuck.resource))),
            Cell::plain(own.owner(resource).map_or_else(|| "not known".to_owned(), |own| clean(own.value))),
            Cell::plain(clean(&by.join("; "))),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let head = vec!["resource", "where", "owner", "refused by"];
    let mut own_section =
        section("blast", "Can no longer be updated as they are", head, rows, "Nothing is refused as it is.");
    own_section.more = own.blast.stuck.len().saturating_sub(ROWS);
    own_section
}

fn writes(own: &Simulated<'_>) -> Section {
    let head = vec!["when", "who", "resource", "owner", "refused by"];
    let title = "Writes of late that would have been refused";
    let Some(writes) = &own.blast.writes else {
        return section("writes", title, head, Vec::new(), "Not judged: the inventory has no activity log.");
    };
    let row = |refused: &dekey_guard::RefusedWrite| {
        let by: Vec<String> = refused.by.iter().map(|by| own.who(*by)).collect();
        let resource = own.get(refused.resource);
        vec![
            Cell::plain(clean(&refused.event.time)),
            Cell::plain(clean(refused.event.caller.as_deref().unwrap_or("not known"))),
            Cell::plain(clean(resource.name())),
            Cell::plain(own.owner(resource).map_or_else(|| "not known".to_owned(), |own| clean(own.value))),
            Cell::plain(clean(&by.join("; "))),
        ]
    };
    let none = format!("None of {} would have been.", counted(writes.looked_at, "write"));
    section("writes", title, head, writes.refused.iter().map(row).collect(), &none)
}

fn conflicts(own: &Simulated<'_>) -> Section {
    let row = |conflict: &dekey_guard::Conflict| {
        let both = match &conflict.both {
            Some(changes) => told(changes),
            None => "no state was found that satisfies both".to_owned(),
        };
        vec![
            Cell::plain(clean(&own.who(conflict.one))),
            Cell::plain(clean(&own.who(conflict.other))),
            Cell::plain(conflict.resources.to_string()),
            Cell::plain(clean(own.get(conflict.example).name())),
            Cell::plain(clean(&both)),
        ]
    };
    let head = vec!["one", "other", "resources", "for example", "what satisfies both"];
    let rows = own.conflicts.iter().map(row).collect();
    section("conflicts", "Denials that pull in different directions", head, rows, "None.")
}

fn resources(own: &Simulated<'_>) -> Section {
    let mut rows = Vec::new();
    let mut more = 0;
    for (at, assessed) in own.simulation.assessments.iter().enumerate().filter(|one| own.is_shown(one.0)) {
        for (ix, judged) in assessed.parts.iter().enumerate() {
            let refused = judged.non_compliant.iter().map(|(effect, all)| (effect.clone(), "high", all));
            let failed = judged.failed.iter().map(|(why, all)| (format!("fails: {why}"), "critical", all));
            let unknown =
                judged.not_judged.iter().map(|(why, all)| (format!("not judged: {why}"), "unknown", all));
            for (what, tag, all) in refused.chain(failed).chain(unknown) {
                for resource in all {
                    if rows.len() >= ROWS {
                        more += 1;
                        continue;
                    }
                    rows.push(vec![
                        Cell::plain(clean(own.get(*resource).name())),
                        Cell::plain(clean(&own.place(*resource))),
                        Cell::tag(clean(&what), tag),
                        Cell::plain(clean(&own.who((at, ix)))),
                    ]);
                }
            }
        }
    }
    let head = vec!["resource", "where", "verdict", "policy"];
    let mut all = section("resources", "Resources that are not compliant or not judged", head, rows, "None.");
    all.more = more;
    all
}

fn gaps(own: &Simulated<'_>) -> Section {
    let rows = own.gaps().iter().map(|own| vec![Cell::plain(clean(own))]).collect();
    section("unknown", "Not judged", vec!["what is missing"], rows, "Everything else was judged.")
}
