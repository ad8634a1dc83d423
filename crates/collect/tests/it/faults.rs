//! Every fault at every request: the result is complete, or it says what is missing.

use crate::far::{Far, Fault};
use crate::{collect, inventory};
use dekey_collect::{Collected, Failure};
use dekey_model::{ArmId, Inventory, Kind};
use std::collections::BTreeSet;
use std::sync::Arc;

fn ids(inventory: &Inventory) -> BTreeSet<String> {
    inventory.resources().map(|own| own.id().to_ascii_lowercase()).collect()
}

/// Whether a run said that it could not read the list that a resource is in, or the one its parent is in.
fn is_said(collected: &Collected, lost: &BTreeSet<String>, id: &str) -> bool {
    let arm = ArmId(id);
    let kind = arm.resource_type().map_or(Kind::Other, |own| Kind::of_type(&own));
    let scopes: Vec<&str> = std::iter::once(id).chain(arm.ancestors()).chain(["/"]).collect();
    let refused = collected.refused.iter().any(|(own, scope, _)| {
        let here = scopes.iter().any(|at| at.eq_ignore_ascii_case(scope));
        let above = scope.starts_with("/subscriptions/") && !id.starts_with("/subscriptions/");
        *own == kind && (here || above)
    });
    // Whoever could not be seen cannot be asked for children, and nobody asks the directory about them.
    let parent = arm.ancestors().any(|own| lost.contains(own));
    let of_directory = id.starts_with("/providers/microsoft.graph/") && !collected.refused.is_empty();
    refused || parent || of_directory || kind == Kind::Other
}

async fn with(number: usize, fault: Fault) -> (Result<Collected, Failure>, Inventory) {
    let (collected, journal) = collect(&Arc::new(Far::small((number, fault)))).await;
    (collected, inventory(&journal))
}

async fn requests() -> (usize, BTreeSet<String>) {
    let far = Arc::new(Far::small((usize::MAX, Fault::None)));
    let (_, journal) = collect(&far).await;
    (far.came().len(), ids(&inventory(&journal)))
}

#[tokio::test(start_paused = true)]
async fn what_passes_leaves_no_trace() {
    let (requests, complete) = requests().await;
    for fault in [Fault::Reset, Fault::Refuse(429), Fault::Refuse(503), Fault::Garbage, Fault::Truncate] {
        for number in 0..requests {
            let (collected, inventory) = with(number, fault).await;
            let collected = collected.unwrap();
            assert!(collected.refused.is_empty(), "{fault:?} at {number}: {:?}", collected.refused);
            assert_eq!(ids(&inventory), complete, "{fault:?} at {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_said() {
    let (requests, complete) = requests().await;
    let mut incomplete = 0;
    for fault in [Fault::Refuse(403), Fault::Refuse(404), Fault::Refuse(400), Fault::Foreign] {
        for number in 0..requests {
            let (collected, inventory) = with(number, fault).await;
            let collected = match collected {
                Ok(collected) => collected,
                // Without the list of subscriptions there is nothing to ask.
                Err(Failure::Azure(error)) => {
                    assert_eq!(number, 0, "{fault:?}: {error}");
                    continue;
                }
                Err(other) => panic!("{fault:?} at {number}: {other}"),
            };
            let read = ids(&inventory);
            let lost: BTreeSet<String> = complete.difference(&read).cloned().collect();
            incomplete += usize::from(!lost.is_empty());
            for id in &lost {
                assert!(
                    is_said(&collected, &lost, id),
                    "{fault:?} at {number}: {id} is missing: {:?}",
                    collected.refused
                );
            }
            for (kind, scope, why) in &collected.refused {
                assert!(!why.is_empty(), "{kind:?} {scope}");
            }
        }
    }
    assert!(incomplete > 20, "the faults did something: {incomplete}");
}
