//! Who dekey is to Azure. Managed identities and people's own logins come first; a client secret is a static key, which dekey
//! exists to remove, and is used only when told to.

mod certificate;

use crate::cloud::{Cloud, Service};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, HttpClient, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A way to sign in, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// A token of the Kubernetes cluster, exchanged.
    WorkloadIdentity,
    /// A service connection of Azure Pipelines.
    AzurePipelines,
    /// A certificate in a PEM file.
    Certificate,
    /// The identity of the machine, container or app.
    ManagedIdentity,
    /// The login of `az`.
    AzureCli,
    /// The login of `azd`.
    AzureDeveloperCli,
    /// A client secret: only when it is allowed.
    ClientSecret,
}

/// Every method and its name.
pub const METHODS: &[(Method, &str)] = &[
    (Method::WorkloadIdentity, "workload-identity"),
    (Method::AzurePipelines, "azure-pipelines"),
    (Method::Certificate, "certificate"),
    (Method::ManagedIdentity, "managed-identity"),
    (Method::AzureCli, "azure-cli"),
    (Method::AzureDeveloperCli, "azure-developer-cli"),
    (Method::ClientSecret, "client-secret"),
];

impl Method {
    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// The variables that are looked at; the edge reads them.
pub const VARIABLES: &[&str] = &[
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT",
    "SYSTEM_OIDCREQUESTURI",
    "SYSTEM_ACCESSTOKEN",
    "AZURESUBSCRIPTION_CLIENT_ID",
    "AZURESUBSCRIPTION_TENANT_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
];

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

/// Tries each method in order, and stays with the first that gives a token.
pub struct SignIn {
    steps: Vec<Step>,
    chosen: Mutex<Option<usize>>,
}

struct Step {
    method: Method,
    credential: Result<Arc<dyn TokenCredential>, String>,
    patience: Option<Duration>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn")
    }
}

/// Who is signed in. Nothing of it is verified here: it is for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How.
    pub method: Option<Method>,
    /// The methods before it, and why each was passed over.
    pub passed_over: Vec<(Method, String)>,
    /// The name of the person, or of the application.
    pub name: Option<String>,
    /// The object id.
    pub object_id: Option<String>,
    /// The application id.
    pub application_id: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// For whom the token is.
    pub audience: Option<String>,
    /// When the token ends, RFC 3339.
    pub expires: Option<String>,
}

impl SignIn {
    /// Prepares every method; nothing is asked yet.
    pub fn new(wishes: &Wishes, cloud: &Cloud, transport: &Arc<dyn HttpClient>) -> Self {
        let methods = METHODS.iter().map(|row| row.0);
        let wanted = methods.filter(|method| wishes.method.is_none_or(|only| only == *method));
        let steps = wanted.map(|method| {
            let options = options(cloud, transport);
            let probing = wishes.method.is_none() && wishes.variable("IDENTITY_ENDPOINT").is_err();
            let patience = (method == Method::ManagedIdentity && probing).then_some(PROBE);
            Step { method, credential: prepared(method, wishes, options), patience }
        });
        Self { steps: steps.collect(), chosen: Mutex::new(None) }
    }

    /// As a client takes it.
    pub fn as_credential(self: &Arc<Self>) -> Arc<dyn TokenCredential> {
        let own: Arc<Self> = Arc::clone(self);
        own
    }

    fn chosen(&self) -> Option<usize> {
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn first(&self, scopes: &[&str]) -> Result<(usize, AccessToken), Vec<(Method, String)>> {
        let mut passed_over = Vec::new();
        for (ix, step) in self.steps.iter().enumerate() {
            match step.token(scopes).await {
                Ok(token) => return Ok((ix, token)),
                Err(why) => passed_over.push((step.method, why)),
            }
        }
        Err(passed_over)
    }

    /// Signs in, and says who that is.
    pub async fn status(&self, cloud: &Cloud) -> Status {
        let scope = cloud.scope(Service::Arm).unwrap_or_default();
        let mut passed_over = Vec::new();
        for step in &self.steps {
            match step.token(&[&scope]).await {
                Ok(token) => return Status { method: Some(step.method), passed_over, ..who(&token) },
                Err(why) => passed_over.push((step.method, why)),
            }
        }
        Status { passed_over, ..Status::default() }
    }
}

#[async_trait::async_trait]
impl TokenCredential for SignIn {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(step) = self.chosen().and_then(|ix| self.steps.get(ix)) {
            return match &step.credential {
                Ok(credential) => credential.get_token(scopes, options).await,
                Err(why) => Err(azure_core::Error::with_message(ErrorKind::Credential, why.clone())),
            };
        }
        match self.first(scopes).await {
            Ok((ix, token)) => {
                self.chosen.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ix);
                Ok(token)
            }
            Err(passed_over) => {
                let all: Vec<String> =
                    passed_over.iter().map(|(method, why)| format!("{}: {why}", method.name())).collect();
                Err(azure_core::Error::with_message(ErrorKind::Credential, all.join("; ")))
            }
        }
    }
}

impl Step {
    async fn token(&self, scopes: &[&str]) -> Result<AccessToken, String> {
        let credential = self.credential.as_ref().map_err(Clone::clone)?;
        let asked = credential.get_token(scopes, None);
        let answer = match self.patience {
            Some(patience) => tokio::time::timeout(patience, asked).await.map_err(|_| {
                "this machine has no managed identity: its endpoint does not answer".to_owned()
            })?,
            None => asked.await,
        };
        answer.map_err(|error| first_line(&error.to_string()))
    }
}

/// Reasons come from the far side and from other programs: one line, and no secrets.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("no reason given");
    let short: String = line.chars().take(300).collect();
    dekey_model::secret::mask(&short).into_owned()
}

fn options(cloud: &Cloud, transport: &Arc<dyn HttpClient>) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    cloud.authority.as_str().trim_end_matches('/').clone_into(&mut custom.authority_host);
    ClientOptions {
        transport: Some(Transport::new(Arc::clone(transport))),
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..ClientOptions::default()
    }
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

fn prepared(
    method: Method,
    wishes: &Wishes,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let said = |error: azure_core::Error| first_line(&error.to_string());
    let assertion = |client_options| ClientAssertionCredentialOptions { client_options };
    Ok(match method {
        Method::WorkloadIdentity => {
            let options = WorkloadIdentityCredentialOptions {
                credential_options: assertion(client_options),
                client_id: Some(wishes.variable("AZURE_CLIENT_ID")?),
                tenant_id: Some(wishes.tenant()?),
                token_file_path: Some(wishes.variable("AZURE_FEDERATED_TOKEN_FILE")?.into()),
            };
            WorkloadIdentityCredential::new(Some(options)).map_err(said)?
        }
        Method::AzurePipelines => {
            wishes.variable("SYSTEM_OIDCREQUESTURI")?;
            let options = AzurePipelinesCredentialOptions { credential_options: assertion(client_options) };
            let connection = wishes.variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")?;
            let client = wishes.variable("AZURESUBSCRIPTION_CLIENT_ID")?;
            let tenant = wishes.variable("AZURESUBSCRIPTION_TENANT_ID")?;
            let token = Secret::new(wishes.variable("SYSTEM_ACCESSTOKEN")?);
            AzurePipelinesCredential::new(tenant, client, &connection, token, Some(options)).map_err(said)?
        }
        Method::Certificate => {
            wishes.variable("AZURE_CLIENT_CERTIFICATE_PATH")?;
            let (tenant, client) = (wishes.tenant()?, wishes.variable("AZURE_CLIENT_ID")?);
            let authority = authority_of(&client_options);
            let pem = wishes.certificate.as_deref().ok_or("the certificate could not be read")?;
            let signer =
                certificate::Signer::new(pem, &client, &format!("{authority}/{tenant}/oauth2/v2.0/token"))?;
            ClientAssertionCredential::new(tenant, client, signer, Some(assertion(client_options)))
                .map_err(said)?
        }
        Method::ManagedIdentity => {
            let user_assigned_id = wishes.variable("AZURE_CLIENT_ID").ok().map(UserAssignedId::ClientId);
            let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
            ManagedIdentityCredential::new(Some(options)).map_err(said)?
        }
        Method::AzureCli => {
            let options = AzureCliCredentialOptions {
                tenant_id: wishes.tenant.clone(),
                ..AzureCliCredentialOptions::default()
            };
            AzureCliCredential::new(Some(options)).map_err(said)?
        }
        Method::AzureDeveloperCli => {
            let options = AzureDeveloperCliCredentialOptions {
                tenant_id: wishes.tenant.clone(),
                ..AzureDeveloperCliCredentialOptions::default()
            };
            AzureDeveloperCliCredential::new(Some(options)).map_err(said)?
        }
        Method::ClientSecret => with_secret(wishes, client_options)?,
    })
}

fn with_secret(wishes: &Wishes, client_options: ClientOptions) -> Result<Arc<dyn TokenCredential>, String> {
    let secret = Secret::new(wishes.variable("AZURE_CLIENT_SECRET")?);
    if !wishes.allow_client_secret {
        return Err("AZURE_CLIENT_SECRET is a static key that works for whoever has it, which is what dekey removes: use a \
                    managed identity, a certificate or az login, or say --allow-client-secret"
            .to_owned());
    }
    let options = ClientSecretCredentialOptions { client_options };
    let client = wishes.variable("AZURE_CLIENT_ID")?;
    let credential = ClientSecretCredential::new(&wishes.tenant()?, client, secret, Some(options));
    credential.map(|own| own as Arc<dyn TokenCredential>).map_err(|error| first_line(&error.to_string()))
}

fn authority_of(options: &ClientOptions) -> String {
    match options.cloud.as_deref() {
        Some(CloudConfiguration::Custom(custom)) => custom.authority_host.clone(),
        _ => String::new(),
    }
}

/// Reads the claims of a token.
fn who(token: &AccessToken) -> Status {
    let payload = token.token.secret().split('.').nth(1).unwrap_or("");
    let claims: Value = URL_SAFE_NO_PAD
        .decode(payload.trim_end_matches('='))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let claim = |names: &[&str]| {
        names.iter().find_map(|name| claims.get(*name).and_then(Value::as_str)).map(str::to_owned)
    };
    let expires = jiff::Timestamp::from_second(token.expires_on.unix_timestamp()).ok();
    Status {
        method: None,
        passed_over: Vec::new(),
        name: claim(&["upn", "unique_name", "preferred_username", "app_displayname", "name"]),
        object_id: claim(&["oid"]),
        application_id: claim(&["appid", "azp"]),
        tenant: claim(&["tid"]),
        audience: claim(&["aud"]),
        expires: expires.map(|time| time.to_string()),
    }
}
