//! What Microsoft Graph knows of everybody who has a role, a policy or an identity.

use crate::run::{Collector, Failure, Read};
use dekey_azure::Error;
use dekey_model::Kind;
use serde_json::{Value, json};
use std::io::Write;

/// How many objects one call asks about.
const OBJECTS: usize = 1000;

/// How many applications one filter names.
const APPLICATIONS: usize = 15;

/// What is kept of each object: enough to tell whose a role assignment is and when a credential ends. Credentials come
/// without their values.
const SERVICE_PRINCIPAL: &[&str] = &[
    "appId",
    "displayName",
    "servicePrincipalType",
    "alternativeNames",
    "accountEnabled",
    "createdDateTime",
    "appOwnerOrganizationId",
    "passwordCredentials",
    "keyCredentials",
];
const APPLICATION: &[&str] =
    &["appId", "displayName", "createdDateTime", "passwordCredentials", "keyCredentials"];
const CREDENTIAL: &[&str] = &["keyId", "displayName", "startDateTime", "endDateTime", "type", "usage"];
const GROUP: &[&str] = &["displayName", "securityEnabled", "isAssignableToRole"];
const USER: &[&str] = &["displayName", "accountEnabled", "userType"];

pub(crate) async fn read<W: Write + Send>(collector: &Collector<'_, W>) -> Result<(), Failure> {
    let principals = collector.known().principals();
    let both = [(Kind::ServicePrincipal, "/".to_owned()), (Kind::Group, "/".to_owned())];
    if !both.iter().all(|(kind, scope)| collector.is_done(*kind, scope)) && !collector.stopped() {
        let chunks = principals.chunks(OBJECTS).map(<[String]>::to_vec).collect();
        if let Some(came) = every(collector, "directory", chunks, |chunk| objects(collector, chunk)).await? {
            collector.settle(&both, came)?;
        }
    }
    let groups = collector.known().groups();
    collector.each("groups", groups, |group| members(collector, group)).await?;
    let applications = collector.known().applications();
    if collector.is_done(Kind::Application, "/") || collector.stopped() {
        return Ok(());
    }
    let chunks = applications.chunks(APPLICATIONS).map(<[String]>::to_vec).collect();
    match every(collector, "applications", chunks, |chunk| credentials(collector, chunk)).await? {
        Some(came) => collector.settle(&[(Kind::Application, "/".to_owned())], came),
        None => Ok(()),
    }
}

/// Runs steps that are one list together. The first error is that of the list; nothing when the run was stopped.
async fn every<W: Write + Send, T, F>(
    collector: &Collector<'_, W>,
    phase: &str,
    steps: Vec<T>,
    step: impl Fn(T) -> F,
) -> Result<Option<Result<(), Error>>, Failure>
where
    F: Future<Output = Result<Read, Failure>>,
{
    let failed = std::sync::Mutex::new(None);
    let (failed_in, step) = (&failed, &step);
    collector
        .each(phase, steps, |own| async move {
            if let Read::Failed(error) = step(own).await? {
                failed_in.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
            }
            Ok(())
        })
        .await?;
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((!collector.stopped()).then_some(match failed {
        Some(error) => Err(error),
        None => Ok(()),
    }))
}

/// A Graph object in the shape of everything else.
fn resource(kind: &str, id: &str, object: &Value, keep: &[&str]) -> Value {
    let mut properties = serde_json::Map::new();
    for name in keep {
        let Some(value) = object.get(name).filter(|value| !value.is_null()) else { continue };
        let kept = if name.ends_with("Credentials") { without_values(value) } else { value.clone() };
        properties.insert((*name).to_owned(), kept);
    }
    json!({ "id": format!("/providers/Microsoft.Graph/{kind}/{id}"), "name": id, "type": format!("Microsoft.Graph/{kind}"),
        "properties": properties })
}

/// Credentials with their names and times only.
fn without_values(list: &Value) -> Value {
    let one = |own: &Value| {
        let kept = CREDENTIAL.iter().filter_map(|name| Some(((*name).to_owned(), own.get(name)?.clone())));
        Value::Object(kept.collect())
    };
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(one).collect()
}

async fn objects<W: Write + Send>(collector: &Collector<'_, W>, ids: Vec<String>) -> Result<Read, Failure> {
    let mut pages = match collector.client().graph_objects(&ids) {
        Ok(pages) => pages,
        Err(error) => return Ok(Read::Failed(error)),
    };
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => return Ok(Read::Failed(error)),
        };
        let shaped = page.iter().filter_map(|object| {
            let id = object.get("id").and_then(Value::as_str)?;
            match object.get("@odata.type").and_then(Value::as_str)? {
                "#microsoft.graph.servicePrincipal" => {
                    Some(resource("servicePrincipals", id, object, SERVICE_PRINCIPAL))
                }
                "#microsoft.graph.group" => Some(resource("groups", id, object, GROUP)),
                "#microsoft.graph.user" => Some(resource("users", id, object, USER)),
                _ => None,
            }
        });
        collector.keep(shaped.collect(), Some("v1.0"))?;
    }
    Ok(Read::All)
}

/// Who is in a group, however deep.
async fn members<W: Write + Send>(collector: &Collector<'_, W>, group: String) -> Result<(), Failure> {
    let scope = format!("/providers/Microsoft.Graph/groups/{group}");
    if collector.is_done(Kind::Group, &scope) {
        return Ok(());
    }
    let mut ids: Vec<Value> = Vec::new();
    let query = [("$select", "id"), ("$top", "999")];
    let mut pages = match collector.client().graph_list(&format!("/groups/{group}/transitiveMembers"), &query)
    {
        Ok(pages) => pages,
        Err(error) => return collector.settle(&[(Kind::Group, scope)], Err(error)),
    };
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => ids.extend(page.iter().filter_map(|member| member.get("id").cloned())),
            Err(error) => return collector.settle(&[(Kind::Group, scope)], Err(error)),
        }
    }
    let own = json!({ "id": scope, "name": group, "type": "Microsoft.Graph/groups", "properties": { "transitiveMembers": ids } });
    collector.keep(vec![own], None)?;
    collector.settle(&[(Kind::Group, scope)], Ok(()))
}

/// When the credentials of applications end.
async fn credentials<W: Write + Send>(
    collector: &Collector<'_, W>,
    ids: Vec<String>,
) -> Result<Read, Failure> {
    let quoted: Vec<String> = ids.iter().map(|id| format!("'{}'", id.replace('\'', "''"))).collect();
    let filter = format!("appId in ({})", quoted.join(","));
    let select = format!("id,{}", APPLICATION.join(","));
    let query = [("$filter", filter.as_str()), ("$select", select.as_str())];
    let mut pages = match collector.client().graph_list("/applications", &query) {
        Ok(pages) => pages,
        Err(error) => return Ok(Read::Failed(error)),
    };
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => return Ok(Read::Failed(error)),
        };
        let shaped = page.iter().filter_map(|object| {
            Some(resource("applications", object.get("id").and_then(Value::as_str)?, object, APPLICATION))
        });
        collector.keep(shaped.collect(), Some("v1.0"))?;
    }
    Ok(Read::All)
}
