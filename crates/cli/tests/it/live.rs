//! A tenant that answers: `dekey sim` on loopback, and everything that reads it, over TLS.

use crate::{Done, Run};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A simulator in a process of its own, and where it is.
pub(crate) struct Sim {
    child: Child,
    variables: Vec<(&'static str, String)>,
}

impl Sim {
    pub(crate) fn start(run: &Run, args: &[&str]) -> Self {
        Self::at(run, args, "127.0.0.1:0")
    }

    /// The same at an address of the caller's choice.
    pub(crate) fn at(run: &Run, args: &[&str], listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dekey"))
            .args(["sim", "--listen", listen, "--identity", "127.0.0.1:0"])
            .args(args)
            .current_dir(run.folder.path())
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        let cloud = first.split_whitespace().find(|word| word.starts_with("https://")).unwrap();
        let cloud = cloud.trim_end_matches(';').to_owned();
        let line = lines.find(|line| line.contains("IDENTITY_ENDPOINT=")).unwrap();
        let endpoint =
            line.split_whitespace().find_map(|word| word.strip_prefix("IDENTITY_ENDPOINT=")).unwrap();
        let variables = vec![
            ("DEKEY_CLOUD", cloud),
            ("DEKEY_CA_FILE", "dekey-sim-ca.pem".to_owned()),
            ("IDENTITY_ENDPOINT", endpoint.to_owned()),
            ("IDENTITY_HEADER", "sim".to_owned()),
            // A proxy that nobody is behind: loopback is reached without it.
            ("HTTPS_PROXY", "http://127.0.0.1:9".to_owned()),
        ];
        // The pipe is kept open by the iterator's owner; nothing more is printed to it.
        std::mem::forget(lines);
        Self { child, variables }
    }

    /// Where its Resource Manager is.
    pub(crate) fn cloud(&self) -> &str {
        &self.variables[0].1
    }

    /// What points programs at it.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(crate) fn dekey(&self, run: &Run, args: &[&str]) -> Done {
        self.dekey_with(run, args, &[])
    }

    /// Where something is: `DEKEY_CLOUD`, `IDENTITY_ENDPOINT` and the like.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables.iter().find(|own| own.0 == name).unwrap().1
    }

    /// The same, with variables of the environment besides.
    pub(crate) fn dekey_with(&self, run: &Run, args: &[&str], more: &[(&str, &str)]) -> Done {
        let own = self.variables.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        run.dekey_in(args, &variables)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It has ended already when this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn findings(report: &serde_json::Value) -> BTreeSet<String> {
    let list = report["findings"].as_array().unwrap();
    list.iter()
        .map(|own| format!("{} {} {}", own["rule"], own["resource"], own["part"]).to_lowercase())
        .collect()
}

#[test]
fn a_tenant_is_collected_and_audited() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader"]);
    let status = sim.dekey(&run, &["auth", "status"]);
    assert!(
        status.code() == 0 && status.out().contains("managed-identity"),
        "{}{}",
        status.out(),
        status.err()
    );
    let collected = sim.dekey(&run, &["collect", "-o", "t.tar.zst"]);
    assert_eq!(collected.code(), 0, "{}", collected.err());
    assert!(!run.folder.path().join("t.tar.zst.journal.jsonl").exists(), "nothing is left to go on with");
    assert_eq!(run.dekey(&["snapshot", "verify", "t.tar.zst"]).code(), 0);
    let audit = |path: &str| run.dekey(&["audit", path, "--as-of", "2026-11-23", "--format", "json"]).json();
    let (snapshot, exports) = (findings(&audit("t.tar.zst")), findings(&audit(&crate::example())));
    let lost: Vec<&String> = exports.difference(&snapshot).collect();
    assert!(lost.is_empty() && snapshot.len() > 400, "{lost:#?}");
    // The audit of the tenant itself is that of what was collected.
    let live = sim.dekey(&run, &["audit", "--azure", "--as-of", "2026-11-23", "--format", "json"]).json();
    assert_eq!(findings(&live), snapshot);
    assert!(!live["sources"].to_string().contains("/tmp"), "{}", live["sources"]);
}

/// A report without where its resources were read: a document of Azure's has other lines than a snapshot.
fn anywhere(mut report: serde_json::Value) -> String {
    report["coverage"]["sources"].take();
    for list in ["findings", "not_judged"] {
        for own in report[list].as_array_mut().unwrap() {
            own["source"].take();
            own["line"].take();
        }
    }
    report.to_string()
}

#[test]
fn the_audit_of_a_tenant_is_that_of_the_snapshot_it_was_made_of() {
    let run = Run::new();
    let first = Sim::start(&run, &["--workspaces", "20", "--role", "Reader"]);
    assert_eq!(first.dekey(&run, &["collect", "-o", "t.tar.zst"]).code(), 0);
    drop(first);
    let again = Sim::start(&run, &["--from", "t.tar.zst", "--role", "Reader"]);
    let words = ["--as-of", "2026-11-23", "--format", "json", "--quiet"];
    let live = again.dekey(&run, &[&["audit", "--azure"][..], &words].concat()).json();
    let snapshot = run.dekey(&[&["audit", "t.tar.zst"][..], &words].concat()).json();
    assert!(snapshot["findings"].as_array().unwrap().len() > 100);
    assert_eq!(anywhere(live), anywhere(snapshot));
}

/// What is read of a tenant that a snapshot was made into is that snapshot, and so is every report on it, byte for byte.
#[test]
fn what_is_read_of_a_snapshot_made_live_is_the_snapshot() {
    const FORMATS: &[&str] = &["terminal", "json", "html", "sarif", "junit", "csv", "markdown", "github"];
    let (first, second) = (Run::new(), Run::new());
    let sim = Sim::start(&first, &["--workspaces", "20", "--role", "Reader"]);
    assert_eq!(sim.dekey(&first, &["collect", "-o", "t.tar.zst"]).code(), 0);
    drop(sim);
    let snapshot = first.folder.path().join("t.tar.zst");
    let sim = Sim::start(&second, &["--from", &snapshot.to_string_lossy(), "--role", "Reader"]);
    assert_eq!(sim.dekey(&second, &["collect", "-o", "t.tar.zst"]).code(), 0);
    for format in FORMATS {
        let words = ["audit", "t.tar.zst", "--as-of", "2026-11-23", "--all", "--quiet", "--format", format];
        let (own, other) = (first.dekey(&words), second.dekey(&words));
        assert_eq!((own.code(), other.code()), (10, 10), "{}", own.err());
        assert!(own.out().len() > 2_000, "{format}");
        assert!(own.out() == other.out(), "{format}");
    }
}

#[test]
fn what_a_role_does_not_reach_is_said() {
    let run = Run::new();
    let (seen, unseen) = ("85c204e5-9355-4eb0-b260-a78d8ab373f9", "d9ff73d7-de05-4ca4-94d6-7d4f3f237609");
    let sim = Sim::start(&run, &["--role", &format!("Reader@/subscriptions/{seen}")]);
    let preflight = sim.dekey(&run, &["collect", "--preflight"]);
    assert!(
        preflight.out().contains("Contoso ML Development: everything can be read"),
        "{}",
        preflight.out()
    );
    assert!(!preflight.out().contains(unseen));
    let args = ["collect", "-o", "t.jsonl", "--subscription", seen, "--subscription", unseen];
    let collected = sim.dekey(&run, &args);
    assert_eq!(collected.code(), 11, "{}", collected.err());
    assert!(collected.err().contains("no such subscription, or no role in it"), "{}", collected.err());
    let report = run.dekey(&["audit", "t.jsonl", "--format", "json"]).json();
    let coverage = report["coverage"].to_string();
    assert!(coverage.contains(&format!("/subscriptions/{unseen}")), "{coverage}");
}

#[test]
fn a_later_run_reads_only_what_changed() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader"]);
    assert_eq!(sim.dekey(&run, &["collect", "-o", "first.tar.zst"]).code(), 0);
    let second = sim.dekey(&run, &["collect", "-o", "second.jsonl", "--since", "first.tar.zst"]);
    assert_eq!(second.code(), 0, "{}", second.err());
    assert!(second.err().contains("478 lists were taken over, as nothing changed there"), "{}", second.err());
    let diff = run.dekey(&["snapshot", "diff", "first.tar.zst", "second.jsonl"]);
    assert_eq!((diff.code(), diff.out().trim()), (0, "nothing changed"), "{}", diff.err());
    let manifest: serde_json::Value =
        serde_json::from_str(run.read("second.jsonl").lines().next().unwrap()).unwrap();
    let time = |name: &str| manifest[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time("takenFrom") < time("asOf") && time("asOf") < time("takenTo"), "{manifest}");

    let lines = run.read("second.jsonl");
    run.write("changed.jsonl", &lines.replace("\"westeurope\"", "\"northeurope\""));
    let changed = sim.dekey(&run, &["collect", "-o", "third.jsonl", "--since", "changed.jsonl"]);
    assert_eq!(changed.code(), 12, "{}", changed.err());
    assert!(changed.err().contains("the resources were changed"), "{}", changed.err());
    assert_eq!(run.dekey(&["snapshot", "pack", &crate::example(), "-o", "packed.jsonl"]).code(), 0);
    let packed = sim.dekey(&run, &["collect", "-o", "third.jsonl", "--since", "packed.jsonl"]);
    assert!(packed.err().contains("does not say when it was taken"), "{}", packed.err());
}

#[test]
fn faults_on_the_way_change_nothing() {
    let run = Run::new();
    run.write("plan.txt", "every 7 requests: reset\nat request 20: 429 storm of 3\nat request 40: 500\n");
    let calm = Sim::start(&run, &["--role", "Reader"]);
    assert_eq!(calm.dekey(&run, &["collect", "-o", "calm.jsonl"]).code(), 0);
    drop(calm);
    let rough = Sim::start(&run, &["--role", "Reader", "--faults", "plan.txt"]);
    let done = rough.dekey(&run, &["collect", "-o", "rough.jsonl"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let diff = run.dekey(&["snapshot", "diff", "calm.jsonl", "rough.jsonl"]);
    assert_eq!((diff.code(), diff.out().trim()), (0, "nothing changed"), "{}", diff.err());
}

#[test]
fn the_demonstration_needs_nothing() {
    let run = Run::new();
    let done = run.dekey(&["demo"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert!(done.out().contains("42 workspaces") && done.out().contains("compliance"), "{}", done.out());
    let page = run.read("dekey-demo/report.html");
    assert!(page.to_ascii_lowercase().starts_with("<!doctype html>"));
    assert_eq!(run.dekey(&["snapshot", "verify", "dekey-demo/tenant.tar.zst"]).code(), 0);
}
