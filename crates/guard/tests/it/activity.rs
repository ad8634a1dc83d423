//! The activity log, in the shapes in which tools write it.

use crate::given::{inventory, listed};
use dekey_guard::{Activity, Estate};
use serde_json::{Value, json};

const ACCOUNT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st";
const WRITE: &str = "Microsoft.Storage/storageAccounts/write";

fn told(log: &[Value]) -> Vec<(String, Option<String>)> {
    let inventory = listed(log);
    let estate = Estate::of(&inventory);
    let activity = Activity::of(&estate).unwrap();
    assert_eq!(activity.unclear, 0);
    activity.writes.into_iter().map(|own| (own.time, own.caller)).collect()
}

#[test]
fn every_shape_says_who_wrote_what() {
    let api = json!({ "eventDataId": "1", "eventTimestamp": "2026-11-20T00:00:00Z", "caller": "a@b.example",
        "id": format!("{ACCOUNT}/events/1/ticks/2"), "operationName": { "value": WRITE, "localizedValue": "Write" },
        "resourceId": ACCOUNT, "status": { "value": "Succeeded" }, "claims": { "x": "y" }, "properties": {} });
    let shell = json!({ "EventDataId": "1", "EventTimestamp": "2026-11-20T00:00:00Z", "Caller": "a@b.example",
        "Id": format!("{ACCOUNT}/events/1/ticks/2"), "OperationName": { "Value": WRITE },
        "ResourceId": ACCOUNT, "Status": { "Value": "Succeeded" }, "ResourceType": { "Value": "Microsoft.Storage/storageAccounts" } });
    let exported = json!({ "time": "2026-11-20T00:00:00Z", "resourceId": ACCOUNT.to_uppercase(), "operationName": WRITE.to_uppercase(),
        "category": "Administrative", "resultType": "Success", "correlationId": "c",
        "identity": { "claims": { "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "a@b.example" } } });
    for log in [api, shell, exported] {
        let expected = vec![("2026-11-20T00:00:00Z".to_owned(), Some("a@b.example".to_owned()))];
        assert_eq!(told(std::slice::from_ref(&log)), expected, "{log}");
    }
}

#[test]
fn no_log_is_not_an_empty_log() {
    let account = json!({ "id": ACCOUNT, "type": "Microsoft.Storage/storageAccounts", "properties": {} });
    let inventory = listed(std::slice::from_ref(&account));
    assert_eq!(Activity::of(&Estate::of(&inventory)), None);
    let covers = json!({ "dekey": "manifest/1", "coverage": [
        { "kind": "activity log events", "scope": "/subscriptions/s", "outcome": "read" } ] });
    let inventory = listed(&[account, covers]);
    assert_eq!(Activity::of(&Estate::of(&inventory)), Some(Activity::default()));
}

/// Events that Azure really sent, where they are at hand.
#[test]
fn recorded_events_are_read() {
    let Some(folder) = std::env::var_os("DEKEY_CORPORA") else { return };
    let file = std::path::Path::new(&folder).join("logs/activitylog-recordings/events.jsonl");
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone()).collect();
    assert!(records.len() > 500);
    let list = json!({ "value": records }).to_string();
    let inventory = inventory(&[("log.json", list.clone())]);
    let estate = Estate::of(&inventory);
    let activity = Activity::of(&estate).unwrap();
    assert_eq!(activity.unclear, 0);
    assert!(activity.writes.len() > 50, "{}", activity.writes.len());
    assert!(activity.writes.iter().all(|own| !own.time.is_empty() && !own.resource.is_empty()));
    // Only facts are kept: no claims, no bodies.
    for resource in inventory.resources() {
        let raw = resource.raw().unwrap();
        assert!(!raw.contains("claims") && !raw.contains("requestbody"), "{raw}");
    }
    println!(
        "{} events: {} writes, {} denials",
        records.len(),
        activity.writes.len(),
        activity.denials.len()
    );
}
