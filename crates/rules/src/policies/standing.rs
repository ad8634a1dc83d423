//! Where a workspace stands: whether anything keeps it from losing, or never having, the identity that is asked for.

use super::{Assignment, EXPORT, Effect, Known, Member, Mode, Place, Policies, Requirement, State, label};
use dekey_model::{Field, Resource, ResourceIx};

/// An assignment that looks at the identity of a workspace and lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// The assignment.
    pub assignment: ResourceIx,
    /// Its effect here.
    pub effect: Effect,
    /// Whether its effects are enforced.
    pub mode: Mode,
}

/// What stands in the way of a workspace without the identity that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It would be denied.
    Enforced,
    /// It would be denied, but for an exemption.
    Exempt {
        /// The assignment that would deny it.
        assignment: ResourceIx,
        /// The exemption.
        exemption: ResourceIx,
    },
    /// It would be listed at most.
    Watched(Vec<Watcher>),
    /// Nothing.
    Nothing,
    /// It cannot be told; why, and what to do.
    Unclear(String),
}

/// Adds up what the assignments say.
struct Sum<'a> {
    workspace: Resource<'a>,
    missing: &'a [State],
    as_of: jiff::civil::Date,
    denied: Requirement,
    exempted: Requirement,
    watched: Requirement,
    watchers: Vec<Watcher>,
    exempt: Option<(ResourceIx, ResourceIx)>,
    doubts: Vec<String>,
}

impl Policies {
    /// What stands in the way of this workspace being in one of the states that lack the identity asked for. Assumes that
    /// the assignments were read.
    pub fn standing(&self, workspace: Resource<'_>, missing: &[State], as_of: jiff::civil::Date) -> Standing {
        let nothing = Requirement::NOTHING;
        let mut sum = Sum {
            workspace,
            missing,
            as_of,
            denied: nothing,
            exempted: nothing,
            watched: nothing,
            watchers: Vec::new(),
            exempt: None,
            doubts: Vec::new(),
        };
        for (assignment, reach) in self.over(workspace) {
            for id in &assignment.unread {
                sum.unread(assignment, id);
            }
            for member in &assignment.members {
                sum.add(self, assignment, member, reach);
            }
        }
        sum.conclude()
    }
}

impl Sum<'_> {
    fn unread(&mut self, assignment: &Assignment, id: &str) {
        let own = self.workspace.inventory().get(assignment.resource);
        self.doubts.push(if id == own.id() {
            format!(
                "the policy assignment `{}` was listed without what it assigns: read it itself",
                label(own)
            )
        } else {
            format!("`{id}`, which the policy assignment `{}` assigns, was not read: {EXPORT}", label(own))
        });
    }

    fn add(&mut self, policies: &Policies, assignment: &Assignment, member: &Member, reach: Known) {
        let Some(requirement) = member.requirement.filter(|r| r.flags_any(self.missing) != Known::No) else {
            return;
        };
        let inventory = self.workspace.inventory();
        let place = Place::At(self.workspace.text(Field::Location).value());
        let effect = assignment.effect(inventory, member, place);
        let flagged = requirement.and(reach);
        let name = label(inventory.get(assignment.resource));
        match (effect, assignment.mode) {
            (Effect::Deny, Mode::Default) => self.deny(policies, assignment, member, requirement, reach),
            (Effect::Audit | Effect::Disabled, _) | (Effect::Deny, Mode::DoNotEnforce) => {
                self.watched = self.watched.or(flagged);
                self.watchers.push(Watcher { assignment: assignment.resource, effect, mode: assignment.mode });
            }
            (Effect::Deny, Mode::Enroll) => self.doubts.push(format!(
                "the policy assignment `{name}` denies only what is enrolled, and dekey does not read policy enrollments: see az policy enrollment list"
            )),
            (Effect::Deny, Mode::Unknown) => {
                self.doubts.push(format!("the enforcementMode of the policy assignment `{name}` was not read or is not known"));
            }
            (Effect::Act, _) => self.doubts.push(format!(
                "the policy assignment `{name}` changes workspaces instead of denying them, and dekey does not judge to what end"
            )),
            (Effect::Unknown, _) => self.doubts.push(format!(
                "the effect of the policy assignment `{name}` on this workspace could not be worked out"
            )),
        }
    }

    fn deny(
        &mut self,
        policies: &Policies,
        assignment: &Assignment,
        member: &Member,
        requirement: Requirement,
        reach: Known,
    ) {
        let name = label(self.workspace.inventory().get(assignment.resource));
        let exemption = policies.exemption(assignment, member, self.workspace, self.as_of);
        let flagged = requirement.and(reach);
        match exemption {
            Some((exemption, Known::Yes)) => {
                self.exempted = self.exempted.or(flagged);
                self.exempt = self.exempt.or(Some((assignment.resource, exemption.ix())));
                return;
            }
            Some((exemption, _)) => {
                return self.doubts.push(format!(
                    "whether the policy exemption `{}` frees this workspace from `{name}` could not be worked out",
                    label(exemption)
                ));
            }
            None => {}
        }
        self.denied = self.denied.or(flagged);
        if reach == Known::Unknown {
            self.doubts.push(format!("whether the policy assignment `{name}` reaches this workspace could not be worked out: {GROUPS}"));
        } else if self.missing.iter().any(|state| requirement.flags(*state) == Known::Unknown) {
            self.doubts.push(format!(
                "the policy assignment `{name}` denies on conditions that dekey does not evaluate"
            ));
        }
    }

    fn conclude(mut self) -> Standing {
        let all = |requirement: Requirement| requirement.flags_all(self.missing) == Known::Yes;
        if all(self.denied) {
            return Standing::Enforced;
        }
        self.doubts.sort_unstable();
        self.doubts.dedup();
        if let Some(first) = self.doubts.first() {
            let more = self.doubts.len() - 1;
            return Standing::Unclear(if more == 0 {
                first.clone()
            } else {
                format!("{first} (and {more} more)")
            });
        }
        match self.exempt {
            Some((assignment, exemption)) if all(self.denied.or(self.exempted)) => {
                Standing::Exempt { assignment, exemption }
            }
            _ => match self.denied.or(self.watched).flags_all(self.missing) {
                Known::Yes => Standing::Watched(self.watchers),
                Known::No => Standing::Nothing,
                Known::Unknown => Standing::Unclear(format!(
                    "whether a policy assignment that lists workspaces reaches this one, or flags it, could not be worked out: {GROUPS}"
                )),
            },
        }
    }
}

const GROUPS: &str = "export subscriptions with their management groups (az graph query -q \"resourcecontainers\") and resources with their location";
