//! The wire, and nothing else: what these types say is what the schema says.

use super::Stood;
use crate::policy::simulate::{CountsAnswer as Counts, counts};
use schemars::JsonSchema;
use serde::Serialize;

/// Which rule is enforced, audited, excused or left out where.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StatusAnswer<'a> {
    /// The scopes, each before those below it.
    scopes: Vec<Scope<'a>>,
    /// Policies that are assigned and stand for none of dekey's rules.
    others: Vec<String>,
    /// What Policy Insights says beside dekey's own verdicts; `null` when it was not read: not judged.
    azure: Option<Azure<'a>>,
    /// What could not be judged beside single resources.
    not_judged: Vec<String>,
}

/// A scope.
#[derive(Serialize, JsonSchema)]
struct Scope<'a> {
    id: &'a str,
    name: &'a str,
    /// The plural of its kind: `management groups`, `subscriptions`, `resource groups`.
    kind: &'static str,
    depth: usize,
    counts: Counts,
    rules: Vec<RuleStand<'a>>,
}

/// How a rule stands in a scope.
#[derive(Serialize, JsonSchema)]
struct RuleStand<'a> {
    rule: &'a str,
    #[schemars(extend("enum" = ["enforced", "audited", "exempt", "bare", "not judged"]))]
    stand: &'static str,
    /// Selectors, locations or enrollments leave some of the scope out.
    in_part: bool,
    by: Vec<String>,
    counts: Counts,
}

/// What Policy Insights says.
#[derive(Serialize, JsonSchema)]
struct Azure<'a> {
    states: u64,
    /// States that dekey's verdict agrees with.
    same: u64,
    /// States of what dekey did not judge.
    not_judged: u64,
    /// States that could not be compared, by what is missing.
    not_compared: Vec<Missing<'a>>,
    differences: Vec<Difference<'a>>,
}

/// States that could not be compared.
#[derive(Serialize, JsonSchema)]
struct Missing<'a> {
    because: &'a str,
    count: u64,
}

/// Azure's verdict and dekey's, where they differ.
#[derive(Serialize, JsonSchema)]
struct Difference<'a> {
    resource: &'a str,
    policy: String,
    azure: &'a str,
    /// When Azure evaluated it.
    evaluated: Option<&'a str>,
    dekey: &'static str,
}

pub(super) fn fill<'a>(own: &'a Stood<'a>) -> StatusAnswer<'a> {
    let scope = |scope: &'a dekey_guard::ScopeStatus| Scope {
        id: &scope.id,
        name: &scope.name,
        kind: scope.kind.plural(),
        depth: scope.depth,
        counts: counts(&scope.counts),
        rules: own
            .status
            .rules
            .iter()
            .zip(&scope.rules)
            .map(|(rule, status)| RuleStand {
                rule,
                stand: status.stand.word(),
                in_part: status.in_part,
                by: status.by.iter().map(|by| own.who(*by)).collect(),
                counts: counts(&status.counts),
            })
            .collect(),
    };
    let azure = |azure: &'a dekey_guard::Compared| Azure {
        states: azure.states,
        same: azure.same,
        not_judged: azure.not_judged,
        not_compared: azure
            .not_compared
            .iter()
            .map(|(because, count)| Missing { because, count: *count })
            .collect(),
        differences: azure
            .differences
            .iter()
            .map(|one| Difference {
                resource: &one.resource,
                policy: own.who((one.assignment, one.part)),
                azure: &one.azure,
                evaluated: one.evaluated.as_deref(),
                dekey: one.own,
            })
            .collect(),
    };
    StatusAnswer {
        scopes: own.status.scopes.iter().map(scope).collect(),
        others: own.status.others.iter().map(|at| own.who(*at)).collect(),
        azure: own.compared.map(azure),
        not_judged: own.gaps(),
    }
}
