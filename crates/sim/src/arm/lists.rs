//! Lists: what lies below a scope, is attached to it or applies to it; in pages, narrowed by filters.

use super::read::{implied, present};
use super::{bad_filter, row};
use crate::access::above;
use crate::azure::{Azure, Call};
use crate::filter::{self, Filter};
use crate::id::{self, Path};
use crate::store::Resource;
use crate::types::{self, Spread, Type};
use crate::wire::{Request, Response, pairs};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use std::borrow::Cow;

type Rows<'s> = Box<dyn Iterator<Item = (&'s str, &'s Resource)> + 's>;

/// A part of a list, and where the next one starts.
pub(super) struct Page {
    /// Documents, as text.
    pub(super) items: Vec<String>,
    /// After which resource the next page starts; nothing on the last one.
    pub(super) next: Option<String>,
}

impl Azure {
    /// GET of a list.
    pub(super) fn list(&mut self, call: &Call<'_>, path: &Path, tail: &str) -> Result<Response, Response> {
        let kind = if path.kind.is_empty() { tail.to_owned() } else { format!("{}/{tail}", path.kind) };
        let row = row(&kind, call)?;
        // Of a list, Azure names the path up to the type as the scope.
        let at = call.path.rsplit_once('/').map_or("", |(head, _)| head).to_owned();
        self.authorize(call, &format!("{}/read", row.name), &at)?;
        let scope = if row.path().contains('/') { path.id.clone() } else { path.scope.clone() };
        if !scope.is_empty() && !self.exists(&scope) {
            return Err(self.not_found(&id::parse(&scope), "read"));
        }
        let mut page = self.page(call, row, &scope)?;
        let service = format!("{scope}/{tail}/default");
        if self.store.get(&service).is_none() && is_service(&service) {
            page.items.push(implied(row, &service));
        }
        Ok(answer(call.r, row.skip, &page))
    }

    /// Whether there is something that a list can be asked of. Services of a storage account are there without being written.
    pub(super) fn exists(&self, scope: &str) -> bool {
        self.store.get(scope).is_some()
            || (is_service(scope) && id::parent(scope).is_some_and(|own| self.store.get(&own).is_some()))
    }

    /// A page of a list at a scope.
    pub(super) fn page(&self, call: &Call<'_>, row: &'static Type, scope: &str) -> Result<Page, Response> {
        let filter = filter_of(call.r)?;
        let lower = scope.to_ascii_lowercase();
        let kind = row.name.to_ascii_lowercase();
        let after = token(call.r, row.skip)?;
        let size = size_of(call.r, row.page);
        let mut items = Vec::new();
        let mut last: Option<&str> = None;
        let default_alone =
            row.name.ends_with("/datastores") && call.r.param("isDefault").is_some_and(|own| own == "true");
        // Asked of many rows about one principal: the groups that it is in are looked for once.
        let asked = std::cell::OnceCell::<Vec<String>>::new();
        let holds = |principal: &str, of: &str| {
            asked.get_or_init(|| self.with_groups(of)).iter().any(|own| own.eq_ignore_ascii_case(principal))
        };
        for (id, resource) in self.rows(row, &kind, &lower, after.as_deref()) {
            if default_alone && !resource.body.text().contains("\"isDefault\":true") {
                continue;
            }
            if let Some(filter) = &filter
                && !passes(filter, call, &lower, (id, resource), &holds)?
            {
                continue;
            }
            if items.len() == size {
                return Ok(Page { items, next: last.map(str::to_owned) });
            }
            items.push(at_scope(row, scope, present(call, row, resource)).into_owned());
            last = Some(id);
        }
        Ok(Page { items, next: None })
    }

    fn rows<'s>(&'s self, row: &Type, kind: &str, scope: &'s str, after: Option<&str>) -> Rows<'s> {
        match row.spread {
            Spread::Below => Box::new(self.store.below(kind, scope, after)),
            // Definitions of others are no business of the tenant's own list.
            Spread::Around if scope.is_empty() && kind.starts_with("microsoft.authorization/policy") => {
                Box::new(self.attached(kind, scope, after))
            }
            Spread::Exact => Box::new(self.attached(kind, scope, after)),
            Spread::Around => {
                let before = after.is_some_and(|after| !scope.is_empty() && id::covers(scope, after));
                let mut over: Vec<String> = Vec::new();
                let mut at = scope.to_owned();
                while let Some(parent) = id::parent(&at) {
                    over.push(parent.clone());
                    at = parent;
                }
                over.extend(above(&self.store, scope));
                if !scope.is_empty() {
                    over.push(String::new());
                }
                let mut rows: Vec<(&'s str, &'s Resource)> = Vec::new();
                for own in over.iter().filter(|_| !before) {
                    rows.extend(self.attached_to(kind, own));
                }
                rows.sort_by_key(|(id, _)| *id);
                let from = after.filter(|_| !before).map(str::to_owned);
                let rows =
                    rows.into_iter().filter(move |(id, _)| from.as_deref().is_none_or(|from| *id > from));
                Box::new(rows.chain(self.store.below(
                    kind,
                    scope,
                    after.filter(|_| before || scope.is_empty()),
                )))
            }
        }
    }

    /// What of a type is attached to a scope itself.
    fn attached<'s>(
        &'s self,
        kind: &str,
        scope: &'s str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'s str, &'s Resource)> + use<'s> {
        let prefix = format!("{scope}/providers/{kind}/");
        self.store.below(kind, scope, after).filter(move |(id, _)| id.starts_with(&prefix))
    }

    fn attached_to<'s>(&'s self, kind: &str, scope: &str) -> Vec<(&'s str, &'s Resource)> {
        let prefix = format!("{scope}/providers/{kind}/");
        self.store.within(kind, &prefix)
    }
}

/// Whether an id is that of a service of a storage account.
fn is_service(id: &str) -> bool {
    id.to_ascii_lowercase().ends_with("services/default")
}

fn passes(
    filter: &Filter,
    call: &Call<'_>,
    scope: &str,
    (id, resource): (&str, &Resource),
    holds: &dyn Fn(&str, &str) -> bool,
) -> Result<bool, Response> {
    let mut value: Value = serde_json::from_str(&resource.body.text()).unwrap_or(Value::Null);
    let own = id::parse(id).scope;
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let principal = text("/properties/principalId");
    let calls = |name: &str, arguments: &[String], _: &Value| {
        let first = arguments.first().map_or("", String::as_str);
        Some(match name.to_ascii_lowercase().as_str() {
            "atscope" => id::covers(&own, scope) || !id::covers(scope, &own),
            "atexactscope" => own == scope,
            "atscopeandbelow" => true,
            "assignedto" => holds(&principal, first),
            "astarget" => principal.eq_ignore_ascii_case(&call.caller.object_id),
            _ => return None,
        })
    };
    if id::type_of(id) == types::ROLE_DEFINITION {
        // There, `type` is that of the role: built in, or custom.
        value = value.get_mut("properties").map(Value::take).unwrap_or_default();
    }
    filter.passes(&value, &calls).map_err(|reason| bad_filter(&reason))
}

/// Role definitions of the tenant have the id of the scope that they are asked for at.
fn at_scope<'b>(row: &Type, scope: &str, body: Cow<'b, str>) -> Cow<'b, str> {
    if row.name.eq_ignore_ascii_case(types::ROLE_DEFINITION) && id::subscription(scope).is_some() {
        let home = format!("\"id\":\"/subscriptions/{}/providers/", id::segment(scope, "subscriptions"));
        return Cow::Owned(body.replacen("\"id\":\"/providers/", &home, 1));
    }
    body
}

/// The filter of a request.
pub(super) fn filter_of(r: &Request<'_>) -> Result<Option<Filter>, Response> {
    match r.param("$filter").filter(|own| !own.trim().is_empty()) {
        Some(text) => filter::parse(&text).map(Some).map_err(|reason| bad_filter(&reason)),
        None => Ok(None),
    }
}

/// After which resource a page starts.
pub(super) fn token(r: &Request<'_>, name: &str) -> Result<Option<String>, Response> {
    let Some(token) = r.param(name).filter(|own| !own.is_empty()) else { return Ok(None) };
    let bad =
        || Response::error(400, "InvalidSkipToken", "The skip token is not one that a next link carried.");
    let bytes = BASE64.decode(token.as_bytes()).map_err(|_| bad())?;
    String::from_utf8(bytes).ok().filter(|own| own.starts_with('/')).map(Some).ok_or_else(bad)
}

fn size_of(r: &Request<'_>, page: usize) -> usize {
    let asked = ["count", "$top"].iter().find_map(|name| r.param(name)?.parse::<usize>().ok());
    asked.filter(|own| *own > 0).map_or(page, |own| own.min(page))
}

/// A page, with a link to the next one at the place where it was asked for.
pub(super) fn answer(r: &Request<'_>, skip: &str, page: &Page) -> Response {
    let mut body = format!("{{\"value\":[{}]", page.items.join(","));
    if let Some(next) = &page.next {
        let link = next_link(r, skip, next);
        body.push_str(",\"nextLink\":");
        body.push_str(&Value::from(link).to_string());
    }
    body.push('}');
    Response::text(200, body)
}

fn next_link(r: &Request<'_>, skip: &str, next: &str) -> String {
    let kept = r.query.split('&').filter(|pair| {
        let own = pairs(pair).next();
        !pair.is_empty() && own.is_none_or(|(name, _)| !name.eq_ignore_ascii_case(skip))
    });
    let mut query: Vec<String> = kept.map(str::to_owned).collect();
    query.push(format!("{}={}", skip.replace('$', "%24"), BASE64.encode(next)));
    format!("{}{}?{}", r.base, r.path, query.join("&"))
}
