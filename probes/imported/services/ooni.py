"""OONI: what its volunteers have measured of a domain in a country, as its public interface tells it.

Documented at https://api.ooni.io/apidocs/. A list of measurements is asked for first; of what is new there, a few are fetched
whole: those are the evidence. Volunteers publish when they can, so the list is read again some hours back; what was
brought before is left out.
"""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from probes.imported.measurement import Measurement, Unusable, read_measurement
from probes.imported.measurement.document import parsed
from probes.imported.services.bucket import Gate
from probes.imported.services.witness import CLOCKS_DIFFER, Wish, Witness
from probes.kit.api import Answer, Api, Unavailable
from probes.kit.marks import Markers

_log = structlog.get_logger()

PUBLIC: Final = "https://api.ooni.io"

RATE: Final = 10 / 60
"""Questions a second. Source: the service's own default of ten a minute for each client."""

BURST: Final = 5.0

PUBLISHED_AFTER: Final = timedelta(hours=3)
"""By then nearly every measurement has been published; of a time that far back it can be said that nobody measured."""

OVERLAP: Final = timedelta(hours=6)
"""How far before the newest known measurement the list is read again: uploads are late when a network is in trouble."""

FIRST: Final = timedelta(days=1)
"""How far back the first list goes."""

FURTHEST: Final = timedelta(days=14)
"""How far back any list goes. The service's own bound is 180 days."""

LISTED: Final = 50
ANOMALIES: Final = 3
WELL: Final = 1
"""Measurements of one network that are fetched from one list: the rest would only say the same."""

FETCHED: Final = 12
"""Measurements that are fetched from one list in all, however many networks it names."""

REMEMBERED: Final = 500
"""Measurements of one check that are known to have been in a list."""

_TEST: Final = "web_connectivity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One measurement as the list names it."""

    uid: str
    at: datetime
    country: str
    asn: int
    is_anomaly: bool


class _Row(BaseModel):
    """What is used of a row of the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    measurement_uid: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{8,128}$")]
    measurement_start_time: datetime
    test_name: str
    probe_cc: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    probe_asn: Annotated[str, StringConstraints(pattern=r"^AS[0-9]{1,10}$")]
    anomaly: bool = False
    confirmed: bool = False
    failure: bool = False


class _Page(BaseModel):
    """An answer of the list. An error may come with status 200, an `error` and `v` 0."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    results: Annotated[list[dict[str, Any]], Field(max_length=10 * LISTED)]
    error: None = None


class Ooni:
    """Brings what OONI's volunteers measured. `delay` and `at_once` are those of `Source`."""

    name = "OONI"
    delay = PUBLISHED_AFTER
    at_once = 1

    def __init__(self, api: Api, gate: Gate, markers: Markers | None = None) -> None:
        self._api = api
        self._gate = gate
        self._markers = markers
        self._known: dict[str, dict[str, datetime]] = {}
        """Of each check the measurements that need not be brought any more, by uid."""
        self._brought: dict[str, dict[str, datetime]] = {}
        """Of each check those that were brought last, and are not known to have been taken."""

    async def look(self, wish: Wish) -> tuple[Witness, ...]:
        """What was published since the newest look of this check, newest last. Raises `Unavailable`."""
        since = _since(wish)
        listed = [row for row in await self._list(wish, since) if since <= row.at <= wish.now + CLOCKS_DIFFER]
        known = self._remembered(wish.check, since)
        fresh = [row for row in listed if row.uid not in known]
        wanted = chosen(fresh)
        for row in fresh:
            if row not in wanted:
                known[row.uid] = row.at
        return await self._bring(wanted, wish)

    def taken(self, check: str) -> None:
        """What was brought last is in good hands; whatever is not will be brought again."""
        self._known.setdefault(check, {}).update(self._brought.pop(check, {}))

    def problem(self) -> str | None:
        """Whether we were sent away for longer than a question can wait."""
        wait = self._gate.closed_for
        if wait < 60:
            return None
        return f"OONI wants to be left alone for {round(wait / 60)} more minutes; nothing is imported until then"

    async def aclose(self) -> None:
        """Give up what is held."""
        await self._api.aclose()

    async def _list(self, wish: Wish, since: datetime) -> list[Listed]:
        params: dict[str, str | int] = {
            "domain": wish.host,
            "probe_cc": wish.country,
            "test_name": _TEST,
            "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "order_by": "measurement_start_time",
            "order": "desc",
            "limit": LISTED,
        }
        if wish.asn is not None:
            params["probe_asn"] = f"AS{wish.asn}"
        content = await self._ask("/api/v1/measurements", params)
        try:
            page = _Page.model_validate(content)
        except ValidationError:
            raise Unavailable("it answers with an error in place of a list") from None
        return [row for one in page.results if (row := _listed(one)) is not None and _was_asked_for(row, wish)]

    async def _bring(self, wanted: Sequence[Listed], wish: Wish) -> tuple[Witness, ...]:
        """Fetch them, oldest first. Where the service fails half-way, what is there already counts, and the rest comes later."""
        found: list[Witness] = []
        brought = self._brought[wish.check] = {}
        for row in sorted(wanted, key=lambda one: (one.at, one.uid)):
            try:
                found.append(await self._fetch(row, wish))
            except Unusable as problem:
                _log.warning("a published measurement cannot be used", measurement=row.uid, problem=str(problem))
            except Unavailable:
                if not found:
                    raise
                break
            brought[row.uid] = row.at
        return tuple(found)

    async def _fetch(self, row: Listed, wish: Wish) -> Witness:
        await self._gate.enter()
        answer = await self._told(self._api.get("/api/v1/raw_measurement", {"measurement_uid": row.uid}))
        if answer.status != 200:
            raise Unusable(f"it cannot be had ({answer.status})")
        measurement = read_measurement(parsed(answer.body), wish.now, self._markers)
        _check(measurement, row, wish)
        return Witness(measurement.observation(check=wish.check, vantage="", probe_version=0), measurement.blobs)

    async def _ask(self, path: str, params: dict[str, str | int]) -> Any:
        await self._gate.enter()
        answer = await self._told(self._api.get(path, params))
        if answer.status != 200:
            raise Unavailable(f"it does not understand our question ({answer.status})")
        return answer.json()

    async def _told(self, asking: Awaitable[Answer]) -> Answer:
        """The answer, and what it says of our limits."""
        try:
            answer = await asking
        except Unavailable as refusal:
            if refusal.wait is not None:
                self._gate.close(refusal.wait)
            raise
        remaining = answer.number("x-ratelimit-remaining")
        if remaining is not None:
            self._gate.limit(remaining)
        return answer

    def _remembered(self, check: str, since: datetime) -> dict[str, datetime]:
        """What is known of this check and can still be in a list."""
        kept = {uid: at for uid, at in self._known.get(check, {}).items() if at >= since}
        self._known[check] = dict(list(kept.items())[-REMEMBERED:])
        return self._known[check]


def chosen(rows: Iterable[Listed]) -> list[Listed]:
    """Of each network the newest few anomalies, and the newest measurement that found all well. Pure.

    Networks take turns, so that one with many measurements does not crowd the others out.
    """
    by_network = sorted(rows, key=lambda row: row.asn)
    wanted = [_of_a_network(list(its)) for _, its in groupby(by_network, key=lambda row: row.asn)]
    ranked = [(rank, row) for its in wanted for rank, row in enumerate(its)]
    return [row for _, row in sorted(ranked, key=lambda one: (one[0], -one[1].at.timestamp(), one[1].uid))][:FETCHED]


def _of_a_network(rows: list[Listed]) -> list[Listed]:
    newest_first = sorted(rows, key=lambda row: (row.at, row.uid), reverse=True)
    anomalies = [row for row in newest_first if row.is_anomaly][:ANOMALIES]
    return anomalies + [row for row in newest_first if not row.is_anomaly][:WELL]


def _since(wish: Wish) -> datetime:
    earliest = wish.now - FURTHEST
    return max(earliest, (wish.newest - OVERLAP) if wish.newest else wish.now - FIRST)


def _listed(row: dict[str, Any]) -> Listed | None:
    """A row, unless it is junk, or of a test that failed by itself."""
    try:
        found = _Row.model_validate(row)
    except ValidationError:
        return None
    if found.failure or found.test_name != _TEST:
        return None
    at = found.measurement_start_time
    return Listed(
        uid=found.measurement_uid,
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        country=found.probe_cc,
        asn=int(found.probe_asn.removeprefix("AS")),
        is_anomaly=found.anomaly or found.confirmed,
    )


def _was_asked_for(row: Listed, wish: Wish) -> bool:
    return row.country == wish.country and wish.asn in {None, row.asn}


def _check(measurement: Measurement, row: Listed, wish: Wish) -> None:
    """Raises `Unusable` where the measurement is not the one that was listed: evidence must not change lines on its way."""
    if measurement.country not in {None, wish.country}:
        raise Unusable(f"it was listed for {wish.country} and was made elsewhere")
    if measurement.provenance.asn not in {None, row.asn}:
        raise Unusable("it was listed for another network than it was made in")
    if measurement.host != wish.host:
        raise Unusable("it was listed for another host than it is of")
    if abs(measurement.started_at - row.at) > CLOCKS_DIFFER:
        raise Unusable("it was listed for another time than it was made at")
