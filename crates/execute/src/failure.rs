//! Why it does not go on.

use crate::journal::JournalError;
use dekey_azure::Error;

/// How many differences are spelled out.
const SHOWN: usize = 6;

/// Why it does not go on. What was done before stays done, and is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Azure gave no answer to a look.
    #[error("step `{step}`: what is there could not be looked at: {error}; nothing was sent, run it again")]
    Blind {
        /// The step.
        step: String,
        /// Why.
        error: Box<Error>,
    },
    /// Something else is there than the plan was made for.
    #[error(
        "step `{step}`: {path} is not what the plan was made for ({}); nothing was sent: plan anew from a fresh inventory",
        listed(differences)
    )]
    NotAsPlanned {
        /// The step.
        step: String,
        /// The resource.
        path: String,
        /// Where they differ.
        differences: Vec<String>,
    },
    /// Somebody changed what a step left behind, or while it was being made.
    #[error(
        "step `{step}`: somebody else changed {path} ({}); nothing was sent: look at it, then plan anew",
        listed(differences)
    )]
    ChangedByOthers {
        /// The step.
        step: String,
        /// The resource.
        path: String,
        /// Where they differ.
        differences: Vec<String>,
    },
    /// Azure refused, and nothing changed.
    #[error("step `{step}`: {error}; nothing changed")]
    Refused {
        /// The step.
        step: String,
        /// What Azure says.
        error: Box<Error>,
    },
    /// A request failed, and nobody knows what came of it.
    #[error(
        "step `{step}`: {error}; whether it was done is not known: run it again, it looks before it sends anything"
    )]
    Lost {
        /// The step.
        step: String,
        /// What happened.
        error: Box<Error>,
    },
    /// It was done, and does not show.
    #[error(
        "step `{step}`: Azure took it, but {path} does not show it ({}): look again with status, or take it back with undo",
        listed(differences)
    )]
    NotVerified {
        /// The step.
        step: String,
        /// The resource.
        path: String,
        /// Where they differ.
        differences: Vec<String>,
    },
    /// What is there holds a secret, which the journal must not.
    #[error(
        "step `{step}`: {path} holds what looks like a secret, which no journal may hold; nothing was sent: change it by hand"
    )]
    HoldsSecret {
        /// The step.
        step: String,
        /// The resource.
        path: String,
    },
    /// It cannot be taken back.
    #[error("step `{step}` cannot be taken back: {why}")]
    NoWayBack {
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
    /// Some of it was left alone when the rest was taken back.
    #[error("{}", left_alone(left, kept, then.as_deref()))]
    LeftAlone {
        /// Why each was left alone, in the order in which they were come upon.
        left: Vec<Failure>,
        /// The resources that stay because what was left alone uses them.
        kept: Vec<String>,
        /// What ended it before the rest was taken back.
        then: Option<Box<Failure>>,
    },
    /// A step was being taken back when something ended it.
    #[error("step `{step}` was being taken back when it was interrupted: finish that first, with undo")]
    HalfUndone {
        /// The step.
        step: String,
    },
    /// Somebody asked to stop.
    #[error("stopped before step `{step}`; run it again to go on")]
    Stopped {
        /// The step that was next.
        step: String,
    },
    /// A later stage was begun.
    #[error(
        "stage `{stage}` is over: stage `{later}` went on from it; to come back to it, take that back with undo"
    )]
    Superseded {
        /// The stage.
        stage: String,
        /// The later one.
        later: String,
    },
    /// There is no such stage.
    #[error("the plan has no such stage")]
    NoSuchStage,
}

fn left_alone(left: &[Failure], kept: &[String], then: Option<&Failure>) -> String {
    let why = |failure: &Failure| match failure {
        Failure::ChangedByOthers { path, differences, .. } => {
            format!("{path}, which somebody else changed ({})", listed(differences))
        }
        Failure::NoWayBack { step, why } => format!("step `{step}`, which cannot be taken back ({why})"),
        other => other.to_string(),
    };
    let left = left.iter().map(why).collect::<Vec<_>>().join("; ");
    let kept = if kept.is_empty() { String::new() } else { format!("; with it stays {}", kept.join(", ")) };
    let rest = match then {
        None => "all the rest was taken back: look at what is left, then plan anew".to_owned(),
        Some(failure) => format!("and the rest was not all taken back: {failure}"),
    };
    format!("left alone: {left}{kept}; {rest}")
}

fn listed(differences: &[String]) -> String {
    if differences.is_empty() {
        return "it is there or is not".to_owned();
    }
    let mut text = differences.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if differences.len() > SHOWN {
        text.push_str(", ..");
    }
    text
}
