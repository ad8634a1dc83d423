//! The engine: built once from what is known of a tenant, asked many times.

mod build;
mod decide;
mod effective;
mod rows;

pub use build::EngineBuilder;
pub use effective::Effective;

use crate::condition::{Facts, Known};
use crate::principal::Principals;
use crate::role::Parsed;
use crate::scope::{Node, Place, Scopes};
use crate::{Actions, Asked, PrincipalIx, Reason, Role, Standing, Tenant};
use dekey_model::{Sym, Texts};
use hashbrown::HashMap;
use jiff::Timestamp;
use std::ops::ControlFlow;

/// An assignment, in sixteen bytes; what few have is elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    principal: PrincipalIx,
    scope: Node,
    role: u32,
    /// The index of its [`Extra`], or [`PLAIN`].
    extra: u32,
    name: Sym,
}

const PLAIN: u32 = u32::MAX;

/// Times, standing and condition of an assignment.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    condition: Option<Parsed>,
    standing: Standing,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Extra {
    fn counts_at(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// A deny assignment, compiled.
#[derive(Debug)]
pub(crate) struct Deny {
    id: String,
    name: String,
    scope: Node,
    this_scope_only: bool,
    permissions: Vec<crate::role::Compiled>,
    everyone: bool,
    principals: Vec<PrincipalIx>,
    excluded: Vec<PrincipalIx>,
    condition: Option<Parsed>,
}

/// What to ask.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who; nobody whom the data names, if nothing.
    pub who: Option<PrincipalIx>,
    /// What.
    pub what: Asked<'a>,
    /// Where.
    pub at: Place,
    /// When.
    pub now: Timestamp,
    /// Which part of the action.
    pub suboperation: Known<&'a str>,
    /// What is known of attributes.
    pub facts: &'a Facts,
}

impl<'a> Question<'a> {
    /// A question about which nothing more is known.
    pub fn new(who: Option<PrincipalIx>, what: Asked<'a>, at: Place, now: Timestamp) -> Self {
        Self { who, what, at, now, suboperation: Known::Unknown, facts: Facts::nothing() }
    }
}

/// Whether somebody is a principal or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// For certain.
    Yes,
    /// For certain not.
    No,
    /// Not, if what was taken for read is so.
    Assumed,
    /// Nobody read who is in it.
    Unknown,
}

/// Everything compiled.
#[derive(Debug)]
pub struct Engine {
    actions: Actions,
    roles: Vec<Role>,
    roles_by_key: HashMap<String, u32, foldhash::fast::FixedState>,
    scopes: Scopes,
    names: Texts,
    principals: Principals,
    /// In the order of principal and scope.
    rows: Vec<Row>,
    starts: Vec<u32>,
    /// Those of groups that anybody may be in, in the order of scope.
    opaque: Vec<Row>,
    extras: Vec<Extra>,
    /// In the order of scope.
    denies: Vec<Deny>,
}

impl Engine {
    /// An engine for some actions, to be filled.
    pub fn builder(actions: Actions) -> EngineBuilder {
        EngineBuilder::new(actions)
    }

    /// The engine of a tenant.
    pub fn new(tenant: &Tenant, actions: Actions) -> Self {
        let mut builder = Self::builder(actions);
        builder.tenant(tenant);
        builder.finish()
    }

    /// The actions that have bits.
    pub fn actions(&self) -> &Actions {
        &self.actions
    }

    /// The principal with an object id, if the data names it.
    pub fn principal(&self, id: &str) -> Option<PrincipalIx> {
        self.principals.find(id)
    }

    /// A principal's object id, in lower case.
    pub fn principal_id(&self, ix: PrincipalIx) -> &str {
        self.principals.id(ix)
    }

    /// Whether somebody is a principal or in it. Groups have to be [mentioned](EngineBuilder::mention) before.
    pub fn membership(&self, who: Option<PrincipalIx>, id: &str) -> Membership {
        let Some(group) = self.principals.find(id) else { return Membership::No };
        if self.principals.is_in(who, group) {
            Membership::Yes
        } else if self.principals.is_assumed(group) {
            Membership::Assumed
        } else if self.principals.is_opaque(group) {
            Membership::Unknown
        } else {
            Membership::No
        }
    }

    /// The groups that somebody is in for certain, of those that are assigned anything.
    pub fn groups_of(&self, who: PrincipalIx) -> &[PrincipalIx] {
        self.principals.groups(who)
    }

    /// The groups whose members were not read, nor taken for read, of those that have a say.
    pub fn unread_groups(&self) -> impl Iterator<Item = PrincipalIx> {
        self.principals.opaque().iter().copied().filter(|own| !self.principals.is_assumed(*own))
    }

    /// Every principal that the data names.
    pub fn principals(&self) -> impl Iterator<Item = PrincipalIx> {
        (0u32..).map(PrincipalIx).take(self.principals.len())
    }

    /// Every principal with an assignment that reaches a place, of its own or of a group that it is in for certain.
    pub fn principals_at(&self, at: Place) -> impl Iterator<Item = PrincipalIx> {
        let stop = |_: &Row| ControlFlow::Break(());
        self.principals().filter(move |who| self.certain(Some(*who), at, stop).is_break())
    }

    /// Where a scope is.
    pub fn place(&self, scope: &str) -> Place {
        self.scopes.place(scope)
    }

    /// Every role that is defined or assigned.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The role of a GUID, or of an id that ends with it.
    pub fn role(&self, id: &str) -> Option<&Role> {
        let ix = self.roles_by_key.get(&crate::role::role_key(id))?;
        self.roles.get(*ix as usize)
    }

    /// How many assignments there are.
    pub fn assignments(&self) -> usize {
        self.rows.len()
    }

    /// The assignments of a principal by itself, groups aside: scope, role and id.
    pub fn held_by(&self, who: PrincipalIx) -> impl Iterator<Item = (String, &Role, String)> {
        self.rows_of(who).iter().filter_map(|row| {
            let role = self.roles.get(row.role as usize)?;
            Some((self.scopes.text(row.scope), role, self.assignment_id(row)))
        })
    }

    /// The same as reasons, which say when and under what condition they count. They have no pattern: no action was asked for.
    pub fn grants_of(&self, who: PrincipalIx) -> impl Iterator<Item = Reason> {
        self.rows_of(who).iter().map(move |row| {
            let (role, extra) = (self.roles.get(row.role as usize), self.extra(row));
            let condition = extra.and_then(|own| own.condition.as_ref()).map(|own| match own {
                Ok(condition) => condition.expr().to_string(),
                Err(error) => format!("something that was not understood: {error}"),
            });
            Reason {
                assignment: self.assignment_id(row),
                principal: self.principals.id(who).to_owned(),
                through_group: false,
                role: role.map_or_else(String::new, |own| own.id.clone()),
                role_name: role.map_or_else(String::new, |own| own.name.clone()),
                pattern: String::new(),
                scope: self.scopes.text(row.scope),
                condition,
                standing: extra.map_or(Standing::Active, |own| own.standing),
                from: extra.and_then(|own| own.from),
                until: extra.and_then(|own| own.until),
            }
        })
    }

    fn rows_of(&self, who: PrincipalIx) -> &[Row] {
        let at = who.0 as usize;
        let (Some(start), Some(end)) = (self.starts.get(at), self.starts.get(at + 1)) else { return &[] };
        self.rows.get(*start as usize..*end as usize).unwrap_or(&[])
    }

    fn extra(&self, row: &Row) -> Option<&Extra> {
        if row.extra == PLAIN { None } else { self.extras.get(row.extra as usize) }
    }

    /// The id of an assignment. Of most only the last part is kept, because the scope tells the rest.
    fn assignment_id(&self, row: &Row) -> String {
        let name = self.names.get(row.name);
        if name.contains('/') {
            return name.to_owned();
        }
        let scope = self.scopes.text(row.scope);
        format!("{}{}{name}", scope.trim_end_matches('/'), build::ASSIGNMENTS)
    }
}
