"""Prowler's own check classes over ARM JSON files: the peer side of `bench/prowler` (contract in compare.py).

A Prowler check reads its resources from a module-level client that normally asks Azure when it is imported. Here a
plain object with the resources takes that module's place, so the checks run as shipped, without a network. The
resource objects are Prowler's classes, filled with the defaults that its collectors use for absent properties.
"""

import collections
import importlib
import json
import os
import sys
import time
import types

SERVICES = "prowler.providers.azure.services"

# check -> (dekey's rule, what the check fails on); None where dekey has no rule with the same meaning.
CHECKS = {
    "storage_account_key_access_disabled": (
        "storage-shared-key-access",
        "allow_shared_key_access is true, which its collector also assumes when the property is absent",
    ),
    "containerregistry_admin_user_disabled": ("registry-admin-user", "admin_user_enabled is true"),
    "keyvault_rbac_enabled": (None, "enable_rbac_authorization is false or absent"),
}


def stand_in(service, **attributes):
    """Puts a client with these attributes where the checks of a service import theirs."""
    name = f"{service}_client"
    module = types.ModuleType(f"{SERVICES}.{service}.{name}")
    setattr(module, name, types.SimpleNamespace(**attributes))
    sys.modules[module.__name__] = module


def read(tenant, name):
    with open(os.path.join(tenant, name), encoding="utf-8") as file:
        return json.load(file)


def subscription(resource):
    return resource["id"].split("/")[2]


def group(resource):
    return resource["id"].split("/")[4]


def given(properties):
    """Azure's null means the same as absence."""
    return {key: value for key, value in properties.items() if value is not None}


def accounts(tenant):
    from prowler.providers.azure.services.storage.storage_service import Account, NetworkRuleSet

    found = collections.defaultdict(list)
    for resource in read(tenant, "storage.json"):
        its = given(resource["properties"])
        rules = given(its.get("networkAcls", {}))
        encryption = given(its.get("encryption", {}))
        found[subscription(resource)].append(
            Account(
                id=resource["id"],
                name=resource["name"],
                location=resource["location"],
                resouce_group_name=group(resource),
                enable_https_traffic_only=its.get("supportsHttpsTrafficOnly", True),
                infrastructure_encryption=encryption.get("requireInfrastructureEncryption"),
                allow_blob_public_access=its.get("allowBlobPublicAccess", False),
                public_network_access=its.get("publicNetworkAccess"),
                network_rule_set=NetworkRuleSet(
                    bypass=rules.get("bypass", "AzureServices"), default_action=rules.get("defaultAction", "Allow")
                ),
                encryption_type=encryption.get("keySource", "Microsoft.Storage"),
                minimum_tls_version=its.get("minimumTlsVersion", "TLS1_0"),
                private_endpoint_connections=[],
                allow_shared_key_access=its.get("allowSharedKeyAccess", True),
            )
        )
    return found


def registries(tenant):
    from prowler.providers.azure.services.containerregistry.containerregistry_service import ContainerRegistryInfo

    found = collections.defaultdict(dict)
    for resource in read(tenant, "registries.json"):
        its = given(resource["properties"])
        found[subscription(resource)][resource["id"]] = ContainerRegistryInfo(
            id=resource["id"],
            name=resource["name"],
            location=resource["location"],
            resource_group=group(resource),
            sku=given(resource.get("sku", {})).get("name", ""),
            login_server=its.get("loginServer", ""),
            public_network_access=its.get("publicNetworkAccess") != "Disabled",
            admin_user_enabled=its.get("adminUserEnabled", False),
            monitor_diagnostic_settings=[],
            private_endpoint_connections=[],
        )
    return found


def vaults(tenant):
    from prowler.providers.azure.services.keyvault.keyvault_service import KeyVaultInfo, VaultProperties

    found = collections.defaultdict(list)
    for resource in read(tenant, "vaults.json"):
        its = given(resource["properties"])
        found[subscription(resource)].append(
            KeyVaultInfo(
                id=resource["id"],
                name=resource["name"],
                location=resource["location"],
                resource_group=group(resource),
                properties=VaultProperties(
                    tenant_id=its.get("tenantId", ""),
                    enable_rbac_authorization=its.get("enableRbacAuthorization", False),
                    private_endpoint_connections=[],
                    enable_soft_delete=its.get("enableSoftDelete", False),
                    enable_purge_protection=its.get("enablePurgeProtection", False),
                ),
            )
        )
    return found


def run(check):
    """One check's reports, as its own `execute` makes them."""
    service = check.partition("_")[0]
    module = importlib.import_module(f"{SERVICES}.{service}.{check}.{check}")
    return getattr(module, check)().execute()


def main(tenant, out):
    start = time.process_time()
    # The other services' modules import this client; none of the three checks uses it.
    stand_in("monitor")
    for service in ("storage", "containerregistry", "keyvault"):
        importlib.import_module(f"{SERVICES}.{service}.{service}_service")
    timings = {"import, CPU s": round(time.process_time() - start, 2)}

    start = time.process_time()
    stand_in("storage", storage_accounts=accounts(tenant), subscriptions={})
    stand_in("containerregistry", registries=registries(tenant), subscriptions={})
    stand_in("keyvault", key_vaults=vaults(tenant), subscriptions={})
    timings["json.load and objects, CPU s"] = round(time.process_time() - start, 2)

    rules, definitions, reports = {}, {}, []
    for check, (rule, definition) in CHECKS.items():
        start = time.process_time()
        made = run(check)
        timings[f"{check}, CPU s"] = round(time.process_time() - start, 2)
        failed = [report.resource_id for report in made if report.status == "FAIL"]
        timings[f"{check}, failed of all"] = f"{len(failed)} of {len(made)}"
        if rule:
            rules[rule] = failed
            definitions[rule] = f"{check}: {definition}"
        # Prowler holds all reports until it writes its outputs, so they stay in memory here too.
        reports.append(made)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"rules": rules, "definitions": definitions, "timings": timings}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
