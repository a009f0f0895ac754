"""The vantage points that this prober works from: each with its way out and its canaries."""

import asyncio
import contextlib
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from monitor.bus import VantageReport
from monitor.clock import Clock
from monitor.core.plan import Plan
from monitor.core.watchlist import Canaries, VantagePoint
from monitor.engine.canaries import CanaryWatch, Hear, nobody
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from probes.kit.vocabulary import VantageHealth, VantageKind

_log = structlog.get_logger()

OURS: Final = frozenset({VantageKind.DIRECT, VantageKind.PROXY})
"""Kinds that a prober of this machine looks from. The others are agents elsewhere, or imported."""

Opener = Callable[[VantagePoint, Budgets], Network]
"""Opens the network of a vantage point. Whatever it raises makes that vantage point unusable, and its message says why."""


@dataclass(frozen=True, slots=True)
class Lookout:
    """A vantage point that is ready for work."""

    vantage: VantagePoint
    network: Network
    canaries: CanaryWatch

    def is_doubtful(self, failing: Container[str]) -> bool:
        """Whether what was seen from here must wait for canaries of its own time: it failed, or this place was not well."""
        return self.vantage.id in failing or self.canaries.health is not VantageHealth.HEALTHY


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a lookout is made from: while it does not change, the lookout stays."""

    vantage: VantagePoint
    budgets: Budgets
    canaries: Canaries


class Lookouts:
    """All lookouts of the plan in force."""

    def __init__(self, opener: Opener, clock: Clock, hear: Hear = nobody) -> None:
        self._opener = opener
        self._clock = clock
        self._hear = hear
        self._setups: dict[str, _Setup] = {}
        self._lookouts: dict[str, Lookout] = {}
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._troubles: dict[str, str] = {}
        self._retiring: dict[asyncio.Task[None], Lookout] = {}

    def adopt(self, plan: Plan) -> None:
        """Open what is new, and close what is gone once the looks from there must have ended. Paused, nothing is open."""
        setups = {} if plan.paused else _setups(plan)
        for name in [name for name, setup in self._setups.items() if setups.get(name) != setup]:
            self._retire(name)
        for name, setup in setups.items():
            if name not in self._setups:
                self._open(name, setup)
        self._setups = setups

    def get(self, vantage: str) -> Lookout | None:
        """The lookout at this vantage point; None where there is none or it cannot be used."""
        return self._lookouts.get(vantage)

    def controls(self, vantage: str) -> list[Lookout]:
        """Those that the vantage point is compared with, as far as they can be used."""
        here = self._lookouts.get(vantage)
        return self.named(here.vantage.control if here else ())

    def named(self, vantages: Iterable[str]) -> list[Lookout]:
        """The lookouts at these vantage points, as far as they can be used."""
        return [self._lookouts[name] for name in vantages if name in self._lookouts]

    async def health(self, looked: Iterable[str], failing: Container[str], began: float) -> dict[str, VantageHealth]:
        """The health of the vantage points that `looked`: of those in doubt as of a round of canaries that began after `began`.

        `failing` are those at which something failed. Those that cannot be used are left out.
        """
        places = self.named(looked)
        doubtful = [place.canaries for place in places if place.is_doubtful(failing)]
        await asyncio.gather(*(canaries.after(began) for canaries in doubtful))
        return {place.vantage.id: place.canaries.health for place in places}

    def reports(self) -> tuple[VantageReport, ...]:
        """What is known of each vantage point's sight."""
        unusable = (
            VantageReport(vantage=name, health=VantageHealth.OFFLINE, since=None, detail=trouble)
            for name, trouble in self._troubles.items()
        )
        return (*(lookout.canaries.report() for lookout in self._lookouts.values()), *unusable)

    async def close(self) -> None:
        """Close all. Looks must have ended."""
        for name in list(self._setups):
            self._retire(name)
        self._setups = {}
        for waiting in list(self._retiring):
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
        for lookout in self._retiring.values():
            await _close(lookout)

    def _open(self, name: str, setup: _Setup) -> None:
        try:
            network = self._opener(setup.vantage, setup.budgets)
        except Exception as error:  # a secret that is missing, a wrong proxy: one place less, not the end of all
            self._troubles[name] = f"this vantage point cannot be used: {error}"
            _log.error("a vantage point cannot be used", vantage=name, problem=str(error))
            return
        canaries = CanaryWatch(name, setup.canaries, network, self._clock, self._hear)
        self._lookouts[name] = Lookout(setup.vantage, network, canaries)
        self._rounds[name] = asyncio.create_task(canaries.run())

    def _retire(self, name: str) -> None:
        del self._setups[name]
        self._troubles.pop(name, None)
        lookout = self._lookouts.pop(name, None)
        if lookout is None:
            return
        self._rounds.pop(name).cancel()
        waiting = asyncio.create_task(self._close_later(lookout))
        self._retiring[waiting] = lookout

    async def _close_later(self, lookout: Lookout) -> None:
        """Looks under way keep their network: two looks in full and one of a control are the longest that can take."""
        longest = 4 * lookout.network.door.budgets.look
        await self._clock.sleep(longest * self._clock.speed)
        await _close(lookout)
        if (task := asyncio.current_task()) is not None:
            del self._retiring[task]


def _setups(plan: Plan) -> dict[str, _Setup]:
    return {
        vantage.id: _Setup(vantage, plan.limits.budgets, vantage.canaries or plan.canaries)
        for vantage in plan.vantages
        if vantage.kind in OURS and not vantage.paused
    }


async def _close(lookout: Lookout) -> None:
    await lookout.canaries.close()
    await lookout.network.aclose()
