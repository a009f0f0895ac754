"""`cutwatch alerts`: try the ways in which alerts travel."""

import asyncio
from typing import Annotated

import typer

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.output import Json, emit, refuse, say
from monitor.configuration import ConfigurationError
from monitor.core.message import Message
from monitor.core.routing import test_messages
from monitor.settings import Settings

alerts = typer.Typer(no_args_is_help=True, help="Try the ways in which alerts travel.")


@alerts.command("test")
def send_test(route: Annotated[str, typer.Argument(help="The route's id in alerts.yaml.")], *, as_json: Json = False) -> None:
    """Send a message, marked as a test, to every channel of a route. The running service delivers it."""
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
    asyncio.run(_post(settings, messages))
    for message in messages:
        emit({"message": message.id, "channel": message.channel}) if as_json else say(f"{message.id} waits for {message.channel}")


async def _post(settings: Settings, messages: tuple[Message, ...]) -> None:
    async with opened(settings) as store, store.writing() as writing:
        await writing.add_messages(messages)


@alerts.callback()
def _group() -> None:
    """Keep `test` a subcommand: a group with one command would otherwise become that command."""
