//! Policy Insights: the states that an export holds; where it holds none, those that come out now.

use super::bad_filter;
use super::lists::filter_of;
use crate::azure::{Azure, Call};
use crate::id;
use crate::wire::Response;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The type that states have in an export, in lower case.
const STATE: &str = "microsoft.policyinsights/policystates";
const VERSIONS: &[&str] = &["2018-04-04", "2018-07-01-preview", "2019-10-01", "2024-10-01"];
const PATH: &str = "/providers/microsoft.policyinsights/policystates/latest/";

impl Azure {
    /// `queryResults` and `summarize` at a scope; nothing when the path is neither.
    pub(super) fn policy_states(&mut self, call: &Call<'_>) -> Option<Result<Response, Response>> {
        let lower = call.path.to_ascii_lowercase();
        let (scope, what) = lower.split_once(PATH).filter(|_| call.r.method == "POST")?;
        match what {
            "queryresults" => Some(self.query_states(call, scope)),
            "summarize" => Some(self.summarize_states(call, scope)),
            "triggerevaluation" => Some(self.trigger_scan(call, scope)),
            _ => None,
        }
    }

    fn states(
        &mut self,
        call: &Call<'_>,
        scope: &str,
        verb: &str,
    ) -> Result<Vec<Map<String, Value>>, Response> {
        if !VERSIONS.contains(&call.version.as_str()) {
            let known = VERSIONS.join(", ");
            let message = format!(
                "The api-version '{}' is invalid. The supported versions are '{known}'.",
                call.version
            );
            return Err(Response::error(400, "InvalidApiVersionParameter", &message));
        }
        // Roles name it either way, and a Reader sees compliance.
        let permission = |suffix: &str| format!("Microsoft.PolicyInsights/policyStates/{verb}/{suffix}");
        if self.authorize(call, &permission("read"), scope).is_err() {
            self.authorize(call, &permission("action"), scope)?;
        }
        if call.r.param("$apply").is_some() {
            return Err(Response::error(400, "InvalidQuery", "The simulator does not take $apply."));
        }
        let filter = filter_of(call.r)?;
        let mut all = match self.exported(scope) {
            Some(exported) => exported,
            None => self.scanned(call, scope),
        };
        let mut wrong = None;
        if let Some(filter) = &filter {
            all.retain(|own| {
                let passes = filter.passes(&Value::Object(own.clone()), &|_, _, _| None);
                passes.unwrap_or_else(|reason| {
                    wrong.get_or_insert(reason);
                    false
                })
            });
        }
        wrong.map_or(Ok(all), |reason| Err(bad_filter(&reason)))
    }

    /// The states of an export at a scope; nothing when it holds none at all.
    fn exported(&self, scope: &str) -> Option<Vec<Map<String, Value>>> {
        let mut rows = self.store.below(STATE, "", None).peekable();
        rows.peek()?;
        let mut all = Vec::new();
        for (_, state) in rows {
            let Ok(Value::Object(mut own)) = serde_json::from_str::<Value>(&state.body.text()) else {
                continue;
            };
            let Some(Value::Object(told)) = own.remove("properties") else { continue };
            let of = told.get("resourceId").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
            if of == scope || id::covers(scope, &of) {
                all.push(told);
            }
        }
        Some(all)
    }

    fn query_states(&mut self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        let mut all = self.states(call, scope, "queryResults")?;
        let context = format!("{}{scope}{PATH}$metadata#latest", call.r.base);
        let count = all.len();
        if let Some(top) = call.r.param("$top").and_then(|own| own.parse().ok()) {
            all.truncate(top);
        }
        Ok(Response::json(200, &json!({ "@odata.context": context, "@odata.count": count, "value": all })))
    }

    fn summarize_states(&mut self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        let all = self.states(call, scope, "summarize")?;
        let context = format!("{}{scope}{PATH}$metadata#summary", call.r.base);
        let uri = format!(
            "{}{scope}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults?api-version={}",
            call.r.base, call.version
        );
        let text = |own: &Map<String, Value>, name: &str| {
            own.get(name).and_then(Value::as_str).unwrap_or("").to_owned()
        };
        let mut assignments: BTreeMap<String, Vec<&Map<String, Value>>> = BTreeMap::new();
        for own in &all {
            assignments.entry(text(own, "policyAssignmentId")).or_default().push(own);
        }
        let assignments: Vec<Value> = assignments
            .iter()
            .map(|(assignment, states)| {
                let mut definitions: BTreeMap<String, Vec<&Map<String, Value>>> = BTreeMap::new();
                for own in states {
                    definitions.entry(text(own, "policyDefinitionId")).or_default().push(own);
                }
                let definitions: Vec<Value> = definitions
                    .iter()
                    .map(|(definition, states)| {
                        let effect = states.first().map(|own| text(own, "policyDefinitionAction"));
                        json!({ "policyDefinitionId": definition, "effect": effect, "results": results(states.iter().copied(), &uri) })
                    })
                    .collect();
                let set = states.first().map(|own| text(own, "policySetDefinitionId"));
                json!({ "policyAssignmentId": assignment, "policySetDefinitionId": set,
                    "results": results(states.iter().copied(), &uri), "policyDefinitions": definitions })
            })
            .collect();
        let summary = json!({ "@odata.id": null, "@odata.context": format!("{context}/$entity"),
            "results": results(all.iter(), &uri), "policyAssignments": assignments });
        Ok(Response::json(200, &json!({ "@odata.context": context, "@odata.count": 1, "value": [summary] })))
    }
}

/// The counts of some states.
fn results<'s>(states: impl Iterator<Item = &'s Map<String, Value>>, uri: &str) -> Value {
    let mut by_state: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut policies: BTreeSet<&str> = BTreeSet::new();
    for own in states {
        let text = |name: &str| own.get(name).and_then(Value::as_str).unwrap_or("");
        by_state.entry(text("complianceState").to_ascii_lowercase()).or_default().insert(text("resourceId"));
        if text("complianceState").eq_ignore_ascii_case("NonCompliant") {
            policies.insert(text("policyDefinitionId"));
        }
    }
    let details: Vec<Value> =
        by_state.iter().map(|(state, of)| json!({ "complianceState": state, "count": of.len() })).collect();
    let resources = by_state.get("noncompliant").map_or(0, BTreeSet::len);
    json!({ "queryResultsUri": uri, "nonCompliantResources": resources, "nonCompliantPolicies": policies.len(),
        "resourceDetails": details, "policyDetails": [], "policyGroupDetails": [] })
}
