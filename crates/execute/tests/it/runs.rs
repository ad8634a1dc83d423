//! Plans that nothing comes in between of.

use crate::{Disk, Fault, SUBSCRIPTION, World, account, apply, apply_all, past, planned, rings, undo, wish};
use dekey_execute::{Doing, Entry, Failure, How, Journal, JournalError, Progress, StepState};
use dekey_plan::{Before, Phase, Standing, Undo};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn assignment() -> String {
    format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/no-keys")
}

fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

#[tokio::test(start_paused = true)]
async fn a_roll_out_reaches_ring_after_ring_and_is_taken_back() {
    let world = World::new();
    let plan = planned(&world);
    let phases: Vec<(Phase, Option<usize>)> = plan.stages.iter().map(|own| (own.phase, own.ring)).collect();
    let expected = [
        (Phase::Prepare, None),
        (Phase::Audit, Some(0)),
        (Phase::Audit, Some(1)),
        (Phase::Audit, Some(2)),
        (Phase::Exempt, Some(0)),
        (Phase::Deny, Some(0)),
        (Phase::Deny, Some(1)),
        (Phase::Deny, Some(2)),
    ];
    assert_eq!(phases, expected);
    let before = world.states(&plan);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    let mut seen = Vec::new();
    for stage in 0..plan.stages.len() {
        apply(&client, &disk, &plan, stage).await.unwrap();
        let own = world.get(&assignment()).unwrap_or_default();
        let selected = at(&own, "/properties/resourceSelectors/0/selectors/0/in").clone();
        let effects: Vec<&Value> = at(&own, "/properties/overrides")
            .as_array()
            .into_iter()
            .flatten()
            .map(|own| &own["value"])
            .collect();
        let denied = at(&own, "/properties/overrides/0/selectors/1/in").clone();
        seen.push(json!([selected, effects, denied]));
    }
    let (one, two) = (json!(["northeurope"]), json!(["northeurope", "westeurope"]));
    assert_eq!(
        seen,
        [
            json!([null, [], null]),
            json!([one, ["Audit"], null]),
            json!([two, ["Audit"], null]),
            json!([null, ["Audit"], null]),
            json!([null, ["Audit"], null]),
            json!([null, ["Deny", "Audit"], one]),
            json!([null, ["Deny", "Audit"], two]),
            json!([null, ["Deny"], null]),
        ]
    );
    let exemption =
        format!("{}/providers/Microsoft.Authorization/policyExemptions/no-keys", account("stone"));
    let exemption = world.get(&exemption).unwrap();
    assert_eq!(at(&exemption, "/properties/expiresOn"), "2027-01-31T00:00:00Z");
    assert_eq!(at(&exemption, "/properties/policyDefinitionReferenceIds"), &json!(["no-shared-key"]));
    assert!(plan.stages.iter().all(|own| matches!(past(&disk, &plan).stage(own), Progress::Done(_))));
    assert_eq!(past(&disk, &plan).approved_by(&plan.stages[5]), Some("Sofia Novak"));

    undo(&client, &disk, &plan).await.unwrap();
    assert_eq!(world.states(&plan), before);
    assert!(plan.stages.iter().all(|own| past(&disk, &plan).stage(own) == Progress::Not));
    // And once more, from the beginning.
    apply_all(&client, &disk, &plan).await.unwrap();
    assert_eq!(at(&world.get(&assignment()).unwrap(), "/properties/overrides/0/value"), "Deny");
}

#[tokio::test(start_paused = true)]
async fn twice_is_once() {
    let world = World::new();
    let plan = planned(&world);
    let (client, came) = world.client(None);
    let disk = Disk::default();
    for stage in 0..plan.stages.len() {
        apply(&client, &disk, &plan, stage).await.unwrap();
        let (states, lines) = (world.states(&plan), disk.kept().len());
        came.lock().unwrap().clear();
        apply(&client, &disk, &plan, stage).await.unwrap();
        let all = came.lock().unwrap().clone();
        assert!(!all.is_empty() && all.iter().all(|own| own.starts_with("GET ")), "{all:?}");
        assert_eq!(world.states(&plan), states);
        // That it ran again is the one thing that is new.
        let kept = disk.kept();
        let more = String::from_utf8_lossy(&kept[lines..]).into_owned();
        assert_eq!((more.lines().count(), more.contains("\"entry\":\"stage\"")), (1, true), "{more}");
    }
    let over = apply(&client, &disk, &plan, 1).await.unwrap_err();
    assert!(matches!(over, Failure::Superseded { .. }), "{over}");
    undo(&client, &disk, &plan).await.unwrap();
    came.lock().unwrap().clear();
    undo(&client, &disk, &plan).await.unwrap();
    assert!(came.lock().unwrap().is_empty(), "there is nothing left to take back");
}

#[tokio::test(start_paused = true)]
async fn what_others_changed_is_left_alone() {
    let world = World::new();
    let plan = planned(&world);
    let (client, came) = world.client(None);
    let disk = Disk::default();
    for stage in 0..2 {
        apply(&client, &disk, &plan, stage).await.unwrap();
    }
    let mut own = world.get(&assignment()).unwrap();
    own["properties"]["notScopes"] = json!([format!("{SUBSCRIPTION}/resourceGroups/rg")]);
    assert_eq!(world.send("PUT", &assignment(), "api-version=2023-04-01", &own).0, 201);
    let states = world.states(&plan);
    came.lock().unwrap().clear();
    let failure = apply(&client, &disk, &plan, 2).await.unwrap_err();
    assert!(
        matches!(&failure, Failure::NotAsPlanned { differences, .. } if differences == &["/properties/notScopes is new"]),
        "{failure}"
    );
    let failure = undo(&client, &disk, &plan).await.unwrap_err();
    let Failure::LeftAlone { left, kept, then: None } = &failure else { panic!("{failure}") };
    assert!(matches!(&left[..], [Failure::ChangedByOthers { .. }]), "{failure}");
    // The initiative and its two definitions: the assignment still uses them.
    assert_eq!(kept.len(), 3, "{failure}");
    assert!(came.lock().unwrap().iter().all(|own| own.starts_with("GET ")));
    assert_eq!(world.states(&plan), states);
}

#[tokio::test(start_paused = true)]
async fn what_others_changed_keeps_nothing_else_in_force() {
    let world = World::new();
    let plan = planned(&world);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    apply_all(&client, &disk, &plan).await.unwrap();
    let path = format!("{}/providers/Microsoft.Authorization/policyExemptions/no-keys", account("stone"));
    let mut own = world.get(&path).unwrap();
    own["properties"]["description"] = "It moves in March.".into();
    assert!(world.send("PUT", &path, "api-version=2022-07-01-preview", &own).0 < 300);
    for _ in 0..2 {
        let failure = undo(&client, &disk, &plan).await.unwrap_err();
        let Failure::LeftAlone { left, kept, then: None } = &failure else { panic!("{failure}") };
        assert!(
            matches!(&left[..], [Failure::ChangedByOthers { path: own, .. }] if *own == path),
            "{failure}"
        );
        assert!(kept.is_empty() && failure.to_string().contains(&path), "{failure}");
        let left: Vec<_> = world.states(&plan).into_iter().filter(|own| own.1.is_some()).collect();
        assert_eq!(left.iter().map(|own| &own.0).collect::<Vec<_>>(), [&path]);
        let begun = plan.stages.iter().filter(|own| past(&disk, &plan).stage(own) != Progress::Not);
        assert_eq!(begun.map(|own| own.phase).collect::<Vec<_>>(), [Phase::Exempt]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_left_alone_is_told_when_a_refusal_ends_it() {
    let world = World::new();
    let mut plan = planned(&world);
    let exempt = plan.stages.iter().position(|own| own.phase == Phase::Exempt).unwrap();
    plan.stages[exempt].steps[0].undo = Undo::Impossible("it is for good".to_owned());
    let (client, _) = world.client(None);
    let disk = Disk::default();
    for stage in 0..=exempt {
        apply(&client, &disk, &plan, stage).await.unwrap();
    }
    // The exemption and the assignment are looked at, then the assignment is written.
    let (refused, _) = world.client(Some((2, Fault::Refused)));
    let failure = undo(&refused, &disk, &plan).await.unwrap_err();
    let Failure::LeftAlone { left, then: Some(then), .. } = &failure else { panic!("{failure}") };
    assert!(
        matches!((&left[..], &**then), ([Failure::NoWayBack { .. }], Failure::Refused { .. })),
        "{failure}"
    );
    assert!(failure.to_string().contains("policyAssignments/write"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_back_stays_with_what_it_uses() {
    let world = World::new();
    let mut plan = planned(&world);
    plan.stages[7].steps[0].undo = Undo::Impossible("it is for good".to_owned());
    let (client, _) = world.client(None);
    let disk = Disk::default();
    apply_all(&client, &disk, &plan).await.unwrap();
    let failure = undo(&client, &disk, &plan).await.unwrap_err();
    let Failure::LeftAlone { left, then: None, .. } = &failure else { panic!("{failure}") };
    assert!(matches!(&left[..], [Failure::NoWayBack { .. }]), "{failure}");
    assert!(failure.to_string().contains("it is for good"), "{failure}");
    assert_eq!(at(&world.get(&assignment()).unwrap(), "/properties/overrides/0/value"), "Deny");
    // The exemption is nothing that the assignment needs.
    let gone: Vec<_> = world.states(&plan).into_iter().filter(|own| own.1.is_none()).collect();
    assert!(gone.len() == 1 && gone[0].0.contains("policyExemptions"), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn what_others_made_after_a_refusal_is_theirs() {
    let world = World::new();
    let plan = planned(&world);
    let disk = Disk::default();
    let step = &plan.stages[0].steps[0];
    let (client, _) = world.client(Some((1, Fault::Refused)));
    let failure = apply(&client, &disk, &plan, 0).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused { .. }), "{failure}");
    assert_eq!(past(&disk, &plan).step(&step.id), StepState::Not);
    // Journals from before there was a word for it say less.
    let older = String::from_utf8(disk.kept()).unwrap().replace("\"refused\"", "\"unchanged\"");
    let older = Journal::over(Box::new(Disk::default()), older.as_bytes(), &plan.id).unwrap();
    assert_eq!(older.past().step(&step.id), StepState::Begun(Doing::Apply));

    let first = &step.request;
    assert_eq!(world.send("PUT", &first.path, "api-version=2023-04-01", first.body.as_ref().unwrap()).0, 201);
    let (client, _) = world.client(None);
    apply(&client, &disk, &plan, 0).await.unwrap();
    assert_eq!(past(&disk, &plan).step(&step.id), StepState::Done(How::FoundSo));
    undo(&client, &disk, &plan).await.unwrap();
    let left: Vec<_> = world.states(&plan).into_iter().filter(|own| own.1.is_some()).collect();
    assert_eq!(left.iter().map(|own| &own.0).collect::<Vec<_>>(), [&first.path]);
}

#[tokio::test(start_paused = true)]
async fn what_azure_refused_to_take_back_is_still_made() {
    let world = World::new();
    let plan = planned(&world);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    apply(&client, &disk, &plan, 0).await.unwrap();
    let last = plan.stages[0].steps.last().unwrap();
    let (refused, _) = world.client(Some((1, Fault::Refused)));
    let failure = undo(&refused, &disk, &plan).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused { .. }), "{failure}");
    assert_eq!(past(&disk, &plan).step(&last.id), StepState::Done(How::Made));
    apply(&client, &disk, &plan, 0).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_does_not_show_at_once_is_taken_back_all_the_same() {
    let world = World::new();
    let plan = planned(&world);
    let before = world.states(&plan);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    apply(&client, &disk, &plan, 0).await.unwrap();
    let (behind, came) = world.client(Some((0, Fault::Behind)));
    undo(&behind, &disk, &plan).await.unwrap();
    assert!(came.lock().unwrap()[..3].iter().all(|own| own.starts_with("GET ")));
    assert_eq!(world.states(&plan), before);

    // What somebody else removed is gone however long one looks.
    apply(&client, &disk, &plan, 0).await.unwrap();
    let last = plan.stages[0].steps.last().unwrap();
    assert_eq!(world.send("DELETE", &last.request.path, "api-version=2023-04-01", &Value::Null).0, 200);
    undo(&client, &disk, &plan).await.unwrap();
    assert_eq!(world.states(&plan), before);
}

#[tokio::test(start_paused = true)]
async fn what_was_there_already_stays_when_the_rest_is_taken_back() {
    let world = World::new();
    let plan = planned(&world);
    // Somebody laid one definition ready by hand, after the plan was made.
    let first = &plan.stages[0].steps[0].request;
    assert_eq!(world.send("PUT", &first.path, "api-version=2023-04-01", first.body.as_ref().unwrap()).0, 201);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    apply(&client, &disk, &plan, 0).await.unwrap();
    assert_eq!(past(&disk, &plan).step(&plan.stages[0].steps[0].id), StepState::Done(How::FoundSo));
    undo(&client, &disk, &plan).await.unwrap();
    let left: BTreeMap<_, _> = world.states(&plan).into_iter().filter(|own| own.1.is_some()).collect();
    assert_eq!(left.keys().collect::<Vec<_>>(), [&first.path]);
}

#[tokio::test(start_paused = true)]
async fn a_later_plan_goes_on_where_the_tenant_is() {
    let world = World::new();
    let plan = planned(&world);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    for stage in 0..3 {
        apply(&client, &disk, &plan, stage).await.unwrap();
    }
    let mut again = wish(rings());
    again.parent = Some(plan.id.clone());
    let again = dekey_plan::rollout::plan(&again, &|id| world.get(id)).unwrap();
    let standings: Vec<bool> = again.stages.iter().map(|own| own.standing == Standing::ToDo).collect();
    assert_eq!(standings, [false, false, false, true, true, true, true, true]);
    assert!(matches!(again.stages[1].standing, Standing::Already(Some(_))));
    assert!(matches!(again.stages[3].steps[0].before, Before::Present(_)));
    assert_eq!(dekey_plan::lint::check(&again), Vec::new());
    let words = dekey_plan::diff(&plan, &again).join("\n");
    assert!(words.contains("stage `audit-first`: to be done → so already"), "{words}");
    let other = Disk::default();
    for stage in 3..again.stages.len() {
        apply(&client, &other, &again, stage).await.unwrap();
    }
    // Taking it back leads to where it began: the second ring audited.
    undo(&client, &other, &again).await.unwrap();
    let own = world.get(&assignment()).unwrap();
    assert_eq!(
        at(&own, "/properties/resourceSelectors/0/selectors/0/in"),
        &json!(["northeurope", "westeurope"])
    );
    undo(&client, &disk, &plan).await.unwrap();
    assert_eq!(world.get(&assignment()), None);
}

#[tokio::test(start_paused = true)]
async fn what_holds_a_secret_reaches_no_journal() {
    let world = World::new();
    let plan = planned(&world);
    let (client, _) = world.client(None);
    let disk = Disk::default();
    for stage in 0..2 {
        apply(&client, &disk, &plan, stage).await.unwrap();
    }
    // An assignment of somebody's in the very place, with a key where none belongs.
    let key = ["AccountKey=", &"k".repeat(86), "=="].concat();
    let text = format!("DefaultEndpointsProtocol=https;AccountName=st;{key}");
    let mut own = world.get(&assignment()).unwrap();
    own["properties"]["description"] = text.into();
    world.send("PUT", &assignment(), "api-version=2023-04-01", &own);
    // No plan is made that would write over it. One that was made for exactly that does not send it either.
    let refused = dekey_plan::rollout::plan(&wish(rings()), &|id| world.get(id)).unwrap_err();
    assert!(refused.to_string().contains("choose another --name"), "{refused}");
    let mut again = plan.clone();
    again.stages = again.stages.split_off(2);
    again.stages.truncate(1);
    let there = dekey_plan::state::of(&assignment(), &[], &world.get(&assignment()).unwrap());
    again.stages[0].steps[0].before = Before::Present(there);
    let again = again.sealed();
    let other = Disk::default();
    let failure = apply(&client, &other, &again, 0).await.unwrap_err();
    assert!(matches!(failure, Failure::HoldsSecret { .. }), "{failure}");
    assert!(!String::from_utf8(other.kept()).unwrap().contains("kkkk"));
}

#[test]
fn a_journal_is_of_one_plan_and_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.journal.jsonl");
    let first = Journal::open(&path, "sha256:1").unwrap();
    assert!(matches!(Journal::open(&path, "sha256:1"), Err(JournalError::Locked(_))));
    drop(first);
    assert!(matches!(Journal::open(&path, "sha256:2"), Err(JournalError::OtherPlan { .. })));
    let text = std::fs::read_to_string(&path).unwrap();
    // What a crash cut short is cut off; what somebody broke is told.
    std::fs::write(&path, format!("{text}{{\"entry\":\"int")).unwrap();
    let kept = Journal::open(&path, "sha256:1").unwrap();
    assert!(matches!(kept.past().entries[..], [Entry::Opened { .. }]));
    drop(kept);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    std::fs::write(&path, format!("{text}nonsense\n")).unwrap();
    let Err(error) = Journal::open(&path, "sha256:1") else { panic!("it is broken") };
    assert!(error.to_string().contains("line 2 of the journal"), "{error}");
}
