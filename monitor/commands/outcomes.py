"""What became of messages and parcels, in words for a person and in closed words for a program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from monitor.commands.output import rfc3339, utc
from monitor.core.bundling import RETRACTED, is_last_word
from monitor.core.message import Message, MessageKind, Purpose
from monitor.store import MessageState, ParcelState, Posted, Sent


class MessageOutcome(StrEnum):
    """What became of a message."""

    DUE = "due"
    """It goes out, or is tried again, when it falls due."""
    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    TOLD_OTHERWISE = "told_otherwise"
    """Another message to the same channel says it."""
    NOT_TOLD = "not_told"
    """Nobody at that channel needs to hear of it."""
    STANDING_BY = "standing_by"
    """It goes out only if another channel fails, or nobody acknowledges."""
    NOT_NEEDED = "not_needed"
    """It stood by, and what it stood by for did not come to pass."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: the closed word, why, and when, where that tells something."""

    outcome: MessageOutcome
    reason: str | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        when = f" {utc(self.at)}" if self.at else ""
        return f"{_WORDS[self.outcome]}{when}{f': {self.reason}' if self.reason else ''}"


_WORDS: Final = MappingProxyType(
    {
        MessageOutcome.DUE: "due",
        MessageOutcome.ON_ITS_WAY: "on its way",
        MessageOutcome.DELIVERED: "delivered",
        MessageOutcome.GIVEN_UP: "given up",
        MessageOutcome.TOLD_OTHERWISE: "told otherwise",
        MessageOutcome.NOT_TOLD: "not told",
        MessageOutcome.STANDING_BY: "standing by",
        MessageOutcome.NOT_NEEDED: "not needed",
    }
)

_ROLES: Final = MappingProxyType({Purpose.SECOND: "second channel, ", Purpose.ESCALATION: "escalation, "})
"""What a message that does not go out by itself is called before its outcome."""


def outcome_of(one: Posted, story: Sequence[Posted]) -> Told:
    """What became of a message; `story` is all that was owed about the same incident, in order."""
    return _BY_STATE[one.state](one, story)


def record_of(one: Posted, story: Sequence[Posted]) -> dict[str, Any]:
    """A message and its outcome, for a program."""
    message, told = one.message, outcome_of(one, story)
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
        "outcome": told.outcome.value,
        "reason": told.reason,
        "created_at": rfc3339(message.created_at),
        "due_at": rfc3339(one.due_at),
        "settled_at": rfc3339(one.settled_at),
        "attempts": one.attempts,
        "error": one.last_error,
    }


def line_of(one: Posted, story: Sequence[Posted]) -> str:
    """A message and its outcome in a line."""
    message = one.message
    about = f"{message.kind} {message.incident or ''}".strip()
    role = _ROLES.get(message.purpose, "")
    return f"{about}  route {message.route}, channel {message.channel}  {role}{outcome_of(one, story)}  {message.id}"


def parcel_record_of(one: Sent) -> dict[str, Any]:
    """A parcel and what became of it, for a program."""
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


def parcel_line_of(one: Sent) -> str:
    """A parcel and what became of it in a line."""
    title = one.parcel.payload.get("data", {}).get("title", "")
    place = f"route {one.parcel.route}, channel {one.parcel.channel}"
    error = f": {one.last_error}" if one.last_error else ""
    return f"{title}  {place}  {_became(one)}{error}  {one.parcel.id}"


def _became(one: Sent) -> str:
    match one.state:
        case ParcelState.PENDING:
            return f"{'to be tried again' if one.attempts else 'due'} {utc(one.due_at)}"
        case ParcelState.LEASED:
            return "on its way"
        case ParcelState.DELIVERED:
            return f"delivered {utc(one.settled_at)}"
        case ParcelState.DEAD:
            return f"given up {utc(one.settled_at)}"
        case ParcelState.DISSOLVED:
            return "not taken; what was in it goes out anew"


def _due(one: Posted, _: Sequence[Posted]) -> Told:
    return Told(MessageOutcome.DUE, one.last_error, one.due_at)


def _on_its_way(one: Posted, _: Sequence[Posted]) -> Told:
    return Told(MessageOutcome.ON_ITS_WAY, one.last_error)


def _delivered(one: Posted, _: Sequence[Posted]) -> Told:
    return Told(MessageOutcome.DELIVERED, at=one.settled_at)


def _given_up(one: Posted, _: Sequence[Posted]) -> Told:
    return Told(MessageOutcome.GIVEN_UP, one.last_error, one.settled_at)


def _standing_by(one: Posted, _: Sequence[Posted]) -> Told:
    if one.message.purpose is Purpose.ESCALATION:
        return Told(MessageOutcome.STANDING_BY, f"called after {utc(one.due_at)}, unless somebody acknowledges")
    return Told(MessageOutcome.STANDING_BY, f"speaks if {one.message.stands_in_for or 'the first'} fails")


def _not_needed(one: Posted, story: Sequence[Posted]) -> Told:
    message = one.message
    if message.purpose is Purpose.ESCALATION:
        ended = "nobody was called there" if is_last_word(message) else "it was over or seen to before others were called"
        return Told(MessageOutcome.NOT_NEEDED, ended)
    first = [other for other in story if _is_first_of(other.message, message)]
    if any(other.state is MessageState.DELIVERED for other in first):
        return Told(MessageOutcome.NOT_NEEDED, "the first delivered")
    if first and all(other.state is MessageState.COLLAPSED for other in first):
        return Told(MessageOutcome.NOT_NEEDED, "the first had nothing to tell")
    return Told(MessageOutcome.NOT_NEEDED, "another message speaks there")


def _is_first_of(first: Message, second: Message) -> bool:
    same = (first.route, first.version, first.kind) == (second.route, second.version, second.kind)
    return same and first.channel == second.stands_in_for and first.purpose is Purpose.DIRECT


def _collapsed(one: Posted, story: Sequence[Posted]) -> Told:
    message = one.message
    if message.kind is MessageKind.TEST:
        return Told(MessageOutcome.NOT_TOLD, "nobody waits for the test any more")
    if message.kind is MessageKind.REMINDER:
        return Told(MessageOutcome.TOLD_OTHERWISE, "something newer was told")
    there = [other for other in story if other.message.channel in (message.channel, message.stands_in_for)]
    if _has_heard(there):
        return Told(MessageOutcome.TOLD_OTHERWISE, "another message to this channel says it")
    if message.kind is MessageKind.ALARM and not _is_taken_back(there):
        return Told(MessageOutcome.TOLD_OTHERWISE, "another message takes its place")
    if message.kind is MessageKind.ALARM or message.payload.get("type") == RETRACTED:
        return Told(MessageOutcome.NOT_TOLD, "it was taken back before anybody there heard of it")
    return Told(MessageOutcome.NOT_TOLD, "nobody there heard of the beginning")


def _has_heard(there: Sequence[Posted]) -> bool:
    return any(other.message.kind is MessageKind.ALARM and other.state is MessageState.DELIVERED for other in there)


def _is_taken_back(there: Sequence[Posted]) -> bool:
    return any(other.message.payload.get("type") == RETRACTED for other in there)


_BY_STATE: Final[Mapping[MessageState, Callable[[Posted, Sequence[Posted]], Told]]] = MappingProxyType(
    {
        MessageState.STANDBY: _standing_by,
        MessageState.PENDING: _due,
        MessageState.SEALED: _on_its_way,
        MessageState.DELIVERED: _delivered,
        MessageState.DEAD: _given_up,
        MessageState.COLLAPSED: _collapsed,
        MessageState.CANCELLED: _not_needed,
    }
)
