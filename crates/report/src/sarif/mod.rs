//! SARIF 2.1.0: findings as results, everything that could not be looked at as notifications of the tool.
//!
//! What was not judged is *not* a result of another kind: viewers such as GitHub code scanning show every result as an
//! alert, whatever its `kind`. A notification with the rule and the resource says the same, and cannot pass for a finding.
//! Waived findings are results that carry their suppression.

mod notices;
mod rules;
mod types;
mod uri;

pub use notices::beyond_limit;

use crate::{FindingView, Report, clean, lines, words};
use dekey_model::{Resource, Severity};
use dekey_rules::WaiverUse;
use std::io::{self, Write};
use types::{
    Artifact, ArtifactLocation, ArtifactProperties, Automation, Driver, Evidence, Fingerprints, Invocation,
    Location, Log, LogicalLocation, Message, Outcome, OutcomeProperties, PhysicalLocation, Rate, Region, Run,
    RunProperties, Suppression, SuppressionProperties, Tool,
};

/// How deep items have lines of their own: log, runs, run, its lists.
const DEPTH: usize = 4;

/// Writes a report.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [run(report)],
    };
    lines::write(&log, DEPTH, out)
}

fn run<'a>(report: &'a Report<'a>) -> Run<'a> {
    let coverage = report.inventory.coverage();
    let rates = report.rates();
    let uses = &report.audit.waivers;
    let findings =
        || report.findings().into_iter().filter_map(|f| Some(outcome(report.view(f)?, f.rule.0, None)));
    let waived = || {
        report.waived().into_iter().filter_map(|waived| {
            let view = report.view(&waived.finding)?;
            Some(outcome(view, waived.finding.rule.0, uses.get(waived.waiver)))
        })
    };
    Run {
        tool: Tool { driver: driver(report) },
        automation_details: Automation { id: "dekey/audit/" },
        column_kind: "unicodeCodePoints",
        properties: RunProperties {
            as_of: report.audit.as_of.to_string(),
            strict_rate: Rate { text: rates.strict, explanation: words::STRICT },
            azure_policy_rate: Rate { text: rates.azure_policy, explanation: words::AZURE_POLICY },
            coverage_rate: Rate { text: rates.coverage, explanation: words::COVERAGE },
            known_from_baseline: report.known,
        },
        artifacts: lines::Stream::new(|| {
            coverage.sources.iter().map(|source| Artifact {
                location: ArtifactLocation { uri: uri::of_source(&source.name) },
                length: source.bytes,
                properties: ArtifactProperties {
                    name: &source.name,
                    format: &source.format,
                    resources: source.resources,
                },
            })
        }),
        results: lines::Stream::new(move || findings().chain(waived())),
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: notices::all(report),
        }],
    }
}

fn driver<'a>(report: &'a Report<'a>) -> Driver<'a> {
    Driver {
        name: "dekey",
        full_name: format!("dekey {}", report.version),
        organization: "dekey",
        semantic_version: report.version,
        version: report.version,
        short_description: Message {
            text: "Finds static keys in Azure Machine Learning tenants.".to_owned(),
        },
        notifications: notices::descriptors(),
        rules: report.audit.rules.iter().map(|rule| rules::descriptor(rule, report.settings)).collect(),
    }
}

fn outcome<'a>(view: FindingView<'a>, rule: u16, waiver: Option<&'a WaiverUse>) -> Outcome<'a> {
    let finding = view.finding;
    let context = finding.context.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    let suppression = |used: &'a WaiverUse| Suppression {
        kind: "external",
        status: "accepted",
        justification: &used.waiver.justification,
        properties: SuppressionProperties {
            approver: &used.waiver.approver,
            expires: used.waiver.expires.to_string(),
        },
    };
    Outcome {
        rule_id: view.rule.id,
        rule_index: rule,
        kind: "fail",
        level: level(finding.severity),
        message: message(&format!("'{}': {}{context}.", view.resource.name(), finding.message)),
        locations: [location(view.resource)],
        partial_fingerprints: Fingerprints {
            github: format!("{}:1", view.fingerprint),
            own: view.fingerprint,
        },
        suppressions: waiver.map(suppression).into_iter().collect(),
        properties: OutcomeProperties {
            security_severity: security_severity(finding.severity),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            resource_type: view.resource.resource_type(),
            workspaces: view.workspaces.iter().map(|ws| ws.id()).collect(),
            part: finding.part.as_deref(),
            owner: view.owner.value,
            owner_inferred: view.owner.inferred,
            cost_center: view.cost_center,
            evidence: view
                .evidence
                .into_iter()
                .map(|e| Evidence { resource: e.resource, pointer: e.pointer, value: e.value })
                .collect(),
            remedy: view.remedy.az,
        },
    }
}

/// The document and line a resource was read from, and the resource itself.
fn location(resource: Resource<'_>) -> Location<'_> {
    let (source, line) = resource.provenance();
    let logical =
        LogicalLocation { name: resource.name(), fully_qualified_name: resource.id(), kind: "resource" };
    Location { physical_location: place(source, line.into(), 0), logical_locations: Some([logical]) }
}

/// Lines start at 1; a document without lines is all on the first.
fn place(source: &str, line: u64, column: u64) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri::of_source(source) },
        region: Region { start_line: line.max(1), start_column: (column > 0).then_some(column) },
    }
}

/// One line, as people are shown it. In SARIF `[text](target)` is a link, also in plain text; names come from strangers, so
/// there are none.
pub(crate) fn text(text: &str) -> String {
    clean::line(text).replace("](", "] (")
}

fn message(own: &str) -> Message {
    Message { text: text(own) }
}

/// A document as a URI.
pub(crate) fn source_uri(source: &str) -> String {
    uri::of_source(source)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of the band that GitHub shows under the same word; 0 means none.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

#[cfg(test)]
mod tests;
