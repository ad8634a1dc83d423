//! How fast the engine is: one decision, everything at a place, and a whole tenant.
//!
//! `cargo bench -p dekey-rbac`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

mod tenant;

use dekey_rbac::{
    Action, ActionIx, Answer, Asked, Completeness, Engine, List, Place, PrincipalIx, Question, catalogue,
};
use divan::Bencher;
use divan::counter::ItemsCount;
use std::collections::HashSet;
use std::hint::black_box;
use tenant::{NOW, dependents, principal};

/// Assignments of one identity.
const EACH: u32 = 10;

fn main() {
    divan::main();
}

/// The engine of an invented tenant.
fn engine(identities: u32) -> Engine {
    let mut builder = Engine::builder(catalogue::actions());
    for role in &catalogue::roles() {
        builder.role(role);
    }
    for list in [List::Assignments, List::Denials, List::Ancestors] {
        builder.read(list, "/", Completeness::Whole);
    }
    builder.groups_read(Completeness::Whole);
    for identity in 0..identities {
        tenant::assignments(identity, identities).for_each(|own| builder.assignment(&own));
    }
    tenant::denials(identities).for_each(|own| builder.denial(&own));
    tenant::groups(identities).for_each(|own| builder.group(&own));
    tenant::ancestors(identities).for_each(|(scope, above)| builder.ancestors(&scope, &above));
    builder.finish()
}

/// Questions of every kind of answer, placed beforehand as an audit does.
fn questions(engine: &Engine, identities: u32) -> Vec<(Option<PrincipalIx>, ActionIx, Place)> {
    let asked = [
        Action::control("Microsoft.Storage/storageAccounts/listKeys/action"),
        Action::data("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"),
        Action::data("Microsoft.KeyVault/vaults/secrets/getSecret/action"),
        Action::control("Microsoft.ContainerRegistry/registries/pull/read"),
    ];
    let asked = asked.map(|own| engine.actions().find(&own).unwrap());
    let one = |identity: u32| {
        let who = engine.principal(&principal(identity));
        dependents(identity)
            .map(|(target, _)| engine.place(&target.id))
            .into_iter()
            .flat_map(move |at| asked.map(|own| (who, own, at)))
    };
    (0..identities).step_by(3).flat_map(one).collect()
}

/// Decisions of one core: the answer in one word, on a tenant of 100,000 assignments.
#[divan::bench]
fn answers(bencher: Bencher<'_, '_>) {
    let engine = engine(10_000);
    let questions = questions(&engine, 10_000);
    bencher.counter(ItemsCount::new(questions.len())).bench_local(|| {
        let ask = |(who, ix, at): &(Option<PrincipalIx>, ActionIx, Place)| {
            engine.answer(&Question::new(*who, Asked::Bit(*ix), *at, NOW)) == Answer::Allowed
        };
        black_box(questions.iter().filter(|own| ask(own)).count())
    });
}

/// Decisions with all their reasons.
#[divan::bench]
fn decisions_with_reasons(bencher: Bencher<'_, '_>) {
    let engine = engine(10_000);
    let questions = questions(&engine, 10_000);
    bencher.counter(ItemsCount::new(questions.len())).bench_local(|| {
        let ask = |(who, ix, at): &(Option<PrincipalIx>, ActionIx, Place)| {
            engine.decide(&Question::new(*who, Asked::Bit(*ix), *at, NOW)).because.len()
        };
        black_box(questions.iter().map(ask).sum::<usize>())
    });
}

/// Taking in assignments and putting them in order.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 1, sample_size = 1)]
fn build(bencher: Bencher<'_, '_>, identities: u32) {
    bencher.counter(ItemsCount::new(identities * EACH)).bench_local(|| engine(identities));
}

/// The whole analysis: of every identity, at each of its dependents, what is missing, held and beyond; and whose assignments are
/// orphans.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 1, sample_size = 1)]
fn needs_excess_and_orphans(bencher: Bencher<'_, '_>, identities: u32) {
    let engine = engine(identities);
    let gone: HashSet<String> = (0..identities).filter(|own| tenant::is_gone(*own)).map(principal).collect();
    bencher
        .counter(ItemsCount::new(identities * EACH))
        .bench_local(|| black_box(tenant::analyse(&engine, identities, |id| !gone.contains(id))));
}
