//! What an earlier snapshot spares: the lists below a resource that nothing happened to are taken over from it.
//!
//! Resource Graph is asked for what changed, and the activity log for what was done; both are needed, as the first knows nothing
//! of what lies below a resource and the second nothing of what the service does by itself. A resource is spared with everything
//! below it, or read anew with everything below it. Whatever costs one call for a whole subscription is read anew in any case.

use crate::run::lock;
use crate::steps::SUBSCRIPTIONS;
use crate::{Collector, Failure, LISTS, List};
use dekey_azure::{Error, ErrorKind, Pages, Scope};
use dekey_model::{ArmId, CoverageEntry, Kind, Outcome};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// How long Resource Graph remembers changes. The activity log does for ninety days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How late a change may be told: minutes by what is documented, but nothing is promised. Also more than clocks differ.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// The providers of which the activity log is asked: those of the parents of lists, and that of diagnostic settings.
const PROVIDERS: &[&str] = &[
    "Microsoft.MachineLearningServices",
    "Microsoft.Storage",
    "Microsoft.KeyVault",
    "Microsoft.ContainerRegistry",
    "Microsoft.Insights",
];

/// The list that an identity is in, as the rest of a path.
const IDENTITIES: &str = "/providers/microsoft.managedidentity/identities";

/// What an earlier snapshot holds of what can be spared.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Everything in it was true at this time or later.
    pub as_of: Timestamp,
    /// Lines by the path of the list that they are of, in lower case.
    lists: HashMap<String, Vec<Box<str>>>,
    read: HashSet<(Kind, String)>,
    /// Principals by workspace, in lower case.
    principals: HashMap<String, String>,
}

impl Earlier {
    /// Takes note of one of its lines. What is read anew in any case is passed over.
    pub fn line(&mut self, line: &str) -> Result<(), serde_json::Error> {
        let value: Value = serde_json::from_str(line)?;
        let id = value.get("id").and_then(Value::as_str).unwrap_or("");
        let lower = id.to_ascii_lowercase();
        let Some((list, _)) = lower.rsplit_once('/') else { return Ok(()) };
        if let Some(workspace) = list.strip_suffix(IDENTITIES) {
            if let Some(principal) = value.pointer("/properties/principalId").and_then(Value::as_str) {
                self.principals.insert(workspace.to_owned(), principal.to_ascii_lowercase());
            }
        } else {
            let kind = ArmId(id).resource_type().map_or(Kind::Other, |own| Kind::of_type(&own));
            if !LISTS.iter().any(|own| own.kind == kind && own.of != Kind::Subscription) {
                return Ok(());
            }
        }
        self.lists.entry(list.to_owned()).or_default().push(line.trim_end().into());
        Ok(())
    }

    /// Takes note of which lists it holds whole.
    pub fn covered(&mut self, entries: impl IntoIterator<Item = CoverageEntry>) {
        let read = entries.into_iter().filter(|entry| entry.outcome == Outcome::Read);
        self.read.extend(read.map(|entry| (entry.kind, key(&entry.scope))));
    }

    fn lines(&self, list: &str) -> &[Box<str>] {
        self.lists.get(&key(list)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

/// What of an earlier snapshot still holds.
#[derive(Default)]
pub(crate) struct Spared<'e> {
    earlier: Option<&'e Earlier>,
    /// What moved, by subscription in lower case; a subscription of which nobody knows is not in it.
    moved: BTreeMap<String, BTreeSet<String>>,
}

impl<'e> Spared<'e> {
    /// The lines of a list, when it needs not be read again.
    pub(crate) fn list(&self, list: &List, parent: &str) -> Option<&'e [Box<str>]> {
        let earlier = self.earlier?;
        let was_read = earlier.read.contains(&(list.kind, key(&list.scope(parent))));
        (was_read && self.stands_still(parent)).then(|| earlier.lines(&list.url_path(parent)))
    }

    /// The line of an identity, when it needs not be asked for again.
    pub(crate) fn identity(&self, workspace: &str, principal: &str) -> Option<&'e [Box<str>]> {
        let earlier = self.earlier?;
        let same = earlier.principals.get(&key(workspace))?.eq_ignore_ascii_case(principal);
        (same && self.stands_still(workspace)).then(|| earlier.lines(&format!("{workspace}{IDENTITIES}")))
    }

    fn stands_still(&self, id: &str) -> bool {
        let subscription = ArmId(id).subscription().unwrap_or("").to_ascii_lowercase();
        self.moved.get(&subscription).is_some_and(|moved| root(id).is_some_and(|own| !moved.contains(&own)))
    }
}

/// The resource right below its group that an id is of, in lower case.
fn root(id: &str) -> Option<String> {
    let lower = id.to_ascii_lowercase();
    let mut segments = lower.split('/').skip(1);
    let group: Vec<&str> = segments.by_ref().take(4).collect();
    let own: Vec<&str> = segments.take(4).collect();
    let is_group = matches!(group.as_slice(), ["subscriptions", _, "resourcegroups", _]);
    let is_whole = own.len() == 4 && own.first() == Some(&"providers");
    (is_group && is_whole).then(|| format!("/{}/{}", group.join("/"), own.join("/")))
}

/// Whether an operation leaves everything as it was: keys that are listed, and what Azure Policy thinks of a resource.
fn changes_nothing(operation: &str) -> bool {
    let lower = operation.to_ascii_lowercase();
    let verb = lower.strip_suffix("/action").and_then(|own| own.rsplit('/').next());
    verb.is_some_and(|verb| verb.starts_with("list"))
        || lower.starts_with("microsoft.authorization/policies/")
}

impl<W: Write + Send> Collector<'_, W> {
    /// Asks what moved in these subscriptions since the earlier snapshot. What cannot be known is said, and read anew.
    pub(crate) async fn spared(&self, subscriptions: &[String]) -> Result<Spared<'_>, Failure> {
        let Some(earlier) = self.earlier else { return Ok(Spared::default()) };
        let now = Timestamp::now();
        let since = earlier.as_of.checked_sub(LATE).unwrap_or(earlier.as_of);
        if since < now.checked_sub(REMEMBERED).unwrap_or(now) {
            self.anew(
                "/",
                "the snapshot is older than the 14 days for which Azure remembers changes".to_owned(),
            );
            return Ok(Spared::default());
        }
        let mut known: Vec<(String, BTreeSet<String>)> = Vec::new();
        for chunk in subscriptions.chunks(SUBSCRIPTIONS) {
            let changes = self.client().changes(Scope::Subscriptions(chunk), &types(), since);
            match roots(changes, "/target").await {
                Ok(roots) => known.extend(chunk.iter().map(|id| (id.clone(), within(id, &roots)))),
                Err(error) => self.unknown(chunk, error)?,
            }
        }
        // Clocks differ: what was done just now may lie a little ahead.
        let until = now.checked_add(LATE).unwrap_or(now);
        let moved = Mutex::new(BTreeMap::new());
        self.each("changes", known, async |(id, mut all)| {
            for provider in PROVIDERS {
                match roots(self.client().events(&id, provider, since, until), "/resourceId").await {
                    Ok(roots) => all.extend(roots),
                    Err(error) => return self.unknown(&[id], error),
                }
            }
            lock(&moved).insert(id.to_ascii_lowercase(), all);
            Ok(())
        })
        .await?;
        Ok(Spared {
            earlier: Some(earlier),
            moved: moved.into_inner().unwrap_or_else(PoisonError::into_inner),
        })
    }

    /// Says of subscriptions that they are read anew; without a token there is no point in going on.
    fn unknown(&self, subscriptions: &[String], error: Error) -> Result<(), Failure> {
        if matches!(error.kind, ErrorKind::SignIn(_)) {
            return Err(error.into());
        }
        for id in subscriptions {
            self.anew(&format!("/subscriptions/{id}"), format!("what changed is not known: {error}"));
        }
        Ok(())
    }

    /// Writes down what an earlier snapshot says of a list.
    pub(crate) fn take_over(&self, lines: &[Box<str>]) -> Result<(), Failure> {
        for line in lines {
            if let Ok(value) = serde_json::from_str::<Value>(line) {
                self.known().see(&value);
            }
        }
        Ok(self.journal().lines(lines)?)
    }
}

/// The types of which Resource Graph is asked what changed: those that lists lie below.
fn types() -> Vec<&'static str> {
    let parents: BTreeSet<Kind> = LISTS.iter().map(|list| list.of).collect();
    let parents = parents.into_iter().filter(|kind| *kind != Kind::Subscription);
    parents.map(Kind::resource_type).collect()
}

/// What the items of all pages are about, but for operations that leave everything as it was.
async fn roots(pages: Result<Pages, Error>, pointer: &str) -> Result<BTreeSet<String>, Error> {
    let mut pages = pages?;
    let mut all = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        let text = |item: &Value, pointer| item.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let moving = page.iter().filter(|item| {
            text(item, "/operationName/value").is_none_or(|operation| !changes_nothing(&operation))
        });
        all.extend(moving.filter_map(|item| root(&text(item, pointer)?)));
    }
    Ok(all)
}

/// Those of a subscription.
fn within(subscription: &str, roots: &BTreeSet<String>) -> BTreeSet<String> {
    let prefix = format!("/subscriptions/{}/", subscription.to_ascii_lowercase());
    roots.iter().filter(|root| root.starts_with(&prefix)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str =
        "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w";

    #[test]
    fn everything_below_a_resource_is_of_it() {
        let upper = WORKSPACE.to_uppercase();
        for own in
            ["", "/onlineEndpoints/e/deployments/d", "/providers/Microsoft.Insights/diagnosticSettings/d"]
        {
            assert_eq!(root(&format!("{upper}{own}")).as_deref(), Some(WORKSPACE));
        }
        for none in ["", "/", "/subscriptions/s", "/subscriptions/s/resourceGroups/g", "/providers/A.B/c/d"] {
            assert_eq!(root(none), None);
        }
        assert_eq!(root("/subscriptions/s/providers/A.B/c/d/e/f"), None);
    }

    #[test]
    fn what_only_looks_moves_nothing() {
        assert!(changes_nothing("Microsoft.Storage/storageAccounts/listKeys/action"));
        assert!(changes_nothing("Microsoft.Authorization/policies/audit/action"));
        assert!(!changes_nothing("Microsoft.Storage/storageAccounts/regenerateKey/action"));
        assert!(!changes_nothing("Microsoft.Authorization/policyAssignments/write"));
        assert!(!changes_nothing("Microsoft.MachineLearningServices/workspaces/datastores/write"));
    }

    #[test]
    fn a_list_is_spared_when_it_was_read_and_nothing_moved() {
        let mut earlier = Earlier::default();
        let line = format!("{{\"id\":\"{WORKSPACE}/datastores/D\",\"properties\":{{}}}}");
        earlier.line(&line).unwrap();
        earlier.line(&format!("{{\"id\":\"{WORKSPACE}\"}}")).unwrap();
        assert!(earlier.line("{").is_err());
        let read = |kind| CoverageEntry { kind, scope: WORKSPACE.to_uppercase(), outcome: Outcome::Read };
        let in_part = CoverageEntry { outcome: Outcome::InPart, ..read(Kind::Compute) };
        earlier.covered([read(Kind::Datastore), read(Kind::Connection), in_part]);
        let list = |kind| LISTS.iter().find(|list| list.kind == kind).unwrap();
        let spared = |moved: &[&str]| Spared {
            earlier: Some(&earlier),
            moved: [("s".to_owned(), moved.iter().map(|own| (*own).to_owned()).collect())].into(),
        };
        let still = spared(&[]);
        assert_eq!(still.list(list(Kind::Datastore), WORKSPACE).unwrap(), [line.into_boxed_str()]);
        assert_eq!(still.list(list(Kind::Connection), WORKSPACE).unwrap().len(), 0);
        assert!(still.list(list(Kind::Compute), WORKSPACE).is_none(), "read in part");
        assert!(still.list(list(Kind::BatchEndpoint), WORKSPACE).is_none(), "not read");
        assert!(still.list(list(Kind::Datastore), &WORKSPACE.replace("/s/", "/t/")).is_none());
        assert!(spared(&[WORKSPACE]).list(list(Kind::Datastore), WORKSPACE).is_none());
        assert!(Spared::default().list(list(Kind::Datastore), WORKSPACE).is_none());
    }
}
