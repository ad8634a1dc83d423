"""Cloud Custodian's value filters over ARM JSON files: the peer side of `bench/peers` (contract in compare.py)."""

import collections
import json
import os
import sys
import time

# c7n-azure wants credentials when it loads a policy; none of these is ever used, because nothing is asked of Azure.
os.environ.setdefault("AZURE_ACCESS_TOKEN", "none")
os.environ.setdefault("AZURE_SUBSCRIPTION_ID", "00000000-0000-0000-0000-000000000000")
os.environ.setdefault("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000000")

# One policy for each of dekey's rules: file, c7n resource type, filters. A filter that compares with `eq` or `regex`
# is false for an absent value, so each says by its form what absence means:
RULES = {
    # No identity block, `None` and user-assigned only all lack it. The pattern is looked for without regard to case,
    # with or without a space after the comma of a list.
    "workspace-without-system-assigned-identity": (
        "workspaces.json",
        "azure.machine-learning-workspace",
        [{"not": [{"type": "value", "key": "identity.type", "op": "regex", "value": ".*SystemAssigned"}]}],
    ),
    # Azure allows shared keys until told otherwise: absent and null are not false, so they match. `op: ne` says the
    # same, but took c7n 1.7 times as long.
    "storage-shared-key-access": (
        "storage.json",
        "azure.storage",
        [{"not": [{"type": "value", "key": "properties.allowSharedKeyAccess", "value": False}]}],
    ),
    # The admin user is off until told otherwise: only true matches.
    "registry-admin-user": (
        "registries.json",
        "azure.container-registry",
        [{"type": "value", "key": "properties.adminUserEnabled", "value": True}],
    ),
    # Only a mode that was read matches, `accesskey` or `AccessKey`; older api-versions do not return any.
    "system-datastores-access-key": (
        "workspaces.json",
        "azure.machine-learning-workspace",
        [
            {
                "type": "value",
                "key": "properties.systemDatastoresAuthMode",
                "value_type": "normalize",
                "value": "accesskey",
            }
        ],
    ),
}


def policies():
    """c7n's own policy objects, validated against its schema as `custodian validate` would."""
    from c7n.config import Config
    from c7n.loader import PolicyLoader
    from c7n.resources import load_resources

    load_resources(tuple({kind for _, kind, _ in RULES.values()}))
    data = [{"name": rule, "resource": kind, "filters": filters} for rule, (_, kind, filters) in RULES.items()]
    # The folder is named only because a policy must have one; filtering writes nothing.
    loader = PolicyLoader(Config.empty(output_dir=os.devnull))
    return {policy.name: policy for policy in loader.load_data({"policies": data}, "memory://", validate=True)}


def filter_file(path, loaded, result, spent):
    """One file's policies. Everything read is dropped on return, so that c7n's peak memory is that of one file."""
    start = time.process_time()
    with open(path, encoding="utf-8") as file:
        resources = json.load(file)
    spent["read"] += time.process_time() - start
    for rule, policy in loaded.items():
        start = time.process_time()
        matched = policy.resource_manager.filter_resources(resources)
        spent["filter"] += time.process_time() - start
        spent["evaluations"] += len(resources)
        result[rule] = [resource["id"] for resource in matched]


def main(tenant, out):
    start = time.process_time()
    loaded = policies()
    timings = {"import and policy load, CPU s": round(time.process_time() - start, 2)}
    result, spent = {}, collections.Counter()
    for name in dict.fromkeys(name for name, _, _ in RULES.values()):
        mine = {rule: policy for rule, policy in loaded.items() if RULES[rule][0] == name}
        filter_file(os.path.join(tenant, name), mine, result, spent)
    timings["json.load, CPU s"] = round(spent["read"], 2)
    timings["four filters, CPU s"] = round(spent["filter"], 2)
    timings["filter evaluations per CPU s"] = int(spent["evaluations"] / max(spent["filter"], 1e-6))
    definitions = {rule: f"{kind} {json.dumps(filters)}" for rule, (_, kind, filters) in RULES.items()}
    # In the order of the table above, whichever file came first.
    rules = {rule: result[rule] for rule in RULES}
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"rules": rules, "definitions": definitions, "timings": timings}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
