//! Policies that are assigned: what they refuse and change, and what they may be.

#![expect(clippy::needless_pass_by_value, reason = "documents are written where they are used")]

mod checks;
mod secrets;

use crate::{World, code, json};
use dekey_sim::{Options, Response};
use serde_json::{Value, json};

const SUB: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001";
const GROUP: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001/resourceGroups/rg";
const ROOT: &str = "/providers/Microsoft.Management/managementGroups/mg";
const POLICY: &str = "api-version=2025-03-01";
const PREVIEW: &str = "api-version=2026-01-01-preview";
const STORAGE: &str = "api-version=2025-06-01";
const KEYS: &str = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess";

fn world() -> World {
    World::filled(Options::new(1), |azure| {
        assert!(azure.seed(json!({ "id": ROOT, "properties": { "displayName": "ML" } })));
        assert!(azure.seed(
            json!({ "id": SUB, "properties": { "managementGroupAncestorsChain": [{ "name": "mg" }] } })
        ));
        assert!(azure.seed(
            json!({ "id": GROUP, "location": "westeurope", "tags": { "team": "ml" }, "properties": {} })
        ));
        azure.seed_workspaces(1, 1);
    })
}

fn account(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}")
}

fn policy(scope: &str, kind: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/{kind}/{name}")
}

impl World {
    fn put(&mut self, id: &str, version: &str, body: &Value) -> Response {
        self.ask("PUT", &format!("{id}?{version}"), &body.to_string())
    }

    fn made(&mut self, id: &str, version: &str, body: &Value) {
        let answer = self.put(id, version, body);
        assert!(answer.status < 300, "{id}: {}", json(&answer));
        self.now += jiff::SignedDuration::from_mins(2);
    }

    /// Defines a policy at the subscription and assigns it at a scope.
    fn assigned(&mut self, name: &str, scope: &str, rule: &Value, more: &Value) {
        let definition = policy(SUB, "policyDefinitions", name);
        let own = json!({ "properties": { "mode": "Indexed", "displayName": format!("The {name} policy"), "policyRule": rule } });
        self.made(&definition, POLICY, &own);
        let mut own = json!({ "properties": { "policyDefinitionId": definition, "displayName": format!("{name} here") } });
        for (key, value) in more.as_object().unwrap() {
            own["properties"][key] = value.clone();
        }
        self.made(&policy(scope, "policyAssignments", name), POLICY, &own);
    }

    fn account(&mut self, name: &str, properties: Value) -> Response {
        let body = json!({ "location": "westeurope", "kind": "StorageV2", "sku": { "name": "Standard_LRS" }, "properties": properties });
        let answer = self.put(&account(name), STORAGE, &body);
        self.now += jiff::SignedDuration::from_mins(2);
        answer
    }
}

fn no_keys(effect: &str) -> Value {
    json!({ "if": { "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" }, { "field": KEYS, "notEquals": false },
    ] }, "then": { "effect": effect } })
}

/// The shape that Microsoft's documentation of Azure Automation shows for a refused job, and public issues for others.
#[test]
fn what_is_denied_is_refused_in_the_words_of_azure() {
    let mut world = world();
    world.assigned("keys", SUB, &no_keys("deny"), &json!({}));
    let refused = world.account("one", json!({ "allowSharedKeyAccess": true }));
    let body = json(&refused);
    let error = &body["error"];
    assert_eq!((refused.status, error["code"].as_str()), (403, Some("RequestDisallowedByPolicy")));
    assert_eq!(error["target"], "one");
    let (assignment, definition) =
        (policy(SUB, "policyAssignments", "keys"), policy(SUB, "policyDefinitions", "keys"));
    let named = json!([{ "policyAssignment": { "name": "keys here", "id": assignment },
        "policyDefinition": { "name": "The keys policy", "id": definition } }]);
    assert_eq!(
        error["message"],
        format!("Resource 'one' was disallowed by policy. Policy identifiers: '{named}'.")
    );
    let info = &error["additionalInfo"][0];
    assert_eq!(info["type"], "PolicyViolation");
    let info = &info["info"];
    for (name, value) in [
        ("policyDefinitionDisplayName", json!("The keys policy")),
        ("policyDefinitionId", json!(definition)),
        ("policyDefinitionName", json!("keys")),
        ("policyDefinitionEffect", json!("deny")),
        ("policyAssignmentId", json!(assignment)),
        ("policyAssignmentName", json!("keys")),
        ("policyAssignmentDisplayName", json!("keys here")),
        ("policyAssignmentScope", json!(SUB)),
        ("policyAssignmentParameters", json!({})),
    ] {
        assert_eq!(info[name], value, "{name}");
    }
    assert!(info.get("policySetDefinitionId").is_none());
    let expressions = &info["evaluationDetails"]["evaluatedExpressions"];
    assert_eq!(
        expressions[0],
        json!({ "result": "True", "expressionKind": "Field", "expression": "type", "path": "type",
        "expressionValue": "Microsoft.Storage/storageAccounts", "targetValue": "Microsoft.Storage/storageAccounts", "operator": "Equals" })
    );
    assert_eq!(
        expressions[1],
        json!({ "result": "True", "expressionKind": "Field", "expression": KEYS,
        "path": "properties.allowSharedKeyAccess", "expressionValue": true, "targetValue": false, "operator": "NotEquals" })
    );
    assert_eq!(world.get(&format!("{}?{STORAGE}", account("one"))).0, 404);
    // What complies is taken, and stays as it is: a change that breaks the rule is refused, one that does not is not.
    assert_eq!(world.account("one", json!({ "allowSharedKeyAccess": false })).status, 202);
    let patch = |properties: Value| json!({ "properties": properties }).to_string();
    let url = format!("{}?{STORAGE}", account("one"));
    assert_eq!(world.ask("PATCH", &url, &patch(json!({ "allowSharedKeyAccess": true }))).status, 403);
    assert_eq!(world.ask("PATCH", &url, &patch(json!({ "minimumTlsVersion": "TLS1_2" }))).status, 200);
}

#[test]
fn an_assignment_tells_why_in_its_own_words() {
    let mut world = world();
    world.assigned(
        "keys",
        SUB,
        &no_keys("deny"),
        &json!({ "nonComplianceMessages": [{ "message": "No keys here." }] }),
    );
    let body = json(&world.account("two", json!({})));
    assert_eq!(
        body["error"]["message"],
        "Resource 'two' was disallowed by policy. Reasons: 'No keys here.'. See error details for policy resource IDs."
    );
    assert_eq!(body["error"]["additionalInfo"][0]["info"]["evaluationDetails"]["reason"], "No keys here.");
}

#[test]
fn initiatives_groups_exemptions_and_enrollments_say_who_is_refused() {
    let mut world = world();
    let keys = policy(ROOT, "policyDefinitions", "keys");
    world.made(
        &keys,
        POLICY,
        &json!({ "properties": { "mode": "Indexed", "policyRule": no_keys("[parameters('effect')]"),
        "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny"] } } } }),
    );
    let set = policy(ROOT, "policySetDefinitions", "set");
    world.made(
        &set,
        POLICY,
        &json!({ "properties": { "displayName": "The set", "parameters": { "how": { "type": "String" } },
        "policyDefinitions": [{ "policyDefinitionId": keys, "policyDefinitionReferenceId": "keys",
            "parameters": { "effect": { "value": "[parameters('how')]" } } }] } }),
    );
    let assignment = policy(ROOT, "policyAssignments", "set");
    let assign = |mode: &str| {
        json!({ "properties": { "policyDefinitionId": set, "enforcementMode": mode,
        "parameters": { "how": { "value": "Deny" } } } })
    };
    world.made(&assignment, POLICY, &assign("Default"));
    let body = json(&world.account("st", json!({})));
    let info = &body["error"]["additionalInfo"][0]["info"];
    assert_eq!(
        (
            &info["policySetDefinitionId"],
            &info["policySetDefinitionDisplayName"],
            &info["policyDefinitionReferenceId"]
        ),
        (&json!(set), &json!("The set"), &json!("keys"))
    );
    assert_eq!(info["policyAssignmentParameters"], json!({ "how": "Deny" }));
    assert_eq!(info["policyDefinitionEffect"], "Deny");
    assert!(body["error"]["message"].as_str().unwrap().contains("policySetDefinition"));
    // Whoever is exempt is not refused, until that ends.
    let exemption = policy(GROUP, "policyExemptions", "e");
    let until = "2026-12-01T00:00:00Z";
    let own = json!({ "properties": { "policyAssignmentId": assignment, "exemptionCategory": "Waiver", "expiresOn": until,
        "resourceSelectors": [{ "selectors": [{ "kind": "resourceLocation", "in": ["westeurope"] }] }] } });
    world.made(&exemption, PREVIEW, &own);
    assert_eq!(world.account("st", json!({})).status, 202);
    let elsewhere = json!({ "location": "northeurope", "kind": "StorageV2", "properties": {} });
    assert_eq!(world.put(&account("other"), STORAGE, &elsewhere).status, 403);
    world.now = until.parse().unwrap();
    world.token = world.sign_in("https://management.azure.com");
    assert_eq!(world.account("st", json!({})).status, 403);
    // What is not enforced refuses nothing; what enrolls is enforced where it is enrolled.
    world.made(&assignment, POLICY, &assign("DoNotEnforce"));
    assert_eq!(world.account("st", json!({})).status, 202);
    let enrollment = policy(GROUP, "policyEnrollments", "e");
    let own = json!({ "properties": { "policyAssignmentId": assignment } });
    let answer = world.put(&enrollment, PREVIEW, &own);
    assert_eq!((answer.status, code(&json(&answer))), (400, "InvalidCreatePolicyEnrollmentRequest"));
    world.made(&assignment, POLICY, &assign("Enroll"));
    assert_eq!(world.account("st", json!({})).status, 202);
    world.made(&enrollment, PREVIEW, &own);
    assert_eq!(world.account("st", json!({})).status, 403);
    let listed = format!("{GROUP}/providers/Microsoft.Authorization/policyEnrollments?{PREVIEW}");
    assert_eq!(world.all(&listed).0.len(), 1);
}

#[test]
fn what_a_policy_changes_is_what_is_made() {
    let mut world = world();
    let set = json!({ "if": { "field": "type", "equals": "Microsoft.Storage/storageAccounts" }, "then": { "effect": "modify",
        "details": { "roleDefinitionIds": [], "operations": [
            { "operation": "addOrReplace", "field": KEYS, "value": false },
            { "operation": "add", "field": "tags['team']", "value": "[resourceGroup().tags['team']]" },
        ] } } });
    world.assigned("set", SUB, &set, &json!({}));
    world.assigned("keys", SUB, &no_keys("deny"), &json!({}));
    assert_eq!(world.account("st", json!({ "allowSharedKeyAccess": true })).status, 202);
    let (_, made) = world.get(&format!("{}?{STORAGE}", account("st")));
    assert_eq!(
        (&made["properties"]["allowSharedKeyAccess"], &made["tags"]["team"]),
        (&json!(false), &json!("ml"))
    );
    // Tags that are written by themselves pass the same way.
    let url = format!("{}/providers/Microsoft.Resources/tags/default?api-version=2022-09-01", account("st"));
    let own = json!({ "operation": "Merge", "properties": { "tags": { "team": "other" } } });
    let answer = world.ask("PATCH", &url, &own.to_string());
    assert_eq!(answer.status, 200, "no policy here looks at tags: {}", json(&answer));
    let owner = json!({ "if": { "field": "tags['team']", "notEquals": "ml" }, "then": { "effect": "deny" } });
    world.assigned("team", SUB, &owner, &json!({}));
    let own = json!({ "operation": "Merge", "properties": { "tags": { "team": "third" } } });
    assert_eq!(world.ask("PATCH", &url, &own.to_string()).status, 403);
    // Templates make resources like everybody else.
    let template = json!({ "properties": { "mode": "Incremental", "template": { "contentVersion": "1.0.0.0", "resources": [
        { "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2025-06-01", "name": "deployed", "location": "westeurope",
            "kind": "StorageV2", "tags": { "team": "other" }, "properties": {} } ] } } });
    let deployment = format!("{GROUP}/providers/Microsoft.Resources/deployments/d?api-version=2022-09-01");
    let answer = world.ask("PUT", &deployment, &template.to_string());
    let told = json(&answer);
    assert_eq!((answer.status, code(&told)), (400, "InvalidTemplateDeployment"), "{told}");
    assert_eq!(told["error"]["details"][0]["code"], "RequestDisallowedByPolicy");
    assert_eq!(told["error"]["details"][0]["target"], "deployed");
    assert_eq!(world.get(&deployment).0, 404);
    // So are resource groups.
    let tagged = json!({ "if": { "allOf": [
        { "field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups" }, { "field": "tags.cost", "exists": false },
    ] }, "then": { "effect": "deny" } });
    let definition = policy(SUB, "policyDefinitions", "groups");
    world.made(&definition, POLICY, &json!({ "properties": { "mode": "All", "policyRule": tagged } }));
    world.made(
        &policy(SUB, "policyAssignments", "groups"),
        POLICY,
        &json!({ "properties": { "policyDefinitionId": definition } }),
    );
    let group = format!("{SUB}/resourceGroups/new");
    assert_eq!(world.put(&group, "api-version=2021-04-01", &json!({ "location": "westeurope" })).status, 403);
    world.made(
        &group,
        "api-version=2021-04-01",
        &json!({ "location": "westeurope", "tags": { "cost": "1" } }),
    );
}

#[test]
fn what_is_kept_is_not_deleted() {
    let mut world = world();
    assert_eq!(world.account("st", json!({})).status, 202);
    let keep = json!({ "if": { "field": "type", "equals": "Microsoft.Storage/storageAccounts" }, "then": { "effect": "denyAction",
        "details": { "actionNames": ["delete"], "cascadeBehaviors": { "resourceGroup": "deny" } } } });
    world.assigned("keep", SUB, &keep, &json!({}));
    let answer = world.ask("DELETE", &format!("{}?{STORAGE}", account("st")), "");
    assert_eq!((answer.status, code(&json(&answer))), (403, "RequestDisallowedByPolicy"));
    let message = json(&answer)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Deletion of resource 'st' was disallowed by policy."), "{message}");
    let group = format!("{GROUP}?api-version=2021-04-01");
    assert_eq!(world.ask("DELETE", &group, "").status, 403);
    assert_eq!(
        world.ask("DELETE", &format!("{}?{POLICY}", policy(SUB, "policyAssignments", "keep")), "").status,
        200
    );
    assert_eq!(world.ask("DELETE", &group, "").status, 202);
}

#[test]
fn no_refusal_tells_a_secret() {
    let mut world = world();
    let secret = "S3cr3t-canary-0123456789abcdef";
    let rule = json!({ "if": { "allOf": [
        { "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces/connections" },
        { "value": "[toLower(concat('x', field('Microsoft.MachineLearningServices/workspaces/connections/target')))]", "notEquals": "" },
        { "field": "Microsoft.MachineLearningServices/workspaces/connections/target", "notEquals": secret },
        { "field": "tags.password", "exists": true },
    ] }, "then": { "effect": "deny" } });
    let definition = policy(SUB, "policyDefinitions", "connections");
    world.made(&definition, POLICY, &json!({ "properties": { "mode": "All", "policyRule": rule } }));
    world.made(
        &policy(SUB, "policyAssignments", "connections"),
        POLICY,
        &json!({ "properties": { "policyDefinitionId": definition } }),
    );
    let workspace = world.workspaces()[0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "tags": { "password": secret }, "properties": { "category": "Git", "authType": "ApiKey",
        "target": format!("https://host.example/?token={secret}"), "credentials": { "key": secret } } });
    // The invented workspace lies elsewhere, and so does the assignment that is to see it.
    let scope = workspace.split('/').take(3).collect::<Vec<_>>().join("/");
    world.made(
        &policy(&scope, "policyAssignments", "c"),
        POLICY,
        &json!({ "properties": { "policyDefinitionId": definition } }),
    );
    let answer = world.put(&format!("{workspace}/connections/c"), "api-version=2025-12-01", &body);
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, 403, "{text}");
    assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{text}");
    assert!(text.contains("[hidden]"));
}

#[test]
fn what_nobody_can_judge_goes_on_and_is_counted() {
    let mut world = world();
    let rule = json!({ "if": { "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        { "field": "Microsoft.Storage/storageAccounts/unheardOf", "equals": true },
    ] }, "then": { "effect": "deny" } });
    world.assigned("strange", SUB, &rule, &json!({}));
    let answer = world.account("st", json!({}));
    assert_eq!(answer.status, 202);
    let told = answer.header("x-simulator-policies-not-judged").unwrap();
    assert!(told.starts_with("1; ") && told.contains("unheardOf"), "{told}");
    assert_eq!(world.azure.not_judged().values().sum::<u64>(), 1);
    // What it has nothing to say of is not open.
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/kv");
    let own = json!({ "location": "westeurope", "properties": {} });
    assert!(
        world.put(&vault, "api-version=2025-05-01", &own).header("x-simulator-policies-not-judged").is_none()
    );
}

#[test]
fn states_come_out_where_no_export_has_any() {
    let mut world = world();
    assert_eq!(world.account("open", json!({})).status, 202);
    assert_eq!(world.account("shut", json!({ "allowSharedKeyAccess": false })).status, 202);
    world.assigned("keys", GROUP, &no_keys("audit"), &json!({}));
    let states = format!("{GROUP}/providers/Microsoft.PolicyInsights/policyStates/latest");
    let version = "api-version=2019-10-01";
    let ask = |world: &mut World, what: &str| world.ask("POST", &format!("{states}/{what}{version}"), "");
    let scan = ask(&mut world, "triggerEvaluation?");
    assert_eq!(scan.status, 202);
    world.now += jiff::SignedDuration::from_mins(2);
    assert_eq!(world.ask("GET", scan.header("Location").unwrap(), "").status, 200);
    let found = json(&ask(&mut world, "queryResults?"));
    let told: Vec<(&str, &str)> = found["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| {
            (
                own["resourceId"].as_str().unwrap().rsplit('/').next().unwrap(),
                own["complianceState"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("open", "NonCompliant"), ("shut", "Compliant")]);
    let bad = json(&ask(&mut world, "queryResults?$filter=complianceState%20eq%20'NonCompliant'&"));
    assert_eq!(bad["@odata.count"], 1);
    let summary = json(&ask(&mut world, "summarize?"));
    assert_eq!(summary["value"][0]["results"]["nonCompliantResources"], 1);
}

#[test]
fn aliases_are_told_on_demand() {
    let mut world = world();
    let url = "/providers/Microsoft.Storage?api-version=2021-04-01";
    assert!(world.get(url).1["resourceTypes"][0].get("aliases").is_none());
    let (_, told) = world.get(&format!("{url}&$expand=resourceTypes/aliases"));
    let mut aliases = dekey_policy::Aliases::new();
    assert!(aliases.read(&told.to_string()).unwrap() > 100);
    assert_eq!(aliases.find(KEYS)[0].path.to_string(), "properties.allowSharedKeyAccess");
}
