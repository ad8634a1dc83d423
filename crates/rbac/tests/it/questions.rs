//! Questions about small tenants, and the reasons that come with the answers.

use dekey_rbac::condition::{Facts, Source};
use dekey_rbac::{
    Action, Actions, Answer, Asked, Assignment, Completeness, Decision, DenyAssignment, EVERYONE, Engine,
    Gap, Group, List, Permission, PrincipalType, Question, RoleDefinition, Standing, Tenant, Verdict,
};
use jiff::Timestamp;

const SUB: &str = "/subscriptions/S";
const ACCOUNT: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st";
const KEYS: &str = "Microsoft.Storage/storageAccounts/listKeys/action";
const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn role(id: &str, actions: &[&str], data: &[&str]) -> RoleDefinition {
    let texts = |all: &[&str]| all.iter().map(|own| (*own).to_owned()).collect();
    let permissions =
        vec![Permission { actions: texts(actions), data_actions: texts(data), ..Permission::default() }];
    RoleDefinition { id: id.to_owned(), name: format!("Role {id}"), permissions, ..RoleDefinition::default() }
}

fn grant(principal: &'static str, role: &'static str, scope: &'static str) -> Assignment<'static> {
    Assignment {
        id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{principal}-{role}").into(),
        principal: principal.into(),
        principal_type: PrincipalType::ServicePrincipal,
        role: format!("{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}").into(),
        scope: scope.into(),
        ..Assignment::default()
    }
}

/// A tenant of which everything was read, and in which nobody has anything.
fn tenant() -> Tenant {
    let lists = [List::Assignments, List::Denials, List::Ancestors];
    Tenant {
        roles: vec![
            role("keys", &["Microsoft.Storage/*/action", "*/read"], &[]),
            role("data", &[], &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"]),
        ],
        read: lists.map(|list| (list, "/".to_owned(), Completeness::Whole)).to_vec(),
        groups_read: Completeness::Whole,
        ancestors: vec![(SUB.to_owned(), vec!["mg".to_owned()])],
        ..Tenant::default()
    }
}

fn decide(tenant: &Tenant, who: &str, action: &Action, scope: &str, facts: &Facts) -> Decision {
    let actions: Actions = [Action::control(KEYS), Action::data(BLOBS)].into_iter().collect();
    let engine = Engine::new(tenant, actions);
    let now = at("2026-11-23T00:00:00Z");
    let question = Question::new(engine.principal(who), Asked::Any(action), engine.place(scope), now);
    let question = Question { facts, ..question };
    let decision = engine.decide(&question);
    assert_eq!(decision.answer(), engine.answer(&question));
    decision
}

fn keys(tenant: &Tenant, who: &str) -> Decision {
    decide(tenant, who, &Action::control(KEYS), ACCOUNT, Facts::nothing())
}

#[test]
fn an_answer_names_assignment_pattern_and_scope() {
    let mut tenant = tenant();
    tenant.assignments = vec![grant("Mi", "keys", "/subscriptions/S/resourceGroups/rg")];
    let decision = keys(&tenant, "mI");
    assert_eq!(decision.verdict, Verdict::Allowed);
    let reason = &decision.because[0];
    assert_eq!(
        reason.assignment,
        "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/Mi-keys"
    );
    assert_eq!(
        (reason.pattern.as_str(), reason.role_name.as_str()),
        ("Microsoft.Storage/*/action", "Role keys")
    );
    assert_eq!((reason.scope.as_str(), reason.through_group), ("/subscriptions/S/resourceGroups/rg", false));
    assert_eq!(keys(&tenant, "other").verdict, Verdict::Denied);
    // The control plane says nothing of the data.
    let data = Action::data(BLOBS);
    assert_eq!(decide(&tenant, "mi", &data, ACCOUNT, Facts::nothing()).verdict, Verdict::Denied);
}

#[test]
fn management_groups_and_groups_pass_on() {
    let mut tenant = tenant();
    let mut own = grant("outer", "keys", "/providers/Microsoft.Management/managementGroups/mg");
    own.principal_type = PrincipalType::Group;
    tenant.assignments = vec![own];
    let group = |id: &str, member: &str| Group {
        id: id.to_owned(),
        members: vec![member.to_owned()],
        is_whole: true,
    };
    tenant.groups = vec![group("outer", "inner"), group("inner", "mi"), group("inner", "outer")];
    let decision = keys(&tenant, "mi");
    assert_eq!(decision.verdict, Verdict::Allowed);
    assert!(decision.because[0].through_group && decision.because[0].principal == "outer");
    tenant.ancestors.clear();
    tenant.read[2].2 = Completeness::Missing("refused".to_owned());
    let decision = keys(&tenant, "mi");
    assert_eq!(
        (decision.verdict, decision.gaps),
        (Verdict::Unknown, vec![Gap::Ancestors("refused".to_owned())])
    );
}

#[test]
fn denials_win_and_spare_whom_they_exclude() {
    let mut tenant = tenant();
    tenant.assignments = vec![grant("mi", "keys", SUB), grant("spared", "keys", SUB)];
    let everything = Permission { actions: vec!["*".to_owned()], ..Permission::default() };
    tenant.denials = vec![DenyAssignment {
        id: "deny".to_owned(),
        name: "Managed".to_owned(),
        scope: "/subscriptions/s/resourceGroups/RG".to_owned(),
        permissions: vec![everything],
        principals: vec![EVERYONE.to_owned()],
        excluded: vec!["spared".to_owned()],
        ..DenyAssignment::default()
    }];
    let decision = keys(&tenant, "mi");
    assert_eq!((decision.verdict, decision.denied_by[0].name.as_str()), (Verdict::Denied, "Managed"));
    assert_eq!(decision.because.len(), 1, "what would permit it is told as well");
    assert_eq!(keys(&tenant, "spared").verdict, Verdict::Allowed);
    tenant.denials[0].this_scope_only = true;
    assert_eq!(keys(&tenant, "mi").verdict, Verdict::Allowed);
}

#[test]
fn eligible_is_not_active_and_times_count() {
    let mut tenant = tenant();
    let mut own = grant("mi", "keys", SUB);
    own.standing = Standing::Eligible;
    own.until = Some(at("2027-01-01T00:00:00Z"));
    tenant.assignments = vec![own.clone()];
    let decision = keys(&tenant, "mi");
    assert_eq!((decision.verdict, decision.eligible.len()), (Verdict::Denied, 1));
    assert_eq!(decision.eligible[0].until, Some(at("2027-01-01T00:00:00Z")));
    own.standing = Standing::Active;
    tenant.assignments = vec![own.clone()];
    assert_eq!(keys(&tenant, "mi").verdict, Verdict::Allowed);
    own.until = Some(at("2026-11-23T00:00:00Z"));
    tenant.assignments = vec![own.clone()];
    assert_eq!(keys(&tenant, "mi").verdict, Verdict::Denied);
    own.until = None;
    own.from = Some(at("2026-11-23T00:00:01Z"));
    tenant.assignments = vec![own];
    assert_eq!(keys(&tenant, "mi").verdict, Verdict::Denied);
}

#[test]
fn conditions_leave_what_is_not_known() {
    let name = "Microsoft.Storage/storageAccounts/blobServices/containers:name";
    let mut tenant = tenant();
    let mut own = grant("mi", "data", SUB);
    own.condition =
        Some(format!("((!(ActionMatches{{'{BLOBS}'}})) OR (@Resource[{name}] StringEquals 'mine'))").into());
    tenant.assignments = vec![own];
    let ask = |facts: &Facts| decide(&tenant, "mi", &Action::data(BLOBS), ACCOUNT, facts);
    let decision = ask(Facts::nothing());
    let Verdict::Conditional(left) = &decision.verdict else { panic!("{:?}", decision.verdict) };
    assert_eq!(left.to_string(), format!("@Resource[{name}] StringEquals 'mine'"));
    assert_eq!(decision.because[0].condition, Some(left.to_string()));
    let container = |name: &str| format!("{ACCOUNT}/blobServices/default/containers/{name}");
    assert_eq!(ask(&Facts::of_scope(&container("mine"))).verdict, Verdict::Allowed);
    assert_eq!(ask(&Facts::of_scope(&container("other"))).verdict, Verdict::Denied);
    // Another assignment without a condition is enough.
    tenant.assignments.push(grant("mi", "data", ACCOUNT));
    let decision = decide(&tenant, "mi", &Action::data(BLOBS), ACCOUNT, Facts::nothing());
    assert_eq!((decision.verdict, decision.because.len()), (Verdict::Allowed, 2));
    assert!(decision.because[0].condition.is_none(), "what needs no condition comes first");
    // A denial under a condition makes the rest conditional.
    tenant.denials = vec![DenyAssignment {
        permissions: vec![Permission { data_actions: vec!["*".to_owned()], ..Permission::default() }],
        scope: "/".to_owned(),
        principals: vec![EVERYONE.to_owned()],
        condition: Some("@Environment[isPrivateLink] BoolEquals false".to_owned()),
        ..DenyAssignment::default()
    }];
    let decision = decide(&tenant, "mi", &Action::data(BLOBS), ACCOUNT, Facts::nothing());
    let Verdict::Conditional(left) = decision.verdict else { panic!("{:?}", decision.verdict) };
    assert_eq!(left.to_string(), "!(@Environment[isPrivateLink] BoolEquals false)");
    let mut facts = Facts::default();
    facts.set(Source::Environment, "IsPrivateLink", true);
    assert_eq!(decide(&tenant, "mi", &Action::data(BLOBS), ACCOUNT, &facts).verdict, Verdict::Allowed);
}

#[test]
fn what_was_not_read_is_never_no() {
    let mut tenant = tenant();
    tenant.assignments = vec![grant("mi", "unread", SUB)];
    let decision = keys(&tenant, "mi");
    assert_eq!((decision.verdict, decision.gaps), (Verdict::Unknown, vec![Gap::Role("unread".to_owned())]));
    // What is certain stays so.
    tenant.assignments.push(grant("mi", "keys", SUB));
    assert_eq!(keys(&tenant, "mi").verdict, Verdict::Allowed);

    tenant.assignments =
        vec![Assignment { principal_type: PrincipalType::Group, ..grant("group", "keys", SUB) }];
    tenant.groups = vec![Group { id: "group".to_owned(), ..Group::default() }];
    assert_eq!(keys(&tenant, "mi").gaps, [Gap::Members("group".to_owned())]);
    // A group that has no say is no gap.
    assert_eq!(
        decide(&tenant, "mi", &Action::data(BLOBS), ACCOUNT, Facts::nothing()).verdict,
        Verdict::Denied
    );

    tenant.groups.clear();
    tenant.groups_read = Completeness::Assumed;
    let decision = keys(&tenant, "mi");
    assert_eq!(
        (decision.verdict, decision.assumed),
        (Verdict::Denied, vec![Gap::Members("group".to_owned())])
    );

    tenant.assignments = vec![grant("mi", "keys", SUB)];
    tenant.read[1].2 = Completeness::NotRead;
    assert_eq!(keys(&tenant, "mi").gaps, [Gap::Denials("not read".to_owned())]);
    tenant.read[1].2 = Completeness::Assumed;
    let decision = keys(&tenant, "mi");
    assert_eq!(
        (decision.verdict, decision.assumed),
        (Verdict::Allowed, vec![Gap::Denials("taken for read".to_owned())])
    );

    tenant.assignments[0].condition = Some("nonsense".into());
    tenant.read[1].2 = Completeness::Whole;
    let decision = keys(&tenant, "mi");
    assert!(
        matches!(&decision.gaps[..], [Gap::Condition(id, why)] if id.ends_with("mi-keys") && why.contains("column 1"))
    );
}

#[test]
fn order_does_not_matter() {
    let mut tenant = tenant();
    tenant.assignments = vec![
        grant("mi", "keys", SUB),
        grant("mi", "keys", "/"),
        grant("mi", "data", "/subscriptions/s/resourceGroups/RG"),
    ];
    let one = keys(&tenant, "mi");
    tenant.assignments.reverse();
    tenant.roles.reverse();
    assert_eq!(keys(&tenant, "mi"), one);
    assert_eq!(one.answer(), Answer::Allowed);
}
