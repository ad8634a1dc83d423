//! Which assignments reach a place.

use super::{Deny, Engine, Question, Row};
use crate::PrincipalIx;
use crate::scope::{Node, Place};
use std::ops::ControlFlow;

/// Lists that are longer are not walked: the place is looked up in them, and everything above it.
const LONG: usize = 24;

/// What is said at one scope, of a list in the order of scope.
fn said_at<T>(all: &[T], scope: Node, of: impl Fn(&T) -> Node) -> impl Iterator<Item = &T> {
    let start = all.partition_point(|own| of(own) < scope);
    all.get(start..).unwrap_or(&[]).iter().take_while(move |own| of(own) == scope)
}

impl Engine {
    /// Shows the assignments of a list, which is in the order of scope, that reach a place.
    fn reaching<'a>(
        &self,
        all: &'a [Row],
        node: Node,
        mut show: impl FnMut(&'a Row) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if all.len() <= LONG {
            return all.iter().filter(|own| self.scopes.holds(own.scope, node)).try_for_each(show);
        }
        for scope in self.scopes.and_above(node) {
            said_at(all, scope, |own| own.scope).try_for_each(&mut show)?;
        }
        ControlFlow::Continue(())
    }

    /// Shows the deny assignments that reach a place.
    pub(super) fn denials<'a>(&'a self, at: Place, mut show: impl FnMut(&'a Deny)) {
        for scope in self.scopes.denied_at_and_above(at.node) {
            let is_here = at.is_exact && at.node == scope;
            let here = said_at(&self.denies, scope, |own| own.scope);
            here.filter(|own| is_here || !own.this_scope_only).for_each(&mut show);
        }
    }

    /// Shows every assignment that reaches a place and names somebody, or a group that one is in for certain.
    pub(super) fn certain<'a>(
        &'a self,
        who: Option<PrincipalIx>,
        at: Place,
        mut show: impl FnMut(&'a Row) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(who) = who else { return ControlFlow::Continue(()) };
        self.reaching(self.rows_of(who), at.node, &mut show)?;
        for group in self.principals.groups(who) {
            self.reaching(self.rows_of(*group), at.node, &mut show)?;
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
