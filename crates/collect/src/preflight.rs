//! What is missing before anything is read.

use crate::permissions::Allowed;
use dekey_azure::{Client, Error, versions};
use dekey_model::Kind;
use serde_json::Value;
use std::collections::BTreeSet;

/// What cannot be read in a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The subscription's id, or `Microsoft Graph`.
    pub scope: String,
    /// The subscription's name.
    pub name: String,
    /// Actions that are not allowed, and what stays unjudged without each.
    pub actions: Vec<(String, BTreeSet<Kind>)>,
}

/// Asks what the caller may do in each subscription it sees, and whether the directory answers.
pub async fn preflight(client: &Client, wanted: &[String]) -> Result<Vec<Missing>, Error> {
    let mut all = Vec::new();
    let mut pages = client.list("/subscriptions", versions::SUBSCRIPTIONS)?;
    while let Some(page) = pages.next().await {
        for subscription in page? {
            let text = |name: &str| subscription.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
            let id = text("subscriptionId");
            if wanted.is_empty() || wanted.iter().any(|own| own.eq_ignore_ascii_case(&id)) {
                let actions = missing(client, &id).await?;
                all.push(Missing {
                    scope: format!("/subscriptions/{id}"),
                    name: text("displayName"),
                    actions,
                });
            }
        }
    }
    if let Some(error) = directory(client).await {
        let kinds = BTreeSet::from([Kind::ServicePrincipal, Kind::Application, Kind::Group]);
        let actions = vec![(error.to_string(), kinds)];
        all.push(Missing { scope: "Microsoft Graph".to_owned(), name: String::new(), actions });
    }
    Ok(all)
}

async fn missing(client: &Client, id: &str) -> Result<Vec<(String, BTreeSet<Kind>)>, Error> {
    let path = format!("/subscriptions/{id}/providers/Microsoft.Authorization/permissions");
    let mut items = Vec::new();
    let mut pages = client.list(&path, versions::PERMISSIONS)?;
    while let Some(page) = pages.next().await {
        items.extend(page?);
    }
    Ok(Allowed::of(&items).missing().into_iter().collect())
}

async fn directory(client: &Client) -> Option<Error> {
    match client.graph_list("/servicePrincipals", &[("$top", "1"), ("$select", "id")]) {
        Ok(mut pages) => pages.next().await.and_then(Result::err),
        Err(error) => Some(error),
    }
}
