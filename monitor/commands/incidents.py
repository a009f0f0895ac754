"""`cutwatch incidents`: list and show them. What people decide about them is in `monitor.commands.decisions`."""

import asyncio
import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.dossiers import as_yaml
from monitor.commands.output import Json, emit, refuse, rfc3339, say, utc
from monitor.configuration import ConfigurationError
from monitor.core.incident import OPEN_STAGES, Bracket, Event, Incident, fold
from monitor.core.kinds import Origin
from monitor.core.revision import Difference, Plain, differences
from monitor.core.watchlist import Watchlist
from monitor.settings import Settings

incidents = typer.Typer(no_args_is_help=True, help="List and show incidents, and decide what people must decide about them.")

Number = Annotated[str, typer.Argument(help="The number, as in CW-2026-0042.")]


@incidents.command("list")
def list_incidents(
    organisation: Annotated[str | None, typer.Option(help="Only this organisation's.")] = None,
    *,
    all_stages: Annotated[bool, typer.Option("--all", help="Ended and retracted ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List incidents, newest first; those that stand open unless `--all`."""
    if organisation is not None and watchlist_or_refusal().organisation(organisation) is None:
        refuse(f"there is no organisation {organisation}: its id is the name of its file in config/organisations/")
    found = asyncio.run(_incidents(organisation, all_stages=all_stages))
    for incident in found:
        emit(incident_record(incident)) if as_json else say(one_line(incident))
    if not found and not as_json:
        say("There has been no incident." if all_stages else "No incident is open.")


async def _incidents(organisation: str | None, *, all_stages: bool) -> Sequence[Incident]:
    async with opened(Settings()) as store, store.reading() as reading:
        stages = None if all_stages else OPEN_STAGES
        found = await reading.incidents(organisation=organisation, stages=stages, limit=1000)
    return found if all_stages else [one for one in found if one.is_open]


@incidents.command("show")
def show(
    incident: Number,
    version: Annotated[int | None, typer.Option(help="As it was at this version.", min=1)] = None,
    *,
    dossier: Annotated[bool, typer.Option("--dossier", help="Only what people state of it, as a file for `correct`.")] = False,
    as_json: Json = False,
) -> None:
    """Show all that is known of an incident."""
    found = _at(_log(incident), version)
    if dossier:
        typer.echo(as_yaml(found.dossier) if found.dossier else "", nl=False)
        return
    if as_json:
        emit(incident_record(found))
        return
    say(one_line(found))
    for line in _standing(found):
        say(f"  {line}")
    if found.dossier:
        say("What is stated of it:")
        say(textwrap.indent(as_yaml(found.dossier), "  ").rstrip())


@incidents.command("log")
def log(incident: Number, *, as_json: Json = False) -> None:
    """Show everything that happened to an incident, in order: what, when, by whom and why."""
    for event in _log(incident):
        emit(_event_record(event)) if as_json else say(_event_line(event))


@incidents.command("diff")
def diff(
    incident: Number,
    before: Annotated[int | None, typer.Option("--from", help="The earlier version; the one before by default.", min=1)] = None,
    after: Annotated[int | None, typer.Option("--to", help="The later version; the latest by default.", min=1)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show what a version of an incident says that an earlier one does not."""
    events = _log(incident)
    new = _at(events, after)
    if before is None and new.version == 1:
        refuse(f"{incident} has one version up to here: there is nothing to compare it with")
    old = _at(events, before or new.version - 1)
    found = differences(old, new)
    for one in found:
        emit(_difference_record(one)) if as_json else say(_difference_line(one))
    if not found and not as_json:
        say(f"Versions {old.version} and {new.version} state the same.")


def _log(name: str) -> Sequence[Event]:
    async def read() -> Sequence[Event]:
        async with opened(Settings()) as store, store.reading() as reading:
            return await reading.events(name)

    found = asyncio.run(read())
    if not found:
        refuse(f"there is no incident {name}: see `cutwatch incidents list --all`")
    return found


def latest(name: str) -> Incident:
    """The incident as it is now; a command that asks for one that is not there ends."""
    return _at(_log(name), None)


def _at(events: Sequence[Event], version: int | None) -> Incident:
    found = fold(events[:version])
    if found is None or (version or 0) > len(events):
        refuse(f"there is no version {version}: the latest is {len(events)}")
    return found


def _standing(incident: Incident) -> Iterator[str]:
    """The lines that say where an incident stands."""
    yield f"version {incident.version} of {utc(incident.updated)}, {incident.origin}, {incident.tlp}"
    if incident.provider:
        yield f"by {incident.provider}"
    for one in incident.relations:
        yield f"{one.kind} {one.incident}"
    if incident.members:
        yield f"members: {', '.join(incident.members)}"
    if incident.entry:
        yield f"entry {incident.entry}"


def _event_line(event: Event) -> str:
    change = event.change
    by = f" by {change.by}" if change.by else ""
    why = f": {change.reason or change.because}" if change.reason or change.because else ""
    what = f" ({change.erased})" if change.erased else ""
    return f"v{event.version}  {utc(event.at)}  {event.kind}{what}{by}{why}"


def _event_record(event: Event) -> dict[str, object]:
    named = {"incident": event.incident, "version": event.version, "at": rfc3339(event.at), "kind": event.kind}
    return {**named, "reason": event.change.reason, "by": event.change.by, "data": event.data}


def _difference_line(one: Difference) -> str:
    return f"{one.field}: {_shown(one.before)} -> {_shown(one.after)}"


def _difference_record(one: Difference) -> dict[str, object]:
    return {"field": one.field, "before": one.before, "after": one.after}


def _shown(value: Plain) -> str:
    if value is None:
        return "(nothing)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def watchlist_or_refusal() -> Watchlist:
    """The configuration in the folder; a command that needs it ends where it has problems."""
    try:
        return read_configuration(Settings())
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")


def one_line(incident: Incident) -> str:
    """An incident in a line: number, stage, kind, whom, where, since when, how sure."""
    key = incident.key
    where = f" in {key.country}" if key.country else ""
    began = f"  began {_since(incident.onset)}" if incident.onset else ""
    reason = f"  ({incident.strength}: {incident.because})" if incident.because else ""
    whom = f"  {'/'.join(filter(None, (key.organisation, key.target)))}" if key.organisation else ""
    return f"{incident.id}  {incident.stage} {incident.kind}{whom}{where}{began}{reason}{_attested(incident)}"


def _attested(incident: Incident) -> str:
    """What people entered from documents is told "as of" the time up to which these speak."""
    if incident.origin is not Origin.ATTESTED or incident.dossier is None:
        return ""
    as_of = f", as of {incident.dossier.as_of}" if incident.dossier.as_of else ""
    return f"  (documented{as_of}: {incident.dossier.title.en})"


def _since(began: Bracket) -> str:
    return f"between {utc(began.after)} and {utc(began.by)}" if began.after else f"before {utc(began.by)}"


def _bracket(bracket: Bracket | None) -> dict[str, str | None] | None:
    return {"after": rfc3339(bracket.after), "by": rfc3339(bracket.by)} if bracket else None


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
        "origin": incident.origin,
        "provider": incident.provider,
        "countries": list(incident.countries),
        "tlp": incident.tlp,
        "onset": _bracket(incident.onset),
        "end": _bracket(incident.end),
        "vantages": list(incident.vantages),
        "mechanisms": list(incident.mechanisms),
        "rule": incident.rule,
        "because": incident.because,
        "strength": incident.strength,
        "intermittent": incident.intermittent,
        "relations": [{"kind": one.kind, "incident": one.incident} for one in incident.relations],
        "members": list(incident.members),
        "entry": incident.entry,
        "dossier": incident.dossier.model_dump(mode="json", exclude_defaults=True) if incident.dossier else None,
        "updated": rfc3339(incident.updated),
    }
