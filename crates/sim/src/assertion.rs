//! Assertions in the place of secrets: signed by an application's own certificate, or by an issuer that it trusts.

use crate::login::Caller;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The audience of tokens that other issuers give for the exchange.
const EXCHANGE: &str = "api://AzureADTokenExchange";
/// How many seconds clocks may differ.
const SKEW: i64 = 300;

/// Why an assertion is not taken: Entra's number and words.
pub(crate) type Refused = (u32, &'static str);

const MALFORMED: Refused = (50_027, "JWT token is invalid or malformed.");
const LATE: Refused = (700_024, "Client assertion is not within its valid time range.");
const AUDIENCE: Refused = (700_023, "Client assertion audience claim does not match Realm issuer.");
const ISSUER: Refused =
    (700_021, "Client assertion application identifier doesn't match 'client_id' parameter.");
const KEY: Refused = (
    700_027,
    "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]",
);
const SIGNATURE: Refused = (
    700_027,
    "Client assertion contains an invalid signature. [Reason - The key was found, but the signature is not right.]",
);

struct Assertion<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

fn read(text: &str) -> Option<Assertion<'_>> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let json = |part: &str| serde_json::from_slice(&BASE64.decode(part.trim_end_matches('=')).ok()?).ok();
    let signature = BASE64.decode(signature.trim_end_matches('=')).ok()?;
    Some(Assertion { header: json(header)?, claims: json(claims)?, signed, signature })
}

/// Whether an assertion speaks for a caller. `endpoint` is where it was sent to.
pub(crate) fn check(text: &str, caller: &Caller, endpoint: &str, now: i64) -> Result<(), Refused> {
    let own = read(text).ok_or(MALFORMED)?;
    let claim = |name: &str| own.claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let time = |name: &str| own.claims.get(name).and_then(Value::as_i64);
    if time("exp").is_none_or(|at| at + SKEW < now) || time("nbf").is_some_and(|at| at > now + SKEW) {
        return Err(LATE);
    }
    if claim("aud") == EXCHANGE {
        // Nobody is asked for the issuer's keys: the simulator talks to nobody.
        return Ok(());
    }
    let realm = endpoint.split("/oauth2/").next().unwrap_or(endpoint).to_ascii_lowercase();
    if !claim("aud").to_ascii_lowercase().starts_with(&realm) {
        return Err(AUDIENCE);
    }
    let is_caller = |name: &str| claim(name).eq_ignore_ascii_case(&caller.app_id);
    if !is_caller("iss") || !is_caller("sub") {
        return Err(ISSUER);
    }
    let certificate = caller.certificate.as_deref().ok_or(KEY)?;
    if !is_of(&own.header, certificate) {
        return Err(KEY);
    }
    verified(&own, certificate)
}

/// Whether the header names a certificate.
fn is_of(header: &Value, certificate: &[u8]) -> bool {
    let named = |name: &str| header.get(name).and_then(Value::as_str).map(|own| own.trim_end_matches('='));
    named("x5t#S256") == Some(&BASE64.encode(Sha256::digest(certificate)))
        || named("x5t") == Some(&BASE64.encode(Sha1::digest(certificate)))
}

fn verified(own: &Assertion<'_>, certificate: &[u8]) -> Result<(), Refused> {
    let algorithm: &dyn SignatureVerificationAlgorithm = match own.header.get("alg").and_then(Value::as_str) {
        Some("RS256") => webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
        Some("PS256") => webpki::aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        _ => return Err(MALFORMED),
    };
    let der = CertificateDer::from(certificate);
    let certificate = webpki::EndEntityCert::try_from(&der).map_err(|_| KEY)?;
    certificate.verify_signature(algorithm, own.signed.as_bytes(), &own.signature).map_err(|_| SIGNATURE)
}
