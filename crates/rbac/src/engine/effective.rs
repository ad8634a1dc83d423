//! Everything a principal may do somewhere, at once.

use super::{Engine, Question, Row};
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

/// What follows from sets of bits alone, and what has to be asked one by one.
#[derive(Default)]
struct Sets {
    always: Bits,
    ask: Bits,
    ask_all: bool,
}

impl Engine {
    /// Everything a principal may do at a place. Says of each action what [`Engine::answer`] says.
    pub fn effective(&self, who: Option<PrincipalIx>, at: Place, now: Timestamp, facts: &Facts) -> Effective {
        let question =
            |ix| Question { who, what: Asked::Bit(ix), at, now, suboperation: Known::Unknown, facts };
        let sets = self.sets(&question(ActionIx(0)));
        let ask = if sets.ask_all { self.actions.bits(|_| true) } else { sets.ask };
        let mut found = Effective { allowed: sets.always.without(&ask), ..Effective::default() };
        for ix in ask.iter() {
            match self.answer(&question(ix)) {
                Answer::Allowed => found.allowed.insert(ix),
                Answer::Conditional => found.conditional.insert(ix),
                Answer::Unknown => found.unknown.insert(ix),
                Answer::Denied => {}
            }
        }
        found
    }

    fn sets(&self, question: &Question<'_>) -> Sets {
        let mut sets = Sets::default();
        let _ = self.certain(question, |row| {
            self.put(question, row, true, &mut sets);
            ControlFlow::Continue(())
        });
        let _ = self.possible(question, |row| {
            self.put(question, row, false, &mut sets);
            ControlFlow::Continue(())
        });
        let _ = self.reaching(&self.denies, question.at.node, |own| {
            own.permissions.iter().for_each(|one| sets.ask.add(&one.bits));
            ControlFlow::Continue(())
        });
        let is_read = |list| {
            matches!(self.scopes.read(list, question.at.node), Completeness::Whole | Completeness::Assumed)
        };
        sets.ask_all |= !is_read(List::Assignments) || !is_read(List::Denials);
        sets.ask_all |= !question.at.knows_above && !is_read(List::Ancestors);
        sets
    }

    /// Sorts what an assignment says into the sets.
    fn put(&self, question: &Question<'_>, row: &Row, is_certain: bool, sets: &mut Sets) {
        let extra = self.extra(row);
        if extra.is_some_and(|own| !own.counts_at(question.now) || own.standing == Standing::Eligible) {
            return;
        }
        let Some(role) = self.roles.get(row.role as usize) else { return };
        if !role.is_known {
            sets.ask_all = true;
        } else if is_certain && extra.is_none_or(|own| own.condition.is_none()) {
            sets.always.add(&role.always);
            sets.ask.add(&role.sometimes);
        } else {
            sets.ask.add(&role.always);
            sets.ask.add(&role.sometimes);
        }
    }
}
