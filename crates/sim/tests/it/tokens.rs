//! Signing in, and what a token is good for.

use crate::{World, code, json};
use jiff::SignedDuration;

const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";

#[test]
fn no_token_no_answer() {
    let mut world = World::contoso();
    let answer = world.send("GET", SUBSCRIPTIONS, &[], "");
    assert_eq!((answer.status, code(&json(&answer))), (401, "AuthenticationFailed"));
    let challenge = answer.header("WWW-Authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer authorization_uri=\"https://login.microsoftonline.com/"),
        "{challenge}"
    );
}

#[test]
fn a_token_ends_and_is_for_one_service() {
    let mut world = World::contoso();
    assert_eq!(world.get(SUBSCRIPTIONS).0, 200);
    world.now += SignedDuration::from_hours(1);
    let (status, body) = world.get(SUBSCRIPTIONS);
    assert_eq!((status, code(&body)), (401, "ExpiredAuthenticationToken"));
    world.token = world.sign_in("https://graph.microsoft.com");
    let (status, body) = world.get(SUBSCRIPTIONS);
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationTokenAudience"));
}

#[test]
fn a_service_principal_signs_in_with_what_it_was_given() {
    let options = dekey_sim::Options::new(7);
    let (caller, tenant) = (options.callers[0].0.clone(), options.tenant.clone());
    let mut world = World::contoso();
    let mut token = |tenant: &str, client: &str, secret: &str| {
        let body = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={secret}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
        );
        let answer = world.send("POST", &format!("/{tenant}/oauth2/v2.0/token"), &[], &body);
        (answer.status, json(&answer))
    };
    let (status, body) = token(&tenant, &caller.app_id, &caller.secret);
    assert_eq!((status, body["token_type"].as_str()), (200, Some("Bearer")));
    let own = body["access_token"].as_str().unwrap().to_owned();
    for (tenant, client, secret, number) in [
        ("other", caller.app_id.as_str(), caller.secret.as_str(), 90002),
        (&tenant, "nobody", &caller.secret, 700_016),
        (&tenant, &caller.app_id, "wrong", 7_000_215),
        (&tenant, &caller.app_id, "", 7_000_218),
    ] {
        let (status, body) = token(tenant, client, secret);
        assert!(status == 400 || status == 401);
        assert_eq!(body["error_codes"][0], number);
        assert!(!body.to_string().contains(&caller.secret));
    }
    world.token = own;
    assert_eq!(world.get(SUBSCRIPTIONS).0, 200);
}

#[test]
fn the_identity_endpoints_want_their_headers() {
    let mut world = World::contoso();
    let machine =
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/";
    assert_eq!(world.send("GET", machine, &[], "").status, 400);
    let answer = json(&world.send("GET", machine, &[("metadata", "true")], ""));
    assert!(answer["expires_on"].as_str().unwrap().parse::<i64>().unwrap() > 0);
    let service = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com/";
    assert_eq!(world.send("GET", service, &[], "").status, 401);
    let header = [("X-IDENTITY-HEADER", dekey_sim::Azure::identity_header())];
    assert_eq!(world.send("GET", service, &header, "").status, 200);
    let other = format!("{service}&client_id=somebody");
    assert_eq!(world.send("GET", &other, &header, "").status, 400);
}

#[test]
fn the_cloud_describes_itself_in_both_shapes() {
    let mut world = World::contoso();
    let object = json(&world.send("GET", "//metadata/endpoints?api-version=2022-09-01", &[], ""));
    assert_eq!(object["resourceManager"], crate::BASE);
    let list = json(&world.send("GET", "/metadata/endpoints?api-version=2019-05-01", &[], ""));
    assert_eq!(list[0]["authentication"]["loginEndpoint"], crate::BASE);
}
