//! One call to Azure: a token for the right service, a turn within its quota, tries until it is answered or there is no point.

use crate::answer::{Answer, Read, reason};
use crate::call::Call;
use crate::cloud::{Cloud, Service};
use crate::error::{Error, ErrorKind};
use crate::quota::{Bucket, Quota, Said, Turn};
use crate::retry::{Outcome, Retry};
use azure_core::credentials::TokenCredential;
use azure_core::http::policies::{Policy, auth::BearerTokenAuthorizationPolicy};
use azure_core::http::{
    Body, ClientOptions, Context, HttpClient, Pipeline, PipelineStreamOptions, Request, RetryOptions,
    Transport,
};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

/// How often a service that never answered is tried: it may not be there at all.
const STRANGER: u32 = 4;

/// How often an answer may be garbled: a page that a proxy puts in between comes again and again.
const GARBLED: u32 = 5;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Limits {
    /// When to try again.
    pub retry: Retry,
    /// How many calls run at once in one bucket.
    pub at_once: u32,
    /// How long one try may take.
    pub patience: Duration,
    /// Where the chance in waits comes from; many clients should differ.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let seed = RandomState::new().hash_one(0);
        Self { retry: Retry::default(), at_once: 32, patience: Duration::from_secs(100), seed }
    }
}

/// What is told of every try.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'t> {
    /// Its method on the wire.
    pub method: &'static str,
    /// The address. Its query may name people and resources: print the path only.
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
    /// Which services answered at least once.
    known: [AtomicBool; 3],
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("cloud", &self.0.cloud.name).finish_non_exhaustive()
    }
}

/// What belongs to a service, of one thing for each.
fn of<T>([arm, graph, logs]: &[T; 3], service: Service) -> &T {
    match service {
        Service::Arm => arm,
        Service::Graph => graph,
        Service::Logs => logs,
    }
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
            // Without a scope there is no endpoint, and nothing is sent.
            let scope = cloud.scope(service).unwrap_or_default();
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
        let known = Default::default();
        Self(Arc::new(Inner { cloud, pipelines, limits, quota, over: Notify::new(), observer, known }))
    }

    /// The Azure that is called.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    /// An address below a service's endpoint. A path that leaves its place is refused.
    pub(crate) fn address(&self, service: Service, path: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
        let refused = |why: &str| Error::new(ErrorKind::NotSent(why.to_owned()), "no call".to_owned());
        let mut url =
            self.0.cloud.endpoint(service).cloned().ok_or_else(|| {
                refused(&format!("the cloud {} has no {}", self.0.cloud.name, service.name()))
            })?;
        // An address parser reads `%2e` as a dot and `\` as a slash, and no id of Azure's holds either.
        let odd = |c: char| c == '%' || c == '\\' || c.is_control();
        if path.split('/').any(|segment| [".", ".."].contains(&segment)) || path.contains(odd) {
            return Err(refused("the id is no path of Azure's"));
        }
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends a call until it is answered; the answer as JSON of some shape.
    pub(crate) async fn send<T: serde::de::DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        self.exchange(call, Answer::json).await
    }

    /// Sends a call until it is answered, and reads the answer.
    pub(crate) async fn exchange<T>(
        &self,
        call: &Call,
        read: impl Fn(&Answer) -> Read<T>,
    ) -> Result<T, Error> {
        call.check(&self.0.cloud).map_err(|kind| call.failed(kind))?;
        let (bucket, started) = (call.bucket(), Instant::now());
        let (mut tries, mut garbled, mut renewed) = (0, 0, false);
        loop {
            tries += 1;
            let answer = self.attempt(call, &bucket, tries).await;
            let (outcome, asked, error) = match answer {
                Err(kind) => (self.nothing(call, tries, &kind), None, call.failed(kind)),
                Ok(answer) => {
                    of(&self.0.known, call.service).store(true, Ordering::Relaxed);
                    match read(&answer) {
                        Read::Value(value) => return Ok(value),
                        // The token may have ended early; the policy has forgotten it. A refused call was not carried out.
                        Read::Failed(_) if answer.status == 401 && !renewed => {
                            renewed = true;
                            continue;
                        }
                        Read::Failed(kind) => {
                            (Outcome::Status(answer.status), answer.asked, answer.sign(call.failed(kind)))
                        }
                        Read::Garbled(kind) => {
                            garbled += 1;
                            let outcome =
                                if garbled < GARBLED { Outcome::NoAnswer } else { Outcome::Hopeless };
                            (outcome, None, answer.sign(call.failed(kind)))
                        }
                    }
                }
            };
            let (spent, retry) = (started.elapsed(), &self.0.limits.retry);
            let wait = if call.verb.may_be_repeated() {
                retry.next(tries, outcome, asked, spent, self.chance(call, tries))
            } else {
                None
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None if outcome == Outcome::Status(429) => {
                    return Err(Error { kind: ErrorKind::Throttled(spent), ..error });
                }
                None => return Err(error),
            }
        }
    }

    /// What to make of no answer at all.
    fn nothing(&self, call: &Call, tries: u32, kind: &ErrorKind) -> Outcome {
        let known = of(&self.0.known, call.service).load(Ordering::Relaxed);
        let hopeless = match kind {
            // A certificate does not become valid by asking again.
            ErrorKind::Transport(why) => why.contains("certificate") || (!known && tries >= STRANGER),
            _ => true,
        };
        if hopeless { Outcome::Hopeless } else { Outcome::NoAnswer }
    }

    /// One try, in its turn.
    async fn attempt(&self, call: &Call, bucket: &Bucket, tries: u32) -> Result<Answer, ErrorKind> {
        let permit = self.permit(bucket).await;
        let begun = Instant::now();
        let answer = tokio::time::timeout(self.0.limits.patience, self.once(call)).await;
        let answer = answer.unwrap_or_else(|_| {
            let seconds = self.0.limits.patience.as_secs();
            Err(ErrorKind::Transport(format!("nothing came within {seconds} s")))
        });
        permit.over(answer.as_ref().ok());
        if let Some(observer) = &self.0.observer {
            let left = answer.as_ref().ok().and_then(|answer| answer.said.left);
            let status = answer.as_ref().ok().map(|answer| answer.status);
            let (method, url, took) = (call.verb.method(), &call.url, begun.elapsed());
            observer.tried(Tried { method, url, status, tries, took, left });
        }
        answer
    }

    async fn once(&self, call: &Call) -> Result<Answer, ErrorKind> {
        let mut request = Request::new(call.url.clone(), call.http_method());
        request.insert_header("accept", "application/json");
        if let Some((name, value)) = &call.only_if {
            request.insert_header(*name, value.clone());
        }
        if let Some(body) = &call.body {
            request.insert_header("content-type", "application/json");
            request.set_body(Body::from(body.to_string()));
        }
        let pipeline = of(&self.0.pipelines, call.service);
        let options = PipelineStreamOptions { skip_checks: true, ..PipelineStreamOptions::default() };
        match pipeline.stream(&Context::new(), &mut request, Some(options)).await {
            Ok(response) => Ok(Answer::of(response).await),
            Err(error) if *error.kind() == azure_core::error::ErrorKind::Credential => {
                Err(ErrorKind::SignIn(dekey_model::secret::mask(&error.to_string()).into_owned()))
            }
            Err(error) => Err(ErrorKind::Transport(reason(&error))),
        }
    }

    async fn permit(&self, bucket: &Bucket) -> Permit {
        loop {
            let over = self.0.over.notified();
            let now = Instant::now();
            let turn = self.quota().turn(bucket, now.into_std());
            match turn {
                Turn::Go => {
                    let bucket = Some(bucket.clone());
                    return Permit { client: self.clone(), bucket, started: now };
                }
                Turn::Wait(wait) => tokio::time::sleep(wait).await,
                Turn::Full => over.await,
            }
        }
    }

    fn quota(&self) -> std::sync::MutexGuard<'_, Quota> {
        self.0.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number from 0 to 1 that differs between clients, calls and tries; nothing that must be hard to guess.
    fn chance(&self, call: &Call, tries: u32) -> f64 {
        let mut hasher = std::hash::DefaultHasher::new();
        (self.0.limits.seed, call.url.as_str(), tries).hash(&mut hasher);
        f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}

/// A turn; given back when the call is over, or nobody waits for it any more.
struct Permit {
    client: Client,
    bucket: Option<Bucket>,
    started: Instant,
}

impl Permit {
    fn over(mut self, answer: Option<&Answer>) {
        self.give_back(answer.map(|answer| answer.said));
    }

    fn give_back(&mut self, said: Option<Said>) {
        if let Some(bucket) = self.bucket.take() {
            let (started, now) = (self.started.into_std(), Instant::now().into_std());
            self.client.quota().over(&bucket, started, said, now);
            self.client.0.over.notify_waiters();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.give_back(Some(Said::default()));
    }
}
