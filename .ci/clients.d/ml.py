"""azure-ai-ml: what its users do to a workspace, one line for each call."""

import logging
import os

from table import APP, BASE, EXPORT, SECRET, TENANT, equal, ids, row, same

os.environ["ARM_CLOUD_METADATA_URL"] = f"{BASE}/metadata/endpoints?api-version=2019-05-01"
logging.disable(logging.WARNING)

from azure.ai.ml import MLClient  # noqa: E402
from azure.ai.ml import entities as e  # noqa: E402
from azure.core.exceptions import HttpResponseError  # noqa: E402
from azure.identity import ClientSecretCredential, ManagedIdentityCredential  # noqa: E402
from azure.mgmt.resource.policy import PolicyClient  # noqa: E402

SUB = "d9ff73d7-de05-4ca4-94d6-7d4f3f237609"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-fraud-prod"
AML = "Microsoft.MachineLearningServices/workspaces"
FRAUD = f"{GROUP}/providers/{AML}/mlw-fraud-prod"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-fraud-scoring"

by_secret = ClientSecretCredential(TENANT, APP, SECRET, authority=BASE, disable_instance_discovery=True)


def client(group="rg-fraud-prod", workspace="mlw-fraud-prod", by=by_secret):
    return MLClient(by, SUB, group, workspace, enable_telemetry=False)


def workspace_id(group, name):
    return f"/subscriptions/{SUB}/resourceGroups/{group}/providers/{AML}/{name}"


def table_of_lists():
    """Every list of every child, of workspaces that have some."""
    for group, name in (("rg-fraud-prod", "mlw-fraud-prod"), ("rg-nlp-platform-prod", "mlhub-nlp-prod"),
                        ("rg-pricing-legacy", "mlw-pricing-legacy"), ("rg-feature-platform", "mlw-batch-scoring")):
        own = client(group, name)
        for kind, run in (
            ("datastores", own.datastores.list),
            ("connections", own.connections.list),
            ("computes", own.compute.list),
            ("onlineEndpoints", own.online_endpoints.list),
            ("batchEndpoints", own.batch_endpoints.list),
            ("serverlessEndpoints", own.serverless_endpoints.list),
        ):
            expected = ids(f"{AML}/{kind}", workspace_id(group, name))
            got = lambda run=run: [it.id for it in run()]  # noqa: E731
            row(f"{kind}.list() of {name}", f"the {len(expected)} of the export, by id", lambda: same(got(), expected))


def call(what, run, **expected):
    """Attributes of what a call returns; a path of names has two underlines between them."""

    def check():
        value = run()
        for path, wanted in expected.items():
            found = value
            for name in path.split("__"):
                found = getattr(found, name)
            equal(found, wanted, path)

    words = ", ".join(f"`{path.replace('__', '.')}` is {wanted!r}" for path, wanted in expected.items())
    row(what, words or "succeeds", check)


def refused(what, run, status):
    def check():
        try:
            run()
        except HttpResponseError as error:
            equal(error.status_code, status, "the status")
        else:
            equal("an answer", f"a refusal with {status}")

    row(what, f"refused with {status}", check)


ml = client()
known = EXPORT[FRAUD.lower()]

# Workspaces.
row("workspaces.list(scope='subscription')", "the workspaces of the export, by id",
    lambda: same([own.id for own in ml.workspaces.list(scope="subscription")], ids(AML, f"/subscriptions/{SUB}")))
row("workspaces.list()", "those of the resource group, by id", lambda: same([own.id for own in ml.workspaces.list()], ids(AML, GROUP)))
row("workspaces.list() as a managed identity", "those of the resource group, by id",
    lambda: same([own.id for own in client(by=ManagedIdentityCredential()).workspaces.list()], ids(AML, GROUP)))
call("workspaces.get('mlw-fraud-prod')", lambda: ml.workspaces.get("mlw-fraud-prod"), name="mlw-fraud-prod", identity__type="system_assigned",
     identity__principal_id=known["identity"]["principalId"], storage_account=known["properties"]["storageAccount"])
refused("workspaces.get('nobody')", lambda: ml.workspaces.get("nobody"), 404)
refused("workspaces.begin_update(system-assigned identity) against a policy that wants another",
        lambda: client("rg-pricing-legacy").workspaces.begin_update(e.Workspace(name="mlw-pricing-legacy", identity=e.IdentityConfiguration(type="system_assigned"))).result(), 403)
policies = PolicyClient(by_secret, SUB, base_url=BASE, credential_scopes=[f"{BASE}/.default"])
row("(the assignment of that policy is taken away)", "gone", lambda: policies.policy_assignments.delete(f"/subscriptions/{SUB}", "aml-user-assigned"))
call("workspaces.begin_update(system-assigned identity)",
     lambda: client("rg-pricing-legacy").workspaces.begin_update(e.Workspace(name="mlw-pricing-legacy", identity=e.IdentityConfiguration(type="system_assigned"))).result(),
     identity__type="system_assigned")
call("workspaces.begin_update(both identities, primary_user_assigned_identity)",
     lambda: ml.workspaces.begin_update(e.Workspace(
         name="mlw-fraud-prod", primary_user_assigned_identity=IDENTITY,
         identity=e.IdentityConfiguration(type="system_assigned,user_assigned", user_assigned_identities=[e.ManagedIdentityConfiguration(resource_id=IDENTITY)]))).result(),
     identity__principal_id=known["identity"]["principalId"], primary_user_assigned_identity=IDENTITY)
call("workspaces.begin_update(system_datastores_auth_mode='identity')",
     lambda: ml.workspaces.begin_update(e.Workspace(name="mlw-fraud-scoring", system_datastores_auth_mode="identity")).result(),
     system_datastores_auth_mode="identity")
call("workspaces.begin_update(tags)", lambda: ml.workspaces.begin_update(e.Workspace(name="mlw-fraud-scoring", tags={"owner": "somebody"})).result(), tags={"owner": "somebody"})
call("workspaces.begin_sync_keys()", lambda: ml.workspaces.begin_sync_keys("mlw-fraud-prod").result())
row("workspaces.begin_diagnose()", "a result for each dependent", lambda: equal(
    ml.workspaces.begin_diagnose("mlw-fraud-prod").result().storage_account_results, []))
row("workspaces.get_keys()", "an invented key", lambda: equal(ml.workspaces.get_keys("mlw-fraud-prod").user_storage_key[:10], "simulated-"))
call("workspaces.begin_create()", lambda: ml.workspaces.begin_create(e.Workspace(
    name="mlw-new", location="westeurope", storage_account=known["properties"]["storageAccount"], key_vault=known["properties"]["keyVault"],
    application_insights=known["properties"]["applicationInsights"], system_datastores_auth_mode="identity")).result(),
     name="mlw-new", identity__type="system_assigned", system_datastores_auth_mode="identity")

# Children.
table_of_lists()
call("datastores.get('workspaceblobstore')", lambda: ml.datastores.get("workspaceblobstore"), name="workspaceblobstore", type="AzureBlob")
row("datastores.get_default()", "the default one", lambda: equal(ml.datastores.get_default().name, "workspaceblobstore"))
call("datastores.create_or_update(blob, no credential)", lambda: ml.datastores.create_or_update(e.AzureBlobDatastore(
    name="claims", account_name="stfraudprod", container_name="claims")), name="claims", account_name="stfraudprod", container_name="claims")
call("datastores.create_or_update(lake, account key)", lambda: ml.datastores.create_or_update(e.AzureFileDatastore(
    name="shares", account_name="stfraudprod", file_share_name="shares", credentials=e.AccountKeyConfiguration(account_key="simulated"))),
     name="shares", credentials__type="account_key")
row("datastores.get('shares')", "the kind of the credential, and nothing of it", lambda: equal(
    (ml.datastores.get("shares").credentials.type, ml.datastores.get("shares").credentials.account_key), ("account_key", None)))
row("datastores.delete('claims')", "gone from the list", lambda: (ml.datastores.delete("claims"), equal("claims" in [own.name for own in ml.datastores.list()], False)))
call("connections.create_or_update(API key)", lambda: ml.connections.create_or_update(e.AzureOpenAIConnection(
    name="gpt", azure_endpoint="https://gpt.example", api_key="simulated")), name="gpt", type="azure_open_ai")
call("connections.create_or_update(identity)", lambda: ml.connections.create_or_update(e.AzureAISearchConnection(
    name="search", endpoint="https://search.example")), name="search", credentials__type="aad")
row("connections.get('gpt')", "no key", lambda: equal(ml.connections.get("gpt").credentials.key, None))
row("connections.delete('gpt')", "gone from the list", lambda: (ml.connections.delete("gpt"), equal("gpt" in [own.name for own in ml.connections.list()], False)))
call("compute.get('cpu-train')", lambda: ml.compute.get("cpu-train"), name="cpu-train", type="amlcompute", identity__type="system_assigned")
call("compute.begin_create_or_update(cluster with identity)", lambda: ml.compute.begin_create_or_update(e.AmlCompute(
    name="cpu-new", size="STANDARD_DS3_V2", min_instances=0, max_instances=2, ssh_public_access_enabled=False,
    identity=e.IdentityConfiguration(type="system_assigned"))).result(), name="cpu-new", provisioning_state="Succeeded", identity__type="system_assigned")
call("compute.begin_create_or_update(instance)", lambda: ml.compute.begin_create_or_update(e.ComputeInstance(
    name="ci-new", size="STANDARD_DS3_V2")).result(), name="ci-new", type="computeinstance")
row("compute.begin_delete('cpu-new')", "gone from the list", lambda: (ml.compute.begin_delete("cpu-new").result(), equal("cpu-new" in [own.name for own in ml.compute.list()], False)))
call("online_endpoints.get('ep-fraud-score')", lambda: ml.online_endpoints.get("ep-fraud-score"), name="ep-fraud-score", identity__type="system_assigned")
call("online_endpoints.begin_create_or_update(token)", lambda: ml.online_endpoints.begin_create_or_update(e.ManagedOnlineEndpoint(
    name="ep-new", auth_mode="aad_token")).result(), name="ep-new", auth_mode="aad_token", provisioning_state="Succeeded")
row("online_deployments.list('ep-fraud-score')", "blue", lambda: equal([own.name for own in ml.online_deployments.list("ep-fraud-score")], ["blue"]))
row("online_endpoints.begin_delete('ep-new')", "gone from the list", lambda: (ml.online_endpoints.begin_delete("ep-new").result(), equal("ep-new" in [own.name for own in ml.online_endpoints.list()], False)))
row("batch_deployments.list('batch-tariffs')", "nightly", lambda: equal([own.name for own in client("rg-pricing-legacy", "mlw-pricing-legacy").batch_deployments.list("batch-tariffs")], ["nightly"]))
row("workspaces.begin_delete()", "gone from the list, under the name of a soft delete", lambda: (
    client("rg-feature-platform").workspaces.begin_delete("mlw-batch-scoring", delete_dependent_resources=False).result(),
    equal("mlw-batch-scoring" in [own.name for own in client("rg-feature-platform").workspaces.list()], False)))
