//! What goes on in a tenant: records that follow from the configuration of each moment, and from nothing else but the seed.
//!
//! A record is made when somebody asks for it. Every hour, each client of a resource does up to three things to it; which, and
//! when, depends on the seed, the two and the hour.

use super::storage::{self, Signed};
use super::tables::{Source, Table};
use super::{MOST, SETTINGS, View};
use crate::id;
use crate::kql::Row;
use crate::{guid, seeded};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

const WORKSPACE: &str = crate::types::WORKSPACE;

/// The records of a table, oldest first.
pub(super) fn records(view: &View<'_>, table: &Table) -> Vec<Row> {
    let mut rows = match table.source {
        Source::Storage(service) => storage::records(view, service),
        Source::ManagedIdentities => managed(view),
        Source::Applications => applications(view),
        Source::Vaults => vaults(view),
        Source::Logins | Source::Repositories => registries(view, table.source == Source::Logins),
        Source::Activity => activity(view),
    };
    let time = |row: &Row| row.get("TimeGenerated").and_then(Value::as_str).unwrap_or("").to_owned();
    rows.sort_by_cached_key(time);
    for row in &mut rows {
        for column in table.columns.iter().filter(|column| **column != "Type") {
            row.entry(*column).or_insert(Value::Null);
        }
        row.insert("Type".to_owned(), table.name.into());
    }
    rows
}

impl View<'_> {
    /// The resources whose log of a category is sent here, in lower case.
    pub(super) fn sending(&self, kind: &str, category: &str) -> Vec<String> {
        let store = &self.azure.store;
        let mut all = Vec::new();
        for (id, setting) in store.below(SETTINGS, "", None) {
            let Some(host) = id.split("/providers/microsoft.insights/diagnosticsettings/").next() else {
                continue;
            };
            if id::type_of(host) != kind && id::type_of(id::parent(host).as_deref().unwrap_or("")) != kind {
                continue;
            }
            let Ok(value) = serde_json::from_str::<Value>(&setting.body.text()) else { continue };
            let to = value.pointer("/properties/workspaceId").and_then(Value::as_str).unwrap_or("");
            let logs =
                value.pointer("/properties/logs").and_then(Value::as_array).cloned().unwrap_or_default();
            if to.eq_ignore_ascii_case(self.workspace) && logs.iter().any(|own| is_on(own, category)) {
                all.push(host.to_owned());
            }
        }
        all
    }

    /// A resource as it was at a moment.
    pub(super) fn at(&self, id: &str, time: Timestamp) -> Option<Value> {
        self.azure.as_it_was(id, time)
    }

    /// The moments of an hour at which something happens, of those that are asked for.
    pub(super) fn moments(&self, what: &str) -> Vec<Timestamp> {
        let hour = SignedDuration::from_hours(1);
        let first = self.from.as_second().div_euclid(3600);
        let last = self.to.as_second().div_euclid(3600);
        let mut all = Vec::new();
        for at in first..=last {
            let number = seeded(self.azure.options.seed, &format!("{what} {at}"));
            let Ok(start) = Timestamp::from_second(at * 3600) else { continue };
            for nth in 0..number % 4 {
                let within = SignedDuration::from_millis(
                    i64::try_from((number >> (8 * nth)) % 3_600_000).unwrap_or(0),
                );
                let time = start.checked_add(within.min(hour)).unwrap_or(start);
                if (self.from..self.to).contains(&time) {
                    all.push(time);
                }
            }
        }
        all
    }

    /// What every record has.
    pub(super) fn row(&self, time: Timestamp, resource: &str, what: &str) -> Row {
        let correlation = guid(self.azure.options.seed, &format!("{what} {time}"));
        let row = json!({ "TimeGenerated": format!("{time:.7}"), "_ResourceId": resource, "CorrelationId": correlation,
            "CallerIpAddress": "10.0.0.4" });
        if let Value::Object(row) = row { row } else { Map::new() }
    }

    /// Every workspace, in lower case.
    pub(super) fn workspaces(&self) -> Vec<String> {
        self.azure.store.below(WORKSPACE, "", None).map(|(id, _)| id.to_owned()).collect()
    }

    /// The workspaces that name a resource in a property.
    pub(super) fn users(&self, property: &str, of: &str) -> Vec<String> {
        let names = |id: &String| {
            let value = self.azure.store.value(id);
            let own =
                value.as_ref().and_then(|own| own.pointer(&format!("/properties/{property}"))?.as_str());
            own.is_some_and(|own| own.eq_ignore_ascii_case(of))
        };
        self.workspaces().into_iter().filter(names).collect()
    }
}

/// Whether a category, or a group that it is in, is switched on.
fn is_on(log: &Value, category: &str) -> bool {
    let text = |name: &str| log.get(name).and_then(Value::as_str).unwrap_or("");
    let group = text("categoryGroup");
    let named = text("category").eq_ignore_ascii_case(category);
    (named || ["allLogs", "audit"].iter().any(|own| own.eq_ignore_ascii_case(group)))
        && log.get("enabled") == Some(&Value::Bool(true))
}

/// The object id of a workspace's own identity.
pub(super) fn principal(workspace: &Value) -> Option<&str> {
    workspace.pointer("/identity/principalId")?.as_str().filter(|own| !own.is_empty())
}

pub(super) fn extend(row: &mut Row, more: Value) {
    if let Value::Object(more) = more {
        row.extend(more);
    }
}

/// Sign-ins go to every workspace of Log Analytics that something is sent to.
fn managed(view: &View<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for workspace in view.workspaces() {
        for time in view.moments(&format!("sign-in {workspace}")) {
            let Some(value) = view.at(&workspace, time) else { continue };
            let Some(principal) = principal(&value) else { continue };
            let mut row = view.row(time, "", &workspace);
            extend(
                &mut row,
                json!({
                    "AADTenantId": view.azure.options.tenant, "AppId": guid(0, &format!("client of {principal}")),
                    "Category": "ManagedIdentitySignInLogs", "IPAddress": "", "OperationName": "Sign-in activity",
                    "ManagedServiceIdentity": json!({ "msiType": "SystemAssigned", "associatedResourceId": value.get("id") }).to_string(),
                    "ResourceDisplayName": "Azure Storage", "ResourceIdentity": "e406a681-f3d4-42a8-90b6-c2b029497af1",
                    "ResultType": "0", "ResultSignature": "None", "ServicePrincipalId": principal, "ServicePrincipalName": id::name(&workspace),
                    "Id": guid(view.azure.options.seed, &format!("sign-in {workspace} {time}")),
                }),
            );
            row.shift_remove("_ResourceId");
            rows.push(row);
            if rows.len() > MOST {
                return rows;
            }
        }
    }
    rows
}

/// Applications that datastores hold a secret of.
fn applications(view: &View<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (datastore, _) in
        view.azure.store.below("microsoft.machinelearningservices/workspaces/datastores", "", None)
    {
        for time in view.moments(&format!("application {datastore}")) {
            let Some(value) = view.at(datastore, time) else { continue };
            let Some(Signed::Application(client)) = storage::credential(&value, None) else { continue };
            let mut row = view.row(time, "", datastore);
            extend(
                &mut row,
                json!({
                    "AADTenantId": view.azure.options.tenant, "AppId": client, "Category": "ServicePrincipalSignInLogs", "IPAddress": "10.0.0.4",
                    "OperationName": "Sign-in activity", "ResourceDisplayName": "Azure Storage",
                    "ResourceIdentity": "e406a681-f3d4-42a8-90b6-c2b029497af1", "ResultType": "0", "ResultSignature": "None",
                    "ServicePrincipalCredentialKeyId": guid(0, &format!("credential of {client}")),
                    "ServicePrincipalId": guid(0, &format!("principal of {client}")), "ServicePrincipalName": client,
                }),
            );
            row.shift_remove("_ResourceId");
            rows.push(row);
            if rows.len() > MOST {
                return rows;
            }
        }
    }
    rows
}

/// Workspaces read their secrets; one whose identity is not let in is refused.
fn vaults(view: &View<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for vault in view.sending("microsoft.keyvault/vaults", "AuditEvent") {
        for workspace in view.users("keyVault", &vault) {
            for time in view.moments(&format!("vault {vault} {workspace}")) {
                let (Some(own), Some(user)) = (view.at(&vault, time), view.at(&workspace, time)) else {
                    continue;
                };
                let Some(principal) = principal(&user) else { continue };
                let by_roles = own.pointer("/properties/enableRbacAuthorization") == Some(&Value::Bool(true));
                let mut row = view.row(time, &vault, &workspace);
                extend(
                    &mut row,
                    json!({
                        "OperationName": "SecretGet", "HttpStatusCode": 200, "ResultType": "Success", "ResultSignature": "OK",
                        "IsRbacAuthorized": by_roles, "RequestUri": format!("https://{}.vault.localhost/secrets/ws", id::name(&vault)),
                        "Identity": { "claim": { "oid": principal, "appid": guid(0, &format!("client of {principal}")) } },
                    }),
                );
                rows.push(row);
                if rows.len() > MOST {
                    return rows;
                }
            }
        }
    }
    rows
}

/// Images are pulled by the admin user where there is one, by the identity where not.
fn registries(view: &View<'_>, logins: bool) -> Vec<Row> {
    let category = if logins { "ContainerRegistryLoginEvents" } else { "ContainerRegistryRepositoryEvents" };
    let mut rows = Vec::new();
    for registry in view.sending("microsoft.containerregistry/registries", category) {
        for workspace in view.users("containerRegistry", &registry) {
            for time in view.moments(&format!("registry {registry} {workspace}")) {
                let (Some(own), Some(user)) = (view.at(&registry, time), view.at(&workspace, time)) else {
                    continue;
                };
                let admin = own.pointer("/properties/adminUserEnabled") == Some(&Value::Bool(true));
                let who = match (admin, principal(&user)) {
                    (true, _) => id::name(&registry),
                    (false, Some(principal)) => principal,
                    (false, None) => continue,
                };
                let mut row = view.row(time, &registry, &workspace);
                extend(
                    &mut row,
                    json!({
                        "Identity": who, "LoginServer": own.pointer("/properties/loginServer"), "UserAgent": "docker/27.3.1",
                        "OperationName": if logins { "Login" } else { "Pull" }, "Repository": if logins { "" } else { "azureml/environment" },
                        "ResultType": if logins { "HTTP Code: 200" } else { "HttpStatusCode: 200" },
                    }),
                );
                rows.push(row);
                if rows.len() > MOST {
                    return rows;
                }
            }
        }
    }
    rows
}

/// The activity log of the subscription of the workspace of Log Analytics.
fn activity(view: &View<'_>) -> Vec<Row> {
    let subscription = id::subscription(view.workspace).unwrap_or_default();
    let events = view.azure.activity.within(&subscription, view.from, view.to);
    let text = |event: &Value, pointer: &str| event.pointer(pointer).cloned().unwrap_or_default();
    let row = |event: &Value| {
        let row = json!({
            "TimeGenerated": text(event, "/eventTimestamp"), "ActivityStatusValue": text(event, "/status/value"),
            "Authorization": text(event, "/authorization").to_string(), "Caller": text(event, "/caller"),
            "CallerIpAddress": text(event, "/httpRequest/clientIpAddress"), "CategoryValue": text(event, "/category/value"),
            "CorrelationId": text(event, "/correlationId"), "EventDataId": text(event, "/eventDataId"), "Level": text(event, "/level"),
            "OperationNameValue": text(event, "/operationName/value"), "ResourceGroup": text(event, "/resourceGroupName"),
            "ResourceProviderValue": text(event, "/resourceProviderName/value"), "_ResourceId": text(event, "/resourceId"),
            "SubscriptionId": text(event, "/subscriptionId"),
        });
        if let Value::Object(row) = row { row } else { Map::new() }
    };
    events.map(row).collect()
}
