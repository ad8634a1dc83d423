//! Findings by workspace, worst first.

use crate::Report;
use dekey_model::{Field, Finding, Kind, Resource, ResourceIx, Severity};
use std::cmp::Ordering;
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
        let mut groups = self.unsorted_groups();
        groups.sort_unstable_by(|a, b| self.order_groups(a, b));
        for group in &mut groups {
            group.findings.sort_unstable_by(|a, b| self.order(a, b));
        }
        groups
    }

    /// The worst groups, and how many there are in all.
    pub(crate) fn worst_groups(&self, limit: usize) -> (Vec<Group<'a>>, usize) {
        let mut groups = self.unsorted_groups();
        let all = groups.len();
        if limit < all && limit > 0 {
            groups.select_nth_unstable_by(limit - 1, |a, b| self.order_groups(a, b));
        }
        groups.truncate(limit);
        groups.sort_unstable_by(|a, b| self.order_groups(a, b));
        for group in &mut groups {
            group.findings.sort_unstable_by(|a, b| self.order(a, b));
        }
        (groups, all)
    }

    fn order_groups(&self, a: &Group<'_>, b: &Group<'_>) -> Ordering {
        b.counts.cmp(&a.counts).then_with(|| self.order_ids(a.kind.resource(), b.kind.resource()))
    }

    fn unsorted_groups(&self) -> Vec<Group<'a>> {
        let mut at: HashMap<GroupKind, usize> = HashMap::new();
        let mut groups: Vec<Group<'a>> = Vec::new();
        // The group of each resource, once it is known.
        let mut homes: Vec<Option<usize>> = vec![None; self.inventory.len()];
        for &finding in self.listed() {
            let Some(known) = homes.get_mut(finding.resource.0 as usize) else { continue };
            let ix = *known.get_or_insert_with(|| {
                let kind = home(self.inventory.get(finding.resource));
                *at.entry(kind).or_insert_with(|| {
                    groups.push(Group { kind, counts: [0; Severity::ALL.len()], findings: Vec::new() });
                    groups.len() - 1
                })
            });
            let Some(group) = groups.get_mut(ix) else { continue };
            group.findings.push(finding);
            let slot = Severity::ALL.iter().position(|s| *s == finding.severity);
            if let Some(count) = slot.and_then(|slot| group.counts.get_mut(slot)) {
                *count += 1;
            }
        }
        groups
    }
}

fn home(resource: Resource<'_>) -> GroupKind {
    if let Some(workspace) = resource.workspace() {
        return GroupKind::Workspace(workspace.ix());
    }
    let dependent = top(resource);
    let only_projects = dependent.used_by().all(is_project);
    let mut users = dependent.used_by().filter(|ws| only_projects || !is_project(*ws));
    match (users.next(), users.next()) {
        (Some(workspace), None) => GroupKind::Workspace(workspace.ix()),
        (Some(_), Some(_)) => GroupKind::Shared(dependent.ix()),
        (None, _) => GroupKind::Unattached(dependent.ix()),
    }
}

/// A token belongs to its registry, a setting to what it is about.
fn top(resource: Resource<'_>) -> Resource<'_> {
    match resource.parent() {
        Some(parent)
            if resource.kind() == Kind::RegistryToken || resource.kind() == Kind::DiagnosticSetting =>
        {
            top(parent)
        }
        _ => resource,
    }
}

/// What a hub shares with its projects is the hub's.
fn is_project(workspace: Resource<'_>) -> bool {
    workspace.text(Field::HubResourceId).non_empty().value().is_some()
}
