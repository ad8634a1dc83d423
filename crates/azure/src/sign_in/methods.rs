//! Every way to sign in, and what each needs.

use super::{Wishes, certificate, first_line};
use crate::cloud::Cloud;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::sync::Arc;

/// How often a token is asked for again when the answer is that its giver is busy.
const TRIES: u32 = 3;

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
    /// Whether its surroundings are set up for nothing else: then its failure is not passed over, or somebody else would be
    /// signed in than was meant.
    pub(super) fn is_meant(self, wishes: &Wishes) -> bool {
        match self {
            Method::WorkloadIdentity | Method::AzurePipelines | Method::Certificate => true,
            Method::ManagedIdentity => wishes.variable("IDENTITY_ENDPOINT").is_ok(),
            Method::AzureCli | Method::AzureDeveloperCli | Method::ClientSecret => false,
        }
    }

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

pub(super) fn options(cloud: &Cloud, transport: &Arc<dyn HttpClient>) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    cloud.authority.as_str().trim_end_matches('/').clone_into(&mut custom.authority_host);
    ClientOptions {
        transport: Some(Transport::new(Arc::clone(transport))),
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: TRIES,
            ..ExponentialRetryOptions::default()
        }),
        ..ClientOptions::default()
    }
}

pub(super) fn prepared(
    method: Method,
    wishes: &Wishes,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let said = |error: azure_core::Error| first_line(&error.to_string());
    let assertion = |client_options| ClientAssertionCredentialOptions { client_options };
    Ok(match method {
        Method::WorkloadIdentity => {
            let file = wishes.variable("AZURE_FEDERATED_TOKEN_FILE")?;
            let options = WorkloadIdentityCredentialOptions {
                credential_options: assertion(client_options),
                client_id: Some(wishes.variable("AZURE_CLIENT_ID")?),
                tenant_id: Some(wishes.tenant()?),
                token_file_path: Some(file.into()),
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
