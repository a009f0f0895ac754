"""The lab's command line: `python -m tests.lab run FILE.yaml… [--only NAME]` and `python -m tests.lab replay FILE.json…`.

Both print `ok NAME` or `FAIL NAME: expected …, got …` per scenario or recorded run, and end with 0 if all are well, 1 if any
is not, and 2 if a file cannot be used, with the reason on standard error.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from monitor.configuration.problems import ConfigurationError
from probes.imported.measurement import Unusable
from tests.lab.demo import demonstrate
from tests.lab.reading import read
from tests.lab.replay import differences, line_of, read_runs
from tests.lab.runner import Outcome, play_all
from tests.lab.scenario import Scenario
from tests.lab.topology import Topology

UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the code to exit with."""
    given = _parser().parse_args(arguments)
    if given.command == "demo":
        return demonstrate(given.folder, given.port)
    if given.command == "replay":
        return _replay(given.files)
    try:
        scenarios = _chosen(given.files, given.only)
    except (ConfigurationError, LookupError) as problem:
        sys.stderr.write(f"{problem}\n")
        return UNUSABLE
    outcomes = asyncio.run(play_all(scenarios))
    sys.stdout.writelines(f"{_line(outcome)}\n" for outcome in outcomes)
    return 1 if any(outcome.failures for outcome in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="The loopback world, and the scenarios in it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    run = commands.add_parser("run", help="play the scenarios of files and compare what Cutwatch says with what it should")
    run.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a scenario file (docs/lab.md)")
    run.add_argument("--only", metavar="NAME", help="play the scenario of this name alone")
    again = commands.add_parser("replay", help="judge recorded OONI runs by the classic rules and compare with what OONI said")
    again.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file of recorded runs (docs/lab.md)")
    demo = commands.add_parser("demo", help="replay a real case at high speed against the real service")
    demo.add_argument("--folder", type=Path, default=Path("var/demo"), help="where it keeps its files; emptied at the start")
    demo.add_argument("--port", type=int, default=8000, help="where its pages are served")
    return parser


def _replay(files: Sequence[Path]) -> int:
    try:
        runs = read_runs(files)
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        return UNUSABLE
    sys.stdout.writelines(f"{line_of(run)}\n" for run in runs)
    return 1 if any(differences(run) for run in runs) else 0


def _chosen(files: Sequence[Path], only: str | None) -> list[tuple[Scenario, Topology]]:
    """The scenarios to play. Raises `LookupError` where none has the name asked for."""
    contents = [read(file) for file in files]
    all_of_them = [(scenario, content.world) for content in contents for scenario in content.scenarios]
    chosen = [each for each in all_of_them if only in {None, each[0].name}]
    if not chosen:
        raise NoSuchScenario(f"there is no scenario {only}: {', '.join(sorted(each[0].name for each in all_of_them))}")
    return chosen


def _line(outcome: Outcome) -> str:
    return f"FAIL {outcome.name}: {'; '.join(outcome.failures)}" if outcome.failures else f"ok {outcome.name}"


class NoSuchScenario(LookupError):
    """No file holds a scenario of the name that was asked for; the message lists those that there are."""


if __name__ == "__main__":
    # A story has canaries that die and lines that fail: what Cutwatch says of that in passing is not what was asked for.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.exit(main())
