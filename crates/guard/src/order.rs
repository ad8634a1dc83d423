//! Resources in order of id, all of them and by type.

use dekey_model::{Inventory, ResourceIx};
use hashbrown::HashMap;
use rayon::slice::ParallelSliceMut;
use std::cmp::Ordering;

/// Positions in order of id, whatever its case.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Every resource.
    pub(crate) all: Vec<ResourceIx>,
    /// By type in lower case.
    by_type: HashMap<String, Vec<ResourceIx>, foldhash::fast::FixedState>,
}

/// Compares ids without case, as they sort in lower case.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let fold = |id: &str| id.trim_end_matches('/').len();
    let (a, b) =
        (a.as_bytes().get(..fold(a)).unwrap_or_default(), b.as_bytes().get(..fold(b)).unwrap_or_default());
    let lower = |bytes: &u8| bytes.to_ascii_lowercase();
    a.iter().map(lower).cmp(b.iter().map(lower))
}

/// Whether an id is a scope, or lies below it.
pub(crate) fn lies_in(id: &str, scope: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    let head = id.get(..scope.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(scope))
        && id.as_bytes().get(scope.len()).is_none_or(|next| *next == b'/')
}

impl Order {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let mut all: Vec<ResourceIx> = inventory.resources().map(dekey_model::Resource::ix).collect();
        all.par_sort_by(|a, b| compare(inventory.get(*a).id(), inventory.get(*b).id()));
        let mut own = Self::default();
        for ix in &all {
            let name = inventory.get(*ix).resource_type();
            if let Some(list) = own.by_type.get_mut(name) {
                list.push(*ix);
            } else {
                own.by_type.entry(name.to_ascii_lowercase()).or_default().push(*ix);
            }
        }
        own.all = all;
        own
    }

    /// The resources of a type at or below a scope.
    pub(crate) fn within<'o>(
        &'o self,
        inventory: &Inventory,
        resource_type: &str,
        scope: &str,
    ) -> &'o [ResourceIx] {
        let Some(list) = self.by_type.get(&resource_type.to_ascii_lowercase()) else { return &[] };
        let scope = scope.trim_end_matches('/');
        let start = list.partition_point(|ix| compare(inventory.get(*ix).id(), scope) == Ordering::Less);
        let rest = list.get(start..).unwrap_or_default();
        // Ids that go on with a sign before the slash stand between a scope and what lies below it.
        let end = rest.partition_point(|ix| starts_with(inventory.get(*ix).id(), scope));
        rest.get(..end).unwrap_or_default()
    }
}

fn starts_with(id: &str, scope: &str) -> bool {
    id.get(..scope.len()).is_some_and(|head| head.eq_ignore_ascii_case(scope))
}
