"""What the tables of calls share: rows, expectations, and what the example tenant is known to hold."""

import glob
import json
import os
import time

BASE = os.environ["SIM_BASE"]
TENANT = os.environ["SIM_TENANT"]
APP = os.environ["SIM_APP"]
SECRET = os.environ["SIM_SECRET"]
SCRATCH = os.environ["SIM_SCRATCH"]


class Wrong(Exception):
    """An answer that is not the expected one."""


class Skip(Exception):
    """A call that cannot be made here, and why."""


def row(call, expected, run):
    """Runs one call and writes its line; `expected` is in words, `run` raises when it is not met."""
    start = time.monotonic()
    result, why = "passed", ""
    try:
        run()
    except Skip as skip:
        result, why = "skipped", str(skip)
    except Wrong as wrong:
        result, why = "failed", str(wrong)
    except Exception as error:  # A client's own exceptions are as many as clients; each is a failure of its call.
        result, why = "failed", f"{type(error).__name__}: {error}"
    line = {
        "call": call,
        "expected": expected,
        "result": result,
        "why": " ".join(why.split())[:300],
        "seconds": round(time.monotonic() - start, 1),
    }
    with open(os.environ["SIM_RESULTS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def equal(got, expected, what="the answer"):
    """Says what was got when it is something else."""
    if got != expected:
        raise Wrong(f"{what} is {got!r}, not {expected!r}"[:300])


def same(got, expected):
    """Compares two sets of ids, whatever their case, and names the first that is in one of them alone."""
    got, expected = [own.lower() for own in got], {own.lower() for own in expected}
    if len(got) != len(set(got)):
        raise Wrong(f"{len(got) - len(set(got))} of {len(got)} came twice")
    missing, more = sorted(expected - set(got)), sorted(set(got) - expected)
    if missing or more:
        first = f"missing {missing[0]}" if missing else f"not expected {more[0]}"
        raise Wrong(f"{len(got)} came, {len(expected)} were expected; {len(missing)} missing, {len(more)} more: {first}")


def _walk(value):
    if isinstance(value, dict):
        if str(value.get("id", "")).startswith("/"):
            yield value
        for name in ("value", "data"):
            yield from _walk(value.get(name))
    elif isinstance(value, list):
        for own in value:
            yield from _walk(own)


def _export():
    found = {}
    for path in sorted(glob.glob(os.path.join(os.environ["SIM_EXPORT"], "*.json"))):
        with open(path, encoding="utf-8") as file:
            for own in _walk(json.load(file)):
                found.setdefault(own["id"].lower(), own)
    return found


# The example tenant as its committed export has it, by id in lower case: what every client must see.
EXPORT = _export()


def ids(kind, below="/"):
    """The ids of a type below a scope, as the export has them."""
    kind, below = kind.lower(), below.lower().rstrip("/") + "/"
    return {own for own, it in EXPORT.items() if it.get("type", "").lower() == kind and (own + "/").startswith(below)}
