//! Resource Graph: pages, formats, scopes, refusals.

use crate::{World, code};
use dekey_sim::{Azure, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};

const URL: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";

fn query(world: &mut World, query: &str, options: &Value) -> (u16, Value) {
    let answer = world.ask("POST", URL, &json!({ "query": query, "options": options }).to_string());
    (answer.status, crate::json(&answer))
}

fn ids(world: &mut World, text: &str, top: usize) -> (Vec<String>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    let mut token = Value::Null;
    loop {
        let (status, page) = query(world, text, &json!({ "$top": top, "$skipToken": token }));
        assert_eq!(status, 200, "{page}");
        let data = page["data"].as_array().unwrap();
        assert_eq!(page["count"], data.len());
        all.extend(data.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        pages += 1;
        token = page["$skipToken"].clone();
        if token.is_null() {
            assert_eq!(page["totalRecords"], all.len());
            return (all, pages);
        }
    }
}

fn generated(azure: &mut Azure) {
    azure.seed_workspaces(3, 120);
}

#[test]
fn pages_are_whole_whether_rows_stream_or_not() {
    let mut world = World::filled(Options::new(1), generated);
    let of_type = "resources | where type in~ ('microsoft.machinelearningservices/workspaces', 'microsoft.storage/storageaccounts')";
    let (streamed, pages) = ids(&mut world, &format!("{of_type} | order by id asc"), 50);
    assert!(pages > 3);
    let mut sorted = streamed.clone();
    sorted.sort_by_key(|id| id.to_ascii_lowercase());
    sorted.dedup();
    assert_eq!(streamed, sorted);
    let (mut whole, _) = ids(&mut world, &format!("{of_type} | order by name asc"), 50);
    whole.sort_by_key(|id| id.to_ascii_lowercase());
    assert_eq!(whole, streamed);
    let (none, _) = ids(&mut world, &format!("{of_type} | where name == 'none' | project id"), 50);
    assert!(none.is_empty());
    let (some, _) = ids(&mut world, &format!("{of_type} | where name endswith '7' | project id"), 3);
    assert_eq!(some.len(), streamed.iter().filter(|id| id.ends_with('7')).count());
}

#[test]
fn a_page_goes_on_only_where_ids_are_shown_and_nothing_is_limited() {
    let mut world = World::filled(Options::new(1), generated);
    let types = "resources | where type =~ 'microsoft.machinelearningservices/workspaces'";
    for (text, token, truncated) in [
        (format!("{types} | project id"), true, "false"),
        (format!("{types} | project name"), false, "true"),
        (format!("{types} | take 30"), false, "true"),
        (format!("{types} | take 5"), false, "false"),
    ] {
        let (_, page) = query(&mut world, &text, &json!({ "$top": 10 }));
        assert_eq!(
            (page["$skipToken"].is_string(), &page["resultTruncated"]),
            (token, &json!(truncated)),
            "{text}"
        );
    }
    let (_, page) = query(&mut world, types, &json!({}));
    assert_eq!((page["count"].as_u64(), page["totalRecords"].as_u64()), (Some(100), Some(120)));
}

#[test]
fn a_table_has_columns_and_types() {
    let mut world = World::contoso();
    let text = "resources | summarize n = count() by type | order by type asc";
    let (_, page) = query(&mut world, text, &json!({ "resultFormat": "table" }));
    let columns = json!([{ "name": "type", "type": "string" }, { "name": "n", "type": "integer" }]);
    assert_eq!(page["data"]["columns"], columns);
    let workspaces = world.workspaces().len();
    let rows = page["data"]["rows"].as_array().unwrap().clone();
    assert!(rows.contains(&json!(["microsoft.machinelearningservices/workspaces", workspaces])), "{rows:?}");
}

#[test]
fn what_resource_graph_does_not_hold_is_not_in_it() {
    let mut world = World::contoso();
    let (_, page) = query(
        &mut world,
        "resources | where type endswith '/datastores' or type endswith '/computes' | count",
        &json!({}),
    );
    assert_eq!(page["data"], json!([{ "Count": 0 }]));
    let (_, page) =
        query(&mut world, "resourcecontainers | summarize count() by type | order by type asc", &json!({}));
    let kinds: Vec<&str> =
        page["data"].as_array().unwrap().iter().map(|own| own["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "microsoft.management/managementgroups",
            "microsoft.resources/subscriptions",
            "microsoft.resources/subscriptions/resourcegroups"
        ]
    );
    let join = "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'
        | extend role = tolower(tostring(split(tostring(properties.roleDefinitionId), '/')[-1]))
        | join kind=inner (authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'
            | project role = tolower(name), roleName = tostring(properties.roleName)) on role
        | where roleName =~ 'Storage Blob Data Contributor' | project id, roleName";
    let (status, page) = query(&mut world, join, &json!({ "$top": 1000 }));
    assert_eq!(status, 200, "{page}");
    assert!(page["count"].as_u64().unwrap() > 0);
}

#[test]
fn a_caller_sees_what_the_caller_may_read() {
    let mut all = World::contoso();
    let workspaces = all.workspaces();
    let group = workspaces[0]["id"].as_str().unwrap().split("/providers/").next().unwrap().to_owned();
    let expected =
        workspaces.iter().filter(|own| own["id"].as_str().unwrap().starts_with(&format!("{group}/"))).count();
    let mut world = World::with_roles(&[("Reader", &group)]);
    let (found, _) =
        ids(&mut world, "resources | where type =~ 'microsoft.machinelearningservices/workspaces'", 1000);
    assert_eq!(found.len(), expected);
    let other = World::contoso().subscriptions().pop().unwrap();
    let body = json!({ "subscriptions": [other.rsplit('/').next().unwrap()], "query": "resources | project id, subscriptionId" });
    let answer = all.ask("POST", URL, &body.to_string());
    let page = crate::json(&answer);
    assert!(page["count"].as_u64().unwrap() > 0);
    assert!(
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|own| other.ends_with(own["subscriptionId"].as_str().unwrap()))
    );
}

#[test]
fn what_is_not_understood_is_refused_as_azure_does() {
    let mut world = World::contoso();
    let (status, body) = query(&mut world, "resources\n| parse id with * '/x'", &json!({}));
    assert_eq!((status, code(&body)), (400, "BadRequest"));
    assert_eq!(body["error"]["details"][0]["code"], "InvalidQuery");
    assert_eq!(body["error"]["details"][1]["code"], "InvalidQueryLanguage");
    assert_eq!(body["error"]["details"][1]["token"], "parse");
    assert_eq!(body["error"]["details"][1]["line"], 2);
    for options in [json!({ "$top": 1001 }), json!({ "$top": 0 }), json!({ "$skipToken": "x" })] {
        assert_eq!(query(&mut world, "resources", &options).0, 400, "{options}");
    }
    assert_eq!(world.ask("POST", URL, "{").status, 400);
    assert_eq!(world.ask("POST", URL, "{}").status, 400);
}

#[test]
fn resource_graph_lags_only_when_it_is_told_to() {
    let options = Options { graph_lag: SignedDuration::from_mins(2), ..Options::new(7) };
    let mut world = World::filled(options, generated);
    let (before, _) =
        ids(&mut world, "resources | where type =~ 'microsoft.machinelearningservices/workspaces'", 1000);
    assert_eq!(before.len(), 120);
}

#[test]
fn what_changed_is_told_for_fourteen_days_to_who_may_read_it() {
    let mut world = World::contoso();
    let (accounts, _) =
        ids(&mut world, "resources | where type =~ 'Microsoft.Storage/storageAccounts'", 1000);
    let account = accounts[0].clone();
    let all = "resourcechanges | extend at = todatetime(properties.changeAttributes.timestamp) \
               | where at >= datetime('2026-11-23T08:00:00Z') and tostring(properties.targetResourceType) in~ \
               ('microsoft.storage/storageaccounts') | project id, properties | order by id asc";
    assert_eq!(query(&mut world, all, &json!({})).1["count"], 0);
    let url = format!("{account}?api-version=2023-01-01");
    let patch = json!({ "tags": { "team": "ml" } }).to_string();
    assert_eq!(world.ask("PATCH", &url, &patch).status, 200);
    assert_eq!(world.ask("PATCH", &url, &patch).status, 200, "nothing new");
    assert_eq!(world.ask("DELETE", &format!("{}?api-version=2023-01-01", accounts[1]), "").status, 200);
    let (_, page) = query(&mut world, all, &json!({}));
    let mut told: Vec<_> = page["data"].as_array().unwrap().iter().map(|row| &row["properties"]).collect();
    told.sort_by_key(|own| own["changeType"].as_str().unwrap().to_owned());
    assert_eq!(told.len(), 2, "{page}");
    assert_eq!(told[0]["changeType"], "Delete");
    assert_eq!(told[1]["targetResourceId"], account.as_str());
    assert_eq!(told[1]["changes"]["tags.team"]["newValue"], "ml");
    assert_eq!(told[1]["changeAttributes"]["operation"], "Microsoft.Storage/storageAccounts/write");
    world.now += SignedDuration::from_hours(15 * 24);
    world.token = world.sign_in("https://management.azure.com");
    assert_eq!(query(&mut world, all, &json!({})).1["count"], 0);
}

#[test]
fn changes_lag_as_resources_do() {
    let mut options = Options::new(1);
    options.graph_lag = SignedDuration::from_mins(5);
    let mut world = World::filled(options, generated);
    let (accounts, _) =
        ids(&mut world, "resources | where type =~ 'Microsoft.Storage/storageAccounts'", 1000);
    let url = format!("{}?api-version=2023-01-01", accounts[0]);
    assert_eq!(world.ask("PATCH", &url, "{\"tags\":{\"a\":\"b\"}}").status, 200);
    let count =
        |world: &mut World| query(world, "resourcechanges | project id", &json!({})).1["count"].clone();
    assert_eq!(count(&mut world), 0);
    world.now += SignedDuration::from_mins(5);
    assert_eq!(count(&mut world), 1);
}
