//! Plans carried out on a simulated Azure, with everything that ends them in between.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod faults;
mod kills;
mod runs;

use azure_core::http::{AsyncRawResponse, HttpClient, Request as HttpRequest};
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use dekey_azure::{Client, Cloud, Limits};
use dekey_execute::{Durable, Executor, Failure, Journal, Past, Silent};
use dekey_plan::rollout::{Excuses, Target, Wish, plan};
use dekey_plan::{Bound, Gate, Plan, Refusal, Ring, parse_rings};
use dekey_sim::{Azure, InProcess, Options, Request};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

pub(crate) const SUBSCRIPTION: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001";

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It and all after it never arrive.
    Cut,
    /// It arrives, but its answer and everything after it is lost.
    CutBehind,
    /// It arrives, its answer is lost, and the next one gets through.
    Swallowed,
    /// Azure refuses it and nothing else.
    Refused,
    /// It and the two after it are answered from before anything was there.
    Behind,
}

/// The way to an Azure, with a fault at one request that is no request for a token.
#[derive(Clone)]
pub(crate) struct Way {
    far: InProcess,
    fault: Option<(usize, Fault)>,
    came: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Way").field("fault", &self.fault).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl HttpClient for Way {
    async fn execute_request(&self, request: &HttpRequest) -> azure_core::Result<AsyncRawResponse> {
        if request.url().path().contains("/oauth2/") {
            return self.far.execute_request(request).await;
        }
        let number = {
            let mut came = self.came.lock().unwrap();
            came.push(format!("{} {}", request.method().as_ref(), request.url().path()));
            came.len() - 1
        };
        let lost =
            || azure_core::Error::with_message(azure_core::error::ErrorKind::Io, "the connection was reset");
        match self.fault {
            Some((at, Fault::Cut)) if number >= at => Err(lost()),
            Some((at, Fault::CutBehind)) if number > at => Err(lost()),
            Some((at, Fault::CutBehind | Fault::Swallowed)) if number == at => {
                self.far.execute_request(request).await?;
                Err(lost())
            }
            Some((at, Fault::Refused)) if number == at => {
                let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'Microsoft.Authorization/policyAssignments/write' over scope '/s'."}}"#;
                Ok(AsyncRawResponse::from_bytes(403.into(), azure_core::http::headers::Headers::new(), body))
            }
            Some((at, Fault::Behind)) if (at..at + 3).contains(&number) => {
                let body = r#"{"error":{"code":"NotFound","message":"It is not there."}}"#;
                Ok(AsyncRawResponse::from_bytes(404.into(), azure_core::http::headers::Headers::new(), body))
            }
            _ => self.far.execute_request(request).await,
        }
    }
}

/// A simulated tenant with a storage account in each of two locations.
pub(crate) struct World {
    pub(crate) far: InProcess,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Options::new(5))
    }

    pub(crate) fn with(options: Options) -> Self {
        let mut azure = Azure::new(options);
        let group = format!("{SUBSCRIPTION}/resourceGroups/rg");
        assert!(azure.seed(json!({ "id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rsplit('/').next(), "displayName": "s" })));
        assert!(azure.seed(json!({ "id": group, "name": "rg", "location": "westeurope", "properties": {} })));
        for (name, location) in [("stone", "northeurope"), ("sttwo", "westeurope")] {
            assert!(azure.seed(json!({ "id": account(name), "location": location, "kind": "StorageV2",
                "sku": { "name": "Standard_LRS" }, "properties": { "allowSharedKeyAccess": true } })));
        }
        Self { far: InProcess::new(azure, Timestamp::now()) }
    }

    pub(crate) fn client(&self, fault: Option<(usize, Fault)>) -> (Client, Arc<Mutex<Vec<String>>>) {
        let came = Arc::new(Mutex::new(Vec::new()));
        let way = Way { far: self.far.clone(), fault, came: came.clone() };
        let cloud = Cloud::public().unwrap();
        let transport = dekey_azure::shared(way);
        let wishes = Wishes { method: Some(Method::ManagedIdentity), ..Wishes::default() };
        let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
        (Client::new(cloud, &sign_in.as_credential(), &transport, Limits::default(), None), came)
    }

    /// Sends something as somebody else would.
    pub(crate) fn send(&self, method: &str, path: &str, query: &str, body: &Value) -> (u16, Value) {
        let now = self.far.now();
        let base = "https://management.azure.com";
        let token = {
            let headers = [("Metadata".to_owned(), "true".to_owned())];
            let (path, query) = ("/metadata/identity/oauth2/token", "resource=https://management.azure.com");
            let request = Request { method: "GET", base, path, query, headers: &headers, body: b"", now };
            let answer: Value =
                serde_json::from_slice(&self.far.with(|azure| azure.handle(&request)).body).unwrap();
            answer["access_token"].as_str().unwrap().to_owned()
        };
        let headers = [("Authorization".to_owned(), format!("Bearer {token}"))];
        let text = body.to_string();
        let request = Request { method, base, path, query, headers: &headers, body: text.as_bytes(), now };
        let answer = self.far.with(|azure| azure.handle(&request));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let version = if path.contains("policyExemptions") { "2022-07-01-preview" } else { "2023-04-01" };
        let (status, body) = self.send("GET", path, &format!("api-version={version}"), &Value::Null);
        (status == 200).then_some(body)
    }

    /// What counts of every resource that a plan writes.
    pub(crate) fn states(&self, plan: &Plan) -> BTreeMap<String, Option<Value>> {
        let steps = plan.stages.iter().flat_map(|stage| &stage.steps);
        let state = |path: &String| self.get(path).map(|own| dekey_plan::state::of(path, &[], &own));
        steps.map(|step| (step.request.path.clone(), state(&step.request.path))).collect()
    }
}

pub(crate) fn account(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}")
}

fn definition(name: &str, field: &str) -> Value {
    json!({ "name": name, "properties": {
        "displayName": name, "mode": "Indexed", "policyType": "Custom",
        "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": "Audit" } },
        "policyRule": {
            "if": { "allOf": [
                { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
                { "field": field, "notEquals": false },
            ] },
            "then": { "effect": "[parameters('effect')]" } },
    } })
}

fn initiative() -> Value {
    let member = |name: &str| {
        json!({ "policyDefinitionReferenceId": name, "parameters": {},
        "policyDefinitionId": format!("/providers/Microsoft.Authorization/policyDefinitions/{name}") })
    };
    json!({ "name": "no-keys", "properties": { "displayName": "No keys", "policyType": "Custom",
        "policyDefinitions": [member("no-shared-key"), member("no-public-blobs")] } })
}

/// Two rings of locations and all the rest.
pub(crate) fn rings() -> Vec<Ring> {
    let text = "[[rings]]\nname = \"first\"\nlocations = [\"North Europe\"]\n[[rings]]\nname = \"second\"\nlocations = [\"westeurope\"]\n";
    parse_rings(text).unwrap()
}

pub(crate) fn wish(rings: Vec<Ring>) -> Wish {
    let documents = [
        initiative(),
        definition("no-shared-key", "Microsoft.Storage/storageAccounts/allowSharedKeyAccess"),
        definition("no-public-blobs", "Microsoft.Storage/storageAccounts/allowBlobPublicAccess"),
    ];
    let made_at: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let refusal = Refusal {
        resource: account("stone"),
        policy: "no-shared-key".to_owned(),
        owner: Some("mara@contoso.example".to_owned()),
    };
    Wish {
        name: "no-keys".to_owned(),
        title: "No keys".to_owned(),
        message: "Keys are switched off: see the wiki.".to_owned(),
        scope: SUBSCRIPTION.to_owned(),
        target: Target::read(&documents, SUBSCRIPTION, &|_| None).unwrap(),
        excuses: Some(Excuses {
            until: "2027-01-31T00:00:00Z".parse().unwrap(),
            why: "It moves to identities in January.".to_owned(),
            refusals: vec![vec![refusal]],
        }),
        rings,
        deny: true,
        gate: Gate { rate: 950, days: 7, accept_not_judged: false },
        parameters: Map::new(),
        made_at,
        parent: None,
        inventory: Bound { hash: "sha256:0".to_owned(), resources: 2, read_at: Some(made_at) },
    }
}

pub(crate) fn planned(world: &World) -> Plan {
    let own = plan(&wish(rings()), &|id| world.get(id)).unwrap();
    assert_eq!(dekey_plan::lint::check(&own), Vec::new());
    own
}

/// A disk that keeps so many lines, and then none.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) bytes: Arc<Mutex<Vec<u8>>>,
    pub(crate) room: Option<usize>,
}

impl Durable for Disk {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes.lock().unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        match self.room {
            Some(room) if lines >= room => {
                // Half of it is there, as after a loss of power.
                bytes.extend_from_slice(&line[..line.len() / 2]);
                Err(io::Error::other("no power"))
            }
            _ => {
                bytes.extend_from_slice(line);
                Ok(())
            }
        }
    }
}

impl Disk {
    pub(crate) fn kept(&self) -> Vec<u8> {
        let bytes = self.bytes.lock().unwrap();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes[..whole].to_vec()
    }
}

/// Goes on with what a disk keeps: what was left in half is cut off, as opening a file does.
pub(crate) fn journal(disk: &Disk, plan: &Plan) -> Journal {
    let kept = disk.kept();
    disk.bytes.lock().unwrap().clone_from(&kept);
    Journal::over(Box::new(disk.clone()), &kept, &plan.id).unwrap()
}

pub(crate) async fn apply(client: &Client, disk: &Disk, plan: &Plan, stage: usize) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    Executor::new(client, journal(disk, plan), &Silent, &stop).apply(plan, stage, Some("Sofia Novak")).await
}

/// All stages that are left, one after the other.
pub(crate) async fn apply_all(client: &Client, disk: &Disk, plan: &Plan) -> Result<(), Failure> {
    while let Some(stage) = past(disk, plan).next(plan) {
        apply(client, disk, plan, stage).await?;
    }
    Ok(())
}

pub(crate) async fn undo(client: &Client, disk: &Disk, plan: &Plan) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    Executor::new(client, journal(disk, plan), &Silent, &stop).undo(plan, 0).await
}

pub(crate) fn past(disk: &Disk, plan: &Plan) -> Past {
    journal(disk, plan).past().clone()
}
