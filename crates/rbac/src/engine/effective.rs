//! Everything a principal may do somewhere, at once.

use super::{Deny, Engine, Question, Row};
use crate::condition::{Facts, Known};
use crate::{ActionIx, Answer, Asked, Bits, Completeness, List, Place, PrincipalIx, Standing};
use jiff::Timestamp;
use std::ops::ControlFlow;

/// What a principal may do at a place, of the actions that have bits. What is in none of the sets is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// What is allowed.
    pub allowed: Bits,
    /// What is allowed under a condition.
    pub conditional: Bits,
    /// What is not known.
    pub unknown: Bits,
}

impl Effective {
    /// Says what the answer about an action is.
    pub(crate) fn put(&mut self, ix: ActionIx, answer: Answer) {
        for (set, says) in [
            (&mut self.allowed, Answer::Allowed),
            (&mut self.conditional, Answer::Conditional),
            (&mut self.unknown, Answer::Unknown),
        ] {
            if says == answer { set.insert(ix) } else { set.take(ix) }
        }
    }
}

/// What both sides say. What depends on a condition is asked about one by one.
#[derive(Default)]
struct Sets {
    allowed: Bits,
    /// Allowed, if something that was not read is so.
    maybe: Bits,
    allowed_if: Bits,
    denied: Bits,
    maybe_denied: Bits,
    denied_if: Bits,
}

impl Engine {
    /// Everything a principal may do at a place. Says of each action what [`Engine::answer`] says.
    pub fn effective(&self, who: Option<PrincipalIx>, at: Place, now: Timestamp, facts: &Facts) -> Effective {
        let question =
            |ix| Question { who, what: Asked::Bit(ix), at, now, suboperation: Known::Unknown, facts };
        let Sets { allowed, maybe, allowed_if, denied, maybe_denied, denied_if } =
            self.sets(&question(ActionIx(0)));
        let mut any = allowed.clone();
        any.add(&maybe);
        any.add(&allowed_if);
        let mut ask = allowed_if.without(&allowed);
        ask.add(&denied_if.and(&any));
        ask.remove(&denied);
        let mut found = Effective { allowed: allowed.without(&denied), ..Effective::default() };
        found.unknown = found.allowed.and(&maybe_denied);
        found.unknown.add(&maybe.without(&allowed).without(&denied));
        found.allowed.remove(&maybe_denied);
        found.allowed.remove(&ask);
        found.unknown.remove(&ask);
        for ix in ask.iter() {
            found.put(ix, self.answer(&question(ix)));
        }
        found
    }

    fn sets(&self, question: &Question<'_>) -> Sets {
        let mut sets = Sets::default();
        let _ = self.certain(question.who, question.at, |row| {
            self.put(question, row, true, &mut sets);
            ControlFlow::Continue(())
        });
        let _ = self.possible(question, |row| {
            if !self.principals.is_assumed(row.principal) {
                self.put(question, row, false, &mut sets);
            }
            ControlFlow::Continue(())
        });
        self.denials(question.at, |own| self.put_denial(question, own, &mut sets));
        let unread = |list| {
            let is_read = |list| {
                matches!(
                    self.scopes.read(list, question.at.node),
                    Completeness::Whole | Completeness::Assumed
                )
            };
            !is_read(list) || (!question.at.knows_above && !is_read(List::Ancestors))
        };
        if unread(List::Assignments) {
            sets.maybe = self.every_action();
        }
        if unread(List::Denials) {
            sets.maybe_denied = self.every_action();
        }
        sets
    }

    fn every_action(&self) -> Bits {
        self.actions.bits(|_| true)
    }

    /// Sorts what an assignment says into the sets.
    fn put(&self, question: &Question<'_>, row: &Row, is_certain: bool, sets: &mut Sets) {
        let extra = self.extra(row);
        if extra.is_some_and(|own| !own.counts_at(question.now) || own.standing == Standing::Eligible) {
            return;
        }
        let Some(role) = self.roles.get(row.role as usize) else { return };
        if !role.is_known {
            sets.maybe = self.every_action();
        } else if extra.is_some_and(|own| own.condition.is_some()) {
            sets.allowed_if.add(&role.always);
        } else if is_certain {
            sets.allowed.add(&role.always);
        } else {
            sets.maybe.add(&role.always);
        }
        sets.allowed_if.add(&role.sometimes);
    }

    /// Sorts what a deny assignment says into the sets.
    fn put_denial(&self, question: &Question<'_>, own: &Deny, sets: &mut Sets) {
        let (is_about, _) = self.is_about(question.who, own);
        if is_about == Some(false) {
            return;
        }
        for permission in &own.permissions {
            let set = if own.condition.is_some() || permission.condition.is_some() {
                &mut sets.denied_if
            } else if is_about == Some(true) {
                &mut sets.denied
            } else {
                &mut sets.maybe_denied
            };
            set.add(&permission.bits);
        }
    }
}
