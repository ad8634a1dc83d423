//! One self-contained HTML page that an owner forwards to a manager: no script, no outside asset, prints well.

mod graphs;
mod parts;

use crate::words::{self, counted};
use crate::{GroupKind, Report};
use askama::Template;
use dekey_model::{Kind, Severity};
use dekey_rules::WaiverState;
use graphs::Graphs;
use parts::{Area, Bar, FindingPart, Tally};
use std::collections::HashMap;
use std::io::{self, Write};

/// How much is shown, so that the page of a large tenant still opens.
const GROUPS: usize = 150;
const FINDINGS: usize = 20;
const ROWS: usize = 200;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    css: &'static str,
    version: &'a str,
    as_of: String,
    scope: String,
    strict: String,
    strict_counts: String,
    judged: String,
    judged_counts: String,
    azure: String,
    workspaces: String,
    lead: String,
    severities: Vec<Bar>,
    severity_height: usize,
    areas: Vec<Area>,
    area_height: usize,
    owners: Vec<Tally>,
    subscriptions: Vec<Tally>,
    groups: Vec<GroupPart>,
    more_groups: usize,
    no_findings: &'static str,
    has_graphs: bool,
    unknowns: Vec<(String, u64)>,
    unknown_total: String,
    waivers: Vec<WaiverPart>,
    waived_total: String,
    sources: Vec<(String, String, u64)>,
    notes: Vec<(String, String)>,
}

struct GroupPart {
    name: String,
    about: String,
    graph: Option<String>,
    findings: Vec<FindingPart>,
    more: usize,
}

struct WaiverPart {
    rule: String,
    resource: String,
    findings: usize,
    until: String,
    why: String,
}

/// Writes the page.
pub fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let text = page(report).render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn page<'a>(report: &Report<'a>) -> Page<'a> {
    let summary = &report.audit.summary;
    let pairs = &summary.pairs;
    let all = pairs.in_scope();
    let (worst, groups) = report.worst_groups(GROUPS);
    let mut graphs = Graphs::of(report);
    let mut part = |group: &crate::Group<'_>| {
        let graph = graphs.as_mut().and_then(|own| own.draw(group.kind));
        GroupPart { graph, ..group_part(report, group) }
    };
    let shown: Vec<GroupPart> = worst.iter().map(&mut part).collect();
    let workspaces = summary.workspaces.len() as u64;
    let (severities, areas) = (parts::severities(report), parts::areas(report));
    let (owners, subscriptions) = parts::tallies(report, ROWS);
    let empty = report.inventory.is_empty();
    Page {
        css: include_str!("../templates/report.css"),
        version: report.version,
        as_of: report.audit.as_of.to_string(),
        scope: scope(report),
        strict: words::percent(pairs.pass, all),
        strict_counts: format!("{} of {all}", pairs.pass),
        judged: words::percent(pairs.pass + pairs.fail + pairs.waived, all),
        judged_counts: format!("{} of {all}", pairs.pass + pairs.fail + pairs.waived),
        azure: words::percent(pairs.pass + pairs.waived + pairs.not_judged + pairs.error, all),
        workspaces: format!(
            "{} of {} ({}) have no finding of high or critical severity.",
            summary.workspaces_without_high,
            counted(workspaces, "workspace"),
            words::percent(summary.workspaces_without_high, workspaces)
        ),
        lead: lead(report),
        severity_height: severities.len() * parts::ROW + 8,
        severities,
        area_height: areas.len() * parts::ROW + 8,
        areas,
        owners,
        subscriptions,
        more_groups: groups - shown.len(),
        groups: shown,
        has_graphs: graphs.is_some(),
        no_findings: if empty {
            "Nothing was read, so nothing is known."
        } else {
            "What was judged is as it should be."
        },
        unknowns: parts::unknowns(report, ROWS),
        unknown_total: counted(report.audit.questions(), "question"),
        waivers: waivers(report),
        waived_total: counted(report.audit.waived.len() as u64, "finding"),
        sources: parts::sources(report, ROWS),
        notes: parts::notes(report, ROWS),
    }
}

fn scope(report: &Report<'_>) -> String {
    let resources = &report.audit.summary.resources;
    let named = resources.iter().filter(|(kind, _)| **kind != Kind::Other).take(6);
    let list: Vec<String> = named.map(|(kind, count)| words::resources(*count, *kind)).collect();
    let read = if list.is_empty() { "Nothing".to_owned() } else { list.join(", ") };
    let sources = counted(report.inventory.coverage().sources.len() as u64, "document");
    format!("{read} and more, read from {sources}").replace("Nothing and more", "Nothing was audited")
}

/// The rules with most findings of high or critical severity, in one sentence.
fn lead(report: &Report<'_>) -> String {
    let mut counts: HashMap<u16, u64> = HashMap::new();
    for finding in report.listed().iter().filter(|f| f.severity >= Severity::High) {
        *counts.entry(finding.rule.0).or_default() += 1;
    }
    let mut counts: Vec<(u16, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let named = counts.iter().take(3).filter_map(|(ix, count)| {
        let title = report.rule(dekey_model::RuleIx(*ix))?.title();
        Some(format!("{title} ({count})"))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { String::new() } else { format!("Most urgent: {}.", named.join("; ")) }
}

fn group_part(report: &Report<'_>, group: &crate::Group<'_>) -> GroupPart {
    let resource = report.inventory.get(group.kind.resource());
    let kind = resource.resource_type().rsplit('/').next().unwrap_or("");
    let place = words::place(resource);
    let about = match group.kind {
        GroupKind::Workspace(_) => place,
        GroupKind::Shared(_) => {
            format!("{kind} shared by {}; {place}", words::users(resource))
        }
        GroupKind::Unattached(_) => format!("{kind} that no workspace uses which was read; {place}"),
    };
    let shown = group.findings.iter().take(FINDINGS).filter_map(|f| parts::finding(report, f));
    GroupPart {
        name: parts::line(resource.name()),
        about: parts::line(&format!("{about}. {}", parts::owner(report.owner(resource)))),
        graph: None,
        findings: shown.collect(),
        more: group.findings.len().saturating_sub(FINDINGS),
    }
}

fn waivers(report: &Report<'_>) -> Vec<WaiverPart> {
    let part = |entry: &dekey_rules::WaiverUse| WaiverPart {
        rule: entry.waiver.rule.clone(),
        resource: parts::line(&entry.waiver.resource),
        findings: entry.findings,
        until: match entry.state {
            WaiverState::Active(days) => format!("{} ({days} days left)", entry.waiver.expires),
            WaiverState::Expired => format!("{}: expired, its findings count again", entry.waiver.expires),
        },
        why: parts::line(&format!("{}; {}", entry.waiver.justification, entry.waiver.approver)),
    };
    report.audit.waivers.iter().take(ROWS).map(part).collect()
}

#[cfg(test)]
mod tests;
