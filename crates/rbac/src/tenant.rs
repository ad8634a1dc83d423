//! What is put in: roles, assignments, denials, groups, and how much of each was read.

use crate::{Permission, RoleDefinition};
use jiff::Timestamp;
use std::borrow::Cow;

/// What kind of principal an assignment names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalType {
    /// The assignment does not say; it may be a group.
    #[default]
    Unsaid,
    /// A person.
    User,
    /// A group.
    Group,
    /// An application or managed identity.
    ServicePrincipal,
    /// Something else, which has no members: a device.
    Other,
}

impl PrincipalType {
    /// As Azure spells it.
    pub fn of(text: &str) -> Self {
        let is = |own: &str| text.trim().eq_ignore_ascii_case(own);
        if is("User") {
            Self::User
        } else if is("Group") || is("ForeignGroup") {
            Self::Group
        } else if is("ServicePrincipal") || is("MSI") || is("Application") {
            Self::ServicePrincipal
        } else if is("Device") {
            Self::Other
        } else {
            Self::Unsaid
        }
    }
}

/// Whether an assignment counts now or could be made to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It counts.
    #[default]
    Active,
    /// Whoever has it may activate it (Privileged Identity Management); until then it permits nothing.
    Eligible,
}

/// A role assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// Its id.
    pub id: Cow<'a, str>,
    /// Who.
    pub principal: Cow<'a, str>,
    /// What kind of principal that is.
    pub principal_type: PrincipalType,
    /// Which role: its GUID or an id that ends with it.
    pub role: Cow<'a, str>,
    /// Where, and below.
    pub scope: Cow<'a, str>,
    /// When it counts.
    pub condition: Option<Cow<'a, str>>,
    /// Whether it counts now.
    pub standing: Standing,
    /// Since when; always, if nothing is said.
    pub from: Option<Timestamp>,
    /// Until when, that moment not included; forever, if nothing is said.
    pub until: Option<Timestamp>,
}

/// A deny assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyAssignment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where.
    pub scope: String,
    /// Whether it stays at its scope (`doNotApplyToChildScopes`).
    pub this_scope_only: bool,
    /// What is denied.
    pub permissions: Vec<Permission>,
    /// Who is denied.
    pub principals: Vec<String>,
    /// Who is not, although among the principals.
    pub excluded: Vec<String>,
    /// When it counts.
    pub condition: Option<String>,
}

/// The principal that stands for everybody in a deny assignment.
pub const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// A group and who is in it, directly or through other groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its object id.
    pub id: String,
    /// Object ids.
    pub members: Vec<String>,
    /// Whether these are all.
    pub is_whole: bool,
}

/// How much of something was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Completeness {
    /// All.
    Whole,
    /// Taken for all; an answer that leans on it says so.
    Assumed,
    /// Some is missing, and why.
    Missing(String),
    /// Nobody looked.
    #[default]
    NotRead,
}

/// Lists that may have been read in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Role assignments.
    Assignments,
    /// Deny assignments.
    Denials,
    /// Which management groups a subscription is in.
    Ancestors,
}

/// Everything the engine is built from.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    /// Role definitions.
    pub roles: Vec<RoleDefinition>,
    /// Role assignments.
    pub assignments: Vec<Assignment<'static>>,
    /// Deny assignments.
    pub denials: Vec<DenyAssignment>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Management groups above a subscription or management group, the nearest first.
    pub ancestors: Vec<(String, Vec<String>)>,
    /// How much of a list was read at and below a scope; the nearest entry at or above a scope decides.
    pub read: Vec<(List, String, Completeness)>,
    /// How much of the groups was read.
    pub groups_read: Completeness,
}
