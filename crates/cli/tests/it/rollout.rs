//! `dekey policy rollout`: from a plan to what Azure refuses, and back.

use crate::live::Sim;
use crate::{Done, Run};
use azure_core::http::{HttpClient, Method, Request, Url};
use serde_json::{Value, json};
use std::sync::Arc;

const SUBSCRIPTION: &str = "/subscriptions/85c204e5-9355-4eb0-b260-a78d8ab373f9";

/// A definition of somebody's: workspaces have a system-assigned identity.
fn definition() -> Value {
    json!({ "name": "identity", "properties": {
        "displayName": "Workspaces have an identity of their own", "mode": "Indexed",
        "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": "Audit" } },
        "policyRule": {
            "if": { "allOf": [
                { "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces" },
                { "field": "identity.type", "notContains": "SystemAssigned" },
            ] },
            "then": { "effect": "[parameters('effect')]" } },
    } })
}

const RINGS: &str = "[[rings]]\nname = \"dev\"\nlocations = [\"West Europe\"]\n";

/// Somebody who talks to the simulated Azure past dekey.
struct Somebody {
    transport: Arc<dyn HttpClient>,
    cloud: String,
    token: String,
}

impl Somebody {
    fn new(run: &Run, sim: &Sim) -> Self {
        let pem = std::fs::read(run.folder.path().join(sim.variable("DEKEY_CA_FILE"))).unwrap();
        let transport = dekey_azure::network(Some(&pem)).unwrap();
        let mut own = Self { transport, cloud: sim.variable("DEKEY_CLOUD").to_owned(), token: String::new() };
        let url =
            format!("{}?resource={}&api-version=2019-08-01", sim.variable("IDENTITY_ENDPOINT"), own.cloud);
        let mut request = Request::new(Url::parse(&url).unwrap(), Method::Get);
        request.insert_header("x-identity-header", "sim");
        own.answer(&request).1["access_token"].as_str().unwrap().clone_into(&mut own.token);
        own
    }

    fn answer(&self, request: &Request) -> (u16, Value) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer =
                self.transport.execute_request(request).await.unwrap().try_into_raw_response().await.unwrap();
            let body = serde_json::from_slice(answer.body()).unwrap_or_default();
            (u16::from(answer.status()), body)
        })
    }

    fn send(&self, method: Method, path: &str, version: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}{path}?api-version={version}", self.cloud);
        let mut request = Request::new(Url::parse(&url).unwrap(), method);
        request.insert_header("authorization", format!("Bearer {}", self.token));
        if let Some(body) = body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string());
        }
        self.answer(&request)
    }

    fn make_workspace(&self, name: &str, identity: &str) -> (u16, Value) {
        let path = format!(
            "{SUBSCRIPTION}/resourceGroups/rg-vision-dev/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        );
        let body = json!({ "location": "northeurope", "identity": { "type": identity }, "properties": {} });
        self.send(Method::Put, &path, "2025-12-01", Some(&body))
    }
}

struct World {
    run: Run,
    sim: Sim,
}

impl World {
    fn new(args: &[&str]) -> Self {
        let run = Run::new();
        let sim = Sim::start(&run, &[&["--operation-time", "1s"], args].concat());
        run.write("definition.json", &definition().to_string());
        run.write("rings.toml", RINGS);
        Self { run, sim }
    }

    fn collect(&self, file: &str) {
        let done = self
            .sim
            .dekey(&self.run, &["collect", "-o", file, "--subscription", &SUBSCRIPTION[15..], "--quiet"]);
        assert!([0, 11].contains(&done.code()), "{}", said(&done));
    }

    fn plan(&self, from: &str, more: &[&str]) -> Done {
        let args = [
            &[
                "policy",
                "rollout",
                "plan",
                "--definition",
                "definition.json",
                "--scope",
                SUBSCRIPTION,
                "--rings",
                "rings.toml",
            ],
            &["--from", from, "-o", "plan.json"][..],
            more,
        ];
        self.run.dekey(&args.concat())
    }

    fn rollout(&self, verb: &str, more: &[&str]) -> Done {
        self.sim.dekey(&self.run, &[&["policy", "rollout", verb, "plan.json"], more].concat())
    }
}

/// Everything that a command said, without the breaks of lines.
fn said(done: &Done) -> String {
    format!("{} {}", done.out(), done.err()).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_roll_out_goes_from_audit_through_its_gate_to_deny_and_back() {
    let world = World::new(&[]);
    let somebody = Somebody::new(&world.run, &world.sim);
    world.collect("first.jsonl");
    let planned = world.plan("first.jsonl", &["--days", "0", "--min-rate", "100"]);
    assert_eq!(planned.code(), 10, "{}", said(&planned));
    assert!(said(&planned).contains("could no longer be written as they are"), "{}", said(&planned));
    assert!(said(&planned).contains("ring dev westeurope; complies:"), "{}", said(&planned));

    // Audit reaches all rings, one by one, and refuses nothing.
    let dry = world.rollout("apply", &["--dry-run"]);
    assert!(dry.code() == 0 && said(&dry).contains("nothing was sent"), "{}", said(&dry));
    let asked = world.rollout("apply", &[]);
    assert!(asked.code() == 2 && said(&asked).contains("nobody can be asked here"), "{}", said(&asked));
    for stage in ["definitions", "audit-dev", "audit-everything-else"] {
        let done = world.rollout("apply", &["--yes"]);
        assert!(
            done.code() == 0 && said(&done).contains(&format!("Stage `{stage}` sends:")),
            "{}",
            said(&done)
        );
    }
    assert!(somebody.make_workspace("mlw-audited", "None").0 < 300, "audit refuses nothing");

    // The gate says what is in the way, and what is not known.
    let blind = world.rollout("apply", &["--yes", "--approved-by", "Sofia Novak"]);
    assert!(
        blind.code() == 11 && said(&blind).contains("give a fresh inventory with --from"),
        "{}",
        said(&blind)
    );
    world.collect("second.jsonl");
    let gate = ["--from", "second.jsonl", "--accept-not-judged", "--yes"];
    let held = world.rollout("apply", &gate);
    assert_eq!(held.code(), 10, "{}", said(&held));
    for words in ["and 100.0 % must", "do not comply", "has to agree", "nothing was sent"] {
        assert!(said(&held).contains(words), "{words}: {}", said(&held));
    }

    // The tenant is put right, and the next inventory shows it.
    put_right(&world.run.read("second.jsonl"), &somebody);
    world.collect("third.jsonl");
    let gate = ["--from", "third.jsonl", "--accept-not-judged", "--yes", "--approved-by", "Sofia Novak"];
    for stage in ["deny-dev", "deny-everything-else"] {
        let done = world.rollout("apply", &gate);
        assert!(
            done.code() == 0 && said(&done).contains(&format!("Stage `{stage}` sends:")),
            "{}",
            said(&done)
        );
    }
    let over = world.rollout("status", &[]);
    assert!(over.code() == 0 && said(&over).contains("agreed to by Sofia Novak"), "{}", said(&over));

    let (status, body) = somebody.make_workspace("mlw-refused", "None");
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("RequestDisallowedByPolicy")), "{body}");
    assert!(somebody.make_workspace("mlw-accepted", "SystemAssigned").0 < 300);

    // And back: the same request is accepted again.
    let undone = world.rollout("undo", &["--yes"]);
    assert_eq!(undone.code(), 0, "{}", said(&undone));
    let accepted = somebody.make_workspace("mlw-refused", "None");
    assert!(accepted.0 < 300, "{accepted:?}");
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/dekey");
    assert_eq!(somebody.send(Method::Get, &path, "2023-04-01", None).0, 404);
    assert_eq!(world.rollout("undo", &["--yes"]).err().trim(), "there is nothing to take back");
}

/// Gives every workspace that lacks one an identity.
fn put_right(snapshot: &str, somebody: &Somebody) {
    let mut changed = 0;
    for line in snapshot.lines() {
        let own: Value = serde_json::from_str(line).unwrap();
        let is_workspace = own["type"]
            .as_str()
            .is_some_and(|own| own.eq_ignore_ascii_case("Microsoft.MachineLearningServices/workspaces"));
        let identity = own["identity"]["type"].as_str().unwrap_or("None");
        if !is_workspace || identity.contains("SystemAssigned") {
            continue;
        }
        let body = json!({ "identity": { "type": "SystemAssigned" } });
        let patch = || somebody.send(Method::Patch, own["id"].as_str().unwrap(), "2025-12-01", Some(&body));
        // What was just made may still be busy.
        let busy = |answer: &(u16, Value)| answer.0 == 409 && answer.1["error"]["code"] == "Conflict";
        let mut answer = patch();
        for _ in 0..100 {
            if !busy(&answer) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            answer = patch();
        }
        assert!(answer.0 < 300, "{answer:?}");
        changed += 1;
    }
    assert!(changed > 1);
    // Longer than any operation takes.
    std::thread::sleep(std::time::Duration::from_millis(1500));
}

#[test]
fn a_ring_waits_for_its_days_and_for_a_fresh_inventory() {
    let world = World::new(&[]);
    world.collect("now.jsonl");
    assert_eq!(
        world.plan("now.jsonl", &["--min-rate", "0", "--days", "7", "--accept-not-judged"]).code(),
        10
    );
    for _ in 0..3 {
        assert_eq!(world.rollout("apply", &["--yes"]).code(), 0);
    }
    let early = world.rollout("apply", &["--yes", "--approved-by", "Sofia Novak", "--from", "now.jsonl"]);
    assert!(early.code() == 10 && said(&early).contains("audited for 0 days"), "{}", said(&early));
    // Old, or of nobody knows when.
    let old = world.run.read("now.jsonl").replace("\"readAt\":\"20", "\"readAt\":\"19");
    world.run.write("old.jsonl", &old);
    let late = world.rollout("status", &["--from", "old.jsonl"]);
    assert!(said(&late).contains("must not be older than 24 hours: read it again"), "{}", said(&late));
    let unknown = world.rollout("status", &["--from", &crate::example()]);
    assert!(said(&unknown).contains("no document says when the inventory was read"), "{}", said(&unknown));
    // A stage cannot be jumped to.
    let jump = world.rollout("apply", &["--stage", "deny-everything-else", "--yes", "--approved-by", "S"]);
    assert!(jump.code() == 10 && said(&jump).contains("stage `deny-dev` comes first"), "{}", said(&jump));
}

#[test]
fn whoever_may_only_read_changes_nothing_and_is_told_the_action() {
    let world = World::new(&["--role", "Reader"]);
    world.collect("now.jsonl");
    assert_eq!(world.plan("now.jsonl", &[]).code(), 10);
    let refused = world.rollout("apply", &["--yes"]);
    assert_eq!(refused.code(), 12, "{}", said(&refused));
    assert!(said(&refused).contains("Microsoft.Authorization/policyDefinitions/write"), "{}", said(&refused));
    assert!(said(&refused).contains("nothing changed"), "{}", said(&refused));
    let role = world.rollout("apply", &["--print-permissions"]);
    assert!(
        said(&role).contains("Resource Policy Contributor")
            && said(&role).contains("policyDefinitions/write")
    );
    assert!(!said(&role).contains("policyExemptions"), "no more than the plan needs: {}", role.out());
    assert_eq!(world.rollout("undo", &["--yes"]).code(), 0, "what was not made is not taken back");
}

#[test]
fn lost_connections_and_changes_by_others_are_met() {
    let run = Run::new();
    // What reads and what writes is lost on the way now and then.
    run.write(
        "faults.txt",
        "every 3 requests of /policyDefinitions/: reset\nevery 2 requests of /policyAssignments/: reset\n",
    );
    let sim = Sim::start(&run, &["--operation-time", "1s", "--faults", "faults.txt"]);
    run.write("definition.json", &definition().to_string());
    run.write("rings.toml", RINGS);
    let world = World { run, sim };
    let planned = world.plan(&crate::example(), &[]);
    assert_eq!(planned.code(), 10, "{}", said(&planned));
    for _ in 0..2 {
        let done = world.rollout("apply", &["--yes"]);
        assert_eq!(done.code(), 0, "{}", said(&done));
    }
    // Somebody else leaves out a group meanwhile.
    let somebody = Somebody::new(&world.run, &world.sim);
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/dekey");
    let get = || {
        let tries = (0..4).map(|_| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                somebody.send(Method::Get, &path, "2023-04-01", None)
            }))
        });
        tries.flatten().find(|own| own.0 == 200).unwrap().1
    };
    let mut own = get();
    own["properties"]["notScopes"] = json!([format!("{SUBSCRIPTION}/resourceGroups/rg-vision-dev")]);
    let put = (0..4).find_map(|_| {
        let sent =
            std::panic::AssertUnwindSafe(|| somebody.send(Method::Put, &path, "2023-04-01", Some(&own)));
        std::panic::catch_unwind(sent).ok().filter(|own| own.0 < 300)
    });
    assert!(put.is_some());
    let refused = world.rollout("apply", &["--yes"]);
    assert_eq!(refused.code(), 12, "{}", said(&refused));
    assert!(said(&refused).contains("/properties/notScopes is new"), "{}", said(&refused));
    let undone = world.rollout("undo", &["--yes"]);
    assert!(undone.code() == 12 && said(&undone).contains("somebody else changed"), "{}", said(&undone));
    assert_eq!(get()["properties"]["notScopes"], own["properties"]["notScopes"]);
}

#[test]
fn the_pack_is_planned_and_compared_without_azure() {
    let run = Run::new();
    let plan = |file: &str, more: &[&str]| {
        let example = crate::example();
        let args = [
            "policy",
            "rollout",
            "plan",
            "--pack",
            "--scope",
            SUBSCRIPTION,
            "--from",
            &example,
            "--as-of",
            "2026-11-23",
            "-o",
            file,
        ];
        run.dekey(&[&args[..], more].concat())
    };
    let first = plan("a.json", &[]);
    assert_eq!(first.code(), 10, "{}", said(&first));
    assert_eq!(plan("b.json", &[]).code(), 10);
    assert_eq!(run.read("a.json"), run.read("b.json"), "the same input makes the same plan");
    assert_eq!(run.dekey(&["policy", "rollout", "diff", "a.json", "b.json"]).code(), 0);
    let excused =
        plan("c.json", &["--exempt-for", "90d", "--because", "Moves with release 24.", "--parent", "a.json"]);
    assert_eq!(excused.code(), 10, "{}", said(&excused));
    let diff = run.dekey(&["policy", "rollout", "diff", "a.json", "c.json"]);
    assert!(diff.code() == 10 && said(&diff).contains("stage `exempt-first` is new"), "{}", said(&diff));
    let plan: Value = serde_json::from_str(&run.read("c.json")).unwrap();
    let stages = plan["stages"].as_array().unwrap();
    let exempt = stages.iter().find(|own| own["phase"] == "exempt").unwrap();
    let body = &exempt["steps"][0]["request"]["body"]["properties"];
    assert_eq!(
        (body["expiresOn"].as_str(), body["exemptionCategory"].as_str()),
        (Some("2027-02-21T00:00:00Z"), Some("Waiver"))
    );
    assert!(body["metadata"]["requestedBy"].as_str().is_some_and(|own| !own.is_empty()));
    // A plan is never edited.
    run.write("d.json", &run.read("a.json").replace("\"rate\": 950", "\"rate\": 0"));
    let edited = run.dekey(&["policy", "rollout", "status", "d.json"]);
    assert!(
        edited.code() == 12 && said(&edited).contains("the plan was changed after it was made"),
        "{}",
        said(&edited)
    );
}

#[test]
fn the_pack_is_assigned_and_taken_back() {
    let world = World::new(&[]);
    world.collect("now.jsonl");
    let args = [
        "policy",
        "rollout",
        "plan",
        "--pack",
        "--scope",
        SUBSCRIPTION,
        "--from",
        "now.jsonl",
        "-o",
        "plan.json",
    ];
    let planned = world.run.dekey(&args);
    assert_eq!(planned.code(), 10, "{}", said(&planned));
    assert!(said(&planned).contains("held back: it must be audited for 7 days first"), "{}", said(&planned));
    for _ in 0..2 {
        let done = world.rollout("apply", &["--yes"]);
        assert_eq!(done.code(), 0, "{}", said(&done));
    }
    let status = world.rollout("status", &[]);
    assert!(status.code() == 10 && said(&status).contains("3 audit-second next"), "{}", said(&status));
    let somebody = Somebody::new(&world.run, &world.sim);
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/dekey");
    let (_, own) = somebody.send(Method::Get, &path, "2023-04-01", None);
    let chosen = &own["properties"]["overrides"][0]["selectors"][0];
    assert_eq!(chosen["kind"], "policyDefinitionReferenceId");
    assert!(chosen["in"].as_array().unwrap().len() > 20, "{own}");
    // Planned anew from what is there now, it goes on from there.
    world.collect("later.jsonl");
    let args = [
        "policy",
        "rollout",
        "plan",
        "--pack",
        "--scope",
        SUBSCRIPTION,
        "--from",
        "later.jsonl",
        "-o",
        "again.json",
    ];
    let again = world.run.dekey(&[&args[..], &["--parent", "plan.json"]].concat());
    assert_eq!(again.code(), 10, "{}", said(&again));
    for words in ["1 definitions so already", "2 audit-first so already, since", "3 audit-second next"] {
        assert!(said(&again).contains(words), "{words}: {}", said(&again));
    }
    let undone = world.rollout("undo", &["--yes"]);
    assert_eq!(undone.code(), 0, "{}", said(&undone));
    assert_eq!(somebody.send(Method::Get, &path, "2023-04-01", None).0, 404);
}

#[test]
fn arguments_that_cannot_work_are_told() {
    let run = Run::new();
    run.write("definition.json", &definition().to_string());
    run.write(
        "modify.json",
        &definition()
            .to_string()
            .replace("[\"Audit\",\"Deny\",\"Disabled\"]", "[\"Modify\",\"Disabled\"]")
            .replace("\"Audit\"", "\"Modify\""),
    );
    run.write("rings.toml", "[[rings]]\nname = \"a\"\nplaces = [\"x\"]\n");
    let example = crate::example();
    let base = ["policy", "rollout", "plan", "--from", example.as_str(), "--scope", SUBSCRIPTION];
    for (more, code, words) in [
        (&["--definition", "definition.json", "--rings", "rings.toml"][..], 2, "line 3"),
        (&["--definition", "definition.json", "--name", "a name"], 2, "--name"),
        (&["--definition", "modify.json"], 2, "changes or refuses things as soon as it is assigned"),
        (&["--definition", "gone.json"], 12, "gone.json"),
        (&["--definition", "rings.toml"], 12, "not JSON, at line 1"),
        (&["--definition", "definition.json", "-p", "effekt=Deny"], 2, "effekt"),
        (
            &["--assign", "/providers/Microsoft.Authorization/policyDefinitions/none"],
            2,
            "is not in what was read",
        ),
        (&["--definition", "definition.json", "--exempt-for", "90d"], 2, "--because"),
        (&["--definition", "definition.json", "--min-rate", "101"], 2, "95 or 99.5"),
        (&[], 2, "--pack"),
    ] {
        let done = run.dekey(&[&base[..], more].concat());
        assert_eq!(done.code(), code, "{more:?}: {}", said(&done));
        assert!(said(&done).contains(words), "{more:?}: {}", done.err());
    }
    run.write("no.json", "{}");
    for verb in ["apply", "status", "undo"] {
        let done = run.dekey(&["policy", "rollout", verb, "no.json"]);
        assert!(done.code() == 12 && said(&done).contains("no plan of dekey's"), "{}", said(&done));
    }
}
