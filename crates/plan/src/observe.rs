//! What an inventory says about a roll-out: ring by ring, what complies, what would be refused, and what was written lately.

use crate::gate::{Denial, Facts, NotKnown, Recent, Refusal};
use crate::plan::{Bound, Plan};
use crate::rings::{Ring, normal_location};
use crate::rollout::is_by_scope;
use crate::{InventoryHash, state};
use dekey_guard::{Compiled, Estate, Judged, Options, Visitor, walk};
use dekey_model::{ArmId, Covered, Field, Inventory, Kind, Resource};
use dekey_policy::{Assigned, Assignment, Knowledge, Standing, Verdict};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What an inventory says about a roll-out.
#[derive(Debug, Default)]
pub struct Observed {
    /// For each ring.
    pub rings: Vec<Facts>,
    /// Pairs of resource and policy that no ring reaches.
    pub beyond: u64,
    /// How many resources the policies look at, by location; without one, under an empty name.
    pub locations: BTreeMap<String, u64>,
    /// What could not be used, in words.
    pub problems: Vec<String>,
}

/// Whose a resource is, where that is known.
pub type Owner<'o> = dyn Fn(Resource<'_>) -> Option<String> + Sync + 'o;

/// The inventory, as plans are bound to it. Records about resources, such as those of the activity log, do not belong to it.
pub fn bound(inventory: &Inventory) -> Bound {
    let mut hash = InventoryHash::default();
    let mut read_at: Option<Timestamp> = None;
    let mut unknown = false;
    for resource in inventory.resources() {
        if matches!(resource.kind(), Kind::ActivityEvent | Kind::PolicyState) {
            continue;
        }
        hash.add(resource.id(), resource.raw().unwrap_or(""));
        match resource.read_at().and_then(|own| own.parse::<Timestamp>().ok()) {
            Some(own) => read_at = Some(read_at.map_or(own, |first| first.min(own))),
            None => unknown = true,
        }
    }
    let resources = hash.len();
    Bound { hash: hash.finish(), resources, read_at: read_at.filter(|_| !unknown) }
}

/// Which assignments are held against the inventory, and for which policies.
pub struct Question<'q> {
    /// The assignments as they will be in the end.
    pub assignments: &'q [Value],
    /// The policies of the initiative that count; none for a single definition, or when all do.
    pub references: &'q [String],
    /// The rings.
    pub rings: &'q [Ring],
    /// When.
    pub now: Timestamp,
}

impl<'q> Question<'q> {
    /// The question that a plan asks, of the bodies of its assignments.
    pub fn of(plan: &'q Plan, assignments: &'q [Value], now: Timestamp) -> Self {
        Self { assignments, references: &plan.assigns.references, rings: &plan.rings, now }
    }
}

/// The assignments of a plan as they will be in the end, and everything that it lays ready, to be added to an estate.
pub fn outcome(plan: &Plan, found: &dyn Fn(&str) -> Option<Value>) -> (Vec<Value>, Vec<Value>) {
    let mut bodies: BTreeMap<String, Value> = BTreeMap::new();
    for step in plan.stages.iter().flat_map(|stage| &stage.steps) {
        let Some(Value::Object(mut body)) = step.request.body.clone() else { continue };
        body.insert("id".to_owned(), step.request.path.clone().into());
        bodies.insert(step.request.path.to_ascii_lowercase(), Value::Object(body));
    }
    let assignments = plan
        .assigns
        .assignments
        .iter()
        .filter_map(|id| bodies.get(&id.to_ascii_lowercase()).cloned().or_else(|| found(id)));
    let assignments: Vec<Value> = assignments.collect();
    let ready = |id: &&String| {
        let kind = state::type_of(id);
        kind.ends_with("/policydefinitions") || kind.ends_with("/policysetdefinitions")
    };
    let ready = bodies.keys().filter(ready).filter_map(|id| bodies.get(id).cloned()).collect();
    (assignments, ready)
}

/// Holds the assignments against the inventory.
pub fn observe(
    estate: &Estate<'_>,
    knowledge: &Knowledge,
    question: &Question<'_>,
    owner: &Owner<'_>,
) -> Observed {
    let mut compiled = Compiled::default();
    let mut problems = Vec::new();
    for body in question.assignments {
        match Assignment::parse(body) {
            Ok(own) => estate.compile_one(&own, knowledge, &mut compiled),
            Err(error) => problems.push(format!("an assignment: {error}")),
        }
    }
    problems.extend(compiled.problems.iter().map(|own| format!("{}: {}", own.id, own.message)));
    let options = Options { now: Some(question.now), forces: None, scope: None };
    let sorter = Sorter { question, assigned: &compiled.assigned, owner };
    let parts = walk(estate, &compiled.assigned, options, &|| Gathered::new(&sorter));
    let mut rings: Vec<Facts> = vec![Facts::default(); question.rings.len()];
    let (mut beyond, mut locations) = (0, BTreeMap::new());
    let mut unknown: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); question.rings.len()];
    for own in parts {
        beyond += own.beyond;
        for (location, count) in own.locations {
            *locations.entry(location).or_insert(0) += count;
        }
        for (at, mut facts) in own.rings {
            let Some(into) = rings.get_mut(at) else { continue };
            into.compliant += facts.compliant;
            into.non_compliant += facts.non_compliant;
            into.exempt += facts.exempt;
            into.failed += facts.failed;
            into.refusals.append(&mut facts.refusals);
            for (why, count) in facts.not_judged {
                if let Some(all) = unknown.get_mut(at) {
                    *all.entry(why).or_default() += count;
                }
            }
        }
    }
    let log = Log::of(estate, question);
    for (own, unknown) in rings.iter_mut().zip(unknown) {
        own.not_judged = unknown.into_iter().collect();
        own.not_judged.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        own.refusals.sort();
        own.writes = Some(log.writes.clone());
        own.denials = Some(log.denials.clone());
    }
    Observed { rings, beyond, locations, problems }
}

/// Which ring a resource is in, and whose it is.
struct Sorter<'s> {
    question: &'s Question<'s>,
    assigned: &'s [Assigned],
    owner: &'s Owner<'s>,
}

impl Sorter<'_> {
    fn counts(&self, judged: &Judged<'_>) -> Option<&str> {
        let part = self.assigned.get(judged.assignment)?.parts.get(judged.part)?;
        let wanted = self.question.references;
        let is_wanted =
            wanted.is_empty() || wanted.iter().any(|own| own.eq_ignore_ascii_case(&part.reference));
        let name = if part.reference.is_empty() { &part.definition } else { &part.reference };
        is_wanted.then_some(name)
    }

    fn ring(&self, judged: &Judged<'_>, location: &str) -> Option<usize> {
        let rings = self.question.rings;
        if is_by_scope(rings) {
            let scope = &self.assigned.get(judged.assignment)?.assignment.scope;
            return rings
                .iter()
                .position(|ring| ring.scopes.iter().any(|own| own.eq_ignore_ascii_case(scope)));
        }
        let named = rings.iter().position(|ring| ring.locations.iter().any(|own| own == location));
        named.or_else(|| rings.iter().position(Ring::is_rest))
    }
}

/// What came up in one stretch of resources.
struct Gathered<'g> {
    sorter: &'g Sorter<'g>,
    rings: BTreeMap<usize, Facts>,
    beyond: u64,
    locations: BTreeMap<String, u64>,
    last: Option<String>,
}

impl<'g> Gathered<'g> {
    fn new(sorter: &'g Sorter<'g>) -> Self {
        Self { sorter, rings: BTreeMap::new(), beyond: 0, locations: BTreeMap::new(), last: None }
    }
}

impl Visitor for Gathered<'_> {
    fn excluded(&mut self, _: usize, _: Resource<'_>) {}

    fn covered(&mut self, _: usize, _: Resource<'_>) {}

    fn judged(&mut self, judged: &Judged<'_>) {
        let Some(policy) = self.sorter.counts(judged) else { return };
        let looks = match judged.standing {
            Standing::Excluded | Standing::Elsewhere => false,
            Standing::Judged(verdict) | Standing::Exempt { verdict, .. } => {
                !matches!(verdict, Verdict::NotApplicable(_))
            }
        };
        if !looks {
            return;
        }
        let location = judged.resource.text(Field::Location).value().map(normal_location).unwrap_or_default();
        // Resources come one after the other, each with all its policies.
        if self.last.as_deref() != Some(judged.resource.id()) {
            self.last = Some(judged.resource.id().to_owned());
            *self.locations.entry(location.clone()).or_default() += 1;
        }
        let Some(ring) = self.sorter.ring(judged, &location) else {
            self.beyond += 1;
            return;
        };
        let facts = self.rings.entry(ring).or_default();
        let refused = match judged.standing {
            Standing::Exempt { .. } => {
                facts.exempt += 1;
                false
            }
            Standing::Judged(Verdict::NonCompliant(_)) => {
                facts.non_compliant += 1;
                true
            }
            Standing::Judged(Verdict::Failed(_)) => {
                facts.failed += 1;
                true
            }
            Standing::Judged(Verdict::NotJudged(why)) => {
                match facts.not_judged.iter_mut().find(|row| row.0 == *why) {
                    Some(row) => row.1 += 1,
                    None => facts.not_judged.push((why.clone(), 1)),
                }
                false
            }
            _ => {
                facts.compliant += 1;
                false
            }
        };
        if refused {
            let (resource, policy) = (judged.resource.id().to_owned(), policy.to_owned());
            let owner = (self.sorter.owner)(judged.resource);
            facts.refusals.push(Refusal { resource, policy, owner });
        }
    }
}

/// What the activity log says.
struct Log {
    writes: Result<Vec<Recent>, NotKnown>,
    denials: Result<Vec<Denial>, NotKnown>,
}

/// What Azure notes when a policy refuses a request.
const DENY: &str = "microsoft.authorization/policies/deny/action";

impl Log {
    fn of(estate: &Estate<'_>, question: &Question<'_>) -> Self {
        if let Some(why) = unread(estate, question) {
            return Self { writes: Err(NotKnown(why.clone())), denials: Err(NotKnown(why)) };
        }
        let (mut writes, mut denials) = (Vec::new(), Vec::new());
        for ix in estate.inventory.of_kind(Kind::ActivityEvent) {
            let Some(event) = Event::of(estate.inventory.get(*ix)) else { continue };
            let Event { resource, operation, caller, succeeded, at } = event;
            if operation == DENY {
                denials.push(Denial { resource, caller, at });
            } else if operation.ends_with("/write") && succeeded {
                writes.push(Recent { resource, caller, at });
            }
        }
        Self { writes: Ok(writes), denials: Ok(denials) }
    }
}

struct Event {
    resource: String,
    operation: String,
    caller: Option<String>,
    /// Of one request the log has several lines: begun, accepted, ended. The last one counts.
    succeeded: bool,
    at: Timestamp,
}

impl Event {
    fn of(record: Resource<'_>) -> Option<Self> {
        let value: Value = serde_json::from_str(record.raw()?).ok()?;
        let text = |name: &str| value.get("properties")?.get(name)?.as_str();
        let status = text("status").unwrap_or("").to_ascii_lowercase();
        Some(Self {
            resource: text("resourceId")?.to_owned(),
            operation: text("operationName")?.to_ascii_lowercase(),
            caller: text("caller").map(str::to_owned),
            succeeded: status.is_empty() || status.starts_with("succe"),
            at: text("eventTimestamp")?.parse().ok()?,
        })
    }
}

/// Why nobody knows what was written: the subscription whose log was not read, or not whole.
fn unread(estate: &Estate<'_>, question: &Question<'_>) -> Option<String> {
    let of = |own: &Assignment| ArmId(&own.scope).subscription().map(|id| format!("/subscriptions/{id}"));
    let assignments = question.assignments.iter().filter_map(|own| Assignment::parse(own).ok());
    let mut scopes: BTreeSet<String> = BTreeSet::new();
    for own in assignments {
        match of(&own) {
            Some(scope) => {
                scopes.insert(scope);
            }
            None if estate.inventory.of_kind(Kind::Subscription).is_empty() => {
                return Some(format!(
                    "no subscription below {} was read, nor what is written there",
                    own.scope
                ));
            }
            // A management group: every subscription that was read.
            None => scopes.extend(
                estate
                    .inventory
                    .of_kind(Kind::Subscription)
                    .iter()
                    .map(|ix| estate.inventory.get(*ix).id().to_owned()),
            ),
        }
    }
    let coverage = estate.inventory.coverage();
    scopes.into_iter().find_map(|scope| match coverage.covers(Kind::ActivityEvent, &scope) {
        Covered::Yes => None,
        Covered::Refused(why) => Some(format!("the activity log of {scope} was not read: {why}")),
        Covered::Unknown if !coverage.in_part(Kind::ActivityEvent, &scope) && has_events(estate, &scope) => None,
        Covered::Unknown => Some(format!(
            "the activity log of {scope} was not read, so nobody knows what is written there: dekey collect --activity-days N reads it"
        )),
    })
}

fn has_events(estate: &Estate<'_>, scope: &str) -> bool {
    let mut all = estate.inventory.of_kind(Kind::ActivityEvent).iter().map(|ix| estate.inventory.get(*ix));
    all.any(|own| own.id().get(..scope.len()).is_some_and(|own| own.eq_ignore_ascii_case(scope)))
}
