"""What is known of one channel's receiver between attempts, so that a receiver in trouble is not hammered.

Messages of one channel share a fate: when several attempts in a row find that the receiver takes nothing at present, the
messages that wait behind them are put off without being tried, as if each had met the same answer.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from monitor.alerts import retry
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.core.subscription import Channel

WIDTH = 4
"""Attempts that one channel makes at the same time, and failures in a row after which its receiver counts as out."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a message is not even tried. `until` is when trying makes sense again, if that is known; `final` if never."""

    error: str
    until: datetime | None = None
    final: bool = False


@dataclass(slots=True)
class Lane:
    """One channel, as configured (None: no longer), with its places and what its receiver has let us know.

    `gone` says why its receiver wants no more messages, if so. That is remembered beyond a restart (`noted`, `recall`), until
    the channel is configured anew or somebody asks to have a message again.
    """

    channel: Channel | None
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WIDTH))
    streak: int = 0
    outages: int = 0
    last_error: str = ""
    rests_until: datetime | None = None
    gone: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more messages, ever."""
        return self.gone is not None

    @property
    def noted(self) -> str:
        """What is to be remembered of that: which form of the channel it was said to, and how it is told."""
        return f"{self._form()} {self.gone or ''}"

    def recall(self, noted: str | None) -> None:
        """Take up what was remembered of it, if it was said to the channel in its present form."""
        form, _, gone = (noted or "").partition(" ")
        self.gone = gone if form == self._form() else None

    def _form(self) -> str:
        """A fingerprint of the channel's configuration, which may hold an address that nobody must read elsewhere."""
        return sha256(self.channel.model_dump_json().encode()).hexdigest() if self.channel else "-"

    def learn(self, outcome: Outcome, now: datetime) -> None:
        """Take note of what came of an attempt."""
        if outcome.retry_after:
            self.rests_until = now + timedelta(seconds=min(outcome.retry_after, retry.LONGEST))
        self.streak = self.streak + 1 if outcome.result is Result.UNAVAILABLE else 0
        if self.streak >= WIDTH:
            self.outages += 1
        if outcome.result is Result.GONE:
            self.gone = f"switched off on {now:%Y-%m-%d %H:%M} UTC: {outcome.error}; to try it again, change it or replay"
        if outcome.error:
            self.last_error = outcome.error

    def set_back(self, step: timedelta) -> None:
        """The clock was set back: the receiver asked us to stay away for a time, not until an hour."""
        if self.rests_until is not None:
            self.rests_until -= step

    def objection(self, outages: int, now: datetime) -> Objection | None:
        """Why a message should not be tried now, if so. `outages` is what the lane had counted when it began to wait."""
        if self.gone:
            return Objection(self.gone, final=True)
        if self.rests_until and self.rests_until > now:
            return Objection(f"not tried, as the receiver asked us to stay away: {self.last_error}", self.rests_until)
        if self.outages > outages:
            return Objection(f"not tried, as others had just failed: {self.last_error}")
        return None
