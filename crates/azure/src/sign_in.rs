//! Who dekey is to Azure. Managed identities and people's own logins come first; a client secret is a static key, which dekey
//! exists to remove, and is used only when told to.

mod certificate;
mod methods;
mod status;

use crate::cloud::Cloud;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::HttpClient;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

pub use methods::{METHODS, Method, VARIABLES};
pub use status::{Reach, Status};

/// What the user and the surroundings say about signing in.
#[derive(Clone, Default)]
pub struct Wishes {
    /// The tenant, when there are several.
    pub tenant: Option<String>,
    /// The one method to use.
    pub method: Option<Method>,
    /// A client secret may be used.
    pub allow_client_secret: bool,
    /// Variables by name.
    pub variables: BTreeMap<String, String>,
    /// The content of the certificate's file, with its private key.
    pub certificate: Option<Arc<[u8]>>,
}

impl std::fmt::Debug for Wishes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.variables.keys().collect();
        f.debug_struct("Wishes")
            .field("tenant", &self.tenant)
            .field("method", &self.method)
            .field("variables", &names)
            .finish_non_exhaustive()
    }
}

/// How long a machine without an identity is waited for, when nobody asked for its identity.
const PROBE: Duration = Duration::from_secs(2);

/// How long anybody else is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often somebody who does not answer is waited for.
const WAITS: u32 = 3;

/// A new token is not replaced sooner: many calls may be refused with the same old one.
const SETTLED: Duration = Duration::from_secs(5);

/// A token that ends within this time is replaced before it is used; `azure_core` and `azure_identity` do the same.
const SOON: Duration = Duration::from_mins(5);

/// Tries each method in order, and stays with the first that gives a token.
pub struct SignIn {
    wishes: Wishes,
    cloud: Cloud,
    transport: Arc<dyn HttpClient>,
    steps: Vec<Step>,
    chosen: Mutex<Option<usize>>,
    given: Mutex<BTreeMap<String, Given>>,
}

struct Step {
    method: Method,
    credential: Mutex<Result<Arc<dyn TokenCredential>, String>>,
    patience: Duration,
}

/// The last token for a scope.
#[derive(Clone)]
struct Given {
    token: AccessToken,
    at: Instant,
    /// It replaced one that was refused.
    renewed: bool,
}

/// What trying each method in turn came to.
struct Tried {
    passed_over: Vec<(Method, String)>,
    token: Option<(usize, AccessToken)>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SignIn {
    /// Prepares every method; nothing is asked yet.
    pub fn new(wishes: &Wishes, cloud: &Cloud, transport: &Arc<dyn HttpClient>) -> Self {
        let own = METHODS.iter().map(|row| row.0);
        let wanted = own.filter(|method| wishes.method.is_none_or(|only| only == *method));
        let steps = wanted.map(|method| {
            let credential = methods::prepared(method, wishes, methods::options(cloud, transport));
            let probing = wishes.method.is_none() && !method.is_meant(wishes);
            let patience = if method == Method::ManagedIdentity && probing { PROBE } else { PATIENCE };
            Step { method, credential: Mutex::new(credential), patience }
        });
        Self {
            steps: steps.collect(),
            wishes: wishes.clone(),
            cloud: cloud.clone(),
            transport: Arc::clone(transport),
            chosen: Mutex::default(),
            given: Mutex::default(),
        }
    }

    /// As a client takes it.
    pub fn as_credential(self: &Arc<Self>) -> Arc<dyn TokenCredential> {
        let own: Arc<Self> = Arc::clone(self);
        own
    }

    async fn first(&self, scopes: &[&str]) -> Tried {
        let mut passed_over = Vec::new();
        for (ix, step) in self.steps.iter().enumerate() {
            let ready = lock(&step.credential).is_ok();
            match step.token(scopes).await {
                Ok(token) => {
                    lock(&self.chosen).get_or_insert(ix);
                    return Tried { passed_over, token: Some((ix, token)) };
                }
                Err(why) if ready && step.method.is_meant(&self.wishes) && self.wishes.method.is_none() => {
                    let only =
                        "this place is set up for it, so nothing else was tried; choose with --sign-in";
                    passed_over.push((step.method, format!("{why}; {only}")));
                    break;
                }
                Err(why) => passed_over.push((step.method, why)),
            }
        }
        Tried { passed_over, token: None }
    }

    /// A token for a scope, from whoever was chosen.
    async fn token(&self, scopes: &[&str]) -> Result<AccessToken, String> {
        let chosen = *lock(&self.chosen);
        if let Some(step) = chosen.and_then(|ix| self.steps.get(ix)) {
            return step.token(scopes).await;
        }
        let tried = self.first(scopes).await;
        let all = || tried.passed_over.iter().map(|(method, why)| format!("{}: {why}", method.name()));
        tried.token.map(|own| own.1).ok_or_else(|| all().collect::<Vec<_>>().join("; "))
    }

    /// Forgets the tokens of whoever was chosen. Its cache goes by a clock that may be wrong, and cannot be emptied.
    fn forget(&self) {
        let chosen = *lock(&self.chosen);
        if let Some(step) = chosen.and_then(|ix| self.steps.get(ix)) {
            let options = methods::options(&self.cloud, &self.transport);
            *lock(&step.credential) = methods::prepared(step.method, &self.wishes, options);
        }
    }
}

#[async_trait::async_trait]
impl TokenCredential for SignIn {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let key = scopes.join(" ");
        let given = lock(&self.given).get(&key).cloned();
        let mut renewed = false;
        if let Some(given) = given {
            let soon = given.token.expires_on <= azure_core::time::OffsetDateTime::now_utc() + SOON;
            if given.at.elapsed() < SETTLED && (given.renewed || soon) {
                return Ok(given.token);
            }
            // Who asks again for a token that is still good was refused with it.
            if !soon {
                self.forget();
                renewed = true;
            }
        }
        let token = self.token(scopes).await;
        let token = token.map_err(|why| azure_core::Error::with_message(ErrorKind::Credential, why))?;
        let given = Given { token: token.clone(), at: Instant::now(), renewed };
        lock(&self.given).insert(key, given);
        Ok(token)
    }
}

impl Step {
    async fn token(&self, scopes: &[&str]) -> Result<AccessToken, String> {
        let credential = lock(&self.credential).clone()?;
        // An answer that never ends, or is none, is not asked for again by whoever gives tokens.
        let tries = if self.patience == PROBE { 1 } else { WAITS };
        let mut failed = match self.patience {
            PROBE => "this machine has no managed identity: its endpoint does not answer".to_owned(),
            patience => format!("no token came within {} s, {tries} times", patience.as_secs()),
        };
        for _ in 0..tries {
            match tokio::time::timeout(self.patience, credential.get_token(scopes, None)).await {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(error)) => {
                    failed = first_line(&error.to_string());
                    if !is_garbled(&error) {
                        break;
                    }
                }
                Err(_) => {}
            }
        }
        Err(failed)
    }
}

/// Whether an answer came that is no token and no refusal: another one may be.
fn is_garbled(error: &azure_core::Error) -> bool {
    let mut reason: Option<&dyn std::error::Error> = Some(error);
    while let Some(own) = reason {
        let ours = own.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind);
        let timed_out =
            matches!(ours, Some(ErrorKind::HttpResponse { status, .. }) if u16::from(*status) == 408);
        if timed_out || own.is::<serde_json::Error>() || matches!(ours, Some(ErrorKind::DataConversion)) {
            return true;
        }
        reason = own.source();
    }
    false
}

/// Reasons come from the far side and from other programs: one line, and no secrets.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("no reason given");
    let short: String = line.chars().take(300).collect();
    dekey_model::secret::mask(&short).into_owned()
}

impl Wishes {
    fn variable(&self, name: &str) -> Result<String, String> {
        let value = self.variables.get(name).filter(|value| !value.is_empty());
        value.cloned().ok_or_else(|| format!("{name} is not set"))
    }

    fn tenant(&self) -> Result<String, String> {
        self.tenant.clone().map_or_else(|| self.variable("AZURE_TENANT_ID"), Ok)
    }
}
