//! What a denial would stop: resources that can no longer be updated as they are, and writes of late that would have been refused.

use crate::activity::{Activity, Event};
use crate::around::Around;
use crate::estate::{Estate, key};
use crate::force::Forces;
use crate::order::lies_in;
use crate::simulation::{Judgement, Simulation};
use crate::subject::Body;
use dekey_model::{ArmId, ResourceIx};
use dekey_policy::{Assigned, Effect, Enforcement, Part, Policy};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A policy of an assignment: positions of both.
pub type PartAt = (usize, usize);

/// A resource that can no longer be updated as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The resource.
    pub resource: ResourceIx,
    /// The policies that refuse it.
    pub by: Vec<PartAt>,
}

/// A write of late that would have been refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedWrite {
    /// The write.
    pub event: Event,
    /// What was written.
    pub resource: ResourceIx,
    /// The policies that refuse it.
    pub by: Vec<PartAt>,
}

/// What is known of the writes of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// How many there were of resources that a policy which refuses may be about.
    pub looked_at: u64,
    /// Those that would have been refused: the last of each resource, which left it as it is.
    pub refused: Vec<RefusedWrite>,
    /// Earlier writes of the same resources: what they wrote, no log says.
    pub earlier: u64,
    /// Writes that cannot be judged, by reason.
    pub not_judged: BTreeMap<String, Vec<Event>>,
}

/// What denials would stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blast {
    /// The policies that refuse, or would.
    pub refusing: Vec<PartAt>,
    /// The resources, in order of id.
    pub stuck: Vec<Stuck>,
    /// The writes of late; nothing where the inventory has no activity log.
    pub writes: Option<Writes>,
}

/// Whether an assignment refuses anything: it is enforced, if only where enrolled, or is asked about as if it were.
pub(crate) fn is_enforced(own: &Assigned, at: usize, forces: Option<&Forces>) -> bool {
    own.assignment.enforcement != Enforcement::DoNotEnforce || forces.is_some_and(|forces| forces.any(at))
}

/// Where an assignment is enforced.
enum Enrolled<'a> {
    Everywhere,
    /// Where an enrollment in it says so.
    In(&'a Assigned),
}

impl<'a> Enrolled<'a> {
    fn of(own: &'a Assigned, at: usize, forces: Option<&Forces>) -> Self {
        let asked = forces.is_some_and(|forces| forces.any(at));
        match own.assignment.enforcement {
            Enforcement::Enroll if !asked => Enrolled::In(own),
            _ => Enrolled::Everywhere,
        }
    }

    fn counts(&self, estate: &Estate<'_>, part: &Part, ix: ResourceIx) -> bool {
        let Enrolled::In(own) = self else { return true };
        let resource = estate.inventory.get(ix);
        let Some(body) = Body::of(resource) else { return false };
        let around = Around::new(estate, None);
        let lookups = around.lookups();
        let (subject, surroundings) = (body.subject(resource), lookups.of(resource.id()));
        let enrolls = |enrollment: &dekey_policy::Enrollment| {
            enrollment.enrolls(&own.assignment, &part.reference, &subject, &surroundings) == Ok(true)
        };
        estate.enrollments().iter().any(enrolls)
    }
}

/// Whether a policy looks for related resources, which happens after a request was carried out.
fn looks_afterwards(part: &Part) -> bool {
    let effect = part.policy().ok().and_then(Policy::effect);
    matches!(effect, Some(Effect::AuditIfNotExists | Effect::DeployIfNotExists))
}

/// Whether a policy of an enforced assignment refuses what it holds for.
pub(crate) fn refuses(part: &Part, forced: Option<&Effect>) -> bool {
    let effect = forced.cloned().or_else(|| part.policy().ok().and_then(Policy::effect));
    effect == Some(Effect::Deny)
}

/// Works out what denials would stop: those of assignments that are wanted.
pub fn blast(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    forces: Option<&Forces>,
    simulation: &Simulation,
    activity: Option<&Activity>,
    wanted: &dyn Fn(usize) -> bool,
) -> Blast {
    let mut refusing = Vec::new();
    let mut by_resource: HashMap<ResourceIx, Vec<PartAt>> = HashMap::new();
    let mut unknown: HashMap<ResourceIx, Vec<String>> = HashMap::new();
    for (at, (own, assessed)) in assigned.iter().zip(&simulation.assessments).enumerate() {
        if !wanted(at) || !is_enforced(own, at, forces) {
            continue;
        }
        let enrollment = Enrolled::of(own, at, forces);
        for (ix, (part, judged)) in own.parts.iter().zip(&assessed.parts).enumerate() {
            let denies = refuses(part, forces.and_then(|forces| forces.get(at, ix)))
                || judged.non_compliant.contains_key(Effect::Deny.name());
            // What fails to evaluate is refused, whatever the effect, but for what is only looked at afterwards.
            if !denies && (judged.failed.is_empty() || looks_afterwards(part)) {
                continue;
            }
            refusing.push((at, ix));
            for resource in judged.refused().filter(|own| enrollment.counts(estate, part, *own)) {
                by_resource.entry(resource).or_default().push((at, ix));
            }
            note_unknown(judged, &mut unknown);
        }
    }
    let mut stuck: Vec<Stuck> =
        by_resource.iter().map(|(resource, by)| Stuck { resource: *resource, by: by.clone() }).collect();
    let id = |ix: ResourceIx| estate.inventory.get(ix).id();
    stuck.sort_by(|a, b| crate::order::compare(id(a.resource), id(b.resource)));
    let writes = activity.map(|log| {
        let about = About::new(assigned, &refusing);
        writes(estate, log, &about, &by_resource, &unknown)
    });
    Blast { refusing, stuck, writes }
}

fn note_unknown(judged: &Judgement, unknown: &mut HashMap<ResourceIx, Vec<String>>) {
    for (why, all) in &judged.not_judged {
        for resource in all {
            unknown.entry(*resource).or_default().push(why.clone());
        }
    }
}

/// What the policies that refuse may be about.
struct About {
    /// The scope, what is left out of it, and the types in lower case; `None` for all types.
    rows: Vec<(String, Vec<String>, Option<BTreeSet<String>>)>,
}

impl About {
    fn new(assigned: &[Assigned], refusing: &[PartAt]) -> Self {
        let row = |(at, ix): &PartAt| {
            let own = assigned.get(*at)?;
            let types = own.parts.get(*ix)?.policy().ok().and_then(Policy::types);
            let types = types.map(|all| all.iter().map(|own| own.to_ascii_lowercase()).collect());
            Some((own.assignment.scope.clone(), own.assignment.not_scopes.clone(), types))
        };
        Self { rows: refusing.iter().filter_map(row).collect() }
    }

    fn may_be(&self, id: &str) -> bool {
        let own = ArmId(id).resource_type().unwrap_or_default().to_ascii_lowercase();
        self.rows.iter().any(|(scope, left_out, types)| {
            let there = !key(scope).starts_with("/subscriptions/") || lies_in(id, scope);
            there
                && !left_out.iter().any(|scope| lies_in(id, scope))
                && types.as_ref().is_none_or(|types| types.contains(&own))
        })
    }
}

fn writes(
    estate: &Estate<'_>,
    log: &Activity,
    about: &About,
    refused: &HashMap<ResourceIx, Vec<PartAt>>,
    unknown: &HashMap<ResourceIx, Vec<String>>,
) -> Writes {
    let mut own = Writes::default();
    let mut all = log.writes.iter().filter(|event| about.may_be(&event.resource)).peekable();
    while let Some(event) = all.next() {
        own.looked_at += 1;
        let is_last = all.peek().is_none_or(|next| !next.resource.eq_ignore_ascii_case(&event.resource));
        let Some(resource) = estate.inventory.find(&event.resource) else {
            let why = "what was written is not part of what was read: it was deleted since, or not listed";
            own.not_judged.entry(why.to_owned()).or_default().push(event.clone());
            continue;
        };
        if !is_last {
            own.earlier += 1;
        } else if let Some(by) = refused.get(&resource.ix()) {
            own.refused.push(RefusedWrite { event: event.clone(), resource: resource.ix(), by: by.clone() });
        } else if let Some(why) = unknown.get(&resource.ix()).and_then(|all| all.first()) {
            own.not_judged.entry(why.clone()).or_default().push(event.clone());
        }
    }
    own
}
