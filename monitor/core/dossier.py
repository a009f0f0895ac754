"""What people and documents state of an incident, and on what each statement rests.

Nothing here was measured, or it says so: a block can be measured while whoever ordered it is only reported. A date is as
exact as its source (EDTF), and the date of a source is never the date of the event (design: `incidents.md`).

A statement may be for fewer readers than its incident (`tlp`, TLP 2.0); `monitor.core.held_back` keeps it from the others.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from monitor.core.descriptive import (
    Action,
    ActorKind,
    ActorRole,
    Basis,
    Compulsion,
    Continuation,
    LegalBasis,
    Outcome,
    Review,
    StatedResult,
)
from monitor.core.edtf import Edtf
from monitor.core.model import Country, Model, Slug, Text, Tlp, Words

_WEB: Final = re.compile(r"https?://[^\s/]|\[erased\]$")


def _of_the_web(address: str) -> str:
    if not _WEB.match(address):
        raise ValueError("write a whole address of the web, such as https://ovd.info/letter.pdf")
    return address


WebAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_of_the_web)]
"""An address that a reader may follow. Any other scheme could make a browser do something; what was erased
is none any more."""

LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Statement(Model):
    """Base of what somebody states and what could be for fewer readers than the rest."""

    tlp: Tlp | None = Field(default=None, description="how far this alone may travel; left out: as far as the incident")


class DatedStatement(Statement):
    """When something happened, by whose word."""

    date: Edtf
    basis: Basis
    note: Text | None = None


class Dates(Model):
    """When what happened, as far as anybody says so. What nobody dates stays empty: it is not guessed."""

    decided: DatedStatement | None = None
    announced: DatedStatement | None = None
    effective: DatedStatement | None = None
    first_observed: DatedStatement | None = None
    last_observed: DatedStatement | None = None
    ended: DatedStatement | None = None

    @property
    def beginning(self) -> DatedStatement | None:
        """The statement that comes nearest to when it began; none is derived from bounds, or from a source's own date."""
        return self.effective or self.first_observed or self.decided or self.announced


class Bounds(Statement):
    """Between when it must have happened, derived from other dates. Never to be published as the event's date."""

    not_before: Edtf | None = None
    not_after: Edtf | None = None
    derived_from: Text


class Subject(Statement):
    """Whom and what it struck, in the words of the source: most are not watched here."""

    organisation: Words
    asset: Words | None = None
    note: Text | None = None


class Actor(Statement):
    """Somebody who had a part in it. `entity` is empty where the source names nobody."""

    entity: Words | None = None
    provider: Slug | None = Field(default=None, description="the provider's id, where it is described in `providers/`")
    kind: ActorKind
    role: ActorRole
    basis: Basis
    country: Country | None = None
    note: Text | None = None


class StatedCompulsion(Statement):
    """Why whoever carried it out did so, by whose word."""

    value: Compulsion
    basis: Basis
    note: Text | None = None


class LegalGround(Statement):
    """A basis that was named for it; `cited` is how."""

    value: LegalBasis
    cited: Text | None = None
    basis: Basis


class DueProcess(Statement):
    """Whether those whom it struck were told, heard and represented; empty where nobody says."""

    notice_given: bool | None = None
    effective_date_stated: bool | None = None
    heard: bool | None = None
    represented: bool | None = None
    basis: Basis


class StatedReason(Statement):
    """The reason that somebody gave, in their words."""

    quote: Text
    lang: LanguageCode
    basis: Basis


class Countries(Model):
    """Where it is felt, from where the actors act, where the organisation is at home."""

    effect: tuple[Country, ...] = ()
    actor: tuple[Country, ...] = ()
    target: tuple[Country, ...] = ()


class Impact(Statement):
    """What it did to people. Numbers only where somebody counted."""

    recurring_donors: int | None = Field(default=None, ge=0)
    audience: int | None = Field(default=None, ge=0)
    note: Words | None = None
    basis: Basis


class CitedSource(Statement):
    """A source that can be cited (after CSL). `date` is its own date, never the event's."""

    title: Text
    publisher: Text | None = None
    url: WebAddress | None = None
    date: Edtf | None = None
    lang: LanguageCode | None = None
    passage: Text | None = Field(default=None, description="where in it: a paragraph, a page")
    archived: WebAddress | None = Field(default=None, description="address of an archived copy")
    sha256: Sha256 | None = Field(default=None, description="hash of the copy that was read")
    note: Text | None = None


class EvidenceItem(Statement):
    """A thing that shows it: a document, a screenshot, a measurement of somebody else's."""

    title: Text
    url: WebAddress | None = None
    sha256: Sha256 | None = None
    added: Edtf | None = None
    note: Text | None = None


class Remedy(Statement):
    """What was, or can be, done against it."""

    body: Words = Field(description="the court, company or public that is asked")
    kind: Text | None = None
    by: Text | None = None
    filing_deadline: Edtf | None = None
    filed: Edtf | None = None
    decided: Edtf | None = None
    result: Words | None = None
    sources: tuple[CitedSource, ...] = ()


class Reply(Statement):
    """What one of those accused answered."""

    by: Words
    date: Edtf | None = None
    text: Words
    source: CitedSource | None = None


class Reinstatement(Statement):
    """Access restored, or a way back announced, by whoever took it away."""

    scope: Literal["announced", "partial", "full"]
    date: Edtf | None = None
    by: Words | None = None
    basis: Basis
    note: Words | None = None


class Marks(Model):
    """How far texts may travel that have no room for a mark of their own; left out: as far as the incident."""

    summary: Tlp | None = None
    date_note: Tlp | None = None
    affected_services: Tlp | None = None
    outcome_note: Tlp | None = None
    confidence_note: Tlp | None = None
    note: Tlp | None = None


class Dossier(Model):
    """Everything that is stated of one incident."""

    title: Words
    summary: Words | None = None
    action: Action | None = None
    layer: Slug | None = None
    subject: Subject | None = None
    actors: tuple[Actor, ...] = Field(default=(), max_length=50)
    compulsion: StatedCompulsion | None = None
    legal_basis: tuple[LegalGround, ...] = Field(default=(), max_length=20)
    due_process: DueProcess | None = None
    stated_reason: StatedReason | None = None
    dates: Dates = Dates()
    date_note: Text | None = None
    bounds: Bounds | None = None
    reported_on: Edtf | None = Field(default=None, description="the date of the source that reports it")
    as_of: Edtf | None = Field(default=None, description="the time up to which the sources speak")
    countries: Countries = Countries()
    affected_services: tuple[Text, ...] = Field(default=(), max_length=50)
    impact: Impact | None = None
    result_as_stated: StatedResult = StatedResult.UNKNOWN
    continuation: Continuation = Continuation.UNKNOWN
    outcome: Outcome = Outcome.UNKNOWN
    outcome_note: Text | None = None
    review: Review = Review.DRAFT
    confidence_note: Text | None = None
    sources: tuple[CitedSource, ...] = Field(default=(), max_length=100)
    evidence: tuple[EvidenceItem, ...] = Field(default=(), max_length=100)
    remedies: tuple[Remedy, ...] = Field(default=(), max_length=50)
    replies: tuple[Reply, ...] = Field(default=(), max_length=50)
    reinstatement: Reinstatement | None = None
    note: Text | None = None
    marks: Marks = Marks()
