//! An identity without a role that it will need once the keys are gone.

use crate::roles::lacks;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Identity without a role that it needs
    ///
    /// ## What it finds
    /// Workspaces, computes and online endpoints whose identity lacks an action that their use of a storage account, key vault, container
    /// registry, Application Insights, datastore or private endpoint takes, where a key or a stored credential does it today, or may.
    ///
    /// ## Why it matters
    /// Nothing fails yet. It does on the day the key is turned off: jobs cannot read their data or write their output, images are not pulled. This is what
    /// has to be granted first.
    ///
    /// ## How it is put right
    /// Assign the role that the finding names, on the dependent itself, to the identity. `dekey access needs` shows every action, and `dekey access minimise`
    /// the least that suffices. A new assignment takes up to ten minutes to count.
    ///
    /// ## When it stays silent
    /// When every action is allowed, by whatever role and scope. Where no key is involved: `identity-without-access` says so. Without a managed identity, other rules
    /// speak. When role assignments, role definitions, groups, or the settings of the dependent were not read, it is not judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - [Disable shared key access for your workspace's storage account](https://learn.microsoft.com/azure/machine-learning/how-to-disable-local-auth-storage)
    "missing-role-on-dependent" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [RoleAssignment],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# filled in: dekey access needs {name} --from <what was read>\naz role assignment create --assignee-object-id <object id of the identity> --assignee-principal-type ServicePrincipal --role <the role that is named> --scope <id of the dependent>",
            bicep: "resource {symbol} 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: guid(<dependent>.id, <principalId>, <role id>)\n  scope: <dependent>\n  properties: {\n    principalId: <principalId>\n    principalType: 'ServicePrincipal'\n    roleDefinitionId: <role id>\n  }\n}",
            terraform: "resource \"azurerm_role_assignment\" \"{symbol}\" {\n  scope                = \"<id of the dependent>\"\n  role_definition_name = \"<the role that is named>\"\n  principal_id         = \"<object id of the identity>\"\n}",
            portal: "The dependent > Access control (IAM) > Add role assignment > Managed identity",
        },
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    for own in lacks(cx, workspace, out, |by_key| by_key != Some(false)) {
        let today = if own.by_key.is_some() {
            "a key does it today"
        } else {
            "whether a key does it today was not read"
        };
        out.finding(format!("{}; {today}; {} would do", own.words, own.roles))
            .on_other(cx.inventory.get(own.actor), own.identity)
            .part(&own.part)
            .done();
    }
}
