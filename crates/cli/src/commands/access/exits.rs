//! What an answer comes to: something found weighs most, then something that is not known.

use crate::exit::Exit;
use dekey_report::access::{ActorNeeds, Least, Needs, Show, Who, WhoHolder};

/// The heavier of two.
fn verdict(found: bool, unknown: bool) -> Exit {
    match (found, unknown) {
        (true, _) => Exit::Findings,
        (_, true) => Exit::NotJudged,
        _ => Exit::Clean,
    }
}

pub(super) fn of_show(own: &Show) -> Exit {
    let verdicts: Vec<&str> =
        own.principals.iter().filter_map(|one| Some(one.decision.as_ref()?.verdict)).collect();
    let unknown = own.principals.iter().any(|one| one.principal.unknown.is_some());
    verdict(
        verdicts.contains(&"denied"),
        unknown || verdicts.iter().any(|own| ["conditional", "unknown"].contains(own)),
    )
}

pub(super) fn of_who(own: &Who) -> Exit {
    let might = own.holders.iter().any(only_might);
    verdict(false, might || own.others.verdict == "unknown")
}

/// Whether it is not known of somebody, or depends, be it by permission or by another way.
fn only_might(own: &WhoHolder) -> bool {
    let sure = own.ways.iter().any(|way| way.decision.verdict == "allowed" && way.lock == "open");
    let around = own.decision.verdict == "denied" && !own.ways.is_empty();
    ["conditional", "unknown"].contains(&own.decision.verdict) || (around && !sure)
}

pub(super) fn of_needs(own: &Needs) -> Exit {
    let actors = || own.workspaces.iter().flat_map(|own| &own.actors);
    verdict(actors().any(lacks), actors().any(is_unknown))
}

/// Whether something is missing or too much. A workspace without an identity lacks everything.
fn lacks(own: &ActorNeeds) -> bool {
    let nobody = own.principal.is_none() && own.kind == "workspace";
    nobody
        || own.dependents.iter().any(|to| {
            let missing = to.needs.iter().any(|need| need.decision.verdict == "denied");
            missing || to.excess.causes.iter().any(|cause| cause.fit == "beyond")
        })
}

fn is_unknown(own: &ActorNeeds) -> bool {
    let nobody_knows = own.principal.as_ref().is_some_and(|who| who.unknown.is_some());
    let unclear = own.dependents.iter().any(|to| {
        let open = |verdict: &str| ["conditional", "unknown"].contains(&verdict);
        !to.unclear.is_empty() || to.needs.iter().any(|need| open(need.decision.verdict))
    });
    nobody_knows || unclear || !own.unread.is_empty()
}

pub(super) fn of_least(own: &Least) -> Exit {
    let open = |own: &dekey_report::access::ActorLeast| {
        !own.open.is_empty() || !own.unread.is_empty() || !own.proven
    };
    verdict(false, own.actors.iter().any(open))
}
