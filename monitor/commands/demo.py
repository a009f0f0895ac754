"""`cutwatch demo`: the loopback world, with real cases replayed at high speed against the real service."""

import os
import sys
from pathlib import Path

from monitor.commands.output import refuse


def demo() -> None:
    """Replay a real case at high speed in a world made of loopback addresses; nothing leaves this machine."""
    if not Path("tests/lab/demo.py").is_file():
        refuse("the demonstration lives in the source checkout: go to that folder and run `make demo`")
    # With `-m` the checkout's own folder is searched for modules, which an installed command does not do.
    port = os.environ.get("CUTWATCH_PORT", "8000")
    os.execv(sys.executable, [sys.executable, "-m", "tests.lab", "demo", "--port", port])  # noqa: S606 - fixed arguments
