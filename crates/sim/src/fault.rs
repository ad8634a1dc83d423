//! Faults on demand: a plan in plain text, one fault a line.
//!
//! ```text
//! # what happens, and when
//! at request 17: 429 storm of 5 retry after 2
//! at request 3 of /datastores: truncated
//! from request 40 to 60: 503
//! every 10 requests: reset
//! from request 5 to 6 of /computes: slow
//! 5 in 1000 requests: 500
//! at request 1 of roleAssignments: next link to evil.example
//! at request 2 of workspaces/mlw-claims: operation fails
//! ```

use crate::wire::{Delivery, Response};
use serde_json::Value;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    /// A status, for so many requests in a row, with a time to wait.
    Status(u16, u64, Option<u64>),
    Deliver(Delivery),
    /// The body is no JSON.
    Garbage,
    /// The first item of a page is on it twice.
    Duplicate,
    /// The next page is somewhere else.
    NextLink(String),
    /// What the request starts ends in a failure.
    Operation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Range(u64, u64),
    Every(u64),
    /// So many in so many, by the seed.
    Share(u64, u64),
}

#[derive(Clone, Debug)]
struct Rule {
    when: When,
    /// A part of the path, in lower case.
    of: String,
    action: Action,
    seen: u64,
}

/// A plan of faults.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

/// A line of a plan that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: `{text}` is no fault; write `at request 17: 429 storm of 5`, `every 10 requests: reset`, `5 in 1000 requests of /datastores: truncated`; faults are a status, reset, truncated, stalled, slow, garbage, duplicate, `next link to HOST`, `operation fails`"
)]
pub struct FaultError {
    line: usize,
    text: String,
}

impl std::str::FromStr for Faults {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let lines =
            text.lines().enumerate().map(|(at, line)| (at + 1, line.split('#').next().unwrap_or("").trim()));
        let rules = lines.filter(|(_, line)| !line.is_empty()).map(|(at, line)| {
            rule(line).ok_or_else(|| FaultError { line: at, text: line.escape_default().to_string() })
        });
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }
}

fn rule(line: &str) -> Option<Rule> {
    let (when, action) = line.split_once(": ")?;
    let (when, of) = when.split_once(" of ").unwrap_or((when, ""));
    let words: Vec<&str> = when.split_whitespace().collect();
    let when = match words.as_slice() {
        ["at", "request", at] => When::Range(number(at)?, number(at)?),
        ["from", "request", from, "to", to] => When::Range(number(from)?, number(to)?),
        ["every", each, "requests"] => When::Every(number(each)?),
        [some, "in", all, "requests"] => When::Share(number(some)?, number(all)?),
        _ => return None,
    };
    let action = action_of(&action.split_whitespace().collect::<Vec<_>>())?;
    // A storm goes on after the request that it started at.
    let when = match (when, &action) {
        (When::Range(from, to), Action::Status(_, storm, _)) => When::Range(from, to.checked_add(storm - 1)?),
        (When::Range(from, to), _) if from > to => return None,
        (when, _) => when,
    };
    Some(Rule { when, of: of.trim().to_ascii_lowercase(), action, seen: 0 })
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

fn action_of(words: &[&str]) -> Option<Action> {
    Some(match words {
        ["reset"] => Action::Deliver(Delivery::Reset),
        ["truncated"] => Action::Deliver(Delivery::Truncated),
        ["stalled"] => Action::Deliver(Delivery::Stalled),
        ["slow"] => Action::Deliver(Delivery::Slow),
        ["garbage"] => Action::Garbage,
        ["duplicate"] => Action::Duplicate,
        ["operation", "fails"] => Action::Operation,
        ["next", "link", "to", host] => Action::NextLink((*host).to_owned()),
        [status, rest @ ..] => {
            let status: u16 = status.parse().ok().filter(|status| (400..600).contains(status))?;
            let (storm, rest) = match rest {
                ["storm", "of", storm, rest @ ..] => (number(storm)?, rest),
                rest => (1, rest),
            };
            let wait = match rest {
                [] => None,
                ["retry", "after", seconds] => Some(number(seconds)?),
                _ => return None,
            };
            Action::Status(status, storm, wait)
        }
        [] => return None,
    })
}

/// A fault that happens now.
#[derive(Clone, Debug)]
pub(crate) struct Fault(Action);

impl Faults {
    /// What goes wrong with a request; `draw` is a random number of its own.
    pub(crate) fn next(&mut self, path: &str, draw: u64) -> Option<Fault> {
        let path = path.to_ascii_lowercase();
        let mut found = None;
        for rule in self.rules.iter_mut().filter(|rule| path.contains(&rule.of)) {
            rule.seen += 1;
            let now = match rule.when {
                When::Range(from, to) => (from..=to).contains(&rule.seen),
                When::Every(each) => rule.seen.is_multiple_of(each),
                When::Share(some, all) => draw % all < some,
            };
            if now && found.is_none() {
                found = Some(Fault(rule.action.clone()));
            }
        }
        found
    }
}

impl Fault {
    /// The answer in the place of the right one; nothing when the right one is made first.
    pub(crate) fn instead(&self) -> Option<Response> {
        let Action::Status(status, _, wait) = self.0 else { return None };
        let (code, message) = match status {
            401 => ("InvalidAuthenticationToken", "The access token is invalid."),
            403 => (
                "AuthorizationFailed",
                "The client does not have authorization to perform the action or the scope is invalid.",
            ),
            404 => ("ResourceNotFound", "The resource was not found."),
            409 => ("Conflict", "Another operation is in progress."),
            429 => ("TooManyRequests", "The request is being throttled."),
            503 => ("ServerTimeout", "The request timed out. Please try again."),
            504 => ("GatewayTimeout", "The gateway did not receive a response from the provider in time."),
            _ if status >= 500 => {
                ("InternalServerError", "The server encountered an internal error. Please retry the request.")
            }
            _ => ("BadRequest", "The request is not valid."),
        };
        let response = Response::error(status, code, message);
        let wait = wait.or((status == 429).then_some(1));
        Some(match wait {
            Some(seconds) => response.with("Retry-After", seconds.to_string()),
            None => response,
        })
    }

    /// Whether what the request starts is to fail.
    pub(crate) fn fails(&self) -> bool {
        self.0 == Action::Operation
    }

    /// Spoils the right answer.
    pub(crate) fn spoil(&self, mut response: Response) -> Response {
        match &self.0 {
            Action::Status(..) | Action::Operation => {}
            Action::Deliver(delivery) => response.delivery = *delivery,
            Action::Garbage => response.body = b"<html><body>502 Bad Gateway</body></html>".to_vec(),
            Action::Duplicate => edit(&mut response, |body| {
                for name in ["value", "data"] {
                    if let Some(Value::Array(items)) = body.get_mut(name)
                        && let Some(first) = items.first().cloned()
                    {
                        items.push(first);
                    }
                }
            }),
            Action::NextLink(host) => edit(&mut response, |body| {
                let is_list = body.get("value").is_some_and(Value::is_array);
                if let Some(map) = body.as_object_mut().filter(|_| is_list) {
                    map.insert(
                        "nextLink".to_owned(),
                        format!("https://{host}/next?api-version=2025-12-01").into(),
                    );
                }
            }),
        }
        response
    }
}

fn edit(response: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(&mut body);
        response.body = body.to_string().into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(plan: &str, paths: &[&str]) -> Vec<u16> {
        let mut faults: Faults = plan.parse().unwrap();
        let of = |fault: Option<Fault>| fault.map_or(200, |own| own.instead().map_or(1, |own| own.status));
        paths.iter().enumerate().map(|(at, path)| of(faults.next(path, at as u64))).collect()
    }

    #[test]
    fn plans_say_when() {
        let five = ["/a", "/b", "/A", "/b", "/a"];
        assert_eq!(statuses("at request 2: 429 storm of 2 # so\n\n", &five), [200, 429, 429, 200, 200]);
        assert_eq!(statuses("at request 2 of /a: 500", &five), [200, 200, 500, 200, 200]);
        assert_eq!(statuses("from request 1 to 3: reset", &five), [1, 1, 1, 200, 200]);
        assert_eq!(statuses("every 2 requests of /A: 503", &five), [200, 200, 503, 200, 200]);
        assert_eq!(statuses("2 in 4 requests: 404", &five), [404, 404, 200, 200, 404]);
    }

    #[test]
    fn what_is_no_plan_is_said_with_its_line() {
        for plan in [
            "at request 0: 500",
            "at request 1: 200",
            "at request 1 500",
            "sometimes: reset",
            "at request 1: 429 storm of",
            "from request 3 to 2: reset",
        ] {
            let error = format!("\n{plan}").parse::<Faults>().unwrap_err();
            assert_eq!(error.line, 2, "{plan}");
        }
    }

    #[test]
    fn answers_are_spoilt() {
        let page = || Response::json(200, &serde_json::json!({ "value": [1, 2] }));
        let spoil = |action: &str| {
            let mut faults: Faults = format!("at request 1: {action}").parse().unwrap();
            let spoilt = faults.next("/", 0).unwrap().spoil(page());
            (spoilt.delivery, String::from_utf8(spoilt.body).unwrap())
        };
        assert_eq!(spoil("duplicate").1, r#"{"value":[1,2,1]}"#);
        assert!(spoil("next link to evil.example").1.contains("https://evil.example/"));
        assert!(spoil("garbage").1.starts_with('<'));
        assert_eq!(spoil("truncated").0, Delivery::Truncated);
        assert_eq!(spoil("stalled").0, Delivery::Stalled);
        assert_eq!(spoil("slow").0, Delivery::Slow);
    }
}
