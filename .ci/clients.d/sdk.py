"""The azure-mgmt-* SDKs: every list of every type, read into their models, and one write of each kind."""

import uuid

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential
from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.managementgroups import ManagementGroupsMgmtClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.policyinsights import PolicyInsightsClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.policy import PolicyClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from azure.mgmt.storage import StorageManagementClient
from table import APP, BASE, EXPORT, SECRET, TENANT, Wrong, equal, ids, row, same

SUB = "d9ff73d7-de05-4ca4-94d6-7d4f3f237609"
PROD = f"/subscriptions/{SUB}"
FRAUD = f"{PROD}/resourceGroups/rg-fraud-prod"
AML = "Microsoft.MachineLearningServices"

by_secret = ClientSecretCredential(TENANT, APP, SECRET, authority=BASE, disable_instance_discovery=True)


def client(of, *arguments, by=by_secret):
    """A client of the simulated cloud; some take the subscription, some do not."""
    return of(by, *arguments, base_url=BASE, credential_scopes=[f"{BASE}/.default"])


aml = client(MachineLearningServicesMgmtClient, SUB)
roles = client(AuthorizationManagementClient, SUB)
storage = client(StorageManagementClient, SUB)
vaults = client(KeyVaultManagementClient, SUB)
registries = client(ContainerRegistryManagementClient, SUB)
identities = client(ManagedServiceIdentityClient, SUB)
insights = client(ApplicationInsightsManagementClient, SUB)
monitor = client(MonitorManagementClient, SUB)
groups = client(ManagementGroupsMgmtClient)
resources = client(ResourceManagementClient, SUB)
subscriptions = client(SubscriptionClient)
policy = client(PolicyClient, SUB)
locks = client(ManagementLockClient, SUB)
graph = client(ResourceGraphClient)
states = client(PolicyInsightsClient, SUB)


def at(value, path):
    for name in path.split("."):
        value = None if value is None else value.get(name) if isinstance(value, dict) else getattr(value, name)
    return getattr(value, "value", value)


def exported(own, path):
    """A value of the export, which has some documents in the shape of the Azure CLI: without `properties`."""
    document = EXPORT[own.lower()]
    return at(document, path if "properties" in document else path.removeprefix("properties."))


def listed(what, run, kind, below=PROD, **fields):
    """A list holds the ids of the export, and each of its models says of a field (dots are two underlines) what the export
    says at the path that is given for it."""
    expected = ids(kind, below)

    def check():
        got = list(run())
        same([own.id for own in got], expected)
        for own in got:
            for field, path in fields.items():
                known, found = exported(own.id, path), at(own, field.replace("__", "."))
                if isinstance(known, str) and isinstance(found, str):
                    known, found = known.lower(), found.lower()
                if found != known:
                    raise Wrong(f"{field} of {own.id} is {found!r}, not {known!r}")

    typed = "".join(f", `{field.replace('__', '.')}`" for field in fields)
    row(what, f"the {len(expected)} of the export by id{typed}", check)


def refused(run, status):
    try:
        run()
    except HttpResponseError as error:
        equal(error.status_code, status, "the status")
    else:
        equal("an answer", f"a refusal with {status}")


def assignment():
    name = str(uuid.uuid4())
    made = roles.role_assignments.create(FRAUD, name, {"properties": {
        "roleDefinitionId": f"{PROD}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "principalId": EXPORT[f"{FRAUD}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-fraud-scoring".lower()]["principalId"],
        "principalType": "ServicePrincipal"}})
    equal(roles.role_assignments.get_by_id(made.id).principal_id, made.principal_id)
    equal(roles.role_assignments.delete_by_id(made.id).id, made.id)

def disallowed():
    try:
        aml.workspaces.begin_create_or_update("rg-fraud-prod", "mlw-none", {"location": "westeurope", "identity": {"type": "None"}, "properties": {}})
    except HttpResponseError as error:
        equal((error.status_code, error.error.code), (403, "RequestDisallowedByPolicy"), "the error")
        found = {own.info["policyAssignmentName"]: own.info["evaluationDetails"]["evaluatedExpressions"] for own in error.error.additional_info}
        equal(sorted(found), ["aml-system-assigned", "aml-user-assigned"], "the assignments")
        equal(all(found.values()), True, "whether all say what they evaluated")
    else:
        raise Wrong("it was not refused")


def workspace():
    known = EXPORT[f"{PROD}/resourceGroups/rg-pricing-legacy/providers/{AML}/workspaces/mlw-pricing-legacy".lower()]["properties"]
    made = aml.workspaces.begin_create_or_update("rg-fraud-prod", "mlw-sdk", {
        "location": "westeurope", "identity": {"type": "SystemAssigned"},
        "properties": {name: known[name] for name in ("storageAccount", "keyVault", "applicationInsights")}}).result()
    equal((made.name, made.provisioning_state, made.identity.type), ("mlw-sdk", "Succeeded", "SystemAssigned"))
    equal(bool(made.identity.principal_id), True)


def without():
    made = aml.workspaces.begin_update("rg-fraud-prod", "mlw-sdk", {"identity": {"type": "None"}}).result()
    equal(made.identity and made.identity.principal_id, None)


def refused_sign_in():
    wrong = ClientSecretCredential(TENANT, APP, "wrong", authority=BASE, disable_instance_discovery=True)
    try:
        list(client(ResourceManagementClient, SUB, by=wrong).resource_groups.list())
    except ClientAuthenticationError as error:
        equal("AADSTS7000215" in error.message, True)
    else:
        equal("an answer", "a refusal")


# Lists, each read into models.
row("subscriptions.list()", "the three of the export",
    lambda: same([own.id for own in subscriptions.subscriptions.list()], {own for own in EXPORT if own.count("/") == 2}))
row("tenants.list()", "one", lambda: equal([own.tenant_id for own in subscriptions.tenants.list()], [TENANT]))
row("subscriptions.list_locations()", "some", lambda: equal("westeurope" in [own.name for own in subscriptions.subscriptions.list_locations(SUB)], True))
row("management_groups.list()", "the root", lambda: equal(TENANT in [own.name for own in groups.management_groups.list()], True))
listed("resource_groups.list()", resources.resource_groups.list, "Microsoft.Resources/resourceGroups", location="location", tags="tags")
listed("resources.list(filter=workspaces)", lambda: resources.resources.list(filter=f"resourceType eq '{AML}/workspaces'"), f"{AML}/workspaces", location="location", identity__principal_id="identity.principalId")
listed("resources.list(filter, top=5): pages", lambda: resources.resources.list(filter=f"resourceType eq '{AML}/workspaces'", top=5), f"{AML}/workspaces")
row("providers.list()", "with api-versions", lambda: equal(all(own.resource_types[0].api_versions for own in resources.providers.list()), True))
row("tags.list()", "owner among them", lambda: equal("owner" in [own.tag_name for own in resources.tags.list()], True))
listed("workspaces.list_by_subscription()", aml.workspaces.list_by_subscription, f"{AML}/workspaces", identity__type="identity.type",
       storage_account="properties.storageAccount", public_network_access="properties.publicNetworkAccess")
listed("workspaces.list_by_resource_group()", lambda: aml.workspaces.list_by_resource_group("rg-fraud-prod"), f"{AML}/workspaces", FRAUD)
for group, name in (("rg-fraud-prod", "mlw-fraud-prod"), ("rg-vision-prod", "mlw-vision-prod"), ("rg-nlp-platform-prod", "mlhub-nlp-prod")):
    own = f"{PROD}/resourceGroups/{group}/providers/{AML}/workspaces/{name}"
    listed(f"datastores.list({name})", lambda: aml.datastores.list(group, name), f"{AML}/workspaces/datastores", own,
           properties__credentials__credentials_type="properties.credentials.credentialsType", properties__is_default="properties.isDefault")
    listed(f"compute.list({name})", lambda: aml.compute.list(group, name), f"{AML}/workspaces/computes", own,
           properties__compute_type="properties.computeType", identity__type="identity.type")
    listed(f"workspace_connections.list({name})", lambda: aml.workspace_connections.list(group, name), f"{AML}/workspaces/connections", own,
           properties__category="properties.category", properties__target="properties.target")
    listed(f"online_endpoints.list({name})", lambda: aml.online_endpoints.list(group, name), f"{AML}/workspaces/onlineEndpoints", own,
           properties__auth_mode="properties.authMode", identity__principal_id="identity.principalId")
    listed(f"batch_endpoints.list({name})", lambda: aml.batch_endpoints.list(group, name), f"{AML}/workspaces/batchEndpoints", own,
           properties__auth_mode="properties.authMode")
listed("online_deployments.list(ep-fraud-score)", lambda: aml.online_deployments.list("rg-fraud-prod", "mlw-fraud-prod", "ep-fraud-score"),
       f"{AML}/workspaces/onlineEndpoints/deployments", f"{FRAUD}/providers/{AML}/workspaces/mlw-fraud-prod/onlineEndpoints/ep-fraud-score",
       properties__endpoint_compute_type="properties.endpointComputeType")
listed("batch_deployments.list(batch-tariffs)", lambda: aml.batch_deployments.list("rg-pricing-legacy", "mlw-pricing-legacy", "batch-tariffs"),
       f"{AML}/workspaces/batchEndpoints/deployments", f"{PROD}/resourceGroups/rg-pricing-legacy/providers/{AML}/workspaces/mlw-pricing-legacy/batchEndpoints/batch-tariffs")
listed("registries.list_by_subscription()", aml.registries.list_by_subscription, f"{AML}/registries")
listed("storage_accounts.list()", storage.storage_accounts.list, "Microsoft.Storage/storageAccounts",
       allow_shared_key_access="properties.allowSharedKeyAccess", minimum_tls_version="properties.minimumTlsVersion", sku__name="sku.name")
listed("storage_accounts.list_by_resource_group()", lambda: storage.storage_accounts.list_by_resource_group("rg-fraud-prod"), "Microsoft.Storage/storageAccounts", FRAUD)
for service in ("blob", "file", "queue", "table"):
    row(f"{service}_services.list()", "the default one", lambda own=getattr(storage, f"{service}_services"): equal(
        [it.name for it in (lambda all_of: getattr(all_of, "value", all_of))(own.list("rg-fraud-prod", "stfraudprod"))], ["default"]))
listed("vaults.list_by_subscription()", vaults.vaults.list_by_subscription, "Microsoft.KeyVault/vaults",
       properties__enable_rbac_authorization="properties.enableRbacAuthorization", properties__vault_uri="properties.vaultUri")
listed("vaults.list_by_resource_group()", lambda: vaults.vaults.list_by_resource_group("rg-fraud-prod"), "Microsoft.KeyVault/vaults", FRAUD)
row("vaults.list_deleted()", "none", lambda: equal(list(vaults.vaults.list_deleted()), []))
listed("registries.list()", registries.registries.list, "Microsoft.ContainerRegistry/registries",
       admin_user_enabled="properties.adminUserEnabled", login_server="properties.loginServer")
listed("tokens.list(crvisionprod)", lambda: registries.tokens.list("rg-vision-prod", "crvisionprod"), "Microsoft.ContainerRegistry/registries/tokens",
       f"{PROD}/resourceGroups/rg-vision-prod", status="properties.status")
row("scope_maps.list(crvisionprod)", "a list", lambda: equal(list(registries.scope_maps.list("rg-vision-prod", "crvisionprod")), []))
listed("components.list()", insights.components.list, "Microsoft.Insights/components", application_id="properties.ApplicationId")
listed("user_assigned_identities.list_by_subscription()", identities.user_assigned_identities.list_by_subscription,
       "Microsoft.ManagedIdentity/userAssignedIdentities", principal_id="properties.principalId", client_id="properties.clientId")
row("federated_identity_credentials.list()", "none", lambda: equal(list(identities.federated_identity_credentials.list("rg-fraud-prod", "id-fraud-scoring")), []))
row("system_assigned_identities.get_by_scope(workspace)", "the principal of the export", lambda: equal(
    identities.system_assigned_identities.get_by_scope(f"{FRAUD}/providers/{AML}/workspaces/mlw-fraud-prod").principal_id,
    EXPORT[f"{FRAUD}/providers/{AML}/workspaces/mlw-fraud-prod".lower()]["identity"]["principalId"]))
row("role_assignments.list_for_subscription(): pages", "those of the export, by id", lambda: same(
    [own.id for own in roles.role_assignments.list_for_subscription() if own.scope != "/"], ids("Microsoft.Authorization/roleAssignments", PROD)))
row("role_assignments.list_for_subscription(filter=atScope())", "nothing below the subscription", lambda: equal(
    [own.scope for own in roles.role_assignments.list_for_subscription(filter="atScope()") if own.scope.count("/") > 2], []))
row("role_definitions.list(filter=Owner)", "one, of every action", lambda: equal(
    [own.permissions[0].actions for own in roles.role_definitions.list(PROD, filter="roleName eq 'Owner'")], [["*"]]))
row("deny_assignments.list()", "none", lambda: equal(list(roles.deny_assignments.list()), []))
row("role_eligibility_schedule_instances.list_for_scope()", "none", lambda: equal(list(roles.role_eligibility_schedule_instances.list_for_scope(PROD)), []))
row("role_assignment_schedule_instances.list_for_scope()", "none", lambda: equal(list(roles.role_assignment_schedule_instances.list_for_scope(PROD)), []))
row("permissions.list_for_resource_group()", "every action", lambda: equal(["*"] in [own.actions for own in roles.permissions.list_for_resource_group("rg-fraud-prod")], True))
row("policy_definitions.list_built_in()", "the two of the export", lambda: equal({own.policy_type for own in policy.policy_definitions.list_built_in()}, {"BuiltIn"}))
listed("policy_assignments.list()", policy.policy_assignments.list, "Microsoft.Authorization/policyAssignments", enforcement_mode="properties.enforcementMode",
       policy_definition_id="properties.policyDefinitionId")
row("policy_set_definitions.list()", "a list", lambda: equal([own.name for own in policy.policy_set_definitions.list() if own.policy_type == "Custom"], []))
row("management_locks.list_at_subscription_level()", "none", lambda: equal(list(locks.management_locks.list_at_subscription_level()), []))
row("policy_states.summarize_for_subscription()", "a summary", lambda: equal(len(states.policy_states.summarize_for_subscription("latest", SUB).value), 1))
row("activity_logs.list(filter)", "a list", lambda: equal(list(monitor.activity_logs.list(
    filter="eventTimestamp ge '2026-01-01T00:00:00Z' and eventTimestamp le '2026-01-02T00:00:00Z'")), []))


def everything(page):
    """Every resource by pages of Resource Graph."""
    found, token = [], None
    while True:
        answer = graph.resources(QueryRequest(query="resources | project id, type", options={"$top": page, "$skipToken": token}))
        found += [own["id"] for own in answer.data]
        token = answer.skip_token
        if token is None:
            return found


tracked = {own for own, it in EXPORT.items() if it.get("type", "").lower().split("/")[0] != "microsoft.authorization" and own.count("/") == 8
           and it["type"].lower() != "microsoft.resources/resourcegroups"}
row("ResourceGraphClient.resources(): pages of 50", "every resource of the export that has no parent, by id",
    lambda: same([own for own in everything(50) if own.count("/") == 8], tracked))
row("ResourceGraphClient.resources(unknown operator)", "refused with 400", lambda: refused(lambda: graph.resources(QueryRequest(query="resources | evaluate x()")), 400))


# Writes: one of each kind of answer.
row("role_assignments.create(), get_by_id(), delete_by_id()", "the same assignment three times", assignment)
row("workspaces.begin_create_or_update() against policies", "RequestDisallowedByPolicy, by both assignments", disallowed)
row("policy_assignments.delete() of those policies", "gone", lambda: (
    policy.policy_assignments.delete(PROD, "aml-user-assigned"), policy.policy_assignments.delete(FRAUD, "aml-system-assigned")))
row("workspaces.begin_create_or_update()", "made, with a principal", workspace)
row("workspaces.begin_update(identity=None)", "its principal is gone", without)
row("workspaces.begin_delete()", "gone", lambda: (aml.workspaces.begin_delete("rg-fraud-prod", "mlw-sdk").result(), refused(lambda: aml.workspaces.get("rg-fraud-prod", "mlw-sdk"), 404)))
row("storage_accounts.update(allow_shared_key_access=False)", "off", lambda: equal(
    storage.storage_accounts.update("rg-fraud-prod", "stfraudprod", {"properties": {"allowSharedKeyAccess": False}}).allow_shared_key_access, False))
row("vaults.update_access_policy(add)", "in the list", lambda: equal(vaults.vaults.update_access_policy("rg-pricing-legacy", "kv-pricing-legacy", "add", {
    "properties": {"accessPolicies": [{"tenantId": TENANT, "objectId": APP, "permissions": {"secrets": ["get"]}}]}}).properties.access_policies[-1].object_id, APP))
row("registries.begin_update(admin user off)", "off", lambda: equal(
    registries.registries.begin_update("rg-fraud-prod", "crfraudprod", {"properties": {"adminUserEnabled": False}}).result().admin_user_enabled, False))
row("tags.begin_update_at_scope(merge)", "merged", lambda: equal(resources.tags.begin_update_at_scope(
    FRAUD, {"operation": "Merge", "properties": {"tags": {"team": "fraud"}}}).result().properties.tags["team"], "fraud"))
row("policy_assignments.create(), delete()", "made and gone", lambda: (
    equal(policy.policy_assignments.create(FRAUD, "sdk", {"properties": {"policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/5f0c7d88-c7de-45b8-ac49-db49e72eaa78"}}).name, "sdk"),
    policy.policy_assignments.delete(FRAUD, "sdk")))
row("resources.begin_update_by_id(workspace)", "merged", lambda: equal(resources.resources.begin_update_by_id(
    f"{FRAUD}/providers/{AML}/workspaces/mlw-fraud-prod", {"tags": {"owner": "sdk"}}, api_version="2025-12-01").result().tags, {"owner": "sdk"}))

# Who signs in, and who does not.
row("ManagedIdentityCredential", "the groups of the export", lambda: same(
    [own.id for own in client(ResourceManagementClient, SUB, by=ManagedIdentityCredential()).resource_groups.list()], ids("Microsoft.Resources/resourceGroups", PROD)))
row("ClientSecretCredential(wrong secret)", "refused", refused_sign_in)


