//! What is assigned, ready to judge.

use crate::assignment::{Assignment, Coverage, Enforcement};
use crate::effect::Effect;
use crate::exemption::{Category, Exemption};
use crate::initiative::Initiative;
use crate::policy::{About, Knowledge, Policy};
use crate::subject::{Subject, Surroundings};
use crate::verdict::Verdict;
use crate::{Definition, LoadError};

/// Where definitions and initiatives are found, by id.
pub trait Library {
    /// A definition.
    fn definition(&self, id: &str) -> Option<&Definition>;
    /// An initiative.
    fn initiative(&self, id: &str) -> Option<&Initiative>;
}

/// A policy of an assignment.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is called within the initiative; empty where there is none.
    pub reference: String,
    /// Its definition.
    pub definition: String,
    policy: Result<Policy, String>,
}

/// An assignment, compiled.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The assignment.
    pub assignment: Assignment,
    /// Its policies: one, or those of its initiative.
    pub parts: Vec<Part>,
}

/// How a resource stands to a policy of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The policy says this of it.
    Judged(Verdict),
    /// It is excused, whatever the policy says.
    Exempt {
        /// The id of the exemption.
        by: String,
        /// Why.
        category: Category,
        /// What the policy would say.
        verdict: Verdict,
    },
    /// The assignment excludes it.
    Excluded,
    /// The assignment is about other resources.
    Elsewhere,
}

/// A standing, with whose it is.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The policy of the assignment.
    pub part: &'a Part,
    /// How the resource stands to it.
    pub standing: Standing,
}

impl Part {
    /// Its policy, or why there is none to judge by.
    pub fn policy(&self) -> Result<&Policy, &str> {
        self.policy.as_ref().map_err(String::as_str)
    }
}

impl Assigned {
    /// Finds the definitions and compiles them. One that is not there is *not judged*, by its id; parameters that do not fit are an
    /// error, because Azure takes no such assignment.
    pub fn compile(
        assignment: Assignment,
        library: &dyn Library,
        knowledge: &Knowledge,
    ) -> Result<Assigned, LoadError> {
        let about = |reference: &str, definition: &str, initiative: &str| About {
            assignment: assignment.id.clone(),
            definition: definition.to_owned(),
            initiative: initiative.to_owned(),
            reference: reference.to_owned(),
        };
        let missing = |id: &str| Err(format!("the definition {id} was not given"));
        let mut parts = Vec::new();
        if let Some(initiative) = library.initiative(&assignment.target) {
            for member in &initiative.members {
                let policy = match library.definition(&member.definition) {
                    Some(own) => {
                        let given = initiative.filled(member, &assignment.parameters)?;
                        let about = about(&member.reference, &member.definition, &assignment.target);
                        Ok(Policy::compile(own, &given, &about, knowledge)?)
                    }
                    None => missing(&member.definition),
                };
                let (reference, definition) = (member.reference.clone(), member.definition.clone());
                parts.push(Part { reference, definition, policy });
            }
        } else {
            let policy = match library.definition(&assignment.target) {
                Some(own) => {
                    let about = about("", &assignment.target, "");
                    Ok(Policy::compile(own, &assignment.parameters, &about, knowledge)?)
                }
                None => missing(&assignment.target),
            };
            parts.push(Part { reference: String::new(), definition: assignment.target.clone(), policy });
        }
        Ok(Assigned { assignment, parts })
    }

    /// How a resource or request stands to each of its policies.
    pub fn judge<'a>(
        &'a self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        exemptions: &[Exemption],
    ) -> Vec<Outcome<'a>> {
        let whole = match self.assignment.covers(subject, around) {
            Coverage::Covered => None,
            Coverage::Elsewhere | Coverage::Unselected => Some(Standing::Elsewhere),
            Coverage::Excluded => Some(Standing::Excluded),
            Coverage::Unknown(why) => Some(Standing::Judged(Verdict::NotJudged(why))),
        };
        let outcome = |part: &'a Part| {
            let standing =
                whole.clone().unwrap_or_else(|| self.standing(part, subject, around, exemptions, None));
            Outcome { part, standing }
        };
        self.parts.iter().map(outcome).collect()
    }

    /// How a resource that the assignment covers stands to one of its policies; with another effect in the place of its own, if
    /// one is given.
    pub fn standing(
        &self,
        part: &Part,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        exemptions: &[Exemption],
        effect: Option<&Effect>,
    ) -> Standing {
        let verdict = match (&part.policy, self.assignment.effect(subject, &part.reference)) {
            (Ok(policy), Ok(forced)) => policy.judge_as(subject, around, effect.or(forced)),
            (Err(why), _) => Verdict::NotJudged(why.clone()),
            (Ok(_), Err(why)) => Verdict::NotJudged(why),
        };
        for own in exemptions {
            match own.excuses(&self.assignment, &part.reference, subject, around) {
                Ok(true) => return Standing::Exempt { by: own.id.clone(), category: own.category, verdict },
                Ok(false) => {}
                Err(why) => return Standing::Judged(Verdict::NotJudged(why)),
            }
        }
        Standing::Judged(verdict)
    }

    /// The policies that refuse a request: those that deny it, and those whose evaluation fails.
    pub fn refusing<'a, 'o>(
        &self,
        outcomes: &'o [Outcome<'a>],
    ) -> impl Iterator<Item = &'o Outcome<'a>> + use<'a, 'o> {
        let enforced = self.assignment.enforcement == Enforcement::Default;
        outcomes.iter().filter(move |own| {
            let refuses = matches!(
                own.standing,
                Standing::Judged(Verdict::NonCompliant(Effect::Deny) | Verdict::Failed(_))
            );
            enforced && refuses
        })
    }
}
