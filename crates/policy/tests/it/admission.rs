//! What requests meet. Each expectation is from an article of Microsoft's on Azure Policy, named where it is used.

#![expect(clippy::needless_pass_by_value, reason = "documents are written where they are used")]

mod unknown;

use dekey_expr::Value;
use dekey_policy::{
    Admission, Aliases, Assigned, Assignment, Decision, Definition, Effect, Enrollment, Exemption,
    Initiative, Knowledge, Library, Refusal, Rules, Semantics, Subject, Surroundings, Unlisted, Write, fits,
    newest,
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::{Arc, LazyLock};

const GROUP: &str = "/subscriptions/s/resourceGroups/g";
const ACCOUNT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st";
const STORAGE: &str = "Microsoft.Storage/storageAccounts";

/// Definitions that were given, each under the name of its place; a version stands behind a bar.
#[derive(Default)]
struct Shelf(Vec<Definition>, Vec<Initiative>);

impl Library for Shelf {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.0.iter().rev().find(|own| own.id.eq_ignore_ascii_case(id))
    }

    fn definition_in(&self, id: &str, version: &str) -> Option<&Definition> {
        let all = || self.0.iter().filter(|own| own.id.eq_ignore_ascii_case(id));
        let wanted = newest(version, all().filter_map(|own| own.version.as_deref())).map(str::to_owned);
        all().find(|own| own.version == wanted).or_else(|| self.definition(id))
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        self.1.iter().find(|own| own.id.eq_ignore_ascii_case(id))
    }
}

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| Knowledge {
    aliases: Arc::new(Aliases::built_in()),
    unlisted: Unlisted::NotJudged,
    semantics: Semantics::DOCUMENTED,
});

fn definition_id(name: &str) -> String {
    format!("/subscriptions/s/providers/Microsoft.Authorization/policyDefinitions/{name}")
}

fn assignment_id(name: &str) -> String {
    format!("/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/{name}")
}

/// Policies, each assigned to the subscription on its own, and what else there is.
#[derive(Default)]
struct Desk {
    shelf: Shelf,
    assigned: Vec<Assigned>,
    exemptions: Vec<Exemption>,
    enrollments: Vec<Enrollment>,
}

impl Desk {
    fn with(mut self, name: &str, mode: &str, condition: Value, then: Value) -> Self {
        self = self.defining(name, mode, condition, then);
        self.assigning(name, json!({}))
    }

    fn defining(mut self, name: &str, mode: &str, condition: Value, then: Value) -> Self {
        let rule = json!({ "if": condition, "then": then });
        let own = json!({ "id": definition_id(name), "properties": { "mode": mode, "policyRule": rule } });
        self.shelf.0.push(Definition::parse(&own).unwrap());
        self
    }

    fn assigning(mut self, name: &str, more: Value) -> Self {
        let mut own = json!({ "id": assignment_id(name), "properties": {
            "scope": "/subscriptions/s", "policyDefinitionId": definition_id(name) } });
        for (name, value) in more.as_object().unwrap() {
            own["properties"][name] = value.clone();
        }
        let own = Assignment::parse(&own).unwrap();
        self.assigned.push(Assigned::compile(own, &self.shelf, &KNOWLEDGE).unwrap());
        self
    }

    fn rules(&self) -> Rules<'_> {
        Rules { assigned: &self.assigned, exemptions: &self.exemptions, enrollments: &self.enrollments }
    }

    fn put(&self, body: &Value) -> Admission<'_> {
        let subject = Subject::new(body).with_id(ACCOUNT).with_api_version("2025-06-01");
        self.rules().admit(&Write { subject: &subject, patch: None }, &around())
    }
}

fn around() -> Surroundings<'static> {
    Surroundings { now: "2026-11-23T00:00:00Z".parse().ok(), ..Surroundings::UNKNOWN }
}

fn account(properties: Value) -> Value {
    json!({ "location": "westeurope", "properties": properties })
}

fn of_type() -> Value {
    json!({ "field": "type", "equals": STORAGE })
}

fn modify(operations: Value, conflict: &str) -> Value {
    json!({ "effect": "modify", "details": { "roleDefinitionIds": [], "conflictEffect": conflict, "operations": operations } })
}

fn alias(name: &str) -> String {
    format!("{STORAGE}/{name}")
}

/// Who refuses it, and what was changed, in words.
fn told(admission: &Admission<'_>) -> Vec<String> {
    let name = |id: &str| id.rsplit('/').next().unwrap().to_owned();
    let refused = admission.refused_by.iter().map(|own| {
        let why = match &own.refusal {
            Refusal::Effect(effect) => effect.to_string(),
            Refusal::Failed(_) => "fails".to_owned(),
            Refusal::Value { at, .. } => format!("value {at}"),
            Refusal::Conflict { with, .. } => format!("conflict with {}", name(with)),
        };
        format!("{} refuses: {why}", name(&own.source.assigned.assignment.id))
    });
    let changed = admission.changed.iter().map(|own| {
        let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        let (old, new) = (text(&own.change.old), text(&own.change.new));
        format!("{} {} {old} -> {new}", name(&own.source.assigned.assignment.id), own.change.pointer)
    });
    refused.chain(changed).collect()
}

/// Article "effect basics": append and modify come first, so that what they change may keep a denial from firing.
#[test]
fn what_changes_a_request_comes_before_what_refuses_it() {
    let field = alias("allowSharedKeyAccess");
    let deny = json!({ "allOf": [of_type(), { "field": field, "notEquals": false }] });
    let set = json!([{ "operation": "addOrReplace", "field": field, "value": false }]);
    let desk = Desk::default().with("deny", "Indexed", deny.clone(), json!({ "effect": "deny" })).with(
        "set",
        "Indexed",
        deny.clone(),
        modify(set, "audit"),
    );
    let admission = desk.put(&account(json!({ "allowSharedKeyAccess": true })));
    assert_eq!(told(&admission), ["set /properties/allowSharedKeyAccess true -> false"]);
    assert_eq!(admission.decision(), Decision::Admitted);
    assert_eq!(admission.body["properties"]["allowSharedKeyAccess"], false);
    let alone = Desk::default().with("deny", "Indexed", deny, json!({ "effect": "deny" }));
    let admission = alone.put(&account(json!({})));
    assert_eq!(
        (told(&admission), admission.decision()),
        (vec!["deny refuses: deny".to_owned()], Decision::Refused)
    );
    assert!(admission.refused_by[0].steps.iter().any(|own| own.expression == alias("allowSharedKeyAccess")));
}

/// Article "modify effect": three operations on tags; `remove` is for tags alone.
#[test]
fn tags_are_added_replaced_and_removed() {
    let operations = json!([
        { "operation": "addOrReplace", "field": "tags['environment']", "value": "Test" },
        { "operation": "Remove", "field": "tags['TempResource']" },
        { "operation": "add", "field": "[concat('tags[', 'Dept', ']')]", "value": "Science" },
    ]);
    let desk = Desk::default().with("tags", "Indexed", of_type(), modify(operations, "deny"));
    let mut body = account(json!({}));
    body["tags"] = json!({ "Environment": "Prod", "tempresource": "x" });
    let admission = desk.put(&body);
    assert_eq!(admission.body["tags"], json!({ "Environment": "Test", "Dept": "Science" }));
    assert_eq!(admission.changed.len(), 3);
    let bare = desk.put(&account(json!({})));
    assert_eq!(bare.body["tags"], json!({ "environment": "Test", "Dept": "Science" }));
    let other = json!([{ "operation": "remove", "field": alias("allowSharedKeyAccess") }]);
    let own = json!({ "policyRule": { "if": of_type(), "then": modify(other, "deny") } });
    let own = Definition::parse(&own).unwrap();
    let given = serde_json::Map::new();
    let refused = dekey_policy::Policy::compile(&own, &given, &dekey_policy::About::default(), &KNOWLEDGE);
    assert!(refused.unwrap_err().message.contains("only tags"));
}

/// Article "modify effect", skipped modification: conditions of operations; what the request leaves out; identities.
#[test]
fn operations_are_skipped_as_documented() {
    let by_version = json!([{ "operation": "addOrReplace", "field": alias("allowBlobPublicAccess"), "value": false,
        "condition": "[greaterOrEquals(requestContext().apiVersion, '2019-04-01')]" }]);
    let desk = Desk::default().with("blob", "Indexed", of_type(), modify(by_version, "audit"));
    let body = account(json!({}));
    let subject = Subject::new(&body).with_id(ACCOUNT);
    for (version, changes) in [("2018-07-01", 0), ("2025-06-01", 1)] {
        let request = json!({ "apiVersion": version });
        let around = Surroundings { request: Some(&request), ..around() };
        let admission = desk.rules().admit(&Write { subject: &subject, patch: None }, &around);
        assert_eq!(admission.changed.len(), changes, "{version}");
    }
    let nested = json!([{ "operation": "addOrReplace", "field": alias("networkAcls.defaultAction"), "value": "Deny" }]);
    let desk = Desk::default().with("acls", "Indexed", of_type(), modify(nested, "deny"));
    assert!(desk.put(&account(json!({}))).changed.is_empty());
    let admission = desk.put(&account(json!({ "networkAcls": { "defaultAction": "Allow" } })));
    assert_eq!(told(&admission), [r#"acls /properties/networkAcls/defaultAction "Allow" -> "Deny""#]);
    let identity =
        json!([{ "operation": "addOrReplace", "field": "identity.type", "value": "SystemAssigned" }]);
    let desk = Desk::default().with("identity", "Indexed", of_type(), modify(identity, "deny"));
    let admission = desk.put(&account(json!({})));
    assert!(admission.changed.is_empty() && admission.refused_by.is_empty() && admission.noted.is_empty());
}

/// Article "modify effect", `conflictEffect`: `deny` takes precedence, two of them refuse, `audit` alone does nothing.
#[test]
fn two_policies_that_change_one_property_settle_it_as_documented() {
    let set = |value: &str, conflict: &str| {
        modify(json!([{ "operation": "addOrReplace", "field": "tags.env", "value": value }]), conflict)
    };
    let desk = |one: &str, other: &str| {
        Desk::default().with("one", "Indexed", of_type(), set("a", one)).with(
            "other",
            "Indexed",
            of_type(),
            set("b", other),
        )
    };
    let body = account(json!({}));
    assert_eq!(told(&desk("deny", "audit").put(&body)), [r#"one /tags/env - -> "a""#]);
    assert_eq!(told(&desk("audit", "deny").put(&body)), [r#"other /tags/env - -> "b""#]);
    assert!(told(&desk("audit", "audit").put(&body)).is_empty());
    let both = ["one refuses: conflict with other", "other refuses: conflict with one"];
    assert_eq!(told(&desk("deny", "deny").put(&body)), both);
    // Nothing is to be settled where both want the same.
    let same = Desk::default().with("one", "Indexed", of_type(), set("a", "deny")).with(
        "other",
        "Indexed",
        of_type(),
        set("a", "deny"),
    );
    assert_eq!(told(&same.put(&body)), [r#"one /tags/env - -> "a""#]);
}

/// Article "append effect", and the table "modifying arrays" of "author policies for arrays".
#[test]
fn append_adds_and_refuses_to_override() {
    let rules = alias("networkAcls.ipRules");
    let rule = json!({ "value": "40.40.40.40", "action": "Allow" });
    let desk = |field: &str, value: Value| {
        Desk::default().with(
            "append",
            "Indexed",
            of_type(),
            json!({ "effect": "append", "details": [{ "field": field, "value": value }] }),
        )
    };
    let whole = desk(&rules, json!([rule]));
    let made = whole.put(&account(json!({})));
    assert_eq!(made.body["properties"]["networkAcls"]["ipRules"], json!([rule]));
    let there = account(json!({ "networkAcls": { "ipRules": [{ "value": "1.2.3.4" }] } }));
    assert_eq!(told(&whole.put(&there)), ["append refuses: value /properties/networkAcls/ipRules"]);
    let each = desk(&format!("{rules}[*]"), rule.clone());
    assert_eq!(
        each.put(&there).body["properties"]["networkAcls"]["ipRules"],
        json!([{ "value": "1.2.3.4" }, rule])
    );
    assert_eq!(each.put(&account(json!({}))).body["properties"]["networkAcls"]["ipRules"], json!([rule]));
    let action = desk(&format!("{rules}[*].action"), json!("Allow"));
    assert_eq!(action.put(&there).body["properties"]["networkAcls"]["ipRules"][0]["action"], "Allow");
    let replace = json!([{ "operation": "addOrReplace", "field": format!("{rules}[*]"), "value": rule }]);
    let replace = Desk::default().with("replace", "Indexed", of_type(), modify(replace, "deny"));
    assert_eq!(replace.put(&there).body["properties"]["networkAcls"]["ipRules"], json!([rule]));
    // The same value again is no other value.
    let tag = desk("tags.env", json!("prod"));
    let mut body = account(json!({}));
    body["tags"] = json!({ "env": "PROD" });
    assert!(told(&tag.put(&body)).is_empty());
}

/// Article "effect basics": a `PATCH` of tags alone meets only policies that look at tags.
#[test]
fn a_patch_of_tags_meets_those_that_look_at_tags() {
    let keys =
        json!({ "allOf": [of_type(), { "field": alias("allowSharedKeyAccess"), "notEquals": false }] });
    let owner = json!({ "allOf": [of_type(), { "field": "tags.owner", "exists": false }] });
    let read =
        json!({ "allOf": [of_type(), { "value": "[contains(field('tags'), 'owner')]", "equals": false }] });
    let desk = Desk::default()
        .with("keys", "Indexed", keys, json!({ "effect": "deny" }))
        .with("owner", "Indexed", owner, json!({ "effect": "deny" }))
        .with("read", "Indexed", read, json!({ "effect": "deny" }));
    let mut body = account(json!({}));
    body["tags"] = json!({ "team": "ml" });
    let subject = Subject::new(&body).with_id(ACCOUNT);
    let patch =
        |sent: &Value| told(&desk.rules().admit(&Write { subject: &subject, patch: Some(sent) }, &around()));
    assert_eq!(patch(&json!({ "tags": { "team": "ml" } })), ["owner refuses: deny", "read refuses: deny"]);
    assert_eq!(patch(&json!({ "tags": {}, "sku": {} })).len(), 3);
}

/// Article "deny action effect", with its table of what is protected.
#[test]
fn deletes_meet_deny_action() {
    let guard = |behaviour: &str| json!({ "effect": "denyAction", "details": { "actionNames": ["delete"], "cascadeBehaviors": { "resourceGroup": behaviour } } });
    let production = json!({ "allOf": [of_type(), { "field": "tags.environment", "equals": "prod" }] });
    let desk = |mode: &str, behaviour: &str| {
        Desk::default().with("guard", mode, production.clone(), guard(behaviour))
    };
    let resource =
        json!({ "id": ACCOUNT, "type": STORAGE, "location": "x", "tags": { "environment": "prod" } });
    let group =
        json!({ "id": GROUP, "type": "Microsoft.Resources/subscriptions/resourceGroups", "location": "x" });
    let (resource, group) = (Subject::new(&resource), Subject::new(&group));
    let inside = [resource.clone()];
    let deletes = |desk: &Desk| {
        let own = desk.rules().admit_action("delete", &resource, &[], &around());
        let cascade = desk.rules().admit_action("DELETE", &group, &inside, &around());
        (own.refused_by.len(), cascade.refused_by.len())
    };
    assert_eq!(deletes(&desk("Indexed", "deny")), (1, 1));
    assert_eq!(deletes(&desk("Indexed", "allow")), (1, 0));
    assert_eq!(deletes(&desk("All", "deny")), (1, 0));
    // Other actions and writes are not what it is about.
    let other = desk("Indexed", "deny");
    assert!(other.rules().admit_action("write", &resource, &[], &around()).refused_by.is_empty());
    let mut body = account(json!({}));
    body["tags"] = json!({ "environment": "prod" });
    assert_eq!(other.put(&body).decision(), Decision::Admitted);
    // `auditAction` notes what `denyAction` refuses.
    let audit = json!({ "effect": "auditAction", "details": { "actionNames": ["delete"] } });
    let audit = Desk::default().with("audit", "Indexed", of_type(), audit);
    let own = audit.rules().admit_action("delete", &resource, &[], &around());
    assert_eq!(
        own.noted.iter().map(|own| own.effect.clone()).collect::<Vec<_>>(),
        [Some(Effect::AuditAction)]
    );
    // Whoever could be locked out is not.
    let everything =
        Desk::default().with("all", "All", json!({ "field": "id", "exists": true }), guard("deny"));
    let own = json!({ "id": assignment_id("a"), "type": "Microsoft.Authorization/policyAssignments" });
    assert!(
        everything.rules().admit_action("delete", &Subject::new(&own), &[], &around()).refused_by.is_empty()
    );
}

/// Articles "assignment structure" and "enrollment structure": who is enforced.
#[test]
fn modes_enrollments_and_exemptions_decide_who_is_refused() {
    let keys =
        json!({ "allOf": [of_type(), { "field": alias("allowSharedKeyAccess"), "notEquals": false }] });
    let desk = |mode: &str| {
        let own = Desk::default().defining("keys", "Indexed", keys.clone(), json!({ "effect": "deny" }));
        own.assigning(
            "keys",
            json!({ "enforcementMode": mode, "nonComplianceMessages": [{ "message": "No keys." }] }),
        )
    };
    let body = account(json!({}));
    assert_eq!(desk("Default").put(&body).refused_by[0].message, Some("No keys."));
    let quiet = desk("DoNotEnforce");
    let quiet = quiet.put(&body);
    assert!(
        quiet.refused_by.is_empty()
            && quiet.noted[0].effect == Some(Effect::Deny)
            && !quiet.noted[0].enforced
    );
    let enrollment = |scope: &str, places: &[&str]| {
        let selectors = json!([{ "selectors": [{ "kind": "resourceLocation", "in": places }] }]);
        Enrollment::parse(&json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/policyEnrollments/e"),
            "properties": { "policyAssignmentId": assignment_id("KEYS"), "resourceSelectors": selectors },
        }))
        .unwrap()
    };
    let mut own = desk("Enroll");
    assert!(own.put(&body).refused_by.is_empty());
    own.enrollments = vec![enrollment(GROUP, &["eastus"])];
    assert!(own.put(&body).refused_by.is_empty());
    own.enrollments =
        vec![enrollment("/subscriptions/other", &["westeurope"]), enrollment(GROUP, &["West Europe"])];
    assert_eq!(told(&own.put(&body)), ["keys refuses: deny"]);
    own.exemptions = vec![
        Exemption::parse(&json!({
            "id": format!("{GROUP}/providers/Microsoft.Authorization/policyExemptions/e"),
            "properties": { "policyAssignmentId": assignment_id("keys"), "exemptionCategory": "Waiver" },
        }))
        .unwrap(),
    ];
    let excused = own.put(&body);
    assert!(excused.refused_by.is_empty() && excused.noted.is_empty());
}

/// Article "avoiding template failures": an evaluation that fails is an implicit denial, whatever the effect.
#[test]
fn what_fails_is_refused_and_what_is_not_known_is_open() {
    let fails =
        json!({ "allOf": [of_type(), { "value": "[substring(field('name'), 0, 100)]", "equals": "x" }] });
    let desk = Desk::default().with("fails", "Indexed", fails, json!({ "effect": "audit" }));
    assert_eq!(told(&desk.put(&account(json!({})))), ["fails refuses: fails"]);
    let strange = |effect: &str| {
        let rule = json!({ "allOf": [of_type(), { "field": alias("nobodyKnows"), "equals": 1 }] });
        Desk::default().with("strange", "Indexed", rule, json!({ "effect": effect }))
    };
    for (effect, decision) in [("deny", Decision::Unknown), ("audit", Decision::Admitted)] {
        let desk = strange(effect);
        let admission = desk.put(&account(json!({})));
        assert!(admission.not_judged[0].why.contains("nobodyKnows"));
        assert_eq!(admission.decision(), decision, "{effect}");
    }
    // Where a subscription lies decides nothing for a resource that the policy has nothing to say of.
    let desk = strange("deny")
        .assigning("strange", json!({ "scope": "/providers/Microsoft.Management/managementGroups/m" }));
    let vault = json!({ "location": "x", "properties": {} });
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
    let subject = Subject::new(&vault).with_id(id);
    let admission = desk.rules().admit(&Write { subject: &subject, patch: None }, &around());
    assert_eq!((admission.not_judged.len(), admission.decision()), (0, Decision::Admitted));
}

/// Article "assignment structure", definition version: `1.*.*` takes minor and patch changes; overrides of versions go by location.
#[test]
fn versions_are_chosen_as_assigned() {
    assert!(
        fits("1.*.*", "1.4.2")
            && fits("1.2.*", "1.2.0-preview")
            && !fits("1.2.*", "1.3.0")
            && !fits("2.*.*", "1.0.0")
    );
    assert_eq!(newest("1.*.*", ["1.2.0", "1.10.0", "2.0.0"]), Some("1.10.0"));
    let mut desk = Desk::default();
    for (version, effect) in [("1.0.0", "audit"), ("1.1.0", "disabled"), ("2.0.0", "deny")] {
        let rule = json!({ "if": of_type(), "then": { "effect": effect } });
        let own = json!({ "id": definition_id("keys"), "properties": { "mode": "Indexed", "version": version, "policyRule": rule } });
        desk.shelf.0.push(Definition::parse(&own).unwrap());
    }
    let overrides = json!([{ "kind": "policyVersion", "value": "2.*.*",
        "selectors": [{ "kind": "resourceLocation", "in": ["northeurope"] }] }]);
    let desk = desk
        .assigning("keys", json!({ "definitionVersion": "1.0.*", "overrides": overrides }))
        .assigning("keys", json!({ "definitionVersion": "3.*.*" }));
    let west = desk.put(&account(json!({})));
    assert_eq!(west.noted.len(), 1);
    assert!(
        west.not_judged[0].why.contains("version 2.0.0, and version 3.*.* is assigned"),
        "{:?}",
        west.not_judged[0].why
    );
    let mut body = account(json!({}));
    body["location"] = json!("North Europe");
    assert_eq!(told(&desk.put(&body)), ["keys refuses: deny"]);
}

/// Any JSON, under names that policies look at and others.
fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("properties"),
        Just("allowSharedKeyAccess"),
        Just("NetworkAcls"),
        Just("ipRules"),
        Just("tags"),
        Just("env"),
        Just("a/b~c"),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|all| all.into_iter().map(|(name, own)| (name.to_owned(), own)).collect()),
        ]
    })
}

proptest! {
    /// What is told as changed is what changed, whatever was sent; and what replaces has nothing to do a second time.
    #[test]
    fn changes_are_what_they_are_told_to_be(properties in odd(), tags in odd(), extra in odd()) {
        let set = modify(json!([
            { "operation": "addOrReplace", "field": alias("allowSharedKeyAccess"), "value": false },
            { "operation": "addOrReplace", "field": alias("networkAcls.defaultAction"), "value": "Deny" },
            { "operation": "addOrReplace", "field": "tags['a/b~c']", "value": "x" },
            { "operation": "addOrReplace", "field": format!("{}[*]", alias("networkAcls.ipRules")), "value": { "value": "1" } },
            { "operation": "remove", "field": "tags.env" },
        ]), "audit");
        let append = json!({ "effect": "append", "details": [
            { "field": format!("{}[*]", alias("networkAcls.virtualNetworkRules")), "value": { "id": "n" } },
        ] });
        let replaces = Desk::default().with("set", "Indexed", of_type(), set.clone());
        let both = Desk::default().with("set", "Indexed", of_type(), set).with("append", "Indexed", of_type(), append);
        let body = json!({ "location": "x", "properties": properties, "tags": tags, "extra": extra });
        let admission = both.put(&body);
        let mut last: std::collections::BTreeMap<&str, Option<&Value>> = std::collections::BTreeMap::new();
        for own in &admission.changed {
            last.insert(&own.change.pointer, own.change.new.as_ref());
            prop_assert_ne!(&own.change.old, &own.change.new);
        }
        for (pointer, new) in last {
            prop_assert_eq!(admission.body.pointer(pointer), new, "{}", pointer);
        }
        prop_assert_eq!(&admission.body["extra"], &body["extra"]);
        if admission.changed.is_empty() {
            prop_assert_eq!(&admission.body, &body);
        }
        let once = replaces.put(&body);
        let twice = replaces.put(&once.body);
        prop_assert!(twice.changed.is_empty(), "{:?}", twice.changed);
        prop_assert_eq!(twice.body, once.body);
    }
}
