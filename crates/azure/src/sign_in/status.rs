//! Who is signed in, for people.

use super::{Method, SignIn};
use crate::cloud::{Cloud, Service};
use azure_core::credentials::{AccessToken, TokenCredential};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

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
    /// The services of the cloud, and whether there is a token for each.
    pub reach: Vec<Reach>,
}

/// Whether there is a token for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The service.
    pub service: Service,
    /// When its token ends, RFC 3339, or why there is none.
    pub token: Result<String, String>,
}

impl SignIn {
    /// Signs in, and says who that is and what there are tokens for.
    pub async fn status(&self, cloud: &Cloud) -> Status {
        let scope = cloud.scope(Service::Arm).unwrap_or_default();
        let tried = self.first(&[&scope]).await;
        let Some((_, token)) = tried.token else {
            return Status { passed_over: tried.passed_over, ..Status::default() };
        };
        let method = super::lock(&self.chosen).and_then(|ix| self.steps.get(ix)).map(|step| step.method);
        let mut reach = vec![Reach { service: Service::Arm, token: Ok(end(&token)) }];
        for service in [Service::Graph, Service::Logs] {
            let token = if let Some(scope) = cloud.scope(service) {
                let token = self.get_token(&[&scope], None).await;
                token.map(|token| end(&token)).map_err(|error| error.to_string())
            } else {
                Err(format!("the cloud {} has none", cloud.name))
            };
            reach.push(Reach { service, token });
        }
        Status { method, passed_over: tried.passed_over, reach, ..who(&token) }
    }
}

fn end(token: &AccessToken) -> String {
    jiff::Timestamp::from_second(token.expires_on.unix_timestamp())
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
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
    Status {
        method: None,
        passed_over: Vec::new(),
        name: claim(&["upn", "unique_name", "preferred_username", "app_displayname", "name"]),
        object_id: claim(&["oid"]),
        application_id: claim(&["appid", "azp"]),
        tenant: claim(&["tid"]),
        audience: claim(&["aud"]),
        expires: Some(end(token)),
        reach: Vec::new(),
    }
}
