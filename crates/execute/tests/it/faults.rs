//! A fault at every request: afterwards it goes on to the same end, or is taken back to the beginning.

use crate::{Disk, Fault, World, apply_all, planned, undo};

/// How many requests a whole roll-out takes, and what it comes to.
async fn calm() -> (usize, usize, std::collections::BTreeMap<String, Option<serde_json::Value>>) {
    let world = World::new();
    let plan = planned(&world);
    let (client, came) = world.client(None);
    let disk = Disk::default();
    apply_all(&client, &disk, &plan).await.unwrap();
    let requests = came.lock().unwrap().len();
    let states = world.states(&plan);
    came.lock().unwrap().clear();
    undo(&client, &disk, &plan).await.unwrap();
    let undoing = came.lock().unwrap().len();
    (requests, undoing, states)
}

const ALL: [Fault; 4] = [Fault::Cut, Fault::CutBehind, Fault::Swallowed, Fault::Refused];

#[tokio::test(start_paused = true)]
async fn after_a_fault_at_any_request_it_goes_on_to_the_same_end() {
    let (requests, _, end) = calm().await;
    let mut failed = 0;
    for fault in ALL {
        for number in 0..requests {
            let world = World::new();
            let plan = planned(&world);
            let disk = Disk::default();
            let (client, _) = world.client(Some((number, fault)));
            failed += usize::from(apply_all(&client, &disk, &plan).await.is_err());
            let (client, _) = world.client(None);
            apply_all(&client, &disk, &plan)
                .await
                .unwrap_or_else(|error| panic!("{fault:?} at {number}: {error}"));
            assert_eq!(world.states(&plan), end, "{fault:?} at {number}");
        }
    }
    assert!(failed > requests, "the faults did something: {failed}");
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_at_any_request_it_can_be_taken_back() {
    let (requests, _, _) = calm().await;
    for fault in ALL {
        for number in 0..requests {
            let world = World::new();
            let plan = planned(&world);
            let before = world.states(&plan);
            let disk = Disk::default();
            let (client, _) = world.client(Some((number, fault)));
            let _ = apply_all(&client, &disk, &plan).await;
            let (client, _) = world.client(None);
            undo(&client, &disk, &plan)
                .await
                .unwrap_or_else(|error| panic!("{fault:?} at {number}: {error}"));
            assert_eq!(world.states(&plan), before, "{fault:?} at {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_while_it_is_taken_back_that_goes_on() {
    let (_, undoing, _) = calm().await;
    for fault in ALL {
        for number in 0..undoing {
            let world = World::new();
            let plan = planned(&world);
            let before = world.states(&plan);
            let disk = Disk::default();
            let (client, _) = world.client(None);
            apply_all(&client, &disk, &plan).await.unwrap();
            let (cut, _) = world.client(Some((number, fault)));
            let _ = undo(&cut, &disk, &plan).await;
            undo(&client, &disk, &plan)
                .await
                .unwrap_or_else(|error| panic!("{fault:?} at {number}: {error}"));
            assert_eq!(world.states(&plan), before, "{fault:?} at {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_write_is_told_the_action_and_nothing_changes() {
    let world = World::with(dekey_sim::Options::with_roles(5, &[("Reader", "/")]));
    let plan = planned(&world);
    let before = world.states(&plan);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    let failure = apply_all(&client, &disk, &plan).await.unwrap_err().to_string();
    assert!(failure.contains("Microsoft.Authorization/policyDefinitions/write"), "{failure}");
    assert!(failure.ends_with("nothing changed"), "{failure}");
    assert_eq!(world.states(&plan), before);
}
