//! Over the simulator: going on from an earlier snapshot, and tokens that end on the way.

use crate::{Quiet, SharedFile, inventory};
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use dekey_azure::{Client, Cloud, Limits};
use dekey_collect::{Collected, Collector, Done, Earlier, Journal, Known, Records};
use dekey_intake::Manifest;
use dekey_model::{ArmId, Covered, Kind};
use dekey_sim::{Azure, Faults, InProcess, Options, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A tenant that is written to and collected.
struct World {
    far: InProcess,
    client: Client,
}

impl World {
    fn new(options: Options, workspaces: u64) -> Self {
        Self::slow(options, workspaces, Duration::ZERO)
    }

    fn slow(options: Options, workspaces: u64, latency: Duration) -> Self {
        // The time that the tests let pass ends before the time there is.
        Self::skewed(options, workspaces, latency, SignedDuration::from_hours(-3))
    }

    /// Azure's clock is off by so much.
    fn skewed(options: Options, workspaces: u64, latency: Duration, skew: SignedDuration) -> Self {
        let mut azure = Azure::new(options);
        azure.seed_workspaces(3, workspaces);
        let far = InProcess::new(azure, Timestamp::now() + skew).with_latency(latency);
        let cloud = Cloud::public().unwrap();
        let transport = dekey_azure::shared(far.clone());
        let wishes = Wishes { method: Some(Method::ManagedIdentity), ..Wishes::default() };
        let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
        let client = Client::new(cloud, &sign_in.as_credential(), &transport, Limits::default(), None);
        Self { far, client }
    }

    /// Reads the tenant: what it came to, the journal, and the number of requests.
    async fn read(&self, earlier: Option<&Earlier>) -> (Collected, Vec<u8>, u64) {
        let before = self.far.with(|azure| azure.requests());
        let (file, stop) = (SharedFile::default(), AtomicBool::new(false));
        let journal = Journal::new(file.clone());
        let fresh = (Known::default(), Done::new());
        let collector = Collector::new(&self.client, journal, fresh, &Quiet, &stop).since(earlier);
        let collected = collector.run(Vec::new(), &[]).await.unwrap();
        let bytes = file.0.lock().unwrap().clone();
        (collected, bytes, self.far.with(|azure| azure.requests()) - before)
    }

    fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let (path, query) = url.split_once('?').unwrap();
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let base = "https://management.azure.com";
        let now = self.far.now();
        let request = Request { method, base, path, query, headers: &headers, body: body.as_bytes(), now };
        let answer = self.far.with(|azure| azure.handle(&request));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// Writes as the operator does.
    fn write(&self, method: &str, url: &str, body: &Value) -> u16 {
        let url_of_token = "/metadata/identity/oauth2/token?resource=https://management.azure.com";
        let (_, token) = self.send("GET", url_of_token, &[("Metadata", "true")], "");
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        self.send(method, url, &[("Authorization", &bearer)], &body.to_string()).0
    }
}

/// The snapshot of a journal.
fn earlier(journal: &[u8], as_of: Timestamp) -> Earlier {
    let mut earlier = Earlier::default();
    earlier.as_of = as_of;
    for line in std::str::from_utf8(journal).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        if Manifest::is_manifest(&value) {
            earlier.covered(Manifest::read(value).unwrap().entries().unwrap());
        } else {
            earlier.line(line).unwrap();
        }
    }
    earlier
}

/// What a journal says of each resource and list, but for when it was read.
fn told(journal: &[u8]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for line in std::str::from_utf8(journal).unwrap().lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if Manifest::is_manifest(&value) {
            for row in value["coverage"].as_array().unwrap() {
                all.insert(
                    format!("{} {}", row["kind"], row["scope"]).to_lowercase(),
                    row["outcome"].clone(),
                );
            }
            continue;
        }
        let remarks = value["dekey"].as_object_mut().unwrap();
        remarks.remove("readAt");
        let key = format!("{} {}", value["id"], value["dekey"]).to_lowercase();
        all.insert(key, value);
    }
    all
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn of<'a>(&mut self, all: &'a [String]) -> &'a str {
        &all[self.below(all.len())]
    }
}

const AML: &str = "api-version=2025-12-01";

/// How many things people do to a tenant.
const DOINGS: usize = 12;

/// Does one of them; which one, when it came to something.
fn disturb(world: &World, dice: &mut Dice, all: &BTreeMap<String, Vec<String>>) -> Option<usize> {
    let workspace = dice.of(&all["workspaces"]).to_owned();
    let account = dice.of(&all["storageaccounts"]).to_owned();
    let registry = dice.of(&all["registries"]).to_owned();
    let group = workspace.split("/providers/").next().unwrap().to_owned();
    let nth = dice.below(1000);
    let settings = "providers/Microsoft.Insights/diagnosticSettings";
    let logs = json!({ "properties": { "workspaceId": "/subscriptions/s/w", "logs": [] } });
    let store = json!({ "properties": { "datastoreType": "AzureBlob", "accountName": "a", "containerName": "c",
        "credentials": { "credentialsType": "None" } } });
    let compute = json!({ "location": "westeurope", "properties": { "computeType": "AmlCompute" } });
    let tags = json!({ "tags": { "n": nth.to_string() } });
    let workspaces = format!("{group}/providers/Microsoft.MachineLearningServices/workspaces");
    let which = dice.below(DOINGS);
    let (method, url, body) = match which {
        0 => ("PATCH", format!("{workspace}?{AML}"), tags),
        1 => ("PUT", format!("{workspace}/datastores/new{nth}?{AML}"), store),
        2 => ("DELETE", format!("{}?{AML}", dice.of(&all["datastores"])), json!({})),
        3 => ("PUT", format!("{workspace}/computes/new{nth}?{AML}"), compute),
        4 => {
            let url = format!("{}?{AML}&underlyingResourceAction=Delete", dice.of(&all["computes"]));
            ("DELETE", url, json!({}))
        }
        5 => ("PUT", format!("{workspace}/{settings}/new?api-version=2021-05-01-preview"), logs),
        6 => {
            let url = format!("{account}/blobServices/default/{settings}/new?api-version=2021-05-01-preview");
            ("PUT", url, logs)
        }
        7 => ("POST", format!("{account}/listKeys?api-version=2023-01-01"), json!({})),
        8 => ("DELETE", format!("{workspace}?{AML}"), json!({})),
        9 => {
            let body = json!({ "location": "westeurope", "identity": { "type": "SystemAssigned" },
                "properties": { "storageAccount": account, "keyVault": dice.of(&all["vaults"]) } });
            ("PUT", format!("{workspaces}/new{nth}?{AML}"), body)
        }
        10 => ("DELETE", format!("{registry}?api-version=2023-07-01"), json!({})),
        _ => ("PATCH", format!("{account}?api-version=2023-01-01"), tags),
    };
    let status = world.write(method, &url, &body);
    assert!(status < 500, "{method} {url}: {status}");
    (status < 300).then_some(which)
}

fn by_type(journal: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for resource in inventory(journal).resources() {
        let last = resource.resource_type().rsplit('/').next().unwrap().to_ascii_lowercase();
        all.entry(last).or_default().push(resource.id().to_owned());
    }
    all
}

#[tokio::test(start_paused = true)]
async fn whatever_was_done_it_is_as_if_everything_were_read() {
    let world = World::new(Options::new(5), 40);
    let mut dice = Dice(11);
    let mut as_of = world.far.now();
    let (first, mut journal, all_requests) = world.read(None).await;
    assert_eq!((first.refused.len(), first.spared), (0, 0));
    let mut done = BTreeSet::new();
    for round in 0..12 {
        // More than what was told late: nothing of the round before is asked for again.
        tokio::time::advance(Duration::from_mins(5)).await;
        let all = by_type(&journal);
        for _ in 0..round {
            done.extend(disturb(&world, &mut dice, &all));
        }
        tokio::time::advance(Duration::from_mins(5)).await;
        let before = earlier(&journal, as_of);
        as_of = world.far.now();
        let (collected, since, requests) = world.read(Some(&before)).await;
        let (_, whole, _) = world.read(None).await;
        let (since_told, whole_told) = (told(&since), told(&whole));
        for (key, value) in &whole_told {
            assert_eq!(since_told.get(key), Some(value), "round {round}: {key}");
        }
        assert_eq!(since_told.len(), whole_told.len(), "round {round}");
        assert_eq!(collected.anew, Vec::new());
        assert!(collected.spared > 0, "round {round}");
        if round == 0 {
            assert!(requests * 6 < all_requests, "{requests} of {all_requests}");
        }
        journal = since;
    }
    assert_eq!(done.len(), DOINGS, "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn what_azure_has_forgotten_is_read_anew() {
    let world = World::new(Options::new(5), 3);
    let (_, journal, all) = world.read(None).await;
    let old = Timestamp::now() - SignedDuration::from_hours(14 * 24);
    let (collected, again, requests) = world.read(Some(&earlier(&journal, old))).await;
    let tokens = 2;
    assert_eq!((collected.spared, requests + tokens), (0, all));
    assert!(collected.anew[0].1.contains("14 days"), "{:?}", collected.anew);
    assert_eq!(told(&again), told(&journal));
}

#[tokio::test(start_paused = true)]
async fn where_nobody_may_ask_what_was_done_everything_is_read() {
    let mut options = Options::with_roles(5, &[("Reader", "/")]);
    options.faults = "at request 1 of eventtypes: 403".parse::<Faults>().unwrap();
    let world = World::new(options, 3);
    let (_, journal, _) = world.read(None).await;
    let (collected, again, _) = world.read(Some(&earlier(&journal, world.far.now()))).await;
    assert_eq!(collected.anew.len(), 1, "{:?}", collected.anew);
    assert!(collected.refused.is_empty());
    assert_eq!(told(&again), told(&journal));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_end_while_it_goes_on_are_replaced() {
    let (_, calm, calls) = World::new(Options::new(5), 40).read(None).await;
    let mut options = Options::new(5);
    options.token_life = 120;
    let world = World::slow(options, 40, Duration::from_millis(1500));
    let (collected, journal, slow_calls) = world.read(None).await;
    assert_eq!(collected.refused, Vec::new());
    assert!(slow_calls > calls, "no token ended: {slow_calls} calls");
    let untimed = |journal: &[u8]| told(journal).into_keys().collect::<Vec<_>>();
    assert_eq!(untimed(&journal), untimed(&calm));
}

/// This machine's clock may be wrong: what is read is the same, and nothing is asked again and again for it.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_changes_nothing() {
    let untimed = |journal: &[u8]| told(journal).into_keys().collect::<Vec<_>>();
    let (_, right, calls) = World::new(Options::new(5), 10).read(None).await;
    for hours in [-26, -1, 1, 26] {
        let skew = SignedDuration::from_hours(hours);
        let world = World::skewed(Options::new(5), 10, Duration::from_millis(200), skew);
        let (collected, journal, asked) = world.read(None).await;
        assert_eq!(collected.refused, Vec::new(), "{hours}");
        assert_eq!(untimed(&journal), untimed(&right), "{hours}");
        assert!(asked < calls + calls / 10, "{hours}: {asked} requests in place of {calls}");
    }
}

/// What the services logged is asked for through the same client.
#[tokio::test(start_paused = true)]
async fn logs_are_asked_for_too() {
    const CUSTOMER: &str = "11111111-2222-4333-8444-555555555555";
    let world = World::new(Options::new(5), 1);
    let group = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/rg/providers";
    let (account, logs) = (
        format!("{group}/Microsoft.Storage/storageAccounts/st"),
        format!("{group}/Microsoft.OperationalInsights/workspaces/log"),
    );
    let setting = format!("{account}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/d");
    let categories = json!([{ "category": "StorageRead", "enabled": true }]);
    world.far.with(|azure| {
        for (id, properties) in [
            (logs.clone(), json!({ "customerId": CUSTOMER })),
            (account.clone(), json!({})),
            (
                format!("{group}/Microsoft.MachineLearningServices/workspaces/w"),
                json!({ "storageAccount": account }),
            ),
            (setting, json!({ "workspaceId": logs, "logs": categories })),
        ] {
            assert!(azure.seed(json!({ "id": id, "location": "westeurope", "properties": properties,
                "identity": { "type": "SystemAssigned", "principalId": "principal-w" } })));
        }
    });
    let kql = "StorageBlobLogs | summarize requests = count() by AuthenticationType | order by AuthenticationType asc";
    let found = world.client.query_logs(CUSTOMER, kql, "P7D").await.unwrap();
    let (columns, rows) = (&found.tables[0].columns, &found.tables[0].rows);
    assert_eq!((columns[0].name.as_str(), columns[1].kind.as_str()), ("AuthenticationType", "long"));
    assert!(rows.iter().any(|row| row[0] == "AccountKey" && row[1].as_i64() > Some(0)), "{rows:?}");
    assert_eq!(found.partial, None);
    let refused = world.client.query_logs(CUSTOMER, "StorageBlobLogs | whatever", "P7D").await.unwrap_err();
    assert!(refused.to_string().contains("whatever") || refused.to_string().contains("SYN"), "{refused}");
}

/// Who wrote what, and what Policy Insights says, are read when somebody asks for them.
#[tokio::test(start_paused = true)]
async fn records_are_read_on_demand() {
    let world = World::new(Options::new(5), 3);
    let (_, journal, _) = world.read(None).await;
    assert!(inventory(&journal).of_kind(Kind::ActivityEvent).is_empty(), "nobody asked");
    let workspace = by_type(&journal)["workspaces"][0].clone();
    let status = world.write("PATCH", &format!("{workspace}?{AML}"), &json!({ "tags": { "n": "1" } }));
    assert!(status < 300, "{status}");
    let (file, stop) = (SharedFile::default(), AtomicBool::new(false));
    let records = Records { activity_days: 2, policy_states: true };
    let fresh = (Known::default(), Done::new());
    let collector =
        Collector::new(&world.client, Journal::new(file.clone()), fresh, &Quiet, &stop).with_records(records);
    let collected = collector.run(Vec::new(), &[]).await.unwrap();
    assert_eq!(collected.refused, []);
    let bytes = file.0.lock().unwrap().clone();
    let read = inventory(&bytes);
    let subscription = ArmId(&workspace).subscription().unwrap();
    let scope = format!("/subscriptions/{subscription}");
    for kind in [Kind::ActivityEvent, Kind::PolicyState] {
        assert_eq!(read.coverage().covers(kind, &scope), Covered::Yes, "{}", kind.plural());
    }
    let events = read.of_kind(Kind::ActivityEvent);
    assert!(!events.is_empty());
    assert!(events.iter().all(|ix| read.get(*ix).id().contains("/eventTypes/management/values/")));
}
