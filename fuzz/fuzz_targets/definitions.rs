//! Any JSON as a definition: read, compiled, and on a few resources the same verdict by every way there is to one.

#![no_main]

use dekey_policy::{
    About, Aliases, Definition, Knowledge, Panel, Policy, Semantics, Subject, Surroundings, Unlisted,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static KNOWLEDGE: LazyLock<[Knowledge; 2]> = LazyLock::new(|| {
    let aliases = Arc::new(Aliases::built_in());
    [Unlisted::NotJudged, Unlisted::AsPath].map(|unlisted| Knowledge {
        aliases: Arc::clone(&aliases),
        unlisted,
        semantics: Semantics::DOCUMENTED,
    })
});

static RESOURCES: LazyLock<[Value; 3]> = LazyLock::new(|| {
    let id = "/subscriptions/s/resourceGroups/g/providers";
    [
        json!({ "id": format!("{id}/Microsoft.Storage/storageAccounts/st"), "name": "st", "kind": "StorageV2", "location": "West Europe",
            "type": "Microsoft.Storage/storageAccounts", "tags": { "env": "prod", "": null }, "sku": { "name": "Standard_LRS" },
            "properties": { "allowSharedKeyAccess": true, "networkAcls": { "ipRules": [{ "value": "10.0.0.0/8" }, {}, null] } } }),
        json!({ "id": format!("{id}/Microsoft.MachineLearningServices/workspaces/ws"), "type": "Microsoft.MachineLearningServices/workspaces",
            "identity": { "type": "SystemAssigned" }, "properties": { "publicNetworkAccess": "Enabled", "privateEndpointConnections": [
                { "properties": { "privateLinkServiceConnectionState": { "status": "Approved" } } } ] } }),
        json!({}),
    ]
});

fuzz_target!(|text: &str| {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    let Ok(definition) = Definition::parse(&document) else { return };
    let now = "2026-11-23T00:00:00Z".parse().ok();
    let group = json!({ "name": "g", "tags": { "env": "prod" } });
    let around = Surroundings { now, resource_group: Some(&group), ..Surroundings::UNKNOWN };
    for knowledge in &*KNOWLEDGE {
        let Ok(policy) = Policy::compile(&definition, &Map::new(), &About::default(), knowledge) else { continue };
        let panel = Panel::new([&policy]);
        let mut sitting = panel.sitting();
        for resource in &*RESOURCES {
            let subject = Subject::new(resource);
            let verdict = policy.judge(&subject, &around);
            assert_eq!(policy.explain(&subject, &around).0.word(), verdict.word(), "explained");
            assert_eq!(sitting.look(&subject).judge(0, &around, None), verdict, "looked at");
            let json = resource.to_string();
            assert_eq!(sitting.read(&json).expect("JSON").judge(0, &around, None), verdict, "read");
        }
    }
});
