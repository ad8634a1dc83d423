//! What is sent.

use crate::{client, ok, signed_out, status};
use dekey_azure::ErrorKind;

#[tokio::test(start_paused = true)]
async fn a_call_carries_its_version_and_a_token_for_its_service() {
    let (client, far) = client([ok("{}"), ok(r#"{"value":[]}"#)]);
    client.get("/subscriptions/s/resourceGroups/r g/providers/X/y/n?o#p", "2020-01-01").await.unwrap();
    client
        .graph_list("/groups/g/transitiveMembers", &[("$select", "id")])
        .unwrap()
        .next()
        .await
        .unwrap()
        .unwrap();
    let came = far.came();
    assert_eq!(
        came[0].url,
        "https://management.azure.com/subscriptions/s/resourceGroups/r%20g/providers/X/y/n%3Fo%23p?api-version=2020-01-01"
    );
    assert_eq!(came[0].token, "Bearer https://management.azure.com/.default#0");
    assert_eq!(came[1].url, "https://graph.microsoft.com/v1.0/groups/g/transitiveMembers?%24select=id");
    assert_eq!(came[1].token, "Bearer https://graph.microsoft.com/.default#1");
    assert!(came.iter().all(|came| came.method == "GET"));
}

#[tokio::test(start_paused = true)]
async fn an_id_cannot_lead_elsewhere() {
    let (client, far) = client([]);
    for path in [
        "/subscriptions/../../x",
        "/subscriptions/./x",
        "..",
        "/subscriptions/%2e%2e/x",
        "/subscriptions/..\\x",
        "/subscriptions/a\nb",
    ] {
        let error = client.get(path, "v").await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotSent(_)), "{error}");
    }
    assert!(far.came().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_early_is_renewed_once() {
    let refused = || {
        status(
            401,
            &[("www-authenticate", "Bearer error=\"invalid_token\"")],
            r#"{"error":{"code":"ExpiredAuthenticationToken","message":"it has expired"}}"#,
        )
    };
    let (first, far) = client([refused(), ok("{}")]);
    first.get("/subscriptions", "v").await.unwrap();
    let tokens: Vec<String> = far.came().into_iter().map(|came| came.token).collect();
    assert_ne!(tokens[0], tokens[1], "another token");
    let (client, far) = client([refused(), refused(), ok("{}")]);
    let error = client.get("/subscriptions", "v").await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::SignIn(why) if why.contains("ExpiredAuthenticationToken")),
        "{error}"
    );
    assert_eq!(far.left(), 1, "not a third time");
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent() {
    let (client, far) = signed_out([ok("{}")]);
    let error = client.get("/subscriptions", "v").await.unwrap_err();
    assert!(
        error.to_string().contains("AADSTS700082") && error.to_string().contains("dekey auth status"),
        "{error}"
    );
    assert_eq!(far.left(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_action_is_named_and_not_tried_again() {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/read' over scope '/s' or the scope is invalid."}}"#;
    let (client, far) = client([status(403, &[("x-ms-request-id", "r-1")], body), ok("{}")]);
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    let ErrorKind::Forbidden { action: Some(action), .. } = &error.kind else { panic!("{error}") };
    assert_eq!(action, "Microsoft.Storage/storageAccounts/read");
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert_eq!(far.left(), 1);
}
