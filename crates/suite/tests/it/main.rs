//! Files of tests, run from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dekey_suite::Status::{Failed, Passed};
use dekey_suite::{Files, Status, Suite, is_suite, run, schema};
use std::collections::BTreeMap;

/// Files in memory.
struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0
            .get(path)
            .map(|text| (*text).to_owned())
            .ok_or_else(|| format!("{path}: there is no such file"))
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let below: Vec<String> = self
            .0
            .keys()
            .filter(|own| own.starts_with(&format!("{path}/")))
            .map(|own| (*own).to_owned())
            .collect();
        (!below.is_empty()).then_some(below)
    }
}

const KEYS: &str = r#"{ "id": "/providers/Microsoft.Authorization/policyDefinitions/keys", "properties": {
  "displayName": "No keys", "mode": "Indexed",
  "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": "Audit" } },
  "policyRule": { "if": { "allOf": [
      { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
      { "field": "tags.legacy", "notEquals": "yes" },
      { "not": { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "equals": false } } ] },
    "then": { "effect": "[parameters('effect')]" } } } }"#;

const LOGS: &str = r#"{ "id": "/providers/Microsoft.Authorization/policyDefinitions/logs", "properties": { "mode": "Indexed",
  "policyRule": { "if": { "field": "type", "equals": "Microsoft.KeyVault/vaults" },
    "then": { "effect": "AuditIfNotExists", "details": { "type": "Microsoft.Insights/diagnosticSettings",
      "existenceCondition": { "field": "Microsoft.Insights/diagnosticSettings/workspaceId", "exists": true } } } } } }"#;

const KEEP: &str = r#"{ "id": "/providers/Microsoft.Authorization/policyDefinitions/keep", "properties": { "mode": "Indexed",
  "policyRule": { "if": { "field": "type", "equals": "Microsoft.KeyVault/vaults" },
    "then": { "effect": "denyAction", "details": { "actionNames": ["delete"] } } } } }"#;

const SET: &str = r#"{ "id": "/providers/Microsoft.Authorization/policySetDefinitions/set", "properties": {
  "displayName": "All", "parameters": { "keys": { "type": "String", "defaultValue": "Deny" } },
  "policyDefinitions": [
    { "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/keys", "policyDefinitionReferenceId": "keys",
      "parameters": { "effect": { "value": "[parameters('keys')]" } } },
    { "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/logs", "policyDefinitionReferenceId": "logs" } ] } }"#;

fn files() -> Memory {
    Memory(BTreeMap::from([
        ("keys.json", KEYS),
        ("all/keys.json", KEYS),
        ("all/logs.json", LOGS),
        ("all/notes.json", "{ \"something\": \"else\" }"),
        ("logs.json", LOGS),
        ("keep.json", KEEP),
        ("set.json", SET),
        (
            "account.yaml",
            "type: Microsoft.Storage/storageAccounts\nname: st\nlocation: westeurope\nproperties: { allowSharedKeyAccess: false }\n",
        ),
    ]))
}

fn suite(text: &str) -> Suite {
    run(text, &files()).unwrap()
}

/// Status and outcome of each case.
fn told(suite: &Suite) -> Vec<(Status, &str)> {
    suite.cases.iter().map(|own| (own.status, own.got.as_str())).collect()
}

const ACCOUNT: &str = "type: Microsoft.Storage/storageAccounts, location: westeurope";

#[test]
fn cases_pass_fail_and_say_what_decided() {
    let text = format!(
        "definition: keys.json
parameters: {{ effect: Deny }}
cases:
  - {{ name: on, resource: {{ {ACCOUNT}, name: st, properties: {{ allowSharedKeyAccess: true }} }}, expect: deny, reason: allowSharedKeyAccess }}
  - {{ name: off, resource: account.yaml, expect: compliant, reason: properties.allowSharedKeyAccess }}
  - {{ name: legacy, resource: {{ {ACCOUNT}, name: st, tags: {{ legacy: 'yes' }} }}, expect: Non-Compliant }}
  - {{ name: for another reason, resource: {{ {ACCOUNT}, name: st, tags: {{ legacy: 'yes' }} }}, expect: compliant, reason: allowSharedKeyAccess }}
  - {{ name: off here, parameters: {{ effect: Disabled }}, resource: account.yaml, expect: not applicable, reason: disabled }}
  - {{ name: of another type, resource: {{ type: Microsoft.KeyVault/vaults, name: kv }}, expect: not_applicable, reason: type }}
  - {{ name: any effect, resource: {{ {ACCOUNT}, name: st }}, expect: noncompliant }}
"
    );
    let own = suite(&text);
    assert_eq!(own.title, "No keys");
    let statuses: Vec<Status> = own.cases.iter().map(|case| case.status).collect();
    assert_eq!(statuses, [Passed, Passed, Failed, Failed, Passed, Passed, Passed], "{:?}", told(&own));
    assert_eq!(own.cases[2].problems, ["expected non-compliant, got compliant"]);
    // The one condition that would have made it fire, and everything that was looked at.
    let decided: Vec<&str> = own.cases[2].decided.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(decided, ["/properties/policyRule/if/allOf/1"]);
    assert_eq!(own.cases[2].trace.len(), 3);
    assert!(own.cases[3].problems[0].contains("what decided: tags['legacy']"), "{:?}", own.cases[3].problems);
    // The type is what the rule is about; both others were seen to hold and not to.
    assert_eq!(own.conditions.len(), 2);
    assert!(
        own.conditions.iter().all(|one| one.seen.held > 0 && one.seen.failed > 0),
        "{:?}",
        own.conditions
    );
}

#[test]
fn what_was_not_given_is_not_judged_and_no_pass() {
    let vault = "{ type: Microsoft.KeyVault/vaults, name: kv, location: westeurope }";
    let text = format!(
        "definition: logs.json
cases:
  - {{ name: nobody looked, resource: {vault}, expect: auditIfNotExists }}
  - {{ name: nobody looked and that is known, resource: {vault}, expect: not judged, reason: related }}
  - {{ name: none, related: [], resource: {vault}, expect: auditIfNotExists }}
  - name: one
    resource: {vault}
    related: [{{ type: Microsoft.Insights/diagnosticSettings, name: d, properties: {{ workspaceId: x }} }}]
    expect: compliant
"
    );
    let own = suite(&text);
    assert_eq!(own.cases[0].status, Status::NotJudged, "{:?}", own.cases[0]);
    assert!(own.cases[0].problems[0].contains("say with `related`"), "{:?}", own.cases[0].problems);
    let rest: Vec<Status> = own.cases[1..].iter().map(|case| case.status).collect();
    assert_eq!(rest, [Passed; 3], "{:?}", told(&own));
    let unknown = "definition: { properties: { mode: All, policyRule: { if: { field: Contoso.Moon/bases/air, equals: 1 }, then: { effect: deny } } } }
cases: [{ name: an alias that nobody knows, resource: { type: Contoso.Moon/bases, name: b }, expect: deny }]";
    assert_eq!(suite(unknown).cases[0].status, Status::NotJudged);
}

#[test]
fn requests_have_a_method_a_version_and_a_caller() {
    let definition = "{ properties: { mode: All, policyRule: { if: { value: \"[requestContext().apiVersion]\", less: '2023-01-01' }, then: { effect: deny } } } }";
    let text = format!(
        "definition: {definition}
apiVersion: '2022-09-01'
cases:
  - {{ name: old, request: {{ body: {{ {ACCOUNT}, name: st }} }}, expect: deny }}
  - {{ name: new, request: {{ apiVersion: '2024-01-01', body: {{ {ACCOUNT}, name: st }} }}, expect: compliant }}
"
    );
    assert_eq!(told(&suite(&text)), [(Passed, "deny"), (Passed, "compliant")]);
    let patch = format!(
        "definition: keys.json
parameters: {{ effect: Deny }}
cases:
  - name: a patch is judged with what is there
    request: {{ method: PATCH, existing: account.yaml, body: {{ tags: {{ a: b }} }} }}
    expect: compliant
  - name: a patch that turns keys on
    request: {{ method: PATCH, existing: account.yaml, body: {{ properties: {{ allowSharedKeyAccess: true }} }} }}
    expect: deny
  - name: a patch of nothing
    request: {{ method: PATCH, body: {{ {ACCOUNT} }} }}
    expect: deny
"
    );
    let own = suite(&patch);
    assert_eq!(told(&own)[..2], [(Passed, "compliant"), (Passed, "deny")]);
    assert!(own.cases[2].problems[0].contains("`existing`"), "{:?}", own.cases[2]);
    let delete = "definition: keep.json
cases:
  - { name: deleting, request: { method: DELETE, existing: { type: Microsoft.KeyVault/vaults, name: kv } }, expect: denyAction }
";
    assert_eq!(told(&suite(delete)), [(Passed, "denyAction")]);
    let other = "definition: keys.json
cases: [{ name: deleting, request: { method: DELETE, existing: account.yaml }, expect: not applicable }]";
    assert_eq!(suite(other).cases[0].status, Passed);
}

#[test]
fn initiatives_are_told_policy_by_policy() {
    let text = format!(
        "initiative: set.json
definitions: all
cases:
  - {{ name: each, resource: {{ {ACCOUNT}, name: st }}, expect: {{ keys: deny, logs: not applicable }} }}
  - {{ name: the gravest, resource: {{ {ACCOUNT}, name: st }}, expect: deny }}
  - {{ name: its own parameter, parameters: {{ keys: Audit }}, resource: {{ {ACCOUNT}, name: st }}, expect: audit }}
  - {{ name: no such policy, resource: {{ {ACCOUNT}, name: st }}, expect: {{ moon: deny }} }}
  - {{ name: one of two, resource: {{ {ACCOUNT}, name: st }}, expect: {{ keys: compliant, logs: not applicable }} }}
"
    );
    let own = suite(&text);
    let statuses: Vec<Status> = own.cases.iter().map(|case| case.status).collect();
    assert_eq!(statuses, [Passed, Passed, Passed, Failed, Failed], "{:?}", told(&own));
    assert!(own.cases[3].problems[0].contains("`moon`"));
    assert_eq!(own.cases[4].problems, ["keys: expected compliant, got deny"]);
    assert_eq!(own.cases[4].decided.len(), 3, "{:?}", own.cases[4].decided);
    assert!(own.conditions.iter().any(|one| one.reference == "logs"));
    // Without its definitions nobody can say.
    let bare = format!(
        "initiative: set.json\ncases: [{{ name: x, resource: {{ {ACCOUNT}, name: st }}, expect: deny }}]"
    );
    assert_eq!(suite(&bare).cases[0].status, Status::NotJudged);
}

#[test]
fn assignments_have_scopes_exemptions_and_messages() {
    let assignment = "{ id: /subscriptions/s/providers/Microsoft.Authorization/policyAssignments/a, properties: {
    scope: /subscriptions/s, notScopes: [/subscriptions/s/resourceGroups/free], policyDefinitionId: /providers/Microsoft.Authorization/policyDefinitions/keys,
    parameters: { effect: { value: Deny } }, nonComplianceMessages: [{ message: Ask the platform team. }] } }";
    let exemption = "{ id: /subscriptions/s/resourceGroups/old/providers/Microsoft.Authorization/policyExemptions/e, properties: {
    policyAssignmentId: /subscriptions/s/providers/Microsoft.Authorization/policyAssignments/a, exemptionCategory: Waiver, expiresOn: '2027-01-01T00:00:00Z' } }";
    let account = |group: &str| {
        format!(
            "{{ id: /subscriptions/s/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/st, {ACCOUNT} }}"
        )
    };
    let text = format!(
        "assignment: {assignment}
definitions: [keys.json]
exemptions: [{exemption}]
now: '2026-11-23T00:00:00Z'
cases:
  - {{ name: refused, resource: {g}, expect: deny, message: platform team }}
  - {{ name: excluded, resource: {free}, expect: excluded }}
  - {{ name: exempt, resource: {old}, expect: exempt }}
  - {{ name: no longer, now: '2027-02-01T00:00:00Z', resource: {old}, expect: deny }}
  - {{ name: another message, resource: {g}, expect: deny, message: the moon }}
  - {{ name: of another subscription, resource: {{ id: /subscriptions/t/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st, {ACCOUNT} }}, expect: elsewhere }}
",
        g = account("g"),
        free = account("free"),
        old = account("old"),
    );
    let own = suite(&text);
    let statuses: Vec<Status> = own.cases.iter().map(|case| case.status).collect();
    assert_eq!(statuses, [Passed, Passed, Passed, Passed, Failed, Passed], "{:?}", own.cases);
    assert!(own.cases[4].problems[0].contains("Ask the platform team."));
}

#[test]
fn an_evaluation_that_fails_is_an_error_of_its_own() {
    let text = format!(
        "definition: {{ properties: {{ mode: All, policyRule: {{ if: {{ value: \"[substring(field('name'), 0, 9)]\", equals: x }}, then: {{ effect: audit }} }} }} }}
cases: [{{ name: too short, resource: {{ {ACCOUNT}, name: st }}, expect: error, reason: substring }}]"
    );
    let own = suite(&text);
    assert_eq!(own.cases[0].status, Passed, "{:?}", own.cases[0]);
}

#[test]
fn mistakes_are_named_with_their_place() {
    let error = |text: &str| run(text, &files()).unwrap_err();
    let case = "cases: [{ name: a, resource: account.yaml, expect: compliant }]";
    for (text, wanted) in [
        (format!("definition: keys.json\nparamters: {{}}\n{case}"), "paramters"),
        (
            format!("definition: keys.json\ninitiative: set.json\n{case}"),
            "one of `definition`, `initiative` and `assignment`",
        ),
        (case.to_owned(), "one of `definition`"),
        ("definition: keys.json\ncases: []".to_owned(), "no cases"),
        (format!("definition: moon.json\n{case}"), "moon.json: there is no such file"),
        (format!("definition: account.yaml\n{case}"), "account.yaml: there is neither a `policyRule`"),
        ("definition: [".to_owned(), "line "),
        (
            format!(
                "definition: {{ properties: {{ policyRule: {{ if: {{ field: name, is: 1 }}, then: {{ effect: deny }} }} }} }}\n{case}"
            ),
            "/policyRule/if",
        ),
    ] {
        assert!(error(&text).contains(wanted), "{text}: {}", error(&text));
    }
    let own = suite(
        "definition: keys.json\ncases: [{ name: a, resource: account.yaml, expect: fine }, { name: b, expect: deny }, { name: c, parameters: { effect: deny }, resource: account.yaml, expect: deny }]",
    );
    assert!(own.cases[0].problems[0].contains("`fine` cannot be expected"), "{:?}", own.cases[0]);
    assert!(own.cases[1].problems[0].contains("one of `resource` and `request`"));
    // Azure takes no value in another case than the one that is allowed.
    assert!(own.cases[2].problems[0].contains("case matters"), "{:?}", own.cases[2]);
    assert!(own.cases.iter().all(|one| one.status == Failed));
}

#[test]
fn files_of_tests_are_told_from_other_yaml() {
    assert!(is_suite("definition: x\ncases:\n  - name: a\n"));
    assert!(!is_suite("name: a workflow\njobs:\n  cases: no\n"));
    let schema = schema();
    assert_eq!(schema["required"], serde_json::json!(["cases"]));
    assert!(schema["properties"]["managementGroups"].is_object(), "{schema:#}");
}
