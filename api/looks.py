"""Looks, as far as a reader may see them. Nobody outside an organisation learns from which vantage points it is watched."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import HTTPException

from api.parameters import ExportPage, LookPage
from api.problems import not_found
from api.visible import Visible
from monitor.core.incident import Incident, looks_kept
from monitor.core.instrument import InstrumentRecord, instrument
from monitor.core.kinds import Origin
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange
from monitor.store import Judged
from probes.kit.observation import Observation, Provenance

LOOKS_AROUND: Final = timedelta(hours=1)
"""How far before and after a change the looks are shown on a page that bracket it."""

LOOKS_OF_A_CHECK: Final = 150
"""Looks of one check around one change, at most, on a page."""

PUBLISHED: Final = "ooni"
"""The service whose volunteers publish what they measured, for anybody to cite."""

EXPORTED: Final = timedelta(days=1)
"""How far back an export reaches that names no beginning."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SeenLook:
    """The verdict on a look, and whose look it is where it is not our own. `observation` and `planned` are for insiders alone.

    `planned` is the change that the organisation had planned and that explains the loss.
    """

    verdict: Verdict
    provenance: Provenance | None = None
    observation: Observation | None = None
    planned: PlannedChange | None = None


@dataclass(frozen=True, slots=True)
class SeenLooks:
    """One page of looks, oldest first, how the instrument worked in them, and the cursor of the next; None on the last.

    What is told of a vantage point is told under its country alone where the reader may not know more.
    """

    items: list[SeenLook]
    instrument: tuple[InstrumentRecord, ...]
    following: str | None


async def around(visible: Visible, incident: Incident) -> list[SeenLook]:
    """The looks around a visible incident's beginning and end, good ones and gaps included, from everywhere; oldest first."""
    return [_seen(visible, look) for look in await _all_around(visible, incident)]


async def _all_around(visible: Visible, incident: Incident) -> list[Judged]:
    looks = [look for check in await _checks(visible, incident) for look in await _around(visible, check, incident)]
    once = {look.verdict.observation: look for look in looks}
    return sorted(once.values(), key=_place)


def _place(look: Judged) -> tuple[datetime, str]:
    return look.verdict.at, look.verdict.observation


async def _around(visible: Visible, check: str, incident: Incident) -> list[Judged]:
    moments = [bracket.by for bracket in (incident.onset, incident.end) if bracket]
    spans = [(moment - LOOKS_AROUND, moment + LOOKS_AROUND) for moment in moments]
    return [look for since, until in spans for look in await visible.reading.observations(check, since, until, LOOKS_OF_A_CHECK)]


async def of_incident(visible: Visible, incident: Incident, page: LookPage) -> SeenLooks:
    """One page of all looks that are kept for a visible incident: from a week before it to a day after its end."""
    kept = looks_kept(incident)
    if kept is None:
        last = _cursor(page)
        return _shown(visible, [one for one in await _all_around(visible, incident) if not last or _place(one) > last], page)
    since, until = kept
    return await _page(visible, await _checks(visible, incident), since, until or visible.now, page)


async def export(visible: Visible, page: ExportPage) -> SeenLooks:
    """One page of the looks at those targets of an organisation whose states the reader may see."""
    until = page.until or visible.now
    since = page.since or until - EXPORTED
    found = await _page(visible, await _exported(visible, page), since, until, page)
    return replace(found, items=await _explained(visible, found.items))


async def _explained(visible: Visible, looks: list[SeenLook]) -> list[SeenLook]:
    """The looks, each with the planned change that explains it, where the reader may know of that."""
    own = [look.verdict.observation for look in looks if look.observation is not None]
    changes = await visible.reading.explanations(own)
    return [replace(look, planned=changes.get(look.verdict.observation)) for look in looks]


async def _exported(visible: Visible, page: ExportPage) -> list[str]:
    """The checks that are asked for. To know one by its id is for insiders: for all others no check has it."""
    organisation = visible.organisation(page.organisation)
    is_insider = visible.reader.belongs_to(organisation.id)
    watched = {target.id for target in visible.targets(organisation)}
    checks = await visible.reading.checks_of(organisation.id)
    return [
        check
        for check, target in checks.items()
        if (is_insider or target in watched)
        and page.target in {None, target}
        and (page.check is None or (is_insider and page.check == check))
    ]


async def _checks(visible: Visible, incident: Incident) -> list[str]:
    if incident.origin is Origin.ATTESTED:
        return []
    checks = await visible.reading.checks_of(incident.key.organisation)
    return sorted(check for check, target in checks.items() if target == incident.key.target)


async def _page(visible: Visible, checks: Collection[str], since: datetime, until: datetime, page: LookPage) -> SeenLooks:
    found = await visible.reading.looks(checks, since, until, after=_cursor(page), limit=page.limit + 1)
    return _shown(visible, found, page)


def _shown(visible: Visible, found: list[Judged], page: LookPage) -> SeenLooks:
    looks = found[: page.limit]
    following = _name(looks[-1].verdict) if len(found) > page.limit else None
    return SeenLooks([_seen(visible, look) for look in looks], instrument(_placed(visible, look) for look in looks), following)


def _placed(visible: Visible, look: Judged) -> Judged:
    if visible.reader.belongs_to(look.verdict.organisation):
        return look
    return replace(look, observation=replace(look.observation, vantage=look.verdict.country or ""))


def _cursor(page: LookPage) -> tuple[datetime, str] | None:
    """The moment and the id of the look that the page before ended with."""
    if page.after is None:
        return None
    microseconds, _, name = page.after.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds)), name
    except OverflowError:
        raise HTTPException(422, "after: no page ends like this; begin again without a cursor") from None


def _name(verdict: Verdict) -> str:
    since_epoch = verdict.at.astimezone(UTC) - _EPOCH
    return f"{since_epoch // timedelta(microseconds=1)}.{verdict.observation}"


def insist_on_insider(visible: Visible, organisation: str) -> None:
    """What was seen in full could lead to whoever keeps a line: it is for those who belong to the organisation."""
    if not visible.reader.belongs_to(organisation):
        raise not_found()


def _seen(visible: Visible, look: Judged) -> SeenLook:
    verdict, origin = look.verdict, look.observation.provenance
    if visible.reader.belongs_to(verdict.organisation):
        return SeenLook(verdict, origin, look.observation)
    return SeenLook(replace(verdict, vantage="", check=""), origin and _cited(origin))


def _cited(origin: Provenance) -> Provenance:
    """What readers outside the organisation learn: what is published anyway is cited in full, a line that was lent is not."""
    return origin if origin.service == PUBLISHED else replace(origin, name="", url=None, asn=None)
