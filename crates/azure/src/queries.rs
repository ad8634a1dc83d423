//! Questions: Resource Graph, Microsoft Graph, Log Analytics.

use crate::call::Call;
use crate::client::Client;
use crate::cloud::Service;
use crate::error::{Error, deepest};
use crate::pages::Pages;
use crate::versions;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many rows Resource Graph gives at once.
const ROWS: u32 = 1000;

/// What a query of Resource Graph is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'s> {
    /// These subscriptions.
    Subscriptions(&'s [String]),
    /// These management groups and what is below them.
    ManagementGroups(&'s [String]),
    /// All that the caller sees.
    Tenant,
}

/// The answer to a query over logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Logs {
    /// Its tables; the first holds the result.
    pub tables: Vec<Table>,
    /// Why rows are missing, when some are.
    pub partial: Option<String>,
}

/// A table of logs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, in the order of the columns. Numbers may be texts.
    pub rows: Vec<Vec<Value>>,
}

/// A column of logs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, such as `datetime`.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
struct Said {
    tables: Vec<Table>,
    error: Option<Value>,
}

impl Client {
    /// A query over subscriptions; `above` adds what lies above them.
    pub fn query(&self, kql: &str, subscriptions: &[String], above: bool) -> Result<Pages, Error> {
        self.query_in(Scope::Subscriptions(subscriptions), kql, above)
    }

    /// A query of Resource Graph. It must project `id`, or there is no second page.
    pub fn query_in(&self, scope: Scope<'_>, kql: &str, above: bool) -> Result<Pages, Error> {
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let url = self.address(Service::Arm, path, &[("api-version", versions::RESOURCE_GRAPH)])?;
        let filter = if above { "AtScopeAboveAndBelow" } else { "AtScopeAndBelow" };
        let options =
            json!({ "resultFormat": "objectArray", "$top": ROWS, "authorizationScopeFilter": filter });
        let mut question = json!({ "query": kql, "options": options });
        let (name, ids) = match scope {
            Scope::Subscriptions(ids) => ("subscriptions", ids),
            Scope::ManagementGroups(ids) => ("managementGroups", ids),
            Scope::Tenant => return Ok(self.pages(Call::ask(Service::Arm, url, question))),
        };
        if let Some(object) = question.as_object_mut() {
            object.insert(name.to_owned(), json!(ids));
        }
        Ok(self.pages(Call::ask(Service::Arm, url, question)))
    }

    /// What changed of resources of these types since then, as the `id` of the change and its `target`; of what Resource Graph
    /// still knows: it forgets after fourteen days.
    pub fn changes(&self, scope: Scope<'_>, types: &[&str], since: jiff::Timestamp) -> Result<Pages, Error> {
        let types: Vec<String> = types.iter().map(|own| format!("'{}'", own.to_ascii_lowercase())).collect();
        let kql = format!(
            "resourcechanges | where todatetime(properties.changeAttributes.timestamp) >= datetime('{since}') \
             and tostring(properties.targetResourceType) in~ ({}) \
             | project id, target = tostring(properties.targetResourceId) | order by id asc",
            types.join(", ")
        );
        self.query_in(scope, &kql, false)
    }

    /// What was done to resources of a provider in a span of time, as the activity log has it: for ninety days.
    pub fn events(
        &self,
        subscription: &str,
        provider: &str,
        from: jiff::Timestamp,
        to: jiff::Timestamp,
    ) -> Result<Pages, Error> {
        let path = format!(
            "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        );
        let filter = format!(
            "eventTimestamp ge '{from}' and eventTimestamp le '{to}' and resourceProvider eq '{provider}'"
        );
        let query = [("$filter", filter.as_str()), ("$select", "eventTimestamp,operationName,resourceId")];
        self.list_with(&path, versions::ACTIVITY, &query)
    }

    /// What was done in a subscription in a span of time, and by whom, as the activity log has it: for ninety days.
    pub fn activity(
        &self,
        subscription: &str,
        from: jiff::Timestamp,
        to: jiff::Timestamp,
    ) -> Result<Pages, Error> {
        let path = format!(
            "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        );
        let filter = format!("eventTimestamp ge '{from}' and eventTimestamp le '{to}'");
        let wanted =
            "eventDataId,eventTimestamp,operationName,resourceId,status,caller,operationId,subscriptionId";
        let query = [("$filter", filter.as_str()), ("$select", wanted)];
        self.list_with(&path, versions::ACTIVITY, &query)
    }

    /// What Policy Insights says now of the resources of a subscription.
    pub fn policy_states(&self, subscription: &str) -> Result<Pages, Error> {
        let path = format!(
            "/subscriptions/{subscription}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"
        );
        let url = self.address(Service::Arm, &path, &[("api-version", versions::POLICY_STATES)])?;
        Ok(self.pages(Call::ask(Service::Arm, url, json!({}))))
    }

    /// A list of Microsoft Graph.
    pub fn graph_list(&self, path: &str, query: &[(&str, &str)]) -> Result<Pages, Error> {
        let url = self.address(Service::Graph, &format!("{}{path}", versions::GRAPH), query)?;
        Ok(self.pages(Call::get(Service::Graph, url)))
    }

    /// What Microsoft Graph knows of up to a thousand objects; those that are gone are left out.
    pub fn graph_objects(&self, ids: &[String]) -> Result<Pages, Error> {
        let path = format!("{}/directoryObjects/getByIds", versions::GRAPH);
        let url = self.address(Service::Graph, &path, &[])?;
        let question = json!({ "ids": ids, "types": ["user", "group", "servicePrincipal"] });
        Ok(self.pages(Call::ask(Service::Graph, url, question)))
    }

    /// A query over the logs of a workspace of Log Analytics, by its GUID, in a span of time such as `PT24H`.
    pub async fn query_logs(&self, workspace: &str, kql: &str, timespan: &str) -> Result<Logs, Error> {
        let url = self.address(Service::Logs, &format!("/v1/workspaces/{workspace}/query"), &[])?;
        let question = json!({ "query": kql, "timespan": timespan });
        let said: Said = self.send(&Call::ask(Service::Logs, url, question)).await?;
        let partial = said.error.as_ref().filter(|error| !error.is_null()).map(deepest);
        Ok(Logs { tables: said.tables, partial })
    }
}
