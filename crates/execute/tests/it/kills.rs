//! The process ends at any line of the journal, before or behind what the line is about.

use crate::{Disk, World, apply_all, planned, undo};
use dekey_execute::{Failure, JournalError};

/// How many lines a whole roll-out takes, with all that is taken back after it.
async fn lines() -> (usize, usize) {
    let world = World::new();
    let plan = planned(&world);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    let count = |disk: &Disk| disk.kept().split(|byte| *byte == b'\n').count() - 1;
    apply_all(&client, &disk, &plan).await.unwrap();
    let applied = count(&disk);
    undo(&client, &disk, &plan).await.unwrap();
    (applied, count(&disk))
}

fn is_power(failure: &Failure) -> bool {
    matches!(failure, Failure::Journal(JournalError::Write(_)))
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_line_it_goes_on_to_the_same_end_or_back_to_the_beginning() {
    let (applied, all) = lines().await;
    assert!(all > applied && applied > 20, "{applied} of {all}");
    let mut ends = std::collections::BTreeSet::new();
    for room in 1..=applied {
        for back in [false, true] {
            let world = World::new();
            let plan = planned(&world);
            let before = world.states(&plan);
            let (client, _) = world.client(None);
            let mut disk = Disk { room: Some(room), ..Disk::default() };
            let failed = apply_all(&client, &disk, &plan).await;
            assert!(room == applied || is_power(&failed.unwrap_err()), "line {room}");
            disk.room = None;
            if back {
                undo(&client, &disk, &plan).await.unwrap_or_else(|error| panic!("line {room}: {error}"));
                assert_eq!(world.states(&plan), before, "line {room}");
            } else {
                apply_all(&client, &disk, &plan).await.unwrap_or_else(|error| panic!("line {room}: {error}"));
                ends.insert(format!("{:?}", world.states(&plan)));
            }
        }
    }
    assert_eq!(ends.len(), 1, "it always ends the same");
}

#[tokio::test(start_paused = true)]
async fn killed_while_it_is_taken_back_that_goes_on() {
    let (applied, all) = lines().await;
    for room in applied..all {
        let world = World::new();
        let plan = planned(&world);
        let before = world.states(&plan);
        let (client, _) = world.client(None);
        let mut disk = Disk::default();
        apply_all(&client, &disk, &plan).await.unwrap();
        disk.room = Some(room);
        assert!(is_power(&undo(&client, &disk, &plan).await.unwrap_err()), "line {room}");
        disk.room = None;
        undo(&client, &disk, &plan).await.unwrap_or_else(|error| panic!("line {room}: {error}"));
        assert_eq!(world.states(&plan), before, "line {room}");
    }
}
