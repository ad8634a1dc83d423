//! Which identities a resource has, and which of them it acts as.

use dekey_model::{ArmId, Field, Gap, IdentityState, Kind, Resource, Seen, eq_ids};

/// A managed identity of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The object id of its principal; nothing when no document says it.
    pub principal: Option<String>,
    /// The id of the user-assigned identity; nothing for the system-assigned one.
    pub user_assigned: Option<String>,
}

impl Identity {
    /// In words.
    pub fn describe(&self) -> String {
        match &self.user_assigned {
            None => "system-assigned identity".to_owned(),
            Some(id) => format!("user-assigned identity {}", ArmId(id).name()),
        }
    }
}

/// What a resource acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acting {
    /// As this identity.
    As(Identity),
    /// It has no identity: it lives on keys, or on whoever calls it.
    Nobody,
    /// What was read does not tell.
    Unknown(Gap),
}

impl Acting {
    /// The object id it acts as, if it is known.
    pub fn principal(&self) -> Option<&str> {
        match self {
            Acting::As(identity) => identity.principal.as_deref(),
            _ => None,
        }
    }
}

/// Every identity of a resource; an error when the documents do not tell.
pub fn identities(resource: Resource<'_>) -> Result<Vec<Identity>, Gap> {
    let kinds = match resource.identity() {
        IdentityState::NotRead => return Err(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => return Err(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(kinds) => kinds,
    };
    let mut found = Vec::new();
    if kinds.system {
        let principal = resource.text(Field::IdentityPrincipal).non_empty().value().map(str::to_owned);
        found.push(Identity { principal, user_assigned: None });
    }
    if kinds.user {
        let attached = match resource.pairs(Field::UserAssignedIdentities).or_empty() {
            Seen::Value(attached) => attached,
            Seen::Odd => return Err(Gap::Odd(Field::UserAssignedIdentities)),
            _ => return Err(Gap::NotRead(Field::UserAssignedIdentities)),
        };
        found.extend(attached.into_iter().map(|(id, principal)| user_assigned(resource, id, principal)));
    }
    Ok(found)
}

/// The principal stands beside the attached identity, or in the identity's own document.
fn user_assigned(resource: Resource<'_>, id: &str, principal: &str) -> Identity {
    let own = || {
        let identity = resource.inventory().find(id).filter(|own| own.kind() == Kind::UserAssignedIdentity);
        identity.and_then(|own| own.text(Field::PrincipalId).non_empty().value())
    };
    let principal = Some(principal).filter(|own| !own.is_empty()).or_else(own);
    Identity { principal: principal.map(str::to_owned), user_assigned: Some(id.to_owned()) }
}

/// What a resource acts as: a workspace as its primary user-assigned identity, if it names one; whatever has one identity as that.
pub(crate) fn acting(resource: Resource<'_>) -> Acting {
    let all = match identities(resource) {
        Ok(all) => all,
        Err(gap) => return Acting::Unknown(gap),
    };
    let found = match primary(resource) {
        Some(primary) => {
            let is_primary =
                |own: &&Identity| own.user_assigned.as_deref().is_some_and(|id| eq_ids(id, primary));
            // One that is not attached cannot be acted as.
            all.iter().find(is_primary).or_else(|| alone(&all))
        }
        None => alone(&all),
    };
    match found {
        Some(identity) => Acting::As(identity.clone()),
        None if all.is_empty() => Acting::Nobody,
        None if resource.kind() == Kind::Workspace => Acting::Unknown(Gap::Other(
            "it has several user-assigned identities and names none of them as primary: set primaryUserAssignedIdentity"
                .into(),
        )),
        None => Acting::Unknown(Gap::Other(
            "it has several user-assigned identities: which one is used is said in the job".into(),
        )),
    }
}

fn primary(resource: Resource<'_>) -> Option<&str> {
    resource.text(Field::PrimaryUserAssignedIdentity).non_empty().value()
}

/// The system-assigned identity, or the only one there is.
fn alone(all: &[Identity]) -> Option<&Identity> {
    let system = all.iter().find(|own| own.user_assigned.is_none());
    system.or_else(|| all.first().filter(|_| all.len() == 1))
}
