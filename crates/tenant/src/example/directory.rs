//! Whom the role assignments are of: what Microsoft Entra knew of them on the day of the export.

use super::dependents::storage_id;
use super::governance;
use super::workspaces;
use super::world::{Sub, find};
use crate::draw::guid;
use crate::shape::authorization::{BLOB_CONTRIBUTOR, BLOB_READER, az_assignment, role_assignment};
use crate::shape::{client_of, principal_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A grant that nobody planned: role, storage account, whose it is, its type.
type Grant = ([&'static str; 2], &'static str, &'static str, &'static str);

#[rustfmt::skip]
const GRANTS: &[Grant] = &[
    // Left behind by a workspace that was deleted in 2024.
    (BLOB_CONTRIBUTOR, "stfraudprod", "mlw-fraud-2024", "ServicePrincipal"),
    // Deleted last week: its identity is still there.
    (BLOB_READER, "stfraudprod", DELETED, "ServicePrincipal"),
    // Its pipeline signs in with a secret.
    (BLOB_CONTRIBUTOR, "stfraudprod", PIPELINE, "ServicePrincipal"),
    // A quick fix on a Friday.
    (BLOB_CONTRIBUTOR, "stvisionprod", "ines.baptista@contoso.com", "User"),
    // The hub's identity reads its archive through a group.
    (BLOB_READER, "stnlphubprod", "grp-nlp-identities", "Group"),
    // A job outside of Azure, with secrets.
    (BLOB_CONTRIBUTOR, "stchurnshared", "churn-nightly-export", "ServicePrincipal"),
];

/// A workspace that was deleted last week. The application of its pipeline is called after it.
const DELETED: &str = "mlw-fraud-2025";
const PIPELINE: &str = "mlw-fraud-2025 pipeline";

/// Client secrets: whose, name, first and last day.
const SECRETS: &[(&str, &str, &str, &str)] = &[
    ("churn-nightly-export", "jenkins", "2024-12-09", "2026-12-09"),
    ("churn-nightly-export", "laptop of Tomás", "2025-02-01", "2026-02-01"),
    ("churn-nightly-export", "rotated", "2026-10-20", "2027-01-18"),
    (PIPELINE, "azure devops", "2026-08-01", "2027-01-28"),
];

fn person(mail: &str) -> String {
    guid(&format!("user {mail}"))
}

/// The object id of whoever has a grant.
fn object(name: &str, kind: &str) -> String {
    if kind == "User" { person(name) } else { guid(name) }
}

/// The grants in production that nobody planned, as `az role assignment list --all` prints them.
pub(super) fn unplanned() -> impl Iterator<Item = Value> {
    GRANTS.iter().map(|(role, account, name, kind)| {
        let assignment = role_assignment(
            &storage_id(account),
            *role,
            &object(name, kind),
            kind,
            "2025-06-13T15:44:09.1180021Z",
        );
        // What is gone has no name.
        let name = match *name {
            "mlw-fraud-2024" => "",
            DELETED => &client_of(DELETED),
            name => name,
        };
        az_assignment(assignment, *role, name)
    })
}

fn entry(set: &str, id: &str, properties: &Value) -> Value {
    json!({
        "id": format!("/providers/Microsoft.Graph/{set}/{id}"),
        "name": id,
        "type": format!("Microsoft.Graph/{set}"),
        "properties": properties,
    })
}

fn secret(name: &str, start: &str, end: &str) -> Value {
    json!({
        "keyId": guid(&format!("secret {name}")),
        "displayName": name,
        "startDateTime": format!("{start}T09:00:00Z"),
        "endDateTime": format!("{end}T09:00:00Z"),
    })
}

/// The directory: everybody whom a role assignment in production or development names, but for who is gone.
pub(super) fn everybody() -> Vec<Value> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    let mut add = |set: &str, id: &str, properties: Value| {
        all.insert(format!("{set}/{id}"), entry(set, id, &properties));
    };
    for sub in [Sub::Prod, Sub::Dev] {
        for row in workspaces::of(sub).filter(|row| !row.storage.is_empty()) {
            let name = format!("grp-{}-data-scientists", row.group);
            let members = ["first", "second"].map(|own| person(&format!("{own} of {}", row.group)));
            add("groups", &guid(row.group), json!({ "displayName": name, "transitiveMembers": members }));
        }
    }
    for id in governance::identified() {
        let names = json!(["isExplicit=False", id]);
        let properties = json!({
            "appId": client_of(&id), "displayName": id.rsplit('/').next(), "servicePrincipalType": "ManagedIdentity",
            "alternativeNames": names,
        });
        add("servicePrincipals", &principal_of(&id), properties);
    }
    let hub = workspaces::by_name("mlhub-nlp-prod").map(workspaces::Row::id).unwrap_or_default();
    for (_, _, name, kind) in GRANTS {
        let id = object(name, kind);
        match *kind {
            "User" => add("users", &id, json!({ "displayName": "Ines Baptista", "userType": "Member" })),
            "Group" => {
                let members = [principal_of(&hub)];
                add("groups", &id, json!({ "displayName": name, "transitiveMembers": members }));
            }
            _ if *name == "mlw-fraud-2024" => {}
            _ if *name == DELETED => {
                let of = "Microsoft.MachineLearningServices/workspaces";
                let names = json!(["isExplicit=False", find("rg-fraud-prod").resource(of, name)]);
                let properties = json!({
                    "appId": client_of(name), "displayName": name, "servicePrincipalType": "ManagedIdentity",
                    "alternativeNames": names,
                });
                add("servicePrincipals", &id, properties);
            }
            _ => {
                let application = client_of(name);
                let properties = json!({
                    "appId": application, "displayName": name, "servicePrincipalType": "Application", "alternativeNames": [],
                    "passwordCredentials": [], "keyCredentials": [],
                });
                add("servicePrincipals", &id, properties);
                let own = SECRETS.iter().filter(|own| own.0 == *name);
                let secrets: Vec<Value> = own.map(|(_, name, start, end)| secret(name, start, end)).collect();
                let properties = json!({
                    "appId": application, "displayName": name, "createdDateTime": "2024-12-09T08:51:17Z",
                    "passwordCredentials": secrets, "keyCredentials": [],
                });
                add("applications", &guid(&format!("application {name}")), properties);
            }
        }
    }
    all.into_values().collect()
}
