"""An Azure on loopback for the scripts of this folder: `dekey sim`, started and ended."""
import os, re, signal, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def binary():
    """The dekey to measure: DEKEY, or a release build of this checkout."""
    if "DEKEY" in os.environ:
        return os.environ["DEKEY"]
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--bin", "dekey"], cwd=ROOT, check=True)
    return str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "dekey")


class Simulator:
    """Serves an invented tenant until the block ends; `answered` is then the number of requests."""

    def __init__(self, dekey, folder, *words):
        self.folder = folder
        self.words = [dekey, "sim", "--listen", "127.0.0.1:0", "--identity", "127.0.0.1:0", *words]

    def __enter__(self):
        self.errors = open(f"{self.folder}/simulator", "w+")
        self.child = subprocess.Popen(self.words, cwd=self.folder, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        authority = f"{self.folder}/dekey-sim-ca.pem"
        # Nothing but loopback: whatever asks for more finds a proxy that is not there.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DEKEY_CA_FILE": authority,
                    "REQUESTS_CA_BUNDLE": authority, "SSL_CERT_FILE": authority,
                    "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}
        for line in self.child.stdout:
            if found := re.search(r"(\d+) resources at (https://[^;]+);", line):
                self.resources, self.base = int(found[1]), found[2]
                self.env["DEKEY_CLOUD"] = self.base
            if found := re.search(r"IDENTITY_ENDPOINT=(\S+) IDENTITY_HEADER=(\S+)", line):
                self.env["IDENTITY_ENDPOINT"], self.env["IDENTITY_HEADER"] = found.groups()
                return self
        sys.exit("the simulator ended early")

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait()
        self.errors.seek(0)
        found = re.search(r"answered (\d+) requests", self.errors.read())
        self.answered = int(found[1]) if found else 0
