//! Runs every rule over an inventory.

use crate::credentials::can_have;
use crate::waivers::Matcher;
use crate::{Context, Out, Rule, Settings, Summary, WaiverUse};
use dekey_model::{
    Covered, Field, Finding, Gap, Inventory, Kind, Link, NotJudged, ParentKind, Resource, ResourceIx, RuleIx,
};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of an audit.
#[derive(Debug)]
pub struct Audit {
    /// The rules that ran, in order of id; [`RuleIx`] counts in here.
    pub rules: Vec<&'static Rule>,
    /// What was found and not waived.
    pub findings: Vec<Finding>,
    /// What was found and is waived.
    pub waived: Vec<WaivedFinding>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// Rules that failed on a resource: mistakes of ours, which never hide another rule's answer.
    pub errors: Vec<RuleError>,
    /// Every waiver and what it covers.
    pub waivers: Vec<WaiverUse>,
    /// Rates and counts.
    pub summary: Summary,
    /// The day of the audit.
    pub as_of: jiff::civil::Date,
}

/// A finding that a waiver covers.
#[derive(Clone, Debug)]
pub struct WaivedFinding {
    /// The finding.
    pub finding: Finding,
    /// Which of the audit's waivers.
    pub waiver: usize,
}

/// A rule that failed on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleError {
    /// The rule.
    pub rule: RuleIx,
    /// The resource.
    pub resource: ResourceIx,
}

impl Audit {
    /// The rule of a finding.
    pub fn rule(&self, ix: RuleIx) -> Option<&'static Rule> {
        self.rules.get(usize::from(ix.0)).copied()
    }
}

/// The verdicts on one resource, a bit for each rule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdicts {
    pub(crate) pass: u128,
    pub(crate) fail: u128,
    pub(crate) waived: u128,
    pub(crate) not_judged: u128,
    pub(crate) error: u128,
}

impl Verdicts {
    pub(crate) fn join(&mut self, other: &Verdicts) {
        self.pass |= other.pass;
        self.fail |= other.fail;
        self.waived |= other.waived;
        self.not_judged |= other.not_judged;
        self.error |= other.error;
    }
}

#[derive(Default)]
struct Partial {
    findings: Vec<Finding>,
    not_judged: Vec<NotJudged>,
    errors: Vec<RuleError>,
    passes: Vec<(ResourceIx, u128)>,
}

/// How many resources one task judges: large enough to make threads worthwhile, small enough to share the work.
const CHUNK: usize = 1024;

/// Runs every rule that the settings ask for.
pub fn audit(inventory: &Inventory, settings: &Settings, as_of: jiff::civil::Date) -> Audit {
    let rules: Vec<&'static Rule> = crate::all()
        .filter(|rule| !settings.disabled_rules.iter().any(|id| id == rule.id) && (rule.applies)(settings))
        .collect();
    let cx = Context::new(inventory, settings, as_of);
    let mut partials = Vec::new();
    for kind in Kind::all() {
        partials.extend(judge_kind(&cx, &rules, kind));
    }
    assemble(&cx, rules, partials)
}

/// Whether a rule passes a resource: it applies, and has nothing to say against it.
pub fn passes(cx: &Context<'_>, rule: &'static Rule, resource: Resource<'_>) -> bool {
    let mut partial = Partial::default();
    if (rule.applies)(cx.settings) && rule.subjects.contains(&resource.kind()) {
        judge(cx, &[(RuleIx(0), rule)], resource, &mut partial);
    }
    !partial.passes.is_empty()
}

fn judge_kind(cx: &Context<'_>, rules: &[&'static Rule], kind: Kind) -> Vec<Partial> {
    let own: Vec<(RuleIx, &'static Rule)> =
        indexed(rules).filter(|(_, rule)| rule.subjects.contains(&kind)).collect();
    let gaps: Vec<(RuleIx, &'static Rule)> =
        indexed(rules).filter(|(_, rule)| rule.subjects.iter().any(|s| hangs_on(*s, kind))).collect();
    if own.is_empty() && gaps.is_empty() {
        return Vec::new();
    }
    let chunks = cx.inventory.of_kind(kind).par_chunks(CHUNK);
    chunks
        .map(|chunk| {
            let mut partial = Partial::default();
            for &ix in chunk {
                let resource = cx.inventory.get(ix);
                if cx.settings.in_scope(resource.id()) {
                    judge(cx, &own, resource, &mut partial);
                    report_gaps(&gaps, resource, &mut partial);
                }
            }
            partial
        })
        .collect()
}

fn indexed(rules: &[&'static Rule]) -> impl Iterator<Item = (RuleIx, &'static Rule)> {
    (0u16..).map(RuleIx).zip(rules.iter().copied())
}

fn judge(cx: &Context<'_>, rules: &[(RuleIx, &'static Rule)], resource: Resource<'_>, partial: &mut Partial) {
    let mut passed = 0u128;
    for &(rule_ix, rule) in rules {
        let (found, unjudged) = (partial.findings.len(), partial.not_judged.len());
        let mut out = Out {
            rule,
            rule_ix,
            severity: cx.settings.severity_of(rule),
            findings: &mut partial.findings,
            not_judged: &mut partial.not_judged,
            passed: false,
            subject: resource.ix(),
        };
        let done = catch_unwind(AssertUnwindSafe(|| (rule.check)(cx, resource, &mut out)));
        let said_pass = out.passed;
        if done.is_err() {
            partial.findings.truncate(found);
            partial.not_judged.truncate(unjudged);
            partial.errors.push(RuleError { rule: rule_ix, resource: resource.ix() });
        } else if said_pass && partial.findings.len() == found && partial.not_judged.len() == unjudged {
            passed |= bit(rule_ix);
        }
    }
    if passed != 0 {
        partial.passes.push((resource.ix(), passed));
    }
}

/// Whether resources of `subject` are reached through resources of `kind`, so that their absence is a gap there.
fn hangs_on(subject: Kind, kind: Kind) -> bool {
    match subject.parent() {
        ParentKind::Workspace => kind == Kind::Workspace,
        ParentKind::Endpoint => endpoint_of(subject) == Some(kind) || kind == Kind::Workspace,
        ParentKind::ContainerRegistry => kind == Kind::ContainerRegistry || kind == Kind::Workspace,
        ParentKind::Any => false,
        ParentKind::None => kind == Kind::Workspace && dependent_field(subject).is_some(),
    }
}

fn endpoint_of(deployment: Kind) -> Option<Kind> {
    match deployment {
        Kind::OnlineDeployment => Some(Kind::OnlineEndpoint),
        Kind::BatchDeployment => Some(Kind::BatchEndpoint),
        _ => None,
    }
}

fn dependent_field(kind: Kind) -> Option<Field> {
    match kind {
        Kind::StorageAccount => Some(Field::StorageAccount),
        Kind::Vault => Some(Field::KeyVault),
        Kind::ContainerRegistry => Some(Field::ContainerRegistry),
        Kind::AppInsights => Some(Field::ApplicationInsights),
        _ => None,
    }
}

/// Says for each rule which of its subjects below `resource` were not read.
fn report_gaps(rules: &[(RuleIx, &'static Rule)], resource: Resource<'_>, partial: &mut Partial) {
    for &(rule, declared) in rules {
        for &subject in declared.subjects.iter().filter(|s| hangs_on(**s, resource.kind())) {
            let Some(gap) = gap(resource, subject) else { continue };
            partial.not_judged.push(NotJudged { rule, resource: resource.ix(), gap });
        }
    }
}

/// Why resources of `subject` below `resource` cannot be judged; `None` when they were read or cannot be there.
fn gap(resource: Resource<'_>, subject: Kind) -> Option<Gap> {
    if let Some(field) = dependent_field(subject) {
        return missing(resource, subject, field);
    }
    // Children of what was not read: the gap is where they would hang.
    if resource.kind() == Kind::Workspace {
        match subject.parent() {
            ParentKind::Endpoint => return gap(resource, endpoint_of(subject)?),
            ParentKind::ContainerRegistry => {
                return missing(resource, Kind::ContainerRegistry, Field::ContainerRegistry);
            }
            _ => {}
        }
    }
    if !can_have(resource, subject) {
        return None;
    }
    match resource.children_covered(subject) {
        Covered::Yes => None,
        Covered::Refused(why) => Some(Gap::Refused(subject, why.into())),
        Covered::Unknown => Some(Gap::NotExported(subject)),
    }
}

/// Why a dependent of a workspace cannot be judged.
fn missing(workspace: Resource<'_>, kind: Kind, field: Field) -> Option<Gap> {
    match workspace.dependent(field) {
        Link::Missing { id, .. } => Some(Gap::Missing(kind, id)),
        Link::HubMissing { hub } => Some(Gap::Missing(Kind::Workspace, hub)),
        Link::NotRead => Some(Gap::NotRead(field)),
        Link::None | Link::Found { .. } => None,
    }
}

pub(crate) fn bit(rule: RuleIx) -> u128 {
    1u128.checked_shl(u32::from(rule.0)).unwrap_or(0)
}

fn assemble(cx: &Context<'_>, rules: Vec<&'static Rule>, partials: Vec<Partial>) -> Audit {
    let mut verdicts = vec![Verdicts::default(); cx.inventory.len()];
    let mut mark = |ix: ResourceIx, set: &mut dyn FnMut(&mut Verdicts)| {
        if let Some(verdict) = verdicts.get_mut(ix.0 as usize) {
            set(verdict);
        }
    };
    let mut matcher = Matcher::new(cx.settings, cx.as_of);
    let (mut findings, mut waived, mut not_judged, mut errors) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for partial in partials {
        for (ix, passed) in partial.passes {
            mark(ix, &mut |v| v.pass |= passed);
        }
        for entry in &partial.not_judged {
            mark(entry.resource, &mut |v| v.not_judged |= bit(entry.rule));
        }
        for entry in &partial.errors {
            mark(entry.resource, &mut |v| v.error |= bit(entry.rule));
        }
        not_judged.extend(partial.not_judged);
        errors.extend(partial.errors);
        if matcher.is_empty() {
            partial.findings.iter().for_each(|f| mark(f.resource, &mut |v| v.fail |= bit(f.rule)));
            findings.extend(partial.findings);
            continue;
        }
        for finding in partial.findings {
            let rule = rules.get(usize::from(finding.rule.0)).map_or("", |r| r.id);
            let covered = matcher.cover(rule, cx.inventory.get(finding.resource).id());
            if let Some(waiver) = covered {
                mark(finding.resource, &mut |v| v.waived |= bit(finding.rule));
                waived.push(WaivedFinding { finding, waiver });
            } else {
                mark(finding.resource, &mut |v| v.fail |= bit(finding.rule));
                findings.push(finding);
            }
        }
    }
    let summary = Summary::of(cx, &rules, &findings, &verdicts);
    Audit {
        rules,
        findings,
        waived,
        not_judged,
        errors,
        waivers: matcher.into_uses(),
        summary,
        as_of: cx.as_of,
    }
}
