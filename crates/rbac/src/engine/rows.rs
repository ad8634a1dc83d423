//! Which assignments reach a place.

use super::{Deny, Engine, Question, Row};
use crate::scope::Node;
use std::ops::ControlFlow;

/// Lists that are longer are not walked: the place is looked up in them, and everything above it.
const LONG: usize = 24;

/// Something that is said at a scope.
pub(super) trait Scoped {
    fn scope(&self) -> Node;
}

impl Scoped for Row {
    fn scope(&self) -> Node {
        self.scope
    }
}

impl Scoped for Deny {
    fn scope(&self) -> Node {
        self.scope
    }
}

impl Engine {
    /// Shows everything of a list, which is in the order of scope, that reaches a place.
    pub(super) fn reaching<'a, T: Scoped>(
        &self,
        all: &'a [T],
        node: Node,
        mut show: impl FnMut(&'a T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if all.len() <= LONG {
            return all.iter().filter(|own| self.scopes.holds(own.scope(), node)).try_for_each(show);
        }
        for scope in self.scopes.and_above(node) {
            let start = all.partition_point(|own| own.scope() < scope);
            let here = all.get(start..).unwrap_or(&[]).iter().take_while(|own| own.scope() == scope);
            here.into_iter().try_for_each(&mut show)?;
        }
        ControlFlow::Continue(())
    }

    /// Shows every assignment that reaches the place of a question and names whoever asks, or a group that one is in for certain.
    pub(super) fn certain<'a>(
        &'a self,
        question: &Question<'_>,
        mut show: impl FnMut(&'a Row) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(who) = question.who else { return ControlFlow::Continue(()) };
        self.reaching(self.rows_of(who), question.at.node, &mut show)?;
        for group in self.principals.groups(who) {
            self.reaching(self.rows_of(*group), question.at.node, &mut show)?;
        }
        ControlFlow::Continue(())
    }

    /// Shows every assignment that reaches the place and names a group that whoever asks may be in, for all that is known.
    pub(super) fn possible<'a>(
        &'a self,
        question: &Question<'_>,
        mut show: impl FnMut(&'a Row) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.reaching(&self.opaque, question.at.node, |row| {
            if self.principals.is_in(question.who, row.principal) {
                ControlFlow::Continue(())
            } else {
                show(row)
            }
        })
    }
}
