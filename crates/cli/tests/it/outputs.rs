//! Formats and where they go.

use crate::{Run, example, workspace};

#[test]
fn several_formats_at_once() {
    let run = Run::new();
    run.write("in.json", &workspace("a", r#""properties":{}"#));
    let done = run.dekey(&[
        "audit",
        "in.json",
        "--format",
        "sarif=o.sarif",
        "--format",
        "html=o.html",
        "--format",
        "junit=o.xml",
        "--format",
        "csv=o.csv",
        "--format",
        "markdown=o.md",
        "--format",
        "json",
    ]);
    assert!(done.json()["findings"].is_array());
    assert!(done.err().contains("wrote o.sarif"));
    for file in ["o.sarif", "o.html", "o.xml", "o.csv", "o.md"] {
        assert!(!run.read(file).is_empty(), "{file}");
    }
    assert!(serde_json::from_str::<serde_json::Value>(&run.read("o.sarif")).unwrap()["runs"].is_array());
}

#[test]
fn there_is_no_colour_off_a_terminal_and_plenty_on_demand() {
    let run = Run::new();
    let plain = run.dekey(&["audit", &example()]).out();
    assert!(!plain.contains('\u{1b}'));
    assert!(run.dekey(&["audit", &example(), "--color", "always"]).out().contains('\u{1b}'));
}

#[test]
fn hostile_names_reach_no_output_as_they_are() {
    let run = Run::new();
    let evil = r#""tags":{"owner":"<script>alert(1)</script>","cost-center":"=cmd|' /C calc'!A0","x\u001b[31m":"::error::pwned\r\n%0A"},"properties":{}"#;
    run.write("in.json", &workspace("<img src=x>|`\\u001b[2J", evil));
    for (format, never) in [
        ("html", &["<script>alert(1)", "<img src=x>"][..]),
        ("markdown", &["<script>", "<img src"]),
        ("terminal", &["\u{1b}"]),
        ("csv", &["\n=cmd", ",=cmd", "\"=cmd"]),
        ("github", &["\n::error::pwned"]),
        ("junit", &["<script>", "<img src"]),
    ] {
        let out = run.dekey(&["audit", "in.json", "--all", "--format", format]).out();
        // Inside a code span, text is text; the name holds a backtick, so its span has two.
        let out = out.replace("`<script>alert(1)</script>`", "").replace("``<img src=x>", "");
        for text in never {
            assert!(!out.contains(text), "{format} holds {text:?}");
        }
    }
}

#[test]
fn every_format_tells_what_was_not_judged() {
    let run = Run::new();
    run.write("in.json", &workspace("a", r#""dekey":{"partial":true}"#));
    for format in ["terminal", "json", "sarif", "junit", "csv", "markdown", "github", "html"] {
        let out = run.dekey(&["audit", "in.json", "--format", format]).out().to_lowercase();
        assert!(
            ["not judged", "not_judged", "not-judged"].iter().any(|word| out.contains(word)),
            "{format}: {out}"
        );
    }
}

#[test]
fn a_sarif_file_that_github_would_not_take_in_whole_is_remarked_on() {
    let run = Run::new();
    let workspace = |n: usize| {
        format!(
            r#"{{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w{n}","type":"Microsoft.MachineLearningServices/workspaces","properties":{{"systemDatastoresAuthMode":"AccessKey"}}}}"#
        )
    };
    let all: Vec<String> = (0..1_300).map(workspace).collect();
    // What was read and is not there is a finding or a pass, and takes no time to spell out as not judged.
    let kinds = ["datastores", "connections", "computes", "diagnostic settings", "policy assignments"];
    let line = |kind| format!(r#"{{"kind":"{kind}","scope":"/","outcome":"read"}}"#);
    let lines: Vec<String> = kinds.into_iter().map(line).collect();
    run.write("manifest.json", &format!(r#"{{"dekey":"manifest/1","coverage":[{}]}}"#, lines.join(",")));
    run.write("few.json", &format!("[{}]", all[..10].join(",")));
    run.write("many.json", &format!("[{}]", all.join(",")));
    let few = run.dekey(&["audit", "few.json", "manifest.json", "--format", "sarif=few.sarif"]);
    assert!(!few.err().contains("code scanning"), "{}", few.err());
    let many = run.dekey(&["audit", "many.json", "manifest.json", "--format", "sarif=many.sarif"]);
    let quiet =
        run.dekey(&["audit", "many.json", "manifest.json", "--quiet", "--format", "sarif=quiet.sarif"]);
    assert_eq!(quiet.err(), "");
    let other = run.dekey(&["audit", "many.json", "manifest.json", "--format", "csv=o.csv"]);
    assert!(!other.err().contains("code scanning"));
    let log: serde_json::Value = serde_json::from_str(&run.read("many.sarif")).unwrap();
    let notice = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(notice["descriptor"]["id"], "beyond-limit");
    let results = log["runs"][0]["results"].as_array().unwrap().len();
    assert!(results > 5_000);
    assert!(many.err().contains(&format!("{results} results: GitHub code scanning")), "{}", many.err());
}
