"""The monitor doubts itself first, and asks whether a vantage point can see what everybody can see.

Each vantage point regularly looks its own canaries up and shakes hands with them, certificate and all. They are unrelated
names, domestic and foreign. Where fewer than a quorum of either sort answer it is `offline`; where only the foreign ones are
gone it is `isolated`, which is a finding and no excuse. Rounds that say something new are handed over like looks.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import structlog

from monitor.bus import VantageReport
from monitor.clock import Clock
from monitor.core.sight import sight_id
from monitor.core.watchlist import Canaries
from probes.kit.network import Look, Network
from probes.kit.observation import Facts, Observation, new_id
from probes.kit.vocabulary import VantageHealth

_log = structlog.get_logger()

LEAST_GAP_SHARE: Final = 1 / 12
"""Of the canaries' cadence: how soon after the beginning of a round another may begin, when a failing look asks for one."""

FAMILIES_EVERY: Final = 600.0
"""Seconds after which a round tries both families of addresses again. In between one that works is enough: a family that
swallows packets would hold up every failing look."""

TELLING_CANARIES: Final = 2
"""Canaries with addresses of both families that it takes to say that a family is broken here, and not at the canary."""

UNSETTLED_PACE: Final = 60.0
"""Seconds between rounds that are handed over at least, while the place does not see or has only just begun to."""

SETTLING: Final = 1800.0
"""Seconds after a change, or after the start, for which the place counts as having only just begun to see."""

QUIET_PACE: Final = 900.0
"""Seconds between rounds that are handed over while all is well."""

RESOLVER_DEAD: Final = "the resolver of this place does not answer; its network works"

PROXY_DEAD: Final = "the proxy does not work"


class Family(StrEnum):
    """The two internets."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What one canary did.

    - `resolved`: whether the own resolver gave any address; at the far end of a proxy nobody can tell
    - `proved`: whether it proved itself at an address of the family, for those families that were tried
    - `remembered`: not resolved, it proved itself at the address at which it last did
    - `blind`: the way out itself failed (a proxy), so that the canary was not asked
    """

    name: str
    resolved: bool = True
    proved: tuple[tuple[Family, bool], ...] = ()
    remembered: bool = False
    blind: bool = False

    @property
    def answers(self) -> bool:
        """Whether the place sees this canary as visitors would."""
        return any(proved for _, proved in self.proved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How many canaries of each sort answered, of how many.

    `remembered` are how many of each sort were not resolved but live on at the address that was known of them; `broken` is
    the family of addresses that leads nowhere here while the other works; `blind` says that the way out failed for all.
    """

    domestic: tuple[int, int]
    foreign: tuple[int, int]
    remembered: tuple[int, int] = (0, 0)
    broken: Family | None = None
    blind: bool = False

    @property
    def over_the_network(self) -> "Round":
        """The same round, as if the resolver had answered for those that were remembered."""
        (home, of_home), (abroad, of_abroad), (home_more, abroad_more) = self.domestic, self.foreign, self.remembered
        return Round(domestic=(home + home_more, of_home), foreign=(abroad + abroad_more, of_abroad))

    def __str__(self) -> str:
        (home, of_home), (abroad, of_abroad) = self.domestic, self.foreign
        return f"{home} of {of_home} domestic and {abroad} of {of_abroad} foreign canaries answer"


def health_of(seen: Round, quorum: float) -> VantageHealth:
    """What a round says. A sort of which no canary is configured says nothing. Pure.

    A resolver that is dead makes a place blind, and no isolated one: the network is there.
    """
    health = _sight(seen, quorum)
    return VantageHealth.OFFLINE if is_unresolved(seen, quorum) else health


def is_unresolved(seen: Round, quorum: float) -> bool:
    """Whether only the resolver is missing: by the addresses that are known the place would see."""
    sees = _sight(seen, quorum) in {VantageHealth.HEALTHY, VantageHealth.UNKNOWN}
    return not sees and _sight(seen.over_the_network, quorum) is VantageHealth.HEALTHY


def _sight(seen: Round, quorum: float) -> VantageHealth:
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


def detail_of(seen: Round, quorum: float) -> str:
    """The same in words, for the person who runs this."""
    notes = [str(seen)]
    if is_unresolved(seen, quorum):
        notes.append(RESOLVER_DEAD)
    if seen.blind:
        notes.append(PROXY_DEAD)
    if seen.broken is not None:
        notes.append(f"{seen.broken} does not work here")
    return "; ".join(notes)


def broken_family(signs: Iterable[Sign]) -> Family | None:
    """The family of addresses at which none of several canaries proved itself that did so at the other."""
    found: defaultdict[Family, list[bool]] = defaultdict(list)
    for sign in signs:
        if len(sign.proved) == len(Family) and sign.answers:
            for family, proved in sign.proved:
                found[family].append(proved)
    return next((family for family, proved in found.items() if len(proved) >= TELLING_CANARIES and not any(proved)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A finished round, as it may be handed over. `began` is monotonic, `seconds` are real ones."""

    vantage: str
    started_at: datetime
    began: float
    seconds: float
    health: VantageHealth
    detail: str
    domestic: tuple[Sign, ...] = ()
    foreign: tuple[Sign, ...] = ()

    @property
    def is_blind(self) -> bool:
        """Whether no canary was asked."""
        return _are_blind((*self.domestic, *self.foreign))


def observation_of(sighting: Sighting, software: str) -> Observation:
    """A round as an observation of its vantage point, that travels and is kept like a look."""
    return Observation(
        id=new_id(sighting.started_at),
        check=sight_id(sighting.vantage),
        vantage=sighting.vantage,
        started_at=sighting.started_at,
        duration=sighting.seconds,
        facts=Facts(
            details={
                "health": sighting.health.value,
                "detail": sighting.detail,
                "blind": sighting.is_blind,
                "domestic": {sign.name: _told(sign) for sign in sighting.domestic},
                "foreign": {sign.name: _told(sign) for sign in sighting.foreign},
            }
        ),
        probe_version=1,
        software=software,
    )


def _told(sign: Sign) -> dict[str, Any]:
    return {"resolved": sign.resolved, "proved": {str(family): proved for family, proved in sign.proved}}


class Selection:
    """Which rounds are worth handing over: every change with the round before it, and else one now and then.

    The round before a change is what brackets the change, so the newest one that was not handed over is kept for that.
    """

    def __init__(self) -> None:
        self._told: Sighting | None = None
        self._held: Sighting | None = None
        self._changed = float("-inf")

    def pick(self, one: Sighting) -> tuple[Sighting, ...]:
        """What is to be handed over now that `one` is there, oldest first."""
        told, held = self._told, self._held
        is_news = told is None or told.health is not one.health
        if told is not None and not is_news and one.began - told.began < self._pace(one):
            self._held = one
            return ()
        self._told, self._held = one, None
        if not is_news:
            return (one,)
        self._changed = one.began
        return (one,) if held is None else (held, one)

    def _pace(self, one: Sighting) -> float:
        is_settled = one.health is VantageHealth.HEALTHY and one.began - self._changed > SETTLING
        return QUIET_PACE if is_settled else UNSETTLED_PACE


Hear = Callable[[Sighting], Awaitable[None]]
"""Takes a round that is to be handed over."""


async def nobody(sighting: Sighting) -> None:
    """Hear of a round, and tell nobody."""


class CanaryWatch:
    """The canaries of one vantage point. Times are those of the clock's `monotonic`."""

    def __init__(self, vantage: str, canaries: Canaries, network: Network, clock: Clock, hear: Hear = nobody) -> None:
        self._vantage = vantage
        self._canaries = canaries
        self._network = network
        self._clock = clock
        self._hear = hear
        self._selection = Selection()
        self._began = float("-inf")
        """When the newest finished round began."""
        self._both_due = clock.monotonic() + canaries.every / 2
        """When a round shall try both families: not the first, for which every look of the start waits."""
        self._broken: Family | None = None
        self._known: dict[str, str] = {}
        """The address at which each canary last proved itself."""
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
        began, started_at = self._clock.monotonic(), self._clock.now()
        families = self._families(began)
        domestic, foreign = await asyncio.gather(
            self._signs(self._canaries.domestic, families), self._signs(self._canaries.foreign, families)
        )
        self._began = began
        if families == len(Family):
            self._both_due, self._broken = began + FAMILIES_EVERY, broken_family((*domestic, *foreign))
        sighting = self._conclude(domestic, foreign, began, started_at)
        for one in self._selection.pick(sighting):
            await self._tell(one)

    def _families(self, now: float) -> int:
        """How many families of addresses must prove themselves for a canary to be left alone."""
        return len(Family) if now >= self._both_due else 1

    def _conclude(self, domestic: tuple[Sign, ...], foreign: tuple[Sign, ...], began: float, started_at: datetime) -> Sighting:
        seen = Round(
            domestic=_count(domestic),
            foreign=_count(foreign),
            remembered=_recalled(domestic, foreign),
            broken=self._broken,
            blind=_are_blind((*domestic, *foreign)),
        )
        health = health_of(seen, self._canaries.quorum)
        self._detail = detail_of(seen, self._canaries.quorum)
        if health is not self.health:
            say = _log.info if health is VantageHealth.HEALTHY else _log.warning
            say("a vantage point's sight has changed", vantage=self._vantage, health=health.value, seen=self._detail)
            self.health = health
            self.since = self._clock.now()
        return Sighting(
            vantage=self._vantage,
            started_at=started_at,
            began=began,
            seconds=(self._clock.monotonic() - began) / self._clock.speed,
            health=health,
            detail=self._detail,
            domestic=domestic,
            foreign=foreign,
        )

    async def _tell(self, sighting: Sighting) -> None:
        try:
            await self._hear(sighting)
        except Exception as error:  # the health must be known all the same: looks wait for it
            _log.error("a round of canaries could not be handed over", vantage=self._vantage, error=type(error).__name__)

    async def _signs(self, names: Sequence[str], families: int) -> tuple[Sign, ...]:
        return tuple(await asyncio.gather(*(self._sign(name, families) for name in names)))

    async def _sign(self, name: str, families: int) -> Sign:
        try:
            return await self._look_at(name, families)
        except Exception as error:  # whatever breaks here, the canary has not answered
            _log.warning("a canary could not be looked at", vantage=self._vantage, canary=name, error=type(error).__name__)
            return Sign(name=name)

    async def _look_at(self, name: str, families: int) -> Sign:
        """Whether `name` resolves and proves itself at its addresses, until as many `families` as asked for have done so.

        IPv4 goes first, since many lines have no IPv6. Through a proxy names are looked up at its far end.
        """
        proved: dict[Family, bool] = {}
        async with self._network.look() as look:
            addresses = (name,) if look.proxied else await look.resolve(name)
            if not addresses:
                return Sign(name=name, resolved=False, remembered=await self._is_alive_where_it_was(look, name))
            for family, address in _one_of_each_family(addresses):
                proved[family] = await self._proves_itself(look, name, address)
                if sum(proved.values()) >= families:
                    break
        return Sign(name=name, proved=tuple(proved.items()), blind=look.proxy_failed)

    async def _is_alive_where_it_was(self, look: Look, name: str) -> bool:
        known = self._known.get(name)
        return known is not None and await self._proves_itself(look, name, known)

    async def _proves_itself(self, look: Look, name: str, address: str) -> bool:
        if (await look.handshake(address, 443, name)).failure is not None:
            return False
        self._known[name] = address
        return True


def _count(signs: Sequence[Sign]) -> tuple[int, int]:
    return sum(sign.answers for sign in signs), len(signs)


def _recalled(domestic: Iterable[Sign], foreign: Iterable[Sign]) -> tuple[int, int]:
    return sum(sign.remembered for sign in domestic), sum(sign.remembered for sign in foreign)


def _are_blind(signs: Sequence[Sign]) -> bool:
    return bool(signs) and all(sign.blind for sign in signs)


def _one_of_each_family(addresses: Sequence[str]) -> list[tuple[Family, str]]:
    first_of = {Family.IPV6 if ":" in address else Family.IPV4: address for address in reversed(addresses)}
    return sorted(first_of.items())
