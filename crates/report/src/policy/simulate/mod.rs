//! What assignments say of an inventory, and what they would refuse.

mod fill;
mod html;
mod sarif;
mod terminal;
mod types;

pub(crate) use fill::counts;
pub use fill::json;
pub use html::html;
pub use sarif::sarif;
pub use terminal::terminal;
pub(crate) use terminal::{RATES, rates};
pub(crate) use types::{Counts as CountsAnswer, Simulate};

use crate::words;
use dekey_guard::{Activity, Blast, Conflict, Counts, Estate, Problem, Simulation, Unforced};
use dekey_model::{ArmId, Inventory, Kind, Resource, ResourceIx};
use dekey_policy::{Assigned, Effect, Enforcement, Library, Part, Policy, Step};
use dekey_rules::{Context, Effective, TagSource};

/// How a resource stands to a policy, condition by condition.
#[derive(Debug)]
pub struct Trace {
    /// The assignment, as a position.
    pub assignment: usize,
    /// The policy in it, as a position.
    pub part: usize,
    /// What comes of it, in words.
    pub outcome: String,
    /// The conditions.
    pub steps: Vec<Step>,
}

/// Everything that there is to tell.
pub struct Simulated<'a> {
    /// What was read.
    pub estate: &'a Estate<'a>,
    /// The assignments that were held against it.
    pub assigned: &'a [Assigned],
    /// Which of them are not assigned yet.
    pub new: Vec<bool>,
    /// The effect in the place of the policies' own, if one was asked for.
    pub effect: Option<Effect>,
    /// What comes of it.
    pub simulation: &'a Simulation,
    /// What it would stop.
    pub blast: &'a Blast,
    /// What pulls in different directions.
    pub conflicts: &'a [Conflict],
    /// Policies that cannot have the effect.
    pub unforced: &'a [Unforced],
    /// Documents that cannot be used.
    pub problems: Vec<Problem>,
    /// The activity log.
    pub activity: Option<&'a Activity>,
    /// Scopes of which policies were not read.
    pub not_read: Vec<(String, Kind)>,
    /// How one resource came to its verdicts, if somebody asked.
    pub traces: Option<(ResourceIx, Vec<Trace>)>,
    /// Who owns resources.
    pub owners: Context<'a>,
    /// The moment for which it holds.
    pub as_of: String,
    /// The version of dekey.
    pub version: &'static str,
}

/// Who should act on a resource.
pub(crate) struct Owner<'a> {
    pub(crate) value: &'a str,
    pub(crate) source: &'static str,
}

impl<'a> Simulated<'a> {
    pub(crate) fn inventory(&self) -> &'a Inventory {
        self.estate.inventory
    }

    pub(crate) fn get(&self, ix: ResourceIx) -> Resource<'a> {
        self.inventory().get(ix)
    }

    pub(crate) fn owner(&self, resource: Resource<'a>) -> Option<Owner<'a>> {
        match self.owners.owner(resource) {
            Effective::Tag { value, source, .. } => Some(Owner { value, source: TagSource::as_str(source) }),
            Effective::None | Effective::Unknown(_) => {
                let value = dekey_rules::creator(resource)?;
                Some(Owner { value, source: "made it" })
            }
        }
    }

    pub(crate) fn assignment(&self, at: usize) -> Option<&'a Assigned> {
        self.assigned.get(at)
    }

    pub(crate) fn part(&self, at: usize, ix: usize) -> Option<&'a Part> {
        self.assigned.get(at)?.parts.get(ix)
    }

    pub(crate) fn is_new(&self, at: usize) -> bool {
        self.new.get(at).copied().unwrap_or(false)
    }

    /// What an assignment is called.
    pub(crate) fn assignment_name(&self, at: usize) -> String {
        self.assignment(at).map_or_else(String::new, |own| match own.assignment.name.as_str() {
            "" => ArmId(&own.assignment.id).name().to_owned(),
            name => name.to_owned(),
        })
    }

    /// What a policy of an assignment is called.
    pub(crate) fn part_name(&self, at: usize, ix: usize) -> String {
        let Some(part) = self.part(at, ix) else { return String::new() };
        let name = self.estate.definition(&part.definition).map(|own| own.name.as_str());
        match name.filter(|own| !own.is_empty()) {
            Some(name) => name.to_owned(),
            None => ArmId(&part.definition).name().to_owned(),
        }
    }

    /// Both in one line.
    pub(crate) fn who(&self, (at, ix): (usize, usize)) -> String {
        let (assignment, part) = (self.assignment_name(at), self.part_name(at, ix));
        if assignment == part || self.assignment(at).is_some_and(|own| own.parts.len() == 1) {
            assignment
        } else {
            format!("{assignment}: {part}")
        }
    }

    /// The effect of a policy, as it is or as it is asked about.
    pub(crate) fn effect_of(&self, at: usize, ix: usize) -> String {
        let forced = self.effect.as_ref().filter(|_| self.is_forced(at, ix));
        let own = self.part(at, ix).and_then(|own| own.policy().ok()).and_then(Policy::effect);
        match (forced, own) {
            (Some(forced), Some(own)) if *forced != own => format!("{forced} in the place of {own}"),
            (_, Some(own)) => own.to_string(),
            (Some(forced), None) => forced.to_string(),
            (None, None) => "not known".to_owned(),
        }
    }

    fn is_forced(&self, at: usize, ix: usize) -> bool {
        let any_new = self.new.iter().any(|own| *own);
        (!any_new || self.is_new(at))
            && !self.unforced.iter().any(|own| (own.assignment, own.part) == (at, ix))
    }

    /// Whether what an assignment denies is denied, in words.
    pub(crate) fn enforcement(&self, at: usize) -> &'static str {
        match self.assignment(at).map(|own| own.assignment.enforcement) {
            Some(Enforcement::DoNotEnforce) => "not enforced",
            Some(Enforcement::Enroll) => "enforced where enrolled",
            _ if self.is_new(at) => "would be assigned",
            _ => "enforced",
        }
    }

    /// Where a resource is, in few words.
    pub(crate) fn place(&self, ix: ResourceIx) -> String {
        words::place(self.get(ix))
    }

    /// Whether an assignment is told about: those that are not there yet, or all if there are none of these.
    pub(crate) fn is_shown(&self, at: usize) -> bool {
        !self.new.contains(&true) || self.is_new(at)
    }

    /// The assignments that are told about, as positions.
    pub(crate) fn shown(&self) -> impl Iterator<Item = usize> {
        (0..self.assigned.len()).filter(|at| self.is_shown(*at))
    }

    /// How many resources stand in which way, summed over the policies that are told about.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for at in self.shown() {
            if let Some(own) = self.simulation.assessments.get(at) {
                all.add(&own.counts());
            }
        }
        all
    }

    /// Whether anything is refused, not compliant, or pulls in different directions.
    pub fn has_findings(&self) -> bool {
        let counts = self.counts();
        counts.non_compliant + counts.failed > 0 || !self.conflicts.is_empty()
    }

    /// Whether something could not be judged.
    pub fn has_unknowns(&self) -> bool {
        let writes = self.blast.writes.as_ref();
        let unknown_writes = match writes {
            None => !self.blast.refusing.is_empty(),
            Some(own) => own.earlier > 0 || !own.not_judged.is_empty(),
        };
        self.counts().not_judged > 0
            || unknown_writes
            || !self.problems.is_empty()
            || !self.unforced.is_empty()
            || !self.not_read.is_empty()
    }

    /// Why something could not be judged beside single resources, in words.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let mut all = Vec::new();
        for own in &self.problems {
            let at = if own.pointer.is_empty() { String::new() } else { format!(" at {}", own.pointer) };
            all.push(format!("{}{at}: {}", own.id, own.message));
        }
        for own in self.unforced {
            all.push(format!("{}: {}", self.who((own.assignment, own.part)), own.why));
        }
        for (scope, kind) in &self.not_read {
            let what = kind.plural();
            all.push(format!("{what} of {scope} were not read ({})", kind.export_command()));
        }
        if self.blast.writes.is_none() && !self.blast.refusing.is_empty() {
            all.push(format!(
                "writes of late: the inventory has no activity log ({})",
                Kind::ActivityEvent.export_command()
            ));
        }
        all
    }
}
