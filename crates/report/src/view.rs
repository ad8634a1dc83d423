//! Findings as outputs show them.

use crate::{Baseline, Dialect, fill, fingerprint};
use dekey_model::{Evidence, Finding, Gap, Inventory, NotJudged, Resource, ResourceIx, RuleIx, Severity};
use dekey_rules::{Audit, Context, Effective, Rule, Settings, creator};
use std::cmp::{Ordering, Reverse};
use std::sync::OnceLock;

/// An audit, ready to be shown.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was audited.
    pub inventory: &'a Inventory,
    /// What came of it.
    pub audit: &'a Audit,
    /// The settings it ran with.
    pub settings: &'a Settings,
    /// The version of dekey.
    pub version: &'a str,
    /// How many findings are left out because a baseline has them.
    pub known: usize,
    listed: Vec<&'a Finding>,
    // Put in order when a format asks for it: what people read on a terminal needs only the worst few.
    // Positions, because a cell of references would tie the report to one lifetime.
    sorted: OnceLock<Vec<usize>>,
    // A rule, and the position of what it could not judge.
    questions: OnceLock<Vec<(RuleIx, usize)>>,
    // The place of each resource when they are in order of their ids.
    ranks: OnceLock<Vec<u32>>,
}

/// A finding, spelled out.
#[derive(Clone, Debug)]
pub struct FindingView<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// The resource.
    pub resource: Resource<'a>,
    /// The workspaces it concerns: the one it belongs to, or those that use it.
    pub workspaces: Vec<Resource<'a>>,
    /// The finding itself.
    pub finding: &'a Finding,
    /// Its identity over time.
    pub fingerprint: String,
    /// What it rests on.
    pub evidence: Vec<EvidenceView<'a>>,
    /// Who should act.
    pub owner: OwnerView<'a>,
    /// Where the cost goes.
    pub cost_center: Option<&'a str>,
    /// What to do.
    pub remedy: RemedyView,
    /// Framework controls.
    pub controls: Vec<ControlView>,
    /// The document it was read from.
    pub source: &'a str,
    /// The line in it; 0 when it has none.
    pub line: u32,
}

/// A piece of evidence, spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceView<'a> {
    /// The id of the resource.
    pub resource: &'a str,
    /// JSON pointer into it.
    pub pointer: String,
    /// The value as text; `absent`, `null` and `not read` for those.
    pub value: String,
}

/// Who should act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerView<'a> {
    /// The effective owner tag.
    pub value: Option<&'a str>,
    /// Where it was found.
    pub source: Option<&'static str>,
    /// Who made the resource: a guess, where there is no tag.
    pub inferred: Option<&'a str>,
}

/// What to do, for this resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyView {
    /// In words.
    pub summary: &'static str,
    /// Azure CLI.
    pub az: String,
    /// Bicep.
    pub bicep: String,
    /// Terraform.
    pub terraform: String,
    /// Azure portal.
    pub portal: String,
}

/// A control, spelled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlView {
    /// Framework and version.
    pub framework: &'static str,
    /// The control.
    pub id: &'static str,
    /// Where the mapping comes from.
    pub source: &'static str,
}

/// What one rule asked of one resource, without an answer.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The rule.
    pub rule: RuleIx,
    /// The resource.
    pub resource: ResourceIx,
    /// Why there is no answer.
    pub gap: &'a Gap,
}

/// What could not be judged, spelled out.
#[derive(Clone, Debug)]
pub struct NotJudgedView<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// The resource.
    pub resource: Resource<'a>,
    /// Why, and what to do.
    pub reason: String,
}

impl<'a> Report<'a> {
    /// Puts an audit in order. Findings of the baseline are left out and counted.
    pub fn new(
        inventory: &'a Inventory,
        audit: &'a Audit,
        settings: &'a Settings,
        version: &'a str,
        baseline: Option<&Baseline>,
    ) -> Self {
        let mut report = Self {
            inventory,
            audit,
            settings,
            version,
            known: 0,
            listed: Vec::new(),
            sorted: OnceLock::new(),
            questions: OnceLock::new(),
            ranks: OnceLock::new(),
        };
        let new =
            |finding: &&Finding| baseline.is_none_or(|known| !known.contains(&report.fingerprint(finding)));
        report.listed = audit.findings.iter().filter(new).collect();
        report.known = audit.findings.len() - report.listed.len();
        report
    }

    /// Worst first, then by rule and resource; never by the order of reading.
    pub(crate) fn order(&self, a: &Finding, b: &Finding) -> Ordering {
        (Reverse(a.severity), a.rule)
            .cmp(&(Reverse(b.severity), b.rule))
            .then_with(|| self.order_ids(a.resource, b.resource))
            .then_with(|| (&a.part, &a.message).cmp(&(&b.part, &b.message)))
    }

    /// By id, without case.
    pub(crate) fn order_ids(&self, a: ResourceIx, b: ResourceIx) -> Ordering {
        let folded = |ix| self.inventory.get(ix).id().bytes().map(|b| b.to_ascii_lowercase());
        if a == b { Ordering::Equal } else { folded(a).cmp(folded(b)) }
    }

    /// The place of a resource in the order of ids. Worked out once: full lists compare millions of times.
    fn rank(&self, resource: ResourceIx) -> u32 {
        let ranks = self.ranks.get_or_init(|| {
            let mut order: Vec<ResourceIx> = self.inventory.resources().map(Resource::ix).collect();
            order.sort_unstable_by(|a, b| self.order_ids(*a, *b));
            let mut ranks = vec![0; order.len()];
            for (rank, resource) in (0u32..).zip(order) {
                if let Some(slot) = ranks.get_mut(resource.0 as usize) {
                    *slot = rank;
                }
            }
            ranks
        });
        ranks.get(resource.0 as usize).copied().unwrap_or(u32::MAX)
    }

    fn sort_questions(&self) -> Vec<(RuleIx, usize)> {
        let mut order: Vec<(u32, &NotJudged, usize)> = self
            .audit
            .not_judged
            .iter()
            .enumerate()
            .map(|(at, entry)| (self.rank(entry.resource), entry, at))
            .collect();
        order.sort_unstable_by(|(a, one, _), (b, other, _)| {
            let reasons = || one.gap.explain(self.inventory).cmp(&other.gap.explain(self.inventory));
            a.cmp(b).then_with(reasons)
        });
        let mut by_rule = vec![Vec::new(); self.audit.rules.len()];
        for (_, entry, at) in order {
            for rule in entry.rules.rules() {
                if let Some(list) = by_rule.get_mut(usize::from(rule.0)) {
                    list.push((rule, at));
                }
            }
        }
        by_rule.concat()
    }

    /// The findings that count, in no order.
    pub(crate) fn listed(&self) -> &[&'a Finding] {
        &self.listed
    }

    /// The severity of the worst finding that counts.
    pub fn worst(&self) -> Option<Severity> {
        self.listed.iter().map(|finding| finding.severity).max()
    }

    /// The findings that count, worst first.
    pub fn findings(&self) -> Vec<&'a Finding> {
        let order = self.sorted.get_or_init(|| {
            let mut sorted: Vec<(usize, &Finding)> = self.listed.iter().copied().enumerate().collect();
            let place =
                |finding: &Finding| (Reverse(finding.severity), finding.rule, self.rank(finding.resource));
            sorted.sort_unstable_by(|(_, a), (_, b)| {
                place(a).cmp(&place(b)).then_with(|| (&a.part, &a.message).cmp(&(&b.part, &b.message)))
            });
            sorted.into_iter().map(|entry| entry.0).collect()
        });
        order.iter().filter_map(|at| self.listed.get(*at).copied()).collect()
    }

    /// What could not be judged, by rule and resource.
    pub fn not_judged(&self) -> impl Iterator<Item = Question<'a>> {
        let (order, audit) = (self.questions.get_or_init(|| self.sort_questions()), self.audit);
        let question = |&(rule, at): &(RuleIx, usize)| {
            let NotJudged { resource, gap, .. } = audit.not_judged.get(at)?;
            Some(Question { rule, resource: *resource, gap })
        };
        order.iter().filter_map(question)
    }

    /// The rule of a finding. Every finding's rule is one of the audit's.
    pub fn rule(&self, ix: RuleIx) -> Option<&'static Rule> {
        self.audit.rule(ix)
    }

    /// A finding's identity over time.
    pub fn fingerprint(&self, finding: &Finding) -> String {
        let rule = self.rule(finding.rule).map_or("", |r| r.id);
        fingerprint(rule, self.inventory.get(finding.resource).id(), finding.part.as_deref())
    }

    /// A finding, spelled out; nothing for a finding of another audit.
    pub fn view(&self, finding: &'a Finding) -> Option<FindingView<'a>> {
        let rule = self.rule(finding.rule)?;
        let resource = self.inventory.get(finding.resource);
        let workspaces = if let Some(workspace) = resource.workspace() {
            vec![workspace]
        } else {
            let mut users: Vec<_> = resource.used_by().collect();
            users.sort_by_key(|ws| ws.id().to_ascii_lowercase());
            users
        };
        let (source, line) = resource.provenance();
        let remedy = self.remedy(rule, resource);
        Some(FindingView {
            rule,
            resource,
            workspaces,
            finding,
            fingerprint: self.fingerprint(finding),
            evidence: self.evidence(finding),
            owner: self.owner(resource),
            cost_center: self.context().cost_center(resource).value(),
            remedy,
            controls: controls(rule),
            source,
            line,
        })
    }

    /// What to do about a resource, under these settings.
    pub fn remedy(&self, rule: &'static Rule, resource: Resource<'_>) -> RemedyView {
        let own = rule.remedy_for(self.settings);
        RemedyView {
            summary: rule.section("How it is put right"),
            az: fill(own.az, resource, Dialect::Shell),
            bicep: fill(own.bicep, resource, Dialect::Code),
            terraform: fill(own.terraform, resource, Dialect::Code),
            portal: fill(own.portal, resource, Dialect::Text),
        }
    }

    /// What could not be judged, spelled out.
    pub fn view_not_judged(&self, question: &Question<'_>) -> Option<NotJudgedView<'a>> {
        Some(NotJudgedView {
            rule: self.rule(question.rule)?,
            resource: self.inventory.get(question.resource),
            reason: question.gap.explain(self.inventory),
        })
    }

    /// Who should act on a resource.
    pub fn owner(&self, resource: Resource<'a>) -> OwnerView<'a> {
        match self.context().owner(resource) {
            Effective::Tag { value, source, .. } => {
                OwnerView { value: Some(value), source: Some(source.as_str()), inferred: None }
            }
            Effective::None | Effective::Unknown(_) => {
                OwnerView { inferred: creator(resource), ..OwnerView::default() }
            }
        }
    }

    fn context(&self) -> Context<'a> {
        Context::new(self.inventory, self.settings, self.audit.as_of)
    }

    /// What a finding rests on, spelled out.
    pub fn evidence(&self, finding: &Finding) -> Vec<EvidenceView<'a>> {
        finding.evidence.iter().map(|evidence| self.spell(evidence)).collect()
    }

    fn spell(&self, evidence: &Evidence) -> EvidenceView<'a> {
        match evidence {
            Evidence::Field(ix, field) => {
                let resource = self.inventory.get(*ix);
                EvidenceView {
                    resource: resource.id(),
                    pointer: field.pointer().to_owned(),
                    value: resource.shown(*field),
                }
            }
            Evidence::Item(item) => {
                let (ix, pointer, value) = item.as_ref();
                EvidenceView {
                    resource: self.inventory.get(*ix).id(),
                    pointer: pointer.clone(),
                    value: value.clone(),
                }
            }
        }
    }
}

fn controls(rule: &'static Rule) -> Vec<ControlView> {
    let view = |control: &dekey_rules::controls::Control| ControlView {
        framework: control.framework,
        id: control.id,
        source: control.source.as_str(),
    };
    rule.controls.iter().map(view).collect()
}
