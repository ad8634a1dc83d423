//! One question, one decision.

use super::{Deny, Engine, Extra, Question, Row};
use crate::condition::{Expr, Outcome, Request};
use crate::role::{Compiled, Parsed};
use crate::{
    Answer, Asked, Completeness, Decision, Denial, Gap, List, PrincipalIx, Reason, Standing, Verdict,
};
use std::ops::ControlFlow;

/// What speaks for one side of a question.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Something that depends on nothing.
    holds: bool,
    /// What would, if it held.
    open: Vec<Expr>,
    /// What is not known and could.
    gaps: Vec<Gap>,
    /// What was taken for read.
    assumed: Vec<Gap>,
}

/// How much speaks for one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    Holds,
    Unknown,
    Open,
    Nothing,
}

impl Side {
    fn strength(&self) -> Strength {
        if self.holds {
            Strength::Holds
        } else if !self.gaps.is_empty() {
            Strength::Unknown
        } else if !self.open.is_empty() {
            Strength::Open
        } else {
            Strength::Nothing
        }
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Holds => self.holds = true,
            Outcome::Open(expr) => self.open.push(expr),
            Outcome::Fails => {}
        }
    }

    fn outcome(&mut self) -> Outcome {
        if self.holds {
            return Outcome::Holds;
        }
        let mut open = std::mem::take(&mut self.open);
        // What is printed must not depend on the order of assignments.
        open.sort_by_cached_key(ToString::to_string);
        Outcome::any(open.into_iter().map(Outcome::Open))
    }
}

/// Two conditions together, of which any may be missing or not understood.
fn both(
    own: Option<&Parsed>,
    other: Option<&Parsed>,
    request: &Request<'_>,
) -> Result<Outcome, crate::ConditionError> {
    let mut outcomes = Vec::new();
    let mut failed = None;
    for condition in [own, other].into_iter().flatten() {
        match condition {
            Ok(condition) => match condition.judge(request) {
                Outcome::Fails => return Ok(Outcome::Fails),
                outcome => outcomes.push(outcome),
            },
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error.clone()),
        None => Ok(Outcome::all(outcomes)),
    }
}

/// What is found out about an assignment while deciding.
struct Met<'a> {
    row: &'a Row,
    extra: Option<&'a Extra>,
    permission: &'a Compiled,
    outcome: &'a Outcome,
}

impl Engine {
    /// The verdict in one word. Nothing is allocated where no condition and no gap is met.
    pub fn answer(&self, question: &Question<'_>) -> Answer {
        let denies = self.denying(question, |_, _, _| {});
        if denies.holds {
            return Answer::Denied;
        }
        let allows = self.allowing(question, true, |_| {});
        match (allows.strength(), denies.strength()) {
            (Strength::Nothing, _) => Answer::Denied,
            (Strength::Unknown, _) | (_, Strength::Unknown) => Answer::Unknown,
            (Strength::Open, _) | (_, Strength::Open) => Answer::Conditional,
            _ => Answer::Allowed,
        }
    }

    /// The verdict with everything that led to it.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let (mut because, mut eligible, mut denied_by) = (Vec::new(), Vec::new(), Vec::new());
        let mut allows = self.allowing(question, false, |met| {
            let reason = self.reason(question, met);
            if reason.standing == Standing::Eligible { eligible.push(reason) } else { because.push(reason) }
        });
        let mut denies = self.denying(question, |own, permission, outcome| {
            denied_by.push(self.denial(question, own, permission, outcome));
        });
        because.sort_by(|a, b| (a.condition.is_some(), a).cmp(&(b.condition.is_some(), b)));
        eligible.sort();
        denied_by.sort();
        let (mut gaps, mut assumed) = (Vec::new(), Vec::new());
        let verdict = match (allows.strength(), denies.strength()) {
            (_, Strength::Holds) => Verdict::Denied,
            (Strength::Nothing, _) => {
                assumed = allows.assumed;
                Verdict::Denied
            }
            (Strength::Unknown, _) | (_, Strength::Unknown) => {
                gaps = [allows.gaps, denies.gaps].concat();
                assumed = [allows.assumed, denies.assumed].concat();
                Verdict::Unknown
            }
            _ => {
                assumed = [std::mem::take(&mut allows.assumed), std::mem::take(&mut denies.assumed)].concat();
                match Outcome::all([allows.outcome(), denies.outcome().negated()]) {
                    Outcome::Holds => Verdict::Allowed,
                    Outcome::Fails => Verdict::Denied,
                    Outcome::Open(expr) => Verdict::Conditional(expr),
                }
            }
        };
        for list in [&mut gaps, &mut assumed] {
            list.sort();
            list.dedup();
        }
        Decision { verdict, because, denied_by, eligible, gaps, assumed }
    }

    fn request<'a>(&'a self, question: &Question<'a>) -> Request<'a> {
        let action = match question.what {
            Asked::Bit(ix) => self.actions.get(ix).map_or("", |own| own.folded()),
            Asked::Any(action) => action.folded(),
        };
        Request { action, suboperation: question.suboperation, facts: question.facts }
    }

    /// What speaks for it. Stops at the first thing that depends on nothing, if told to.
    fn allowing(&self, question: &Question<'_>, stop: bool, mut met: impl FnMut(&Met<'_>)) -> Side {
        let mut side = Side::default();
        let _ = self.certain(question.who, question.at, |row| {
            self.weigh(question, row, &mut side, &mut met);
            if stop && side.holds { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if side.holds {
            return side;
        }
        let _ = self.possible(question, |row| {
            let mut maybe = Side::default();
            self.weigh(question, row, &mut maybe, &mut |_| {});
            if maybe.strength() != Strength::Nothing {
                self.unread_group(row.principal, &mut side);
            }
            ControlFlow::Continue(())
        });
        self.unread_list(question, List::Assignments, Gap::Assignments, &mut side);
        side
    }

    fn unread_group(&self, group: PrincipalIx, side: &mut Side) {
        let gap = Gap::Members(self.principals.id(group).to_owned());
        if self.principals.is_assumed(group) { side.assumed.push(gap) } else { side.gaps.push(gap) }
    }

    fn unread_list(&self, question: &Question<'_>, list: List, gap: fn(String) -> Gap, side: &mut Side) {
        let mut take = |read: &Completeness, gap: fn(String) -> Gap| match read {
            Completeness::Whole => {}
            Completeness::Assumed => side.assumed.push(gap("taken for read".to_owned())),
            other => side.gaps.push(gap(Gap::why(other))),
        };
        take(self.scopes.read(list, question.at.node), gap);
        if !question.at.knows_above {
            take(self.scopes.read(List::Ancestors, question.at.node), Gap::Ancestors);
        }
    }

    /// What an assignment that reaches the place and the principal says.
    fn weigh<'a>(
        &'a self,
        question: &Question<'_>,
        row: &'a Row,
        side: &mut Side,
        met: &mut impl FnMut(&Met<'_>),
    ) {
        let extra = self.extra(row);
        if extra.is_some_and(|own| !own.counts_at(question.now)) {
            return;
        }
        let is_active = extra.is_none_or(|own| own.standing == Standing::Active);
        let Some(role) = self.roles.get(row.role as usize) else { return };
        if !role.is_known {
            if is_active {
                side.gaps.push(Gap::Role(role.id.clone()));
            }
            return;
        }
        let condition = extra.and_then(|own| own.condition.as_ref());
        for permission in role.permissions.iter().filter(|own| own.covers(question.what)) {
            if condition.is_none() && permission.condition.is_none() {
                met(&Met { row, extra, permission, outcome: &Outcome::Holds });
                side.holds |= is_active;
                continue;
            }
            match both(condition, permission.condition.as_ref(), &self.request(question)) {
                Ok(Outcome::Fails) => {}
                Ok(outcome) => {
                    met(&Met { row, extra, permission, outcome: &outcome });
                    if is_active {
                        side.take(outcome);
                    }
                }
                Err(error) if is_active => side.gaps.push(Gap::condition(&self.assignment_id(row), &error)),
                Err(_) => {}
            }
        }
    }

    /// What speaks against it.
    fn denying(&self, question: &Question<'_>, mut met: impl FnMut(&Deny, &Compiled, &Outcome)) -> Side {
        let mut side = Side::default();
        self.denials(question.at, |own| self.weigh_denial(question, own, &mut side, &mut met));
        if !side.holds {
            self.unread_list(question, List::Denials, Gap::Denials, &mut side);
        }
        side
    }

    fn weigh_denial(
        &self,
        question: &Question<'_>,
        own: &Deny,
        side: &mut Side,
        met: &mut impl FnMut(&Deny, &Compiled, &Outcome),
    ) {
        let mut covering = own.permissions.iter().filter(|one| one.covers(question.what)).peekable();
        if covering.peek().is_none() {
            return;
        }
        let (is_about, groups) = self.is_about(question.who, own);
        let lean = |side: &mut Side| groups.iter().for_each(|group| self.unread_group(*group, side));
        if is_about == Some(false) {
            return lean(side);
        }
        for permission in covering {
            match both(own.condition.as_ref(), permission.condition.as_ref(), &self.request(question)) {
                Ok(Outcome::Fails) => {}
                Ok(outcome) => {
                    lean(side);
                    if is_about == Some(true) {
                        met(own, permission, &outcome);
                        side.take(outcome);
                    }
                }
                Err(error) => side.gaps.push(Gap::condition(&own.id, &error)),
            }
        }
    }

    /// Whether a deny assignment is about somebody, and the groups whose members that answer leans on.
    pub(super) fn is_about(&self, who: Option<PrincipalIx>, own: &Deny) -> (Option<bool>, Vec<PrincipalIx>) {
        let is_in = |list: &[PrincipalIx]| list.iter().any(|one| self.principals.is_in(who, *one));
        let opaque = |list: &[PrincipalIx]| -> Vec<PrincipalIx> {
            list.iter().copied().filter(|one| self.principals.is_opaque(*one)).collect()
        };
        if is_in(&own.excluded) {
            return (Some(false), Vec::new());
        }
        let mut groups = opaque(&own.excluded);
        if own.everyone || is_in(&own.principals) {
            return (self.are_assumed(&groups).then_some(true), groups);
        }
        let maybe = opaque(&own.principals);
        if self.are_assumed(&maybe) {
            return (Some(false), maybe);
        }
        groups.extend(maybe);
        (None, groups)
    }

    /// Whether all of these groups are taken for read, so that whoever asks is not in them.
    fn are_assumed(&self, groups: &[PrincipalIx]) -> bool {
        groups.iter().all(|one| self.principals.is_assumed(*one))
    }

    fn pattern(&self, permission: &Compiled, question: &Question<'_>) -> String {
        let action = match question.what {
            Asked::Bit(ix) => self.actions.get(ix),
            Asked::Any(action) => Some(action),
        };
        action.and_then(|own| permission.pattern(own)).map_or_else(String::new, ToString::to_string)
    }

    fn reason(&self, question: &Question<'_>, met: &Met<'_>) -> Reason {
        let role = self.roles.get(met.row.role as usize);
        Reason {
            assignment: self.assignment_id(met.row),
            principal: self.principals.id(met.row.principal).to_owned(),
            through_group: question.who != Some(met.row.principal),
            role: role.map_or_else(String::new, |own| own.id.clone()),
            role_name: role.map_or_else(String::new, |own| own.name.clone()),
            pattern: self.pattern(met.permission, question),
            scope: self.scopes.text(met.row.scope),
            condition: printed(met.outcome),
            standing: met.extra.map_or(Standing::Active, |own| own.standing),
            from: met.extra.and_then(|own| own.from),
            until: met.extra.and_then(|own| own.until),
        }
    }

    fn denial(
        &self,
        question: &Question<'_>,
        own: &Deny,
        permission: &Compiled,
        outcome: &Outcome,
    ) -> Denial {
        Denial {
            id: own.id.clone(),
            name: own.name.clone(),
            pattern: self.pattern(permission, question),
            scope: self.scopes.text(own.scope),
            condition: printed(outcome),
        }
    }
}

fn printed(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Open(expr) => Some(expr.to_string()),
        _ => None,
    }
}
