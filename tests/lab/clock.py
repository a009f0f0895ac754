"""A clock that stands still until it is moved."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from monitor.clock import Clock


@dataclass(frozen=True, slots=True)
class HeldClock(Clock):
    """Shows what it was last moved to, on the wall and as monotonic time. Sleeping takes real seconds.

    `moments` are those that it has shown, the last one being now.
    """

    moments: list[datetime] = field(default_factory=list)

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """A clock that shows `moment`."""
        return cls(moments=[moment])

    def move_to(self, moment: datetime) -> None:
        """From now on it is `moment`. Raises ValueError if that is earlier than now."""
        if moment < self.now():
            raise ValueError(f"a clock does not go back from {self.now()} to {moment}: move it forward")
        self.moments.append(moment)

    def now(self) -> datetime:
        """The time in UTC."""
        return self.moments[-1]

    def monotonic(self) -> float:
        """The same, in seconds."""
        return self.now().timestamp()
