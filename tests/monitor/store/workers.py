"""What workers do with the outbox: owe, seal, claim, deliver, give back."""

from datetime import datetime

from monitor.core.message import Message, Parcel
from monitor.store import Owed, Queued, Store
from tests.monitor.store.cast import NOON

LEASE = 60.0


async def owe(store: Store, *messages: Message) -> None:
    async with store.writing() as writing:
        await writing.add_messages(messages)


async def seal(store: Store, now: datetime = NOON, *, limit: int = 100) -> list[list[str]]:
    """Put what may travel into parcels, one per incident and channel. Returns what is in them."""
    async with store.writing() as writing:
        queued = await writing.sealable(now, limit)
        stories: dict[tuple[str, str], list[Queued]] = {}
        for one in queued:
            stories.setdefault((one.message.channel, one.message.incident or one.message.id), []).append(one)
        for story in stories.values():
            await writing.seal(parcel_of(story, now), now, min(one.attempts for one in story))
        return [[one.message.id for one in story] for story in stories.values()]


def parcel_of(story: list[Queued], now: datetime) -> Parcel:
    names = tuple(one.message.id for one in story)
    first = story[0].message
    return Parcel(
        id=" and ".join(names),
        route=first.route,
        channel=first.channel,
        created_at=now,
        messages=names,
        incidents=(first.incident,) if first.incident else (),
        payload={"says": names},
    )


async def claim(store: Store, now: datetime = NOON, *, limit: int = 10, worker: str = "one") -> list[Owed]:
    """Seal what may travel, and take it."""
    await seal(store, now)
    async with store.writing() as writing:
        return await writing.claim_parcels(now, LEASE, limit, worker)


async def deliver(store: Store, parcel: str, now: datetime = NOON) -> bool:
    async with store.writing() as writing:
        return await writing.delivered(parcel, now)


async def dissolve(store: Store, parcel: str, due: datetime, now: datetime = NOON) -> bool:
    async with store.writing() as writing:
        return await writing.dissolve(parcel, now, due, "503 from the hook")


def ids(owed: list[Owed]) -> list[str]:
    return [one.parcel.id for one in owed]
