//! A tenant of any size, from a seed.

mod block;
mod children;
mod dependents;
mod governance;
mod write;

pub use write::Tally;

use block::Place;
use serde_json::Value;

/// The kinds of resources that are written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Part {
    /// Workspaces, hubs, projects and feature stores.
    Workspaces,
    /// Storage accounts.
    Storage,
    /// Container registries.
    Registries,
    /// Key vaults.
    Vaults,
    /// Application Insights components.
    Insights,
    /// Datastores.
    Datastores,
    /// Connections.
    Connections,
    /// Computes.
    Computes,
    /// Online, batch and serverless endpoints.
    Endpoints,
    /// Deployments of online and batch endpoints.
    Deployments,
    /// Diagnostic settings.
    Diagnostics,
    /// User-assigned identities.
    Identities,
    /// Subscriptions and resource groups.
    Containers,
    /// Role assignments.
    Authorization,
    /// Policy definitions, assignments and exemptions.
    Policy,
}

impl Part {
    /// Every part; the first four are always written.
    pub const ALL: [Part; 15] = [
        Part::Workspaces,
        Part::Storage,
        Part::Registries,
        Part::Vaults,
        Part::Insights,
        Part::Datastores,
        Part::Connections,
        Part::Computes,
        Part::Endpoints,
        Part::Deployments,
        Part::Diagnostics,
        Part::Identities,
        Part::Containers,
        Part::Authorization,
        Part::Policy,
    ];

    /// The name of its file, without `.json`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Workspaces => "workspaces",
            Part::Storage => "storage",
            Part::Registries => "registries",
            Part::Vaults => "vaults",
            Part::Insights => "insights",
            Part::Datastores => "datastores",
            Part::Connections => "connections",
            Part::Computes => "computes",
            Part::Endpoints => "endpoints",
            Part::Deployments => "deployments",
            Part::Diagnostics => "diagnostics",
            Part::Identities => "identities",
            Part::Containers => "containers",
            Part::Authorization => "authorization",
            Part::Policy => "policy",
        }
    }
}

/// How much is generated besides workspaces, storage accounts, registries and vaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Children {
    /// Nothing.
    #[default]
    None,
    /// Everything, for one workspace in ten; containers and policy for all.
    Some,
    /// Everything, for every workspace.
    All,
}

/// What was drawn for a workspace and the dependents that come with it: what an audit must find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Workspaces.
    pub workspaces: u64,
    /// Workspaces without a system-assigned identity.
    pub without_system_assigned: u64,
    /// Workspaces that have user-assigned identities only.
    pub user_assigned_only: u64,
    /// Hubs.
    pub hubs: u64,
    /// Projects.
    pub projects: u64,
    /// Workspaces whose system datastores use `accesskey`.
    pub access_key: u64,
    /// Storage accounts.
    pub accounts: u64,
    /// Storage accounts that allow shared keys, because the property says so, is `null` or absent.
    pub shared_key: u64,
    /// Of these, the ones that do not say so.
    pub shared_key_unsaid: u64,
    /// Container registries.
    pub registries: u64,
    /// Container registries whose admin user is on.
    pub admin_user: u64,
    /// Key vaults.
    pub vaults: u64,
    /// Key vaults on access policies.
    pub access_policies: u64,
}

impl Truth {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Truth) {
        self.workspaces += other.workspaces;
        self.without_system_assigned += other.without_system_assigned;
        self.user_assigned_only += other.user_assigned_only;
        self.hubs += other.hubs;
        self.projects += other.projects;
        self.access_key += other.access_key;
        self.accounts += other.accounts;
        self.shared_key += other.shared_key;
        self.shared_key_unsaid += other.shared_key_unsaid;
        self.registries += other.registries;
        self.admin_user += other.admin_user;
        self.vaults += other.vaults;
        self.access_policies += other.access_policies;
    }
}

/// One workspace, with everything that is first needed by it.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The resources, each with the file it belongs to.
    pub items: Vec<(Part, Value)>,
    /// What was drawn for them.
    pub truth: Truth,
}

impl Bundle {
    fn push(&mut self, part: Part, value: Value) {
        self.items.push((part, value));
    }
}

/// A tenant that is generated workspace by workspace and never held as a whole. Workspace `i` of a seed is the same in
/// tenants of every size, and asking for children does not change the rest.
#[derive(Clone, Debug)]
pub struct Tenant {
    seed: u64,
    workspaces: u64,
    children: Children,
    next: u64,
}

impl Tenant {
    /// A tenant with so many workspaces.
    pub fn generate(seed: u64, workspaces: u64) -> Self {
        Self { seed, workspaces, children: Children::None, next: 0 }
    }

    /// Asks for more than the four files.
    #[must_use]
    pub fn with_children(mut self, children: Children) -> Self {
        self.children = children;
        self
    }

    /// The parts that are written.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let four = self.children == Children::None;
        Part::ALL.into_iter().filter(move |part| !four || *part <= Part::Vaults)
    }

    /// Everything that belongs to one workspace, by its number; the same whatever is made before it.
    pub fn bundle(&self, index: u64) -> Bundle {
        let place = Place::of(self.seed, index, self.workspaces);
        let mut bundle = Bundle::default();
        let drawn = dependents::add(&place, &mut bundle);
        if self.children == Children::None {
            return bundle;
        }
        governance::add_containers(&place, &mut bundle);
        if self.children == Children::All || index.is_multiple_of(10) {
            children::add(&place, &drawn, &mut bundle);
            governance::add(&place, &drawn, &mut bundle);
        }
        bundle
    }
}

impl Iterator for Tenant {
    type Item = Bundle;

    fn next(&mut self) -> Option<Bundle> {
        if self.next >= self.workspaces {
            return None;
        }
        let bundle = self.bundle(self.next);
        self.next += 1;
        Some(bundle)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.workspaces - self.next).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

#[cfg(test)]
mod tests;
