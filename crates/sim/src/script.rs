//! Scripts: requests in plain text, and the answers to them.
//!
//! ```text
//! # what stands behind a hash is not read
//! at 2026-11-23T08:00:00Z
//! GET /subscriptions?api-version=2022-12-01
//! PUT /subscriptions/…/storageAccounts/st?api-version=2023-01-01
//! { "location": "westeurope", "properties": {} }
//! advance 10m
//! follow
//! ```
//!
//! A body ends with an empty line or the next request. `follow` asks what the last answer said to ask: the operation, or the next page.

use crate::azure::Azure;
use crate::login::Service;
use crate::wire::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fmt::Write;

/// What an answer is told with, besides its status and body.
const HEADERS: &[&str] = &["Azure-AsyncOperation", "Location", "Retry-After", "WWW-Authenticate"];
/// Where requests go that name no host.
const BASE: &str = "https://management.azure.com";
const METHODS: &[&str] = &["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];

/// A script that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    At(Timestamp),
    Advance(SignedDuration),
    Follow,
    Send { method: String, url: String, body: String },
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: `{text}` is no step; write `GET /path`, a body below it, `advance 10m`, `at 2026-11-23T08:00:00Z` or `follow`"
)]
pub struct ScriptError {
    line: usize,
    text: String,
}

impl std::str::FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut steps: Vec<Step> = Vec::new();
        let mut in_body = false;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_end();
            let step = step(line);
            in_body &= !line.is_empty() && step.is_none();
            if let (true, Some(Step::Send { body, .. })) = (in_body, steps.last_mut()) {
                body.push_str(line);
                body.push('\n');
            } else if let Some(step) = step {
                in_body = matches!(step, Step::Send { .. });
                steps.push(step);
            } else if !line.is_empty() && !line.starts_with('#') {
                return Err(ScriptError { line: at + 1, text: line.to_owned() });
            }
        }
        Ok(Self(steps))
    }
}

fn step(line: &str) -> Option<Step> {
    if line == "follow" {
        return Some(Step::Follow);
    }
    let (word, rest) = line.split_once(' ')?;
    match word {
        "at" => rest.parse().ok().map(Step::At),
        "advance" => rest.parse().ok().map(Step::Advance),
        method if METHODS.contains(&method) => {
            let (method, url) = (method.to_owned(), rest.trim().to_owned());
            Some(Step::Send { method, url, body: String::new() })
        }
        _ => None,
    }
}

impl Script {
    /// Runs every step, signed in as the first caller; what was asked and answered. Time begins at `start`.
    pub fn run(&self, azure: &mut Azure, start: Timestamp) -> String {
        let mut run = Run { azure, now: start, told: String::new(), next: None };
        for step in &self.0 {
            match step {
                Step::At(time) => run.now = *time,
                Step::Advance(span) => run.now = run.now.checked_add(*span).unwrap_or(run.now),
                Step::Follow => match run.next.clone() {
                    Some(url) => run.send("GET", &url, ""),
                    None => run.told.push_str("nothing to follow\n\n"),
                },
                Step::Send { method, url, body } => run.send(method, url, body),
            }
        }
        run.told
    }
}

struct Run<'r> {
    azure: &'r mut Azure,
    now: Timestamp,
    told: String,
    next: Option<String>,
}

impl Run<'_> {
    fn send(&mut self, method: &str, url: &str, body: &str) {
        let token = format!("Bearer {}", self.token(url));
        let headers =
            [("Authorization".to_owned(), token), ("Content-Type".to_owned(), "application/json".to_owned())];
        let answer = self.ask(method, url, &headers, body);
        // Writing to a string does not fail.
        let _ = writeln!(self.told, "{} {method} {url}\n{}", self.now, answer.status);
        for name in HEADERS {
            if let Some(value) = answer.header(name) {
                let _ = writeln!(self.told, "{name}: {value}");
            }
        }
        let text = String::from_utf8_lossy(&answer.body);
        let value: Option<Value> = serde_json::from_str(&text).ok();
        match &value {
            Some(value) => {
                let _ = writeln!(self.told, "{value:#}");
            }
            None if text.is_empty() => {}
            None => {
                let _ = writeln!(self.told, "{text}");
            }
        }
        self.told.push('\n');
        let page = value.as_ref().and_then(|own| own.get("nextLink")?.as_str());
        let told = ["Azure-AsyncOperation", "Location"].iter().find_map(|name| answer.header(name));
        self.next = told.or(page).map(str::to_owned);
    }

    fn ask(&mut self, method: &str, url: &str, headers: &[(String, String)], body: &str) -> Response {
        let (base, rest) = split(url);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        self.azure.handle(&Request {
            method,
            base,
            path,
            query,
            headers,
            body: body.as_bytes(),
            now: self.now,
        })
    }

    /// A token for the service that an address is of.
    fn token(&mut self, url: &str) -> String {
        let service = match split(url).0 {
            base if base.contains("graph.microsoft") => Service::Graph,
            base if base.contains("loganalytics") => Service::Logs,
            _ => Service::Arm,
        };
        let audience = service.audiences().first().copied().unwrap_or(BASE);
        let url = format!("/metadata/identity/oauth2/token?resource={audience}");
        let answer = self.ask("GET", &url, &[("Metadata".to_owned(), "true".to_owned())], "");
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        value.get("access_token").and_then(Value::as_str).unwrap_or("").to_owned()
    }
}

/// Scheme and host, and the rest.
fn split(url: &str) -> (&str, &str) {
    let host = url.strip_prefix("https://").and_then(|rest| rest.find('/'));
    match host.and_then(|at| url.split_at_checked(at + "https://".len())) {
        Some((base, rest)) => (base, rest),
        None => (BASE, url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_bodies_are_told_apart() {
        let script: Script =
            "# so\nat 2026-11-23T08:00:00Z\nPUT /a?b\n{\n  \"c\": 1\n}\nGET /d\n\nadvance 10m\nfollow\n"
                .parse()
                .unwrap();
        let send = |method: &str, url: &str, body: &str| Step::Send {
            method: method.to_owned(),
            url: url.to_owned(),
            body: body.to_owned(),
        };
        let time = "2026-11-23T08:00:00Z".parse().unwrap();
        let expected = [
            Step::At(time),
            send("PUT", "/a?b", "{\n  \"c\": 1\n}\n"),
            send("GET", "/d", ""),
            Step::Advance(SignedDuration::from_mins(10)),
            Step::Follow,
        ];
        assert_eq!(script.0, expected);
        let error = "GET /a\n\nFETCH /b".parse::<Script>().unwrap_err();
        assert!(error.to_string().starts_with("line 3: `FETCH /b` is no step"), "{error}");
    }
}
