//! The assertion that a certificate's key signs: the only part of signing in with a certificate that `azure_identity` leaves to
//! OpenSSL.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

/// How long an assertion is good for, in seconds.
const LIFETIME: i64 = 600;

/// Signs assertions for one application. Entra takes a SHA-256 thumbprint with PSS padding only; with PKCS #1 it looks for SHA-1.
pub(super) struct Signer {
    key: RsaKeyPair,
    thumbprint: String,
    client: String,
    audience: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads a PEM file that holds the certificate and its RSA key. Errors never quote the file.
    pub(super) fn new(pem: &[u8], client: &str, audience: &str) -> Result<Self, String> {
        let certificate = CertificateDer::from_pem_slice(pem).map_err(
            |_| "the certificate file holds no certificate in PEM: expected -----BEGIN CERTIFICATE-----",
        )?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(
            |_| "the certificate file holds no private key in PEM: convert a .pfx with openssl pkcs12 -nodes",
        )?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err("the private key is not an RSA key".to_owned()),
        };
        let key = key.map_err(|_| "the private key is not an RSA key of 2,048 bits or more".to_owned())?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate);
        let thumbprint = URL_SAFE_NO_PAD.encode(digest.as_ref());
        Ok(Self { key, thumbprint, client: client.to_owned(), audience: audience.to_owned() })
    }

    fn assertion(&self, now: i64) -> Result<String, &'static str> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({ "aud": self.audience, "iss": self.client, "sub": self.client,
            "jti": azure_core::Uuid::new_v4().to_string(), "nbf": now, "iat": now, "exp": now.saturating_add(LIFETIME) });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the private key does not sign")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Signer {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let now = jiff::Timestamp::now().as_second();
        self.assertion(now)
            .map_err(|why| azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, why))
    }
}
