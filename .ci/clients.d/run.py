"""Runs every client's table against a simulator of its own and writes what came of it.

    run.py DEKEY TOOLS EXPORT KNOWN OUT

Runs in a network of its own that has only loopback, where the kernel lets it; see `.ci/clients`.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# Name, virtual environment, table, and what the simulator is filled with when that is not the example tenant.
CLIENTS = [
    ("Azure CLI", "clients-az", "az.py", []),
    ("azure-ai-ml", "clients-sdk", "ml.py", []),
    ("azure-mgmt SDKs", "clients-sdk", "sdk.py", []),
    ("Cloud Custodian", "c7n", "custodian.py", ["--workspaces", "300", "--seed", "7"]),
]

# Nothing of the caller's own set-up reaches a client, and whatever asks for something else than loopback asks a closed port.
CLOSED = "http://127.0.0.1:9"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HTTPS_PROXY": CLOSED,
    "HTTP_PROXY": CLOSED,
    "NO_PROXY": "127.0.0.1,localhost",
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
}


class Simulator:
    """`dekey sim` on free ports, for one client."""

    def __init__(self, dekey, folder, arguments):
        self.ca = os.path.join(folder, "ca.pem")
        command = [dekey, "sim", "--operation-time", "2s", "--listen", "127.0.0.1:0", "--identity", "127.0.0.1:0", "--ca-file", self.ca]
        self.process = subprocess.Popen(
            command + arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
        )
        text = ""
        # What it prints last is how a managed identity reaches it.
        while "IDENTITY_HEADER" not in text:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("dekey sim did not start")
            text += line
        self.base = re.search(r"resources at (\S+);", text)[1]
        self.app, self.secret, self.tenant = re.search(r"-u (\S+) -p (\S+) --tenant (\S+)", text).groups()
        self.identity = re.search(r"IDENTITY_ENDPOINT=(\S+)", text)[1]

    def environment(self):
        return {
            "SIM_BASE": self.base,
            "SIM_TENANT": self.tenant,
            "SIM_APP": self.app,
            "SIM_SECRET": self.secret,
            "SIM_IDENTITY": self.identity,
            "REQUESTS_CA_BUNDLE": self.ca,
            "SSL_CERT_FILE": self.ca,
        }

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=10)


def only_loopback():
    """Whether this process sees no network device but loopback."""
    with open("/proc/net/dev", encoding="ascii") as file:
        return [line.split(":")[0].strip() for line in file if ":" in line] == ["lo"]


def start(client, dekey, tools, export, folder):
    """Starts a client's table, with a home and settings that are thrown away."""
    _, venv, table, arguments = client
    own = os.path.join(folder, table)
    os.makedirs(own)
    simulator = Simulator(dekey, own, arguments)
    environment = ENVIRONMENT | simulator.environment()
    environment |= {
        "HOME": own,
        "AZURE_CONFIG_DIR": os.path.join(own, "azure"),
        "SIM_SCRATCH": own,
        "SIM_RESULTS": os.path.join(own, "results"),
        "SIM_EXPORT": export,
        "IDENTITY_ENDPOINT": simulator.identity,
        "IDENTITY_HEADER": "sim",
        "DEKEY": dekey,
    }
    command = [os.path.join(tools, venv, "bin", "python"), os.path.join(HERE, table)]
    with open(os.path.join(own, "log"), "wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=own, stdout=log, stderr=log)
    return client, own, simulator, process


def finish(started):
    """Waits for a table and reads its lines; a table that broke off has failed as a whole."""
    (name, *_), own, simulator, process = started
    code = process.wait()
    simulator.stop()
    rows = []
    if os.path.exists(os.path.join(own, "results")):
        with open(os.path.join(own, "results"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
    if code != 0:
        with open(os.path.join(own, "log"), encoding="utf-8", errors="replace") as file:
            last = file.read().strip().splitlines()[-1:] or ["it printed nothing"]
        rows.append({"call": "(the table)", "expected": "runs to its end", "result": "failed", "why": last[0][:300], "seconds": 0})
    print(f"{name}: {len(rows)} calls in {sum(own['seconds'] for own in rows):.0f} s", file=sys.stderr)
    return [row | {"client": name} for row in rows]


def known_failures(path):
    """Lines of `client | call | reason`."""
    known = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                client, call, reason = (part.strip() for part in line.split(" | ", 2))
                known[client, call] = reason
    return known


def cell(text):
    """A text that stays in its cell."""
    return text.replace("|", "\\|")


def page(rows, known, versions):
    """The results as a page of documentation."""
    out = ["# What Microsoft's own clients, and one of others, make of the simulator", ""]
    out += [
        "Each client runs against a `dekey sim` of its own, over TLS, in a network that has only loopback, and each answer is",
        "compared with the export of the example tenant that lies in `examples/contoso` (Cloud Custodian: with `dekey audit",
        "--azure`). Written by `.ci/clients --write`; `.ci/run` fails when it is no longer true.",
        "",
        "| client | version | calls | passed | failed | skipped |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, *_ in CLIENTS:
        own = [row["result"] for row in rows if row["client"] == name]
        counts = " | ".join(str(own.count(result)) for result in ("passed", "failed", "skipped"))
        out.append(f"| {name} | {versions[name]} | {len(own)} | {counts} |")
    for name, *_ in CLIENTS:
        out += ["", f"## {name}", "", "| call | expected | result |", "|---|---|---|"]
        for row in (row for row in rows if row["client"] == name):
            why = known.get((name, row["call"]), "") if row["result"] == "failed" else row["why"]
            result = row["result"] + (f": {why}" if why else "")
            out.append(f"| `{cell(row['call'])}` | {cell(row['expected'])} | {cell(result)} |")
    return "\n".join(out) + "\n"


def versions(tools):
    """The version of the package that each client is named after."""
    packages = {
        "Azure CLI": ("clients-az", ["azure-cli"]),
        "azure-ai-ml": ("clients-sdk", ["azure-ai-ml"]),
        "azure-mgmt SDKs": ("clients-sdk", ["azure-identity", "azure-mgmt-machinelearningservices", "azure-mgmt-authorization",
                                            "azure-mgmt-resourcegraph", "azure-mgmt-resource", "azure-mgmt-storage"]),
        "Cloud Custodian": ("c7n", ["c7n", "c7n-azure"]),
    }
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"


    def installed(venv, names):
        command = [os.path.join(tools, venv, "bin", "python"), "-c", code, *names]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return {client: installed(*own) for client, own in packages.items()}


def main(dekey, tools, export, known_path, out):
    known = known_failures(known_path)
    only = os.environ.get("CLIENTS", "")
    chosen = [client for client in CLIENTS if re.search(only, client[0])]
    with tempfile.TemporaryDirectory() as folder:
        started = [start(client, dekey, tools, export, folder) for client in chosen]
        rows = [row for own in started for row in finish(own)]
    network = "only loopback is there" if only_loopback() else "other networks are closed by proxy variables alone"
    print(f"network: {network}", file=sys.stderr)
    bad = 0
    for row in rows:
        key = (row["client"], row["call"])
        mark = row["result"]
        if mark == "failed" and key in known:
            mark = "known"
        elif mark == "failed" or (mark == "passed" and key in known):
            bad += 1
        print(f"{mark:8} {row['seconds']:6.1f} s  {row['client']}: {row['call']}" + (f"\n{'':19}{row['why']}" if row["why"] else ""))
        if row["result"] == "passed" and key in known:
            print(f"{'':19}is on the list of known failures and passes: take it off")
    counts = {result: sum(row["result"] == result for row in rows) for result in ("passed", "failed", "skipped")}
    print(f"{len(rows)} calls: {counts['passed']} passed, {counts['failed']} failed ({bad} not known), {counts['skipped']} skipped")
    with open(out, "w", encoding="utf-8") as file:
        file.write(page(rows, known, versions(tools)))
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
