"""What a message says, for a tired person on a phone.

Always in this order: what happened and to whom; can it wait, and what to do now; how sure; since when and where; what it
affects; link (design: `alerts-and-feeds.md`). One paragraph each, no line of which needs more than 40 columns to be read.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from babel import Locale
from babel.dates import format_date

from monitor.core.incident import Bracket, Event, EventKind, Incident
from monitor.core.phrases import PHRASES
from monitor.core.phrases.table import INTERCEPTED, Loss, Phrases
from monitor.core.severity import is_interception, severity
from monitor.core.watchlist import Language, NetworkKind, Target, Watchlist

NAME_LIMIT = 60
"""Characters of a name that a message shows: a name is to be recognised, not to fill the screen."""

REASON_LIMIT = 300
"""Characters of a person's reason that a message shows."""

PLACES = 4
"""Places that a message names before it only counts them."""

_ANGLES = str.maketrans("<>", "\u2039\u203a")
_SPACES = re.compile(r"\s+")
_SCHEME = re.compile(r"^[a-z]+://(www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """A message in words. `body` has one paragraph per line; the link stands on the last line, alone."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is to be told, in which language. `address` is where readers find us."""

    event: Event
    incident: Incident
    watchlist: Watchlist
    language: Language
    address: str

    @property
    def link(self) -> str:
        """The incident's page."""
        return f"{self.address}/incidents/{self.incident.id}"

    @property
    def phrases(self) -> Phrases:
        """The words of its language."""
        return PHRASES[self.language]

    @property
    def loss(self) -> Loss:
        """How this kind of loss is told."""
        return self.phrases.losses[INTERCEPTED if is_interception(self.incident) else self.incident.kind]


def plain(text: str, limit: int) -> str:
    """`text` as one harmless line of at most `limit` characters.

    Control characters, terminal escapes and marks that turn the direction of writing are dropped. Angle brackets are
    replaced, so that a receiver which shows HTML or chat markup finds none. Of an endless text only the beginning is read.
    """
    line = _SPACES.sub(" ", text[: 10 * limit].translate(_ANGLES))
    shown = "".join(character for character in line if unicodedata.category(character)[0] != "C").strip()
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def in_full(telling: Telling) -> Text:
    """Tell everything, with names. Only for readers who may know of the case, or of a public one."""
    story = _story(telling)
    lead = telling.phrases.title_leads.get(telling.event.kind, "")
    paragraphs = (
        story.happened,
        f"{story.urgency} {story.advice}",
        f"{story.certainty} {story.seen}",
        f"{story.when} {story.places}",
        story.affects,
    )
    return Text(f"{lead}{_subject(telling)} {telling.loss.title}{_country(telling)}", _body(paragraphs, telling))


def discreet(telling: Telling) -> Text:
    """Tell that there is something to read, and name nobody: this may stand on a lock screen."""
    story, case = _story(telling), telling.incident.id
    title, sentence = telling.phrases.hints[telling.event.kind]
    paragraphs = (
        f"{case}: {sentence}",
        f"{story.urgency} {story.hint}",
        story.certainty,
        story.when,
        telling.phrases.hint_reason,
    )
    return Text(f"{case}: {title}", _body(paragraphs, telling))


def of_test(route: str, language: Language) -> Text:
    """The words of a message that only tries out a route."""
    phrases = PHRASES[language]
    return Text(phrases.test_title.format(route=route), phrases.test_text)


def target_name(target: Target, language: Language) -> str:
    """What people call a target: its own name, else its address without the parts that all addresses share."""
    name = target.name.of(language) if target.name else target.domain or _SCHEME.sub("", target.url or target.id).rstrip("/")
    return plain(name, NAME_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """The sentences of a message. `hint` is the advice where nobody may be named; an empty sentence is left out."""

    happened: str
    urgency: str = ""
    advice: str
    hint: str
    certainty: str = ""
    seen: str = ""
    when: str = ""
    places: str = ""
    affects: str = ""


def _story(telling: Telling) -> _Story:
    match telling.event.kind:
        case EventKind.ENDED:
            return _over(telling)
        case EventKind.RETRACTED:
            return _withdrawn(telling)
        case _:
            return _standing(telling)


def _standing(telling: Telling) -> _Story:
    """The loss stands: a first alarm, a return, or something new about it."""
    phrases, loss = telling.phrases, telling.loss
    return _Story(
        happened=phrases.leads.get(telling.event.kind, "") + _sentence(loss.happened, telling),
        urgency=phrases.urgency[severity(telling.incident)],
        advice=loss.advice,
        hint=phrases.hint_advice,
        certainty=phrases.certainty[telling.incident.strength],
        seen=_seen(telling),
        when=_began(telling),
        places=_places(telling),
        affects=loss.affects,
    )


def _over(telling: Telling) -> _Story:
    """The loss has ended."""
    phrases, end = telling.phrases, telling.incident.end
    ended = phrases.ended.format(when=_when(end, telling)) if end else ""
    return _Story(
        happened=_sentence(telling.loss.over, telling),
        advice=phrases.nothing_to_do,
        hint=phrases.nothing_to_do,
        certainty=phrases.again,
        when=f"{_began(telling)} {ended}",
        places=_places(telling),
    )


def _withdrawn(telling: Telling) -> _Story:
    """The alarm was wrong."""
    phrases, reason = telling.phrases, telling.event.change.reason
    return _Story(
        happened=_sentence(phrases.retracted, telling),
        advice=phrases.retracted_advice,
        hint=phrases.retracted_advice,
        seen=phrases.reason.format(reason=plain(reason, REASON_LIMIT)) if reason else "",
    )


def _body(paragraphs: Iterable[str], telling: Telling) -> str:
    written = (_SPACES.sub(" ", paragraph).strip() for paragraph in paragraphs)
    return "\n".join([*(paragraph for paragraph in written if paragraph), telling.phrases.link, telling.link])


def _sentence(phrase: str, telling: Telling) -> str:
    # The names are added, not formatted in: a brace in a name must stay a brace.
    return f"{_subject(telling)} {phrase.format(country=_country(telling))}"


def _subject(telling: Telling) -> str:
    key, language = telling.incident.key, telling.language
    if not key.organisation:
        return _network(telling)
    organisation = telling.watchlist.organisation(key.organisation)
    if organisation is None:
        return telling.phrases.subject.format(organisation=key.organisation, target=key.target)
    target = next((one for one in organisation.targets if one.id == key.target), None)
    return telling.phrases.subject.format(
        organisation=plain(organisation.name.of(language), NAME_LIMIT),
        target=target_name(target, language) if target else key.target,
    )


def _network(telling: Telling) -> str:
    """Who is cut off, where it is nobody in particular."""
    code = telling.incident.key.country
    country = country_name(code, telling.language) if code else telling.phrases.unknown_country
    return telling.phrases.network.format(country=country)


def _country(telling: Telling) -> str:
    """The country in brackets; nothing where the subject of the sentence names it already."""
    code = telling.incident.key.country if telling.incident.key.organisation else None
    return f" ({country_name(code, telling.language)})" if code else ""


def country_name(code: str, language: Language) -> str:
    """The name of the country with this ISO 3166 code; the code itself where it has none."""
    return str(Locale.parse(language).territories.get(code, code))


def _seen(telling: Telling) -> str:
    """What was seen on the way, in plain words, the most telling sign only."""
    known = telling.phrases.mechanisms
    signs = [sign for mechanism in telling.incident.mechanisms for sign in known if f"{mechanism}.".startswith(f"{sign}.")]
    return telling.phrases.seen.format(seen=known[max(signs, key=len)]) if signs else ""


def _began(telling: Telling) -> str:
    return telling.phrases.began.format(when=_when(telling.incident.onset, telling))


def _when(bracket: Bracket, telling: Telling) -> str:
    phrases, by = telling.phrases, bracket.by.astimezone(UTC)
    if bracket.after is None:
        return phrases.at_latest.format(by=_moment(by, telling.language))
    after = bracket.after.astimezone(UTC)
    if after.date() == by.date():
        return phrases.between.format(day=_day(by, telling.language), after=f"{after:%H:%M}", by=f"{by:%H:%M}")
    return phrases.between_days.format(after=_moment(after, telling.language), by=_moment(by, telling.language))


def _moment(at: datetime, language: Language) -> str:
    return f"{_day(at, language)}, {at:%H:%M}"


def _day(at: datetime, language: Language) -> str:
    return format_date(at.date(), "d MMMM y", locale=language)


def _places(telling: Telling) -> str:
    """From where the loss is seen: country and kind of line, never the name of a vantage point."""
    found = (telling.watchlist.vantage(one) for one in telling.incident.vantages)
    seen = sorted({(one.country, one.network) for one in found if one and one.country})
    if not seen:
        return ""
    places = [_place(country, [network for _, network in lines], telling) for country, lines in groupby(seen, itemgetter(0))]
    more = [telling.phrases.more.format(count=len(places) - PLACES)] if len(places) > PLACES else []
    return telling.phrases.seen_from.format(places="; ".join(places[:PLACES] + more))


def _place(code: str, networks: Iterable[NetworkKind], telling: Telling) -> str:
    known = telling.phrases.networks
    kinds = ", ".join(known[network] for network in networks if network in known)
    country = country_name(code, telling.language)
    return f"{country} ({kinds})" if kinds else country
