//! Interned strings: every distinct text of an inventory is stored once.

use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A text of one [`Texts`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

/// A table of distinct strings in one allocation. Ids, types and enumeration values repeat a lot across a tenant, so this
/// is what keeps memory well below the size of the input.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    arena: String,
    ends: Vec<usize>,
    table: HashTable<u32>,
}

/// Fixed, so that nothing here depends on the run; only equality is ever asked of the table, never order.
const HASHER: foldhash::fast::FixedState = foldhash::fast::FixedState::with_seed(0x6465_6b65);

impl Texts {
    /// The symbol of `text`, which is stored if it is new.
    ///
    /// A table that is full (2^32 distinct texts) answers with its first text; an inventory of that size does not fit in
    /// memory in the first place.
    pub fn intern(&mut self, text: &str) -> Sym {
        let hash = HASHER.hash_one(text);
        let (arena, ends) = (&self.arena, &self.ends);
        if let Some(&found) = self.table.find(hash, |&ix| slot(arena, ends, ix) == text) {
            return Sym(found);
        }
        let Ok(ix) = u32::try_from(self.ends.len()) else { return Sym(0) };
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
        let (arena, ends) = (&self.arena, &self.ends);
        self.table.insert_unique(hash, ix, |&ix| HASHER.hash_one(slot(arena, ends, ix)));
        Sym(ix)
    }

    /// The symbol of `text` if it is in the table.
    pub fn find(&self, text: &str) -> Option<Sym> {
        let hash = HASHER.hash_one(text);
        self.table.find(hash, |&ix| slot(&self.arena, &self.ends, ix) == text).map(|&ix| Sym(ix))
    }

    /// The text of a symbol of this table; empty for a symbol of another.
    pub fn get(&self, sym: Sym) -> &str {
        slot(&self.arena, &self.ends, sym.0)
    }

    /// All texts in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX)).map(|ix| slot(&self.arena, &self.ends, ix))
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slot<'a>(arena: &'a str, ends: &[usize], ix: u32) -> &'a str {
    let ix = ix as usize;
    let start = ix.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(ix).and_then(|&end| arena.get(start..end)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_a_symbol_and_case_is_kept() {
        let mut texts = Texts::default();
        let (a, b, again) = (texts.intern("Abc"), texts.intern("abc"), texts.intern("Abc"));
        assert_eq!((a, texts.get(a), texts.get(b)), (again, "Abc", "abc"));
        assert_eq!((texts.len(), texts.find("abc"), texts.find("x")), (2, Some(b), None));
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["Abc", "abc"]);
    }

    #[test]
    fn a_symbol_of_another_table_is_empty() {
        assert_eq!(Texts::default().get(Sym(7)), "");
    }
}
