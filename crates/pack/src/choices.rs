//! What an organisation chooses; an assignment can choose otherwise.

use dekey_rules::{IdentityStandard, Settings, Tags};
use serde_json::{Value, json};

/// The defaults of the initiative's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Which managed identity workspaces need.
    pub standard: IdentityStandard,
    /// A workspace needs one of these tags for its owner.
    pub owner_tags: Vec<String>,
    /// A workspace needs one of these tags for its cost center.
    pub cost_center_tags: Vec<String>,
}

impl Default for Choices {
    fn default() -> Self {
        let Tags { owner, cost_center, .. } = Tags::default();
        Self { standard: IdentityStandard::default(), owner_tags: owner, cost_center_tags: cost_center }
    }
}

impl Choices {
    /// As the settings have it.
    pub fn of(settings: &Settings) -> Self {
        Self {
            standard: settings.identity_standard,
            owner_tags: settings.tags.owner.clone(),
            cost_center_tags: settings.tags.cost_center.clone(),
        }
    }

    /// The default of a parameter that several definitions share, where it is a choice.
    pub(crate) fn default_of(&self, parameter: &str) -> Option<Value> {
        match parameter {
            "identityStandard" => Some(json!(self.standard.as_str())),
            "ownerTagNames" => Some(json!(self.owner_tags)),
            "costCenterTagNames" => Some(json!(self.cost_center_tags)),
            _ => None,
        }
    }
}
