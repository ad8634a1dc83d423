//! What a request meets: everything assigned, in the order in which Azure asks it.
//!
//! First what changes a request (`append`, `modify`), then what refuses it (`deny`, and every evaluation that fails), then what only
//! notes it. What looks for related resources comes after the request was carried out.

use crate::assigned::{Assigned, Part};
use crate::change::Change;
use crate::effect::Effect;
use crate::enrollment::Enrollment;
use crate::exemption::Exemption;
use crate::subject::Subject;
use crate::trace::Step;
use dekey_expr::Value;

/// Everything that is assigned somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The assignments.
    pub assigned: &'a [Assigned],
    /// Who is excused from them.
    pub exemptions: &'a [Exemption],
    /// Where those in the mode `Enroll` are enforced.
    pub enrollments: &'a [Enrollment],
}

/// A request that makes or changes a resource.
#[derive(Clone, Copy, Debug)]
pub struct Write<'w> {
    /// The resource as the request wants it: what `PUT` sends, or what there is with the changes of a `PATCH`.
    pub subject: &'w Subject<'w>,
    /// Of a `PATCH`: what it sends.
    pub patch: Option<&'w Value>,
}

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on to the provider, perhaps changed.
    Admitted,
    /// It is refused.
    Refused,
    /// Not enough is known to say.
    Unknown,
}

/// A policy of an assignment that has something to say.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The assignment.
    pub assigned: &'a Assigned,
    /// The policy in it.
    pub part: &'a Part,
}

/// Why a policy refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its effect refuses what its rule finds.
    Effect(Effect),
    /// Its evaluation fails, which Azure takes for a denial.
    Failed(String),
    /// It would put another value in the place of one that the request has, or cannot change the property at all.
    Value {
        /// Where in the request, as a JSON pointer; the field where the request has no such place.
        at: String,
        /// Its effect.
        effect: Effect,
    },
    /// Another policy would change the same property, to something else.
    Conflict {
        /// The property, as the policy names it.
        field: String,
        /// The assignment of the other one.
        with: String,
    },
}

/// A policy that refuses a request.
#[derive(Clone, Debug)]
pub struct Denial<'a> {
    /// Which one.
    pub source: Source<'a>,
    /// Why.
    pub refusal: Refusal,
    /// What the assignment tells whoever is refused.
    pub message: Option<&'a str>,
    /// How it came to that. Steps may hold secrets of the request.
    pub steps: Vec<Step>,
}

/// A change that a policy made to the request.
#[derive(Clone, Debug)]
pub struct Changed<'a> {
    /// Which one.
    pub source: Source<'a>,
    /// What it changed.
    pub change: Change,
}

/// A policy that would have the request otherwise and lets it pass.
#[derive(Clone, Debug)]
pub struct Noted<'a> {
    /// Which one.
    pub source: Source<'a>,
    /// What it would do or does: `audit`; `deny` where it is not enforced; what looks for related resources afterwards.
    pub effect: Option<Effect>,
    /// Why its evaluation fails, where it does and is not enforced.
    pub failure: Option<String>,
    /// Whether the assignment is enforced here.
    pub enforced: bool,
}

/// A policy of which nobody can say what it makes of the request.
#[derive(Clone, Debug)]
pub struct Unjudged<'a> {
    /// Which one.
    pub source: Source<'a>,
    /// What would have to be known.
    pub why: String,
    /// Whether it could refuse or change the request.
    pub matters: bool,
}

/// What a request meets.
#[derive(Clone, Debug)]
pub struct Admission<'a> {
    /// The resource as it goes on to the provider.
    pub body: Value,
    /// Who refuses it.
    pub refused_by: Vec<Denial<'a>>,
    /// What was changed.
    pub changed: Vec<Changed<'a>>,
    /// Who would have it otherwise.
    pub noted: Vec<Noted<'a>>,
    /// What nobody can say.
    pub not_judged: Vec<Unjudged<'a>>,
}

impl Admission<'_> {
    /// What comes of it. A policy that could refuse it and was not judged leaves that open, and so does one that could change it
    /// before others refuse it.
    pub fn decision(&self) -> Decision {
        let matters = self.not_judged.iter().any(|own| own.matters);
        match (self.refused_by.is_empty(), matters) {
            (_, true) if self.refused_by.is_empty() || self.could_change() => Decision::Unknown,
            (true, _) => Decision::Admitted,
            (false, _) => Decision::Refused,
        }
    }

    fn could_change(&self) -> bool {
        let changes = |own: &Unjudged<'_>| match &own.source.part.policy {
            Ok(policy) => policy.effect().is_none_or(|effect| effect.changes()),
            Err(_) => true,
        };
        self.not_judged.iter().any(|own| own.matters && changes(own))
    }
}
