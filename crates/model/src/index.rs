//! How resources hang together: kinds, parents, dependents and who uses them.

use crate::inventory::{Link, ResourceIx, Store};
use crate::{ArmId, Fact, Field, Kind, ParentKind};
use hashbrown::{HashMap, HashTable};

type Map<V> = HashMap<ResourceIx, V, foldhash::fast::FixedState>;

/// The fields by which a workspace names its dependents.
const DEPENDENTS: [Field; 4] =
    [Field::StorageAccount, Field::KeyVault, Field::ContainerRegistry, Field::ApplicationInsights];

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) by_kind: Vec<Vec<ResourceIx>>,
    pub(crate) parent: Map<ResourceIx>,
    pub(crate) children: Map<Vec<ResourceIx>>,
    pub(crate) users: Map<Vec<ResourceIx>>,
    links: Map<[Link; DEPENDENTS.len()]>,
    accounts: HashTable<u32>,
}

impl Index {
    pub(crate) fn build(store: &Store) -> Self {
        let mut index = Self { by_kind: vec![Vec::new(); Kind::COUNT], ..Self::default() };
        for (ix, row) in (0u32..).zip(&store.rows) {
            if let Some(list) = index.by_kind.get_mut(row.kind as usize) {
                list.push(ResourceIx(ix));
            }
        }
        index.link_parents(store);
        index.link_dependents(store);
        index.link_datastores(store);
        for users in index.users.values_mut() {
            users.sort_unstable();
            users.dedup();
        }
        index
    }

    fn list(&self, kind: Kind) -> &[ResourceIx] {
        self.by_kind.get(kind as usize).map_or(&[], Vec::as_slice)
    }

    fn link_parents(&mut self, store: &Store) {
        for kind in Kind::all().filter(|kind| kind.parent() != ParentKind::None) {
            for &child in self.by_kind.get(kind as usize).map_or(&[][..], Vec::as_slice) {
                let mut id = store.id_of(child.0);
                // A diagnostic setting of a storage service is filed under the account: go up to the nearest one read.
                while let Some(up) = ArmId(id).parent() {
                    if let Some(parent) = store.find(up) {
                        self.parent.insert(child, ResourceIx(parent));
                        self.children.entry(ResourceIx(parent)).or_default().push(child);
                        break;
                    }
                    id = up;
                }
            }
        }
    }

    fn link_dependents(&mut self, store: &Store) {
        let workspaces =
            std::mem::take(self.by_kind.get_mut(Kind::Workspace as usize).unwrap_or(&mut Vec::new()));
        for &workspace in &workspaces {
            let links = DEPENDENTS.map(|field| resolve(store, workspace.0, field));
            for resource in links.iter().filter_map(|link| link.found()) {
                self.users.entry(resource).or_default().push(workspace);
            }
            self.links.insert(workspace, links);
        }
        if let Some(list) = self.by_kind.get_mut(Kind::Workspace as usize) {
            *list = workspaces;
        }
    }

    fn link_datastores(&mut self, store: &Store) {
        if self.list(Kind::Datastore).is_empty() {
            return;
        }
        let mut accounts = HashTable::new();
        for account in self.list(Kind::StorageAccount) {
            let hash = crate::fold_hash(ArmId(store.id_of(account.0)).name());
            accounts.insert_unique(hash, account.0, |&ix| crate::fold_hash(ArmId(store.id_of(ix)).name()));
        }
        self.accounts = accounts;
        for ix in 0..self.list(Kind::Datastore).len() {
            let Some(&datastore) = self.list(Kind::Datastore).get(ix) else { continue };
            let Some(&workspace) = self.parent.get(&datastore) else { continue };
            let Some(name) = text(store, datastore.0, Field::AccountName) else { continue };
            if let Some(account) = self.account(store, name) {
                self.users.entry(account).or_default().push(workspace);
            }
        }
    }

    /// The storage account of a name; names are unique across Azure.
    pub(crate) fn account(&self, store: &Store, name: &str) -> Option<ResourceIx> {
        let same = |&ix: &u32| ArmId(store.id_of(ix)).name().eq_ignore_ascii_case(name);
        self.accounts.find(crate::fold_hash(name), same).map(|&ix| ResourceIx(ix))
    }

    pub(crate) fn link(&self, store: &Store, workspace: ResourceIx, field: Field) -> Link {
        let at = DEPENDENTS.iter().position(|f| *f == field);
        match at.and_then(|at| self.links.get(&workspace).and_then(|links| links.get(at))) {
            Some(link) => *link,
            None => resolve(store, workspace.0, field),
        }
    }
}

/// A dependent of a workspace; a project that names none has that of its hub.
fn resolve(store: &Store, workspace: u32, field: Field) -> Link {
    match own(store, workspace, field, false) {
        Link::None => {}
        link => return link,
    }
    let Some(hub_id) = text(store, workspace, Field::HubResourceId) else { return Link::None };
    match store.find(hub_id) {
        Some(hub) => own(store, hub, field, true),
        None => store.texts.find(hub_id).map_or(Link::None, |hub| Link::HubMissing { hub }),
    }
}

fn own(store: &Store, workspace: u32, field: Field, through_hub: bool) -> Link {
    let facts = store.facts_of(workspace);
    match facts.iter().find(|(own, _)| *own == field) {
        Some(&(_, Fact::Text(id))) if !store.texts.get(id).trim().is_empty() => {
            match store.find(store.texts.get(id)) {
                Some(ix) => Link::Found { resource: ResourceIx(ix), through_hub },
                None => Link::Missing { id, through_hub },
            }
        }
        None if !facts.contains(&(Field::Properties, Fact::Bool(true))) => Link::NotRead,
        _ => Link::None,
    }
}

fn text(store: &Store, ix: u32, field: Field) -> Option<&str> {
    let fact = store.facts_of(ix).iter().find(|(own, _)| *own == field)?.1;
    match fact {
        Fact::Text(sym) => Some(store.texts.get(sym)).filter(|t| !t.trim().is_empty()),
        _ => None,
    }
}
