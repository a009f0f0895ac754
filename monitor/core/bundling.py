"""What travels together, and what need not travel at all: from messages that are due to parcels. Pure.

- Of what has happened to one incident while its receiver could not be told, the last turn (an alarm, an end, a retraction) is
  told, and it covers all before it: an alarm that is still here when its end comes travels as one message, which says that it
  is late. What is covered counts as told once that message has arrived, and not before.
- An alarm that is still here when it is taken back was never told: then nobody needs to hear of either.
- Nobody is told of the end, or of news, of something of which they were not told. The end is told once in a channel, by the
  routes that raised the alarm there, and by another only where none of them speaks any more.
- A reminder goes only where nothing else has come after it.
- News of one incident for one receiver shares a parcel, in the order in which it happened, so that nothing overtakes.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from monitor.core import enclosure
from monitor.core.enclosure import Entry
from monitor.core.hearing import Hearing, Late, Turn
from monitor.core.message import Message, MessageKind, Parcel

FULLEST: Final = 500
"""Messages in one parcel, at most, as long as no one incident has more."""

RETRACTED: Final = "incident.retracted"

_ENDS_WHAT_STOOD: Final = frozenset({"incident.ended", "incident.averted"})
"""Last words that can only follow an alarm or a return: others may be said of what was over already."""

_NOBODY_IS_MUTED: Final[Mapping[str, datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that may travel. `attempts` is how often it has travelled in vain; `again` if it has arrived once already.

    What somebody asks to have again travels as it is.
    """

    message: Message
    attempts: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A parcel, and how often what is in it has travelled in vain: the newest of it, so that nothing is given up early."""

    parcel: Parcel
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """What comes of messages that may travel: parcels, those that need not travel any more, and those held back till then."""

    parcels: tuple[Sealed, ...]
    collapsed: tuple[str, ...] = ()
    held: tuple[tuple[str, datetime], ...] = ()


def bundle(
    waiting: Sequence[Waiting], turns: Collection[Turn], now: datetime, muted: Mapping[str, datetime] = _NOBODY_IS_MUTED
) -> Bundled:
    """Put messages, in the order in which they came to be owed, into parcels.

    `turns`: all alarms and last words about the same incidents that are owed, or were. `muted`: until when, by incident.
    """
    attempts = {one.message.id: one.attempts for one in waiting}
    kept: list[list[Entry]] = []
    held: dict[str, datetime] = {}
    hearing = Hearing(turns)
    for story in _told_once([list(_told_of(story, hearing)) for story in _stories(waiting)], hearing):
        entries = []
        for entry in story:
            until = muted.get(entry.message.incident or "")
            if until and until > now and not _is_turn(entry.message):
                held[entry.message.id] = until
            else:
                entries.append(entry)
        kept.append(entries)
    carried = {one.id for entries in kept for entry in entries for one in entry.messages}
    return Bundled(
        parcels=tuple(_sealed(part, attempts, now) for part in _parts(kept)),
        collapsed=tuple(sorted(attempts.keys() - carried - held.keys())),
        held=tuple(held.items()),
    )


def is_last_word(message: Message) -> bool:
    """Whether it tells the end of an incident, or takes it back."""
    return message.kind is MessageKind.RECOVERY or message.payload.get("type") == RETRACTED


def _is_turn(message: Message) -> bool:
    """Whether all before it is of no interest any more. Of what is no turn, the muted hear later."""
    return message.kind in (MessageKind.ALARM, MessageKind.SELF, MessageKind.TEST) or is_last_word(message)


def _stories(waiting: Sequence[Waiting]) -> Iterable[list[Waiting]]:
    """The messages of each incident for each receiver; what is about no incident is a story of its own."""
    stories: defaultdict[tuple[str, str, str], list[Waiting]] = defaultdict(list)
    for one in waiting:
        message = one.message
        stories[message.route, message.channel, message.incident or message.id].append(one)
    return stories.values()


def _told_once(stories: Iterable[Sequence[Entry]], hearing: Hearing) -> Iterator[list[Entry]]:
    """The stories without the last words that are told in the same channel anyway."""
    said: list[Message] = []
    for story in stories:
        entries = [one for one in story if one.again or not _is_said(one.message, said, hearing)]
        said.extend(one.message for one in entries if is_last_word(one.message))
        yield entries


def _is_said(message: Message, said: Iterable[Message], hearing: Hearing) -> bool:
    """Whether the channel has these last words already, or gets them now, or from a route that raised the alarm there."""
    if not is_last_word(message):
        return False
    before = [one.payload for one in said if _end(one) == _end(message)]
    others = hearing.other_last_words(message)
    if _has_voice(message, hearing):
        return message.payload in (*before, *(one.payload for one in others if one.has_arrived))
    return bool(before) or any(one.has_arrived or hearing.has_voice(one.route, one.channel, one.incident) for one in others)


def _end(message: Message) -> tuple[str, str | None, int]:
    return message.channel, message.incident, message.version


def _has_voice(message: Message, hearing: Hearing) -> bool:
    return any(hearing.has_voice(message.route, channel, message.incident) for channel in _ears(message))


def _ears(message: Message) -> tuple[str, ...]:
    """The channels by which the receiver of a message may have heard of the incident: its own, and the one it stands in for."""
    return (message.channel, message.stands_in_for) if message.stands_in_for else (message.channel,)


def _was_told(messages: Iterable[Message], hearing: Hearing) -> bool:
    """Whether the receiver of these knows of what stood before them."""
    story = tuple(messages)
    alarms = [one.version for one in story if one.kind is MessageKind.ALARM]
    # What ends has stood just before, whether or not this receiver was owed an alarm then.
    alarms += [one.version - 1 for one in story if one.payload.get("type") in _ENDS_WHAT_STOOD]
    return any(hearing.knows(channel, one.incident, alarms) for one in story for channel in _ears(one))


def _lateness(turn: Message, hearing: Hearing) -> Late:
    has_heard = any(hearing.has_heard_of(channel, turn.incident) for channel in _ears(turn))
    return Late.RETURN if has_heard else Late.FIRST


def _told_of(story: Sequence[Waiting], hearing: Hearing) -> Iterator[Entry]:
    """What is told of one story, in order; all that is in no entry need not travel."""
    yield from (Entry(one.message, again=True) for one in story if one.again)
    messages = [one.message for one in story if not one.again]
    if not messages or messages[0].incident is None:
        yield from map(Entry, messages)
        return
    last_turn = max((place for place, one in enumerate(messages) if _is_turn(one)), default=-1)
    before, after = messages[: last_turn + 1], messages[last_turn + 1 :]
    is_alarming = any(one.kind is MessageKind.ALARM for one in before)
    was_told = _was_told(messages, hearing)
    if not was_told and not (is_alarming and before[-1].payload.get("type") != RETRACTED):
        return
    if before:
        *covered, turn = before
        is_late = is_alarming and not was_told and turn.kind is MessageKind.RECOVERY
        yield Entry(turn, tuple(covered), _lateness(turn, hearing) if is_late else None)
    yield from (Entry(one) for one in _without_stale_reminders(after, before))


def _without_stale_reminders(after: Sequence[Message], before: Sequence[Message]) -> Iterator[Message]:
    is_over = bool(before) and is_last_word(before[-1])
    for one in after:
        if one.kind is not MessageKind.REMINDER or (one is after[-1] and not is_over):
            yield one


def _parts(stories: Iterable[Sequence[Entry]]) -> Iterator[list[Entry]]:
    """What shares a parcel: stories with one bundle, each whole."""
    open_parts: dict[tuple[str, str, str], list[Entry]] = {}
    for story in stories:
        if not story:
            continue
        last = story[-1].message
        key = (last.route, last.channel, last.bundle)
        part = open_parts.setdefault(key, [])
        if part and _size(part) + _size(story) > FULLEST:
            yield part
            part = open_parts[key] = []
        part.extend(story)
    yield from open_parts.values()


def _size(entries: Iterable[Entry]) -> int:
    return sum(len(entry.messages) for entry in entries)


def _sealed(entries: Sequence[Entry], attempts: Mapping[str, int], now: datetime) -> Sealed:
    messages = [one for entry in entries for one in entry.messages]
    first = messages[0]
    payload = enclosure.of_one(entries[0]) if len(entries) == 1 else enclosure.of_several(entries)
    parcel = Parcel(
        id=first.id if len(messages) == 1 else _name(messages, payload),
        route=first.route,
        channel=first.channel,
        created_at=now,
        messages=tuple(one.id for one in messages),
        incidents=tuple(dict.fromkeys(one.incident for one in messages if one.incident)),
        payload=payload,
    )
    return Sealed(parcel=parcel, attempts=min(attempts[one.id] for one in messages))


def _name(messages: Iterable[Message], payload: Mapping[str, Any]) -> str:
    """An id that other messages, and the same ones in other words, never have."""
    said = "\0".join([*(one.id for one in messages), json.dumps(payload, sort_keys=True)])
    return "msg_" + sha256(said.encode()).hexdigest()[:32]
