//! Log Analytics: queries over what the services would have logged.

mod storage;
mod tables;
mod workload;

use crate::azure::Azure;
use crate::kql::{self, Error, Relation, Run, Tables};
use crate::login::Service;
use crate::wire::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::cell::Cell;

/// What a workspace of Log Analytics keeps.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most rows of an answer.
const MOST: usize = 500_000;
const SETTINGS: &str = "microsoft.insights/diagnosticsettings";

/// The records that one workspace of Log Analytics has of a span of time.
struct View<'a> {
    azure: &'a Azure,
    /// The id of the workspace, in lower case.
    workspace: &'a str,
    from: Timestamp,
    to: Timestamp,
    /// Not all could be made.
    is_partial: Cell<bool>,
}

impl Azure {
    /// Answers a query; nothing when the path is none of Log Analytics.
    pub(crate) fn logs(&mut self, r: &Request<'_>, path: &str) -> Option<Result<Response, Response>> {
        let customer = path.strip_prefix("/v1/workspaces/")?.strip_suffix("/query")?.to_ascii_lowercase();
        Some(self.query_logs(r, &customer))
    }

    fn query_logs(&self, r: &Request<'_>, customer: &str) -> Result<Response, Response> {
        let caller = self.authenticate(r, Service::Logs)?;
        let given = if r.method == "POST" { r.json()? } else { json!({}) };
        let text = |name: &str| {
            given
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or_else(|| r.param(name).map(|own| own.to_string()))
        };
        let Some(workspace) = self.log_workspaces().into_iter().find(|id| self.customer_id(id) == customer)
        else {
            return Err(refused(404, "WorkspaceNotFoundError", "The workspace could not be found"));
        };
        let principals = self.principals(&caller);
        if !self
            .access(&principals, r.now)
            .may("Microsoft.OperationalInsights/workspaces/query/read", &workspace)
        {
            let message =
                "The provided credentials have insufficient access to perform the requested operation";
            return Err(refused(403, "InsufficientAccessError", message));
        }
        let bad = |message: &str| refused(400, "BadArgumentError", message);
        let query =
            text("query").filter(|own| !own.trim().is_empty()).ok_or_else(|| bad("The query is empty."))?;
        let (from, to) = match text("timespan") {
            Some(span) => {
                timespan(&span, r.now).ok_or_else(|| bad("The timespan is not one of ISO 8601."))?
            }
            None => (r.now.checked_sub(KEPT).unwrap_or(r.now), r.now),
        };
        let view = View {
            azure: self,
            workspace: &workspace,
            from,
            to: to.min(r.now),
            is_partial: Cell::new(false),
        };
        let parsed = kql::parse(&query, "").map_err(|error| syntax(&error))?;
        let relation = Run { tables: &view, now: r.now }.query(&parsed).map_err(|error| semantics(&error))?;
        let mut body = json!({ "tables": [table(&relation)] });
        if let (true, Value::Object(map)) = (view.is_partial.get() || relation.rows.len() > MOST, &mut body) {
            let why = "The results of this query exceed the set limit of 500000 records, so not all records were returned";
            let details = json!([{ "code": "QueryExecutionResultSizeLimitExceeded", "message": why }]);
            map.insert("error".to_owned(), json!({ "code": "PartialError", "message": "There were some errors when processing your query.", "details": details }));
        }
        Ok(Response::json(200, &body))
    }

    /// The workspaces of Log Analytics: those that there are, and those that diagnostic settings send to.
    fn log_workspaces(&self) -> Vec<String> {
        let there = self.store.below("microsoft.operationalinsights/workspaces", "", None);
        let mut all: Vec<String> = there.map(|(id, _)| id.to_owned()).collect();
        for (_, setting) in self.store.below(SETTINGS, "", None) {
            let value: Option<Value> = serde_json::from_str(&setting.body.text()).ok();
            let to = value.as_ref().and_then(|own| own.pointer("/properties/workspaceId")?.as_str());
            all.extend(to.map(str::to_ascii_lowercase));
        }
        all.sort();
        all.dedup();
        all
    }

    /// The GUID by which a workspace of Log Analytics is asked.
    pub(crate) fn customer_id(&self, id: &str) -> String {
        let value = self.store.value(id);
        let own = value.as_ref().and_then(|own| own.pointer("/properties/customerId")?.as_str());
        own.map_or_else(
            || crate::guid(self.options.seed, &format!("customer {}", id.to_ascii_lowercase())),
            str::to_ascii_lowercase,
        )
    }
}

/// `PT24H`, `P7D`, or two times with a slash between them.
fn timespan(text: &str, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    if let Some((from, to)) = text.split_once('/') {
        let span = |own: &str| {
            own.parse::<jiff::Span>().ok().and_then(|own| SignedDuration::try_from(days_as_hours(own)?).ok())
        };
        return match (from.parse::<Timestamp>(), to.parse::<Timestamp>()) {
            (Ok(from), Ok(to)) => Some((from, to)),
            (Ok(from), Err(_)) => Some((from, from.checked_add(span(to)?).ok()?)),
            (Err(_), Ok(to)) => Some((to.checked_sub(span(from)?).ok()?, to)),
            _ => None,
        };
    }
    let span = days_as_hours(text.parse::<jiff::Span>().ok()?)?;
    Some((now.checked_sub(SignedDuration::try_from(span).ok()?).ok()?, now))
}

/// Days are of 24 hours there.
fn days_as_hours(span: jiff::Span) -> Option<jiff::Span> {
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let hours = i64::from(span.get_hours()).checked_add(days.checked_mul(24)?)?;
    span.try_weeks(0).ok()?.try_days(0).ok()?.try_hours(hours).ok()
}

fn refused(status: u16, code: &str, message: &str) -> Response {
    Response::json(
        status,
        &json!({ "error": { "message": message, "code": code, "correlationId": "00000000-0000-0000-0000-000000000000" } }),
    )
}

fn invalid(code: &str, message: &str) -> Response {
    let inner = json!({ "code": code, "message": message });
    Response::json(
        400,
        &json!({ "error": { "message": "The request had some invalid properties", "code": "BadArgumentError", "innererror": inner } }),
    )
}

fn syntax(error: &Error) -> Response {
    let at = error.at.map(|at| format!(" at character {at}")).unwrap_or_default();
    invalid("SyntaxError", &format!("A recognition error occurred in the query: '{}'{at}.", error.token))
}

fn semantics(error: &Error) -> Response {
    invalid("SemanticError", &format!("A semantic error occurred: '{}' could not be resolved.", error.token))
}

/// A table as Log Analytics gives it.
fn table(relation: &Relation) -> Value {
    let types = relation.column_types();
    let kind = |of: &str| match of {
        "boolean" => "bool",
        "number" => "real",
        "integer" => "long",
        "object" => "dynamic",
        other => match other {
            "datetime" => "datetime",
            _ => "string",
        },
    };
    let columns: Vec<Value> = relation
        .columns
        .iter()
        .zip(types)
        .map(|(name, of)| json!({ "name": name, "type": tables::type_of(name).unwrap_or(kind(of)) }))
        .collect();
    let cells = |row: &kql::Row| -> Value {
        relation.columns.iter().map(|name| row.get(name).cloned().unwrap_or_default()).collect()
    };
    let rows: Vec<Value> = relation.rows.iter().take(MOST).map(cells).collect();
    json!({ "name": "PrimaryResult", "columns": columns, "rows": rows })
}

impl Tables for View<'_> {
    fn columns(&self, table: &str) -> Option<Vec<String>> {
        let all = tables::find(table)?.columns;
        Some(all.iter().map(|own| (*own).to_owned()).collect())
    }

    fn rows(&self, table: &str, _: Option<&[String]>) -> Vec<kql::Row> {
        let Some(table) = tables::find(table) else { return Vec::new() };
        let mut all = workload::records(self, table);
        if all.len() > MOST {
            all.truncate(MOST);
            self.is_partial.set(true);
        }
        all
    }
}
