//! The activity log: what was written, by whom, for ninety days.

use super::bad_filter;
use super::lists::filter_of;
use crate::azure::{Azure, Call};
use crate::id;
use crate::login::Identity;
use crate::wire::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// The application of Azure Machine Learning, the same in every tenant.
const MACHINE_LEARNING: &str = "0736f41a-0425-4b46-bdb5-1563eff02385";
/// How long an event is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How many events are kept, whatever their age.
const MOST: usize = 100_000;
/// How many are on a page.
const PAGE: usize = 200;

/// The events of the tenant, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(VecDeque<(Timestamp, Value)>);

impl Activity {
    /// The events of a subscription in a span of time.
    pub(crate) fn within<'a>(
        &'a self,
        scope: &'a str,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |(at, _)| (from..to).contains(at)).map(|(_, event)| event).filter(
            move |event| {
                let at = event.get("resourceId").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
                id::covers(scope, &at)
            },
        )
    }
}

impl Azure {
    /// Writes down what a request came to; reads are not written down.
    pub(super) fn note(&mut self, call: &Call<'_>, answer: &Result<Response, Response>) {
        let Some((action, scope)) = self.last_action.clone() else { return };
        if ["GET", "HEAD"].contains(&call.r.method) || action.ends_with("/read") {
            return;
        }
        let (status, succeeded) = match answer {
            Ok(response) => (response.status, true),
            Err(response) => (response.status, false),
        };
        let Identity { app_id, object_id } = call.caller.clone();
        self.write_down(call, (&app_id, &object_id), (&action, &scope), (status, succeeded));
    }

    /// Writes down what the service itself does in consequence of a request.
    pub(super) fn note_service(&mut self, call: &Call<'_>, action: &str, scope: &str) {
        let object = crate::guid(0, "service principal of Azure Machine Learning");
        self.write_down(call, (MACHINE_LEARNING, &object), (action, scope), (201, true));
    }

    fn write_down(
        &mut self,
        call: &Call<'_>,
        (app, object): (&str, &str),
        (action, scope): (&str, &str),
        (status, succeeded): (u16, bool),
    ) {
        let now = call.r.now;
        let time = format!("{now:.7}");
        let seed = self.options.seed;
        let request = crate::guid(seed, &format!("event {}", self.requests()));
        let own = crate::guid(seed, &format!("event {} {action} {scope}", self.requests()));
        let localized = |value: &str| json!({ "value": value, "localizedValue": value });
        let state = if succeeded { "Succeeded" } else { "Failed" };
        let kind = id::parse(scope).kind;
        let event = json!({
            "authorization": { "action": action, "scope": scope },
            "caller": app,
            "channels": "Operation",
            "claims": { "appid": app, "idtyp": "app",
                "http://schemas.microsoft.com/identity/claims/objectidentifier": object },
            "correlationId": request, "description": "", "eventDataId": own,
            "eventName": localized("EndRequest"), "category": localized("Administrative"),
            "eventTimestamp": time, "submissionTimestamp": time,
            "httpRequest": { "clientRequestId": request, "clientIpAddress": "127.0.0.1", "method": call.r.method },
            "id": format!("{scope}/events/{own}/ticks/{}", now.as_microsecond()),
            "level": if succeeded { "Informational" } else { "Error" },
            "operationId": request, "operationName": localized(action),
            "resourceGroupName": id::segment(scope, "resourceGroups"),
            "resourceProviderName": localized(kind.split('/').next().unwrap_or("")),
            "resourceType": localized(&kind), "resourceId": scope,
            "status": localized(state), "subStatus": localized(&status.to_string()),
            "subscriptionId": id::segment(scope, "subscriptions"), "tenantId": self.options.tenant,
            "properties": { "statusCode": status.to_string(), "eventCategory": "Administrative", "entity": scope },
        });
        let oldest = now.checked_sub(KEPT).unwrap_or(now);
        let events = &mut self.activity.0;
        events.push_back((now, event));
        while events.len() > MOST || events.front().is_some_and(|(time, _)| *time < oldest) {
            events.pop_front();
        }
    }

    /// GET of the events of a subscription, newest first.
    pub(super) fn events(&mut self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        if call.version != "2015-04-01" {
            let message = format!(
                "The api-version '{}' is invalid. The supported versions are '2015-04-01'.",
                call.version
            );
            return Err(Response::error(400, "InvalidApiVersionParameter", &message));
        }
        self.authorize(call, "Microsoft.Insights/eventtypes/values/read", scope)?;
        let Some(filter) = filter_of(call.r)? else {
            return Err(Response::error(
                400,
                "BadRequest",
                "The $filter of the request must give a range of eventTimestamp.",
            ));
        };
        let bad = || {
            Response::error(400, "InvalidSkipToken", "The skip token is not one that a next link carried.")
        };
        let from = match call.r.param("$skipToken") {
            Some(token) => {
                let text = BASE64.decode(token.as_bytes()).ok().and_then(|own| String::from_utf8(own).ok());
                text.and_then(|own| own.parse::<usize>().ok()).ok_or_else(bad)?
            }
            None => 0,
        };
        let lower = scope.to_ascii_lowercase();
        let mut found = Vec::new();
        for (_, event) in self.activity.0.iter().rev() {
            let at = event.get("resourceId").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
            let passes =
                filter.passes(&named(event), &|_, _, _| None).map_err(|reason| bad_filter(&reason))?;
            if id::covers(&lower, &at) && passes {
                found.push(event);
            }
        }
        let items: Vec<&Value> = found.iter().skip(from).take(PAGE).copied().collect();
        let mut body = json!({ "value": items });
        if let (true, Value::Object(map)) = (from + items.len() < found.len(), &mut body) {
            let kept =
                call.r.query.split('&').filter(|pair| !pair.to_ascii_lowercase().contains("skiptoken="));
            let token = BASE64.encode((from + items.len()).to_string());
            let query = kept.collect::<Vec<_>>().join("&");
            map.insert(
                "nextLink".to_owned(),
                format!("{}{}?{query}&%24skipToken={token}", call.r.base, call.r.path).into(),
            );
        }
        Ok(Response::json(200, &body))
    }
}

/// An event under the names that filters use.
fn named(event: &Value) -> Value {
    let mut own = event.clone();
    if let Value::Object(map) = &mut own {
        for (name, of) in [
            ("resourceUri", "/resourceId"),
            ("resourceProvider", "/resourceProviderName/value"),
            ("status", "/status/value"),
        ] {
            map.insert(name.to_owned(), event.pointer(of).cloned().unwrap_or_default());
        }
    }
    own
}
