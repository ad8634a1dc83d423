//! Every resource, in order of type and id: a list at a scope is a range.

use crate::body::Body;
use crate::id;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

/// A resource as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// As the newest api-version gives it, write-only properties included.
    pub(crate) body: Body,
    /// How often it was written.
    pub(crate) version: u32,
    /// When it was written last; nothing since the beginning.
    pub(crate) changed: Option<Timestamp>,
    /// Until when something goes on with it, and what.
    busy: Option<(Timestamp, &'static str)>,
}

impl Resource {
    /// What is going on with it.
    pub(crate) fn state(&self, now: Timestamp) -> Option<&'static str> {
        self.busy.filter(|(until, _)| now < *until).map(|(_, state)| state)
    }

    /// Until when something goes on with it, and what.
    pub(crate) fn going_on(&self) -> Option<(Timestamp, &'static str)> {
        self.busy
    }

    /// Whether something is going on with it.
    pub(crate) fn is_busy(&self, now: Timestamp) -> bool {
        self.state(now).is_some()
    }
}

/// What something was before it changed.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) at: Timestamp,
    /// Nothing when it was not there.
    pub(crate) body: Option<Box<str>>,
}

/// What a write did to a resource.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// In lower case.
    pub(crate) id: Box<str>,
    pub(crate) at: Timestamp,
    /// Nothing when it was not there.
    pub(crate) old: Option<Box<str>>,
    /// Nothing when it is gone.
    pub(crate) new: Option<Box<str>>,
}

type Rows = BTreeMap<Box<str>, Resource>;

/// All resources of the tenant. Keys are in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    types: BTreeMap<String, Rows>,
    /// The assignments of each principal.
    by_principal: HashMap<String, Vec<Box<str>>>,
    /// How often something was written.
    generation: u64,
    /// How often a policy of some type was written.
    policies: u64,
    /// What changed lately, for readers that lag behind.
    before: BTreeMap<Box<str>, Vec<Before>>,
    /// What changed since somebody took note of it.
    unnoted: Vec<Change>,
}

/// How much history is kept for readers that lag, in changes of one resource.
const HISTORY: usize = 16;

impl Store {
    /// A number that changes with every write.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// A number that changes with every write of a definition, an assignment or what belongs to it.
    pub(crate) fn policies_written(&self) -> u64 {
        self.policies
    }

    fn count(&mut self, kind: &str) {
        self.generation += 1;
        if kind.starts_with("microsoft.authorization/policy") {
            self.policies += 1;
        }
    }

    /// How many resources there are.
    pub(crate) fn len(&self) -> usize {
        self.types.values().map(BTreeMap::len).sum()
    }

    /// The types there are, in lower case.
    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// A resource by its id, in any case.
    pub(crate) fn get(&self, id: &str) -> Option<&Resource> {
        let lower = id.to_ascii_lowercase();
        self.types.get(&id::type_of(&lower))?.get(lower.as_str())
    }

    /// A resource as JSON.
    pub(crate) fn value(&self, id: &str) -> Option<serde_json::Value> {
        serde_json::from_str(&self.get(id)?.body.text()).ok()
    }

    /// Puts a resource of a type without history in its place, while the tenant is being set up. The id and the type are in lower case.
    pub(crate) fn seed(&mut self, lower: Box<str>, kind: &str, body: Body) {
        self.count(kind);
        if kind == crate::types::ROLE_ASSIGNMENT {
            self.index_principal(&lower, &body.text());
        }
        let own = Resource { body, version: 1, changed: None, busy: None };
        match self.types.get_mut(kind) {
            Some(rows) => rows.insert(lower, own),
            None => self.types.entry(kind.to_owned()).or_default().insert(lower, own),
        };
    }

    /// Puts a resource in its place. `now` is nothing while the tenant is being set up.
    pub(crate) fn put(&mut self, id: &str, body: String, now: Option<Timestamp>) {
        let lower = id.to_ascii_lowercase().into_boxed_str();
        let kind = id::type_of(&lower);
        self.count(&kind);
        if kind == crate::types::ROLE_ASSIGNMENT {
            self.index_principal(&lower, &body);
        }
        let rows = self.types.entry(kind).or_default();
        let old = rows.get(&lower);
        let version = old.map_or(1, |old| old.version.saturating_add(1));
        if let Some(at) = now {
            let old: Option<Box<str>> = old.map(|old| old.body.text().into());
            remember(&mut self.before, &lower, Before { at, body: old.clone() });
            let new = Some(body.as_str().into());
            self.unnoted.push(Change { id: lower.clone(), at, old, new });
        }
        rows.insert(lower, Resource { body: Body::plain(body), version, changed: now, busy: None });
    }

    fn index_principal(&mut self, id: &str, body: &str) {
        let Some(principal) = principal_of(body) else { return };
        let own = self.by_principal.entry(principal).or_default();
        if !own.iter().any(|other| &**other == id) {
            own.push(id.into());
        }
    }

    /// Says that something goes on with a resource.
    pub(crate) fn busy(&mut self, id: &str, until: Timestamp, state: &'static str) {
        let lower = id.to_ascii_lowercase();
        let rows = self.types.get_mut(&id::type_of(&lower));
        if let Some(own) = rows.and_then(|rows| rows.get_mut(lower.as_str())) {
            own.busy = Some((until, state));
        }
    }

    /// Takes a resource away.
    pub(crate) fn remove(&mut self, id: &str, now: Timestamp) -> Option<Resource> {
        let lower = id.to_ascii_lowercase();
        let kind = id::type_of(&lower);
        self.count(&kind);
        let old = self.types.get_mut(&kind)?.remove(lower.as_str())?;
        if let Some(own) =
            principal_of(&old.body.text()).and_then(|principal| self.by_principal.get_mut(&principal))
        {
            own.retain(|other| **other != *lower);
        }
        let text: Box<str> = old.body.text().into();
        remember(&mut self.before, &lower, Before { at: now, body: Some(text.clone()) });
        let gone = Change { id: lower.into(), at: now, old: Some(text), new: None };
        self.unnoted.push(gone);
        Some(old)
    }

    /// What changed since this was asked last.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.unnoted)
    }

    /// The ids of the role assignments of a principal.
    pub(crate) fn assignments_of(&self, principal: &str) -> &[Box<str>] {
        self.by_principal.get(&principal.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The resources of a type below a scope, in order of id, after one of them. Type, scope and id are in lower case.
    pub(crate) fn below<'s>(
        &'s self,
        kind: &str,
        scope: &'s str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'s str, &'s Resource)> + use<'s> {
        let scope = scope.trim_end_matches('/');
        let from = format!("{scope}/");
        let start: Bound<&str> = match after {
            Some(after) if after > from.as_str() => Bound::Excluded(after),
            _ => Bound::Included(from.as_str()),
        };
        let rows = self.types.get(kind).map(|rows| rows.range::<str, _>((start, Bound::Unbounded)));
        rows.into_iter()
            .flatten()
            .map(|(id, resource)| (&**id, resource))
            .take_while(move |(id, _)| id::covers(scope, id))
    }

    /// The resources of a type whose ids start with a prefix, in lower case.
    pub(crate) fn within<'s>(&'s self, kind: &str, prefix: &str) -> Vec<(&'s str, &'s Resource)> {
        let rows = self
            .types
            .get(kind)
            .map(|rows| rows.range::<str, _>((Bound::Included(prefix), Bound::Unbounded)));
        let rows = rows.into_iter().flatten().map(|(id, resource)| (&**id, resource));
        rows.take_while(|(id, _)| id.starts_with(prefix)).collect()
    }

    /// What changed after a time, as it was at that time: what a reader that lags still sees.
    pub(crate) fn as_of(&self, time: Timestamp) -> HashMap<&str, Option<&str>> {
        let mut seen = HashMap::new();
        for (id, changes) in &self.before {
            if let Some(before) = changes.iter().find(|before| before.at > time) {
                seen.insert(&**id, before.body.as_deref());
            }
        }
        seen
    }

    /// Forgets what changed before a time.
    pub(crate) fn forget(&mut self, time: Timestamp) {
        self.before.retain(|_, changes| {
            changes.retain(|before| before.at > time);
            !changes.is_empty()
        });
    }
}

fn principal_of(body: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(value.pointer("/properties/principalId")?.as_str()?.to_ascii_lowercase())
}

fn remember(all: &mut BTreeMap<Box<str>, Vec<Before>>, id: &str, before: Before) {
    let own = all.entry(id.into()).or_default();
    if own.len() == HISTORY {
        own.remove(0);
    }
    own.push(before);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        for name in ["b", "a", "c"] {
            let id = format!("/subscriptions/S/resourceGroups/G/providers/A.B/ts/{name}");
            store.put(&id, format!("{{\"id\":\"{id}\"}}"), None);
        }
        store.put("/subscriptions/S/resourceGroups/Go/providers/A.B/ts/d", "{}".to_owned(), None);
        store
    }

    #[test]
    fn a_list_is_a_range() {
        let store = store();
        let names = |scope: &str, after: Option<&str>| {
            store.below("a.b/ts", scope, after).map(|(id, _)| id::name(id).to_owned()).collect::<String>()
        };
        assert_eq!(names("/subscriptions/s", None), "abcd");
        assert_eq!(names("/subscriptions/s/resourcegroups/g", None), "abc");
        assert_eq!(
            names(
                "/subscriptions/s/resourcegroups/g",
                Some("/subscriptions/s/resourcegroups/g/providers/a.b/ts/a")
            ),
            "bc"
        );
        assert_eq!(names("", None), "abcd");
    }

    #[test]
    fn a_reader_that_lags_sees_what_was() {
        let mut store = store();
        let id = "/subscriptions/S/resourceGroups/G/providers/A.B/ts/a";
        let time = |second: i64| Timestamp::from_second(second).unwrap();
        store.put(id, "1".to_owned(), Some(time(10)));
        store.put(id, "2".to_owned(), Some(time(20)));
        let lower = id.to_ascii_lowercase();
        let seen = |at: i64| store.as_of(time(at)).get(lower.as_str()).map(|body| body.unwrap().to_owned());
        assert_eq!(seen(5).unwrap(), format!("{{\"id\":\"{id}\"}}"));
        assert_eq!(seen(15).unwrap(), "1");
        assert_eq!(seen(20), None);
        let mut store = store.clone();
        store.forget(time(20));
        assert!(store.as_of(time(0)).is_empty());
        assert_eq!(store.get(id).unwrap().version, 3);
    }
}
