//! What is wrong with a plan that cannot even be looked at.

/// Why a document is no plan, or no plan to rely on.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// It is something else.
    #[error("this is no plan of dekey's: {0}")]
    NotAPlan(String),
    /// It is a plan of another version.
    #[error(
        "this plan is `{found}`, and this dekey reads `{known}`: use the dekey that made it, or plan anew"
    )]
    Version {
        /// What it says of itself.
        found: String,
        /// What is read.
        known: &'static str,
    },
    /// Somebody changed it.
    #[error(
        "the plan was changed after it was made: it says it is {said}, and its content is {is}; a plan is never edited, plan anew"
    )]
    Changed {
        /// The hash that it holds.
        said: String,
        /// The hash of its content.
        is: String,
    },
}
