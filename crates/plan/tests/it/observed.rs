//! What an inventory says about a roll-out.

use crate::{SUBSCRIPTION, at, definition, locations, target, wish};
use dekey_guard::Estate;
use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Field, Inventory};
use dekey_plan::observe::{Observed, Question, bound, observe, outcome};
use dekey_plan::rollout::plan;
use dekey_policy::{Aliases, Knowledge, Semantics, Unlisted};
use serde_json::{Value, json};

fn account(name: &str, location: &str, keys: bool) -> Value {
    json!({ "id": format!("{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}"), "name": name,
        "type": "Microsoft.Storage/storageAccounts", "location": location, "tags": { "owner": "mara" },
        "properties": { "allowSharedKeyAccess": keys } })
}

fn inventory(documents: &[Value]) -> Inventory {
    let mut builder = Builder::new();
    for (at, own) in documents.iter().enumerate() {
        read_into(&mut builder, &format!("{at}.json"), &mut own.to_string().as_bytes(), Keep::Raw).unwrap();
    }
    builder.finish()
}

fn observed(documents: &[Value]) -> Observed {
    let inventory = inventory(documents);
    let mut estate = Estate::of(&inventory);
    let plan = plan(&wish(target(&[definition("a", &["Audit", "Deny"])]), locations()), &|_| None).unwrap();
    let (assignments, ready) = outcome(&plan, &|_| None);
    for own in ready {
        estate.add(&own, "").unwrap();
    }
    let knowledge = Knowledge {
        aliases: std::sync::Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::default(),
    };
    let question = Question::of(&plan, &assignments, at("2026-11-23T08:00:00Z"));
    observe(&estate, &knowledge, &question, &|own| {
        own.pairs(Field::Tags).value()?.first().map(|own| own.1.to_owned())
    })
}

fn event(name: &str, operation: &str, status: &str) -> Value {
    json!({ "eventTimestamp": "2026-11-22T08:00:00Z", "operationName": { "value": operation }, "status": { "value": status }, "caller": "mara",
        "resourceId": format!("{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}"), "eventDataId": format!("{name}{operation}{status}") })
}

#[test]
fn rings_have_facts_of_their_own() {
    let all = [
        account("one", "North Europe", true),
        account("two", "westeurope", false),
        account("three", "uksouth", true),
    ];
    let own = observed(&all);
    assert_eq!(own.problems, Vec::<String>::new());
    let rates: Vec<(u64, u64, u64)> =
        own.rings.iter().map(|own| (own.compliant, own.non_compliant, own.rate())).collect();
    assert_eq!(rates, [(0, 1, 0), (1, 0, 1000), (0, 1, 0)]);
    assert!(own.rings[0].refusals[0].resource.ends_with("/one") && own.beyond == 0);
    assert_eq!(own.locations.get("northeurope"), Some(&1));
    assert!(matches!(&own.rings[0].writes, Some(Err(why)) if why.0.contains("activity log")));
}

#[test]
fn the_activity_log_says_what_is_written_and_refused() {
    let all = [
        account("one", "northeurope", true),
        event("one", "Microsoft.Storage/storageAccounts/write", "Succeeded"),
        event("one", "Microsoft.Storage/storageAccounts/write", "Started"),
        event("one", "Microsoft.Storage/storageAccounts/write", "Failed"),
        event("one", "Microsoft.Storage/storageAccounts/listKeys/action", "Succeeded"),
        event("two", "Microsoft.Authorization/policies/deny/action", "Failed"),
    ];
    let own = observed(&[json!(all.to_vec())]);
    let facts = &own.rings[0];
    assert_eq!(facts.writes.as_ref().unwrap().as_ref().unwrap().len(), 1);
    assert_eq!(facts.denials.as_ref().unwrap().as_ref().unwrap().len(), 1);
}

#[test]
fn the_same_tenant_has_the_same_hash_whenever_it_was_read() {
    let (one, two) = (account("one", "northeurope", true), account("two", "westeurope", false));
    let with = |value: &Value, time: &str| {
        let mut value = value.clone();
        value["dekey"] = json!({ "readAt": time });
        value
    };
    let first = bound(&inventory(&[with(&one, "2026-11-20T00:00:00Z"), with(&two, "2026-11-21T00:00:00Z")]));
    let again = bound(&inventory(&[with(&two, "2026-11-22T00:00:00Z"), with(&one, "2026-11-22T00:00:00Z")]));
    assert_eq!(first.hash, again.hash);
    assert_eq!(first.read_at, Some(at("2026-11-20T00:00:00Z")));
    let other = bound(&inventory(&[one.clone(), account("two", "westeurope", true)]));
    assert_ne!(first.hash, other.hash);
    assert_eq!(other.read_at, None, "nobody said when");
    // What was logged meanwhile is no change of the tenant.
    let logged = bound(&inventory(&[
        one,
        two,
        json!([event("one", "Microsoft.Storage/storageAccounts/write", "Succeeded")]),
    ]));
    assert_eq!(logged.hash, first.hash);
}
