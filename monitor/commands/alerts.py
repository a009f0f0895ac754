"""`cutwatch alerts`: try the ways in which alerts travel, see what was given up, have it sent again, see to an incident."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.outcomes import line_of, parcel_line_of, parcel_record_of, record_of
from monitor.commands.output import Exit, Json, complaints, emit, refuse, rfc3339, say, utc
from monitor.commands.try_out import Tried, is_in_use, try_out
from monitor.configuration import ConfigurationError
from monitor.configuration.alert_advice import of_links
from monitor.core.incident import Incident
from monitor.core.model import Seconds
from monitor.core.routing import test_messages
from monitor.core.timing import LONGEST_MUTE
from monitor.core.watchlist import Watchlist
from monitor.service.wiring import surroundings
from monitor.settings import Settings
from monitor.store import Posted, Reading, Sent, Writing

alerts = typer.Typer(no_args_is_help=True, help="Try how alerts travel; see what was given up; acknowledge and mute.")

BY: Final = "command line"
"""Who acknowledges or mutes, where nobody is signed in."""

ALL: Final = 100_000
"""Dead letters that one command reads, at most."""

Found = TypeVar("Found")

_seconds = TypeAdapter[int](Seconds)

Case = Annotated[str, typer.Argument(help="The incident's number, such as CW-2026-0042.")]
OfChannel = Annotated[str | None, typer.Option("--channel", help="Only of this channel.")]
OfIncident = Annotated[str | None, typer.Option("--incident", help="Only about this incident.")]


@alerts.command("test")
def send_test(route: Annotated[str, typer.Argument(help="The route's id in alerts.yaml.")], *, as_json: Json = False) -> None:
    """Send a message, marked as a test, to every channel of a route, and say what became of it. Exit code 1 if one failed."""
    settings, watchlist = Settings(), _watchlist()
    found = next((one for one in watchlist.alerts.routes if one.id == route), None)
    if found is None:
        refuse(f"there is no route {route} in alerts.yaml; there is: {_listed([one.id for one in watchlist.alerts.routes])}")
    for remark in of_links(watchlist, surroundings(settings).address):
        complaints.print(f"Note: {remark}", markup=False)
    messages = test_messages(found, watchlist, settings.address, Clock.from_environment().now())
    tried = asyncio.run(try_out(settings, watchlist, messages))
    for one in tried:
        _tell_of(one, as_json=as_json)
    if not all(one.delivered for one in tried):
        raise typer.Exit(Exit.FAILED)


def _tell_of(one: Tried, *, as_json: bool) -> None:
    if as_json:
        emit({"message": one.message, "channel": one.channel, "delivered": one.delivered, "error": one.error})
    else:
        say(f"{one.channel}: {'delivered' if one.delivered else f'not delivered: {one.error}'}")


@alerts.command("dead")
def show_dead(*, channel: OfChannel = None, incident: OfIncident = None, as_json: Json = False) -> None:
    """Show the messages that were given up, the last first."""
    dead = asyncio.run(_read(lambda reading: _dead(reading, channel, incident)))
    for one in dead:
        emit(record_of(one, dead)) if as_json else say(line_of(one, dead))
    if not dead and not as_json:
        say("Nothing was given up.")


async def _dead(reading: Reading, channel: str | None, incident: str | None) -> list[Posted]:
    await _insist_on(reading, channel, incident)
    return await reading.dead_letters(channel=channel, incident=incident, limit=ALL)


@alerts.command("replay")
def replay(
    messages: Annotated[list[str] | None, typer.Argument(help="Ids of messages, delivered ones too.")] = None,
    *,
    channel: OfChannel = None,
    incident: OfIncident = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Everything that was given up.")] = False,
    since: Annotated[str | None, typer.Option("--since", help="Only what was given up since then.")] = None,
    as_json: Json = False,
) -> None:
    """Send again what was given up: by id, by channel, by incident, or all. The ids stay the same."""
    if not (messages or channel or incident or all_dead):
        refuse("say what to send again: ids of messages, --channel, --incident or --all-dead")
    wanted = {"channel": channel, "incident": incident, "since": _moment(since, "--since") if since else None}
    again = asyncio.run(_replayed(messages or [], wanted if channel or incident or all_dead else None))
    if as_json:
        emit({"replayed": again})
    else:
        when = "at once" if is_in_use(Settings().data_dir) else "as soon as the service runs"
        say(f"Messages to be sent again {when}: {len(again)}." if again else "There is nothing to send again.")


async def _replayed(names: Sequence[str], dead: dict[str, Any] | None) -> list[str]:
    async with opened(Settings()) as store:
        async with store.reading() as reading:
            if dead:
                await _insist_on(reading, dead["channel"], dead["incident"])
            found = await reading.named(names)
            known = {one.message.id for one in found} | {one.parcel for one in found}
            if unknown := [name for name in names if name not in known]:
                refuse(f"there is no message {', '.join(unknown)}; `cutwatch alerts dead` and `alerts log` show what there is")
            found += await reading.dead_letters(**dead, limit=ALL) if dead else []
        async with store.writing() as writing:
            return await writing.replay([one.message.id for one in found], Clock.from_environment().now())


@alerts.command("ack")
def acknowledge(case: Case, *, as_json: Json = False) -> None:
    """Say that somebody sees to an incident: nobody else is called, and nobody is reminded."""
    now = Clock.from_environment().now()
    if not asyncio.run(_read(lambda reading: _insist_on_incident(reading, case))).is_open:
        refuse(f"{case} does not stand open: there is nothing to acknowledge")
    asyncio.run(_change(case, lambda writing: writing.acknowledge(case, BY, now)))
    record = {"incident": case, "acknowledged_at": rfc3339(now)}
    emit(record) if as_json else say(f"{case} is acknowledged: nobody else is called, and nobody is reminded.")


@alerts.command("mute")
def mute(
    case: Case,
    *,
    until: Annotated[str | None, typer.Option("--until", help="A moment, such as 2026-11-23T08:00Z.")] = None,
    lasting: Annotated[str | None, typer.Option("--for", help="A time, such as 12h or 2d.")] = None,
    as_json: Json = False,
) -> None:
    """Hold back news of an incident, and reminders, for a time. Its end is told all the same."""
    now = Clock.from_environment().now()
    end = _end_of_quiet(until, lasting, now)
    asyncio.run(_change(case, lambda writing: writing.mute(case, end, BY)))
    record = {"incident": case, "muted_until": rfc3339(end)}
    emit(record) if as_json else say(f"{case} is muted until {utc(end)}; its end is told all the same.")


def _moment(text: str, option: str) -> datetime:
    """The moment that a person named, in UTC."""
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        named = None
    if named is None or named.tzinfo is None:
        refuse(f"{option} {text} is not understood: write a time with its offset, such as 2026-01-31T12:00Z")
    return named.astimezone(UTC)


def _end_of_quiet(until: str | None, lasting: str | None, now: datetime) -> datetime:
    if (until is None) == (lasting is None):
        refuse("say how long: either --until a moment, or --for a time such as 12h")
    try:
        end = _moment(until, "--until") if until else now + timedelta(seconds=_seconds.validate_python(lasting))
    except (ValidationError, OverflowError):
        refuse(f"--for {lasting} is not understood: write a number and a unit, such as 30min, 12h or 2d")
    if end <= now:
        refuse(f"{utc(end)} is over: name a moment that is to come")
    if end > now + LONGEST_MUTE:
        refuse(f"an incident can be muted for {LONGEST_MUTE.days} days at most; say so again if it must last longer")
    return end


@alerts.command("unmute")
def unmute(case: Case, *, as_json: Json = False) -> None:
    """Tell news of an incident again."""
    asyncio.run(_change(case, lambda writing: writing.unmute(case)))
    emit({"incident": case, "muted_until": None}) if as_json else say(f"{case} is not muted.")


@alerts.command("log")
def show_log(
    *,
    channel: OfChannel = None,
    incident: OfIncident = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what was sent, the newest first; of one incident, every message and what became of it, in order."""
    if incident:
        _show_story(incident, channel, as_json=as_json)
        return
    sent = asyncio.run(_read(lambda reading: _sent(reading, channel, limit)))
    for parcel in sent:
        emit(parcel_record_of(parcel)) if as_json else say(parcel_line_of(parcel))
    if not sent and not as_json:
        say("Nothing was sent.")


async def _sent(reading: Reading, channel: str | None, limit: int) -> list[Sent]:
    await _insist_on(reading, channel, None)
    return await reading.parcels(channel=channel, limit=limit)


def _show_story(incident: str, channel: str | None, *, as_json: bool) -> None:
    story = asyncio.run(_read(lambda reading: _story(reading, incident, channel)))
    shown = [one for one in story if channel in (None, one.message.channel)]
    for one in shown:
        emit(record_of(one, story)) if as_json else say(line_of(one, story))
    if not shown and not as_json:
        say(f"Nobody was to be told of {incident}{f' through {channel}' if channel else ''}.")


async def _story(reading: Reading, incident: str, channel: str | None) -> list[Posted]:
    await _insist_on(reading, channel, incident)
    return await reading.messages(incident)


async def _read(question: Callable[[Reading], Awaitable[Found]]) -> Found:
    async with opened(Settings()) as store, store.reading() as reading:
        return await question(reading)


async def _change(case: str, change: Callable[[Writing], Awaitable[None]]) -> None:
    async with opened(Settings()) as store:
        async with store.reading() as reading:
            await _insist_on_incident(reading, case)
        async with store.writing() as writing:
            await change(writing)


async def _insist_on_incident(reading: Reading, case: str) -> Incident:
    found = await reading.incident(case)
    if found is None:
        refuse(f"there is no incident {case}; `cutwatch incidents list --all` shows what there is")
    return found


async def _insist_on(reading: Reading, channel: str | None, incident: str | None) -> None:
    """Refuse names of nothing: an empty answer would read as if nothing had been sent."""
    if incident is not None:
        await _insist_on_incident(reading, incident)
    if channel is not None and not await reading.parcels(channel=channel, limit=1):
        channels = [one.id for one in _watchlist().alerts.channels]
        if channel not in channels:
            refuse(f"there is no channel {channel} in alerts.yaml, and nothing was sent there; there is: {_listed(channels)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none as yet"


def _watchlist() -> Watchlist:
    try:
        return read_configuration(Settings())
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")
