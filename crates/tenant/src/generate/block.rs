//! Where a workspace stands: eight to a resource group, fifty resource groups to a subscription, one team each.

use crate::draw::{Draw, guid};
use serde_json::{Value, json};

/// Workspaces in a resource group.
pub(super) const GROUP: u64 = 8;
/// Resource groups in a subscription.
pub(super) const GROUPS: u64 = 50;

const TEAMS: &[&str] = &[
    "fraud",
    "churn",
    "vision",
    "nlp",
    "pricing",
    "risk",
    "telematics",
    "forecast",
    "claims",
    "search",
    "ads",
    "robotics",
];
const REGIONS: &[&str] = &["westeurope", "northeurope", "swedencentral", "eastus2", "uksouth"];
const STAGES: &[&str] = &["dev", "test", "prod"];

/// What a workspace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Default,
    Hub,
    Project,
    FeatureStore,
}

impl Role {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Role::Default => "Default",
            Role::Hub => "Hub",
            Role::Project => "Project",
            Role::FeatureStore => "FeatureStore",
        }
    }
}

/// The place of one workspace, and what it shares with its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) seed: u64,
    pub(super) index: u64,
    pub(super) group_index: u64,
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) location: &'static str,
    pub(super) team: &'static str,
    pub(super) stage: &'static str,
    pub(super) role: Role,
    /// The index of the workspace whose storage account, vault, registry and component this one uses.
    pub(super) storage_of: u64,
    pub(super) dependents_of: u64,
    /// The hub of a project.
    pub(super) hub: Option<u64>,
    /// The projects of a hub.
    pub(super) projects: Vec<u64>,
}

impl Place {
    /// The place of a workspace in a tenant of `count`.
    pub(super) fn of(seed: u64, index: u64, count: u64) -> Self {
        let (group_index, at) = (index / GROUP, index % GROUP);
        let first = group_index * GROUP;
        let mut draw = Draw::keyed(seed, "group", group_index);
        let subscription =
            format!("/subscriptions/{}", guid(&format!("subscription {seed} {}", group_index / GROUPS)));
        let (team, stage) = (draw.pick(TEAMS), draw.pick(STAGES));
        let location = draw.pick(REGIONS);
        // One group in five has a hub with two to five projects; one in four shares a storage account between three.
        let projects = if draw.chance(20) { 2 + draw.below(4) } else { 0 };
        let shares = draw.chance(25) && projects < 5;
        let feature_store = draw.chance(10);
        let role = match at {
            0 if projects > 0 => Role::Hub,
            _ if at > 0 && at <= projects => Role::Project,
            6 if feature_store => Role::FeatureStore,
            _ => Role::Default,
        };
        let own = if role == Role::Project { first } else { index };
        Self {
            seed,
            index,
            group_index,
            group: format!("{subscription}/resourceGroups/rg-{team}-{stage}-{group_index:05}"),
            subscription,
            location,
            team,
            stage,
            role,
            storage_of: if shares && at > 5 { first + 5 } else { own },
            dependents_of: own,
            hub: (role == Role::Project).then_some(first),
            projects: match role {
                Role::Hub => (first + 1..=first + projects).filter(|i| *i < count).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// A stream of draws of its own for a purpose of this workspace.
    pub(super) fn draw(&self, purpose: &str) -> Draw {
        Draw::keyed(self.seed, purpose, self.index)
    }

    fn resource(&self, of: &str, name: &str) -> String {
        format!("{}/providers/{of}/{name}", self.group)
    }

    /// The id of a workspace of this resource group.
    pub(super) fn workspace(&self, index: u64) -> String {
        self.resource(
            "Microsoft.MachineLearningServices/workspaces",
            &format!("mlw-{}-{index:07}", self.team),
        )
    }

    /// The id of the storage account that comes with a workspace of this resource group.
    pub(super) fn storage(&self, index: u64) -> String {
        self.resource("Microsoft.Storage/storageAccounts", &format!("st{}{index:07}", self.team))
    }

    /// The id of the vault that comes with a workspace of this resource group.
    pub(super) fn vault(&self, index: u64) -> String {
        self.resource("Microsoft.KeyVault/vaults", &format!("kv-{}-{index:07}", self.team))
    }

    /// The id of the registry that comes with a workspace of this resource group.
    pub(super) fn registry(&self, index: u64) -> String {
        self.resource("Microsoft.ContainerRegistry/registries", &format!("cr{}{index:07}", self.team))
    }

    /// The id of the component that comes with a workspace of this resource group.
    pub(super) fn insights(&self, index: u64) -> String {
        self.resource("microsoft.insights/components", &format!("appi-{}-{index:07}", self.team))
    }

    /// The id of a user-assigned identity of this workspace.
    pub(super) fn user_assigned(&self, which: u64) -> String {
        let name = format!("id-{}-{:07}-{which}", self.team, self.index);
        self.resource("Microsoft.ManagedIdentity/userAssignedIdentities", &name)
    }

    /// The Log Analytics workspace of the subscription.
    pub(super) fn logs(&self) -> String {
        format!(
            "{}/resourceGroups/rg-monitor/providers/Microsoft.OperationalInsights/workspaces/log-central",
            self.subscription
        )
    }

    /// An address that owns things.
    pub(super) fn owner(&self, draw: &mut Draw) -> String {
        format!("{}-{}@contoso.example", self.team, draw.below(9))
    }

    /// Tags: four in five name an owner, three in five a cost center; now and then there are none, or `null`, or no property.
    pub(super) fn tags(&self, draw: &mut Draw) -> Option<Value> {
        let roll = draw.below(100);
        let owner = self.owner(draw);
        let center = format!("CC-{:04}", 1000 + draw.below(400));
        match roll {
            0..4 => None,
            4..7 => Some(Value::Null),
            7..15 => Some(json!({})),
            15..20 => Some(json!({ "environment": self.stage })),
            20..58 => Some(json!({ "owner": owner, "cost-center": center, "environment": self.stage })),
            58..80 => Some(
                json!({ "Owner": owner, "CostCenter": center, "env": self.stage, "managed-by": "terraform" }),
            ),
            _ => Some(json!({ "owner": owner, "environment": self.stage })),
        }
    }
}

/// A time between the beginning of 2022 and the summer of 2026, with the ticks that Azure prints.
pub(super) fn time(draw: &mut Draw) -> String {
    let (month, day, second) = (draw.below(54), 1 + draw.below(28), draw.below(86_400));
    format!(
        "{}-{:02}-{day:02}T{:02}:{:02}:{:02}.{:07}Z",
        2022 + month / 12,
        1 + month % 12,
        second / 3600,
        second / 60 % 60,
        second % 60,
        draw.below(10_000_000)
    )
}
