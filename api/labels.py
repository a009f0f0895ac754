"""The closed words of `contracts.md` as people read them. The English here is the key under which a translation is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.store import MessageState
from probes.kit.vocabulary import State, Strength, WhyUnclear


@dataclass(frozen=True, slots=True)
class Label:
    """A word, a shape that tells it from its neighbours without colour, the tone of that colour, and what it means."""

    word: str
    shape: str = ""
    tone: str = "calm"
    gloss: str = ""


STATES: Final[Mapping[State, Label]] = MappingProxyType(
    {
        State.OK: Label("Works", "●", "good", "reached, and alive as expected"),
        State.BLOCKED: Label("Blocked", "■", "bad", "traces of interference on the way were seen"),
        State.THROTTLED: Label("Throttled", "◐", "bad", "reached, but slowed or frozen on the way"),
        State.UNREACHABLE: Label(
            "Unreachable",
            "▲",
            "bad",
            "fails from here and works from elsewhere; why is not established, so it is not called blocked",
        ),
        State.WITHDRAWN: Label("Withdrawn", "✕", "bad", "the provider, registrar or registry ended or refused the service"),
        State.RESTRICTED: Label(
            "Restricted", "◧", "bad", "the service itself withholds a part of it, or withholds it from some countries"
        ),
        State.NOTICE: Label("Notice", "◆", "doubt", "announced and not yet in force, or a deadline is near"),
        State.LAPSED: Label("Lapsed", "◌", "bad", "a term ran out"),
        State.DOWN: Label("Down", "▼", "bad", "broken for everybody who looked"),
        State.UNCLEAR: Label(
            "Unclear", "?", "doubt", "we looked, and what we saw does not decide; this does not mean that all is well"
        ),
        State.UNMEASURED: Label(
            "Not measured", "○", "calm", "nobody looked, or our own instrument did not work; this says nothing of the target"
        ),
    }
)

KINDS: Final[Mapping[Kind, Label]] = MappingProxyType(
    {
        Kind.BLOCKING: Label("Blocking", "■", "bad", "somebody on the way between visitors and the service interferes"),
        Kind.THROTTLING: Label("Throttling", "◐", "bad", "somebody on the way slows the service down"),
        Kind.UNREACHABLE: Label("Unreachable", "▲", "bad", "it fails there and works elsewhere; the cause is not established"),
        Kind.WITHDRAWAL: Label("Withdrawal", "✕", "bad", "a provider ended, suspended or refused the service"),
        Kind.RESTRICTION: Label("Restriction", "◧", "bad", "the service withholds a part, or withholds it from some countries"),
        Kind.NOTICE: Label("Notice", "◆", "doubt", "announced and not yet in force"),
        Kind.DESIGNATION: Label("Designation", "▣", "bad", "an authority put the organisation on a register"),
        Kind.LAPSE: Label("Lapse", "◌", "bad", "a term ran out"),
        Kind.OUTAGE: Label("Outage", "▼", "bad", "broken for everybody"),
        Kind.ISOLATION: Label("Isolation", "◎", "bad", "a place sees only its own country"),
    }
)

INTERCEPTION: Final = Label(
    "Interception", "■", "bad", "somebody sits in the connection, and may read and change what visitors and the service send"
)
"""The one loss with words of its own that is not a kind of incident: a blocking by which somebody reads along."""

WHAT_IT_WAS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.BLOCKING: "somebody on the way between visitors and the service interfered",
        Kind.THROTTLING: "somebody on the way slowed the service down",
        Kind.UNREACHABLE: "it failed there and worked elsewhere; the cause was not established",
        Kind.RESTRICTION: "the service withheld a part, or withheld it from some countries",
        Kind.NOTICE: "it was announced",
        Kind.OUTAGE: "it was broken for everybody",
        Kind.ISOLATION: "a place saw only its own country",
    }
)
"""What a kind means of what no longer stands; those that are missing speak of the past already."""

WHAT_IS_STATED: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.BLOCKING: "visitors were kept out on the way, or somebody ordered it; which of the two stands below",
        Kind.THROTTLING: "the service was slowed down on the way, or somebody ordered it; which of the two stands below",
        Kind.NOTICE: "it was announced; whether it came to pass is another question",
    }
)
"""The same where sources tell of it: they may tell of an order alone, and nobody knows whether it goes on."""

STAGES: Final[Mapping[IncidentStage, Label]] = MappingProxyType(
    {
        IncidentStage.SUSPECTED: Label("Suspected", "◇", "doubt", "seen, and not yet confirmed by further looks"),
        IncidentStage.CONFIRMED: Label("Confirmed", "◆", "bad", "several looks agree, as the policy for confirmation asks"),
        IncidentStage.ENDED: Label("Ended", "○", "good", "access works again"),
        IncidentStage.REINSTATED: Label("Reinstated", "○", "good", "access was restored by whoever took it away"),
        IncidentStage.AVERTED: Label("Averted", "○", "good", "what was announced did not happen"),
        IncidentStage.RETRACTED: Label("Retracted", "✕", "calm", "this did not hold, or was entered by mistake"),
    }
)

STRENGTHS: Final[Mapping[Strength, Label]] = MappingProxyType(
    {
        Strength.EXPLICIT: Label("Explicit", gloss="an artefact that only interference leaves, or the party says so itself"),
        Strength.STRONG: Label("Strong", gloss="the looks, compared with a control, leave little room for another explanation"),
        Strength.WEAK: Label("Weak", gloss="a hint; it never opens an incident alone"),
    }
)

EVENTS: Final[Mapping[EventKind, str]] = MappingProxyType(
    {
        EventKind.OPENED: "First seen",
        EventKind.CONFIRMED: "Confirmed",
        EventKind.RECLASSIFIED: "Kind made more precise",
        EventKind.SCOPE_CHANGED: "Seen from other places than before",
        EventKind.ENDED: "Ended",
        EventKind.REOPENED: "Came back",
        EventKind.REINSTATED: "Access restored by whoever took it away",
        EventKind.REINSTATEMENT_ANNOUNCED: "A way back announced",
        EventKind.AVERTED: "Did not come to pass",
        EventKind.RETRACTED: "Retracted",
        EventKind.RELEASED: "Released to other readers",
        EventKind.CORRECTED: "Corrected",
        EventKind.EVIDENCE_ADDED: "Evidence added",
        EventKind.NOTICE_LINKED: "Linked to the notice that foretold it",
        EventKind.LINKED: "Linked to other incidents",
        EventKind.REPLIED: "Reply of those accused added",
        EventKind.ERASED: "A person's data erased",
    }
)

ORIGINS: Final[Mapping[Origin, str]] = MappingProxyType(
    {Origin.MEASURED: "Measured", Origin.ATTESTED: "Documented", Origin.BOTH: "Measured and documented"}
)

RELATIONS: Final[Mapping[RelationKind, str]] = MappingProxyType(
    {
        RelationKind.MEMBER_OF: "part of",
        RelationKind.FOLLOWS: "in consequence of",
        RelationKind.ANNOUNCED_BY: "announced by",
        RelationKind.SEE_ALSO: "see also",
    }
)

MESSAGES: Final[Mapping[MessageState, str]] = MappingProxyType(
    {
        MessageState.STANDBY: "stands by",
        MessageState.PENDING: "waits",
        MessageState.SEALED: "on its way",
        MessageState.DELIVERED: "delivered",
        MessageState.DEAD: "given up",
        MessageState.COLLAPSED: "told by another message",
        MessageState.CANCELLED: "not needed",
    }
)

WHY_UNCLEAR: Final[Mapping[WhyUnclear, str]] = MappingProxyType(
    {
        WhyUnclear.BOT_WALL: "a wall against robots stands before it",
        WhyUnclear.LOGIN_WALL: "it asks for a login",
        WhyUnclear.RATE_LIMITED: "it answers that we ask too often",
        WhyUnclear.DEAD_CREDENTIAL: "our own credential no longer works",
        WhyUnclear.CANARY_FAILED: "a known-good object fails too",
        WhyUnclear.STALE_MARKER: "the page has changed and our marker no longer fits",
        WhyUnclear.PROVIDER_OUTAGE: "the provider itself has an outage",
        WhyUnclear.NO_CONTROL: "there was nothing to compare with",
        WhyUnclear.OWN_NETWORK: "our own network is in doubt",
        WhyUnclear.UNPARSEABLE: "the answer cannot be read",
        WhyUnclear.WRONG_OBJECT: "the answer is about something else",
        WhyUnclear.UNSUPPORTED: "we cannot look at this kind of thing yet",
        WhyUnclear.CONFLICTING: "the facts contradict each other",
        WhyUnclear.NOT_ENOUGH: "too little was seen",
    }
)


def all_words() -> frozenset[str]:
    """Every text of this module that a reader may see: a translation must hold them all."""
    labels = [INTERCEPTION, *(label for table in (STATES, KINDS, STAGES, STRENGTHS) for label in table.values())]
    tables = (WHAT_IT_WAS, WHAT_IS_STATED, EVENTS, WHY_UNCLEAR, ORIGINS, RELATIONS, MESSAGES)
    plain = [word for table in tables for word in table.values()]
    return frozenset(text for label in labels for text in (label.word, label.gloss) if text) | frozenset(plain)
