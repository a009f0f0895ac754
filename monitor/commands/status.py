"""`cutwatch status`: what is cut off, and how fresh that knowledge is."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.clock import Clock
from monitor.commands.database import opened
from monitor.commands.incidents import incident_record, one_line
from monitor.commands.output import Json, emit, rfc3339, say, utc
from monitor.core.incident import OPEN_STAGES, Incident
from monitor.core.sight import is_round
from monitor.settings import Settings
from monitor.store import CheckState
from probes.kit.vocabulary import State

NAMED = 5
"""Checks with the same finding that are named; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the store knows at one moment."""

    states: Sequence[CheckState]
    incidents: Sequence[Incident]


def status(*, as_json: Json = False) -> None:
    """Show what is cut off now, and when it was last looked at."""
    now = Clock.from_environment().now()
    situation = asyncio.run(_situation())
    if as_json:
        for state in situation.states:
            emit(_state_record(state))
        for incident in situation.incidents:
            emit(incident_record(incident))
        return
    _show(situation, now)


async def _situation() -> Situation:
    async with opened(Settings()) as store, store.reading() as reading:
        checks = [one for one in await reading.current() if not is_round(one)]
        standing = await reading.incidents(stages=OPEN_STAGES, limit=1000)
    return Situation(checks, [one for one in standing if one.is_open])


def _show(situation: Situation, now: datetime) -> None:
    if not situation.states:
        say("Nothing has been looked at yet. Start with: cutwatch run")
        return
    for incident in situation.incidents:
        say(one_line(incident))
    if not situation.incidents:
        say(_all_clear(situation.states))
    newest = max(state.last_at for state in situation.states)
    counted = Counter(state.state for state in situation.states)
    say(
        f"\nLast look {utc(newest)} ({_ago(now, newest)}). "
        + ", ".join(f"{counted[state]} {state}" for state in State if counted[state])
    )
    for (state, because), checks in _alike(situation.states):
        named = ", ".join(checks[:NAMED]) + (f" and {len(checks) - NAMED} more" if len(checks) > NAMED else "")
        say(f"  {state:<12} {because}\n               {named}")


def _alike(states: Sequence[CheckState]) -> list[tuple[tuple[State, str], list[str]]]:
    """The checks that are not well, those with the same finding together."""
    found: dict[tuple[State, str], list[str]] = {}
    for one in states:
        if one.state is not State.OK:
            name = f"{one.organisation}/{one.target} by {one.probe} from {one.vantage}"
            found.setdefault((one.state, one.because), []).append(name)
    return list(found.items())


def _all_clear(states: Sequence[CheckState]) -> str:
    """What may be said when nothing is known to be cut off: silence is no good news."""
    measured = sum(state.state not in {State.UNMEASURED, State.UNCLEAR} for state in states)
    if not measured:
        return "I cannot see: no look at anything could be measured, so nothing is said about anybody."
    return f"Nothing is cut off, as far as can be seen ({measured} of {len(states)} checks say something)."


def _ago(now: datetime, then: datetime) -> str:
    minutes = max(0, round((now - then).total_seconds() / 60))
    return "just now" if minutes == 0 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"


def _state_record(state: CheckState) -> dict[str, object]:
    return {
        "organisation": state.organisation,
        "target": state.target,
        "probe": state.probe,
        "vantage": state.vantage,
        "state": state.state,
        "since": rfc3339(state.since),
        "last_look": rfc3339(state.last_at),
        "rule": state.rule,
        "because": state.because,
        "strength": state.strength,
        "why_unclear": state.why_unclear,
    }
