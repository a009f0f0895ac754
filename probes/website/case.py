"""What the rules are asked about: one look, its controls, and what was seen here in the last seven days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from probes.kit.address import may_connect
from probes.kit.answers import answers_to, has_private_answers
from probes.kit.observation import Facts, HttpExchange, Observation
from probes.kit.vocabulary import Stage, Validity
from probes.website.control import ControlLook, is_agreed, read_controls
from probes.website.handshakes import Handshakes
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
    def is_authentic(self) -> bool:
        """Whether the response is the website's own: proven by TLS, at a host that nobody on the path can have led us to."""
        landings = {control.walk.host for control in self.working}
        return self.own.is_proven and (not self.own.may_be_led_astray or self.own.host in landings)

    @property
    def is_unlike(self) -> bool:
        """Whether the response may be anybody's, and no control that can use the website got the same."""
        return self.page is not None and bool(self.working) and not self.is_authentic and not self.is_agreed

    @property
    def is_agreed(self) -> bool:
        """Whether a control got the same page."""
        return is_agreed(self.page, self.controls)


def case(observation: Observation, recent: Sequence[Observation] = ()) -> WebsiteCase:
    """Set one observation beside its controls and what came before it. `recent` may hold more than is used."""
    facts = observation.facts or Facts()
    own, controls = read_walk(facts), read_controls(observation.control)
    earliest = observation.started_at - _MEMORY
    remembered = tuple(one for one in recent if one.validity is Validity.VALID and one.started_at >= earliest)
    return WebsiteCase(
        own=own,
        controls=controls,
        dns=Resolution(facts=facts, own=own, controls=controls, recent=remembered),
        tls=Handshakes(at=observation.started_at, facts=facts, own=own, controls=controls),
    )


def wants_control(facts: Facts) -> bool:
    """Whether these facts mean nothing without a comparison.

    A page that is well and proven by TLS speaks for itself. One in clear text does not, since anybody on the path may have
    written it; nor does one to which a page in clear text sent us; and a private answer is odd whatever came of it.
    """
    walk = read_walk(facts)
    is_well = walk.is_proven and not walk.is_loose_end and ((walk.page.status if walk.page else None) or 0) < 400
    return not is_well or walk.may_be_led_astray or has_private_answers(facts)


def addresses(facts: Facts) -> tuple[str, ...]:
    """The addresses that the own resolver gave for the target, for a control to try as well."""
    answers = answers_to(facts, read_walk(facts).first_host) or ()
    return tuple(answer for answer in answers if may_connect(answer))[:MOST_ALSO]
