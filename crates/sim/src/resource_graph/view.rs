//! What somebody sees of the tables.

use super::changes::{self, Changes};
use crate::access::Access;
use crate::body::Body;
use crate::id;
use crate::kql::{self, Tables};
use crate::types::{self, Table};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::iter::Peekable;

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
];

const TABLES: &[(&str, Table)] = &[
    ("resources", Table::Resources),
    ("resourcecontainers", Table::Containers),
    ("authorizationresources", Table::Authorization),
    ("policyresources", Table::Policy),
    (changes::TABLE, Table::Changes),
];

/// The tables as a caller sees them.
pub(super) struct View<'a> {
    pub(super) access: Access<'a>,
    pub(super) changes: &'a Changes,
    /// How far Resource Graph is.
    pub(super) now: jiff::Timestamp,
    pub(super) tenant: &'a str,
    pub(super) subscriptions: Option<&'a HashSet<String>>,
    /// Whether what is assigned above subscriptions is shown.
    pub(super) above: bool,
    /// What changed since, as it was.
    pub(super) before: HashMap<&'a str, Option<&'a str>>,
    /// Whether a type may be read in a whole subscription.
    pub(super) known: RefCell<HashMap<(String, String), bool>>,
}

/// A resource that may be a row.
pub(super) struct Candidate<'a> {
    pub(super) id: &'a str,
    kind: String,
    body: Stored<'a>,
}

/// A document, wherever it is kept.
#[derive(Clone, Copy)]
enum Stored<'a> {
    Text(&'a str),
    Body(&'a Body),
}

impl Stored<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Stored::Text(text) => Cow::Borrowed(text),
            Stored::Body(body) => body.text(),
        }
    }
}

type Sorted<'v> = Box<dyn Iterator<Item = (&'v str, Stored<'v>)> + 'v>;

impl<'a> View<'a> {
    /// The columns of a table.
    pub(super) fn table(&self, name: &str) -> Result<Vec<String>, kql::Error> {
        self.columns(name).ok_or_else(|| kql::Error {
            code: "DisallowedLogicalTableName",
            token: name.to_owned(),
            at: None,
        })
    }

    /// What there may be rows of, in order of id, after one of them.
    pub(super) fn candidates<'v>(
        &'v self,
        table: &str,
        types: Option<&[String]>,
        after: Option<&'v str>,
    ) -> impl Iterator<Item = Candidate<'v>> + use<'v, 'a> {
        let own = TABLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(table)).map(|(_, own)| *own);
        let in_table = |kind: &str| match types::find(kind) {
            Some(row) => Some(row.table) == own,
            None => own == Some(Table::Resources) && !kind.starts_with(crate::directory::PROVIDER),
        };
        let wanted = |kind: &str| in_table(kind) && types.is_none_or(|all| all.iter().any(|own| own == kind));
        let mut lists: Vec<(String, Peekable<Sorted<'v>>)> = Vec::new();
        for kind in self.access.store.types().filter(|kind| wanted(kind)) {
            let rows = self.access.store.below(kind, "", after);
            let seen = rows.filter_map(|(id, resource)| match self.before.get(id) {
                Some(body) => Some((id, Stored::Text((*body)?))),
                None => Some((id, Stored::Body(&resource.body))),
            });
            let list: Sorted<'v> = Box::new(seen);
            lists.push((kind.to_owned(), list.peekable()));
        }
        // What is gone by now.
        let mut gone: Vec<(&str, Stored<'_>)> = self
            .before
            .iter()
            .filter(|(id, _)| self.access.store.get(id).is_none() && wanted(&id::type_of(id)))
            .filter_map(|(id, body)| Some((*id, Stored::Text((*body)?))))
            .filter(|(id, _)| after.is_none_or(|after| *id > after))
            .collect();
        gone.sort_unstable_by_key(|own| own.0);
        let list: Sorted<'v> = Box::new(gone.into_iter());
        lists.push((String::new(), list.peekable()));
        if own == Some(Table::Changes) && types.is_none_or(|all| all.iter().any(|own| own == changes::TYPE)) {
            let list: Sorted<'v> =
                Box::new(self.changes.rows(after, self.now).map(|(id, body)| (id, Stored::Text(body))));
            lists.push((changes::TYPE.to_owned(), list.peekable()));
        }
        std::iter::from_fn(move || {
            let ids = lists.iter_mut().enumerate().filter_map(|(at, (_, list))| Some((list.peek()?.0, at)));
            let (_, at) = ids.min()?;
            let (kind, list) = lists.get_mut(at)?;
            let (id, body) = list.next()?;
            let kind = if kind.is_empty() { id::type_of(id) } else { kind.clone() };
            Some(Candidate { id, kind, body })
        })
        .filter(|own| self.is_visible(&own.kind, own.id))
    }

    fn is_visible(&self, kind: &str, id: &str) -> bool {
        if kind == changes::TYPE {
            let of = changes::target(id);
            return self.is_visible(&id::type_of(of), of);
        }
        let Some(subscription) = id::subscription(id) else {
            return self.is_shared(kind) || self.above;
        };
        if self.subscriptions.is_some_and(|all| !all.contains(id::name(&subscription))) {
            return false;
        }
        let action = || format!("{kind}/read");
        let mut known = self.known.borrow_mut();
        let everywhere = known
            .entry((kind.to_owned(), subscription))
            .or_insert_with_key(|(_, subscription)| self.access.may(&action(), subscription));
        *everywhere || self.access.may(&action(), id)
    }

    /// What belongs to the tenant and is shown to everybody in it.
    fn is_shared(&self, kind: &str) -> bool {
        let definitions = ["roledefinitions", "policydefinitions", "policysetdefinitions"];
        definitions.iter().any(|own| kind.ends_with(own))
            || (kind == types::MANAGEMENT_GROUP
                && self.access.may("Microsoft.Management/managementGroups/read", "/"))
    }

    /// A candidate as a row.
    pub(super) fn row(&self, of: &Candidate<'_>) -> Option<kql::Row> {
        let value: Value = serde_json::from_str(&of.body.text()).ok()?;
        let Value::Object(mut map) = value else { return None };
        let given = map
            .get("id")
            .and_then(Value::as_str)
            .map_or(Cow::Borrowed(of.id), |own| Cow::Owned(own.to_owned()));
        let mut take = |name: &str| map.shift_remove(name).unwrap_or(Value::Null);
        let is_subscription = of.kind == types::SUBSCRIPTION;
        let name = if is_subscription { take("displayName") } else { take("name") };
        let properties = if is_subscription {
            json!({
                "managementGroupAncestorsChain": take("properties").get_mut("managementGroupAncestorsChain").map(Value::take),
                "managedByTenants": take("managedByTenants"),
                "subscriptionPolicies": take("subscriptionPolicies"),
                "state": take("state"),
            })
        } else {
            take("properties")
        };
        let row = json!({
            "id": given, "name": name, "type": of.kind, "tenantId": self.tenant,
            "kind": text_of(take("kind")), "location": text_of(take("location")),
            "resourceGroup": id::segment(&given, "resourceGroups").to_ascii_lowercase(),
            "subscriptionId": id::segment(&given, "subscriptions"),
            "managedBy": text_of(take("managedBy")), "sku": take("sku"), "plan": take("plan"), "properties": properties,
            "tags": take("tags"), "identity": take("identity"), "zones": take("zones"),
            "extendedLocation": take("extendedLocation"),
        });
        match row {
            Value::Object(row) => Some(row),
            _ => None,
        }
    }
}

/// Texts are never null there.
fn text_of(value: Value) -> Value {
    if value.is_null() { Value::from("") } else { value }
}

impl Tables for View<'_> {
    fn columns(&self, table: &str) -> Option<Vec<String>> {
        let known = TABLES.iter().any(|(name, _)| name.eq_ignore_ascii_case(table));
        known.then(|| COLUMNS.iter().map(|own| (*own).to_owned()).collect())
    }

    fn rows(&self, table: &str, types: Option<&[String]>) -> Vec<kql::Row> {
        self.candidates(table, types, None).filter_map(|own| self.row(&own)).collect()
    }
}
