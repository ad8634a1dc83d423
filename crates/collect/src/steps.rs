//! The steps of a run: subscriptions, queries of Resource Graph, lists of the providers, identities.

use crate::lists::layers;
use crate::run::{Read, lock};
use crate::since::Spared;
use crate::{Collector, Failure, LISTS, List, QUERIES, Query};
use dekey_azure::{Client, Error, ErrorKind, versions};
use dekey_model::{ArmId, Kind};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;

/// How many subscriptions one query of Resource Graph is about.
pub(crate) const SUBSCRIPTIONS: usize = 300;

impl<W: Write + Send> Collector<'_, W> {
    /// These subscriptions, and those of these management groups, however deep. A group that cannot be read whole is said.
    pub(crate) async fn wanted(
        &self,
        mut wanted: Vec<String>,
        groups: &[String],
    ) -> Result<Vec<String>, Failure> {
        for group in groups {
            let Descendants { subscriptions, failed, scope } = descendants(self.client(), group).await?;
            wanted.extend(subscriptions);
            match failed {
                // Nothing else was asked for: there is nothing to go on with.
                Some(error) if wanted.is_empty() && groups.len() == 1 => return Err(error.into()),
                Some(error) => self.settle(&[(Kind::ManagementGroup, scope)], Err(error))?,
                None => {}
            }
        }
        Ok(wanted)
    }

    pub(crate) async fn subscriptions(
        &self,
        wanted: &[String],
        groups: &[String],
    ) -> Result<Vec<String>, Failure> {
        self.progress.phase("subscriptions", 1);
        let wanted: BTreeSet<String> = wanted.iter().map(|id| id.to_ascii_lowercase()).collect();
        let mut pages = self.client().list("/subscriptions", versions::SUBSCRIPTIONS)?;
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let ids = match page {
                Ok(ids) => ids,
                Err(error) if seen.is_empty() => return Err(error.into()),
                // Which others there are is not known; those that are wanted may be among them.
                Err(error) => {
                    self.settle(&[(Kind::Subscription, "/".to_owned())], Err(error))?;
                    seen.extend(wanted.iter().cloned());
                    break;
                }
            };
            let ids = ids.iter().filter_map(|item| item.get("subscriptionId").and_then(Value::as_str));
            seen.extend(ids.map(str::to_ascii_lowercase));
        }
        self.progress.step(0);
        if wanted.is_empty() && groups.is_empty() {
            return Ok(seen.into_iter().collect());
        }
        let unseen: Vec<String> = wanted.difference(&seen).cloned().collect();
        let kinds = QUERIES.iter().flat_map(|query| query.kinds);
        let gone = kinds.flat_map(|kind| unseen.iter().map(|id| (*kind, format!("/subscriptions/{id}"))));
        for asked in gone {
            let kind = ErrorKind::NotFound("no such subscription, or no role in it".to_owned());
            let error = Error::new(kind, "GET /subscriptions".to_owned());
            self.settle(&[asked], Err(error))?;
        }
        lock(&self.collected).unseen = unseen;
        Ok(wanted.intersection(&seen).cloned().collect())
    }

    pub(crate) async fn queries(&self, subscriptions: &[String]) -> Result<(), Failure> {
        let asks: Vec<(Query, Vec<String>)> = QUERIES
            .iter()
            .flat_map(|query| subscriptions.chunks(SUBSCRIPTIONS).map(|chunk| (*query, chunk.to_vec())))
            .filter(|(query, chunk)| {
                !scopes(*query, chunk).iter().all(|(kind, scope)| self.is_done(*kind, scope))
            })
            .collect();
        self.each("Resource Graph", asks, async |(query, chunk)| {
            let pages = self.client().query(&query.kql(), &chunk, query.above);
            match self.pages(pages, None).await? {
                Read::Stopped => Ok(()),
                read => self.settle(&scopes(query, &chunk), read.result()),
            }
        })
        .await
    }

    async fn list(&self, list: List, parent: String) -> Result<(), Failure> {
        let version = versions::of(list.kind);
        let pages = self.client().list(&list.url_path(&parent), version);
        match self.pages(pages, Some(version)).await? {
            Read::Stopped => Ok(()),
            read => self.settle(&[(list.kind, list.scope(&parent))], read.result()),
        }
    }

    /// Resource Graph lags behind: the identity itself is asked for, and when the two differ, the workspace is read again.
    async fn identity(&self, workspace: String, principal: String) -> Result<(), Failure> {
        let path = format!("{workspace}/providers/Microsoft.ManagedIdentity/identities/default");
        let agrees = match self.client().get(&path, versions::IDENTITIES).await {
            Ok(identity) => {
                let own = identity.pointer("/properties/principalId").and_then(Value::as_str).unwrap_or("");
                let agrees = own.eq_ignore_ascii_case(&principal);
                self.keep(vec![identity], Some(versions::IDENTITIES))?;
                agrees
            }
            Err(error) if matches!(error.kind, ErrorKind::NotFound(_)) => false,
            // Whoever may not ask sees what Resource Graph says, and is told so.
            Err(error) => {
                let identities = format!("{workspace}/providers/Microsoft.ManagedIdentity/identities");
                self.settle(&[(Kind::Other, identities)], Err(error))?;
                true
            }
        };
        if agrees {
            return Ok(());
        }
        let version = versions::of(Kind::Workspace);
        match self.client().get(&workspace, version).await {
            Ok(current) => self.keep(vec![current], Some(version)),
            Err(error) => self.settle(&[(Kind::Workspace, workspace)], Err(error)),
        }
    }

    pub(crate) async fn lists(&self, subscriptions: &[String], spared: &Spared<'_>) -> Result<(), Failure> {
        let ids: Vec<String> = subscriptions.iter().map(|id| format!("/subscriptions/{id}")).collect();
        for layer in layers() {
            let mut asks: Vec<(List, String)> = Vec::new();
            for list in layer {
                let of_subscription = list.of == Kind::Subscription;
                let parents = if of_subscription { ids.clone() } else { self.known().parents(list.of) };
                asks.extend(parents.into_iter().map(|parent| (*list, parent)));
            }
            asks.retain(|(list, parent)| !self.is_done(list.kind, &list.scope(parent)));
            let asks = in_turns(asks, |(_, parent)| parent);
            self.each("lists", asks, async |(list, parent)| match spared.list(&list, &parent) {
                Some(lines) => {
                    self.take_over(lines)?;
                    lock(&self.collected).spared += 1;
                    self.settle(&[(list.kind, list.scope(&parent))], Ok(()))
                }
                None => self.list(list, parent).await,
            })
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn identities(&self, spared: &Spared<'_>) -> Result<(), Failure> {
        let own = |(id, principal): (&str, &str)| (id.to_owned(), principal.to_owned());
        let identities: Vec<(String, String)> = self.known().identities().map(own).collect();
        let identities = in_turns(identities, |(id, _)| id);
        self.each("identities", identities, async |(id, principal)| match spared.identity(&id, &principal) {
            Some(lines) => self.take_over(lines),
            None => self.identity(id, principal).await,
        })
        .await
    }
}

/// The subscriptions of a management group, as far as they were read.
pub(crate) struct Descendants {
    pub(crate) scope: String,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) failed: Option<Error>,
}

/// The subscriptions of a management group, however deep. Without a token there is no point in going on.
pub(crate) async fn descendants(client: &Client, group: &str) -> Result<Descendants, Error> {
    let scope = format!("/providers/Microsoft.Management/managementGroups/{group}");
    let mut pages = client.list(&format!("{scope}/descendants"), versions::of(Kind::ManagementGroup))?;
    let (mut subscriptions, mut failed) = (Vec::new(), None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                let own = page.iter().filter(|item| {
                    let kind = item.get("type").and_then(Value::as_str).unwrap_or("");
                    kind.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("subscriptions"))
                });
                let names = own.filter_map(|item| item.get("name").and_then(Value::as_str));
                subscriptions.extend(names.map(str::to_owned));
            }
            Err(error) if matches!(error.kind, ErrorKind::SignIn(_)) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    Ok(Descendants { scope, subscriptions, failed })
}

/// Steps in an order in which the subscriptions take turns.
fn in_turns<T>(steps: Vec<T>, id: impl Fn(&T) -> &str) -> Vec<T> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut numbered: Vec<(usize, T)> = Vec::with_capacity(steps.len());
    for step in steps {
        let subscription = ArmId(id(&step)).subscription().unwrap_or("").to_ascii_lowercase();
        let nth = seen.entry(subscription).or_default();
        numbered.push((*nth, step));
        *nth += 1;
    }
    numbered.sort_by_key(|(nth, _)| *nth);
    numbered.into_iter().map(|(_, step)| step).collect()
}

/// What a query settles: not what a list of the provider reads as well, which knows more and is asked for afterwards.
fn scopes(query: Query, subscriptions: &[String]) -> Vec<(Kind, String)> {
    let listed = |kind: &Kind| LISTS.iter().any(|list| list.kind == *kind && list.of == Kind::Subscription);
    let mut scopes = Vec::new();
    for id in subscriptions {
        let own = query.kinds.iter().filter(|kind| !listed(kind));
        scopes.extend(own.map(|kind| (*kind, format!("/subscriptions/{id}"))));
    }
    scopes
}

/// Resource Graph gives the name of a subscription where that of a resource is.
pub(crate) fn name_subscription(row: &mut Value) {
    let Value::Object(map) = row else { return };
    let is_subscription = map
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|own| own.eq_ignore_ascii_case(Kind::Subscription.resource_type()));
    if let (true, Some(name)) = (is_subscription, map.get("name").cloned()) {
        map.entry("displayName").or_insert(name);
    }
}

#[cfg(test)]
mod tests {
    use super::in_turns;

    #[test]
    fn subscriptions_take_turns() {
        let steps = ["a/1", "a/2", "A/3", "b/1", "c/1", "c/2"].map(|own| format!("/subscriptions/{own}"));
        let order = in_turns(steps.to_vec(), |own| own);
        let short: Vec<&str> = order.iter().map(|own| own.trim_start_matches("/subscriptions/")).collect();
        assert_eq!(short, ["a/1", "b/1", "c/1", "a/2", "c/2", "A/3"]);
    }
}
