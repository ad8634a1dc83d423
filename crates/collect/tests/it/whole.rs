//! The whole tenant.

use crate::far::{Far, Fault};
use crate::{collect, collect_after, inventory};
use azure_core::http::Method;
use dekey_collect::{QUERIES, carry_over};
use dekey_model::{Covered, Kind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn whole() -> Arc<Far> {
    Arc::new(Far::new((usize::MAX, Fault::None)))
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_and_said_to_be() {
    let far = whole();
    let (collected, journal) = collect(&far).await;
    let collected = collected.unwrap();
    assert_eq!((collected.refused, collected.stopped), (Vec::new(), false));
    let inventory = inventory(&journal);
    assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
    assert_eq!(inventory.of_kind(Kind::Workspace).len(), 42);
    for ix in inventory.of_kind(Kind::Workspace) {
        let workspace = inventory.get(*ix);
        for kind in
            [Kind::Datastore, Kind::Connection, Kind::Compute, Kind::OnlineEndpoint, Kind::DiagnosticSetting]
        {
            assert_eq!(workspace.children_covered(kind), Covered::Yes, "{} {kind:?}", workspace.id());
        }
    }
    for kind in QUERIES.iter().flat_map(|query| query.kinds) {
        let subscription = inventory.get(inventory.of_kind(Kind::Subscription)[0]);
        assert_eq!(inventory.coverage().covers(*kind, subscription.id()), Covered::Yes, "{kind:?}");
    }
    assert!(!inventory.of_kind(Kind::ServicePrincipal).is_empty());
    assert_eq!(inventory.of_kind(Kind::Group).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_returns_a_secret_is_asked_and_none_is_kept() {
    let far = whole();
    let (_, journal) = collect(&far).await;
    let mut posts = 0;
    for (method, url) in far.came() {
        let path = url.split('?').next().unwrap().to_ascii_lowercase();
        assert!(
            !path.contains("/list") && !path.contains("regenerate") && !path.contains("/token/"),
            "{url}"
        );
        match method {
            Method::Get => {}
            Method::Post => {
                posts += 1;
                assert!(
                    path.ends_with("/microsoft.resourcegraph/resources") || path.ends_with("/getbyids"),
                    "{url}"
                );
            }
            other => panic!("{other} {url}"),
        }
    }
    assert!(posts > 0);
    let text = String::from_utf8(journal).unwrap();
    assert!(text.contains("2027-01-01T00:00:00Z"), "when a credential ends is kept");
    assert!(!text.contains("never-to-be-kept") && !text.contains("secretText") && !text.contains("\"hint\""));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_goes_on_and_asks_nothing_twice() {
    let far = whole();
    let (_, complete) = collect(&far).await;
    let all = far.came().len();
    for share in [0, 1, 7, 30, 60, 99] {
        let cut = complete.len() * share / 100;
        let mut journal = Vec::new();
        let before = carry_over(&mut complete.get(..cut).unwrap(), &mut journal).unwrap();
        let far = whole();
        let (collected, journal) = collect_after(&far, before, journal, &AtomicBool::new(false)).await;
        assert!(collected.unwrap().refused.is_empty());
        assert_eq!(ids(&journal), ids(&complete), "{share} %");
        assert!(share < 30 || far.came().len() < all, "{share} %: {} of {all}", far.came().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_says_nothing_of_what_it_did_not_ask() {
    let stop = AtomicBool::new(true);
    let (collected, journal) = collect_after(&whole(), Default::default(), Vec::new(), &stop).await;
    let collected = collected.unwrap();
    assert!(collected.stopped && collected.refused.is_empty());
    assert_eq!(inventory(&journal).coverage().entries().count(), 0);
}

fn ids(journal: &[u8]) -> Vec<String> {
    let inventory = inventory(journal);
    let mut ids: Vec<String> = inventory.resources().map(|own| own.id().to_ascii_lowercase()).collect();
    ids.sort();
    ids
}
