//! What goes wrong on the way, and what is made of it.

use crate::{Step, client, ok, status};
use dekey_azure::ErrorKind;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    let script = [
        Step::Reset,
        Step::Truncated(r#"{"value":["#.to_owned()),
        status(503, &[], "<html>busy</html>"),
        status(500, &[], ""),
        status(200, &[("content-length", "99")], "{}"),
        ok("<html>a proxy</html>"),
        ok(""),
        ok(r#"{"fine":true}"#),
    ];
    let (client, far) = client(script);
    let answer = client.get("/subscriptions/s/x", "v").await.unwrap();
    assert_eq!(answer["fine"], true);
    assert_eq!((far.came().len(), far.left()), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn a_silent_far_side_is_given_up_on_and_asked_again() {
    let (client, _) = client([Step::Silence, ok("{}")]);
    let started = Instant::now();
    client.get("/subscriptions/s/x", "v").await.unwrap();
    let took = started.elapsed();
    assert!(took > Duration::from_secs(99) && took < Duration::from_mins(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn azure_is_waited_for_as_long_as_it_asks() {
    let refused =
        status(429, &[("retry-after", "17")], r#"{"error":{"code":"TooManyRequests","message":"slow"}}"#);
    let (client, far) = client([refused.clone(), refused, ok("{}")]);
    let started = Instant::now();
    client.get("/subscriptions/s/x", "v").await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(34), "{:?}", started.elapsed());
    assert_eq!(far.came().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_ends_the_call() {
    let refused = status(429, &[("retry-after", "7200")], "");
    let (client, far) = client([refused, ok("{}")]);
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Throttled(_)), "{error}");
    assert_eq!(far.left(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_far_side_that_never_recovers_is_given_up_on() {
    let (client, far) = client(std::iter::once(ok("{}")).chain(std::iter::repeat_n(Step::Reset, 50)));
    client.get("/subscriptions/s/x", "v").await.unwrap();
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Transport(why) if why.contains("reset")), "{error}");
    assert_eq!(far.came().len(), 1 + 12);
}

#[tokio::test(start_paused = true)]
async fn a_far_side_that_was_never_there_is_given_up_on_soon() {
    let (client, far) = client([]);
    let started = Instant::now();
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(error.to_string().contains("HTTPS_PROXY"), "{error}");
    assert_eq!(far.came().len(), 4);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_something_in_between_puts_up_is_not_asked_for_all_day() {
    let page = ok("<html>Please accept the terms of this network, password=hunter2</html>");
    let (client, far) = client(std::iter::repeat_n(page, 20));
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Protocol(why) if why.contains("not JSON")), "{error}");
    assert!(!error.to_string().contains("hunter2"));
    assert_eq!(far.came().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    let (client, far) = client([status(302, &[("location", "https://evil.example/")], "")]);
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Protocol(why) if why.contains("redirect")), "{error}");
    assert_eq!(far.came().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_huge_body_is_not_taken() {
    let (client, far) = client([ok(&" ".repeat(65 << 20)), ok("{}")]);
    let error = client.get("/subscriptions/s/x", "v").await.unwrap_err();
    assert!(error.to_string().contains("larger than 64 MiB"), "{error}");
    assert_eq!(far.left(), 1, "nor asked for again");
}
