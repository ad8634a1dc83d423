//! `dekey policy`: the pack, tests of policies, policies in plain words.

use super::{Run, example};
use std::io::{BufRead, BufReader};
use std::time::Duration;

const DEFINITION: &str = r#"{ "name": "keys", "properties": { "displayName": "No keys", "mode": "Indexed",
  "policyRule": { "if": { "allOf": [ { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
    { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "notEquals": false } ] }, "then": { "effect": "deny" } } } }"#;

fn cases(expect: &str) -> String {
    format!(
        "definition: ../keys.json\ncases:\n  - name: keys are on\n    resource: {{ type: Microsoft.Storage/storageAccounts, name: st, properties: {{ allowSharedKeyAccess: true }} }}\n    expect: {expect}\n"
    )
}

#[test]
fn the_pack_is_listed_and_written() {
    let run = Run::new();
    let list = run.dekey(&["policy", "pack", "--all"]);
    assert_eq!(list.code(), 0, "{}", list.err());
    for rule in [
        "workspace-without-system-assigned-identity",
        "connection-static-credential",
        "storage-shared-key-access",
    ] {
        assert!(list.out().contains(rule), "{}", list.out());
    }
    let written =
        run.dekey(&["policy", "pack", "--format", "json", "--scope", "/subscriptions/s", "-o", "out"]);
    assert_eq!(written.code(), 0, "{}", written.err());
    assert!(written.err().contains("Nothing is assigned yet"), "{}", written.err());
    let set: serde_json::Value =
        serde_json::from_str(&run.read("out/policySetDefinitions/dekey.json")).unwrap();
    assert_eq!(set["properties"]["parameters"]["identityStandard"]["defaultValue"], "system");
    for form in ["bicep", "terraform"] {
        let done = run.dekey(&["policy", "pack", "--format", form]);
        assert!(
            done.code() == 0 && done.out().contains("dekey-connection-static-credential"),
            "{}",
            done.err()
        );
    }
}

#[test]
fn settings_and_arguments_are_the_defaults_of_the_initiative() {
    let run = Run::new();
    run.write("dekey.toml", "identity_standard = \"user\"\n[tags]\nowner = [\"responsible\"]\n");
    let json = |more: &[&str]| {
        let mut args = vec!["policy", "pack", "--format", "json", "--scope", "/subscriptions/s"];
        args.extend(more);
        let done = run.dekey(&args);
        assert_eq!(done.code(), 0, "{}", done.err());
        done.json().as_array().unwrap().last().unwrap()["properties"]["parameters"].clone()
    };
    let own = json(&[]);
    assert_eq!(own["identityStandard"]["defaultValue"], "user");
    assert_eq!(own["ownerTagNames"]["defaultValue"][0], "responsible");
    let own = json(&["--standard", "both", "--owner-tags", "a,b"]);
    assert_eq!(own["identityStandard"]["defaultValue"], "both");
    assert_eq!(own["ownerTagNames"]["defaultValue"], serde_json::json!(["a", "b"]));
    for (args, wanted) in [
        (&["--format", "json"][..], "--scope"),
        (
            &["--format", "json", "--scope", "/subscriptions/s/resourceGroups/g"],
            "definitions live nowhere else",
        ),
        (&["--format", "bicep", "--owner-tags", "a,,b"], "empty"),
        (&["-o", "out"], "--format"),
    ] {
        let done = run.dekey(&[&["policy", "pack"], args].concat());
        assert!(done.code() == 2 && done.err().contains(wanted), "{args:?}: {}", done.err());
    }
}

#[test]
fn what_the_pack_writes_can_be_tested_and_explained() {
    let run = Run::new();
    let done = run.dekey(&["policy", "pack", "-f", "json", "--scope", "/subscriptions/s", "-o", "out"]);
    assert_eq!(done.code(), 0);
    run.write(
        "own.yaml",
        "initiative: out/policySetDefinitions/dekey.json\ndefinitions: out/policyDefinitions\nparameters: { effect-connection-static-credential: Deny }\n\
         cases:\n  - name: a key\n    resource: { type: Microsoft.MachineLearningServices/workspaces/connections, name: w/c, properties: { authType: ApiKey, category: ApiKey } }\n    \
         expect: { connection-static-credential: deny, connection-unknown-auth-type: compliant, datastore-account-key: not applicable }\n",
    );
    let done = run.dekey(&["policy", "test", "own.yaml"]);
    assert_eq!(done.code(), 0, "{}{}", done.out(), done.err());
    let told = run.dekey(&["policy", "explain", "out/policySetDefinitions/dekey.json"]);
    assert!(told.code() == 0 && told.out().contains("connection-static-credential"), "{}", told.out());
}

#[test]
fn tests_of_policies_end_with_what_came_of_them() {
    let run = Run::new();
    run.write("keys.json", DEFINITION);
    run.write("tests/good.yaml", &cases("deny"));
    run.write("tests/workflow.yaml", "on: push\njobs: {}\n");
    let done = run.dekey(&["policy", "test", "tests"]);
    assert_eq!(done.code(), 0, "{}{}", done.out(), done.err());
    assert!(done.out().contains("1 file, 1 case: 1 passed"), "{}", done.out());

    run.write("tests/bad.yaml", &cases("compliant"));
    let done = run.dekey(&[
        "policy",
        "test",
        "tests",
        "--format",
        "terminal",
        "--format",
        "junit=out.xml",
        "--format",
        "json=out.json",
    ]);
    assert_eq!(done.code(), 10);
    for wanted in [
        "FAILED",
        "expected compliant, got deny",
        "allowSharedKeyAccess",
        "/properties/policyRule/if/allOf/1",
    ] {
        assert!(done.out().contains(wanted), "{wanted}: {}", done.out());
    }
    let xml = run.read("out.xml");
    assert!(
        xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\"") && xml.contains("<failure"),
        "{xml}"
    );
    let json: serde_json::Value = serde_json::from_str(&run.read("out.json")).unwrap();
    assert_eq!(
        (&json["dekey"], &json["failed"]),
        (&serde_json::json!("policy-test/1"), &serde_json::json!(1))
    );

    run.write("broken/x.yaml", "definition: moon.json\ncases: [{ name: a, resource: {}, expect: deny }]\n");
    let done = run.dekey(&["policy", "test", "broken"]);
    assert!(done.code() == 12 && done.out().contains("moon.json"), "{}", done.out());

    run.write(
        "open/x.yaml",
        "definition: { properties: { mode: All, policyRule: { if: { field: Contoso.Moon/bases/air, equals: 1 }, then: { effect: deny } } } }\ncases: [{ name: a, resource: { type: Contoso.Moon/bases, name: b }, expect: deny }]\n",
    );
    assert_eq!(run.dekey(&["policy", "test", "open"]).code(), 11);
    assert_eq!(run.dekey(&["policy", "test", "open", "--accept-not-judged"]).code(), 0);
    let done = run.dekey(&["policy", "test", "open", "-f", "junit"]);
    assert!(done.out().contains("<skipped message=\"not judged"), "{}", done.out());
    run.write("none/x.txt", "");
    let done = run.dekey(&["policy", "test", "none"]);
    assert!(done.code() == 12 && done.err().contains("no file of tests"), "{}", done.err());
}

/// What stands in a test may be a copy of the real thing.
#[test]
fn secrets_in_tests_are_not_printed() {
    let run = Run::new();
    run.write("keys.json", DEFINITION);
    let secret = ["AccountKey=", &"Zm9v".repeat(21), "+/=="].concat();
    run.write(
        "x.yaml",
        &format!(
            "definition: {{ properties: {{ mode: All, policyRule: {{ if: {{ field: tags.x, equals: a }}, then: {{ effect: deny }} }} }} }}\n\
             cases: [{{ name: a, resource: {{ type: Microsoft.Storage/storageAccounts, name: st, tags: {{ x: '{secret}' }} }}, expect: deny }}]\n"
        ),
    );
    for format in ["terminal", "junit", "json"] {
        let done = run.dekey(&["policy", "test", "x.yaml", "--all", "--format", format]);
        assert_eq!(done.code(), 10, "{}", done.err());
        assert!(done.out().contains("masked") && !done.out().contains(&secret), "{}", done.out());
    }
}

#[test]
fn tests_are_run_again_when_a_file_changes() {
    let run = Run::new();
    run.write("keys.json", DEFINITION);
    run.write("tests/x.yaml", &cases("deny"));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_dekey"))
        .args(["policy", "test", "tests", "--watch"])
        .current_dir(run.folder.path())
        .env_clear()
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (send, lines) = std::sync::mpsc::channel();
    let out = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let wait = |wanted: &str| loop {
        let line =
            lines.recv_timeout(Duration::from_mins(1)).unwrap_or_else(|_| panic!("no `{wanted}` in time"));
        if line.contains(wanted) {
            return;
        }
    };
    wait("1 case: 1 passed");
    // The definition, not the test: what a test refers to is watched, too.
    run.write("keys.json", &DEFINITION.replace("\"deny\"", "\"audit\""));
    wait("1 failed");
    run.write("tests/x.yaml", &cases("audit"));
    wait("1 case: 1 passed");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn policies_are_told_in_plain_words() {
    let run = Run::new();
    run.write("keys.json", DEFINITION);
    let done = run.dekey(&["policy", "explain", "keys.json"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    for wanted in [
        "resources of type Microsoft.Storage/storageAccounts",
        "`allowSharedKeyAccess` is not `false` (or is missing)",
        "deny: refuses the request",
    ] {
        assert!(done.out().contains(wanted), "{wanted}: {}", done.out());
    }
    let piped = run.dekey_with(&["policy", "explain", "-", "--format", "json"], DEFINITION);
    assert_eq!(piped.json()["policy"]["kind"], "definition");
    let rule = run.dekey(&["policy", "explain", "system-datastores-access-key"]);
    assert!(rule.code() == 0 && rule.out().contains("systemDatastoresAuthMode"), "{}", rule.out());
    for (what, code, wanted) in
        [("moon", 2, "dekey policy pack"), ("stale-storage-key", 2, "Azure Policy can do nothing")]
    {
        let done = run.dekey(&["policy", "explain", what]);
        assert!(done.code() == code && done.err().contains(wanted), "{what}: {}", done.err());
    }
    run.write("bad.json", "{ \"properties\": {\n oops } }");
    let done = run.dekey(&["policy", "explain", "bad.json"]);
    assert!(done.code() == 12 && done.err().contains("line 2"), "{}", done.err());
    run.write("none.json", "{}");
    let done = run.dekey(&["policy", "explain", "none.json"]);
    assert!(done.code() == 12 && done.err().contains("policyRule"), "{}", done.err());
}

#[test]
fn policies_of_a_tenant_are_found_by_id_and_name() {
    let run = Run::new();
    let done = run.dekey(&["policy", "explain", "moon", "--from", &example()]);
    assert!(done.code() == 2 && done.err().contains("holds no definition"), "{}", done.err());
    let id = "/subscriptions/s/providers/Microsoft.Authorization/policyDefinitions/keys";
    let resource = DEFINITION.replacen(
        "\"name\"",
        &format!("\"id\": \"{id}\", \"type\": \"Microsoft.Authorization/policyDefinitions\", \"name\""),
        1,
    );
    run.write("export.json", &resource);
    for what in [id, &id.to_ascii_uppercase(), "keys"] {
        let done = run.dekey(&["policy", "explain", what, "--from", "export.json"]);
        assert!(done.code() == 0 && done.out().contains("No keys"), "{}", done.err());
    }
}
