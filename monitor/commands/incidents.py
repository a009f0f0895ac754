"""`cutwatch incidents`: list them, and decide what people must decide."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Annotated

import typer

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.output import Exit, Json, emit, refuse, rfc3339, say, utc
from monitor.configuration import ConfigurationError
from monitor.core.incident import OPEN_STAGES, Change, EventKind, Incident, IncidentStage, apply, record
from monitor.core.routing import route
from monitor.core.watchlist import Tlp, Watchlist
from monitor.settings import Settings
from monitor.store import OutOfStep, Store

incidents = typer.Typer(no_args_is_help=True, help="List incidents, release them, retract them.")

Number = Annotated[str, typer.Argument(help="The number, as in CW-2026-0042.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the incident.")]


@incidents.command("list")
def list_incidents(
    organisation: Annotated[str | None, typer.Option(help="Only this organisation's.")] = None,
    *,
    all_stages: Annotated[bool, typer.Option("--all", help="Ended and retracted ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List incidents, newest first; those that stand open unless `--all`."""
    if organisation is not None and _watchlist().organisation(organisation) is None:
        refuse(f"there is no organisation {organisation}: its id is the name of its file in config/organisations/")
    found = asyncio.run(_incidents(organisation, all_stages=all_stages))
    for incident in found:
        emit(incident_record(incident)) if as_json else say(one_line(incident))
    if not found and not as_json:
        say("There has been no incident." if all_stages else "No incident is open.")


async def _incidents(organisation: str | None, *, all_stages: bool) -> Sequence[Incident]:
    async with opened(Settings()) as store, store.reading() as reading:
        stages = None if all_stages else OPEN_STAGES
        return await reading.incidents(organisation=organisation, stages=stages, limit=1000)


@incidents.command("release")
def release(
    incident: Number,
    reason: Reason,
    tlp: Annotated[Tlp, typer.Option(help="How far it may travel.")] = Tlp.CLEAR,
    *,
    as_json: Json = False,
) -> None:
    """Let an incident leave the house: everything that was measured starts as AMBER, and only a person releases it."""
    released = _decide(incident, EventKind.RELEASED, Change(tlp=tlp, reason=reason))
    emit(incident_record(released)) if as_json else say(f"{released.id} is {released.tlp} now (version {released.version}).")


@incidents.command("retract")
def retract(incident: Number, reason: Reason, *, as_json: Json = False) -> None:
    """Take an incident back that should not stand. Those who were told of it are told of this, with the next delivery."""
    retracted = _decide(incident, EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason=reason))
    emit(incident_record(retracted)) if as_json else say(f"{retracted.id} is retracted (version {retracted.version}).")


def _watchlist() -> Watchlist:
    try:
        return read_configuration(Settings())
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")


def _decide(name: str, kind: EventKind, change: Change) -> Incident:
    if not (change.reason or "").strip():
        refuse("give a reason with --reason: it is kept with the incident, and readers see why")
    decided = asyncio.run(_record(name, kind, change, _watchlist()))
    if decided is None:
        refuse(f"there is no incident {name}: see `cutwatch incidents list --all`", Exit.FAILED)
    return decided


async def _record(name: str, kind: EventKind, change: Change, watchlist: Watchlist) -> Incident | None:
    async with opened(Settings()) as store:
        while True:
            # The service may advance the incident between our reading and our writing: then decide anew.
            with contextlib.suppress(OutOfStep):
                return await _recorded(store, name, kind, change, watchlist)


async def _recorded(store: Store, name: str, kind: EventKind, change: Change, watchlist: Watchlist) -> Incident | None:
    async with store.reading() as reading:
        incident = await reading.incident(name)
    if incident is None or (kind is EventKind.RELEASED and incident.tlp is change.tlp):
        return incident
    event = record(name, incident.version + 1, Clock.from_environment().now(), kind, change)
    decided = apply(incident, event)
    async with store.writing() as writing:
        await writing.append([event], [decided])
        await writing.add_messages(route(event, decided, watchlist, Settings().address))
    return decided


def one_line(incident: Incident) -> str:
    """An incident in a line: number, stage, kind, whom, where, since when, how sure."""
    key = incident.key
    where = f" in {key.country}" if key.country else ""
    began = incident.onset
    since = f"between {utc(began.after)} and {utc(began.by)}" if began.after else f"before {utc(began.by)}"
    whom = f"  {key.organisation}/{key.target}" if key.organisation else ""
    return (
        f"{incident.id}  {incident.stage} {incident.kind}{whom}{where}  began {since}  ({incident.strength}: {incident.because})"
    )


def incident_record(incident: Incident) -> dict[str, object]:
    """An incident for a program."""
    key = incident.key
    return {
        "id": incident.id,
        "version": incident.version,
        "kind": incident.kind,
        "stage": incident.stage,
        "organisation": key.organisation or None,
        "target": key.target or None,
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
