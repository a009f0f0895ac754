"""`cutwatch status` and `cutwatch incidents`: what is cut off, and how fresh that knowledge is."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from monitor.clock import Clock
from monitor.commands.database import opened
from monitor.commands.output import Exit, Json, emit, refuse, rfc3339, say, utc
from monitor.core.incident import OPEN_STAGES, Change, EventKind, Incident, apply, record
from monitor.core.watchlist import Tlp
from monitor.settings import Settings
from monitor.store import CheckState, OutOfStep, Store
from probes.kit.vocabulary import State

incidents = typer.Typer(no_args_is_help=True, help="List incidents, and decide how far they may travel.")


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


def one_line(incident: Incident) -> str:
    """An incident in a line: number, stage, kind, whom, where, since when, how sure."""
    key = incident.key
    where = f" in {key.country}" if key.country else ""
    began = incident.onset
    since = f"between {utc(began.after)} and {utc(began.by)}" if began.after else f"before {utc(began.by)}"
    return (
        f"{incident.id}  {incident.stage} {incident.kind}  {key.organisation}/{key.target}{where}  "
        f"began {since}  ({incident.strength}: {incident.because})"
    )


@incidents.command("list")
def list_incidents(
    organisation: Annotated[str | None, typer.Option(help="Only this organisation's.")] = None,
    *,
    all_stages: Annotated[bool, typer.Option("--all", help="Ended and retracted ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List incidents, newest first; those that stand open unless `--all`."""
    found = asyncio.run(_incidents(organisation, all_stages=all_stages))
    for incident in found:
        emit(incident_record(incident)) if as_json else say(one_line(incident))
    if not found and not as_json:
        say("There is no such incident.")


async def _incidents(organisation: str | None, *, all_stages: bool) -> Sequence[Incident]:
    async with opened(Settings()) as store, store.reading() as reading:
        stages = None if all_stages else OPEN_STAGES
        return await reading.incidents(organisation=organisation, stages=stages, limit=1000)


@incidents.command("release")
def release(
    incident: Annotated[str, typer.Argument(help="The number, as in CW-2026-0042.")],
    reason: Annotated[str, typer.Option(help="Why it may be known; it is kept with the incident.")],
    tlp: Annotated[Tlp, typer.Option(help="How far it may travel.")] = Tlp.CLEAR,
    *,
    as_json: Json = False,
) -> None:
    """Let an incident leave the house: everything that was measured starts as AMBER, and only a person releases it."""
    released = asyncio.run(_release(incident, tlp, reason))
    if released is None:
        refuse(f"there is no incident {incident}: see `cutwatch incidents list --all`", Exit.FAILED)
    emit(incident_record(released)) if as_json else say(f"{released.id} is {released.tlp} now (version {released.version}).")


async def _release(name: str, tlp: Tlp, reason: str) -> Incident | None:
    async with opened(Settings()) as store:
        while True:
            with contextlib.suppress(OutOfStep):
                return await _released(store, name, tlp, reason)


async def _released(store: Store, name: str, tlp: Tlp, reason: str) -> Incident | None:
    """Raises `OutOfStep` where the service advanced the incident between our reading and our writing."""
    async with store.reading() as reading:
        incident = await reading.incident(name)
    if incident is None:
        return None
    now = Clock.from_environment().now()
    event = record(name, incident.version + 1, now, EventKind.RELEASED, Change(tlp=tlp, reason=reason))
    released = apply(incident, event)
    async with store.writing() as writing:
        await writing.append([event], [released])
    return released


def incident_record(incident: Incident) -> dict[str, object]:
    """An incident for a program."""
    key = incident.key
    return {
        "id": incident.id,
        "version": incident.version,
        "kind": incident.kind,
        "stage": incident.stage,
        "organisation": key.organisation,
        "target": key.target,
        "country": key.country,
        "tlp": incident.tlp,
        "onset": {"after": rfc3339(incident.onset.after), "by": rfc3339(incident.onset.by)},
        "end": {"after": rfc3339(incident.end.after), "by": rfc3339(incident.end.by)} if incident.end else None,
        "vantages": list(incident.vantages),
        "mechanisms": list(incident.mechanisms),
        "rule": incident.rule,
        "because": incident.because,
        "strength": incident.strength,
        "intermittent": incident.intermittent,
        "updated": rfc3339(incident.updated),
    }


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
