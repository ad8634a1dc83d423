//! Runs every rule over an inventory.

use crate::credentials::can_have;
use crate::waivers::Matcher;
use crate::{Context, Out, Rule, Settings, Summary, WaiverUse};
use dekey_model::{
    Covered, Field, Finding, Gap, Inventory, Kind, Link, NotJudged, ParentKind, Resource, ResourceIx, RuleIx,
    RuleSet,
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
    /// How many questions have no answer: a question is what one rule asks of one resource.
    pub fn questions(&self) -> u64 {
        self.not_judged.iter().map(|entry| entry.rules.len()).sum()
    }

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

/// How many are judged before what came of them is put together, so that it does not lie around twice.
const ROUND: usize = 32 * CHUNK;

/// Runs every rule that the settings ask for.
pub fn audit(inventory: &Inventory, settings: &Settings, as_of: jiff::civil::Date) -> Audit {
    let rules: Vec<&'static Rule> = crate::all()
        .filter(|rule| !settings.disabled_rules.iter().any(|id| id == rule.id) && (rule.applies)(settings))
        .collect();
    let cx = Context::new(inventory, settings, as_of);
    let mut assembly = Assembly::new(&cx, rules);
    // Used again in every round: fresh memory costs more than writing to it.
    let mut partials: Vec<Partial> = (0..ROUND / CHUNK).map(|_| Partial::default()).collect();
    for kind in Kind::all() {
        judge_kind(&cx, kind, &mut partials, &mut assembly);
    }
    assembly.finish(&cx)
}

/// Whether a rule passes a resource: it applies, and has nothing to say against it.
pub fn passes(cx: &Context<'_>, rule: &'static Rule, resource: Resource<'_>) -> bool {
    let mut partial = Partial::default();
    if (rule.applies)(cx.settings) && rule.subjects.contains(&resource.kind()) {
        judge(cx, &[(RuleIx(0), rule)], resource, &mut partial);
    }
    !partial.passes.is_empty()
}

fn judge_kind(cx: &Context<'_>, kind: Kind, partials: &mut [Partial], assembly: &mut Assembly) {
    let own: Vec<(RuleIx, &'static Rule)> =
        indexed(&assembly.rules).filter(|(_, rule)| rule.subjects.contains(&kind)).collect();
    let gaps = gaps_below(&assembly.rules, kind);
    if own.is_empty() && gaps.is_empty() {
        return;
    }
    for round in cx.inventory.of_kind(kind).chunks(ROUND) {
        let chunks = round.par_chunks(CHUNK).zip(partials.par_iter_mut());
        chunks.for_each(|(chunk, partial)| judge_chunk(cx, &own, &gaps, chunk, partial));
        for partial in partials.iter_mut() {
            assembly.take(cx, partial);
        }
    }
}

fn judge_chunk(
    cx: &Context<'_>,
    rules: &[(RuleIx, &'static Rule)],
    below: &[(Kind, RuleSet)],
    chunk: &[ResourceIx],
    partial: &mut Partial,
) {
    for &ix in chunk {
        let resource = cx.inventory.get(ix);
        if cx.settings.in_scope(resource.id()) {
            let unjudged = partial.not_judged.len();
            judge(cx, rules, resource, partial);
            report_gaps(below, resource, partial);
            join_from(unjudged, &mut partial.not_judged);
        }
    }
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

/// The kinds that are reached through resources of `kind`, with the rules that judge them.
fn gaps_below(rules: &[&'static Rule], kind: Kind) -> Vec<(Kind, RuleSet)> {
    let below = Kind::all().filter(|subject| hangs_on(*subject, kind));
    let rules_on = |subject: Kind| {
        let own = indexed(rules).filter(|(_, rule)| rule.subjects.contains(&subject));
        own.fold(RuleSet::default(), |all, (ix, _)| all.and(RuleSet::of(ix)))
    };
    below.map(|subject| (subject, rules_on(subject))).filter(|(_, rules)| !rules.is_empty()).collect()
}

/// Says which subjects below `resource` were not read, and which rules that leaves without an answer.
fn report_gaps(below: &[(Kind, RuleSet)], resource: Resource<'_>, partial: &mut Partial) {
    for &(subject, rules) in below {
        if let Some(gap) = gap(resource, subject) {
            partial.not_judged.push(NotJudged { rules, resource: resource.ix(), gap });
        }
    }
}

/// Joins the entries of one resource, which start at `first`, so that each reason stands there once.
fn join_from(first: usize, entries: &mut Vec<NotJudged>) {
    let mut end = first;
    for at in first..entries.len() {
        let (known, rest) = entries.split_at_mut(at);
        let Some(entry) = rest.first() else { break };
        if let Some(same) = known.iter_mut().take(end).skip(first).find(|known| known.gap == entry.gap) {
            same.rules = same.rules.and(entry.rules);
        } else {
            entries.swap(end, at);
            end += 1;
        }
    }
    entries.truncate(end);
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
        Covered::Unknown => Some(Gap::unseen(resource, subject)),
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
    RuleSet::of(rule).0
}

/// What the rounds came to, put together in their order.
struct Assembly {
    rules: Vec<&'static Rule>,
    matcher: Matcher,
    verdicts: Vec<Verdicts>,
    findings: Vec<Finding>,
    waived: Vec<WaivedFinding>,
    not_judged: Vec<NotJudged>,
    errors: Vec<RuleError>,
}

impl Assembly {
    fn new(cx: &Context<'_>, rules: Vec<&'static Rule>) -> Self {
        Self {
            rules,
            matcher: Matcher::new(cx.settings, cx.as_of),
            verdicts: vec![Verdicts::default(); cx.inventory.len()],
            findings: Vec::new(),
            waived: Vec::new(),
            not_judged: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn mark(&mut self, ix: ResourceIx, set: impl FnOnce(&mut Verdicts)) {
        if let Some(verdict) = self.verdicts.get_mut(ix.0 as usize) {
            set(verdict);
        }
    }

    /// Takes what is in a partial, and leaves it empty.
    fn take(&mut self, cx: &Context<'_>, partial: &mut Partial) {
        for (ix, passed) in partial.passes.drain(..) {
            self.mark(ix, |v| v.pass |= passed);
        }
        for entry in &partial.not_judged {
            self.mark(entry.resource, |v| v.not_judged |= entry.rules.0);
        }
        for entry in &partial.errors {
            self.mark(entry.resource, |v| v.error |= bit(entry.rule));
        }
        self.not_judged.append(&mut partial.not_judged);
        self.errors.append(&mut partial.errors);
        if self.matcher.is_empty() {
            partial.findings.iter().for_each(|f| self.mark(f.resource, |v| v.fail |= bit(f.rule)));
            self.findings.append(&mut partial.findings);
        } else {
            partial.findings.drain(..).for_each(|finding| self.take_finding(cx, finding));
        }
    }

    fn take_finding(&mut self, cx: &Context<'_>, finding: Finding) {
        let rule = self.rules.get(usize::from(finding.rule.0)).map_or("", |r| r.id);
        let covered = self.matcher.cover(rule, cx.inventory.get(finding.resource).id());
        if let Some(waiver) = covered {
            self.mark(finding.resource, |v| v.waived |= bit(finding.rule));
            self.waived.push(WaivedFinding { finding, waiver });
        } else {
            self.mark(finding.resource, |v| v.fail |= bit(finding.rule));
            self.findings.push(finding);
        }
    }

    fn finish(self, cx: &Context<'_>) -> Audit {
        let summary = Summary::of(cx, &self.rules, &self.findings, &self.verdicts);
        Audit {
            rules: self.rules,
            findings: self.findings,
            waived: self.waived,
            not_judged: self.not_judged,
            errors: self.errors,
            waivers: self.matcher.into_uses(),
            summary,
            as_of: cx.as_of,
        }
    }
}
