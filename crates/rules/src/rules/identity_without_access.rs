//! An identity that cannot reach what it is to use without keys.

use crate::roles::lacks;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Identity that cannot reach a dependent
    ///
    /// ## What it finds
    /// Workspaces, computes and online endpoints whose identity lacks an action that their use of a dependent takes, where no key does it in its place: system
    /// datastores on the identity, datastores without a credential, vaults, registries without the admin user.
    ///
    /// ## Why it matters
    /// The setting says identity, and the identity is not let in: jobs fail, deployments do not start, or somebody will soon turn the key on again.
    ///
    /// ## How it is put right
    /// Assign the role that the finding names, on the dependent itself. A new assignment takes up to ten minutes to count; membership in a group up to a day.
    ///
    /// ## When it stays silent
    /// When every action is allowed. Where a key does it today: `missing-role-on-dependent` says so. When role assignments, role definitions, groups, or the settings of the
    /// dependent were not read, it is not judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - [Use identity-based service authentication: troubleshoot](https://learn.microsoft.com/azure/role-based-access-control/troubleshooting)
    "identity-without-access" {
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
    for own in lacks(cx, workspace, out, |by_key| by_key == Some(false)) {
        let finding = out
            .finding(format!("{}, and no key does it; {} would do", own.words, own.roles))
            .on_other(cx.inventory.get(own.actor), own.identity)
            .part(&own.part);
        if own.stops_jobs {
            finding
                .severity(
                    dekey_model::Severity::High,
                    "nothing of what it needs of its storage is allowed, so no job runs",
                )
                .done();
        } else {
            finding.done();
        }
    }
}
