//! One call to Azure: a token for the right service, a turn within its quota, tries until it is answered or there is no point.

use crate::cloud::{Cloud, Service};
use crate::error::{Error, ErrorKind, of_answer};
use crate::quota::{self, Bucket, Quota, Said, Turn};
use crate::retry::{self, Outcome, Retry};
use azure_core::credentials::TokenCredential;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::{Policy, auth::BearerTokenAuthorizationPolicy};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, Context, HttpClient, Method, Pipeline, PipelineStreamOptions,
    Request, RetryOptions, Transport,
};
use futures::StreamExt;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

/// The largest answer that is read.
const MAX_BODY: usize = 64 << 20;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Limits {
    /// When to try again.
    pub retry: Retry,
    /// How many calls run at once in one bucket.
    pub at_once: u32,
    /// How long one try may take.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { retry: Retry::default(), at_once: 32, patience: Duration::from_secs(100) }
    }
}

/// What is told of every try.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'t> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The address.
    pub url: &'t Url,
    /// Status, or nothing when there was no answer.
    pub status: Option<u16>,
    /// How often this call was tried, with this time.
    pub tries: u32,
    /// How long the try took.
    pub took: Duration,
    /// How many calls Azure says are left.
    pub left: Option<u64>,
}

/// Somebody who is told of every try.
pub trait Observer: Send + Sync {
    /// A try is over.
    fn tried(&self, tried: Tried<'_>);
}

/// A client of one Azure, on behalf of one identity. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    cloud: Cloud,
    pipelines: [Pipeline; 3],
    limits: Limits,
    quota: Mutex<Quota>,
    over: Notify,
    observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("cloud", &self.0.cloud.name).finish_non_exhaustive()
    }
}

/// A call that may be made any number of times: it reads.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) url: Url,
    /// The question, of a query that is sent as a POST.
    pub(crate) question: Option<Value>,
}

/// The few POSTs that read: their paths end in one of these. There is no other way to send one, so that no call returns keys.
const QUESTIONS: &[&str] =
    &["/providers/Microsoft.ResourceGraph/resources", "/directoryObjects/getByIds", "/query"];

impl Call {
    fn method(&self) -> Method {
        if self.question.is_some() { Method::Post } else { Method::Get }
    }

    /// Method and address, without the values of the query.
    fn name(&self) -> String {
        let method = if self.question.is_some() { "POST" } else { "GET" };
        let host = self.url.host_str().unwrap_or("?");
        format!("{method} {host}{}", self.url.path())
    }

    fn bucket(&self) -> Bucket {
        match self.service {
            Service::Graph => Bucket::Graph,
            Service::Logs => Bucket::Logs,
            Service::Arm if self.question.is_some() => Bucket::ResourceGraph,
            Service::Arm => {
                let mut segments = self.url.path().split('/').skip(1);
                match (segments.next(), segments.next()) {
                    (Some(own), Some(id)) if own.eq_ignore_ascii_case("subscriptions") && !id.is_empty() => {
                        Bucket::Subscription(id.to_ascii_lowercase())
                    }
                    _ => Bucket::Tenant,
                }
            }
        }
    }

    /// What must hold before a token is put on it.
    fn check(&self, cloud: &Cloud) -> Result<(), ErrorKind> {
        if !cloud.is_at(self.service, &self.url) {
            let host = self.url.host_str().unwrap_or("?");
            let own = cloud.endpoint(self.service);
            return Err(ErrorKind::NotSent(format!("{host} is not {own}, and its token goes nowhere else")));
        }
        if self.question.is_some() && !QUESTIONS.iter().any(|own| self.url.path().ends_with(own)) {
            return Err(ErrorKind::NotSent("only queries are sent as a POST".to_owned()));
        }
        Ok(())
    }
}

/// One answer.
struct Answer {
    status: u16,
    said: Said,
    asked: Option<Duration>,
    request_id: Option<String>,
    body: Result<Vec<u8>, String>,
}

impl Client {
    /// A client that signs in with `credential` and sends through `transport`.
    pub fn new(
        cloud: Cloud,
        credential: &Arc<dyn TokenCredential>,
        transport: &Arc<dyn HttpClient>,
        limits: Limits,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let pipeline = |service| {
            let scope = cloud.scope(service);
            let signed: Arc<dyn Policy> =
                Arc::new(BearerTokenAuthorizationPolicy::new(Arc::clone(credential), [scope]));
            let options = ClientOptions {
                // Tries are counted here, because the pipeline would repeat any POST and wait as long as it is told to.
                retry: RetryOptions::none(),
                transport: Some(Transport::new(Arc::clone(transport))),
                ..ClientOptions::default()
            };
            let name = (Some("dekey"), Some(env!("CARGO_PKG_VERSION")));
            Pipeline::new(name.0, name.1, options, Vec::new(), vec![signed], None)
        };
        let pipelines = [pipeline(Service::Arm), pipeline(Service::Graph), pipeline(Service::Logs)];
        let quota = Mutex::new(Quota::new(limits.at_once));
        Self(Arc::new(Inner { cloud, pipelines, limits, quota, over: Notify::new(), observer }))
    }

    /// The Azure that is called.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    /// An address below a service's endpoint. A path that leaves its place is refused.
    pub(crate) fn address(&self, service: Service, path: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
        let mut url = self.0.cloud.endpoint(service).clone();
        if path.split('/').any(|segment| [".", ".."].contains(&segment)) {
            let kind = ErrorKind::NotSent("the id is no path of Azure's".to_owned());
            return Err(Error { kind, call: "GET".to_owned(), request_id: None });
        }
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends a call until it is answered; the answer as JSON.
    pub(crate) async fn send(&self, call: &Call) -> Result<Value, Error> {
        let failed = |kind, request_id| Error { kind, call: call.name(), request_id };
        call.check(&self.0.cloud).map_err(|kind| failed(kind, None))?;
        let (bucket, started) = (call.bucket(), Instant::now());
        let (mut tries, mut renewed) = (0, false);
        loop {
            tries += 1;
            let permit = self.permit(&bucket).await;
            let begun = Instant::now();
            let answer = tokio::time::timeout(self.0.limits.patience, self.once(call)).await;
            let answer = answer.unwrap_or_else(|_| {
                let seconds = self.0.limits.patience.as_secs();
                Err(ErrorKind::Transport(format!("nothing came within {seconds} s")))
            });
            permit.over(answer.as_ref().ok());
            self.tell(call, answer.as_ref().ok(), tries, begun.elapsed());
            let (outcome, asked, kind, request_id) = match answer {
                Err(kind @ ErrorKind::SignIn(_)) => return Err(failed(kind, None)),
                Err(kind) => (Outcome::NoAnswer, None, kind, None),
                Ok(answer) => match read(answer) {
                    Read::Value(value) => return Ok(value),
                    // The token may have ended early; the policy has forgotten it.
                    Read::Failed(401, ..) if !renewed => {
                        renewed = true;
                        continue;
                    }
                    Read::Failed(status, kind, asked, id) => (Outcome::Status(status), asked, kind, id),
                    Read::Garbled(why, id) => (Outcome::NoAnswer, None, ErrorKind::Protocol(why), id),
                },
            };
            let spent = started.elapsed();
            match self.0.limits.retry.next(tries, outcome, asked, spent, chance(started, tries)) {
                Some(wait) => tokio::time::sleep(wait).await,
                None if outcome == Outcome::Status(429) => {
                    return Err(failed(ErrorKind::Throttled(spent), request_id));
                }
                None => return Err(failed(kind, request_id)),
            }
        }
    }

    async fn once(&self, call: &Call) -> Result<Answer, ErrorKind> {
        let mut request = Request::new(call.url.clone(), call.method());
        request.insert_header("accept", "application/json");
        if let Some(question) = &call.question {
            request.insert_header("content-type", "application/json");
            request.set_body(Body::from(question.to_string()));
        }
        let [arm, graph, logs] = &self.0.pipelines;
        let pipeline = match call.service {
            Service::Arm => arm,
            Service::Graph => graph,
            Service::Logs => logs,
        };
        let options = PipelineStreamOptions { skip_checks: true, ..PipelineStreamOptions::default() };
        match pipeline.stream(&Context::new(), &mut request, Some(options)).await {
            Ok(response) => Ok(answer(response).await),
            Err(error) if *error.kind() == azure_core::error::ErrorKind::Credential => {
                Err(ErrorKind::SignIn(dekey_model::secret::mask(&error.to_string()).into_owned()))
            }
            Err(error) => Err(ErrorKind::Transport(reason(&error))),
        }
    }

    fn tell(&self, call: &Call, answer: Option<&Answer>, tries: u32, took: Duration) {
        if let Some(observer) = &self.0.observer {
            let method = if call.question.is_some() { "POST" } else { "GET" };
            let left = answer.and_then(|answer| answer.said.left);
            let status = answer.map(|answer| answer.status);
            observer.tried(Tried { method, url: &call.url, status, tries, took, left });
        }
    }

    async fn permit(&self, bucket: &Bucket) -> Permit {
        loop {
            let over = self.0.over.notified();
            let turn = self.quota().turn(bucket, Instant::now().into_std());
            match turn {
                Turn::Go => return Permit { client: self.clone(), bucket: Some(bucket.clone()) },
                Turn::Wait(wait) => tokio::time::sleep(wait).await,
                Turn::Full => over.await,
            }
        }
    }

    fn quota(&self) -> std::sync::MutexGuard<'_, Quota> {
        self.0.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn; given back when the call is over, or nobody waits for it any more.
struct Permit {
    client: Client,
    bucket: Option<Bucket>,
}

impl Permit {
    fn over(mut self, answer: Option<&Answer>) {
        self.give_back(answer.map(|answer| answer.said));
    }

    fn give_back(&mut self, said: Option<Said>) {
        if let Some(bucket) = self.bucket.take() {
            self.client.quota().over(&bucket, said, Instant::now().into_std());
            self.client.0.over.notify_waiters();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.give_back(Some(Said::default()));
    }
}

async fn answer(response: AsyncRawResponse) -> Answer {
    let (status, headers, mut stream) = response.deconstruct();
    let status = u16::from(status);
    let header = |name: &str| headers.get_optional_string(&HeaderName::from(name.to_owned()));
    let asked = retry::asked_for(header, jiff::Timestamp::now());
    let mut said = quota::said(header);
    if status == 429 {
        said.refused = Some(asked.or(said.resets).unwrap_or(Duration::from_secs(1)));
    }
    let length = header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
    let request_id = header("x-ms-request-id").or_else(|| header("request-id"));
    let body = async {
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| reason(&error))?;
            if body.len() + chunk.len() > MAX_BODY {
                return Err(format!("an answer larger than {} MiB", MAX_BODY >> 20));
            }
            body.extend_from_slice(&chunk);
        }
        let encoded = header("content-encoding").is_some();
        match length {
            Some(length) if !encoded && length != body.len() as u64 => {
                Err(format!("{} of {length} bytes came", body.len()))
            }
            _ => Ok(body),
        }
    };
    let body = body.await;
    Answer { status, said, asked, request_id, body }
}

enum Read {
    Value(Value),
    Failed(u16, ErrorKind, Option<Duration>, Option<String>),
    Garbled(String, Option<String>),
}

fn read(answer: Answer) -> Read {
    let id = answer.request_id;
    match (answer.status, answer.body) {
        (200..=299, Ok(body)) => match serde_json::from_slice(&body) {
            Ok(value) => Read::Value(value),
            Err(error) => Read::Garbled(format!("the body is not JSON: {error}"), id),
        },
        (200..=299, Err(why)) => Read::Garbled(why, id),
        (status @ 300..=399, _) => {
            let kind = ErrorKind::Protocol(format!(
                "a redirect ({status}), which is not followed: its target is no service of this cloud"
            ));
            Read::Failed(status, kind, None, id)
        }
        (status, body) => {
            let kind = of_answer(status, &body.unwrap_or_default());
            Read::Failed(status, kind, answer.asked, id)
        }
    }
}

/// The innermost reason; what wraps it only says that something failed.
fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    dekey_model::secret::mask(&inner.to_string()).into_owned()
}

/// A number from 0 to 1 that differs between calls and tries; nothing that must be hard to guess.
fn chance(started: Instant, tries: u32) -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let hash = RandomState::new().hash_one((started, tries));
    f64::from(u32::try_from(hash >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}
