"""Globalping: volunteers' machines that look when they are asked to, by country, network and kind of line.

Documented at https://globalping.io/docs/api.globalping.io. A measurement is created, then asked after until it is finished.
Every look happens on somebody's own line, so nobody is asked about a target for which that was not switched on; and the
volunteers who looked last are asked again (`locations` with the id of the last measurement), so that a check stays with one
line for as long as that is there.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from probes.imported.services.bucket import Gate
from probes.imported.services.reports import Result
from probes.imported.services.sightings import (
    Visit,
    lacks_answers,
    name_request,
    next_page,
    page_request,
    witnesses,
)
from probes.imported.services.witness import Wish, Witness
from probes.kit.api import Answer, Api, Unavailable
from probes.kit.marks import Markers

PUBLIC: Final = "https://api.globalping.io"

RATE: Final = 200 / 3600
"""Tests a second. The service grants 250 an hour to whoever names no account; some are left for others at this address."""

BURST: Final = 50.0

PAUSE: Final = 0.5
"""Seconds after an answer before a measurement is asked after again. Source: the service's guidelines."""

LONGEST: Final = 60.0
"""Seconds after which a measurement that is not finished counts as failed: by then the service itself has given up."""

HOPS: Final = 3
"""Redirects that are followed, each by a measurement of its own, as long as all volunteers are sent to the same place."""

LOW_SHARE: Final = 0.1
"""Of the hour's tests: with fewer left the person who runs this is told."""

_PLACES: Final = 1000
_EYEBALL: Final = "eyeball-network"
_TAGS: Final = {"datacentre": "datacenter-network"}
"""The service's own tags for a network kind; whatever is no data centre must be a line of people."""

_IN_PROGRESS: Final = "in-progress"
_CREATED, _UNCHANGED, _NOBODY = 202, 304, 422

_Place = tuple[str, int | None, str, int]


class NobodyThere(Exception):
    """There is no volunteer in that place, or none any more."""


class _Created(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]


class _Measurement(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    status: str
    results: Annotated[tuple[Result, ...], Field(max_length=100)] = ()


@dataclass(slots=True)
class _Budget:
    """What the service says is left of the hour's tests, and of credits where the account has begun to spend them."""

    limit: int | None = None
    remaining: int | None = None
    credits: int | None = None

    @property
    def is_low(self) -> bool:
        return self.limit is not None and self.remaining is not None and self.remaining < LOW_SHARE * self.limit


class Globalping:
    """Asks Globalping's volunteers. `name`, `delay` and `at_once` are those of `Source`."""

    name = "Globalping"
    delay = timedelta(0)
    at_once = 4

    def __init__(
        self,
        api: Api,
        gate: Gate,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        markers: Markers | None = None,
    ) -> None:
        self._api = api
        self._gate = gate
        self._now = now
        self._sleep = sleep
        self._markers = markers
        self._budget = _Budget()
        self._last: OrderedDict[_Place, str] = OrderedDict()
        """The newest measurement in each place, whose volunteers are asked again."""

    async def look(self, wish: Wish) -> tuple[Witness, ...]:
        """What the volunteers see at this moment; nothing where there are none. Raises `Unavailable`."""
        try:
            visits = await (self._page(wish) if "url" in wish.params else self._names(wish))
        except NobodyThere:
            return ()
        return witnesses(visits, wish, self._api.base, self._markers)

    def taken(self, check: str) -> None:
        """Nothing is brought twice: every look is a new one."""

    def problem(self) -> str | None:
        """Whether the hour's tests are used up, or nearly."""
        wait = self._gate.closed_for
        left = "" if self._budget.credits is None else f"; {self._budget.credits} credits of the account are left"
        if wait >= 60:
            return f"Globalping grants no more tests for {round(wait / 60)} minutes; nothing is looked at there until then{left}"
        if self._budget.is_low:
            return f"Globalping: {self._budget.remaining} of {self._budget.limit} tests are left this hour{left}"
        return None

    async def aclose(self) -> None:
        """Give up what is held."""
        await self._api.aclose()

    async def _page(self, wish: Wish) -> tuple[Visit, ...]:
        """The page, and what it redirects to."""
        url: str | None = str(wish.params["url"])
        visits: list[Visit] = []
        while url is not None and len(visits) <= HOPS:
            visits.append(await self._measure(url, page_request(url), wish))
            url = next_page(visits[-1])
        return tuple(visits)

    async def _names(self, wish: Wish) -> tuple[Visit, ...]:
        """The addresses of the name; those of IPv6 only where somebody got none of IPv4, since each question is a test."""
        first = await self._measure("A", name_request(wish.host, "A"), wish)
        if not lacks_answers(first):
            return (first,)
        return first, await self._measure("AAAA", name_request(wish.host, "AAAA"), wish)

    async def _measure(self, subject: str, request: dict[str, Any], wish: Wish) -> Visit:
        place = (wish.country, wish.asn, wish.network, wish.limit)
        name = await self._create(request, place)
        self._last[place] = name
        self._last.move_to_end(place)
        if len(self._last) > _PLACES:
            self._last.popitem(last=False)
        results = await self._finished(name)
        if all(one.result.status == "offline" for one in results):
            del self._last[place]
            raise NobodyThere
        return Visit(subject=subject, id=name, results=results)

    async def _create(self, request: dict[str, Any], place: _Place) -> str:
        """Start a measurement by those who looked last, else by others like them. Returns its id."""
        last = self._last.pop(place, None)
        if last is not None:
            answer = await self._post({**request, "locations": last}, place)
            if answer.status != _NOBODY:
                return _name_in(answer)
        answer = await self._post({**request, **_whereabouts(place)}, place)
        if answer.status == _NOBODY:
            raise NobodyThere
        return _name_in(answer)

    async def _post(self, content: dict[str, Any], place: _Place) -> Answer:
        cost = place[-1]
        await self._gate.enter(cost)
        try:
            answer = await self._api.post("/v1/measurements", content)
        except Unavailable as refusal:
            if refusal.wait is not None:
                self._gate.close(refusal.wait)
            raise
        self._heed(answer, cost)
        return answer

    def _heed(self, answer: Answer, cost: int) -> None:
        """Take the service's word for what is left. An account's credits are somebody's, and are never spent knowingly."""
        remaining = answer.number("x-ratelimit-remaining")
        self._budget.limit = answer.number("x-ratelimit-limit")
        self._budget.remaining = remaining
        self._budget.credits = answer.number("x-credits-remaining")
        if remaining is not None:
            self._gate.limit(remaining)
            if remaining < cost:
                self._gate.close(answer.number("x-ratelimit-reset") or LONGEST)

    async def _finished(self, name: str) -> tuple[Result, ...]:
        """Ask after a measurement until it is finished; while nothing has changed the service need not repeat itself."""
        deadline, tag = self._now() + LONGEST, ""
        while self._now() < deadline:
            await self._sleep(PAUSE)
            answer = await self._ask_after(name, tag)
            if answer is None or answer.status == _UNCHANGED:
                continue
            tag = answer.headers.get("etag", "")
            measurement = _measurement_in(answer)
            if measurement.status != _IN_PROGRESS:
                return measurement.results
        raise Unavailable("it did not finish a measurement in time")

    async def _ask_after(self, name: str, tag: str) -> Answer | None:
        """The measurement as it stands; None where we are asked to be slower."""
        try:
            return await self._api.get(f"/v1/measurements/{name}", headers={"if-none-match": tag} if tag else None)
        except Unavailable as refusal:
            if refusal.wait is None:
                raise
            await self._sleep(min(refusal.wait, LONGEST))
            return None


def _whereabouts(place: _Place) -> dict[str, Any]:
    country, asn, network, limit = place
    location: dict[str, Any] = {"country": country, "tags": [_TAGS.get(network, _EYEBALL)]}
    if asn is not None:
        location["asn"] = asn
    return {"locations": [location], "limit": limit}


def _name_in(answer: Answer) -> str:
    if answer.status != _CREATED:
        raise Unavailable(f"it does not accept our measurement ({answer.status})")
    try:
        return _Created.model_validate(answer.json()).id
    except ValidationError:
        raise Unavailable("it does not say what it calls our measurement") from None


def _measurement_in(answer: Answer) -> _Measurement:
    if answer.status != 200:
        raise Unavailable(f"it does not know our measurement any more ({answer.status})")
    try:
        return _Measurement.model_validate(answer.json())
    except ValidationError:
        raise Unavailable("it answers with something that is no measurement") from None
