//! The activity log: who wrote what lately.

use crate::estate::Estate;
use crate::order::compare;
use dekey_model::{ArmId, Kind};
use serde_json::Value;
use std::collections::BTreeMap;

/// A write that was carried out, or a request that a policy refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, as the log says.
    pub time: String,
    /// Who, as the log says; nothing where it does not.
    pub caller: Option<String>,
    /// What was done.
    pub operation: String,
    /// To which resource.
    pub resource: String,
}

/// What the activity log of an inventory tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// The time of the first event of any kind.
    pub from: Option<String>,
    /// The time of the last.
    pub to: Option<String>,
    /// Writes that were carried out, in order of resource and time.
    pub writes: Vec<Event>,
    /// Requests that a policy refused, in the same order.
    pub denials: Vec<Event>,
    /// Events that lack what would say what was done.
    pub unclear: u64,
}

/// One line of the log.
struct Line {
    event: Event,
    failed: bool,
    request: String,
}

impl Activity {
    /// Reads the log; `None` if the inventory has none.
    pub fn of(estate: &Estate<'_>) -> Option<Activity> {
        let inventory = estate.inventory;
        let all = inventory.of_kind(Kind::ActivityEvent);
        let was_read = inventory.coverage().entries().any(|own| own.kind == Kind::ActivityEvent);
        if all.is_empty() && !was_read {
            return None;
        }
        let mut own = Activity::default();
        let mut requests: BTreeMap<(String, String, String), Line> = BTreeMap::new();
        for ix in all {
            let Some(line) = inventory.get(*ix).raw().and_then(line) else {
                own.unclear += 1;
                continue;
            };
            own.from =
                own.from.filter(|from| *from <= line.event.time).or_else(|| Some(line.event.time.clone()));
            own.to = own.to.filter(|to| *to >= line.event.time).or_else(|| Some(line.event.time.clone()));
            let operation = line.event.operation.to_ascii_lowercase();
            let key = (line.request.clone(), operation, line.event.resource.to_ascii_lowercase());
            match requests.get_mut(&key) {
                // Of one request the log has several lines: begun, accepted, ended.
                Some(known) => {
                    known.failed |= line.failed;
                    if known.event.time < line.event.time {
                        known.event = line.event;
                    }
                }
                None => {
                    requests.insert(key, line);
                }
            }
        }
        for ((_, operation, _), line) in requests {
            if operation == "microsoft.authorization/policies/deny/action" {
                own.denials.push(line.event);
            } else if !line.failed && is_write(&operation, &line.event.resource) {
                own.writes.push(line.event);
            }
        }
        let order = |a: &Event, b: &Event| {
            let rest = |own: &Event| (own.time.clone(), own.caller.clone(), own.operation.clone());
            compare(&a.resource, &b.resource).then_with(|| rest(a).cmp(&rest(b)))
        };
        own.writes.sort_by(order);
        own.denials.sort_by(order);
        Some(own)
    }
}

fn line(raw: &str) -> Option<Line> {
    let value: Value = serde_json::from_str(raw).ok()?;
    let own = value.get("properties")?;
    let text = |name: &str| own.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = text("status").unwrap_or_default();
    let event = Event {
        time: text("eventTimestamp")?,
        caller: text("caller"),
        operation: text("operationName")?,
        resource: text("resourceId")?,
    };
    let failed = ["failed", "failure", "canceled"].iter().any(|own| status.eq_ignore_ascii_case(own));
    let request = text("operationId").unwrap_or_else(|| event.time.clone());
    Some(Line { event, failed, request })
}

/// Whether an operation writes the resource itself.
fn is_write(operation: &str, resource: &str) -> bool {
    let own = ArmId(resource).resource_type();
    own.is_some_and(|own| operation.strip_suffix("/write").is_some_and(|of| of.eq_ignore_ascii_case(&own)))
}
