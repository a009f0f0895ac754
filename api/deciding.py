"""What people decide about an incident, through the API or a form: who may, on which version, and what becomes of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from fastapi import HTTPException

from api.access import Reader
from api.visible import Visible, eyes
from monitor.core.decision import Decision, Refused
from monitor.core.incident import Incident
from monitor.core.kinds import RelationKind
from monitor.intake import Moved, carry_out, connect
from monitor.service import Context
from monitor.store import Care

_VERSION: Final = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})"?')

_OTHERS: Final = "This incident is not of an organisation that you may decide for."


async def decide_upon(context: Context, reader: Reader, name: str, version: int | None, decision: Decision) -> None:
    """Carry a decision out. Raises 404, 403, 409 where it is refused, and 412 where the incident has changed since."""
    await _insist_on_say(context, reader, name)
    with_words = context.watchlist(), context.settings.address
    async with refusing():
        await carry_out(context.store, name, decision, context.clock.now(), *with_words, version)


async def connect_to(
    context: Context, reader: Reader, ends: tuple[str, str], version: int | None, relation: RelationKind, reason: str
) -> None:
    """Say how the first of two incidents stands to the second. A mass event changes with its member, so both must be ours."""
    await _insist_on_say(context, reader, ends[0])
    await _insist_on_other(context, reader, ends[1], is_changed=relation is RelationKind.MEMBER_OF)
    async with refusing():
        told = (reason, reader.name)
        await connect(context.store, ends, relation, told, context.clock.now(), context.watchlist(), version)


async def _insist_on_say(context: Context, reader: Reader, name: str) -> Incident:
    async with seeing(context, reader) as visible:
        found = await visible.incident(name)
    if not reader.belongs_to(found.key.organisation):
        raise HTTPException(403, _OTHERS)
    return found


async def _insist_on_other(context: Context, reader: Reader, name: str, *, is_changed: bool) -> None:
    async with seeing(context, reader) as visible:
        if not await visible.readable([name]):
            raise HTTPException(422, "other: there is no such incident that you may read")
    if is_changed:
        await _insist_on_say(context, reader, name)


@asynccontextmanager
async def seeing(context: Context, reader: Reader) -> AsyncIterator[Visible]:
    """What a reader may see at this moment, after whatever was written before."""
    async with context.store.reading() as reading:
        yield eyes(context, reader, reading)


@asynccontextmanager
async def refusing() -> AsyncIterator[None]:
    """Say in HTTP's words that a decision cannot be carried out, or came too late."""
    try:
        yield
    except Refused as refused:
        raise HTTPException(409, f"{str(refused)[:1].upper()}{str(refused)[1:]}.") from None
    except Moved as moved:
        raise HTTPException(412, f"{moved}.", {"etag": f'"{moved.version}"'}) from None


def version_of(header: str | None) -> int | None:
    """The version that an `If-Match` header names; None where any will do. Raises 422 where it names none."""
    if header is None or header.strip() == "*":
        return None
    found = _VERSION.fullmatch(header.strip())
    if found is None:
        raise HTTPException(422, 'If-Match: write the version that you have read, in quotes, such as "3"')
    return int(found[1])


async def acknowledge(context: Context, reader: Reader, name: str) -> Care:
    """Note that somebody sees to an incident."""
    found = await _insist_on_say(context, reader, name)
    if not found.is_open:
        raise HTTPException(409, f"{name} does not stand open: there is nothing to acknowledge.")
    async with context.store.writing() as writing:
        await writing.acknowledge(name, reader.name, context.clock.now())
    return await _care(context, name)


async def mute(context: Context, reader: Reader, name: str, until: datetime | None) -> Care:
    """Be quiet about an incident until then; None ends the quiet."""
    await _insist_on_say(context, reader, name)
    if until is not None and until <= context.clock.now():
        raise HTTPException(422, "until: write a moment that is still to come, or null to end the quiet")
    async with context.store.writing() as writing:
        await (writing.mute(name, until, reader.name) if until else writing.unmute(name))
    return await _care(context, name)


async def _care(context: Context, name: str) -> Care:
    async with context.store.reading() as reading:
        return await reading.care(name)
