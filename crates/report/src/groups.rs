//! Findings by workspace, worst first.

use crate::Report;
use dekey_model::{Field, Finding, Kind, Resource, ResourceIx, Severity};
use std::collections::HashMap;

/// What the findings of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// They are about one workspace, its children, or dependents that no other workspace uses.
    Workspace(ResourceIx),
    /// They are about a dependent that several workspaces use.
    Shared(ResourceIx),
    /// They are about something no workspace that was read uses: policies, subscriptions, leftover accounts.
    Unattached(ResourceIx),
}

impl GroupKind {
    /// The resource that gives the group its name.
    pub fn resource(self) -> ResourceIx {
        match self {
            GroupKind::Workspace(ix) | GroupKind::Shared(ix) | GroupKind::Unattached(ix) => ix,
        }
    }
}

/// Findings that belong together.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// What they have in common.
    pub kind: GroupKind,
    /// How many findings of each severity, worst first.
    pub counts: [usize; Severity::ALL.len()],
    /// The findings, worst first.
    pub findings: Vec<&'a Finding>,
}

impl<'a> Report<'a> {
    /// The findings by workspace, worst first.
    pub fn groups(&self) -> Vec<Group<'a>> {
        let mut at: HashMap<GroupKind, usize> = HashMap::new();
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut homes: HashMap<ResourceIx, GroupKind> = HashMap::new();
        for &finding in self.findings() {
            let kind =
                *homes.entry(finding.resource).or_insert_with(|| home(self.inventory.get(finding.resource)));
            let ix = *at.entry(kind).or_insert_with(|| {
                groups.push(Group { kind, counts: [0; Severity::ALL.len()], findings: Vec::new() });
                groups.len() - 1
            });
            let Some(group) = groups.get_mut(ix) else { continue };
            group.findings.push(finding);
            let slot = Severity::ALL.iter().position(|s| *s == finding.severity);
            if let Some(count) = slot.and_then(|slot| group.counts.get_mut(slot)) {
                *count += 1;
            }
        }
        groups.sort_by(|a, b| b.counts.cmp(&a.counts).then_with(|| self.group_name(a).cmp(&self.group_name(b))));
        groups
    }

    fn group_name(&self, group: &Group<'_>) -> String {
        self.inventory.get(group.kind.resource()).id().to_ascii_lowercase()
    }
}

fn home(resource: Resource<'_>) -> GroupKind {
    if let Some(workspace) = resource.workspace() {
        return GroupKind::Workspace(workspace.ix());
    }
    let dependent = top(resource);
    let mut users = dependent.used_by().filter(|ws| !is_project(*ws) || dependent.used_by().all(is_project));
    match (users.next(), users.next()) {
        (Some(workspace), None) => GroupKind::Workspace(workspace.ix()),
        (Some(_), Some(_)) => GroupKind::Shared(dependent.ix()),
        (None, _) => GroupKind::Unattached(dependent.ix()),
    }
}

/// A token belongs to its registry, a setting to what it is about.
fn top(resource: Resource<'_>) -> Resource<'_> {
    match resource.parent() {
        Some(parent) if resource.kind() == Kind::RegistryToken || resource.kind() == Kind::DiagnosticSetting => top(parent),
        _ => resource,
    }
}

/// What a hub shares with its projects is the hub's.
fn is_project(workspace: Resource<'_>) -> bool {
    workspace.text(Field::HubResourceId).non_empty().value().is_some()
}
