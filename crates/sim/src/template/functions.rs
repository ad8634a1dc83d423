//! The functions that only templates of deployments have.

use dekey_expr::time::Instant;
use dekey_expr::{Fault, Host, HostFunction, Language, Limits, Outcome, Template, Value};
use serde_json::json;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

/// How deep variables may refer to one another, so that those that refer to themselves end.
const DEPTH: usize = 32;

const fn function(name: &'static str, min: usize, max: usize) -> HostFunction {
    HostFunction { name, min, max, constant: false }
}

const FUNCTIONS: &[HostFunction] = &[
    function("parameters", 1, 1),
    function("variables", 1, 1),
    function("subscription", 0, 0),
    function("resourceGroup", 0, 0),
    function("tenant", 0, 0),
    function("deployment", 0, 0),
    function("resourceId", 2, 16),
    function("subscriptionResourceId", 2, 16),
    function("tenantResourceId", 2, 16),
    function("extensionResourceId", 3, 16),
    function("reference", 1, 3),
    function("newGuid", 0, 0),
];

pub(super) const LANGUAGE: Language = Language { host: FUNCTIONS, limits: Limits::POLICY };

/// Where a template is deployed, and what it knows there.
pub(crate) struct Scope<'s> {
    pub(crate) subscription: String,
    pub(crate) subscription_name: String,
    pub(crate) tenant: String,
    pub(crate) group: String,
    pub(crate) location: String,
    pub(crate) deployment: String,
    pub(crate) now: Instant,
    /// What `newGuid` gives: another one each time.
    pub(crate) guids: &'s dyn Fn(u64) -> String,
    pub(crate) drawn: Cell<u64>,
    /// A resource that is there.
    pub(crate) find: &'s dyn Fn(&str) -> Option<Value>,
    /// By name in lower case.
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) variables: Value,
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) depth: Cell<usize>,
}

/// The id of a resource: `Microsoft.A/b/c` and `x/y` below a scope.
pub(super) fn resource_id(scope: &str, kind: &str, name: &str) -> Option<String> {
    let (namespace, types) = kind.split_once('/')?;
    let (types, names): (Vec<&str>, Vec<&str>) = (types.split('/').collect(), name.split('/').collect());
    if types.len() != names.len() || names.iter().any(|own| own.is_empty()) {
        return None;
    }
    let rest: String = types.iter().zip(&names).flat_map(|(kind, name)| ["/", kind, "/", name]).collect();
    Some(format!("{}/providers/{namespace}{rest}", scope.trim_end_matches('/')))
}

impl Scope<'_> {
    /// A resource group: the one of the deployment, or another.
    pub(super) fn group_id(&self, subscription: Option<&str>, group: Option<&str>) -> String {
        let subscription = subscription.unwrap_or(&self.subscription);
        let group = group.unwrap_or(&self.group);
        if group.is_empty() {
            return format!("/subscriptions/{subscription}");
        }
        format!("/subscriptions/{subscription}/resourceGroups/{group}")
    }

    fn variable(&self, name: &str) -> Result<Value, Box<Fault>> {
        let all = self.variables.as_object();
        let found = all.and_then(|all| all.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)));
        let Some((_, value)) = found else {
            return Err(Fault::failed(format!("The template variable '{name}' is not found.")));
        };
        let depth = self.depth.get();
        if depth >= DEPTH {
            return Err(Fault::failed(format!("The template variable '{name}' refers to itself.")));
        }
        self.depth.set(depth + 1);
        let template =
            Template::parse(value, &LANGUAGE).map_err(|(_, error)| Fault::failed(error.to_string()));
        let computed = template.and_then(|own| own.eval(self).map(Cow::into_owned));
        self.depth.set(depth);
        computed
    }

    /// `resourceId([subscription], [group], type, names..)`: what comes before the type says where.
    fn resource_id(&self, words: &[&str]) -> Result<String, Box<Fault>> {
        let at = type_at(words)?;
        let scope = match words.get(..at).unwrap_or_default() {
            [] => self.group_id(None, None),
            [group] => self.group_id(None, Some(group)),
            [subscription, group] => self.group_id(Some(subscription), Some(group)),
            _ => return Err(Fault::failed("has too many arguments before the resource type")),
        };
        below(&scope, words.get(at..).unwrap_or_default())
    }

    fn reference(&self, words: &[&str]) -> Result<Value, Box<Fault>> {
        let word = words.first().copied().unwrap_or_default();
        let id = if word.starts_with('/') {
            Some(word)
        } else {
            self.names.get(&word.to_ascii_lowercase()).map(String::as_str)
        };
        let id =
            id.ok_or_else(|| Fault::failed(format!("the resource '{word}' is not defined in the template")))?;
        let found = (self.find)(id);
        let mut found = found.ok_or_else(|| Fault::failed(format!("the resource '{id}' was not found")))?;
        let full = words.get(2).is_some_and(|own| own.eq_ignore_ascii_case("full"));
        Ok(if full { found } else { found.get_mut("properties").map(Value::take).unwrap_or_default() })
    }
}

/// Where among the words the type is.
fn type_at(words: &[&str]) -> Result<usize, Box<Fault>> {
    let at = words.iter().position(|own| own.contains('/') && own.contains('.') && !own.starts_with('/'));
    at.ok_or_else(|| Fault::failed("needs a resource type, such as Microsoft.Storage/storageAccounts"))
}

fn below(scope: &str, words: &[&str]) -> Result<String, Box<Fault>> {
    let (kind, names) = words.split_first().ok_or_else(|| Fault::failed("needs a resource type"))?;
    resource_id(scope, kind, &names.join("/"))
        .ok_or_else(|| Fault::failed(format!("'{kind}' takes another number of names")))
}

impl Host for Scope<'_> {
    fn call<'a>(&'a self, which: usize, args: &[Cow<'a, Value>]) -> Outcome<'a> {
        let words: Option<Vec<&str>> = args.iter().map(|own| own.as_str()).collect();
        let Some(words) = words else { return Err(Fault::failed("takes texts only")) };
        let first = words.first().copied().unwrap_or_default();
        let name = FUNCTIONS.get(which).map_or("", |own| own.name);
        let value = match name {
            "parameters" => {
                let found = self.parameters.get(&first.to_ascii_lowercase());
                return found
                    .map(Cow::Borrowed)
                    .ok_or_else(|| Fault::failed(format!("The template parameter '{first}' is not found.")));
            }
            "variables" => self.variable(first)?,
            "subscription" => json!({
                "id": format!("/subscriptions/{}", self.subscription), "subscriptionId": self.subscription,
                "tenantId": self.tenant, "displayName": self.subscription_name,
            }),
            "resourceGroup" => json!({
                "id": self.group_id(None, None), "name": self.group, "location": self.location,
                "type": "Microsoft.Resources/resourceGroups", "properties": { "provisioningState": "Succeeded" },
            }),
            "tenant" => json!({ "tenantId": self.tenant }),
            "deployment" => json!({ "name": self.deployment }),
            "resourceId" => self.resource_id(&words)?.into(),
            "subscriptionResourceId" => {
                let at = type_at(&words)?;
                let own = words.first().filter(|_| at > 0).copied().unwrap_or(&self.subscription);
                below(&format!("/subscriptions/{own}"), words.get(at..).unwrap_or_default())?.into()
            }
            "tenantResourceId" => below("", &words)?.into(),
            "extensionResourceId" => below(first, words.get(1..).unwrap_or_default())?.into(),
            "reference" => self.reference(&words)?,
            _ => {
                self.drawn.set(self.drawn.get() + 1);
                (self.guids)(self.drawn.get()).into()
            }
        };
        Ok(Cow::Owned(value))
    }

    fn now(&self) -> Result<Instant, Box<Fault>> {
        Ok(self.now)
    }
}
