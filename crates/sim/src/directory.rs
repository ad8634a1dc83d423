//! Microsoft Graph: the principals that resources and role assignments speak of.

use crate::azure::Azure;
use crate::filter;
use crate::login::Service;
use crate::throttle::Throttle;
use crate::types::ROLE_ASSIGNMENT;
use crate::wire::{Request, Response, pairs};
use crate::{guid, id};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The objects of the directory, by object id in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    /// At which state of the store it was made.
    generation: u64,
    objects: BTreeMap<String, Object>,
}

#[derive(Clone, Debug)]
struct Object {
    /// `servicePrincipals`, `applications`, `groups`, `users`.
    set: &'static str,
    value: Value,
}

/// The sets, the type of what is in them, and the permission that reads them.
const SETS: &[(&str, &str, &str)] = &[
    ("servicePrincipals", "#microsoft.graph.servicePrincipal", "Application.Read.All"),
    ("applications", "#microsoft.graph.application", "Application.Read.All"),
    ("groups", "#microsoft.graph.group", "GroupMember.Read.All"),
    ("users", "#microsoft.graph.user", "User.ReadBasic.All"),
];

/// The types that a directory in an export has; its objects are resources of this provider there.
pub(crate) const PROVIDER: &str = "microsoft.graph/";

const PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;
const MOST_IDS: usize = 1000;

type Answer = Result<Response, Response>;

impl Azure {
    /// Answers a request to Microsoft Graph; nothing when the path is none of its.
    pub(crate) fn graph(&mut self, r: &Request<'_>, path: &str) -> Option<Answer> {
        let rest = path.strip_prefix("/v1.0/").or_else(|| path.strip_prefix("/beta/"))?;
        Some(self.graph_answer(r, rest))
    }

    fn graph_answer(&mut self, r: &Request<'_>, rest: &str) -> Answer {
        let caller = self.authenticate(r, Service::Graph)?;
        if self.options.throttle == Throttle::Azure {
            self.limits.graph(&caller.app_id, rest, r.now)?;
        }
        self.refresh_directory();
        let segments: Vec<&str> = rest.split('/').collect();
        match (r.method, segments.as_slice()) {
            ("POST", ["directoryObjects", "getByIds"]) => self.by_ids(r),
            // Nobody signs in to the simulator in person.
            (_, ["me", ..]) => {
                Err(error(400, "BadRequest", "/me request is only valid with delegated authentication flow."))
            }
            ("GET", [set]) => match set.split_once('(') {
                Some((set, key)) => self.by_application(r, set, key),
                None => self.set(r, set),
            },
            ("GET", [set, key]) => self.one(r, set, key),
            ("GET", ["groups", key, what @ ("transitiveMembers" | "members")]) => {
                self.members(r, key, what.len() > 7)
            }
            ("GET", [set, key, what @ ("transitiveMemberOf" | "memberOf")]) => {
                self.member_of(r, set, key, what.len() > 8)
            }
            _ => Err(error(
                400,
                "BadRequest",
                &format!("Resource not found for the segment '{}'.", segments.first().unwrap_or(&"")),
            )),
        }
    }

    fn may_read(&self, set: &str) -> Result<(&'static str, &'static str), Response> {
        let found = SETS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(set));
        let Some((name, kind, permission)) = found else {
            return Err(error(400, "BadRequest", &format!("Resource not found for the segment '{set}'.")));
        };
        if self.options.graph.iter().any(|own| own == permission) {
            Ok((name, kind))
        } else {
            Err(error(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
            ))
        }
    }

    fn set(&self, r: &Request<'_>, set: &str) -> Answer {
        let (name, _) = self.may_read(set)?;
        let all = self.directory.objects.values().filter(|own| own.set == name).map(|own| &own.value);
        page(r, name, all)
    }

    fn one(&self, r: &Request<'_>, set: &str, key: &str) -> Answer {
        let (name, _) = self.may_read(set)?;
        let found = self.directory.objects.get(&key.to_ascii_lowercase()).filter(|own| own.set == name);
        found.map(|own| Response::json(200, &select(r, &own.value))).ok_or_else(|| missing(key))
    }

    /// `servicePrincipals(appId='…')`.
    fn by_application(&self, r: &Request<'_>, set: &str, key: &str) -> Answer {
        let (name, _) = self.may_read(set)?;
        let app = key.trim_end_matches(')').split('\'').nth(1).unwrap_or("");
        let mut all = self.directory.objects.values().filter(|own| own.set == name);
        let found = all.find(|own| text(&own.value, "appId").eq_ignore_ascii_case(app) && !app.is_empty());
        found.map(|own| Response::json(200, &select(r, &own.value))).ok_or_else(|| missing(app))
    }

    /// Who is in a group: at once, or however deep.
    fn members(&self, r: &Request<'_>, key: &str, deep: bool) -> Answer {
        self.may_read("groups")?;
        let lower = key.to_ascii_lowercase();
        if self.directory.objects.get(&lower).is_none_or(|own| own.set != "groups") {
            return Err(missing(key));
        }
        let mut all = self.directory.members_of(&lower);
        let mut at = 0;
        while let Some(own) = all.get(at).cloned().filter(|_| deep) {
            at += 1;
            for member in self.directory.members_of(&own) {
                if !all.contains(&member) && member != lower {
                    all.push(member);
                }
            }
        }
        let known = all.iter().filter_map(|own| self.directory.objects.get(own));
        page(r, "directoryObjects", known.map(|own| &own.value))
    }

    /// The groups that somebody is in: at once, or however deep.
    fn member_of(&self, r: &Request<'_>, set: &str, key: &str, deep: bool) -> Answer {
        self.may_read(set)?;
        self.may_read("groups")?;
        let mut all = vec![key.to_ascii_lowercase()];
        let mut at = 0;
        while let Some(own) = all.get(at).cloned().filter(|_| deep || at == 0) {
            at += 1;
            for group in
                self.directory.objects.iter().filter(|(_, group)| group.set == "groups").map(|(id, _)| id)
            {
                if self.directory.members_of(group).contains(&own) && !all.contains(group) {
                    all.push(group.clone());
                }
            }
        }
        let groups = all.iter().skip(1).filter_map(|own| self.directory.objects.get(own));
        page(r, "directoryObjects", groups.map(|own| &own.value))
    }

    /// Who of many there is: whoever is missing in the answer is gone.
    fn by_ids(&self, r: &Request<'_>) -> Answer {
        let body = r.json()?;
        let ids = body.get("ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if ids.is_empty() || ids.len() > MOST_IDS {
            return Err(error(400, "Request_BadRequest", "The number of ids must be between 1 and 1000."));
        }
        let types = body.get("types").and_then(Value::as_array);
        let wanted = |kind: &str| {
            let short = kind.rsplit('.').next().unwrap_or("");
            types.is_none_or(|all| {
                all.iter()
                    .filter_map(Value::as_str)
                    .any(|own| own.eq_ignore_ascii_case(short) || own == "directoryObject")
            })
        };
        let mut found = Vec::new();
        for own in ids
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|own| self.directory.objects.get(&own.to_ascii_lowercase()))
        {
            let Some((_, kind, _)) = SETS.iter().find(|(name, ..)| *name == own.set) else { continue };
            if wanted(kind) && self.may_read(own.set).is_ok() {
                let mut value = own.value.clone();
                if let Value::Object(map) = &mut value {
                    map.shift_insert(0, "@odata.type".to_owned(), (*kind).into());
                    map.shift_remove("members");
                }
                found.push(value);
            }
        }
        let context = format!("{}/v1.0/$metadata#directoryObjects", r.base);
        Ok(Response::json(200, &json!({ "@odata.context": context, "value": found })))
    }

    /// Makes the directory anew when something was written since.
    fn refresh_directory(&mut self) {
        if self.directory.generation == self.store.generation() {
            return;
        }
        let mut made = Directory { generation: self.store.generation(), objects: BTreeMap::new() };
        self.add_callers(&mut made);
        for kind in self.store.types() {
            for (own, resource) in self.store.below(kind, "", None) {
                let body = resource.body.text();
                if body.contains("\"principalId\"") || kind.starts_with(PROVIDER) {
                    let Ok(value) = serde_json::from_str::<Value>(&body) else { continue };
                    made.add(kind, own, &value);
                }
            }
        }
        self.directory = made;
    }

    fn add_callers(&self, to: &mut Directory) {
        for (caller, _) in &self.options.callers {
            let until = json!([{ "keyId": guid(self.options.seed, &caller.app_id), "displayName": "sign-in of the simulator",
                "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2028-01-01T00:00:00Z", "hint": null, "secretText": null }]);
            let application = guid(self.options.seed, &format!("application {}", caller.app_id));
            to.put("applications", &application, json!({ "appId": caller.app_id, "displayName": caller.name,
                "createdDateTime": "2026-01-01T00:00:00Z", "passwordCredentials": until, "keyCredentials": [] }));
            to.put("servicePrincipals", &caller.object_id, json!({ "appId": caller.app_id, "displayName": caller.name,
                "servicePrincipalType": "Application", "alternativeNames": [], "accountEnabled": true,
                "appOwnerOrganizationId": self.options.tenant, "passwordCredentials": [], "keyCredentials": [],
                "servicePrincipalNames": [caller.app_id] }));
        }
    }
}

impl Directory {
    fn put(&mut self, set: &'static str, object_id: &str, value: Value) {
        let mut own = Map::new();
        own.insert("id".to_owned(), object_id.into());
        if let Value::Object(map) = value {
            own.extend(map.into_iter().filter(|(name, _)| name != "id"));
        }
        self.objects.insert(object_id.to_ascii_lowercase(), Object { set, value: Value::Object(own) });
    }

    /// Who is in a group at once, in lower case.
    fn members_of(&self, group: &str) -> Vec<String> {
        let members = self.objects.get(group).and_then(|own| own.value.get("members")?.as_array());
        members.into_iter().flatten().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
    }

    /// What a resource says about principals.
    fn add(&mut self, kind: &str, lower: &str, value: &Value) {
        if let Some(name) = kind.strip_prefix(PROVIDER) {
            if let Some((set, ..)) = SETS.iter().find(|(set, ..)| set.eq_ignore_ascii_case(name)) {
                let mut object = value.get("properties").cloned().unwrap_or_default();
                if let Value::Object(map) = &mut object {
                    // An export has all who are in a group, however deep, as its members.
                    if let Some(members) = map.shift_remove("transitiveMembers") {
                        map.insert("members".to_owned(), members);
                    }
                }
                self.put(set, id::name(lower), object);
            }
            return;
        }
        if kind == ROLE_ASSIGNMENT {
            return self.add_assigned(value);
        }
        let host = value.get("id").and_then(Value::as_str).unwrap_or(lower);
        if let Some(principal) = value.pointer("/identity/principalId").and_then(Value::as_str) {
            self.add_managed(principal, &guid(0, &format!("client of {principal}")), host, false);
        }
        if kind == "microsoft.managedidentity/userassignedidentities" {
            let own = |name: &str| {
                value.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("")
            };
            self.add_managed(own("principalId"), own("clientId"), host, true);
        }
    }

    /// A managed identity: of a resource, or on its own.
    fn add_managed(&mut self, principal: &str, client: &str, host: &str, explicit: bool) {
        if principal.is_empty() {
            return;
        }
        // Children are named after their workspace too.
        let path = host.rsplit_once("/providers/").map_or("", |(_, rest)| rest);
        let name = path.splitn(3, '/').nth(2).unwrap_or(path);
        let flag = if explicit { "isExplicit=True" } else { "isExplicit=False" };
        let value = json!({ "appId": client, "displayName": name, "servicePrincipalType": "ManagedIdentity",
            "alternativeNames": [flag, host], "accountEnabled": true, "appOwnerOrganizationId": null,
            "passwordCredentials": [], "keyCredentials": [], "servicePrincipalNames": [client] });
        self.put("servicePrincipals", principal, value);
    }

    /// Whom a role is assigned to: people and groups are there; a service principal that nothing else speaks of is gone.
    fn add_assigned(&mut self, value: &Value) {
        let own =
            |name: &str| value.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("");
        let (principal, kind) = (own("principalId"), own("principalType"));
        if principal.is_empty() || self.objects.contains_key(&principal.to_ascii_lowercase()) {
            return;
        }
        let short = principal.split('-').next().unwrap_or(principal);
        match kind {
            "User" => self.put(
                "users",
                principal,
                json!({ "displayName": format!("User {short}"),
                "userPrincipalName": format!("user-{short}@contoso.example"), "accountEnabled": true }),
            ),
            "Group" => self.put(
                "groups",
                principal,
                json!({ "displayName": format!("Group {short}"),
                "securityEnabled": true, "mailEnabled": false, "members": [] }),
            ),
            _ => {}
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "error": { "code": code, "message": message, "innerError": {} } }))
}

fn missing(key: &str) -> Response {
    let message = format!(
        "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    );
    error(404, "Request_ResourceNotFound", &message)
}

fn select(r: &Request<'_>, value: &Value) -> Value {
    let mut value = value.clone();
    let wanted = r.param("$select");
    if let Value::Object(map) = &mut value {
        map.shift_remove("members");
        if let Some(names) = wanted.filter(|own| !own.is_empty()) {
            let names: Vec<&str> = names.split(',').map(str::trim).collect();
            map.retain(|own, _| own == "id" || names.iter().any(|name| name.eq_ignore_ascii_case(own)));
        }
    }
    value
}

/// A page of a set, with a link to the next one.
fn page<'o>(r: &Request<'_>, set: &str, all: impl Iterator<Item = &'o Value>) -> Answer {
    let unsupported =
        |reason: String| error(400, "Request_UnsupportedQuery", &format!("Unsupported Query: {reason}."));
    let filter = match r.param("$filter").filter(|own| !own.is_empty()) {
        Some(text) => Some(filter::parse(&text).map_err(unsupported)?),
        None => None,
    };
    let bad = || error(400, "BadRequest", "The value of '$top' or '$skiptoken' is not valid.");
    let number = |name: &str| r.param(name).map(|own| own.parse::<usize>().map_err(|_| bad())).transpose();
    let top = number("$top")?.unwrap_or(PAGE);
    if top == 0 || top > LARGEST_PAGE {
        return Err(bad());
    }
    let from = number("$skiptoken")?.unwrap_or(0);
    let mut found = Vec::new();
    for own in all {
        let passes = match &filter {
            Some(filter) => filter.passes(own, &|_, _, _| None).map_err(unsupported)?,
            None => true,
        };
        if passes {
            found.push(own);
        }
    }
    let items: Vec<Value> = found.iter().skip(from).take(top).map(|own| select(r, own)).collect();
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), format!("{}/v1.0/$metadata#{set}", r.base).into());
    if r.param("$count").is_some_and(|own| own == "true") {
        body.insert("@odata.count".to_owned(), found.len().into());
    }
    if from + items.len() < found.len() {
        let kept = r.query.split('&').filter(|pair| !pair.is_empty());
        let kept = kept.filter(|pair| {
            pairs(pair).next().is_none_or(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"))
        });
        let mut query: Vec<String> = kept.map(str::to_owned).collect();
        query.push(format!("$skiptoken={}", from + items.len()));
        body.insert("@odata.nextLink".to_owned(), format!("{}{}?{}", r.base, r.path, query.join("&")).into());
    }
    body.insert("value".to_owned(), items.into());
    Ok(Response::json(200, &Value::Object(body)))
}
