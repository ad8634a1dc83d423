//! The simulator from outside: requests go in, answers come out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod arm;
mod behaviour;
mod conformance;
mod directory;
mod graph;
mod kept;
mod logs;
mod policy;
mod prediction;
mod scripts;
mod served;
mod tokens;
mod writes;

use dekey_sim::{Azure, Options, Request, Response};
use jiff::Timestamp;
use serde_json::Value;

const BASE: &str = "https://management.azure.com";

/// An Azure, and somebody who asks it things.
struct World {
    azure: Azure,
    now: Timestamp,
    token: String,
}

impl World {
    /// The example tenant, seen by its owner.
    fn contoso() -> Self {
        Self::filled(Options::new(7), |azure| {
            azure.seed_example().unwrap();
        })
    }

    fn with_roles(grants: &[(&str, &str)]) -> Self {
        Self::filled(Options::with_roles(7, grants), |azure| {
            azure.seed_example().unwrap();
        })
    }

    fn filled(options: Options, fill: impl FnOnce(&mut Azure)) -> Self {
        let mut azure = Azure::new(options);
        fill(&mut azure);
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        let mut world = Self { azure, now, token: String::new() };
        world.token = world.sign_in("https://management.azure.com");
        world
    }

    fn sign_in(&mut self, audience: &str) -> String {
        let path = format!("/metadata/identity/oauth2/token?resource={audience}");
        let answer = self.send("GET", &path, &[("Metadata", "true")], "");
        json(&answer)["access_token"].as_str().unwrap().to_owned()
    }

    fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let url = url.strip_prefix(BASE).unwrap_or(url);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = body.as_bytes();
        self.azure.handle(&Request {
            method,
            base: BASE,
            path,
            query,
            headers: &headers,
            body,
            now: self.now,
        })
    }

    fn ask(&mut self, method: &str, url: &str, body: &str) -> Response {
        let bearer = format!("Bearer {}", self.token);
        self.send(method, url, &[("Authorization", &bearer)], body)
    }

    fn get(&mut self, url: &str) -> (u16, Value) {
        let answer = self.ask("GET", url, "");
        (answer.status, json(&answer))
    }

    /// Every item of a list, and how many pages it had.
    fn all(&mut self, url: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages, mut next) = (Vec::new(), 0, Some(url.to_owned()));
        while let Some(url) = next {
            let (status, page) = self.get(&url);
            assert_eq!(status, 200, "{url}: {page}");
            items.extend(page["value"].as_array().unwrap().iter().cloned());
            next = page["nextLink"].as_str().map(str::to_owned);
            pages += 1;
        }
        (items, pages)
    }

    fn subscriptions(&mut self) -> Vec<String> {
        let (all, _) = self.all("/subscriptions?api-version=2022-12-01");
        all.iter().map(|own| own["id"].as_str().unwrap().to_owned()).collect()
    }

    fn workspaces(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        for subscription in self.subscriptions() {
            let url = format!(
                "{subscription}/providers/Microsoft.MachineLearningServices/workspaces?api-version=2025-12-01"
            );
            all.extend(self.all(&url).0);
        }
        all
    }
}

fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("")
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|own| own["name"].as_str().unwrap()).collect()
}
