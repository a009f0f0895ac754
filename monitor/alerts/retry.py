"""When a message that was not delivered is tried again. Pure."""

from datetime import timedelta
from hashlib import sha256
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600

SCHEDULE: Final = (
    0,
    5,
    20,
    1 * _MINUTE,
    2 * _MINUTE,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""Seconds before each attempt, counted from the one before: three days in all. The tail is that of Standard Webhooks."""

SECOND: Final = SCHEDULE.index(2 * _MINUTE) + 1
"""Failed attempts after which the route's second channel speaks as well."""

LAST: Final = len(SCHEDULE)
"""Attempts after which a message is given up."""

LAST_WITHOUT_CHANNEL: Final = SCHEDULE.index(30 * _MINUTE) + 1
"""The same, where alerts.yaml does not know the channel: in this time somebody who is changing the file puts it back."""

LONGEST: Final = SCHEDULE[-1]
"""Seconds that a receiver may put us off by `Retry-After`."""

JITTER: Final = 0.1
"""Share by which a wait is stretched at random, so that what failed together does not come back together."""


def wait(message: str, attempts: int, asked: float | None, last: int = LAST) -> timedelta | None:
    """How long to wait after the attempt number `attempts` on `message`, or None if that was the `last` one.

    `asked` are the seconds for which the receiver asked us to stay away, None if it did not ask.
    """
    if attempts >= last:
        return None
    planned = SCHEDULE[attempts] * (1 + JITTER * _chance(message, attempts))
    return timedelta(seconds=max(planned, min(asked or 0, LONGEST)))


def _chance(message: str, attempts: int) -> float:
    """A number from 0 to 1 that is different for every message and attempt, and the same in every run."""
    return sha256(f"{message} {attempts}".encode()).digest()[0] / 255
