//! What is not one resource or a list of one type.

use super::lists::{Page, answer, filter_of, token};
use crate::azure::{Azure, Call};
use crate::id;
use crate::types::{self, Table};
use crate::wire::Response;
use serde_json::{Value, json};

type Answer = Option<Result<Response, Response>>;

impl Azure {
    /// Answers a request that is about no resource of its own; nothing when it is about one.
    pub(super) fn special(&mut self, call: &Call<'_>) -> Answer {
        let lower = call.path.to_ascii_lowercase();
        let (get, post) = (call.r.method == "GET", call.r.method == "POST");
        let under = |tail: &str| {
            lower.strip_suffix(tail).map(|head| call.path.get(..head.len()).unwrap_or("").to_owned())
        };
        match lower.as_str() {
            "/providers/microsoft.resourcegraph/resources" if post => return Some(self.resource_graph(call)),
            "/subscriptions" if get => return Some(self.subscriptions(call)),
            "/tenants" if get => return Some(Ok(self.tenants())),
            "/providers/microsoft.management/managementgroups" if get => {
                return Some(self.management_groups(call));
            }
            _ => {}
        }
        if let Some(answer) = self.catalogue(call, &lower) {
            return Some(answer);
        }
        if let Some(answer) = self.deleted_vaults(call).or_else(|| self.policy_states(call)) {
            return Some(answer);
        }
        if let Some((vault, how)) =
            call.path.rsplit_once("/accessPolicies/").filter(|_| call.r.method == "PUT")
        {
            return Some(self.access_policies(call, vault, how));
        }
        if let Some(scope) = under("/checknameavailability").filter(|_| post) {
            return Some(self.name_availability(call, &scope));
        }
        if let Some(host) = under("/providers/microsoft.resources/tags/default") {
            return Some(self.tags(call, &host));
        }
        if !get {
            return None;
        }
        if let Some(scope) = under("/providers/microsoft.insights/eventtypes/management/values") {
            return Some(self.events(call, &scope));
        }
        if let Some(scope) = under("/providers/microsoft.authorization/permissions") {
            return Some(self.permissions(call, &scope));
        }
        if let Some(host) = under("/providers/microsoft.managedidentity/identities/default") {
            return Some(self.identity_of(call, &host));
        }
        if let Some(scope) = under("/resources") {
            return Some(self.resources_in(call, &scope));
        }
        if let Some(scope) =
            under("/resourcegroups").filter(|scope| id::parse(scope).kind.ends_with("subscriptions"))
        {
            return Some(self.groups(call, &scope));
        }
        None
    }

    /// `accessPolicies/add`, `replace`, `remove`.
    fn access_policies(&mut self, call: &Call<'_>, vault: &str, how: &str) -> Result<Response, Response> {
        let path = id::parse(vault);
        super::row(&path.kind, call)?;
        self.authorize(call, "Microsoft.KeyVault/vaults/accessPolicies/write", vault)?;
        if !["add", "replace", "remove"].contains(&how) {
            return Err(Response::error(
                400,
                "BadRequest",
                "The operation is none of add, replace and remove.",
            ));
        }
        let policies = call.r.json()?.pointer("/properties/accessPolicies").cloned().unwrap_or_default();
        let after = self
            .change_policies(call, vault, how, &policies)
            .ok_or_else(|| self.not_found(&path, "write"))?;
        let id = format!("{vault}/accessPolicies/");
        let body = json!({ "id": id, "type": "Microsoft.KeyVault/vaults/accessPolicies", "properties": { "accessPolicies": after } });
        Ok(Response::json(200, &body))
    }

    /// Whether a name that is unique in the world is free in this one.
    fn name_availability(&self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        let body = call.r.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let (name, kind) = (text("name"), text("type"));
        let row = super::row(&kind, call)?;
        if !id::parse(scope).kind.is_empty()
            && !row.name.to_ascii_lowercase().starts_with(&id::parse(scope).kind.to_ascii_lowercase())
        {
            return Err(Response::error(
                400,
                "InvalidRequestContent",
                "The type is not one of this provider.",
            ));
        }
        let mut all = self.store.below(&row.name.to_ascii_lowercase(), "", None);
        let taken = all.any(|(own, _)| id::name(own).eq_ignore_ascii_case(&name));
        let body = if taken {
            json!({ "nameAvailable": false, "reason": "AlreadyExists", "message": format!("The name {name} is already taken.") })
        } else {
            json!({ "nameAvailable": true })
        };
        Ok(Response::json(200, &body))
    }

    fn sees(&self, call: &Call<'_>, action: &str, scope: &str) -> bool {
        let principals = self.principals(&call.caller);
        let access = self.access(&principals, call.r.now);
        // Who may read anything in a subscription sees the subscription.
        access.may(action, scope)
            || self.store.assignments_of(&call.caller.object_id).iter().any(|own| id::covers(scope, own))
    }

    fn subscriptions(&self, call: &Call<'_>) -> Result<Response, Response> {
        let row = super::row(types::SUBSCRIPTION, call)?;
        let all = self.store.below(types::SUBSCRIPTION, "", None);
        let seen = all.filter(|(own, _)| self.sees(call, "Microsoft.Resources/subscriptions/read", own));
        let items = seen
            .map(|(_, resource)| super::read::shown(row, &call.version, &resource.body.text()).into_owned());
        let page = Page { items: items.collect(), next: None };
        Ok(answer(call.r, "$skipToken", &page))
    }

    fn tenants(&self) -> Response {
        let tenant = &self.options.tenant;
        Response::json(
            200,
            &json!({ "value": [{ "id": format!("/tenants/{tenant}"), "tenantId": tenant, "countryCode": "SE",
                "displayName": "Contoso", "domains": ["contoso.example"], "tenantCategory": "Home",
                "defaultDomain": "contoso.example", "tenantType": "AAD" }] }),
        )
    }

    fn groups(&self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        super::row(types::GROUP, call)?;
        let lower = scope.to_ascii_lowercase();
        if self.store.get(scope).is_none() {
            return Err(self.not_found(&id::parse(scope), "read"));
        }
        let all = self.store.below(types::GROUP, &lower, None);
        let seen = all
            .filter(|(own, _)| self.sees(call, "Microsoft.Resources/subscriptions/resourceGroups/read", own));
        let items: Vec<String> = seen.map(|(_, resource)| resource.body.text().into_owned()).collect();
        Ok(answer(call.r, "$skipToken", &Page { items, next: None }))
    }

    fn management_groups(&mut self, call: &Call<'_>) -> Result<Response, Response> {
        super::row(types::MANAGEMENT_GROUP, call)?;
        let all = self.store.below(types::MANAGEMENT_GROUP, "", None);
        let seen = all.filter(|(own, _)| self.sees(call, "Microsoft.Management/managementGroups/read", own));
        let items = seen.map(|(_, resource)| resource.body.text().into_owned()).collect();
        Ok(answer(call.r, "$skiptoken", &Page { items, next: None }))
    }

    /// What the caller may do at a scope: the permissions of every role that reaches it.
    fn permissions(&self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        if !scope.is_empty() && self.store.get(scope).is_none() {
            return Err(self.not_found(&id::parse(scope), "read"));
        }
        let lower = if scope.is_empty() { "/".to_owned() } else { scope.to_ascii_lowercase() };
        let principals = self.principals(&call.caller);
        let permissions = self.access(&principals, call.r.now).permissions(&lower);
        Ok(Response::json(200, &json!({ "value": permissions })))
    }

    /// The system-assigned identity of any resource.
    fn identity_of(&mut self, call: &Call<'_>, host: &str) -> Result<Response, Response> {
        if !["2018-11-30", "2023-01-31", "2024-11-30"].contains(&call.version.as_str()) {
            let message = format!("The api-version '{}' is invalid.", call.version);
            return Err(Response::error(400, "InvalidApiVersionParameter", &message));
        }
        self.authorize(call, "Microsoft.ManagedIdentity/identities/read", host)?;
        let value = self.store.value(host).ok_or_else(|| self.not_found(&id::parse(host), "read"))?;
        let principal = value.pointer("/identity/principalId").and_then(Value::as_str);
        let Some(principal) = principal.filter(|own| !own.is_empty()) else {
            return Err(Response::error(
                404,
                "ResourceNotFound",
                &format!("The identity of '{host}' was not found."),
            ));
        };
        let id = format!("{host}/providers/Microsoft.ManagedIdentity/identities/default");
        Ok(Response::json(
            200,
            &json!({
                "id": id, "name": "default", "type": "Microsoft.ManagedIdentity/identities",
                "location": value.get("location"),
                "properties": {
                    "tenantId": self.options.tenant, "principalId": principal,
                    "clientId": crate::guid(0, &format!("client of {principal}")),
                    "clientSecretUrl": format!("https://control.identity.localhost{host}/credentials?arpid=default"),
                },
            }),
        ))
    }

    /// The resources of a subscription or resource group, without their properties.
    fn resources_in(&mut self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        super::row(types::GROUP, call)?;
        self.authorize(call, "Microsoft.Resources/subscriptions/resources/read", scope)?;
        if self.store.get(scope).is_none() {
            return Err(self.not_found(&id::parse(scope), "read"));
        }
        let filter = filter_of(call.r)?;
        let after = token(call.r, "$skiptoken")?;
        let top =
            call.r.param("$top").and_then(|own| own.parse::<usize>().ok()).unwrap_or(1000).clamp(1, 1000);
        let lower = scope.to_ascii_lowercase();
        let from = after.as_deref().map(id::type_of);
        let mut page = Page { items: Vec::new(), next: None };
        let mut last: Option<&str> = None;
        let tracked = self
            .store
            .types()
            .filter(|kind| types::find(kind).is_none_or(|row| row.table == Table::Resources));
        for kind in tracked.filter(|kind| from.as_deref().is_none_or(|from| *kind >= from)) {
            let own_after = after.as_deref().filter(|_| from.as_deref() == Some(kind));
            for (own, resource) in self.store.below(kind, &lower, own_after) {
                let Ok(value) = serde_json::from_str::<Value>(&resource.body.text()) else { continue };
                let mut brief = brief(&value);
                if let Some(filter) = &filter {
                    tag_of(&mut brief, filter);
                    let passes = filter
                        .passes(&brief, &|_, _, _| None)
                        .map_err(|reason| super::bad_filter(&reason))?;
                    if !passes {
                        continue;
                    }
                }
                if page.items.len() == top {
                    page.next = last.map(str::to_owned);
                    return Ok(answer(call.r, "$skiptoken", &page));
                }
                if let Some(map) = brief.as_object_mut() {
                    map.retain(|name, _| !FOR_FILTERS.contains(&name.as_str()));
                }
                page.items.push(brief.to_string());
                last = Some(own);
            }
        }
        Ok(answer(call.r, "$skiptoken", &page))
    }
}

/// A resource as lists of everything show it, and the names that filters use.
fn brief(value: &Value) -> Value {
    let mut brief = serde_json::Map::new();
    for name in
        ["id", "name", "type", "kind", "location", "tags", "identity", "sku", "managedBy", "plan", "zones"]
    {
        if let Some(own) = value.get(name).filter(|own| !own.is_null()) {
            brief.insert(name.to_owned(), own.clone());
        }
    }
    let group =
        value.get("id").and_then(Value::as_str).map(|id| id::segment(id, "resourceGroups").to_owned());
    brief.insert("resourceType".to_owned(), value.get("type").cloned().unwrap_or(Value::Null));
    brief.insert("resourceGroup".to_owned(), group.into());
    Value::Object(brief)
}

/// What lists of everything show under names that only filters know.
const FOR_FILTERS: &[&str] = &["resourceType", "resourceGroup", "tagName", "tagValue"];

/// Puts the tag that a filter names under the names that it uses: `tagName eq 'owner' and tagValue eq 'me'`.
fn tag_of(brief: &mut Value, filter: &crate::filter::Filter) {
    let tags = brief.get("tags").and_then(Value::as_object).into_iter().flatten();
    let mut wanted =
        tags.filter(|(own, _)| filter.wanted("tagName").is_some_and(|name| own.eq_ignore_ascii_case(name)));
    let Some((name, value)) = wanted.next().map(|(name, value)| (name.clone(), value.clone())) else {
        return;
    };
    if let Value::Object(map) = brief {
        map.insert("tagName".to_owned(), name.into());
        map.insert("tagValue".to_owned(), value);
    }
}
