"""`python -m tests.lab replay FILE.json`: does our classic verdict say what OONI's own engine said about the same facts?"""

from collections.abc import Sequence
from pathlib import Path

from probes.imported.measurement import Unusable, documents
from probes.website.classic import classic
from tests.lab.recorded import Run, runs_in


def read_runs(files: Sequence[Path]) -> list[Run]:
    """The runs of all files. Raises `Unusable`, naming the file."""
    return [run for file in files for run in _runs(file)]


def _runs(file: Path) -> list[Run]:
    try:
        return [run for _, document in documents(file) for run in runs_in(document)]
    except Unusable as problem:
        raise Unusable(f"{file}: {problem}") from None


def differences(run: Run) -> list[tuple[str, object, object]]:
    """Where the classic verdict on a run is not the expected one: what, expected, got."""
    verdict = classic(run.facts, run.control)
    got = {name: getattr(verdict, name) for name in run.expected}
    # Python takes 0 for False; the two are told apart here.
    return [(name, want, got[name]) for name, want in run.expected.items() if (type(want), want) != (type(got[name]), got[name])]


def line_of(run: Run) -> str:
    """`ok NAME`, or `FAIL NAME: expected …, got …`."""
    wrong = differences(run)
    if not wrong:
        return f"ok {run.name}"
    expected = ", ".join(f"{name} {want}" for name, want, _ in wrong)
    got = ", ".join(f"{name} {have}" for name, _, have in wrong)
    return f"FAIL {run.name}: expected {expected}, got {got}"
