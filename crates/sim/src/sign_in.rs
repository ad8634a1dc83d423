//! Signing in: tokens for service principals and managed identities, discovery, and the endpoints of the cloud.

use crate::azure::Azure;
use crate::login::Caller;
use crate::throttle::Throttle;
use crate::wire::{Request, Response, pairs};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The header that the identity endpoint of App Service wants to see; invented, and printed for whoever runs the simulator.
pub(crate) const IDENTITY_HEADER: &str = "sim";

impl Azure {
    /// The value of `IDENTITY_HEADER` for programs that sign in as a managed identity.
    pub fn identity_header() -> &'static str {
        IDENTITY_HEADER
    }

    /// Answers what needs no token; nothing when the path is none of these.
    pub(crate) fn sign_in(&mut self, r: &Request<'_>, path: &str) -> Option<Response> {
        if path == "/metadata/endpoints" {
            return Some(endpoints(r, &self.options.tenant));
        }
        if path == "/metadata/identity/oauth2/token" {
            let counted = match self.options.throttle {
                Throttle::Azure => self.limits.token(r.now),
                Throttle::Off => Ok(()),
            };
            return Some(counted.err().unwrap_or_else(|| self.machine_identity(r)));
        }
        if path == "/msi/token" {
            return Some(self.service_identity(r));
        }
        if path.ends_with("/oauth2/v2.0/token") || path.ends_with("/oauth2/token") {
            return Some(self.token(r, path));
        }
        if path.ends_with("/.well-known/openid-configuration") {
            return Some(self.configuration(r, path));
        }
        (path == "/common/discovery/instance").then(|| {
            Response::json(
                200,
                &json!({ "tenant_discovery_endpoint":
                format!("{}/{}/v2.0/.well-known/openid-configuration", r.base, self.options.tenant) }),
            )
        })
    }

    fn token(&self, r: &Request<'_>, path: &str) -> Response {
        let body = String::from_utf8_lossy(r.body);
        let field = |name: &str| {
            pairs(&body).find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let tenant = path.split('/').nth(1).unwrap_or("");
        if ![self.options.tenant.as_str(), "organizations", "common"].contains(&tenant) {
            return refused(r.now, 90002, "invalid_request", &format!("Tenant '{tenant}' not found."));
        }
        let client = field("client_id");
        let found = self.options.callers.iter().find(|(own, _)| own.app_id.eq_ignore_ascii_case(&client));
        let Some((caller, _)) = found else {
            let message = format!("Application with identifier '{client}' was not found in the directory.");
            return refused(r.now, 700_016, "unauthorized_client", &message);
        };
        let asked = if field("scope").is_empty() { field("resource") } else { field("scope") };
        let about = match field("grant_type").as_str() {
            "client_credentials" if !field("client_assertion").is_empty() => {
                let endpoint = format!("{}{path}", r.base);
                let checked =
                    crate::assertion::check(&field("client_assertion"), caller, &endpoint, r.now.as_second());
                if let Err((number, message)) = checked {
                    return refused(r.now, number, "invalid_client", message);
                }
                json!({ "appidacr": "2" })
            }
            "client_credentials" if field("client_secret").is_empty() => {
                let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
                return refused(r.now, 7_000_218, "invalid_client", message);
            }
            "client_credentials" if field("client_secret") == caller.secret => json!({ "appidacr": "1" }),
            "client_credentials" => {
                return refused(r.now, 7_000_215, "invalid_client", "Invalid client secret provided.");
            }
            other => {
                let message = format!("The app requested an unsupported grant type '{other}'.");
                return refused(r.now, 70_003, "unsupported_grant_type", &message);
            }
        };
        let audience = asked.split(' ').next().unwrap_or("").trim_end_matches("/.default").to_owned();
        if audience.is_empty() {
            return refused(
                r.now,
                70_011,
                "invalid_scope",
                "The provided value for the input parameter 'scope' is not valid.",
            );
        }
        let life = self.mint.life;
        Response::json(
            200,
            &json!({
                "token_type": "Bearer", "expires_in": life, "ext_expires_in": life,
                "access_token": self.mint.token(caller, &audience, about, r.now),
            }),
        )
    }

    fn machine_identity(&self, r: &Request<'_>) -> Response {
        if r.header("metadata").is_none_or(|own| !own.eq_ignore_ascii_case("true")) {
            return bad_request("Required metadata header not specified");
        }
        self.managed(r, true)
    }

    fn service_identity(&self, r: &Request<'_>) -> Response {
        if r.header("x-identity-header") != Some(IDENTITY_HEADER) {
            let body = json!({ "statusCode": 401, "message": "The X-IDENTITY-HEADER header is missing or not the right one." });
            return Response::json(401, &body);
        }
        self.managed(r, false)
    }

    fn managed(&self, r: &Request<'_>, machine: bool) -> Response {
        let Some(resource) = r.param("resource") else { return bad_request("resource is missing") };
        let named = r.param("client_id").or_else(|| r.param("object_id"));
        let is_named =
            |own: &Caller| named.as_ref().is_none_or(|name| *name == own.app_id || *name == own.object_id);
        let Some((caller, _)) = self.options.callers.iter().find(|(own, _)| is_named(own)) else {
            return bad_request("Identity not found");
        };
        let about = json!({ "appidacr": "2", "xms_mirid": format!("/providers/sim/{}", caller.name) });
        let token = self.mint.token(caller, resource.trim_end_matches('/'), about, r.now);
        let until = (r.now.as_second() + self.mint.life).to_string();
        let mut body = json!({
            "access_token": token, "expires_on": until, "resource": resource, "token_type": "Bearer",
            "client_id": caller.app_id,
        });
        if let (true, Value::Object(map)) = (machine, &mut body) {
            map.insert("expires_in".to_owned(), self.mint.life.to_string().into());
        }
        Response::json(200, &body)
    }

    fn configuration(&self, r: &Request<'_>, path: &str) -> Response {
        let tenant = path.split('/').nth(1).unwrap_or(&self.options.tenant);
        let base = format!("{}/{tenant}", r.base);
        Response::json(
            200,
            &json!({
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
                "jwks_uri": format!("{base}/discovery/v2.0/keys"),
                "issuer": format!("{base}/v2.0"),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": "EU",
                "cloud_instance_name": r.base,
            }),
        )
    }
}

fn bad_request(message: &str) -> Response {
    Response::json(400, &json!({ "error": "invalid_request", "error_description": message }))
}

/// A refusal of Entra.
fn refused(now: Timestamp, number: u32, error: &str, message: &str) -> Response {
    let status = if error == "invalid_client" { 401 } else { 400 };
    Response::json(
        status,
        &json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {message}"),
            "error_codes": [number],
            "timestamp": now.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        }),
    )
}

/// The endpoints of the cloud: a list at the api-version that azure-ai-ml asks for, an object at the one of the Azure CLI.
fn endpoints(r: &Request<'_>, tenant: &str) -> Response {
    let base = r.base;
    let slash = format!("{base}/");
    let cloud = json!({
        "name": "DekeySim",
        "portal": base,
        "authentication": {
            "loginEndpoint": base, "audiences": [base, slash], "tenant": tenant, "identityProvider": "AAD",
        },
        "resourceManager": base,
        "graph": base,
        "graphAudience": base,
        "microsoftGraphResourceId": base,
        "logAnalyticsResourceId": base,
        "gallery": base,
        "activeDirectoryDataLake": base,
        "batch": base,
        "media": base,
        "sqlManagement": base,
        "vmImageAliasDoc": format!("{base}/aliases.json"),
        "suffixes": {
            "storage": "core.localhost", "keyVaultDns": "vault.localhost", "sqlServerHostname": "database.localhost",
            "acrLoginServer": "azurecr.localhost", "mhsmDns": "managedhsm.localhost",
        },
    });
    let list = r.param("api-version").is_some_and(|version| *version < *"2022-01-01");
    Response::json(200, &if list { json!([cloud]) } else { cloud })
}
