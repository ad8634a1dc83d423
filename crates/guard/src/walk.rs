//! Holds assignments against every resource, on all cores, a stretch of resources at a time.

use crate::around::{Around, Lookups};
use crate::estate::{Estate, key};
use crate::force::Forces;
use crate::order::lies_in;
use crate::subject::{Body, is_evaluated};
use dekey_model::{Resource, ResourceIx};
use dekey_policy::{Assigned, Coverage, Exemption, Standing, Subject, Surroundings, Verdict};
use hashbrown::HashMap;
use jiff::Timestamp;
use rayon::prelude::*;

/// How many resources are held against the assignments before what was looked up for them is dropped.
const STRETCH: usize = 256;

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// The time of evaluation.
    pub now: Option<Timestamp>,
    /// Effects in the place of the policies' own.
    pub forces: Option<&'o Forces>,
    /// Only what lies at or below this.
    pub scope: Option<&'o str>,
}

impl Options<'_> {
    /// Whether something lies in the scope that is asked for; `None` where nobody said.
    pub(crate) fn lies_in(&self, estate: &Estate<'_>, id: &str) -> Option<bool> {
        self.scope.map_or(Some(true), |scope| estate.lies_in(id, scope))
    }
}

/// How one resource stands to one policy.
#[derive(Clone, Copy)]
pub struct Judged<'j> {
    /// The resource.
    pub resource: Resource<'j>,
    /// The assignment, as a position.
    pub assignment: usize,
    /// The policy in it, as a position.
    pub part: usize,
    /// What comes of it.
    pub standing: &'j Standing,
    /// The resource as the policy sees it; nothing where its document was not needed.
    pub seen: Option<(&'j Subject<'j>, &'j Surroundings<'j>)>,
}

/// Takes note of what comes of it. Resources that a policy cannot be about are told by the number that it covers.
pub trait Visitor: Send {
    /// An assignment excludes a resource.
    fn excluded(&mut self, assignment: usize, resource: Resource<'_>);
    /// An assignment covers a resource; how it stands to those policies that may be about it follows.
    fn covered(&mut self, assignment: usize, resource: Resource<'_>);
    /// How a resource that is covered stands to a policy.
    fn judged(&mut self, judged: &Judged<'_>);
}

/// Which policies may be about a type: positions of policies for each assignment.
type Chosen = Vec<Vec<u32>>;

struct Plan<'p> {
    estate: &'p Estate<'p>,
    assigned: &'p [Assigned],
    exemptions: Vec<&'p [Exemption]>,
    by_type: HashMap<&'p str, Chosen, foldhash::fast::FixedState>,
    by_subscription: HashMap<String, Vec<u32>, foldhash::fast::FixedState>,
    options: Options<'p>,
}

/// Holds assignments against every resource. There is a visitor for each stretch of resources, in order of id.
pub fn walk<V: Visitor>(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    visitor: &(dyn Fn() -> V + Sync),
) -> Vec<V> {
    let inventory = estate.inventory;
    let wanted = |ix: &&ResourceIx| {
        let resource = inventory.get(**ix);
        // What may lie in the scope stays, so that it is told as not judged.
        is_evaluated(resource) && options.lies_in(estate, resource.id()) != Some(false)
    };
    let all: Vec<ResourceIx> = estate.order.all.iter().filter(wanted).copied().collect();
    let plan = Plan::new(estate, assigned, options, &all);
    let stretch = |own: &[ResourceIx]| {
        let mut visitor = visitor();
        let around = Around::new(estate, options.now);
        let lookups = around.lookups();
        for ix in own {
            plan.visit(inventory.get(*ix), &lookups, &mut visitor);
        }
        visitor
    };
    all.par_chunks(STRETCH).map(stretch).collect()
}

impl<'p> Plan<'p> {
    fn new(
        estate: &'p Estate<'p>,
        assigned: &'p [Assigned],
        options: Options<'p>,
        all: &[ResourceIx],
    ) -> Self {
        // Another version of a policy may be about other types.
        let of = |own: &Assigned, part| if own.has_other_versions() { None } else { types_of(part) };
        let types: Vec<Vec<Option<Vec<String>>>> =
            assigned.iter().map(|own| own.parts.iter().map(|part| of(own, part)).collect()).collect();
        let mut by_type: HashMap<&str, Chosen, foldhash::fast::FixedState> = HashMap::default();
        let mut by_subscription: HashMap<String, Vec<u32>, foldhash::fast::FixedState> = HashMap::default();
        for ix in all {
            let resource = estate.inventory.get(*ix);
            let own = resource.resource_type();
            by_type.entry(own).or_insert_with(|| chosen(&types, own));
            let subscription = resource.arm_id().subscription().unwrap_or_default();
            if !by_subscription.contains_key(subscription) {
                by_subscription.insert(subscription.to_owned(), near(assigned, subscription));
            }
        }
        let exemptions = assigned.iter().map(|own| estate.exemptions(&own.assignment.id)).collect();
        Self { estate, assigned, exemptions, by_type, by_subscription, options }
    }

    fn visit(&self, resource: Resource<'_>, lookups: &Lookups<'_, '_>, visitor: &mut dyn Visitor) {
        let chosen = self.by_type.get(resource.resource_type());
        let subscription = resource.arm_id().subscription().unwrap_or_default();
        let near = self.by_subscription.get(subscription).map(Vec::as_slice).unwrap_or_default();
        if near.is_empty() {
            return;
        }
        let around = lookups.of(resource.id());
        // Most resources concern few policies: whether one is covered shows without its document, unless selectors want its
        // location.
        let mut body: Option<Option<Body>> = None;
        let bare = serde_json::Value::Null;
        for at in near {
            let at = *at as usize;
            let Some(own) = self.assigned.get(at) else { continue };
            let parts = chosen.and_then(|own| own.get(at)).map(Vec::as_slice).unwrap_or_default();
            if parts.is_empty() && !own.assignment.is_selective() {
                let subject = Subject::new(&bare).with_id(resource.id());
                self.cover(own, at, &subject, resource, &around, visitor);
                continue;
            }
            let body = body.get_or_insert_with(|| Body::of(resource));
            let Some(body) = body else {
                visitor.covered(at, resource);
                not_kept(at, parts, resource, visitor);
                continue;
            };
            let subject = body.subject(resource);
            if self.cover(own, at, &subject, resource, &around, visitor) {
                self.judge((own, at), parts, &subject, resource, &around, visitor);
            }
        }
    }

    /// Whether an assignment covers a resource.
    fn cover(
        &self,
        own: &Assigned,
        at: usize,
        subject: &Subject<'_>,
        resource: Resource<'_>,
        around: &Surroundings<'_>,
        visitor: &mut dyn Visitor,
    ) -> bool {
        let coverage = match own.assignment.covers(subject, around) {
            // A verdict about what may lie elsewhere is none about the scope.
            Coverage::Covered if self.options.lies_in(self.estate, resource.id()).is_none() => {
                Coverage::Unknown("which management groups the subscription lies in".to_owned())
            }
            known => known,
        };
        match coverage {
            Coverage::Covered => {
                visitor.covered(at, resource);
                return true;
            }
            Coverage::Excluded => visitor.excluded(at, resource),
            Coverage::Elsewhere | Coverage::Unselected => {}
            Coverage::Unknown(why) => {
                visitor.covered(at, resource);
                let standing = Standing::Judged(Verdict::NotJudged(why));
                let parts = self.by_type.get(resource.resource_type()).and_then(|own| own.get(at));
                for part in parts.into_iter().flatten() {
                    let part = *part as usize;
                    visitor.judged(&Judged {
                        resource,
                        assignment: at,
                        part,
                        standing: &standing,
                        seen: None,
                    });
                }
            }
        }
        false
    }

    fn judge(
        &self,
        (own, at): (&Assigned, usize),
        parts: &[u32],
        subject: &Subject<'_>,
        resource: Resource<'_>,
        around: &Surroundings<'_>,
        visitor: &mut dyn Visitor,
    ) {
        let exemptions = self.exemptions.get(at).copied().unwrap_or_default();
        let versions = own.parts_for(subject);
        for part in parts {
            let ix = *part as usize;
            let Some(part) = versions.as_ref().unwrap_or(&own.parts.as_slice()).get(ix) else { continue };
            if let Err(why) = &versions {
                let standing = Standing::Judged(Verdict::NotJudged(why.clone()));
                visitor.judged(&Judged {
                    resource,
                    assignment: at,
                    part: ix,
                    standing: &standing,
                    seen: None,
                });
                continue;
            }
            let effect = self.options.forces.and_then(|forces| forces.get(at, ix));
            let standing = own.standing(part, subject, around, exemptions, effect);
            let seen = Some((subject, around));
            visitor.judged(&Judged { resource, assignment: at, part: ix, standing: &standing, seen });
        }
    }
}

fn not_kept(at: usize, parts: &[u32], resource: Resource<'_>, visitor: &mut dyn Visitor) {
    let standing = Standing::Judged(Verdict::NotJudged("its document was not kept".to_owned()));
    for part in parts {
        let part = *part as usize;
        visitor.judged(&Judged { resource, assignment: at, part, standing: &standing, seen: None });
    }
}

/// The types that a policy may be about; `None` for all of them.
fn types_of(part: &dekey_policy::Part) -> Option<Vec<String>> {
    part.policy().ok().and_then(dekey_policy::Policy::types)
}

fn chosen(types: &[Vec<Option<Vec<String>>>], own: &str) -> Chosen {
    let fits = |list: &Option<Vec<String>>| {
        list.as_ref().is_none_or(|list| list.iter().any(|name| name.eq_ignore_ascii_case(own)))
    };
    let parts = |parts: &Vec<Option<Vec<String>>>| {
        let all = parts.iter().zip(0_u32..).filter(|(list, _)| fits(list));
        all.map(|(_, at)| at).collect()
    };
    types.iter().map(parts).collect()
}

/// The assignments that may be about something in a subscription.
fn near(assigned: &[Assigned], subscription: &str) -> Vec<u32> {
    let own = format!("/subscriptions/{}", subscription.to_ascii_lowercase());
    let fits = |assigned: &Assigned| {
        let scope = key(&assigned.assignment.scope);
        !scope.starts_with("/subscriptions/") || lies_in(&scope, &own)
    };
    assigned.iter().zip(0_u32..).filter(|(own, _)| fits(own)).map(|(_, at)| at).collect()
}
