//! Answers, with their reasons.

use crate::condition::Expr;
use crate::{Completeness, ConditionError, Standing};
use jiff::Timestamp;
use std::fmt;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Azure would let it happen.
    Allowed,
    /// Azure would not.
    Denied,
    /// Azure would if this holds.
    Conditional(Expr),
    /// What was read does not tell; [`Decision::gaps`] say what is missing.
    Unknown,
}

/// A verdict without what it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// [`Verdict::Allowed`].
    Allowed,
    /// [`Verdict::Denied`].
    Denied,
    /// [`Verdict::Conditional`].
    Conditional,
    /// [`Verdict::Unknown`].
    Unknown,
}

/// A verdict and everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// What permits it, conditions aside; what needs no condition comes first.
    pub because: Vec<Reason>,
    /// What forbids it.
    pub denied_by: Vec<Denial>,
    /// What would permit it once activated.
    pub eligible: Vec<Reason>,
    /// What is missing and could change the verdict.
    pub gaps: Vec<Gap>,
    /// What was taken for read, and could change the verdict if it is not so.
    pub assumed: Vec<Gap>,
}

impl Decision {
    /// The verdict in one word.
    pub fn answer(&self) -> Answer {
        match self.verdict {
            Verdict::Allowed => Answer::Allowed,
            Verdict::Denied => Answer::Denied,
            Verdict::Conditional(_) => Answer::Conditional,
            Verdict::Unknown => Answer::Unknown,
        }
    }
}

/// An assignment that permits something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The assignment's id.
    pub assignment: String,
    /// Whom it names: the principal itself, or a group it is in.
    pub principal: String,
    /// Whether that is a group.
    pub through_group: bool,
    /// The role's GUID.
    pub role: String,
    /// The role's name.
    pub role_name: String,
    /// The narrowest of the role's patterns that cover the action.
    pub pattern: String,
    /// Where it is assigned.
    pub scope: String,
    /// What it depends on, printed; nothing when it holds in any case.
    pub condition: Option<String>,
    /// Whether it counts now.
    pub standing: Standing,
    /// Since when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// A deny assignment that forbids something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// The deny assignment's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The pattern that covers the action.
    pub pattern: String,
    /// Where it is.
    pub scope: String,
    /// What it depends on, printed; nothing when it holds in any case.
    pub condition: Option<String>,
}

/// Something that was not read, or not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// Role assignments at or above a scope.
    Assignments(String),
    /// Deny assignments at or above a scope.
    Denials(String),
    /// The management groups above a subscription.
    Ancestors(String),
    /// The definition of a role that is assigned.
    Role(String),
    /// Who is in a group that has a say.
    Members(String),
    /// A condition that was not understood: where it is, and why.
    Condition(String, String),
    /// The settings of a resource that decide what counts.
    Settings(String),
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::Assignments(why) => write!(f, "role assignments: {why}"),
            Gap::Denials(why) => write!(f, "deny assignments: {why}"),
            Gap::Ancestors(why) => write!(f, "management groups above: {why}"),
            Gap::Role(id) => write!(f, "role definition `{id}` was not read"),
            Gap::Members(id) => write!(f, "members of group `{id}` were not read"),
            Gap::Condition(id, why) => write!(f, "condition of `{id}` was not understood: {why}"),
            Gap::Settings(what) => write!(f, "settings of `{what}` were not read"),
        }
    }
}

impl Gap {
    pub(crate) fn condition(id: &str, error: &ConditionError) -> Self {
        Gap::Condition(id.to_owned(), error.to_string())
    }

    /// What is said of a list that was not read whole.
    pub(crate) fn why(read: &Completeness) -> String {
        match read {
            Completeness::Missing(why) => why.clone(),
            _ => "not read".to_owned(),
        }
    }
}
