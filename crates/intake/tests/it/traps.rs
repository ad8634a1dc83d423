//! What is easy to get wrong about Azure's wire format, one test each.

use crate::{id, inventory, inventory_keeping, workspace, workspace_id};
use dekey_intake::Keep;
use dekey_model::{Field, IdentityState, IdentityType, Kind, Link, Seen};

fn identity_of(members: &str) -> IdentityState {
    let inventory = inventory(&[("w.json", &workspace("w", members))]);
    inventory.find(&workspace_id("w")).unwrap().identity()
}

const NONE: IdentityState = IdentityState::Known(IdentityType { system: false, user: false });

#[test]
fn identity_absent_null_and_none_are_the_same() {
    assert_eq!(identity_of(r#""properties":{}"#), NONE);
    assert_eq!(identity_of(r#""properties":{},"identity":null"#), NONE);
    assert_eq!(identity_of(r#""properties":{},"identity":{"type":"None"}"#), NONE);
}

#[test]
fn identity_is_read_with_and_without_a_space_and_in_any_case() {
    for spelling in
        ["SystemAssigned,UserAssigned", "SystemAssigned, UserAssigned", "systemassigned,userassigned"]
    {
        let both = IdentityState::Known(IdentityType { system: true, user: true });
        assert_eq!(identity_of(&format!(r#""properties":{{}},"identity":{{"type":"{spelling}"}}"#)), both);
    }
}

#[test]
fn an_identity_type_nobody_knows_is_not_taken_for_none() {
    assert_eq!(identity_of(r#""properties":{},"identity":{"type":"Quantum"}"#), IdentityState::Odd);
    assert_eq!(identity_of(r#""properties":{},"identity":{"type":7}"#), IdentityState::Odd);
    assert_eq!(identity_of(r#""properties":{},"identity":"SystemAssigned""#), IdentityState::Odd);
}

#[test]
fn null_absent_and_false_are_told_apart() {
    let account = |name: &str, property: &str| {
        format!(
            r#"{{"id":"{}","type":"Microsoft.Storage/storageAccounts","properties":{{{property}}}}}"#,
            id(&format!("Microsoft.Storage/storageAccounts/{name}"))
        )
    };
    let text = format!(
        "[{},{},{},{}]",
        account("a", r#""allowSharedKeyAccess":null"#),
        account("b", ""),
        account("c", r#""allowSharedKeyAccess":false"#),
        account("d", r#""allowSharedKeyAccess":{"odd":true}"#)
    );
    let inventory = inventory(&[("st.json", &text)]);
    let seen = |name: &str| {
        let account = inventory.find(&id(&format!("microsoft.storage/STORAGEACCOUNTS/{name}"))).unwrap();
        account.flag(Field::AllowSharedKeyAccess)
    };
    assert_eq!(
        (seen("a"), seen("b"), seen("c"), seen("d")),
        (Seen::Null, Seen::Absent, Seen::Value(false), Seen::Odd)
    );
}

#[test]
fn a_list_without_properties_says_nothing_about_them() {
    let text = workspace("w", r#""identity":{"type":"SystemAssigned"},"properties":null,"tags":null"#);
    let inventory = inventory(&[("list.json", &format!("[{text}]"))]);
    let workspace = inventory.find(&workspace_id("w")).unwrap();
    assert_eq!(workspace.text(Field::SystemDatastoresAuthMode), Seen::NotRead);
    assert_eq!(workspace.dependent(Field::StorageAccount), Link::NotRead);
    assert!(matches!(workspace.identity(), IdentityState::Known(own) if own.system));
}

#[test]
fn a_graph_row_without_the_identity_column_says_nothing_about_identity() {
    let row = |extra: &str| {
        format!(
            r#"{{"data":[{{"id":"{}","type":"microsoft.machinelearningservices/workspaces","subscriptionId":"s"{extra}}}]}}"#,
            workspace_id("w")
        )
    };
    let state = |extra: &str| {
        let inventory = inventory(&[("arg.json", &row(extra))]);
        inventory.find(&workspace_id("w")).unwrap().identity()
    };
    assert_eq!(state(r#","properties":{}"#), IdentityState::NotRead);
    assert_eq!(state(r#","properties":{},"identity":null"#), NONE);
}

#[test]
fn kind_and_types_have_no_case() {
    let text =
        workspace("w", r#""kind":"hub","properties":{}"#).replace("Microsoft.Machine", "MICROSOFT.machine");
    let inventory = inventory(&[("w.json", &text)]);
    assert_eq!(inventory.of_kind(Kind::Workspace).len(), 1);
    assert_eq!(inventory.find(&workspace_id("W")).unwrap().text(Field::Kind), Seen::Value("hub"));
}

#[test]
fn a_project_has_the_dependents_of_its_hub() {
    let storage = id("Microsoft.Storage/storageAccounts/st");
    let hub = workspace("hub", &format!(r#""kind":"Hub","properties":{{"storageAccount":"{storage}"}}"#));
    let upper = workspace_id("hub").to_uppercase();
    let project = workspace(
        "p",
        &format!(r#""kind":"Project","properties":{{"hubResourceId":"{upper}","storageAccount":""}}"#),
    );
    let account =
        format!(r#"{{"id":"{storage}","type":"Microsoft.Storage/storageAccounts","properties":{{}}}}"#);
    let whole = inventory(&[("a.json", &format!("[{project},{hub},{account}]"))]);
    let project_link = whole.find(&workspace_id("p")).unwrap().dependent(Field::StorageAccount);
    assert!(matches!(project_link, Link::Found { through_hub: true, .. }));
    assert_eq!(whole.find(&storage).unwrap().used_by().count(), 2);
    // A project whose hub was not read has dependents that nobody can name: a gap, not nothing.
    let alone = inventory(&[("a.json", &project)]);
    let link = alone.find(&workspace_id("p")).unwrap().dependent(Field::StorageAccount);
    assert!(matches!(link, Link::HubMissing { .. }));
}

#[test]
fn property_names_have_no_case() {
    let text = format!(
        r#"{{"id":"{}","type":"microsoft.insights/components","properties":{{"DisableLocalAuth":true}}}}"#,
        id("microsoft.insights/components/a")
    );
    let inventory = inventory(&[("a.json", &text)]);
    let component = inventory.find(&id("microsoft.insights/components/a")).unwrap();
    assert_eq!(component.flag(Field::DisableLocalAuth), Seen::Value(true));
    assert_eq!(component.kind(), Kind::AppInsights);
}

#[test]
fn an_id_without_its_leading_slash_is_an_id() {
    let setting = "providers/microsoft.insights/diagnosticSettings/d";
    let of_group = format!("providers/Microsoft.Management/managementGroups/mg/{setting}");
    let of_subscription = format!("subscriptions/s/{setting}");
    for given in [&of_group, &of_subscription] {
        for kind in [r#""type":"Microsoft.Insights/diagnosticSettings","#, ""] {
            let text = format!(r#"{{"value":[{{"id":"{given}",{kind}"properties":{{"logs":[]}}}}]}}"#);
            let inventory = inventory(&[("d.json", &text)]);
            assert_eq!(inventory.find(&format!("/{given}")).unwrap().kind(), Kind::DiagnosticSetting);
        }
    }
}

#[test]
fn the_id_tells_what_an_extension_is() {
    let setting =
        id("Microsoft.ContainerRegistry/registries/r/providers/Microsoft.Insights/diagnosticSettings/d");
    let text = format!(
        r#"{{"ResourceId":"{setting}","ResourceType":"Microsoft.ContainerRegistry/registries","Properties":{{}}}}"#
    );
    let inventory = inventory(&[("d.json", &text)]);
    assert_eq!(inventory.find(&setting).unwrap().kind(), Kind::DiagnosticSetting);
    assert!(inventory.of_kind(Kind::ContainerRegistry).is_empty());
}

#[test]
fn a_record_about_a_resource_is_not_the_resource() {
    let about = workspace_id("w").to_uppercase();
    for text in [
        format!(
            r#"{{"time":"2026-01-01T00:00:00Z","resourceId":"{about}","category":"x","properties":{{"a":1}}}}"#
        ),
        format!(r#"{{"ResourceId":"{about}","OperationName":"x","Properties":{{}}}}"#),
    ] {
        for keep in [Keep::Facts, Keep::Raw] {
            let inventory = inventory_keeping(&[("log.jsonl", &text)], keep);
            assert!(inventory.is_empty() && inventory.coverage().notes.len() == 1, "{text}");
        }
    }
}

#[test]
fn secrets_in_the_input_are_not_kept() {
    let key = "Zm9v".repeat(21) + "Zm==";
    let text = workspace(
        "w",
        &format!(
            r#""tags":{{"conn":"AccountKey={key}","AccountKey={key}":"x"}},"kind":"{key}","properties":{{"storageAccount":"{key}"}}"#
        ),
    );
    let inventory = inventory(&[("w.json", &text)]);
    assert!(!format!("{inventory:?}").contains(&key));
}

#[test]
fn environment_variables_keep_names_only() {
    let deployment = format!("{}/onlineEndpoints/e/deployments/d", workspace_id("w"));
    let text = format!(
        r#"{{"id":"{deployment}","properties":{{"environmentVariables":{{"DB_PASSWORD":"hunter22","MODEL":"x"}}}}}}"#
    );
    let inventory = inventory(&[("d.json", &text)]);
    let deployment = inventory.find(&deployment).unwrap();
    assert_eq!(deployment.kind(), Kind::OnlineDeployment);
    let Seen::Value(pairs) = deployment.pairs(Field::SecretVariables) else { panic!("no pairs") };
    assert_eq!(pairs.iter().map(|p| p.0).collect::<Vec<_>>(), ["DB_PASSWORD"]);
    assert!(!format!("{inventory:?}").contains("hunter22"));
}

#[test]
fn the_api_version_of_a_page_is_that_of_its_next_link() {
    let page = format!(
        r#"{{"value":[{}],"nextLink":"https://management.azure.com/x?api-version=2024-10-01&$skip=1"}}"#,
        workspace("w", r#""properties":{}"#)
    );
    let inventory = inventory(&[("page.json", &page)]);
    assert_eq!(inventory.find(&workspace_id("w")).unwrap().api_version(), Some("2024-10-01"));
    // A page that names a next one is not the whole list.
    assert!(inventory.coverage().notes.iter().any(|note| note.reason.contains("next page")));
}

#[test]
fn windows_powershell_writes_utf16() {
    let yaml = format!("id: {}\ntags: {{owner: Åsa}}\n", workspace_id("w"));
    for text in [workspace("w", r#""tags":{"owner":"Åsa"},"properties":{}"#), yaml] {
        for (mark, bytes) in
            [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)]
        {
            let encoded: Vec<u8> = mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect();
            let mut builder = dekey_model::Builder::new();
            dekey_intake::read_into(&mut builder, "w", &mut encoded.as_slice(), Keep::Facts).unwrap();
            let inventory = builder.finish();
            let workspace = inventory.find(&workspace_id("w")).unwrap();
            assert_eq!(workspace.pairs(Field::Tags).value().unwrap(), [("owner", "Åsa")]);
        }
    }
}

#[test]
fn of_an_id_that_is_there_twice_the_last_counts() {
    for second in ["{}", "null", r#""/subscriptions/other""#] {
        let text = workspace("w", &format!(r#""properties":{{}},"id":{second}"#));
        let [facts, raw] = [Keep::Facts, Keep::Raw].map(|keep| {
            let inventory = inventory_keeping(&[("w", &text)], keep);
            assert!(inventory.find(&workspace_id("w")).is_none(), "{second} {keep:?}");
            inventory.resources().map(|resource| resource.id().to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(facts, raw, "{second}");
    }
}

#[test]
fn both_ways_of_reading_agree_on_escapes_in_what_is_skipped() {
    let read = |text: &str, keep: Keep| {
        let inventory = inventory_keeping(&[("w", text)], keep);
        (inventory.len(), inventory.coverage().notes.len())
    };
    for (escape, expected) in [
        (r"\u00e5\n\/", (1, 0)),
        (r"\ud83d\ude00", (1, 0)),
        (r"cut short \ud83d", (1, 0)),
        (r"\ude00\ud83d", (1, 0)),
        (r"\u bsc", (0, 1)),
        (r"\u+0a1", (0, 1)),
        (r"\x", (0, 1)),
    ] {
        let text = workspace("w", &format!(r#""unknown":"{escape}","properties":{{}}"#));
        assert_eq!(read(&text, Keep::Facts), expected, "{escape}");
        assert_eq!(read(&text, Keep::Raw), expected, "{escape}");
    }
}

#[test]
fn a_byte_order_mark_that_nothing_or_another_follows_ends() {
    for bytes in
        [&b"\xfe\xff"[..], b"\xff\xfe", b"\xfe\xff\xfe\xff", b"\xff\xfe\xff\xfe\xff", b"\xef\xbb\xbf"]
    {
        let mut builder = dekey_model::Builder::new();
        dekey_intake::read_into(&mut builder, "w", &mut &*bytes, Keep::Facts).unwrap();
        let inventory = builder.finish();
        assert!(inventory.is_empty() && !inventory.coverage().notes.is_empty(), "{bytes:?}");
    }
}

#[test]
fn of_several_answers_the_newest_wins_and_gaps_are_filled() {
    let old = workspace(
        "w",
        r#""apiVersion":"2024-04-01","tags":{"a":"1","b":"2"},"properties":{"friendlyName":"x","keyVault":"/kv","storageAccount":"/old"}"#,
    );
    let new = workspace(
        "w",
        r#""apiVersion":"2025-12-01","tags":{"a":"1"},"properties":{"storageAccount":"/new"}"#,
    )
    .replace("workspaces/w", "WORKSPACES/W");
    for documents in [[("1", old.as_str()), ("2", new.as_str())], [("1", new.as_str()), ("2", old.as_str())]]
    {
        let inventory = inventory(&documents);
        assert_eq!(inventory.len(), 1);
        let workspace = inventory.find(&workspace_id("w")).unwrap();
        assert!(workspace.id().contains("WORKSPACES/W"), "printed as the newest answer has it");
        assert_eq!(workspace.text(Field::StorageAccount), Seen::Value("/new"));
        assert_eq!(workspace.text(Field::KeyVault), Seen::Value("/kv"));
        assert_eq!(workspace.pairs(Field::Tags).value().unwrap(), [("a", "1")]);
    }
}

/// A password that somebody generated and stored with the token has no form that a mask would know.
#[test]
fn of_the_passwords_of_a_token_only_names_and_times_are_kept() {
    let token = id("Microsoft.ContainerRegistry/registries/r/tokens/t");
    let text = format!(
        r#"{{"id":"{token}","type":"Microsoft.ContainerRegistry/registries/tokens","properties":{{"status":"enabled","credentials":{{"passwords":[
            {{"Name":"password1","value":"hunter2hunter2","expiry":"2027-01-01T00:00:00Z","creationTime":"2026-01-01T00:00:00Z"}},
            {{"name":"password2","value":null,"expiry":{{"odd":"hunter2"}}}}, "hunter2"]}}}}}}"#
    );
    let inventory = inventory(&[("t.json", &text)]);
    let token = inventory.find(&token).unwrap();
    assert_eq!(
        token.json(Field::TokenPasswords),
        Seen::Value(&serde_json::json!([
            { "name": "password1", "creationTime": "2026-01-01T00:00:00Z", "expiry": "2027-01-01T00:00:00Z" },
            { "name": "password2", "expiry": false },
            {},
        ]))
    );
    assert!(!format!("{inventory:?}").contains("hunter2"));
}

/// Rules compare principals; what people are shown are the ids.
#[test]
fn an_attached_identity_keeps_its_principal_in_every_shape() {
    let attached = id("Microsoft.ManagedIdentity/userAssignedIdentities/uai");
    let arm = workspace(
        "w",
        &format!(
            r#""properties":{{}},"identity":{{"type":"UserAssigned","userAssignedIdentities":{{"{attached}":{{"clientId":"c","PrincipalId":"p"}}}}}}"#
        ),
    );
    let azml = format!(
        r#"{{"id":"{}","name":"w","location":"westeurope","resource_group":"rg","storage_account":null,"identity":{{"type":"user_assigned","user_assigned_identities":[{{"resource_id":"{attached}","client_id":"c","principal_id":"p"}}]}}}}"#,
        workspace_id("w")
    );
    for text in [arm, azml] {
        let inventory = inventory(&[("w.json", &text)]);
        let workspace = inventory.find(&workspace_id("w")).unwrap();
        assert_eq!(
            workspace.pairs(Field::UserAssignedIdentities),
            Seen::Value(vec![(attached.as_str(), "p")]),
            "{text}"
        );
        assert_eq!(workspace.shown(Field::UserAssignedIdentities), attached);
    }
}
