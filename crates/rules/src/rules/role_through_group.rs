//! A workspace identity that has a role through a group only.

use crate::grants::{Reach, scope_of};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Kind, Resource, Seen};
use serde_json::Value;

declare_rule! {
    /// Role of a managed identity through a group
    ///
    /// ## What it finds
    /// Role assignments of a group, on what a workspace depends on or above it, when the identity of a workspace, compute, endpoint or other resource that was read is in the
    /// group.
    ///
    /// ## Why it matters
    /// Tokens of managed identities are cached for about a day, with the groups they were issued with. A change of membership takes that long to count, in both
    /// directions: a migration that adds the identity to a group fails for hours, and one that takes it out has not taken the access away. Membership also
    /// hides the grant from whoever looks at the dependent.
    ///
    /// ## How it is put right
    /// Assign the role to the identity itself, which counts within about ten minutes, wait until it does, and take the identity out of the group.
    ///
    /// ## When it stays silent
    /// When no identity that was read is in the group. When the members of the group were not read it is not judged.
    ///
    /// ## Sources
    /// - [Limitation of using managed identities for authorization](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations)
    "role-through-group" {
        group: Identity,
        severity: Info,
        confidence: High,
        since: "0.1.0",
        subjects: [RoleAssignment],
        needs: [Group],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "az role assignment create --assignee-object-id <object id of the identity> --assignee-principal-type ServicePrincipal --role <the same role> --scope {parent_id}",
            bicep: "resource {symbol} 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: guid(<scope>.id, <principalId>, <role id>)\n  scope: <scope>\n  properties: {\n    principalId: <principalId>\n    principalType: 'ServicePrincipal'\n    roleDefinitionId: <role id>\n  }\n}",
            terraform: "resource \"azurerm_role_assignment\" \"{symbol}\" {\n  scope                = \"{parent_id}\"\n  role_definition_name = \"<the same role>\"\n  principal_id         = \"<object id of the identity>\"\n}",
            portal: "The scope > Access control (IAM) > Add role assignment > Managed identity",
        },
    }
}

fn check(cx: &Context<'_>, assignment: Resource<'_>, out: &mut Out<'_>) {
    let grants = cx.grants();
    let kind = assignment.text(Field::PrincipalType).value().unwrap_or("");
    if !kind.eq_ignore_ascii_case("Group") || grants.reach(scope_of(assignment)) == Reach::Elsewhere {
        return;
    }
    let Some(id) = out.needs_text(assignment, Field::PrincipalId) else { return };
    let group = grants.principal(id).map(|ix| cx.inventory.get(ix)).filter(|own| own.kind() == Kind::Group);
    let members = group.map(|own| own.json(Field::GroupMembers));
    let Some(Seen::Value(Value::Array(members))) = members else {
        return out.not_judged(Gap::Other("who is in the group was not read".into()));
    };
    let inside: Vec<Resource<'_>> = members
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|member| Some(cx.inventory.get(grants.resource_of(member)?)))
        .collect();
    let Some(first) = inside.first() else {
        if group.is_some_and(|own| cx.inventory.coverage().in_part(Kind::Group, own.id())) {
            return out.not_judged(Gap::Other("not all of the group's members were read".into()));
        }
        return out.pass();
    };
    let whose = match inside.len() {
        1 => first.name().to_owned(),
        many => format!("{} and {} more", first.name(), many - 1),
    };
    out.finding(format!(
        "the identity of {whose} has it through the group: a change takes up to a day to count"
    ))
    .on(Field::PrincipalId)
    .on(Field::RoleDefinitionId)
    .done();
}
