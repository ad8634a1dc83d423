//! From what is known to what is written.

use super::types::{
    Alone, Assignment, Blast, By, Change, Conflict, Counts, Exempt, Group, Named, Policy, Refused, Simulate,
    Step, Stuck, Unclear, Why, Writes,
};
use super::{Owner, Simulated};
use crate::lines::{self, Stream};
use crate::policy::document::{Answer, Document};
use dekey_guard::{Differs, Judgement};
use dekey_model::ResourceIx;
use dekey_policy::{Category, Enforcement};
use std::io::{self, Write};

/// Writes it as JSON.
pub fn json(own: &Simulated<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::new(&own.as_of, Answer::Simulate(simulate(own)));
    lines::write(&document, 5, out)
}

pub(crate) fn counts(own: &dekey_guard::Counts) -> Counts {
    Counts {
        compliant: own.compliant,
        non_compliant: own.non_compliant,
        exempt: own.exempt,
        excluded: own.excluded,
        not_applicable: own.not_applicable,
        evaluation_error: own.failed,
        not_judged: own.not_judged,
        strict_rate: own.strict_rate(),
        azure_rate: own.azure_rate(),
    }
}

fn simulate<'a>(own: &'a Simulated<'a>) -> Simulate<'a> {
    Simulate {
        effect: own.effect.as_ref().map(ToString::to_string),
        counts: counts(&own.counts()),
        assignments: (0..own.assigned.len()).filter_map(|at| assignment(own, at)).collect(),
        blast: blast(own),
        conflicts: own.conflicts.iter().map(|one| conflict(own, one)).collect(),
        not_judged: own.gaps(),
        why: why(own),
    }
}

fn ids<'a>(own: &'a Simulated<'a>, all: &'a [ResourceIx]) -> Stream<'a, &'a str> {
    Stream::new(move || all.iter().map(|ix| own.get(*ix).id()))
}

fn assignment<'a>(own: &'a Simulated<'a>, at: usize) -> Option<Assignment<'a>> {
    let (assigned, assessed) = (own.assignment(at)?, own.simulation.assessments.get(at)?);
    let policies = assessed.parts.iter().enumerate();
    Some(Assignment {
        id: &assigned.assignment.id,
        name: own.assignment_name(at),
        scope: &assigned.assignment.scope,
        new: own.is_new(at),
        enforcement: match assigned.assignment.enforcement {
            Enforcement::Default => "Default",
            Enforcement::DoNotEnforce => "DoNotEnforce",
            Enforcement::Enroll => "Enroll",
        },
        covered: assessed.covered,
        excluded: ids(own, &assessed.left_out),
        policies: policies.filter_map(|(ix, judged)| policy(own, at, ix, judged)).collect(),
    })
}

fn policy<'a>(own: &'a Simulated<'a>, at: usize, ix: usize, judged: &'a Judgement) -> Option<Policy<'a>> {
    let part = own.part(at, ix)?;
    let group = |(because, all): (&'a String, &'a Vec<ResourceIx>)| Group {
        because,
        count: all.len() as u64,
        resources: ids(own, all),
    };
    let exempt = |(by, excused): (&'a String, &'a dekey_guard::Excused)| Exempt {
        exemption: by,
        category: match excused.category {
            Category::Waiver => "Waiver",
            Category::Mitigated => "Mitigated",
        },
        count: excused.all.len() as u64,
        would_not_comply: excused.all.iter().filter(|(_, would)| *would).count() as u64,
        resources: Stream::new(move || excused.all.iter().map(|(ix, _)| own.get(*ix).id())),
    };
    let request = |(how, all): (&'a Differs, &'a Vec<ResourceIx>)| Group {
        because: differs(how),
        count: all.len() as u64,
        resources: ids(own, all),
    };
    Some(Policy {
        reference: &part.reference,
        definition: &part.definition,
        name: own.part_name(at, ix),
        effect: own.effect_of(at, ix),
        counts: counts(&judged.counts),
        non_compliant: judged.non_compliant.iter().map(group).collect(),
        exempt: judged.exempt.iter().map(exempt).collect(),
        evaluation_errors: judged.failed.iter().map(group).collect(),
        not_judged: judged.not_judged.iter().map(group).collect(),
        requests: judged.requests.iter().map(request).collect(),
        hangs_on: judged.hangs_on.iter().copied().collect(),
        requests_not_known: judged.unknown_requests.iter().map(String::as_str).collect(),
    })
}

/// In which way the verdict on a request may differ.
pub(super) fn differs(how: &Differs) -> &'static str {
    match how {
        Differs::OnlyAnswered => {
            "refused as they are, but the policy looks at what no request has: a request is not refused"
        }
        Differs::NotIfLeftOut => {
            "refused as they are, but not by a request that leaves out what the service fills in"
        }
        Differs::IfLeftOut => {
            "not refused as they are, but by a request that leaves out what the service fills in"
        }
    }
}

fn by<'a>(own: &'a Simulated<'a>, all: &[(usize, usize)]) -> Vec<By<'a>> {
    let one = |(at, ix): &(usize, usize)| {
        let (assigned, part) = (own.assignment(*at)?, own.part(*at, *ix)?);
        Some(By {
            assignment: &assigned.assignment.id,
            reference: &part.reference,
            definition: &part.definition,
        })
    };
    all.iter().filter_map(one).collect()
}

fn split(owner: Option<Owner<'_>>) -> (Option<&str>, Option<&'static str>) {
    owner.map_or((None, None), |own| (Some(own.value), Some(own.source)))
}

fn blast<'a>(own: &'a Simulated<'a>) -> Blast<'a> {
    let stuck = move |one: &'a dekey_guard::Stuck| {
        let resource = own.get(one.resource);
        let (owner, owner_from) = split(own.owner(resource));
        Stuck { resource: resource.id(), owner, owner_from, by: by(own, &one.by) }
    };
    let refused = |one: &'a dekey_guard::RefusedWrite| {
        let (owner, owner_from) = split(own.owner(own.get(one.resource)));
        Refused {
            time: &one.event.time,
            caller: one.event.caller.as_deref(),
            operation: &one.event.operation,
            resource: &one.event.resource,
            owner,
            owner_from,
            by: by(own, &one.by),
        }
    };
    let unclear = |(because, all): (&'a String, &'a Vec<dekey_guard::Event>)| Unclear {
        because,
        resources: all.iter().map(|event| event.resource.as_str()).collect(),
    };
    Blast {
        policies: own.blast.refusing.len() as u64,
        count: own.blast.stuck.len() as u64,
        resources: Stream::new(move || own.blast.stuck.iter().map(stuck)),
        writes: own.blast.writes.as_ref().map(|writes| Writes {
            from: own.activity.and_then(|log| log.from.as_deref()),
            to: own.activity.and_then(|log| log.to.as_deref()),
            looked_at: writes.looked_at,
            refused: writes.refused.iter().map(refused).collect(),
            earlier: writes.earlier,
            not_judged: writes.not_judged.iter().map(unclear).collect(),
        }),
    }
}

fn conflict(own: &Simulated<'_>, one: &dekey_guard::Conflict) -> Conflict {
    let named = |(at, ix): (usize, usize)| Named {
        assignment: own.assignment(at).map_or_else(String::new, |own| own.assignment.id.clone()),
        reference: own.part(at, ix).map_or_else(String::new, |own| own.reference.clone()),
        definition: own.part(at, ix).map_or_else(String::new, |own| own.definition.clone()),
        name: own.who((at, ix)),
    };
    Conflict {
        one: named(one.one),
        other: named(one.other),
        resources: one.resources,
        example: own.get(one.example).id().to_owned(),
        alone: one
            .alone
            .iter()
            .map(|(of, all)| Alone { satisfies: own.who(*of), changes: changes(all) })
            .collect(),
        both: one.both.as_deref().map(changes),
    }
}

fn changes(all: &[dekey_guard::Change]) -> Vec<Change> {
    let one = |own: &dekey_guard::Change| Change {
        path: own.path.clone(),
        from: own.from.clone(),
        to: own.to.clone(),
    };
    all.iter().map(one).collect()
}

fn why(own: &Simulated<'_>) -> Vec<Why> {
    let Some((ix, traces)) = &own.traces else { return Vec::new() };
    let step = |step: &dekey_policy::Step| Step {
        pointer: step.pointer.clone(),
        expression: step.expression.clone(),
        path: step.path.clone(),
        found: step.found.clone(),
        operator: step.operator.name().to_owned(),
        target: step.target.clone(),
        result: match &step.result {
            Ok(yes) => yes.to_string(),
            Err(fault) => fault.to_string(),
        },
    };
    let one = |trace: &super::Trace| Why {
        resource: own.get(*ix).id().to_owned(),
        assignment: own
            .assignment(trace.assignment)
            .map_or_else(String::new, |own| own.assignment.id.clone()),
        policy: own.part_name(trace.assignment, trace.part),
        outcome: trace.outcome.clone(),
        steps: trace.steps.iter().map(step).collect(),
    };
    traces.iter().map(one).collect()
}
