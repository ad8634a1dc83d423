//! The least that suffices: against every choice on small tenants, and against Microsoft's own tables on real roles.

use crate::roles::dump;
use dekey_rbac::{
    Action, Actions, Answer, Asked, Assignment, Completeness, Danger, Engine, Least, List, Menu, Need,
    Permission, PickedRole, Plan, PrincipalType, Question, Role, RoleDefinition, Service, Target, Tenant,
    Use, catalogue, is_known_at, minimise, policy_permission,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const RG: &str = "/subscriptions/s/resourceGroups/rg";
const STORAGE: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st";
const OTHER: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/other";
const VAULT: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv";
const REGISTRY: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acr";

fn target(id: &str, service: Service) -> Target {
    Target { id: id.to_owned(), service }
}

fn storage(id: &str) -> Target {
    target(id, Service::Storage { shared_keys: Some(false) })
}

fn vault() -> Target {
    target(VAULT, Service::Vault { rbac: Some(true), policies: Some(Vec::new()) })
}

fn registry(by_repository: bool) -> Target {
    target(REGISTRY, Service::Registry { by_repository: Some(by_repository), admin_user: Some(false) })
}

/// The roles that are picked, and where.
fn names(plan: &Plan) -> Vec<(String, String)> {
    let name = |role: &PickedRole| match role {
        PickedRole::Existing { name, .. } => name.clone(),
        PickedRole::Custom(_) => "custom".to_owned(),
    };
    let mut all: Vec<_> = plan.picks.iter().map(|pick| (name(&pick.role), pick.scope.clone())).collect();
    all.sort();
    all
}

fn least(roles: &[RoleDefinition], uses: &[(Use, Target)], custom: Option<u64>) -> Plan {
    let actions = catalogue::actions();
    let roles: Vec<Role> = roles.iter().map(|own| Role::new(own, &actions)).collect();
    let needs: Vec<Need> = uses.iter().flat_map(|(own, on)| own.needs(on).unwrap()).collect();
    let mut scopes: Vec<String> = uses.iter().map(|(_, on)| on.id.clone()).chain([RG.to_owned()]).collect();
    scopes.sort();
    scopes.dedup();
    let menu = Menu {
        roles: &roles,
        actions: &actions,
        scopes: &scopes,
        around: &[],
        assignment: 2,
        custom,
        most: 100_000,
    };
    match minimise(&needs, &menu) {
        Least::Proven(plan) => {
            assert!(plan.is_proven());
            plan
        }
        other => panic!("{other:?}"),
    }
}

/// What Microsoft's tables name for each use.
const DOCUMENTED: &[(Use, &str, &[&str])] = &[
    (Use::ReadBlobs, STORAGE, &["Storage Blob Data Reader"]),
    (Use::WriteBlobs, STORAGE, &["Storage Blob Data Contributor"]),
    (Use::ReadFiles, STORAGE, &["Storage File Data Privileged Reader"]),
    (Use::WriteFiles, STORAGE, &["Storage File Data Privileged Contributor"]),
    (Use::TablesAndQueues, STORAGE, &["Storage Queue Data Contributor", "Storage Table Data Contributor"]),
    (Use::ReadSecrets, VAULT, &["Key Vault Secrets User"]),
    (Use::KeepSecrets, VAULT, &["Key Vault Secrets Officer"]),
    (Use::PullImages, REGISTRY, &["AcrPull"]),
    (Use::PushImages, REGISTRY, &["AcrPush"]),
];

fn on(scope: &str) -> Target {
    match scope {
        VAULT => vault(),
        REGISTRY => registry(false),
        _ => storage(scope),
    }
}

#[test]
fn documented_scenarios_by_the_roles_that_come_with_the_project() {
    let roles = catalogue::roles();
    for (own, scope, expected) in DOCUMENTED {
        let expected: Vec<_> =
            expected.iter().map(|name| ((*name).to_owned(), (*scope).to_owned())).collect();
        assert_eq!(names(&least(&roles, &[(*own, on(scope))], None)), expected, "{own:?}");
    }
    let by_repository = |own| names(&least(&roles, &[(own, registry(true))], None));
    assert_eq!(by_repository(Use::PullImages)[0].0, "Container Registry Repository Reader");
    assert_eq!(by_repository(Use::PushImages)[0].0, "Container Registry Repository Writer");
    // In a vault of access policies it is a permission instead of a role.
    let secrets = Use::ReadSecrets.needs(&vault()).unwrap();
    assert_eq!(
        secrets.iter().map(|need| policy_permission(&need.action)).collect::<Vec<_>>(),
        [Some("secrets/get")]
    );
}

/// Where a role among all built-in ones permits less than the one that the tables name, and why it is not the one to take.
const NARROWER: &[(Use, &str, &str)] = &[(
    Use::WriteBlobs,
    "CosmosDB Fleet Analytics Storage Data Writer",
    "made for another service, which may change it: no deleting of containers, no moving of blobs, no delegation keys",
)];

#[test]
fn documented_scenarios_by_all_built_in_roles() {
    let Some((_, roles)) = dump() else { return };
    for (own, scope, expected) in DOCUMENTED {
        let plan = least(&roles, &[(*own, on(scope))], None);
        let found: Vec<String> = names(&plan).into_iter().map(|pair| pair.0).collect();
        let narrower: Vec<&str> = NARROWER.iter().filter(|row| row.0 == *own).map(|row| row.1).collect();
        assert_eq!(found, if narrower.is_empty() { expected } else { narrower.as_slice() }, "{own:?}");
    }
}

#[test]
fn a_whole_workspace_and_a_custom_role_that_is_strictly_better() {
    let roles = catalogue::roles();
    let uses = [
        (Use::WriteBlobs, storage(STORAGE)),
        (Use::WriteFiles, storage(STORAGE)),
        (Use::ReadBlobs, storage(OTHER)),
        (Use::KeepSecrets, vault()),
        (Use::PullImages, registry(false)),
    ];
    let plan = least(&roles, &uses, None);
    let expected = [
        ("AcrPull", REGISTRY),
        ("Key Vault Secrets Officer", VAULT),
        ("Storage Blob Data Contributor", STORAGE),
        ("Storage Blob Data Reader", OTHER),
        ("Storage File Data Privileged Contributor", STORAGE),
    ];
    assert_eq!(names(&plan), expected.map(|(name, scope)| (name.to_owned(), scope.to_owned())));
    // AcrPull permits what is needed and nothing else: no custom role can be better there.
    let with_custom = least(&roles, &uses, Some(5));
    assert!(with_custom.cost < plan.cost);
    assert!(names(&with_custom).contains(&("AcrPull".to_owned(), REGISTRY.to_owned())));
    assert!(names(&with_custom).contains(&("custom".to_owned(), VAULT.to_owned())));
    // Where having one costs more than the excess, there is none.
    assert_eq!(names(&least(&roles, &uses, Some(10_000))), names(&plan));
}

#[test]
fn what_no_role_permits_is_said() {
    let actions = catalogue::actions();
    let needs = [Need {
        action: Action::data("Microsoft.Nothing/at/all"),
        scope: STORAGE.to_owned(),
        purpose: Use::ReadBlobs,
    }];
    let scopes = [STORAGE.to_owned()];
    let roles: Vec<Role> = catalogue::roles().iter().map(|own| Role::new(own, &actions)).collect();
    let menu = Menu {
        roles: &roles,
        actions: &actions,
        scopes: &scopes,
        around: &[],
        assignment: 1,
        custom: None,
        most: 100,
    };
    assert_eq!(minimise(&needs, &menu), Least::Impossible(vec![0]));
    assert_eq!(
        Use::PullImages.needs(&target(REGISTRY, Service::Registry { by_repository: None, admin_user: None })),
        None
    );
}

const NAMES: [&str; 5] = ["read", "write", "delete", "listKeys/action", "blobServices/read"];

fn action(name: &str) -> Action {
    Action::control(&format!("Microsoft.Storage/storageAccounts/{name}"))
}

fn small_roles() -> impl Strategy<Value = Vec<RoleDefinition>> {
    let role = prop::sample::subsequence(NAMES.to_vec(), 1..4);
    prop::collection::vec(role, 1..4).prop_map(|all| {
        let numbered = all.into_iter().zip(0..);
        numbered
            .map(|(names, ix)| RoleDefinition {
                id: format!("r{ix}"),
                name: format!("r{ix}"),
                permissions: vec![Permission {
                    actions: names.iter().map(|own| action(own).name().to_owned()).collect(),
                    ..Permission::default()
                }],
                ..RoleDefinition::default()
            })
            .collect()
    })
}

/// Whether assignments meet every need: what the engine says.
fn suffices(roles: &[RoleDefinition], picks: &[(&RoleDefinition, &str)], needs: &[Need]) -> bool {
    let assignments = picks.iter().map(|(role, scope)| Assignment {
        id: "a".into(),
        principal: "p".into(),
        principal_type: PrincipalType::User,
        role: role.id.clone().into(),
        scope: (*scope).to_owned().into(),
        ..Assignment::default()
    });
    let lists = [List::Assignments, List::Denials, List::Ancestors];
    let tenant = Tenant {
        roles: roles.to_vec(),
        assignments: assignments.collect(),
        read: lists.map(|list| (list, "/".to_owned(), Completeness::Whole)).to_vec(),
        groups_read: Completeness::Whole,
        ..Tenant::default()
    };
    let engine = Engine::new(&tenant, Actions::default());
    needs.iter().all(|need| {
        let place = engine.place(&need.scope);
        let question = Question::new(
            engine.principal("p"),
            Asked::Any(&need.action),
            place,
            jiff::Timestamp::UNIX_EPOCH,
        );
        engine.answer(&question) == Answer::Allowed
    })
}

/// What assignments cost, counted the obvious way.
fn cost(picks: &[(&RoleDefinition, &str)], needs: &[Need]) -> u64 {
    let mut beyond = BTreeSet::new();
    for (role, scope) in picks {
        for place in [STORAGE, OTHER, RG].into_iter().filter(|place| place.starts_with(scope)) {
            // A resource counts when it is needed, or when the role is assigned right there.
            if place != *scope && !needs.iter().any(|need| need.scope == place) {
                continue;
            }
            for own in NAMES
                .map(action)
                .iter()
                .filter(|own| role.permissions[0].actions.contains(&own.name().to_owned()))
            {
                let is_needed = needs.iter().any(|need| need.action == *own && need.scope == place);
                if !is_needed && is_known_at(own, place) {
                    beyond.insert((own.clone(), place));
                }
            }
        }
    }
    picks.len() as u64 * 2 + beyond.iter().map(|(own, _)| Danger::of(own).weight()).sum::<u64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No choice among all there are meets the needs for less, and this one meets them, says the engine.
    #[test]
    fn equals_brute_force(
        roles in small_roles(),
        needed in prop::sample::subsequence(NAMES.iter().flat_map(|own| [(*own, STORAGE), (*own, OTHER)]).collect::<Vec<_>>(), 1..4),
    ) {
        let actions: Actions = NAMES.iter().map(|own| action(own)).collect();
        let needs: Vec<Need> = needed
            .iter()
            .map(|(own, scope)| Need { action: action(own), scope: (*scope).to_owned(), purpose: Use::ReadBlobs })
            .collect();
        let compiled: Vec<Role> = roles.iter().map(|own| Role::new(own, &actions)).collect();
        let scopes = [STORAGE.to_owned(), OTHER.to_owned(), RG.to_owned()];
        let menu = Menu { roles: &compiled, actions: &actions, scopes: &scopes, around: &[], assignment: 2, custom: None, most: 100_000 };
        let offers: Vec<(&RoleDefinition, &str)> =
            roles.iter().flat_map(|role| scopes.iter().map(move |scope| (role, scope.as_str()))).collect();
        let choices = (0u32..1 << offers.len()).map(|bits| {
            offers.iter().enumerate().filter(|(ix, _)| bits >> ix & 1 == 1).map(|(_, own)| *own).collect::<Vec<_>>()
        });
        // The engine is asked about few enough: what costs more than the best so far need not be.
        let mut best: Option<u64> = None;
        for picks in choices {
            let own = cost(&picks, &needs);
            if best.is_none_or(|best| own < best) && suffices(&roles, &picks, &needs) {
                best = Some(own);
            }
        }
        match minimise(&needs, &menu) {
            Least::Proven(plan) => {
                prop_assert_eq!(Some(plan.cost), best);
                prop_assert!(plan.is_proven());
                let picked: Vec<(&RoleDefinition, &str)> = plan.picks.iter().map(|pick| {
                    let PickedRole::Existing { id, .. } = &pick.role else { panic!() };
                    (roles.iter().find(|own| own.id == *id).unwrap(), pick.scope.as_str())
                }).collect();
                prop_assert!(suffices(&roles, &picked, &needs));
                prop_assert_eq!(cost(&picked, &needs), plan.cost);
            }
            Least::Impossible(_) => prop_assert_eq!(best, None),
            Least::GaveUp => prop_assert!(false),
        }
    }
}
