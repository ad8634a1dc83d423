//! Contoso: its subscriptions, resource groups and people.

use crate::draw::guid;

/// A subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sub {
    /// What customers depend on. Exported completely.
    Prod,
    /// Where it is made. Exported completely, the vaults by a command that leaves out their properties.
    Dev,
    /// Research and shared services. Exported by one Resource Graph query and little else.
    Research,
}

impl Sub {
    pub(super) const ALL: [Sub; 3] = [Sub::Prod, Sub::Dev, Sub::Research];

    pub(super) fn name(self) -> &'static str {
        match self {
            Sub::Prod => "Contoso ML Production",
            Sub::Dev => "Contoso ML Development",
            Sub::Research => "Contoso Research and Shared",
        }
    }

    pub(super) fn id(self) -> String {
        format!("/subscriptions/{}", guid(self.name()))
    }

    pub(super) fn tags(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Sub::Prod => &[("cost-center", "CC-1000"), ("environment", "prod")],
            Sub::Dev => &[("environment", "dev")],
            Sub::Research => &[("owner", RESEARCH_OFFICE), ("environment", "research")],
        }
    }

    /// Where its logs go.
    pub(super) fn logs(self) -> String {
        let of = "Microsoft.OperationalInsights/workspaces";
        format!("{}/resourceGroups/rg-monitor/providers/{of}/log-contoso-central", self.id())
    }
}

pub(super) const MARA: &str = "mara.lindqvist@contoso.example";
pub(super) const TOMAS: &str = "tomas.okafor@contoso.example";
pub(super) const KENJI: &str = "kenji.watanabe@contoso.example";
pub(super) const INES: &str = "ines.baptista@contoso.example";
/// Left in 2025; what she made is still there.
pub(super) const GRETA: &str = "greta.holm@contoso.example";
pub(super) const AMARA: &str = "amara.diallo@contoso.example";
pub(super) const LUCA: &str = "luca.ferri@contoso.example";
pub(super) const SOFIA: &str = "sofia.novak@contoso.example";
pub(super) const PRIYA: &str = "priya.raman@contoso.example";
pub(super) const NOAH: &str = "noah.bennett@contoso.example";
pub(super) const RESEARCH_OFFICE: &str = "research-office@contoso.example";

/// A resource group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) sub: Sub,
    pub(super) location: &'static str,
    pub(super) tags: &'static [(&'static str, &'static str)],
    /// Whether `az group list` was run before it was made.
    pub(super) exported: bool,
}

const fn group(
    sub: Sub,
    name: &'static str,
    location: &'static str,
    tags: &'static [(&'static str, &'static str)],
) -> Group {
    Group { name, sub, location, tags, exported: true }
}

const NOWHERE: Group = group(Sub::Prod, "rg-nowhere", "westeurope", &[]);

pub(super) const GROUPS: &[Group] = &[
    group(Sub::Prod, "rg-fraud-prod", "westeurope", &[("owner", MARA), ("cost-center", "CC-1040")]),
    group(Sub::Prod, "rg-churn-prod", "westeurope", &[("owner", TOMAS), ("environment", "prod")]),
    group(
        Sub::Prod,
        "rg-nlp-platform-prod",
        "swedencentral",
        &[("owner", KENJI), ("cost-center", "CC-1070")],
    ),
    group(Sub::Prod, "rg-vision-prod", "northeurope", &[("Owner", INES), ("CostCenter", "CC-1060")]),
    group(Sub::Prod, "rg-pricing-legacy", "westeurope", &[]),
    group(Sub::Prod, "rg-risk-prod", "westeurope", &[("owner", AMARA), ("cost-center", "CC-1090")]),
    group(Sub::Prod, "rg-telematics-prod", "northeurope", &[("owner", LUCA)]),
    group(Sub::Prod, "rg-docs-intake", "westeurope", &[("owner", KENJI)]),
    group(Sub::Prod, "rg-feature-platform", "westeurope", &[("owner", SOFIA), ("cost-center", "CC-1010")]),
    group(Sub::Prod, "rg-data-platform", "westeurope", &[("owner", "data-platform@contoso.example")]),
    group(Sub::Dev, "rg-fraud-dev", "westeurope", &[("owner", MARA), ("cost-center", "CC-2040")]),
    group(Sub::Dev, "rg-churn-dev", "westeurope", &[("owner", TOMAS), ("cost-center", "CC-2050")]),
    group(Sub::Dev, "rg-vision-dev", "northeurope", &[("owner", INES), ("cost-center", "CC-2060")]),
    group(Sub::Dev, "rg-nlp-platform-dev", "swedencentral", &[("owner", KENJI), ("cost-center", "CC-2070")]),
    group(Sub::Dev, "rg-pricing-dev", "westeurope", &[("cost-center", "CC-2080")]),
    group(Sub::Dev, "rg-telematics-dev", "northeurope", &[("owner", LUCA), ("cost-center", "CC-2100")]),
    group(Sub::Dev, "rg-sandbox", "westeurope", &[]),
    group(Sub::Dev, "rg-mlops-dev", "westeurope", &[("owner", SOFIA), ("cost-center", "CC-2010")]),
    group(Sub::Dev, "rg-quantum-poc", "swedencentral", &[("owner", PRIYA)]),
    group(Sub::Research, "rg-research-lab", "swedencentral", &[("owner", PRIYA)]),
    group(Sub::Research, "rg-genai-lab", "swedencentral", &[("owner", KENJI), ("cost-center", "CC-3070")]),
    group(Sub::Research, "rg-legal-analytics", "westeurope", &[("owner", NOAH)]),
    group(Sub::Research, "rg-climate-risk", "westeurope", &[]),
    Group { exported: false, ..group(Sub::Research, "rg-actuarial", "westeurope", &[]) },
];

/// The resource group of a name.
pub(super) fn find(name: &str) -> Group {
    GROUPS.iter().copied().find(|g| g.name == name).unwrap_or(NOWHERE)
}

impl Group {
    pub(super) fn id(self) -> String {
        format!("{}/resourceGroups/{}", self.sub.id(), self.name)
    }

    /// The id of a resource in it.
    pub(super) fn resource(self, of: &str, name: &str) -> String {
        format!("{}/providers/{of}/{name}", self.id())
    }
}

/// A user-assigned identity: its name and resource group.
pub(super) const IDENTITIES: &[(&str, &str)] = &[
    ("id-fraud-scoring", "rg-fraud-prod"),
    ("id-churn-retention", "rg-churn-prod"),
    ("id-policy-search", "rg-nlp-platform-prod"),
    ("id-vision-train", "rg-vision-prod"),
    ("id-risk-models", "rg-risk-prod"),
    ("id-feature-materialization", "rg-feature-platform"),
    ("id-pricing-dev", "rg-pricing-dev"),
    ("id-mlops-ci", "rg-mlops-dev"),
    ("id-risk-dev", "rg-pricing-dev"),
    ("id-genai-lab", "rg-genai-lab"),
    ("id-climate-risk", "rg-climate-risk"),
];

/// The id of a user-assigned identity. A name that is not in the table is an identity that was deleted since.
pub(super) fn user_assigned(name: &str) -> String {
    let of = "Microsoft.ManagedIdentity/userAssignedIdentities";
    let home = IDENTITIES.iter().find(|(own, _)| *own == name).map_or("rg-pricing-dev", |(_, home)| *home);
    find(home).resource(of, name)
}
