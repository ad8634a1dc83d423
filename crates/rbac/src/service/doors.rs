//! Doors: ways to what is in a resource that need no permission on it.

use super::{Service, Target};
use crate::{Action, Decision, Engine, PrincipalIx, Verdict};
use jiff::Timestamp;

/// A way to what is in a resource that needs no permission on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Door {
    /// The action of the control plane that opens it.
    pub action: &'static str,
    /// What is behind it.
    pub opens: &'static str,
}

const fn door(action: &'static str, opens: &'static str) -> Door {
    Door { action, opens }
}

const STORAGE_KEYS: &[Door] = &[
    door("Microsoft.Storage/storageAccounts/listKeys/action", "the account's keys: everything in it"),
    door(
        "Microsoft.Storage/storageAccounts/regeneratekey/action",
        "a new key, which the answer holds: everything in it",
    ),
    door("Microsoft.Storage/storageAccounts/ListAccountSas/action", "a token signed with the account's key"),
    door("Microsoft.Storage/storageAccounts/listServiceSas/action", "a token signed with the account's key"),
];
const REGISTRY_ADMIN: &[Door] = &[
    door(
        "Microsoft.ContainerRegistry/registries/listCredentials/action",
        "the admin user's passwords: pull and push",
    ),
    door(
        "Microsoft.ContainerRegistry/registries/regenerateCredential/action",
        "a new password of the admin user: pull and push",
    ),
];
const REGISTRY: &[Door] = &[door(
    "Microsoft.ContainerRegistry/registries/generateCredentials/action",
    "a password of a registry token",
)];
const VAULT_POLICIES: &[Door] = &[
    door(
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "an access policy for oneself: everything in the vault",
    ),
    door("Microsoft.KeyVault/vaults/write", "an access policy for oneself: everything in the vault"),
];
const WORKSPACE: &[Door] = &[
    door(
        "Microsoft.MachineLearningServices/workspaces/listKeys/action",
        "keys of the workspace's storage account and registry",
    ),
    door(
        "Microsoft.MachineLearningServices/workspaces/listStorageAccountKeys/action",
        "keys of the workspace's storage account",
    ),
    door(
        "Microsoft.MachineLearningServices/workspaces/datastores/listsecrets/action",
        "the credentials of datastores",
    ),
    door(
        "Microsoft.MachineLearningServices/workspaces/connections/listsecrets/action",
        "the credentials of connections",
    ),
    door("Microsoft.MachineLearningServices/workspaces/metadata/secrets/read", "secrets of the workspace"),
    door(
        "Microsoft.MachineLearningServices/workspaces/environments/readSecrets/action",
        "credentials of environments",
    ),
    door(
        "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
        "credentials of attached computes",
    ),
];
const ANYWHERE: &[Door] = &[door("Microsoft.Authorization/roleAssignments/write", "any role, for oneself")];

/// Whether a door can be gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It is open.
    Open,
    /// A setting of the resource keeps it shut.
    Shut,
    /// The setting was not read.
    Unknown,
}

impl Target {
    /// The doors to what is in the resource. Those that a setting keeps shut are told as such: whoever may change the setting
    /// opens them.
    pub fn doors(&self) -> Vec<(Door, Lock)> {
        let locked = |doors: &[Door], is_open: Option<bool>| -> Vec<(Door, Lock)> {
            let lock = is_open.map_or(Lock::Unknown, |open| if open { Lock::Open } else { Lock::Shut });
            doors.iter().map(|door| (*door, lock)).collect()
        };
        let mut found = match &self.service {
            Service::Storage { shared_keys } => locked(STORAGE_KEYS, *shared_keys),
            Service::Registry { admin_user, .. } => {
                [locked(REGISTRY_ADMIN, *admin_user), locked(REGISTRY, Some(true))].concat()
            }
            Service::Vault { rbac, .. } => locked(VAULT_POLICIES, rbac.map(|rbac| !rbac)),
            Service::Other if is_workspace(&self.id) => locked(WORKSPACE, Some(true)),
            Service::Other => Vec::new(),
        };
        found.extend(locked(ANYWHERE, Some(true)));
        found
    }
}

fn is_workspace(id: &str) -> bool {
    let own = dekey_model::ArmId(id).resource_type();
    own.is_some_and(|own| own.eq_ignore_ascii_case("Microsoft.MachineLearningServices/workspaces"))
}

impl Engine {
    /// The doors of a resource that somebody may go through, or might: those of which the answer is *denied* are left out.
    pub fn doors(
        &self,
        who: Option<PrincipalIx>,
        on: &Target,
        now: Timestamp,
    ) -> Vec<(Door, Lock, Decision)> {
        let doors = on.doors().into_iter().filter(|(_, lock)| *lock != Lock::Shut);
        let decided =
            doors.map(|(door, lock)| (door, lock, self.may(who, &Action::control(door.action), on, now)));
        decided.filter(|(_, _, decision)| decision.verdict != Verdict::Denied).collect()
    }
}
