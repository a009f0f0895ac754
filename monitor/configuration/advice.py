"""What a valid configuration still leaves undone: nothing here is an error, each sentence names a blind spot."""

from collections import defaultdict
from collections.abc import Iterator

from monitor.configuration.alert_advice import Surroundings, of_alerts
from monitor.core.safety import is_hostile
from monitor.core.watchlist import VantagePoint, Watchlist
from probes.kit.vocabulary import IMPORTED_KINDS, VantageKind

_NAMED = 5
"""Organisations that a sentence names before it only counts the rest."""


_IN_THE_FILES_ALONE = Surroundings()


def warnings(watchlist: Watchlist, around: Surroundings = _IN_THE_FILES_ALONE) -> tuple[str, ...]:
    """Sentences for the person who runs this, most pressing first. Pure, as far as what is asked of `around` is."""
    return (
        *of_alerts(watchlist, around),
        *_of_places(watchlist),
        *_of_countries(watchlist),
        *_of_organisations(watchlist),
        *_of_rare_looks(watchlist),
    )


def _of_places(watchlist: Watchlist) -> Iterator[str]:
    for vantage in watchlist.monitor.vantages:
        if not vantage.paused:
            yield from _of_others(vantage, watchlist) if vantage.kind in IMPORTED_KINDS else _of_place(vantage, watchlist)


def _of_place(vantage: VantagePoint, watchlist: Watchlist) -> Iterator[str]:
    canaries = vantage.canaries or watchlist.monitor.canaries
    if vantage.country is None:
        yield f"Vantage point `{vantage.id}` has no country: nobody can say where what it sees is true."
    if not vantage.control:
        yield f"Vantage point `{vantage.id}` has no control: what fails there stays `unclear`. Add a vantage point elsewhere."
    elif len(set(vantage.control)) == 1:
        yield f"Vantage point `{vantage.id}` has one control only: `down` needs two, so an outage stays `unclear` there."
    if not canaries.foreign:
        yield f"Vantage point `{vantage.id}` has no foreign canaries: it cannot tell a lost site from its own lost network."
    elif not canaries.domestic and is_hostile(vantage.country):
        yield (
            f"Vantage point `{vantage.id}` has no domestic canaries: when {vantage.country} is cut off from the world, it only "
            "says that it cannot see. Add two or three large sites of that country under `canaries.domestic`."
        )


def _of_others(vantage: VantagePoint, watchlist: Watchlist) -> Iterator[str]:
    """Places from which others look."""
    if vantage.asn is None:
        yield (
            f"Vantage point `{vantage.id}` names no network (`asn`): looks from all networks of {vantage.country} come in there, "
            "so each is shown and none counts. Add a vantage point for each network that matters."
        )
    if vantage.kind is not VantageKind.GLOBALPING:
        return
    if not any(target.globalping for one in watchlist.organisations for target in one.targets):
        yield f"Nothing is looked at from `{vantage.id}`: no target has `globalping: true`. Read docs/vantage-kinds.md first."
    if not vantage.control:
        yield f"Vantage point `{vantage.id}` has no control: what fails there stays `unclear`. Add a vantage point elsewhere."


def _of_countries(watchlist: Watchlist) -> Iterator[str]:
    """Countries whose authorities an organisation fears, and in which nobody looks."""
    seen_from = {vantage.country for vantage in watchlist.monitor.vantages if not vantage.paused}
    unseen = defaultdict(list)
    for organisation in watchlist.organisations:
        if organisation.country is not None and organisation.country not in seen_from and organisation.targets:
            unseen[organisation.country].append(organisation.id)
    for country, organisations in sorted(unseen.items()):
        yield f"No vantage point looks from {country}: a block there will not be seen ({_listed(organisations)})."


def _of_organisations(watchlist: Watchlist) -> Iterator[str]:
    empty = [organisation.id for organisation in watchlist.organisations if not organisation.targets]
    if empty:
        yield f"Nothing is watched of {_listed(empty)}: no target is known. Add one, once its address is certain."


def _of_rare_looks(watchlist: Watchlist) -> Iterator[str]:
    """Looks that are further apart than what counts as silence add up slowly."""
    silence = watchlist.monitor.confirmation.silence
    rare = [one.id for one in watchlist.monitor.vantages if (one.every or 0) > silence]
    rare += [target.id for one in watchlist.organisations for target in one.targets if (target.every or 0) > silence]
    if rare:
        yield (
            f"Looks of {_listed(rare)} are further apart than `confirmation.silence` ({silence} s): "
            "what is seen there takes more looks to be confirmed, and days. Look more often, or raise `silence`."
        )


def _listed(ids: list[str]) -> str:
    rest = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
