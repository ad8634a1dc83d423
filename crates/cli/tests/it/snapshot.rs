//! `dekey snapshot`.

use crate::{Run, workspace};

fn packed() -> Run {
    let run = Run::new();
    run.write(
        "in.json",
        &format!("[{},{}]", workspace("b", r#""properties":{"x":1}"#), workspace("a", r#""properties":{}"#)),
    );
    assert_eq!(
        run.dekey(&["snapshot", "pack", "in.json", "-o", "s.tar.zst", "--taken-at", "2026-11-01T00:00:00Z"])
            .code(),
        0
    );
    run
}

#[test]
fn packing_is_deterministic_and_verifies() {
    let run = packed();
    let first = std::fs::read(run.folder.path().join("s.tar.zst")).unwrap();
    run.dekey(&["snapshot", "pack", "in.json", "-o", "t.tar.zst", "--taken-at", "2026-11-01T00:00:00Z"]);
    assert_eq!(first, std::fs::read(run.folder.path().join("t.tar.zst")).unwrap());
    let done = run.dekey(&["snapshot", "verify", "s.tar.zst"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert!(done.out().contains("2 resources"));
    // Packing a snapshot changes nothing.
    run.dekey(&["snapshot", "pack", "s.tar.zst", "-o", "u.tar.zst"]);
    run.dekey(&["snapshot", "unpack", "s.tar.zst", "-o", "s"]);
    run.dekey(&["snapshot", "unpack", "u.tar.zst", "-o", "u"]);
    assert_eq!(run.read("s/resources.jsonl"), run.read("u/resources.jsonl"));
}

#[test]
fn every_form_of_a_snapshot_holds_the_same() {
    let run = packed();
    run.dekey(&["snapshot", "unpack", "s.tar.zst", "-o", "s"]);
    for name in ["t.jsonl.zst", "t.jsonl", "t.tar"] {
        assert_eq!(run.dekey(&["snapshot", "pack", "s.tar.zst", "-o", name]).code(), 0, "{name}");
        let done = run.dekey(&["snapshot", "verify", name]);
        assert_eq!(done.code(), 0, "{name}: {}", done.err());
        assert_eq!(run.dekey(&["snapshot", "diff", "s.tar.zst", name]).out().trim(), "nothing changed");
        // Content decides, not the name.
        std::fs::copy(run.folder.path().join(name), run.folder.path().join("renamed")).unwrap();
        assert_eq!(run.dekey(&["snapshot", "verify", "renamed"]).code(), 0, "{name}");
        run.dekey(&["snapshot", "unpack", name, "-o", "u"]);
        assert_eq!(run.read("s/resources.jsonl"), run.read("u/resources.jsonl"), "{name}");
    }
    let done = run.dekey(&["snapshot", "pack", "in.json", "-o", "t.zip"]);
    assert_eq!(done.code(), 2);
    assert!(done.err().contains("must end in .tar.zst"), "{}", done.err());
}

#[test]
fn an_archive_that_trickles_in_is_known_as_one() {
    use std::io::Write;
    let run = packed();
    run.dekey(&["snapshot", "pack", "s.tar.zst", "-o", "t.tar"]);
    let bytes = std::fs::read(run.folder.path().join("t.tar")).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_dekey"))
        .args(["audit", "-", "--format", "json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for block in bytes.chunks(100).take(4) {
        stdin.write_all(block).unwrap();
        stdin.flush().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    stdin.write_all(bytes.get(400..).unwrap()).unwrap();
    drop(stdin);
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(out.contains("workspaces/a") && out.contains("-!resources.jsonl"), "{out}");
}

#[test]
fn an_audit_of_a_snapshot_says_what_an_audit_of_the_exports_says() {
    let run = Run::new();
    let exports = crate::example();
    assert_eq!(run.dekey(&["snapshot", "pack", &exports, "-o", "once.tar.zst"]).code(), 0);
    assert_eq!(run.dekey(&["snapshot", "pack", "once.tar.zst", "-o", "twice.jsonl"]).code(), 0);
    let settings = format!("{exports}/dekey.toml");
    let [direct, once, twice] = [exports.as_str(), "once.tar.zst", "twice.jsonl"].map(|path| {
        let args = ["audit", path, "--as-of", "2026-11-23", "--settings", &settings, "--format", "json"];
        run.dekey(&args).json()
    });
    for (name, other) in [("once", &once), ("twice", &twice)] {
        for part in ["findings", "not_judged", "summary"] {
            let (own, other) = (without_places(&direct[part]), without_places(&other[part]));
            if let (Some(own), Some(other)) = (own.as_array(), other.as_array()) {
                let lost: Vec<_> = own.iter().filter(|one| !other.contains(one)).take(3).collect();
                let gained: Vec<_> = other.iter().filter(|one| !own.contains(one)).take(3).collect();
                assert!(lost.is_empty() && gained.is_empty(), "{name} {part}: {lost:#?} {gained:#?}");
            }
            assert_eq!(own, other, "{name} {part}");
        }
    }
}

/// A snapshot's lines are elsewhere than those of the exports.
fn without_places(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| !["source", "line"].contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), without_places(value))).collect()
        }
        serde_json::Value::Array(items) => items.iter().map(without_places).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_changed_snapshot_does_not_verify() {
    let run = packed();
    run.dekey(&["snapshot", "unpack", "s.tar.zst", "-o", "s"]);
    let changed = run.read("s/resources.jsonl").replace("\"x\":1", "\"x\":2");
    run.write("s/resources.jsonl", &changed);
    let done = run.dekey(&["snapshot", "verify", "s"]);
    assert_eq!(done.code(), 12);
    assert!(done.err().contains("were changed"), "{}", done.err());
    let shorter = changed.lines().next().unwrap().to_owned();
    run.write("s/resources.jsonl", &shorter);
    assert_eq!(run.dekey(&["snapshot", "verify", "s"]).code(), 12);
    run.write("s/manifest.json", "{}");
    assert_eq!(run.dekey(&["snapshot", "verify", "s"]).code(), 12);
}

#[test]
fn diff_speaks_in_words_and_exits_with_ten() {
    let run = packed();
    run.write(
        "new.json",
        &format!("[{}]", workspace("a", r#""identity":{"type":"SystemAssigned"},"properties":{}"#)),
    );
    let done = run.dekey(&["snapshot", "diff", "s.tar.zst", "new.json"]);
    assert_eq!(done.code(), 10);
    assert!(
        done.out().contains("workspaces `b` is gone") && done.out().contains("identity"),
        "{}",
        done.out()
    );
    let same = run.dekey(&["snapshot", "diff", "s.tar.zst", "in.json"]);
    assert_eq!((same.code(), same.out().trim()), (0, "nothing changed"));
    let json = run.dekey(&["snapshot", "diff", "s.tar.zst", "new.json", "--format", "json"]).json();
    assert_eq!(json["dekey"], "diff/1");
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let run = Run::new();
    run.write("x.tar.zst", "hello");
    assert_eq!(run.dekey(&["snapshot", "verify", "x.tar.zst"]).code(), 12);
    assert_eq!(run.dekey(&["snapshot", "unpack", "x.tar.zst", "-o", "o"]).code(), 12);
    run.write("empty.json", "[]");
    let done = run.dekey(&["snapshot", "pack", "empty.json", "-o", "e.tar.zst"]);
    assert_eq!(done.code(), 12);
    assert!(done.err().contains("nothing to pack"));
}
