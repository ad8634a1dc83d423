//! The engine against the oracle, on random tenants.
//!
//! `DEKEY_QUESTIONS` is about how many questions are asked, `DEKEY_SEED` seeds the draw. The long run is
//! `DEKEY_QUESTIONS=10200000 cargo test --release -p dekey-oracle -- --nocapture engine`. A difference is shrunk to a small
//! tenant and one question.

use crate::draw::{Asking, actions, asking, facts, for_engine, second, tenant};
use dekey_oracle::{Ask, Facts, answer};
use dekey_rbac::condition::Known;
use dekey_rbac::{Actions, Answer, Asked, Engine, Question, Tenant, Verdict};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;

/// About how many questions are asked of one tenant.
const QUESTIONS: usize = 128;

/// Asks both, and asks the engine in every way it can be asked.
fn compare(
    tenant: &Tenant,
    engine: &Engine,
    facts: &Facts,
    asking: &Asking,
) -> Result<Answer, TestCaseError> {
    let action = &actions()[asking.action];
    let (now, suboperation) = (second(asking.now), asking.suboperation);
    let ask = Ask { principal: asking.principal, action, scope: asking.scope, now, suboperation, facts };
    let expected = answer(tenant, &ask);
    let own_facts = for_engine(facts);
    let (who, at) = (engine.principal(asking.principal), engine.place(asking.scope));
    let ix = engine.actions().find(action).unwrap();
    let question = |what| Question { who, what, at, now, suboperation, facts: &own_facts };
    let by_bit = question(Asked::Bit(ix));
    prop_assert_eq!(engine.answer(&by_bit), expected, "{:?}", asking);
    prop_assert_eq!(engine.answer(&question(Asked::Any(action))), expected);
    let decision = engine.decide(&by_bit);
    prop_assert_eq!(decision.answer(), expected);
    prop_assert_eq!(decision.gaps.is_empty(), expected != Answer::Unknown);
    match &decision.verdict {
        Verdict::Allowed => prop_assert!(decision.because.iter().any(|own| own.condition.is_none())),
        Verdict::Conditional(left) => {
            prop_assert!(!decision.because.is_empty());
            prop_assert!(left.to_string().parse::<dekey_rbac::Condition>().is_ok());
        }
        _ => {}
    }
    let all = engine.effective(who, at, now, &own_facts);
    let in_bits = match (all.allowed.contains(ix), all.conditional.contains(ix), all.unknown.contains(ix)) {
        (true, false, false) => Answer::Allowed,
        (false, true, false) => Answer::Conditional,
        (false, false, true) => Answer::Unknown,
        _ => Answer::Denied,
    };
    let open = Question { suboperation: Known::Unknown, ..by_bit };
    prop_assert_eq!(in_bits, engine.answer(&open));
    Ok(expected)
}

fn variable(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn engine_and_oracle_agree() {
    let cases = u32::try_from(variable("DEKEY_QUESTIONS", 30_000).div_ceil(QUESTIONS)).unwrap();
    let seed = variable("DEKEY_SEED", 1).to_le_bytes();
    let seed: Vec<u8> = seed.iter().copied().cycle().take(32).collect();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let counts: Cell<BTreeMap<Answer, u64>> = Cell::default();
    let questions = prop::collection::vec(asking(), 1..=2 * QUESTIONS);
    let result = runner.run(&(tenant(), facts(), questions), |(tenant, facts, questions)| {
        let engine = Engine::new(&tenant, actions().into_iter().collect::<Actions>());
        let mut own = counts.take();
        for asking in &questions {
            *own.entry(compare(&tenant, &engine, &facts, asking)?).or_default() += 1;
        }
        counts.set(own);
        Ok(())
    });
    let counts = counts.take();
    eprintln!("{} questions: {counts:?}", counts.values().sum::<u64>());
    result.unwrap();
    // A draw that only ever meets one kind of answer proves little.
    for answer in [Answer::Allowed, Answer::Denied, Answer::Conditional, Answer::Unknown] {
        assert!(counts.get(&answer).copied().unwrap_or(0) > u64::from(cases), "too few: {answer:?}");
    }
}
