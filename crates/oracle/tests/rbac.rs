//! The engine against the oracle, on random tenants.
//!
//! `DEKEY_QUESTIONS` is about how many questions are asked (100,000 if it is not set; a long run is ten million), `DEKEY_SEED` seeds
//! the draw. A difference is shrunk to a small tenant and one question.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of these tests")]

use dekey_oracle::{Ask, Facts, answer};
use dekey_rbac::condition::{self, Known, Source, Value};
use dekey_rbac::{
    Action, Actions, Answer, Asked, Assignment, Completeness, DenyAssignment, EVERYONE, Engine, Group, List,
    Permission, PrincipalType, Question, RoleDefinition, Standing, Tenant, Verdict,
};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;

const QUESTIONS: usize = 128;

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

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}

fn assignment() -> impl Strategy<Value = Assignment<'static>> {
    let time = || prop_oneof![9 => Just(None), 1 => (0i64..4).prop_map(Some)];
    let types = select(&[
        PrincipalType::Unsaid,
        PrincipalType::User,
        PrincipalType::Group,
        PrincipalType::ServicePrincipal,
    ]);
    let standing = prop_oneof![8 => Just(Standing::Active), 1 => Just(Standing::Eligible)];
    let role = prop_oneof![60 => select(&ROLES[..4]), 1 => Just(ROLES[4])];
    (select(&PRINCIPALS), types, role, select(&SCOPES), conditions(), standing, time(), time()).prop_map(
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

fn tenant() -> impl Strategy<Value = Tenant> {
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
    (
        roles(),
        prop::collection::vec(assignment(), 0..40),
        prop::collection::vec(denial(), 0..3),
        groups(),
        ancestors,
        read(),
        completeness(),
    )
        .prop_map(|(roles, assignments, denials, groups, ancestors, read, groups_read)| Tenant {
            roles,
            assignments,
            denials,
            groups,
            ancestors,
            read,
            groups_read,
        })
}

fn facts() -> impl Strategy<Value = Facts> {
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
fn for_engine(facts: &Facts) -> condition::Facts {
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
struct Asking {
    principal: &'static str,
    action: usize,
    scope: &'static str,
    now: i64,
    suboperation: Known<&'static str>,
}

fn asking() -> impl Strategy<Value = Asking> {
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

fn actions() -> Vec<Action> {
    let control = CONTROL.iter().map(|name| Action::control(name));
    control.chain(DATA.iter().map(|name| Action::data(name))).collect()
}

/// Asks both, and asks the engine in every way it can be asked.
fn compare(
    tenant: &Tenant,
    engine: &Engine,
    facts: &Facts,
    asking: &Asking,
) -> Result<Answer, TestCaseError> {
    let action = &actions()[asking.action];
    let (now, suboperation) = (second(asking.now), asking.suboperation);
    let ask = Ask { principal: asking.principal, action, scope: asking.scope, now, suboperation, facts };
    let expected = answer(tenant, &ask);
    let own_facts = for_engine(facts);
    let (who, at) = (engine.principal(asking.principal), engine.place(asking.scope));
    let ix = engine.actions().find(action).unwrap();
    let question = |what| Question { who, what, at, now, suboperation, facts: &own_facts };
    let by_bit = question(Asked::Bit(ix));
    prop_assert_eq!(engine.answer(&by_bit), expected, "{:?}", asking);
    prop_assert_eq!(engine.answer(&question(Asked::Any(action))), expected);
    let decision = engine.decide(&by_bit);
    prop_assert_eq!(decision.answer(), expected);
    prop_assert_eq!(decision.gaps.is_empty(), expected != Answer::Unknown);
    match &decision.verdict {
        Verdict::Allowed => prop_assert!(decision.because.iter().any(|own| own.condition.is_none())),
        Verdict::Conditional(left) => {
            prop_assert!(!decision.because.is_empty());
            prop_assert!(left.to_string().parse::<dekey_rbac::Condition>().is_ok());
        }
        _ => {}
    }
    let all = engine.effective(who, at, now, &own_facts);
    let in_bits = match (all.allowed.contains(ix), all.conditional.contains(ix), all.unknown.contains(ix)) {
        (true, false, false) => Answer::Allowed,
        (false, true, false) => Answer::Conditional,
        (false, false, true) => Answer::Unknown,
        _ => Answer::Denied,
    };
    let open = Question { suboperation: Known::Unknown, ..by_bit };
    prop_assert_eq!(in_bits, engine.answer(&open));
    Ok(expected)
}

fn variable(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn engine_and_oracle_agree() {
    let cases = u32::try_from(variable("DEKEY_QUESTIONS", 100_000).div_ceil(QUESTIONS)).unwrap();
    let seed = variable("DEKEY_SEED", 1).to_le_bytes();
    let seed: Vec<u8> = seed.iter().copied().cycle().take(32).collect();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let counts: Cell<BTreeMap<Answer, u64>> = Cell::default();
    let questions = prop::collection::vec(asking(), 1..=2 * QUESTIONS);
    let result = runner.run(&(tenant(), facts(), questions), |(tenant, facts, questions)| {
        let engine = Engine::new(&tenant, actions().into_iter().collect::<Actions>());
        let mut own = counts.take();
        for asking in &questions {
            *own.entry(compare(&tenant, &engine, &facts, asking)?).or_default() += 1;
        }
        counts.set(own);
        Ok(())
    });
    let counts = counts.take();
    eprintln!("{} questions: {counts:?}", counts.values().sum::<u64>());
    result.unwrap();
    // A draw that only ever meets one kind of answer proves little.
    for answer in [Answer::Allowed, Answer::Denied, Answer::Conditional, Answer::Unknown] {
        assert!(counts.get(&answer).copied().unwrap_or(0) > u64::from(cases), "too few: {answer:?}");
    }
}
