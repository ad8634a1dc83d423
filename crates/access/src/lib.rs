//! What workspaces need of their dependents, held against what their identities have.
//!
//! An inventory says which identities a workspace, its computes and its endpoints run as ([`identities`]), and what each of them
//! reaches ([`Actor`]: storage, vault, registry, Application Insights, the accounts of datastores, private endpoints). The engine of
//! `rbac` says what each may do there. [`WorkspaceAccess`] puts the two side by side: missing, held, excess.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod actor;
mod causes;
mod datastore;
mod find;
mod identity;
mod least;
mod names;
mod who;
mod workspace;

pub use actor::{Actor, Dependent, Part, Role, Usage, actors};
pub use causes::{Cause, Fit, causes, documented_role};
pub use datastore::{
    SYSTEM_DATASTORES, SystemDatastores, is_system_datastore, storage_account_id, system_datastores,
};
pub use find::{Found, Unresolved, principals, resource, target, workspaces};
pub use identity::{Acting, Identity, identities};
pub use least::{Alternative, LeastRoles, Wishes, least_roles};
pub use names::{Named, Names};
pub use who::{Holder, Way, Who, who_can, who_ways};
pub use workspace::{ActorAccess, DependentAccess, WorkspaceAccess};
