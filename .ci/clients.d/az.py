"""The Azure CLI, one line for each call. `{names}` stand for the ids below."""

import json
import os
import shlex
import subprocess
import sys

import jmespath
from table import APP, BASE, EXPORT, SCRATCH, SECRET, TENANT, Skip, Wrong, equal, ids, row, same

PROD = "/subscriptions/d9ff73d7-de05-4ca4-94d6-7d4f3f237609"
FRAUD = f"{PROD}/resourceGroups/rg-fraud-prod"
NAMES = {
    "base": BASE,
    "tenant": TENANT,
    "app": APP,
    "secret": SECRET,
    "sub": PROD.rsplit("/", 1)[1],
    "scope": PROD,
    "fraud": FRAUD,
    "workspace": f"{FRAUD}/providers/Microsoft.MachineLearningServices/workspaces/mlw-fraud-prod",
    "pricing": f"{PROD}/resourceGroups/rg-pricing-legacy/providers/Microsoft.MachineLearningServices/workspaces/mlw-pricing-legacy",
    "storage": f"{FRAUD}/providers/Microsoft.Storage/storageAccounts/stfraudprod",
    "vault": f"{FRAUD}/providers/Microsoft.KeyVault/vaults/kv-fraud-prod",
    "registry": f"{FRAUD}/providers/Microsoft.ContainerRegistry/registries/crfraudprod",
    "identity": f"{FRAUD}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-fraud-scoring",
}


def az(command, home="azure"):
    """Runs a command; gives its exit code, its output and its errors. What stands in brackets is for the reader."""
    command = command.split(" (")[0]
    arguments = [part.format(**NAMES) if "{" in part and '"' not in part else part for part in shlex.split(command)[1:]]
    environment = dict(os.environ, AZURE_CONFIG_DIR=os.path.join(SCRATCH, home))
    if home == "managed":
        environment |= {"IDENTITY_ENDPOINT": os.environ["SIM_IDENTITY"], "IDENTITY_HEADER": "sim"}
    # Answers are JSON only when asked for, whatever the user's defaults.
    done = subprocess.run(
        [sys.executable, "-m", "azure.cli", *arguments, "--output", "json"],
        env=environment, capture_output=True, text=True, timeout=180, check=False, cwd=SCRATCH,
    )
    return done.returncode, done.stdout, done.stderr


class Expect:
    """What an answer must be, in words and as a check of (code, output, errors)."""

    def __init__(self, words, check):
        self.words, self.check = words, check


def answer(code, output, errors):
    if code != 0:
        lines = [own for own in errors.strip().splitlines() if own.strip()]
        raise Wrong(f"exit {code}: {lines[0] if lines else 'no message'}")
    return json.loads(output) if output.strip() else None


def where(expected):
    def check(*got):
        value = answer(*got)
        for path, wanted in expected.items():
            found = jmespath.search(path, value)
            ok = wanted(found) if callable(wanted) else found == wanted
            if not ok:
                raise Wrong(f"{path} is {json.dumps(found)[:120]}")

    words = (f"`{path}` {wanted.__doc__ if callable(wanted) else 'is ' + json.dumps(wanted)}" for path, wanted in expected.items())
    return Expect(", ".join(words), check)


def listed(kind, below=PROD, words=None):
    expected = ids(kind, below)
    return Expect(words or f"the {len(expected)} of the export, by id", lambda *got: same([own["id"] for own in answer(*got)], expected))


def nothing():
    return Expect("no output", lambda *got: equal(answer(*got), None))


def fails(words):
    def check(code, output, errors):
        if code == 0 or words not in errors:
            raise Wrong(f"exit {code}: {errors.strip()[:200] or 'no message'}")

    return Expect(f"refused: {words}", check)


def disallowed(name, policy, assignment, alias, found):
    """Refused by a policy, in Azure's words, with what it found."""
    def check(code, output, errors):
        if code == 0 or f"Resource '{name}' was disallowed by policy." not in errors:
            raise Wrong(f"exit {code}: {errors.strip()[:200] or 'no message'}")
        info = json.loads(errors[errors.index("Info: ") + len("Info: "):errors.rindex("}") + 1])
        equal(info["policyDefinitionName"], policy, "the definition")
        equal(info["policyAssignmentName"], assignment, "the assignment")
        equal(info["policyDefinitionEffect"].lower(), "deny", "the effect")
        step = [own for own in info["evaluationDetails"]["evaluatedExpressions"] if own["expression"] == alias]
        equal([(own["expressionKind"], own.get("expressionValue")) for own in step][:1], [("Field", found)], "what was evaluated")
        equal({own["result"] for own in step}, {"True"}, "what came of it")

    return Expect(f"RequestDisallowedByPolicy by `{assignment}`, over `{alias}`", check)


def some(value):
    """is there"""
    return value not in (None, "", [], {})


def gone(value):
    """is not there"""
    return value in (None, "", [], {})


def number(count):
    return where({"length(@)": count})


def count(kind, below=PROD):
    return len(ids(kind, below))


# A principal that the export assigns roles to, and how many.
FRAUD_MI = EXPORT[NAMES["workspace"].lower()]["identity"]["principalId"]
NAMES["principal"] = FRAUD_MI
GIVEN = {
    own
    for own in ids("Microsoft.Authorization/roleAssignments", PROD)
    if FRAUD_MI in (EXPORT[own].get("principalId"), EXPORT[own].get("properties", {}).get("principalId"))
}
RULE = '{"if":{"field":"type","equals":"Microsoft.Storage/storageAccounts"},"then":{"effect":"audit"}}'
NO_KEYS = os.path.join(SCRATCH, "no-keys.json")
with open(NO_KEYS, "w", encoding="utf-8") as file:
    json.dump({
        "if": {"allOf": [
            {"field": "type", "equals": "Microsoft.Storage/storageAccounts"},
            {"field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "notEquals": False},
        ]},
        "then": {"effect": "[parameters('effect')]"},
    }, file)
NAMES["no_keys"] = NO_KEYS
EFFECT = '{"effect":{"type":"String","allowedValues":["Audit","Deny","Disabled"],"defaultValue":"Audit"}}'
SHARED_KEYS = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess"
USER_ASSIGNED = f"{PROD}/providers/Microsoft.Authorization/policyAssignments/aml-user-assigned"
NAMES["user_assigned"] = USER_ASSIGNED
KEPT = '{"if":{"field":"name","equals":"stkept"},"then":{"effect":"denyAction","details":{"actionNames":["delete"]}}}'
ROLE = '{"Name":"Workspace reader","Description":"%s","Actions":["Microsoft.MachineLearningServices/workspaces/read"],"AssignableScopes":["' + PROD + '"]}'
TEMPLATE = os.path.join(SCRATCH, "template.json")
with open(TEMPLATE, "w", encoding="utf-8") as file:
    json.dump({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"name": {"type": "string"}},
        "resources": [{
            "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[parameters('name')]",
            "location": "[resourceGroup().location]", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2",
            "properties": {"allowSharedKeyAccess": False},
        }],
        "outputs": {"account": {"type": "string", "value": "[parameters('name')]"}},
    }, file)
NAMES["template"] = TEMPLATE
QUERY = os.path.join(SCRATCH, "query.json")
with open(QUERY, "w", encoding="utf-8") as file:
    json.dump({"query": "resources | where type =~ 'microsoft.machinelearningservices/workspaces' | project id"}, file)
LOGS = '[{"category":"StorageRead","enabled":true}]'

ROWS = [
    # Cloud and sign-in.
    ("az cloud register --name Sim --endpoint-resource-manager {base}", nothing()),
    ("az cloud set --name Sim", nothing()),
    ("az cloud show", where({"name": "Sim", "endpoints.resourceManager": BASE, "endpoints.activeDirectory": BASE,
                             "endpoints.microsoftGraphResourceId": BASE})),
    ("az login --service-principal --username {app} --password wrong --tenant {tenant}", fails("AADSTS7000215")),
    ("az login --service-principal --username {app} --password {secret} --tenant {tenant}", where({"length(@)": 3, "[].user.type | [0]": "servicePrincipal"})),
    ("az account list", number(3)),
    ("az account set --subscription {sub}", nothing()),
    ("az account show", where({"id": NAMES["sub"], "tenantId": TENANT, "name": "Contoso ML Production"})),
    ("az account get-access-token", where({"tokenType": "Bearer", "tenant": TENANT, "accessToken": some})),
    ("az account list-locations", where({"[].name | contains(@, 'westeurope')": True})),
    ("az account management-group list --no-register", where({f"[?name=='{TENANT}'] | length(@)": 1})),
    ("az account management-group show --name {tenant} --no-register", where({"name": TENANT, "properties.tenantId || tenantId": TENANT})),
    ("az provider list", where({"[?namespace=='Microsoft.MachineLearningServices'].registrationState | [0]": "Registered"})),
    ("az provider show --namespace Microsoft.Storage", where({"resourceTypes[?resourceType=='storageAccounts'] | length(@)": 1})),
    ("az provider show --namespace Microsoft.Nowhere", fails("InvalidResourceNamespace")),
    # Resource groups and resources.
    ("az group list", listed("Microsoft.Resources/resourceGroups")),
    ("az group show --name rg-fraud-prod", where({"id": FRAUD, "type": "Microsoft.Resources/resourceGroups"})),
    ("az group show --name rg-nowhere", fails("ResourceGroupNotFound")),
    ("az group exists --name rg-nowhere", where({"@": False})),
    ("az group create --name rg-new --location westeurope --tags team=ml", where({"id": f"{PROD}/resourceGroups/rg-new", "properties.provisioningState": "Succeeded"})),
    ("az group update --name rg-new --set tags.env=test", where({"tags": {"team": "ml", "env": "test"}})),
    ("az group delete --name rg-new --yes", nothing()),
    ("az group exists --name rg-new", where({"@": False})),
    ("az resource list --resource-type Microsoft.Storage/storageAccounts", listed("Microsoft.Storage/storageAccounts")),
    ("az resource list --resource-group rg-fraud-prod --resource-type Microsoft.KeyVault/vaults", listed("Microsoft.KeyVault/vaults", FRAUD)),
    ("az resource list --tag owner=mara.lindqvist@contoso.example", where({"length(@) > `0`": True, "length([?tags.owner!='mara.lindqvist@contoso.example'])": 0})),
    ("az resource list --name mlw-fraud-prod", where({"[].id": [NAMES["workspace"]]})),
    ("az resource show --ids {workspace}", where({"id": NAMES["workspace"], "identity.type": "SystemAssigned", "properties.storageAccount": some})),
    ("az resource show --ids {workspace}/computes/cpu-train", where({"type": "Microsoft.MachineLearningServices/workspaces/computes", "name": "cpu-train"})),
    ("az resource show --ids {fraud}/providers/Microsoft.Storage/storageAccounts/nobody", fails("ResourceNotFound")),
    ("az resource show --ids {workspace} --api-version 2015-01-01", fails("NoRegisteredProviderFound")),
    ("az resource tag --ids {storage} --tags data=claims --is-incremental", where({"tags.data": "claims", "tags.owner": some})),
    ("az resource invoke-action --ids {workspace} --action diagnose --api-version 2025-12-01", where({"@": gone})),
    ("az tag list", where({"[?tagName=='owner'].count.type | [0]": "Total"})),
    ("az tag list --resource-id {storage}", where({"properties.tags.data": "claims"})),
    ("az tag update --resource-id {storage} --operation Merge --tags data=policies", where({"properties.tags.data": "policies", "properties.tags.owner": some})),
    ("az tag update --resource-id {storage} --operation Delete --tags data=policies", where({"properties.tags.data": None})),
    # Roles.
    ("az role assignment list --all", Expect("those of the export and the caller's own", lambda *got: same(
        [own["id"] for own in answer(*got) if own["principalId"] != CALLER["id"]], ids("Microsoft.Authorization/roleAssignments", PROD)))),
    ("az role assignment list --assignee-object-id {principal} --all --fill-principal-name false", Expect(f"the {len(GIVEN)} of the export, by id", lambda *got: same([own["id"] for own in answer(*got)], GIVEN))),
    ("az role assignment list --assignee {principal} --all", Expect(f"the {len(GIVEN)} of the export, by id", lambda *got: same([own["id"] for own in answer(*got)], GIVEN))),
    ("az role assignment list --scope {storage} --include-inherited", where({f"[?!starts_with(`{NAMES['storage']}`, scope) && scope!='/'] | length(@)": 0, "length(@) > `0`": True})),
    ("az resource update --ids {pricing} --set identity.type=SystemAssigned --api-version 2025-12-01 (against a policy that wants another)", disallowed(
        "mlw-pricing-legacy", "5f0c7d88-c7de-45b8-ac49-db49e72eaa78", "aml-user-assigned",
        "Microsoft.MachineLearningServices/workspaces/primaryUserAssignedIdentity", None)),
    ("az policy exemption create --name by-system --policy-assignment {user_assigned} --exemption-category Mitigated --scope {pricing}", where({"exemptionCategory": "Mitigated"})),
    ("az resource update --ids {pricing} --set identity.type=SystemAssigned --api-version 2025-12-01", where({"identity.type": "SystemAssigned", "identity.principalId": some})),
    ("az resource wait --ids {pricing} --updated --interval 5 --timeout 90 --api-version 2025-12-01", nothing()),
    ("az role assignment list --all (after that)", Expect("four more: what the service grants a new identity", lambda *got: equal(
        len([own for own in answer(*got) if own["principalId"] != CALLER["id"]]), count("Microsoft.Authorization/roleAssignments") + 4))),
    ("az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role Reader --scope {fraud}",
     where({"principalId": FRAUD_MI, "scope": FRAUD, "roleDefinitionId": f"{PROD}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"})),
    ("az role assignment create --assignee {principal} --role 'Storage Blob Data Reader' --scope {storage}", where({"principalType": "ServicePrincipal"})),
    ("az role assignment create --assignee {app} --role Reader --scope {storage}", where({"principalType": "ServicePrincipal", "scope": NAMES["storage"]})),
    ("az role assignment create --assignee {app} --role 'No such role' --scope {storage}", fails("No such role")),
    ("az role assignment list --assignee {app} --scope {storage}", where({"[].roleDefinitionName": ["Reader"], "[].principalName": [APP]})),
    ("az role assignment delete --assignee {principal} --role Reader --scope {fraud}", nothing()),
    ("az role assignment delete --ids {storage}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001", Expect("nothing to delete is no failure", answer)),
    ("az role assignment list --assignee {principal} --scope {fraud}", where({"[?roleDefinitionName=='Reader'] | length(@)": 0})),
    ("az role definition list --name Reader", where({"[].roleType": ["BuiltInRole"], "[0].permissions[0].actions": ["*/read"]})),
    (f"az role definition create --role-definition '{ROLE % 'one'}'", where({"roleName": "Workspace reader", "roleType": "CustomRole"})),
    ("az role definition list --custom-role-only", where({"[].roleName": ["Workspace reader"]})),
    (f"az role definition update --role-definition '{ROLE % 'two'}'", where({"description": "two"})),
    ("az role definition delete --name 'Workspace reader'", Expect("succeeds", answer)),
    ("az role definition list --custom-role-only", number(0)),
    ("az role deny-assignment list", Expect("a list", lambda *got: equal(type(answer(*got)), list))),
    # Storage accounts.
    ("az storage account list", listed("Microsoft.Storage/storageAccounts")),
    ("az storage account show --name stfraudprod", where({"id": NAMES["storage"], "kind": "StorageV2"})),
    ("az storage account check-name --name stfraudprod", where({"nameAvailable": False, "reason": "AlreadyExists"})),
    ("az storage account create --name stnewone --resource-group rg-fraud-prod --allow-shared-key-access false", where({"allowSharedKeyAccess": False, "provisioningState": "Succeeded"})),
    ("az storage account update --name stfraudprod --resource-group rg-fraud-prod --allow-shared-key-access false", where({"allowSharedKeyAccess": False})),
    ("az storage account update --name stfraudprod --resource-group rg-fraud-prod --key-exp-days 60 --sas-exp 1.00:00:00", where({"keyPolicy.keyExpirationPeriodInDays": 60, "sasPolicy.sasExpirationPeriod": "1.00:00:00"})),
    ("az storage account update --name stfraudprod --resource-group rg-fraud-prod --default-action Deny", where({"networkRuleSet.defaultAction": "Deny", "allowSharedKeyAccess": False})),
    ("az storage account keys list --account-name stnewone --resource-group rg-fraud-prod", where({"[].keyName": ["key1", "key2"]})),
    ("az storage account keys renew --account-name stnewone --resource-group rg-fraud-prod --key key1", where({"[].keyName": ["key1", "key2"]})),
    ("az storage account blob-service-properties show --account-name stfraudprod --resource-group rg-fraud-prod", where({"name": "default"})),
    ("az storage account delete --name stnewone --resource-group rg-fraud-prod --yes", nothing()),
    # Registries.
    ("az acr list", listed("Microsoft.ContainerRegistry/registries")),
    ("az acr show --name crfraudprod", where({"id": NAMES["registry"], "loginServer": some})),
    ("az acr check-name --name crfraudprod", where({"nameAvailable": False})),
    ("az acr create --name crnewone --resource-group rg-fraud-prod --sku Standard --admin-enabled true", where({"adminUserEnabled": True, "provisioningState": "Succeeded"})),
    ("az acr update --name crnewone --admin-enabled false", where({"adminUserEnabled": False})),
    ("az acr update --name crnewone --anonymous-pull-enabled true", where({"anonymousPullEnabled": True})),
    ("az acr credential show --name crnewone", fails("to enable admin first")),
    ("az acr token list --registry crvisionprod", where({"[].name": ["edge-cameras"]})),
    ("az acr scope-map list --registry crvisionprod", Expect("a list", lambda *got: equal(type(answer(*got)), list))),
    ("az acr delete --name crnewone --yes", nothing()),
    # Key vaults.
    ("az keyvault list", listed("Microsoft.KeyVault/vaults")),
    ("az keyvault show --name kv-fraud-prod", where({"id": NAMES["vault"], "properties.enableRbacAuthorization": True})),
    ("az keyvault create --name kv-newone --resource-group rg-fraud-prod --location westeurope --enable-rbac-authorization false", where({"properties.enableRbacAuthorization": False, "properties.vaultUri": some})),
    ("az keyvault set-policy --name kv-newone --object-id {principal} --secret-permissions get list", where({f"sort(properties.accessPolicies[?objectId=='{FRAUD_MI}'].permissions.secrets | [0])": ["get", "list"]})),
    ("az keyvault delete-policy --name kv-newone --object-id {principal}", where({f"properties.accessPolicies[?objectId=='{FRAUD_MI}']": []})),
    ("az keyvault update --name kv-newone --enable-rbac-authorization true", where({"properties.enableRbacAuthorization": True})),
    ("az keyvault delete --name kv-newone", nothing()),
    ("az keyvault list-deleted --resource-type vault", where({"[].name": ["kv-newone"]})),
    ("az keyvault show-deleted --name kv-newone", where({"properties.vaultId": some})),
    ("az keyvault purge --name kv-newone", nothing()),
    # Identities.
    ("az identity list", listed("Microsoft.ManagedIdentity/userAssignedIdentities")),
    ("az identity show --name id-fraud-scoring --resource-group rg-fraud-prod", where({"id": NAMES["identity"], "principalId": some, "clientId": some})),
    ("az identity create --name id-new --resource-group rg-fraud-prod", where({"principalId": some, "clientId": some, "tenantId": TENANT})),
    ("az identity federated-credential create --identity-name id-new --resource-group rg-fraud-prod --name ci --issuer https://issuer.example --subject repo:contoso --audiences api://AzureADTokenExchange", where({"subject": "repo:contoso", "audiences": ["api://AzureADTokenExchange"]})),
    ("az identity federated-credential list --identity-name id-new --resource-group rg-fraud-prod", where({"[].name": ["ci"]})),
    ("az identity federated-credential delete --identity-name id-new --resource-group rg-fraud-prod --name ci --yes", nothing()),
    ("az identity delete --name id-new --resource-group rg-fraud-prod", nothing()),
    # Policy.
    ("az policy definition list", where({"[?policyType=='BuiltIn'] | length(@)": 6})),
    (f"az policy definition create --name shared-keys --mode All --rules '{RULE}'", where({"name": "shared-keys", "policyType": "Custom"})),
    ("az policy definition show --name shared-keys", where({"policyRule.then.effect": "audit"})),
    ("az policy definition update --name shared-keys --description Audited", where({"description": "Audited", "policyRule.then.effect": "audit"})),
    ("az policy set-definition create --name keys --definitions '[{\"policyDefinitionId\":\"" + PROD + "/providers/Microsoft.Authorization/policyDefinitions/shared-keys\"}]'", where({"policyDefinitions | length(@)": 1})),
    ("az policy set-definition list", where({"[?name=='keys'] | length(@)": 1})),
    ("az policy assignment list", Expect("those of the subscription itself", lambda *got: same([own["id"] for own in answer(*got)], {own for own in ids("Microsoft.Authorization/policyAssignments", PROD) if "/resourcegroups/" not in own}))),
    ("az policy assignment list --disable-scope-strict-match", listed("Microsoft.Authorization/policyAssignments")),
    ("az policy assignment create --name keys --policy shared-keys --scope {fraud} --mi-system-assigned --location westeurope", where({"scope": FRAUD, "identity.type": "SystemAssigned", "identity.principalId": some})),
    ("az policy assignment show --name keys --scope {fraud}", where({"enforcementMode": "Default"})),
    ("az policy assignment update --name keys --scope {fraud} --enforcement-mode DoNotEnforce", where({"enforcementMode": "DoNotEnforce"})),
    ("az policy exemption create --name later --policy-assignment {fraud}/providers/Microsoft.Authorization/policyAssignments/keys --exemption-category Waiver --scope {fraud}", where({"exemptionCategory": "Waiver"})),
    ("az policy exemption list --scope {fraud}", where({"[?name=='later'] | length(@)": 1})),
    ("az policy exemption delete --name later --scope {fraud}", nothing()),
    ("az policy assignment delete --name keys --scope {fraud}", nothing()),
    ("az policy set-definition delete --name keys", nothing()),
    ("az policy definition delete --name shared-keys", nothing()),
    ("az policy definition create --name no-keys --mode Indexed --rules {no_keys} --params '" + EFFECT + "'", where({"parameters.effect.defaultValue": "Audit"})),
    ("az policy definition create --name bad --rules '{\"if\":{\"field\":\"type\",\"equal\":\"x\"},\"then\":{\"effect\":\"deny\"}}'", fails("InvalidPolicyRule")),
    ("az policy assignment create --name no-keys --policy no-keys --scope {fraud} --params '{\"how\":{\"value\":\"Deny\"}}'", fails("UndefinedPolicyParameter")),
    ("az policy assignment create --name no-keys --policy no-keys --scope {fraud} --params '{\"effect\":{\"value\":\"Deny\"}}'", where({"parameters.effect.value": "Deny"})),
    ("az storage account create --name stwithkeys --resource-group rg-fraud-prod --allow-shared-key-access true", disallowed("stwithkeys", "no-keys", "no-keys", SHARED_KEYS, True)),
    ("az storage account create --name stwithoutkeys --resource-group rg-fraud-prod --allow-shared-key-access false", where({"allowSharedKeyAccess": False})),
    ("az storage account update --name stwithoutkeys --resource-group rg-fraud-prod --allow-shared-key-access true", disallowed("stwithoutkeys", "no-keys", "no-keys", SHARED_KEYS, True)),
    ("az resource create --resource-group rg-fraud-prod --name mlw-by-none --resource-type Microsoft.MachineLearningServices/workspaces --location westeurope --api-version 2025-12-01 --is-full-object --properties '{\"location\":\"westeurope\",\"properties\":{}}'", fails("was disallowed by policy")),
    ("az policy exemption create --name one --policy-assignment {fraud}/providers/Microsoft.Authorization/policyAssignments/no-keys --exemption-category Waiver --scope {fraud}", where({"exemptionCategory": "Waiver"})),
    ("az storage account create --name stwithkeys --resource-group rg-fraud-prod --allow-shared-key-access true (exempt)", where({"allowSharedKeyAccess": True})),
    ("az policy exemption delete --name one --scope {fraud}", nothing()),
    ("az policy state trigger-scan --resource-group rg-fraud-prod", nothing()),
    ("az policy state list --resource-group rg-fraud-prod --filter \"policyAssignmentName eq 'no-keys' and complianceState eq 'NonCompliant'\"", where({"length([?contains(resourceId, 'stwithkeys')])": 1, "length([?contains(resourceId, 'stwithoutkeys')])": 0})),
    ("az policy assignment non-compliance-message create --name no-keys --scope {fraud} --message 'No keys, please.'", Expect("succeeds", answer)),
    ("az storage account create --name stagain --resource-group rg-fraud-prod --allow-shared-key-access true", fails("Reasons: 'No keys, please.'")),
    ("az policy assignment update --name no-keys --scope {fraud} --enforcement-mode Enroll", where({"enforcementMode": "Enroll"})),
    ("az storage account create --name stbefore --resource-group rg-fraud-prod --allow-shared-key-access true", where({"allowSharedKeyAccess": True})),
    ("az policy enrollment create --name one --policy-assignment {fraud}/providers/Microsoft.Authorization/policyAssignments/no-keys --resource-group rg-fraud-prod", where({"policyAssignmentId": some})),
    ("az policy enrollment list --resource-group rg-fraud-prod", number(1)),
    ("az storage account create --name stafter --resource-group rg-fraud-prod --allow-shared-key-access true", fails("was disallowed by policy")),
    ("az policy enrollment delete --name one --resource-group rg-fraud-prod --yes", nothing()),
    ("az storage account delete --name stbefore --resource-group rg-fraud-prod --yes", nothing()),
    ("az storage account delete --name stwithkeys --resource-group rg-fraud-prod --yes", nothing()),
    ("az storage account delete --name stwithoutkeys --resource-group rg-fraud-prod --yes", nothing()),
    ("az policy assignment delete --name no-keys --scope {fraud}", nothing()),
    (f"az policy definition create --name kept --mode Indexed --rules '{KEPT}'", where({"policyRule.then.effect": "denyAction"})),
    ("az policy assignment create --name kept --policy kept --scope {fraud}", where({"scope": FRAUD})),
    ("az storage account create --name stkept --resource-group rg-fraud-prod", where({"provisioningState": "Succeeded"})),
    ("az storage account delete --name stkept --resource-group rg-fraud-prod --yes", fails("Deletion of resource 'stkept' was disallowed by policy")),
    ("az policy assignment delete --name kept --scope {fraud}", nothing()),
    ("az storage account delete --name stkept --resource-group rg-fraud-prod --yes (once nothing keeps it)", nothing()),
    ("az provider show --namespace Microsoft.Storage --expand resourceTypes/aliases", where({f"resourceTypes[?resourceType=='storageAccounts'].aliases[] | [?name=='{SHARED_KEYS}'].defaultPath | [0]": "properties.allowSharedKeyAccess"})),
    ("az policy state summarize", where({"results": some})),
    ("az policy state list", Expect("a list", lambda *got: equal(type(answer(*got)), list))),
    # Locks.
    ("az lock create --name keep --lock-type CanNotDelete --resource-group rg-fraud-prod", where({"level": "CanNotDelete"})),
    ("az lock list --resource-group rg-fraud-prod", where({"[].name": ["keep"]})),
    ("az storage account delete --name stfraudscoring --resource-group rg-fraud-prod --yes", fails("ScopeLocked")),
    ("az lock delete --name keep --resource-group rg-fraud-prod", nothing()),
    ("az lock list", number(0)),
    # Templates.
    ("az deployment group validate --resource-group rg-fraud-prod --name accounts --template-file {template} --parameters name=sttemplate", where({"properties.provisioningState": "Succeeded"})),
    ("az deployment group create --resource-group rg-fraud-prod --name accounts --template-file {template} --parameters name=sttemplate", where({"properties.provisioningState": "Succeeded", "properties.outputs.account.value": "sttemplate"})),
    ("az deployment group show --resource-group rg-fraud-prod --name accounts", where({"properties.outputResources | length(@)": 1})),
    ("az deployment operation group list --resource-group rg-fraud-prod --name accounts", where({"[].properties.targetResource.resourceName": ["sttemplate"]})),
    ("az deployment group list --resource-group rg-fraud-prod", where({"[].name": ["accounts"]})),
    ("az storage account show --name sttemplate --resource-group rg-fraud-prod", where({"allowSharedKeyAccess": False})),
    ("az deployment group create --resource-group rg-fraud-prod --name accounts --template-file {template}", fails("Missing input parameters")),
    ("az deployment group delete --resource-group rg-fraud-prod --name accounts", nothing()),
    ("az storage account delete --name sttemplate --resource-group rg-fraud-prod --yes", nothing()),
    # Logs.
    ("az monitor activity-log list --offset 1h --resource-group rg-fraud-prod --max-events 200", where({"[?operationName.value=='Microsoft.Authorization/locks/write'] | length(@)": 1, f"[?caller!='{APP}'] | length(@)": 0})),
    ("az monitor activity-log list --offset 1h --resource-id {storage}", where({"length(@) > `0`": True})),
    ("az monitor diagnostic-settings list --resource {workspace}", where({"[].name": ["to-central"]})),
    ("az monitor diagnostic-settings categories list --resource {storage}/blobServices/default", where({"value[].name || [].name": ["StorageRead", "StorageWrite", "StorageDelete"]})),
    (f"az monitor diagnostic-settings create --name audit --resource {NAMES['storage']}/blobServices/default --logs '{LOGS}' --workspace {FRAUD}/providers/Microsoft.OperationalInsights/workspaces/log", where({"logs[0].category": "StorageRead"})),
    ("az monitor diagnostic-settings show --name audit --resource {storage}/blobServices/default", where({"name": "audit"})),
    ("az monitor diagnostic-settings delete --name audit --resource {storage}/blobServices/default", nothing()),
    ("az monitor log-analytics workspace create --resource-group rg-fraud-prod --name log-new", where({"provisioningState": "Succeeded", "customerId": some})),
    ("az monitor log-analytics workspace list", where({"[?name=='log-new'] | length(@)": 1})),
    # The directory.
    ("az ad sp show --id {app}", where({"appId": APP, "servicePrincipalType": "Application"})),
    ("az ad sp show --id {principal}", where({"id": FRAUD_MI, "servicePrincipalType": "ManagedIdentity", "displayName": "mlw-fraud-prod"})),
    ("az ad sp list --display-name mlw-fraud", where({"[?displayName=='mlw-fraud-prod'].id": [FRAUD_MI]})),
    ("az ad sp list --filter \"servicePrincipalType eq 'ManagedIdentity'\" --all", where({"length(@) > `40`": True, "[?servicePrincipalType!='ManagedIdentity'] | length(@)": 0})),
    ("az ad app list --all", Expect("those of the export and the caller's own, by id", lambda *got: same(
        [own["appId"] for own in answer(*got)], {APP} | {EXPORT[own]["properties"]["appId"] for own in ids("Microsoft.Graph/applications")}))),
    ("az ad app credential list --id {app}", where({"length(@)": 1, "[0].secretText": None})),
    ("az ad group list", where({"length(@) > `0`": True})),
    ("az ad signed-in-user show", fails("delegated authentication")),
    # Whatever else there is.
    ("az rest --url {scope}/providers/Microsoft.MachineLearningServices/workspaces?api-version=2025-12-01", Expect("the workspaces of the export, by id", lambda *got: same([own["id"] for own in answer(*got)["value"]], ids("Microsoft.MachineLearningServices/workspaces", PROD)))),
    ("az rest --method post --url /providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01 --body @query.json", Expect("every workspace of the export, by id", lambda *got: same([own["id"] for own in answer(*got)["data"]], ids("Microsoft.MachineLearningServices/workspaces")))),
    ("az rest --url {base}/v1.0/servicePrincipals?$top=3 --resource {base}", where({"length(value)": 3})),
    ("az rest --url {scope}/resourcegroups", fails("MissingApiVersionParameter")),
    ("az graph query --graph-query resources", "the extension resource-graph is on no package registry; azure-mgmt-resourcegraph asks the same"),
    ("az ml workspace list", "the extension ml is on no package registry; it is azure-ai-ml under other names"),
    ("az monitor log-analytics query", "the extension log-analytics is on no package registry"),
]
MANAGED = [
    ("az cloud register --name Sim --endpoint-resource-manager {base}", nothing()),
    ("az cloud set --name Sim", nothing()),
    ("az login --identity", where({"[0].user.type": "servicePrincipal", "[0].user.name": "systemAssignedIdentity", "length(@)": 3})),
    ("az group list --subscription {sub}", listed("Microsoft.Resources/resourceGroups")),
]
CALLER = {}


def run(command, expected, home):
    if isinstance(expected, str):
        raise Skip(expected)
    expected.check(*az(command, home))


def shown(command):
    """The call as the table shows it: nothing of one run of the simulator is in it."""
    for value, name in ((PROD, "{scope}"),):
        command = command.replace(value, name)
    return command


for command, expected in ROWS:
    if command == "az role assignment list --all":
        CALLER["id"] = json.loads(az("az ad sp show --id {app}")[1] or '{"id": null}')["id"]
    words = "" if isinstance(expected, str) else expected.words
    for value, name in ((BASE, "{base}"), (APP, "{app}"), (FRAUD, "{fraud}"), (PROD, "{scope}"), (TENANT, "{tenant}")):
        words = words.replace(value, name)
    row(shown(command), words, lambda c=command, e=expected: run(c, e, "azure"))
for command, expected in MANAGED:
    row(f"{command} (as a managed identity)", expected.words, lambda c=command, e=expected: run(c, e, "managed"))
