//! Limits as Azure has them: token buckets of Resource Manager, the windows of Resource Graph, Microsoft Graph and the machine's
//! identity endpoint.

use crate::wire::Response;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Whether there are limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Throttle {
    /// As many requests as anybody likes.
    #[default]
    Off,
    /// Azure's limits of 2024 and later.
    Azure,
}

/// What is limited on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Read,
    Write,
    Delete,
}

impl Operation {
    /// The operation of a method.
    pub(crate) fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" => Operation::Read,
            "DELETE" => Operation::Delete,
            _ => Operation::Write,
        }
    }

    /// Size of the bucket, tokens a second.
    fn bucket(self) -> (f64, f64) {
        match self {
            Operation::Read => (250.0, 25.0),
            Operation::Write | Operation::Delete => (200.0, 10.0),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Operation::Read => "reads",
            Operation::Write => "writes",
            Operation::Delete => "deletes",
        }
    }
}

/// What all callers of a subscription share, in limits of one caller.
const GLOBAL: f64 = 15.0;

/// Queries of Resource Graph in a window, and how long it is.
const QUERIES: u32 = 15;
const WINDOW: SignedDuration = SignedDuration::from_secs(5);

/// Resource units of Microsoft Graph that an application has in a window, in a small tenant.
const UNITS: u32 = 3500;
const GRAPH_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// Requests that a machine answers for tokens in a second.
const TOKENS: u32 = 5;
const TOKEN_WINDOW: SignedDuration = SignedDuration::from_secs(1);

/// What a request to Microsoft Graph costs: the start of its path, and resource units.
const COSTS: &[(&str, u32)] =
    &[("directoryObjects/getByIds", 3), ("groups", 3), ("applications", 2), ("users", 2)];

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// Takes a token: how many are left, or how many seconds until there is one.
    fn take(&mut self, size: f64, rate: f64, now: Timestamp) -> Result<f64, f64> {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + passed * rate).min(size);
        self.at = now;
        if self.tokens < 1.0 {
            return Err((1.0 - self.tokens) / rate);
        }
        self.tokens -= 1.0;
        Ok(self.tokens)
    }
}

/// The state of every limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    /// By caller (nobody: all of them), scope and operation.
    buckets: HashMap<(String, String, Operation), Bucket>,
    /// By caller: since when, and how many queries.
    windows: HashMap<String, (Timestamp, u32)>,
    /// By caller: since when, and how many resource units.
    graph: HashMap<String, (Timestamp, u32)>,
    tokens: Option<(Timestamp, u32)>,
}

type Headers = Vec<(String, String)>;

impl Limits {
    /// Counts a request to Resource Manager; `subscription` is empty outside of subscriptions. What to tell, or a refusal.
    pub(crate) fn request(
        &mut self,
        caller: &str,
        subscription: &str,
        operation: Operation,
        now: Timestamp,
    ) -> Result<Headers, Response> {
        let (size, rate) = operation.bucket();
        let word = operation.word();
        let scope = if subscription.is_empty() { "tenant" } else { "subscription" };
        let mut headers = Vec::new();
        let shared = (!subscription.is_empty()).then_some(("", GLOBAL, "-global"));
        for (who, factor, name) in [(caller, 1.0, "")].into_iter().chain(shared) {
            let key = (who.to_owned(), subscription.to_owned(), operation);
            let bucket = self.buckets.entry(key).or_insert(Bucket { tokens: size * factor, at: now });
            let left = bucket
                .take(size * factor, rate * factor, now)
                .map_err(|seconds| refusal(scope, word, seconds))?;
            headers.push((
                format!("x-ms-ratelimit-remaining-{scope}{name}-{word}"),
                format!("{:.0}", left.floor()),
            ));
        }
        Ok(headers)
    }

    /// Counts a query of Resource Graph.
    pub(crate) fn query(&mut self, caller: &str, now: Timestamp) -> Result<Headers, Response> {
        let window = self.windows.entry(caller.to_owned()).or_insert((now, 0));
        if now.duration_since(window.0) >= WINDOW {
            *window = (now, 0);
        }
        let resets = WINDOW - now.duration_since(window.0);
        let seconds = (resets.as_secs_f64().ceil()).max(1.0);
        let left = QUERIES.saturating_sub(window.1 + 1);
        let over = window.1 >= QUERIES;
        window.1 = (window.1 + 1).min(QUERIES);
        let told = vec![
            ("x-ms-user-quota-remaining".to_owned(), left.to_string()),
            ("x-ms-user-quota-resets-after".to_owned(), format!("00:00:{seconds:02.0}")),
        ];
        if !over {
            return Ok(told);
        }
        let message = format!(
            "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help. Please provide below info when asking for support: timestamp = {now:.7}."
        );
        let refused =
            Response::error(429, "RateLimiting", &message).with("Retry-After", format!("{seconds:.0}"));
        Err(told.into_iter().fold(refused, |own, (name, value)| own.with(name, value)))
    }
}

impl Limits {
    /// Counts a request to Microsoft Graph.
    pub(crate) fn graph(&mut self, caller: &str, path: &str, now: Timestamp) -> Result<(), Response> {
        let cost = COSTS.iter().find(|own| path.starts_with(own.0)).map_or(1, |own| own.1);
        let window = self.graph.entry(caller.to_owned()).or_insert((now, 0));
        spent(window, (cost, UNITS), GRAPH_WINDOW, now).map_err(|seconds| {
            Response::error(429, "TooManyRequests", "Too many requests.")
                .with("Retry-After", seconds.to_string())
                .with("x-ms-throttle-scope", format!("Tenant_Application/ReadWrite/{caller}"))
        })
    }

    /// Counts a request to the identity endpoint of the machine.
    pub(crate) fn token(&mut self, now: Timestamp) -> Result<(), Response> {
        let window = self.tokens.get_or_insert((now, 0));
        spent(window, (1, TOKENS), TOKEN_WINDOW, now).map_err(|seconds| {
            let body =
                serde_json::json!({ "error": "too_many_requests", "error_description": "Too many requests" });
            Response::json(429, &body).with("Retry-After", seconds.to_string())
        })
    }
}

/// Spends some of what a window has; how many seconds until the next one when there is not enough.
fn spent(
    window: &mut (Timestamp, u32),
    (cost, most): (u32, u32),
    length: SignedDuration,
    now: Timestamp,
) -> Result<(), i64> {
    if now.duration_since(window.0) >= length {
        *window = (now, 0);
    }
    if window.1 + cost > most {
        let left = length - now.duration_since(window.0);
        return Err(left.as_secs() + i64::from(left.subsec_nanos() > 0));
    }
    window.1 += cost;
    Ok(())
}

fn refusal(scope: &str, word: &str, seconds: f64) -> Response {
    let seconds = seconds.ceil().max(1.0);
    let (code, name) = if scope == "tenant" {
        ("TenantRequestsThrottled", "tenant")
    } else {
        ("SubscriptionRequestsThrottled", "subscription")
    };
    let message = format!(
        "Number of '{word}' requests for {name} exceeded the limit. Please try again after '{seconds:.0}' seconds after additional \
         tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
    );
    Response::error(429, code, &message)
        .with("Retry-After", format!("{seconds:.0}"))
        .with(format!("x-ms-ratelimit-remaining-{scope}-{word}"), "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let mut limits = Limits::default();
        let mut read = |at: i64| {
            limits.request("me", "s", Operation::Read, time(at)).map(|headers| headers[0].1.clone())
        };
        assert_eq!(read(0).unwrap(), "249");
        for _ in 0..249 {
            read(0).unwrap();
        }
        let refused = read(0).unwrap_err();
        assert_eq!((refused.status, refused.header("Retry-After")), (429, Some("1")));
        assert!(read(39).is_err() && read(40).is_ok() && read(40).is_err());
        assert_eq!(read(60_000).unwrap(), "249");
    }

    #[test]
    fn callers_and_subscriptions_have_buckets_of_their_own_and_one_in_common() {
        let mut limits = Limits::default();
        for caller in 0..15 {
            for _ in 0..250 {
                limits.request(&caller.to_string(), "s", Operation::Read, time(0)).unwrap();
            }
        }
        assert!(limits.request("another", "s", Operation::Read, time(0)).is_err());
        assert!(limits.request("another", "t", Operation::Read, time(0)).is_ok());
        assert!(limits.request("0", "s", Operation::Delete, time(0)).is_ok());
        let headers = limits.request("0", "", Operation::Read, time(0)).unwrap();
        assert_eq!(headers, [("x-ms-ratelimit-remaining-tenant-reads".to_owned(), "249".to_owned())]);
    }

    #[test]
    fn graph_has_units_and_the_machine_five_tokens_a_second() {
        let mut limits = Limits::default();
        let spend = |limits: &mut Limits, path: &str, at: i64| {
            limits.graph("me", path, time(at)).map_err(|own| own.status)
        };
        for _ in 0..1166 {
            spend(&mut limits, "groups/g/transitiveMembers", 0).unwrap();
        }
        assert_eq!(spend(&mut limits, "groups/g", 1), Err(429), "2 of 3500 are left, and it costs 3");
        assert!(spend(&mut limits, "servicePrincipals", 1).is_ok());
        let refused = limits.graph("me", "groups", time(2500)).unwrap_err();
        assert_eq!(refused.header("Retry-After"), Some("8"));
        assert!(
            limits.graph("other", "groups", time(1)).is_ok() && spend(&mut limits, "groups", 10_000).is_ok()
        );
        for _ in 0..5 {
            limits.token(time(0)).unwrap();
        }
        assert!(
            limits.token(time(999)).is_err_and(|own| own.status == 429) && limits.token(time(1000)).is_ok()
        );
    }

    #[test]
    fn fifteen_queries_in_five_seconds() {
        let mut limits = Limits::default();
        for left in (0..15).rev() {
            assert_eq!(limits.query("me", time(1000)).unwrap()[0].1, left.to_string());
        }
        let refused = limits.query("me", time(3000)).unwrap_err();
        assert_eq!(refused.status, 429);
        assert_eq!(refused.header("x-ms-user-quota-resets-after"), Some("00:00:03"));
        assert!(limits.query("other", time(3000)).is_ok());
        assert!(limits.query("me", time(6000)).is_ok());
    }
}
