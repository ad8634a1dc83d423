//! Microsoft Graph: who there is, and who is gone.

use crate::{World, code, json};
use dekey_sim::Options;
use serde_json::{Value, json};

fn world(options: Options) -> World {
    let mut world = World::filled(options, |azure| {
        azure.seed_workspaces(3, 60);
    });
    world.token = world.sign_in("https://graph.microsoft.com");
    world
}

fn all(world: &mut World, url: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut next) = (Vec::new(), 0, Some(url.to_owned()));
    while let Some(url) = next {
        let (status, page) = world.get(&url);
        assert_eq!(status, 200, "{url}: {page}");
        items.extend(page["value"].as_array().unwrap().iter().cloned());
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
        pages += 1;
    }
    (items, pages)
}

#[test]
fn every_managed_identity_has_a_service_principal() {
    let mut world = world(Options::new(1));
    let filter = "$filter=servicePrincipalType%20eq%20'ManagedIdentity'";
    let (found, pages) = all(&mut world, &format!("/v1.0/servicePrincipals?{filter}&$top=10&$count=true"));
    assert!(pages > 3);
    let is_explicit = |own: &Value| own["alternativeNames"][0] == "isExplicit=True";
    assert!(found.iter().any(is_explicit) && found.iter().any(|own| !is_explicit(own)));
    let graph = std::mem::take(&mut world.token);
    world.token = world.sign_in("https://management.azure.com");
    let workspaces = world.workspaces();
    world.token = graph;
    for own in workspaces.iter().filter(|own| own.pointer("/identity/principalId").is_some()) {
        let principal = own["identity"]["principalId"].as_str().unwrap();
        let (status, body) =
            world.get(&format!("/v1.0/servicePrincipals/{principal}?$select=alternativeNames"));
        assert_eq!((status, &body["alternativeNames"][1]), (200, &own["id"]));
        assert!(body.get("appId").is_none());
    }
    let id = workspaces[0]["id"].as_str().unwrap();
    let (found, _) =
        all(&mut world, &format!("/v1.0/servicePrincipals?$filter=alternativeNames/any(x:x%20eq%20'{id}')"));
    assert!(found.len() <= 1);
}

#[test]
fn who_is_gone_is_absent() {
    let mut world = world(Options::new(1));
    let (some, _) = all(&mut world, "/v1.0/servicePrincipals?$top=2");
    let known = some[0]["id"].as_str().unwrap();
    let body = json!({ "ids": [known, "00000000-0000-4000-8000-00000000dead"], "types": ["user", "group", "servicePrincipal"] });
    let answer = json(&world.ask("POST", "/v1.0/directoryObjects/getByIds", &body.to_string()));
    assert_eq!(answer["value"].as_array().unwrap().len(), 1);
    assert_eq!(answer["value"][0]["@odata.type"], "#microsoft.graph.servicePrincipal");
    let none = json!({ "ids": [known], "types": ["user"] });
    assert_eq!(
        json(&world.ask("POST", "/v1.0/directoryObjects/getByIds", &none.to_string()))["value"],
        json!([])
    );
    let many = json!({ "ids": vec!["x"; 1001] });
    assert_eq!(world.ask("POST", "/v1.0/directoryObjects/getByIds", &many.to_string()).status, 400);
    let (status, body) = world.get("/v1.0/servicePrincipals/nobody");
    assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
}

#[test]
fn applications_show_when_credentials_end_and_never_what_they_are() {
    let options = Options::new(1);
    let (caller, _) = options.callers[0].clone();
    let mut world = world(options);
    let (found, _) = all(&mut world, &format!("/v1.0/applications?$filter=appId%20eq%20'{}'", caller.app_id));
    assert_eq!(found.len(), 1);
    assert!(found[0]["passwordCredentials"][0]["endDateTime"].is_string());
    assert!(!found[0].to_string().contains(&caller.secret));
    let (status, own) = world.get(&format!("/v1.0/servicePrincipals(appId='{}')", caller.app_id));
    assert_eq!((status, own["id"].as_str()), (200, Some(caller.object_id.as_str())));
}

#[test]
fn without_a_permission_a_set_is_refused() {
    let mut world = world(Options { graph: vec!["GroupMember.Read.All".to_owned()], ..Options::new(1) });
    let (status, body) = world.get("/v1.0/servicePrincipals");
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    assert_eq!(world.get("/v1.0/groups").0, 200);
    world.token = world.sign_in("https://management.azure.com");
    assert_eq!(world.get("/v1.0/groups").0, 401);
}

#[test]
fn what_is_not_understood_is_refused() {
    let mut world = world(Options::new(1));
    for url in [
        "/v1.0/groups?$filter=nonsense",
        "/v1.0/groups?$top=1000",
        "/v1.0/groups?$skiptoken=x",
        "/v1.0/nothing",
    ] {
        assert_eq!(world.get(url).0, 400, "{url}");
    }
}

#[test]
fn who_is_in_a_group_has_its_roles() {
    let options = Options::with_roles(1, &[]);
    let (caller, _) = options.callers[0].clone();
    let mut world = World::filled(options, |azure| {
        azure.seed_workspaces(1, 2);
        let group = json!({ "id": "/providers/Microsoft.Graph/groups/g-1", "properties": { "displayName": "readers", "members": [caller.object_id] } });
        assert!(azure.seed(group));
        let outer = json!({ "id": "/providers/Microsoft.Graph/groups/g-2", "properties": { "displayName": "all", "members": ["g-1"] } });
        assert!(azure.seed(outer));
        assert!(azure.seed(json!({ "id": "/providers/Microsoft.Authorization/roleAssignments/r", "properties": {
            "principalId": "g-2", "principalType": "Group", "scope": "/",
            "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7" } })));
    });
    assert_eq!(world.workspaces().len(), 2);
    world.token = world.sign_in("https://graph.microsoft.com");
    let (groups, _) =
        all(&mut world, &format!("/v1.0/servicePrincipals/{}/transitiveMemberOf", caller.object_id));
    let names: Vec<&Value> = groups.iter().map(|own| &own["displayName"]).collect();
    assert_eq!(names, ["readers", "all"]);
    assert!(groups[0].get("members").is_none());
    let of = format!("/v1.0/servicePrincipals/{}/memberOf", caller.object_id);
    assert_eq!(all(&mut world, &of).0.len(), 1);
    assert_eq!(all(&mut world, "/v1.0/groups/g-1/transitiveMembers").0.len(), 1);
    assert_eq!(all(&mut world, "/v1.0/groups/g-2/members").0.len(), 1);
    assert_eq!(all(&mut world, "/v1.0/groups/g-2/transitiveMembers").0.len(), 2);
    world.token = world.sign_in("https://management.azure.com");
    let url = format!(
        "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=assignedTo('{}')",
        caller.object_id
    );
    assert_eq!(world.get(&url).1["value"][0]["properties"]["principalId"], "g-2");
}
