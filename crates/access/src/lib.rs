//! What workspaces need of their dependents, held against what their identities have.
//!
//! An inventory says which identities a workspace, its computes and its endpoints run as ([`identities`]), and what each of them
//! reaches ([`Actor`]: storage, vault, registry, Application Insights, the accounts of datastores, private endpoints). The engine of
//! `rbac` says what each may do there. [`WorkspaceAccess`] puts the two side by side: missing, held, excess.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod actor;
mod datastore;
mod identity;
mod workspace;

pub use actor::{Actor, Dependent, Part, Role, Usage, actors};
pub use datastore::{
    SYSTEM_DATASTORES, SystemDatastores, is_system_datastore, storage_account_id, system_datastores,
};
pub use identity::{Acting, Identity, identities};
pub use workspace::{ActorAccess, DependentAccess, WorkspaceAccess};
