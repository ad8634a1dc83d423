//! Operations that take longer than a call, each followed as its provider means it.
//!
//! An answer to a change says how to follow it, in this order: an `Azure-AsyncOperation` address with a status; a `Location`
//! that says 202 until it is over; or nothing but the resource itself, with a `provisioningState`. Providers mix these: Azure
//! Machine Learning answers 202 with `Location` for workspaces, 201 with `Azure-AsyncOperation` for computes and endpoints,
//! and 200 with a state for a change to a compute. Whatever the way, the resource is read again at the end.

use crate::answer::{Answer, Read};
use crate::call::{Call, Verb};
use crate::client::Client;
use crate::cloud::Service;
use crate::error::{Error, ErrorKind, deepest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How often an operation is looked at when nobody says how often.
const EVERY: Duration = Duration::from_secs(5);

/// The bounds on how often Azure may say.
const OFTEN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// How an operation is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// It was over with its answer.
    Over,
    /// A status under its own address.
    AsyncOperation,
    /// An address that says 202 until it is over.
    Location,
    /// The resource and its `provisioningState`.
    ProvisioningState,
}

/// A change that was accepted. It can be written down and followed by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What was done.
    pub verb: Verb,
    /// The address of the resource, or of the action.
    pub resource: String,
    /// How it is followed.
    pub protocol: Protocol,
    /// The address to look at.
    pub look: String,
    /// Where an action leaves its result.
    pub result: Option<String>,
    /// How long to wait before the next look.
    pub wait: Duration,
    /// What the last answer held.
    pub answer: Option<Value>,
}

/// What an answer says about an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    status: u16,
    operation: Option<String>,
    location: Option<String>,
    wait: Option<Duration>,
    body: Option<Value>,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Succeeded,
    Failed,
}

/// Reads what the answer to a change says. What was accepted is accepted, whatever became of the body.
pub(crate) fn see(answer: &Answer) -> Read<Seen> {
    match (answer.bytes(), answer.json()) {
        (Read::Failed(kind), _) => Read::Failed(kind),
        (_, Read::Value(body)) => Read::Value(Seen::of(answer, Some(body))),
        _ => Read::Value(Seen::of(answer, None)),
    }
}

/// Reads what a look shows. Only a `Location` may answer without a body.
fn see_again(answer: &Answer, protocol: Protocol) -> Read<Seen> {
    match answer.bytes() {
        Read::Value(b"") if answer.status != 200 || protocol == Protocol::Location => {
            Read::Value(Seen::of(answer, None))
        }
        _ => match answer.json() {
            Read::Value(body) => Read::Value(Seen::of(answer, Some(body))),
            Read::Failed(kind) => Read::Failed(kind),
            Read::Garbled(kind) => Read::Garbled(kind),
        },
    }
}

impl Seen {
    fn of(answer: &Answer, body: Option<Value>) -> Self {
        Self {
            status: answer.status,
            operation: answer.header("azure-asyncoperation"),
            location: answer.header("location"),
            wait: answer.asked,
            body,
        }
    }
}

/// A state of Azure's, in any case. There are more than are written down anywhere, and all of those go on.
fn state(text: &str) -> State {
    match text.to_ascii_lowercase().as_str() {
        "succeeded" => State::Succeeded,
        "failed" | "canceled" | "cancelled" => State::Failed,
        _ => State::Running,
    }
}

fn provisioning(body: &Value) -> Option<&str> {
    body.get("properties").and_then(|own| own.get("provisioningState")).and_then(Value::as_str)
}

fn failed(body: &Value) -> ErrorKind {
    let said = body.get("error").or_else(|| body.get("properties").and_then(|own| own.get("error")));
    let state = body.get("status").and_then(Value::as_str).or_else(|| provisioning(body)).unwrap_or("Failed");
    let why = said.filter(|error| error.is_object()).map(deepest);
    ErrorKind::Failed(why.unwrap_or_else(|| format!("{state}, and no reason given")))
}

impl Operation {
    /// What a change has set in motion.
    pub(crate) fn begun(verb: Verb, url: &Url, seen: Seen) -> Result<Self, ErrorKind> {
        let resource = url.to_string();
        let mut own = Self {
            verb,
            look: resource.clone(),
            resource,
            protocol: Protocol::Over,
            result: None,
            wait: Duration::ZERO,
            answer: None,
        };
        own.wait = seen.wait.unwrap_or(EVERY).clamp(OFTEN.0, OFTEN.1);
        let accepted = seen.status == 202;
        let changing = seen.body.as_ref().and_then(provisioning).map(state);
        if let Some(address) = seen.operation {
            (own.protocol, own.look) = (Protocol::AsyncOperation, address);
            own.result = seen.location.filter(|_| verb == Verb::Act);
        } else if let Some(address) = seen.location.filter(|_| accepted) {
            // With 201, it is the address of what was made.
            (own.protocol, own.look) = (Protocol::Location, address);
        } else if verb == Verb::Act {
            // Nothing says where to look: the resource itself will show it.
        } else if changing == Some(State::Failed) {
            return Err(failed(seen.body.as_ref().unwrap_or(&Value::Null)));
        } else if accepted || changing == Some(State::Running) || seen.body.is_none() {
            own.protocol = Protocol::ProvisioningState;
        }
        own.answer = seen.body;
        Ok(own)
    }

    /// What one look at the operation shows.
    fn looked(&mut self, seen: Seen) -> Result<State, ErrorKind> {
        self.wait = seen.wait.unwrap_or(EVERY).clamp(OFTEN.0, OFTEN.1);
        let own = |body: &Value| body.get("status").and_then(Value::as_str).map(state);
        let body = seen.body.as_ref();
        let state = match (self.protocol, seen.status) {
            (Protocol::Over, _) => State::Succeeded,
            (Protocol::ProvisioningState, 404) if self.verb == Verb::Delete => State::Succeeded,
            (Protocol::ProvisioningState, _) => {
                let state = body.and_then(provisioning).map_or(State::Succeeded, state);
                // What is still there is not deleted, whatever its state.
                if self.verb == Verb::Delete && state == State::Succeeded { State::Running } else { state }
            }
            (_, 202) => State::Running,
            (_, _) => body
                .and_then(own)
                .or_else(|| body.and_then(provisioning).map(state))
                .unwrap_or(State::Succeeded),
        };
        if let (Protocol::Location, Some(address)) = (self.protocol, seen.location) {
            self.look = address;
        }
        if state == State::Failed {
            return Err(failed(body.unwrap_or(&Value::Null)));
        }
        self.answer = seen.body;
        Ok(state)
    }
}

impl Client {
    /// Follows an operation to its end: the resource as it is then, the result of an action, or nothing when it is gone. With
    /// no time left it is an error, and the operation can be followed on.
    pub async fn wait(&self, operation: &mut Operation, budget: Duration) -> Result<Option<Value>, Error> {
        let started = Instant::now();
        loop {
            while operation.protocol != Protocol::Over {
                if started.elapsed() + operation.wait > budget {
                    let kind = ErrorKind::StillRunning(started.elapsed());
                    return Err(Error::new(kind, operation.resource_name()));
                }
                tokio::time::sleep(operation.wait).await;
                let seen = self.look(&operation.look, operation.verb, operation.protocol).await?;
                let state = operation.looked(seen);
                if state.map_err(|kind| Error::new(kind, operation.resource_name()))? == State::Succeeded {
                    break;
                }
            }
            if operation.verb == Verb::Act {
                return self.result(operation).await;
            }
            // The final state is what the resource says of itself.
            let seen = self.look(&operation.resource, operation.verb, Protocol::ProvisioningState).await?;
            operation.protocol = Protocol::ProvisioningState;
            operation.look.clone_from(&operation.resource);
            let state = operation.looked(seen).map_err(|kind| Error::new(kind, operation.resource_name()))?;
            if state == State::Succeeded {
                operation.protocol = Protocol::Over;
                return Ok(operation.answer.clone().filter(|_| operation.verb != Verb::Delete));
            }
        }
    }

    async fn result(&self, operation: &mut Operation) -> Result<Option<Value>, Error> {
        if let (Protocol::AsyncOperation, Some(address)) = (operation.protocol, operation.result.clone()) {
            operation.answer = self.look(&address, Verb::Act, Protocol::Location).await?.body;
        }
        operation.protocol = Protocol::Over;
        Ok(operation.answer.clone())
    }

    async fn look(&self, address: &str, verb: Verb, protocol: Protocol) -> Result<Seen, Error> {
        let url = Url::parse(address).map_err(|_| {
            let kind = ErrorKind::Protocol("an operation at no address".to_owned());
            Error::new(kind, "GET".to_owned())
        })?;
        let call = Call::get(Service::Arm, url);
        let gone = Seen { status: 404, ..Seen::default() };
        let seen = self.exchange(&call, |answer| match see_again(answer, protocol) {
            // Of what is being deleted, that is the best answer.
            Read::Failed(ErrorKind::NotFound(_)) if verb == Verb::Delete => Read::Value(gone.clone()),
            read => read,
        });
        seen.await
    }
}

impl Operation {
    fn resource_name(&self) -> String {
        let path = Url::parse(&self.resource).map(|url| url.path().to_owned()).unwrap_or_default();
        format!("{} {path}", self.verb.method())
    }
}
