//! Reading an answer: within bounds, whole, and never quoting what may be secret.

use crate::error::{Error, ErrorKind, of_answer};
use crate::quota::{self, Said};
use crate::retry;
use azure_core::http::AsyncRawResponse;
use azure_core::http::headers::{HeaderName, Headers};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The largest answer that is read.
const MAX_BODY: usize = 64 << 20;

/// The longest header that is looked at.
const MAX_HEADER: usize = 8 << 10;

/// The longest id that is shown.
const MAX_ID: usize = 100;

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) said: Said,
    /// How long Azure asks to wait.
    pub(crate) asked: Option<Duration>,
    headers: Headers,
    body: Result<Vec<u8>, Broken>,
}

/// What is wrong with a body.
enum Broken {
    /// It ended early.
    Short(String),
    /// It does not end.
    Endless,
}

/// What an answer comes to.
pub(crate) enum Read<T> {
    /// What was asked for.
    Value(T),
    /// A refusal.
    Failed(ErrorKind),
    /// Something that another try may give whole.
    Garbled(ErrorKind),
}

impl Answer {
    pub(crate) async fn of(response: AsyncRawResponse) -> Self {
        let (status, headers, mut stream) = response.deconstruct();
        let status = u16::from(status);
        let asked = retry::asked_for(|name| text(&headers, name), jiff::Timestamp::now());
        let mut said = quota::said(|name| text(&headers, name));
        if status == 429 {
            said.refused = Some(asked.or(said.resets).unwrap_or(Duration::from_secs(1)));
        }
        let mut body = Vec::new();
        let mut broken = None;
        while let Some(chunk) = stream.next().await {
            match chunk {
                Err(error) => broken = Some(Broken::Short(reason(&error))),
                Ok(chunk) if body.len() + chunk.len() > MAX_BODY => broken = Some(Broken::Endless),
                Ok(chunk) => body.extend_from_slice(&chunk),
            }
            if broken.is_some() {
                break;
            }
        }
        let length = text(&headers, "content-length").and_then(|text| text.trim().parse::<u64>().ok());
        let plain = text(&headers, "content-encoding").is_none();
        let body = match (broken, length) {
            (Some(broken), _) => Err(broken),
            (None, Some(length)) if plain && length != body.len() as u64 => {
                Err(Broken::Short(format!("{} of {length} bytes came", body.len())))
            }
            (None, _) => Ok(body),
        };
        Self { status, said, asked, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        text(&self.headers, name)
    }

    /// Puts the ids that Microsoft's support asks for on an error.
    pub(crate) fn sign(&self, error: Error) -> Error {
        let id = |name: &str| self.header(name).filter(|id| id.len() <= MAX_ID).map(String::into_boxed_str);
        let request_id = id("x-ms-request-id").or_else(|| id("request-id"));
        Error { request_id, correlation_id: id("x-ms-correlation-request-id"), ..error }
    }

    /// The body of an answer that says yes.
    pub(crate) fn bytes(&self) -> Read<&[u8]> {
        let body = match &self.body {
            Ok(body) => body.as_slice(),
            Err(Broken::Endless) => {
                let why = format!("an answer larger than {} MiB", MAX_BODY >> 20);
                return Read::Failed(ErrorKind::Protocol(why));
            }
            Err(Broken::Short(why)) if (200..=299).contains(&self.status) => {
                return Read::Garbled(ErrorKind::Protocol(why.clone()));
            }
            Err(Broken::Short(_)) => &[],
        };
        match self.status {
            200..=299 => Read::Value(body),
            status @ 300..=399 => Read::Failed(ErrorKind::Protocol(format!(
                "a redirect ({status}), which is not followed: its target is no service of this cloud"
            ))),
            401 if self.header("www-authenticate").is_some_and(|text| asks_for_more(&text)) => {
                Read::Failed(ErrorKind::SignIn(
                    "a policy of Conditional Access asks for more than this way of signing in gives (a claims challenge): \
                     sign in with az login, or from a place that the policy allows"
                        .to_owned(),
                ))
            }
            status => Read::Failed(of_answer(status, body)),
        }
    }

    /// The body as JSON of some shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Read<T> {
        let body = match self.bytes() {
            Read::Value(body) => body,
            Read::Failed(kind) => return Read::Failed(kind),
            Read::Garbled(kind) => return Read::Garbled(kind),
        };
        match serde_json::from_slice(body) {
            Ok(value) => Read::Value(value),
            Err(error) if error.is_data() => {
                let place = format!("line {} column {}", error.line(), error.column());
                Read::Failed(ErrorKind::Protocol(format!("JSON of another shape than expected, at {place}")))
            }
            Err(error) => {
                let place = format!("line {} column {}", error.line(), error.column());
                Read::Garbled(ErrorKind::Protocol(format!("the body is not JSON, at {place}")))
            }
        }
    }
}

fn asks_for_more(challenge: &str) -> bool {
    challenge.contains("claims=") || challenge.contains("insufficient_claims")
}

fn text(headers: &Headers, name: &str) -> Option<String> {
    headers.get_optional_string(&HeaderName::from(name.to_owned())).filter(|text| text.len() <= MAX_HEADER)
}

/// The innermost reason; what wraps it only says that something failed.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    dekey_model::secret::mask(&inner.to_string()).into_owned()
}
