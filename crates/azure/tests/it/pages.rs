//! Lists and queries.

use crate::{Step, client, ok, status};
use dekey_azure::{ErrorKind, Pages};
use serde_json::Value;

async fn all(mut pages: Pages) -> (Vec<Value>, Option<ErrorKind>) {
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => items.extend(page),
            Err(error) => return (items, Some(error.kind)),
        }
    }
    (items, None)
}

fn page(items: &str, next: &str) -> Step {
    ok(&format!(r#"{{"value":[{items}],"nextLink":"{next}"}}"#))
}

#[tokio::test(start_paused = true)]
async fn next_links_are_followed_as_they_are() {
    let link = "https://management.azure.com/subscriptions/s/x?api-version=v&$skip=2&a=%2F";
    let (client, far) = client([page("1,2", link), ok(r#"{"value":[3]}"#)]);
    let (items, error) = all(client.list("/subscriptions/s/x", "v").unwrap()).await;
    assert_eq!((items.len(), error), (3, None));
    assert_eq!(far.came()[1].url, link);
}

#[tokio::test(start_paused = true)]
async fn a_next_page_elsewhere_gets_no_token_and_what_was_read_stays() {
    for link in [
        "https://evil.example/x",
        "http://management.azure.com/x",
        "https://management.azure.com:8443/x",
        "https://graph.microsoft.com/x",
    ] {
        let (client, far) = client([page("1", link), ok(r#"{"value":[2]}"#)]);
        let (items, error) = all(client.list("/subscriptions/s/x", "v").unwrap()).await;
        assert_eq!(items.len(), 1, "{link}");
        assert!(matches!(error, Some(ErrorKind::NotSent(_))), "{link}: {error:?}");
        assert_eq!(far.came().len(), 1, "{link}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_go_in_circles_end() {
    let link = "https://management.azure.com/subscriptions/s/x?page=2";
    let (client, _) = client([page("1", link), page("2", link), page("3", link)]);
    let (items, error) = all(client.list("/subscriptions/s/x", "v").unwrap()).await;
    assert_eq!(items.len(), 1);
    assert!(matches!(error, Some(ErrorKind::Protocol(why)) if why.contains("circles")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_the_middle_keeps_the_pages_before_it() {
    let (client, _) = client([
        page("1", "https://management.azure.com/subscriptions/s/x?page=2"),
        status(403, &[], r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#),
    ]);
    let (items, error) = all(client.list("/subscriptions/s/x", "v").unwrap()).await;
    assert_eq!(items.len(), 1);
    assert!(matches!(error, Some(ErrorKind::Forbidden { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_page_is_an_error() {
    for body in ["[]", "{}", r#"{"value":{}}"#] {
        let (client, _) = client([ok(body)]);
        let (_, error) = all(client.list("/subscriptions/s/x", "v").unwrap()).await;
        assert!(matches!(error, Some(ErrorKind::Protocol(_))), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_is_a_post_that_may_be_repeated_and_pages_by_token() {
    let (client, far) = client([
        Step::Reset,
        ok(r#"{"data":[{"id":"/a"}],"$skipToken":"t","resultTruncated":"false"}"#),
        ok(r#"{"data":[{"id":"/b"}],"resultTruncated":"false"}"#),
    ]);
    let (items, error) = all(client.query("resources", &["s".to_owned()], true).unwrap()).await;
    assert_eq!((items.len(), error), (2, None));
    let came = far.came();
    assert!(came.iter().all(|came| came.method == "POST"
        && came.url.contains("/providers/Microsoft.ResourceGraph/resources?api-version=")));
    let last: Value = serde_json::from_str(&came[2].body).unwrap();
    assert_eq!(last["options"]["$skipToken"], "t");
    assert_eq!(last["options"]["authorizationScopeFilter"], "AtScopeAboveAndBelow");
    assert_eq!(last["subscriptions"][0], "s");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_cut_short_says_so() {
    let (client, _) = client([ok(r#"{"data":[{"id":"/a"}],"resultTruncated":"true"}"#)]);
    let (_, error) = all(client.query("resources", &[], false).unwrap()).await;
    assert!(matches!(error, Some(ErrorKind::Protocol(why)) if why.contains("cut short")));
}
