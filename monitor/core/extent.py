"""How the extent of a loss has changed: from more or fewer places, of more or fewer organisations. Pure."""

from collections.abc import Collection
from enum import StrEnum

from monitor.core.incident import Incident


class Extent(StrEnum):
    """What has changed about it, for readers who know how it was."""

    MORE_PLACES = "more_places"
    FEWER_PLACES = "fewer_places"
    OTHER_PLACES = "other_places"
    MORE_STRUCK = "more_struck"
    FEWER_STRUCK = "fewer_struck"
    COMES_AND_GOES = "comes_and_goes"
    UNKNOWN = "unknown"
    """It is not known how it was, or these readers may not know."""


def extent(before: Incident | None, after: Incident) -> Extent:
    """What has changed between the two; of a mass event only how many it strikes is told."""
    if before is None:
        return Extent.UNKNOWN
    if after.is_mass:
        return _numbers(struck(before), struck(after))
    if after.intermittent and not before.intermittent:
        return Extent.COMES_AND_GOES
    return _places(set(before.vantages), set(after.vantages))


def struck(incident: Incident) -> int:
    """How many of the members of a mass event it is told of; 0 where they are not known."""
    return len(incident.members) if incident.struck is None else incident.struck


def _numbers(before: int, after: int) -> Extent:
    if not before or not after or before == after:
        return Extent.UNKNOWN
    return Extent.MORE_STRUCK if after > before else Extent.FEWER_STRUCK


def _places(before: Collection[str], after: Collection[str]) -> Extent:
    joined, left = set(after) - set(before), set(before) - set(after)
    if joined and left:
        return Extent.OTHER_PLACES
    if joined:
        return Extent.MORE_PLACES
    return Extent.FEWER_PLACES if left else Extent.UNKNOWN
