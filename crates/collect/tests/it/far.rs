//! A far side that holds the example tenant: Resource Graph, lists in pages, identities and the directory, with faults on
//! demand.

use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request, StatusCode};
use dekey_intake::{Keep, canonical_line, read_into};
use dekey_model::{ArmId, Builder, Kind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

/// How many rows and items are on a page: few, so that there are pages.
const PAGE: usize = 40;

/// What is done to one request instead of answering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Reset,
    Refuse(u16),
    Garbage,
    Truncate,
    /// The answer names a next page on another host.
    Foreign,
    /// Nothing goes wrong.
    None,
}

#[derive(Debug)]
pub(crate) struct Far {
    resources: Arc<[Value]>,
    fault: (usize, Fault),
    came: Mutex<Vec<(Method, String)>>,
}

impl Far {
    /// The example tenant, with a fault at one request.
    pub(crate) fn new(fault: (usize, Fault)) -> Self {
        static TENANT: LazyLock<Arc<[Value]>> = LazyLock::new(|| example().into());
        Self { resources: Arc::clone(&TENANT), fault, came: Mutex::default() }
    }

    /// A few workspaces of one subscription, and what they use.
    pub(crate) fn small(fault: (usize, Fault)) -> Self {
        static TENANT: LazyLock<Arc<[Value]>> = LazyLock::new(|| few(example()).into());
        Self { resources: Arc::clone(&TENANT), fault, came: Mutex::default() }
    }
    /// The addresses that were asked, in order.
    pub(crate) fn came(&self) -> Vec<(Method, String)> {
        self.came.lock().unwrap().clone()
    }

    fn answer(&self, request: &Request) -> (u16, Value) {
        let url = request.url();
        let path = url.path().trim_end_matches('/').to_owned();
        let asked =
            |name: &str| url.query_pairs().find(|pair| pair.0 == name).map(|pair| pair.1.into_owned());
        let skip = asked("$skip").and_then(|text| text.parse().ok()).unwrap_or(0);
        if url.host_str() == Some("graph.microsoft.com") {
            return (200, graph(&path, &body(request)));
        }
        if asked("api-version").is_none() {
            return (
                400,
                json!({ "error": { "code": "MissingApiVersionParameter", "message": "no api-version" } }),
            );
        }
        match path.as_str() {
            "/subscriptions" => {
                let own = self.of(Kind::Subscription).into_iter().map(|own| {
                    json!({ "id": own["id"], "subscriptionId": id(&own).rsplit('/').next(), "displayName": own["name"] })
                });
                (200, json!({ "value": own.collect::<Vec<_>>() }))
            }
            "/providers/Microsoft.ResourceGraph/resources" => (200, self.query(&body(request))),
            _ => self.below(&path, skip, url.as_str()),
        }
    }

    fn of(&self, kind: Kind) -> Vec<Value> {
        self.resources.iter().filter(|own| kind_of(own) == kind).cloned().collect()
    }

    /// Rows of the types that the query names.
    fn query(&self, question: &Value) -> Value {
        let kql = question["query"].as_str().unwrap();
        let types: Vec<&str> = kql.split('\'').skip(1).step_by(2).collect();
        let start: usize = question["options"]["$skipToken"].as_str().map_or(0, |text| text.parse().unwrap());
        let is_asked =
            |own: &&Value| types.contains(&kind_of(own).resource_type().to_ascii_lowercase().as_str());
        let rows: Vec<Value> = self.resources.iter().filter(is_asked).cloned().map(row).collect();
        let page: Vec<Value> = rows.iter().skip(start).take(PAGE).cloned().collect();
        let mut answer = json!({ "totalRecords": rows.len(), "count": page.len(), "resultTruncated": "false", "data": page });
        if start + PAGE < rows.len() {
            answer["$skipToken"] = (start + PAGE).to_string().into();
        }
        answer
    }

    /// A resource, or a list below one.
    fn below(&self, path: &str, skip: usize, url: &str) -> (u16, Value) {
        if let Some(workspace) = path.strip_suffix("/providers/Microsoft.ManagedIdentity/identities/default")
        {
            let own = self.resources.iter().find(|own| id(own).eq_ignore_ascii_case(workspace)).unwrap();
            return (
                200,
                json!({ "id": path, "name": "default", "type": "Microsoft.ManagedIdentity/identities",
                "properties": { "principalId": own["identity"]["principalId"] } }),
            );
        }
        if let Some(subscription) =
            path.strip_suffix("/providers/Microsoft.MachineLearningServices/workspaces")
        {
            let mut own = self.of(Kind::Workspace);
            own.retain(|own| id(own).to_ascii_lowercase().starts_with(&subscription.to_ascii_lowercase()));
            return (200, json!({ "value": own }));
        }
        let (parent, last) = path.rsplit_once('/').unwrap();
        let parent = parent
            .strip_suffix("/providers/Microsoft.Insights")
            .or_else(|| parent.strip_suffix("/providers/Microsoft.Authorization"))
            .unwrap_or(parent);
        let items: Vec<Value> = self
            .resources
            .iter()
            .filter(|own| {
                let arm = ArmId(id(own));
                let kind = kind_of(own).resource_type().rsplit('/').next().unwrap_or("");
                arm.parent().is_some_and(|own| own.eq_ignore_ascii_case(parent))
                    && kind.eq_ignore_ascii_case(last)
            })
            .cloned()
            .collect();
        let page: Vec<Value> = items.iter().skip(skip).take(PAGE).cloned().collect();
        let mut answer = json!({ "value": page });
        if skip + PAGE < items.len() {
            let base = url.split("&$skip").next().unwrap();
            answer["nextLink"] = format!("{base}&$skip={}", skip + PAGE).into();
        }
        (200, answer)
    }
}

fn id(own: &Value) -> &str {
    own["id"].as_str().unwrap()
}

fn kind_of(own: &Value) -> Kind {
    ArmId(id(own)).resource_type().map_or(Kind::Other, |own| Kind::of_type(&own))
}

/// A resource as Resource Graph shows it.
fn row(mut own: Value) -> Value {
    let kind = own["type"].as_str().unwrap_or("").to_ascii_lowercase();
    own["type"] = kind.into();
    own["subscriptionId"] = ArmId(id(&own)).subscription().unwrap_or("").into();
    let columns = own.as_object_mut().unwrap();
    columns.remove("dekey");
    for name in ["identity", "tags", "kind"] {
        columns.entry(name).or_insert(Value::Null);
    }
    own
}

fn body(request: &Request) -> Value {
    match request.body() {
        Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap_or_default(),
        Body::SeekableStream(_) => panic!("nothing is streamed"),
    }
}

/// A directory in which every second principal is a service principal, and the others are gone. One is a group.
fn graph(path: &str, question: &Value) -> Value {
    if path.ends_with("/getByIds") {
        let ids = question["ids"].as_array().unwrap();
        let found = ids.iter().enumerate().step_by(2).map(|(ix, own)| {
            let kind = if ix == 0 { "group" } else { "servicePrincipal" };
            json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": own, "displayName": format!("p{ix}"),
                "appId": format!("app-{ix}"), "servicePrincipalType": "Application" })
        });
        return json!({ "value": found.collect::<Vec<_>>() });
    }
    if path.ends_with("/transitiveMembers") {
        return json!({ "value": [{ "id": "m-1" }, { "id": "m-2" }] });
    }
    json!({ "value": [{ "id": "x", "appId": "app-2", "passwordCredentials": [
        { "keyId": "k", "endDateTime": "2027-01-01T00:00:00Z", "secretText": "never-to-be-kept", "hint": "nev" }] }] })
}

fn example() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso");
    let mut builder = Builder::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The manifest says what an auditor was refused; here, everything answers.
        if path.extension().is_some_and(|own| own == "json") && !path.ends_with("manifest.json") {
            let name = path.display().to_string();
            let mut file = std::fs::File::open(path).unwrap();
            read_into(&mut builder, &name, &mut file, Keep::Raw).unwrap();
        }
    }
    let inventory = builder.finish();
    let mut resources: Vec<Value> = inventory
        .resources()
        .map(|own| serde_json::from_str(&canonical_line(own).unwrap()).unwrap())
        .collect();
    resources.sort_by_key(|own| id(own).to_ascii_lowercase());
    resources
}

/// How many of each kind stand above the few workspaces.
const ABOVE: usize = 4;

/// A workspace with its children and dependents, and some of what stands above it: every fault is tried at every request.
fn few(all: Vec<Value>) -> Vec<Value> {
    let named = ["mlw-fraud-scoring"];
    let has_name = |own: &Value| {
        named.iter().any(|name| id(own).to_ascii_lowercase().contains(&format!("/workspaces/{name}")))
    };
    let used: Vec<String> = all
        .iter()
        .filter(|own| has_name(own))
        .flat_map(|own| {
            ["storageAccount", "keyVault", "containerRegistry"].map(|name| own["properties"][name].clone())
        })
        .filter_map(|own| own.as_str().map(str::to_ascii_lowercase))
        .collect();
    let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
    let kept = |own: &Value| {
        let lower = id(own).to_ascii_lowercase();
        let above = [Kind::Subscription, Kind::ResourceGroup, Kind::PolicyAssignment, Kind::RoleAssignment];
        if above.contains(&kind_of(own)) {
            let seen = seen.entry(kind_of(own)).or_default();
            *seen += 1;
            return *seen <= ABOVE;
        }
        has_name(own) || used.iter().any(|used| lower.starts_with(used))
    };
    all.into_iter().filter(kept).collect()
}

#[async_trait::async_trait]
impl HttpClient for Far {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let number = {
            let mut came = self.came.lock().unwrap();
            came.push((request.method(), request.url().to_string()));
            came.len() - 1
        };
        let fault = if number == self.fault.0 { self.fault.1 } else { Fault::None };
        let (mut status, mut answer) = self.answer(request);
        let mut headers = Headers::new();
        headers.insert("x-ms-ratelimit-remaining-subscription-reads", "249");
        match fault {
            Fault::Reset => {
                return Err(azure_core::Error::with_message(
                    azure_core::error::ErrorKind::Io,
                    "connection reset",
                ));
            }
            Fault::Refuse(own) => {
                status = own;
                answer = json!({ "error": { "code": "Refused", "message": "as the test wants" } });
            }
            Fault::Foreign => answer["nextLink"] = "https://evil.example/x".into(),
            Fault::Garbage | Fault::Truncate | Fault::None => {}
        }
        let mut text = answer.to_string();
        match fault {
            Fault::Garbage => "<html>a proxy</html>".clone_into(&mut text),
            Fault::Truncate => {
                headers.insert("content-length", text.len().to_string());
                text.truncate(text.len() / 2);
            }
            _ => {}
        }
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(status), headers, text.into_bytes()))
    }
}
