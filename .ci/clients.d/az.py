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
    """Runs a command; gives its exit code, its output and its errors."""
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


def at(**expected):
    """Values at JMESPath expressions; `__` in a name stands for a dot."""
    return where({name.replace("__", "."): value for name, value in expected.items()})


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


def some(value):
    """is there"""
    return value not in (None, "", [], {})


def gone(value):
    """is not there"""
    return value in (None, "", [], {})
