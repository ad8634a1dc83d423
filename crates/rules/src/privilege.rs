//! What makes a role too much for the identity of a workspace, and where.

use dekey_model::{ArmId, Kind, Severity};
use dekey_rbac::{Action, Bits, Engine, Role};
use std::collections::HashMap;

/// Where a role is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Account,
    Resource,
    Group,
    Above,
}

fn place(scope: &str) -> Place {
    let id = ArmId(scope);
    match (id.resource_group(), id.provider()) {
        (Some(_), None) => Place::Group,
        (Some(_), Some(_)) => {
            let kind = id.resource_type().map_or(Kind::Other, |own| Kind::of_type(&own));
            if kind == Kind::StorageAccount { Place::Account } else { Place::Resource }
        }
        (None, _) => Place::Above,
    }
}

const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const AI_ADMINISTRATOR: &str = "b78c5d69-af96-48a3-bf8d-a8b4d589de94";

/// A role that a group has whose members nobody read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unread {
    /// The group.
    pub(crate) group: String,
    /// The name of the role.
    pub(crate) role: String,
}

/// What makes a role dangerous, of the actions that have bits; and who has such a role for all that is known.
#[derive(Debug)]
pub(crate) struct Dangers {
    /// Roles can be given.
    assigns: Bits,
    /// Keys of storage accounts can be listed.
    lists: Bits,
    /// Blobs, files, secrets or images can be reached.
    data: Bits,
    /// Dangerous roles of groups whose members were not read, by scope in lower case.
    unread: HashMap<String, Unread>,
    /// One of those above the subscriptions.
    unread_above_all: Option<Unread>,
}

impl Dangers {
    /// Of the actions of an engine.
    pub(crate) fn of(engine: &Engine) -> Self {
        let one = |name: &str| {
            let wanted = Action::control(name);
            engine.actions().bits(|own| *own == wanted)
        };
        let kinds = [
            "/containers/blobs/",
            "/fileshares/files/",
            "/queues/messages/",
            "/tables/entities/",
            "/vaults/secrets/getsecret",
            "/registries/push/",
            "/repositories/content/",
        ];
        let mut own = Self {
            assigns: one("Microsoft.Authorization/roleAssignments/write"),
            lists: one("Microsoft.Storage/storageAccounts/listKeys/action"),
            data: engine.actions().bits(|own| kinds.iter().any(|kind| own.folded().contains(kind))),
            unread: HashMap::new(),
            unread_above_all: None,
        };
        for group in engine.unread_groups() {
            for (scope, role, _) in engine.held_by(group) {
                if role.is_known() && own.judge(role, &scope).is_some() {
                    let unread =
                        Unread { group: engine.principal_id(group).to_owned(), role: role.name().to_owned() };
                    if ArmId(&scope).subscription().is_none() {
                        // Whatever the order in which they were read.
                        own.unread_above_all = own.unread_above_all.take().into_iter().chain([unread]).min();
                    } else {
                        let found = own.unread.entry(scope.to_ascii_lowercase()).or_insert(unread.clone());
                        *found = found.clone().min(unread);
                    }
                }
            }
        }
        own
    }

    /// A dangerous role at or above a resource, of a group that anybody may be in. What a management group holds is not told by ids:
    /// it counts.
    pub(crate) fn unread_above(&self, id: &str) -> Option<&Unread> {
        if self.unread.is_empty() {
            return self.unread_above_all.as_ref();
        }
        let here = std::iter::once(id).chain(ArmId(id).ancestors());
        let mut here = here.map(str::to_ascii_lowercase);
        here.find_map(|scope| self.unread.get(&scope)).or(self.unread_above_all.as_ref())
    }

    /// What is wrong with a role at a scope, if anything, and how bad that is.
    pub(crate) fn judge(&self, role: &Role, scope: &str) -> Option<(Severity, String)> {
        let has = |bits: &Bits| !role.always().and(bits).is_empty();
        let is = |guid: &str| role.id().to_ascii_lowercase().ends_with(guid);
        let at = place(scope);
        let (severity, why) = match at {
            _ if has(&self.assigns) => (Severity::High, "may give itself and others any role there"),
            Place::Group if is(AI_ADMINISTRATOR) => (
                Severity::Info,
                "is the service's own grant, and still lists the keys of every storage account there",
            ),
            Place::Group if is(CONTRIBUTOR) => (
                Severity::Medium,
                "lists the keys of everything there: the service grants Azure AI Administrator since 2024, which is narrower and still lists keys",
            ),
            Place::Group if has(&self.lists) => {
                (Severity::Medium, "lists the keys of every storage account there")
            }
            Place::Above if has(&self.lists) => {
                (Severity::High, "lists the keys of every storage account there")
            }
            Place::Account if has(&self.lists) => (Severity::Medium, "lists its keys"),
            Place::Group | Place::Above => return self.wide(role, at),
            Place::Account | Place::Resource => return None,
        };
        Some((severity, why.to_owned()))
    }

    /// A role that reaches more than one dependent, or has a wildcard over a whole provider.
    fn wide(&self, role: &Role, at: Place) -> Option<(Severity, String)> {
        let of = |group: Severity, above: Severity| if at == Place::Group { group } else { above };
        if let Some(broad) = role.broad_pattern() {
            let everything = broad.as_str().starts_with('*');
            let severity = if everything {
                of(Severity::Medium, Severity::High)
            } else {
                of(Severity::Low, Severity::Medium)
            };
            return Some((severity, format!("has the wildcard `{broad}` over everything there")));
        }
        let reaches = !role.always().and(&self.data).is_empty();
        reaches.then(|| {
            let why = "reaches the data of everything there, in the place of one dependent";
            (of(Severity::Low, Severity::Medium), why.to_owned())
        })
    }
}
