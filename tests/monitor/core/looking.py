"""Looks for stories about confirmation: OVD-Info's site, seen from networks in Russia, and a ledger that lives through them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind
from monitor.core.ledger import Ledger
from monitor.core.planned import NOTHING_PLANNED, Planned
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
POLICY = Confirmation()


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def look(
    minute: float,
    state: State,
    *,
    strength: Strength = Strength.STRONG,
    vantage: str = "moscow",
    organisation: str = "ovd-info",
    target: str = "ovd.info",
) -> Verdict:
    return Verdict(
        observation=f"{minute:010.3f}-{vantage}-{target}",
        check=f"{target}@{vantage}",
        organisation=organisation,
        target=target,
        probe="website",
        vantage=vantage,
        country="RU",
        at=at(minute),
        state=state,
        rule=f"website.{state}",
        because="",
        strength=strength,
        ruleset="website/1",
    )


def looks(pattern: str, *, every: float = 5, start: float = 0, vantage: str = "moscow") -> list[Verdict]:
    """One look after the other: `.` well, `B` interference shows, `X` an explicit artefact, `U` a bare failure, `?` unclear."""
    seen = {
        ".": (State.OK, Strength.STRONG),
        "B": (State.BLOCKED, Strength.STRONG),
        "X": (State.BLOCKED, Strength.EXPLICIT),
        "U": (State.UNREACHABLE, Strength.STRONG),
        "?": (State.UNCLEAR, Strength.WEAK),
    }
    return [
        look(start + every * index, seen[letter][0], strength=seen[letter][1], vantage=vantage)
        for index, letter in enumerate(pattern)
    ]


def live(
    verdicts: Iterable[Verdict],
    *,
    ledger: Ledger | None = None,
    policy: Confirmation = POLICY,
    planned: Planned = NOTHING_PLANNED,
    size: int = 1,
) -> list[tuple[Event, Incident]]:
    """Hand the looks to a ledger in the order of time, so many at once, and return every event with its result."""
    ledger = ledger or Ledger()
    ordered = sorted(verdicts, key=lambda one: (one.at, one.observation))
    numbers = count(len(ledger.incidents) + 1)
    happened: list[tuple[Event, Incident]] = []
    for start in range(0, len(ordered), size):
        batch = ordered[start : start + size]
        step = ledger.take(batch, policy, batch[-1].at, lambda: f"CW-2021-{next(numbers):04d}", planned)
        ledger.keep(step)
        happened += step.events
    return happened


def confirmed(happened: Sequence[tuple[Event, Incident]]) -> list[Incident]:
    """The incidents as they were when they were confirmed."""
    return [incident for event, incident in happened if event.kind is EventKind.CONFIRMED]


def kinds(happened: Sequence[tuple[Event, Incident]]) -> list[str]:
    return [event.kind.value for event, _ in happened]
