//! Limits and faults.

use crate::{World, code, json};
use dekey_sim::{Delivery, Options, Throttle};

const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";
const QUERY: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";

fn world(options: Options) -> World {
    World::filled(options, |azure| {
        azure.seed_workspaces(1, 40);
    })
}

#[test]
fn answers_say_how_many_requests_are_left() {
    let mut world = world(Options { throttle: Throttle::Azure, ..Options::new(1) });
    let answer = world.ask("GET", SUBSCRIPTIONS, "");
    assert_eq!(answer.header("x-ms-ratelimit-remaining-tenant-reads"), Some("249"));
    let subscription = world.subscriptions().remove(0);
    let url = format!("{subscription}/resourceGroups?api-version=2021-04-01");
    let answer = world.ask("GET", &url, "");
    assert_eq!(answer.header("x-ms-ratelimit-remaining-subscription-reads"), Some("249"));
    assert_eq!(answer.header("x-ms-ratelimit-remaining-subscription-global-reads"), Some("3749"));
    for _ in 0..249 {
        assert_eq!(world.get(&url).0, 200);
    }
    let answer = world.ask("GET", &url, "");
    assert_eq!((answer.status, answer.header("Retry-After")), (429, Some("1")));
    assert_eq!(code(&json(&answer)), "SubscriptionRequestsThrottled");
    world.now += jiff::SignedDuration::from_secs(1);
    assert_eq!(world.get(&url).0, 200);
    let body = r#"{"query":"resources | count"}"#;
    let left: Vec<_> = (0..16)
        .map(|_| world.ask("POST", QUERY, body))
        .map(|own| (own.status, own.header("x-ms-user-quota-remaining").map(str::to_owned)))
        .collect();
    assert_eq!((&left[0], &left[14]), (&(200, Some("14".to_owned())), &(200, Some("0".to_owned()))));
    assert_eq!(left[15].0, 429);
}

#[test]
fn faults_happen_where_the_plan_says() {
    let plan = "at request 1 of /workspaces: 429 storm of 2 retry after 7\n\
                at request 3 of /workspaces: truncated\n\
                at request 4 of /workspaces: next link to evil.example\n\
                at request 5 of /workspaces: duplicate";
    let mut world = world(Options { faults: plan.parse().unwrap(), ..Options::new(1) });
    let subscription = world.subscriptions().remove(0);
    let url = format!(
        "{subscription}/providers/Microsoft.MachineLearningServices/workspaces?api-version=2025-12-01"
    );
    for _ in 0..2 {
        let answer = world.ask("GET", &url, "");
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    }
    assert_eq!(world.ask("GET", &url, "").delivery, Delivery::Truncated);
    let (_, page) = world.get(&url);
    assert!(page["nextLink"].as_str().unwrap().starts_with("https://evil.example/"));
    let (_, page) = world.get(&url);
    assert_eq!(page["value"].as_array().unwrap().len(), 31);
    let (_, page) = world.get(&url);
    assert_eq!(page["value"].as_array().unwrap().len(), 30);
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let answers = |seed: u64| {
        let options = Options { faults: "200 in 1000 requests: 503".parse().unwrap(), ..Options::new(seed) };
        let mut azure = dekey_sim::Azure::new(options);
        let ask = |at: u32| {
            let now = "2026-11-23T08:00:00Z".parse().unwrap();
            let path = format!("/x/{at}");
            let answer = azure.handle(&dekey_sim::Request {
                method: "GET",
                base: "",
                path: &path,
                query: "",
                headers: &[],
                body: b"",
                now,
            });
            (answer.status, answer.headers)
        };
        (0..200).map(ask).collect::<Vec<_>>()
    };
    assert_eq!(answers(1), answers(1));
    assert_ne!(answers(1), answers(2));
    let failed = answers(1).iter().filter(|own| own.0 == 503).count();
    assert!((20..60).contains(&failed), "{failed}");
}

#[test]
fn a_write_may_rest_on_the_state_that_was_read() {
    let mut world = World::contoso();
    let workspaces = world.workspaces();
    let account = workspaces[0]["properties"]["storageAccount"].as_str().unwrap();
    let url = format!("{account}?api-version=2023-01-01");
    let mut tag = || world.ask("GET", &url, "").header("ETag").unwrap().to_owned();
    let first = tag();
    assert_eq!(first, tag(), "a read changes nothing");
    let body = r#"{"tags":{"a":"b"}}"#;
    let bearer = format!("Bearer {}", world.token);
    let mut patch = |condition: &str, value: &str| {
        world.send("PATCH", &url, &[("Authorization", &bearer), (condition, value)], body).status
    };
    assert_eq!(patch("If-None-Match", "*"), 412);
    assert_eq!(patch("If-Match", &first), 200);
    assert_eq!(patch("If-Match", &first), 412, "somebody else was there in between");
    assert_eq!(patch("If-Match", "*"), 200);
    let answer = world.ask("GET", &url, "");
    assert_ne!(answer.header("ETag"), Some(first.as_str()));
    let nothing = format!("{account}x?api-version=2023-01-01");
    let answer = world.send("PUT", &nothing, &[("Authorization", &bearer), ("If-Match", "*")], body);
    assert_eq!(code(&json(&answer)), "PreconditionFailed");
}
