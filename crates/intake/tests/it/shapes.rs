//! Every shape of export becomes the same resources.

use crate::{id, inventory, inventory_keeping, workspace, workspace_id};
use dekey_intake::Keep;
use dekey_model::{Field, IdentityState, Inventory, Kind, NoteKind, Seen};

fn account(inventory: &Inventory) -> dekey_model::Resource<'_> {
    inventory.find(&id("Microsoft.Storage/storageAccounts/st")).unwrap()
}

#[test]
fn lists_pages_single_documents_and_lines() {
    let (a, b) = (workspace("a", r#""properties":{}"#), workspace("b", r#""properties":{}"#));
    for text in [
        format!("[{a},{b}]"),
        format!(r#"{{"value":[{a},{b}]}}"#),
        format!(r#"{{"nextLink":null,"value":[{a},{b}],"count":2}}"#),
        format!("{a}\n{b}\n"),
        format!("\u{feff}{a}\r\n\r\n{b}"),
        format!(r#"{{"count":2,"data":[{a},{b}],"skip_token":null,"total_records":2}}"#),
        format!(r#"{{"value":[{a}]}}{{"value":[{b}]}}"#),
        format!(r#"[{{"value":[{a}]}},{{"value":[{b}],"nextLink":null}}]"#),
        format!(r#"[{{"count":1,"data":[{a}]}},{{"count":1,"data":[{b}]}}]"#),
        format!(r#"{{"resources":[{a},{b}]}}"#),
    ] {
        let inventory = inventory(&[("x.json", &text)]);
        assert_eq!(inventory.of_kind(Kind::Workspace).len(), 2, "{text}");
        assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    }
}

#[test]
fn graph_tables() {
    let text = format!(
        r#"{{"totalRecords":1,"count":1,"data":{{"columns":[{{"name":"id","type":"string"}},{{"name":"type","type":"string"}},
        {{"name":"identity","type":"object"}},{{"name":"properties_systemDatastoresAuthMode","type":"string"}}],
        "rows":[["{}","microsoft.machinelearningservices/workspaces",null,"identity"]]}},"facets":[],"resultTruncated":"false"}}"#,
        workspace_id("w")
    );
    let inventory = inventory(&[("t.json", &text)]);
    let workspace = inventory.find(&workspace_id("w")).unwrap();
    assert!(matches!(workspace.identity(), IdentityState::Known(own) if own.is_none()));
    assert_eq!(workspace.text(Field::SystemDatastoresAuthMode), Seen::Value("identity"));
    // Only one property was asked for: the others are not known to be absent.
    assert_eq!(workspace.text(Field::StorageAccount), Seen::NotRead);
    assert_eq!(workspace.pairs(Field::Tags), Seen::NotRead);
}

#[test]
fn az_lifts_properties_to_the_top() {
    let text = format!(
        r#"[{{"allowSharedKeyAccess":null,"id":"{}","identity":{{"type":"None"}},"kind":"StorageV2","name":"st",
        "networkRuleSet":{{"defaultAction":"Allow"}},"resourceGroup":"rg","tags":{{}},"type":"Microsoft.Storage/storageAccounts"}}]"#,
        id("Microsoft.Storage/storageAccounts/st")
    );
    let inventory = inventory(&[("az.json", &text)]);
    assert_eq!(account(&inventory).flag(Field::AllowSharedKeyAccess), Seen::Null);
    assert!(account(&inventory).has_properties());
}

#[test]
fn az_writes_the_type_of_application_insights_in_lower_case() {
    let own = id("microsoft.insights/components/ai");
    let text = format!(
        r#"{{"applicationId":"ai","applicationType":"web","disableLocalAuth":true,"id":"{own}","kind":"web","name":"ai",
        "resourceGroup":"rg","tags":{{}},"type":"microsoft.insights/components"}}"#
    );
    let inventory = inventory(&[("az.json", &text)]);
    assert_eq!(inventory.find(&own).unwrap().flag(Field::DisableLocalAuth), Seen::Value(true));
}

#[test]
fn az_resource_list_leaves_properties_out() {
    let text = format!(
        r#"[{{"changedTime":"2025-01-01","createdTime":"2024-01-01","extendedLocation":null,"id":"{}","identity":null,"kind":"StorageV2",
        "location":"westeurope","managedBy":null,"name":"st","plan":null,"properties":null,"provisioningState":"Succeeded",
        "resourceGroup":"rg","sku":null,"tags":null,"type":"Microsoft.Storage/storageAccounts"}}]"#,
        id("Microsoft.Storage/storageAccounts/st")
    );
    let inventory = inventory(&[("az.json", &text)]);
    assert_eq!(account(&inventory).flag(Field::AllowSharedKeyAccess), Seen::NotRead);
}

#[test]
fn az_role_assignments_groups_and_accounts() {
    let sub = "00000000-0000-0000-0000-000000000001";
    let role = format!(
        r#"{{"id":"/subscriptions/{sub}/providers/Microsoft.Authorization/roleAssignments/r","name":"r","principalId":"p",
        "principalType":"ServicePrincipal","roleDefinitionId":"/x","scope":"/subscriptions/{sub}","type":"Microsoft.Authorization/roleAssignments"}}"#
    );
    let group = format!(
        r#"{{"id":"/subscriptions/{sub}/resourceGroups/rg","location":"x","name":"rg","properties":{{"provisioningState":"Succeeded"}},
        "tags":{{"owner":"ana"}},"type":"Microsoft.Resources/resourceGroups"}}"#
    );
    let account = format!(
        r#"{{"cloudName":"AzureCloud","id":"{sub}","isDefault":true,"name":"Prod","state":"Enabled","tenantId":"t"}}"#
    );
    let inventory = inventory(&[("az.json", &format!("[{role},{group},{account}]"))]);
    assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    let role = inventory.of_kind(Kind::RoleAssignment)[0];
    assert_eq!(inventory.get(role).text(Field::PrincipalId), Seen::Value("p"));
    assert_eq!(inventory.get(role).text(Field::Scope), Seen::Value(format!("/subscriptions/{sub}").as_str()));
    let group = inventory.of_kind(Kind::ResourceGroup)[0];
    assert_eq!(inventory.get(group).pairs(Field::Tags).value().unwrap(), [("owner", "ana")]);
    // `az account list` leaves tags out: that is not the same as none.
    let subscription = inventory.of_kind(Kind::Subscription)[0];
    assert_eq!(inventory.get(subscription).pairs(Field::Tags), Seen::NotRead);
}

#[test]
fn az_ml_in_yaml_and_json() {
    let yaml = format!(
        "id: {}\nname: w\nlocation: westeurope\nidentity:\n  type: system_assigned\n  principal_id: p\nstorage_account: /st\nsystem_datastores_auth_mode: identity\ntags: {{owner: ana}}\n",
        workspace_id("w")
    );
    let datastore = format!(
        r#"[{{"account_name":"st","credentials":{{"account_key":"x"}},"id":"{0}/datastores/d","name":"d","type":"azure_blob"}},
        {{"account_name":"st","credentials":{{}},"id":"{0}/datastores/e","name":"e","type":"azure_file"}}]"#,
        workspace_id("w")
    );
    let inventory = inventory(&[("w.yml", &yaml), ("d.json", &datastore)]);
    assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    let workspace = inventory.find(&workspace_id("w")).unwrap();
    assert!(matches!(workspace.identity(), IdentityState::Known(own) if own.system && !own.user));
    assert_eq!(workspace.text(Field::SystemDatastoresAuthMode), Seen::Value("identity"));
    assert_eq!(workspace.text(Field::KeyVault), Seen::NotRead);
    let credentials = |name: &str| {
        let id = format!("{}/datastores/{name}", workspace_id("w"));
        inventory.find(&id).unwrap().text(Field::CredentialsType).value().map(str::to_owned)
    };
    assert_eq!(credentials("d").as_deref(), Some("AccountKey"));
    // `az ml` leaves secrets out, so an empty block does not say that there is no credential.
    assert_eq!(credentials("e"), None);
}

#[test]
fn az_ml_leaves_some_identities_out() {
    let one = |path: &str, rest: &str| {
        format!(
            r#"{{"id":"{}/{path}","auth_mode":"key","resource_id":"x",{rest}"name":"n"}}"#,
            workspace_id("w")
        )
    };
    let all = [
        one("onlineEndpoints/a", ""),
        one("batchEndpoints/b", ""),
        one("computes/c", r#""type":"amlcompute","#),
        one("computes/d", r#""type":"virtualmachine","#),
    ];
    let inventory = inventory(&[("x.json", &format!("[{}]", all.join(",")))]);
    let shown = |path: &str| {
        let found = inventory.find(&format!("{}/{path}", workspace_id("w"))).unwrap();
        !matches!(found.identity(), IdentityState::NotRead)
    };
    assert!(shown("onlineEndpoints/a") && shown("computes/c"), "az ml would have shown one");
    assert!(!shown("batchEndpoints/b") && !shown("computes/d"));
}

#[test]
fn powershell_exports() {
    let text = format!(
        r#"[{{"Name":"st","ResourceId":"{}","ResourceType":"Microsoft.Storage/storageAccounts","Location":"x","Tags":{{"owner":"ana"}},
        "Properties":{{"allowSharedKeyAccess":false}},"ResourceGroupName":"rg","SubscriptionId":"s"}}]"#,
        id("Microsoft.Storage/storageAccounts/st")
    );
    let inventory = inventory(&[("ps.json", &text)]);
    assert_eq!(account(&inventory).flag(Field::AllowSharedKeyAccess), Seen::Value(false));
}

#[test]
fn resources_nested_in_a_resource_are_read() {
    let registry = id("Microsoft.ContainerRegistry/registries/acr");
    let text = format!(
        r#"[{{"Id":"{registry}","Type":"Microsoft.ContainerRegistry/registries","Properties":{{"adminUserEnabled":true}},"resources":[
            {{"Id":"{registry}/tokens/t","Type":"Microsoft.ContainerRegistry/registries/tokens","Properties":{{"status":"enabled"}},"resources":[
                {{"id":"{registry}/tokens/t/providers/Microsoft.Insights/diagnosticSettings/d","properties":{{}}}}]}},
            {{"name":"nowhere","type":"Microsoft.ContainerRegistry/registries/tokens"}}]}}]"#
    );
    for keep in [Keep::Facts, Keep::Raw] {
        let inventory = inventory_keeping(&[("psrule.json", &text)], keep);
        let own = inventory.find(&registry).unwrap();
        assert_eq!(own.flag(Field::AdminUserEnabled), Seen::Value(true));
        let token = own.children(Kind::RegistryToken).next().unwrap();
        assert_eq!(token.text(Field::TokenStatus), Seen::Value("enabled"));
        assert_eq!(token.children(Kind::DiagnosticSetting).count(), 1);
        // Each is on a line of its own, and the one without an id is named.
        assert!(inventory.resources().all(|resource| !resource.raw().unwrap_or("").contains("resources\"")));
        let [note] = inventory.coverage().notes.as_slice() else {
            panic!("{:?}", inventory.coverage().notes)
        };
        assert!(note.reason.contains("1 of 2 nested resources"), "{note:?}");
    }
}

#[test]
fn a_list_of_something_else_named_resources_is_a_property() {
    let text = format!(
        r#"{{"id":"{}","type":"Microsoft.Storage/storageAccounts","allowSharedKeyAccess":false,"resources":["blob","file"]}}"#,
        id("Microsoft.Storage/storageAccounts/st")
    );
    let inventory = inventory(&[("az.json", &text)]);
    assert_eq!(account(&inventory).flag(Field::AllowSharedKeyAccess), Seen::Value(false));
    assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
}

#[test]
fn what_is_not_an_export_is_named() {
    for (text, word) in [
        (
            r#"{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","resources":[]}"#,
            "template",
        ),
        (r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#, "AuthorizationFailed"),
        (r#"{"terraform_version":"1.11"}"#, "Terraform"),
        (
            r#"[{"type":"Microsoft.Storage/storageAccounts","name":"[parameters('st')]","properties":{}}]"#,
            "template",
        ),
        (r#"{"hello":"world"}"#, "not an ARM resource"),
        (
            r#"{"id":"+subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w","key_vault":"x"}"#,
            "not a resource id",
        ),
        (r"[1]", "a number"),
        ("just some text", "plain text"),
        ("$schema: x\nname: w\ntype: azure_blob\n", "definition"),
    ] {
        let inventory = inventory(&[("x", text)]);
        assert!(inventory.is_empty());
        let notes = &inventory.coverage().notes;
        assert!(
            notes.iter().any(|n| n.kind == NoteKind::NotUnderstood && n.reason.contains(word)),
            "{text}: {notes:?}"
        );
    }
}

#[test]
fn a_manifest_says_what_was_asked() {
    let manifest = r#"{"dekey":"manifest/1","coverage":[{"kind":"connections","scope":"/","outcome":"read"},
        {"kind":"computes","scope":"/","outcome":"refused","reason":"403"}]}"#;
    let inventory =
        inventory(&[("manifest.json", manifest), ("w.json", &workspace("w", r#""properties":{}"#))]);
    let workspace = inventory.find(&workspace_id("w")).unwrap();
    assert_eq!(workspace.children_covered(Kind::Connection), dekey_model::Covered::Yes);
    assert_eq!(workspace.children_covered(Kind::Compute), dekey_model::Covered::Refused("403"));
    assert_eq!(workspace.children_covered(Kind::Datastore), dekey_model::Covered::Unknown);
}

fn datastores(names: &[&str], rest: &str) -> String {
    let one =
        |name: &&str| format!(r#"{{"id":"{}/datastores/{name}","properties":{{}}}}"#, workspace_id("w"));
    format!(r#"{{"value":[{}]{rest}"#, names.iter().map(one).collect::<Vec<_>>().join(","))
}

#[test]
fn a_list_without_its_last_page_is_read_in_part() {
    let covered = |documents: &[&str]| {
        let own = workspace("w", r#""properties":{}"#);
        let mut all = vec![("w.json", own.as_str())];
        all.extend(documents.iter().map(|text| ("page.json", *text)));
        let inventory = inventory(&all);
        let found = inventory.find(&workspace_id("w")).unwrap();
        let in_part = inventory.coverage().in_part(Kind::Datastore, found.id());
        let remarks = inventory.coverage().notes.len();
        // Datastores alone: the list of connections does not break off.
        assert!(!inventory.coverage().in_part(Kind::Connection, found.id()));
        (found.children_covered(Kind::Datastore) == dekey_model::Covered::Yes, in_part, remarks)
    };
    let first = datastores(&["a", "b"], r#","nextLink":"https://x?api-version=2024-10-01&$skip=2"}"#);
    let last = datastores(&["c"], "}");
    let cut = datastores(&["a"], r#",{"id":"#);
    assert_eq!(covered(&[&last]), (true, false, 0));
    assert_eq!(covered(&[&first]), (false, true, 1));
    assert_eq!(covered(&[&cut]), (false, true, 1));
    assert_eq!(covered(&[&first, &last]), (true, false, 1));
    assert_eq!(covered(&[&last, &first]), (true, false, 1));
    assert_eq!(covered(&[&format!("{first}\n{last}")]), (true, false, 0), "pages in one file");
    // A manifest of the whole subscription knows less of this list than the list itself.
    let manifest =
        r#"{"dekey":"manifest/1","coverage":[{"kind":"datastores","scope":"/","outcome":"read"}]}"#;
    assert_eq!(covered(&[manifest, &first]), (false, true, 1));
    let manifest = manifest.replace(r#""read""#, r#""read in part""#);
    assert_eq!(covered(&[&manifest, &last]), (false, true, 0), "snapshots keep it in their manifest");
}

#[test]
fn only_the_list_that_breaks_off_is_read_in_part() {
    let connections =
        format!(r#"{{"value":[{{"id":"{}/connections/c","properties":{{}}}}"#, workspace_id("w"));
    let in_part = |text: &str| {
        let own = workspace("w", r#""properties":{}"#);
        let inventory = inventory(&[("w.json", own.as_str()), ("lists.json", text)]);
        let found = inventory.find(&workspace_id("w")).unwrap();
        [Kind::Datastore, Kind::Connection].map(|kind| inventory.coverage().in_part(kind, found.id()))
    };
    let first = datastores(&["a"], r#","nextLink":"https://x?$skip=2"}"#);
    let last = datastores(&["b"], "}");
    assert_eq!(in_part(&format!("{last}\n{connections}]}}")), [false, false]);
    assert_eq!(in_part(&format!("{last}\n{connections},")), [false, true], "the second breaks off");
    assert_eq!(in_part(&format!("{first}\n{connections}]}}")), [true, false], "the first names a next page");
    assert_eq!(in_part(&format!("{first}\n{connections}]}}\n{last}")), [false, false], "and that comes last");
    let odd = datastores(&["a"], "}").replace("}]", r#"},{"id":1,,}]"#);
    assert_eq!(in_part(&format!("{odd}\n{connections}]}}")), [true, false], "one of the first is malformed");
}

#[test]
fn a_resource_by_itself_says_nothing_of_those_beside_it() {
    let own = workspace("w", r#""properties":{}"#);
    let one = format!(r#"{{"id":"{}/datastores/a","properties":{{}}}}"#, workspace_id("w"));
    let yaml = format!("id: {}/datastores/a\nproperties: {{}}\n", workspace_id("w"));
    let covered = |text: &str, manifest: &str| {
        let inventory = inventory(&[("w.json", own.as_str()), ("one", text), ("manifest.json", manifest)]);
        let found = inventory.find(&workspace_id("w")).unwrap();
        found.children_covered(Kind::Datastore) == dekey_model::Covered::Yes
    };
    let read = r#"{"dekey":"manifest/1","coverage":[{"kind":"datastores","scope":"/","outcome":"read"}]}"#;
    assert!(!covered(&one, ""));
    assert!(covered(&one, read), "a manifest knows better");
    assert!(covered(&format!("[{one}]"), ""), "a list of one");
    assert!(covered(&format!("{one}\n{one}"), ""), "lines");
    assert!(!covered(&yaml, ""));
    assert!(covered(&format!("- {}", yaml.replace('\n', "\n  ")), ""));
}

#[test]
fn an_id_of_azure_machine_learning_alone_is_no_output_of_az_ml() {
    let setting = id(
        "Microsoft.MachineLearningServices/workspaces/w/providers/Microsoft.Insights/diagnosticSettings/d",
    );
    for own in [workspace_id("w"), id("Microsoft.MachineLearningServices/odd"), setting] {
        let inventory = inventory(&[("x.json", &format!(r#"{{"id":"{own}","tags":{{}}}}"#))]);
        assert!(!inventory.find(&own).unwrap().has_properties(), "{own}");
        assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    }
}
