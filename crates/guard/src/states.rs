//! What Azure's Policy Insights says, beside dekey's own verdicts.

use crate::estate::{Estate, key};
use crate::order::compare;
use crate::subject::is_evaluated;
use crate::walk::{Judged, Options, Visitor, walk};
use dekey_model::{Kind, Resource, ResourceIx};
use dekey_policy::{Assigned, Standing, Verdict};
use hashbrown::HashMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// Azure's verdict and dekey's, where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The resource, as Azure spells its id.
    pub resource: String,
    /// The assignment, as a position.
    pub assignment: usize,
    /// The policy in it, as a position.
    pub part: usize,
    /// Azure's word.
    pub azure: String,
    /// When Azure evaluated it, where it says so.
    pub evaluated: Option<String>,
    /// dekey's word.
    pub own: &'static str,
}

/// What Policy Insights says, beside dekey's own verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many states there are.
    pub states: u64,
    /// Those that dekey's verdict agrees with.
    pub same: u64,
    /// Those that it does not agree with, in order of assignment, policy and resource.
    pub differences: Vec<Difference>,
    /// Those that dekey did not judge.
    pub not_judged: u64,
    /// Those of what was not read, by what is missing.
    pub not_compared: BTreeMap<String, u64>,
}

/// A state, as Azure tells it.
struct State {
    resource: String,
    assignment: String,
    azure: String,
    reference: Option<String>,
    definition: Option<String>,
    evaluated: Option<String>,
}

impl State {
    /// `None` if it does not say what it is about.
    fn of(record: Resource<'_>) -> Option<Self> {
        let value: Value = serde_json::from_str(record.raw()?).ok()?;
        let properties = value.get("properties")?;
        let text = |name: &str| properties.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            resource: text("resourceId")?,
            assignment: text("policyAssignmentId")?,
            azure: text("complianceState")?,
            reference: text("policyDefinitionReferenceId"),
            definition: text("policyDefinitionId"),
            evaluated: text("timestamp"),
        })
    }
}

/// A state whose resource and policy were read.
struct Asked {
    state: ResourceIx,
    resource: ResourceIx,
    assignment: usize,
    part: usize,
}

/// The policies that states are about, by resource and assignment.
type Wanted = HashMap<(ResourceIx, usize), Vec<usize>, foldhash::fast::FixedState>;

/// dekey's words for what states are about: of what is not there, no assignment is about.
struct Words<'w> {
    wanted: &'w Wanted,
    said: HashMap<(ResourceIx, usize, usize), &'static str, foldhash::fast::FixedState>,
}

impl Words<'_> {
    fn say(&mut self, assignment: usize, resource: Resource<'_>, word: &'static str) {
        for part in self.wanted.get(&(resource.ix(), assignment)).into_iter().flatten() {
            self.said.insert((resource.ix(), assignment, *part), word);
        }
    }
}

impl Visitor for Words<'_> {
    fn excluded(&mut self, assignment: usize, resource: Resource<'_>) {
        self.say(assignment, resource, "excluded");
    }

    fn covered(&mut self, assignment: usize, resource: Resource<'_>) {
        // Policies that may be about it say more later.
        self.say(assignment, resource, NOT_APPLICABLE);
    }

    fn judged(&mut self, judged: &Judged<'_>) {
        let at = (judged.resource.ix(), judged.assignment, judged.part);
        if let Some(said) = self.said.get_mut(&at) {
            *said = word_of(judged.standing);
        }
    }
}

fn word_of(standing: &Standing) -> &'static str {
    match standing {
        Standing::Exempt { verdict: Verdict::NotApplicable(_), .. }
        | Standing::Judged(Verdict::NotApplicable(_)) => NOT_APPLICABLE,
        Standing::Judged(Verdict::Compliant(_)) => "Compliant",
        Standing::Judged(Verdict::NonCompliant(_)) => "NonCompliant",
        Standing::Judged(Verdict::Failed(_)) => FAILED,
        Standing::Judged(Verdict::NotJudged(_)) => NOT_JUDGED,
        Standing::Exempt { .. } => "Exempt",
        Standing::Excluded => "excluded",
        Standing::Elsewhere => ELSEWHERE,
    }
}

const NOT_APPLICABLE: &str = "not applicable";
const NOT_JUDGED: &str = "not judged";
const FAILED: &str = "evaluation error";
/// The assignment counts elsewhere, or its selectors leave the resource out.
const ELSEWHERE: &str = "not covered";

/// Holds the states of an inventory against what dekey says of the same; `None` if it has none.
pub fn compare_states(estate: &Estate<'_>, assigned: &[Assigned], options: Options<'_>) -> Option<Compared> {
    let inventory = estate.inventory;
    let all = inventory.of_kind(Kind::PolicyState);
    if all.is_empty() && !inventory.coverage().entries().any(|own| own.kind == Kind::PolicyState) {
        return None;
    }
    let by_id: BTreeMap<String, usize> =
        assigned.iter().enumerate().map(|(at, own)| (key(&own.assignment.id), at)).collect();
    let mut own = Compared::default();
    let mut asked = Vec::new();
    for ix in all {
        own.states += 1;
        match ask(estate, assigned, options, &by_id, *ix) {
            Ok(one) => asked.push(one),
            Err(why) => *own.not_compared.entry(why.to_owned()).or_default() += 1,
        }
    }
    let said = words(estate, assigned, options, &asked);
    for one in asked {
        let Some(state) = State::of(inventory.get(one.state)) else { continue };
        let (assignment, part) = (one.assignment, one.part);
        let word = said.get(&(one.resource, assignment, part)).copied().unwrap_or(ELSEWHERE);
        if word == NOT_JUDGED {
            own.not_judged += 1;
        } else if agrees(&state.azure, word) {
            own.same += 1;
        } else {
            let State { resource, azure, evaluated, .. } = state;
            own.differences.push(Difference { resource, assignment, part, azure, evaluated, own: word });
        }
    }
    own.differences.sort_by(|a, b| {
        (a.assignment, a.part).cmp(&(b.assignment, b.part)).then_with(|| compare(&a.resource, &b.resource))
    });
    Some(own)
}

/// What a state is about, or why it cannot be compared.
fn ask(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    by_id: &BTreeMap<String, usize>,
    state: ResourceIx,
) -> Result<Asked, &'static str> {
    let own = State::of(estate.inventory.get(state)).ok_or("records that do not say what they are about")?;
    let assignment = by_id
        .get(&key(&own.assignment))
        .copied()
        .ok_or("their assignment was not read, or cannot be used")?;
    let part = part_of(assigned.get(assignment), own.reference.as_ref(), own.definition.as_ref())
        .ok_or("their policy is not among those of the assignment")?;
    let resource = estate.inventory.find(&own.resource).ok_or("their resource was not read")?;
    if options.lies_in(estate, resource.id()) == Some(false) {
        return Err("their resource was not looked at: it lies outside the scope that is asked for");
    }
    if !is_evaluated(resource) {
        return Err("their resource was not looked at: it is none that policies are evaluated for");
    }
    Ok(Asked { state, resource: resource.ix(), assignment, part })
}

/// What dekey says of what is asked.
fn words(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    asked: &[Asked],
) -> HashMap<(ResourceIx, usize, usize), &'static str, foldhash::fast::FixedState> {
    let mut all = HashMap::default();
    if asked.is_empty() {
        return all;
    }
    let mut wanted = Wanted::default();
    for own in asked {
        let parts = wanted.entry((own.resource, own.assignment)).or_default();
        if !parts.contains(&own.part) {
            parts.push(own.part);
        }
    }
    let fresh = || Words { wanted: &wanted, said: HashMap::default() };
    for own in walk(estate, assigned, options, &fresh) {
        all.extend(own.said);
    }
    all
}

/// Azure has no word for what does not evaluate: it is not compliant.
fn agrees(azure: &str, own: &str) -> bool {
    azure.eq_ignore_ascii_case(own) || (own == FAILED && azure.eq_ignore_ascii_case("NonCompliant"))
}

fn part_of(own: Option<&Assigned>, reference: Option<&String>, definition: Option<&String>) -> Option<usize> {
    let own = own?;
    let by_reference = reference.filter(|own| !own.is_empty()).and_then(|reference| {
        own.parts.iter().position(|part| part.reference.eq_ignore_ascii_case(reference))
    });
    by_reference.or_else(|| {
        let definition = definition?;
        own.parts.iter().position(|part| key(&part.definition) == key(definition))
    })
}
