"""Runs dekey and a peer on the same files, and shows whether they find the same and what it cost each.

    compare.py --peer NAME --command PYTHON SCRIPT --files A.json,B.json --tenant DIR --dekey BIN --runs N

The peer's script is called with the tenant folder and a path, and writes there, as JSON:
`rules` (dekey's rule id -> ids of the resources that the peer flags), `definitions` (the same keys -> the peer's own
words for what it looked for) and `timings` (free text -> seconds or counts).

Exits with 0 when every rule flags exactly the same resources, with 1 when not, with 2 when one could not be run.
"""

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile

Cost = collections.namedtuple("Cost", "user system wall rss")


def measured(command, scratch):
    """Runs a command under GNU time; returns its cost and exit code."""
    out, log = os.path.join(scratch, "time"), os.path.join(scratch, "log")
    with open(log, "wb") as sink:
        timed = ["/usr/bin/time", "-o", out, "-f", "%U %S %e %M", *command]
        code = subprocess.run(timed, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False).returncode
    with open(out, encoding="utf-8") as file:
        # GNU time puts a remark before the numbers when the command exits with something else than 0.
        user, system, wall, rss = map(float, file.read().splitlines()[-1].split())
    return Cost(user, system, wall, rss / 1024), code, log


def median(costs):
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


def load(path, who, code, log):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        with open(log, encoding="utf-8", errors="replace") as file:
            tail = file.read()[-2000:]
        print(f"{who} (exit code {code}) left no usable result: {error}\n{tail}", file=sys.stderr)
        sys.exit(2)


def ids_of(values):
    """Resource ids, which Azure compares without regard to case."""
    return collections.Counter(value.lower() for value in values)


def difference(theirs, ours):
    """What to print when the two sides disagree: a few examples of each kind."""
    for title, extra in (("only the peer", theirs - ours), ("only dekey", ours - theirs)):
        if extra:
            print(f"    {title} flags {sum(extra.values())}, e.g. {', '.join(sorted(extra)[:3])}")


def table(rows):
    """Prints rows of text: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


def agree(peer, theirs, ours):
    """Prints the counts; true when each rule flags the same resources on both sides."""
    found = collections.defaultdict(list)
    for finding in ours["findings"]:
        found[finding["rule"]].append(finding["resource"])
    rows, different = [("rule", peer, "dekey", "same resources")], []
    for rule, ids in theirs["rules"].items():
        left, right = ids_of(ids), ids_of(found[rule])
        rows.append((rule, str(sum(left.values())), str(sum(right.values())), "yes" if left == right else "NO"))
        if left != right:
            different.append((rule, left, right))
    table(rows)
    for rule, left, right in different:
        print(f"\n{rule}:")
        difference(left, right)
    print("\nWhat the peer was asked:")
    for rule, definition in theirs["definitions"].items():
        print(f"    {rule}: {definition}")
    return not different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--command", required=True, nargs=2)
    parser.add_argument("--files", required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--dekey", required=True)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()

    files = [os.path.join(asked.tenant, name) for name in asked.files.split(",")]
    costs = {"peer": [], "dekey": [], "whole": []}
    with tempfile.TemporaryDirectory() as scratch:
        theirs, ours, whole = (os.path.join(scratch, name + ".json") for name in costs)
        commands = {
            "peer": [*asked.command, asked.tenant, theirs],
            "dekey": [asked.dekey, "audit", *files, "--format", f"json={ours}"],
            "whole": [asked.dekey, "audit", asked.tenant, "--format", f"json={whole}"],
        }
        codes, logs = {}, {}
        # In turns, so that other work on the machine falls on all alike.
        for _ in range(asked.runs):
            for name, command in commands.items():
                cost, codes[name], logs[name] = measured(command, scratch)
                costs[name].append(cost)
                out = command[-1].removeprefix("json=")
                # dekey's exit code says that there are findings, so a result is what counts; a signal never does.
                if not os.path.exists(out) or codes[name] >= 128 or (name == "peer" and codes[name]):
                    load(os.devnull, name, codes[name], logs[name])
        theirs = load(theirs, asked.peer, codes["peer"], logs["peer"])
        ours = load(ours, "dekey", codes["dekey"], logs["dekey"])

    size = sum(map(os.path.getsize, files)) / 1e6
    everything = sum(entry.stat().st_size for entry in os.scandir(asked.tenant) if entry.is_file()) / 1e6
    print(f"{asked.files}: {size:.1f} MB; the whole folder: {everything:.1f} MB\n")
    same = agree(asked.peer, theirs, ours)

    peer, dekey, whole = (median(costs[name]) for name in costs)
    print(f"\nCost, median of {asked.runs} runs in turns:")
    rows = [("", asked.peer, "dekey, same files", "times less", "dekey, whole folder")]
    for title, left, right, all_of_it in (
        ("user CPU, s", peer.user, dekey.user, whole.user),
        ("user + system CPU, s", peer.user + peer.system, dekey.user + dekey.system, whole.user + whole.system),
        ("wall, s", peer.wall, dekey.wall, whole.wall),
        ("peak memory, MiB", peer.rss, dekey.rss, whole.rss),
    ):
        # GNU time's clock ticks in hundredths; a cost of none is at most one tick.
        ratio = left / max(right, 0.01)
        rows.append((title, f"{left:.2f}", f"{right:.2f}", f"{ratio:.1f}x", f"{all_of_it:.2f}"))
    table(rows)
    print(f"dekey's exit code: {codes['dekey']} (same files), {codes['whole']} (whole folder)")
    print("\nInside the peer's process, last run:")
    for title, value in theirs["timings"].items():
        print(f"    {title}: {value}")
    print("\n" + ("equal: every rule flags the same resources" if same else "DIFFERENT: see above"))
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
