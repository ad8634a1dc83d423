//! What is assigned, ready to judge.

use crate::assignment::{Assignment, Coverage, Enforcement};
use crate::effect::Effect;
use crate::exemption::{Category, Exemption};
use crate::initiative::Initiative;
use crate::policy::{About, Knowledge, Policy};
use crate::subject::{Subject, Surroundings};
use crate::verdict::Verdict;
use crate::version::fits;
use crate::{Definition, LoadError};

/// Where definitions and initiatives are found, by id.
pub trait Library {
    /// A definition, in its latest version.
    fn definition(&self, id: &str) -> Option<&Definition>;
    /// An initiative, in its latest version.
    fn initiative(&self, id: &str) -> Option<&Initiative>;
    /// A definition in a version such as `1.2.*`. A library that keeps one version of each gives that one.
    fn definition_in(&self, id: &str, version: &str) -> Option<&Definition> {
        let _ = version;
        self.definition(id)
    }
    /// The same of an initiative.
    fn initiative_in(&self, id: &str, version: &str) -> Option<&Initiative> {
        let _ = version;
        self.initiative(id)
    }
}

/// A policy of an assignment.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is called within the initiative; empty where there is none.
    pub reference: String,
    /// Its definition.
    pub definition: String,
    pub(crate) policy: Result<Policy, String>,
}

impl Part {
    /// Its effect as the definition or the assignment spells it, where it does not depend on the resource.
    pub fn written_effect(&self) -> Option<&str> {
        self.policy.as_ref().ok().and_then(Policy::written_effect)
    }

    /// The policy ready to judge, or why there is none.
    pub fn policy(&self) -> Result<&Policy, &str> {
        self.policy.as_ref().map_err(String::as_str)
    }
}

/// An assignment, compiled.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The assignment.
    pub assignment: Assignment,
    /// Its policies: one, or those of its initiative.
    pub parts: Vec<Part>,
    /// The same in the versions that its overrides name, in their order.
    others: Vec<Vec<Part>>,
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

impl Assigned {
    /// Finds the definitions and compiles them. One that is not there is *not judged*, by its id; parameters that do not fit are an
    /// error, because Azure takes no such assignment.
    pub fn compile(
        assignment: Assignment,
        library: &dyn Library,
        knowledge: &Knowledge,
    ) -> Result<Assigned, LoadError> {
        let parts = compiled(&assignment, assignment.version.as_deref(), library, knowledge)?;
        let others = assignment
            .other_versions()
            .map(|version| compiled(&assignment, Some(version), library, knowledge))
            .collect::<Result<_, _>>()?;
        Ok(Assigned { assignment, parts, others })
    }

    /// Whether an override may choose another version of its policies.
    pub fn has_other_versions(&self) -> bool {
        !self.others.is_empty()
    }

    /// The policies that count for a resource: an override may choose another version of them.
    pub fn parts_for(&self, subject: &Subject<'_>) -> Result<&[Part], String> {
        let other = self.assignment.other_version(subject)?;
        Ok(other.and_then(|at| self.others.get(at)).unwrap_or(&self.parts))
    }

    /// The policies in every version that may count.
    pub(crate) fn parts_of_all_versions(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().chain(self.others.iter().flatten())
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
        match self.parts_for(subject) {
            Ok(parts) => parts.iter().map(outcome).collect(),
            Err(why) => {
                let standing =
                    whole.clone().unwrap_or_else(|| Standing::Judged(Verdict::NotJudged(why.clone())));
                self.parts.iter().map(|part| Outcome { part, standing: standing.clone() }).collect()
            }
        }
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

/// The policies of an assignment, in a version of what it assigns.
fn compiled(
    assignment: &Assignment,
    version: Option<&str>,
    library: &dyn Library,
    knowledge: &Knowledge,
) -> Result<Vec<Part>, LoadError> {
    let target = assignment.target.as_str();
    let about = |reference: &str, definition: &str, initiative: &str| About {
        assignment: assignment.id.clone(),
        definition: definition.to_owned(),
        initiative: initiative.to_owned(),
        reference: reference.to_owned(),
    };
    let initiative = match version {
        Some(version) => library.initiative_in(target, version),
        None => library.initiative(target),
    };
    let Some(initiative) = initiative else {
        let policy = match found(library, target, version) {
            Ok(own) => Ok(Policy::compile(own, &assignment.parameters, &about("", target, ""), knowledge)?),
            Err(why) => Err(why),
        };
        return Ok(vec![Part { reference: String::new(), definition: target.to_owned(), policy }]);
    };
    let mut parts = Vec::new();
    for member in &initiative.members {
        let own = match (version, &initiative.version) {
            (Some(wanted), Some(given)) if !fits(wanted, given) => Err(other_version(target, given, wanted)),
            _ => found(library, &member.definition, member.version.as_deref()),
        };
        let policy = match own {
            Ok(own) => {
                let given = initiative.filled(member, &assignment.parameters)?;
                let about = about(&member.reference, &member.definition, target);
                Ok(Policy::compile(own, &given, &about, knowledge)?)
            }
            Err(why) => Err(why),
        };
        let (reference, definition) = (member.reference.clone(), member.definition.clone());
        parts.push(Part { reference, definition, policy });
    }
    Ok(parts)
}

/// A definition in the version that is asked for, or what is not known without it.
fn found<'l>(library: &'l dyn Library, id: &str, version: Option<&str>) -> Result<&'l Definition, String> {
    let own = match version {
        Some(version) => library.definition_in(id, version),
        None => library.definition(id),
    };
    let own = own.ok_or_else(|| format!("the definition {id} was not given"))?;
    match (version, &own.version) {
        // What metadata call a version is a note of whoever wrote the definition.
        (Some(wanted), Some(given)) if own.is_versioned && !fits(wanted, given) => {
            Err(other_version(id, given, wanted))
        }
        _ => Ok(own),
    }
}

fn other_version(id: &str, given: &str, wanted: &str) -> String {
    format!("{id} was given in version {given}, and version {wanted} is assigned")
}
