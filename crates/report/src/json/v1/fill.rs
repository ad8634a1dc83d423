//! From a report to the wire.

use super::types::{
    Control, Coverage, Document, Entry, Evidence, Finding, LabelledRate, NotJudged, Note, Owner, Pairs,
    Remedy, Rule, RuleError, Scopes, Severities, Source, Summary, Waived, Waiver, Workspaces,
};
use crate::lines::Stream;
use crate::{FindingView, Report, words};
use dekey_model::RuleIx;
use dekey_rules::{Counts, WaiverUse};

pub(super) fn document<'a>(report: &'a Report<'a>) -> Document<'a> {
    let (audit, settings) = (report.audit, report.settings);
    Document {
        schema: super::SCHEMA,
        dekey: report.version,
        as_of: audit.as_of.to_string(),
        identity_standard: words::identity_standard(settings.identity_standard),
        disabled_rules: &settings.disabled_rules,
        scopes: Scopes { include: &settings.scopes.include, exclude: &settings.scopes.exclude },
        summary: summary(report),
        known_from_baseline: report.known,
        waivers: audit.waivers.iter().map(waiver).collect(),
        coverage: coverage(report),
        errors: Stream::new(|| {
            report.errors().into_iter().filter_map(|error| {
                let rule = report.rule(error.rule)?.id;
                Some(RuleError {
                    rule,
                    resource: report.inventory.get(error.resource).id(),
                    message: words::RULE_FAILED,
                })
            })
        }),
        findings: Stream::new(|| report.findings().into_iter().filter_map(|f| report.view(f)).map(finding)),
        waived: Stream::new(|| {
            report.waived().into_iter().filter_map(|waived| {
                let finding = finding(report.view(&waived.finding)?);
                Some(Waived { finding, waiver: waiver(audit.waivers.get(waived.waiver)?) })
            })
        }),
        not_judged: Stream::new(|| {
            report.not_judged().filter_map(|question| {
                let view = report.view_not_judged(&question)?;
                let (source, line) = view.resource.provenance();
                Some(NotJudged {
                    rule: view.rule.id,
                    resource: view.resource.id(),
                    resource_type: view.resource.resource_type(),
                    name: view.resource.name(),
                    reason: view.reason,
                    source,
                    line: placed(line),
                })
            })
        }),
    }
}

fn summary<'a>(report: &'a Report<'a>) -> Summary<'a> {
    let (all, tally) = (&report.audit.summary, report.tally());
    let [critical, high, medium, low, info] = tally.by_severity;
    let rules = all.rules.iter().filter_map(|entry| {
        let rule = report.rule(entry.rule)?;
        Some(Rule {
            id: rule.id,
            title: rule.title(),
            group: rule.group.as_str(),
            severity: report.settings.severity_of(rule).as_str(),
            counts: pairs(&entry.counts),
            findings: count_of(&tally.by_rule, entry.rule),
        })
    });
    Summary {
        pairs: pairs(&all.pairs),
        strict_rate: all.pairs.strict_rate().map(rounded),
        azure_policy_rate: LabelledRate {
            value: all.pairs.azure_policy_rate().map(rounded),
            explanation: words::AZURE_POLICY,
        },
        coverage_rate: all.pairs.coverage().map(rounded),
        findings_by_severity: Severities { critical, high, medium, low, info },
        workspaces: Workspaces {
            total: all.workspaces.len(),
            without_high: all.workspaces_without_high,
            with_not_judged: all
                .workspaces
                .iter()
                .filter(|ws| ws.counts.not_judged + ws.counts.error > 0)
                .count(),
        },
        rules: rules.collect(),
    }
}

fn coverage<'a>(report: &'a Report<'a>) -> Coverage<'a> {
    let coverage = report.inventory.coverage();
    Coverage {
        resources: report
            .audit
            .summary
            .resources
            .iter()
            .map(|(kind, count)| (kind.plural(), *count))
            .collect(),
        sources: Stream::new(|| {
            coverage.sources.iter().map(|source| Source {
                name: &source.name,
                format: &source.format,
                resources: source.resources,
                bytes: source.bytes,
            })
        }),
        notes: Stream::new(|| {
            coverage.notes.iter().map(|note| Note {
                source: &note.source,
                line: placed(note.line),
                column: placed(note.column),
                kind: words::note_kind(note.kind),
                reason: &note.reason,
            })
        }),
        entries: Stream::new(|| {
            coverage.entries().map(|entry| {
                let (outcome, reason) = words::outcome(&entry.outcome);
                let (kind, reason) = (entry.kind.plural(), reason.map(str::to_owned));
                Entry { kind, outcome, reason, scope: entry.scope }
            })
        }),
    }
}

fn finding(view: FindingView<'_>) -> Finding<'_> {
    let own = view.finding;
    let evidence = view.evidence.into_iter();
    let controls = view.controls.into_iter();
    Finding {
        rule: view.rule.id,
        title: view.rule.title(),
        resource: view.resource.id(),
        resource_type: view.resource.resource_type(),
        name: view.resource.name(),
        part: own.part.as_deref(),
        severity: own.severity.as_str(),
        confidence: own.confidence.as_str(),
        fingerprint: view.fingerprint,
        message: &own.message,
        context: own.context.as_deref(),
        evidence: evidence
            .map(|e| Evidence { resource: e.resource, pointer: e.pointer, value: e.value })
            .collect(),
        workspaces: view.workspaces.iter().map(|ws| ws.id()).collect(),
        owner: Owner { value: view.owner.value, source: view.owner.source, inferred: view.owner.inferred },
        cost_center: view.cost_center,
        controls: controls.map(|c| Control { framework: c.framework, id: c.id, source: c.source }).collect(),
        remedy: Remedy {
            summary: view.remedy.summary,
            az: view.remedy.az,
            bicep: view.remedy.bicep,
            terraform: view.remedy.terraform,
            portal: view.remedy.portal,
        },
        source: view.source,
        line: placed(view.line),
    }
}

fn waiver(used: &WaiverUse) -> Waiver<'_> {
    let (own, (state, days_left)) = (&used.waiver, words::waiver_state(used.state));
    Waiver {
        rule: &own.rule,
        resource: &own.resource,
        justification: &own.justification,
        approver: &own.approver,
        expires: own.expires.to_string(),
        state,
        days_left,
        findings: used.findings,
    }
}

fn pairs(counts: &Counts) -> Pairs {
    let Counts { pass, fail, waived, not_judged, error } = *counts;
    Pairs { pass, fail, waived, not_judged, error, in_scope: counts.in_scope() }
}

fn count_of(by_rule: &[u64], rule: RuleIx) -> u64 {
    by_rule.get(usize::from(rule.0)).copied().unwrap_or(0)
}

/// Six digits say more than anyone counts, and spare readers the last bits of a division.
fn rounded(rate: f64) -> f64 {
    (rate * 1e6).round() / 1e6
}

/// Lines and columns start at 1; 0 stands for none.
fn placed<N: Default + PartialEq>(place: N) -> Option<N> {
    (place != N::default()).then_some(place)
}
