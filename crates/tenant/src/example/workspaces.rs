//! The workspaces of Contoso, one row each. The comment above a row is its part in the story.

use super::dependents::{registry_id, storage_id, vault_id};
use super::world::{
    AMARA, GRETA, INES, KENJI, LUCA, MARA, NOAH, PRIYA, SOFIA, Sub, TOMAS, find, user_assigned,
};
use crate::shape::workspace::Workspace;
use crate::shape::{Wire, texts};
use serde_json::{Value, json};

const AML: &str = "Microsoft.MachineLearningServices/workspaces";

/// A hub of the platform team, in a subscription that was not part of the export.
const FOREIGN_HUB: &str = "/subscriptions/00000000-0000-4000-8000-0000000c0de5/resourceGroups/rg-platform-hub/providers/\
                           Microsoft.MachineLearningServices/workspaces/mlhub-documents";

/// A workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    /// `identity.type` as spelled; empty for an absent block, `null` for `null`.
    pub(super) identity: &'static str,
    pub(super) users: &'static [&'static str],
    primary: &'static str,
    pub(super) storage: &'static str,
    pub(super) vault: &'static str,
    pub(super) registry: &'static str,
    pub(super) insights: &'static str,
    /// `systemDatastoresAuthMode`; empty for absent.
    pub(super) mode: &'static str,
    /// The hub of a project.
    pub(super) hub: &'static str,
    tags: Tags,
    pub(super) created: &'static str,
    pub(super) by: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Tags {
    Null,
    Of(&'static [(&'static str, &'static str)]),
}

/// What most of them have in common.
const W: Row = Row {
    name: "",
    group: "",
    kind: "Default",
    identity: "SystemAssigned",
    users: &[],
    primary: "",
    storage: "",
    vault: "",
    registry: "",
    insights: "",
    mode: "identity",
    hub: "",
    tags: Tags::Of(&[]),
    created: "2025-03-11T09:24:17.5532109Z",
    by: SOFIA,
};

impl Row {
    pub(super) fn id(&self) -> String {
        find(self.group).resource(AML, self.name)
    }

    /// Whose identity it acts as: its own, or the first that is attached; nothing when it has none.
    pub(super) fn acts_as(&self) -> Option<String> {
        if self.identity.to_ascii_lowercase().contains("system") {
            return Some(self.id());
        }
        self.users.first().map(|name| user_assigned(name))
    }

    pub(super) fn sub(&self) -> Sub {
        find(self.group).sub
    }

    pub(super) fn is_project(&self) -> bool {
        self.kind == "Project"
    }

    pub(super) fn hub_id(&self) -> String {
        match by_name(self.hub) {
            Some(hub) => hub.id(),
            None if self.is_project() => FOREIGN_HUB.to_owned(),
            None => String::new(),
        }
    }

    fn wire_tags(&self) -> Wire {
        match self.tags {
            Tags::Null => Some(Value::Null),
            Tags::Of([]) => Some(json!({})),
            // The shape of a SAS, the text of none. Put together here so that no scanner takes the source for a leak.
            Tags::Of(pairs) => Some(texts(pairs.iter().copied())).map(|mut tags| {
                if let Some(value) = tags.get_mut("vendor-upload") {
                    let sig = "FAKE".repeat(10);
                    *value = format!(
                        "https://stsandbox02.blob.core.windows.net/drop?sv=2024-11-04&sp=rcwl&sig={sig}%3D"
                    )
                    .into();
                }
                tags
            }),
        }
    }

    /// As `GET` answers it.
    pub(super) fn to_json(self) -> Value {
        let group = find(self.group);
        let (id, hub) = (self.id(), self.hub_id());
        let users: Vec<String> = self.users.iter().map(|name| user_assigned(name)).collect();
        let primary = if self.primary.is_empty() { String::new() } else { user_assigned(self.primary) };
        let projects: Vec<String> =
            ROWS.iter().filter(|row| self.kind == "Hub" && row.hub == self.name).map(Row::id).collect();
        let insights = match self.insights {
            "" => String::new(),
            name => group.resource("microsoft.insights/components", name),
        };
        let wire = Workspace {
            id: &id,
            kind: self.kind,
            location: group.location,
            friendly_name: self.name,
            description: "",
            created_by: self.by,
            created: self.created,
            modified: self.created,
            tags: self.wire_tags(),
            identity: self.identity,
            users: &users,
            primary_user: &primary,
            storage: &storage_id(self.storage),
            vault: &vault_id(self.vault).replace("Microsoft.KeyVault", "Microsoft.Keyvault"),
            registry: match self.registry {
                "" if self.is_project() => None,
                "" => Some(Value::Null),
                name => Some(registry_id(name).into()),
            },
            insights: &insights,
            auth_mode: crate::shape::text(self.mode),
            hub: &hub,
            projects: &projects,
            private: self.group == "rg-risk-prod",
        };
        wire.to_json()
    }
}

/// The workspace of a name.
pub(super) fn by_name(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// The workspaces of a subscription.
pub(super) fn of(sub: Sub) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.sub() == sub)
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // --- Production ---
    // The model pupil: everything as it should be.
    Row { name: "mlw-fraud-prod", group: "rg-fraud-prod", storage: "stfraudprod", vault: "kv-fraud-prod", registry: "crfraudprod", insights: "appi-fraud-prod", tags: Tags::Of(&[("owner", MARA), ("cost-center", "CC-1040"), ("environment", "prod")]), by: MARA, ..W },
    // Both identities, but an endpoint on a key whose deployment carries a connection string.
    Row { name: "mlw-fraud-scoring", group: "rg-fraud-prod", identity: "SystemAssigned,UserAssigned", users: &["id-fraud-scoring"], primary: "id-fraud-scoring", storage: "stfraudscoring", vault: "kv-fraud-prod", registry: "crfraudprod", insights: "appi-fraud-prod", tags: Tags::Of(&[("owner", MARA)]), by: MARA, ..W },
    // Three workspaces on one storage account; the first holds most of its keys.
    Row { name: "mlw-churn-prod", group: "rg-churn-prod", storage: "stchurnshared", vault: "kv-churn-prod", registry: "crchurnprod", insights: "appi-churn-prod", mode: "accesskey", tags: Tags::Of(&[("owner", TOMAS), ("cost-center", "CC-1050")]), by: TOMAS, ..W },
    Row { name: "mlw-churn-campaigns", group: "rg-churn-prod", storage: "stchurnshared", vault: "kv-churn-campaigns", registry: "crchurnprod", insights: "appi-churn-prod", mode: "AccessKey", by: TOMAS, ..W },
    // User-assigned only, and still on keys: its system datastores hold the account's key.
    Row { name: "mlw-churn-retention", group: "rg-churn-prod", identity: "UserAssigned", users: &["id-churn-retention"], primary: "id-churn-retention", storage: "stchurnshared", vault: "kv-churn-prod", registry: "crchurnprod", insights: "appi-churn-prod", mode: "accesskey", by: TOMAS, ..W },
    // The NLP platform: a hub with four projects.
    Row { name: "mlhub-nlp-prod", group: "rg-nlp-platform-prod", kind: "Hub", storage: "stnlphubprod", vault: "kv-nlp-hub-prod", registry: "crnlpprod", insights: "appi-nlp-prod", tags: Tags::Of(&[("owner", KENJI), ("cost-center", "CC-1070")]), by: KENJI, ..W },
    Row { name: "proj-claims-triage", group: "rg-nlp-platform-prod", kind: "Project", hub: "mlhub-nlp-prod", by: KENJI, ..W },
    Row { name: "proj-chat-assist", group: "rg-nlp-platform-prod", kind: "Project", hub: "mlhub-nlp-prod", tags: Tags::Of(&[("owner", "chat-assist-team@contoso.example")]), by: KENJI, ..W },
    // Repeats its hub's dependents, and has a user-assigned identity only.
    Row { name: "proj-policy-search", group: "rg-nlp-platform-prod", kind: "Project", hub: "mlhub-nlp-prod", identity: "UserAssigned", users: &["id-policy-search"], primary: "id-policy-search", storage: "stnlphubprod", vault: "kv-nlp-hub-prod", by: KENJI, ..W },
    // A project without any identity.
    Row { name: "proj-voice-notes", group: "rg-nlp-platform-prod", kind: "Project", hub: "mlhub-nlp-prod", identity: "null", by: KENJI, ..W },
    // Locked its account in spring; one datastore still has the key that no longer opens anything.
    Row { name: "mlw-vision-prod", group: "rg-vision-prod", storage: "stvisionprod", vault: "kv-vision-prod", registry: "crvisionprod", insights: "appi-vision-prod", mode: "Identity", tags: Tags::Of(&[("Owner", INES), ("CostCenter", "CC-1060")]), created: "2024-09-02T07:41:55.0120934Z", by: INES, ..W },
    // The legacy: no identity, keys everywhere, Azure Files, and an owner who has left.
    Row { name: "mlw-pricing-legacy", group: "rg-pricing-legacy", kind: "", identity: "", storage: "stpricinglegacy", vault: "kv-pricing-legacy", registry: "crpricinglegacy", insights: "appi-pricing-legacy", mode: "accesskey", created: "2024-01-15T13:02:40.7790215Z", by: GRETA, ..W },
    // User-assigned only and no static credential anywhere: not what the standard asks, and yet nothing to steal.
    Row { name: "mlw-risk-models", group: "rg-risk-prod", identity: "UserAssigned", users: &["id-risk-models"], primary: "id-risk-models", storage: "striskmodels", vault: "kv-risk-models", registry: "crriskprod", insights: "appi-risk-prod", tags: Tags::Of(&[("owner", AMARA), ("cost-center", "CC-1090"), ("data-class", "confidential")]), by: AMARA, ..W },
    // A registry in ABAC mode, and a vault whose access policies give the identity everything.
    Row { name: "mlw-telematics-prod", group: "rg-telematics-prod", storage: "sttelematicsprod", vault: "kv-telematics-prod", registry: "crtelematicsprod", insights: "appi-telematics-prod", tags: Tags::Of(&[("owner", LUCA)]), created: "2024-06-20T15:10:08.2231870Z", by: LUCA, ..W },
    // A project whose hub is in a subscription that nobody exported.
    Row { name: "proj-docs-intake", group: "rg-docs-intake", kind: "Project", by: KENJI, ..W },
    // A feature store; no image was ever built, so there is no registry.
    Row { name: "fs-features-prod", group: "rg-feature-platform", kind: "FeatureStore", identity: "SystemAssigned,UserAssigned", users: &["id-feature-materialization"], storage: "stfeaturesprod", vault: "kv-features-prod", insights: "appi-features-prod", tags: Tags::Of(&[("owner", SOFIA), ("cost-center", "CC-1010")]), ..W },
    // Keyless by user delegation.
    Row { name: "mlw-batch-scoring", group: "rg-feature-platform", storage: "stbatchscoring", vault: "kv-features-prod", registry: "crfraudprod", insights: "appi-features-prod", mode: "UserDelegationSAS", tags: Tags::Of(&[("owner", SOFIA), ("cost-center", "CC-1010")]), ..W },
    // --- Development ---
    Row { name: "mlw-fraud-dev", group: "rg-fraud-dev", storage: "stfrauddev", vault: "kv-fraud-dev", registry: "crmldev", insights: "appi-fraud-dev", mode: "accesskey", tags: Tags::Of(&[("owner", MARA)]), by: MARA, ..W },
    Row { name: "mlw-churn-dev", group: "rg-churn-dev", identity: "None", storage: "stchurndev", vault: "kv-churn-dev", registry: "crmldev", insights: "appi-churn-dev", mode: "accesskey", by: TOMAS, ..W },
    // Somebody opened SSH on a compute instance.
    Row { name: "mlw-vision-dev", group: "rg-vision-dev", storage: "stvisiondev", vault: "kv-vision-dev", registry: "crvisiondev", insights: "appi-vision-dev", by: INES, ..W },
    Row { name: "mlw-vision-labeling", group: "rg-vision-dev", storage: "stvisionlabeling", vault: "kv-vision-dev", registry: "crvisiondev", insights: "appi-vision-dev", mode: "accesskey", tags: Tags::Of(&[("owner", "labeling@contoso.example"), ("cost-center", "")]), by: INES, ..W },
    Row { name: "mlhub-nlp-dev", group: "rg-nlp-platform-dev", kind: "Hub", storage: "stnlphubdev", vault: "kv-nlp-hub-dev", registry: "crnlpdev", insights: "appi-nlp-dev", mode: "accesskey", by: KENJI, ..W },
    // Two projects that leave everything to their hub, even how system datastores authenticate.
    Row { name: "proj-prompt-lab", group: "rg-nlp-platform-dev", kind: "Project", hub: "mlhub-nlp-dev", mode: "", by: KENJI, ..W },
    Row { name: "proj-summarizer-poc", group: "rg-nlp-platform-dev", kind: "Project", hub: "mlhub-nlp-dev", mode: "", tags: Tags::Of(&[("contact", KENJI)]), by: KENJI, ..W },
    // User-assigned, but no primary one is named.
    Row { name: "mlw-pricing-dev", group: "rg-pricing-dev", identity: "UserAssigned", users: &["id-pricing-dev"], storage: "stpricingdev", vault: "kv-pricing-dev", registry: "crmldev", insights: "appi-pricing-dev", by: GRETA, ..W },
    // Its primary identity is not one of those attached: it was deleted.
    Row { name: "mlw-risk-dev", group: "rg-pricing-dev", identity: "UserAssigned", users: &["id-risk-dev"], primary: "id-risk-old", storage: "striskdev", vault: "kv-pricing-dev", registry: "crmldev", insights: "appi-pricing-dev", tags: Tags::Of(&[("owner", AMARA)]), by: AMARA, ..W },
    // Read with an api-version that does not tell how system datastores authenticate.
    Row { name: "mlw-telematics-dev", group: "rg-telematics-dev", storage: "sttelematicsdev", vault: "kv-telematics-dev", registry: "crmldev", insights: "appi-telematics-dev", mode: "", created: "2024-02-08T11:59:31.4400712Z", by: LUCA, ..W },
    // Two sandboxes: one belongs to nobody, one has a SAS in a tag.
    Row { name: "mlw-sandbox-01", group: "rg-sandbox", identity: "null", storage: "stsandbox01", vault: "kv-sandbox", registry: "crmldev", insights: "appi-sandbox", mode: "accesskey", tags: Tags::Null, created: "2024-04-26T16:20:01.3321509Z", by: GRETA, ..W },
    Row { name: "mlw-sandbox-02", group: "rg-sandbox", storage: "stsandbox02", vault: "kv-sandbox", registry: "crmldev", insights: "appi-sandbox", mode: "accesskey", tags: Tags::Of(&[("purpose", "vendor trial"), ("vendor-upload", "?sig")]), by: TOMAS, ..W },
    // Opted itself out of the identity policy with a tag.
    Row { name: "mlw-mlops-ci", group: "rg-mlops-dev", identity: "SystemAssigned, UserAssigned", users: &["id-mlops-ci"], primary: "id-mlops-ci", storage: "stmlopsci", vault: "kv-mlops-ci", registry: "crmlopsci", insights: "appi-mlops-ci", tags: Tags::Of(&[("owner", SOFIA), ("dekey-skip", "true")]), ..W },
    Row { name: "mlw-forecast-dev", group: "rg-mlops-dev", storage: "stforecastdev", vault: "kv-mlops-ci", registry: "crmlopsci", insights: "appi-mlops-ci", tags: Tags::Of(&[("owner", "forecasting@contoso.example"), ("cost-center", "CC-2120")]), ..W },
    // Databricks and Spark, attached with tokens.
    Row { name: "mlw-marketing-dev", group: "rg-churn-dev", identity: "systemassigned", storage: "stmarketingdev", vault: "kv-churn-dev", registry: "crmldev", insights: "appi-churn-dev", mode: "accesskey", tags: Tags::Of(&[("owner", "marketing-analytics@contoso.example")]), by: TOMAS, ..W },
    // A connection of a kind that nobody knows.
    Row { name: "mlw-quantum-poc", group: "rg-quantum-poc", storage: "stquantumpoc", vault: "kv-quantum-poc", registry: "crmldev", insights: "appi-quantum-poc", created: "2026-08-31T10:05:44.9018827Z", by: PRIYA, ..W },
    // --- Research and shared ---
    Row { name: "mlw-research-lab", group: "rg-research-lab", storage: "stresearchlab", vault: "kv-research-lab", registry: "crresearch", insights: "appi-research-lab", mode: "accesskey", by: PRIYA, ..W },
    // Its storage account and component belong to the HPC team, whose subscription nobody exported.
    Row { name: "mlw-research-gpu", group: "rg-research-lab", storage: "sthpcscratch", vault: "kv-research-lab", registry: "crresearch", insights: "appi-research-gpu", mode: "accesskey", by: PRIYA, ..W },
    Row { name: "mlhub-research", group: "rg-research-lab", kind: "hub", storage: "stresearchhub", vault: "kv-research-hub", registry: "crresearch", insights: "appi-research-lab", by: PRIYA, ..W },
    Row { name: "proj-agents", group: "rg-research-lab", kind: "project", hub: "mlhub-research", by: PRIYA, ..W },
    Row { name: "mlw-genai-lab", group: "rg-genai-lab", identity: "UserAssigned", users: &["id-genai-lab"], primary: "id-genai-lab", storage: "stgenailab", vault: "kv-genai-lab", registry: "crgenailab", insights: "appi-genai-lab", mode: "accesskey", tags: Tags::Of(&[("owner", KENJI), ("cost-center", "CC-3070")]), by: KENJI, ..W },
    // Legal let nobody look at its computes and endpoints; its registry was not exported.
    Row { name: "mlw-legal-review", group: "rg-legal-analytics", storage: "stlegalreview", vault: "kv-legal-review", registry: "crlegal", insights: "appi-legal-review", by: NOAH, ..W },
    // User-assigned only; whether it holds static credentials cannot be told without its datastores.
    Row { name: "mlw-climate-risk", group: "rg-climate-risk", identity: "UserAssigned", users: &["id-climate-risk"], primary: "id-climate-risk", storage: "stclimaterisk", vault: "kv-climate-risk", registry: "crresearch", insights: "appi-climate-risk", by: AMARA, ..W },
    Row { name: "mlw-intern-2026", group: "rg-climate-risk", identity: "", storage: "stintern2026", vault: "kv-climate-risk", registry: "", insights: "appi-climate-risk", mode: "accesskey", tags: Tags::Null, created: "2026-06-15T08:30:12.6610038Z", by: PRIYA, ..W },
];

/// Rows of a query that asked for little more than names: a workspace and its dependents that are newer than the rest of
/// the export, so that nothing can be said of them yet.
pub(super) fn newest() -> Vec<Value> {
    let group = find("rg-actuarial");
    let row = |of: &str, name: &str| {
        json!({
            "id": group.resource(of, name),
            "name": name,
            "type": of.to_ascii_lowercase(),
            "location": group.location,
            "resourceGroup": group.name,
            "subscriptionId": group.sub.id().trim_start_matches("/subscriptions/"),
        })
    };
    vec![
        row(AML, NEWEST),
        row("Microsoft.Storage/storageAccounts", "stactuarialeu"),
        row("Microsoft.KeyVault/vaults", "kv-actuarial-eu"),
        row("Microsoft.ContainerRegistry/registries", "cractuarialeu"),
        row("Microsoft.Insights/components", "appi-actuarial-eu"),
        row("Microsoft.ManagedIdentity/userAssignedIdentities", "id-actuarial-eu"),
    ]
}

/// The id of the workspace that is newer than the rest of the export.
pub(super) fn newest_id() -> String {
    find("rg-actuarial").resource(AML, NEWEST)
}

const NEWEST: &str = "mlw-actuarial-eu";
