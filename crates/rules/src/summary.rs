//! Rates and counts. The unit is a pair of workspace and rule; everything that was not judged counts against the headline.

use crate::audit::{Verdicts, bit};
use crate::{Context, Rule};
use dekey_model::{Field, Finding, Kind, Resource, ResourceIx, RuleIx, Severity};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Pairs of workspace and rule by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As it should be.
    pub pass: u64,
    /// At least one finding that is not waived.
    pub fail: u64,
    /// Only waived findings.
    pub waived: u64,
    /// Could not be judged, at least in part.
    pub not_judged: u64,
    /// The rule failed.
    pub error: u64,
}

impl Counts {
    /// Pairs to which the rule applies.
    pub fn in_scope(&self) -> u64 {
        self.pass + self.fail + self.waived + self.not_judged + self.error
    }

    /// Passed of all that apply: what was not judged, failed or was waived is not a pass. The headline.
    pub fn strict_rate(&self) -> Option<f64> {
        ratio(self.pass, self.in_scope())
    }

    /// What Azure Policy would show: exempt and unknown resources count as compliant there.
    pub fn azure_policy_rate(&self) -> Option<f64> {
        ratio(self.pass + self.waived + self.not_judged + self.error, self.in_scope())
    }

    /// How much of what applies was judged.
    pub fn coverage(&self) -> Option<f64> {
        ratio(self.pass + self.fail + self.waived, self.in_scope())
    }

    fn add(&mut self, other: &Counts) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.waived += other.waived;
        self.not_judged += other.not_judged;
        self.error += other.error;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The counts of one rule.
#[derive(Clone, Debug)]
pub struct RuleSummary {
    /// The rule.
    pub rule: RuleIx,
    /// Its pairs.
    pub counts: Counts,
    /// Its findings, waived ones left out.
    pub findings: u64,
}

/// One workspace at a glance.
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceSummary {
    /// The workspace.
    pub workspace: ResourceIx,
    /// Its pairs.
    pub counts: Counts,
}

/// Rates and counts of an audit.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// All pairs of workspace and rule.
    pub pairs: Counts,
    /// By rule, in order of id.
    pub rules: Vec<RuleSummary>,
    /// By workspace, in the inventory's order.
    pub workspaces: Vec<WorkspaceSummary>,
    /// Findings by severity, waived ones left out.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Workspaces in scope without a finding of high or critical severity, their dependents included.
    pub workspaces_without_high: u64,
    /// Resources in scope by kind.
    pub resources: BTreeMap<Kind, u64>,
}

impl Summary {
    pub(crate) fn of(
        cx: &Context<'_>,
        rules: &[&'static Rule],
        findings: &[Finding],
        verdicts: &[Verdicts],
    ) -> Self {
        let mut high = vec![false; verdicts.len()];
        let mut summary = Summary {
            rules: (0u16..)
                .zip(rules)
                .map(|(ix, _)| RuleSummary { rule: RuleIx(ix), counts: Counts::default(), findings: 0 })
                .collect(),
            ..Summary::default()
        };
        for finding in findings {
            *summary.by_severity.entry(finding.severity).or_default() += 1;
            if let Some(rule) = summary.rules.get_mut(usize::from(finding.rule.0)) {
                rule.findings += 1;
            }
            if let Some(flag) = high.get_mut(finding.resource.0 as usize) {
                *flag |= finding.severity >= Severity::High;
            }
        }
        for kind in Kind::all() {
            let list = cx.inventory.of_kind(kind);
            let everything = cx.settings.scopes == crate::settings::Scopes::default();
            let count =
                if everything { list.len() } else { list.iter().filter(|ix| in_scope(cx, **ix)).count() };
            if count > 0 {
                summary.resources.insert(kind, count as u64);
            }
        }
        summary.roll_up(cx, rules.len(), verdicts, &high);
        summary
    }

    fn roll_up(&mut self, cx: &Context<'_>, rules: usize, verdicts: &[Verdicts], high: &[bool]) {
        let answers = Answers { verdicts, high };
        // A dependent may have many children and many users: it is rolled up once.
        let dependents: BTreeMap<ResourceIx, (Verdicts, bool)> = DEPENDENTS
            .iter()
            .flat_map(|kind| cx.inventory.of_kind(*kind))
            .map(|&ix| (ix, answers.of_family(cx.inventory.get(ix))))
            .collect();
        let rows: Vec<(WorkspaceSummary, Verdicts, bool)> = cx
            .inventory
            .of_kind(Kind::Workspace)
            .par_iter()
            .filter(|ix| in_scope(cx, **ix))
            .map(|&ix| {
                let (all, any_high) = answers.of_workspace(cx.inventory.get(ix), &dependents);
                let settled = settle(all);
                (WorkspaceSummary { workspace: ix, counts: count(&settled) }, settled, any_high)
            })
            .collect();
        for (row, settled, any_high) in rows {
            self.pairs.add(&row.counts);
            self.workspaces_without_high += u64::from(!any_high);
            self.workspaces.push(row);
            for rule in self.rules.iter_mut().take(rules) {
                let mask = bit(rule.rule);
                rule.counts.pass += u64::from(settled.pass & mask != 0);
                rule.counts.fail += u64::from(settled.fail & mask != 0);
                rule.counts.waived += u64::from(settled.waived & mask != 0);
                rule.counts.not_judged += u64::from(settled.not_judged & mask != 0);
                rule.counts.error += u64::from(settled.error & mask != 0);
            }
        }
    }
}

fn in_scope(cx: &Context<'_>, ix: ResourceIx) -> bool {
    cx.settings.in_scope(cx.inventory.get(ix).id())
}

/// What a workspace depends on.
const DEPENDENTS: [Kind; 4] = [Kind::StorageAccount, Kind::Vault, Kind::ContainerRegistry, Kind::AppInsights];
const DEPENDENT_FIELDS: [Field; 4] =
    [Field::StorageAccount, Field::KeyVault, Field::ContainerRegistry, Field::ApplicationInsights];

/// Verdicts by resource, and which resources have a finding of high severity or above.
struct Answers<'a> {
    verdicts: &'a [Verdicts],
    high: &'a [bool],
}

impl Answers<'_> {
    fn add(&self, ix: ResourceIx, sum: &mut (Verdicts, bool)) {
        if let Some(verdict) = self.verdicts.get(ix.0 as usize) {
            sum.0.join(verdict);
        }
        sum.1 |= self.high.get(ix.0 as usize).copied().unwrap_or(false);
    }

    /// A resource and its children.
    fn of_family(&self, resource: Resource<'_>) -> (Verdicts, bool) {
        let mut sum = (Verdicts::default(), false);
        self.add(resource.ix(), &mut sum);
        resource.all_children().for_each(|child| self.add(child.ix(), &mut sum));
        sum
    }

    /// The workspace, its children and theirs, and its dependents with their children.
    fn of_workspace(
        &self,
        workspace: Resource<'_>,
        dependents: &BTreeMap<ResourceIx, (Verdicts, bool)>,
    ) -> (Verdicts, bool) {
        let mut sum = self.of_family(workspace);
        for child in workspace.all_children() {
            child.all_children().for_each(|grandchild| self.add(grandchild.ix(), &mut sum));
            if let Some(account) = child.storage_account().filter(|_| child.kind() == Kind::Datastore) {
                self.add(account.ix(), &mut sum);
            }
        }
        for field in DEPENDENT_FIELDS {
            let found = workspace.dependent(field).found();
            if let Some((verdicts, high)) = found.and_then(|ix| dependents.get(&ix)) {
                sum.0.join(verdicts);
                sum.1 |= high;
            }
        }
        sum
    }
}

/// A finding outweighs everything; then what could not be judged, so that a pass means that all was looked at.
fn settle(all: Verdicts) -> Verdicts {
    let fail = all.fail;
    let error = all.error & !fail;
    let not_judged = all.not_judged & !fail & !error;
    let waived = all.waived & !fail & !error & !not_judged;
    let pass = all.pass & !fail & !error & !not_judged & !waived;
    Verdicts { pass, fail, waived, not_judged, error }
}

fn count(settled: &Verdicts) -> Counts {
    Counts {
        pass: u64::from(settled.pass.count_ones()),
        fail: u64::from(settled.fail.count_ones()),
        waived: u64::from(settled.waived.count_ones()),
        not_judged: u64::from(settled.not_judged.count_ones()),
        error: u64::from(settled.error.count_ones()),
    }
}
