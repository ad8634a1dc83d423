//! What must hold before a stage.

use crate::held::HeldBack;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What must hold before a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// How many of a thousand pairs of resource and policy must comply. Exempt and not judged do not count as compliant.
    pub rate: u64,
    /// For how many days it must have been audited, and for how many nothing that would be refused may have been written.
    pub days: i64,
    /// Whether what could not be judged may stand in the way of the rate alone.
    #[serde(default)]
    pub accept_not_judged: bool,
}

/// Something that is not known, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown(pub String);

/// A resource that does not comply and is not excused: its next write is refused once the policy denies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The resource.
    pub resource: String,
    /// The policy: its reference within the initiative, or its definition.
    pub policy: String,
    /// Whose it is, where a tag says so.
    pub owner: Option<String>,
}

/// A write, as the activity log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// The resource.
    pub resource: String,
    /// Who wrote.
    pub caller: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A request that a policy refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The resource.
    pub resource: String,
    /// Who asked.
    pub caller: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What is known about a ring, and the rings before it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Pairs of resource and policy that comply.
    pub compliant: u64,
    /// Pairs that do not.
    pub non_compliant: u64,
    /// Pairs that are excused.
    pub exempt: u64,
    /// Pairs whose evaluation fails in Azure, which denies them.
    pub failed: u64,
    /// Pairs that could not be judged, by reason.
    pub not_judged: Vec<(String, u64)>,
    /// What would be refused.
    pub refusals: Vec<Refusal>,
    /// The writes of the last days, newest or not; or why nobody knows.
    pub writes: Option<Result<Vec<Recent>, NotKnown>>,
    /// The requests that were refused where the policy is in force; or why nobody knows.
    pub denials: Option<Result<Vec<Denial>, NotKnown>>,
}

impl Facts {
    /// All pairs that the policies are about.
    pub fn pairs(&self) -> u64 {
        self.compliant + self.non_compliant + self.exempt + self.failed + self.unknown()
    }

    /// The pairs that could not be judged.
    pub fn unknown(&self) -> u64 {
        self.not_judged.iter().map(|row| row.1).sum()
    }

    /// How many of a thousand comply; all of them where there are none. Cut, not rounded: 99.97 % is not 100 %.
    pub fn rate(&self) -> u64 {
        (self.compliant * 1000).checked_div(self.pairs()).unwrap_or(1000)
    }

    /// Whose resources would be refused, each once.
    pub fn owners(&self) -> Vec<String> {
        let owners: BTreeSet<&str> = self.refusals.iter().filter_map(|own| own.owner.as_deref()).collect();
        owners.into_iter().map(str::to_owned).collect()
    }

    /// The resources that would be refused, each once.
    pub fn resources(&self) -> BTreeSet<String> {
        self.refusals.iter().map(|own| own.resource.to_ascii_lowercase()).collect()
    }
}

impl Gate {
    /// What holds a stage back. `since` is when its ring began to be audited.
    pub fn check(&self, facts: &Facts, since: Option<Timestamp>, now: Timestamp) -> Vec<HeldBack> {
        let mut held = Vec::new();
        self.long_enough(since, now, &mut held);
        if facts.rate() < self.rate {
            let all = [
                ("do not comply", facts.non_compliant),
                ("fail to evaluate", facts.failed),
                ("are exempt, which is not compliant", facts.exempt),
                ("were not judged", facts.unknown()),
            ];
            let because =
                all.into_iter().filter(|row| row.1 > 0).map(|(why, n)| (why.to_owned(), n)).collect();
            held.push(HeldBack::GateNotMet { have: facts.rate(), need: self.rate, because });
        }
        if facts.pairs() == 0 && !self.accept_not_judged {
            let why = "the inventory holds nothing that the policies are about in this ring: read what is missing, or say \
                       --accept-not-judged if there is nothing";
            held.push(HeldBack::NotJudged { pairs: 0, because: vec![(why.to_owned(), 0)] });
        }
        if facts.unknown() > 0 && !self.accept_not_judged {
            held.push(HeldBack::NotJudged { pairs: facts.unknown(), because: facts.not_judged.clone() });
        }
        self.surprises(facts, now, &mut held);
        held
    }

    fn long_enough(&self, since: Option<Timestamp>, now: Timestamp, held: &mut Vec<HeldBack>) {
        let have = since.map_or(0, |since| now.duration_since(since).as_hours() / 24);
        if self.days > 0 && (since.is_none() || have < self.days) {
            held.push(HeldBack::NotEnoughDays { since, have, need: self.days });
        }
    }

    /// What somebody wrote lately and could not write any more, and what was refused already.
    fn surprises(&self, facts: &Facts, now: Timestamp, held: &mut Vec<HeldBack>) {
        let begins = now - jiff::SignedDuration::from_hours(24 * self.days.max(0));
        let mut unknown: BTreeSet<&str> = BTreeSet::new();
        match &facts.writes {
            Some(Ok(writes)) => {
                let wanted = facts.resources();
                let own =
                    |own: &&Recent| own.at >= begins && wanted.contains(&own.resource.to_ascii_lowercase());
                let found: Vec<&Recent> = writes.iter().filter(own).collect();
                let resources: BTreeSet<String> =
                    found.iter().map(|own| own.resource.to_ascii_lowercase()).collect();
                if !found.is_empty() {
                    let whose = whose(found.iter().map(|own| (&own.resource, own.caller.as_ref())));
                    let resources = resources.len() as u64;
                    held.push(HeldBack::WouldRefuse { resources, days: self.days, whose });
                }
            }
            Some(Err(NotKnown(why))) => {
                unknown.insert(why);
            }
            None => {}
        }
        match &facts.denials {
            Some(Ok(denials)) => {
                let found: Vec<&Denial> = denials.iter().filter(|own| own.at >= begins).collect();
                if !found.is_empty() {
                    let whose = whose(found.iter().map(|own| (&own.resource, own.caller.as_ref())));
                    let requests = found.len() as u64;
                    held.push(HeldBack::Refused { requests, days: self.days, whose });
                }
            }
            Some(Err(NotKnown(why))) => {
                unknown.insert(why);
            }
            None => {}
        }
        if self.days > 0 && !self.accept_not_judged && !unknown.is_empty() {
            let because = unknown.into_iter().map(|why| (why.to_owned(), 0)).collect();
            held.push(HeldBack::NotJudged { pairs: 0, because });
        }
    }
}

/// Who it was, and on what; each once, in order.
fn whose<'a>(all: impl Iterator<Item = (&'a String, Option<&'a String>)>) -> Vec<String> {
    let name = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let one = |(resource, caller): (&String, Option<&String>)| {
        caller.map_or_else(|| name(resource), |caller| format!("{caller} on {}", name(resource)))
    };
    let all: BTreeSet<String> = all.map(one).collect();
    all.into_iter().collect()
}
