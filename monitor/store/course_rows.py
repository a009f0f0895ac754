"""Checks and their courses as rows."""

from typing import Final

from monitor.core.plan import Check
from monitor.core.verdict import Verdict
from monitor.store.look_rows import judgement
from monitor.store.records import CheckState, Hour, Span, Standing
from monitor.store.rows import Columns, Shape

STANDING: Final = Shape(Standing)
"""Where a check stands."""

CHECK_STATE: Final = Shape(CheckState, check="check_id")
"""A watched check, where it stands, and what its newest look said."""

SPAN: Final = Shape(Span, check="check_id")
HOUR: Final = Shape(Hour, check="check_id")
"""An hour of one check in one state."""


def check_columns(check: Check) -> Columns:
    """A check of the configuration. Its parameters stay there: they hold addresses."""
    return {"id": check.id, **_whom_it_serves(check), "every": check.every, "watched": True}


def unknown_check_columns(verdict: Verdict) -> Columns:
    """What a verdict tells of its check."""
    return {"id": verdict.check, **_whom_it_serves(verdict), "every": None, "watched": False}


def _whom_it_serves(one: Check | Verdict) -> Columns:
    return {name: getattr(one, name) for name in ("organisation", "target", "probe", "vantage", "country")}


def standing_columns(standing: Standing, newest: Verdict) -> Columns:
    """Where a check stands, and what its newest look said."""
    said = judgement(newest)
    del said["ruleset"]
    return {"check_id": newest.check, "observation": newest.observation, **said, **STANDING.columns(standing)}
