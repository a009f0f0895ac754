"""What the requests show: what a failure hangs on, how a page flowed, and whether it was written on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from probes.kit.failure import Failure
from probes.kit.observation import Facts, HttpExchange, Observation
from probes.kit.vocabulary import Aim, Stage
from probes.website import flow
from probes.website.control import ControlLook, is_agreed
from probes.website.page import are_one, is_challenge
from probes.website.target import host_of
from probes.website.walk import CUT, TIMEOUTS, Walk, proofs

_ERRORS: Final = 400
_TODAY: Final = timedelta(days=1)
"""For so long a page that came quickly speaks for the line that it came on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanges:
    """The requests of one look that ended at `own`, made at the time `at`. `neighbours` are its neighbours' responses."""

    at: datetime
    facts: Facts
    own: Walk
    controls: tuple[ControlLook, ...]
    neighbours: tuple[HttpExchange, ...]
    recent: tuple[Observation, ...]

    @property
    def last(self) -> HttpExchange | None:
        """The request at which the look ended, well or not."""
        visits = (one for one in self.facts.http if one.aim is Aim.VISIT and one.hop == self.own.hop)
        return next(visits, None) if self.own.ending.stage is Stage.HTTP else None

    @property
    def failed(self) -> HttpExchange | None:
        """The same, if it failed."""
        return self.last if self.last is not None and self.last.failure is not None else None

    @property
    def is_unsteady(self) -> bool:
        """Whether what failed went well a moment later."""
        return self.failed is not None and any(one.failure is None for one in self._with(Aim.AGAIN))

    @property
    def is_cut_by_host(self) -> bool:
        """Whether a request in clear text is cut off for the real name, and for that alone, wherever it is said."""
        return self._hangs_on_host(CUT)

    @property
    def is_silenced_by_host(self) -> bool:
        """Whether a request in clear text stays unanswered for the real name, and for that alone, wherever it is said."""
        return self._hangs_on_host(TIMEOUTS)

    @property
    def freezes(self) -> bool:
        """Whether the page stops half-way, twice at about the same place, while a control gets more of it."""
        frozen = self.failed
        if frozen is None or not any(flow.freeze_alike(frozen, one) for one in self._with(Aim.AGAIN)):
            return False
        return any(flow.outlasts(page, frozen=frozen) for page in self._control_pages)

    @property
    def trickles(self) -> bool:
        """Whether the page arrives so slowly that nobody can use it, while a control gets it several times as fast."""
        slow = self.last
        return slow is not None and flow.trickles(slow) and flow.any_flows(self._control_pages, beside=slow)

    @property
    def line_is_quick(self) -> bool:
        """Whether this line is known to be quicker: a neighbour's page comes quickly now, or the website's own did today."""
        slow = self.last
        return slow is not None and flow.any_flows((*self.neighbours, *self._of_today), beside=slow)

    @property
    def line_carries_more(self) -> bool:
        """Whether more than what froze has arrived on this line: of a neighbour's page now, or of the website's own today."""
        frozen = self.failed
        return frozen is not None and any(flow.outlasts(page, frozen=frozen) for page in (*self.neighbours, *self._of_today))

    @property
    def is_written_on_the_way(self) -> bool:
        """Whether an innocuous host seems to give the very page, or redirect, that came in the website's place.

        It has no such page: whoever wrote it stands between us and both of them, and goes by the name.
        """
        visits = [one for one in self.facts.http if one.aim is Aim.VISIT and one.url.startswith("http:")]
        named = (one for one in self.facts.http if one.aim is Aim.INNOCUOUS_HOST and host_of(one.url) == self.own.first_host)
        return any(are_one(mine, theirs) for theirs in named for mine in visits)

    @property
    def is_as_elsewhere_over_tls(self) -> bool:
        """Whether a page in clear text came twice, and over TLS the very address proves to be the website and gives another.

        The other is the one that controls get. A website has editions for regions, but not in clear text alone; a passing
        error, or a wall against machines, is no edition.
        """
        page = self.own.page
        if page is None or self.own.hop > 0 or (page.status or 0) >= _ERRORS or is_challenge(page) or page.marks:
            return False
        again = any(are_one(page, one) for one in self._with(Aim.AGAIN))
        proven = proofs(self.facts, self.own.first_host)
        secure = (one for one in self._with(Aim.ELSEWHERE) if one.url.startswith("https:") and one.address in proven)
        return again and any(one.failure is None and is_agreed(one, self.controls) for one in secure)

    @property
    def _control_pages(self) -> tuple[HttpExchange, ...]:
        pages = (one.walk.page for one in self.controls if one.works)
        return tuple(page for page in pages if page is not None)

    def _with(self, aim: Aim) -> Iterator[HttpExchange]:
        return (one for one in self.facts.http if one.aim is aim and one.hop == self.own.hop)

    @property
    def _of_today(self) -> Iterator[HttpExchange]:
        lately = (one for one in self.recent if one.facts and timedelta(0) <= self.at - one.started_at <= _TODAY)
        return (page for one in lately if one.facts for page in one.facts.http if page.aim is Aim.VISIT)

    def _hangs_on_host(self, failures: frozenset[Failure]) -> bool:
        """Whether the real name fails here twice while a control gets through, and it is the name that does it.

        It is, if an innocuous host fails for it as well and answers to its own. An innocuous name that is answered here tells so
        only of resets: where a website hangs or refuses us, the default page of its server may well be up.
        """
        failed, again = self.failed, next(self._with(Aim.AGAIN), None)
        if failed is None or again is None or failed.status is not None or not failed.url.startswith("http:"):
            return False
        here_only = any(page.address in {None, failed.address} for page in self._control_pages)
        steadily = failed.failure in failures and again.failure in CUT | TIMEOUTS
        answered_here = any(one.status is not None and one.address == failed.address for one in self._with(Aim.INNOCUOUS_NAME))
        is_reset = failed.failure == again.failure == Failure.CONNECTION_RESET
        return steadily and here_only and (self._fails_at_innocuous_host or (is_reset and answered_here))

    @property
    def _fails_at_innocuous_host(self) -> bool:
        there = list(self._with(Aim.INNOCUOUS_HOST))
        answered = {one.address for one in there if host_of(one.url) != self.own.host and one.status is not None}
        real = (one for one in there if host_of(one.url) == self.own.host)
        return any(one.address in answered and one.status is None and one.failure in CUT | TIMEOUTS for one in real)
