//! Who an object id is.

use crate::identities;
use dekey_model::{Field, Inventory, Kind, Resource, ResourceIx};
use dekey_rbac::PrincipalType;
use std::collections::BTreeMap;

/// What is known of an object id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// A name for people.
    pub name: String,
    /// What kind of principal it is, in words.
    pub kind: &'static str,
    /// The resource that says so: a resource with an identity, or an object of the directory.
    pub resource: ResourceIx,
}

/// Every object id that the documents put a name to.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_id: BTreeMap<String, Named>,
}

const USER: &str = "Microsoft.Graph/users";

impl Names {
    /// The names of an inventory. What the directory calls a managed identity says less than whose it is.
    pub fn of(inventory: &Inventory) -> Self {
        let mut names = Self::default();
        let all = |kind: Kind| inventory.of_kind(kind).iter().map(|ix| inventory.get(*ix));
        let user = |own: &Resource<'_>| own.resource_type().eq_ignore_ascii_case(USER);
        all(Kind::UserAssignedIdentity).for_each(|own| names.user_assigned(own));
        inventory.resources().for_each(|own| names.identities(own));
        all(Kind::ServicePrincipal).for_each(|own| names.directory(own, "service principal"));
        all(Kind::Group).for_each(|own| names.directory(own, "group"));
        all(Kind::Other).filter(user).for_each(|own| names.directory(own, "user"));
        all(Kind::RoleAssignment).for_each(|own| names.assignment(own));
        names
    }

    /// What an assignment says of whom it names. The Azure CLI adds a name, which of applications is their id.
    fn assignment(&mut self, assignment: Resource<'_>) {
        let text = |field| assignment.text(field).non_empty().value();
        let Some(id) = text(Field::PrincipalId) else { return };
        let kind = match PrincipalType::of(text(Field::PrincipalType).unwrap_or("")) {
            PrincipalType::User => "user",
            PrincipalType::Group => "group",
            PrincipalType::ServicePrincipal => "service principal",
            PrincipalType::Unsaid | PrincipalType::Other => return,
        };
        let name = text(Field::PrincipalName).filter(|_| kind != "service principal");
        self.put(id, name.unwrap_or(id).to_owned(), kind, assignment);
    }

    fn put(&mut self, id: &str, name: String, kind: &'static str, resource: Resource<'_>) {
        let named = Named { name, kind, resource: resource.ix() };
        self.by_id.entry(id.trim().to_ascii_lowercase()).or_insert(named);
    }

    fn user_assigned(&mut self, identity: Resource<'_>) {
        if let Some(principal) = identity.text(Field::PrincipalId).non_empty().value() {
            self.put(principal, identity.name().to_owned(), "user-assigned identity", identity);
        }
    }

    fn identities(&mut self, resource: Resource<'_>) {
        for own in identities(resource).unwrap_or_default() {
            let Some(principal) = &own.principal else { continue };
            match &own.user_assigned {
                Some(id) => {
                    let name = dekey_model::ArmId(id).name().to_owned();
                    self.put(principal, name, "user-assigned identity", resource);
                }
                None => self.put(principal, resource.name().to_owned(), "system-assigned identity", resource),
            }
        }
    }

    fn directory(&mut self, object: Resource<'_>, kind: &'static str) {
        let name = object.text(Field::DisplayName).non_empty().value().unwrap_or(object.name());
        self.put(object.name(), name.to_owned(), kind, object);
    }

    /// Who an object id is.
    pub fn get(&self, id: &str) -> Option<&Named> {
        self.by_id.get(&id.trim().to_ascii_lowercase())
    }

    /// Every object id of a name, in any case.
    pub fn called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a Named)> {
        let all = self.by_id.iter().filter(move |(_, own)| own.name.eq_ignore_ascii_case(name));
        all.map(|(id, own)| (id.as_str(), own))
    }
}
