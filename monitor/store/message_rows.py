"""Messages, parcels and attempts as rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from monitor.core.message import Message, Parcel, Purpose
from monitor.store.records import Attempt, MessageState, Owed, ParcelState, Posted, Queued, Sent
from monitor.store.rows import Columns, Fetched, Shape

MESSAGE: Final = Shape(Message)
ATTEMPT: Final = Shape(Attempt)


def message_columns(message: Message) -> Columns:
    """A message that is owed, or stands by, from the moment it is written."""
    return MESSAGE.columns(message) | {
        "state": MessageState.PENDING if message.purpose is Purpose.DIRECT else MessageState.STANDBY,
        "due_at": message.due_at or message.created_at,
        "attempts": 0,
    }


def queued_from(row: Fetched) -> Queued:
    """A message that may travel."""
    return Queued(message=MESSAGE.value(row), attempts=row["attempts"], again=row["settled_at"] is not None)


def parcel_columns(parcel: Parcel, due_at: datetime, attempts: int) -> Columns:
    """A parcel that is to travel."""
    return {
        "id": parcel.id,
        "route": parcel.route,
        "channel": parcel.channel,
        "created_at": parcel.created_at,
        "payload": parcel.payload,
        "state": ParcelState.PENDING,
        "due_at": due_at,
        "attempts": attempts,
        "perhaps_received": False,
    }


def parcel_from(row: Fetched, contents: Iterable[Fetched]) -> Parcel:
    """A parcel; `contents` are the message and incident ids in it, in order."""
    inside = list(contents)
    incidents = dict.fromkeys(one["incident"] for one in inside if one["incident"])
    return Parcel(
        id=row["id"],
        route=row["route"],
        channel=row["channel"],
        created_at=row["created_at"],
        messages=tuple(one["id"] for one in inside),
        incidents=tuple(incidents),
        payload=row["payload"],
    )


def owed_from(row: Fetched, contents: Iterable[Fetched]) -> Owed:
    """A claimed parcel."""
    return Owed(parcel=parcel_from(row, contents), attempts=row["attempts"], perhaps_received=row["perhaps_received"])


def sent_from(row: Fetched, contents: Iterable[Fetched]) -> Sent:
    """A parcel and what has become of it."""
    return Sent(
        parcel=parcel_from(row, contents),
        state=ParcelState(row["state"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        settled_at=row["settled_at"],
    )


def posted_from(row: Fetched) -> Posted:
    """A message and what has become of it."""
    return Posted(
        message=MESSAGE.value(row),
        state=MessageState(row["state"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        parcel=row["parcel"],
        last_error=row["last_error"],
        settled_at=row["settled_at"],
    )
