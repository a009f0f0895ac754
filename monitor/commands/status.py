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
from monitor.settings import Settings
from monitor.store import CheckState
from probes.kit.vocabulary import State


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
        return Situation(await reading.current(), await reading.incidents(stages=OPEN_STAGES))


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
    for state in situation.states:
        if state.state is not State.OK:
            say(f"  {state.state:<12} {state.organisation}/{state.target} by {state.probe} from {state.vantage}: {state.because}")


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
