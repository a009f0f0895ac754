"""The closed words of incidents (`contracts.md`): what sort of loss, how far it has come, who says so, what can happen."""

from enum import StrEnum


class Kind(StrEnum):
    """What sort of loss it is."""

    BLOCKING = "blocking"
    THROTTLING = "throttling"
    UNREACHABLE = "unreachable"
    WITHDRAWAL = "withdrawal"
    RESTRICTION = "restriction"
    NOTICE = "notice"
    DESIGNATION = "designation"
    LAPSE = "lapse"
    OUTAGE = "outage"
    ISOLATION = "isolation"


class IncidentStage(StrEnum):
    """How far an incident has come."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    REINSTATED = "reinstated"
    AVERTED = "averted"
    RETRACTED = "retracted"


class Origin(StrEnum):
    """Whether instruments or people say so."""

    MEASURED = "measured"
    ATTESTED = "attested"
    BOTH = "both"


class EventKind(StrEnum):
    """What can happen to an incident. The log holds nothing else."""

    OPENED = "opened"
    CONFIRMED = "confirmed"
    RECLASSIFIED = "reclassified"
    SCOPE_CHANGED = "scope_changed"
    ENDED = "ended"
    REOPENED = "reopened"
    REINSTATED = "reinstated"
    REINSTATEMENT_ANNOUNCED = "reinstatement_announced"
    AVERTED = "averted"
    RETRACTED = "retracted"
    RELEASED = "released"
    CORRECTED = "corrected"
    EVIDENCE_ADDED = "evidence_added"
    NOTICE_LINKED = "notice_linked"
    LINKED = "linked"
    REPLIED = "replied"
    ERASED = "erased"


class RelationKind(StrEnum):
    """How one incident stands to another."""

    MEMBER_OF = "member_of"
    """It is one of many that one act caused."""
    FOLLOWS = "follows"
    """It came in consequence of the other: a block of an order, a provider's withdrawal of a designation."""
    ANNOUNCED_BY = "announced_by"
    """The other is the notice that foretold it."""
    SEE_ALSO = "see_also"


class Severity(StrEnum):
    """How soon a person must know."""

    PAGE = "page"
    MORNING = "morning"
    DIGEST = "digest"
    NONE = "none"
