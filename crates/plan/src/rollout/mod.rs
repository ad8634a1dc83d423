//! Roll-outs of Azure Policy: ring by ring, first to audit, then to deny.
//!
//! As Microsoft's guidance has it: one assignment at the highest scope, first with the effect audit and only for the first ring;
//! then ring by ring for all; then the same with deny. Where the guidance narrows the assignment again for deny, overrides
//! choose the locations instead, so that the rings that are not reached yet go on being audited.

mod assignment;
mod target;

pub use target::{Ready, Target, home};

use crate::gate::{Gate, Refusal};
use crate::plan::{Assigns, Bound, FORMAT, Phase, Plan, Purpose, Stage, Standing};
use crate::rings::Ring;
use crate::state::{self, is_masked, same};
use crate::step::{Approval, Before, Put, Step};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The api-version of definitions, initiatives and assignments.
pub const POLICY_VERSION: &str = "2023-04-01";
/// The api-version of exemptions.
pub const EXEMPTION_VERSION: &str = "2022-07-01-preview";

/// How long the name of an assignment may be: at a management group, Azure takes no more.
const LONGEST_NAME: usize = 24;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RolloutError {
    /// What it is about.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl RolloutError {
    pub(crate) fn new(place: &str, message: &str) -> Self {
        Self { place: place.to_owned(), message: message.to_owned() }
    }
}

/// Who is excused for a time.
#[derive(Clone, Debug)]
pub struct Excuses {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: String,
    /// What does not comply, by ring.
    pub refusals: Vec<Vec<Refusal>>,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The name of the assignments.
    pub name: String,
    /// Their display name.
    pub title: String,
    /// What whoever is refused is told.
    pub message: String,
    /// Where.
    pub scope: String,
    /// What.
    pub target: Target,
    /// In which order. See [`crate::parse_rings`].
    pub rings: Vec<Ring>,
    /// Whether it is to deny in the end, or only to audit.
    pub deny: bool,
    /// What must hold before each ring that is denied.
    pub gate: Gate,
    /// The values of parameters.
    pub parameters: Map<String, Value>,
    /// Who is excused.
    pub excuses: Option<Excuses>,
    /// When the plan is made.
    pub made_at: Timestamp,
    /// The plan that it takes the place of.
    pub parent: Option<String>,
    /// The inventory that it is made from.
    pub inventory: Bound,
}

/// What the inventory holds, by id.
pub type Found<'f> = dyn Fn(&str) -> Option<Value> + 'f;

/// Whether rings are of scopes.
pub(crate) fn is_by_scope(rings: &[Ring]) -> bool {
    rings.iter().any(|ring| !ring.scopes.is_empty())
}

impl Wish {
    /// The assignments as they will be in the end, to be held against an inventory.
    pub fn assignments(&self) -> Vec<Value> {
        let phase = if self.deny { Phase::Deny } else { Phase::Audit };
        let mut all = BTreeMap::new();
        for ring in 0..self.rings.len() {
            for own in assignment::wanted(self, phase, ring) {
                let mut body = own.body;
                if let Value::Object(map) = &mut body {
                    map.insert("id".to_owned(), own.id.clone().into());
                }
                all.insert(own.id, body);
            }
        }
        all.into_values().collect()
    }

    /// Everything that is laid ready, with its id.
    pub fn ready(&self) -> Vec<Value> {
        let with_id = |own: &Ready| {
            let mut body = own.body.clone();
            if let Value::Object(map) = &mut body {
                map.insert("id".to_owned(), own.id.clone().into());
            }
            body
        };
        self.target.definitions.iter().chain(&self.target.initiative).map(with_id).collect()
    }
}

/// Makes the plan of a roll-out.
pub fn plan(wish: &Wish, found: &Found<'_>) -> Result<Plan, RolloutError> {
    check(wish)?;
    let mut notes = wish.target.fixed.clone();
    if !is_by_scope(&wish.rings) {
        notes.push(
            "what has no location of its own, such as datastores and connections, is reached by the last ring alone".to_owned(),
        );
    }
    let mut world = World { found, now: BTreeMap::new() };
    let standing = standing(wish, found)?;
    let mut stages = vec![ready(wish, &mut world)?];
    for (phase, ring) in order(wish) {
        let own_standing = standing.of(phase, ring);
        stages.extend(stage(wish, phase, ring, own_standing, &mut world)?);
    }
    let mut plan = Plan {
        dekey: FORMAT.to_owned(),
        id: String::new(),
        parent: wish.parent.clone(),
        purpose: Purpose::PolicyRollout,
        title: wish.title.clone(),
        scope: wish.scope.clone(),
        made_at: wish.made_at,
        inventory: wish.inventory.clone(),
        assigns: Assigns {
            target: wish.target.id.clone(),
            assignments: assignment::ids(wish),
            references: wish.target.references.clone(),
        },
        rings: wish.rings.clone(),
        needs: Vec::new(),
        notes,
        stages,
    };
    plan.needs = crate::needs::of(&plan);
    Ok(plan.sealed())
}

fn check(wish: &Wish) -> Result<(), RolloutError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if wish.name.is_empty() || wish.name.len() > LONGEST_NAME || !wish.name.chars().all(plain) {
        let message =
            format!("`{}` is no name: use letters, digits and `-`, at most {LONGEST_NAME}", wish.name);
        return Err(RolloutError::new("--name", &message));
    }
    if home(&wish.scope).is_none() {
        return Err(RolloutError::new("--scope", "is no management group, subscription or resource group"));
    }
    fitting(wish)?;
    apart(wish)?;
    let scope = wish.scope.to_ascii_lowercase();
    for own in wish.rings.iter().flat_map(|ring| &ring.scopes) {
        let lower = own.to_ascii_lowercase();
        let below = lower == scope || lower.strip_prefix(&scope).is_some_and(|rest| rest.starts_with('/'));
        if !below && !scope.starts_with("/providers/microsoft.management/") {
            return Err(RolloutError::new(
                "rings",
                &format!("{own} does not lie in the scope {}", wish.scope),
            ));
        }
    }
    Ok(())
}

/// Scopes of rings lie apart: in one of two that are nested, a resource would have two assignments, and be denied by that of the
/// later ring with what excuses it from the other. What lies in a management group is not to be seen from ids.
fn apart(wish: &Wish) -> Result<(), RolloutError> {
    let all: Vec<String> =
        wish.rings.iter().flat_map(|ring| &ring.scopes).map(|own| own.to_ascii_lowercase()).collect();
    let is_group = |own: &String| own.starts_with("/providers/microsoft.management/");
    for (at, own) in all.iter().enumerate() {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, other) in others {
            let within =
                other.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if within || is_group(own) {
                let message = format!("{own} may hold {other}, which another ring has: rings must lie apart");
                return Err(RolloutError::new("rings", &message));
            }
        }
    }
    Ok(())
}

/// Parameters that Azure would not take, or would miss.
fn fitting(wish: &Wish) -> Result<(), RolloutError> {
    let known = &wish.target.parameters;
    let is = |name: &str, own: &str| name.eq_ignore_ascii_case(own);
    if let Some(name) = wish.parameters.keys().find(|name| !known.iter().any(|own| is(name, &own.0))) {
        let names: Vec<&str> = known.iter().map(|own| own.0.as_str()).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(RolloutError::new(
            "--parameter",
            &format!("`{name}` is no parameter of {}; there are {there}", wish.target.name),
        ));
    }
    let missing = known.iter().find(|own| !own.1 && !wish.parameters.keys().any(|name| is(name, &own.0)));
    match missing {
        Some((name, _)) => {
            Err(RolloutError::new("--parameter", &format!("`{name}` has no default: give it a value")))
        }
        None => Ok(()),
    }
}

/// All rings to audit, then all rings to deny, with exemptions before each.
fn order(wish: &Wish) -> Vec<(Phase, usize)> {
    let rings = || 0..wish.rings.len();
    let mut all: Vec<(Phase, usize)> = rings().map(|ring| (Phase::Audit, ring)).collect();
    if wish.deny {
        all.extend(rings().flat_map(|ring| [(Phase::Exempt, ring), (Phase::Deny, ring)]));
    }
    all
}

/// How far the tenant is already.
struct Reached {
    upto: Option<(Phase, usize)>,
    since: Option<Timestamp>,
    order: Vec<(Phase, usize)>,
}

impl Reached {
    fn of(&self, phase: Phase, ring: usize) -> Standing {
        let at = |wanted: (Phase, usize)| self.order.iter().position(|own| *own == wanted);
        match self.upto.and_then(at) {
            Some(upto) if at((phase, ring)).is_some_and(|own| own <= upto) => Standing::Already(self.since),
            _ => Standing::ToDo,
        }
    }
}

/// The last stage whose assignments are what is there. Assignments that no stage of this plan leaves are somebody else's, or of a
/// roll-out with other rings or words: they may deny, and are not written over.
fn standing(wish: &Wish, found: &Found<'_>) -> Result<Reached, RolloutError> {
    let there: BTreeMap<String, Value> = assignment::ids(wish)
        .into_iter()
        .filter_map(|id| Some((id.to_ascii_lowercase(), found(&id)?)))
        .collect();
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    let (mut upto, order) = (None, order(wish));
    for (phase, ring) in &order {
        if *phase == Phase::Exempt {
            continue;
        }
        for own in assignment::wanted(wish, *phase, *ring) {
            latest.insert(own.id.to_ascii_lowercase(), state::of(&own.id, &[], &own.body));
        }
        let is_there = |(id, wanted): (&String, &Value)| {
            there.get(id).is_some_and(|own| same(wanted, &state::of(id, &[], own)))
        };
        if there.len() == latest.len() && latest.iter().all(is_there) {
            upto = Some((*phase, *ring));
        }
    }
    if let (None, Some(id)) = (upto, there.keys().next()) {
        return Err(RolloutError::new(
            id,
            "is there already, and not as any stage of this plan leaves it: choose another --name, or undo the roll-out that it is of",
        ));
    }
    let since = there.values().filter_map(written_at).max();
    Ok(Reached { upto, since, order })
}

/// When a policy resource was written last, as it says itself.
fn written_at(resource: &Value) -> Option<Timestamp> {
    let places = [
        "/systemData/lastModifiedAt",
        "/properties/metadata/updatedOn",
        "/systemData/createdAt",
        "/properties/metadata/createdOn",
    ];
    places.iter().find_map(|place| resource.pointer(place)?.as_str()?.parse().ok())
}

/// What will be there, as the steps of the plan go by.
struct World<'w> {
    found: &'w Found<'w>,
    now: BTreeMap<String, Value>,
}

/// How a step is told.
struct Told {
    id: String,
    what: String,
    why: String,
    approval: Approval,
    version: &'static str,
}

impl World<'_> {
    /// The step that puts a resource in its place; none when it is there as it is wanted.
    fn put(&mut self, path: &str, body: Value, told: Told) -> Result<Option<Step>, RolloutError> {
        let key = path.to_ascii_lowercase();
        let before =
            self.now.get(&key).cloned().or_else(|| (self.found)(path).map(|own| state::of(path, &[], &own)));
        let after = state::of(path, &[], &body);
        if before.as_ref().is_some_and(|own| same(own, &after)) {
            return Ok(None);
        }
        if before.as_ref().is_some_and(is_masked) {
            return Err(RolloutError::new(
                path,
                "holds what looks like a secret, so it could not be put back: change it by hand",
            ));
        }
        self.now.insert(key, after);
        let before = before.map_or(Before::Absent, Before::Present);
        let put = Put { path, api_version: told.version, body, before };
        Ok(Some(Step::put(told.id, (told.what, told.why), told.approval, put)))
    }
}

/// Definitions and the initiative: they do nothing before they are assigned.
fn ready(wish: &Wish, world: &mut World<'_>) -> Result<Stage, RolloutError> {
    let mut steps = Vec::new();
    let all = wish.target.definitions.iter().map(|own| ("definition", own));
    for (noun, own) in all.chain(wish.target.initiative.iter().map(|own| ("initiative", own))) {
        let name = own.id.rsplit('/').next().unwrap_or(&own.id);
        // Whoever assigned it already would have the change at once, everywhere, past every ring and gate.
        if let Some(there) = (world.found)(&own.id)
            && !same(&state::of(&own.id, &[], &there), &state::of(&own.id, &[], &own.body))
        {
            return Err(RolloutError::new(
                &own.id,
                "is there already with other content, and a change would take effect at once wherever it is assigned: \
                 bring it under another name, or remove it first",
            ));
        }
        let told = Told {
            id: format!("{noun}/{name}"),
            what: format!("lay the {noun} `{}` ready", own.name),
            why: "it has no effect before it is assigned".to_owned(),
            approval: Approval::Operator,
            version: POLICY_VERSION,
        };
        steps.extend(world.put(&own.id, own.body.clone(), told)?);
    }
    let standing = if steps.is_empty() { Standing::Already(None) } else { Standing::ToDo };
    Ok(Stage {
        name: "definitions".to_owned(),
        phase: Phase::Prepare,
        ring: None,
        standing,
        gate: None,
        steps,
    })
}

fn stage(
    wish: &Wish,
    phase: Phase,
    ring: usize,
    standing: Standing,
    world: &mut World<'_>,
) -> Result<Option<Stage>, RolloutError> {
    let Some(own) = wish.rings.get(ring) else { return Ok(None) };
    let name = format!("{}-{}", phase.word(), own.name);
    let mut steps = Vec::new();
    if standing == Standing::ToDo {
        if phase == Phase::Exempt {
            steps = excused(wish, ring, &name, world)?;
        } else {
            for (at, wanted) in assignment::wanted(wish, phase, ring).into_iter().enumerate() {
                steps.extend(world.put(&wanted.id, wanted.body, told(phase, own, &name, at))?);
            }
        }
    }
    if phase == Phase::Exempt && steps.is_empty() {
        return Ok(None);
    }
    let gate = (phase == Phase::Deny).then(|| wish.gate.clone());
    Ok(Some(Stage { name, phase, ring: Some(ring), standing, gate, steps }))
}

fn told(phase: Phase, ring: &Ring, name: &str, at: usize) -> Told {
    let reach = ring.reach();
    let (what, why, approval) = match phase {
        Phase::Deny => (
            format!("refuse what does not comply: {reach}"),
            "it was audited there, and what would be refused is known",
            Approval::PolicyOwner,
        ),
        _ => (
            format!("audit: {reach}"),
            "what does not comply is told, and nothing is refused",
            Approval::Operator,
        ),
    };
    Told { id: format!("{name}/{}", at + 1), what, why: why.to_owned(), approval, version: POLICY_VERSION }
}

fn excused(wish: &Wish, ring: usize, stage: &str, world: &mut World<'_>) -> Result<Vec<Step>, RolloutError> {
    let mut steps = Vec::new();
    for (at, (wanted, owner)) in assignment::exemptions(wish, ring).into_iter().enumerate() {
        let resource = wanted.id.split("/providers/Microsoft.Authorization/").next().unwrap_or(&wanted.id);
        let by = |own: &Value| own.pointer("/properties/metadata/assignedBy").cloned();
        if (world.found)(&wanted.id).is_some_and(|own| by(&own) != by(&wanted.body)) {
            return Err(RolloutError::new(
                &wanted.id,
                "is an exemption that somebody else made: choose another --name",
            ));
        }
        let told = Told {
            id: format!("{stage}/{}", at + 1),
            what: format!(
                "excuse {} for a time; {owner} is asked to put it right",
                resource.rsplit('/').next().unwrap_or(resource)
            ),
            why: "it does not comply yet, and its next write would be refused".to_owned(),
            approval: Approval::PolicyOwner,
            version: EXEMPTION_VERSION,
        };
        steps.extend(world.put(&wanted.id, wanted.body, told)?);
    }
    Ok(steps)
}
