//! Which roles a workspace's identity has, or should: by default, as documented, and at the least.
//!
//! Data with its sources. Microsoft warns against taking away what the service grants itself; a profile is what an identity is
//! compared with, not a plan.

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
    /// When it is needed; always, if nothing is said.
    pub when: &'static str,
    /// Where it is written.
    pub source: &'static str,
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
    Grant { profile, on, role, when, source }
}

use On::{Insights, Registry, ResourceGroup, Storage, Vault, Workspace};
use Profile::{DocumentedUserAssigned as Documented, Hardened, ServiceDefault as Default};

/// Every row of every profile.
pub const GRANTS: &[Grant] = &[
    row(Default, Workspace, CONTRIBUTOR, "", SECURITY),
    row(Default, Storage, BLOB_CONTRIBUTOR, "", SECURITY),
    row(
        Default,
        Vault,
        VAULT_ADMINISTRATOR,
        "the vault authorizes by roles; else an access policy for everything",
        SECURITY,
    ),
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
    row(
        Documented,
        Vault,
        VAULT_ADMINISTRATOR,
        "the vault authorizes by roles; else an access policy for everything but purging",
        IDENTITY,
    ),
    row(Documented, Registry, CONTRIBUTOR, "", IDENTITY),
    row(Documented, Insights, CONTRIBUTOR, "", IDENTITY),
    row(Hardened, Workspace, CONTRIBUTOR, "", SECURITY),
    row(Hardened, Storage, BLOB_CONTRIBUTOR, "", LOCAL_AUTH),
    row(Hardened, Storage, FILE_PRIVILEGED_CONTRIBUTOR, "file shares are used", LOCAL_AUTH),
    row(Hardened, Vault, SECRETS_OFFICER, "the vault authorizes by roles", INFERRED),
    row(
        Hardened,
        Registry,
        ACR_PULL,
        "images are pulled, and the registry has no repository permissions",
        IDENTITY,
    ),
    row(
        Hardened,
        Registry,
        ACR_PUSH,
        "images are built, and the registry has no repository permissions",
        IDENTITY,
    ),
    row(
        Hardened,
        Registry,
        REPOSITORY_READER,
        "images are pulled, and the registry has repository permissions",
        REGISTRY_MODE,
    ),
    row(
        Hardened,
        Registry,
        REPOSITORY_WRITER,
        "images are built, and the registry has repository permissions",
        REGISTRY_MODE,
    ),
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
        }
        assert!([Default, Documented, Hardened].iter().all(|own| own.grants().count() > 5));
    }
}
