//! An Azure without sockets, for clients on `azure_core`.

use crate::azure::Azure;
use crate::wire::{Delivery, Request, Response};
use azure_core::Bytes;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request as HttpRequest, StatusCode};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A transport that hands every request to an Azure in the same process. Its clock is tokio's: in a test with paused time,
/// an hour passes when everybody sleeps.
#[derive(Clone)]
pub struct InProcess {
    azure: Arc<Mutex<Azure>>,
    started: Instant,
    start: Timestamp,
    latency: Duration,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field("latency", &self.latency).finish_non_exhaustive()
    }
}

impl InProcess {
    /// A transport whose clock starts at a time, within a tokio runtime.
    pub fn new(azure: Azure, start: Timestamp) -> Self {
        Self { azure: Arc::new(Mutex::new(azure)), started: Instant::now(), start, latency: Duration::ZERO }
    }

    /// How long every answer takes.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// Looks at the Azure, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Azure) -> T) -> T {
        look(&mut self.azure.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl HttpClient for InProcess {
    async fn execute_request(&self, request: &HttpRequest) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        let base = url.origin().ascii_serialization();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()))
            .collect();
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::SeekableStream(_) => {
                return Err(Error::with_message(ErrorKind::Other, "the simulator takes no streamed bodies"));
            }
        };
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let method = request.method();
        let request = Request {
            method: method.as_ref(),
            base: &base,
            path: url.path(),
            query: url.query().unwrap_or(""),
            headers: &headers,
            body: &body,
            now: self.now(),
        };
        delivered(self.with(|azure| azure.handle(&request)))
    }
}

/// A body that comes a byte a second.
pub(crate) fn drops(body: Vec<u8>) -> impl futures::Stream<Item = Bytes> + Send {
    stream::iter(body).then(|byte| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Bytes::copy_from_slice(&[byte])
    })
}

fn delivered(response: Response) -> azure_core::Result<AsyncRawResponse> {
    let Response { status, headers, body, delivery } = response;
    let mut all = Headers::new();
    for (name, value) in headers {
        all.insert(HeaderName::from(name.to_ascii_lowercase()), HeaderValue::from(value));
    }
    let status = StatusCode::from(status);
    let broken = || Error::with_message(ErrorKind::Io, "the connection was closed by the simulator");
    let half = Bytes::copy_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    match delivery {
        Delivery::Whole => Ok(AsyncRawResponse::from_bytes(status, all, body)),
        Delivery::Reset => Err(broken()),
        Delivery::Truncated => {
            let parts = stream::iter([Ok(half), Err(broken())]);
            Ok(AsyncRawResponse::new(status, all, Box::pin(parts)))
        }
        Delivery::Stalled => {
            let parts = stream::iter([Ok(half)]).chain(stream::pending());
            Ok(AsyncRawResponse::new(status, all, Box::pin(parts)))
        }
        Delivery::Slow => Ok(AsyncRawResponse::new(status, all, Box::pin(drops(body).map(Ok)))),
    }
}
