//! A plan is a value.

use crate::{SUBSCRIPTION, definition, initiative, locations, planned, target, wish};
use dekey_plan::rollout::{Excuses, Target, plan};
use dekey_plan::{Approval, Before, Phase, Plan, PlanError, Refusal, Undo, diff, parse_rings, state};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_plan_is_known_by_its_content() {
    let own = planned();
    assert_eq!(own, planned(), "the same wish makes the same plan");
    let text = own.text();
    assert_eq!(Plan::parse(&text).unwrap(), own);
    // Spelled in another order it is the same plan; with another word it is none.
    let value: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let turned: serde_json::Map<String, Value> = value.into_iter().rev().collect();
    assert_eq!(Plan::parse(&Value::Object(turned).to_string()).unwrap().id, own.id);
    let changed = text.replace("\"days\": 7", "\"days\": 0");
    assert!(matches!(Plan::parse(&changed), Err(PlanError::Changed { .. })));
    let other = text.replace("plan/1", "plan/2");
    assert!(matches!(Plan::parse(&other), Err(PlanError::Version { .. })));
    for (text, expected) in
        [("", "not JSON, at line 1"), ("[]", "no member `dekey`"), ("{\"dekey\":\"plan/1\"}", "missing")]
    {
        let error = Plan::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn plans_are_compared_in_words() {
    let own = planned();
    assert_eq!(diff(&own, &own), Vec::<String>::new());
    let target = target(&[initiative(&["a"]), definition("a", &["Audit", "Deny"])]);
    let mut other =
        wish(target, parse_rings("[[rings]]\nname = \"first\"\nlocations = [\"uksouth\"]\n").unwrap());
    other.gate.days = 3;
    let other = plan(&other, &|_| None).unwrap();
    let words = diff(&own, &other).join("\n");
    for expected in [
        "rings: first (northeurope), then second (westeurope), then everything-else (everything else) → first (uksouth)",
        "stage `deny-first`: its gate differs",
        "stage `deny-second` is gone",
        "stage `definitions`: `definition/b` is gone",
        "`audit-first/1`: sends something else: /properties/resourceSelectors differs, /properties/overrides differs",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
}

#[test]
fn each_step_knows_what_is_there_before_it_and_the_way_back() {
    let own = planned();
    let steps: Vec<_> = own.stages.iter().flat_map(|stage| &stage.steps).collect();
    for (at, step) in steps.iter().enumerate() {
        let earlier = steps[..at].iter().rev().find(|own| own.request.path == step.request.path);
        match (&step.before, &step.undo, earlier) {
            (Before::Absent, Undo::Request(undo), None) => assert!(undo.body.is_none()),
            (Before::Present(state), Undo::Request(undo), Some(earlier)) => {
                let left = earlier.request.body.as_ref().unwrap();
                assert_eq!(state, &state::of(&step.request.path, &[], left));
                assert_eq!(undo.body.as_ref(), Some(state));
            }
            other => panic!("{}: {other:?}", step.id),
        }
        assert!(step.approval == Approval::PolicyOwner || !step.id.starts_with("deny"));
    }
    let actions: Vec<&str> = own.needs.iter().map(|own| own.action.as_str()).collect();
    assert!(
        actions.contains(&"Microsoft.Authorization/policyAssignments/delete"),
        "to take it back: {actions:?}"
    );
    assert!(!actions.iter().any(|own| own.contains("Exemptions")), "{actions:?}");
}

#[test]
fn what_acts_by_itself_or_cannot_deny_is_told_apart() {
    let read = |documents: &[Value]| Target::read(documents, SUBSCRIPTION, &|_| None);
    let own = read(&[
        initiative(&["a", "b"]),
        definition("a", &["Audit", "Deny"]),
        definition("b", &["AuditIfNotExists", "Disabled"]),
    ])
    .unwrap();
    assert_eq!(own.references, ["a"]);
    assert!(own.fixed[0].contains("`b` keeps its effect: it does not deny"), "{:?}", own.fixed);
    for (documents, expected) in [
        (
            vec![initiative(&["a"]), definition("a", &["Modify", "Disabled"])],
            "changes or refuses things as soon as it is assigned",
        ),
        (vec![definition("a", &["Audit"])], "nothing to roll out"),
        (
            vec![definition("a", &["Audit", "Deny"]), definition("b", &["Audit", "Deny"])],
            "put them into an initiative",
        ),
        // What could do something before anybody let it.
        (
            vec![initiative(&["a"]), definition("a", &["Audit", "Modify", "Disabled"])],
            "changes or refuses things as soon as it is assigned",
        ),
        (
            vec![initiative(&["a"]), definition("a", &["AuditIfNotExists", "Deny", "Disabled"])],
            "changes or refuses things as soon as it is assigned",
        ),
        (
            vec![initiative(&["a", "c"]), definition("a", &["Audit", "Deny"])],
            "policyDefinitions/c of `c` was not given",
        ),
        (
            vec![initiative(&["a"]), definition("a", &["AuditIfNotExists", "Disabled"])],
            "none of its policies can be turned",
        ),
        (vec![json!({ "hello": 1 })], "has neither a `policyRule` nor"),
        (vec![], "no definition and no initiative"),
    ] {
        let error = read(&documents).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_there_and_is_not_of_the_plan_is_not_written_over() {
    let planned = planned();
    let deny = planned.stages.last().unwrap().steps.first().unwrap();
    let put = |step: &dekey_plan::Step| (step.request.path.clone(), step.request.body.clone().unwrap());
    let refused = |id: &str, there: &Value| {
        let target = target(&[
            initiative(&["a", "b"]),
            definition("a", &["Audit", "Deny"]),
            definition("b", &["Deny"]),
        ]);
        let found = |own: &str| own.eq_ignore_ascii_case(id).then(|| there.clone());
        plan(&wish(target, locations()), &found).map(|_| ()).map_err(|error| error.to_string())
    };
    // An assignment under the same name that denies, with other words.
    let (id, mut body) = put(deny);
    assert_eq!(refused(&id, &body), Ok(()));
    body["properties"]["displayName"] = json!("Somebody's own");
    assert!(refused(&id, &body).unwrap_err().contains("choose another --name"));
    // A definition that may be assigned already.
    let (id, mut body) = put(planned.stages[0].steps.first().unwrap());
    assert_eq!(refused(&id, &body), Ok(()));
    body["properties"]["policyRule"]["then"]["effect"] = json!("audit");
    assert!(refused(&id, &body).unwrap_err().contains("would take effect at once"));
}

#[test]
fn rings_that_may_overlap_are_told() {
    let rings = |scopes: &str| {
        parse_rings(&format!("[[rings]]\nname = \"a\"\nscopes = [{scopes}]\n"))
            .map_err(|error| error.to_string())
    };
    let told = |scopes: &str| {
        let target = target(&[definition("a", &["Audit", "Deny"])]);
        plan(&wish(target, rings(scopes).unwrap()), &|_| None).map(|_| ()).map_err(|error| error.to_string())
    };
    let group = format!("{SUBSCRIPTION}/resourceGroups/g");
    assert!(told(&format!("\"{SUBSCRIPTION}\", \"{group}\"")).unwrap_err().contains("must lie apart"));
    assert_eq!(told(&format!("\"{group}\", \"{group}2\"")), Ok(()));
}

#[test]
fn rings_of_scopes_have_an_assignment_each() {
    let group = format!("{SUBSCRIPTION}/resourceGroups/dev");
    let rings = parse_rings(&format!("[[rings]]\nname = \"dev\"\nscopes = [\"{group}\"]\n[[rings]]\nname = \"prod\"\nscopes = [\"{SUBSCRIPTION}/resourceGroups/p1\", \"{SUBSCRIPTION}/resourceGroups/p2\"]\n")).unwrap();
    let mut own = wish(target(&[definition("a", &["Audit", "Deny"])]), rings);
    let refusal = |name: &str, owner: Option<&str>| Refusal {
        resource: format!("{group}/providers/Microsoft.Storage/storageAccounts/{name}"),
        policy: "a".to_owned(),
        owner: owner.map(str::to_owned),
    };
    own.excuses = Some(Excuses {
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
        why: "it moves".to_owned(),
        refusals: vec![vec![refusal("one", Some("mara")), refusal("two", None)], Vec::new()],
    });
    let own = plan(&own, &|_| None).unwrap();
    assert_eq!(dekey_plan::lint::check(&own), Vec::new());
    assert_eq!(own.assigns.assignments.len(), 3);
    let names: Vec<(&str, usize)> =
        own.stages.iter().map(|own| (own.name.as_str(), own.steps.len())).collect();
    assert_eq!(
        names,
        [
            ("definitions", 1),
            ("audit-dev", 1),
            ("audit-prod", 2),
            ("exempt-dev", 1),
            ("deny-dev", 1),
            ("deny-prod", 2)
        ]
    );
    let exempt = own.stages.iter().find(|own| own.phase == Phase::Exempt).unwrap();
    let body = exempt.steps[0].request.body.as_ref().unwrap();
    // Whom nobody can ask is not excused.
    assert!(exempt.steps[0].request.path.contains("storageAccounts/one/"));
    assert_eq!(
        body["properties"]["policyAssignmentId"],
        format!("{group}/providers/Microsoft.Authorization/policyAssignments/no-keys")
    );
    let outside = parse_rings("[[rings]]\nname = \"x\"\nscopes = [\"/subscriptions/other\"]\n").unwrap();
    let error = plan(&wish(target(&[definition("a", &["Audit", "Deny"])]), outside), &|_| None).unwrap_err();
    assert!(error.to_string().contains("does not lie in the scope"), "{error}");
}

#[test]
fn what_says_nothing_is_no_difference_and_what_says_something_is() {
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/x");
    let wrote = json!({ "properties": { "policyDefinitionId": "/a/B", "notScopes": [], "parameters": {}, "metadata": { "assignedBy": "dekey" } } });
    let shown = json!({ "id": path, "type": "t", "name": "x", "systemData": {}, "properties": { "policyDefinitionId": "/A/b", "scope": "/s",
        "enforcementMode": "Default", "instanceId": "1", "definitionVersion": "1.*.*", "notScopes": [],
        "metadata": { "assignedBy": "dekey", "createdBy": "me", "createdOn": "now", "updatedBy": null } } });
    let of = |value: &Value| state::of(&path, &[], value);
    let mut row = shown.clone();
    for (name, empty) in
        [("kind", json!("")), ("location", json!("")), ("tags", json!(null)), ("sku", json!({}))]
    {
        row[name] = empty;
    }
    assert!(state::same(&of(&wrote), &of(&row)), "a row of Resource Graph: {}", of(&row));
    assert!(state::same(&of(&wrote), &of(&shown)), "{}", of(&shown));
    for (pointer, value) in [
        ("/properties/notScopes", json!(["/s"])),
        ("/properties/enforcementMode", json!("DoNotEnforce")),
        ("/properties/metadata/assignedBy", json!("me")),
    ] {
        let mut other = shown.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(!state::same(&of(&wrote), &of(&other)), "{pointer}");
    }
    // Within a rule, what is empty says something.
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/x");
    let rule = |value: Value| json!({ "properties": { "policyRule": { "if": { "field": "tags.a", "in": value }, "then": { "effect": "audit" } } } });
    assert!(!state::same(
        &state::of(&path, &[], &rule(json!([]))),
        &state::of(&path, &[], &rule(json!(["a"])))
    ));
    assert_eq!(
        state::of(&path, &[], &rule(json!([]))).pointer("/properties/policyRule/if/in"),
        Some(&json!([]))
    );
    // Of a resource that is about more, only what a step is about counts.
    let about = ["/identity/type".to_owned()];
    let workspace = json!({ "identity": { "type": "None" }, "properties": { "x": 1 } });
    assert_eq!(state::of("/w", &about, &workspace), json!({ "/identity/type": "None" }));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z/]{0,6}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn sameness_is_sameness(a in any_json(), b in any_json()) {
        prop_assert!(state::same(&a, &a) && state::holds(&a, &a));
        prop_assert_eq!(state::same(&a, &b), state::same(&b, &a));
        prop_assert_eq!(state::differences(&a, &b).is_empty(), state::same(&a, &b));
        if state::same(&a, &b) {
            prop_assert!(state::holds(&a, &b));
        }
    }

    /// What was written, shown with anything more around it, is what was written.
    #[test]
    fn more_around_it_changes_nothing(own in any_json(), more in any_json()) {
        let (mut wanted, mut found) = (json!({}), json!({}));
        for (into, with) in [(&mut wanted, None), (&mut found, Some(more))] {
            into["own"] = own.clone();
            if let Some(more) = with {
                into["more"] = more;
            }
        }
        prop_assert!(state::holds(&wanted, &found));
    }

    #[test]
    fn rings_only_grow(count in 1usize..8) {
        let text = crate::some_rings(count);
        let own = wish(target(&[definition("a", &["Audit", "Deny"])]), parse_rings(&text).unwrap());
        let own = plan(&own, &|_| None).unwrap();
        prop_assert!(dekey_plan::lint::check(&own).is_empty());
        let places = |stage: &dekey_plan::Stage, pointer: &str| stage.steps[0].request.body.as_ref().unwrap().pointer(pointer).and_then(Value::as_array).map(Vec::len);
        let audits: Vec<_> = own.stages.iter().filter(|own| own.phase == Phase::Audit).map(|own| places(own, "/properties/resourceSelectors/0/selectors/0/in")).collect();
        let denies: Vec<_> = own.stages.iter().filter(|own| own.phase == Phase::Deny).map(|own| places(own, "/properties/overrides/0/selectors/0/in")).collect();
        let expected: Vec<Option<usize>> = (1..=count).map(Some).chain([None]).collect();
        prop_assert_eq!((&audits, &denies), (&expected, &expected));
    }
}

#[test]
fn names_and_scopes_that_azure_would_not_take_are_told() {
    let base = || wish(target(&[definition("a", &["Audit", "Deny"])]), locations());
    for name in ["", "a name", "a-name-that-is-much-too-long-for-it", "a/b"] {
        let mut own = base();
        own.name = name.to_owned();
        assert!(plan(&own, &|_| None).unwrap_err().to_string().starts_with("--name"), "{name}");
    }
    let mut own = base();
    own.parameters.insert("effekt".to_owned(), json!("Deny"));
    let error = plan(&own, &|_| None).unwrap_err().to_string();
    assert_eq!(error, "--parameter: `effekt` is no parameter of a; there are effect");
    let mut needy = definition("a", &["Audit", "Deny"]);
    needy["properties"]["parameters"]["tag"] = json!({ "type": "String" });
    let error = plan(&wish(target(&[needy]), locations()), &|_| None).unwrap_err().to_string();
    assert_eq!(error, "--parameter: `tag` has no default: give it a value");
    let mut own = base();
    own.scope = "/".to_owned();
    assert!(plan(&own, &|_| None).unwrap_err().to_string().starts_with("--scope"));
}
