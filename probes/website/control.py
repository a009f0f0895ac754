"""What the controls saw: the same website, in the same minute, from where the censor is not."""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.kit.observation import Control, Facts, HttpExchange
from probes.kit.vocabulary import Validity
from probes.website.page import are_same
from probes.website.walk import Walk, read_walk


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLook:
    """What one control saw. `country` is where it stands, the only thing about it that a verdict may tell."""

    country: str | None
    facts: Facts
    walk: Walk

    @property
    def works(self) -> bool:
        """Whether the website answers there, whatever it says short of an error of its own."""
        page = self.walk.page
        return page is not None and not self.walk.is_loose_end and (page.status or 0) < 500

    @property
    def is_healthy(self) -> bool:
        """Whether the website gives its page there."""
        page = self.walk.page
        return self.works and page is not None and (page.status or 0) < 400


def read_controls(control: Iterable[Control]) -> tuple[ControlLook, ...]:
    """The controls that could see, one look for each vantage point, in an order that does not depend on who was first."""
    first = {one.vantage: one for one in sorted(control, key=_order, reverse=True)}
    looks = (
        ControlLook(country=first[vantage].country, facts=first[vantage].facts, walk=read_walk(first[vantage].facts))
        for vantage in sorted(first)
        if first[vantage].validity is Validity.VALID
    )
    return tuple(look for look in looks if look.walk.ending.stage is not None and not look.walk.is_own_fault)


def is_agreed(page: HttpExchange | None, controls: Iterable[ControlLook]) -> bool:
    """Whether a control that can use the website got the same page."""
    theirs = (control.walk.page for control in controls if control.works)
    return page is not None and any(other is not None and are_same(page, other) for other in theirs)


def leads_no_other(walk: Walk, controls: Iterable[ControlLook]) -> bool:
    """Whether a page in clear text led us to a host that has nothing to do with the target, and leads no control there."""
    return walk.may_be_led_astray and all(control.walk.host != walk.host for control in controls if control.works)


def _order(control: Control) -> tuple[str, str]:
    return control.vantage, control.started_at.isoformat()
