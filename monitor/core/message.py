"""What is owed to a subscriber: one message per event, route and channel."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class MessageKind(StrEnum):
    """What a message tells."""

    ALARM = "alarm"
    UPDATE = "update"
    RECOVERY = "recovery"
    SELF = "self"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in the outbox. `id` is derived from event, route and channel, so that the same event never makes two.

    `payload` is what the channel sends, complete when the message is written: delivery decides nothing any more.
    """

    id: str
    kind: MessageKind
    incident: str | None
    version: int
    route: str
    channel: str
    created_at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
