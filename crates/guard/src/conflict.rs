//! Denials that pull in different directions, and the state that satisfies both: found by trying, and shown by asking both.

use crate::around::Around;
use crate::blast::{PartAt, is_enforced, refuses};
use crate::estate::Estate;
use crate::order;
use crate::request::is_refusal;
use crate::simulation::Simulation;
use crate::state::{Edit, Topic, apply, is_about_identities, topics};
use crate::subject::Body;
use crate::walk::Options;
use dekey_model::ResourceIx;
use dekey_policy::{Assigned, Effect, Policy, Subject, Surroundings, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many resources of a pair are tried before it is given up, and how many changes at once.
const EXAMPLES: usize = 3;
const CHANGES: usize = 3;

/// One property that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where in the resource.
    pub path: String,
    /// What stands there; nothing where there is nothing.
    pub from: Option<Value>,
    /// What has to.
    pub to: Option<Value>,
}

/// Two denials that no change for one of them alone satisfies.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// One of them.
    pub one: PartAt,
    /// The other.
    pub other: PartAt,
    /// How many resources one of them refuses as they are.
    pub resources: u64,
    /// A resource that one of them refuses.
    pub example: ResourceIx,
    /// The changes that satisfy one of them, and the verdict of the other on the result.
    pub alone: Vec<(PartAt, Vec<Change>)>,
    /// The changes after which neither refuses it; nothing where trying did not find any.
    pub both: Option<Vec<Change>>,
}

struct Side<'a> {
    at: PartAt,
    own: &'a Assigned,
    policy: &'a Policy,
    looks_at: BTreeSet<String>,
    refused: Vec<ResourceIx>,
}

/// Finds pairs of denials, at least one of them wanted, that pull in different directions.
pub fn conflicts(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    simulation: &Simulation,
    wanted: &dyn Fn(usize) -> bool,
) -> Vec<Conflict> {
    let sides = sides(estate, assigned, options, simulation);
    let mut found = Vec::new();
    for (ix, one) in sides.iter().enumerate() {
        for other in sides.iter().skip(ix + 1) {
            let is_wanted = wanted(one.at.0) || wanted(other.at.0);
            let same = one.own.parts.get(one.at.1).map(|own| &own.definition)
                == other.own.parts.get(other.at.1).map(|own| &own.definition);
            if is_wanted && !same && are_related(one, other) {
                found.extend(conflict(estate, options, one, other));
            }
        }
    }
    found
}

fn sides<'a>(
    estate: &Estate<'_>,
    assigned: &'a [Assigned],
    options: Options<'_>,
    simulation: &Simulation,
) -> Vec<Side<'a>> {
    let mut all = Vec::new();
    for (at, (own, assessed)) in assigned.iter().zip(&simulation.assessments).enumerate() {
        if !is_enforced(own, at, options.forces) {
            continue;
        }
        for (ix, (part, judged)) in own.parts.iter().zip(&assessed.parts).enumerate() {
            let forced = options.forces.and_then(|forces| forces.get(at, ix));
            let Ok(policy) = part.policy() else { continue };
            if !refuses(part, forced) && !judged.non_compliant.contains_key(Effect::Deny.name()) {
                continue;
            }
            let mut refused: Vec<ResourceIx> = judged.refused().collect();
            let id = |ix: &ResourceIx| estate.inventory.get(*ix).id();
            refused.sort_by(|a, b| order::compare(id(a), id(b)));
            all.push(Side { at: (at, ix), own, policy, looks_at: policy.looks_at(), refused });
        }
    }
    all
}

/// Whether two policies look at the same property, or at properties that only change together.
fn are_related(one: &Side<'_>, other: &Side<'_>) -> bool {
    let about_identities = |own: &Side<'_>| own.looks_at.iter().any(|path| is_about_identities(path));
    let shares =
        one.looks_at.intersection(&other.looks_at).any(|path| !["kind", "location"].contains(&&**path));
    shares || (about_identities(one) && about_identities(other))
}

fn conflict(estate: &Estate<'_>, options: Options<'_>, one: &Side<'_>, other: &Side<'_>) -> Option<Conflict> {
    let mut refused: Vec<ResourceIx> = one.refused.iter().chain(&other.refused).copied().collect();
    let id = |ix: &ResourceIx| estate.inventory.get(*ix).id();
    refused.sort_by(|a, b| order::compare(id(a), id(b)));
    refused.dedup();
    let around = Around::new(estate, options.now);
    let lookups = around.lookups();
    let mut concerned = 0_u64;
    let mut first = None;
    let mut tried = 0;
    for ix in refused {
        let resource = estate.inventory.get(ix);
        let Some(body) = Body::of(resource) else { continue };
        let (subject, surroundings) = (body.subject(resource), lookups.of(resource.id()));
        if !looks(one, &subject, &surroundings) || !looks(other, &subject, &surroundings) {
            continue;
        }
        concerned += 1;
        if first.is_none() && tried < EXAMPLES {
            tried += 1;
            let topics = topics(estate, resource, &[one.policy, other.policy], &subject, &surroundings);
            let case = Case { one, other, subject: &subject, around: &surroundings, topics: &topics };
            first = case.work_out().map(|(alone, both)| (ix, alone, both));
        }
    }
    let (example, alone, both) = first?;
    Some(Conflict { one: one.at, other: other.at, resources: concerned, example, alone, both })
}

/// Whether a denial looks at a resource: the assignment covers it, nothing excuses it.
fn looks(side: &Side<'_>, subject: &Subject<'_>, around: &Surroundings<'_>) -> bool {
    side.own.assignment.covers(subject, around) == dekey_policy::Coverage::Covered
        && matches!(
            side.policy.judge_as(subject, around, Some(&Effect::Deny)),
            Verdict::Compliant(_) | Verdict::NonCompliant(_) | Verdict::Failed(_)
        )
}

struct Case<'a> {
    one: &'a Side<'a>,
    other: &'a Side<'a>,
    subject: &'a Subject<'a>,
    around: &'a Surroundings<'a>,
    topics: &'a [Topic],
}

type Found = (Vec<(PartAt, Vec<Change>)>, Option<Vec<Change>>);

impl Case<'_> {
    /// Nothing if a change that satisfies one of them satisfies the other as well.
    fn work_out(&self) -> Option<Found> {
        let of_one = self.search(&[self.one]);
        let of_other = self.search(&[self.other]);
        let breaks = |edits: &Option<Vec<&Edit>>, side: &Side<'_>| match edits {
            Some(edits) => !self.passes(side, edits),
            None => false,
        };
        // The smallest change for each leaves the other refusing, or is no change at all because it does not refuse.
        if !breaks(&of_one, self.other) || !breaks(&of_other, self.one) {
            let both = self.search(&[self.one, self.other]);
            let unsolved = both.is_none() && of_one.is_some() && of_other.is_some();
            let one_sided = both.as_ref().is_some_and(|both| {
                let least = |own: &Option<Vec<&Edit>>| own.as_ref().map_or(0, Vec::len);
                both.len() > least(&of_one).max(least(&of_other))
            });
            if !unsolved && !one_sided {
                return None;
            }
        }
        let both = self.search(&[self.one, self.other]);
        let mut alone = Vec::new();
        for (side, edits) in [(self.one, of_one), (self.other, of_other)] {
            if let Some(edits) = edits.filter(|own| !own.is_empty()) {
                alone.push((side.at, self.changes(&edits)));
            }
        }
        Some((alone, both.map(|edits| self.changes(&edits))))
    }

    fn passes(&self, side: &Side<'_>, edits: &[&Edit]) -> bool {
        let mut body = self.subject.body.clone();
        for edit in edits {
            apply(&mut body, edit);
        }
        let subject = self.subject.clone().with_body(&body);
        let verdict = side.policy.judge_as(&subject, self.around, Some(&Effect::Deny));
        !is_refusal(&verdict) && !matches!(verdict, Verdict::NotJudged(_))
    }

    /// The fewest edits, each of another topic, after which none of the denials refuses.
    fn search(&self, sides: &[&Side<'_>]) -> Option<Vec<&Edit>> {
        let mut level: Vec<(usize, Vec<&Edit>)> = vec![(0, Vec::new())];
        for _ in 0..=CHANGES {
            if let Some((_, edits)) =
                level.iter().find(|(_, edits)| sides.iter().all(|side| self.passes(side, edits)))
            {
                return Some(edits.clone());
            }
            let mut next = Vec::new();
            for (from, edits) in &level {
                for (at, topic) in self.topics.iter().enumerate().skip(*from) {
                    for edit in &topic.edits {
                        let mut more = edits.clone();
                        more.push(edit);
                        next.push((at + 1, more));
                    }
                }
            }
            level = next;
        }
        None
    }

    fn changes(&self, edits: &[&Edit]) -> Vec<Change> {
        let mut all = Vec::new();
        for (path, to) in edits.iter().flat_map(|edit| &edit.sets) {
            let from = crate::state::at(self.subject.body, path).cloned();
            if from.as_ref() != to.as_ref() {
                all.push(Change { path: path.clone(), from, to: to.clone() });
            }
        }
        all
    }
}
