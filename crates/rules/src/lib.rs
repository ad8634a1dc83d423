//! The rules: one file each, all over one inventory.
//!
//! A rule is a doc comment (its page), a few facts about it and a `check`. It sees an [`Inventory`](dekey_model::Inventory)
//! and the settings, never how the data was fetched, and answers with findings, a pass, or *not judged* with the reason.
//!
//! To add one: write `rules/<id with underscores>.rs` and `../cases/<id>.md`, then run `cargo xtask gen`.

#![deny(clippy::disallowed_methods)]

mod applications;
mod audit;
mod context;
pub mod controls;
pub mod credentials;
mod deleted;
pub mod diagnostics;
pub mod grants;
mod ownership;
pub mod policies;
mod privilege;
mod registry;
mod remedies;
mod roles;
mod rule;
mod rules;
mod settings;
mod summary;
mod waivers;

pub use audit::{Audit, RuleError, WaivedFinding, audit, passes};
pub use context::{Context, Fired, Out};
pub use ownership::{Effective, TagSource, creator};
pub use registry::{all, by_id};
pub use rule::{Group, Page, Remedy, Rule, docs_of};
pub use settings::{
    AccessSettings, IdentityStandard, RuleSettings, Settings, SettingsError, Tags, Thresholds, Waiver,
    nearest_rule,
};
pub use summary::{Counts, RuleSummary, Summary, WorkspaceSummary};
pub use waivers::{WaiverState, WaiverUse};
