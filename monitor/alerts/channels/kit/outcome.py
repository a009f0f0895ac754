"""What came of one attempt to deliver a message."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How an attempt ended, as far as it matters to what comes next."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Not this message, or not like this. Others may fare better; this one is tried again later."""
    UNAVAILABLE = "unavailable"
    """The receiver takes nothing at present: there is no use in trying its other messages at once."""
    GONE = "gone"
    """The receiver wants no more messages, ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A result and its reason. `error` is for the operator and holds no secret; `status` is the receiver's own code.

    - `retry_after`: the seconds for which the receiver asked us to stay away
    - `perhaps_received`: all was sent, and no answer came: it may have arrived, so it must come again under the same id
    """

    result: Result
    error: str | None = None
    status: int | None = None
    retry_after: float | None = None
    perhaps_received: bool = False
