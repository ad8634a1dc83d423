//! The lines of a journal.

use dekey_azure::operation::Operation;
use dekey_plan::Request;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whether a step is made or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It is made.
    Apply,
    /// It is taken back.
    Undo,
}

/// How it came to be as it was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By a request of this run, or of one before it.
    Made,
    /// It was so already; nothing was sent.
    FoundSo,
}

/// What a request that failed left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// What was there before, and Azure said that it will not do it: nothing of the request is on its way.
    Refused,
    /// What was there before, so far.
    Unchanged,
    /// Something else.
    Changed,
    /// Nobody could look.
    Unknown,
}

/// A line of a journal. What is not in it was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The first line.
    Opened {
        /// The format.
        dekey: String,
        /// The hash of the plan.
        plan: String,
        /// When.
        at: Timestamp,
    },
    /// A request is about to be sent.
    Intent {
        /// The step.
        step: String,
        /// Whether it is made or taken back.
        doing: Doing,
        /// When.
        at: Timestamp,
        /// The request.
        request: Request,
        /// What of the resource counts, as it was read just before; nothing when it was not there.
        before: Option<Value>,
    },
    /// Azure has taken it on, and it goes on.
    Accepted {
        /// The step.
        step: String,
        /// Whether it is made or taken back.
        doing: Doing,
        /// When.
        at: Timestamp,
        /// How to follow it, without what Azure answered.
        operation: Operation,
    },
    /// It is as it was wanted, and somebody looked.
    Done {
        /// The step.
        step: String,
        /// Whether it was made or taken back.
        doing: Doing,
        /// When.
        at: Timestamp,
        /// How it came to be.
        how: How,
    },
    /// It is not.
    Failed {
        /// The step.
        step: String,
        /// Whether it was to be made or taken back.
        doing: Doing,
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
        /// What is there now.
        left: Left,
    },
    /// All steps of a stage are done.
    Stage {
        /// Its name.
        stage: String,
        /// Whether it was made or taken back.
        doing: Doing,
        /// When.
        at: Timestamp,
        /// Who agreed, as whoever ran it said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
    },
}

/// The format of journals.
pub(crate) const FORMAT: &str = "journal/1";
