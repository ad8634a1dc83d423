//! Long-running operations: each provider's own protocol, over simulated time.

use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::{Lro, Type};
use crate::wire::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// An operation that goes on, or did.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// The resource that it is about.
    pub(crate) id: String,
    pub(crate) row: &'static Type,
    pub(crate) started: Timestamp,
    pub(crate) until: Timestamp,
    /// What it comes to; nothing when it comes to the resource.
    pub(crate) result: Option<Value>,
    /// Why it fails, if it does.
    pub(crate) failed: Option<Value>,
}

/// After how many requests what nobody sees any more is forgotten.
const FORGET_EVERY: u64 = 256;

/// How often somebody should ask.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

impl Azure {
    /// When something that starts now and takes so long is over.
    pub(super) fn after(&self, call: &Call<'_>, takes: SignedDuration) -> Timestamp {
        let takes = self.options.operation_time.map_or(takes, |most| takes.min(most));
        call.r.now.checked_add(takes).unwrap_or(call.r.now)
    }

    /// The header that says when to ask again: twice at least while an operation lasts.
    fn ask_again(&self) -> String {
        let most = self.options.operation_time.map_or(ASK_AGAIN, |most| ASK_AGAIN.min(most / 2));
        most.as_secs().max(1).to_string()
    }

    fn started(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        id: &str,
        until: Timestamp,
        result: Option<Value>,
    ) -> String {
        let name = crate::guid(self.options.seed, &format!("operation {}", self.requests()));
        let operation =
            Operation { id: id.to_owned(), row, started: call.r.now, until, result, failed: None };
        self.operations.insert(name.clone(), operation);
        let (namespace, _) = row.name.split_once('/').unwrap_or((row.name, ""));
        let subscription = id::segment(id, "subscriptions");
        let place = format!("/subscriptions/{subscription}/providers/{namespace}/locations/westeurope");
        format!("{}{place}/{{}}/{name}?api-version={}", call.r.base, call.version)
    }

    /// 202, and where to ask.
    pub(super) fn accepted(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        path: &Path,
        lro: Lro,
        until: Timestamp,
    ) -> Response {
        self.accepted_with(call, row, &path.id, lro, until, None)
    }

    /// 202 for something that comes to a result of its own.
    pub(super) fn accepted_with(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        id: &str,
        lro: Lro,
        until: Timestamp,
        result: Option<Value>,
    ) -> Response {
        let url = self.started(call, row, id, until, result);
        let response = Response::empty(202)
            .with("Location", url.replace("{}", "operationResults"))
            .with("Retry-After", self.ask_again());
        match lro {
            Lro::Operation => response.with("Azure-AsyncOperation", url.replace("{}", "operationStatuses")),
            _ => response,
        }
    }

    /// The status and body of the resource, and where to ask how it goes on.
    pub(super) fn announced(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        path: &Path,
        until: Timestamp,
        answer: Response,
    ) -> Response {
        let url = self.started(call, row, &path.id, until, None);
        let answer = answer.with("Azure-AsyncOperation", url.replace("{}", "operationStatuses"));
        if row.name.contains("ndpoints") {
            answer.with("x-ms-async-operation-timeout", "PT1H")
        } else {
            answer
        }
    }

    /// Lets an operation on a resource that has just been started end in a failure.
    pub(super) fn fails(&mut self, call: &Call<'_>, id: &str, error: &Value) {
        let is_it = |own: &&mut Operation| own.started == call.r.now && own.id.eq_ignore_ascii_case(id);
        for own in self.operations.values_mut().filter(is_it) {
            own.failed.get_or_insert_with(|| error.clone());
        }
    }

    /// Lets what an answer announces end in a failure, and the resource with it.
    pub(crate) fn fail_announced(&mut self, answer: &Response) {
        let link = answer.header("Azure-AsyncOperation").or_else(|| answer.header("Location"));
        let name = link.and_then(|own| own.split('?').next()?.rsplit('/').next()).unwrap_or_default();
        let Some(operation) = self.operations.get_mut(name) else { return };
        let message = "The operation failed: an internal error occurred.";
        operation.failed = Some(json!({ "code": "InternalServerError", "message": message }));
        let (id, started) = (operation.id.clone(), operation.started);
        if let Some(mut value) = self.store.value(&id) {
            if let Some(Value::Object(properties)) = value.get_mut("properties") {
                properties.insert("provisioningState".to_owned(), "Failed".into());
            }
            let (until, state) =
                self.store.get(&id).and_then(crate::store::Resource::going_on).unwrap_or((started, ""));
            self.store.put(&id, value.to_string(), Some(started));
            self.store.busy(&id, until, state);
        }
        // What was to go stays.
        self.deleting.retain(|(_, own, _)| !own.eq_ignore_ascii_case(&id));
    }

    /// Answers how an operation goes on; nothing when the path names none.
    pub(super) fn operation(&mut self, call: &Call<'_>) -> Option<Result<Response, Response>> {
        let mut segments = call.path.rsplit('/');
        let (name, kind) = (segments.next()?, segments.next()?);
        let asks_status = kind.eq_ignore_ascii_case("operationStatuses");
        if !asks_status && !kind.eq_ignore_ascii_case("operationResults") {
            return None;
        }
        let Some(operation) = self.operations.get(name).cloned() else {
            return Some(Err(Response::error(404, "NotFound", "The operation was not found.")));
        };
        let running = call.r.now < operation.until;
        if asks_status {
            let response = status(call, name, &operation, running);
            return Some(Ok(if running { response.with("Retry-After", self.ask_again()) } else { response }));
        }
        if running {
            let url = format!("{}{}?{}", call.r.base, call.r.path, call.r.query);
            return Some(Ok(Response::empty(202)
                .with("Location", url)
                .with("Retry-After", self.ask_again())));
        }
        if let Some(error) = &operation.failed {
            return Some(Ok(Response::json(500, &json!({ "error": error }))));
        }
        Some(Ok(match &operation.result {
            Some(result) => Response::json(200, result),
            None => match self.shown_now(call, operation.row, &operation.id) {
                Some(body) => Response::text(200, body),
                None => Response::empty(204),
            },
        }))
    }

    /// Ends what is over by now.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.requests().is_multiple_of(FORGET_EVERY) {
            let seen = now.checked_sub(self.options.graph_lag).unwrap_or(now);
            self.store.forget(seen);
            self.changes.forget(seen);
        }
        self.forget_workspaces(now);
        let (over, rest) =
            std::mem::take(&mut self.deleting).into_iter().partition(|(until, ..)| *until <= now);
        self.deleting = rest;
        let over: Vec<(Timestamp, String, bool)> = over;
        for (until, id, purge) in over {
            if id::type_of(&id) == crate::types::WORKSPACE && !purge {
                self.keep_workspace(&id, until);
            }
            self.erase(&id, until);
        }
    }
}

fn status(call: &Call<'_>, name: &str, operation: &Operation, running: bool) -> Response {
    let state = match &operation.failed {
        _ if running => "InProgress",
        Some(_) => "Failed",
        None => "Succeeded",
    };
    let mut body = json!({
        "id": call.path, "name": name, "status": state,
        "startTime": format!("{:.7}", operation.started),
        "percentComplete": if running { 50.0 } else { 100.0 },
    });
    if let (false, Value::Object(map)) = (running, &mut body) {
        map.insert("endTime".to_owned(), format!("{:.7}", operation.until).into());
        map.extend(operation.failed.clone().map(|own| ("error".to_owned(), own)));
    }
    Response::json(200, &body)
}
