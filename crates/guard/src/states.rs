//! What Azure's Policy Insights says, beside dekey's own verdicts.

use crate::estate::{Estate, key};
use crate::order::compare;
use crate::simulation::{Judgement, Simulation};
use dekey_model::{Kind, ResourceIx};
use dekey_policy::Assigned;
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

/// dekey's words for the resources of one policy.
struct Words(HashMap<ResourceIx, &'static str, foldhash::fast::FixedState>);

impl Words {
    fn of(judged: &Judgement) -> Self {
        let mut own = HashMap::default();
        let rows = [
            ("NonCompliant", &judged.non_compliant),
            ("evaluation error", &judged.failed),
            ("not judged", &judged.not_judged),
        ];
        for (word, lists) in rows {
            own.extend(lists.values().flatten().map(|ix| (*ix, word)));
        }
        let exempt = judged.exempt.values().flat_map(|own| &own.all);
        own.extend(exempt.map(|(ix, _)| (*ix, "Exempt")));
        Self(own)
    }
}

/// Holds the states of an inventory against a simulation; `None` if it has none.
pub fn compare_states(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    simulation: &Simulation,
) -> Option<Compared> {
    let inventory = estate.inventory;
    let all = inventory.of_kind(Kind::PolicyState);
    if all.is_empty() && !inventory.coverage().entries().any(|own| own.kind == Kind::PolicyState) {
        return None;
    }
    let by_id: BTreeMap<String, usize> =
        assigned.iter().enumerate().map(|(at, own)| (key(&own.assignment.id), at)).collect();
    let mut words: BTreeMap<(usize, usize), Words> = BTreeMap::new();
    let mut own = Compared::default();
    for ix in all {
        own.states += 1;
        let state = inventory.get(*ix).raw().and_then(|raw| serde_json::from_str::<Value>(raw).ok());
        let text =
            |name: &str| state.as_ref()?.pointer(&format!("/properties/{name}"))?.as_str().map(str::to_owned);
        let missed = |own: &mut Compared, what: &str| {
            *own.not_compared.entry(what.to_owned()).or_default() += 1;
        };
        let (Some(resource), Some(assignment), Some(azure)) =
            (text("resourceId"), text("policyAssignmentId"), text("complianceState"))
        else {
            missed(&mut own, "records that do not say what they are about");
            continue;
        };
        let Some(at) = by_id.get(&key(&assignment)).copied() else {
            missed(&mut own, "their assignment was not read, or cannot be used");
            continue;
        };
        let Some(part) = part_of(
            assigned.get(at),
            text("policyDefinitionReferenceId").as_ref(),
            text("policyDefinitionId").as_ref(),
        ) else {
            missed(&mut own, "their policy is not among those of the assignment");
            continue;
        };
        let Some(found) = inventory.find(&resource) else {
            missed(&mut own, "their resource was not read");
            continue;
        };
        let judged = simulation.assessments.get(at).and_then(|own| own.parts.get(part));
        let list = words
            .entry((at, part))
            .or_insert_with(|| judged.map_or_else(|| Words(HashMap::default()), Words::of));
        let said = list.0.get(&found.ix()).copied().unwrap_or("Compliant");
        if said == "not judged" {
            own.not_judged += 1;
        } else if agrees(&azure, said) {
            own.same += 1;
        } else {
            let evaluated = text("timestamp");
            own.differences.push(Difference { resource, assignment: at, part, azure, evaluated, own: said });
        }
    }
    own.differences.sort_by(|a, b| {
        (a.assignment, a.part).cmp(&(b.assignment, b.part)).then_with(|| compare(&a.resource, &b.resource))
    });
    Some(own)
}

/// Azure has no word for what does not evaluate: it is not compliant.
fn agrees(azure: &str, own: &str) -> bool {
    azure.eq_ignore_ascii_case(own)
        || (own == "evaluation error" && azure.eq_ignore_ascii_case("NonCompliant"))
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
