//! Words and numbers that several formats share.

use crate::Report;
use dekey_model::{Field, Gap, Inventory, Kind, NoteKind, Outcome, Resource, RuleSet, Severity};
use dekey_rules::{IdentityStandard, RuleError, WaivedFinding, WaiverState};
use std::collections::HashMap;

/// What the headline rate counts.
pub(crate) const STRICT: &str = "passed pairs of workspace and rule, of all pairs in scope: what failed, was waived, \
    could not be judged, or made a rule fail counts against it";

/// What the second rate counts, and why it is not the headline.
pub(crate) const AZURE_POLICY: &str = "what Azure Policy would show for the same pairs: exempt (waived) and unknown (not \
    judged) resources count as compliant there; shown for comparison, not as a result";

/// What was judged of what is in scope.
pub(crate) const COVERAGE: &str = "pairs of workspace and rule that were judged, of all pairs in scope";

/// What a failed rule says in every format.
pub(crate) const RULE_FAILED: &str = "the rule failed on this resource: a mistake in dekey, please report it; nothing is \
    known about the resource";

/// Why questions have no answer.
pub(crate) struct Reason {
    /// In words, without the names of single resources.
    pub(crate) text: String,
    /// How many questions.
    pub(crate) questions: u64,
    /// The rules that asked them.
    pub(crate) rules: RuleSet,
}

/// Why questions have no answer, most frequent first.
pub(crate) fn reasons(report: &Report<'_>) -> Vec<Reason> {
    let mut gaps: HashMap<Class<'_>, (u64, RuleSet)> = HashMap::new();
    for entry in &report.audit.not_judged {
        let (questions, rules) = gaps.entry(Class::of(&entry.gap)).or_default();
        *questions += entry.rules.len();
        *rules = rules.and(entry.rules);
    }
    let reason = |(class, (questions, rules)): (Class<'_>, _)| Reason {
        text: class.explain(report),
        questions,
        rules,
    };
    let mut reasons: Vec<Reason> = gaps.into_iter().map(reason).collect();
    reasons.sort_unstable_by(|a, b| b.questions.cmp(&a.questions).then_with(|| a.text.cmp(&b.text)));
    reasons
}

/// A gap; those that differ only in the resource that is missing are one.
#[derive(PartialEq, Eq, Hash)]
enum Class<'a> {
    Missing(Kind),
    Other(&'a Gap),
}

impl<'a> Class<'a> {
    fn of(gap: &'a Gap) -> Self {
        match gap {
            Gap::Missing(kind, _) => Class::Missing(*kind),
            gap => Class::Other(gap),
        }
    }

    fn explain(&self, report: &Report<'_>) -> String {
        match self {
            Class::Missing(kind) => format!(
                "{} that are named but were not read: export them ({})",
                kind.plural(),
                kind.export_command()
            ),
            Class::Other(gap) => gap.explain(report.inventory),
        }
    }
}

/// The rates of an audit as people read them.
pub(crate) struct Rates {
    /// Passed of all in scope.
    pub(crate) strict: String,
    /// What Azure Policy would show.
    pub(crate) azure_policy: String,
    /// Judged of all in scope.
    pub(crate) coverage: String,
}

/// The findings that a report lists, by severity (worst first) and by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) by_severity: [u64; Severity::ALL.len()],
    pub(crate) by_rule: Vec<u64>,
}

impl<'a> Report<'a> {
    pub(crate) fn rates(&self) -> Rates {
        let pairs = &self.audit.summary.pairs;
        let (all, unproven) = (pairs.in_scope(), pairs.waived + pairs.not_judged + pairs.error);
        Rates {
            strict: share(pairs.pass, all),
            azure_policy: share(pairs.pass + unproven, all),
            coverage: share(pairs.pass + pairs.fail + pairs.waived, all),
        }
    }

    /// Counts what is listed: the summary of the audit also counts findings that a baseline leaves out.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally =
            Tally { by_severity: [0; Severity::ALL.len()], by_rule: vec![0; self.audit.rules.len()] };
        for finding in self.listed() {
            let slot = Severity::ALL.iter().position(|s| *s == finding.severity);
            if let Some(count) = slot.and_then(|slot| tally.by_severity.get_mut(slot)) {
                *count += 1;
            }
            if let Some(count) = tally.by_rule.get_mut(usize::from(finding.rule.0)) {
                *count += 1;
            }
        }
        tally
    }

    /// The waived findings by rule and resource; never by the order of reading.
    pub(crate) fn waived(&self) -> Vec<&'a WaivedFinding> {
        let mut all: Vec<&WaivedFinding> = self.audit.waived.iter().collect();
        all.sort_by_cached_key(|waived| {
            let finding = &waived.finding;
            let id = self.inventory.get(finding.resource).id().to_ascii_lowercase();
            (finding.rule, id, finding.part.clone(), finding.message.clone())
        });
        all
    }

    /// The failed rules by rule and resource.
    pub(crate) fn errors(&self) -> Vec<&'a RuleError> {
        let mut all: Vec<&RuleError> = self.audit.errors.iter().collect();
        all.sort_by_cached_key(|e| (e.rule, self.inventory.get(e.resource).id().to_ascii_lowercase()));
        all
    }
}

/// A share in percent, cut rather than rounded: 99.97 % is not 100 %.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match (u128::from(part) * 1000).checked_div(u128::from(whole)) {
        Some(permille) => format!("{}.{} %", permille / 10, permille % 10),
        None => "n/a".to_owned(),
    }
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        "n/a (nothing in scope)".to_owned()
    } else {
        format!("{} ({part} of {whole})", percent(part, whole))
    }
}

/// The word for what happened to a piece of input.
pub(crate) fn note_kind(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Malformed => "malformed",
        NoteKind::NotUnderstood => "not understood",
        NoteKind::TooLarge => "too large",
        NoteKind::Unreadable => "unreadable",
        NoteKind::Remark => "remark",
    }
}

/// The word for an outcome, and its reason.
pub(crate) fn outcome(outcome: &Outcome) -> (&'static str, Option<&str>) {
    match outcome {
        Outcome::Read => ("read", None),
        Outcome::InPart => ("read in part", None),
        Outcome::Refused(why) => ("refused", Some(why)),
        Outcome::NotAsked => ("not asked", None),
    }
}

/// The word for a waiver's state, and the days that are left.
pub(crate) fn waiver_state(state: WaiverState) -> (&'static str, Option<i32>) {
    match state {
        WaiverState::Active(days) => ("active", Some(days)),
        WaiverState::Expired => ("expired", None),
    }
}

/// The setting's own word.
pub(crate) fn identity_standard(standard: IdentityStandard) -> &'static str {
    match standard {
        IdentityStandard::System => "system",
        IdentityStandard::User => "user",
        IdentityStandard::Either => "either",
        IdentityStandard::Both => "both",
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: impl Into<u64>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// `1 registry token`, `2 registry tokens`.
pub(crate) fn resources(count: u64, kind: Kind) -> String {
    let plural = kind.plural();
    let singular = || match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    };
    if count == 1 { format!("1 {}", singular()) } else { format!("{count} {plural}") }
}

/// Where a resource is: its resource group and subscription, by name where that was read.
pub(crate) fn place(resource: Resource<'_>) -> String {
    let id = resource.arm_id();
    let Some(subscription) = id.subscription() else { return "its subscription is not known".to_owned() };
    let name = subscription_name(resource.inventory(), subscription).unwrap_or(subscription);
    match id.resource_group() {
        Some(group) => format!("{group} in {name}"),
        None => format!("in {name}"),
    }
}

/// The workspaces that use a dependent, by name; of many only some.
pub(crate) fn users(dependent: Resource<'_>) -> String {
    const NAMED: usize = 6;
    let mut names: Vec<&str> = dependent.used_by().map(Resource::name).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let named = names.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// What people call a subscription.
pub(crate) fn subscription_name<'a>(inventory: &'a Inventory, id: &str) -> Option<&'a str> {
    inventory.find(&format!("/subscriptions/{id}"))?.text(Field::SubscriptionName).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_cut_and_nothing_is_not_a_hundred_percent() {
        assert_eq!(percent(9997, 10_000), "99.9 %");
        assert_eq!(percent(1, 1), "100.0 %");
        assert_eq!(percent(0, 0), "n/a");
        assert_eq!(share(0, 0), "n/a (nothing in scope)");
        assert_eq!(counted(1u64, "finding"), "1 finding");
        assert_eq!(counted(0u64, "finding"), "0 findings");
    }
}
