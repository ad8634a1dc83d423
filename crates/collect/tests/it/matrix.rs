//! Every fault that the simulator knows, at every request of a small tenant; and every way to end a run early, there too. What
//! comes of it is complete, or says what is missing; the numbers are printed.

use crate::simulated::told;
use crate::{Quiet, SharedFile, inventory};
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use dekey_azure::{Client, Cloud, Limits};
use dekey_collect::{Collected, Collector, Failure, Journal, carry_over};
use dekey_model::{ArmId, Covered, Inventory, Kind, Outcome};
use dekey_sim::{Azure, InProcess, Options};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// What a client has to get over by itself.
const PASSES: &[&str] = &[
    "reset",
    "truncated",
    "stalled",
    "slow",
    "garbage",
    "duplicate",
    "408",
    "429",
    "429 storm of 6 retry after 5",
    "500",
    "502",
    "503 storm of 4",
    "504",
];

/// What it cannot, wherever it happens. A 401 ends a sign-in; on anything else it stands for a token that has ended.
const STAYS: &[&str] = &[
    "401",
    "400",
    "403",
    "404",
    "409",
    "410",
    "501",
    "429 storm of 60 retry after 50",
    "429 retry after 7200",
    "500 storm of 60",
    "401 storm of 60",
    "next link to evil.example",
];

/// How a run is ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It goes on to its end.
    Not,
    /// As Ctrl-C does.
    Stop,
    /// As a power cut does.
    Kill,
}

/// A transport at which a run ends.
#[derive(Debug)]
struct Ending {
    far: InProcess,
    seen: AtomicUsize,
    at: (usize, End),
    stop: Arc<AtomicBool>,
    killed: Notify,
}

#[async_trait::async_trait]
impl HttpClient for Ending {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if self.seen.fetch_add(1, Ordering::Relaxed) == self.at.0 {
            match self.at.1 {
                End::Not => {}
                End::Stop => self.stop.store(true, Ordering::Relaxed),
                End::Kill => {
                    self.killed.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        }
        self.far.execute_request(request).await
    }
}

/// A group with a role, of which nobody hears but by way of the role.
fn somebody_else() -> [Value; 2] {
    let group = "0d1f7b52-6f4e-4c0e-9c53-7b1f0a2f6b11";
    let reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let assignment =
        "/providers/Microsoft.Authorization/roleAssignments/5f0b8a7e-40a4-4a5c-8a43-0a1d6c3ad011";
    [
        json!({ "id": format!("/providers/Microsoft.Graph/groups/{group}"), "name": group, "type": "Microsoft.Graph/groups",
            "properties": { "displayName": "auditors", "members": ["8c0e3a55-6a0c-4d5e-9a43-2f7f1f3b7a90"] } }),
        json!({ "id": assignment, "type": "Microsoft.Authorization/roleAssignments", "properties": { "principalId": group,
            "principalType": "Group", "roleDefinitionId": reader, "scope": "/" } }),
    ]
}

/// What a run came to: nothing when it was killed.
struct Came {
    result: Option<Result<Collected, Failure>>,
    journal: Vec<u8>,
    requests: u64,
}

async fn run(plan: &str, at: (usize, End), before: &[u8]) -> Came {
    let mut options = Options::with_roles(5, &[("Reader", "/")]);
    options.faults = plan.parse().unwrap();
    let mut azure = Azure::new(options);
    azure.seed_workspaces(3, 1);
    for own in somebody_else() {
        assert!(azure.seed(own));
    }
    let far = InProcess::new(azure, Timestamp::now());
    let stop = Arc::new(AtomicBool::new(false));
    let ending = Ending {
        far: far.clone(),
        seen: AtomicUsize::new(0),
        at,
        stop: Arc::clone(&stop),
        killed: Notify::new(),
    };
    let ending = Arc::new(ending);
    let (cloud, transport) = (Cloud::public().unwrap(), Arc::clone(&ending) as Arc<dyn HttpClient>);
    let wishes = Wishes { method: Some(Method::ManagedIdentity), ..Wishes::default() };
    let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
    let limits = Limits { seed: 1, ..Limits::default() };
    let client = Client::new(cloud, &sign_in.as_credential(), &transport, limits, None);
    let file = SharedFile::default();
    let mut kept = Vec::new();
    let before = carry_over(&mut &*before, &mut kept).unwrap();
    file.0.lock().unwrap().extend(kept);
    let collector = Collector::new(&client, Journal::new(file.clone()), before, &Quiet, &stop);
    let result = tokio::select! {
        result = collector.run(Vec::new(), &[]) => Some(result),
        () = ending.killed.notified() => None,
    };
    let journal = file.0.lock().unwrap().clone();
    Came { result, journal, requests: far.with(|azure| azure.requests()) }
}

/// What there is to be read.
struct Truth {
    told: BTreeMap<String, Value>,
    ids: BTreeSet<String>,
    requests: usize,
}

async fn truth() -> Truth {
    let came = run("", (0, End::Not), b"").await;
    let collected = came.result.unwrap().unwrap();
    assert_eq!((collected.refused, collected.stopped), (Vec::new(), false));
    let requests = usize::try_from(came.requests).unwrap();
    Truth { told: told(&came.journal), ids: ids(&inventory(&came.journal)), requests }
}

fn ids(inventory: &Inventory) -> BTreeSet<String> {
    inventory.resources().map(|own| own.id().to_ascii_lowercase()).collect()
}

fn kind_of(id: &str) -> Kind {
    ArmId(id).resource_type().map_or(Kind::Other, |own| Kind::of_type(&own))
}

impl Truth {
    /// What is missing although somebody who reads the result has to think that it does not exist.
    fn lost_silently(&self, came: &Came) -> Vec<String> {
        let inventory = inventory(&came.journal);
        let read = ids(&inventory);
        let text = String::from_utf8_lossy(&came.journal).to_ascii_lowercase();
        let ended = matches!(&came.result, Some(Ok(collected)) if !collected.stopped);
        let is_said = |id: &str| {
            let covered = |kind| inventory.coverage().covers(kind, id) != Covered::Yes;
            // Nobody can ask for the children of what was not seen.
            if ArmId(id).ancestors().any(|own| self.ids.contains(own) && !read.contains(own)) {
                return true;
            }
            if id.starts_with("/providers/microsoft.graph/") {
                // Nothing that was read speaks of it, or it is said that the directory was not read.
                let name = id.rsplit('/').next().unwrap_or("");
                return !text.contains(name) || covered(Kind::ServicePrincipal) || covered(kind_of(id));
            }
            let kind = kind_of(id);
            let refused = matches!(inventory.coverage().covers(kind, id), Covered::Refused(_));
            // What lies above subscriptions is asked for with them.
            let with_them = !id.starts_with("/subscriptions/")
                && inventory.coverage().entries().any(|own| own.kind == kind && own.outcome != Outcome::Read);
            if ended { refused || with_them } else { covered(kind) }
        };
        self.ids.difference(&read).filter(|id| !is_said(id)).cloned().collect()
    }

    /// What another run did not tell, or told otherwise.
    fn missing(&self, came: &Came) -> Vec<String> {
        let own = told(&came.journal);
        self.told
            .iter()
            .filter(|(key, value)| own.get(*key) != Some(value))
            .map(|(key, value)| format!("{key}: {value} is {:?}", own.get(key).map(Value::to_string)))
            .collect()
    }

    fn is_complete(&self, came: &Came) -> bool {
        matches!(&came.result, Some(Ok(own)) if own.refused.is_empty() && !own.stopped)
            && told(&came.journal) == self.told
    }
}

/// What came of one fault at every request.
#[derive(Default)]
struct Row {
    complete: usize,
    incomplete: usize,
    ended: usize,
}

async fn row(truth: &Truth, fault: &str) -> Row {
    let mut row = Row::default();
    for number in 1..=truth.requests {
        let came = run(&format!("at request {number}: {fault}"), (0, End::Not), b"").await;
        if truth.is_complete(&came) {
            row.complete += 1;
            continue;
        }
        let lost = truth.lost_silently(&came);
        assert!(lost.is_empty(), "{fault} at {number}: lost {lost:?}");
        match &came.result {
            Some(Ok(collected)) => {
                assert!(!collected.refused.is_empty(), "{fault} at {number}: nothing is said");
                assert!(collected.refused.iter().all(|own| !own.2.is_empty()), "{fault} at {number}");
                row.incomplete += 1;
            }
            Some(Err(failure)) => {
                assert!(failure.to_string().len() > 20, "{fault} at {number}: {failure}");
                row.ended += 1;
            }
            None => panic!("nobody kills it"),
        }
    }
    row
}

/// Tries faults at every request; those that came otherwise than they should.
#[expect(clippy::print_stderr, reason = "the numbers are what this is for")]
async fn tried(faults: &[&'static str], passes: bool) -> Vec<&'static str> {
    let truth = truth().await;
    eprintln!("{} resources, {} requests", truth.ids.len(), truth.requests);
    eprintln!("| fault | runs | complete | incomplete, and said | ended, and said | lost silently |");
    let (mut all, mut otherwise) = (Row::default(), Vec::new());
    for fault in faults {
        let Row { complete, incomplete, ended } = row(&truth, fault).await;
        eprintln!("| {fault} | {} | {complete} | {incomplete} | {ended} | 0 |", truth.requests);
        if passes != (complete == truth.requests) {
            otherwise.push(*fault);
        }
        all.complete += complete;
        all.incomplete += incomplete;
        all.ended += ended;
    }
    let runs = all.complete + all.incomplete + all.ended;
    eprintln!("| all | {runs} | {} | {} | {} | 0 |", all.complete, all.incomplete, all.ended);
    otherwise
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_got_over_at_every_request() {
    assert_eq!(tried(PASSES, true).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn what_stays_is_said_at_every_request() {
    assert_eq!(tried(STAYS, false).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
#[expect(clippy::print_stderr, reason = "the numbers are what this is for")]
async fn whenever_a_run_is_ended_it_can_be_gone_on_from() {
    let truth = truth().await;
    for end in [End::Stop, End::Kill] {
        let mut spared = 0;
        for number in 0..truth.requests {
            let first = run("", (number, end), b"").await;
            let lost = truth.lost_silently(&first);
            assert!(lost.is_empty(), "{end:?} at {number}: lost {lost:?}");
            assert_eq!(first.result.is_none(), end == End::Kill, "{number}");
            let second = run("", (0, End::Not), &first.journal).await;
            assert_eq!(truth.missing(&second), Vec::<String>::new(), "{end:?} at {number}");
            assert!(truth.is_complete(&second), "{end:?} at {number}: {:?}", second.result);
            spared += truth.requests - usize::try_from(second.requests).unwrap();
        }
        assert!(spared > truth.requests, "{end:?} spares requests");
        eprintln!("{end:?} at each of {} requests, then gone on: all complete", truth.requests);
    }
}
