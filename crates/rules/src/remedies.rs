//! Remedies of the rules on identity policies, one for each identity standard.
//!
//! No built-in policy asks for a system-assigned identity or for any at all: those are custom definitions. For a
//! user-assigned one there is 5f0c7d88-c7de-45b8-ac49-db49e72eaa78, which looks for a primary user-assigned identity.

use crate::{IdentityStandard, Remedy};

/// Defines and assigns a policy that denies workspaces of which a condition holds, and then does what is given.
macro_rules! custom {
    ($name:literal, $symbol:literal, $title:literal, az: $az:literal, bicep: $bicep:literal, terraform: $terraform:literal,
     then: $az_then:expr, $bicep_then:expr, $terraform_then:expr, $portal_then:expr) => {
        Remedy {
            az: concat!(
                "az policy definition create --name ", $name, " --subscription {subscription} --mode Indexed --rules '",
                r#"{"if": {"allOf": [{"field": "type", "equals": "Microsoft.MachineLearningServices/workspaces"}, "#, $az,
                r#"]}, "then": {"effect": "deny"}}"#, "'\n",
                "az policy assignment create --name ", $name, " --policy ", $name,
                " --scope /subscriptions/{subscription} --enforcement-mode DoNotEnforce", $az_then
            ),
            bicep: concat!(
                "targetScope = 'subscription'\n\n",
                "resource definition 'Microsoft.Authorization/policyDefinitions@2023-04-01' = {\n  name: '", $name, "'\n",
                "  properties: {\n    mode: 'Indexed'\n    policyType: 'Custom'\n    policyRule: {\n      if: {\n        allOf: [\n",
                "          { field: 'type', equals: 'Microsoft.MachineLearningServices/workspaces' }\n          ", $bicep, "\n",
                "        ]\n      }\n      then: { effect: 'deny' }\n    }\n  }\n}\n\n",
                "resource assignment 'Microsoft.Authorization/policyAssignments@2023-04-01' = {\n  name: '", $name, "'\n",
                "  properties: {\n    policyDefinitionId: definition.id\n    enforcementMode: 'DoNotEnforce'\n  }\n}", $bicep_then
            ),
            terraform: concat!(
                "resource \"azurerm_policy_definition\" \"", $symbol, "\" {\n  name         = \"", $name, "\"\n",
                "  display_name = \"", $title, "\"\n  policy_type  = \"Custom\"\n  mode         = \"Indexed\"\n",
                "  policy_rule = jsonencode({\n    if = {\n      allOf = [\n",
                "        { field = \"type\", equals = \"Microsoft.MachineLearningServices/workspaces\" },\n        ", $terraform, ",\n",
                "      ]\n    }\n    then = { effect = \"deny\" }\n  })\n}\n\n",
                "resource \"azurerm_subscription_policy_assignment\" \"", $symbol, "\" {\n  name                 = \"", $name, "\"\n",
                "  subscription_id      = \"/subscriptions/{subscription}\"\n",
                "  policy_definition_id = azurerm_policy_definition.", $symbol, ".id\n  enforce              = false\n}", $terraform_then
            ),
            portal: concat!(
                "Policy > Definitions > Policy definition, then Policy > Assignments > Assign policy > Policy enforcement: Disabled at first",
                $portal_then
            ),
        }
    };
}

/// Denies workspaces without a system-assigned identity.
pub(crate) const SYSTEM: Remedy = custom!(
    "aml-system-identity", "aml_system_identity", "Workspaces have a system-assigned identity",
    az: r#"{"field": "identity.type", "notContains": "SystemAssigned"}"#,
    bicep: "{ field: 'identity.type', notContains: 'SystemAssigned' }",
    terraform: r#"{ field = "identity.type", notContains = "SystemAssigned" }"#,
    then: "", "", "", ""
);

/// Denies workspaces without any managed identity.
const EITHER: Remedy = custom!(
    "aml-managed-identity", "aml_managed_identity", "Workspaces have a managed identity",
    az: r#"{"anyOf": [{"field": "identity.type", "exists": false}, {"field": "identity.type", "equals": "None"}]}"#,
    bicep: "{ anyOf: [ { field: 'identity.type', exists: false }, { field: 'identity.type', equals: 'None' } ] }",
    terraform: r#"{ anyOf = [{ field = "identity.type", exists = false }, { field = "identity.type", equals = "None" }] }"#,
    then: "", "", "", ""
);

/// The assignment of the built-in that denies workspaces without a primary user-assigned identity, in each language.
macro_rules! built_in {
    (az) => {
        "az policy assignment create --name aml-user-identity --policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 --scope /subscriptions/{subscription} --params '{\"effect\": {\"value\": \"Deny\"}}' --enforcement-mode DoNotEnforce"
    };
    (bicep) => {
        "resource builtIn 'Microsoft.Authorization/policyAssignments@2023-04-01' = {\n  name: 'aml-user-identity'\n  properties: {\n    policyDefinitionId: tenantResourceId('Microsoft.Authorization/policyDefinitions', '5f0c7d88-c7de-45b8-ac49-db49e72eaa78')\n    parameters: {\n      effect: { value: 'Deny' }\n    }\n    enforcementMode: 'DoNotEnforce'\n  }\n}"
    };
    (terraform) => {
        "resource \"azurerm_subscription_policy_assignment\" \"aml_user_identity\" {\n  name                 = \"aml-user-identity\"\n  subscription_id      = \"/subscriptions/{subscription}\"\n  policy_definition_id = \"/providers/Microsoft.Authorization/policyDefinitions/5f0c7d88-c7de-45b8-ac49-db49e72eaa78\"\n  parameters           = jsonencode({ effect = { value = \"Deny\" } })\n  enforce              = false\n}"
    };
    (portal) => {
        "Policy > Definitions > Azure Machine Learning workspaces should use user-assigned managed identity > Assign policy > Parameters: Deny, Policy enforcement: Disabled at first"
    };
}

const USER: Remedy = Remedy {
    az: built_in!(az),
    bicep: concat!("targetScope = 'subscription'\n\n", built_in!(bicep)),
    terraform: built_in!(terraform),
    portal: built_in!(portal),
};

/// Both policies: each denies what lacks one half.
const BOTH: Remedy = custom!(
    "aml-system-identity", "aml_system_identity", "Workspaces have a system-assigned identity",
    az: r#"{"field": "identity.type", "notContains": "SystemAssigned"}"#,
    bicep: "{ field: 'identity.type', notContains: 'SystemAssigned' }",
    terraform: r#"{ field = "identity.type", notContains = "SystemAssigned" }"#,
    then: concat!("\n", built_in!(az)), concat!("\n\n", built_in!(bicep)), concat!("\n\n", built_in!(terraform)),
        concat!("; and ", built_in!(portal))
);

/// What denies a workspace without the identity that is asked for; nothing where it is [`SYSTEM`].
pub(crate) fn denying(standard: IdentityStandard) -> Option<Remedy> {
    match standard {
        IdentityStandard::System => None,
        IdentityStandard::User => Some(USER),
        IdentityStandard::Either => Some(EITHER),
        IdentityStandard::Both => Some(BOTH),
    }
}

/// The effect of an assignment that is there, and how it comes to deny. `$first` comes before it.
macro_rules! enforce {
    (az: $az:expr, bicep: $bicep:expr, terraform: $terraform:expr, portal: $portal:expr) => {
        Remedy {
            az: concat!($az, "az policy assignment update --name <name of the assignment> --scope <its scope> --enforcement-mode Default --params effect.value=Deny"),
            bicep: concat!($bicep, "resource assignment 'Microsoft.Authorization/policyAssignments@2023-04-01' = {\n  properties: {\n    parameters: {\n      effect: { value: 'Deny' }\n    }\n    enforcementMode: 'Default'\n  }\n}"),
            terraform: concat!($terraform, "resource \"azurerm_subscription_policy_assignment\" \"identity\" {\n  enforce    = true\n  parameters = jsonencode({ effect = { value = \"Deny\" } })\n}"),
            portal: concat!($portal, "Policy > Assignments > the assignment > Edit assignment > Parameters: Deny, and Basics > Policy enforcement: Enabled"),
        }
    };
}

/// Makes a custom definition deny.
pub(crate) const ENFORCE: Remedy = enforce!(
    az: "# a definition that takes no effect as a parameter has to say deny itself: az policy definition update\n",
    bicep: "// a definition that takes no effect as a parameter has to say deny itself\n",
    terraform: "# a definition that takes no effect as a parameter has to say deny itself\n",
    portal: ""
);

/// What makes a policy deny that is there and does not; nothing where it is [`ENFORCE`].
pub(crate) fn enforcing(standard: IdentityStandard) -> Option<Remedy> {
    match standard {
        IdentityStandard::System | IdentityStandard::Either => None,
        IdentityStandard::User => Some(enforce!(
            az: "# 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 takes its effect as a parameter; the security benchmark passes none on: assign the policy by itself then\n",
            bicep: "// 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 takes its effect as a parameter; the security benchmark passes none on: assign the policy by itself then\n",
            terraform: "# 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 takes its effect as a parameter; the security benchmark passes none on: assign the policy by itself then\n",
            portal: "For built-in 5f0c7d88-c7de-45b8-ac49-db49e72eaa78, assigned by itself: "
        )),
        IdentityStandard::Both => Some(enforce!(
            az: "# each of the assignments that the finding names: 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 denies one half only, a custom definition the other\n",
            bicep: "// each of the assignments that the finding names: 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 denies one half only, a custom definition the other\n",
            terraform: "# each of the assignments that the finding names: 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 denies one half only, a custom definition the other\n",
            portal: "For each of the assignments that the finding names, since 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 denies one half only: "
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::{Known, Parameters, Requirement, State, identity_requirement};

    const BUILT_IN: &str = "5f0c7d88-c7de-45b8-ac49-db49e72eaa78";

    /// What the policies that a remedy assigns deny, read from the command as dekey reads it from Azure.
    fn denied(remedy: &Remedy) -> Requirement {
        let rules = remedy.az.split("--rules '").skip(1).map(|rest| rest.split('\'').next().unwrap());
        let custom = rules.map(|text| {
            let rule: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(rule["then"]["effect"], "deny");
            identity_requirement(&rule, &Parameters::default()).unwrap()
        });
        let built_in = remedy.az.contains(BUILT_IN).then_some(Requirement::PRIMARY_USER_ASSIGNED);
        custom.chain(built_in).fold(Requirement::NOTHING, Requirement::or)
    }

    #[test]
    fn each_remedy_denies_what_lacks_the_identity_and_nothing_else() {
        for standard in IdentityStandard::ALL {
            let remedy = denying(standard).unwrap_or(SYSTEM);
            let denied = denied(&remedy);
            for state in [State::None, State::System, State::User, State::Both] {
                let wanted = if State::lacking(standard).contains(&state) { Known::Yes } else { Known::No };
                assert_eq!(denied.flags(state), wanted, "{standard:?} {state:?}: {}", remedy.az);
            }
        }
    }

    #[test]
    fn the_built_in_is_named_where_a_user_assigned_identity_is_asked_for_and_nowhere_else() {
        for standard in IdentityStandard::ALL {
            for remedy in [denying(standard).unwrap_or(SYSTEM), enforcing(standard).unwrap_or(ENFORCE)] {
                for text in [remedy.az, remedy.bicep, remedy.terraform] {
                    assert_eq!(text.contains(BUILT_IN), standard.requires_user(), "{standard:?}: {text}");
                }
            }
        }
    }
}
