"""What the table of phrases of a language holds.

The phrases of a kind of loss follow the name of what was lost ("OVD-Info: ovd.info is blocked"); `{country}` in them
becomes " (Russia)", or nothing where the loss is everyone's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.core.incident import EventKind
from monitor.core.watchlist import NetworkKind, Severity
from probes.kit.vocabulary import Strength

INTERCEPTED = "intercepted"
"""The one loss with words of its own that is not a kind of incident: somebody sits in the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How one kind of loss is told: in a title, as it begins, as it ends, what to do, and what it does to people."""

    title: str
    happened: str
    over: str
    advice: str
    affects: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Everything that messages are made of, in one language."""

    losses: Mapping[str, Loss]
    mechanisms: Mapping[str, str]
    """Beginning of a mechanism's label to what was seen, in plain words; the longest fitting beginning counts."""
    subject: str
    network: str
    """The subject of a loss that is no one organisation's: a network in `{country}`."""
    unknown_country: str
    title_leads: Mapping[EventKind, str]
    leads: Mapping[EventKind, str]
    urgency: Mapping[Severity, str]
    certainty: Mapping[Strength, str]
    networks: Mapping[NetworkKind, str]
    hints: Mapping[EventKind, tuple[str, str]]
    """Title and first sentence of a message that must not name anybody."""
    hint_advice: str
    hint_reason: str
    nothing_to_do: str
    seen: str
    again: str
    retracted: str
    retracted_advice: str
    reason: str
    began: str
    ended: str
    between: str
    between_days: str
    at_latest: str
    seen_from: str
    more: str
    link: str
    test_title: str
    test_text: str
