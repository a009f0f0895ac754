"""What receivers know of an incident, by what has arrived of what was owed to them. Pure.

Whoever heard the alarm in a channel hears the end there, whichever route speaks by then: routes are renamed, and others are
added, while incidents stand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.core.message import Message


class Late(StrEnum):
    """What it is to a receiver that hears of a loss only when it is over."""

    FIRST = "first"
    """All that they ever heard of the case."""
    RETURN = "return"
    """They know that it was over, and not that it had come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An alarm, or last words, that a receiver is owed, or was.

    - `is_last`: it tells the end of an incident, or takes it back; its `payload` is what it says
    - `has_arrived`: the receiver has it, or may have it; `is_lost`: it was given up, and nobody has it
    """

    message: str
    route: str
    channel: str
    incident: str
    version: int
    is_last: bool = False
    has_arrived: bool = True
    is_lost: bool = False
    payload: dict[str, Any] | None = None


class Hearing:
    """What the receivers of these turns know."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns: defaultdict[tuple[str, str | None], list[Turn]] = defaultdict(list)
        for turn in turns:
            self._turns[turn.channel, turn.incident].append(turn)

    def knows(self, channel: str, incident: str | None, waiting: Collection[int] = ()) -> bool:
        """Whether a receiver knows of an incident as it stood last.

        `waiting` are the versions of alarms that are about to be told. Whoever has heard of the end, and not of the return
        since, does not know of it.
        """
        turns = self._turns.get((channel, incident), ())
        alarms = [turn for turn in turns if not turn.is_last]
        heard = self._heard(channel, incident)
        if heard is None:
            return False
        over = max((turn.version for turn in turns if turn.is_last and turn.has_arrived), default=-1)
        missed = max((*waiting, *(turn.version for turn in alarms if not turn.has_arrived)), default=-1)
        return heard > over or missed <= over

    def has_heard_of(self, channel: str, incident: str | None) -> bool:
        """Whether a receiver was ever told that something was lost."""
        return self._heard(channel, incident) is not None

    def _heard(self, channel: str, incident: str | None) -> int | None:
        """The version of the last alarm that has arrived."""
        turns = self._turns.get((channel, incident), ())
        return max((turn.version for turn in turns if turn.has_arrived and not turn.is_last), default=None)

    def has_voice(self, route: str, channel: str, incident: str | None) -> bool:
        """Whether the route raised the alarm there, or tried to."""
        return any(turn.route == route and not turn.is_last for turn in self._turns.get((channel, incident), ()))

    def other_last_words(self, message: Message) -> list[Turn]:
        """What others say there of the same end."""
        turns = self._turns.get((message.channel, message.incident), ())
        return [one for one in turns if one.is_last and one.version == message.version and one.message != message.id]
