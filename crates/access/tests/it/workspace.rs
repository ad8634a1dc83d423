//! Whole workspaces.

use crate::{ACR_PUSH, BLOB_CONTRIBUTOR, CONTRIBUTOR, SECRETS_OFFICER, access, engine, grant, tenant};
use dekey_access::{Acting, ActorAccess, DependentAccess, Role, Usage, WorkspaceAccess};
use dekey_model::{ArmId, Gap, Inventory, Kind};
use dekey_rbac::{Use, catalogue};

/// A dependent by its name.
fn of<'b>(actor: &'b ActorAccess<'_>, name: &str) -> &'b DependentAccess {
    let found = actor.judged().find(|(own, _)| ArmId(&own.target.id).name() == name);
    found.unwrap_or_else(|| panic!("{name} is no dependent")).1
}

fn missing(own: &DependentAccess) -> Vec<Use> {
    let mut uses: Vec<Use> = own.missing().map(|held| held.need.purpose).collect();
    uses.dedup();
    uses
}

fn beyond(own: &DependentAccess) -> Vec<String> {
    let actions = catalogue::actions();
    own.excess.beyond.iter().map(|ix| actions.get(ix).unwrap().name().to_owned()).collect()
}

fn default(inventory: &Inventory) -> WorkspaceAccess<'_> {
    access(inventory, &Usage::default())
}

#[test]
fn what_is_needed_is_missing_until_it_is_granted() {
    let bare = tenant("");
    let all = default(&bare);
    let [own] = &all.actors[..] else { panic!("{}", all.actors.len()) };
    assert_eq!(own.actor.unread, []);
    let expected = [
        ("own", Role::Storage, vec![Use::WriteBlobs, Use::WriteFiles]),
        ("own", Role::Registry, vec![Use::PushImages]),
        ("own", Role::Vault, vec![Use::KeepSecrets]),
        ("own", Role::Insights, vec![]),
    ];
    let found: Vec<_> = own
        .judged()
        .map(|(to, judged)| (ArmId(&to.target.id).name(), to.parts[0].role.clone(), missing(judged)))
        .collect();
    assert_eq!(found, expected);

    let grants = [
        grant("a", "st/own", "p-w", BLOB_CONTRIBUTOR),
        grant("b", "kv/own", "p-w", SECRETS_OFFICER),
        grant("c", "acr/own", "p-w", ACR_PUSH),
    ];
    let granted = tenant(&grants.concat());
    let all = default(&granted);
    let found: Vec<_> = all.actors[0].dependents.iter().map(missing).collect();
    assert_eq!(found, [vec![Use::WriteFiles], vec![], vec![], vec![]]);
    let [storage, registry, vault, insights] = &all.actors[0].dependents[..] else { panic!() };
    assert_eq!(beyond(registry), Vec::<String>::new());
    assert!(beyond(storage).iter().any(|own| own.ends_with("/generateUserDelegationKey/action")));
    assert!(vault.met().count() == 4 && beyond(vault).iter().any(|own| own.ends_with("/purge/action")));
    assert!(insights.held.is_empty() && beyond(insights).is_empty());
}

#[test]
fn a_wide_role_is_excess_at_each_dependent() {
    let wide = tenant(&grant("a", "rg", "p-w", CONTRIBUTOR));
    let all = default(&wide);
    for own in &all.actors[0].dependents {
        assert!(!own.excess.beyond.is_empty(), "{}", own.excess.scope);
    }
    assert!(beyond(&all.actors[0].dependents[0]).iter().any(|own| own.ends_with("/listKeys/action")));
    assert_eq!(missing(&all.actors[0].dependents[1]), [], "push and pull are of the control plane");
}

#[test]
fn datastores_are_read_unless_somebody_says_that_they_are_written() {
    let more = "
- id: ws/w/datastores/claims
  properties: { datastoreType: AzureBlob, accountName: lake, credentials: { credentialsType: AccountKey } }
- id: ws/w/datastores/mine
  properties: { datastoreType: AzureDataLakeGen2, accountName: lake, credentials: { credentialsType: None }, serviceDataAccessAuthIdentity: None }
- id: ws/w/datastores/share
  properties: { datastoreType: AzureFile, accountName: lake, credentials: { credentialsType: AccountKey } }
- id: ws/w/datastores/far
  properties: { datastoreType: AzureBlob, accountName: far, subscriptionId: s2, resourceGroup: rg2, credentials: { credentialsType: None }, serviceDataAccessAuthIdentity: WorkspaceSystemAssignedIdentity }
- id: ws/w/datastores/workspaceblobstore
  properties: { datastoreType: AzureBlob, accountName: own, credentials: { credentialsType: None } }
";
    let own = tenant(more);
    let all = default(&own);
    let actor = &all.actors[0];
    assert_eq!(
        (missing(of(actor, "lake")), missing(of(actor, "far"))),
        (vec![Use::ReadBlobs], vec![Use::ReadBlobs])
    );
    let lake = &actor.judged().find(|(own, _)| own.target.id.ends_with("/lake")).unwrap().0.parts;
    assert_eq!(lake.len(), 1, "what the caller reads and what only keys open are none of the workspace's");
    assert_eq!((&lake[0].role, lake[0].by_key), (&Role::Datastore("claims".to_owned()), Some(true)));
    let names: Vec<_> = actor.judged().map(|(to, _)| ArmId(&to.target.id).name()).collect();
    assert_eq!(names, ["own", "own", "own", "own", "lake", "far"]);

    let usage = Usage { writes: vec!["CLAIMS".to_owned()] };
    let all = access(&own, &usage);
    assert_eq!(missing(of(&all.actors[0], "lake")), [Use::WriteBlobs]);
}

#[test]
fn everything_runs_as_its_own_identity() {
    let more = "
- id: id/u
  properties: { principalId: p-u }
- id: ws/w/computes/cluster
  identity: { type: UserAssigned, userAssignedIdentities: { id/u: {} } }
  properties: { computeType: AmlCompute }
- id: ws/w/computes/attached
  properties: { computeType: VirtualMachine }
- id: ws/w/computes/bare
  properties: { computeType: ComputeInstance }
- id: ws/w/onlineEndpoints/e
  identity: { type: SystemAssigned, principalId: p-e }
  properties: { authMode: AADToken }
- id: ws/w/datastores/mine
  properties: { datastoreType: AzureBlob, accountName: lake, credentials: { credentialsType: None }, serviceDataAccessAuthIdentity: None }
";
    let own = tenant(more);
    let all = default(&own);
    let names: Vec<_> =
        all.actors.iter().map(|own| (own.actor.resource.name(), own.actor.acting.principal())).collect();
    assert_eq!(names, [("w", Some("p-w")), ("bare", None), ("cluster", Some("p-u")), ("e", Some("p-e"))]);
    assert_eq!(all.actors[1].actor.acting, Acting::Nobody);
    assert!(all.actors[1].dependents.is_empty() && !all.actors[1].actor.dependents.is_empty());
    let uses = |at: usize| -> Vec<Vec<Use>> { all.actors[at].dependents.iter().map(missing).collect() };
    assert_eq!(uses(2), [vec![Use::WriteBlobs], vec![Use::PullImages], vec![Use::ReadBlobs]]);
    assert_eq!(uses(3), [vec![Use::ReadBlobs], vec![Use::PullImages]]);
}

#[test]
fn a_workspace_acts_as_its_primary_identity_and_datastores_may_say_otherwise() {
    let text = "
- covers: [datastores, computes, online endpoints, role assignments, deny assignments, groups]
- id: ws/w
  identity: { type: 'SystemAssigned,UserAssigned', principalId: p-s, userAssignedIdentities: { id/a: { principalId: p-a }, id/b: { principalId: p-b } } }
  properties: { storageAccount: st/own, primaryUserAssignedIdentity: ID }
- id: st/own
  properties: {}
- id: st/lake
  properties: {}
- id: ws/w/datastores/d
  properties: { datastoreType: AzureBlob, accountName: lake, credentials: { credentialsType: None }, serviceDataAccessAuthIdentity: WorkspaceSystemAssignedIdentity }
";
    let whole = |text: &str| dekey_testkit::cases::inventory(text).unwrap();
    let own = whole(&text.replace("ID }", "id/b }"));
    let all = default(&own);
    let who: Vec<_> = all.actors.iter().map(|own| own.actor.acting.principal()).collect();
    assert_eq!(who, [Some("p-b"), Some("p-s")]);
    assert_eq!((all.actors[0].dependents.len(), all.actors[1].dependents.len()), (1, 1));
    // Several and no word which.
    let own =
        whole(&text.replace(", primaryUserAssignedIdentity: ID", "").replace("SystemAssigned,User", "User"));
    let all = default(&own);
    assert!(matches!(all.actors[0].actor.acting, Acting::Unknown(Gap::Other(_))));
    assert!(all.actors[0].dependents.is_empty());
}

#[test]
fn what_was_not_read_is_said_and_never_missing() {
    let text = "
- id: ws/w
  identity: { type: SystemAssigned, principalId: p-w }
  properties: { storageAccount: st/own, keyVault: kv/own, containerRegistry: acr/own }
- id: st/own
  properties: {}
";
    let own = dekey_testkit::cases::inventory(text).unwrap();
    let all = default(&own);
    let [actor] = &all.actors[..] else { panic!() };
    let kinds = [Kind::Datastore, Kind::Compute, Kind::OnlineEndpoint].map(Gap::NotExported);
    assert_eq!(actor.actor.unread, kinds);
    let [storage, registry, vault] = &actor.dependents[..] else { panic!() };
    assert_eq!((storage.missing().count(), storage.unknown().count()), (0, 9));
    assert_eq!((registry.held.len(), &registry.unclear[..]), (0, &[Use::PushImages][..]));
    assert_eq!((vault.missing().count(), vault.unknown().count()), (0, 4));
}

#[test]
fn a_project_has_what_its_hub_has() {
    let text = "
- covers: [datastores, computes, online endpoints, role assignments, deny assignments, groups]
- id: ws/a-project
  kind: Project
  identity: { type: SystemAssigned, principalId: p-p }
  properties: { hubResourceId: ws/hub }
- id: ws/hub
  kind: Hub
  identity: { type: SystemAssigned, principalId: p-h }
  properties: { storageAccount: st/own, keyVault: kv/own }
- id: st/own
  properties: { privateEndpointConnections: [ { properties: { privateEndpoint: { id: /subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe } } } ] }
- id: kv/own
  properties: { accessPolicies: [ { objectId: p-p, permissions: { secrets: [ get, list, set, delete, purge ] } } ] }
";
    let own = dekey_testkit::cases::inventory(text).unwrap();
    let all = default(&own);
    assert_eq!(all.workspace.name(), "a-project");
    let actor = &all.actors[0];
    assert!(
        actor
            .actor
            .dependents
            .iter()
            .all(|own| own.parts[0].through_hub || own.parts[0].role == Role::PrivateEndpoint)
    );
    // An access policy is as good as a role, and can be too much.
    let vault = actor.judged().find(|(own, _)| own.parts[0].role == Role::Vault).unwrap().1;
    assert_eq!((vault.met().count(), vault.missing().count()), (4, 0));
    assert_eq!(beyond(vault), ["Microsoft.KeyVault/vaults/secrets/purge/action"]);
    assert_eq!(missing(of(actor, "pe")), [Use::ReadEndpoint]);
    assert!(engine(&own).principal("p-p").is_some());
}
