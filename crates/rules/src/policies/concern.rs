//! Whether an exemption is any of dekey's business.

use super::{EXPORT, Known, Policies, exempts, label};
use dekey_model::{ArmId, Field, Gap, Kind, Resource, Seen};

/// Whether an exemption concerns workspaces or the controls that dekey audits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// It does: what it frees from, in words.
    Yes(String),
    /// It does not.
    No,
    /// It cannot be told.
    Unclear(Gap),
}

impl Policies {
    /// Whether an exemption concerns a workspace, or frees anything from a policy on identities or keys.
    pub fn concern(&self, exemption: Resource<'_>) -> Concern {
        let id = match exemption.text(Field::PolicyAssignmentId).non_empty() {
            Seen::Value(id) => id,
            Seen::NotRead => return Concern::Unclear(Gap::NotRead(Field::PolicyAssignmentId)),
            Seen::Absent | Seen::Null | Seen::Odd => {
                return Concern::Unclear(Gap::Odd(Field::PolicyAssignmentId));
            }
        };
        let exempted = exemption.arm_id().parent().and_then(|scope| ArmId(scope).resource_type());
        let read = exemption.inventory().find(id);
        let Some((resource, assignment)) = read.and_then(|found| Some((found, self.assignment(found)?)))
        else {
            return unread(id, exempted.as_deref());
        };
        let name = label(resource);
        let mut topics: Vec<&str> = assignment
            .members
            .iter()
            .filter(|m| exempts(exemption, m) != Known::No)
            .map(|m| m.topic.as_str())
            .collect();
        topics.sort_unstable();
        topics.dedup();
        if !topics.is_empty() {
            return Concern::Yes(format!("`{name}`, which is about {}", topics.join(" and ")));
        }
        if exempted.is_some_and(|kind| is_workspace(&kind)) {
            return Concern::Yes(format!("`{name}`"));
        }
        match assignment.unread.first().or(assignment.known_for_identities.as_ref()) {
            Some(id) => Concern::Unclear(Gap::Other(
                format!("`{id}`, which the policy assignment `{name}` assigns, was not read: {EXPORT}")
                    .into(),
            )),
            None => Concern::No,
        }
    }
}

/// The assignment was not read: what is exempted may still tell.
fn unread(assignment: &str, exempted: Option<&str>) -> Concern {
    let name = ArmId(assignment).name();
    match exempted {
        Some(kind) if is_workspace(kind) => Concern::Yes(format!("`{name}`")),
        Some(kind) if !may_hold_workspaces(kind) => Concern::No,
        _ => Concern::Unclear(Gap::Other(
            format!(
                "the policy assignment `{assignment}` was not read: export {} ({})",
                Kind::PolicyAssignment.plural(),
                Kind::PolicyAssignment.export_command()
            )
            .into(),
        )),
    }
}

/// A workspace or something in one.
fn is_workspace(resource_type: &str) -> bool {
    super::below(&Kind::Workspace.resource_type().to_ascii_lowercase(), &resource_type.to_ascii_lowercase())
}

/// Scopes, and the resources whose keys dekey audits.
fn may_hold_workspaces(resource_type: &str) -> bool {
    use Kind::{ContainerRegistry, ManagementGroup, ResourceGroup, StorageAccount, Subscription};
    [ContainerRegistry, ManagementGroup, ResourceGroup, StorageAccount, Subscription]
        .contains(&Kind::of_type(resource_type))
}
