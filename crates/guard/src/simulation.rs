//! What comes of holding assignments against an inventory, summed up.

use crate::estate::Estate;
use crate::request::{Differs, Partial};
use crate::walk::{Judged, Options, Visitor, walk};
use dekey_model::{Resource, ResourceIx};
use dekey_policy::{Assigned, Category, Effect, Standing, Verdict};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// How many resources stand in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The policy looks at them and has nothing to say.
    pub compliant: u64,
    /// It holds.
    pub non_compliant: u64,
    /// They are excused.
    pub exempt: u64,
    /// The assignment leaves their scope out.
    pub excluded: u64,
    /// The policy does not look at them.
    pub not_applicable: u64,
    /// Azure's evaluation fails, which denies requests.
    pub failed: u64,
    /// What would have to be known was not read.
    pub not_judged: u64,
}

impl Counts {
    /// Adds up.
    pub fn add(&mut self, other: &Counts) {
        self.compliant += other.compliant;
        self.non_compliant += other.non_compliant;
        self.exempt += other.exempt;
        self.excluded += other.excluded;
        self.not_applicable += other.not_applicable;
        self.failed += other.failed;
        self.not_judged += other.not_judged;
    }

    /// What is compliant of all that is looked at; exempt and not judged do not count as compliant.
    pub fn strict_rate(&self) -> Option<f64> {
        rate(self.compliant, self.looked_at())
    }

    /// Azure's own: compliant and exempt of all that has a state. What cannot be judged has the state that Azure knows and this
    /// does not, so it is left out.
    pub fn azure_rate(&self) -> Option<f64> {
        rate(self.compliant + self.exempt, self.looked_at() - self.not_judged)
    }

    /// How many have a say of the policy, or should.
    pub fn looked_at(&self) -> u64 {
        self.compliant + self.non_compliant + self.exempt + self.failed + self.not_judged
    }
}

fn rate(of: u64, all: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a rate of counts far below 2^52")]
    (all > 0).then(|| of as f64 / all as f64)
}

/// What a policy of an assignment says of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// How many stand in which way.
    pub counts: Counts,
    /// Those for which it holds, by what it does to them; in order of id.
    pub non_compliant: BTreeMap<String, Vec<ResourceIx>>,
    /// Those that are excused, by exemption; in order of id, with whether the policy would hold.
    pub exempt: BTreeMap<String, Excused>,
    /// Those whose evaluation fails, by reason.
    pub failed: BTreeMap<String, Vec<ResourceIx>>,
    /// Those that could not be judged, by what is missing.
    pub not_judged: BTreeMap<String, Vec<ResourceIx>>,
    /// Those of which a request may come to another verdict than what there is.
    pub requests: BTreeMap<Differs, Vec<ResourceIx>>,
    /// The properties that this hangs on.
    pub hangs_on: BTreeSet<&'static str>,
    /// Types that a denial looks at and of which nobody said what requests may leave out.
    pub unknown_requests: BTreeSet<String>,
}

/// Those that one exemption excuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excused {
    /// Why.
    pub category: Category,
    /// In order of id, with whether the policy would hold.
    pub all: Vec<(ResourceIx, bool)>,
}

/// What an assignment says of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// How many resources it covers.
    pub covered: u64,
    /// How many it leaves out.
    pub excluded: u64,
    /// Those that it leaves out, in order of id.
    pub left_out: Vec<ResourceIx>,
    /// What each of its policies says, in their order.
    pub parts: Vec<Judgement>,
}

impl Assessment {
    /// How many resources stand in which way to any of its policies, summed over them.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        self.parts.iter().for_each(|own| all.add(&own.counts));
        all
    }
}

/// What assignments say of an inventory, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// For each assignment.
    pub assessments: Vec<Assessment>,
}

impl Simulation {
    /// Summed over all policies.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        self.assessments.iter().for_each(|own| all.add(&own.counts()));
        all
    }
}

/// Holds assignments against every resource of the estate.
pub fn simulate(estate: &Estate<'_>, assigned: &[Assigned], options: Options<'_>) -> Simulation {
    let requests = Requests { assigned, known: Mutex::default() };
    let fresh = || Gathered { requests: Some(&requests), ..Gathered::default() };
    let parts = walk(estate, assigned, options, &fresh);
    let mut all = Gathered::default();
    for own in parts {
        all.append(own);
    }
    all.finish(assigned)
}

/// By assignment, policy and type.
type Known = HashMap<(usize, usize, String), Option<Arc<Partial>>, foldhash::fast::FixedState>;

/// What requests may not have of what policies look at, worked out once for each policy and type.
struct Requests<'r> {
    assigned: &'r [Assigned],
    known: Mutex<Known>,
}

impl Requests<'_> {
    fn of(&self, at: usize, ix: usize, resource_type: &str) -> Option<Arc<Partial>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || {
            let policy = self.assigned.get(at)?.parts.get(ix)?.policy().ok()?;
            Partial::of(resource_type, &policy.looks_at()).map(Arc::new)
        };
        known.entry((at, ix, resource_type.to_owned())).or_insert_with(find).clone()
    }

    /// How a request may come to another verdict than what there is.
    fn note(&self, judged: &Judged<'_>, into: &mut Judgement) {
        let Some((subject, around)) = judged.seen else { return };
        let refused = match judged.standing {
            Standing::Judged(Verdict::NonCompliant(Effect::Deny)) => true,
            Standing::Judged(Verdict::Compliant(Effect::Deny)) => false,
            _ => return,
        };
        let own = self.assigned.get(judged.assignment).and_then(|own| own.parts.get(judged.part));
        let Some(Ok(policy)) = own.map(dekey_policy::Part::policy) else { return };
        let resource_type = judged.resource.resource_type();
        let Some(partial) = self.of(judged.assignment, judged.part, resource_type) else {
            if !into.unknown_requests.contains(resource_type) {
                into.unknown_requests.insert(resource_type.to_owned());
            }
            return;
        };
        if partial.is_nothing() {
            return;
        }
        if let Some(differs) = partial.differs(policy, subject, around, refused) {
            into.requests.entry(differs).or_default().push(judged.resource.ix());
            into.hangs_on.extend(partial.paths());
        }
    }
}

/// What came up in one stretch of resources.
#[derive(Default)]
struct Gathered<'g> {
    requests: Option<&'g Requests<'g>>,
    covered: BTreeMap<usize, u64>,
    left_out: BTreeMap<usize, Vec<ResourceIx>>,
    parts: BTreeMap<(usize, usize), Judgement>,
}

impl Visitor for Gathered<'_> {
    fn excluded(&mut self, assignment: usize, resource: Resource<'_>) {
        self.left_out.entry(assignment).or_default().push(resource.ix());
    }

    fn covered(&mut self, assignment: usize, _: Resource<'_>) {
        *self.covered.entry(assignment).or_default() += 1;
    }

    fn judged(&mut self, judged: &Judged<'_>) {
        let own = self.parts.entry((judged.assignment, judged.part)).or_default();
        own.note(judged.resource.ix(), judged.standing);
        if let Some(requests) = self.requests {
            requests.note(judged, own);
        }
    }
}

impl Judgement {
    fn note(&mut self, ix: ResourceIx, standing: &Standing) {
        match standing {
            Standing::Judged(Verdict::Compliant(_)) => self.counts.compliant += 1,
            Standing::Judged(Verdict::NonCompliant(effect)) => {
                self.counts.non_compliant += 1;
                list(&mut self.non_compliant, effect.name()).push(ix);
            }
            Standing::Judged(Verdict::Failed(why)) => {
                self.counts.failed += 1;
                list(&mut self.failed, why).push(ix);
            }
            Standing::Judged(Verdict::NotJudged(why)) => {
                self.counts.not_judged += 1;
                list(&mut self.not_judged, why).push(ix);
            }
            Standing::Exempt { verdict: Verdict::NotApplicable(_), .. }
            | Standing::Judged(Verdict::NotApplicable(_))
            | Standing::Excluded
            | Standing::Elsewhere => {}
            Standing::Exempt { by, category, verdict } => {
                self.counts.exempt += 1;
                let would = matches!(verdict, Verdict::NonCompliant(_) | Verdict::Failed(_));
                let fresh = || Excused { category: *category, all: Vec::new() };
                self.exempt.entry(by.clone()).or_insert_with(fresh).all.push((ix, would));
            }
        }
    }

    fn append(&mut self, other: Judgement) {
        self.counts.add(&other.counts);
        for (into, from) in [
            (&mut self.non_compliant, other.non_compliant),
            (&mut self.failed, other.failed),
            (&mut self.not_judged, other.not_judged),
        ] {
            for (name, mut all) in from {
                into.entry(name).or_default().append(&mut all);
            }
        }
        for (how, mut all) in other.requests {
            self.requests.entry(how).or_default().append(&mut all);
        }
        self.hangs_on.extend(other.hangs_on);
        self.unknown_requests.extend(other.unknown_requests);
        for (by, mut own) in other.exempt {
            let fresh = || Excused { category: own.category, all: Vec::new() };
            self.exempt.entry(by).or_insert_with(fresh).all.append(&mut own.all);
        }
    }

    /// What is refused as it is: what a policy that denies holds for, and what fails to evaluate.
    pub fn refused(&self) -> impl Iterator<Item = ResourceIx> {
        let denied = self.non_compliant.get(Effect::Deny.name()).into_iter().flatten();
        denied.chain(self.failed.values().flatten()).copied()
    }
}

fn list<'m>(map: &'m mut BTreeMap<String, Vec<ResourceIx>>, name: &str) -> &'m mut Vec<ResourceIx> {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), Vec::new());
    }
    map.entry(name.to_owned()).or_default()
}

impl Gathered<'_> {
    fn append(&mut self, other: Gathered<'_>) {
        for (at, count) in other.covered {
            *self.covered.entry(at).or_default() += count;
        }
        for (at, mut all) in other.left_out {
            self.left_out.entry(at).or_default().append(&mut all);
        }
        for (at, own) in other.parts {
            self.parts.entry(at).or_default().append(own);
        }
    }

    fn finish(mut self, assigned: &[Assigned]) -> Simulation {
        let assessment = |(at, own): (usize, &Assigned)| {
            let covered = self.covered.get(&at).copied().unwrap_or_default();
            let left_out = self.left_out.remove(&at).unwrap_or_default();
            let excluded = left_out.len() as u64;
            let part = |ix: usize| {
                let mut own = self.parts.remove(&(at, ix)).unwrap_or_default();
                own.counts.excluded = excluded;
                own.counts.not_applicable = covered.saturating_sub(own.counts.looked_at());
                own
            };
            let parts = (0..own.parts.len()).map(part).collect();
            Assessment { covered, excluded, left_out, parts }
        };
        Simulation { assessments: assigned.iter().enumerate().map(assessment).collect() }
    }
}
