//! Interruptions, clouds, addresses, permissions and clocks, from outside.

use crate::live::Sim;
use crate::{Done, Run};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts dekey and leaves it running.
fn spawn(run: &Run, sim: &Sim, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dekey"))
        .args(args)
        .current_dir(run.folder.path())
        .env_clear()
        .envs(sim.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(child: &Child) {
    let done = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(done.success());
}

/// Waits until a journal holds so many lines.
fn wait_for_lines(run: &Run, journal: &str, lines: usize) {
    let started = Instant::now();
    let path = run.folder.path().join(journal);
    while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < lines {
        assert!(started.elapsed() < PATIENCE, "{journal} holds too little");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn nothing_changed(run: &Run, one: &str, other: &str) {
    let diff = run.dekey(&["snapshot", "diff", one, other]);
    assert_eq!((diff.code(), diff.out().trim()), (0, "nothing changed"), "{}", diff.err());
}

#[test]
fn ctrl_c_keeps_what_was_read_and_resume_goes_on() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader", "--latency", "40ms"]);
    assert_eq!(sim.dekey(&run, &["collect", "-o", "whole.jsonl"]).code(), 0);
    let child = spawn(&run, &sim, &["collect", "-o", "part.jsonl"]);
    wait_for_lines(&run, "part.jsonl.journal.jsonl", 150);
    interrupt(&child);
    let done = Done(child.wait_with_output().unwrap());
    assert_eq!(done.code(), 11, "{}", done.err());
    assert!(
        done.err().contains("what was read is kept") && done.err().contains("--resume"),
        "{}",
        done.err()
    );
    let audit = run.dekey(&["audit", "part.jsonl", "--format", "json"]).json();
    assert!(!audit["not_judged"].as_array().unwrap().is_empty(), "what was not asked is not judged");
    let size = |name: &str| run.read(name).lines().count();
    assert!(size("part.jsonl") > 100 && size("part.jsonl") < size("whole.jsonl"));

    let resumed = sim.dekey(&run, &["collect", "-o", "part.jsonl", "--resume"]);
    assert_eq!(resumed.code(), 0, "{}", resumed.err());
    nothing_changed(&run, "whole.jsonl", "part.jsonl");
}

#[test]
fn a_second_ctrl_c_waits_for_nothing() {
    let run = Run::new();
    run.write("stuck.txt", "from request 60 to 100000: stalled\n");
    let stuck = Sim::start(&run, &["--role", "Reader", "--faults", "stuck.txt"]);
    let mut child = spawn(&run, &stuck, &["collect", "-o", "t.jsonl"]);
    wait_for_lines(&run, "t.jsonl.journal.jsonl", 20);
    // Long enough for every call to be one that nothing comes of.
    std::thread::sleep(Duration::from_secs(2));
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "what is under way is waited for");
    interrupt(&child);
    let done = Done(child.wait_with_output().unwrap());
    assert_eq!(done.code(), 130, "{}", done.err());
    drop(stuck);
    let sim = Sim::start(&run, &["--role", "Reader"]);
    assert_eq!(sim.dekey(&run, &["collect", "-o", "t.jsonl", "--resume"]).code(), 0);
    assert_eq!(sim.dekey(&run, &["collect", "-o", "whole.jsonl"]).code(), 0);
    nothing_changed(&run, "whole.jsonl", "t.jsonl");
}

#[test]
fn ipv6_and_a_cloud_of_ones_own_are_read_like_any_other() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader"]);
    let own = sim.dekey(&run, &["collect", "-o", "four.jsonl"]);
    assert_eq!(own.code(), 0, "{}", own.err());
    // As that of the US Government is described: its tokens are for another address than its own.
    let at = sim.cloud();
    run.write(
        "gov.toml",
        &format!(
            "[cloud]\nname = 'Gov'\nauthority = '{at}'\nresource_manager = '{at}'\nmicrosoft_graph = '{at}'\n\
             resource_manager_audience = 'https://management.usgovcloudapi.net'\n"
        ),
    );
    let status = sim.dekey(&run, &["auth", "status", "--cloud", "gov.toml"]);
    assert!(status.out().contains("signed in to Gov"), "{}{}", status.out(), status.err());
    assert!(status.out().contains("https://management.usgovcloudapi.net"), "{}", status.out());
    let done = sim.dekey(&run, &["collect", "-o", "gov.jsonl", "--cloud", "gov.toml"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    nothing_changed(&run, "four.jsonl", "gov.jsonl");
    drop(sim);
    let six = Sim::at(&run, &["--role", "Reader"], "[::1]:0");
    assert!(six.cloud().starts_with("https://[::1]:"), "{}", six.cloud());
    let done = six.dekey(&run, &["collect", "-o", "six.jsonl", "--color", "always"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    nothing_changed(&run, "four.jsonl", "six.jsonl");
}

#[test]
fn preflight_names_what_is_missing_and_what_it_could_not_ask() {
    let run = Run::new();
    run.write("plan.txt", "at request 1 of /permissions: 403\n");
    let sim =
        Sim::start(&run, &["--role", "Reader", "--graph", "GroupMember.Read.All", "--faults", "plan.txt"]);
    let unseen = "00000000-1111-4222-8333-444444444444";
    let done = sim.dekey(&run, &["collect", "--preflight"]);
    assert_eq!(done.code(), 11, "{}", done.err());
    let out = done.out();
    assert!(out.contains("what can be read is not known: "), "{out}");
    assert_eq!(out.matches("everything can be read").count(), 2, "{out}");
    assert!(
        out.contains("missing Application.Read.All; not judged without it: service principals, applications"),
        "{out}"
    );
    assert!(out.contains("missing User.ReadBasic.All; ") && !out.contains("missing GroupMember"), "{out}");
    let done = sim.dekey(&run, &["collect", "--preflight", "--subscription", unseen]);
    assert!(done.code() == 11 && done.out().contains(unseen), "{}", done.out());
    assert!(done.out().contains("no role in it"), "{}", done.out());
    let done = sim.dekey(&run, &["collect", "--preflight", "--management-group", "nobodys"]);
    assert!(
        done.out().contains("managementGroups/nobodys\n  what can be read is not known"),
        "{}",
        done.out()
    );
}

#[test]
fn a_management_group_that_cannot_be_read_does_not_keep_others_from_it() {
    let run = Run::new();
    let sim = Sim::start(&run, &["--role", "Reader"]);
    let id = "85c204e5-9355-4eb0-b260-a78d8ab373f9";
    let group = ["collect", "-o", "t.jsonl", "--management-group", "nobodys"];
    let done = sim.dekey(&run, &group);
    assert_eq!(done.code(), 12, "{}", done.err());
    let done = sim.dekey(&run, &[&group[..], &["--subscription", id]].concat());
    assert_eq!(done.code(), 11, "{}", done.err());
    assert!(done.err().contains("managementGroups/nobodys were not read"), "{}", done.err());
    assert!(run.read("t.jsonl").contains(id));
}

#[test]
fn tokens_that_end_in_the_middle_are_replaced_and_time_is_what_it_is_told_to_be() {
    let run = Run::new();
    let calm = Sim::start(&run, &["--role", "Reader"]);
    assert_eq!(calm.dekey(&run, &["collect", "-o", "calm.jsonl"]).code(), 0);
    drop(calm);
    // Tokens that say they are good for an hour are over in six seconds.
    let rough = Sim::start(&run, &["--role", "Reader", "--latency", "600ms", "--speed", "600"]);
    let done = rough.dekey(&run, &["collect", "-o", "rough.jsonl", "--verbose"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert!(done.err().contains(": 401 in "), "a token ended");
    nothing_changed(&run, "calm.jsonl", "rough.jsonl");
    drop(rough);
    let own = ["--role", "Reader", "--token-life", "90s", "--clock", "2026-01-01T00:00:00Z"];
    let status = Sim::start(&run, &own).dekey(&run, &["auth", "status"]);
    assert!(status.out().contains("2026-01-01T00:01:3"), "{}", status.out());
}
