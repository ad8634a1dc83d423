//! Plans that nothing comes in between of.

use crate::{Disk, SUBSCRIPTION, World, account, apply, apply_all, past, planned, rings, undo, wish};
use dekey_execute::{Entry, Failure, How, Journal, JournalError, Progress, StepState};
use dekey_plan::{Before, Phase, Standing};
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
    assert!(matches!(&failure, Failure::ChangedByOthers { .. }), "{failure}");
    assert!(failure.to_string().contains("nothing was sent"));
    assert!(came.lock().unwrap().iter().all(|own| own.starts_with("GET ")));
    assert_eq!(world.states(&plan), states);
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
    // A plan that was made for exactly that.
    let again = dekey_plan::rollout::plan(&wish(rings()), &|id| world.get(id)).unwrap();
    let stage =
        again.stages.iter().position(|own| own.phase == Phase::Audit && !own.steps.is_empty()).unwrap();
    let other = Disk::default();
    let failure = apply(&client, &other, &again, stage).await.unwrap_err();
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
