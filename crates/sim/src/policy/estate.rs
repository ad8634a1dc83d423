//! What surrounds a resource, as policies ask for it.

use crate::access::above;
use crate::id;
use crate::store::Store;
use dekey_policy::{Estate, Query, Related, Subject, Surroundings};
use jiff::Timestamp;
use serde_json::Value;
use std::cell::OnceCell;

/// Documents that were read while something was judged. Each stays where it is.
#[derive(Debug, Default)]
struct Pile {
    own: Vec<Value>,
    next: OnceCell<Box<Pile>>,
}

impl Pile {
    fn keep(&self, values: Vec<Value>) -> &[Value] {
        let mut at = self;
        while let Some(next) = at.next.get() {
            at = next;
        }
        &at.next.get_or_init(|| Box::new(Pile { own: values, next: OnceCell::new() })).own
    }
}

/// What surrounds the resources of a resource group, a subscription or the tenant.
#[derive(Debug)]
pub(crate) struct Around<'s> {
    store: &'s Store,
    now: Timestamp,
    group: Option<Value>,
    subscription: Option<Value>,
    above: Vec<String>,
    request: Option<Value>,
    read: Pile,
}

impl<'s> Around<'s> {
    /// What surrounds a resource, and what is known of the request: nothing when resources are scanned.
    pub(crate) fn new(store: &'s Store, id: &str, now: Timestamp, request: Option<Value>) -> Self {
        let subscription = id::subscription(id);
        let group = id::segment(id, "resourceGroups");
        let group = subscription
            .as_ref()
            .filter(|_| !group.is_empty())
            .and_then(|own| store.value(&format!("{own}/resourcegroups/{group}")));
        let value = subscription.as_deref().and_then(|own| store.value(own));
        Self {
            store,
            now,
            group,
            subscription: value,
            above: above(store, id),
            request,
            read: Pile::default(),
        }
    }

    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            now: Some(self.now),
            resource_group: self.group.as_ref(),
            subscription: self.subscription.as_ref(),
            management_groups: Some(&self.above),
            request: self.request.as_ref(),
            estate: self,
        }
    }
}

impl Estate for Around<'_> {
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e> {
        let scope = query.scope.to_ascii_lowercase();
        let all = self.store.below(&query.resource_type.to_ascii_lowercase(), &scope, None);
        let values = all.filter_map(|(_, own)| serde_json::from_str(&own.body.text()).ok()).collect();
        Related::Known(self.read.keep(values).iter().map(Subject::new).collect())
    }
}
