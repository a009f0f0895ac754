"""`python -m tests.fuzz`: schemathesis asks a running service; every answer must be as described, and none a fault of ours.

It asks as an anonymous reader, with a key that is bound to one organisation, and with one that may do everything. Ends with 0
if nothing was found, else with 1 and the requests that found it.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = int(os.environ.get("CUTWATCH_FUZZ_SECONDS", "90"))
"""How long each sort of reader asks."""

ENDLESS = "/api/v1/stream"
"""An answer that does not end cannot be waited for; its own tests read it."""

NOT_ASKED = "positive_data_acceptance"
"""Whether all is accepted that the schemas allow: a cursor that has gone stale, or an incident that is no notice, is not, and
no schema can say so."""


def main() -> int:
    """Ask as each reader in turn, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder)) as house:
        found = [_ask(house["address"], name, secret, Path(folder)) for name, secret in house["keys"].items()]
    return 1 if any(found) else 0


@contextmanager
def _house(folder: Path) -> Iterator[dict[str, Any]]:
    with subprocess.Popen([sys.executable, "-m", "tests.fuzz.house", str(folder)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _ask(address: str, name: str, secret: str | None, folder: Path) -> int:
    """Ask as one reader; the number of faults that came to light, at least 1 if schemathesis itself failed."""
    report, told = folder / f"{name}.json", folder / f"{name}.txt"
    key = ["--header", f"Authorization: Bearer {secret}"] if secret else []
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{address}/openapi.json", *key, "--exclude-path", ENDLESS),
        *("--checks", "all", "--exclude-checks", NOT_ASKED, "--continue-on-failure", "--request-timeout", "10"),
        *("--max-time", str(SECONDS), "--max-examples", "50", "--warnings", "off"),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    with told.open("w") as output:
        ended = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=SECONDS + 120)
    counts = json.loads(report.read_text()) if report.exists() else {}
    sys.stdout.write(f"{name}: {_counted(counts)}\n")
    if ended.returncode:
        sys.stdout.write(told.read_text())
    return ended.returncode


def _counted(report: dict[str, Any]) -> str:
    asked, cases = report.get("operations", {}), report.get("test_cases", {})
    counts = {
        "operations": asked.get("tested"),
        "requests": cases.get("generated"),
        "faults": cases.get("unique_failures"),
        "errors": asked.get("errored"),
    }
    return ", ".join(f"{number} {name}" for name, number in counts.items())


if __name__ == "__main__":
    sys.exit(main())
