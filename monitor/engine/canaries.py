"""The monitor doubts itself first, and asks whether a vantage point can see what everybody can see.

Each vantage point regularly looks its own canaries up and shakes hands with them, certificate and all. They are unrelated
names, domestic and foreign. Where fewer than a quorum of either sort answer it is `offline`; where only the foreign ones are
gone it is `isolated`, which is a finding and no excuse.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from monitor.bus import VantageReport
from monitor.clock import Clock
from monitor.core.watchlist import Canaries
from probes.kit.network import Network
from probes.kit.vocabulary import VantageHealth

_log = structlog.get_logger()

LEAST_GAP_SHARE: Final = 1 / 12
"""Of the canaries' cadence: how soon after the beginning of a round another may begin, when a failing look asks for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How many canaries of each sort answered, of how many."""

    domestic: tuple[int, int]
    foreign: tuple[int, int]

    def __str__(self) -> str:
        (home, of_home), (abroad, of_abroad) = self.domestic, self.foreign
        return f"{home} of {of_home} domestic and {abroad} of {of_abroad} foreign canaries answer"


def health_of(seen: Round, quorum: float) -> VantageHealth:
    """What a round says. A sort of which no canary is configured says nothing. Pure."""
    domestic, foreign = (_has_quorum(*sort, quorum) for sort in (seen.domestic, seen.foreign))
    if domestic is None and foreign is None:
        return VantageHealth.UNKNOWN
    if foreign is False:
        return VantageHealth.ISOLATED if domestic else VantageHealth.OFFLINE
    if foreign is None and domestic is False:
        return VantageHealth.OFFLINE
    return VantageHealth.HEALTHY


def _has_quorum(alive: int, asked: int, quorum: float) -> bool | None:
    return alive >= quorum * asked if asked else None


class CanaryWatch:
    """The canaries of one vantage point. Times are those of the clock's `monotonic`."""

    def __init__(self, vantage: str, canaries: Canaries, network: Network, clock: Clock) -> None:
        self._vantage = vantage
        self._canaries = canaries
        self._network = network
        self._clock = clock
        self._began = float("-inf")
        """When the newest finished round began."""
        self._under_way: asyncio.Task[None] | None = None
        self.health = VantageHealth.UNKNOWN
        self.since: datetime | None = None
        self._detail = "" if self._names else "no canaries are configured, so nobody can tell whether this vantage point sees"

    async def run(self) -> None:
        """Make a round at every beat until cancelled."""
        while self._names:
            await self._round()
            await self._clock.sleep(self._canaries.every)

    async def after(self, moment: float) -> VantageHealth:
        """The health as of a round that began at `moment` or later. All who wait share that round."""
        while self._names and self._began < moment:
            await self._round()
        return self.health

    def report(self) -> VantageReport:
        """What the newest round says."""
        return VantageReport(vantage=self._vantage, health=self.health, since=self.since, detail=self._detail)

    async def close(self) -> None:
        """End a round that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._under_way

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self._canaries.domestic, *self._canaries.foreign)

    async def _round(self) -> None:
        """Join the round that is under way, or begin one. Whoever stops waiting for it leaves it to the others."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._make_round())
        await asyncio.shield(self._under_way)

    async def _make_round(self) -> None:
        earliest = self._began + self._canaries.every * LEAST_GAP_SHARE
        await self._clock.sleep(max(0.0, earliest - self._clock.monotonic()))
        began = self._clock.monotonic()
        domestic, foreign = await asyncio.gather(self._count(self._canaries.domestic), self._count(self._canaries.foreign))
        self._began = began
        self._conclude(Round(domestic=domestic, foreign=foreign))

    def _conclude(self, seen: Round) -> None:
        health = health_of(seen, self._canaries.quorum)
        self._detail = str(seen)
        if health is not self.health:
            _log.warning("a vantage point's sight has changed", vantage=self._vantage, health=health.value, seen=self._detail)
            self.health = health
            self.since = self._clock.now()

    async def _count(self, names: Sequence[str]) -> tuple[int, int]:
        answers = await asyncio.gather(*(self._answers(name) for name in names))
        return sum(answers), len(names)

    async def _answers(self, name: str) -> bool:
        try:
            return await self._shakes_hands(name)
        except Exception as error:  # whatever breaks here, the canary has not answered
            _log.warning("a canary could not be looked at", vantage=self._vantage, canary=name, error=type(error).__name__)
            return False

    async def _shakes_hands(self, name: str) -> bool:
        """Whether `name` resolves and proves itself at one of its addresses: IPv4 first, since many lines have no IPv6.

        Through a proxy names are looked up at its far end.
        """
        async with self._network.look() as look:
            addresses = (name,) if look.proxied else await look.resolve(name)
            for address in _one_of_each_family(addresses):
                if (await look.handshake(address, 443, name)).failure is None:
                    return True
        return False


def _one_of_each_family(addresses: Sequence[str]) -> list[str]:
    first_of = {":" in address: address for address in reversed(addresses)}
    return [first_of[family] for family in sorted(first_of)]
