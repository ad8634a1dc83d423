"""Cloud Custodian: its own policies over an invented tenant, and dekey's audit of the same simulator, resource by resource."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request

from table import BASE, SCRATCH, TENANT, Wrong, row, same

DEKEY = os.environ["DEKEY"]
# The filters of `bench/peers`, where their semantics are explained.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "lib"))
from c7n_filters import RULES  # noqa: E402

FILTERS = {rule: (kind, filters) for rule, (_, kind, filters) in RULES.items()}
# c7n lists workspaces at an api-version that does not have the property, of Azure and of the simulator alike.
del FILTERS["system-datastores-access-key"]
FILTERS |= {
    "vault-access-policies": (
        "azure.keyvault",
        [{"not": [{"type": "value", "key": "properties.enableRbacAuthorization", "value": True}]}],
    ),
    "registry-anonymous-pull": (
        "azure.container-registry",
        [{"type": "value", "key": "properties.anonymousPullEnabled", "value": True}],
    ),
    "storage-default-to-key-auth": (
        "azure.storage",
        # Where shared keys are off, nothing defaults to them.
        [
            {"not": [{"type": "value", "key": "properties.allowSharedKeyAccess", "value": False}]},
            {"not": [{"type": "value", "key": "properties.defaultToOAuthAuthentication", "value": True}]},
        ],
    ),
}


def sign_in():
    """A token as a managed identity gets it; c7n has no way to name another authority."""
    request = urllib.request.Request(
        f"{os.environ['SIM_IDENTITY']}?api-version=2019-08-01&resource={BASE}", headers={"X-IDENTITY-HEADER": "sim"}
    )
    with urllib.request.urlopen(request) as answer:
        os.environ["AZURE_ACCESS_TOKEN"] = json.load(answer)["access_token"]
    os.environ["AZURE_TENANT_ID"] = TENANT
    listing = urllib.request.Request(
        f"{BASE}/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {os.environ['AZURE_ACCESS_TOKEN']}"}
    )
    with urllib.request.urlopen(listing, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])) as answer:
        return [own["subscriptionId"] for own in json.load(answer)["value"]]


def point(subscription):
    """c7n knows the endpoints of a cloud from a table of its own."""
    from msrestazure.azure_cloud import AZURE_PUBLIC_CLOUD

    for name in ("resource_manager", "active_directory", "active_directory_resource_id", "management", "microsoft_graph_resource_id"):
        setattr(AZURE_PUBLIC_CLOUD.endpoints, name, BASE)
    os.environ["AZURE_SUBSCRIPTION_ID"] = subscription


def matched(rule, subscriptions):
    """What a policy matches, in every subscription."""
    from c7n.config import Config
    from c7n.loader import PolicyLoader
    from c7n.resources import load_resources
    from c7n.utils import reset_session_cache

    kind, filters = FILTERS[rule]
    load_resources((kind,))
    found = []
    for subscription in subscriptions:
        reset_session_cache()
        point(subscription)
        config = Config.empty(output_dir=os.path.join(SCRATCH, "out"), cache=None, account_id=subscription)
        data = {"policies": [{"name": rule, "resource": kind, "filters": filters}]}
        for policy in PolicyLoader(config).load_data(data, "memory://", validate=True):
            found += [own["id"] for own in policy.resource_manager.resources()]
    return found


def audit():
    """dekey's findings over the same simulator, by rule."""
    out = os.path.join(SCRATCH, "audit.json")
    environment = dict(os.environ, IDENTITY_ENDPOINT=os.environ["SIM_IDENTITY"], IDENTITY_HEADER="sim")
    command = [DEKEY, "audit", "--azure", "--cloud", BASE, "--ca-file", os.environ["SSL_CERT_FILE"],
               "--sign-in", "managed-identity", "--quiet", "--format", f"json={out}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=SCRATCH, check=False)
    if not os.path.exists(out):
        raise Wrong(f"dekey exit {done.returncode}: {done.stderr.strip()[:200]}")
    with open(out, encoding="utf-8") as file:
        report = json.load(file)
    return {rule: [own["resource"] for own in report["findings"] if own["rule"] == rule] for rule in FILTERS}


subscriptions = sign_in()
ours = audit()
for rule, (kind, filters) in FILTERS.items():
    row(f"{kind}: {json.dumps(filters)}", f"the {len(ours[rule])} findings of `{rule}`, by id",
        lambda: same(matched(rule, subscriptions), set(ours[rule])))
row("every rule above", "has findings to compare", lambda: [same([rule], {rule} if ours[rule] else set()) for rule in FILTERS])
