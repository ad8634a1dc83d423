//! Who may do what where in Azure, with reasons.
//!
//! An [`Engine`] is built once from role definitions, role assignments, deny assignments and groups ([`Tenant`], or an inventory),
//! and then answers questions: may this principal do this action here, now? A [`Decision`] is *allowed*, *denied*,
//! *conditional* (with the condition that is left) or *unknown* (with what is missing), and names the assignment, the role's pattern and
//! the scope that decided.
//!
//! Written from Microsoft's text: access is the sum of the assignments at and above a scope, of a principal and the groups it is
//! in; `notActions` take away from their own permission object only; the planes do not mix; deny assignments win.
//!
//! Pure: no I/O, no clock, no environment, no randomness.

#![deny(clippy::disallowed_methods)]

mod action;
pub mod catalogue;
pub mod condition;
pub mod cover;
mod decision;
mod engine;
mod inventory;
pub mod json;
mod minimise;
mod needs;
mod pattern;
mod principal;
mod profile;
mod role;
mod scope;
mod service;
mod tenant;

pub use action::{Action, ActionIx, Actions, Bits, Danger, Plane};
pub use condition::{Condition, ConditionError};
pub use decision::{Answer, Decision, Denial, Gap, Reason, Verdict};
pub use engine::{Effective, Engine, EngineBuilder, Membership, Question};
pub use inventory::{Assume, engine};
pub use minimise::{Least, Menu, Pick, PickedRole, Plan, minimise};
pub use needs::{Excess, Held, Need, Use, is_known_at};
pub use pattern::Pattern;
pub use principal::PrincipalIx;
pub use profile::{GRANTS, Grant, On, Profile, Setting};
pub use role::{Asked, Permission, Role, RoleDefinition};
pub use scope::Place;
pub use service::{AccessPolicy, Door, Lock, Service, Target, policy_permission};
pub use tenant::{
    Assignment, Completeness, DenyAssignment, EVERYONE, Group, List, PrincipalType, Standing, Tenant,
};
