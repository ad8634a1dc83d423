//! Lists, page by page, and queries.

use crate::client::{Call, Client};
use crate::cloud::Service;
use crate::error::{Error, ErrorKind};
use crate::versions;
use serde_json::{Value, json};
use std::collections::HashSet;
use url::Url;

/// How many pages one list may have.
const MAX_PAGES: usize = 100_000;

/// How many rows Resource Graph gives at once.
const ROWS: u32 = 1000;

/// A list that is read page by page. What was read before an error stays read.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    next: Option<Call>,
    seen: HashSet<String>,
}

impl Client {
    /// One resource.
    pub async fn get(&self, path: &str, api_version: &str) -> Result<Value, Error> {
        let url = self.address(Service::Arm, path, &[("api-version", api_version)])?;
        self.send(&Call { service: Service::Arm, url, question: None }).await
    }

    /// A list of Resource Manager.
    pub fn list(&self, path: &str, api_version: &str) -> Result<Pages, Error> {
        let url = self.address(Service::Arm, path, &[("api-version", api_version)])?;
        Ok(self.pages(Call { service: Service::Arm, url, question: None }))
    }

    /// A list of Microsoft Graph.
    pub fn graph_list(&self, path: &str, query: &[(&str, &str)]) -> Result<Pages, Error> {
        let url = self.address(Service::Graph, &format!("v1.0{path}"), query)?;
        Ok(self.pages(Call { service: Service::Graph, url, question: None }))
    }

    /// What Microsoft Graph knows of up to a thousand objects; those that are gone are left out.
    pub fn graph_objects(&self, ids: &[String]) -> Result<Pages, Error> {
        let url = self.address(Service::Graph, "v1.0/directoryObjects/getByIds", &[])?;
        let question = json!({ "ids": ids, "types": ["user", "group", "servicePrincipal"] });
        Ok(self.pages(Call { service: Service::Graph, url, question: Some(question) }))
    }

    /// A query over subscriptions; `above` adds what lies above them.
    pub fn query(&self, kql: &str, subscriptions: &[String], above: bool) -> Result<Pages, Error> {
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let url = self.address(Service::Arm, path, &[("api-version", versions::RESOURCE_GRAPH)])?;
        let filter = if above { "AtScopeAboveAndBelow" } else { "AtScopeAndBelow" };
        let options =
            json!({ "resultFormat": "objectArray", "$top": ROWS, "authorizationScopeFilter": filter });
        let question = json!({ "subscriptions": subscriptions, "query": kql, "options": options });
        Ok(self.pages(Call { service: Service::Arm, url, question: Some(question) }))
    }

    fn pages(&self, first: Call) -> Pages {
        Pages { client: self.clone(), next: Some(first), seen: HashSet::new() }
    }
}

impl Pages {
    /// The items of the next page; nothing after the last.
    pub async fn next(&mut self) -> Option<Result<Vec<Value>, Error>> {
        let call = self.next.take()?;
        let page = match self.client.send(&call).await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        let failed = |why: &str| {
            let kind = ErrorKind::Protocol(why.to_owned());
            Some(Err(Error { kind, call: call.url.path().to_owned(), request_id: None }))
        };
        let Value::Object(mut page) = page else { return failed("a page that is no object") };
        let Some(Value::Array(items)) = page.remove("value").or_else(|| page.remove("data")) else {
            return failed("a page without a list of items");
        };
        let text = |name: &str| page.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(token) = text("$skipToken") {
            let mut following = call.clone();
            if let Some(options) =
                following.question.as_mut().and_then(|question| question.get_mut("options"))
            {
                options["$skipToken"] = token.into();
            }
            if !self.seen.insert(token.to_owned()) {
                return failed("pages that go round in circles");
            }
            self.next = Some(following);
        } else if let Some(link) = text("nextLink").or_else(|| text("@odata.nextLink")) {
            let Ok(url) = Url::parse(link) else { return failed("a next page at no address") };
            if !self.seen.insert(link.to_owned()) {
                return failed("pages that go round in circles");
            }
            self.next = Some(Call { service: call.service, url, question: None });
        } else if text("resultTruncated") == Some("true") {
            return failed("an answer cut short, without a way to the rest");
        }
        if self.seen.len() > MAX_PAGES {
            return failed("more pages than any list has");
        }
        Some(Ok(items))
    }
}
