//! The same answers as the engines, found the slow and obvious way.
//!
//! Written from Microsoft's text, with loops over everything and no index, to be held against the engines in tests. It takes
//! their plain inputs and shares nothing else: patterns, scopes, groups and conditions are understood here a second time.
//!
//! - *Overview of Azure RBAC* and *role definitions*: how access is determined, and what `NotActions` take away.
//! - *Deny assignments*: they win; the zero GUID is everybody; exclusions; child scopes.
//! - *Condition format and syntax*.

#![deny(clippy::disallowed_methods)]

mod access;
mod condition;

pub use access::{Ask, answer};
pub use condition::Facts;
