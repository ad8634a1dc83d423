//! What is missing before anything is read.

use crate::permissions::{Allowed, GRAPH};
use crate::steps::{Descendants, descendants};
use dekey_azure::{Client, Error, ErrorKind, versions};
use dekey_model::Kind;
use serde_json::Value;
use std::collections::BTreeSet;

/// What cannot be read somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// A subscription's or management group's id, or `Microsoft Graph`.
    pub scope: String,
    /// The subscription's name.
    pub name: String,
    /// What is not allowed, and what stays unjudged without each.
    pub actions: Vec<(String, BTreeSet<Kind>)>,
    /// Why it is not known what is allowed.
    pub unknown: Option<String>,
}

impl Missing {
    fn of(scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), name: String::new(), actions: Vec::new(), unknown: None }
    }

    fn unknown(scope: impl Into<String>, why: &Error) -> Self {
        Self { unknown: Some(why.to_string()), ..Self::of(scope) }
    }

    /// Whether everything can be read there.
    pub fn is_nothing(&self) -> bool {
        self.actions.is_empty() && self.unknown.is_none()
    }
}

/// Asks what the caller may do in each of these subscriptions and those of these management groups, or in all it sees when none
/// is named, and what the directory answers. What cannot be asked is said, and the rest asked all the same.
pub async fn preflight(client: &Client, wanted: &[String], groups: &[String]) -> Result<Vec<Missing>, Error> {
    let mut all = Vec::new();
    let mut wanted: BTreeSet<String> = wanted.iter().map(|id| id.to_ascii_lowercase()).collect();
    let everything = wanted.is_empty() && groups.is_empty();
    for group in groups {
        let Descendants { subscriptions, failed, scope } = descendants(client, group).await?;
        wanted.extend(subscriptions.iter().map(|id| id.to_ascii_lowercase()));
        all.extend(failed.map(|error| Missing::unknown(scope, &error)));
    }
    let mut seen = BTreeSet::new();
    let mut pages = client.list("/subscriptions", versions::SUBSCRIPTIONS)?;
    while let Some(page) = pages.next().await {
        for subscription in page? {
            let text = |name: &str| subscription.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
            let id = text("subscriptionId").to_ascii_lowercase();
            if everything || wanted.contains(&id) {
                all.push(Missing { name: text("displayName"), ..below(client, &id).await? });
            }
            seen.insert(id);
        }
    }
    for id in wanted.difference(&seen) {
        let why = "no such subscription, or no role in it".to_owned();
        all.push(Missing { unknown: Some(why), ..Missing::of(format!("/subscriptions/{id}")) });
    }
    all.extend(Some(directory(client).await?).filter(|own| !own.is_nothing()));
    Ok(all)
}

/// What is missing in a subscription.
async fn below(client: &Client, id: &str) -> Result<Missing, Error> {
    let scope = format!("/subscriptions/{id}");
    let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
    let mut items = Vec::new();
    let mut pages = client.list(&path, versions::PERMISSIONS)?;
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => items.extend(page),
            Err(error) if matches!(error.kind, ErrorKind::SignIn(_)) => return Err(error),
            Err(error) => return Ok(Missing::unknown(scope, &error)),
        }
    }
    Ok(Missing { actions: Allowed::of(&items).missing().into_iter().collect(), ..Missing::of(scope) })
}

/// What is missing in the directory: one look at each set that is asked for.
async fn directory(client: &Client) -> Result<Missing, Error> {
    let mut missing = Missing::of("Microsoft Graph");
    for permission in GRAPH {
        let mut pages = client.graph_list(permission.set, &[("$top", "1"), ("$select", "id")])?;
        let Some(error) = pages.next().await.and_then(Result::err) else { continue };
        if matches!(error.kind, ErrorKind::Forbidden { .. }) {
            let kinds = permission.kinds.iter().copied().collect();
            missing.actions.push((permission.name.to_owned(), kinds));
        } else {
            missing.unknown = Some(error.to_string());
        }
    }
    Ok(missing)
}
