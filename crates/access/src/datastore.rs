//! How datastores are reached: with a key, or as an identity.

use dekey_model::{Field, Resource, Seen};

/// The datastores that Azure Machine Learning makes with every workspace. They follow `systemDatastoresAuthMode`.
pub const SYSTEM_DATASTORES: [&str; 4] =
    ["workspaceblobstore", "workspacefilestore", "workspaceartifactstore", "workspaceworkingdirectory"];

/// Whether a datastore is one of the workspace's own.
pub fn is_system_datastore(datastore: Resource<'_>) -> bool {
    SYSTEM_DATASTORES.iter().any(|own| own.eq_ignore_ascii_case(datastore.name()))
}
/// What is known of the way a workspace's system datastores authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemDatastores {
    /// By the storage account's key.
    AccessKey,
    /// By identity, or by user delegation SAS.
    Keyless,
    /// `systemDatastoresAuthMode` was not part of what was read.
    NotRead,
    /// It is absent from an answer of a version that has it: the service's default, access keys.
    Default,
    /// It is absent, and nobody knows whether the version of the answer has it at all.
    Unsaid,
    /// It holds a word nobody knows.
    Odd,
}

/// Reads `systemDatastoresAuthMode` in every spelling. Only previews and versions from 2025 on have the property, so its
/// absence from an older answer says nothing.
pub fn system_datastores(workspace: Resource<'_>) -> SystemDatastores {
    match workspace.text(Field::SystemDatastoresAuthMode).non_empty() {
        Seen::Value(mode) if is_keyless(mode) => SystemDatastores::Keyless,
        Seen::Value(mode) if ["accesskey", "access_key"].iter().any(|w| mode.eq_ignore_ascii_case(w)) => {
            SystemDatastores::AccessKey
        }
        Seen::Value(_) | Seen::Odd => SystemDatastores::Odd,
        Seen::NotRead => SystemDatastores::NotRead,
        Seen::Absent | Seen::Null => match workspace.api_version() {
            // A project keeps its data in the storage of its hub. Whether it follows the hub's mode is not documented, so a
            // project that says nothing is not taken for one on keys while its hub is not.
            Some(version) if has_auth_mode(version) && !hub_is_keyless(workspace) => {
                SystemDatastores::Default
            }
            _ => SystemDatastores::Unsaid,
        },
    }
}

fn hub_is_keyless(project: Resource<'_>) -> bool {
    let hub = project.text(Field::HubResourceId).non_empty().value();
    let hub = hub.and_then(|id| project.inventory().find(id)).filter(|hub| *hub != project);
    hub.and_then(|hub| hub.text(Field::SystemDatastoresAuthMode).non_empty().value()).is_some_and(is_keyless)
}

fn is_keyless(mode: &str) -> bool {
    ["identity", "userdelegationsas"].iter().any(|word| mode.eq_ignore_ascii_case(word))
}

fn has_auth_mode(api_version: &str) -> bool {
    api_version >= "2025-01-01" || (api_version >= "2024-01-01" && api_version.ends_with("-preview"))
}

/// The id of the storage account that a datastore points to, read or not.
pub fn storage_account_id(datastore: Resource<'_>) -> Option<String> {
    if let Some(account) = datastore.storage_account() {
        return Some(account.id().to_owned());
    }
    let text = |field| datastore.text(field).non_empty().value();
    let (name, subscription, group) = (
        text(Field::AccountName)?,
        text(Field::DatastoreSubscription)?,
        text(Field::DatastoreResourceGroup)?,
    );
    Some(format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    ))
}

/// Who reaches the data of a datastore when nobody's credential is stored for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Whoever calls, not the workspace.
    Caller,
    /// The identity that the workspace acts as.
    Workspace,
    /// Its system-assigned identity.
    System,
}

/// As whom the service reads a datastore (`serviceDataAccessAuthIdentity`); nothing when the document does not tell.
pub(crate) fn read_as(datastore: Resource<'_>) -> Option<Service> {
    match datastore.text(Field::ServiceDataAccessAuthIdentity).non_empty() {
        Seen::Value(own) if own.eq_ignore_ascii_case("WorkspaceSystemAssignedIdentity") => {
            Some(Service::System)
        }
        Seen::Value(own) if own.eq_ignore_ascii_case("WorkspaceUserAssignedIdentity") => {
            Some(Service::Workspace)
        }
        Seen::Value(own) if own.eq_ignore_ascii_case("None") => Some(Service::Caller),
        Seen::Absent | Seen::Null => Some(Service::Caller),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::has_auth_mode;

    #[test]
    fn versions_without_the_property_are_known() {
        for (version, has) in [
            ("2023-10-01", false),
            ("2024-04-01", false),
            ("2024-10-01", false),
            ("2024-04-01-preview", true),
            ("2025-04-01", true),
            ("2025-12-01", true),
        ] {
            assert_eq!(has_auth_mode(version), has, "{version}");
        }
    }
}
