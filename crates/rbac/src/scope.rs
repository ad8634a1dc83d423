//! Scopes as a tree: the root, management groups, subscriptions, resource groups, resources and what is inside them.
//!
//! A resource id tells everything above it but the management groups, so these are told apart. Ids are taken segment by segment
//! and without case.

use crate::{Completeness, List};
use dekey_model::{Sym, Texts};
use hashbrown::HashMap;

/// A position in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node(pub(crate) u32);

pub(crate) const ROOT: Node = Node(0);

/// Where something is done, as far as the tree goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The nearest scope that is in the tree.
    pub(crate) node: Node,
    /// Whether that is the place itself.
    pub(crate) is_exact: bool,
    /// Whether the management groups above are known, or there can be none.
    pub(crate) knows_above: bool,
}

#[derive(Clone, Debug)]
struct Row {
    /// The scope above.
    up: Node,
    /// The parent in the sense of text.
    parent: Node,
    /// The last segment, as it is spelled. Of several spellings the first in the alphabet, so that the order of reading does not matter.
    shown: Sym,
    /// The range of positions of what is at or below, in the order of a walk through the tree.
    enter: u32,
    leave: u32,
    /// The index of what was read here, for each list; inherited.
    read: [u32; LISTS],
    /// The nearest scope at or above where something is denied, or [`NOWHERE`].
    denied: Node,
    knows_above: bool,
}

const NOWHERE: Node = Node(u32::MAX);
const LISTS: usize = 3;

impl Row {
    fn new(parent: Node, shown: Sym, read: u32) -> Self {
        let read = [read; LISTS];
        Self { up: parent, parent, shown, enter: 0, leave: 0, read, denied: NOWHERE, knows_above: true }
    }
}

/// The tree.
#[derive(Debug)]
pub(crate) struct Scopes {
    segments: Texts,
    rows: Vec<Row>,
    below: HashMap<(Node, Sym), Node, foldhash::fast::FixedState>,
    read: Vec<Completeness>,
}

const MANAGEMENT_GROUP: &str = "/providers/Microsoft.Management/managementGroups/";

/// How Privileged Identity Management writes subscriptions at times.
const SUBSCRIPTIONS: &str = "/providers/microsoft.subscription/subscriptions/";

impl Default for Scopes {
    fn default() -> Self {
        let mut segments = Texts::default();
        let shown = segments.intern("");
        let root = Row::new(ROOT, shown, 0);
        let below = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0x7363_6f70));
        Self { segments, rows: vec![root], below, read: vec![Completeness::NotRead] }
    }
}

/// The segments of a scope.
fn segments(scope: &str) -> impl Iterator<Item = &str> {
    let scope = scope.trim();
    let long = scope.get(..SUBSCRIPTIONS.len()).is_some_and(|own| own.eq_ignore_ascii_case(SUBSCRIPTIONS));
    // Without the provider, which is two segments.
    scope.split('/').filter(|own| !own.is_empty()).skip(if long { 2 } else { 0 })
}

/// Writes a segment in lower case.
fn fold(segment: &str, folded: &mut String) {
    folded.clear();
    folded.push_str(segment);
    folded.make_ascii_lowercase();
}

/// The id of a management group, from its name or id.
pub(crate) fn management_group(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{MANAGEMENT_GROUP}{name}") }
}

impl Scopes {
    fn row(&self, node: Node) -> Option<&Row> {
        self.rows.get(node.0 as usize)
    }

    fn row_mut(&mut self, node: Node) -> Option<&mut Row> {
        self.rows.get_mut(node.0 as usize)
    }

    /// The scope, which is put into the tree if it is new.
    pub(crate) fn add(&mut self, scope: &str) -> Node {
        let (mut node, mut folded) = (ROOT, String::new());
        for segment in segments(scope) {
            fold(segment, &mut folded);
            let key = self.segments.intern(&folded);
            let shown = if folded == segment { key } else { self.segments.intern(segment) };
            let next = Node(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
            let found = *self.below.entry((node, key)).or_insert(next);
            if found == next {
                self.rows.push(Row::new(node, shown, u32::MAX));
            } else if let Some(before) = self.row(found).map(|row| row.shown)
                && shown != before
                && self.segments.get(shown) < self.segments.get(before)
                && let Some(row) = self.row_mut(found)
            {
                row.shown = shown;
            }
            node = found;
        }
        node
    }

    /// Puts a scope below a management group. A link that would close a circle is not made.
    pub(crate) fn put_below(&mut self, node: Node, above: Node) {
        let circle = std::iter::successors(Some(above), |own| self.up(*own)).any(|own| own == node);
        if let Some(row) = self.row_mut(node).filter(|_| !circle) {
            row.up = above;
        }
    }

    /// Says how much of a list was read at and below a scope. Of two the one that says less counts.
    pub(crate) fn set_read(&mut self, list: List, scope: &str, read: Completeness) {
        let node = self.add(scope);
        let before = self.row(node).and_then(|row| row.read.get(list as usize)).copied();
        let says = |own: &Completeness| match own {
            Completeness::Whole => 3,
            Completeness::Assumed => 2,
            Completeness::Missing(_) => 1,
            Completeness::NotRead => 0,
        };
        // What is at the root to begin with is that nothing was said.
        let given = before.filter(|ix| *ix != u32::MAX && *ix != 0).and_then(|ix| self.read.get(ix as usize));
        if given.is_none_or(|own| says(&read) <= says(own)) {
            self.replace_read(list, scope, read);
        }
    }

    /// Says how much of a list was read at and below a scope, whatever was said before.
    pub(crate) fn replace_read(&mut self, list: List, scope: &str, read: Completeness) {
        let node = self.add(scope);
        let ix = u32::try_from(self.read.len()).unwrap_or(0);
        self.read.push(read);
        if let Some(slot) = self.row_mut(node).and_then(|row| row.read.get_mut(list as usize)) {
            *slot = ix;
        }
    }

    /// Says that something is denied at a scope.
    pub(crate) fn set_denied(&mut self, node: Node) {
        if let Some(row) = self.row_mut(node) {
            row.denied = node;
        }
    }

    /// Numbers the tree and hands down what holds below. Called once, when nothing more is added.
    pub(crate) fn finish(&mut self, knows_above: &dyn Fn(Node) -> bool) {
        let mut first = vec![u32::MAX; self.rows.len()];
        let mut next = vec![u32::MAX; self.rows.len()];
        for (at, row) in (0u32..).zip(&self.rows).skip(1) {
            if let (Some(head), Some(link)) = (first.get_mut(row.up.0 as usize), next.get_mut(at as usize)) {
                *link = std::mem::replace(head, at);
            }
        }
        let mut order = 0;
        let mut path = vec![(ROOT, first.first().copied().unwrap_or(u32::MAX))];
        while let Some((node, child)) = path.pop() {
            if child == u32::MAX {
                if let Some(row) = self.row_mut(node) {
                    row.leave = order + 1;
                }
                continue;
            }
            path.push((node, next.get(child as usize).copied().unwrap_or(u32::MAX)));
            order += 1;
            self.enter(Node(child), order, knows_above(Node(child)));
            path.push((Node(child), first.get(child as usize).copied().unwrap_or(u32::MAX)));
        }
    }

    fn enter(&mut self, node: Node, order: u32, knows_above: bool) {
        let above =
            self.up(node).and_then(|up| self.row(up)).map(|row| (row.read, row.denied, row.knows_above));
        let (read, denied, above_known) = above.unwrap_or(([0; LISTS], NOWHERE, true));
        if let Some(row) = self.row_mut(node) {
            row.enter = order;
            row.knows_above = above_known && knows_above;
            if row.denied == NOWHERE {
                row.denied = denied;
            }
            for (own, inherited) in row.read.iter_mut().zip(read) {
                if *own == u32::MAX {
                    *own = inherited;
                }
            }
        }
    }

    /// The scope above; none above the root.
    pub(crate) fn up(&self, node: Node) -> Option<Node> {
        self.row(node).filter(|_| node != ROOT).map(|row| row.up)
    }

    /// The scope and everything above it, the nearest first.
    pub(crate) fn and_above(&self, node: Node) -> impl Iterator<Item = Node> {
        std::iter::successors(Some(node), |own| self.up(*own))
    }

    /// The scopes at and above another where something is denied, the nearest first.
    pub(crate) fn denied_at_and_above(&self, node: Node) -> impl Iterator<Item = Node> {
        let nearest = |node: Node| self.row(node).map(|row| row.denied).filter(|own| *own != NOWHERE);
        std::iter::successors(nearest(node), move |own| self.up(*own).and_then(nearest))
    }

    /// Whether a scope is another or above it.
    pub(crate) fn holds(&self, scope: Node, below: Node) -> bool {
        let (Some(scope), Some(below)) = (self.row(scope), self.row(below)) else { return false };
        scope.enter <= below.enter && below.enter < scope.leave
    }

    /// How much of a list was read where something is done.
    pub(crate) fn read(&self, list: List, node: Node) -> &Completeness {
        let ix = self.row(node).and_then(|row| row.read.get(list as usize)).copied().unwrap_or(0);
        self.read.get(ix as usize).unwrap_or(&Completeness::NotRead)
    }

    /// Where a scope is in the tree.
    pub(crate) fn place(&self, scope: &str) -> Place {
        let mut node = ROOT;
        let mut folded = String::new();
        let mut rest = segments(scope);
        let mut is_exact = true;
        for segment in rest.by_ref() {
            fold(segment, &mut folded);
            let found = self.segments.find(&folded).and_then(|key| self.below.get(&(node, key)));
            let Some(found) = found else {
                is_exact = false;
                break;
            };
            node = *found;
        }
        let own = self.row(node).is_none_or(|row| row.knows_above);
        Place { node, is_exact, knows_above: own && (is_exact || !self.is_above_unread(node, scope)) }
    }

    /// Whether a subscription or management group that is not in the tree is below this node.
    fn is_above_unread(&self, node: Node, scope: &str) -> bool {
        let depth = std::iter::successors(Some(node), |own| {
            self.row(*own).map(|row| row.parent).filter(|_| *own != ROOT)
        })
        .count()
            - 1;
        let mut own = segments(scope);
        let is = |word: Option<&str>, wanted: &str| word.is_some_and(|own| own.eq_ignore_ascii_case(wanted));
        let first = own.next();
        if is(first, "subscriptions") {
            return depth < 2 && own.next().is_some();
        }
        let group = is(first, "providers")
            && is(own.next(), "Microsoft.Management")
            && is(own.next(), "managementGroups");
        group && depth < 4 && own.next().is_some()
    }

    /// The scope as text.
    pub(crate) fn text(&self, node: Node) -> String {
        let mut parts: Vec<&str> = Vec::new();
        let mut at = node;
        while let Some(row) = self.row(at).filter(|_| at != ROOT) {
            parts.push(self.segments.get(row.shown));
            at = row.parent;
        }
        if parts.is_empty() {
            return "/".to_owned();
        }
        parts.iter().rev().fold(String::new(), |text, part| text + "/" + part)
    }

    /// Every subscription and management group of the tree.
    pub(crate) fn containers(&self) -> impl Iterator<Item = Node> {
        let root =
            |text: &str| self.segments.find(text).and_then(|key| self.below.get(&(ROOT, key))).copied();
        let under = |node: Option<Node>, text: &str| {
            let key = self.segments.find(text)?;
            self.below.get(&(node?, key)).copied()
        };
        let groups = under(under(root("providers"), "microsoft.management"), "managementgroups");
        let parents = [root("subscriptions"), groups];
        (1u32..)
            .zip(self.rows.iter().skip(1))
            .filter(move |(_, row)| parents.contains(&Some(row.parent)))
            .map(|(at, _)| Node(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a";

    fn tree() -> (Scopes, Node, Node, Node) {
        let mut scopes = Scopes::default();
        let account = scopes.add(&ACCOUNT.to_lowercase());
        let subscription = scopes.add("/subscriptions/s");
        let group = scopes.add(&management_group("mg"));
        scopes.put_below(subscription, group);
        scopes.set_read(List::Assignments, "/subscriptions/s", Completeness::Whole);
        (scopes, account, subscription, group)
    }

    #[test]
    fn what_is_above_includes_management_groups() {
        let (mut scopes, account, subscription, group) = tree();
        assert_eq!(scopes.add(ACCOUNT), account);
        scopes.finish(&|_| true);
        for above in [ROOT, group, subscription, account] {
            assert!(scopes.holds(above, account));
        }
        assert!(!scopes.holds(account, subscription));
        assert_eq!(scopes.text(account), ACCOUNT);
        assert_eq!(scopes.read(List::Assignments, account), &Completeness::Whole);
        assert_eq!(scopes.read(List::Assignments, group), &Completeness::NotRead);
        assert_eq!(scopes.containers().count(), 2);
    }

    #[test]
    fn names_that_begin_alike_are_not_above() {
        let (mut scopes, account, ..) = tree();
        let longer = scopes.add(&format!("{ACCOUNT}b"));
        scopes.finish(&|_| true);
        assert!(!scopes.holds(account, longer));
    }

    #[test]
    fn circles_are_not_closed() {
        let mut scopes = Scopes::default();
        let (a, b) = (scopes.add(&management_group("a")), scopes.add(&management_group("b")));
        scopes.put_below(a, b);
        scopes.put_below(b, a);
        scopes.put_below(a, a);
        scopes.finish(&|_| true);
        assert!(scopes.holds(b, a) && !scopes.holds(a, b));
    }

    #[test]
    fn places_that_are_not_in_the_tree_are_below_what_is() {
        let (mut scopes, account, subscription, _) = tree();
        scopes.finish(&|node| node == subscription);
        let place = scopes.place(&format!("{ACCOUNT}/blobServices/default"));
        assert_eq!((place.node, place.is_exact), (account, false));
        assert_eq!(scopes.place("/subscriptions/S/").node, subscription);
        assert!(scopes.place("/subscriptions/s").is_exact && scopes.place("/").is_exact);
        assert!(!scopes.place("/subscriptions/other/resourceGroups/r").knows_above);
        assert!(!scopes.place(&management_group("mg")).knows_above);
        let long = scopes.place("/providers/Microsoft.Subscription/subscriptions/S");
        assert_eq!((long.node, long.is_exact), (subscription, true));
    }
}
