//! From what people write to what they mean: by id, by name, by object id.

use crate::{Acting, Names, actors};
use dekey_model::{ArmId, Inventory, Kind, Resource};
use dekey_rbac::{Engine, Service, Target};

/// Why a word stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing that was read is called so.
    Unknown,
    /// Several are: ids to choose from, each with what it is.
    Ambiguous(Vec<String>),
}

/// Somebody who was asked about.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The object id; nothing when no document says it.
    pub principal: Option<String>,
    /// What acts as it, if it was found through that.
    pub actor: Option<Resource<'a>>,
    /// As whom that acts.
    pub acting: Option<Acting>,
}

/// The kinds that people call by name, those that they mean first in front.
const NAMED: &[Kind] = &[
    Kind::Workspace,
    Kind::StorageAccount,
    Kind::Vault,
    Kind::ContainerRegistry,
    Kind::AppInsights,
    Kind::UserAssignedIdentity,
    Kind::ResourceGroup,
    Kind::Subscription,
    Kind::ManagementGroup,
    Kind::OnlineEndpoint,
    Kind::Compute,
    Kind::Datastore,
    Kind::Connection,
];

fn called<'a>(inventory: &'a Inventory, kinds: &[Kind], word: &str) -> Vec<Resource<'a>> {
    let all = kinds.iter().flat_map(|kind| inventory.of_kind(*kind)).map(|ix| inventory.get(*ix));
    // `group/name` tells apart what has the same name.
    let parts: Vec<&str> = word.split('/').collect();
    let mut found: Vec<Resource<'a>> = match parts[..] {
        [name] => all.filter(|own| own.name().eq_ignore_ascii_case(name)).collect(),
        [group, name] => all
            .filter(|own| own.name().eq_ignore_ascii_case(name))
            .filter(|own| own.arm_id().resource_group().is_some_and(|own| own.eq_ignore_ascii_case(group)))
            .collect(),
        _ => Vec::new(),
    };
    found.sort_by_key(|own| own.id().to_ascii_lowercase());
    found
}

fn one<'a>(found: &[Resource<'a>]) -> Result<Resource<'a>, Unresolved> {
    match found {
        [] => Err(Unresolved::Unknown),
        [own] => Ok(*own),
        many => Err(Unresolved::Ambiguous(many.iter().map(|own| own.id().to_owned()).collect())),
    }
}

/// The resource of an id or name.
pub fn resource<'a>(inventory: &'a Inventory, word: &str) -> Result<Resource<'a>, Unresolved> {
    let word = word.trim();
    inventory.find(word).map_or_else(|| one(&called(inventory, NAMED, word)), Ok)
}

/// The workspace of an id or name.
pub fn workspaces<'a>(inventory: &'a Inventory, word: &str) -> Result<Resource<'a>, Unresolved> {
    let word = word.trim();
    match inventory.find(word).filter(|own| own.kind() == Kind::Workspace) {
        Some(own) => Ok(own),
        None => one(&called(inventory, &[Kind::Workspace], word)),
    }
}

/// What something is done to: a resource that was read, or any id.
pub fn target(inventory: &Inventory, word: &str) -> Result<Target, Unresolved> {
    match resource(inventory, word) {
        Ok(own) => Ok(Target::of(own)),
        Err(Unresolved::Unknown) if word.trim().starts_with('/') => {
            let id = word.trim().to_owned();
            let service = unread(&id);
            Ok(Target { id, service })
        }
        Err(why) => Err(why),
    }
}

/// The service of a resource that was not read.
fn unread(id: &str) -> Service {
    let kind = ArmId(id).resource_type().map(|own| own.to_ascii_lowercase());
    match kind.as_deref() {
        Some("microsoft.storage/storageaccounts") => Service::Storage { shared_keys: None },
        Some("microsoft.keyvault/vaults") => Service::Vault { rbac: None, policies: None },
        Some("microsoft.containerregistry/registries") => {
            Service::Registry { by_repository: None, admin_user: None }
        }
        _ => Service::Other,
    }
}

/// Whom a word means: what a workspace, compute or endpoint acts as, an identity, or an object id or name.
pub fn principals<'a>(
    inventory: &'a Inventory,
    engine: &Engine,
    names: &Names,
    word: &str,
) -> Result<Vec<Found<'a>>, Unresolved> {
    let word = word.trim();
    let bare = |id: &str| Found { principal: Some(id.to_ascii_lowercase()), actor: None, acting: None };
    if names.get(word).is_some() || engine.principal(word).is_some() {
        return Ok(vec![bare(word)]);
    }
    let kinds = [Kind::Workspace, Kind::UserAssignedIdentity, Kind::OnlineEndpoint, Kind::Compute];
    let resources = match inventory.find(word) {
        Some(own) => vec![own],
        None => called(inventory, &kinds, word),
    };
    // Of several, a user-assigned identity and a directory object may be one and the same.
    let named: Vec<_> =
        names.called(word).filter(|(_, own)| !resources.iter().any(|by| by.ix() == own.resource)).collect();
    match (&resources[..], &named[..]) {
        ([], []) => Err(Unresolved::Unknown),
        ([], [(id, _)]) => Ok(vec![bare(id)]),
        ([own], []) => acting_in(*own).ok_or(Unresolved::Unknown),
        _ => {
            let named = named.iter().map(|(id, own)| format!("{id} ({} {})", own.kind, own.name));
            Err(Unresolved::Ambiguous(resources.iter().map(|own| own.id().to_owned()).chain(named).collect()))
        }
    }
}

fn acting_in(resource: Resource<'_>) -> Option<Vec<Found<'_>>> {
    if resource.kind() == Kind::UserAssignedIdentity {
        let principal = resource.text(dekey_model::Field::PrincipalId).non_empty().value()?;
        return Some(vec![Found { principal: Some(principal.to_owned()), actor: None, acting: None }]);
    }
    let workspace = resource.workspace()?;
    let all = actors(workspace, &crate::Usage::default());
    let wanted = all.into_iter().filter(|own| own.resource == resource);
    let found = wanted.map(|own| Found {
        principal: own.acting.principal().map(str::to_owned),
        actor: Some(own.resource),
        acting: Some(own.acting),
    });
    Some(found.collect())
}
