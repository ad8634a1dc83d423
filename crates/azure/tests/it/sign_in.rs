//! Who dekey is, and how it came to be that.

use crate::{Far, Step, ok, status};
use azure_core::credentials::TokenCredential;
use azure_core::http::HttpClient;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use dekey_azure::{Client, Cloud, Limits, Service};
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
    far_of([given(&token(), 3600), given(&token(), 3600), given(&token(), 3600)])
}

fn far_of(script: impl IntoIterator<Item = Step>) -> (Arc<Far>, Arc<dyn HttpClient>) {
    let far = Arc::new(Far::of(script));
    let transport: Arc<dyn HttpClient> = far.clone();
    (far, transport)
}

/// A token, as Entra gives it.
fn given(token: &str, seconds: i64) -> Step {
    ok(&json!({ "token_type": "Bearer", "expires_in": seconds, "access_token": token }).to_string())
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
    let reach: Vec<(Service, bool)> =
        status.reach.iter().map(|own| (own.service, own.token.is_ok())).collect();
    assert_eq!(reach, [(Service::Arm, true), (Service::Graph, true), (Service::Logs, true)]);
    assert!(came[1].body.contains("graph.microsoft.us"), "a token for each");
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
    assert_eq!(header["alg"], "PS256");
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(digest.as_ref()));
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PSS_2048_8192_SHA256,
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

fn secret_client(far: &Arc<dyn HttpClient>) -> Client {
    let mut wishes = wishes(Method::ClientSecret, SECRET);
    wishes.allow_client_secret = true;
    let cloud = Cloud::public().unwrap();
    let sign_in = Arc::new(SignIn::new(&wishes, &cloud, far));
    Client::new(cloud, &sign_in.as_credential(), far, Limits::default(), None)
}

/// Our clock is ten minutes behind: the token has ended before we think so, and no cache may give it out again.
#[tokio::test]
async fn a_token_that_azure_says_has_ended_is_replaced_in_the_middle_of_a_run() {
    let ended = || status(401, &[], r#"{"error":{"code":"ExpiredAuthenticationToken","message":"it has"}}"#);
    let (far, transport) =
        far_of([given("first", 3600), ok("{}"), ended(), given("second", 3600), ok("{}"), ok("{}")]);
    let client = secret_client(&transport);
    for _ in 0..3 {
        client.get("/subscriptions", "v").await.unwrap();
    }
    let came = far.came();
    let tokens: Vec<&str> = came.iter().map(|came| came.token.as_str()).collect();
    assert_eq!(tokens, ["", "Bearer first", "Bearer first", "", "Bearer second", "Bearer second"]);
}

/// Our clock is ten minutes ahead: every token seems to have ended. It is used, and not asked for with each call.
#[tokio::test]
async fn a_token_that_only_seems_to_have_ended_is_used() {
    let answers = std::iter::repeat_n(ok("{}"), 20);
    let (far, transport) = far_of([given("only", -600)].into_iter().chain(answers));
    let client = secret_client(&transport);
    for _ in 0..20 {
        client.get("/subscriptions", "v").await.unwrap();
    }
    let asked = far.came().iter().filter(|came| came.url.contains("/oauth2/")).count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_challenge_that_cannot_be_met_is_explained() {
    let challenge = r#"Bearer authorization_uri="https://login.microsoftonline.com/", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let asks = || status(401, &[("www-authenticate", challenge)], "{}");
    let (far, transport) = far_of([given("a", 3600), asks(), given("b", 3600), asks(), ok("{}")]);
    let error = secret_client(&transport).get("/subscriptions", "v").await.unwrap_err().to_string();
    assert!(error.contains("Conditional Access") && error.contains("az login"), "{error}");
    assert_eq!(far.left(), 1);
}

/// Where a cluster is set up for an identity of its own, its failure must not make somebody's login answer.
#[tokio::test(start_paused = true)]
async fn what_a_place_is_set_up_for_is_not_passed_over() {
    let folder = std::env::temp_dir().join(format!("dekey-azure-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("token");
    std::fs::write(&file, "cluster-token").unwrap();
    let refused = || {
        let body = json!({ "error": "invalid_request", "error_description": "AADSTS70021: No matching federated identity record",
            "error_codes": [70021] });
        status(400, &[], &body.to_string())
    };
    let (far, transport) = far_of([refused()]);
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", "a-1"),
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
    ];
    let wishes = Wishes { method: None, ..wishes(Method::WorkloadIdentity, &variables) };
    let cloud = Cloud::public().unwrap();
    let status = SignIn::new(&wishes, &cloud, &transport).status(&cloud).await;
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(status.method, None);
    let [(Method::WorkloadIdentity, why)] = status.passed_over.as_slice() else { panic!("{status:?}") };
    assert!(
        why.contains("AADSTS70021") && why.contains("--sign-in") && !why.contains("cluster-token"),
        "{why}"
    );
    assert_eq!(far.came().len(), 1);
}
