//! Snapshots hold what was read, without secrets, and say what changed.

use crate::{inventory, inventory_keeping, workspace, workspace_id};
use dekey_intake::{Keep, SnapshotWriter, diff};
use dekey_model::{Field, IdentityState, Seen};

fn lines(documents: &[(&str, &str)]) -> String {
    let inventory = inventory_keeping(documents, Keep::Raw);
    let mut writer = SnapshotWriter::new(Vec::new(), None);
    writer.write_all(&inventory).unwrap();
    String::from_utf8(writer.finish().0).unwrap()
}

#[test]
fn a_snapshot_of_a_snapshot_is_the_same() {
    let text = format!(
        "[{},{}]",
        workspace(
            "b",
            r#""apiVersion":"2025-12-01","zeta":1,"properties":{"new":{"x":[1,2]}},"tags":{"b":"1","a":"2"}"#
        ),
        workspace("a", r#""properties":null"#)
    );
    let once = lines(&[("x.json", &text)]);
    assert_eq!(once.lines().count(), 2);
    assert!(once.contains(r#""new":{"x":[1,2]}"#), "unknown properties are kept: {once}");
    assert_eq!(lines(&[("resources.jsonl", &once)]), once);
}

#[test]
fn what_was_not_read_stays_unread() {
    let row = format!(
        r#"{{"data":[{{"id":"{}","type":"microsoft.machinelearningservices/workspaces","subscriptionId":"s","properties_keyVault":"/kv"}}]}}"#,
        workspace_id("w")
    );
    let again = inventory(&[("resources.jsonl", &lines(&[("arg.json", &row)]))]);
    let workspace = again.find(&workspace_id("w")).unwrap();
    assert_eq!(workspace.identity(), IdentityState::NotRead);
    assert_eq!(workspace.text(Field::KeyVault), Seen::Value("/kv"));
    assert_eq!(workspace.text(Field::StorageAccount), Seen::NotRead);
}

#[test]
fn a_row_of_odd_columns_is_no_output_of_az_ml_the_second_time() {
    let table = format!(
        r#"{{"data":{{"columns":[{{"name":"id"}},{{"name":"key_vault"}}],"rows":[["{}","/kv"]]}}}}"#,
        workspace_id("w").replace("workspaces/w", "odd/w")
    );
    let once = lines(&[("table.json", &table)]);
    assert_eq!(once.lines().count(), 1);
    assert_eq!(lines(&[("resources.jsonl", &once)]), once);
}

#[test]
fn secrets_never_reach_a_snapshot() {
    let text = workspace(
        "w/datastores/d",
        r#""tags":{"x":"AccountKey=abcdefgh12345678"},"properties":{"credentials":{"credentialsType":"AccountKey","secrets":{"secretsType":"AccountKey","key":"hunter22hunter22"}},
        "environmentVariables":{"DB_PASSWORD":"hunter22"}}"#,
    );
    let line = lines(&[("d.json", &text)]);
    for secret in ["hunter22", "abcdefgh12345678"] {
        assert!(!line.contains(secret), "{line}");
    }
    assert!(
        line.contains(r#""credentialsType":"AccountKey""#) && line.contains(r#""secretsType":"AccountKey""#),
        "{line}"
    );
}

#[test]
fn changes_are_said_in_words() {
    let old = format!(
        "[{},{}]",
        workspace(
            "a",
            r#""identity":null,"properties":{"systemDatastoresAuthMode":"accesskey","keyVault":"/KV"}"#
        ),
        workspace("gone", r#""properties":{}"#)
    );
    let new = format!(
        "[{},{}]",
        workspace(
            "a",
            r#""identity":{"type":"SystemAssigned"},"systemData":{"lastModifiedAt":"2026-01-01T00:00:00Z"},"properties":{"systemDatastoresAuthMode":"identity","keyVault":"/kv"}"#
        ),
        workspace("new", r#""properties":{}"#)
    );
    let (old, new) =
        (inventory_keeping(&[("o", &old)], Keep::Raw), inventory_keeping(&[("n", &new)], Keep::Raw));
    let words: Vec<String> = diff(&old, &new).into_iter().map(|c| c.words).collect();
    let has = |text: &str| words.iter().any(|w| w.contains(text));
    assert!(has("workspaces `gone` is gone") && has("workspaces `new` is new"), "{words:?}");
    assert!(
        has(
            "systemDatastoresAuthMode changed from `accesskey` to `identity` (its system datastores use identity)"
        ),
        "{words:?}"
    );
    assert!(has("identity"), "{words:?}");
    assert!(!has("keyVault"), "case of an id is no change: {words:?}");
    assert!(diff(&new, &new).is_empty());
}
