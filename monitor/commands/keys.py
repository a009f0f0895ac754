"""`cutwatch keys`: who may read what."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Final

import typer

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.commands.output import Json, emit, refuse, rfc3339, say, utc
from monitor.configuration import ConfigurationError
from monitor.core.keys import Key, KeyUse, Scope, fingerprint, make_feed_key, make_key, new_secret
from monitor.settings import Settings
from monitor.store import Store

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys; print a sign-in address.")

_FEEDS: Final = {"JSON Feed": "feed.json", "Atom": "feed.atom", "calendar": "calendar.ics"}

SIGN_IN_LASTS = timedelta(minutes=30)


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who or what the key is for.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it allows; may be given several times.")] = None,
    organisation: Annotated[
        list[str] | None, typer.Option(help="Bind it to this organisation; may be given several times.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="It ends after so many days.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Make a key and print its secret once."""
    for one in organisation or ():
        _insist_on_organisation(Settings(), one)
    now = Clock.from_environment().now()
    ends = now + timedelta(days=days) if days else None
    key, secret = make_key(name, tuple(scope or [Scope.READ]), tuple(organisation) if organisation else None, now, ends)
    asyncio.run(_add(key))
    if as_json:
        emit({**_record(key), "secret": secret})
        return
    say(f"{key.id} ({', '.join(key.scopes)}) for {key.name}. Its secret is shown only now:\n{secret}")


async def _add(key: Key) -> None:
    async with opened(Settings()) as store, store.writing() as writing:
        await writing.add_key(key)


@keys.command("feed")
def feed(
    organisation: Annotated[str, typer.Argument(help="The organisation's id.")],
    name: Annotated[str, typer.Option(help="Who subscribes.")] = "feed reader",
    days: Annotated[int | None, typer.Option(min=1, help="It ends after so many days.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Make secret addresses of an organisation's private feeds and calendar, and print them once.

    Whoever has them reads what is the organisation's own up to AMBER. `cutwatch keys revoke` ends them.
    """
    settings = Settings()
    _insist_on_organisation(settings, organisation)
    now = Clock.from_environment().now()
    key, secret = make_feed_key(name, organisation, now, now + timedelta(days=days) if days else None)
    asyncio.run(_add(key))
    addresses = {kind: f"{settings.address}/private/{secret}/{file}" for kind, file in _FEEDS.items()}
    if as_json:
        emit({**_record(key), "addresses": addresses})
        return
    say(f"{key.id} for {key.name}: what is {organisation}'s own, for feed readers and calendars. Shown only now:")
    for kind, address in addresses.items():
        say(f"  {kind:<10}{address}")


def _insist_on_organisation(settings: Settings, organisation: str) -> None:
    try:
        watchlist = read_configuration(settings)
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")
    if watchlist.organisation(organisation) is None:
        known = ", ".join(one.id for one in watchlist.organisations) or "none as yet"
        refuse(f"{settings.config} knows no organisation {organisation}; it knows: {known}")


@keys.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """List all keys, without their secrets, which nobody keeps."""
    found = asyncio.run(_all())
    if as_json:
        for key in found:
            emit(_record(key))
        return
    if not found:
        say("There are no keys. Make one with: cutwatch keys create NAME")
    for key in found:
        bound = ", ".join(key.organisations) if key.organisations else "all organisations"
        state = f"revoked {utc(key.revoked_at)}" if key.revoked_at else f"last used {utc(key.last_used_at)}"
        opens = "private feeds" if key.use is KeyUse.FEED else ", ".join(key.scopes)
        say(f"{key.id}  {key.name}  {opens}  {bound}  {state}")


async def _all() -> list[Key]:
    async with opened(Settings()) as store, store.reading() as reading:
        return list(await reading.keys())


@keys.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `cutwatch keys list` shows it.")], *, as_json: Json = False
) -> None:
    """End a key at once."""
    if not asyncio.run(_revoke(key)):
        refuse(f"there is no key {key}: see `cutwatch keys list`")
    emit({"id": key, "revoked": True}) if as_json else say(f"{key} is revoked.")


async def _revoke(key: str) -> bool:
    async with opened(Settings()) as store:
        async with store.reading() as reading:
            known = {one.id for one in await reading.keys()}
        if key not in known:
            return False
        async with store.writing() as writing:
            await writing.revoke_key(key, Clock.from_environment().now())
    return True


@keys.command("sign-in")
def sign_in(*, as_json: Json = False) -> None:
    """Print an address with a button that signs one browser in as staff; it ends after half an hour."""
    settings = Settings()
    ends = end_of_sign_in(Clock.from_environment())
    address = f"{settings.address}/sign-in?token={asyncio.run(_sign_in(settings, ends))}"
    emit({"address": address, "expires": rfc3339(ends)}) if as_json else say(address)


async def _sign_in(settings: Settings, ends: datetime) -> str:
    async with opened(settings) as store:
        return await make_sign_in(store, ends)


def end_of_sign_in(clock: Clock) -> datetime:
    """When a sign-in made now ends. Half an hour of a person's time, however fast a demonstration's clock runs."""
    return clock.now() + SIGN_IN_LASTS * clock.speed


async def make_sign_in(store: Store, ends: datetime) -> str:
    """Make a sign-in secret that opens once, until `ends`."""
    secret = new_secret()
    async with store.writing() as writing:
        await writing.add_sign_in(fingerprint(secret), ends)
    return secret


def _record(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "use": key.use,
        "scopes": list(key.scopes),
        "organisations": list(key.organisations) if key.organisations else None,
        "created": rfc3339(key.created_at),
        "expires": rfc3339(key.expires_at),
        "revoked": rfc3339(key.revoked_at),
        "last_used": rfc3339(key.last_used_at),
    }
