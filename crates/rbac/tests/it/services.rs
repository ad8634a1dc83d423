//! Key vaults, registries and storage accounts, each with a way of its own.

use dekey_intake::{Keep, read_into};
use dekey_model::Builder;
use dekey_rbac::{
    Action, Actions, Answer, Assignment, Completeness, Engine, Gap, List, Lock, PrincipalType, Target,
    Tenant, catalogue, is_known_at,
};
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers";
const SECRET: &str = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

/// An engine in which everything was read, for some grants on everything.
fn engine(grants: &[(&str, &str)], mentioned: &[&str]) -> Engine {
    let assignment = |(principal, role): &(&str, &str)| Assignment {
        id: "a".into(),
        principal: (*principal).to_owned().into(),
        principal_type: PrincipalType::ServicePrincipal,
        role: (*role).to_owned().into(),
        scope: "/".into(),
        ..Assignment::default()
    };
    let lists = [List::Assignments, List::Denials, List::Ancestors];
    let tenant = Tenant {
        roles: catalogue::roles(),
        assignments: grants.iter().map(assignment).collect(),
        read: lists.map(|list| (list, "/".to_owned(), Completeness::Whole)).to_vec(),
        groups_read: Completeness::Whole,
        ..Tenant::default()
    };
    let mut builder = Engine::builder(catalogue::actions());
    builder.tenant(&tenant);
    for id in mentioned {
        builder.mention(id);
    }
    builder.finish()
}

fn target(kind: &str, name: &str, version: &str, properties: &Value) -> Target {
    let id = format!("{GROUP}/{kind}/{name}");
    let document = json!({ "id": id, "type": kind, "apiVersion": version, "properties": properties });
    let mut builder = Builder::new();
    read_into(&mut builder, "x.json", &mut document.to_string().as_bytes(), Keep::Facts).unwrap();
    let inventory = builder.finish();
    Target::of(inventory.find(&id).unwrap())
}

fn vault(properties: &Value) -> Target {
    target("Microsoft.KeyVault/vaults", "kv", "2023-07-01", properties)
}

fn policies() -> Value {
    json!([
        { "objectId": "Mi", "tenantId": "t", "permissions": { "secrets": ["Get", "list"], "keys": [] } },
        { "objectId": "all", "permissions": { "secrets": ["all"] } },
        { "objectId": "app", "applicationId": "08d4c71a-cc63-4ce4-a9c8-5dd251b4d619", "permissions": { "secrets": ["get"] } },
    ])
}

const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

#[test]
fn a_vault_follows_policies_or_roles_never_both() {
    let engine = engine(&[("rbac", SECRETS_USER), ("rich", CONTRIBUTOR)], &["mi", "all", "app"]);
    let answer = |target: &Target, who: &str, action: &str| {
        engine.may(engine.principal(who), &Action::data(action), target, NOW).answer()
    };
    let by_policy = vault(&json!({ "accessPolicies": policies(), "enableRbacAuthorization": null }));
    let set = "Microsoft.KeyVault/vaults/secrets/setSecret/action";
    let purge = "Microsoft.KeyVault/vaults/secrets/purge/action";
    for (who, action, expected) in [
        ("mi", SECRET, Answer::Allowed),
        ("mi", set, Answer::Denied),
        ("all", set, Answer::Allowed),
        ("all", purge, Answer::Denied),
        ("app", SECRET, Answer::Conditional),
        ("rbac", SECRET, Answer::Denied),
    ] {
        assert_eq!(answer(&by_policy, who, action), expected, "{who} {action}");
    }
    let by_role = vault(&json!({ "accessPolicies": policies(), "enableRbacAuthorization": true }));
    assert_eq!(answer(&by_role, "mi", SECRET), Answer::Denied);
    assert_eq!(answer(&by_role, "rbac", SECRET), Answer::Allowed);
    let odd = vault(&json!({ "accessPolicies": policies(), "enableRbacAuthorization": "perhaps" }));
    let decision = engine.may(engine.principal("mi"), &Action::data(SECRET), &odd, NOW);
    assert_eq!((decision.answer(), decision.gaps), (Answer::Unknown, vec![Gap::Settings(odd.id.clone())]));
    assert_eq!(answer(&odd, "nobody", SECRET), Answer::Denied, "neither way");
    let reason = &engine.may(engine.principal("mi"), &Action::data(SECRET), &by_policy, NOW).because[0];
    assert_eq!((reason.role_name.as_str(), reason.pattern.as_str()), ("access policy", "secrets/get"));
}

#[test]
fn groups_of_policies_that_nobody_read_are_gaps() {
    let lists = [List::Assignments, List::Denials, List::Ancestors];
    let mut builder = Engine::builder(Actions::default());
    builder.mention("mi");
    for list in lists {
        builder.read(list, "/", Completeness::Whole);
    }
    let engine = builder.finish();
    let target = vault(&json!({ "accessPolicies": policies() }));
    let decision = engine.may(None, &Action::data(SECRET), &target, NOW);
    assert_eq!((decision.answer(), decision.gaps), (Answer::Unknown, vec![Gap::Members("Mi".to_owned())]));
}

#[test]
fn a_registry_has_one_of_two_kinds_of_roles() {
    let engine = engine(&[("old", ACR_PULL), ("new", REPOSITORY_READER)], &[]);
    let pull = Action::control("Microsoft.ContainerRegistry/registries/pull/read");
    let read = Action::data("Microsoft.ContainerRegistry/registries/repositories/content/read");
    let registry = |version: &str, properties: Value| {
        target("Microsoft.ContainerRegistry/registries", "acr", version, &properties)
    };
    let answers = |target: &Target| {
        [("old", &pull), ("new", &read)]
            .map(|(who, action)| engine.may(engine.principal(who), action, target, NOW).answer())
    };
    let by_repository = registry("2025-04-01", json!({ "roleAssignmentMode": "AbacRepositoryPermissions" }));
    assert_eq!(answers(&by_repository), [Answer::Denied, Answer::Allowed]);
    let old = registry("2025-04-01", json!({ "adminUserEnabled": false }));
    assert_eq!(answers(&old), [Answer::Allowed, Answer::Denied]);
    let unsaid = registry("2023-01-01", json!({}));
    assert_eq!(answers(&unsaid), [Answer::Unknown, Answer::Unknown]);
    assert_eq!(engine.may(None, &pull, &unsaid, NOW).answer(), Answer::Denied, "in either mode");
}

/// One by one or all at once, the answers are the same; and what has no effect is no excess.
#[test]
fn all_at_once_is_as_the_service_sees_it() {
    let grants =
        [("old", ACR_PULL), ("new", REPOSITORY_READER), ("rbac", SECRETS_USER), ("rich", CONTRIBUTOR)];
    let engine = engine(&grants, &["mi", "all", "app"]);
    let of_vault =
        |own: Value| vault(&json!({ "accessPolicies": policies(), "enableRbacAuthorization": own }));
    let of_registry = |version: &str, own: Value| {
        target(
            "Microsoft.ContainerRegistry/registries",
            "acr",
            version,
            &json!({ "roleAssignmentMode": own }),
        )
    };
    let targets = [
        of_vault(json!(true)),
        of_vault(json!(false)),
        of_vault(json!("perhaps")),
        of_registry("2025-04-01", json!("AbacRepositoryPermissions")),
        of_registry("2025-04-01", json!("LegacyRegistryPermissions")),
        of_registry("2023-01-01", Value::Null),
    ];
    let names = grants.iter().map(|own| own.0).chain(["mi", "all", "app", "nobody"]);
    for (who, target) in names.flat_map(|who| targets.iter().map(move |target| (who, target))) {
        let who = engine.principal(who);
        let all = engine.effective_on(who, target, NOW);
        for (ix, action) in engine.actions().iter() {
            let sets = [&all.allowed, &all.conditional, &all.unknown].map(|own| own.contains(ix));
            let expected = match engine.may(who, action, target, NOW).answer() {
                Answer::Allowed => [true, false, false],
                Answer::Conditional => [false, true, false],
                Answer::Unknown => [false, false, true],
                Answer::Denied => [false; 3],
            };
            assert_eq!(sets, expected, "{action} on {}", target.id);
        }
    }
    let excess = |who: &str, target: &Target| {
        let own = engine.excess(engine.principal(who), &[], target, NOW).beyond;
        own.iter().filter(|ix| engine.actions().get(*ix).unwrap().name() == SECRET).count()
    };
    assert_eq!([excess("rbac", &targets[0]), excess("rbac", &targets[1])], [1, 0]);
    assert_eq!([excess("mi", &targets[0]), excess("mi", &targets[1])], [0, 1]);
}

#[test]
fn whoever_gets_the_keys_reads_everything() {
    let engine = engine(&[("rich", CONTRIBUTOR), ("poor", ACR_PULL)], &[]);
    let account =
        |properties: Value| target("Microsoft.Storage/storageAccounts", "st", "2024-01-01", &properties);
    let doors = |who: &str, target: &Target| {
        let found = engine.doors(engine.principal(who), target, NOW);
        found
            .iter()
            .map(|(door, lock, _)| (door.action.rsplit('/').nth(1).unwrap(), *lock))
            .collect::<Vec<_>>()
    };
    let keys = ["listKeys", "regeneratekey", "ListAccountSas", "listServiceSas"];
    // `null` is on.
    let open = account(json!({ "allowSharedKeyAccess": null }));
    assert_eq!(doors("rich", &open), keys.map(|own| (own, Lock::Open)));
    assert_eq!(doors("poor", &open), []);
    assert_eq!(doors("rich", &account(json!({ "allowSharedKeyAccess": false }))), []);
    let odd = account(json!({ "allowSharedKeyAccess": 1 }));
    assert_eq!(doors("rich", &odd), keys.map(|own| (own, Lock::Unknown)));
    // A contributor has no role on the data, and gives itself a policy.
    let decision = engine.may(
        engine.principal("rich"),
        &Action::data(SECRET),
        &vault(&json!({ "accessPolicies": [] })),
        NOW,
    );
    assert_eq!(decision.answer(), Answer::Denied);
    assert_eq!(
        doors("rich", &vault(&json!({ "accessPolicies": [] }))),
        [("accessPolicies", Lock::Open), ("vaults", Lock::Open)]
    );
    let workspace = target("Microsoft.MachineLearningServices/workspaces", "ws", "2024-10-01", &json!({}));
    assert_eq!(doors("rich", &workspace).len(), 7);
}

/// Whoever has every role that there is may not do what a service disregards roles for; for everything else roles count.
#[test]
fn what_disregards_roles_permits_nothing_by_them() {
    let ids: Vec<String> = catalogue::roles().into_iter().map(|own| own.id).collect();
    let grants: Vec<(&str, &str)> = ids.iter().map(|id| ("rich", id.as_str())).collect();
    let engine = engine(&grants, &[]);
    let registry = |mode: &str| {
        let kind = "Microsoft.ContainerRegistry/registries";
        target(kind, "cr", "2025-11-01", &json!({ "roleAssignmentMode": mode }))
    };
    for (on, disregarded) in [
        (vault(&json!({ "accessPolicies": [], "enableRbacAuthorization": false })), true),
        (vault(&json!({ "accessPolicies": [], "enableRbacAuthorization": true })), false),
        (registry("AbacRepositoryPermissions"), true),
        (registry("LegacyRegistryPermissions"), true),
    ] {
        let mut met = false;
        let actions = catalogue::actions();
        for (_, action) in actions.iter().filter(|(_, own)| is_known_at(own, &on.id)) {
            let answer = engine.may(engine.principal("rich"), action, &on, NOW).answer();
            let told = on.service.disregards_roles(action);
            met |= told.is_some();
            assert!(told.is_none() || answer == Answer::Denied, "{action}: {told:?}");
        }
        assert_eq!(met, disregarded, "{}", on.id);
    }
}
