//! Refused and not compliant resources as results.

use super::Simulated;
use crate::policy::sarif::{Outcome, Rule, write};
use dekey_guard::Judgement;
use dekey_model::ResourceIx;
use std::io::{self, Write};

/// Writes it as SARIF 2.1.0.
pub fn sarif(own: &Simulated<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules = Vec::new();
    let mut places = Vec::new();
    for (at, assessed) in own.simulation.assessments.iter().enumerate().filter(|one| own.is_shown(one.0)) {
        for ix in 0..assessed.parts.len() {
            let definition = own.part(at, ix).map_or("", |part| part.definition.as_str());
            let assignment = own.assignment(at).map_or("", |own| own.assignment.id.as_str());
            rules.push(Rule {
                id: format!("policy/{}/{ix}", dekey_model::ArmId(assignment).name()),
                name: own.who((at, ix)),
                text: format!(
                    "{}: {}, {}. Definition {definition}, assignment {assignment}.",
                    own.part_name(at, ix),
                    own.effect_of(at, ix),
                    own.enforcement(at)
                ),
            });
            places.push((at, ix));
        }
    }
    unique(&mut rules);
    let ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    let results = || {
        let ids = ids.clone();
        let all = places.clone().into_iter().enumerate();
        all.flat_map(move |(rule, (at, ix))| {
            let id = ids.get(rule).cloned().unwrap_or_default();
            of_policy(own, rule, &id, (at, ix))
        })
    };
    write(own.version, "policy-simulate", &rules, results, &notices(own), out)
}

/// Assignments of one name at several scopes stay apart.
pub(crate) fn unique(rules: &mut [Rule]) {
    let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for rule in rules {
        let count = seen.entry(rule.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            rule.id = format!("{}/{count}", rule.id);
        }
    }
}

fn of_policy<'a>(
    own: &'a Simulated<'a>,
    rule: usize,
    id: &str,
    (at, ix): (usize, usize),
) -> Vec<Outcome<'a>> {
    let judged: Option<&Judgement> = own.simulation.assessments.get(at).and_then(|own| own.parts.get(ix));
    let mut all = Vec::new();
    let mut add = |level: &'static str, what: &str, list: &[ResourceIx]| {
        for resource in list {
            let resource = own.get(*resource);
            let message = format!("'{}' {what}: {}.", resource.name(), own.who((at, ix)));
            let owner = own.owner(resource).map(|own| own.value.to_owned());
            all.push(Outcome { rule, id: id.to_owned(), level, message, resource, owner });
        }
    };
    if let Some(judged) = judged {
        for (effect, list) in &judged.non_compliant {
            let denies = effect == "deny";
            let what = if denies { "can no longer be updated as it is" } else { "is not compliant" };
            add(if denies { "error" } else { "warning" }, what, list);
        }
        for (why, list) in &judged.failed {
            add("error", &format!("makes the evaluation fail ({why}), which denies requests"), list);
        }
    }
    all
}

/// What could not be judged: of each policy, and beside them.
fn notices(own: &Simulated<'_>) -> Vec<String> {
    let mut all = own.gaps();
    for (at, assessed) in own.simulation.assessments.iter().enumerate().filter(|one| own.is_shown(one.0)) {
        for (ix, judged) in assessed.parts.iter().enumerate() {
            for (why, list) in &judged.not_judged {
                all.push(format!("{} for {} resources: {why}", own.who((at, ix)), list.len()));
            }
        }
    }
    all
}
