//! The pieces of the page.

use crate::words;
use crate::{OwnerView, Report, clean};
use dekey_model::{Finding, Severity};
use dekey_rules::{Counts, Group};
use std::collections::HashMap;

/// Height of a row of a chart.
pub(super) const ROW: usize = 26;

/// A bar of a chart.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) count: u64,
    pub(super) width: u64,
    pub(super) y: usize,
    pub(super) text_y: usize,
    pub(super) text_x: u64,
}

/// A stacked bar.
pub(super) struct Area {
    pub(super) name: &'static str,
    pub(super) pass: u64,
    pub(super) fail: u64,
    pub(super) waived: u64,
    pub(super) not_judged: u64,
    pub(super) y: usize,
    pub(super) text_y: usize,
    pub(super) parts: Vec<Part>,
}

pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) x: u64,
    pub(super) width: u64,
}

/// A row of a table by owner or subscription.
pub(super) struct Tally {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) worst: Severity,
}

/// A finding, spelled out.
pub(super) struct FindingPart {
    pub(super) severity: &'static str,
    pub(super) title: String,
    pub(super) subject: String,
    pub(super) message: String,
    pub(super) context: String,
    pub(super) evidence: Vec<(String, String)>,
    pub(super) why: String,
    pub(super) fix: String,
    pub(super) az: String,
    pub(super) bicep: String,
    pub(super) terraform: String,
    pub(super) portal: String,
    pub(super) owner: String,
    pub(super) confidence: &'static str,
    pub(super) rule: &'static str,
    pub(super) fingerprint: String,
    pub(super) source: String,
    pub(super) controls: String,
}

/// Text without anything that hides or turns around the text beside it.
pub(super) fn line(text: &str) -> String {
    clean::cut(&clean::line(text), 400).into_owned()
}

pub(super) fn severities(report: &Report<'_>) -> Vec<Bar> {
    let tally = report.tally().by_severity;
    let most = tally.iter().copied().max().unwrap_or(0).max(1);
    let bar = |(at, (severity, count)): (usize, (Severity, u64))| {
        let width = count * 190 / most;
        Bar {
            name: severity.as_str(),
            count,
            width,
            y: at * ROW + 4,
            text_y: at * ROW + 18,
            text_x: 84 + width,
        }
    };
    Severity::ALL.into_iter().zip(tally).enumerate().map(bar).collect()
}

pub(super) fn areas(report: &Report<'_>) -> Vec<Area> {
    let mut rows: Vec<(Group, Counts)> = Vec::new();
    for own in &report.audit.summary.rules {
        let Some(rule) = report.rule(own.rule) else { continue };
        let at = rows.iter().position(|(group, _)| *group == rule.group).unwrap_or_else(|| {
            rows.push((rule.group, Counts::default()));
            rows.len() - 1
        });
        if let Some((_, counts)) = rows.get_mut(at) {
            counts.pass += own.counts.pass;
            counts.fail += own.counts.fail;
            counts.waived += own.counts.waived;
            counts.not_judged += own.counts.not_judged + own.counts.error;
        }
    }
    rows.sort_by_key(|row| row.0);
    rows.into_iter().enumerate().map(|(at, (group, counts))| area(at, group, &counts)).collect()
}

fn area(at: usize, group: Group, counts: &Counts) -> Area {
    let all = counts.in_scope().max(1);
    let mut x = 136;
    let slices = [
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("waived", counts.waived),
        ("unknown", counts.not_judged),
    ];
    let parts = slices.into_iter().map(|(class, count)| {
        let part = Part { class, x, width: count * 310 / all };
        x += part.width;
        part
    });
    Area {
        name: group.as_str(),
        parts: parts.collect(),
        pass: counts.pass,
        fail: counts.fail,
        waived: counts.waived,
        not_judged: counts.not_judged,
        y: at * ROW + 4,
        text_y: at * ROW + 18,
    }
}

/// Findings by owner and by subscription, most first.
pub(super) fn tallies(report: &Report<'_>, limit: usize) -> (Vec<Tally>, Vec<Tally>) {
    let mut owners: HashMap<&str, (u64, Severity)> = HashMap::new();
    let mut subscriptions: HashMap<String, (u64, Severity)> = HashMap::new();
    let mut known: HashMap<dekey_model::ResourceIx, &str> = HashMap::new();
    for finding in report.listed() {
        let resource = report.inventory.get(finding.resource);
        let owner = *known
            .entry(finding.resource)
            .or_insert_with(|| report.owner(resource).value.unwrap_or("(nobody is named)"));
        let subscription = resource.arm_id().subscription().unwrap_or("(not known)").to_ascii_lowercase();
        for (count, worst) in [
            owners.entry(owner).or_insert((0, Severity::Info)),
            subscriptions.entry(subscription).or_insert((0, Severity::Info)),
        ] {
            *count += 1;
            *worst = (*worst).max(finding.severity);
        }
    }
    let owners = owners.into_iter().map(|(name, own)| (name.to_owned(), own));
    let named = |id: String| match words::subscription_name(report.inventory, &id) {
        Some(name) => format!("{name} ({id})"),
        None => id,
    };
    let subscriptions = subscriptions.into_iter().map(|(id, own)| (named(id), own));
    (ranked(owners.collect(), limit), ranked(subscriptions.collect(), limit))
}

fn ranked(rows: Vec<(String, (u64, Severity))>, limit: usize) -> Vec<Tally> {
    let mut rows: Vec<Tally> =
        rows.into_iter().map(|(name, (count, worst))| Tally { name: line(&name), count, worst }).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    rows.truncate(limit);
    rows
}

pub(super) fn owner(view: OwnerView<'_>) -> String {
    match (view.value, view.source, view.inferred) {
        (Some(value), Some(source), _) => format!("Owner: {value} (tag of the {source})"),
        (_, _, Some(creator)) => format!("No owner tag; made by {creator}, which is a guess"),
        _ => "Owner not known".to_owned(),
    }
}

pub(super) fn finding(report: &Report<'_>, finding: &Finding) -> Option<FindingPart> {
    let rule = report.rule(finding.rule)?;
    let resource = report.inventory.get(finding.resource);
    let remedy = report.remedy(rule, resource);
    let controls = rule.controls.iter().map(|c| format!("{} {} ({})", c.framework, c.id, c.source.as_str()));
    let (source, at) = resource.provenance();
    let evidence = report.evidence(finding);
    Some(FindingPart {
        severity: finding.severity.as_str(),
        title: rule.title().to_owned(),
        subject: line(&format!(
            "{} {}",
            resource.resource_type().rsplit('/').next().unwrap_or(""),
            resource.name()
        )),
        message: sentence(&finding.message),
        context: finding.context.as_deref().map(sentence).unwrap_or_default(),
        evidence: evidence.into_iter().map(|e| (line(&e.pointer), line(&e.value))).collect(),
        why: plain(rule.section("Why it matters")),
        fix: plain(rule.section("How it is put right")),
        az: remedy.az,
        bicep: remedy.bicep,
        terraform: remedy.terraform,
        portal: remedy.portal,
        owner: line(&owner(report.owner(resource))),
        confidence: finding.confidence.as_str(),
        rule: rule.id,
        fingerprint: report.fingerprint(finding),
        source: if at > 0 {
            line(&format!("Read from {source}, line {at}."))
        } else {
            line(&format!("Read from {source}."))
        },
        controls: controls.collect::<Vec<_>>().join("; "),
    })
}

/// A message as a sentence: messages start in lower case, because most outputs put something in front of them.
fn sentence(text: &str) -> String {
    let text = line(text);
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A section of a rule's page on one line, without Markdown's marks for code and emphasis.
fn plain(text: &str) -> String {
    text.replace(['`', '*'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn unknowns(report: &Report<'_>, limit: usize) -> Vec<(String, u64)> {
    let reasons = words::reasons(report).into_iter().take(limit);
    reasons.map(|reason| (line(&reason.text), reason.questions)).collect()
}

pub(super) fn sources(report: &Report<'_>, limit: usize) -> Vec<(String, String, u64)> {
    let sources = report.inventory.coverage().sources.iter().take(limit);
    sources.map(|source| (line(&source.name), source.format.clone(), source.resources)).collect()
}

pub(super) fn notes(report: &Report<'_>, limit: usize) -> Vec<(String, String)> {
    let notes = report.inventory.coverage().notes.iter().take(limit);
    notes
        .map(|note| {
            let what = format!("{}: {}", words::note_kind(note.kind), note.reason);
            (line(&note.place()), line(&what))
        })
        .collect()
}
