//! How it is found out what a request meets.

use crate::admission::{Admission, Changed, Denial, Noted, Refusal, Rules, Source, Unjudged, Write};
use crate::assigned::Part;
use crate::assignment::Coverage;
use crate::change::Place;
use crate::effect::Effect;
use crate::enrollment::enforces;
use crate::operation::Planned;
use crate::policy::Policy;
use crate::subject::{Subject, Surroundings};
use crate::trace::Step;
use crate::verdict::Verdict;
use dekey_expr::{Fault, Value, text};

/// A policy that is asked, with what is known of how it counts here.
struct Candidate<'a> {
    source: Source<'a>,
    policy: Result<&'a Policy, String>,
    /// The effect that the assignment puts in the place of its own; an error says why nobody knows which counts.
    forced: Result<Option<&'a Effect>, String>,
    /// Whether it is enforced, or may be.
    enforced: bool,
    /// What would have to be known to say whether it counts.
    unknown: Option<String>,
}

impl<'a> Candidate<'a> {
    fn effect(&self) -> Option<Effect> {
        let forced = self.forced.as_ref().ok()?;
        forced.cloned().or_else(|| self.policy.as_ref().ok().and_then(|own| own.effect()))
    }

    fn forced(&self) -> Option<&'a Effect> {
        self.forced.as_ref().ok().copied().flatten()
    }
}

impl<'a> Rules<'a> {
    /// What a request that makes or changes a resource meets.
    pub fn admit(&self, write: &Write<'_>, around: &Surroundings<'_>) -> Admission<'a> {
        let subject = write.subject;
        let mut admission = Admission::of(subject.body.clone());
        let only_tags = write
            .patch
            .and_then(Value::as_object)
            .is_some_and(|own| !own.is_empty() && own.keys().all(|name| name.eq_ignore_ascii_case("tags")));
        let mut candidates = self.candidates(subject, around);
        candidates.retain(|own| {
            let looks = own.policy.as_ref().map_or(true, |own| own.looks_at_tags());
            (!only_tags || looks) && !own.effect().is_some_and(|effect| effect.is_of_actions())
        });
        let verdicts: Vec<Verdict> = candidates.iter().map(|own| own.verdict(subject, around)).collect();
        let changers: Vec<&Candidate<'a>> = candidates
            .iter()
            .zip(&verdicts)
            .filter(|(own, verdict)| own.enforced && own.unknown.is_none() && verdict.changes())
            .map(|(own, _)| own)
            .collect();
        admission.change(write, &changers, around);
        let is_changed = !admission.changed.is_empty();
        let body = admission.body.clone();
        let after = subject.clone().with_body(&body);
        for (own, before) in candidates.iter().zip(verdicts) {
            let changed_verdict = is_changed && !before.changes();
            let verdict = if changed_verdict { own.verdict(&after, around) } else { before };
            admission.note(own, verdict, &after, around);
        }
        admission
    }

    /// What a request to act on a resource meets: `delete`, or the name of another action. `inside` is what a resource group that
    /// is deleted takes with it.
    pub fn admit_action(
        &self,
        action: &str,
        target: &Subject<'_>,
        inside: &[Subject<'_>],
        around: &Surroundings<'_>,
    ) -> Admission<'a> {
        let mut admission = Admission::of(target.body.clone());
        if !is_never_locked(target.resource_type()) {
            for own in self.candidates(target, around) {
                if own.effect().is_none_or(|effect| effect.is_of_actions()) {
                    admission.act(&own, action, target, around);
                }
            }
        }
        for own in inside.iter().filter(|own| !is_never_locked(own.resource_type())) {
            for candidate in self.candidates(own, around) {
                let guards = candidate.policy.as_ref().is_ok_and(|policy| policy.guards_groups(own, around));
                if guards && candidate.effect().is_none_or(|effect| effect.is_of_actions()) {
                    admission.act(&candidate, action, own, around);
                }
            }
        }
        admission
    }

    fn candidates(&self, subject: &Subject<'_>, around: &Surroundings<'_>) -> Vec<Candidate<'a>> {
        let mut found = Vec::new();
        for assigned in self.assigned {
            let unknown = match assigned.assignment.covers(subject, around) {
                Coverage::Covered => None,
                Coverage::Unknown(why) => Some(why),
                Coverage::Elsewhere | Coverage::Excluded | Coverage::Unselected => continue,
            };
            let (parts, unknown): (Vec<&Part>, _) = match assigned.parts_for(subject) {
                Ok(parts) => (parts.iter().collect(), unknown),
                // Any of the versions may count, and one that has nothing to say speaks for no other.
                Err(why) => (assigned.parts_of_all_versions().collect(), Some(why)),
            };
            for part in parts {
                let source = Source { assigned, part };
                found.extend(self.candidate(source, unknown.clone(), subject, around));
            }
        }
        found
    }

    /// A policy, unless it is excused.
    fn candidate(
        &self,
        source: Source<'a>,
        mut unknown: Option<String>,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
    ) -> Option<Candidate<'a>> {
        let Source { assigned, part } = source;
        let (assignment, reference) = (&assigned.assignment, part.reference.as_str());
        for own in self.exemptions {
            match own.excuses(assignment, reference, subject, around) {
                Ok(true) => return None,
                Ok(false) => {}
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        let forced = assignment.effect(subject, reference);
        unknown = unknown.or_else(|| forced.as_ref().err().cloned());
        // What may be enforced could refuse the request.
        let enforced =
            enforces(assignment, reference, self.enrollments, subject, around).unwrap_or_else(|why| {
                unknown.get_or_insert(why);
                true
            });
        let policy = part.policy.as_ref().map_err(Clone::clone);
        Some(Candidate { source, policy, forced, enforced, unknown })
    }
}

impl Candidate<'_> {
    fn verdict(&self, subject: &Subject<'_>, around: &Surroundings<'_>) -> Verdict {
        match (&self.policy, &self.forced) {
            (Ok(policy), Ok(forced)) => policy.judge_before(subject, around, *forced),
            // Its own effect may be `disabled`, which would hide what the rule says.
            (Ok(policy), Err(why)) => match policy.judge_before(subject, around, Some(&Effect::Deny)) {
                Verdict::NonCompliant(_) => Verdict::NotJudged(why.clone()),
                other => other,
            },
            (Err(why), _) => Verdict::NotJudged(why.clone()),
        }
    }
}

impl Verdict {
    fn changes(&self) -> bool {
        matches!(self, Verdict::NonCompliant(effect) if effect.changes())
    }
}

/// What each policy that changes a request would do.
struct Proposal<'c, 'a> {
    candidate: &'c Candidate<'a>,
    policy: &'a Policy,
    effect: Effect,
    /// `deny`, `audit` or `disabled`.
    conflict: String,
    planned: Vec<Planned>,
}

impl<'a> Admission<'a> {
    fn of(body: Value) -> Self {
        Self { body, refused_by: Vec::new(), changed: Vec::new(), noted: Vec::new(), not_judged: Vec::new() }
    }

    /// Lets policies change the request.
    fn change(&mut self, write: &Write<'_>, changers: &[&Candidate<'a>], around: &Surroundings<'_>) {
        let subject = write.subject;
        let mut proposals = Vec::new();
        for own in changers {
            let Ok(policy) = own.policy else { continue };
            match policy.proposed(subject, around, own.forced()) {
                Ok((effect, conflict, planned)) => {
                    proposals.push(Proposal { candidate: own, policy, effect, conflict, planned });
                }
                Err(fault) => self.fault(own, *fault, subject, around),
            }
        }
        let place = Place { sent: write.patch.unwrap_or(subject.body), is_patch: write.patch.is_some() };
        for (at, own) in proposals.iter().enumerate() {
            let rivals = proposals.iter().enumerate().filter(|(other, _)| *other != at);
            let mut fights = rivals.filter_map(|(_, other)| Some((own.quarrel(other)?, other))).peekable();
            if fights.peek().is_some() {
                if !own.is_strict() {
                    continue;
                }
                if let Some((field, other)) = fights.find(|(_, other)| other.is_strict()) {
                    let with = other.candidate.source.assigned.assignment.id.clone();
                    self.refuse(own, Refusal::Conflict { field, with }, subject, around);
                    continue;
                }
            }
            self.propose(own, &place, subject, around);
        }
    }

    fn propose(
        &mut self,
        own: &Proposal<'_, 'a>,
        place: &Place<'_>,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
    ) {
        let mut body = self.body.clone();
        let mut changes = Vec::new();
        for planned in &own.planned {
            let before = body.clone();
            let clash = match &planned.unfit {
                Some(_) => Some(planned.field.clone()),
                None => match planned.apply(&mut body, place) {
                    Ok(more) => {
                        changes.extend(more);
                        None
                    }
                    Err(clash) => Some(clash.pointer),
                },
            };
            let Some(at) = clash else { continue };
            if own.is_strict() {
                self.refuse(own, Refusal::Value { at, effect: own.effect.clone() }, subject, around);
                return;
            }
            // An operation that cannot be done is left out.
            body = before;
        }
        self.body = body;
        let source = own.candidate.source;
        self.changed.extend(changes.into_iter().map(|change| Changed { source, change }));
    }

    fn refuse(
        &mut self,
        own: &Proposal<'_, 'a>,
        refusal: Refusal,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
    ) {
        let steps = own.policy.steps_before(subject, around, own.candidate.forced());
        self.deny(own.candidate.source, refusal, steps);
    }

    fn deny(&mut self, source: Source<'a>, refusal: Refusal, steps: Vec<Step>) {
        let message = source.assigned.assignment.message(&source.part.reference);
        self.refused_by.push(Denial { source, refusal, message, steps });
    }

    fn fault(&mut self, own: &Candidate<'a>, fault: Fault, subject: &Subject<'_>, around: &Surroundings<'_>) {
        match (fault, &own.policy) {
            (Fault::Failed(failure), Ok(policy)) => {
                let steps = policy.steps_before(subject, around, own.forced());
                self.deny(own.source, Refusal::Failed(failure.to_string()), steps);
            }
            (Fault::Failed(failure), Err(_)) => self.open(own, failure.to_string(), true),
            (Fault::Missing(missing), _) => self.open(own, missing.to_string(), true),
        }
    }

    fn open(&mut self, own: &Candidate<'a>, why: String, matters: bool) {
        self.not_judged.push(Unjudged { source: own.source, why, matters });
    }

    /// Takes note of what a policy says of the request as it goes on.
    fn note(
        &mut self,
        own: &Candidate<'a>,
        verdict: Verdict,
        after: &Subject<'_>,
        around: &Surroundings<'_>,
    ) {
        let could = |effect: Option<&Effect>| own.enforced && effect.is_none_or(Effect::could_refuse);
        let verdict = match (&own.unknown, verdict) {
            (_, quiet @ (Verdict::NotApplicable(_) | Verdict::Compliant(_))) => quiet,
            (Some(why), Verdict::NonCompliant(effect)) => {
                return self.open(own, why.clone(), could(Some(&effect)));
            }
            (Some(why), _) => return self.open(own, why.clone(), could(own.effect().as_ref())),
            (None, verdict) => verdict,
        };
        let noted = |effect, failure| Noted { source: own.source, effect, failure, enforced: own.enforced };
        let steps = || own.policy.as_ref().map(|policy| policy.steps_before(after, around, own.forced()));
        match verdict {
            Verdict::NotApplicable(_) | Verdict::Compliant(_) => {}
            Verdict::NotJudged(why) => self.open(own, why, could(own.effect().as_ref())),
            Verdict::Failed(why) if own.enforced => {
                self.deny(own.source, Refusal::Failed(why), steps().unwrap_or_default());
            }
            Verdict::Failed(why) => self.noted.push(noted(own.effect(), Some(why))),
            Verdict::NonCompliant(effect @ Effect::Deny) if own.enforced => {
                self.deny(own.source, Refusal::Effect(effect), steps().unwrap_or_default());
            }
            // What changed the request is told as changes.
            Verdict::NonCompliant(effect) if effect.changes() && own.enforced => {}
            Verdict::NonCompliant(Effect::Other(name)) => {
                let enforced = own.enforced;
                self.open(own, format!("what the effect `{name}` does"), enforced);
            }
            Verdict::NonCompliant(effect) if effect.is_of_actions() || effect == Effect::Manual => {}
            Verdict::NonCompliant(effect) => self.noted.push(noted(Some(effect), None)),
        }
    }

    /// Takes note of what a policy says of an action.
    fn act(&mut self, own: &Candidate<'a>, action: &str, target: &Subject<'_>, around: &Surroundings<'_>) {
        let named = match own.policy.as_ref().map(|policy| policy.names_action(action, target, around)) {
            Ok(Ok(named)) => named,
            Ok(Err(fault)) => {
                return match &own.unknown {
                    Some(why) => self.open(own, why.clone(), own.enforced),
                    None => self.fault(own, *fault, target, around),
                };
            }
            Err(_) => true,
        };
        if !named {
            return;
        }
        let effect = match own.verdict(target, around) {
            Verdict::NonCompliant(effect) if !effect.is_of_actions() => return,
            Verdict::NonCompliant(effect) if own.unknown.is_none() => effect,
            other => return self.note(own, other, target, around),
        };
        if effect == Effect::DenyAction && own.enforced {
            let steps = own.policy.as_ref().map(|policy| policy.steps_before(target, around, own.forced()));
            return self.deny(own.source, Refusal::Effect(effect), steps.unwrap_or_default());
        }
        let noted = Noted { source: own.source, effect: Some(effect), failure: None, enforced: own.enforced };
        self.noted.push(noted);
    }
}

impl Proposal<'_, '_> {
    /// Whether a request that it cannot change is refused.
    fn is_strict(&self) -> bool {
        self.effect == Effect::Append || self.conflict.eq_ignore_ascii_case("deny")
    }

    /// The property that both would change, each in its way.
    fn quarrel(&self, other: &Self) -> Option<String> {
        let mut own = self.planned.iter();
        own.find(|own| other.planned.iter().any(|other| own.disagrees(other))).map(|own| own.field.clone())
    }
}

/// What no policy keeps from being deleted, so that nobody is locked out.
fn is_never_locked(kind: &str) -> bool {
    [
        "Microsoft.Authorization/policyAssignments",
        "Microsoft.Authorization/denyAssignments",
        "Microsoft.Blueprint/blueprintAssignments",
        "Microsoft.Resources/deploymentStacks",
        "Microsoft.Resources/subscriptions",
        "Microsoft.Authorization/locks",
    ]
    .iter()
    .any(|own| text::eq(own, kind))
}

/// What a policy would change, with its effect and what it does when it cannot.
type Proposed = (Effect, String, Vec<Planned>);

impl Policy {
    fn proposed(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Result<Proposed, Box<Fault>> {
        self.with_cx(subject, around, |cx| {
            let effect = match forced.cloned().or_else(|| self.effect()) {
                Some(effect) => effect,
                None => self.effect_on(cx)?,
            };
            let conflict = match &self.conflict {
                Some(own) => own.eval(cx)?.as_str().unwrap_or("deny").to_owned(),
                None => "deny".to_owned(),
            };
            let mut planned = Vec::new();
            for own in &self.operations {
                planned.extend(own.planned(cx)?);
            }
            Ok((effect, conflict, planned))
        })
    }

    /// Whether its details name an action.
    fn names_action(
        &self,
        action: &str,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
    ) -> Result<bool, Box<Fault>> {
        let Some(actions) = &self.actions else { return Ok(false) };
        self.with_cx(subject, around, |cx| {
            let named = actions.eval(cx)?;
            let mut all = named.as_array().into_iter().flatten().filter_map(Value::as_str);
            Ok(all.any(|own| own.eq_ignore_ascii_case(action)))
        })
    }

    /// Whether it keeps a resource group from being deleted over a resource in it: by mode, and unless it says otherwise.
    fn guards_groups(&self, inside: &Subject<'_>, around: &Surroundings<'_>) -> bool {
        let allows = self.cascade.as_ref().and_then(|own| {
            self.with_cx(inside, around, |cx| {
                let value = own.eval(cx)?;
                let how = value.as_object().and_then(|map| text::get(map, "resourceGroup"));
                Ok(how.and_then(Value::as_str).is_some_and(|how| how.eq_ignore_ascii_case("allow")))
            })
            .ok()
        });
        let is_indexed = self.knows_as_indexed(inside.resource_type()) == Some(true);
        self.is_indexed() && is_indexed && allows != Some(true)
    }
}
