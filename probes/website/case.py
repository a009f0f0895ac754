"""What the rules are asked about: one look, its controls, and what was seen here in the last seven days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from probes.kit.address import may_connect
from probes.kit.answers import answers_to, has_private_answers
from probes.kit.failure import Failure
from probes.kit.observation import Facts, HttpExchange, Observation
from probes.kit.vocabulary import MarkKind, Stage, Validity
from probes.website.baseline import Baseline
from probes.website.control import ControlLook, is_agreed, leads_no_other, read_controls
from probes.website.exchanges import Exchanges
from probes.website.fingerprints import Fingerprints
from probes.website.flow import trickles
from probes.website.handshakes import Handshakes
from probes.website.neighbours import Neighbours
from probes.website.reach import Reach
from probes.website.resolution import Resolution
from probes.website.target import MOST_ALSO
from probes.website.walk import Walk, read_walk

_MEMORY: Final = timedelta(days=7)
"""How long an answer that was right speaks for itself: geo-DNS and migrations change answers legitimately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsiteCase:
    """One look at a website with all that bears on it. `controls` holds those whose instrument worked."""

    own: Walk
    controls: tuple[ControlLook, ...]
    dns: Resolution
    tls: Handshakes
    http: Exchanges
    marks: Fingerprints
    reach: Reach
    neighbours: Neighbours
    baseline: Baseline

    @property
    def stage(self) -> Stage | None:
        """The deepest layer that the look reached."""
        return self.own.ending.stage

    @property
    def failure(self) -> str | None:
        """How it failed there, None if it did not."""
        return self.own.ending.failure

    @property
    def page(self) -> HttpExchange | None:
        """The last response, where there is one."""
        return self.own.page

    @property
    def status(self) -> int:
        """The status of that response, 0 where there is none."""
        return (self.page.status if self.page else None) or 0

    @property
    def fails(self) -> bool:
        """Whether nobody here can use the website: something failed, or the server itself says that it does not work."""
        return self.failure is not None or self.status >= 500

    @property
    def working(self) -> tuple[ControlLook, ...]:
        """The controls that can use the website."""
        return tuple(control for control in self.controls if control.works)

    @property
    def healthy(self) -> tuple[ControlLook, ...]:
        """The controls that get its page."""
        return tuple(control for control in self.controls if control.is_healthy)

    @property
    def failing(self) -> tuple[ControlLook, ...]:
        """The controls that cannot use it either. One that is sent in circles can say neither."""
        return tuple(one for one in self.controls if not one.works and not one.walk.goes_in_circles)

    @property
    def is_ghost(self) -> bool:
        """Whether the name exists for no control, of at least two, and only the own resolver still, or always, has an answer."""
        missed = [one for one in self.controls if one.walk.ending.failure == Failure.DNS_NXDOMAIN]
        gone = len(missed) >= 2 and len(missed) == len(self.controls)
        return gone and bool(self.own.answers) and not self.is_authentic

    @property
    def is_authentic(self) -> bool:
        """Whether the response is the website's own: proven by TLS, at a host that nobody on the path can have led us to."""
        return self.own.is_proven and not leads_no_other(self.own, self.controls)

    @property
    def is_unlike(self) -> bool:
        """Whether the response may be anybody's, and no control that can use the website got the same."""
        return self.page is not None and bool(self.working) and not self.is_authentic and not self.is_agreed

    @property
    def is_led_astray(self) -> bool:
        """Whether a page in clear text led us to a host to which it leads no control that can use the website."""
        return bool(self.working) and leads_no_other(self.own, self.controls)

    @property
    def is_agreed(self) -> bool:
        """Whether a control got the same page, at a host to which it was led as well."""
        return is_agreed(self.page, self.controls) and not leads_no_other(self.own, self.controls)

    @property
    def shows_blockpage(self) -> bool:
        """Whether a known block page of this country came in the website's place, while a control can use the website.

        A page of a like length is no excuse for one: it bears a mark that no control's page bears.
        """
        return not self.is_authentic and bool(self.working) and bool(self.marks.blockpages)

    def is_its_own(self, kind: MarkKind) -> bool:
        """Whether the website itself, or what everybody meets in its place, shows a page with a mark of this kind."""
        return self.marks.has(kind) and (self.is_authentic or self.is_agreed)


def case(observation: Observation, recent: Sequence[Observation] = ()) -> WebsiteCase:
    """Set one observation beside its controls and what came before it. `recent` may hold more than is used."""
    facts, country = observation.facts or Facts(), observation.country
    own, controls = read_walk(facts), read_controls(observation.control)
    earliest = observation.started_at - _MEMORY
    remembered = tuple(one for one in recent if one.validity is Validity.VALID and one.started_at >= earliest)
    neighbours = Neighbours(facts=facts, controls=controls)
    return WebsiteCase(
        own=own,
        controls=controls,
        dns=Resolution(country=country, facts=facts, own=own, controls=controls, recent=remembered),
        tls=Handshakes(at=observation.started_at, facts=facts, own=own, controls=controls),
        http=Exchanges(
            at=observation.started_at, facts=facts, own=own, controls=controls, neighbours=neighbours.pages, recent=remembered
        ),
        marks=Fingerprints(country=country, facts=facts, controls=controls),
        reach=Reach(facts=facts, own=own, controls=controls),
        neighbours=neighbours,
        baseline=Baseline(at=observation.started_at, page=own.page, recent=remembered),
    )


def wants_control(facts: Facts) -> bool:
    """Whether these facts mean nothing without a comparison.

    A page that is well and proven by TLS speaks for itself, unless it trickled in. One in clear text does not, since anybody on
    the path may have written it; nor does one to which a page in clear text sent us; a private answer is odd whatever came of
    it, and so is an address among several that cannot be reached, and whatever bears a known mark.
    """
    walk = read_walk(facts)
    page, shaken = walk.page, walk.ending.handshake
    is_well = walk.is_proven and not walk.is_loose_end and ((page.status if page else None) or 0) < 400
    is_odd = (page is not None and (trickles(page) or bool(page.marks))) or bool(shaken and shaken.marks)
    return not is_well or is_odd or walk.may_be_led_astray or has_private_answers(facts) or _misses_addresses(facts, walk)


def _misses_addresses(facts: Facts, walk: Walk) -> bool:
    return bool(Reach(facts=facts, own=walk, controls=()).unreached)


def addresses(facts: Facts) -> tuple[str, ...]:
    """The addresses that the own resolver gave for the target, for a control to try as well."""
    answers = answers_to(facts, read_walk(facts).first_host) or ()
    return tuple(answer for answer in answers if may_connect(answer))[:MOST_ALSO]
