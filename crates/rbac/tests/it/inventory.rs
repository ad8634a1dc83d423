//! From documents to decisions.

use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, CoverageEntry, Inventory, Kind, Outcome};
use dekey_rbac::{Action, Answer, Asked, Assume, Decision, Engine, Gap, Question, catalogue};
use serde_json::{Value, json};

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";
const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

fn account() -> String {
    format!("{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st")
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where documents are written")]
fn of(kind: &str, scope: &str, name: &str, properties: Value) -> Value {
    json!({ "id": format!("{scope}/providers/Microsoft.Authorization/{kind}/{name}"), "name": name,
        "type": format!("Microsoft.Authorization/{kind}"), "properties": properties })
}

fn grant(principal: &str, kind: &str, scope: &str) -> Value {
    let role = format!("{SUB}/providers/Microsoft.Authorization/roleDefinitions/{READER}");
    let properties =
        json!({ "principalId": principal, "principalType": kind, "scope": scope, "roleDefinitionId": role });
    of("roleAssignments", scope, &format!("of-{principal}"), properties)
}

fn role() -> Value {
    of(
        "roleDefinitions",
        SUB,
        READER,
        json!({ "roleName": "Storage Blob Data Reader", "type": "BuiltInRole",
        "assignableScopes": ["/"], "permissions": [{ "actions": [], "notActions": [], "dataActions": [BLOBS], "notDataActions": [] }] }),
    )
}

fn inventory(documents: &[Value], read: &[(Kind, &str, Outcome)]) -> Inventory {
    let mut builder = Builder::new();
    let text = Value::Array(documents.to_vec()).to_string();
    read_into(&mut builder, "export.json", &mut text.as_bytes(), Keep::Facts).unwrap();
    for (kind, scope, outcome) in read {
        builder.covers(CoverageEntry { kind: *kind, scope: (*scope).to_owned(), outcome: outcome.clone() });
    }
    let inventory = builder.finish();
    assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    inventory
}

fn decide(engine: &Engine, who: &str, now: &str) -> Decision {
    let action = Action::data(BLOBS);
    let place = engine.place(&account());
    engine.decide(&Question::new(engine.principal(who), Asked::Any(&action), place, now.parse().unwrap()))
}

const NOW: &str = "2026-11-23T00:00:00Z";

fn whole() -> Vec<(Kind, &'static str, Outcome)> {
    [Kind::RoleAssignment, Kind::DenyAssignment, Kind::Group].map(|kind| (kind, "/", Outcome::Read)).to_vec()
}

#[test]
fn an_export_answers_what_it_can() {
    let group = json!({ "id": "/providers/Microsoft.Graph/groups/g", "name": "g", "type": "Microsoft.Graph/groups",
        "properties": { "transitiveMembers": ["user"] } });
    let documents = [role(), grant("mi", "ServicePrincipal", &account()), grant("g", "Group", SUB), group];
    let subscription = json!({ "id": SUB, "type": "Microsoft.Resources/subscriptions", "name": "s",
        "properties": { "managementGroupAncestorsChain": [{ "name": "mg" }, { "name": "top" }] } });
    let of_group = grant("boss", "User", "/providers/Microsoft.Management/managementGroups/top");
    let mut documents = documents.to_vec();
    documents.extend([subscription, of_group]);
    let own = inventory(&documents, &whole());
    let engine = dekey_rbac::engine(&own, catalogue::actions(), Assume::default());
    for (who, expected) in
        [("mi", Answer::Allowed), ("user", Answer::Allowed), ("BOSS", Answer::Allowed), ("x", Answer::Denied)]
    {
        assert_eq!(decide(&engine, who, NOW).answer(), expected, "{who}");
    }
    assert!(decide(&engine, "user", NOW).because[0].through_group);
}

#[test]
fn an_export_without_a_manifest_says_what_it_lacks() {
    let own = inventory(&[role(), grant("mi", "ServicePrincipal", SUB)], &[]);
    let decision = decide(&dekey_rbac::engine(&own, catalogue::actions(), Assume::default()), "mi", NOW);
    let expected = [Gap::Denials("not read".to_owned()), Gap::Ancestors("not read".to_owned())];
    assert_eq!((decision.answer(), &decision.gaps[..]), (Answer::Unknown, &expected[..]));
    let engine = dekey_rbac::engine(&own, catalogue::actions(), Assume::all());
    let decision = decide(&engine, "mi", NOW);
    assert_eq!((decision.answer(), decision.assumed.len()), (Answer::Allowed, 2));
    assert_eq!(decide(&engine, "x", NOW).answer(), Answer::Denied);
}

#[test]
fn a_refused_list_is_a_gap_with_its_reason() {
    let mut read = whole();
    read.push((Kind::RoleAssignment, SUB, Outcome::Refused("403".to_owned())));
    let own = inventory(&[role()], &read);
    let mut assume = Assume { ancestors: true, ..Assume::default() };
    let decision = decide(&dekey_rbac::engine(&own, catalogue::actions(), assume), "mi", NOW);
    assert_eq!(decision.gaps, [Gap::Assignments("403".to_owned())]);
    // What was refused is not taken for read by an assumption.
    assume.assignments = true;
    let decision = decide(&dekey_rbac::engine(&own, catalogue::actions(), assume), "mi", NOW);
    assert_eq!(decision.answer(), Answer::Unknown);
}

#[test]
fn privileged_identity_management() {
    let own = grant("mi", "User", SUB);
    let times = |origin: &Value, from: &str, until: &str| {
        let mut properties = own["properties"].clone();
        properties["originRoleAssignmentId"] = origin.clone();
        properties["startDateTime"] = json!(from);
        properties["endDateTime"] = json!(until);
        properties
    };
    let active = times(
        &json!(own["id"].as_str().unwrap().to_uppercase()),
        "2026-11-22T00:00:00Z",
        "2026-11-23T08:00:00Z",
    );
    let schedule = of("roleAssignmentScheduleInstances", SUB, "i", active);
    let mut eligible = times(&Value::Null, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    eligible["principalId"] = json!("other");
    let eligible = of("roleEligibilityScheduleInstances", SUB, "e", eligible);
    let own = inventory(&[role(), own.clone(), schedule, eligible], &whole());
    let engine =
        dekey_rbac::engine(&own, catalogue::actions(), Assume { ancestors: true, ..Assume::default() });
    assert_eq!(engine.assignments(), 2);
    let decision = decide(&engine, "mi", NOW);
    assert_eq!(
        (decision.answer(), decision.because[0].until.map(|own| own.to_string()).as_deref()),
        (Answer::Allowed, Some("2026-11-23T08:00:00Z"))
    );
    assert_eq!(decide(&engine, "mi", "2026-11-23T08:00:00Z").answer(), Answer::Denied);
    let decision = decide(&engine, "other", NOW);
    assert_eq!((decision.answer(), decision.eligible.len()), (Answer::Denied, 1));
}

#[test]
fn deny_assignments() {
    let deny = |principals: Value| {
        of(
            "denyAssignments",
            SUB,
            "d",
            json!({ "denyAssignmentName": "Managed", "scope": SUB, "doNotApplyToChildScopes": false,
            "permissions": [{ "actions": [], "notActions": [], "dataActions": ["*"], "notDataActions": [] }], "principals": principals,
            "excludePrincipals": [{ "id": "spared", "type": "ServicePrincipal" }], "isSystemProtected": true }),
        )
    };
    let everyone = json!([{ "id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined" }]);
    let grants = [role(), grant("mi", "ServicePrincipal", SUB), grant("spared", "ServicePrincipal", SUB)];
    let assume = Assume { ancestors: true, ..Assume::default() };
    let own = inventory(&[&grants[..], &[deny(everyone)]].concat(), &whole());
    let engine = dekey_rbac::engine(&own, catalogue::actions(), assume);
    assert_eq!(decide(&engine, "mi", NOW).denied_by[0].name, "Managed");
    assert_eq!(decide(&engine, "spared", NOW).answer(), Answer::Allowed);
    // One that cannot be read could deny anything.
    let own = inventory(&[&grants[..], &[deny(json!("all"))]].concat(), &whole());
    let decision = decide(&dekey_rbac::engine(&own, catalogue::actions(), assume), "mi", NOW);
    assert!(
        matches!(&decision.gaps[..], [Gap::Denials(why)] if why.contains("not as Azure writes it")),
        "{:?}",
        decision.gaps
    );
}

#[test]
fn things_that_say_nothing_are_gaps() {
    let mut bare = grant("mi", "User", SUB);
    bare.as_object_mut().unwrap().remove("properties");
    let mut odd = grant("mi", "User", SUB);
    odd["id"] = json!(odd["id"].as_str().unwrap().replace("of-mi", "odd"));
    odd["properties"]["condition"] = json!({});
    let assume = Assume { ancestors: true, ..Assume::default() };
    for (document, gap) in [(bare, "without what it says"), (odd, "was not understood")] {
        let own = inventory(&[role(), document], &whole());
        let decision = decide(&dekey_rbac::engine(&own, catalogue::actions(), assume), "mi", NOW);
        assert_eq!(decision.answer(), Answer::Unknown);
        assert!(decision.gaps[0].to_string().contains(gap), "{:?}", decision.gaps);
    }
}

/// What comes with the project fills in, and what was read counts.
#[test]
fn built_in_roles_that_were_not_read_may_be_taken_from_the_project() {
    let mut own = role();
    own["properties"]["permissions"] = json!([]);
    let grants = [grant("mi", "ServicePrincipal", SUB)];
    let assume = Assume { ancestors: true, ..Assume::default() };
    for (documents, built_in, expected) in [
        (&grants[..], false, Answer::Unknown),
        (&grants, true, Answer::Allowed),
        (&[own, grants[0].clone()], true, Answer::Denied),
    ] {
        let own = inventory(documents, &whole());
        let engine = dekey_rbac::engine(&own, catalogue::actions(), Assume { built_in, ..assume });
        assert_eq!(decide(&engine, "mi", NOW).answer(), expected);
    }
}
