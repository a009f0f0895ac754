"""The target's neighbours: unrelated websites in its network or at its address, which tell a blow aimed at it from one nearby."""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.kit.failure import Failure
from probes.kit.observation import Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim
from probes.website.control import ControlLook
from probes.website.flow import is_frozen
from probes.website.target import host_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What became of the target's neighbours here, as far as they are well for a control."""

    facts: Facts
    controls: tuple[ControlLook, ...]

    @property
    def suffering(self) -> frozenset[str]:
        """Those that fail here, and give their page to a working control."""
        return (_visited(self.facts) - _well(self.facts)) & self._known

    @property
    def frozen(self) -> frozenset[str]:
        """Those among them whose page freezes half-way."""
        return frozenset(host_of(one.url) for one in _pages(self.facts) if is_frozen(one)) & self._known

    @property
    def well(self) -> frozenset[str]:
        """Those that give their page here too."""
        return _well(self.facts) & self._known

    @property
    def suffer_too(self) -> bool:
        """Whether at least as many fail as are well, and any at all."""
        return bool(self.suffering) and len(self.suffering) >= len(self.well)

    @property
    def freeze_too(self) -> bool:
        """Whether at least as many freeze as are well, and any at all."""
        return bool(self.frozen) and len(self.frozen) >= len(self.well)

    @property
    def pages(self) -> tuple[HttpExchange, ...]:
        """Their responses here."""
        return tuple(_pages(self.facts))

    @property
    def _known(self) -> frozenset[str]:
        """The neighbours that work for a control at which the target works."""
        return frozenset(name for one in self.controls if one.works for name in _well(one.facts))


def _pages(facts: Facts) -> Iterable[HttpExchange]:
    return (one for one in facts.http if one.aim is Aim.NEIGHBOUR)


def _well(facts: Facts) -> frozenset[str]:
    answered = (one for one in _pages(facts) if one.failure is None and one.status is not None)
    return frozenset(host_of(one.url) for one in answered)


def _visited(facts: Facts) -> frozenset[str]:
    """Whom we tried to visit. Where no page was reached, the name asked for tells who it was."""
    steps: tuple[TcpConnect | TlsHandshake, ...] = (*facts.tcp, *facts.tls)
    reached = {one.address for one in steps if one.aim is Aim.NEIGHBOUR and one.failure != Failure.INTERRUPTED}
    asked = (one for one in facts.dns if one.aim is Aim.NEIGHBOUR)
    tried = {one.name for one in asked if not reached.isdisjoint(one.answers)}
    return frozenset(tried | {host_of(one.url) for one in _pages(facts) if one.failure != Failure.INTERRUPTED})
