//! The storage accounts, vaults, registries and components of Contoso's workspaces, one row each.

use super::workspaces;
use super::world::{GRETA, INES, KENJI, LUCA, MARA, PRIYA, SOFIA, Sub, TOMAS, find, user_assigned};
use crate::shape::keyvault::{EVERYTHING, MANAGE, READ, Vault, access};
use crate::shape::registry::{self, Registry};
use crate::shape::storage::Storage;
use crate::shape::telemetry::component;
use crate::shape::{Wire, principal_of, texts};
use serde_json::{Value, json};

/// A boolean property as Azure gives it.
#[derive(Clone, Copy, Debug)]
enum Flag {
    Absent,
    Null,
    On,
    Off,
}

impl Flag {
    fn wire(self) -> Wire {
        match self {
            Flag::Absent => None,
            Flag::Null => Some(Value::Null),
            Flag::On => Some(Value::Bool(true)),
            Flag::Off => Some(Value::Bool(false)),
        }
    }
}

type Pairs = &'static [(&'static str, &'static str)];

fn tags(pairs: Pairs) -> Value {
    texts(pairs.iter().copied())
}

/// A storage account.
#[derive(Clone, Copy, Debug)]
struct Account {
    name: &'static str,
    group: &'static str,
    shared_key: Flag,
    oauth: Flag,
    created: &'static str,
    /// When each key was made.
    keys: [&'static str; 2],
    /// Days after which a key should be rotated.
    key_days: Option<u32>,
    sas: Option<[&'static str; 2]>,
    data_lake: bool,
    tags: Pairs,
}

/// Locked, with fresh keys.
const A: Account = Account {
    name: "",
    group: "",
    shared_key: Flag::Off,
    oauth: Flag::On,
    created: "2025-03-11T09:20:02.0093312Z",
    keys: ["2026-10-05T06:12:33.4410125Z", "2026-10-05T06:12:33.4410125Z"],
    key_days: None,
    sas: None,
    data_lake: false,
    tags: &[],
};
/// As the portal made them for years: keys allowed, nothing limits them.
const OPEN: Account = Account {
    shared_key: Flag::On,
    oauth: Flag::Off,
    keys: ["2025-03-11T09:20:02.1174420Z", "2025-03-11T09:20:02.1174420Z"],
    ..A
};

#[rustfmt::skip]
const ACCOUNTS: &[Account] = &[
    Account { name: "stfraudprod", group: "rg-fraud-prod", key_days: Some(90), sas: Some(["0.08:00:00", "Block"]), tags: &[("owner", MARA)], ..A },
    Account { name: "stfraudscoring", group: "rg-fraud-prod", ..A },
    // Shared by three workspaces, last rotated in the beginning of 2025.
    Account { name: "stchurnshared", created: "2024-02-27T14:02:11.7761093Z", group: "rg-churn-prod", keys: ["2025-01-21T10:44:18.0031876Z", "2025-01-21T10:45:02.5597214Z"], tags: &[("owner", TOMAS)], ..OPEN },
    // Nobody ever said that keys are allowed; `null` means that they are.
    Account { name: "stnlphubprod", group: "rg-nlp-platform-prod", shared_key: Flag::Null, oauth: Flag::Null, ..OPEN },
    // Locked in spring.
    Account { name: "stvisionprod", created: "2024-09-02T07:40:51.6120934Z", group: "rg-vision-prod", keys: ["2024-09-02T07:40:51.8120934Z", "2026-04-14T12:00:37.9921043Z"], tags: &[("Owner", INES)], ..A },
    // Keys that are 900 days old on 2026-11-23.
    Account { name: "stpricinglegacy", created: "2024-01-15T13:00:12.1390215Z", group: "rg-pricing-legacy", shared_key: Flag::Absent, oauth: Flag::Absent, keys: ["2024-06-06T08:15:00.0000000Z", "2024-01-15T13:00:12.3390215Z"], ..OPEN },
    Account { name: "striskmodels", group: "rg-risk-prod", ..A },
    // Keys are allowed, but rotated, limited and not the default.
    Account { name: "sttelematicsprod", created: "2024-06-20T15:08:44.8120093Z", group: "rg-telematics-prod", oauth: Flag::On, keys: ["2026-10-20T05:00:09.6120938Z", "2026-11-02T05:00:11.0917731Z"], key_days: Some(60), sas: Some(["1.00:00:00", "Block"]), tags: &[("owner", LUCA)], ..OPEN },
    Account { name: "stfeaturesprod", group: "rg-feature-platform", ..A },
    // A SAS policy that only logs.
    Account { name: "stbatchscoring", group: "rg-feature-platform", sas: Some(["7.00:00:00", "Log"]), ..OPEN },
    Account { name: "stcontosolake", group: "rg-data-platform", data_lake: true, tags: &[("owner", "data-platform@contoso.example")], ..A },
    Account { name: "stfrauddev", group: "rg-fraud-dev", ..OPEN },
    Account { name: "stchurndev", group: "rg-churn-dev", shared_key: Flag::Absent, ..OPEN },
    Account { name: "stvisiondev", group: "rg-vision-dev", oauth: Flag::Off, ..A },
    Account { name: "stvisionlabeling", group: "rg-vision-dev", ..OPEN },
    Account { name: "stnlphubdev", group: "rg-nlp-platform-dev", shared_key: Flag::Null, ..OPEN },
    Account { name: "stpricingdev", group: "rg-pricing-dev", ..A },
    Account { name: "striskdev", group: "rg-pricing-dev", oauth: Flag::Absent, ..A },
    // Made before Azure noted when keys were made, and never rotated since.
    Account { name: "sttelematicsdev", created: "2020-11-17T14:33:19.2250038Z", group: "rg-telematics-dev", keys: ["", ""], ..OPEN },
    Account { name: "stsandbox01", created: "2024-04-26T16:18:12.0093311Z", group: "rg-sandbox", keys: ["2024-04-26T16:18:12.2093311Z", "2024-04-26T16:18:12.2093311Z"], ..OPEN },
    Account { name: "stsandbox02", group: "rg-sandbox", ..OPEN },
    Account { name: "stmlopsci", group: "rg-mlops-dev", tags: &[("owner", SOFIA)], ..A },
    Account { name: "stforecastdev", group: "rg-mlops-dev", ..A },
    Account { name: "stmarketingdev", group: "rg-churn-dev", ..OPEN },
    Account { name: "stquantumpoc", group: "rg-quantum-poc", ..A },
    Account { name: "stresearchlab", group: "rg-research-lab", ..OPEN },
    Account { name: "stresearchhub", group: "rg-research-lab", ..A },
    Account { name: "stgenailab", group: "rg-genai-lab", shared_key: Flag::Absent, ..OPEN },
    Account { name: "stlegalreview", group: "rg-legal-analytics", ..A },
    Account { name: "stclimaterisk", group: "rg-climate-risk", ..A },
    Account { name: "stintern2026", created: "2026-06-15T08:29:40.5312004Z", group: "rg-climate-risk", keys: ["2026-06-15T08:29:40.7312004Z", "2026-06-15T08:29:40.7312004Z"], ..OPEN },
];

/// The id of a storage account. One that is not in the table belongs to the HPC team, in a subscription of its own.
pub(super) fn storage_id(name: &str) -> String {
    const OF: &str = "Microsoft.Storage/storageAccounts";
    match ACCOUNTS.iter().find(|account| account.name == name) {
        Some(account) => find(account.group).resource(OF, name),
        None if name.is_empty() => String::new(),
        None => format!(
            "/subscriptions/00000000-0000-4000-8000-0000000c04bc/resourceGroups/rg-hpc/providers/{OF}/{name}"
        ),
    }
}

/// The storage accounts of a subscription.
pub(super) fn accounts(sub: Sub) -> Vec<Value> {
    let of_sub = ACCOUNTS.iter().filter(|account| find(account.group).sub == sub);
    of_sub
        .map(|account| {
            let wire = Storage {
                id: &storage_id(account.name),
                location: find(account.group).location,
                created: account.created,
                tags: Some(tags(account.tags)),
                allow_shared_key: account.shared_key.wire(),
                default_to_oauth: account.oauth.wire(),
                keys: account.keys,
                key_days: account.key_days,
                sas: account.sas,
                private: account.group == "rg-risk-prod",
                data_lake: account.data_lake,
            };
            wire.to_json()
        })
        .collect()
}

/// A registry: name, resource group, admin user, anonymous pull, role assignment mode, tags.
type RegistryRow = (&'static str, &'static str, bool, bool, &'static str, Pairs);

const LEGACY: &str = "LegacyRegistryPermissions";
const ABAC: &str = "AbacRepositoryPermissions";

#[rustfmt::skip]
const REGISTRIES: &[RegistryRow] = &[
    ("crfraudprod", "rg-fraud-prod", false, false, ABAC, &[("owner", MARA)]),
    ("crchurnprod", "rg-churn-prod", true, false, LEGACY, &[]),
    ("crnlpprod", "rg-nlp-platform-prod", false, false, LEGACY, &[("owner", KENJI)]),
    ("crvisionprod", "rg-vision-prod", false, false, LEGACY, &[]),
    ("crpricinglegacy", "rg-pricing-legacy", true, true, "", &[]),
    ("crriskprod", "rg-risk-prod", false, false, LEGACY, &[]),
    ("crtelematicsprod", "rg-telematics-prod", false, false, ABAC, &[("owner", LUCA)]),
    ("crmldev", "rg-mlops-dev", true, false, LEGACY, &[("owner", SOFIA)]),
    ("crvisiondev", "rg-vision-dev", false, true, LEGACY, &[]),
    ("crnlpdev", "rg-nlp-platform-dev", false, false, ABAC, &[]),
    ("crmlopsci", "rg-mlops-dev", false, false, LEGACY, &[("owner", SOFIA)]),
    ("crresearch", "rg-research-lab", true, false, "", &[("owner", PRIYA)]),
    ("crgenailab", "rg-genai-lab", false, false, LEGACY, &[]),
];

/// The id of a registry. One that is not in the table was not exported.
pub(super) fn registry_id(name: &str) -> String {
    let home = REGISTRIES.iter().find(|row| row.0 == name).map_or("rg-legal-analytics", |row| row.1);
    find(home).resource("Microsoft.ContainerRegistry/registries", name)
}

/// The registries of a subscription.
pub(super) fn registries(sub: Sub) -> Vec<Value> {
    let of_sub = REGISTRIES.iter().filter(|row| find(row.1).sub == sub);
    of_sub
        .map(|&(name, group, admin, anonymous, role_mode, own)| {
            let wire = Registry {
                id: &registry_id(name),
                location: find(group).location,
                created: "2025-03-12T08:01:45.1093387Z",
                created_by: if group == "rg-pricing-legacy" { GRETA } else { SOFIA },
                tags: Some(tags(own)),
                admin,
                anonymous,
                role_mode,
                premium: sub == Sub::Prod,
            };
            wire.to_json()
        })
        .collect()
}

/// The tokens of the registries in a subscription. All registries were asked; two have some.
pub(super) fn tokens(sub: Sub) -> Vec<Value> {
    let made = [["password1", "2025-02-11T10:04:35.9020111Z"], ["password2", "2025-02-11T10:04:35.9020111Z"]];
    match sub {
        Sub::Prod => vec![registry::token(
            &registry_id("crvisionprod"),
            "edge-cameras",
            "_repositories_pull",
            "enabled",
            &made,
        )],
        Sub::Dev => vec![
            registry::token(&registry_id("crmlopsci"), "ci-push", "_repositories_push", "enabled", &made),
            registry::token(&registry_id("crmlopsci"), "old-jenkins", "_repositories_admin", "disabled", &[]),
        ],
        Sub::Research => Vec::new(),
    }
}

/// What the identities of the workspaces that use a vault may do with it.
type Rights = [&'static [&'static str]; 3];

/// A vault: name, resource group, `enableRbacAuthorization`, rights in its access policies, tags.
type VaultRow = (&'static str, &'static str, Flag, Rights, Pairs);

#[rustfmt::skip]
const VAULTS: &[VaultRow] = &[
    ("kv-fraud-prod", "rg-fraud-prod", Flag::On, READ, &[("owner", MARA)]),
    // Access policies, but no more than reading secrets.
    ("kv-churn-prod", "rg-churn-prod", Flag::Off, READ, &[]),
    ("kv-churn-campaigns", "rg-churn-prod", Flag::Off, MANAGE, &[]),
    ("kv-nlp-hub-prod", "rg-nlp-platform-prod", Flag::On, READ, &[("owner", KENJI)]),
    ("kv-vision-prod", "rg-vision-prod", Flag::Absent, MANAGE, &[]),
    ("kv-pricing-legacy", "rg-pricing-legacy", Flag::Null, EVERYTHING, &[]),
    ("kv-risk-models", "rg-risk-prod", Flag::On, READ, &[]),
    // What the service grants a new workspace: everything.
    ("kv-telematics-prod", "rg-telematics-prod", Flag::Off, EVERYTHING, &[("owner", LUCA)]),
    ("kv-features-prod", "rg-feature-platform", Flag::On, READ, &[]),
    ("kv-fraud-dev", "rg-fraud-dev", Flag::On, READ, &[]),
    ("kv-churn-dev", "rg-churn-dev", Flag::Off, EVERYTHING, &[]),
    ("kv-vision-dev", "rg-vision-dev", Flag::On, READ, &[]),
    ("kv-nlp-hub-dev", "rg-nlp-platform-dev", Flag::Off, MANAGE, &[]),
    ("kv-pricing-dev", "rg-pricing-dev", Flag::Off, EVERYTHING, &[]),
    ("kv-telematics-dev", "rg-telematics-dev", Flag::On, READ, &[]),
    ("kv-sandbox", "rg-sandbox", Flag::Off, EVERYTHING, &[]),
    ("kv-mlops-ci", "rg-mlops-dev", Flag::On, READ, &[("owner", SOFIA)]),
    ("kv-quantum-poc", "rg-quantum-poc", Flag::On, READ, &[]),
    ("kv-research-lab", "rg-research-lab", Flag::Off, EVERYTHING, &[]),
    ("kv-research-hub", "rg-research-lab", Flag::On, READ, &[]),
    ("kv-genai-lab", "rg-genai-lab", Flag::Off, READ, &[]),
    ("kv-legal-review", "rg-legal-analytics", Flag::On, READ, &[]),
    ("kv-climate-risk", "rg-climate-risk", Flag::On, READ, &[]),
];

/// The id of a vault.
pub(super) fn vault_id(name: &str) -> String {
    let home = VAULTS.iter().find(|row| row.0 == name).map(|row| row.1);
    home.map(|home| find(home).resource("Microsoft.KeyVault/vaults", name)).unwrap_or_default()
}

/// The vaults of a subscription.
pub(super) fn vaults(sub: Sub) -> Vec<Value> {
    let of_sub = VAULTS.iter().filter(|row| find(row.1).sub == sub);
    of_sub
        .map(|&(name, group, rbac, rights, own)| {
            let wire = Vault {
                id: &vault_id(name),
                location: find(group).location,
                created: "2025-03-11T09:18:40.3310021Z",
                created_by: SOFIA,
                tags: Some(tags(own)),
                rbac: rbac.wire(),
                policies: if matches!(rbac, Flag::On) { Vec::new() } else { policies(name, rights) },
            };
            wire.to_json()
        })
        .collect()
}

/// The identities of the workspaces that use the vault, and the team's administrators.
fn policies(vault: &str, rights: Rights) -> Vec<Value> {
    let users = workspaces::ROWS.iter().filter(|row| row.vault == vault);
    let principals = users.filter_map(|row| match row.users {
        _ if row.identity.to_ascii_lowercase().contains("system") => Some(principal_of(&row.id())),
        [first, ..] => Some(principal_of(&user_assigned(first))),
        [] => None,
    });
    let mut all: Vec<Value> = principals.map(|principal| access(&principal, rights)).collect();
    all.push(access(&principal_of(&format!("group administrators of {vault}")), MANAGE));
    all
}

/// A component: name, resource group, `DisableLocalAuth`.
#[rustfmt::skip]
const COMPONENTS: &[(&str, &str, Flag)] = &[
    ("appi-fraud-prod", "rg-fraud-prod", Flag::On),
    ("appi-churn-prod", "rg-churn-prod", Flag::Off),
    ("appi-nlp-prod", "rg-nlp-platform-prod", Flag::On),
    ("appi-vision-prod", "rg-vision-prod", Flag::Off),
    ("appi-pricing-legacy", "rg-pricing-legacy", Flag::Absent),
    ("appi-risk-prod", "rg-risk-prod", Flag::On),
    ("appi-telematics-prod", "rg-telematics-prod", Flag::Off),
    ("appi-features-prod", "rg-feature-platform", Flag::On),
    ("appi-fraud-dev", "rg-fraud-dev", Flag::Off),
    ("appi-churn-dev", "rg-churn-dev", Flag::Absent),
    ("appi-vision-dev", "rg-vision-dev", Flag::Off),
    ("appi-nlp-dev", "rg-nlp-platform-dev", Flag::Off),
    ("appi-pricing-dev", "rg-pricing-dev", Flag::Off),
    ("appi-telematics-dev", "rg-telematics-dev", Flag::Null),
    ("appi-sandbox", "rg-sandbox", Flag::Absent),
    ("appi-mlops-ci", "rg-mlops-dev", Flag::On),
    ("appi-quantum-poc", "rg-quantum-poc", Flag::On),
    ("appi-research-lab", "rg-research-lab", Flag::Off),
    ("appi-genai-lab", "rg-genai-lab", Flag::Off),
    ("appi-legal-review", "rg-legal-analytics", Flag::On),
    ("appi-climate-risk", "rg-climate-risk", Flag::Off),
];

/// The components of a subscription.
pub(super) fn components(sub: Sub) -> Vec<Value> {
    let of_sub = COMPONENTS.iter().filter(|row| find(row.1).sub == sub);
    of_sub
        .map(|&(name, group, off)| {
            let group = find(group);
            let id = group.resource("microsoft.insights/components", name);
            component(
                &id,
                group.location,
                "2025-03-11T09:19:33.0912255+00:00",
                &sub.logs(),
                off.wire(),
                Some(json!({})),
            )
        })
        .collect()
}
