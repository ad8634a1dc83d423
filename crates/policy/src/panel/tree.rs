//! Which properties of a type of resource policies look at, as one tree: a document is read along it once, for all policies.

use super::slot::{ROOTS, Slot};
use crate::Path;
use crate::path::Segment;
use dekey_expr::{Value, text};

/// A property on the way to others, or one that is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branch {
    pub(crate) key: Box<str>,
    /// Where its value goes.
    pub(crate) slot: Option<usize>,
    /// What of its value is wanted, if that is an array or object.
    pub(crate) shape: Shape,
    pub(crate) children: Vec<Branch>,
    /// Whether the key of some child is not plain ASCII.
    beyond_ascii: bool,
}

/// What is wanted of an array or object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Everything.
    pub(crate) whole: bool,
    /// Of each element.
    pub(crate) each: Option<Box<Shape>>,
    /// Of certain properties.
    pub(crate) keys: Vec<(Box<str>, Shape)>,
}

/// The tree of a type.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) root: Branch,
    /// How many slots it fills.
    pub(crate) slots: usize,
}

impl Tree {
    pub(crate) fn new() -> Tree {
        let child = |(slot, key): (usize, &&str)| Branch {
            key: (**key).into(),
            slot: Some(slot),
            shape: Shape { whole: true, ..Shape::default() },
            ..Branch::default()
        };
        let children = ROOTS.iter().enumerate().map(child).collect();
        Tree { root: Branch { children, ..Branch::default() }, slots: ROOTS.len() }
    }

    /// The slot where a path leads, and after how many segments; nothing for a path that starts with an element. Of an array
    /// whose elements are only counted, it is enough to know how many there are.
    pub(crate) fn add(&mut self, path: &Path, counted: bool) -> Option<(usize, usize)> {
        let is_key = |segment: &Segment| matches!(segment, Segment::Key(_));
        let from = path.segments.iter().position(|own| !is_key(own)).unwrap_or(path.segments.len());
        let (head, rest) = path.segments.split_at_checked(from)?;
        let mut branch = &mut self.root;
        for segment in head {
            let Segment::Key(key) = segment else { return None };
            branch = branch.child_mut(key)?;
        }
        if head.is_empty() {
            return None;
        }
        let slot = *branch.slot.get_or_insert(self.slots);
        self.slots = self.slots.max(slot + 1);
        branch.shape.add(rest, !counted);
        Some((slot, from))
    }

    /// Where its slots are, as JSON pointers.
    pub(crate) fn paths(&self) -> Vec<String> {
        fn below(branch: &Branch, at: &str, found: &mut Vec<String>) {
            for child in &branch.children {
                let own = format!("{at}/{}", child.key.replace('~', "~0").replace('/', "~1"));
                if child.slot.is_some() {
                    found.push(own.clone());
                }
                below(child, &own, found);
            }
        }
        let mut found = Vec::new();
        below(&self.root, "", &mut found);
        found
    }
}

impl Branch {
    /// The child for a property, whatever its case.
    pub(crate) fn child(&self, key: &str) -> Option<(usize, &Branch)> {
        let same = |own: &Branch| own.key.len() == key.len() && own.key.eq_ignore_ascii_case(key);
        let found = self.children.iter().enumerate().find(|(_, own)| same(own));
        // A key beyond ASCII may fold to one that looks otherwise.
        if found.is_some() || (key.is_ascii() && !self.beyond_ascii) {
            return found;
        }
        self.children.iter().enumerate().find(|(_, own)| text::eq(&own.key, key))
    }

    fn child_mut(&mut self, key: &str) -> Option<&mut Branch> {
        if !self.children.iter().any(|own| text::eq(&own.key, key)) {
            self.beyond_ascii |= !key.is_ascii();
            self.children.push(Branch { key: key.into(), ..Branch::default() });
        }
        self.children.iter_mut().find(|own| text::eq(&own.key, key))
    }

    /// Fills slots from a value that was parsed already.
    pub(crate) fn fill<'d>(&self, value: &'d Value, slots: &mut [Slot<'d>]) {
        if let Some(slot) = self.slot.and_then(|slot| slots.get_mut(slot)) {
            *slot = Slot::of(value);
        }
        let Value::Object(map) = value else { return };
        for child in &self.children {
            if let Some(value) = text::get(map, &child.key) {
                child.fill(value, slots);
            }
        }
    }

    /// Fills the slots below a value that nothing else keeps.
    pub(crate) fn fill_copies(&self, value: &Value, slots: &mut [Slot<'_>]) {
        let Value::Object(map) = value else { return };
        for child in &self.children {
            let Some(value) = text::get(map, &child.key) else { continue };
            if let Some(slot) = child.slot.and_then(|slot| slots.get_mut(slot)) {
                *slot = match value {
                    Value::Null => Slot::Missing,
                    Value::String(text) => Slot::Text(text.clone().into()),
                    other => Slot::own(other.clone()),
                };
            }
            child.fill_copies(value, slots);
        }
    }
}

impl Shape {
    pub(crate) const WHOLE: &'static Shape = &Shape { whole: true, each: None, keys: Vec::new() };
    pub(crate) const NOTHING: &'static Shape = &Shape { whole: false, each: None, keys: Vec::new() };

    fn add(&mut self, rest: &[Segment], whole: bool) {
        match rest.split_first() {
            None => self.whole |= whole,
            Some((Segment::Each | Segment::Index(_), rest)) => {
                self.each.get_or_insert_default().add(rest, whole);
            }
            Some((Segment::Key(key), rest)) => {
                if let Some((_, shape)) = self.keys.iter_mut().find(|(own, _)| text::eq(own, key)) {
                    return shape.add(rest, whole);
                }
                let mut shape = Shape::default();
                shape.add(rest, whole);
                self.keys.push((key.clone(), shape));
            }
        }
    }

    /// What is wanted of a property.
    pub(crate) fn key(&self, key: &str) -> Option<&Shape> {
        self.keys.iter().find(|(own, _)| text::eq(own, key)).map(|(_, shape)| shape)
    }
}
