//! `dekey collect` and `dekey auth`, as far as they go without Azure.

use crate::{Run, workspace};

#[test]
fn permissions_are_printed_for_every_tool() {
    let run = Run::new();
    let id = "85c204e5-9355-4eb0-b260-a78d8ab373f9";
    let json = run.dekey(&["collect", "--print-permissions", "json", "--subscription", id]).json();
    assert_eq!(json["role"]["AssignableScopes"][0], format!("/subscriptions/{id}"));
    let actions = json["role"]["Actions"].as_array().unwrap();
    assert!(
        actions.len() > 30 && actions.iter().all(|own| own.as_str().unwrap().ends_with("/read")),
        "{actions:?}"
    );
    assert_eq!(json["microsoftGraph"]["permissions"].as_array().unwrap().len(), 3);
    let bicep = run.dekey(&["collect", "--print-permissions", "bicep"]);
    assert!(bicep.out().contains("targetScope = 'managementGroup'"), "{}", bicep.out());
    let az = run.dekey(&["collect", "--print-permissions", "az"]);
    assert!(
        az.out().contains("az role definition create") && az.out().contains("appRoleAssignments"),
        "{}",
        az.out()
    );
    assert_eq!((bicep.code(), az.code()), (0, 0));
}

#[test]
fn arguments_that_cannot_work_are_told_before_anything_is_asked() {
    let run = Run::new();
    run.write("not.pem", "hello");
    run.write("old.jsonl.journal.jsonl", "{}\n");
    for (args, code, words) in [
        (&["collect"][..], 2, "--output"),
        (&["collect", "-o", "x.zip"], 2, "must end in .tar.zst"),
        (&["collect", "-o", "x.jsonl", "--resume"], 2, "nothing to go on with"),
        (&["collect", "-o", "old.jsonl"], 2, "--resume goes on with it"),
        (
            &["collect", "-o", "a.jsonl", "--cloud", "AzureMoonCloud"],
            2,
            "no cloud is called `AzureMoonCloud`",
        ),
        (&["collect", "-o", "b.jsonl", "--cloud", "http://127.0.0.1:1"], 12, "https only"),
        (&["collect", "-o", "c.jsonl", "--cloud", "https://127.0.0.1:1"], 12, "does not describe itself"),
        (&["collect", "-o", "d.jsonl", "--ca-file", "not.pem"], 2, "BEGIN CERTIFICATE"),
        (&["collect", "-o", "e.jsonl", "--ca-file", "gone.pem"], 12, "gone.pem"),
        (&["collect", "-o", "f.jsonl", "--sign-in", "telepathy"], 2, "managed-identity"),
        (&["audit"], 2, "<PATH>"),
    ] {
        let done = run.dekey(args);
        assert_eq!(done.code(), code, "{args:?}: {}", done.err());
        assert!(done.err().contains(words), "{args:?}: {}", done.err());
    }
}

#[test]
fn a_client_secret_is_refused_with_the_reason_and_never_printed() {
    let run = Run::new();
    let variables =
        [("AZURE_CLIENT_SECRET", "hunter2-hunter2"), ("AZURE_CLIENT_ID", "a"), ("AZURE_TENANT_ID", "t")];
    let done = run.dekey_in(&["auth", "status", "--sign-in", "client-secret"], &variables);
    assert_eq!(done.code(), 12);
    assert!(
        done.out().contains("not signed in to AzureCloud") && done.out().contains("--allow-client-secret"),
        "{}",
        done.out()
    );
    let json = run
        .dekey_in(&["auth", "status", "--sign-in", "client-secret", "--format", "json"], &variables)
        .json();
    assert_eq!(json["signedIn"], false);
    assert_eq!(json["passedOver"][0]["method"], "client-secret");
    assert!(!format!("{}{}{json}", done.out(), done.err()).contains("hunter2"));
}

#[test]
fn a_journal_is_an_export() {
    let run = Run::new();
    let lines = format!(
        "{}\n{{\"dekey\":\"manifest/1\",\"coverage\":[{{\"kind\":\"datastores\",\"scope\":\"/subscriptions/s\",\"outcome\":\"refused\",\"reason\":\"403\"}}]}}\n",
        workspace("w", r#""properties":{},"dekey":{"readAt":"2026-11-23T00:00:00Z","partial":true}"#)
    );
    run.write("t.tar.zst.journal.jsonl", &lines);
    let done = run.dekey(&["audit", "t.tar.zst.journal.jsonl", "--format", "json"]).json();
    let reasons = done["not_judged"].to_string();
    assert!(reasons.contains("datastores could not be read: 403"), "{reasons}");
}
