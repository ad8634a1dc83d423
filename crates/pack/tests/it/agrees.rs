//! A policy and the rule it enforces say the same of the same resource.

use dekey_pack::definitions;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, Policy, Semantics, Subject, Surroundings, Unlisted, Verdict,
};
use dekey_rules::{Context, IdentityStandard, Settings};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ML: &str = "Microsoft.MachineLearningServices/workspaces";
const GROUP: &str = "/subscriptions/85c204e5-9355-4eb0-b260-a78d8ab373f9/resourceGroups/rg/providers";

/// Makes resources, each with a name of its own.
#[derive(Default)]
struct Maker(Vec<Value>);

impl Maker {
    fn add(
        &mut self,
        kind: &str,
        name: Option<&str>,
        change: impl FnOnce(&mut Map<String, Value>),
        properties: Value,
    ) {
        let at = self.0.len();
        let own = name.map_or_else(|| format!("r{at}"), str::to_owned);
        let id = match kind.strip_prefix(&format!("{ML}/")) {
            // Children of a workspace of their own, so that names may repeat.
            Some(child) => format!("{GROUP}/{ML}/p{at}/{child}/{own}"),
            None => format!("{GROUP}/{kind}/{own}"),
        };
        let mut resource = json!({ "id": id, "name": own, "type": kind, "location": "westeurope" });
        resource["properties"] = properties;
        change(resource.as_object_mut().unwrap());
        self.0.push(resource);
    }
}

/// Sets a key, unless there is nothing to set.
fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    map.extend(value.map(|value| (key.to_owned(), value)));
}

fn identity(kind: Option<&str>) -> Option<Value> {
    let kind = kind?;
    let user = kind.to_ascii_lowercase().replace("systemassigned", "").contains("userassigned");
    Some(if user {
        json!({ "type": kind, "userAssignedIdentities": { USER: {} } })
    } else {
        json!({ "type": kind })
    })
}

const USER: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id";

const IDENTITIES: [Option<&str>; 7] = [
    None,
    Some("None"),
    Some("SystemAssigned"),
    Some("systemassigned"),
    Some("UserAssigned"),
    Some("SystemAssigned, UserAssigned"),
    Some("SystemAssigned,UserAssigned"),
];

fn workspaces(maker: &mut Maker) {
    let modes = [
        None,
        Some("accesskey"),
        Some("AccessKey"),
        Some("identity"),
        Some("Identity"),
        Some("UserDelegationSAS"),
    ];
    let tags = [json!({}), json!({ "Owner": "team" }), json!({ "cost-center": "1", "stage": "x" })];
    for kind in [None, Some("Default"), Some("Hub"), Some("project"), Some("FeatureStore")] {
        for own in IDENTITIES {
            for mode in modes {
                for primary in [None, Some(""), Some(USER)] {
                    let mut properties = Map::new();
                    put(&mut properties, "systemDatastoresAuthMode", mode.map(|own| json!(own)));
                    put(&mut properties, "primaryUserAssignedIdentity", primary.map(|own| json!(own)));
                    let tags = &tags[maker.0.len() % tags.len()];
                    let change = |map: &mut Map<String, Value>| {
                        put(map, "kind", kind.map(|own| json!(own)));
                        put(map, "identity", identity(own));
                        map.insert("tags".to_owned(), tags.clone());
                    };
                    maker.add(ML, None, change, Value::Object(properties));
                }
            }
        }
    }
}

fn datastores(maker: &mut Maker) {
    let credentials = [
        "None",
        "AccountKey",
        "accountkey",
        "Sas",
        "ServicePrincipal",
        "Certificate",
        "KerberosKeytab",
        "KerberosPassword",
        "Moon",
    ];
    for held in credentials {
        for kind in ["AzureBlob", "AzureFile", "AzureDataLakeGen2"] {
            for name in [
                "photos",
                "workspaceblobstore",
                "WorkspaceFileStore",
                "workspaceartifactstore",
                "workspaceworkingdirectory",
            ] {
                let properties = json!({ "credentials": { "credentialsType": held }, "datastoreType": kind, "accountName": "st" });
                maker.add(&format!("{ML}/datastores"), Some(name), |_| {}, properties);
            }
        }
    }
}

fn connections(maker: &mut Maker) {
    for held in [
        "AAD",
        "aad",
        "AccessKey",
        "AccountKey",
        "ApiKey",
        "apikey",
        "CustomKeys",
        "ManagedIdentity",
        "None",
        "OAuth2",
        "PAT",
        "SAS",
        "ServicePrincipal",
        "UsernamePassword",
        "DelegatedSAS",
        "ProjectManagedIdentity",
        "AccountManagedIdentity",
        "UserEntraToken",
        "AgentUserImpersonation",
        "AgenticIdentityToken",
        "AgenticUser",
        "Moon",
    ] {
        for category in ["AzureOpenAI", "Git"] {
            let properties =
                json!({ "authType": held, "category": category, "target": "https://example.net" });
            maker.add(&format!("{ML}/connections"), None, |_| {}, properties);
        }
    }
}

fn endpoints(maker: &mut Maker) {
    for kind in ["onlineEndpoints", "batchEndpoints", "serverlessEndpoints"] {
        for mode in ["Key", "key", "AADToken", "AMLToken", "AAD", "KeyAndAAD"] {
            for own in IDENTITIES {
                maker.add(
                    &format!("{ML}/{kind}"),
                    None,
                    |map| put(map, "identity", identity(own)),
                    json!({ "authMode": mode }),
                );
            }
        }
    }
}

fn computes(maker: &mut Maker) {
    let computes = [
        "AmlCompute",
        "amlcompute",
        "ComputeInstance",
        "AKS",
        "Kubernetes",
        "Databricks",
        "HDInsight",
        "VirtualMachine",
        "SynapseSpark",
        "DataFactory",
        "DataLakeAnalytics",
    ];
    for kind in computes {
        for own in IDENTITIES {
            for local in [None, Some(json!(true)), Some(json!(false)), Some(Value::Null)] {
                let mut properties = Map::new();
                properties.insert("computeType".to_owned(), json!(kind));
                put(&mut properties, "disableLocalAuth", local);
                maker.add(
                    &format!("{ML}/computes"),
                    None,
                    |map| put(map, "identity", identity(own)),
                    Value::Object(properties),
                );
            }
        }
    }
}

fn dependents(maker: &mut Maker) {
    let flags = || [None, Some(Value::Null), Some(json!(true)), Some(json!(false))];
    for (kind, first, second) in [
        ("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess", "defaultToOAuthAuthentication"),
        ("Microsoft.ContainerRegistry/registries", "adminUserEnabled", "anonymousPullEnabled"),
        ("Microsoft.KeyVault/vaults", "enableRbacAuthorization", "enableSoftDelete"),
        ("Microsoft.Insights/components", "DisableLocalAuth", "IngestionMode"),
    ] {
        for one in flags() {
            for other in flags() {
                let mut properties = Map::new();
                put(&mut properties, first, one.clone());
                put(&mut properties, second, other);
                maker.add(kind, None, |_| {}, Value::Object(properties));
            }
        }
    }
}

/// What a policy says, with the standard that the rules are run under. The rules do not know of kinds that cannot comply.
fn policy(document: &Value, standard: IdentityStandard) -> Policy {
    let knowledge = Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    };
    let definition = Definition::parse(document).unwrap();
    let mut given = Map::new();
    for (name, value) in
        [("identityStandard", json!(standard.as_str())), ("kindsWithoutUserAssignedIdentity", json!([]))]
    {
        if definition.parameters.iter().any(|own| own.name == name) {
            given.insert(name.to_owned(), value);
        }
    }
    Policy::compile(&definition, &given, &About::default(), &knowledge).unwrap()
}

#[test]
fn policies_say_what_their_rules_say() {
    let mut maker = Maker::default();
    workspaces(&mut maker);
    datastores(&mut maker);
    connections(&mut maker);
    endpoints(&mut maker);
    computes(&mut maker);
    dependents(&mut maker);
    let resources = maker.0;
    let inventory = dekey_testkit::cases::inventory(&Value::Array(resources.clone()).to_string()).unwrap();
    let as_of = jiff::civil::date(2026, 11, 23);
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for standard in IdentityStandard::ALL {
        let text = format!("identity_standard = \"{}\"\n[tags]\ninherit = []\n", standard.as_str());
        let settings = Settings::parse(&text, as_of).unwrap();
        let audit = dekey_rules::audit(&inventory, &settings, as_of);
        let cx = Context::new(&inventory, &settings, as_of);
        let found: BTreeSet<(&str, &str)> = audit
            .findings
            .iter()
            .map(|own| (audit.rule(own.rule).unwrap().id, inventory.get(own.resource).id()))
            .collect();
        let open: BTreeSet<(&str, &str)> = audit
            .not_judged
            .iter()
            .flat_map(|own| {
                own.rules.rules().map(|rule| (audit.rule(rule).unwrap().id, inventory.get(own.resource).id()))
            })
            .collect();
        for own in definitions() {
            let rule = dekey_rules::by_id(own.rule).unwrap();
            let policy = policy(&own.document, standard);
            for resource in &resources {
                let read = inventory.find(resource["id"].as_str().unwrap()).unwrap();
                if !rule.subjects.contains(&read.kind()) {
                    continue;
                }
                let verdict = policy.judge(&Subject::new(resource), &Surroundings::UNKNOWN);
                let says = (rule.id, read.id());
                let fires = matches!(verdict, Verdict::NonCompliant(_));
                let told = || format!("{} under {}: {verdict} of {resource}", own.rule, standard.as_str());
                assert!(!matches!(verdict, Verdict::NotJudged(_) | Verdict::Failed(_)), "{}", told());
                let counts = counts.entry(own.rule).or_default();
                if found.contains(&says) {
                    assert!(fires, "the rule fires: {}", told());
                    counts[0] += 1;
                } else if open.contains(&says) {
                    counts[2] += 1;
                } else {
                    assert!(
                        !fires,
                        "the rule {}: {}",
                        if dekey_rules::passes(&cx, rule, read) { "passes" } else { "is silent" },
                        told()
                    );
                    counts[1] += 1;
                }
            }
        }
    }
    tell(&counts);
}

/// Says how often each fired, and that each did both.
fn tell(counts: &BTreeMap<&str, [usize; 3]>) {
    for (rule, [fires, silent, open]) in counts {
        eprintln!("{rule}: {fires} fire, {silent} do not, {open} are not judged by the rule");
        assert!(*fires > 0 && *silent > 0, "{rule}");
    }
}
