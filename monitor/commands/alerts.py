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
from monitor.commands.output import Exit, Json, emit, refuse, rfc3339, say, utc
from monitor.commands.try_out import Tried, is_in_use, try_out
from monitor.configuration import ConfigurationError
from monitor.core.model import Seconds
from monitor.core.routing import test_messages
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
    settings = Settings()
    try:
        watchlist = read_configuration(settings)
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")
    found = next((one for one in watchlist.alerts.routes if one.id == route), None)
    if found is None:
        names = ", ".join(one.id for one in watchlist.alerts.routes) or "none is configured"
        refuse(f"there is no route {route} in alerts.yaml ({names})")
    messages = test_messages(found, watchlist, Clock.from_environment().now())
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
    dead = asyncio.run(_read(lambda reading: reading.dead_letters(channel=channel, incident=incident, limit=ALL)))
    for one in dead:
        emit(_letter(one)) if as_json else say(_in_a_line(one))
    if not dead and not as_json:
        say("Nothing was given up.")


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
        for one in asyncio.run(_read(lambda reading: reading.messages(incident))):
            if channel in (None, one.message.channel):
                emit(_letter(one)) if as_json else say(_in_a_line(one))
        return
    for parcel in asyncio.run(_read(lambda reading: reading.parcels(channel=channel, limit=limit))):
        emit(_sent(parcel)) if as_json else say(_sent_in_a_line(parcel))


async def _read(question: Callable[[Reading], Awaitable[Found]]) -> Found:
    async with opened(Settings()) as store, store.reading() as reading:
        return await question(reading)


async def _change(case: str, change: Callable[[Writing], Awaitable[None]]) -> None:
    async with opened(Settings()) as store:
        async with store.reading() as reading:
            if await reading.incident(case) is None:
                refuse(f"there is no incident {case}; `cutwatch incidents` shows what there is", Exit.FAILED)
        async with store.writing() as writing:
            await change(writing)


def _letter(one: Posted) -> dict[str, Any]:
    message = one.message
    return {
        "message": message.id,
        "parcel": one.parcel,
        "kind": message.kind.value,
        "incident": message.incident,
        "version": message.version,
        "route": message.route,
        "channel": message.channel,
        "purpose": message.purpose.value,
        "state": one.state.value,
        "created_at": rfc3339(message.created_at),
        "due_at": rfc3339(one.due_at),
        "settled_at": rfc3339(one.settled_at),
        "attempts": one.attempts,
        "error": one.last_error,
    }


def _in_a_line(one: Posted) -> str:
    about = f"{one.message.kind} {one.message.incident or ''}".strip()
    error = f": {one.last_error}" if one.last_error else ""
    return f"{one.message.id}  {one.message.channel}  {about}  {one.state} {utc(one.settled_at or one.due_at)}{error}"


def _sent(one: Sent) -> dict[str, Any]:
    return {
        "parcel": one.parcel.id,
        "route": one.parcel.route,
        "channel": one.parcel.channel,
        "messages": list(one.parcel.messages),
        "incidents": list(one.parcel.incidents),
        "state": one.state.value,
        "created_at": rfc3339(one.parcel.created_at),
        "due_at": rfc3339(one.due_at),
        "settled_at": rfc3339(one.settled_at),
        "attempts": one.attempts,
        "error": one.last_error,
    }


def _sent_in_a_line(one: Sent) -> str:
    title = one.parcel.payload.get("data", {}).get("title", "")
    error = f": {one.last_error}" if one.last_error else ""
    return f"{one.parcel.id}  {one.parcel.channel}  {one.state} {utc(one.settled_at or one.due_at)}  {title}{error}"
