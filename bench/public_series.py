"""A published series of measurements of one domain from one network, read as looks and lived through by the real ledger.

The rows are those of OONI's analysis (`/api/v1/aggregation` and the analysis tables): per layer a score for blocked, down and
ok, and the failure word of the layer that failed. They say less than our own look would: there is no swap of the server name,
no second attempt, no control of ours. So the mapping is careful:

- all three layers ok: `ok`. An address that failed beside one that worked, or another resolver's answer, changes nothing.
- a layer failed, and its score for blocked is above that for down, so that the control reached it: `unreachable`, strong. A
  refusal, a time-out, even a reset is a bare failure here: without a swap nothing ties it to the name.
- anything else (no layer failed and yet not all were ok, or down is as likely): `unclear`.

Layers are combined before anything is counted, and every address of the domain is the same subject: one check.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind
from monitor.core.ledger import Ledger
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength, WhyUnclear

LAYERS: Final = ("dns", "tcp", "tls")

CONFIRMING: Final = frozenset({EventKind.CONFIRMED, EventKind.REOPENED})

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How a series was understood: from the first and last blocked row to our saying so, and how often we changed our mind."""

    onset: timedelta | None
    end: timedelta | None
    transitions: int
    incident: Incident | None


def read(path: Path) -> tuple[Verdict, ...]:
    """The rows of the file as verdicts, oldest first."""
    with path.open(newline="", encoding="utf-8") as file:
        verdicts = [verdict_on(row) for row in csv.DictReader(file)]
    return tuple(sorted(verdicts, key=lambda verdict: (verdict.at, verdict.observation)))


def verdict_on(row: Row) -> Verdict:
    """What one row says, by the mapping above."""
    state, mechanism = _meaning(row)
    vantage = f"{row['probe_cc'].lower()}-as{row['probe_asn']}"
    return Verdict(
        observation=row["measurement_uid"],
        check=f"{row['domain']}@{vantage}",
        organisation="series",
        target=row["domain"],
        probe="website",
        vantage=vantage,
        country=row["probe_cc"],
        at=datetime.fromisoformat(row["measurement_start_time"]).replace(tzinfo=UTC),
        state=state,
        rule=f"series.{state}",
        because="",
        strength=Strength.WEAK if state is State.UNCLEAR else Strength.STRONG,
        why_unclear=WhyUnclear.NOT_ENOUGH if state is State.UNCLEAR else None,
        mechanism=mechanism,
        ruleset="series/1",
    )


def _meaning(row: Row) -> tuple[State, str | None]:
    if all(_score(row, layer, "ok") == 1 for layer in LAYERS):
        return State.OK, None
    for layer in LAYERS:
        if row[f"top_{layer}_failure"] and _score(row, layer, "blocked") > _score(row, layer, "down"):
            return State.UNREACHABLE, f"{layer}.{row[f'top_{layer}_failure']}"
    return State.UNCLEAR, None


def _score(row: Row, layer: str, what: str) -> float:
    return float(row[f"{layer}_{what}"] or 0)


def live_through(verdicts: Iterable[Verdict], policy: Confirmation) -> Iterator[tuple[Event, Incident]]:
    """Every event that the looks cause, in the order of time, each look taken at the moment at which it was made."""
    ledger, numbers = Ledger(), count(1)
    for verdict in verdicts:
        step = ledger.take([verdict], policy, verdict.at, lambda: f"CW-SERIES-{next(numbers):04d}")
        ledger.keep(step)
        yield from step.events


def delays(verdicts: Sequence[Verdict], policy: Confirmation, blocked_from: datetime, blocked_until: datetime) -> Delays:
    """How long after the first and the last blocked row, as known from outside, it was confirmed and ended."""
    events = list(live_through(verdicts, policy))
    confirmed = [event.at for event, incident in events if event.kind in CONFIRMING and incident.confirmed_at]
    ended = [event.at for event, _ in events if event.kind is EventKind.ENDED]
    known = [incident for _, incident in events if incident.confirmed_at]
    return Delays(
        onset=confirmed[0] - blocked_from if confirmed else None,
        end=ended[-1] - blocked_until if ended else None,
        transitions=len(confirmed) + len(ended),
        incident=known[-1] if known else None,
    )
