//! What goes in, in every way it can.

use crate::{Run, workspace};

fn ids(done: &crate::Done) -> Vec<String> {
    let json = done.json();
    let found = json["findings"].as_array().unwrap().iter();
    found
        .filter(|f| f["rule"] == "workspace-without-system-assigned-identity")
        .map(|f| f["resource"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn files_folders_stdin_and_snapshots_give_the_same_findings() {
    let run = Run::new();
    let documents = format!(
        "[{},{}]",
        workspace("a", r#""properties":{}"#),
        workspace("b", r#""identity":null,"properties":{}"#)
    );
    run.write("export/list.json", &documents);
    run.write("export/readme.txt", "not read");
    let expected = ids(&run.dekey(&["audit", "export/list.json", "--format", "json"]));
    assert_eq!(expected.len(), 2);
    assert_eq!(ids(&run.dekey(&["audit", "export", "--format", "json"])), expected);
    assert_eq!(ids(&run.dekey_with(&["audit", "-", "--format", "json"], &documents)), expected);
    assert_eq!(run.dekey(&["snapshot", "pack", "export", "-o", "t.tar.zst"]).code(), 0);
    assert_eq!(ids(&run.dekey(&["audit", "t.tar.zst", "--format", "json"])), expected);
    assert_eq!(run.dekey(&["snapshot", "unpack", "t.tar.zst", "-o", "t"]).code(), 0);
    assert_eq!(ids(&run.dekey(&["audit", "t", "--format", "json"])), expected);
}

#[test]
fn a_snapshot_is_known_by_its_content() {
    let run = Run::new();
    run.write("in.json", &workspace("a", r#""properties":{}"#));
    assert_eq!(run.dekey(&["snapshot", "pack", "in.json", "-o", "november.jsonl.zst"]).code(), 0);
    let expected = ids(&run.dekey(&["audit", "in.json", "--format", "json"]));
    assert_eq!(ids(&run.dekey(&["audit", "november.jsonl.zst", "--format", "json"])), expected);
    let bytes = std::fs::read(run.folder.path().join("november.jsonl.zst")).unwrap();
    assert_eq!(ids(&run.dekey_with(&["audit", "-", "--format", "json"], &bytes)), expected);
    std::fs::write(run.folder.path().join("cut.zst"), &bytes[..bytes.len() - 20]).unwrap();
    let done = run.dekey(&["audit", "cut.zst", "--accept-not-judged", "--fail-on", "none"]);
    assert_eq!(done.code(), 12, "{}", done.out());
}

#[test]
#[cfg(unix)]
fn a_link_to_a_folder_above_ends_nothing() {
    let run = Run::new();
    run.write("in/a.json", &workspace("a", r#""properties":{}"#));
    std::os::unix::fs::symlink(".", run.folder.path().join("in/again")).unwrap();
    let done = run.dekey(&["audit", "in", "--format", "json"]);
    assert_eq!(ids(&done).len(), 1);
    assert!(done.out().contains("loop"), "{}", done.out());
}

#[test]
fn what_was_not_read_is_in_the_coverage() {
    let run = Run::new();
    run.write("in/a.json", &workspace("a", r#""properties":{}"#));
    run.write("in/cut.json", "[{\"id\":");
    run.write("in/other.json", r#"{"hello":"world"}"#);
    run.write("in/x.txt", "");
    let json = run.dekey(&["audit", "in", "--format", "json"]).json();
    let notes = json["coverage"]["notes"].as_array().unwrap();
    let has = |source: &str, word: &str| {
        notes.iter().any(|n| {
            n["source"].as_str().unwrap().ends_with(source) && n["reason"].as_str().unwrap().contains(word)
        })
    };
    assert!(
        has("cut.json", "breaks off") && has("other.json", "not an ARM resource") && has("in", "other types"),
        "{notes:#?}"
    );
}

#[test]
fn equal_input_gives_equal_bytes_and_order_does_not_matter() {
    let run = Run::new();
    let all: Vec<String> = (0..50).map(|n| workspace(&format!("w{n}"), r#""properties":{}"#)).collect();
    // On one line each, so that places are equal too.
    run.write("one/a.json", &format!("[{}]", all.join(",")));
    let mut reversed = all.clone();
    reversed.reverse();
    run.write("two/a.json", &format!("[{}]", reversed.join(",")));
    for format in ["json", "sarif", "junit", "csv", "markdown", "github", "html", "terminal"] {
        let done = |folder: &str| run.dekey(&["audit", folder, "--format", format, "--all"]).out();
        assert_eq!(done("one"), done("one"), "{format}");
        assert_eq!(done("two").replace("two/a.json", "one/a.json"), done("one"), "{format}");
    }
}

#[test]
fn a_baseline_hides_what_was_known_and_nothing_else() {
    let run = Run::new();
    run.write("in.json", &workspace("a", r#""properties":{}"#));
    run.dekey(&["audit", "in.json", "--write-baseline", "known.json", "--quiet"]);
    let json = run.dekey(&["audit", "in.json", "--baseline", "known.json", "--format", "json"]).json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 0);
    assert!(json["known_from_baseline"].as_u64().unwrap() > 0);
    run.write(
        "in.json",
        &format!("[{},{}]", workspace("a", r#""properties":{}"#), workspace("b", r#""properties":{}"#)),
    );
    let json = run.dekey(&["audit", "in.json", "--baseline", "known.json", "--format", "json"]).json();
    let new = json["findings"].as_array().unwrap();
    assert!(!new.is_empty() && new.iter().all(|f| f["resource"].as_str().unwrap().ends_with("/b")));
}

#[test]
fn waived_findings_are_shown_beside_and_expired_waivers_count_for_nothing() {
    let run = Run::new();
    run.write("in.json", &workspace("a", r#""properties":{}"#));
    let waiver = |expires: &str| {
        format!(
            "[[waivers]]\nrule = \"workspace-without-system-assigned-identity\"\nresource = \"*/workspaces/A\"\njustification = \"moves in May\"\napprover = \"ciso\"\nexpires = \"{expires}\"\n"
        )
    };
    let audit = || run.dekey(&["audit", "in.json", "--as-of", "2026-11-23", "--format", "json"]).json();
    run.write("dekey.toml", &waiver("2026-12-31"));
    let json = audit();
    assert_eq!(json["waived"].as_array().unwrap().len(), 1);
    assert!(
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["rule"] != "workspace-without-system-assigned-identity")
    );
    run.write("dekey.toml", &waiver("2026-11-22"));
    let json = audit();
    assert_eq!(json["waived"].as_array().unwrap().len(), 0);
    assert!(
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["rule"] == "workspace-without-system-assigned-identity")
    );
}
