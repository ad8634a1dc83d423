//! What the tests of another evaluator state: JanneMattila/azure-policy-evaluator at 121837c8. Its cases are C# and sample files;
//! what each says is told here in our own words, one row a case.

use dekey_expr::Value;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, Mode, Policy, Semantics, Subject, Surroundings, Unlisted, Verdict,
};
use serde_json::{Map, json};
use std::sync::Arc;

/// Where the properties of these cases are.
const PATHS: &[(&str, &str)] = &[
    ("Microsoft.Compute/licenseType", "properties.licenseType"),
    ("Microsoft.Compute/imageOffer", "properties.storageProfile.imageReference.offer"),
    ("Microsoft.Compute/imagePublisher", "properties.storageProfile.imageReference.publisher"),
    ("Microsoft.KeyVault/vaults/networkAcls.defaultAction", "properties.networkAcls.defaultAction"),
    (
        "Microsoft.KeyVault/vaults/networkAcls.virtualNetworkRules[*].id",
        "properties.networkAcls.virtualNetworkRules[*].id",
    ),
    ("Microsoft.Network/loadBalancers/sku.name", "sku.name"),
    ("Microsoft.Network/networkSecurityGroups/securityRules[*]", "properties.securityRules[*]"),
    (
        "Microsoft.Network/networkSecurityGroups/securityRules[*].sourceAddressPrefix",
        "properties.securityRules[*].properties.sourceAddressPrefix",
    ),
    (
        "Microsoft.Network/networkSecurityGroups/securityRules[*].destinationAddressPrefix",
        "properties.securityRules[*].properties.destinationAddressPrefix",
    ),
    (
        "Microsoft.Network/networkSecurityGroups/securityRules[*].destinationPortRange",
        "properties.securityRules[*].properties.destinationPortRange",
    ),
    (
        "Microsoft.Network/networkSecurityGroups/securityRules/sourceAddressPrefix",
        "properties.sourceAddressPrefix",
    ),
    (
        "Microsoft.Network/networkSecurityGroups/securityRules/destinationPortRange",
        "properties.destinationPortRange",
    ),
    ("Contoso.Test/things/value", "properties.value"),
    ("Contoso.Test/things/list[*]", "properties.list[*]"),
];

fn knowledge() -> Knowledge {
    let mut aliases = Aliases::new();
    let line = |(name, path): &(&str, &str)| json!({ "name": name, "path": path }).to_string();
    aliases.read(&PATHS.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    Knowledge { aliases: Arc::new(aliases), unlisted: Unlisted::NotJudged, semantics: Semantics::DOCUMENTED }
}

/// The effect of a rule on a resource, or `none`.
fn effect(parameters: &Value, rule: &Value, effect: &str, resource: &Value) -> String {
    let document = json!({ "properties": { "parameters": parameters,
        "policyRule": { "if": rule, "then": { "effect": effect } } } });
    let mut definition = Definition::parse(&document).unwrap();
    definition.mode = Mode::All;
    let policy = Policy::compile(&definition, &Map::new(), &About::default(), &knowledge()).unwrap();
    match policy.judge(&Subject::new(resource), &Surroundings::UNKNOWN) {
        Verdict::NonCompliant(effect) => effect.name().to_ascii_lowercase(),
        Verdict::Compliant(_) | Verdict::NotApplicable(_) => "none".to_owned(),
        other => other.to_string(),
    }
}

fn holds(condition: &Value, properties: &Value) -> bool {
    let resource = json!({ "type": "Contoso.Test/things", "properties": properties });
    effect(&json!({}), condition, "audit", &resource) == "audit"
}

#[test]
fn counts_compare() {
    let rows = [
        ("greater", 0, 1, true),
        ("greaterOrEquals", 2, 2, true),
        ("less", 3, 2, true),
        ("lessOrEquals", 2, 2, true),
        ("greater", 2, 1, false),
        ("greaterOrEquals", 3, 2, false),
        ("less", 1, 2, false),
        ("lessOrEquals", 1, 2, false),
    ];
    for (operator, value, elements, wanted) in rows {
        let condition = json!({ "count": { "field": "Contoso.Test/things/list[*]" }, operator: value });
        let list: Vec<usize> = (0..elements).collect();
        assert_eq!(holds(&condition, &json!({ "list": list })), wanted, "{elements} {operator} {value}");
    }
    // A number in a text, and no left side at all.
    let bare = json!({ "policyRule": { "if": { "greater": "1" }, "then": { "effect": "audit" } } });
    assert!(Definition::parse(&bare).is_err());
}

#[test]
fn texts_compare() {
    let field = "Contoso.Test/things/value";
    assert!(holds(&json!({ "field": field, "in": ["aa", "bb", "cc"] }), &json!({ "value": "bb" })));
    // There, an empty text stands for a property that is not there.
    for (exists, properties, wanted) in [
        ("true", json!({ "value": "a" }), true),
        ("true", json!({}), false),
        ("false", json!({ "value": "a" }), false),
        ("false", json!({}), true),
    ] {
        assert_eq!(
            holds(&json!({ "field": field, "exists": exists }), &properties),
            wanted,
            "{exists} {properties}"
        );
    }
    for (pattern, text, wanted) in [
        ("*", "abc", true),
        ("a*", "abc", true),
        ("b*", "abc", false),
        ("*a", "cba", true),
        ("*b", "cba", false),
    ] {
        for (operator, wanted) in [("like", wanted), ("notLike", !wanted)] {
            let condition = json!({ "field": field, operator: pattern });
            assert_eq!(holds(&condition, &json!({ "value": text })), wanted, "{text} {operator} {pattern}");
        }
    }
}

fn security_rule(port: &str) -> Value {
    json!({ "type": "Microsoft.Network/networkSecurityGroups/securityRules", "properties": { "destinationPortRange": port,
        "sourceAddressPrefix": "*", "destinationAddressPrefix": "10.0.0.4", "access": "Allow" } })
}

fn security_group() -> Value {
    json!({ "name": "nsg", "type": "Microsoft.Network/networkSecurityGroups", "location": "northeurope",
        "properties": { "securityRules": [security_rule("22"), security_rule("3389")] } })
}

/// Refuses rules that open the ports of SSH and RDP, on their own or within their group.
fn ports() -> Value {
    let name =
        |of: &str, own: &str| format!("Microsoft.Network/networkSecurityGroups/securityRules{of}{own}");
    let port = |of: &str| {
        json!({ "anyOf": [
        { "field": name(of, "destinationPortRange"), "equals": "22" }, { "field": name(of, "destinationPortRange"), "equals": "3389" } ] })
    };
    json!({ "anyOf": [
        { "allOf": [
            { "field": "type", "equals": "Microsoft.Network/networkSecurityGroups/securityRules" },
            { "not": { "field": name("/", "sourceAddressPrefix"), "notEquals": "*" } },
            port("/"),
        ] },
        { "allOf": [
            { "field": "type", "equals": "Microsoft.Network/networkSecurityGroups" },
            { "count": { "field": name("[*]", ""), "where": { "allOf": [
                { "field": name("[*].", "sourceAddressPrefix"), "equals": "*" }, port("[*]."),
            ] } }, "greater": 0 },
        ] },
    ] })
}

#[test]
fn properties_are_where_aliases_say() {
    let of = "Microsoft.Network/networkSecurityGroups/securityRules";
    let one = json!({ "field": format!("{of}/destinationPortRange"), "equals": "22" });
    assert_eq!(effect(&json!({}), &one, "audit", &security_rule("22")), "audit");
    let each = json!({ "field": format!("{of}[*].destinationAddressPrefix"), "equals": "10.0.0.4" });
    assert_eq!(effect(&json!({}), &each, "audit", &security_group()), "audit");
}

#[test]
fn policies_have_the_stated_effect() {
    for (choice, wanted) in [("Audit", "audit"), ("Deny", "deny")] {
        let parameters = json!({ "effect": { "type": "String", "allowedValues": ["Deny", "Audit", "Disabled"], "defaultValue": choice } });
        for resource in [security_group(), security_rule("22")] {
            assert_eq!(effect(&parameters, &ports(), "[parameters('effect')]", &resource), wanted);
        }
    }
    let places = json!({ "places": { "type": "array", "defaultValue": ["westeurope", "northeurope"] } });
    let elsewhere = json!({ "not": { "field": "location", "in": "[parameters('places')]" } });
    assert_eq!(effect(&places, &elsewhere, "deny", &security_group()), "none");
    let basic = json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.Network/loadBalancers" },
        { "field": "Microsoft.Network/loadBalancers/sku.name", "notEquals": "Standard" },
    ] });
    for (sku, wanted) in [("Basic", "audit"), ("Standard", "none")] {
        let balancer = json!({ "type": "Microsoft.Network/loadBalancers", "sku": { "name": sku } });
        assert_eq!(effect(&json!({}), &basic, "audit", &balancer), wanted, "{sku}");
    }
}

#[test]
fn licences_and_vaults() {
    let linux =
        json!({ "images": { "type": "array", "defaultValue": ["Canonical", "Debian", "OpenLogic"] } });
    let unlicensed = json!({ "allOf": [
        { "field": "type", "in": ["Microsoft.Compute/virtualMachines", "Microsoft.Compute/VirtualMachineScaleSets"] },
        { "not": { "anyOf": [
            { "field": "Microsoft.Compute/licenseType", "equals": "Windows_Server" },
            { "field": "Microsoft.Compute/imageOffer", "contains": "byos" },
            { "field": "Microsoft.Compute/imagePublisher", "in": "[parameters('images')]" },
        ] } },
    ] });
    for (publisher, licence, wanted) in [
        ("Canonical", None, "none"),
        ("MicrosoftWindowsServer", None, "audit"),
        ("MicrosoftWindowsServer", Some("Windows_Server"), "none"),
    ] {
        let machine = json!({ "type": "Microsoft.Compute/virtualMachines", "properties": { "licenseType": licence,
            "storageProfile": { "imageReference": { "publisher": publisher, "offer": "server" } } } });
        assert_eq!(effect(&linux, &unlicensed, "audit", &machine), wanted, "{publisher} {licence:?}");
    }
    let rules = "Microsoft.KeyVault/vaults/networkAcls.virtualNetworkRules[*].id";
    let open = json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.KeyVault/vaults" },
        { "anyOf": [
            { "field": rules, "exists": "false" },
            { "field": rules, "notLike": "*" },
            { "field": "Microsoft.KeyVault/vaults/networkAcls.defaultAction", "equals": "Allow" },
        ] },
    ] });
    let vault = |action: &str, rules: Value| {
        let acls = json!({ "defaultAction": action, "virtualNetworkRules": rules });
        json!({ "type": "Microsoft.KeyVault/vaults", "properties": { "networkAcls": acls } })
    };
    let subnet = json!([{ "id": "/subscriptions/s/subnets/n" }]);
    let told = |own: &Value| effect(&json!({}), &open, "audit", own);
    assert_eq!(told(&vault("Allow", json!([]))), "audit");
    assert_eq!(told(&vault("Allow", subnet.clone())), "audit");
    assert_eq!(told(&vault("Deny", subnet)), "none");
    // Two samples there state `none` for a vault without such rules. A condition on every element of an empty array holds: the
    // table of the article on arrays.
    assert_eq!(told(&vault("Deny", json!([]))), "audit");
}
