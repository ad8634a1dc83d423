//! How resources hang together: kinds, parents, dependents and who uses them.

use crate::inventory::{Link, ResourceIx, Store};
use crate::{ArmId, Fact, Field, Kind, ParentKind};
use hashbrown::HashTable;

/// The fields by which a workspace names its dependents.
const DEPENDENTS: [Field; 4] =
    [Field::StorageAccount, Field::KeyVault, Field::ContainerRegistry, Field::ApplicationInsights];

/// Lists of resources by resource, in one allocation.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    starts: Vec<u32>,
    all: Vec<ResourceIx>,
}

impl Lists {
    /// Of pairs in any order; every list holds a resource once.
    fn new(resources: usize, mut pairs: Vec<(ResourceIx, ResourceIx)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = Vec::with_capacity(resources + 1);
        for (at, (of, _)) in (0u32..).zip(&pairs) {
            starts.resize(starts.len().max(of.0 as usize + 1), at);
        }
        starts.resize(resources + 1, crate::build::offset(pairs.len()));
        Self { starts, all: pairs.into_iter().map(|pair| pair.1).collect() }
    }

    /// Puts each list in the order of its ids, so that who comes first does not depend on which document did. All ids of a list
    /// start with that of the resource it belongs to, when `below` says so.
    fn in_order_of_id(&mut self, store: &Store, below: bool) {
        for (of, ends) in (0u32..).zip(self.starts.windows(2)) {
            let &[start, end] = ends else { continue };
            let Some(list) = self.all.get_mut(start as usize..end as usize).filter(|list| list.len() > 1)
            else {
                continue;
            };
            let skip = if below { store.id_of(of).len() } else { 0 };
            let rest = |ix: &ResourceIx| {
                let id = store.id_of(ix.0).as_bytes();
                id.get(skip..).unwrap_or(id).iter().map(u8::to_ascii_lowercase)
            };
            list.sort_by(|a, b| rest(a).cmp(rest(b)));
        }
    }

    pub(crate) fn of(&self, resource: ResourceIx) -> &[ResourceIx] {
        let at = resource.0 as usize;
        let (Some(start), Some(end)) = (self.starts.get(at), self.starts.get(at + 1)) else { return &[] };
        self.all.get(*start as usize..*end as usize).unwrap_or(&[])
    }
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) by_kind: Vec<Vec<ResourceIx>>,
    pub(crate) children: Lists,
    pub(crate) users: Lists,
    /// Sorted by child.
    parents: Vec<(ResourceIx, ResourceIx)>,
    /// In the order of the workspaces.
    links: Vec<[Link; DEPENDENTS.len()]>,
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
        let mut users = index.link_dependents(store);
        index.link_datastores(store, &mut users);
        index.users = Lists::new(store.rows.len(), users);
        index.users.in_order_of_id(store, false);
        index.children.in_order_of_id(store, true);
        index
    }

    fn list(&self, kind: Kind) -> &[ResourceIx] {
        self.by_kind.get(kind as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn parent(&self, child: ResourceIx) -> Option<ResourceIx> {
        let at = self.parents.binary_search_by_key(&child, |pair| pair.0).ok()?;
        self.parents.get(at).map(|pair| pair.1)
    }

    fn link_parents(&mut self, store: &Store) {
        let kinds = Kind::all().filter(|kind| kind.parent() != ParentKind::None);
        let children = kinds.flat_map(|kind| self.list(kind));
        let mut parents: Vec<_> =
            children.filter_map(|&child| Some((child, nearest(store, child)?))).collect();
        parents.sort_unstable();
        let by_parent = parents.iter().map(|&(child, parent)| (parent, child)).collect();
        self.children = Lists::new(store.rows.len(), by_parent);
        self.parents = parents;
    }

    /// Finds every workspace's dependents; pairs of dependent and workspace.
    fn link_dependents(&mut self, store: &Store) -> Vec<(ResourceIx, ResourceIx)> {
        let link = |ws: &ResourceIx| DEPENDENTS.map(|field| resolve(store, ws.0, field));
        let links: Vec<_> = self.list(Kind::Workspace).iter().map(link).collect();
        let mut users = Vec::with_capacity(links.len() * DEPENDENTS.len());
        for (&workspace, links) in self.list(Kind::Workspace).iter().zip(&links) {
            users.extend(links.iter().filter_map(|link| Some((link.found()?, workspace))));
        }
        self.links = links;
        users
    }

    fn link_datastores(&mut self, store: &Store, users: &mut Vec<(ResourceIx, ResourceIx)>) {
        if self.list(Kind::Datastore).is_empty() {
            return;
        }
        let mut accounts = HashTable::new();
        for account in self.list(Kind::StorageAccount) {
            let hash = crate::fold_hash(ArmId(store.id_of(account.0)).name());
            accounts.insert_unique(hash, account.0, |&ix| crate::fold_hash(ArmId(store.id_of(ix)).name()));
        }
        self.accounts = accounts;
        users.extend(self.list(Kind::Datastore).iter().filter_map(|&datastore| {
            let workspace = self.parent(datastore)?;
            let name = text(store, datastore.0, Field::AccountName)?;
            Some((self.account(store, name)?, workspace))
        }));
    }

    /// The storage account of a name; names are unique across Azure.
    pub(crate) fn account(&self, store: &Store, name: &str) -> Option<ResourceIx> {
        let same = |&ix: &u32| ArmId(store.id_of(ix)).name().eq_ignore_ascii_case(name);
        self.accounts.find(crate::fold_hash(name), same).map(|&ix| ResourceIx(ix))
    }

    pub(crate) fn link(&self, store: &Store, workspace: ResourceIx, field: Field) -> Link {
        let of_workspace = self.list(Kind::Workspace).binary_search(&workspace).ok();
        let at = DEPENDENTS.iter().position(|own| *own == field);
        match of_workspace.and_then(|ws| self.links.get(ws)).zip(at).and_then(|(links, at)| links.get(at)) {
            Some(link) => *link,
            None => resolve(store, workspace.0, field),
        }
    }
}

/// The nearest resource above: a diagnostic setting of a storage service is filed under the account.
fn nearest(store: &Store, child: ResourceIx) -> Option<ResourceIx> {
    ArmId(store.id_of(child.0)).ancestors().find_map(|id| store.find(id)).map(ResourceIx)
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
