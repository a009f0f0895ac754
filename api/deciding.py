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
from monitor.core.descriptive import Review
from monitor.core.incident import Incident
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind, RelationKind
from monitor.core.model import Tlp
from monitor.core.timing import LONGEST_MUTE
from monitor.intake import Moved, carry_out, connect
from monitor.service import Context
from monitor.store import Care

_VERSION: Final = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})(?:-[0-9a-f]{1,64})?"?')
"""A version, or a tag that begins with one. A weak one counts: proxies weaken tags when they pack, and a version is exact."""

_MOST_TAGS: Final = 20
"""Versions in one `If-Match`."""

_OTHERS: Final = "This incident is not of an organisation that you may decide for."


async def decide_upon(context: Context, reader: Reader, name: str, if_match: str | None, decision: Decision) -> None:
    """Carry a decision out. Raises 404, 403, 409 where it is refused, and 412 where the incident has changed since."""
    found = await _insist_on_say(context, reader, name)
    version = version_of(if_match, found.version)
    _insist_on_review(found, decision)
    with_words = context.watchlist(), context.settings.address
    async with refusing():
        await carry_out(context.store, name, decision, context.clock.now(), *with_words, version)


def _insist_on_review(found: Incident, decision: Decision) -> None:
    """Nothing that nobody has reviewed is told to the public as stated."""
    is_draft = found.dossier is not None and found.dossier.review is Review.DRAFT
    if decision.kind is EventKind.RELEASED and decision.tlp is Tlp.CLEAR and is_draft:
        raise HTTPException(
            409, f"{found.id} is a draft: correct its dossier to what you have reviewed, with its `review`, first."
        )


async def connect_to(
    context: Context, reader: Reader, ends: tuple[str, str], if_match: str | None, relation: RelationKind, reason: str
) -> None:
    """Say how the first of two incidents stands to the second. A mass event changes with its member, so both must be ours."""
    version = version_of(if_match, (await _insist_on_say(context, reader, ends[0])).version)
    await _insist_on_other(context, reader, ends[1], is_changed=relation is RelationKind.MEMBER_OF)
    async with refusing():
        told = (reason, reader.name)
        await connect(context.store, ends, relation, told, context.clock.now(), context.watchlist(), version)


async def _insist_on_say(context: Context, reader: Reader, name: str) -> Incident:
    if Scope.READ not in reader.scopes:
        raise HTTPException(403, "This key lacks a scope: to decide also needs the scope `read`. `cutwatch keys` makes another.")
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
        raise HTTPException(412, f"{moved}.", {"etag": f'W/"{moved.version}"'}) from None


def version_of(header: str | None, present: int) -> int | None:
    """The version that an `If-Match` header names: of several the `present` one, else the newest; None where any will do.

    Raises 422 where it names none.
    """
    if header is None or header.strip() == "*":
        return None
    found = [_VERSION.fullmatch(tag.strip()) for tag in header.split(",", _MOST_TAGS)]
    named = {int(one[1]) for one in found if one}
    if len(found) > _MOST_TAGS or not all(found):
        raise HTTPException(422, 'If-Match: write the version that you have read, in quotes, such as "3"')
    return present if present in named else max(named)


async def _insist_on_version(found: Incident, if_match: str | None) -> None:
    async with refusing():
        if version_of(if_match, found.version) not in {None, found.version}:
            raise Moved(found)


async def acknowledge(context: Context, reader: Reader, name: str, if_match: str | None = None) -> Care:
    """Note that somebody sees to an incident."""
    found = await _insist_on_say(context, reader, name)
    await _insist_on_version(found, if_match)
    if not found.is_open:
        raise HTTPException(409, f"{name} does not stand open: there is nothing to acknowledge.")
    async with context.store.writing() as writing:
        await writing.acknowledge(name, reader.name, context.clock.now())
    return await _care(context, name)


async def mute(context: Context, reader: Reader, name: str, until: datetime | None, if_match: str | None = None) -> Care:
    """Be quiet about an incident until then; None ends the quiet."""
    await _insist_on_version(await _insist_on_say(context, reader, name), if_match)
    if until is not None and until <= context.clock.now():
        raise HTTPException(422, "until: write a moment that is still to come, or null to end the quiet")
    if until is not None and until > context.clock.now() + LONGEST_MUTE:
        raise HTTPException(422, f"until: write a moment within {LONGEST_MUTE.days} days; say so again if it must last longer")
    async with context.store.writing() as writing:
        await (writing.mute(name, until, reader.name) if until else writing.unmute(name))
    return await _care(context, name)


async def _care(context: Context, name: str) -> Care:
    async with context.store.reading() as reading:
        return await reading.care(name)
