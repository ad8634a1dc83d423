//! The plan: stages of steps, bound to an inventory and known by its hash.

use crate::gate::Gate;
use crate::needs::Permission;
use crate::rings::Ring;
use crate::step::Step;
use crate::{PlanError, canon};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format, with its version.
pub const FORMAT: &str = "plan/1";

/// What a plan is for; it limits what its steps may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Bringing policies into force.
    PolicyRollout,
}

impl Purpose {
    /// The types that its steps may touch, in lower case.
    pub fn types(self) -> &'static [&'static str] {
        match self {
            Purpose::PolicyRollout => &[
                "microsoft.authorization/policydefinitions",
                "microsoft.authorization/policysetdefinitions",
                "microsoft.authorization/policyassignments",
                "microsoft.authorization/policyexemptions",
            ],
        }
    }
}

/// The inventory that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Its hash. See [`crate::InventoryHash`].
    pub hash: String,
    /// How many resources it holds.
    pub resources: u64,
    /// When the first of its resources was read; nothing when no document says so.
    pub read_at: Option<Timestamp>,
}

/// What a stage is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Lays things ready that have no effect yet.
    Prepare,
    /// Tells, and refuses nothing.
    Audit,
    /// Excuses, for a time.
    Exempt,
    /// Refuses.
    Deny,
}

impl Phase {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Prepare => "prepare",
            Phase::Audit => "audit",
            Phase::Exempt => "exempt",
            Phase::Deny => "deny",
        }
    }
}

/// How a stage stood when the plan was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is to be done.
    #[default]
    ToDo,
    /// The tenant was like that already, since then if anybody knows.
    Already(Option<Timestamp>),
}

/// Steps that belong together, and what must hold before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub phase: Phase,
    /// The ring that it reaches; those before it are reached already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<usize>,
    /// How it stood when the plan was made.
    #[serde(default)]
    pub standing: Standing,
    /// What must hold before it; nothing for what harms nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// What is to be done. Never changed: a plan that differs is another plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The format.
    pub dekey: String,
    /// The hash of all the rest.
    pub id: String,
    /// The plan that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// What it does, in words.
    pub title: String,
    /// Everything that it touches lies at or below this scope.
    pub scope: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What it was made from.
    pub inventory: Bound,
    /// What is assigned, and by which assignments.
    pub assigns: Assigns,
    /// The rings, in order.
    pub rings: Vec<Ring>,
    /// What whoever carries it out must be allowed to do.
    pub needs: Vec<Permission>,
    /// What is worth knowing about it.
    pub notes: Vec<String>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// What a roll-out assigns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigns {
    /// The id of the definition or initiative.
    pub target: String,
    /// The ids of the assignments.
    pub assignments: Vec<String>,
    /// The policies of the initiative that are turned from audit to deny; none for a single definition.
    pub references: Vec<String>,
}

impl Plan {
    /// The plan, with the hash of its content.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.id = self.hash();
        self
    }

    /// The hash of its content.
    pub fn hash(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Value::Object(map) = &mut value {
            map.shift_remove("id");
        }
        canon::hash_of(&value)
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        // Texts, lists and maps by text always have a spelling in JSON.
        canon::pretty(self).unwrap_or_default()
    }

    /// Reads a plan, and makes sure that nobody changed it.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let place = |error: &serde_json::Error| format!("line {} column {}", error.line(), error.column());
        let value: Value = serde_json::from_str(text)
            .map_err(|error| PlanError::NotAPlan(format!("it is not JSON, at {}", place(&error))))?;
        match value.get("dekey").and_then(Value::as_str) {
            Some(FORMAT) => {}
            Some(found) => return Err(PlanError::Version { found: found.to_owned(), known: FORMAT }),
            None => return Err(PlanError::NotAPlan(format!("it has no member `dekey` that says {FORMAT}"))),
        }
        let plan: Plan = serde_json::from_str(text).map_err(|error| {
            PlanError::NotAPlan(format!(
                "a member is missing, unknown or of another type, at {}",
                place(&error)
            ))
        })?;
        let is = plan.hash();
        if plan.id == is { Ok(plan) } else { Err(PlanError::Changed { said: plan.id, is }) }
    }

    /// The beginning of its hash, for people.
    pub fn short(&self) -> &str {
        self.id.strip_prefix("sha256:").and_then(|hex| hex.get(..12)).unwrap_or(&self.id)
    }
}
