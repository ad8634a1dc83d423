//! Lists, page by page.

use crate::call::Call;
use crate::client::Client;
use crate::cloud::Service;
use crate::error::{Error, ErrorKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashSet;
use url::Url;

/// How many pages one list may have.
const MAX_PAGES: usize = 100_000;

/// A list that is read page by page. What was read before an error stays read.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    next: Option<Call>,
    /// Hashes of the links that were followed.
    seen: HashSet<u64>,
}

/// A page of Resource Manager, Microsoft Graph or Resource Graph.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(alias = "data")]
    value: Vec<T>,
    #[serde(rename = "nextLink", alias = "@odata.nextLink")]
    next_link: Option<String>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    /// Resource Graph says it as a text.
    #[serde(rename = "resultTruncated")]
    truncated: Option<Value>,
}

impl Client {
    /// One resource.
    pub async fn get(&self, path: &str, api_version: &str) -> Result<Value, Error> {
        let url = self.address(Service::Arm, path, &[("api-version", api_version)])?;
        self.send(&Call::get(Service::Arm, url)).await
    }

    /// A list of Resource Manager.
    pub fn list(&self, path: &str, api_version: &str) -> Result<Pages, Error> {
        self.list_with(path, api_version, &[])
    }

    /// A list of Resource Manager, with more in its query, such as `$filter`.
    pub fn list_with(&self, path: &str, api_version: &str, query: &[(&str, &str)]) -> Result<Pages, Error> {
        let query: Vec<_> = [("api-version", api_version)].iter().chain(query).copied().collect();
        let url = self.address(Service::Arm, path, &query)?;
        Ok(self.pages(Call::get(Service::Arm, url)))
    }

    pub(crate) fn pages(&self, first: Call) -> Pages {
        Pages { client: self.clone(), next: Some(first), seen: HashSet::new() }
    }
}

impl Pages {
    /// The items of the next page; nothing after the last.
    pub async fn next(&mut self) -> Option<Result<Vec<Value>, Error>> {
        self.next_as().await
    }

    /// The items of the next page as another type: `Box<RawValue>` keeps them as they came, to the letter.
    pub async fn next_as<T: DeserializeOwned>(&mut self) -> Option<Result<Vec<T>, Error>> {
        let call = self.next.take()?;
        let page: Page<T> = match self.client.send(&call).await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        match self.following(&call, &page) {
            Ok(next) => self.next = next,
            Err(why) => return Some(Err(call.failed(ErrorKind::Protocol(why.to_owned())))),
        }
        Some(Ok(page.value))
    }

    /// The call for the page after this one.
    fn following<T>(&mut self, call: &Call, page: &Page<T>) -> Result<Option<Call>, &'static str> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut new = |text: &str| {
            let new = self.seen.insert(hash(text));
            match (new, self.seen.len() > MAX_PAGES) {
                (true, false) => Ok(()),
                (true, true) => Err("more pages than any list has"),
                (false, _) => Err("pages that go round in circles"),
            }
        };
        if let Some(token) = given(&page.skip_token) {
            new(&token)?;
            let mut next = call.clone();
            let options = next.body.as_mut().and_then(|body| body.get_mut("options"));
            let options =
                options.and_then(Value::as_object_mut).ok_or("a way to a next page that nobody asked for")?;
            options.insert("$skipToken".to_owned(), token.into());
            return Ok(Some(next));
        }
        if let Some(link) = given(&page.next_link) {
            new(&link)?;
            let url = Url::parse(&link).map_err(|_| "a next page at no address")?;
            // What was asked by a body is asked on by the same body.
            return Ok(Some(match &call.body {
                Some(body) => Call::ask(call.service, url, body.clone()),
                None => Call::get(call.service, url),
            }));
        }
        match &page.truncated {
            Some(Value::String(text)) if text == "true" => {}
            Some(Value::Bool(true)) => {}
            _ => return Ok(None),
        }
        Err("an answer cut short, without a way to the rest")
    }
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
