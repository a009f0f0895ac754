"""What is owed to a subscriber, one message per event, route and channel; and the parcels in which messages travel."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.core.kinds import Severity


class MessageKind(StrEnum):
    """What a message tells."""

    ALARM = "alarm"
    UPDATE = "update"
    RECOVERY = "recovery"
    REMINDER = "reminder"
    SELF = "self"
    TEST = "test"


class Purpose(StrEnum):
    """Why a message goes through this channel."""

    DIRECT = "direct"
    SECOND = "second"
    """Only where the channel that it stands in for has failed for some minutes."""
    ESCALATION = "escalation"
    """Only where nobody has acknowledged the incident by the time it falls due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in the outbox. `id` is derived from event, route and channel, so that the same event never makes two.

    - `payload`: what the channel sends, complete when the message is written: delivery decides nothing any more
    - `due_at`: when it may travel; None: at once
    - `bundle`: messages of one route and channel with the same bundle travel together where they can
    - `stands_in_for`: the channel whose failure, or silence, makes it due, where its purpose is not direct
    """

    id: str
    kind: MessageKind
    incident: str | None
    version: int
    route: str
    channel: str
    created_at: datetime
    due_at: datetime | None = None
    bundle: str = ""
    severity: Severity = Severity.MORNING
    purpose: Purpose = Purpose.DIRECT
    stands_in_for: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What travels to a receiver: one message, or several that became due together.

    `id` is derived from the messages in it, so that the same ones always travel under the same id, with the same `payload`:
    by it a receiver recognises what it has had. `incidents` are those that it speaks of, in order, each once.
    """

    id: str
    route: str
    channel: str
    created_at: datetime
    messages: tuple[str, ...]
    incidents: tuple[str, ...] = ()
    payload: dict[str, Any] = field(default_factory=dict)
