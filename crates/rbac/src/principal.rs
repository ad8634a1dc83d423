//! Principals and the groups they are in.

use dekey_model::{Sym, Texts};

/// A principal that the tenant's data names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalIx(pub(crate) u32);

/// Principals by number, and the groups of each.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    ids: Texts,
    /// As they were first spelled.
    links: Vec<(PrincipalIx, PrincipalIx)>,
    starts: Vec<u32>,
    groups: Vec<PrincipalIx>,
    /// Groups whose members are not all known, and the groups those are in.
    opaque: Vec<PrincipalIx>,
    /// Those of them that are so only because their members are taken for read.
    assumed: Vec<PrincipalIx>,
}

impl Principals {
    /// The number of a principal, which is new if it was not met before.
    pub(crate) fn add(&mut self, id: &str) -> PrincipalIx {
        PrincipalIx(self.ids.intern(&id.trim().to_ascii_lowercase()).0)
    }

    /// The number of a principal.
    pub(crate) fn find(&self, id: &str) -> Option<PrincipalIx> {
        self.ids.find(&id.trim().to_ascii_lowercase()).map(|sym| PrincipalIx(sym.0))
    }

    /// A principal's object id, in lower case.
    pub(crate) fn id(&self, ix: PrincipalIx) -> &str {
        self.ids.get(Sym(ix.0))
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Says that somebody is in a group.
    pub(crate) fn put_in(&mut self, member: PrincipalIx, group: PrincipalIx) {
        self.links.push((member, group));
    }

    /// Follows groups through groups, circles included. Of the groups only those that matter are kept.
    pub(crate) fn finish(
        &mut self,
        unread: &[PrincipalIx],
        assumed: &[PrincipalIx],
        matters: impl Fn(PrincipalIx) -> bool,
    ) {
        self.links.sort_unstable();
        self.links.dedup();
        let links = std::mem::take(&mut self.links);
        let mut walk = Walk::new(&links, self.len());
        self.starts = vec![0];
        for ix in (0u32..).map(PrincipalIx).take(self.len()) {
            let mut found = walk.groups_of(&[ix]);
            found.retain(|group| *group != ix && matters(*group));
            found.sort_unstable();
            self.groups.extend(found);
            self.starts.push(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
        }
        let mut above = |groups: &[PrincipalIx]| {
            let mut found = walk.groups_of(groups);
            found.extend_from_slice(groups);
            found.retain(|group| matters(*group));
            found.sort_unstable();
            found.dedup();
            found
        };
        let unread = above(unread);
        self.assumed = above(assumed);
        self.assumed.retain(|own| unread.binary_search(own).is_err());
        self.opaque = [unread, self.assumed.clone()].concat();
        self.opaque.sort_unstable();
    }

    /// The groups that somebody is in for certain, in order.
    pub(crate) fn groups(&self, ix: PrincipalIx) -> &[PrincipalIx] {
        let at = ix.0 as usize;
        let (Some(start), Some(end)) = (self.starts.get(at), self.starts.get(at + 1)) else { return &[] };
        self.groups.get(*start as usize..*end as usize).unwrap_or(&[])
    }

    /// The groups that anybody may be in, for all that is known.
    pub(crate) fn opaque(&self) -> &[PrincipalIx] {
        &self.opaque
    }

    /// Whether a group is [opaque](Self::opaque) only because its members are taken for read.
    pub(crate) fn is_assumed(&self, group: PrincipalIx) -> bool {
        self.assumed.binary_search(&group).is_ok()
    }

    /// Whether a group is [opaque](Self::opaque).
    pub(crate) fn is_opaque(&self, group: PrincipalIx) -> bool {
        self.opaque.binary_search(&group).is_ok()
    }

    /// Whether somebody is a principal or in it.
    pub(crate) fn is_in(&self, who: Option<PrincipalIx>, group: PrincipalIx) -> bool {
        who.is_some_and(|own| own == group || self.groups(own).binary_search(&group).is_ok())
    }
}

/// A walk along memberships.
struct Walk<'a> {
    links: &'a [(PrincipalIx, PrincipalIx)],
    /// In which walk a principal was met last.
    met: Vec<u32>,
    number: u32,
}

impl<'a> Walk<'a> {
    fn new(links: &'a [(PrincipalIx, PrincipalIx)], principals: usize) -> Self {
        Self { links, met: vec![0; principals], number: 0 }
    }

    /// Every group that any of these is in.
    fn groups_of(&mut self, members: &[PrincipalIx]) -> Vec<PrincipalIx> {
        self.number += 1;
        let mut found = Vec::new();
        let mut open = members.to_vec();
        while let Some(member) = open.pop() {
            let start = self.links.partition_point(|link| link.0 < member);
            let own = self.links.iter().skip(start).take_while(|link| link.0 == member);
            for (_, group) in own {
                if let Some(met) = self.met.get_mut(group.0 as usize)
                    && *met != self.number
                {
                    *met = self.number;
                    found.push(*group);
                    open.push(*group);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_groups_and_in_circles() {
        let mut all = Principals::default();
        let [p, a, b, c, other] = ["P", "a", "b", "c", "other"].map(|id| all.add(id));
        for (member, group) in [(p, a), (a, b), (b, c), (c, a), (other, c)] {
            all.put_in(member, group);
        }
        all.finish(&[], &[], |_| true);
        assert_eq!(all.groups(p), [a, b, c]);
        assert_eq!(all.groups(a), [b, c]);
        assert_eq!((all.find("p "), all.id(p)), (Some(p), "p"));
        assert!(
            all.is_in(Some(p), c) && all.is_in(Some(p), p) && !all.is_in(Some(a), p) && !all.is_in(None, a)
        );
    }

    #[test]
    fn groups_of_unread_groups_are_opaque_too() {
        let mut all = Principals::default();
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|id| all.add(id));
        let unheard = all.add("unheard");
        for (member, group) in [(a, b), (c, b), (c, d)] {
            all.put_in(member, group);
        }
        all.finish(&[a], &[c], |own| own != unheard);
        assert_eq!(all.opaque(), [a, b, c, d]);
        assert_eq!([a, b, c, d].map(|own| all.is_assumed(own)), [false, false, true, true]);
    }
}
