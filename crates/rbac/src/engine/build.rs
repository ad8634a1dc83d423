//! Filling an engine.

use super::{Deny, Engine, Extra, PLAIN, Row};
use crate::principal::Principals;
use crate::role::{Compiled, parse, role_key};
use crate::scope::{Node, Scopes, management_group};
use crate::tenant::EVERYONE;
use crate::{
    Actions, Assignment, Completeness, DenyAssignment, Group, List, PrincipalIx, PrincipalType, Role,
};
use crate::{RoleDefinition, Standing, Tenant};
use dekey_model::Texts;
use hashbrown::{HashMap, HashSet};

/// What stands between an assignment's scope and its name.
pub(super) const ASSIGNMENTS: &str = "/providers/Microsoft.Authorization/roleAssignments/";

/// Takes what is known of a tenant, in any order.
#[derive(Debug)]
pub struct EngineBuilder {
    actions: Actions,
    roles: Vec<Role>,
    roles_by_key: HashMap<String, u32, foldhash::fast::FixedState>,
    scopes: Scopes,
    names: Texts,
    principals: Principals,
    rows: Vec<Row>,
    extras: Vec<Extra>,
    denies: Vec<Deny>,
    /// Subscriptions and management groups whose place is known.
    placed: HashSet<Node>,
    links: Vec<(Node, Node)>,
    whole: HashSet<PrincipalIx>,
    in_part: HashSet<PrincipalIx>,
    types: HashMap<PrincipalIx, PrincipalType>,
    groups_read: Completeness,
    mentioned: Vec<PrincipalIx>,
}

impl EngineBuilder {
    pub(super) fn new(actions: Actions) -> Self {
        Self {
            actions,
            roles: Vec::new(),
            roles_by_key: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0x726f_6c65)),
            scopes: Scopes::default(),
            names: Texts::default(),
            principals: Principals::default(),
            rows: Vec::new(),
            extras: Vec::new(),
            denies: Vec::new(),
            placed: HashSet::new(),
            links: Vec::new(),
            whole: HashSet::new(),
            in_part: HashSet::new(),
            types: HashMap::new(),
            groups_read: Completeness::NotRead,
            mentioned: Vec::new(),
        }
    }

    /// Takes everything of a tenant.
    pub fn tenant(&mut self, tenant: &Tenant) {
        tenant.roles.iter().for_each(|role| self.role(role));
        tenant.assignments.iter().for_each(|own| self.assignment(own));
        tenant.denials.iter().for_each(|own| self.denial(own));
        tenant.groups.iter().for_each(|own| self.group(own));
        for (scope, above) in &tenant.ancestors {
            self.ancestors(scope, above);
        }
        for (list, scope, read) in &tenant.read {
            self.read(*list, scope, read.clone());
        }
        self.groups_read(tenant.groups_read.clone());
    }

    /// Takes a role definition. Of two with the same GUID the first counts: the same role is listed at many scopes.
    pub fn role(&mut self, definition: &RoleDefinition) {
        let role = Role::new(definition, &self.actions);
        match self.roles_by_key.get(&role.id) {
            Some(ix) => {
                if let Some(own) = self.roles.get_mut(*ix as usize).filter(|own| !own.is_known) {
                    *own = role;
                }
            }
            None => {
                self.put_role(role);
            }
        }
    }

    fn put_role(&mut self, role: Role) -> u32 {
        let ix = u32::try_from(self.roles.len()).unwrap_or(u32::MAX);
        self.roles_by_key.insert(role.id.clone(), ix);
        self.roles.push(role);
        ix
    }

    /// Takes a role assignment.
    pub fn assignment(&mut self, own: &Assignment<'_>) {
        let scope = self.scopes.add(&own.scope);
        let key = role_key(&own.role);
        let role = match self.roles_by_key.get(&key) {
            Some(ix) => *ix,
            None => self.put_role(Role::unread(&key)),
        };
        let principal = self.principals.add(&own.principal);
        let kind = self.types.entry(principal).or_insert(own.principal_type);
        *kind = (*kind).max(own.principal_type);
        let condition = parse(own.condition.as_deref());
        let is_plain = condition.is_none()
            && own.standing == Standing::Active
            && own.from.is_none()
            && own.until.is_none();
        let extra = if is_plain {
            PLAIN
        } else {
            let at = u32::try_from(self.extras.len()).unwrap_or(PLAIN);
            self.extras.push(Extra { condition, standing: own.standing, from: own.from, until: own.until });
            at
        };
        let name = self.names.intern(short(&own.id, &own.scope));
        self.rows.push(Row { principal, scope, role, extra, name });
    }

    /// Takes a deny assignment.
    pub fn denial(&mut self, own: &DenyAssignment) {
        let everyone = own.principals.iter().any(|id| id.trim() == EVERYONE);
        let named = own.principals.iter().filter(|id| id.trim() != EVERYONE);
        let principals: Vec<PrincipalIx> = named.map(|id| self.principals.add(id)).collect();
        let excluded: Vec<PrincipalIx> = own.excluded.iter().map(|id| self.principals.add(id)).collect();
        let scope = self.scopes.add(&own.scope);
        self.scopes.set_denied(scope);
        let deny = Deny {
            id: own.id.clone(),
            name: own.name.clone(),
            scope,
            this_scope_only: own.this_scope_only,
            permissions: own.permissions.iter().map(|one| Compiled::new(one, &self.actions)).collect(),
            everyone,
            principals,
            excluded,
            condition: parse(own.condition.as_deref()),
        };
        self.denies.push(deny);
    }

    /// Takes a group.
    pub fn group(&mut self, own: &Group) {
        let group = self.principals.add(&own.id);
        for member in &own.members {
            let member = self.principals.add(member);
            self.principals.put_in(member, group);
        }
        if own.is_whole {
            self.whole.insert(group)
        } else {
            self.in_part.insert(group)
        };
    }

    /// Takes the management groups above a subscription or management group: names or ids, the nearest first.
    pub fn ancestors(&mut self, scope: &str, above: &[String]) {
        let mut below = self.scopes.add(scope);
        self.placed.insert(below);
        for name in above {
            let group = self.scopes.add(&management_group(name));
            self.links.push((below, group));
            self.placed.insert(group);
            below = group;
        }
    }

    /// Takes what kind of principal somebody is.
    pub fn principal_type(&mut self, id: &str, kind: PrincipalType) {
        let principal = self.principals.add(id);
        let own = self.types.entry(principal).or_insert(kind);
        *own = (*own).max(kind);
    }

    /// Takes note of somebody who has a say elsewhere, such as in an access policy: a user, application or group.
    pub fn mention(&mut self, id: &str) {
        self.principal_type(id, PrincipalType::Unsaid);
        let principal = self.principals.add(id);
        self.mentioned.push(principal);
    }

    /// Takes how much of a list was read at and below a scope.
    pub fn read(&mut self, list: List, scope: &str, read: Completeness) {
        self.scopes.set_read(list, scope, read);
    }

    /// Takes how much of a list was read, in place of what was said before.
    pub(crate) fn replace_read(&mut self, list: List, scope: &str, read: Completeness) {
        self.scopes.replace_read(list, scope, read);
    }

    /// Takes how much of the groups was read. Groups that were read whole one by one need nothing of this.
    pub fn groups_read(&mut self, read: Completeness) {
        self.groups_read = read;
    }

    /// Puts everything in order.
    pub fn finish(mut self) -> Engine {
        // Where two lists disagree, the result must not depend on which was read first.
        let scopes = &self.scopes;
        self.links.sort_by_cached_key(|(below, above)| (scopes.text(*below), scopes.text(*above)));
        self.links.dedup();
        for (below, above) in std::mem::take(&mut self.links) {
            self.scopes.put_below(below, above);
        }
        let containers: HashSet<Node> = self.scopes.containers().collect();
        let placed = &self.placed;
        self.scopes.finish(&|node| !containers.contains(&node) || placed.contains(&node));

        let (unread, assumed) = self.opaque();
        let mut matters: Vec<PrincipalIx> = self.rows.iter().map(|row| row.principal).collect();
        matters.append(&mut self.mentioned);
        matters.extend(self.denies.iter().flat_map(|own| own.principals.iter().chain(&own.excluded)));
        matters.sort_unstable();
        matters.dedup();
        self.principals.finish(&unread, &assumed, |own| matters.binary_search(&own).is_ok());

        self.denies.sort_by(|a, b| (a.scope, &a.id).cmp(&(b.scope, &b.id)));
        let names = &self.names;
        self.rows.sort_unstable_by_key(|row| (row.principal, row.scope, row.role, names.get(row.name)));
        let starts = starts(&self.rows, self.principals.len());
        let mut engine = Engine {
            actions: self.actions,
            roles: self.roles,
            roles_by_key: self.roles_by_key,
            scopes: self.scopes,
            names: self.names,
            principals: self.principals,
            rows: self.rows,
            starts,
            opaque: Vec::new(),
            extras: self.extras,
            denies: self.denies,
        };
        let opaque = engine.principals.opaque().iter();
        let mut rows: Vec<Row> = opaque.flat_map(|own| engine.rows_of(*own)).copied().collect();
        rows.sort_by_key(|row| (row.scope, row.principal));
        engine.opaque = rows;
        engine
    }

    /// Groups whose members are not all known, and those whose members are taken for read.
    fn opaque(&self) -> (Vec<PrincipalIx>, Vec<PrincipalIx>) {
        let mut unread: Vec<PrincipalIx> = self.in_part.iter().copied().collect();
        let may_be = |ix: &PrincipalIx| {
            let kind = self.types.get(ix).copied().unwrap_or_default();
            matches!(kind, PrincipalType::Group | PrincipalType::Unsaid) && !self.whole.contains(ix)
        };
        let named = self.denies.iter().flat_map(|own| own.principals.iter().chain(&own.excluded));
        let rest: Vec<PrincipalIx> = self.types.keys().chain(named).copied().filter(may_be).collect();
        match self.groups_read {
            Completeness::Whole => (unread, Vec::new()),
            Completeness::Assumed => (unread, rest),
            _ => {
                unread.extend(rest);
                (unread, Vec::new())
            }
        }
    }
}

fn starts(rows: &[Row], principals: usize) -> Vec<u32> {
    let mut starts = Vec::with_capacity(principals + 1);
    for (at, row) in (0u32..).zip(rows) {
        starts.resize(starts.len().max(row.principal.0 as usize + 1), at);
    }
    starts.resize(principals + 1, u32::try_from(rows.len()).unwrap_or(u32::MAX));
    starts
}

/// The part of an assignment's id that its scope does not tell.
fn short<'a>(id: &'a str, scope: &str) -> &'a str {
    let scope = scope.trim_end_matches('/');
    let rest = id.get(..scope.len()).filter(|own| own.eq_ignore_ascii_case(scope)).and(id.get(scope.len()..));
    let name = rest.and_then(|rest| {
        let start = rest.get(..ASSIGNMENTS.len())?;
        start.eq_ignore_ascii_case(ASSIGNMENTS).then(|| rest.get(ASSIGNMENTS.len()..))?
    });
    name.filter(|name| !name.is_empty() && !name.contains('/')).unwrap_or(id)
}
