//! Which of dekey's rules a policy stands for: one that finds what the policy of the pack finds, whatever it is called and however
//! it is written.

use dekey_guard::StandsFor;
use dekey_model::ArmId;
use dekey_pack::{Scope, definitions};
use dekey_policy::{About, Definition, Effect, Knowledge, Part, Policy, Subject, Surroundings, Verdict};
use dekey_rules::IdentityStandard;
use serde_json::{Map, Value, json};

/// The rules that the pack enforces, and how their policies find what they find.
#[derive(Debug)]
pub struct Rules {
    /// The ids, in the order of the pack.
    pub ids: Vec<String>,
    rows: Vec<Row>,
    probes: Vec<(String, Value)>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    /// The probes that its policy finds.
    finds: Vec<usize>,
}

impl Rules {
    /// Tries the policies of the pack on made-up resources.
    pub fn new(knowledge: &Knowledge) -> Rules {
        let probes = probes();
        let scope = Scope::ManagementGroup("dekey".to_owned());
        let mut rows = Vec::new();
        for own in definitions() {
            let standard = match own.rule {
                "workspace-without-managed-identity" => IdentityStandard::Either,
                _ => IdentityStandard::Both,
            };
            let policy = compiled(&own.resource(&scope), standard, knowledge);
            let finds = policy.map(|policy| finds(&policy, &probes)).unwrap_or_default();
            rows.push(Row { name: &own.name, finds });
        }
        Rules { ids: definitions().map(|own| own.rule.to_owned()).collect(), rows, probes }
    }

    /// The rules that a policy stands for, as positions.
    pub fn of(&self, part: &Part) -> Vec<StandsFor> {
        let name = ArmId(&part.definition).name();
        let named = self.rows.iter().position(|row| row.name.eq_ignore_ascii_case(name));
        if let Some(at) = named {
            return vec![StandsFor { rule: at, closest: true }];
        }
        let Ok(policy) = part.policy() else { return Vec::new() };
        let found = finds(policy, &self.probes);
        let stands_for = |(_, row): &(usize, &Row)| {
            // One that finds whatever there is of a type enforces no rule, and neither does one that finds less than the rule.
            let all = row.finds.iter().all(|at| found.contains(at));
            !row.finds.is_empty() && all && self.spares_some(&row.finds, &found)
        };
        let all: Vec<(usize, &Row)> = self.rows.iter().enumerate().filter(stands_for).collect();
        let more = |one: &Row, other: &Row| {
            other.finds.len() > one.finds.len() && one.finds.iter().all(|at| other.finds.contains(at))
        };
        let closest = |row: &Row| !all.iter().any(|other| more(row, other.1));
        all.iter().map(|(rule, row)| StandsFor { rule: *rule, closest: closest(row) }).collect()
    }
}

impl Rules {
    /// Whether a policy that finds these has nothing against some other resource of the type.
    fn spares_some(&self, of: &[usize], found: &[usize]) -> bool {
        let kind = of.first().and_then(|at| self.probes.get(*at)).map(|probe| &probe.0);
        let same = self.probes.iter().enumerate().filter(|(_, probe)| Some(&probe.0) == kind);
        same.into_iter().any(|(at, _)| !found.contains(&at))
    }
}

fn compiled(document: &Value, standard: IdentityStandard, knowledge: &Knowledge) -> Option<Policy> {
    let definition = Definition::parse(document).ok()?;
    let given = Map::from_iter([("identityStandard".to_owned(), standard.as_str().into())]);
    Policy::compile(&definition, &given, &About::default(), knowledge).ok()
}

fn finds(policy: &Policy, probes: &[(String, Value)]) -> Vec<usize> {
    let around = Surroundings::UNKNOWN;
    let holds = |(_, (kind, body)): &(usize, &(String, Value))| {
        let id =
            format!("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/{kind}");
        let subject = Subject::new(body).with_id(&id).with_type(key_type(kind));
        matches!(policy.judge_as(&subject, &around, Some(&Effect::Audit)), Verdict::NonCompliant(_))
    };
    probes.iter().enumerate().filter(holds).map(|own| own.0).collect()
}

/// The type in `Provider/type/name/type/name`.
fn key_type(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let own = parts.iter().enumerate().filter(|(at, _)| *at == 0 || at % 2 == 1).map(|own| *own.1);
    own.collect::<Vec<_>>().join("/")
}

const AML: &str = "Microsoft.MachineLearningServices/workspaces/w";
const IDENTITY: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";

/// Resources, one for each way in which they can be right or wrong.
fn probes() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut add = |path: &str, more: Value| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let tags = json!({ "owner": "a@b.example", "cost-center": "1" });
        let mut body = json!({ "name": name, "location": "westeurope", "kind": "Default", "tags": tags, "properties": {} });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        all.push((path.to_owned(), body));
    };
    workspaces(&mut add);
    below_workspaces(&mut add);
    for properties in
        [json!({}), json!({ "allowSharedKeyAccess": true }), json!({ "allowSharedKeyAccess": false })]
    {
        add("Microsoft.Storage/storageAccounts/s", json!({ "kind": "StorageV2", "properties": properties }));
    }
    for on in [true, false] {
        add("Microsoft.ContainerRegistry/registries/r", json!({ "properties": { "adminUserEnabled": on } }));
        add("Microsoft.KeyVault/vaults/v", json!({ "properties": { "enableRbacAuthorization": on } }));
    }
    all
}

fn workspaces(add: &mut dyn FnMut(&str, Value)) {
    let good = json!({ "systemDatastoresAuthMode": "identity", "primaryUserAssignedIdentity": IDENTITY });
    let attached = json!({ IDENTITY: {} });
    let no_primary = json!({ "systemDatastoresAuthMode": "identity" });
    let user = json!({ "type": "UserAssigned", "userAssignedIdentities": attached });
    let both = json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": attached });
    add(AML, json!({ "properties": no_primary }));
    for (identity, properties) in [
        (&json!({ "type": "None" }), &no_primary),
        (&json!({ "type": "SystemAssigned" }), &no_primary),
        (&user, &good),
        (&both, &good),
        (&both, &no_primary),
    ] {
        add(AML, json!({ "identity": identity, "properties": properties }));
    }
    let keys = json!({ "systemDatastoresAuthMode": "accessKey", "primaryUserAssignedIdentity": IDENTITY });
    add(AML, json!({ "identity": both, "properties": keys }));
    for tags in [json!({ "cost-center": "1" }), json!({ "owner": "a@b.example" })] {
        add(AML, json!({ "identity": both, "properties": good, "tags": tags }));
    }
}

fn below_workspaces(add: &mut dyn FnMut(&str, Value)) {
    for kind in ["AccountKey", "Sas", "ServicePrincipal", "Certificate", "KerberosKeytab", "None"] {
        let properties = json!({ "datastoreType": "AzureBlob", "credentials": { "credentialsType": kind } });
        add(&format!("{AML}/datastores/d"), json!({ "properties": properties }));
    }
    for auth in ["ApiKey", "PAT", "AAD", "ManagedIdentity"] {
        add(&format!("{AML}/connections/c"), json!({ "properties": { "authType": auth } }));
    }
    let identity = json!({ "type": "SystemAssigned" });
    for (endpoint, key, token) in [
        ("onlineEndpoints", "Key", "AADToken"),
        ("batchEndpoints", "Key", "AADToken"),
        ("serverlessEndpoints", "Key", "AAD"),
    ] {
        for mode in [key, token] {
            let body = json!({ "identity": identity, "properties": { "authMode": mode } });
            add(&format!("{AML}/{endpoint}/e"), body);
        }
    }
    for off in [true, false] {
        let properties = json!({ "computeType": "ComputeInstance", "disableLocalAuth": off });
        add(&format!("{AML}/computes/c"), json!({ "identity": identity, "properties": properties }));
    }
}
