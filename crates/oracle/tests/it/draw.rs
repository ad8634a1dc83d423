//! Random tenants and questions: few names, so that they meet.

use dekey_oracle::Facts;
use dekey_rbac::condition::{self, Known, Source, Value};
use dekey_rbac::{
    Action, Assignment, Completeness, DenyAssignment, EVERYONE, Group, List, Permission, PrincipalType,
    RoleDefinition, Standing, Tenant,
};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const PRINCIPALS: [&str; 8] = ["p0", "P1", "p2", "nobody", "g0", "G1", "g2", "g3"];
const ROLES: [&str; 5] = ["r0", "r1", "r2", "r3", "unread"];

const SCOPES: [&str; 16] = [
    "/",
    "/providers/Microsoft.Management/managementGroups/top",
    "/providers/Microsoft.Management/managementGroups/left",
    "/providers/Microsoft.Management/managementGroups/right",
    "/subscriptions/s1",
    "/subscriptions/S2",
    "/subscriptions/s3/",
    "/subscriptions/s1/resourceGroups/rg",
    "/subscriptions/s1/resourcegroups/RG/providers/Microsoft.Storage/storageAccounts/st",
    "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st2",
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st/blobServices/default/containers/c",
    "/subscriptions/s2/resourceGroups/rg",
    "/subscriptions/s2/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv",
    "/subscriptions/s3/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv",
    "/subscriptions/s4",
    "/providers/Microsoft.Other/things/x",
];

const CONTROL: [&str; 6] = [
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Storage/read",
];
const DATA: [&str; 3] = [
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
];

const PATTERNS: [&str; 19] = [
    "*",
    "*/read",
    "*/write ",
    "Microsoft.Storage/*",
    "microsoft.storage/*/READ",
    "Microsoft.*/*s/read",
    "*/storageAccounts/*",
    "*blob*",
    "Microsoft.Storage/storageAccounts/*/read",
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/listkeys/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*",
    "Microsoft.KeyVault/*",
    "*/action",
    "Microsoft.Authorization/*/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Storage/*/storageAccounts/*/read",
    "a*a*a",
    "",
];

const ATTRIBUTES: [&str; 4] =
    ["@Resource[a:name]", "@Request[b]", "@Principal[c:d]", "@Environment[isPrivateLink]"];
const VALUES: [&str; 6] = ["'x'", "'X'", "'xy'", "'1'", "'2'", "'08d4c71a-cc63-4ce4-a9c8-5dd251b4d619'"];
const OPERATORS: [&str; 12] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringStartsWith",
    "StringNotStartsWithIgnoreCase",
    "StringLikeIgnoreCase",
    "NumericEquals",
    "NumericLessThan",
    "NumericGreaterThanEquals",
    "NumericNotEquals",
    "GuidEquals",
    "GuidNotEquals",
];
const EACH: [&str; 6] =
    ["", "", "ForAnyOfAnyValues:", "ForAllOfAnyValues:", "ForAnyOfAllValues:", "ForAllOfAllValues:"];

fn texts(from: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(select(from), 0..=most).prop_map(|all| all.into_iter().map(str::to_owned).collect())
}

fn leaf() -> impl Strategy<Value = String> {
    let values = prop::collection::vec(select(&VALUES), 1..3)
        .prop_map(|all| if all.len() == 1 { all[0].to_owned() } else { format!("{{{}}}", all.join(", ")) });
    let right = prop_oneof![3 => values, 1 => select(&ATTRIBUTES).prop_map(str::to_owned)];
    prop_oneof![
        3 => select(&PATTERNS[..18]).prop_map(|own| format!("ActionMatches{{'{own}'}}")),
        1 => Just("SubOperationMatches{'Blob.*'}".to_owned()),
        1 => select(&ATTRIBUTES).prop_map(|own| format!("Exists {own}")),
        4 => (select(&ATTRIBUTES), select(&EACH), select(&OPERATORS), right)
            .prop_map(|(left, each, operator, right)| format!("{left} {each}{operator} {right}")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    leaf().prop_recursive(3, 8, 3, |inner| {
        let link = select(&["AND", "OR", "&&", "||"]);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 2..4), link)
                .prop_map(|(all, link)| format!("({})", all.join(&format!(" {link} ")))),
            inner.clone().prop_map(|own| format!("!({own})")),
            inner.prop_map(|own| format!("NOT {own}")),
        ]
    })
}

/// Mostly none; sometimes one that nobody can read.
fn conditions() -> impl Strategy<Value = Option<String>> {
    prop_oneof![30 => Just(None), 18 => condition().prop_map(Some), 1 => Just(Some("@Resource[a".to_owned()))]
}

fn permission() -> impl Strategy<Value = Permission> {
    let lists = (texts(&PATTERNS, 4), texts(&PATTERNS, 1), texts(&PATTERNS, 4), texts(&PATTERNS, 1));
    (lists, conditions()).prop_map(|((actions, not_actions, data_actions, not_data_actions), condition)| {
        Permission { actions, not_actions, data_actions, not_data_actions, condition }
    })
}

fn roles() -> impl Strategy<Value = Vec<RoleDefinition>> {
    prop::collection::vec(prop::collection::vec(permission(), 0..3), 4).prop_map(|all| {
        let named = all.into_iter().zip(ROLES);
        named
            .map(|(permissions, name)| RoleDefinition {
                id: format!("/providers/Microsoft.Authorization/roleDefinitions/{}", name.to_uppercase()),
                name: name.to_owned(),
                permissions,
                ..RoleDefinition::default()
            })
            .collect()
    })
}

pub(crate) fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}

fn assignment(to: &'static [&'static str]) -> impl Strategy<Value = Assignment<'static>> {
    let time = || prop_oneof![9 => Just(None), 1 => (0i64..4).prop_map(Some)];
    let types = select(&[
        PrincipalType::Unsaid,
        PrincipalType::User,
        PrincipalType::Group,
        PrincipalType::ServicePrincipal,
    ]);
    let standing = prop_oneof![8 => Just(Standing::Active), 1 => Just(Standing::Eligible)];
    let role = prop_oneof![60 => select(&ROLES[..4]), 1 => Just(ROLES[4])];
    (select(to), types, role, select(&SCOPES), conditions(), standing, time(), time()).prop_map(
        |(principal, principal_type, role, scope, condition, standing, from, until)| Assignment {
            id: "a".into(),
            principal: principal.into(),
            principal_type,
            role: role.into(),
            scope: scope.into(),
            condition: condition.map(Into::into),
            standing,
            from: from.map(second),
            until: until.map(second),
        },
    )
}

fn denial() -> impl Strategy<Value = DenyAssignment> {
    let principals = prop_oneof![
        1 => Just(vec![EVERYONE.to_owned()]),
        2 => texts(&PRINCIPALS, 2),
    ];
    let rest = (select(&SCOPES), any::<bool>(), conditions());
    (prop::collection::vec(permission(), 1..3), principals, texts(&PRINCIPALS, 2), rest).prop_map(
        |(permissions, principals, excluded, (scope, this_scope_only, condition))| DenyAssignment {
            id: "d".to_owned(),
            name: "d".to_owned(),
            scope: scope.to_owned(),
            this_scope_only,
            permissions,
            principals,
            excluded,
            condition,
        },
    )
}

/// Members may be groups, in circles.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let group = (texts(&PRINCIPALS, 3), prop::bool::weighted(0.95));
    prop::collection::vec(group, 0..4).prop_map(|all| {
        let named = all.into_iter().zip(&PRINCIPALS[4..]);
        named.map(|((members, is_whole), id)| Group { id: (*id).to_owned(), members, is_whole }).collect()
    })
}

fn completeness() -> impl Strategy<Value = Completeness> {
    prop_oneof![
        24 => Just(Completeness::Whole),
        1 => Just(Completeness::Assumed),
        1 => Just(Completeness::Missing("refused".to_owned())),
        1 => Just(Completeness::NotRead),
    ]
}

/// How much was read: at the root, and of some lists at some other scopes.
fn read() -> impl Strategy<Value = Vec<(List, String, Completeness)>> {
    let lists = [List::Assignments, List::Denials, List::Ancestors];
    let all: Vec<(List, String)> = lists
        .iter()
        .flat_map(|list| SCOPES[1..13].iter().map(|scope| (*list, (*scope).to_owned())))
        .collect();
    let some = subsequence(all, 0..3);
    (prop::collection::vec(completeness(), 6), some).prop_map(move |(mut all, some)| {
        let root = lists.iter().map(|list| (*list, "/".to_owned()));
        root.chain(some).filter_map(|(list, scope)| Some((list, scope, all.pop()?))).collect()
    })
}

pub(crate) fn tenant() -> impl Strategy<Value = Tenant> {
    let chain = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let ancestors = vec![
        ("/subscriptions/S1".to_owned(), chain(&["left", "top"])),
        (
            "/subscriptions/s2".to_owned(),
            chain(&["/providers/Microsoft.Management/managementGroups/RIGHT", "top"]),
        ),
        ("/subscriptions/s4".to_owned(), chain(&["top"])),
    ];
    let ancestors = prop_oneof![1 => subsequence(ancestors.clone(), 0..=3), 4 => Just(ancestors)];
    let assignments = prop_oneof![
        4 => prop::collection::vec(assignment(&PRINCIPALS), 0..40),
        // Enough for one principal that the engine looks them up instead of walking through them.
        1 => prop::collection::vec(assignment(&PRINCIPALS[..1]), 25..50),
    ];
    let denials = prop_oneof![
        19 => prop::collection::vec(denial(), 0..3),
        1 => prop::collection::vec(denial(), 25..40),
    ];
    (roles(), assignments, denials, groups(), ancestors, read(), completeness()).prop_map(
        |(roles, assignments, denials, groups, ancestors, read, groups_read)| Tenant {
            roles,
            assignments,
            denials,
            groups,
            ancestors,
            read,
            groups_read,
        },
    )
}

pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    let values = prop::collection::vec(
        select(&["x", "X", "xyz", "1", "2", "3", "08D4C71ACC634CE4A9C85DD251B4D619"]),
        1..3,
    );
    let one = prop_oneof![
        1 => Just(None),
        1 => Just(Some(Known::Absent)),
        3 => values.prop_map(|all| Some(Known::Value(all.into_iter().map(str::to_owned).collect()))),
    ];
    prop::collection::vec(one, 4).prop_map(|all| {
        let named = all.into_iter().zip(ATTRIBUTES);
        named.filter_map(|(own, name)| Some((name.trim_start_matches('@').to_lowercase(), own?))).collect()
    })
}

/// The same facts, for the engine.
pub(crate) fn for_engine(facts: &Facts) -> condition::Facts {
    let mut own = condition::Facts::default();
    for (name, values) in facts {
        let (source, name) = name.trim_end_matches(']').split_once('[').unwrap();
        let source = match source {
            "resource" => Source::Resource,
            "request" => Source::Request,
            "principal" => Source::Principal,
            _ => Source::Environment,
        };
        match values {
            Known::Value(all) if all.len() == 1 => own.set(source, name, all[0].as_str()),
            Known::Value(all) => {
                own.set(source, name, Value::List(all.iter().map(|one| Value::Text(one.clone())).collect()));
            }
            _ => own.set_absent(source, name),
        }
    }
    own
}

#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) principal: &'static str,
    pub(crate) action: usize,
    pub(crate) scope: &'static str,
    pub(crate) now: i64,
    pub(crate) suboperation: Known<&'static str>,
}

pub(crate) fn asking() -> impl Strategy<Value = Asking> {
    let suboperation =
        select(&[Known::Unknown, Known::Absent, Known::Value("blob.list"), Known::Value("Queue.Peek")]);
    (select(&PRINCIPALS), 0..CONTROL.len() + DATA.len(), select(&SCOPES), 0i64..4, suboperation).prop_map(
        |(principal, action, scope, now, suboperation)| Asking {
            principal,
            action,
            scope,
            now,
            suboperation,
        },
    )
}

/// The actions that questions are about.
pub(crate) fn actions() -> Vec<Action> {
    let control = CONTROL.iter().map(|name| Action::control(name));
    control.chain(DATA.iter().map(|name| Action::data(name))).collect()
}
