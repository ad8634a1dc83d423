//! What surrounds a stretch of resources: their groups and subscriptions, and what is related to them.

use crate::estate::Estate;
use crate::order::lies_in;
use crate::shelf::Shelf;
use crate::subject::{Body, subject};
use dekey_model::{ArmId, Covered, Kind, ParentKind, Resource};
use dekey_policy::{Query, Related, Subject, Surroundings, Unread};
use hashbrown::HashMap;
use jiff::Timestamp;
use serde_json::Value;
use std::cell::RefCell;

/// What was looked up for a stretch of resources, kept until the stretch is done.
#[derive(Debug)]
pub struct Around<'e, 'i> {
    estate: &'e Estate<'i>,
    now: Option<Timestamp>,
    shelf: Shelf,
}

/// The lookups of an [`Around`], which point into it.
#[derive(Debug)]
pub struct Lookups<'a, 'i> {
    around: &'a Around<'a, 'i>,
    containers: RefCell<HashMap<String, Option<&'a Value>, foldhash::fast::FixedState>>,
    related: RefCell<HashMap<(String, String), Found<'a, 'i>, foldhash::fast::FixedState>>,
}

type Found<'a, 'i> = Result<Vec<(&'a Value, Unread, Resource<'i>)>, String>;

impl<'e, 'i> Around<'e, 'i> {
    /// Nothing was looked up yet.
    pub fn new(estate: &'e Estate<'i>, now: Option<Timestamp>) -> Self {
        Self { estate, now, shelf: Shelf::default() }
    }

    /// Where lookups are made.
    pub fn lookups(&self) -> Lookups<'_, 'i> {
        Lookups { around: self, containers: RefCell::default(), related: RefCell::default() }
    }
}

impl<'a, 'i> Lookups<'a, 'i> {
    /// What surrounds what has an id: a resource that was read, or one that a request would make.
    pub fn of<'s>(&'s self, id: &str) -> Surroundings<'s> {
        let id = ArmId(id);
        let estate = self.around.estate;
        let subscription = id.subscription();
        let group = subscription.zip(id.resource_group());
        Surroundings {
            now: self.around.now,
            resource_group: group.and_then(|(subscription, group)| {
                self.container(&format!("/subscriptions/{subscription}/resourceGroups/{group}"))
            }),
            subscription: subscription.and_then(|own| self.container(&format!("/subscriptions/{own}"))),
            management_groups: subscription.and_then(|own| estate.management_groups(own)),
            request: None,
            estate: self,
        }
    }

    fn container(&self, id: &str) -> Option<&'a Value> {
        let id = id.to_ascii_lowercase();
        if let Some(known) = self.containers.borrow().get(&id) {
            return *known;
        }
        let found = self.around.estate.inventory.find(&id).and_then(|own| Some((own, Body::of(own)?)));
        let found = found.map(|(own, body)| self.around.shelf.add(as_function_answers(body.value, own)));
        self.containers.borrow_mut().insert(id, found);
        found
    }

    fn find(&self, query: &Query<'_>) -> Found<'a, 'i> {
        let estate = self.around.estate;
        let kind = Kind::of_type(query.resource_type);
        let all: Vec<Resource<'i>> = estate.resources_of(query.resource_type, query.scope).collect();
        if !is_read(estate, kind, query, &all) {
            let below = ArmId(query.scope).name();
            return Err(match estate.inventory.coverage().covers(kind, query.scope) {
                Covered::Refused(why) => format!("the {} of `{below}`: {why}", many(kind, query)),
                _ => format!("all {} of `{below}`", many(kind, query)),
            });
        }
        let parsed = |own: Resource<'i>| {
            let body = Body::of(own)?;
            Some((self.around.shelf.add(body.value), body.unread, own))
        };
        let found: Vec<_> = all.iter().filter_map(|own| parsed(*own)).collect();
        if found.len() < all.len() {
            return Err(format!("the documents of the {} of `{}`", many(kind, query), query.scope));
        }
        Ok(found)
    }
}

fn many(kind: Kind, query: &Query<'_>) -> String {
    match kind {
        Kind::Other => format!("resources of the type {}", query.resource_type),
        known => known.plural().to_owned(),
    }
}

/// Whether what was found is all there is. One that was read is taken for the whole list, unless that is known to break off:
/// list calls are whole or refused. Lists that nobody made hold nothing, and say nothing.
fn is_read(estate: &Estate<'_>, kind: Kind, query: &Query<'_>, found: &[Resource<'_>]) -> bool {
    let coverage = estate.inventory.coverage();
    if kind != Kind::Other {
        match coverage.covers(kind, query.scope) {
            Covered::Yes => return true,
            Covered::Refused(_) => return false,
            Covered::Unknown if coverage.in_part(kind, query.scope) => return false,
            Covered::Unknown => {}
        }
    }
    if !found.is_empty() {
        return true;
    }
    let subscription = ArmId(query.scope).subscription().filter(|_| kind.parent() == ParentKind::None);
    // Types that no list of ours is of are listed with all resources of a subscription, but for children.
    let is_top = query.resource_type.matches('/').count() == 1;
    subscription.filter(|_| is_top).is_some_and(|own| {
        let scope = format!("/subscriptions/{own}");
        estate.resources_of(query.resource_type, &scope).next().is_some()
    })
}

impl dekey_policy::Estate for Lookups<'_, '_> {
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e> {
        let at = (query.resource_type.to_ascii_lowercase(), query.scope.to_ascii_lowercase());
        if !self.related.borrow().contains_key(&at) {
            let found = self.find(query);
            self.related.borrow_mut().insert(at.clone(), found);
        }
        let related = self.related.borrow();
        let subjects = |all: &Vec<(&'e Value, Unread, Resource<'e>)>| {
            let all = all.iter().filter(|own| lies_in(own.2.id(), query.scope));
            all.map(|(value, unread, own)| subject(value, *unread, *own)).collect::<Vec<Subject<'e>>>()
        };
        match related.get(&at) {
            Some(Ok(all)) => Related::Known(subjects(all)),
            Some(Err(why)) => Related::Unknown(why.clone()),
            None => Related::Unknown(query.resource_type.to_owned()),
        }
    }
}

/// As `resourceGroup()` and `subscription()` answer: with the id, and the bare id of the subscription.
fn as_function_answers(mut value: Value, own: Resource<'_>) -> Value {
    if let Value::Object(map) = &mut value {
        map.insert("id".to_owned(), own.id().into());
        if own.kind() == Kind::Subscription {
            let bare = own.arm_id().subscription().unwrap_or_default();
            map.insert("subscriptionId".to_owned(), bare.into());
        } else if !map.contains_key("name") {
            map.insert("name".to_owned(), own.name().into());
        }
    }
    value
}
