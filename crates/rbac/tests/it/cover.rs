//! The cheapest cover, against every choice there is.

use dekey_rbac::cover::{Candidate, Choice, Cover, Problem, Proof, Step};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn problem() -> impl Strategy<Value = Problem> {
    let candidate =
        (prop::collection::btree_set(0u32..5, 0..4), prop::collection::btree_set(0u32..6, 0..4), 0u64..6)
            .prop_map(|(covers, brings, price)| Candidate { covers, brings, price });
    (0u32..6, prop::collection::vec(0u64..9, 6), prop::collection::vec(candidate, 0..10))
        .prop_map(|(needs, weights, candidates)| Problem { needs, weights, candidates })
}

/// Every choice, the obvious way.
fn cheapest(problem: &Problem) -> Option<u64> {
    let count = problem.candidates.len();
    let choices = (0u32..1 << count)
        .map(|bits| (0..u32::try_from(count).unwrap()).filter(|ix| bits >> ix & 1 == 1).collect::<Vec<_>>());
    choices.filter(|chosen| problem.is_covered(chosen)).map(|chosen| problem.cost(&chosen)).min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equals_brute_force_and_the_proof_holds(problem in problem()) {
        match (problem.solve(100_000), cheapest(&problem)) {
            (Cover::Proven(choice), Some(cost)) => {
                prop_assert_eq!(choice.cost, cost);
                prop_assert_eq!(problem.cost(&choice.chosen), cost);
                prop_assert!(problem.is_covered(&choice.chosen));
                prop_assert!(choice.proof.holds(&problem, cost));
                // A proof of too much does not hold.
                prop_assert!(!choice.proof.holds(&problem, cost + 1));
            }
            (Cover::Impossible(needs), None) => {
                let none = |need: &u32| !problem.candidates.iter().any(|own| own.covers.contains(need));
                prop_assert!(!needs.is_empty() && needs.iter().all(none));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever is claimed, a proof holds only of what is true.
    #[test]
    fn no_proof_of_what_is_not_so(problem in problem(), other in problem(), more in 1u64..4) {
        if let (Cover::Proven(Choice { proof, .. }), Some(cost)) = (other.solve(10_000), cheapest(&problem)) {
            prop_assert!(!proof.holds(&problem, cost + more));
        }
    }
}

/// Not a sample: every problem of two needs, two unwanted things and up to three candidates, of two prices and three pairs of
/// weights.
#[test]
fn equals_brute_force_on_every_small_problem() {
    let sets = [set(&[]), set(&[0]), set(&[1]), set(&[0, 1])];
    let kinds: Vec<Candidate> = sets
        .iter()
        .flat_map(|covers| sets.iter().map(move |brings| (covers, brings)))
        .flat_map(|(covers, brings)| {
            [1, 2].map(|price| Candidate { covers: covers.clone(), brings: brings.clone(), price })
        })
        .collect();
    let mut problems = 0;
    let mut check = |candidates: Vec<Candidate>| {
        for weights in [[1, 1], [1, 3], [4, 2]] {
            let problem = Problem { needs: 2, weights: weights.to_vec(), candidates: candidates.clone() };
            match (problem.solve(1000), cheapest(&problem)) {
                (Cover::Proven(choice), Some(cost)) => {
                    assert_eq!((choice.cost, problem.cost(&choice.chosen)), (cost, cost), "{problem:?}");
                    assert!(problem.is_covered(&choice.chosen) && choice.proof.holds(&problem, cost));
                }
                (Cover::Impossible(_), None) => {}
                other => panic!("{problem:?}: {other:?}"),
            }
            problems += 1;
        }
    };
    // The order of candidates makes no other problem.
    for (a, one) in kinds.iter().enumerate() {
        check(vec![one.clone()]);
        for (b, other) in kinds.iter().enumerate().skip(a) {
            check(vec![one.clone(), other.clone()]);
            for third in &kinds[b..] {
                check(vec![one.clone(), other.clone(), third.clone()]);
            }
        }
    }
    assert_eq!(problems, 3 * (32 + 528 + 5984));
}

fn set(all: &[u32]) -> BTreeSet<u32> {
    all.iter().copied().collect()
}

#[test]
fn what_several_bring_is_paid_once() {
    let own = |covers, brings| Candidate { covers: set(covers), brings: set(brings), price: 1 };
    let candidates = vec![own(&[0], &[0]), own(&[1], &[0]), own(&[0, 1], &[1])];
    let problem = Problem { needs: 2, weights: vec![10, 12], candidates };
    let Cover::Proven(choice) = problem.solve(100) else { panic!() };
    assert_eq!((choice.chosen, choice.cost), (vec![0, 1], 12));
}

#[test]
fn a_search_that_is_too_long_says_so() {
    let candidates =
        (0..6).map(|ix| Candidate { covers: set(&[ix]), price: 1, ..Candidate::default() }).collect();
    let problem = Problem { needs: 6, weights: Vec::new(), candidates };
    assert_eq!(problem.solve(3), Cover::GaveUp(None));
    assert!(matches!(problem.solve(100), Cover::Proven(choice) if choice.cost == 6));
}

#[test]
fn proofs_that_leave_something_out_do_not_hold() {
    let own = |covers: &[u32], price| Candidate { covers: set(covers), price, ..Candidate::default() };
    let problem = Problem { needs: 1, weights: Vec::new(), candidates: vec![own(&[0], 5), own(&[0], 2)] };
    let proof = |search| Proof { replaced: Vec::new(), search };
    assert!(proof(Step::Ways(0, vec![(0, Step::Covered), (1, Step::Covered)])).holds(&problem, 2));
    assert!(!proof(Step::Ways(0, vec![(0, Step::Covered)])).holds(&problem, 5));
    assert!(!proof(Step::Covered).holds(&problem, 1));
    assert!(!proof(Step::TooDear(0)).holds(&problem, 5));
    assert!(!proof(Step::Prices(vec![(0, 3)])).holds(&problem, 3));
    assert!(!proof(Step::Prices(vec![(0, 2), (0, 2)])).holds(&problem, 3));
    let replaced = vec![(1, 0)];
    assert!(!Proof { replaced, search: Step::Ways(0, vec![(0, Step::Covered)]) }.holds(&problem, 5));
}
