//! Parsed documents that others point into while more are added.

use serde_json::Value;
use std::cell::{Cell, OnceCell};

const BLOCK: usize = 64;

/// Documents that stay where they are.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    first: Block,
    len: Cell<usize>,
}

#[derive(Debug)]
struct Block {
    cells: [OnceCell<Value>; BLOCK],
    next: OnceCell<Box<Block>>,
}

impl Default for Block {
    fn default() -> Self {
        Self { cells: [const { OnceCell::new() }; BLOCK], next: OnceCell::new() }
    }
}

impl Shelf {
    /// Adds a document.
    pub(crate) fn add(&self, value: Value) -> &Value {
        let at = self.len.get();
        self.len.set(at + 1);
        let mut block = &self.first;
        for _ in 0..at / BLOCK {
            block = block.next.get_or_init(Box::default);
        }
        // The cell was never used: positions are given once.
        match block.cells.get(at % BLOCK) {
            Some(cell) => cell.get_or_init(|| value),
            None => &Value::Null,
        }
    }
}

impl Drop for Shelf {
    /// One block after the other: a long chain would go deep.
    fn drop(&mut self) {
        let mut next = self.first.next.take();
        while let Some(mut block) = next {
            next = block.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stay_where_they_are() {
        let shelf = Shelf::default();
        let all: Vec<&Value> = (0..1000).map(|at| shelf.add(Value::from(at))).collect();
        for (at, value) in all.into_iter().enumerate() {
            assert_eq!(*value, Value::from(at));
        }
    }
}
