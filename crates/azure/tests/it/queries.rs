//! Questions, what is kept of answers, and who is told.

use crate::{client, client_with, ok, status};
use dekey_azure::{ErrorKind, Limits, Observer, Scope, Tried};
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex};

#[tokio::test(start_paused = true)]
async fn changes_are_asked_for_since_a_time() {
    let (client, far) = client([ok(r#"{"data":[],"resultTruncated":"false"}"#)]);
    let groups = ["mg".to_owned()];
    let since = "2026-11-20T00:00:00Z".parse().unwrap();
    let mut pages = client.changes(Scope::ManagementGroups(&groups), &["A.B/Cs", "A.B/ds"], since).unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 0);
    let body: Value = serde_json::from_str(&far.came()[0].body).unwrap();
    assert_eq!((&body["managementGroups"][0], body.get("subscriptions")), (&"mg".into(), None));
    let query = body["query"].as_str().unwrap();
    assert!(
        query.starts_with("resourcechanges | where ") && query.contains("'2026-11-20T00:00:00Z'"),
        "{query}"
    );
    assert!(query.contains(" in~ ('a.b/cs', 'a.b/ds') "), "{query}");
    assert!(query.contains("project id"), "without it there is no second page");
}

#[tokio::test(start_paused = true)]
async fn the_activity_log_is_asked_for_a_provider_and_a_span_of_time() {
    let (client, far) = client([ok(r#"{"value":[]}"#)]);
    let at = |text: &str| text.parse().unwrap();
    let span = (at("2026-11-20T00:00:00Z"), at("2026-11-23T00:00:00Z"));
    let mut pages = client.events("s-1", "A.B", span.0, span.1).unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 0);
    let url = url::Url::parse(&far.came()[0].url).unwrap();
    assert_eq!(url.path(), "/subscriptions/s-1/providers/Microsoft.Insights/eventtypes/management/values");
    let asked: std::collections::BTreeMap<_, _> = url.query_pairs().collect();
    assert_eq!(asked["api-version"], "2015-04-01");
    assert_eq!(
        asked["$filter"],
        "eventTimestamp ge '2026-11-20T00:00:00Z' and eventTimestamp le '2026-11-23T00:00:00Z' and resourceProvider eq 'A.B'"
    );
}

#[tokio::test(start_paused = true)]
async fn a_next_page_that_nobody_asked_for_is_not_followed() {
    let (client, far) = client([ok(r#"{"value":[1],"$skipToken":"t"}"#), ok(r#"{"value":[2]}"#)]);
    let mut pages = client.list("/subscriptions", "v").unwrap();
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error}");
    assert_eq!(far.left(), 1);
}

#[tokio::test(start_paused = true)]
async fn items_can_be_kept_to_the_letter() {
    let item = r#"{"b": 1.000, "a":123456789012345678901234567890 ,"unknown":{"x":null}}"#;
    let (client, _) = client([ok(&format!(r#"{{"other":1,"value":[{item}],"nextLink":null}}"#))]);
    let mut pages = client.list("/subscriptions", "v").unwrap();
    let items: Vec<Box<RawValue>> = pages.next_as().await.unwrap().unwrap();
    assert_eq!(items[0].get(), item);
    assert!(pages.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn logs_say_when_some_are_missing() {
    let table = r#"{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"}],"rows":[["2026-11-20T00:00:00Z"]]}"#;
    let partial = r#"{"code":"PartialError","message":"some rows are missing","details":[]}"#;
    let (client, far) = client([
        ok(&format!(r#"{{"tables":[{table}]}}"#)),
        ok(&format!(r#"{{"tables":[{table}],"error":{partial}}}"#)),
    ]);
    let logs = client.query_logs("w-1", "StorageBlobLogs | take 1", "PT24H").await.unwrap();
    assert_eq!((logs.tables[0].columns[0].kind.as_str(), logs.partial), ("datetime", None));
    let logs = client.query_logs("w-1", "x", "PT24H").await.unwrap();
    assert_eq!(logs.partial.as_deref(), Some("PartialError: some rows are missing"));
    let came = &far.came()[0];
    assert_eq!(came.url, "https://api.loganalytics.io/v1/workspaces/w-1/query");
    assert!(came.token.starts_with("Bearer https://api.loganalytics.io/.default"));
    assert_eq!(came.body, r#"{"query":"StorageBlobLogs | take 1","timespan":"PT24H"}"#);
}

type Told = (&'static str, String, Option<u16>, u32, Option<u64>);

#[derive(Default)]
struct Log(Mutex<Vec<Told>>);

impl Observer for Log {
    fn tried(&self, tried: Tried<'_>) {
        let path = tried.url.path().to_owned();
        self.0.lock().unwrap().push((tried.method, path, tried.status, tried.tries, tried.left));
    }
}

#[tokio::test(start_paused = true)]
async fn every_try_is_told_to_who_watches() {
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let left = status(200, &[("x-ms-ratelimit-remaining-subscription-reads", "249")], "{}");
    let (client, _) =
        client_with([status(503, &[], ""), crate::Step::Reset, left], Limits::default(), Some(observer));
    client.get("/subscriptions/s", "v").await.unwrap();
    let path = || "/subscriptions/s".to_owned();
    let told = log.0.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            ("GET", path(), Some(503), 1, None),
            ("GET", path(), None, 2, None),
            ("GET", path(), Some(200), 3, Some(249))
        ]
    );
}

/// Many callers, few left: nobody is refused, because they slow down by themselves.
#[tokio::test(start_paused = true)]
async fn few_calls_left_slow_everybody_down() {
    let left =
        |left: u32| status(200, &[("x-ms-ratelimit-remaining-subscription-reads", &left.to_string())], "{}");
    let (client, _) = client(std::iter::repeat_n(left(10), 101));
    client.get("/subscriptions/s", "v").await.unwrap();
    let started = tokio::time::Instant::now();
    let calls = (0..100).map(|_| client.get("/subscriptions/s", "v"));
    for answer in futures::future::join_all(calls).await {
        answer.unwrap();
    }
    let took = started.elapsed();
    assert!(took.as_secs() >= 7, "12.5 a second at the most: {took:?}");
}
