//! The least that suffices: the cheapest roles and scopes that meet every need, with a proof.
//!
//! What a choice costs: each assignment a little, and each action that it permits and nobody needs, by its danger, once at each resource
//! it reaches. A role on a group also reaches what the group will hold later, so the group counts as one more resource. A custom role permits what
//! is needed and nothing else; having it costs, once, however often it is assigned.

use crate::cover::{Candidate, Cover, Problem, Proof};
use crate::needs::KnownAt;
use crate::{Action, Actions, Danger, Need, Role};
use dekey_model::{ArmId, eq_ids};
use std::collections::{BTreeMap, BTreeSet};

/// What may be chosen from, and what things cost.
#[derive(Clone, Debug)]
pub struct Menu<'a> {
    /// The roles, compiled for the actions by which excess is measured.
    pub roles: &'a [Role],
    /// Those actions.
    pub actions: &'a Actions,
    /// Where roles may be assigned: the resources of the needs, and what is above them as far as wished.
    pub scopes: &'a [String],
    /// Resources besides those of the needs that a wider scope would reach.
    pub around: &'a [String],
    /// What one more assignment costs.
    pub assignment: u64,
    /// What a custom role costs, beside its assignments; none may be made, if nothing.
    pub custom: Option<u64>,
    /// In how many places to look at most.
    pub most: usize,
}

/// One assignment of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The role.
    pub role: PickedRole,
    /// Where to assign it.
    pub scope: String,
    /// Which of the needs it meets, by position.
    pub meets: Vec<usize>,
    /// What it permits beyond the needs, and where.
    pub excess: Vec<(Action, String)>,
}

/// Which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PickedRole {
    /// One that there is.
    Existing {
        /// Its GUID.
        id: String,
        /// Its name.
        name: String,
    },
    /// One to be made, with these actions and no others.
    Custom(Vec<Action>),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Least {
    /// The cheapest assignments.
    Proven(Plan),
    /// No role on the menu meets these needs, by position.
    Impossible(Vec<usize>),
    /// There were too many places to look in.
    GaveUp,
}

/// The cheapest assignments, and why there are none cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The assignments.
    pub picks: Vec<Pick>,
    /// What they cost.
    pub cost: u64,
    /// The problem as it was solved, to check the proof against.
    pub problem: Problem,
    /// Why no choice is cheaper.
    pub proof: Proof,
}

impl Plan {
    /// Whether the proof holds.
    pub fn is_proven(&self) -> bool {
        self.proof.holds(&self.problem, self.cost)
    }
}

/// Whether a scope is another or above it. Management groups are above none: what reaches beyond a subscription is never the least.
fn reaches(scope: &str, place: &str) -> bool {
    eq_ids(scope, place) || ArmId(place).ancestors().any(|above| eq_ids(scope, above))
}

/// Something that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Permission(Action, String),
    CustomRole(BTreeSet<Action>),
}

/// The things that candidates bring, numbered as they are met.
#[derive(Default)]
struct Things {
    numbers: BTreeMap<Thing, u32>,
    weights: Vec<u64>,
}

impl Things {
    fn number(&mut self, thing: Thing, weight: u64) -> u32 {
        let next = u32::try_from(self.weights.len()).unwrap_or(u32::MAX);
        let weights = &mut self.weights;
        *self.numbers.entry(thing).or_insert_with(|| {
            weights.push(weight);
            next
        })
    }
}

/// The cheapest assignments that meet every need.
pub fn minimise(needs: &[Need], menu: &Menu<'_>) -> Least {
    let mut things = Things::default();
    let mut offers: Vec<(PickedRole, &str)> = Vec::new();
    let mut candidates = Vec::new();
    for scope in menu.scopes {
        let custom = menu.custom.and_then(|price| custom(needs, menu, scope, price, &mut things));
        let existing = menu.roles.iter().filter_map(|role| existing(needs, menu, role, scope, &mut things));
        for (role, candidate) in existing.chain(custom).collect::<Vec<_>>() {
            offers.push((role, scope));
            candidates.push(candidate);
        }
    }
    let count = u32::try_from(needs.len()).unwrap_or(u32::MAX);
    let problem = Problem { needs: count, weights: things.weights.clone(), candidates };
    match problem.solve(menu.most) {
        Cover::Impossible(missing) => Least::Impossible(missing.into_iter().map(|ix| ix as usize).collect()),
        Cover::GaveUp(_) => Least::GaveUp,
        Cover::Proven(choice) => {
            let names: BTreeMap<u32, &Thing> =
                things.numbers.iter().map(|(thing, ix)| (*ix, thing)).collect();
            let picks = choice.chosen.iter().filter_map(|ix| {
                let (role, scope) = offers.get(*ix as usize)?;
                Some(pick(role, scope, problem.candidates.get(*ix as usize)?, &names))
            });
            let picks = picks.collect();
            Least::Proven(Plan { picks, cost: choice.cost, problem, proof: choice.proof })
        }
    }
}

fn pick(role: &PickedRole, scope: &str, candidate: &Candidate, names: &BTreeMap<u32, &Thing>) -> Pick {
    let excess = candidate.brings.iter().filter_map(|ix| match names.get(ix)? {
        Thing::Permission(action, scope) => Some((action.clone(), scope.clone())),
        Thing::CustomRole(_) => None,
    });
    Pick {
        role: role.clone(),
        scope: scope.to_owned(),
        meets: candidate.covers.iter().map(|ix| *ix as usize).collect(),
        excess: excess.collect(),
    }
}

/// The needs that a role, assigned at a scope, meets.
fn met(needs: &[Need], scope: &str, covers: impl Fn(&Action) -> bool) -> BTreeSet<u32> {
    let numbered = (0u32..).zip(needs);
    numbered
        .filter(|(_, need)| reaches(scope, &need.scope) && covers(&need.action))
        .map(|(ix, _)| ix)
        .collect()
}

/// A role that there is. What it permits under a condition of its own meets nothing, and counts as excess all the same.
fn existing(
    needs: &[Need],
    menu: &Menu<'_>,
    role: &Role,
    scope: &str,
    things: &mut Things,
) -> Option<(PickedRole, Candidate)> {
    if !role.is_known() || !role.is_assignable_at(scope) {
        return None;
    }
    let covers =
        met(needs, scope, |action| menu.actions.find(action).is_some_and(|ix| role.always().contains(ix)));
    if covers.is_empty() {
        return None;
    }
    let mut permitted = role.always().clone();
    permitted.add(role.sometimes());
    // The scope itself stands for what it holds later; where it is a resource it is one of the places.
    let places: BTreeSet<&str> = needs
        .iter()
        .map(|need| need.scope.as_str())
        .chain(menu.around.iter().map(String::as_str))
        .filter(|place| reaches(scope, place))
        .chain([scope])
        .collect();
    let mut brings = BTreeSet::new();
    for place in places {
        let known = KnownAt::new(place);
        let permitted = permitted.iter().filter_map(|ix| menu.actions.get(ix));
        for action in permitted.filter(|own| known.knows(own)) {
            let is_needed = needs.iter().any(|need| need.action == *action && eq_ids(&need.scope, place));
            if !is_needed {
                let thing = Thing::Permission(action.clone(), place.to_ascii_lowercase());
                brings.insert(things.number(thing, Danger::of(action).weight()));
            }
        }
    }
    let picked = PickedRole::Existing { id: role.id().to_owned(), name: role.name().to_owned() };
    Some((picked, Candidate { covers, brings, price: menu.assignment }))
}

/// A role that is made for the needs at a resource. Resources with the same needs share one.
fn custom(
    needs: &[Need],
    menu: &Menu<'_>,
    scope: &str,
    price: u64,
    things: &mut Things,
) -> Option<(PickedRole, Candidate)> {
    let here = |need: &&Need| eq_ids(&need.scope, scope);
    let actions: BTreeSet<Action> = needs.iter().filter(here).map(|need| need.action.clone()).collect();
    if actions.is_empty() {
        return None;
    }
    let covers = (0u32..).zip(needs).filter(|(_, need)| here(need)).map(|(ix, _)| ix).collect();
    let brings = BTreeSet::from([things.number(Thing::CustomRole(actions.clone()), price)]);
    Some((
        PickedRole::Custom(actions.into_iter().collect()),
        Candidate { covers, brings, price: menu.assignment },
    ))
}
