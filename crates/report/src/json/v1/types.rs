//! The wire, and nothing else: what these types say is what the schema says.

use crate::lines::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The result of `dekey audit`. Later releases may add properties to any object and write them where a reader does not
/// know them; within version 1 none is removed, renamed or given another meaning. Ids are as the documents give them;
/// compare them without regard to case. Values that look like credentials are masked.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The format.
    #[schemars(extend("const" = super::SCHEMA))]
    pub(super) schema: &'static str,
    /// The version of dekey.
    pub(super) dekey: &'a str,
    /// The day for which the audit holds, as `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub(super) as_of: String,
    /// Which managed identity a workspace should have.
    #[schemars(extend("enum" = ["system", "user", "either", "both"]))]
    pub(super) identity_standard: &'static str,
    /// Rules that the settings switch off; no number in here knows of them.
    pub(super) disabled_rules: &'a [String],
    /// Which part of the tenant was audited.
    pub(super) scopes: Scopes<'a>,
    /// Rates and counts.
    pub(super) summary: Summary<'a>,
    /// How many findings are left out of `findings` because the baseline has them. The rates still count them.
    pub(super) known_from_baseline: usize,
    /// The waivers of the settings.
    pub(super) waivers: Vec<Waiver<'a>>,
    /// What was read, and what was not.
    pub(super) coverage: Coverage<'a>,
    /// Rules that failed on a resource.
    pub(super) errors: Stream<'a, RuleError<'a>>,
    /// What was found, worst first.
    pub(super) findings: Stream<'a, Finding<'a>>,
    /// What was found and is waived: accepted by somebody until a day.
    pub(super) waived: Stream<'a, Waived<'a>>,
    /// What could not be judged. It is neither a finding nor a pass.
    pub(super) not_judged: Stream<'a, NotJudged<'a>>,
}

/// Which part of the tenant was audited.
#[derive(Serialize, JsonSchema)]
pub(super) struct Scopes<'a> {
    /// Ids at and below which was audited; empty means everything.
    pub(super) include: &'a [String],
    /// Ids at and below which was not.
    pub(super) exclude: &'a [String],
}

/// Rates and counts. The unit is a pair of a workspace and a rule that applies to it, its children or dependents.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary<'a> {
    /// All pairs.
    pub(super) pairs: Pairs,
    /// The headline, from 0 to 1: `pairs.pass / pairs.in_scope`; `null` when nothing is in scope.
    pub(super) strict_rate: Option<f64>,
    /// The rate that Azure Policy would show, with what it means.
    pub(super) azure_policy_rate: LabelledRate,
    /// How much of what is in scope was judged, from 0 to 1; `null` when nothing is in scope.
    pub(super) coverage_rate: Option<f64>,
    /// How many items of `findings` have each severity.
    pub(super) findings_by_severity: Severities,
    /// Workspaces in scope.
    pub(super) workspaces: Workspaces,
    /// The rules that ran, by id.
    pub(super) rules: Vec<Rule<'a>>,
}

/// Pairs of workspace and rule by what came of them; each is in one of the first five.
#[derive(Serialize, JsonSchema)]
pub(super) struct Pairs {
    /// As it should be.
    pub(super) pass: u64,
    /// At least one finding that is not waived.
    pub(super) fail: u64,
    /// Only waived findings.
    pub(super) waived: u64,
    /// Could not be judged, at least in part, and nothing was found.
    pub(super) not_judged: u64,
    /// The rule failed.
    pub(super) error: u64,
    /// The sum of the others.
    pub(super) in_scope: u64,
}

/// A rate that must not be quoted without its label.
#[derive(Serialize, JsonSchema)]
pub(super) struct LabelledRate {
    /// From 0 to 1; `null` when nothing is in scope.
    pub(super) value: Option<f64>,
    /// What it counts.
    pub(super) explanation: &'static str,
}

/// Counts by severity.
#[derive(Serialize, JsonSchema)]
pub(super) struct Severities {
    /// A credential lies open.
    pub(super) critical: u64,
    /// A static credential gives access today, or the means to take it away are missing.
    pub(super) high: u64,
    /// Weakens a control that others rely on.
    pub(super) medium: u64,
    /// Housekeeping.
    pub(super) low: u64,
    /// Worth knowing.
    pub(super) info: u64,
}

/// Workspaces in scope.
#[derive(Serialize, JsonSchema)]
pub(super) struct Workspaces {
    /// How many.
    pub(super) total: usize,
    /// How many have no high or critical finding, their children and dependents included. Not judged is not looked at here:
    /// read it with `coverage_rate`.
    pub(super) without_high: u64,
    /// How many have at least one pair that could not be judged.
    pub(super) with_not_judged: usize,
}

/// A rule that ran.
#[derive(Serialize, JsonSchema)]
pub(super) struct Rule<'a> {
    /// Its id, which never changes.
    pub(super) id: &'a str,
    /// What it finds, in a few words.
    pub(super) title: &'a str,
    /// The part of the job it belongs to.
    pub(super) group: &'static str,
    /// Its severity under these settings; single findings may differ.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub(super) severity: &'static str,
    /// Its pairs.
    pub(super) counts: Pairs,
    /// Its items of `findings`.
    pub(super) findings: u64,
}

/// What was read, and what was not.
#[derive(Serialize, JsonSchema)]
pub(super) struct Coverage<'a> {
    /// How many resources of each kind are in scope.
    pub(super) resources: BTreeMap<&'static str, u64>,
    /// The documents.
    pub(super) sources: Stream<'a, Source<'a>>,
    /// What in them was not taken, or only in part.
    pub(super) notes: Stream<'a, Note<'a>>,
    /// What manifests say of kinds and scopes.
    pub(super) entries: Stream<'a, Entry>,
}

/// A document that was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct Source<'a> {
    /// Its path or name, as the user gave it.
    pub(super) name: &'a str,
    /// What it turned out to be.
    pub(super) format: &'a str,
    /// How many resources it held.
    pub(super) resources: u64,
    /// Its size, after decompression.
    pub(super) bytes: u64,
}

/// Something in a document that was not taken, or only in part.
#[derive(Serialize, JsonSchema)]
pub(super) struct Note<'a> {
    /// The document.
    pub(super) source: &'a str,
    /// From 1.
    pub(super) line: Option<u64>,
    /// From 1.
    pub(super) column: Option<u64>,
    /// What it is.
    #[schemars(extend("enum" = ["malformed", "not understood", "too large", "unreadable", "remark"]))]
    pub(super) kind: &'static str,
    /// What happened and what was expected.
    pub(super) reason: &'a str,
}

/// What came of asking for a kind at a scope.
#[derive(Serialize, JsonSchema)]
pub(super) struct Entry {
    /// The kind.
    pub(super) kind: &'static str,
    /// A tenant (empty), management group, subscription, resource group or resource, in lower case.
    pub(super) scope: String,
    /// What came of it.
    #[schemars(extend("enum" = ["read", "read in part", "refused", "not asked"]))]
    pub(super) outcome: &'static str,
    /// Why it was refused.
    pub(super) reason: Option<String>,
}

/// Something that is not as it should be.
#[derive(Serialize, JsonSchema)]
pub(super) struct Finding<'a> {
    /// The rule's id.
    pub(super) rule: &'a str,
    /// The rule's title.
    pub(super) title: &'a str,
    /// The ARM id of the resource.
    pub(super) resource: &'a str,
    /// Its resource type.
    pub(super) resource_type: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Tells several findings of one rule on one resource apart.
    pub(super) part: Option<&'a str>,
    /// How bad it is here.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub(super) severity: &'static str,
    /// How sure it is.
    #[schemars(extend("enum" = ["high", "medium", "low"]))]
    pub(super) confidence: &'static str,
    /// Its identity over time: the same for as long as rule, resource and part are.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub(super) fingerprint: String,
    /// Why it matters here.
    pub(super) message: &'a str,
    /// What moved the severity away from the rule's own.
    pub(super) context: Option<&'a str>,
    /// What it rests on.
    pub(super) evidence: Vec<Evidence<'a>>,
    /// The ids of the workspaces it concerns: the one it belongs to, or those that use it.
    pub(super) workspaces: Vec<&'a str>,
    /// Who should act.
    pub(super) owner: Owner<'a>,
    /// Where the cost goes: the effective cost-center tag.
    pub(super) cost_center: Option<&'a str>,
    /// Framework controls for which it is relevant evidence. It never proves compliance.
    pub(super) controls: Vec<Control>,
    /// What to do.
    pub(super) remedy: Remedy<'a>,
    /// The document the resource was read from.
    pub(super) source: &'a str,
    /// The line in it, from 1.
    pub(super) line: Option<u32>,
}

/// A value, or its absence.
#[derive(Serialize, JsonSchema)]
pub(super) struct Evidence<'a> {
    /// The ARM id of the resource that holds it.
    pub(super) resource: &'a str,
    /// JSON pointer into that resource.
    pub(super) pointer: String,
    /// The value as text; `absent`, `null` and `not read` for those.
    pub(super) value: String,
}

/// Who should act.
#[derive(Serialize, JsonSchema)]
pub(super) struct Owner<'a> {
    /// The effective owner tag.
    pub(super) value: Option<&'a str>,
    /// Where it was found.
    #[schemars(extend("enum" = ["resource", "workspace", "resource group", "subscription", null]))]
    pub(super) source: Option<&'static str>,
    /// Who made the resource: a guess, where there is no tag.
    pub(super) inferred: Option<&'a str>,
}

/// A control of a framework.
#[derive(Serialize, JsonSchema)]
pub(super) struct Control {
    /// The framework with its version.
    pub(super) framework: &'static str,
    /// The control, as the framework numbers it.
    pub(super) id: &'static str,
    /// Where the mapping comes from; `own judgement` where nobody has published one.
    pub(super) source: &'static str,
}

/// What to do, filled in for the resource.
#[derive(Serialize, JsonSchema)]
pub(super) struct Remedy<'a> {
    /// In words, as Markdown.
    pub(super) summary: &'a str,
    /// Azure CLI.
    pub(super) az: String,
    /// Bicep.
    pub(super) bicep: String,
    /// Terraform.
    pub(super) terraform: String,
    /// The way through the Azure portal.
    pub(super) portal: String,
}

/// A finding with the waiver that covers it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Waived<'a> {
    #[serde(flatten)]
    pub(super) finding: Finding<'a>,
    /// The waiver.
    pub(super) waiver: Waiver<'a>,
}

/// A waiver of the settings.
#[derive(Serialize, JsonSchema)]
pub(super) struct Waiver<'a> {
    /// The rule's id.
    pub(super) rule: &'a str,
    /// The pattern of resource ids.
    pub(super) resource: &'a str,
    /// Why the findings are accepted.
    pub(super) justification: &'a str,
    /// Who accepted them.
    pub(super) approver: &'a str,
    /// The last day it holds, as `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub(super) expires: String,
    /// Whether it holds. The findings of an expired one count again.
    #[schemars(extend("enum" = ["active", "expired"]))]
    pub(super) state: &'static str,
    /// Days that are left; `null` when it has expired.
    pub(super) days_left: Option<i32>,
    /// How many findings it covers, or would cover had it not expired.
    pub(super) findings: usize,
}

/// Something that could not be judged.
#[derive(Serialize, JsonSchema)]
pub(super) struct NotJudged<'a> {
    /// The rule's id.
    pub(super) rule: &'a str,
    /// The ARM id of the resource.
    pub(super) resource: &'a str,
    /// Its resource type.
    pub(super) resource_type: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Why, and what to do.
    pub(super) reason: String,
    /// The document the resource was read from.
    pub(super) source: &'a str,
    /// The line in it, from 1.
    pub(super) line: Option<u32>,
}

/// A rule that failed on a resource: a mistake in dekey. Nothing is known about the resource.
#[derive(Serialize, JsonSchema)]
pub(super) struct RuleError<'a> {
    /// The rule's id.
    pub(super) rule: &'a str,
    /// The ARM id of the resource.
    pub(super) resource: &'a str,
    /// What to do.
    pub(super) message: &'static str,
}
