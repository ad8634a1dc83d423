//! Every exit code, and every error a user can make.

use crate::{MANIFEST_OF_ALL, Run, workspace};

const ONE_RULE: &str = "disabled_rules = [";

/// Settings under which only the rule on identities runs.
fn only_identity() -> String {
    let run = Run::new();
    let rules = run.dekey(&["rules", "--format", "json"]).json();
    let others: Vec<String> = rules["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .filter(|id| *id != "workspace-without-system-assigned-identity")
        .map(|id| format!("\"{id}\""))
        .collect();
    format!("{ONE_RULE}{}]\n", others.join(","))
}

fn good() -> String {
    workspace("w", r#""identity":{"type":"SystemAssigned"},"properties":{}"#)
}

fn bad() -> String {
    workspace("w", r#""properties":{}"#)
}

fn unread() -> String {
    workspace("w", r#""dekey":{"partial":true}"#)
}

fn audited(document: &str, args: &[&str]) -> i32 {
    let run = Run::new();
    run.write("dekey.toml", &only_identity());
    run.write("manifest.json", MANIFEST_OF_ALL);
    run.write("w.json", document);
    let args: Vec<&str> =
        ["audit", "w.json", "manifest.json", "--quiet"].iter().chain(args).copied().collect();
    run.dekey(&args).code()
}

#[test]
fn clean_findings_not_judged_and_bad_input_differ() {
    assert_eq!(audited(&good(), &[]), 0);
    assert_eq!(audited(&bad(), &[]), 10);
    assert_eq!(audited(&unread(), &[]), 11);
    assert_eq!(audited(&unread(), &["--accept-not-judged"]), 0);
    assert_eq!(audited(&format!("[{},{{", good()), &[]), 12);
    assert_eq!(audited("[]", &[]), 12, "nothing was read");
    assert_eq!(audited(r#"{"hello":"world"}"#, &[]), 12, "a named file of which nothing is understood");
    // What weighs most wins.
    assert_eq!(audited(&format!("[{},{{", bad()), &[]), 10);
}

#[test]
fn what_else_lies_in_a_folder_is_no_bad_input() {
    let run = Run::new();
    run.write("dekey.toml", &only_identity());
    for (name, text) in [("w.json", good().as_str()), ("manifest.json", MANIFEST_OF_ALL), ("x.json", "{}")] {
        run.write(&format!("export/{name}"), text);
    }
    assert_eq!(run.dekey(&["audit", "export", "--quiet"]).code(), 0);
    assert_eq!(run.dekey(&["audit", "export", "export/x.json", "--quiet"]).code(), 12);
}

#[test]
fn fail_on_sets_the_bar() {
    assert_eq!(audited(&bad(), &["--fail-on", "critical"]), 0);
    assert_eq!(audited(&bad(), &["--fail-on", "high"]), 10);
    assert_eq!(audited(&bad(), &["--fail-on", "none"]), 0);
}

#[test]
fn usage_errors_say_what_to_do() {
    let run = Run::new();
    run.write("w.json", &good());
    for (args, words) in [
        (&["audit"][..], "<PATH>"),
        (&["audit", "w.json", "--format", "pdf"], "no such format; use terminal, json"),
        (&["audit", "w.json", "--format", "json="], "empty"),
        (
            &["audit", "w.json", "--format", "json", "--format", "sarif"],
            "only one format can go to the standard output",
        ),
        (&["audit", "w.json", "--fail-on", "bad"], "use critical, high"),
        (&["explain", "storage-shared-keys"], "did you mean `storage-shared-key-access`"),
        (&["frobnicate"], "unrecognized subcommand"),
    ] {
        let done = run.dekey(args);
        assert_eq!(done.code(), 2, "{args:?}: {}", done.err());
        assert!(done.err().contains(words), "{args:?}: {}", done.err());
    }
}

#[test]
fn a_missing_file_is_named() {
    let done = Run::new().dekey(&["audit", "nowhere.json"]);
    assert_eq!(done.code(), 12);
    assert!(done.err().contains("nowhere.json"), "{}", done.err());
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let run = Run::new();
    run.write("w.json", &good());
    for args in [
        &["audit", "w.json", "--format", "html=nowhere/report.html"][..],
        &["audit", "w.json", "--write-baseline", "nowhere/known.json"],
        &["snapshot", "pack", "w.json", "-o", "nowhere/s.tar.zst"],
    ] {
        let done = run.dekey(args);
        assert_eq!(done.code(), 2, "{args:?}: {}", done.err());
        assert!(
            done.err().contains("nowhere/") && done.err().contains("cannot be written"),
            "{}",
            done.err()
        );
    }
}

#[test]
fn settings_are_found_above_and_their_mistakes_have_a_place() {
    let run = Run::new();
    run.write("dekey.toml", "identity_standart = \"user\"\n");
    run.write("below/w.json", &good());
    let done = run.dekey(&["audit", "below/w.json"]);
    assert_eq!(done.code(), 2);
    assert!(
        done.err().contains("dekey.toml: line 1, column 1: unknown key `identity_standart`; did you mean"),
        "{}",
        done.err()
    );
    let done = run.dekey(&["audit", "below/w.json", "--settings", "nowhere.toml"]);
    assert_eq!(done.code(), 2, "{}", done.err());
    let other = run.write("other.toml", "");
    let done = run.dekey(&["audit", "below/w.json", "--settings", other.to_str().unwrap(), "--quiet"]);
    assert_ne!(done.code(), 2);
}

#[test]
fn help_has_examples_and_exit_codes() {
    let run = Run::new();
    let help = run.dekey(&["audit", "--help"]);
    assert!(help.out().contains("Examples:") && help.code() == 0);
    assert!(run.dekey(&["--help"]).out().contains("Exit codes:"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(run.dekey(&["completions", shell]).out().contains("dekey"));
    }
    assert!(run.dekey(&["man"]).out().contains(".TH dekey"));
}
