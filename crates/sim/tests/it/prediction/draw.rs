//! Random tenants, policies and writes. The same seed makes the same.

use serde_json::{Map, Value, json};

/// SplitMix64.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    pub(super) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Whether something of which so many in a hundred happen does.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

pub(super) const SUBSCRIPTIONS: &[&str] = &[
    "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001",
    "/subscriptions/5a1e0c7d-0000-4000-8000-000000000002",
    "/subscriptions/5a1e0c7d-0000-4000-8000-000000000003",
];
pub(super) const MANAGED: &[(&str, &[&str])] =
    &[("top", &[]), ("left", &["top"]), ("right", &["top"]), ("deep", &["left", "top"])];
const PLACES: &[&str] = &["westeurope", "northeurope", "West Europe", "swedencentral"];
const GROUPS: &[&str] = &["one", "two", "kept"];

/// A type that resources are made of: its name, version, what may stand in its properties, and its aliases.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) patches: bool,
    flags: &'static [&'static str],
    choices: &'static [(&'static str, &'static [&'static str])],
    rules: Option<&'static str>,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "Microsoft.Storage/storageAccounts",
        version: "2025-06-01",
        patches: true,
        flags: &["allowSharedKeyAccess", "allowBlobPublicAccess", "supportsHttpsTrafficOnly"],
        choices: &[
            ("minimumTlsVersion", &["TLS1_0", "TLS1_2"]),
            ("publicNetworkAccess", &["Enabled", "Disabled"]),
            ("networkAcls.defaultAction", &["Allow", "Deny"]),
        ],
        rules: Some("networkAcls.ipRules"),
    },
    Kind {
        name: "Microsoft.KeyVault/vaults",
        version: "2025-05-01",
        patches: true,
        flags: &["enableRbacAuthorization", "enablePurgeProtection"],
        choices: &[
            ("publicNetworkAccess", &["Enabled", "Disabled"]),
            ("networkAcls.defaultAction", &["Allow", "Deny"]),
        ],
        rules: Some("networkAcls.ipRules"),
    },
    Kind {
        name: "Microsoft.ContainerRegistry/registries",
        version: "2025-04-01",
        patches: true,
        flags: &["adminUserEnabled", "anonymousPullEnabled"],
        choices: &[("publicNetworkAccess", &["Enabled", "Disabled"])],
        rules: None,
    },
    Kind {
        name: "Microsoft.MachineLearningServices/workspaces",
        version: "2025-12-01",
        patches: true,
        flags: &["hbiWorkspace", "v1LegacyMode", "allowPublicAccessWhenBehindVnet"],
        choices: &[
            ("publicNetworkAccess", &["Enabled", "Disabled"]),
            ("systemDatastoresAuthMode", &["accesskey", "identity"]),
            ("imageBuildCompute", &["cpu", "gpu"]),
        ],
        rules: None,
    },
];

/// Sets `a.b` of an object.
fn set(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = map.entry(head).or_insert_with(|| json!({}));
            set(inner.as_object_mut().unwrap(), rest, value);
        }
    }
}

impl Draw {
    pub(super) fn properties(&mut self, kind: &Kind) -> Value {
        let mut own = Map::new();
        for flag in kind.flags {
            match self.below(5) {
                0 | 1 => set(&mut own, flag, json!(true)),
                2 | 3 => set(&mut own, flag, json!(false)),
                _ => {}
            }
        }
        for (path, values) in kind.choices {
            if self.chance(60) {
                set(&mut own, path, json!(self.of(values)));
            }
        }
        if let Some(path) = kind.rules.filter(|_| self.chance(40)) {
            let rules = ["10.0.0.1", "10.0.0.0/8", "20.1.2.3"];
            let rules: Vec<Value> = rules
                .iter()
                .filter(|_| self.chance(50))
                .map(|own| json!({ "value": own, "action": "Allow" }))
                .collect();
            set(&mut own, path, json!(rules));
        }
        Value::Object(own)
    }

    pub(super) fn tags(&mut self) -> Value {
        let mut own = Map::new();
        for name in ["team", "Env", "owner"] {
            if self.chance(45) {
                own.insert(name.to_owned(), json!(self.of(&["ml", "ML", "data", ""])));
            }
        }
        Value::Object(own)
    }

    pub(super) fn body(&mut self, kind: &Kind) -> Value {
        let mut own = json!({ "location": self.of(PLACES), "properties": self.properties(kind) });
        if self.chance(70) {
            own["tags"] = self.tags();
        }
        if kind.name.ends_with("workspaces") {
            own["identity"] = json!({ "type": self.of(&["None", "SystemAssigned"]) });
            own["kind"] = json!(self.of(&["Default", "Hub"]));
        }
        own
    }

    pub(super) fn group(&mut self) -> String {
        format!("{}/resourceGroups/{}", self.of(SUBSCRIPTIONS), self.of(GROUPS))
    }

    fn scope(&mut self) -> String {
        match self.below(10) {
            0..=2 => managed(self.of(MANAGED).0),
            3..=6 => self.of(SUBSCRIPTIONS).to_owned(),
            7 | 8 => self.group(),
            _ => {
                let kind = &KINDS[self.below(KINDS.len())];
                format!("{}/providers/{}/r{}", self.group(), kind.name, self.below(6))
            }
        }
    }
}

pub(super) fn managed(name: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{name}")
}

pub(super) fn groups() -> impl Iterator<Item = String> {
    SUBSCRIPTIONS
        .iter()
        .flat_map(|own| GROUPS.iter().map(move |group| format!("{own}/resourceGroups/{group}")))
}

/// A condition on a type, or on any.
impl Draw {
    fn leaf(&mut self, kind: &Kind) -> Value {
        let alias = |path: &str| format!("{}/{path}", kind.name);
        match self.below(20) {
            0..=4 => {
                let field = alias(self.of(kind.flags));
                let operator = self.of(&["equals", "notEquals"]);
                json!({ "field": field, operator: self.of(&[json!(true), json!(false), json!("true"), json!("")]) })
            }
            5..=7 => {
                let (path, values) = self.of(kind.choices);
                let operator = self.of(&["equals", "notEquals", "like", "notLike", "contains"]);
                json!({ "field": alias(path), operator: self.of(values) })
            }
            8 => json!({ "field": alias(self.of(kind.flags)), "exists": self.chance(50) }),
            9 => {
                let (path, values) = self.of(kind.choices);
                json!({ "field": alias(path), self.of(&["in", "notIn"]): [self.of(values), "Other"] })
            }
            10 | 11 => {
                json!({ "field": "location", self.of(&["in", "notIn"]): [self.of(PLACES), self.of(PLACES)] })
            }
            12 => {
                json!({ "field": format!("tags['{}']", self.of(&["team", "env", "owner"])), self.of(&["equals", "notEquals", "like"]): "m*l" })
            }
            13 => {
                json!({ "field": format!("tags.{}", self.of(&["team", "env"])), "exists": self.of(&["true", "false"]) })
            }
            14 => {
                json!({ "field": "[concat('tags[', 'team', ']')]", "notEquals": "[resourceGroup().tags['team']]" })
            }
            15 => {
                json!({ "value": "[resourceGroup().location]", self.of(&["equals", "notEquals"]): "[field('location')]" })
            }
            16 => {
                json!({ "field": "name", self.of(&["like", "notLike", "match"]): self.of(&["r*", "r1", "r#", "*5"]) })
            }
            17 => match kind.rules {
                Some(path) => json!({ "count": { "field": alias(&format!("{path}[*]")),
                    "where": { "field": alias(&format!("{path}[*].value")), "like": self.of(&["10.*", "*/8"]) } },
                    self.of(&["greater", "equals", "less"]): self.below(3) }),
                None => json!({ "field": "id", "contains": self.of(&["/one/", "/kept/"]) }),
            },
            18 => match kind.rules {
                Some(path) => {
                    json!({ "field": alias(&format!("{path}[*].value")), self.of(&["equals", "notEquals", "like"]): "10.0.0.1" })
                }
                None => {
                    json!({ "value": "[requestContext().apiVersion]", self.of(&["less", "greaterOrEquals"]): "2025-05-01" })
                }
            },
            _ => match self.below(4) {
                // Fails where the name is shorter than that.
                0 => json!({ "value": "[substring(field('name'), 0, 2)]", "equals": "r1" }),
                // Fails where the property is no number.
                1 => json!({ "field": alias(self.of(kind.flags)), "greater": 3 }),
                2 => json!({ "value": "[contains(concat(field('tags')), 'team')]", "equals": true }),
                _ => json!({ "value": "[subscription().subscriptionId]", "like": self.of(&["*1", "*2"]) }),
            },
        }
    }

    fn condition(&mut self, kind: &Kind, depth: usize) -> Value {
        if depth == 0 || self.chance(35) {
            return self.leaf(kind);
        }
        let parts = |own: &mut Self| -> Vec<Value> {
            (0..=own.below(3)).map(|_| own.condition(kind, depth - 1)).collect()
        };
        match self.below(5) {
            0 | 1 => json!({ "allOf": parts(self) }),
            2 | 3 => json!({ "anyOf": parts(self) }),
            _ => json!({ "not": self.condition(kind, depth - 1) }),
        }
    }

    fn operation(&mut self, kind: &Kind) -> Value {
        let alias = |path: &str| format!("{}/{path}", kind.name);
        let operation = self.of(&["add", "addOrReplace", "addOrReplace"]);
        let mut own = match self.below(5) {
            0 | 1 => {
                json!({ "operation": operation, "field": "tags['team']", "value": self.of(&["ml", "ops", "[resourceGroup().name]"]) })
            }
            2 => json!({ "operation": "remove", "field": "tags['Env']" }),
            3 => {
                json!({ "operation": operation, "field": alias(self.of(kind.flags)), "value": self.chance(50) })
            }
            _ => {
                if let Some(path) = kind.rules {
                    let value = json!({ "value": "10.9.9.9", "action": "Allow" });
                    json!({ "operation": operation, "field": alias(&format!("{path}[*]")), "value": value })
                } else {
                    let (path, values) = self.of(kind.choices);
                    json!({ "operation": operation, "field": alias(path), "value": self.of(values) })
                }
            }
        };
        if self.chance(20) {
            own["condition"] = json!(format!(
                "[greaterOrEquals(requestContext().apiVersion, '{}')]",
                self.of(&["2025-06-01", "2030-01-01"])
            ));
        }
        own
    }

    fn then(&mut self, kind: &Kind) -> Value {
        match self.below(20) {
            0..=7 => json!({ "effect": "deny" }),
            8 | 9 => json!({ "effect": "[parameters('effect')]" }),
            10 | 11 => json!({ "effect": "audit" }),
            12..=14 => {
                let operations: Vec<Value> = (0..=self.below(2)).map(|_| self.operation(kind)).collect();
                json!({ "effect": "modify", "details": { "roleDefinitionIds": [], "operations": operations,
                    "conflictEffect": self.of(&["deny", "audit", "disabled"]) } })
            }
            15 => json!({ "effect": "append", "details": [{ "field": "tags['owner']", "value": "ops" }] }),
            16 | 17 => json!({ "effect": "denyAction", "details": { "actionNames": ["delete"],
                "cascadeBehaviors": { "resourceGroup": self.of(&["allow", "deny"]) } } }),
            18 => {
                json!({ "effect": "auditIfNotExists", "details": { "type": "Microsoft.Insights/diagnosticSettings" } })
            }
            _ => json!({ "effect": "disabled" }),
        }
    }

    /// The properties of a definition.
    pub(super) fn definition(&mut self) -> Value {
        let kind = &KINDS[self.below(KINDS.len())];
        let mut rule = self.condition(kind, 3);
        if self.chance(80) {
            rule = json!({ "allOf": [{ "field": "type", "equals": kind.name }, rule] });
        }
        if self.chance(3) {
            rule = json!({ "allOf": [{ "field": "type", "equals": kind.name }, { "field": format!("{}/unheardOf", kind.name), "exists": true }] });
        }
        let then = self.then(kind);
        let mut own = json!({ "mode": self.of(&["Indexed", "Indexed", "All"]), "policyRule": { "if": rule, "then": then } });
        if own["policyRule"]["then"]["effect"] == "[parameters('effect')]" {
            own["parameters"] = json!({ "effect": { "type": "String", "defaultValue": "Audit", "allowedValues": ["Audit", "Deny", "Disabled"] } });
        }
        own
    }

    fn selectors(&mut self) -> Value {
        let selector = match self.below(3) {
            0 => json!({ "kind": "resourceLocation", self.of(&["in", "notIn"]): [self.of(PLACES)] }),
            1 => {
                json!({ "kind": "resourceType", self.of(&["in", "notIn"]): [KINDS[self.below(KINDS.len())].name] })
            }
            _ => json!({ "kind": "resourceWithoutLocation", "in": ["subscriptionLevelResources"] }),
        };
        json!([{ "name": "s", "selectors": [selector] }])
    }

    /// The scope and the properties of an assignment of something, which has parameters if it takes any.
    pub(super) fn assignment(&mut self, target: &str, takes: bool, references: &[String]) -> (String, Value) {
        let scope = self.scope();
        let mut own = json!({ "policyDefinitionId": target,
            "enforcementMode": self.of(&["Default", "Default", "Default", "Default", "Enroll", "DoNotEnforce"]) });
        if takes && self.chance(70) {
            own["parameters"] =
                json!({ "effect": { "value": self.of(&["Audit", "Deny", "Deny", "Disabled"]) } });
        }
        if self.chance(15) {
            own["notScopes"] = json!([self.scope()]);
        }
        if self.chance(20) {
            own["resourceSelectors"] = self.selectors();
        }
        if self.chance(20) {
            let selector = match references.first() {
                Some(_) => json!({ "kind": "policyDefinitionReferenceId", "in": [self.of(references)] }),
                None => json!({ "kind": "resourceLocation", "in": [self.of(PLACES)] }),
            };
            own["overrides"] = json!([{ "kind": "policyEffect", "value": self.of(&["deny", "audit", "disabled"]), "selectors": [selector] }]);
        }
        if self.chance(20) {
            own["nonComplianceMessages"] = json!([{ "message": "Not like this." }]);
        }
        (scope, own)
    }

    /// The scope and the properties of an exemption or enrollment.
    pub(super) fn exception(
        &mut self,
        assignment: &str,
        references: &[String],
        is_exemption: bool,
    ) -> (String, Value) {
        let validation = self.of(&["Default", "DoNotValidate"]);
        let mut own = json!({ "policyAssignmentId": assignment, "assignmentScopeValidation": validation });
        if is_exemption {
            own["exemptionCategory"] = json!(self.of(&["Waiver", "Mitigated"]));
            if self.chance(40) {
                own["expiresOn"] = json!(self.of(&["2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"]));
            }
        }
        if !references.is_empty() && self.chance(40) {
            own["policyDefinitionReferenceIds"] = json!([self.of(references)]);
        }
        if self.chance(25) {
            own["resourceSelectors"] = self.selectors();
        }
        (self.scope(), own)
    }
}

/// Definitions that people wrote: those of Microsoft's samples that are easily got wrong.
pub(super) fn written() -> Vec<Value> {
    let storage = json!({ "field": "type", "equals": "Microsoft.Storage/storageAccounts" });
    let workspace = json!({ "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces" });
    let group = json!({ "field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups" });
    let deny = json!({ "effect": "deny" });
    let tag = |operation: &str| {
        json!({ "effect": "modify", "details": { "roleDefinitionIds": [], "operations": [
        { "operation": operation, "field": "tags['team']", "value": "[resourceGroup().tags['team']]" }] } })
    };
    vec![
        json!({ "mode": "Indexed", "policyRule": { "if": { "field": "tags['team']", "exists": "false" }, "then": deny } }),
        json!({ "mode": "All", "policyRule": { "if": { "allOf": [group, { "field": "tags['team']", "exists": false }] }, "then": deny } }),
        json!({ "mode": "Indexed", "policyRule": { "if": { "allOf": [
            { "field": "tags['team']", "notEquals": "[resourceGroup().tags['team']]" },
            { "value": "[resourceGroup().tags['team']]", "notEquals": "" } ] }, "then": tag("addOrReplace") } }),
        json!({ "mode": "Indexed", "policyRule": { "if": { "allOf": [storage, { "anyOf": [
            { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "exists": "false" },
            { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "equals": "" },
            { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "equals": "true" } ] }] }, "then": deny } }),
        json!({ "mode": "Indexed", "policyRule": { "if": { "allOf": [workspace,
            { "not": { "field": "identity.type", "contains": "SystemAssigned" } } ] }, "then": deny } }),
        json!({ "mode": "Indexed", "policyRule": { "if": { "allOf": [workspace,
            { "field": "Microsoft.MachineLearningServices/workspaces/systemDatastoresAuthMode", "notEquals": "identity" } ] }, "then": deny } }),
        json!({ "mode": "All", "policyRule": { "if": { "allOf": [
            { "field": "type", "equals": "Microsoft.MachineLearningServices/workspaces/datastores" },
            { "field": "Microsoft.MachineLearningServices/workspaces/datastores/credentials.credentialsType", "notEquals": "None" } ] }, "then": deny } }),
        json!({ "mode": "Indexed", "policyRule": { "if": { "allOf": [storage,
            { "field": "Microsoft.Storage/storageAccounts/networkAcls.ipRules[*].value", "notIn": ["10.0.0.1", "20.1.2.3"] } ] }, "then": deny } }),
    ]
}
