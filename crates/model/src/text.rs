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
    /// End in the arena and hash of each text.
    slots: Vec<(usize, u64)>,
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
        self.intern_hashed(text, HASHER.hash_one(text))
    }

    /// Takes over every text of another table; the symbols they have here, in its order.
    pub fn absorb(&mut self, other: &Texts) -> Vec<Sym> {
        // The hash is the costly part of a long id, and it is known.
        other
            .slots
            .iter()
            .zip(0..)
            .map(|(&(_, hash), ix)| self.intern_hashed(other.get(Sym(ix)), hash))
            .collect()
    }

    /// Forgets every text and keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.slots.clear();
        self.table.clear();
    }

    fn intern_hashed(&mut self, text: &str, hash: u64) -> Sym {
        let (arena, slots) = (&self.arena, &self.slots);
        if let Some(&found) = self.table.find(hash, |&ix| same(arena, slots, ix, text, hash)) {
            return Sym(found);
        }
        let Ok(ix) = u32::try_from(self.slots.len()) else { return Sym(0) };
        self.arena.push_str(text);
        self.slots.push((self.arena.len(), hash));
        let slots = &self.slots;
        self.table.insert_unique(hash, ix, |&ix| slots.get(ix as usize).map_or(0, |slot| slot.1));
        Sym(ix)
    }

    /// The symbol of `text` if it is in the table.
    pub fn find(&self, text: &str) -> Option<Sym> {
        let hash = HASHER.hash_one(text);
        self.table.find(hash, |&ix| same(&self.arena, &self.slots, ix, text, hash)).map(|&ix| Sym(ix))
    }

    /// The text of a symbol of this table; empty for a symbol of another.
    pub fn get(&self, sym: Sym) -> &str {
        slot(&self.arena, &self.slots, sym.0)
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

fn slot<'a>(arena: &'a str, slots: &[(usize, u64)], ix: u32) -> &'a str {
    let ix = ix as usize;
    let start = ix.checked_sub(1).and_then(|before| slots.get(before)).map_or(0, |slot| slot.0);
    slots.get(ix).and_then(|&(end, _)| arena.get(start..end)).unwrap_or("")
}

fn same(arena: &str, slots: &[(usize, u64)], ix: u32, text: &str, hash: u64) -> bool {
    slots.get(ix as usize).is_some_and(|slot| slot.1 == hash) && slot(arena, slots, ix) == text
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
        let mut other = Texts::default();
        assert_eq!(other.intern("abc"), Sym(0));
        assert_eq!(other.absorb(&texts).iter().map(|s| other.get(*s)).collect::<Vec<_>>(), ["Abc", "abc"]);
    }

    #[test]
    fn a_symbol_of_another_table_is_empty() {
        assert_eq!(Texts::default().get(Sym(7)), "");
    }
}
