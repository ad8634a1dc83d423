//! Which roles a workspace's identity has, or should: by default, as documented, and at the least.
//!
//! Data with its sources. Microsoft warns against taking away what the service grants itself; a profile is what an identity is
//! compared with, not a plan.

use crate::{Service, Target};

/// A set of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// What the service grants to a system-assigned identity by itself.
    ServiceDefault,
    /// What Microsoft documents for a user-assigned identity.
    DocumentedUserAssigned,
    /// The least that the documented uses take. Microsoft does not say that it supports less than the other two.
    Hardened,
}

/// What a grant is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// The workspace.
    Workspace,
    /// The resource group of the workspace.
    ResourceGroup,
    /// Its storage account.
    Storage,
    /// Its key vault.
    Vault,
    /// Its container registry.
    Registry,
    /// Its Application Insights.
    Insights,
}

/// A row of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The profile.
    pub profile: Profile,
    /// What the grant is on.
    pub on: On,
    /// The role's GUID.
    pub role: &'static str,
    /// The setting that it belongs to; to every one, if nothing is said.
    pub setting: Option<Setting>,
    /// What an access policy permits in its place where the vault goes by those; nothing, if nothing is said.
    pub policy: &'static str,
    /// When it is needed, the setting aside; always, if nothing is said.
    pub when: &'static str,
    /// Where it is written.
    pub source: &'static str,
}

/// A setting of a dependent that decides whether a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// The vault authorizes by roles.
    VaultByRoles,
    /// The registry has no repository permissions.
    RegistryOfImages,
    /// The registry has repository permissions.
    RegistryByRepository,
}

impl Setting {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::VaultByRoles => "the vault authorizes by roles",
            Self::RegistryOfImages => "the registry has no repository permissions",
            Self::RegistryByRepository => "the registry has repository permissions",
        }
    }

    /// Whether a resource is set so; nothing when that was not read.
    pub fn is_so(self, at: &Target) -> Option<bool> {
        match (self, &at.service) {
            (Self::VaultByRoles, Service::Vault { rbac, .. }) => *rbac,
            (Self::RegistryOfImages, Service::Registry { by_repository, .. }) => {
                by_repository.map(|own| !own)
            }
            (Self::RegistryByRepository, Service::Registry { by_repository, .. }) => *by_repository,
            _ => None,
        }
    }
}

const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const AI_ADMINISTRATOR: &str = "b78c5d69-af96-48a3-bf8d-a8b4d589de94";
const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const FILE_PRIVILEGED_CONTRIBUTOR: &str = "69566ab7-960f-475b-8e7c-b3118f30c6bd";
const VAULT_ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const ACR_PUSH: &str = "8311e382-0749-4cb8-b61a-304f252e45ec";
const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";
const REPOSITORY_WRITER: &str = "2a1e307c-b015-4ebd-883e-5b7698a07328";
const METRICS_PUBLISHER: &str = "3913510d-42f4-4e42-8a64-420c390055eb";

const SECURITY: &str = "Enterprise security and governance for Azure Machine Learning, 2025-10-30";
const ROLES: &str = "Manage access to Azure Machine Learning workspaces";
const IDENTITY: &str = "Set up authentication between Azure Machine Learning and other services, 2025-06";
const LOCAL_AUTH: &str = "Disable shared key access for your workspace's storage account";
const REGISTRY_MODE: &str = "Azure Container Registry: role assignment permissions mode";
const INFERRED: &str = "read from the actions of the documented roles";

const fn row(
    profile: Profile,
    on: On,
    role: &'static str,
    when: &'static str,
    source: &'static str,
) -> Grant {
    Grant { profile, on, role, setting: None, policy: "", when, source }
}

impl Grant {
    const fn only(self, setting: Setting) -> Self {
        Self { setting: Some(setting), ..self }
    }

    const fn or_policy(self, policy: &'static str) -> Self {
        Self { setting: Some(VaultByRoles), policy, ..self }
    }
}

use Setting::{RegistryByRepository, RegistryOfImages, VaultByRoles};

use On::{Insights, Registry, ResourceGroup, Storage, Vault, Workspace};
use Profile::{DocumentedUserAssigned as Documented, Hardened, ServiceDefault as Default};

/// Every row of every profile.
pub const GRANTS: &[Grant] = &[
    row(Default, Workspace, CONTRIBUTOR, "", SECURITY),
    row(Default, Storage, BLOB_CONTRIBUTOR, "", SECURITY),
    row(Default, Vault, VAULT_ADMINISTRATOR, "", SECURITY).or_policy("everything but purging"),
    row(Default, Registry, CONTRIBUTOR, "", SECURITY),
    row(
        Default,
        ResourceGroup,
        CONTRIBUTOR,
        "the workspace was made before 2024-11-19 and not converted",
        SECURITY,
    ),
    row(
        Default,
        ResourceGroup,
        AI_ADMINISTRATOR,
        "the workspace was made since 2024-11-19, or converted",
        ROLES,
    ),
    row(Documented, Workspace, CONTRIBUTOR, "", IDENTITY),
    row(Documented, Storage, CONTRIBUTOR, "", IDENTITY),
    row(Documented, Storage, BLOB_CONTRIBUTOR, "data is previewed in the studio", IDENTITY),
    row(Documented, Vault, CONTRIBUTOR, "", IDENTITY),
    row(Documented, Vault, VAULT_ADMINISTRATOR, "", IDENTITY).or_policy("everything but purging"),
    row(Documented, Registry, CONTRIBUTOR, "", IDENTITY),
    row(Documented, Insights, CONTRIBUTOR, "", IDENTITY),
    row(Hardened, Workspace, CONTRIBUTOR, "", SECURITY),
    row(Hardened, Storage, BLOB_CONTRIBUTOR, "", LOCAL_AUTH),
    row(Hardened, Storage, FILE_PRIVILEGED_CONTRIBUTOR, "file shares are used", LOCAL_AUTH),
    row(Hardened, Vault, SECRETS_OFFICER, "", INFERRED).only(VaultByRoles),
    row(Hardened, Registry, ACR_PULL, "images are pulled", IDENTITY).only(RegistryOfImages),
    row(Hardened, Registry, ACR_PUSH, "images are built", IDENTITY).only(RegistryOfImages),
    row(Hardened, Registry, REPOSITORY_READER, "images are pulled", REGISTRY_MODE).only(RegistryByRepository),
    row(Hardened, Registry, REPOSITORY_WRITER, "images are built", REGISTRY_MODE).only(RegistryByRepository),
    row(Hardened, Insights, METRICS_PUBLISHER, "its local authentication is off", INFERRED),
];

impl Profile {
    /// The rows of this profile.
    pub fn grants(self) -> impl Iterator<Item = &'static Grant> {
        GRANTS.iter().filter(move |own| own.profile == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_comes_with_the_project() {
        let roles = crate::catalogue::roles();
        for grant in GRANTS {
            assert!(roles.iter().any(|role| role.id == grant.role), "{grant:?}");
            assert!(!grant.source.is_empty(), "{grant:?}");
        }
        assert!([Default, Documented, Hardened].iter().all(|own| own.grants().count() > 5));
    }
}
