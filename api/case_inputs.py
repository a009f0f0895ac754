"""What people send to decide about an incident, or to enter a notice. Unknown fields are errors that name them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.case_schemas import STATED
from api.parameters import IncidentId, Instant
from monitor.core.descriptive import Action, Basis, LegalBasis
from monitor.core.dossier import CitedSource, Dossier, EvidenceItem, Reply
from monitor.core.dossier import Reinstatement as Restored
from monitor.core.edtf import Edtf
from monitor.core.kinds import RelationKind
from monitor.core.model import Model, Slug, Text, Tlp, Words

Reason = Annotated[
    Text,
    StringConstraints(strip_whitespace=True),
    Field(description="why; it is kept with the incident", examples=["agreed with the organisation"]),
]


class Reasoned(Model):
    """Base of all decisions: each has a reason, which stays with the incident."""

    reason: Reason


class Mute(Model):
    """Until when to be quiet about an incident; null ends the quiet."""

    until: Instant | None = Field(examples=["2026-11-22T08:00:00Z"])


class Retraction(Reasoned):
    """Take an incident back that should not stand."""


class Release(Reasoned):
    """Let an incident travel further, or less far. To name a company to the public is a person's decision."""

    tlp: Tlp = Field(default=Tlp.CLEAR, description="how far it may travel from now on")


class Correction(Reasoned):
    """State anew all that is known of an incident: `dossier` takes the place of what was stated, whole."""

    dossier: Dossier = Field(examples=[STATED])


class Reinstatement(Reasoned):
    """Whoever took access away has given it back, or has said how it can be had back (`announced`)."""

    reinstatement: Restored = Field(
        examples=[{"scope": "full", "date": "2026-11-22", "by": {"en": "Mailchimp"}, "basis": "provider"}]
    )


class Aversion(Reasoned):
    """What a notice announced will not happen."""


class Link(Reasoned):
    """How this incident stands to another."""

    relation: RelationKind = Field(examples=[RelationKind.FOLLOWS])
    other: IncidentId = Field(examples=["CW-2026-0007"])


class AddedEvidence(Reasoned):
    """A thing that shows it: a document, a screenshot, a measurement of somebody else's."""

    evidence: EvidenceItem = Field(
        examples=[{"title": "The letter, as a scan", "url": "https://ovd.info/letter.pdf", "added": "2026-11-22"}]
    )


class AddedReply(Reasoned):
    """What one of those accused has answered."""

    reply: Reply = Field(
        examples=[{"by": {"en": "Mailchimp"}, "date": "2026-11-23", "text": {"en": "We have closed the account by mistake."}}]
    )


class Notice(Model):
    """A notice that an organisation has received: something is announced, and not yet in force.

    It is entered as AMBER and as a draft; a person reviews it before anybody outside learns of it.
    """

    organisation: Slug = Field(description="the organisation's id", examples=["ovd-info"])
    target: Slug | None = Field(default=None, description="the target's id, if it is about one", examples=["site"])
    provider: Slug | None = Field(default=None, description="the provider's id, if it is described here", examples=["godaddy"])
    title: Words = Field(examples=[{"en": "The registrar announces the end of its service", "ru": None}])
    summary: Words | None = None
    action: Action | None = Field(default=None, description="what exactly is announced")
    announced: Edtf | None = Field(default=None, description="the notice's own date (EDTF)", examples=["2026-11-20"])
    effective: Edtf | None = Field(default=None, description="when it is to take effect (EDTF)", examples=["2026-12-21"])
    basis: Literal[Basis.DOCUMENT, Basis.SELF_REPORT, Basis.MEDIA, Basis.PROVIDER] = Field(
        default=Basis.DOCUMENT, description="on what these statements rest"
    )
    legal_basis: LegalBasis | None = Field(default=None, description="the basis that the notice names")
    quote: Text | None = Field(default=None, description="the reason in the notice's own words")
    quote_language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = Field(default="en")
    sources: tuple[CitedSource, ...] = Field(default=(), max_length=20)
