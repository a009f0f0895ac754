"""`cutwatch demo`: the loopback world, with real cases replayed at high speed against the real service."""

import importlib.util
import os
import sys

from monitor.commands.output import refuse


def demo() -> None:
    """Replay a real case at high speed in a world made of loopback addresses; nothing leaves this machine."""
    if importlib.util.find_spec("tests.lab") is None:
        refuse("the demonstration lives in the source checkout: run it there with `make demo`")
    os.execv(sys.executable, [sys.executable, "-m", "tests.lab", "demo"])  # noqa: S606 - this very interpreter, fixed arguments
