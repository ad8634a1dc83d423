//! Order, pages and files never change what an inventory holds.

use crate::{inventory, inventory_keeping, workspace_id};
use dekey_intake::{Keep, SnapshotWriter};
use dekey_model::{Field, Inventory};
use proptest::prelude::*;

/// One answer about one of a few resources, so that answers overlap.
fn answer() -> impl Strategy<Value = String> {
    let version = prop_oneof![Just(None), Just(Some("2024-04-01")), Just(Some("2025-12-01"))];
    let text = prop_oneof![Just("absent"), Just("null"), Just("\"x\""), Just("\"y\"")];
    let identity = prop_oneof![
        Just("absent"),
        Just("null"),
        Just(r#"{"type":"SystemAssigned"}"#),
        Just(r#"{"type":"None"}"#)
    ];
    let tags = prop_oneof![Just("absent"), Just("null"), Just(r#"{"owner":"ana"}"#), Just("{}")];
    (0..4u8, any::<bool>(), version, text.clone(), text, identity, tags).prop_map(
        |(n, upper, version, storage, vault, identity, tags)| {
            let mut id = workspace_id(&format!("w{n}"));
            if upper {
                id = id.to_uppercase();
            }
            let mut members =
                vec![format!(r#""id":"{id}","type":"Microsoft.MachineLearningServices/workspaces""#)];
            let mut member = |name: &str, value: &str| {
                if value != "absent" {
                    members.push(format!(r#""{name}":{value}"#));
                }
            };
            member("identity", identity);
            member("tags", tags);
            if let Some(version) = version {
                member("apiVersion", &format!("\"{version}\""));
            }
            let mut properties = Vec::new();
            for (name, value) in [("storageAccount", storage), ("keyVault", vault)] {
                if value != "absent" {
                    properties.push(format!(r#""{name}":{value}"#));
                }
            }
            members.push(format!(r#""properties":{{{}}}"#, properties.join(",")));
            format!("{{{}}}", members.join(","))
        },
    )
}

/// An object of any envelope, of which some are resources: what ARM, Resource Graph, the Azure CLI and `az ml` put there.
fn envelope() -> impl Strategy<Value = String> {
    const MEMBERS: &[&str] = &[
        r#""type":"Microsoft.MachineLearningServices/workspaces""#,
        r#""type":"microsoft.storage/storageaccounts""#,
        r#""type":"azure_blob""#,
        r#""name":"w""#,
        r#""properties":{"storageAccount":"/s","allowSharedKeyAccess":false}"#,
        r#""properties":null"#,
        r#""identity":{"type":"system_assigned"}"#,
        r#""identity":{"type":"SystemAssigned"}"#,
        r#""tags":{"owner":"ana"}"#,
        r#""allowSharedKeyAccess":true"#,
        r#""storage_account":"/s""#,
        r#""subscriptionId":"s""#,
        r#""resourceGroup":"g""#,
        r#""properties_allowSharedKeyAccess":true"#,
        r#""apiVersion":"2025-12-01""#,
        r#""zones":["1"]"#,
        r#""resources":[]"#,
        r#""resources":[{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c","properties":{"disableLocalAuth":true}},{"name":"d"}]"#,
        r#""Type":"Microsoft.Storage/storageAccounts""#,
        r#""ResourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/b""#,
        r#""Properties":{"allowSharedKeyAccess":true}"#,
        r#""SubscriptionId":"s""#,
        r#""resourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/c""#,
        r#""ResourceType":"Microsoft.Storage/storageAccounts""#,
        r#""dekey":{"partial":true}"#,
    ];
    const IDS: &[&str] = &[
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/datastores/d",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/odd",
        "subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "azureml:w",
        "",
    ];
    let members = prop::collection::btree_set(prop::sample::select(MEMBERS), 0..6);
    let name = prop::sample::select(&["id", "Id", "resourceId"][..]);
    (prop::sample::select(IDS), name, members).prop_map(|(id, name, members)| {
        let mut all = vec![format!(r#""{name}":"{id}""#)];
        all.extend(members.into_iter().map(str::to_owned));
        format!("{{{}}}", all.join(","))
    })
}

/// Everything a rule could see, in an order of its own.
fn seen(inventory: &Inventory) -> Vec<String> {
    let mut all: Vec<String> = inventory
        .resources()
        .map(|r| {
            let fields: Vec<String> = Field::all().map(|field| r.shown(field)).collect();
            format!("{} {:?} {:?} {}", r.id(), r.api_version(), r.kind(), fields.join("|"))
        })
        .collect();
    all.sort();
    all
}

fn lines(documents: &[(&str, &str)]) -> String {
    let inventory = inventory_keeping(documents, Keep::Raw);
    let mut writer = SnapshotWriter::new(Vec::new(), None);
    writer.write_all(&inventory).unwrap();
    String::from_utf8(writer.finish().0).unwrap()
}

proptest! {
    #[test]
    fn order_and_splitting_do_not_matter(answers in prop::collection::vec(answer(), 1..12), cut in any::<prop::sample::Index>()) {
        let whole = format!("[{}]", answers.join(","));
        let expected = seen(&inventory(&[("all.json", &whole)]));
        let mut reversed = answers.clone();
        reversed.reverse();
        let reversed_page = format!(r#"{{"value":[{}]}}"#, reversed.join(","));
        prop_assert_eq!(&seen(&inventory(&[("all.json", &reversed_page)])), &expected);
        let (first, second) = answers.split_at(cut.index(answers.len()));
        let (first, second) = (first.join("\n"), format!("[{}]", second.join(",")));
        prop_assert_eq!(&seen(&inventory(&[("b", &second), ("a", &first)])), &expected);
    }

    #[test]
    fn merging_documents_and_merging_facts_agree(answers in prop::collection::vec(answer(), 1..8)) {
        let text = answers.join("\n");
        let of_facts = seen(&inventory(&[("x", &text)]));
        let of_documents = seen(&inventory(&[("snapshot", &lines(&[("x", &text)]))]));
        prop_assert_eq!(of_documents, of_facts);
    }

    #[test]
    fn both_ways_of_reading_agree(document in envelope()) {
        let raw = inventory_keeping(&[("x", &document)], Keep::Raw);
        prop_assert_eq!(seen(&inventory(&[("x", &document)])), seen(&raw), "{}", document);
    }

    #[test]
    fn any_bytes_are_read_or_named(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut builder = dekey_model::Builder::new();
        dekey_intake::read_into(&mut builder, "x", &mut bytes.as_slice(), Keep::Raw).unwrap();
        builder.finish();
    }
}
