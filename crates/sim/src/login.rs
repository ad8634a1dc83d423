//! Tokens: shaped like JWTs, bound to caller, audience and time, checked on each call.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody who can sign in.
#[derive(Clone)]
pub struct Caller {
    /// The application id, `client_id` of a sign-in.
    pub app_id: String,
    /// The object id of the service principal.
    pub object_id: String,
    /// The name.
    pub name: String,
    /// The invented secret of `client_credentials`.
    pub secret: String,
    /// The certificate whose key signs assertions, in DER.
    pub certificate: Option<Vec<u8>>,
}

impl Caller {
    /// Lets a certificate's key sign in the place of the secret; the certificate is the first one in a PEM file.
    pub fn trust(&mut self, pem: &[u8]) -> Result<(), &'static str> {
        let found = CertificateDer::from_pem_slice(pem);
        let found = found.map_err(|_| "holds no certificate: a block that starts with BEGIN CERTIFICATE")?;
        self.certificate = Some(found.to_vec());
        Ok(())
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("app_id", &self.app_id)
            .field("object_id", &self.object_id)
            .finish_non_exhaustive()
    }
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Arm,
    Graph,
    Logs,
}

impl Service {
    pub(crate) fn audiences(self) -> &'static [&'static str] {
        match self {
            Service::Arm => &[
                "https://management.azure.com",
                "https://management.core.windows.net",
                "https://management.usgovcloudapi.net",
                "https://management.core.usgovcloudapi.net",
                "https://management.chinacloudapi.cn",
                "https://management.core.chinacloudapi.cn",
            ],
            Service::Graph => &[
                "https://graph.microsoft.com",
                "https://graph.microsoft.us",
                "https://microsoftgraph.chinacloudapi.cn",
                "00000003-0000-0000-c000-000000000000",
            ],
            Service::Logs => &[
                "https://api.loganalytics.io",
                "https://api.loganalytics.azure.com",
                "https://api.loganalytics.us",
                "https://api.loganalytics.azure.cn",
            ],
        }
    }

    /// Whether a token for an audience is taken; a cloud of its own has all services at one address.
    fn takes(self, audience: &str, base: &str) -> bool {
        let own = audience.trim_end_matches('/');
        let is_known = |own: &str| {
            [Service::Arm, Service::Graph, Service::Logs].iter().any(|all| all.audiences().contains(&own))
        };
        self.audiences().contains(&own) || (own == base && !is_known(base))
    }
}

/// Who a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) object_id: String,
    pub(crate) app_id: String,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Missing,
    Malformed,
    Expired,
    Audience,
}

/// Makes and checks tokens.
#[derive(Clone)]
pub(crate) struct Mint {
    key: [u8; 32],
    pub(crate) tenant: String,
    /// Seconds that a token lives.
    pub(crate) life: i64,
}

impl Mint {
    pub(crate) fn new(seed: u64, tenant: &str, life: i64) -> Self {
        let key = Sha256::digest(format!("dekey sim {seed}")).into();
        Self { key, tenant: tenant.to_owned(), life }
    }

    fn seal(&self, text: &str) -> String {
        let digest =
            Sha256::new().chain_update(self.key).chain_update(text).chain_update(self.key).finalize();
        BASE64.encode(digest)
    }

    /// A token for a caller. `about` says how the caller signed in: more claims.
    pub(crate) fn token(&self, caller: &Caller, audience: &str, about: Value, now: Timestamp) -> String {
        let header = BASE64.encode(r#"{"typ":"JWT","alg":"RS256","kid":"sim"}"#);
        let mut claims = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", self.tenant),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": now.as_second() + self.life,
            "appid": caller.app_id,
            "idtyp": "app",
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": self.tenant,
            "ver": "1.0",
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut claims, about) {
            all.extend(more);
        }
        let text = format!("{header}.{}", BASE64.encode(claims.to_string()));
        let seal = self.seal(&text);
        format!("{text}.{seal}")
    }

    /// Who an `Authorization` header speaks for.
    pub(crate) fn check(
        &self,
        header: Option<&str>,
        service: Service,
        base: &str,
        now: Timestamp,
    ) -> Result<Identity, Refusal> {
        let header = header.ok_or(Refusal::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refusal::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Missing);
        }
        let (text, seal) = token.trim().rsplit_once('.').ok_or(Refusal::Malformed)?;
        if self.seal(text) != seal {
            return Err(Refusal::Malformed);
        }
        let claims =
            text.split('.').nth(1).and_then(|part| BASE64.decode(part).ok()).ok_or(Refusal::Malformed)?;
        let claims: Value = serde_json::from_slice(&claims).map_err(|_| Refusal::Malformed)?;
        let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        if claims.get("exp").and_then(Value::as_i64).unwrap_or(0) <= now.as_second() {
            return Err(Refusal::Expired);
        }
        if !service.takes(&claim("aud"), base) {
            return Err(Refusal::Audience);
        }
        Ok(Identity { object_id: claim("oid"), app_id: claim("appid") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_audience_and_an_hour() {
        let mint = Mint::new(1, "t", 3600);
        let caller = Caller {
            app_id: "a".into(),
            object_id: "o".into(),
            name: "n".into(),
            secret: "canary-4711".into(),
            certificate: None,
        };
        let time = |second| Timestamp::from_second(second).unwrap();
        let token = mint.token(&caller, "https://management.azure.com", json!({}), time(0));
        let header = format!("Bearer {token}");
        let check =
            |header: &str, service, second| mint.check(Some(header), service, "https://x", time(second));
        assert_eq!(check(&header, Service::Arm, 3599).unwrap().object_id, "o");
        assert_eq!(check(&header, Service::Arm, 3600), Err(Refusal::Expired));
        assert_eq!(check(&header, Service::Graph, 0), Err(Refusal::Audience));
        assert_eq!(check(&format!("{header}x"), Service::Arm, 0), Err(Refusal::Malformed));
        assert_eq!(check("Basic x", Service::Arm, 0), Err(Refusal::Missing));
        let other = Mint::new(2, "t", 3600);
        assert_eq!(other.check(Some(&header), Service::Arm, "", time(0)), Err(Refusal::Malformed));
        assert!(!format!("{caller:?}{token}").contains("canary-4711"));
    }
}
