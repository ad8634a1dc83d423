//! What Contoso's platform team put around the workspaces: logs, roles, policy.

use super::dependents::{registry_id, storage_id, vault_id};
use super::directory;
use super::workspaces;
use super::world::{IDENTITIES, Sub, find, user_assigned};
use crate::draw::guid;
use crate::shape::authorization::{
    ACR_PULL, AI_ADMINISTRATOR, BLOB_CONTRIBUTOR, BLOB_READER, CONTRIBUTOR, DATA_SCIENTIST, FILE_CONTRIBUTOR,
    METRICS_PUBLISHER, REPOSITORY_READER, REPOSITORY_WRITER, VAULT_ADMINISTRATOR, VAULT_OFFICER,
    az_assignment, role_assignment,
};
use crate::shape::policy::{
    BUILT_IN_SHARED_KEY, BUILT_IN_USER_ASSIGNED, assignment, definition, exemption, initiative,
    with_shared_key, without_primary_user_assigned, without_system_assigned,
};
use crate::shape::telemetry::diagnostics;
use crate::shape::{authorization, client_of, principal_of};
use serde_json::{Value, json};

/// The user-assigned identities of a subscription.
pub(super) fn identities(sub: Sub) -> Vec<Value> {
    let of_sub = IDENTITIES.iter().filter(|(_, home)| find(home).sub == sub);
    of_sub
        .map(|(name, home)| {
            authorization::user_assigned(&user_assigned(name), find(home).location, Some(json!({})))
        })
        .collect()
}

/// A diagnostic setting: what kind of resource, its name, a service of it, categories.
type LogRow = (Of, &'static str, &'static str, &'static [&'static str]);

#[derive(Clone, Copy, Debug)]
enum Of {
    Workspace,
    Account,
    Vault,
    Registry,
}

const BLOBS: &str = "blobServices/default";
const FILES: &str = "fileServices/default";
const QUEUES: &str = "queueServices/default";
const TABLES: &str = "tableServices/default";
const DATA: &[&str] = &["StorageRead", "StorageWrite", "StorageDelete"];
const ALL: &[&str] = &["<allLogs>"];
const IMAGES: &[&str] = &["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"];

#[rustfmt::skip]
const LOGS: &[LogRow] = &[
    // Everything that is needed to prove that a key is not used any more.
    (Of::Workspace, "mlw-fraud-prod", "", ALL),
    (Of::Account, "stfraudprod", BLOBS, DATA),
    (Of::Account, "stfraudprod", FILES, DATA),
    (Of::Account, "stfraudprod", QUEUES, DATA),
    (Of::Account, "stfraudprod", TABLES, ALL),
    (Of::Vault, "kv-fraud-prod", "", &["<audit>"]),
    (Of::Registry, "crfraudprod", "", IMAGES),
    (Of::Workspace, "mlw-fraud-scoring", "", ALL),
    // Blobs only: what goes on in its share, queues and tables is not seen.
    (Of::Workspace, "mlw-vision-prod", "", &["AmlComputeClusterEvent", "AmlComputeJobEvent", "DataStoreReadEvent"]),
    (Of::Account, "stvisionprod", BLOBS, DATA),
    (Of::Vault, "kv-vision-prod", "", &["AuditEvent", "-AzurePolicyEvaluationDetails"]),
    // A setting that was switched off, category by category.
    (Of::Workspace, "mlw-churn-prod", "", &["-AmlComputeClusterEvent", "-AmlComputeJobEvent"]),
    // Writes, but not reads.
    (Of::Account, "stchurnshared", BLOBS, &["-StorageRead", "StorageWrite", "StorageDelete"]),
    // Metrics only.
    (Of::Registry, "crchurnprod", "", &[]),
    (Of::Workspace, "mlhub-nlp-prod", "", ALL),
    (Of::Account, "stnlphubprod", BLOBS, ALL),
    (Of::Account, "stnlphubprod", FILES, ALL),
    (Of::Vault, "kv-nlp-hub-prod", "", ALL),
    (Of::Registry, "crnlpprod", "", ALL),
    (Of::Workspace, "mlw-risk-models", "", ALL),
    (Of::Account, "striskmodels", BLOBS, ALL),
    (Of::Account, "striskmodels", FILES, ALL),
    (Of::Account, "striskmodels", QUEUES, ALL),
    (Of::Account, "striskmodels", TABLES, ALL),
    (Of::Vault, "kv-risk-models", "", ALL),
    (Of::Registry, "crriskprod", "", ALL),
    (Of::Workspace, "mlw-fraud-dev", "", ALL),
    (Of::Account, "stfrauddev", BLOBS, DATA),
    (Of::Workspace, "mlw-mlops-ci", "", ALL),
    (Of::Registry, "crmldev", "", &["ContainerRegistryLoginEvents", "-ContainerRegistryRepositoryEvents"]),
];

/// The diagnostic settings of a subscription.
pub(super) fn logs(sub: Sub) -> Vec<Value> {
    let here = format!("{}/", sub.id());
    let rows = LOGS.iter().map(|&(of, name, service, categories)| {
        let id = match of {
            Of::Workspace => workspaces::by_name(name).map(workspaces::Row::id).unwrap_or_default(),
            Of::Account => format!("{}/{service}", storage_id(name)),
            Of::Vault => vault_id(name),
            Of::Registry => registry_id(name),
        };
        (id, categories)
    });
    rows.filter(|(id, _)| id.starts_with(&here))
        // The service spells these ids in lower case up to the provider.
        .map(|(id, categories)| {
            diagnostics(
                &id.replace("/resourceGroups/", "/resourcegroups/"),
                "to-central",
                &sub.logs(),
                categories,
            )
        })
        .collect()
}

/// The workspace that has all that it takes, and what runs in it as well.
const PRECISE_WORKSPACE: &str = "mlw-fraud-prod";

/// A grant of one role: whose identity below the workspace, the role, the kind of dependent, its name.
type Precise = (&'static str, [&'static str; 2], fn(&str) -> String, &'static str);

/// What these got besides.
#[rustfmt::skip]
const PRECISE: &[Precise] = &[
    ("", FILE_CONTRIBUTOR, storage_id, "stfraudprod"),
    ("", REPOSITORY_WRITER, registry_id, "crfraudprod"),
    ("", METRICS_PUBLISHER, insights_id, "appi-fraud-prod"),
    ("", BLOB_READER, storage_id, "stcontosolake"),
    ("/computes/cpu-train", BLOB_CONTRIBUTOR, storage_id, "stfraudprod"),
    ("/computes/cpu-train", REPOSITORY_READER, registry_id, "crfraudprod"),
    ("/computes/cpu-train", BLOB_READER, storage_id, "stcontosolake"),
    ("/onlineEndpoints/ep-fraud-score", BLOB_READER, storage_id, "stfraudprod"),
    ("/onlineEndpoints/ep-fraud-score", REPOSITORY_READER, registry_id, "crfraudprod"),
];

fn insights_id(name: &str) -> String {
    let home = workspaces::ROWS.iter().find(|row| row.insights == name);
    home.map(|row| find(row.group).resource("microsoft.insights/components", name)).unwrap_or_default()
}

/// The role assignments of a subscription, as `az role assignment list --all` prints them.
pub(super) fn roles(sub: Sub) -> Vec<Value> {
    let mut all = Vec::new();
    let mut grant = |scope: &str, role: [&str; 2], principal: &str, name: &str, kind: &str| {
        let assignment = role_assignment(scope, role, principal, kind, "2025-03-11T09:31:02.5519774Z");
        let az = az_assignment(assignment, role, name);
        if !all.contains(&az) {
            all.push(az);
        }
    };
    for row in workspaces::of(sub).filter(|row| !row.storage.is_empty()) {
        let group = find(row.group);
        grant(
            &group.id(),
            DATA_SCIENTIST,
            &guid(row.group),
            &format!("grp-{}-data-scientists", row.group),
            "Group",
        );
        let Some(identity) = row.acts_as() else { continue };
        let (principal, name) = (&principal_of(&identity), &client_of(&identity));
        let broad = if row.created > "2024-11-19" { AI_ADMINISTRATOR } else { CONTRIBUTOR };
        grant(&group.id(), broad, principal, name, "ServicePrincipal");
        grant(&storage_id(row.storage), BLOB_CONTRIBUTOR, principal, name, "ServicePrincipal");
        if row.kind == "Hub" {
            grant(&storage_id(row.storage), FILE_CONTRIBUTOR, principal, name, "ServicePrincipal");
        }
        let vault_role = if row.name == PRECISE_WORKSPACE { VAULT_OFFICER } else { VAULT_ADMINISTRATOR };
        grant(&vault_id(row.vault), vault_role, principal, name, "ServicePrincipal");
        if !row.registry.is_empty() {
            let pull = if row.registry == "crfraudprod" { REPOSITORY_READER } else { ACR_PULL };
            grant(&registry_id(row.registry), pull, principal, name, "ServicePrincipal");
        }
    }
    if let Some(row) = workspaces::of(sub).find(|row| row.name == PRECISE_WORKSPACE) {
        for (below, role, id, dependent) in PRECISE {
            let identity = format!("{}{below}", row.id());
            grant(&id(dependent), *role, &principal_of(&identity), &client_of(&identity), "ServicePrincipal");
        }
    }
    if sub == Sub::Prod {
        all.extend(directory::unplanned());
    }
    all
}

/// Whose identity has roles in production and development: workspaces and user-assigned identities.
pub(super) fn identified() -> Vec<String> {
    let subs = [Sub::Prod, Sub::Dev].into_iter();
    let rows = subs.flat_map(|sub| workspaces::of(sub).filter(|row| !row.storage.is_empty()));
    let mut all: Vec<String> = rows.filter_map(workspaces::Row::acts_as).collect();
    if let Some(row) = workspaces::by_name(PRECISE_WORKSPACE) {
        all.extend(PRECISE.iter().map(|(below, ..)| format!("{}{below}", row.id())));
    }
    all
}

const POLICY: &str = "providers/Microsoft.Authorization";

/// The management group of everything that does machine learning.
const GROUP: &str = "/providers/Microsoft.Management/managementGroups/mg-contoso-ml";

fn requires_system() -> String {
    format!("{GROUP}/{POLICY}/policyDefinitions/aml-require-system-assigned")
}

fn guardrails() -> String {
    format!("{GROUP}/{POLICY}/policySetDefinitions/contoso-ml-guardrails")
}

fn audit_only() -> String {
    format!("{}/{POLICY}/policyDefinitions/aml-identity-audit", Sub::Dev.id())
}

fn unless_skipped() -> String {
    format!("{}/{POLICY}/policyDefinitions/aml-identity-unless-skipped", Sub::Dev.id())
}

/// The definitions that are assigned somewhere.
pub(super) fn definitions() -> Vec<Value> {
    const EFFECTS: &[&str] = &["Audit", "Deny", "Disabled"];
    // A tag, which anyone who may write tags can set, opts out.
    let skippable = json!({
        "allOf": [without_system_assigned(), { "field": "tags['dekey-skip']", "exists": "false" }],
    });
    vec![
        definition(
            BUILT_IN_USER_ASSIGNED,
            "Azure Machine Learning workspaces should use user-assigned managed identity",
            &without_primary_user_assigned(),
            "Audit",
            EFFECTS,
        ),
        definition(
            BUILT_IN_SHARED_KEY,
            "Storage accounts should prevent shared key access",
            &with_shared_key(),
            "Audit",
            EFFECTS,
        ),
        definition(
            &requires_system(),
            "ML workspaces must have a system-assigned identity",
            &without_system_assigned(),
            "Audit",
            EFFECTS,
        ),
        definition(
            &audit_only(),
            "Report ML workspaces by identity",
            &without_system_assigned(),
            "audit",
            &[],
        ),
        definition(
            &unless_skipped(),
            "ML workspaces need an identity unless tagged",
            &skippable,
            "Deny",
            EFFECTS,
        ),
        initiative(&guardrails(), "Contoso ML guardrails", &[&requires_system(), BUILT_IN_SHARED_KEY]),
    ]
}

fn on(sub: Sub, name: &str) -> String {
    format!("{}/{POLICY}/policyAssignments/{name}", sub.id())
}

/// What is assigned in production and development. In research nothing is.
pub(super) fn assignments(sub: Sub) -> Vec<Value> {
    let group = |name: &str| find(name).id();
    let labs = "/providers/Microsoft.Management/managementGroups/mg-contoso-labs";
    let labs = format!("{labs}/{POLICY}/policySetDefinitions/labs-baseline");
    let (uai, keys) = (BUILT_IN_USER_ASSIGNED.to_owned(), BUILT_IN_SHARED_KEY.to_owned());
    // Scope, name, title, definition, effect, enforcement mode.
    #[rustfmt::skip]
    let rows = match sub {
        Sub::Prod => vec![
            // Contradicts a standard of system-assigned identities.
            (sub.id(), "aml-user-assigned", "MCSB: use user-assigned identities", uai, "Deny", "Default"),
            // Says "deny", and does not.
            (sub.id(), "aml-system-assigned-trial", "System-assigned identities (trial)", requires_system(), "Deny", "DoNotEnforce"),
            (sub.id(), "st-shared-key", "Shared keys off", keys, "Audit", "Default"),
            // The one place where the standard is enforced.
            (group("rg-fraud-prod"), "aml-system-assigned", "System-assigned identities", requires_system(), "Deny", "Default"),
        ],
        Sub::Dev => vec![
            (sub.id(), "aml-identity-audit", "Report identities", audit_only(), "", "Default"),
            (group("rg-mlops-dev"), "aml-identity-unless-skipped", "Identities unless tagged", unless_skipped(), "", "Default"),
            (group("rg-telematics-dev"), "contoso-ml-guardrails", "Guardrails (pilot)", guardrails(), "Deny", "Default"),
            // Its definition lives in a management group that nobody exported.
            (group("rg-quantum-poc"), "labs-baseline", "Labs baseline", labs, "Deny", "Default"),
        ],
        Sub::Research => Vec::new(),
    };
    let assign = |(scope, name, title, definition, effect, mode): (String, _, _, String, _, _)| {
        assignment(&scope, name, title, &definition, effect, mode)
    };
    rows.into_iter().map(assign).collect()
}

/// Who was excused, and until when.
pub(super) fn exemptions(sub: Sub) -> Vec<Value> {
    let legacy = workspaces::by_name("mlw-pricing-legacy").map(workspaces::Row::id).unwrap_or_default();
    match sub {
        Sub::Prod => vec![
            exemption(
                &legacy,
                "pricing-legacy-forever",
                &on(sub, "aml-system-assigned-trial"),
                "Waiver",
                "Will be switched off soon",
                "",
            ),
            exemption(
                &find("rg-vision-prod").id(),
                "vision-storage-migration",
                &on(sub, "st-shared-key"),
                "Mitigated",
                "Account is locked; old backups are being moved",
                "2027-03-31T00:00:00Z",
            ),
        ],
        Sub::Dev => vec![exemption(
            &find("rg-churn-dev").id(),
            "churn-dev-spring",
            &on(sub, "aml-identity-audit"),
            "Waiver",
            "Rebuild planned for spring",
            "2026-03-31T00:00:00Z",
        )],
        Sub::Research => Vec::new(),
    }
}
