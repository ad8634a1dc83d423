//! Which rule is enforced, audited, excused or left out where.

mod html;
mod rules;
mod terminal;
mod types;

pub use html::html;
pub use rules::Rules;
pub use terminal::terminal;
pub(crate) use types::StatusAnswer;

use super::document::{Answer, Document};
use super::sarif::{Outcome, Rule};
use crate::lines;
use dekey_guard::{Compared, Estate, Problem, ScopeStatus, Stand, Status};
use dekey_model::{ArmId, Kind};
use dekey_policy::{Assigned, Library};
use std::io::{self, Write};

/// Everything that there is to tell.
pub struct Stood<'a> {
    /// What was read.
    pub estate: &'a Estate<'a>,
    /// What is assigned.
    pub assigned: &'a [Assigned],
    /// How rules stand.
    pub status: &'a Status,
    /// What Azure says, where it was read.
    pub compared: Option<&'a Compared>,
    /// Documents that cannot be used.
    pub problems: Vec<Problem>,
    /// The moment for which it holds.
    pub as_of: String,
    /// The version of dekey.
    pub version: &'static str,
}

impl Stood<'_> {
    /// What an assignment, and a policy of it, are called.
    pub(crate) fn who(&self, (at, ix): (usize, usize)) -> String {
        let Some(own) = self.assigned.get(at) else { return String::new() };
        let name = match own.assignment.name.as_str() {
            "" => ArmId(&own.assignment.id).name(),
            name => name,
        };
        let part = own.parts.get(ix).filter(|_| own.parts.len() > 1);
        let definition = part.and_then(|part| self.estate.definition(&part.definition));
        match (definition, part) {
            (Some(definition), _) if !definition.name.is_empty() => format!("{name}: {}", definition.name),
            (_, Some(part)) => format!("{name}: {}", ArmId(&part.definition).name()),
            _ => name.to_owned(),
        }
    }

    /// Whether some rule is not enforced somewhere, or Azure says otherwise.
    pub fn has_findings(&self) -> bool {
        let weak = |stand: Stand| matches!(stand, Stand::Bare | Stand::Audited | Stand::Exempt);
        let some = self.leaves().any(|own| own.rules.iter().any(|rule| weak(rule.stand)));
        some || self.compared.is_some_and(|own| !own.differences.is_empty())
    }

    /// Whether something could not be judged.
    pub fn has_unknowns(&self) -> bool {
        let unknown = self.leaves().any(|own| own.rules.iter().any(|rule| rule.stand == Stand::Unknown));
        let counts = self.leaves().any(|own| own.counts.not_judged > 0);
        unknown
            || counts
            || !self.problems.is_empty()
            || !self.status.not_read.is_empty()
            || !self.status.unclear.is_empty()
    }

    /// The scopes, each with the positions of its rules that are worth a word: of a resource group those that do not stand as in its
    /// subscription, unless all are wanted.
    pub(crate) fn worth_telling(&self, all: bool) -> Vec<(&ScopeStatus, Vec<usize>)> {
        let mut above: Option<&ScopeStatus> = None;
        let mut told = Vec::new();
        for scope in &self.status.scopes {
            let upper = above.filter(|_| scope.kind == Kind::ResourceGroup && !all);
            let differs = |at: &usize| {
                let upper = upper.and_then(|own| own.rules.get(*at));
                let own = scope.rules.get(*at);
                upper.zip(own).is_none_or(|(upper, own)| upper.stand != own.stand || upper.by != own.by)
            };
            told.push((scope, (0..scope.rules.len()).filter(differs).collect()));
            if scope.kind == Kind::Subscription {
                above = Some(scope);
            }
        }
        told
    }

    /// What lies below management groups: where resources are.
    fn leaves(&self) -> impl Iterator<Item = &ScopeStatus> {
        self.status.scopes.iter().filter(|own| own.kind != Kind::ManagementGroup)
    }

    /// What could not be judged beside single resources, in words.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let mut all = Vec::new();
        for own in &self.problems {
            let at = if own.pointer.is_empty() { String::new() } else { format!(" at {}", own.pointer) };
            all.push(format!("{}{at}: {}", own.id, own.message));
        }
        for at in &self.status.unclear {
            let part = self.assigned.get(at.0).and_then(|own| own.parts.get(at.1));
            let why = part.and_then(|part| part.policy().err()).unwrap_or_default();
            all.push(format!("which rules {} stands for: {why}", self.who(*at)));
        }
        for (scope, kind) in &self.status.not_read {
            all.push(format!("{} of {scope} were not read ({})", kind.plural(), kind.export_command()));
        }
        if self.compared.is_none() {
            let kind = Kind::PolicyState;
            all.push(format!(
                "what Azure says of it: {} were not read ({})",
                kind.plural(),
                kind.export_command()
            ));
        }
        all
    }
}

/// Writes it as JSON.
pub fn json(own: &Stood<'_>, out: &mut dyn Write) -> io::Result<()> {
    lines::write(&Document::new(&own.as_of, Answer::Status(types::fill(own))), 4, out)
}

/// Writes it as SARIF 2.1.0: a result for each rule that a subscription or group lacks.
pub fn sarif(own: &Stood<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Rule> = own
        .status
        .rules
        .iter()
        .map(|rule| Rule {
            id: format!("policy-status/{rule}"),
            name: format!("{rule} is enforced"),
            text: format!(
                "No assignment enforces the rule {rule} here: dekey explain {rule} says why it matters."
            ),
        })
        .collect();
    let ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    let results = || {
        let ids = ids.clone();
        let leaves = own.worth_telling(false).into_iter().filter(|one| one.0.kind != Kind::ManagementGroup);
        leaves.flat_map(move |(scope, told)| {
            let found = own.estate.inventory.find(&scope.id);
            let ids = ids.clone();
            told.into_iter().filter_map(move |rule| {
                let status = scope.rules.get(rule)?;
                let weak = matches!(status.stand, Stand::Bare | Stand::Audited | Stand::Exempt);
                let resource = found.filter(|_| weak)?;
                Some(Outcome {
                    rule,
                    id: ids.get(rule)?.clone(),
                    level: if status.stand == Stand::Bare { "warning" } else { "note" },
                    message: format!("'{}': the rule is {} here.", scope.name, status.stand.word()),
                    resource,
                    owner: None,
                })
            })
        })
    };
    super::sarif::write(own.version, "policy-status", &rules, results, &own.gaps(), out)
}
