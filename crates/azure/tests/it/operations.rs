//! Changes, and operations that take their time.

use crate::{Step, client, ok, status};
use dekey_azure::operation::{Operation, Protocol};
use dekey_azure::{Client, Error, ErrorKind, If, Verb, Write, WriteAccess};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const PATH: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
const AT: &str = "https://management.azure.com";
const HOUR: Duration = Duration::from_hours(1);

async fn change(client: &Client, verb: Verb, path: &str) -> Result<Operation, Error> {
    let body = json!({ "identity": { "type": "SystemAssigned" } });
    let body = (verb != Verb::Delete).then_some(&body);
    let write = Write { verb, path, api_version: "2025-12-01", query: &[], body, only_if: If::Always };
    client.write(&WriteAccess::of_the_executor(), &write).await
}

fn state(state: &str) -> Step {
    ok(&json!({ "id": PATH, "properties": { "provisioningState": state } }).to_string())
}

fn link(name: &str) -> String {
    format!("{AT}/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/l/{name}?t=1")
}

/// What was asked for, in order: method and the last segment of the path.
fn asked(far: &crate::Far) -> Vec<String> {
    let last = |url: &str| url.split(['?']).next().unwrap().rsplit('/').next().unwrap().to_owned();
    far.came().iter().map(|came| format!("{} {}", came.method, last(&came.url))).collect()
}

async fn followed(verb: Verb, script: Vec<Step>) -> (Vec<String>, Protocol, Result<Option<Value>, Error>) {
    let (client, far) = client(script);
    let mut operation = change(&client, verb, PATH).await.unwrap();
    let protocol = operation.protocol;
    let end = client.wait(&mut operation, HOUR).await;
    assert_eq!(far.left(), 0, "{:?}", asked(&far));
    (asked(&far), protocol, end)
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_followed_by_location() {
    let (location, other) = (link("op"), link("op2"));
    let accepted = status(202, &[("location", &location), ("retry-after", "10")], "");
    let running = status(202, &[("location", &other), ("retry-after", "10")], "");
    let (asked, protocol, end) =
        followed(Verb::Patch, vec![accepted, running, Step::Reset, status(200, &[], ""), state("Succeeded")])
            .await;
    assert_eq!(protocol, Protocol::Location);
    assert_eq!(asked, ["PATCH w", "GET op", "GET op2", "GET op2", "GET w"], "the resource is read again");
    assert_eq!(end.unwrap().unwrap()["id"], PATH);
}

#[tokio::test(start_paused = true)]
async fn a_compute_is_followed_by_its_operation() {
    let operation = link("op");
    let resource = format!("{AT}{PATH}");
    let made = status(201, &[("azure-asyncoperation", &operation), ("location", &resource)], r#"{"id":"x"}"#);
    // No list of states is complete; and case varies.
    let steps = ["InProgress", "Creating", "SomethingNew", "SUCCEEDED"];
    let mut script = vec![made];
    script.extend(steps.iter().map(|own| ok(&json!({ "status": own }).to_string())));
    script.push(state("Succeeded"));
    let (asked, protocol, end) = followed(Verb::Put, script).await;
    assert_eq!(protocol, Protocol::AsyncOperation);
    assert_eq!(asked, ["PUT w", "GET op", "GET op", "GET op", "GET op", "GET w"]);
    assert!(end.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_only_seen_on_the_resource_is_waited_for_there() {
    let (asked, protocol, end) = followed(
        Verb::Patch,
        vec![state("Updating"), state("updating"), state("Succeeded"), state("Succeeded")],
    )
    .await;
    assert_eq!(protocol, Protocol::ProvisioningState);
    assert_eq!(asked, ["PATCH w", "GET w", "GET w", "GET w"]);
    assert!(end.unwrap().is_some());
    // What is over at once is read again all the same, and may turn out not to be over.
    let (_, protocol, end) =
        followed(Verb::Put, vec![ok("{}"), state("Creating"), state("Succeeded"), state("Succeeded")]).await;
    assert_eq!(protocol, Protocol::Over);
    assert!(end.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_gone_when_it_is_not_found() {
    let gone = || status(404, &[], r#"{"error":{"code":"ResourceNotFound","message":"no"}}"#);
    let location = link("op");
    let accepted = status(202, &[("location", &location)], "");
    let script =
        vec![accepted, status(202, &[], ""), status(204, &[], ""), state("Deleting"), gone(), gone()];
    let (asked, _, end) = followed(Verb::Delete, script).await;
    assert_eq!(asked, ["DELETE w", "GET op", "GET op", "GET w", "GET w", "GET w"]);
    assert_eq!(end.unwrap(), None);
    // What is still there is not gone, whatever it says of itself.
    let still = vec![status(204, &[], ""), state("Succeeded"), gone(), gone()];
    let (_, protocol, end) = followed(Verb::Delete, still).await;
    assert_eq!(protocol, Protocol::ProvisioningState);
    assert_eq!(end.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_action_leaves_its_result_at_its_location() {
    let (location, operation) = (link("result"), link("op"));
    let accepted = status(202, &[("location", &location)], "");
    let (_, _, end) = followed(Verb::Act, vec![accepted, status(202, &[], ""), ok(r#"{"value":1}"#)]).await;
    assert_eq!(end.unwrap().unwrap()["value"], 1);
    let both = status(202, &[("location", &location), ("azure-asyncoperation", &operation)], "");
    let (asked, _, end) =
        followed(Verb::Act, vec![both, ok(r#"{"status":"Succeeded"}"#), ok(r#"{"value":2}"#)]).await;
    assert_eq!(end.unwrap().unwrap()["value"], 2);
    assert_eq!(asked, ["POST w", "GET op", "GET result"]);
    // Starting a compute says nothing at all.
    let (_, protocol, end) = followed(Verb::Act, vec![status(202, &[], "")]).await;
    assert_eq!((protocol, end.unwrap()), (Protocol::Over, None));
}

#[tokio::test(start_paused = true)]
async fn what_failed_says_why() {
    let operation = link("op");
    let made = || status(201, &[("azure-asyncoperation", &operation)], "{}");
    let failed = ok(r#"{"status":"Failed","error":{"code":"QuotaExceeded","message":"no cores left"}}"#);
    for script in [
        vec![made(), failed],
        vec![made(), ok(r#"{"status":"Canceled"}"#)],
        vec![made(), ok(r#"{"status":"Succeeded"}"#), state("Failed")],
    ] {
        let (_, _, end) = followed(Verb::Put, script).await;
        assert!(matches!(&end.unwrap_err().kind, ErrorKind::Failed(why) if !why.is_empty()));
    }
    let (client, _) = client([state("Failed")]);
    let error = change(&client, Verb::Put, PATH).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Failed(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn no_time_left_is_no_failure_and_can_be_gone_on_from() {
    let operation = link("op");
    let made = status(201, &[("azure-asyncoperation", &operation), ("retry-after", "86400")], "{}");
    let running = || ok(r#"{"status":"InProgress"}"#);
    let (client, _) =
        client([made, running(), running(), ok(r#"{"status":"Succeeded"}"#), state("Succeeded")]);
    let mut own = change(&client, Verb::Put, PATH).await.unwrap();
    assert_eq!(own.wait, Duration::from_mins(1), "nobody is waited for longer between two looks");
    let started = Instant::now();
    let error = client.wait(&mut own, Duration::from_secs(66)).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::StillRunning(_)), "{error}");
    assert!(started.elapsed() <= Duration::from_secs(66));
    // Whoever comes after a crash has what was written down.
    let written = serde_json::to_string(&own).unwrap();
    let mut own: Operation = serde_json::from_str(&written).unwrap();
    assert!(client.wait(&mut own, HOUR).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_operation_elsewhere_gets_no_token() {
    for address in ["https://evil.example/op", "http://management.azure.com/op", "/op"] {
        let (client, far) = client([status(202, &[("location", address)], ""), ok("{}")]);
        let mut own = change(&client, Verb::Patch, PATH).await.unwrap();
        let error = client.wait(&mut own, HOUR).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotSent(_) | ErrorKind::Protocol(_)), "{error}");
        assert_eq!(far.came().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_garbled_look_is_repeated_and_never_taken_for_the_end() {
    let operation = link("op");
    let made = status(201, &[("azure-asyncoperation", &operation)], "{}");
    let script = vec![
        made,
        ok(""),
        ok("<html>"),
        Step::Truncated(r#"{"status":"#.to_owned()),
        ok(r#"{"status":"Succeeded"}"#),
        state("Succeeded"),
    ];
    let (asked, _, end) = followed(Verb::Put, script).await;
    assert_eq!(asked.len(), 6);
    assert!(end.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_action_is_never_repeated_and_what_may_be_is() {
    let busy = || status(503, &[("retry-after", "1")], "");
    for first in [busy(), Step::Reset, status(429, &[("retry-after", "1")], "")] {
        let (client, far) = client([first.clone(), ok("{}")]);
        change(&client, Verb::Act, &format!("{PATH}/resyncKeys")).await.unwrap_err();
        assert_eq!(far.left(), 1, "{first:?}");
    }
    for verb in [Verb::Put, Verb::Patch, Verb::Delete] {
        let (client, far) = client([busy(), Step::Reset, ok("{}")]);
        change(&client, verb, PATH).await.unwrap();
        assert_eq!(far.left(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_gives_out_keys_is_sent() {
    let (client, far) = client([]);
    for action in
        ["listKeys", "regenerateKey", "listSecrets", "datastores/d/LISTSECRETS", "connections/c/listsecrets"]
    {
        let path = format!("{PATH}/{action}");
        let error = change(&client, Verb::Act, &path).await.unwrap_err();
        assert!(error.to_string().contains("keys or secrets"), "{error}");
        client.get(&path, "v").await.unwrap_err();
    }
    let error = change(&client, Verb::Get, PATH).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NotSent(_)));
    assert!(far.came().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_says_on_which_state_it_rests() {
    let (client, far) =
        client([status(412, &[], r#"{"error":{"code":"PreconditionFailed","message":"changed"}}"#)]);
    let body = json!({});
    let write = Write {
        verb: Verb::Put,
        path: PATH,
        api_version: "v",
        query: &[("skipValidation", "true")],
        body: Some(&body),
        only_if: If::Unchanged("\"7\""),
    };
    let error = client.write(&WriteAccess::of_the_executor(), &write).await.unwrap_err();
    let ErrorKind::Refused { status: 412, code: Some(code), .. } = &error.kind else { panic!("{error}") };
    assert_eq!(&**code, "PreconditionFailed");
    let came = &far.came()[0];
    assert_eq!(came.only_if, "\"7\"");
    assert!(came.url.ends_with("/w?api-version=v&skipValidation=true"), "{}", came.url);
}
