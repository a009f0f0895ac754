"""What the table of phrases of a language holds.

The phrases of a kind of loss follow the name of what was lost ("OVD-Info: ovd.info is blocked"); `{country}` in them
becomes " (Russia)", or nothing where the loss is everyone's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.core.extent import Extent
from monitor.core.hearing import Late
from monitor.core.kinds import EventKind, Severity
from monitor.core.watchlist import NetworkKind
from probes.kit.vocabulary import Strength

INTERCEPTED = "intercepted"
"""The one loss with words of its own that is not a kind of incident: somebody sits in the connection."""

Forms = Mapping[str, str]
"""A counted noun: the category of plural (CLDR: one, few, many, other) to its form, with the place of `{count}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How one kind of loss is told: in a title, as it begins, as it ends, what to do, and what it does to people.

    - `counted`: what is counted where it strikes many at once
    - `many`, `many_over`: the same as `happened` and `over` of two or more at once, for title and text. In Russian they fit any
      number: a verb would have to follow it (21 сайт, 22 сайта)
    - `began`: since when, where it is not the loss itself that began
    """

    title: str
    happened: str
    over: str
    advice: str
    affects: str
    counted: Forms
    many: str
    many_over: str
    began: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How it is told that an incident has taken another turn than that it ended.

    `one` follows the name of what was lost, `many` the number of those struck at once; `advice` may name nobody.
    """

    one: str
    many: str
    advice: str
    certainty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scattered:
    """How it is told that a mass event was none, while each of its members may well stand. None of it names anybody."""

    title: str
    happened: str
    hint: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """How it is told that nobody looks any more from where a loss was seen: it was no false alarm, and need not be over."""

    title_lead: str
    turn: Turn
    hint: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How it is told that the extent has changed. `lead` begins the text where no place can be named; `hint` may name none."""

    title_lead: str
    lead: str
    hint: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How a bracket is written: within one minute, one day, several days, and where its beginning is not known."""

    day: str
    """A date in the pattern of CLDR, in the case that the sentences ask for."""
    at: str
    between: str
    between_days: str
    at_latest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The words of several messages in one."""

    alarms: Forms
    over: Forms
    updates: Forms
    """Those of which something new is told, and neither that they began nor that they are over."""
    withdrawn: Forms
    """Those that were taken back: false alarms, and what nobody looks at any more."""
    reminders: Forms
    """Those of which nothing is told but that they stand."""
    others: Forms
    digest: str
    """How the title of those begins that were held until a given hour."""
    urgency: Mapping[Severity, str]
    """What the most urgent of those that still stand asks for; `none`: nothing stands any more."""
    more: Forms
    everything: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Everything that messages are made of, in one language."""

    losses: Mapping[str, Loss]
    turns: Mapping[EventKind, Turn]
    mechanisms: Mapping[str, str]
    """Beginning of a mechanism's label to what was seen, in plain words; the longest fitting beginning counts."""
    subject: str
    network: str
    """The subject of a loss that is no one organisation's: a network in `{country}`."""
    unknown_country: str
    many: str
    """The subject of a mass event, after what was counted."""
    many_unknown: str
    """What stands for the count of a mass event whose members are not known."""
    many_lead: str
    of_organisations: Forms
    """So many organisations, as those to whom what was counted belongs."""
    scattered: Scattered
    let_go: LetGo
    affected: str
    hit: str
    """Of a mass event of which some are over: how many there were in all, and how many there still are."""
    title_leads: Mapping[EventKind, str]
    corrected_over_title_lead: str
    """Of a correction of what is over: nobody is to think that it stands."""
    leads: Mapping[EventKind, str]
    extents: Mapping[Extent, Changed]
    also_seen_from: str
    no_longer_seen_from: str
    also_seen: str
    """What is seen besides what was seen before."""
    released_to_some: str
    """The lead of a release that lets some hear of it, and not everybody."""
    reminder_title_lead: str
    reminder_lead: str
    escalation_title_lead: str
    escalation_lead: str
    act_now: str
    """How a title ends of what cannot wait."""
    urgency: Mapping[Severity, str]
    certainty: Mapping[Strength, str]
    attested: str
    by_word: str
    """Where a person has decided what no check can show."""
    comes_and_goes: str
    networks: Mapping[NetworkKind, str]
    hints: Mapping[EventKind, tuple[str, str]]
    """Title and first sentence of a message that must not name anybody."""
    hint_reminder: tuple[str, str]
    hint_many: str
    hint_advice: str
    hint_reason: str
    nothing_to_do: str
    late: Mapping[Late, str]
    seen: str
    again: str
    reason: str
    began: str
    began_unknown: str
    ended: str
    times: Times
    utc: str
    seen_from: str
    control: str
    """Of an outage: that those cannot open it either with whom we compare."""
    provider: str
    more: str
    link: str
    link_to_act: str
    together: Together
    test_title: str
    test_text: str
