"""`cutwatch plan-change`: announce a change of your own, so that a migration is not taken for interference."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.output import Json, emit, refuse, rfc3339, say, utc
from monitor.configuration import ConfigurationError
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import PlannedChange, Target, Watchlist
from monitor.settings import Settings

ENTERED_BY: Final = "command line"

LONGEST: Final = timedelta(days=31)
"""A change that lasts longer is no change but a blind spot; whoever means it writes it into the organisation's file."""

_FORMATS: Final = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"]

Moment = Annotated[datetime | None, typer.Option(formats=_FORMATS, metavar="TIME", help="UTC, such as 2026-03-01T09:00.")]


def plan_change(
    organisation: Annotated[str | None, typer.Argument(help="Its id: the name of its file in config/organisations/.")] = None,
    target: Annotated[str | None, typer.Argument(help="The target's id, as in that file.")] = None,
    start: Moment = None,
    end: Moment = None,
    note: Annotated[str | None, typer.Option(help="What you are going to do.")] = None,
    *,
    listed: Annotated[bool, typer.Option("--list", help="List what was announced here and is not over.")] = False,
    all_of_them: Annotated[bool, typer.Option("--all", help="With --list: past and cancelled ones too.")] = False,
    cancelled: Annotated[str | None, typer.Option("--cancel", metavar="ID", help="Take an announcement back.")] = None,
    as_json: Json = False,
) -> None:
    """Announce that a target of yours will change from --start (left out: now) to --end, so that it is not taken for a block.

    Losses within that time are yours, and open no incident; interference that shows itself still does. The running service
    knows of it within half a minute. Changes may stand in an organisation's file as well.
    """
    if listed:
        _list(all_of_them=all_of_them, as_json=as_json)
    elif cancelled is not None:
        _cancel(cancelled, as_json=as_json)
    elif organisation is None or target is None or end is None:
        refuse("say whose target changes, and until when: cutwatch plan-change ORGANISATION TARGET --end 2026-03-01T18:00")
    else:
        _announce(organisation, target, (start, end, note), as_json=as_json)


def _announce(organisation: str, target: str, when: tuple[datetime | None, datetime, str | None], *, as_json: bool) -> None:
    now = Clock.from_environment().now()
    start, end, note = when
    announced = AnnouncedChange(
        id=f"plan-{secrets.token_hex(4)}",
        organisation=organisation,
        target=_target(organisation, target).id,
        change=_change(start, end, note, now),
        entered_at=now,
        entered_by=ENTERED_BY,
    )
    asyncio.run(_keep(announced))
    if as_json:
        emit(_record(announced))
    else:
        say(f"{_line(announced)}\nTo take it back: cutwatch plan-change --cancel {announced.id}")


def _change(start: datetime | None, end: datetime, note: str | None, now: datetime) -> PlannedChange:
    begins, ends = (start.replace(tzinfo=UTC) if start else now), end.replace(tzinfo=UTC)
    if ends <= now:
        refuse(f"--end {utc(ends)} is over: what has happened is not planned any more")
    if ends - begins > LONGEST:
        refuse(f"a planned change lasts {LONGEST.days} days at most: announce the part in which things really break")
    try:
        return PlannedChange(start=begins, end=ends, note=note)
    except ValidationError as problem:
        refuse(str(problem.errors(include_input=False)[0]["msg"]).removeprefix("Value error, "))


def _list(*, all_of_them: bool, as_json: bool) -> None:
    since = datetime.fromtimestamp(0, UTC) if all_of_them else Clock.from_environment().now()
    found = [one for one in asyncio.run(_announced(since)) if all_of_them or one.cancelled_at is None]
    for one in found:
        emit(_record(one)) if as_json else say(_line(one))
    if not found and not as_json:
        say("Nothing is announced.")


def _cancel(change: str, *, as_json: bool) -> None:
    if not asyncio.run(_cancelled(change, Clock.from_environment().now())):
        refuse(f"there is no announcement {change} that stands: see `cutwatch plan-change --list`")
    emit({"id": change, "cancelled": True}) if as_json else say(f"{change} is cancelled.")


def _target(organisation: str, target: str) -> Target:
    watchlist = _watchlist()
    found = watchlist.organisation(organisation)
    if found is None:
        refuse(f"there is no organisation {organisation}: its id is the name of its file in config/organisations/")
    known = next((one for one in found.targets if one.id == target), None)
    if known is None:
        names = ", ".join(one.id for one in found.targets) or "it has none"
        refuse(f"{organisation} has no target {target} ({names})")
    return known


def _watchlist() -> Watchlist:
    try:
        return read_configuration(Settings())
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")


async def _keep(announced: AnnouncedChange) -> None:
    async with opened(Settings()) as store, store.writing() as writing:
        await writing.announce(announced)


async def _announced(since: datetime) -> Sequence[AnnouncedChange]:
    async with opened(Settings()) as store, store.reading() as reading:
        return await reading.planned_changes(since)


async def _cancelled(change: str, now: datetime) -> bool:
    async with opened(Settings()) as store, store.writing() as writing:
        return await writing.cancel_planned(change, now)


def _line(one: AnnouncedChange) -> str:
    note = f"  ({one.change.note})" if one.change.note else ""
    cancelled = f"  cancelled {utc(one.cancelled_at)}" if one.cancelled_at else ""
    return f"{one.id}  {one.organisation}/{one.target}  {utc(one.change.start)} to {utc(one.change.end)}{note}{cancelled}"


def _record(one: AnnouncedChange) -> dict[str, object]:
    return {
        "id": one.id,
        "organisation": one.organisation,
        "target": one.target,
        "start": rfc3339(one.change.start),
        "end": rfc3339(one.change.end),
        "note": one.change.note,
        "entered_at": rfc3339(one.entered_at),
        "entered_by": one.entered_by,
        "cancelled_at": rfc3339(one.cancelled_at),
    }
