"""One look: the vantage point's own, the controls' where it needs them, and the comparison of both."""

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog

from monitor.clock import Clock
from monitor.engine.lookouts import Lookout
from probes.kit.network import Network
from probes.kit.observation import Blob, Control, Facts
from probes.kit.probe import Probe, ProbeParams
from probes.kit.vocabulary import Depth, Validity, VantageHealth

_log = structlog.get_logger()

CONTROL_LASTS: Final = 60.0
"""Seconds for which a control's look counts as one of the same minute, and is used again for the same question."""

CONTROLS_KEPT: Final = 128
"""Control looks that are kept for that, with their bytes; beyond that they are simply made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of one look. `facts` is None where the probe crashed.

    - `failing`: the vantage points, ours first of all, whose facts had to be compared with a control
    - `blind`: the way out itself failed (a proxy), so the facts say nothing about the target
    - `own_time`: seconds that the vantage point's own look took, controls not counted
    """

    facts: Facts | None
    control: tuple[Control, ...] = ()
    blobs: tuple[Blob, ...] = ()
    failing: frozenset[str] = frozenset()
    blind: bool = False
    own_time: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sight:
    facts: Facts
    blobs: tuple[Blob, ...]
    blind: bool


@dataclass(frozen=True, slots=True)
class _ControlLook:
    control: Control
    blobs: tuple[Blob, ...] = ()
    failing: bool = True


class Controls:
    """Looks from control vantage points, each made once a minute however many ask for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: OrderedDict[tuple[str, str, str], tuple[float, asyncio.Task[_ControlLook]]] = OrderedDict()

    async def look(self, probe: Probe, params: ProbeParams, lookouts: Sequence[Lookout]) -> list[_ControlLook]:
        """From all `lookouts` at once."""
        return await asyncio.gather(*(asyncio.shield(self._shared(probe, params, lookout)) for lookout in lookouts))

    async def close(self) -> None:
        """End those under way."""
        tasks = [task for _, task in self._looks.values()]
        self._looks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _shared(self, probe: Probe, params: ProbeParams, lookout: Lookout) -> asyncio.Task[_ControlLook]:
        key = (probe.name, lookout.vantage.id, params.model_dump_json())
        now = self._clock.monotonic()
        began, task = self._looks.get(key, (now, None))
        if task is None or now - began > CONTROL_LASTS:
            began, task = now, asyncio.create_task(self._look(probe, params, lookout))
        self._looks[key] = (began, task)
        self._looks.move_to_end(key)
        self._forget_oldest()
        return task

    def _forget_oldest(self) -> None:
        """Those under way are kept alive by whoever waits for them."""
        while len(self._looks) > CONTROLS_KEPT:
            self._looks.popitem(last=False)

    async def _look(self, probe: Probe, params: ProbeParams, lookout: Lookout) -> _ControlLook:
        vantage = lookout.vantage
        control = Control(vantage=vantage.id, country=vantage.country, started_at=self._clock.now(), facts=Facts())
        try:
            sight = await _observe(probe, params, lookout.network)
            validity = Validity.INVALID if sight.blind else Validity.VALID
            found = replace(control, facts=sight.facts, validity=validity)
            return _ControlLook(found, sight.blobs, probe.wants_control(sight.facts))
        except Exception as error:  # a probe is a plug-in: whatever it raises, this control says nothing
            _say_crashed(probe, error)
            return _ControlLook(replace(control, validity=Validity.INVALID))


async def look_once(
    probe: Probe,
    params: bytes,
    here: Lookout,
    others: Sequence[Lookout],
    controls: Controls,
    clock: Clock,
    depth: Depth = Depth.LIGHT,
) -> Seen:
    """Look at one target from `here`, and from `others` where the facts mean nothing without them, or the look is a full one.

    `params` are the probe's, as JSON. A probe that crashes leaves no facts; it is logged without what it was looking at,
    and nothing is raised.
    """
    try:
        return await _look(probe, probe.params.model_validate_json(params), here, others, controls, clock, depth)
    except Exception as error:  # a probe is a plug-in: whatever it raises, the engine goes on
        _say_crashed(probe, error)
        return Seen(facts=None)


async def ask_controls(
    probe: Probe, params: bytes, facts: Facts, others: Sequence[Lookout], controls: Controls, clock: Clock
) -> tuple[tuple[Control, ...], tuple[Blob, ...]]:
    """What `others` see of the target of `facts`, which somebody else's line saw and which mean nothing alone; else nothing.

    A control that cannot see by its own canaries, as of a round that began after this did, does not count.
    """
    if not others or not probe.wants_control(facts):
        return (), ()
    began = clock.monotonic()
    asked = _for_control(probe, probe.params.model_validate_json(params), facts)
    looks = await controls.look(probe, asked, others)
    failing = {one.control.vantage for one in looks if one.failing}
    await asyncio.gather(*(place.canaries.after(began) for place in others if place.is_doubtful(failing)))
    blind = {place.vantage.id for place in others if place.canaries.health not in _SEEING}
    control = tuple(_blinded(one.control) if one.control.vantage in blind else one.control for one in looks)
    return control, tuple(blob for one in looks for blob in one.blobs)


_SEEING: Final = frozenset({VantageHealth.HEALTHY, VantageHealth.UNKNOWN})


def _blinded(control: Control) -> Control:
    return replace(control, validity=Validity.INVALID)


async def _look(
    probe: Probe,
    params: ProbeParams,
    here: Lookout,
    others: Sequence[Lookout],
    controls: Controls,
    clock: Clock,
    depth: Depth,
) -> Seen:
    began = clock.monotonic()
    sight = await _observe(probe, params, here.network, depth)
    facts, own_time = sight.facts, clock.monotonic() - began
    is_doubtful = probe.wants_control(facts)
    if sight.blind or not (is_doubtful or depth is Depth.FULL):
        return Seen(facts=facts, blobs=sight.blobs, blind=sight.blind, own_time=own_time)
    seen_there = await controls.look(probe, _for_control(probe, params, facts), others)
    control = tuple(one.control for one in seen_there)
    facts, more = await _compare(probe, params, here.network, facts, control)
    return Seen(
        facts=facts,
        control=control,
        blobs=(*sight.blobs, *more, *(blob for one in seen_there for blob in one.blobs)),
        failing=_failing(here, seen_there) if is_doubtful else frozenset(),
        own_time=own_time,
    )


def _failing(here: Lookout, seen_there: Sequence[_ControlLook]) -> frozenset[str]:
    return frozenset({here.vantage.id, *(one.control.vantage for one in seen_there if one.failing)})


async def _observe(probe: Probe, params: ProbeParams, network: Network, depth: Depth = Depth.LIGHT) -> _Sight:
    """A look within its deadline: where that cuts the probe short, what it saw until then is what there is."""
    facts = None
    async with network.look(depth) as look:
        facts = await probe.observe(params, look)
    return _Sight(facts or look.facts(), tuple(look.blobs), look.proxy_failed)


async def _compare(
    probe: Probe, params: ProbeParams, network: Network, facts: Facts, control: tuple[Control, ...]
) -> tuple[Facts, tuple[Blob, ...]]:
    if probe.compare is None:
        return facts, ()
    async with network.look(Depth.FULL) as look:
        facts = await probe.compare(params, look, facts, control)
    return facts, tuple(look.blobs)


def _for_control(probe: Probe, params: ProbeParams, facts: Facts) -> ProbeParams:
    """What a control is asked: the same, over the same addresses where the probe knows how."""
    if "also_addresses" not in type(params).model_fields:
        return params
    return params.model_copy(update={"also_addresses": probe.addresses(facts)})


def _say_crashed(probe: Probe, error: Exception) -> None:
    """Say where it crashed, and no more: the message of an exception may hold an address or a secret."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    _log.error("a probe crashed; the look is recorded as unmeasured", probe=probe.name, error=type(error).__name__, where=where)
