"""How far an incident may travel, and who may be told its names (TLP 2.0). Pure.

- What was measured starts as AMBER. What a person releases, or closes, travels as that person decided.
- Until somebody has decided on the incident itself, the RED of an organisation or target that it is about holds for it too.
- Of which of their targets a mass event tells is not known here, so the RED of any target of those whom it struck holds for it.
  However far a person lets it travel, it names nobody who is marked RED, nor of whom one target is.
- RED is for those who read it: no channel is told its names, whatever its settings say. A case number and a link it may have.
- A channel of which `up_to` says so hears nothing at all of what may not travel so far; but if it heard of it while that was
  allowed, it hears that it is over, or was corrected.
"""

from collections.abc import Iterator
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from monitor.core.incident import Incident
from monitor.core.model import Tlp
from monitor.core.subscription import Channel
from monitor.core.watchlist import Organisation, Watchlist

_CLOSENESS: Final = MappingProxyType({tlp: place for place, tlp in enumerate((Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.RED))})


def effective_tlp(incident: Incident, watchlist: Watchlist) -> Tlp:
    """How far the incident may travel, the marks on those whom it is about counted in."""
    if incident.tlp is Tlp.AMBER and Tlp.RED in _marks(incident, watchlist):
        return Tlp.RED
    return incident.tlp


def may_hear(channel: Channel, tlp: Tlp) -> bool:
    """Whether anything of what is marked `tlp` may be sent into the channel, be it a number only."""
    return _CLOSENESS[tlp] <= _CLOSENESS[channel.up_to]


def travels_as_far(tlp: Tlp, other: Tlp) -> bool:
    """Whether what is marked `tlp` may travel as far as what is marked `other`."""
    return _CLOSENESS[tlp] <= _CLOSENESS[other]


class Manner(StrEnum):
    """How much a channel is told."""

    FULL = "full"
    DISCREET = "discreet"
    """No name: it may stand on a lock screen."""
    CLOSED = "closed"
    """A number and a link only: it may not hear any more of what it once heard."""


def manner(channel: Channel, tlp: Tlp) -> Manner:
    """How much the channel is told of what is marked `tlp`."""
    if not may_hear(channel, tlp):
        return Manner.CLOSED
    return Manner.DISCREET if is_discreet(channel, tlp) else Manner.FULL


def is_discreet(channel: Channel, tlp: Tlp) -> bool:
    """Whether the channel is told of what is marked `tlp` without any name."""
    return tlp is Tlp.RED or (channel.discreet and tlp is not Tlp.CLEAR)


def nameable(incident: Incident, watchlist: Watchlist) -> frozenset[str]:
    """The ids of those whom a mass event struck that it may name at all."""
    struck = (one for one in watchlist.organisations if one.id in incident.affected)
    closed = {one.id for one in struck if Tlp.RED in _marks_of_all(one)}
    return frozenset(incident.affected) - closed


def _marks(incident: Incident, watchlist: Watchlist) -> Iterator[Tlp]:
    """The marks on the organisations, and on the targets, that an incident is or may be about."""
    for organisation in watchlist.organisations:
        if organisation.id == incident.key.organisation:
            yield organisation.tlp
            yield from (target.tlp for target in organisation.targets if target.id == incident.key.target)
        elif organisation.id in incident.affected:
            yield from _marks_of_all(organisation)


def _marks_of_all(organisation: Organisation) -> Iterator[Tlp]:
    yield organisation.tlp
    yield from (target.tlp for target in organisation.targets)
