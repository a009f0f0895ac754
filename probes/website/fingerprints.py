"""Known block pages among the pages of a look: which of them count, and what they say of themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from probes.kit.observation import Facts, HttpExchange, Mark
from probes.kit.vocabulary import Aim, MarkKind
from probes.website.control import ControlLook
from probes.website.redirect import is_redirect
from probes.website.resolution import counts

_OF_SERVICE: Final = frozenset({MarkKind.SUSPENDED, MarkKind.PARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """The marks of one look's pages, seen from `country`, beside those of its controls."""

    country: str | None
    facts: Facts
    controls: tuple[ControlLook, ...]

    @property
    def blockpages(self) -> tuple[Mark, ...]:
        """The marks of block pages that are known in this country, and that no control's page bears."""
        theirs = {mark.name for one in self.controls for mark in _marks(_visited(one.facts))}
        found = (mark for page in _visited(self.facts) for mark in self._telling(page))
        return tuple(dict.fromkeys(mark for mark in found if mark.name not in theirs))

    @property
    def is_by_redirect(self) -> bool:
        """Whether it is where a page sends us that bears the mark."""
        names = {mark.name for mark in self.blockpages}
        sent = (page for page in _visited(self.facts) if is_redirect(page))
        return any(mark.name in names for mark in _marks(sent))

    @property
    def actor(self) -> str | None:
        """Whom the page names as its author, if it names anybody."""
        return next((mark.actor for mark in self.blockpages if mark.actor), None)

    @property
    def blocked_by(self) -> str | None:
        """Who blocks, as a page with status 451 says by a link of that relation (RFC 7725)."""
        return next((page.blocked_by for page in _visited(self.facts) if page.blocked_by), None)

    @property
    def of_service(self) -> tuple[Mark, ...]:
        """The marks of suspension and parking on any page of the walk: a parking page often is a redirect to its seller."""
        return tuple(dict.fromkeys(mark for mark in _marks(_visited(self.facts)) if mark.kind in _OF_SERVICE))

    @property
    def is_contradicted(self) -> bool:
        """Whether a control gets the website's page without any such mark."""
        healthy = [one.facts for one in self.controls if one.is_healthy]
        return any(all(mark.kind not in _OF_SERVICE for mark in _marks(_visited(facts))) for facts in healthy)

    def has(self, kind: MarkKind) -> bool:
        """Whether any page of the walk bears a mark of this kind."""
        return any(mark.kind is kind for mark in _marks(_visited(self.facts)))

    def _telling(self, page: HttpExchange) -> Iterable[Mark]:
        """A page that is known to be mistaken for a block page is none."""
        if any(mark.kind is MarkKind.NOT_A_BLOCKPAGE for mark in page.marks):
            return ()
        return (mark for mark in page.marks if mark.kind is MarkKind.BLOCKPAGE and counts(mark, self.country))


def _visited(facts: Facts) -> list[HttpExchange]:
    return [one for one in facts.http if one.aim is Aim.VISIT]


def _marks(pages: Iterable[HttpExchange]) -> Iterable[Mark]:
    return (mark for page in pages for mark in page.marks)
