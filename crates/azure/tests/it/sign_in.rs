//! Who dekey is, and how it came to be that.

use crate::{Far, ok, status};
use azure_core::credentials::TokenCredential;
use azure_core::http::HttpClient;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dekey_azure::Cloud;
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use serde_json::{Value, json};
use std::sync::Arc;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";

fn token() -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "oid": "o-1", "appid": "a-1", "tid": TENANT, "aud": "https://management.azure.com", "upn": "ana@contoso.example" });
    format!("{}.{}.c2ln", part(json!({ "alg": "none" })), part(claims))
}

fn wishes(method: Method, variables: &[(&str, &str)]) -> Wishes {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Wishes { method: Some(method), variables, ..Wishes::default() }
}

fn far() -> (Arc<Far>, Arc<dyn HttpClient>) {
    let answer = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token() }).to_string();
    let far = Arc::new(Far::of([ok(&answer)]));
    let transport: Arc<dyn HttpClient> = far.clone();
    (far, transport)
}

const SECRET: &[(&str, &str)] =
    &[("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "a-1"), ("AZURE_CLIENT_SECRET", "s3cr3t-value")];

#[tokio::test]
async fn a_client_secret_is_refused_until_it_is_allowed() {
    let cloud = Cloud::named("AzureUSGovernment").unwrap();
    let (far, transport) = far();
    let mut wishes = wishes(Method::ClientSecret, SECRET);
    let status = SignIn::new(&wishes, &cloud, &transport).status(&cloud).await;
    assert_eq!(status.method, None);
    let (method, why) = &status.passed_over[0];
    assert_eq!(*method, Method::ClientSecret);
    assert!(
        why.contains("static key") && why.contains("--allow-client-secret") && !why.contains("s3cr3t"),
        "{why}"
    );
    assert!(far.came().is_empty());

    wishes.allow_client_secret = true;
    let status = SignIn::new(&wishes, &cloud, &transport).status(&cloud).await;
    assert_eq!(status.method, Some(Method::ClientSecret));
    assert_eq!(status.name.as_deref(), Some("ana@contoso.example"));
    assert_eq!((status.object_id.as_deref(), status.tenant.as_deref()), (Some("o-1"), Some(TENANT)));
    assert!(status.expires.is_some());
    let came = far.came();
    assert_eq!(came[0].url, format!("https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token"));
    assert!(
        came[0].body.contains("scope=https%3A%2F%2Fmanagement.usgovcloudapi.net%2F.default"),
        "{}",
        came[0].body
    );
    assert!(!format!("{wishes:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn a_certificate_signs_what_entra_can_check() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["dekey".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    let (far, transport) = far();
    let cloud = Cloud::public().unwrap();
    let mut wishes = wishes(
        Method::Certificate,
        &[
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", "a-1"),
            ("AZURE_CLIENT_CERTIFICATE_PATH", "x.pem"),
        ],
    );
    wishes.certificate = Some(Arc::from(pem.into_bytes()));
    let status = SignIn::new(&wishes, &cloud, &transport).status(&cloud).await;
    assert_eq!(status.method, Some(Method::Certificate), "{status:?}");
    let body = far.came()[0].body.clone();
    let assertion =
        body.split('&').find_map(|pair| pair.strip_prefix("client_assertion=")).unwrap().to_owned();
    let parts: Vec<&str> = assertion.split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(claims["aud"], format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("a-1"), &json!("a-1")));
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(digest.as_ref()));
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
        rcgen::PublicKeyData::der_bytes(&key),
    );
    let signed = format!("{}.{}", parts[0], parts[1]);
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_certificate_is_not_quoted() {
    let (_, transport) = far();
    let cloud = Cloud::public().unwrap();
    let mut wishes = wishes(
        Method::Certificate,
        &[
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", "a-1"),
            ("AZURE_CLIENT_CERTIFICATE_PATH", "x.pem"),
        ],
    );
    wishes.certificate = Some(Arc::from(&b"hunter2"[..]));
    let status = SignIn::new(&wishes, &cloud, &transport).status(&cloud).await;
    assert!(
        status.passed_over[0].1.contains("BEGIN CERTIFICATE") && !format!("{status:?}").contains("hunter2")
    );
}

#[tokio::test]
async fn whoever_answered_first_is_asked_from_then_on() {
    let answer = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token() }).to_string();
    let far = Arc::new(Far::of([ok(&answer), ok(&answer)]));
    let transport: Arc<dyn HttpClient> = far.clone();
    let mut wishes = wishes(Method::ClientSecret, SECRET);
    wishes.allow_client_secret = true;
    let sign_in = SignIn::new(&wishes, &Cloud::public().unwrap(), &transport);
    for scope in ["https://management.azure.com/.default", "https://graph.microsoft.com/.default"] {
        sign_in.get_token(&[scope], None).await.unwrap();
    }
    assert_eq!(far.came().len(), 2);
}

#[tokio::test]
async fn nobody_signed_in_is_told_why_for_each_method() {
    let refused =
        status(401, &[], r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired"}"#);
    let far: Arc<dyn HttpClient> = Arc::new(Far::of([refused]));
    let mut wishes = wishes(Method::ClientSecret, SECRET);
    wishes.allow_client_secret = true;
    let sign_in = SignIn::new(&wishes, &Cloud::public().unwrap(), &far);
    let error =
        sign_in.get_token(&["https://management.azure.com/.default"], None).await.unwrap_err().to_string();
    assert!(error.starts_with("client-secret: ") && error.contains("AADSTS7000222"), "{error}");
    assert!(!error.contains("s3cr3t"));
}
