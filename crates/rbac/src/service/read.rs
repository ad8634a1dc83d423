//! Settings of resources, as they were read.

use super::{AccessPolicy, Service, Target};
use crate::json::{member, texts};
use dekey_model::{Field, Kind, Resource, Seen};
use serde_json::Value;

/// The first api-version of registries whose answers hold a `roleAssignmentMode`.
const FIRST_WITH_MODE: &str = "2025-04-01";

/// The access policies of a vault; nothing where they were not read, or are not as Azure writes them.
pub(crate) fn access_policies(vault: Resource<'_>) -> Option<Vec<AccessPolicy>> {
    let list = match vault.json(Field::AccessPolicies) {
        Seen::Value(list) => list.as_array()?,
        Seen::Absent | Seen::Null => return Some(Vec::new()),
        Seen::NotRead | Seen::Odd => return None,
    };
    let one = |policy: &Value| {
        let object_id = member(policy, "objectId")?.as_str()?.to_owned();
        let application_id = member(policy, "applicationId").and_then(Value::as_str).map(str::to_owned);
        let mut own = AccessPolicy { object_id, application_id, permissions: Vec::new() };
        for kind in ["secrets", "keys", "certificates", "storage"] {
            let words = texts(member(policy, "permissions").and_then(|all| member(all, kind)))?;
            own.permissions.extend(words.iter().map(|word| format!("{kind}/{}", word.to_ascii_lowercase())));
        }
        Some(own)
    };
    list.iter().map(one).collect()
}

impl Target {
    /// A resource with the settings that were read of it.
    pub fn of(resource: Resource<'_>) -> Self {
        // Absent and `null` have the meaning that Azure gives them; odd values have none.
        let flag = |field, otherwise| match resource.flag(field) {
            Seen::Value(value) => Some(value),
            Seen::Absent | Seen::Null => Some(otherwise),
            Seen::NotRead | Seen::Odd => None,
        };
        let service = match resource.kind() {
            Kind::StorageAccount => Service::Storage { shared_keys: flag(Field::AllowSharedKeyAccess, true) },
            Kind::Vault => Service::Vault {
                rbac: flag(Field::EnableRbacAuthorization, false),
                policies: access_policies(resource),
            },
            Kind::ContainerRegistry => Service::Registry {
                by_repository: match resource.text(Field::RoleAssignmentMode).non_empty() {
                    Seen::Value(mode) if mode.eq_ignore_ascii_case("AbacRepositoryPermissions") => Some(true),
                    Seen::Value(mode) if mode.eq_ignore_ascii_case("LegacyRegistryPermissions") => {
                        Some(false)
                    }
                    // Registries that were made before there was a mode have the old one; answers from before then do not
                    // say.
                    Seen::Absent | Seen::Null
                        if resource.api_version().is_some_and(|own| own >= FIRST_WITH_MODE) =>
                    {
                        Some(false)
                    }
                    _ => None,
                },
                admin_user: flag(Field::AdminUserEnabled, false),
            },
            _ => Service::Other,
        };
        Self { id: resource.id().to_owned(), service }
    }
}
