//! Role assignments as rules see them: what of ours they reach, and whose they are.

use dekey_model::{ArmId, Field, Inventory, Kind, Resource, ResourceIx};
use std::collections::{HashMap, HashSet};

/// What a role assignment reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A workspace, one of its dependents, or something in one of them.
    Ours,
    /// What lies above one: a resource group, a subscription, a management group, the tenant.
    Above,
    /// Neither.
    Elsewhere,
}

/// Every role assignment, by what it reaches and by principal. Ids are in lower case.
#[derive(Debug, Default)]
pub struct Grants {
    ours: HashSet<Box<str>>,
    above: HashSet<Box<str>>,
    /// Role assignments that reach ours or lie above, by principal.
    by_principal: HashMap<Box<str>, Vec<ResourceIx>>,
    /// All of them, by the scope that they are at.
    at_scope: HashMap<Box<str>, Vec<ResourceIx>>,
    /// How many there are at and below each subscription.
    in_subscription: HashMap<Box<str>, u32>,
    /// What the directory says of an object id.
    directory: HashMap<Box<str>, ResourceIx>,
    /// Service principals by application id.
    by_application: HashMap<Box<str>, Vec<ResourceIx>>,
    /// Principals of identities that resources have, with one of the resources.
    identities: HashMap<Box<str>, ResourceIx>,
    /// User-assigned identities that resources have.
    attached: HashSet<Box<str>>,
    /// A workspace whose computes were not read: they may have any identity.
    unread: Option<ResourceIx>,
}

fn lower(id: &str) -> Box<str> {
    id.trim_end_matches('/').to_ascii_lowercase().into_boxed_str()
}

/// Where an assignment counts: what it says, or what it hangs on.
pub fn scope_of(assignment: Resource<'_>) -> &str {
    let parent = || ArmId(assignment.id()).parent().unwrap_or("/");
    assignment.text(Field::Scope).non_empty().value().unwrap_or_else(parent)
}

impl Grants {
    /// Sorts the role assignments of an inventory.
    pub fn new(inventory: &Inventory) -> Self {
        let mut grants = Self::default();
        let all = |kind: Kind| inventory.of_kind(kind).iter().map(|ix| inventory.get(*ix));
        let asked =
            [Kind::RoleAssignment, Kind::UserAssignedIdentity, Kind::Application, Kind::ServicePrincipal];
        if asked.into_iter().all(|kind| inventory.of_kind(kind).is_empty()) {
            return grants;
        }
        for workspace in all(Kind::Workspace) {
            grants.own(workspace);
            if grants.unread.is_none()
                && workspace.children_covered(Kind::Compute) != dekey_model::Covered::Yes
            {
                grants.unread = Some(workspace.ix());
            }
        }
        for kind in [Kind::StorageAccount, Kind::Vault, Kind::ContainerRegistry, Kind::AppInsights] {
            all(kind).filter(|own| own.used_by().next().is_some()).for_each(|own| grants.own(own));
        }
        inventory.resources().for_each(|own| grants.identity(own));
        for kind in [Kind::ServicePrincipal, Kind::Group, Kind::Other] {
            let known = all(kind)
                .filter(|own| own.resource_type().to_ascii_lowercase().starts_with("microsoft.graph/"));
            grants.directory.extend(known.map(|own| (lower(own.name()), own.ix())));
        }
        for own in all(Kind::ServicePrincipal) {
            if let Some(application) = own.text(Field::AppId).non_empty().value() {
                grants.by_application.entry(lower(application)).or_default().push(own.ix());
            }
        }
        all(Kind::RoleAssignment).for_each(|own| grants.assignment(own));
        grants
    }

    fn own(&mut self, resource: Resource<'_>) {
        for id in ArmId(resource.id()).ancestors() {
            // What lies above this one is there already.
            if !self.above.insert(lower(id)) {
                break;
            }
        }
        self.ours.insert(lower(resource.id()));
    }

    fn identity(&mut self, resource: Resource<'_>) {
        if let Some(principal) = resource.text(Field::IdentityPrincipal).non_empty().value() {
            self.identities.entry(lower(principal)).or_insert(resource.ix());
        }
        for (id, principal) in resource.pairs(Field::UserAssignedIdentities).value().unwrap_or_default() {
            self.attached.insert(lower(id));
            if !principal.is_empty() {
                self.identities.entry(lower(principal)).or_insert(resource.ix());
            }
        }
    }

    fn assignment(&mut self, assignment: Resource<'_>) {
        self.at_scope.entry(lower(scope_of(assignment))).or_default().push(assignment.ix());
        if let Some(subscription) = ArmId(scope_of(assignment)).subscription() {
            *self.in_subscription.entry(lower(subscription)).or_default() += 1;
        }
        if self.reach(scope_of(assignment)) == Reach::Elsewhere {
            return;
        }
        if let Some(principal) = assignment.text(Field::PrincipalId).non_empty().value() {
            self.by_principal.entry(lower(principal)).or_default().push(assignment.ix());
        }
    }

    /// What a scope reaches.
    pub fn reach(&self, scope: &str) -> Reach {
        let own = lower(scope);
        if self.ours.is_empty() {
            return Reach::Elsewhere;
        }
        let is_ours = |id: &str| self.ours.contains(lower(id).as_ref());
        if self.ours.contains(&own) || ArmId(scope).ancestors().any(is_ours) {
            Reach::Ours
        } else if self.above.contains(&own) || ArmId(scope).subscription().is_none() {
            Reach::Above
        } else {
            Reach::Elsewhere
        }
    }

    /// Role assignments of a principal that reach ours or lie above.
    pub fn of_principal(&self, id: &str) -> &[ResourceIx] {
        self.by_principal.get(&lower(id)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The service principals of an application id.
    pub fn principals_of_application<'a>(
        &'a self,
        inventory: &'a Inventory,
        id: &str,
    ) -> impl Iterator<Item = Resource<'a>> + 'a {
        let all = self.by_application.get(&lower(id)).map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|ix| inventory.get(*ix))
    }

    /// Role assignments, by application id, of its service principals.
    pub fn of_application<'a>(
        &'a self,
        inventory: &'a Inventory,
        id: &str,
    ) -> impl Iterator<Item = ResourceIx> + 'a {
        self.principals_of_application(inventory, id).flat_map(|own| self.of_principal(own.name())).copied()
    }

    /// The role assignments at a resource and above it; of management groups all, as which is above which is for the engine to say.
    pub fn covering<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ResourceIx> + 'a {
        let here = std::iter::once(id).chain(ArmId(id).ancestors());
        let at = here.filter_map(|scope| self.at_scope.get(&lower(scope)));
        let above = self.at_scope.iter().filter(|(scope, _)| ArmId(scope).subscription().is_none());
        at.chain(above.map(|(_, all)| all)).flatten()
    }

    /// How many role assignments there are at and below a subscription.
    pub fn in_subscription(&self, id: &str) -> u32 {
        self.in_subscription.get(&lower(id)).copied().unwrap_or(0)
    }

    /// What the directory says of an object id.
    pub fn principal(&self, id: &str) -> Option<ResourceIx> {
        self.directory.get(&lower(id)).copied()
    }

    /// A resource whose identity has an object id.
    pub fn resource_of(&self, principal: &str) -> Option<ResourceIx> {
        self.identities.get(&lower(principal)).copied()
    }

    /// Whether a resource that was read has a user-assigned identity.
    pub fn is_attached(&self, identity: &str) -> bool {
        self.attached.contains(&lower(identity))
    }

    /// A workspace whose computes were not read, so that they may have any identity.
    pub fn unread_computes(&self) -> Option<ResourceIx> {
        self.unread
    }
}
