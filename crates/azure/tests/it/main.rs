//! The client against answers that were written down: what is sent, what is tried again, what is refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod calls;
mod faults;
mod operations;
mod pages;
mod queries;
mod sign_in;
mod wire;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::{AUTHORIZATION, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, StatusCode};
use dekey_azure::{Client, Cloud, Limits, Observer};
use futures::StreamExt;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the far side does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection is reset.
    Reset,
    /// The body ends early.
    Truncated(String),
    /// Nothing comes.
    Silence,
}

pub(crate) fn ok(body: &str) -> Step {
    Step::Answer(200, Vec::new(), body.to_owned())
}

pub(crate) fn status(status: u16, headers: &[(&'static str, &str)], body: &str) -> Step {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Step::Answer(status, headers, body.to_owned())
}

/// The far side: a script, and a record of what came.
#[derive(Debug, Default)]
pub(crate) struct Far {
    script: Mutex<VecDeque<Step>>,
    came: Mutex<Vec<Came>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) token: String,
    pub(crate) body: String,
    pub(crate) only_if: String,
}

#[async_trait::async_trait]
impl HttpClient for Far {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Body::SeekableStream(_) => panic!("nothing is streamed"),
        };
        self.came.lock().unwrap().push(Came {
            url: request.url().to_string(),
            method: request.method().to_string(),
            token: request.headers().get_optional_string(&AUTHORIZATION).unwrap_or_default(),
            body,
            only_if: request.headers().get_optional_string(&"if-match".into()).unwrap_or_default(),
        });
        let step = self.script.lock().unwrap().pop_front().unwrap_or(Step::Reset);
        let reset = || azure_core::Error::with_message(azure_core::error::ErrorKind::Io, "connection reset");
        match step {
            Step::Reset => Err(reset()),
            Step::Silence => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                Err(reset())
            }
            Step::Truncated(body) => {
                let bytes = azure_core::Bytes::from(body);
                let stream = futures::stream::iter([Ok(bytes), Err(reset())]).boxed();
                Ok(AsyncRawResponse::new(StatusCode::Ok, Headers::new(), stream))
            }
            Step::Answer(status, list, body) => {
                let mut headers = Headers::new();
                for (name, value) in list {
                    headers.insert(name, value);
                }
                Ok(AsyncRawResponse::from_bytes(StatusCode::from(status), headers, body.into_bytes()))
            }
        }
    }
}

/// Gives a new token each time it is asked.
#[derive(Debug, Default)]
pub(crate) struct Tokens(AtomicU32, bool);

#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if self.1 {
            let kind = azure_core::error::ErrorKind::Credential;
            return Err(azure_core::Error::with_message(kind, "AADSTS700082: the refresh token has expired"));
        }
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let token = format!("{}#{number}", scopes.join(" "));
        Ok(AccessToken::new(token, azure_core::time::OffsetDateTime::now_utc() + Duration::from_hours(1)))
    }
}

/// A client and the far side it talks to.
pub(crate) fn client(script: impl IntoIterator<Item = Step>) -> (Client, Arc<Far>) {
    client_with(script, Limits::default(), None)
}

pub(crate) fn client_with(
    script: impl IntoIterator<Item = Step>,
    limits: Limits,
    observer: Option<Arc<dyn Observer>>,
) -> (Client, Arc<Far>) {
    client_signed(script, Tokens::default(), limits, observer)
}

pub(crate) fn signed_out(script: impl IntoIterator<Item = Step>) -> (Client, Arc<Far>) {
    client_signed(script, Tokens(AtomicU32::new(0), true), Limits::default(), None)
}

fn client_signed(
    script: impl IntoIterator<Item = Step>,
    tokens: Tokens,
    limits: Limits,
    observer: Option<Arc<dyn Observer>>,
) -> (Client, Arc<Far>) {
    let far = Arc::new(Far::of(script));
    let transport: Arc<dyn HttpClient> = far.clone();
    let credential: Arc<dyn TokenCredential> = Arc::new(tokens);
    (Client::new(Cloud::public().unwrap(), &credential, &transport, limits, observer), far)
}

impl Far {
    pub(crate) fn of(script: impl IntoIterator<Item = Step>) -> Self {
        Self { script: Mutex::new(script.into_iter().collect()), came: Mutex::default() }
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    pub(crate) fn left(&self) -> usize {
        self.script.lock().unwrap().len()
    }
}

/// What a program left to read.
pub(crate) fn left_over(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
