"""What a message says, for a tired person on a phone.

Always in this order: what happened and to whom; can it wait, and what to do now; how sure; since when and where; what it
affects; link (design: `alerts-and-feeds.md`). One paragraph each, no line of which needs more than 40 columns to be read.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from babel import Locale

from monitor.core.kinds import EventKind, Origin
from monitor.core.letting_go import CONFIGURATION
from monitor.core.model import Language
from monitor.core.phrases import PHRASES, gathered
from monitor.core.phrases.counting import counted
from monitor.core.phrases.times import when
from monitor.core.severity import severity
from monitor.core.telling import Telling
from monitor.core.watchlist import NetworkKind, Target

NAME_LIMIT = 60
"""Characters of a name that a message shows: a name is to be recognised, not to fill the screen."""

TITLE_LIMIT = 78
"""Characters of a title. The names in it give way, never what happened."""

NAME_LEAST = 12
"""Characters that are left to each name even in the longest title."""

REASON_LIMIT = 300
"""Characters of a person's reason that a message shows."""

GROUP_LIMIT = 10
"""Messages that a text for several of them names before it only counts them."""

PLACES = 4
"""Places, or organisations, that a message names before it only counts them."""

_ANGLES = str.maketrans("<>", "\u2039\u203a")
_SPACES = re.compile(r"\s+")
_SCHEME = re.compile(r"^[a-z]+://(www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """A message in words. `body` has one paragraph per line; the link stands on the last line, alone."""

    title: str
    body: str


_SPEAKS_OF_THE_PAST: Final = frozenset({EventKind.REINSTATED, EventKind.REINSTATEMENT_ANNOUNCED})
"""Turns of a loss that there was: of those that there was not, nothing has begun or ended."""

_WITH_REASON: Final = frozenset({EventKind.RETRACTED, EventKind.CORRECTED})
"""Events whose reason is told, where a person gave it: that of the policy is for the log."""


_NOBODY: Final = frozenset({None, "", CONFIGURATION})
"""Who decides where no person does."""


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
    paragraphs = (
        story.happened,
        f"{story.comes_to_you} {story.urgency} {story.advice}",
        f"{story.certainty} {story.seen}",
        f"{story.when} {_gloss(story, telling)} {story.places} {_provider(telling)}",
        story.affects,
    )
    return Text(_title(telling), _body(paragraphs, telling))


def discreet(telling: Telling) -> Text:
    """Tell that there is something to read, and name nobody: this may stand on a lock screen."""
    phrases, case, story = telling.phrases, telling.incident.id, _story(telling)
    title, sentence = _hint(telling)
    if telling.incident.is_mass:
        sentence = phrases.scattered.hint if telling.is_scattered else f"{sentence} {phrases.hint_many}"
    paragraphs = (
        f"{case}: {sentence}",
        f"{story.comes_to_you} {story.urgency} {story.hint}",
        story.certainty,
        f"{story.when} {_gloss(story, telling)}",
        phrases.hint_reason,
    )
    return Text(f"{_call(telling)}{case}: {title}", _body(paragraphs, telling))


def _hint(telling: Telling) -> tuple[str, str]:
    """Title and first sentence where nobody may be named."""
    phrases = telling.phrases
    if telling.is_reminder:
        return phrases.hint_reminder
    return phrases.let_go.hint if telling.is_let_go else phrases.hints[telling.event.kind]


def told_late(body: str, language: Language) -> str:
    """The body of a recovery whose alarm never left the house: it says that nobody could be told earlier."""
    happened, *rest = body.split("\n")
    return "\n".join([f"{happened} {PHRASES[language].late}", *rest])


def of_test(route: str, language: Language) -> Text:
    """The words of a message that only tries out a route."""
    phrases = PHRASES[language]
    return Text(phrases.test_title.format(route=route), phrases.test_text)


def of_group(items: Sequence[Mapping[str, Any]], language: Language) -> Text:
    """The words of several messages that travel together; `items` is the data of each, in the order in which it happened."""
    together = PHRASES[language].together
    blocks = [f"{one['title']}\n{one['url']}" if "url" in one else one["title"] for one in items[:GROUP_LIMIT]]
    if rest := len(items) - len(blocks):
        blocks.append(counted(together.more, rest, language))
    if home := gathered.home(items):
        blocks.append(f"{together.everything}\n{home}")
    urgency = together.urgency[gathered.most_urgent(items)]
    return Text(gathered.count(items, together, language), "\n\n".join([urgency, *blocks]))


def of_digest(items: Sequence[Mapping[str, Any]], language: Language) -> Text:
    """The same for messages that were held until a given hour."""
    text = of_group(items, language)
    return Text(f"{PHRASES[language].together.digest}{text.title}", text.body)


def target_name(target: Target, language: Language) -> str:
    """What people call a target: its own name, else its address without the parts that all addresses share."""
    name = target.name.of(language) if target.name else target.domain or _SCHEME.sub("", target.url or target.id).rstrip("/")
    return plain(name, NAME_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """The sentences of a message. `hint` is the advice where nobody may be named; an empty sentence is left out."""

    happened: str
    comes_to_you: str = ""
    urgency: str = ""
    advice: str
    hint: str
    certainty: str = ""
    seen: str = ""
    when: str = ""
    places: str = ""
    affects: str = ""


def _story(telling: Telling) -> _Story:
    if telling.turn is EventKind.ENDED:
        return _over(telling)
    if telling.is_scattered:
        return _scattered(telling)
    return _turned(telling) if telling.turn in telling.phrases.turns else _standing(telling)


def _standing(telling: Telling) -> _Story:
    """The loss stands: a first alarm, a return, a reminder, or something new about it."""
    phrases, loss = telling.phrases, telling.loss
    many = loss.many + "{country}."
    return _Story(
        happened=_sentence(many if telling.incident.is_mass else loss.happened, telling),
        comes_to_you=phrases.escalation_lead if telling.is_escalation else "",
        urgency=phrases.urgency.get(severity(telling.incident), ""),
        advice=loss.advice,
        hint=phrases.hint_advice,
        certainty=_certainty(telling),
        seen=_seen(telling),
        when=f"{_began(telling) or phrases.began_unknown} {phrases.comes_and_goes if telling.incident.intermittent else ''}",
        places=_places(telling),
        affects=_affected(telling) if telling.incident.is_mass else loss.affects,
    )


def _over(telling: Telling) -> _Story:
    """The loss has ended."""
    phrases = telling.phrases
    many = telling.loss.many_over + "{country}."
    return _Story(
        happened=_sentence(many if telling.incident.is_mass else telling.loss.over, telling),
        advice=phrases.nothing_to_do,
        hint=phrases.nothing_to_do,
        certainty=_certainty(telling),
        seen=_reason(telling),
        when=_course(telling),
        places=_places(telling),
        affects=_affected(telling),
    )


def _turned(telling: Telling) -> _Story:
    """It has come otherwise: the alarm was wrong, or whoever took something away gives it back."""
    phrases = telling.phrases
    turn = phrases.let_go.turn if telling.is_let_go else phrases.turns[telling.turn]
    return _Story(
        happened=_sentence(turn.many if telling.incident.is_mass else turn.one, telling),
        advice=turn.advice,
        hint=turn.advice,
        certainty=turn.certainty,
        seen=_reason(telling),
        when=_course(telling) if telling.turn in _SPEAKS_OF_THE_PAST else "",
        affects=_affected(telling),
    )


def _scattered(telling: Telling) -> _Story:
    """A mass event was none: nothing is said of its members, who may well be cut off."""
    words = telling.phrases.scattered
    return _Story(happened=words.happened, advice=words.advice, hint=words.advice, seen=_reason(telling))


def _title(telling: Telling) -> str:
    lead, country = _title_lead(telling), _country(telling)
    if telling.is_scattered:
        return f"{lead}{telling.phrases.scattered.title}{country}"
    verb = _verb_of_many(telling) if telling.incident.is_mass else telling.loss.title
    around = f"{lead}{telling.phrases.subject.format(organisation='', target='')} {verb}{country}"
    subject = _subject(telling, max(TITLE_LIMIT - len(around), 2 * NAME_LEAST))
    return f"{lead}{subject} {verb}".rstrip() + country


def _verb_of_many(telling: Telling) -> str:
    """What happened to many, for a title; of another turn than the end its lead says enough."""
    if telling.stands:
        return telling.loss.many
    return telling.loss.many_over if telling.turn is EventKind.ENDED else ""


def _title_lead(telling: Telling) -> str:
    phrases = telling.phrases
    if telling.is_reminder or _call(telling):
        return _call(telling) or phrases.reminder_title_lead
    if telling.is_let_go:
        return phrases.let_go.title_lead
    new = phrases.title_leads.get(telling.turn) or phrases.title_leads.get(telling.event.kind, "")
    return new or (phrases.many_lead if telling.incident.is_mass else "")


def _call(telling: Telling) -> str:
    """How the title begins for those who are asked because nobody has answered; of the end they are told as all others are."""
    return telling.phrases.escalation_title_lead if telling.is_escalation and telling.stands else ""


def _lead(telling: Telling) -> str:
    phrases = telling.phrases
    return phrases.reminder_lead if telling.is_reminder else phrases.leads.get(telling.event.kind, "")


def _gloss(story: _Story, telling: Telling) -> str:
    """What UTC means, where a time is told."""
    return telling.phrases.utc if "UTC" in story.when else ""


def _body(paragraphs: Iterable[str], telling: Telling) -> str:
    written = (_SPACES.sub(" ", paragraph).strip() for paragraph in paragraphs)
    link = telling.phrases.link if telling.is_over else telling.phrases.link_to_act
    return "\n".join([*(paragraph for paragraph in written if paragraph), link, telling.link])


def _sentence(phrase: str, telling: Telling) -> str:
    # The names are added, not formatted in: a brace in a name must stay a brace.
    return f"{_lead(telling)}{_subject(telling)} {phrase.format(country=_country(telling))}"


def _subject(telling: Telling, room: int = 2 * NAME_LIMIT) -> str:
    """To whom it happened; the names take at most `room` characters, and the longer one gives way first."""
    if telling.incident.is_mass:
        return _many(telling)
    if not telling.incident.key.organisation:
        return _network(telling)
    names = _names(telling)
    most = max(room - min(map(len, names)), room // 2)
    organisation, target = (plain(name, most) for name in names)
    return telling.phrases.subject.format(organisation=organisation, target=target)


def _names(telling: Telling) -> tuple[str, str]:
    """What the organisation and the target are called: by their ids where they are no longer configured."""
    key, language = telling.incident.key, telling.language
    organisation = telling.watchlist.organisation(key.organisation)
    target = next((one for one in organisation.targets if one.id == key.target), None) if organisation else None
    return (
        _organisation(key.organisation, telling),
        target_name(target, language) if target else plain(key.target, NAME_LIMIT),
    )


def _organisation(slug: str, telling: Telling) -> str:
    found = telling.watchlist.organisation(slug)
    return plain(found.name.of(telling.language) if found else slug, NAME_LIMIT)


def _many(telling: Telling) -> str:
    """How many it strikes: "37 sites of 12 organisations"."""
    incident, phrases = telling.incident, telling.phrases
    struck = len(incident.members) if incident.struck is None else incident.struck
    numbers = ((telling.loss.counted, struck), (phrases.of_organisations, len(incident.affected)))
    known = [counted(forms, number, telling.language) for forms, number in numbers if number]
    return phrases.many.format(many=" ".join(known) if known else phrases.many_unknown)


def _affected(telling: Telling) -> str:
    """A few of those whom a mass event strikes, as far as these readers may hear of them."""
    may, struck = telling.may_name, telling.incident.affected
    known = [slug for slug in struck if may is None or slug in may]
    names = [_organisation(slug, telling) for slug in known[:PLACES]]
    return telling.phrases.affected.format(names=_listed(names, len(struck), ", ", telling)) if names else ""


def _network(telling: Telling) -> str:
    """Who is cut off, where it is nobody in particular."""
    code = telling.incident.key.country
    country = country_name(code, telling.language) if code else telling.phrases.unknown_country
    return telling.phrases.network.format(country=country)


def _country(telling: Telling) -> str:
    """The country in brackets; nothing where the subject of the sentence names it already."""
    code = telling.incident.key.country if telling.incident.key.organisation or telling.incident.is_mass else None
    return f" ({country_name(code, telling.language)})" if code else ""


def country_name(code: str, language: Language) -> str:
    """The name of the country with this ISO 3166 code; the code itself where it has none."""
    return str(Locale.parse(language).territories.get(code, code))


def _certainty(telling: Telling) -> str:
    """How sure we are. What nobody measured is never told as if we had seen it."""
    incident, phrases = telling.incident, telling.phrases
    if incident.origin is Origin.ATTESTED:
        return phrases.attested
    by_word = phrases.by_word if incident.stage_by else ""
    if telling.turn is EventKind.ENDED:
        return by_word or phrases.again
    return phrases.certainty[incident.strength] if incident.strength else by_word


def _seen(telling: Telling) -> str:
    """What was seen on the way, in plain words, the most telling sign only; or why a person has corrected it."""
    known = telling.phrases.mechanisms
    signs = [sign for mechanism in telling.incident.mechanisms for sign in known if f"{mechanism}.".startswith(f"{sign}.")]
    seen = telling.phrases.seen.format(seen=known[max(signs, key=len)]) if signs else ""
    return f"{seen} {_reason(telling)}"


def _reason(telling: Telling) -> str:
    change = telling.event.change
    if telling.event.kind not in _WITH_REASON or change.by in _NOBODY or not change.reason:
        return ""
    return telling.phrases.reason.format(reason=plain(change.reason, REASON_LIMIT))


def _course(telling: Telling) -> str:
    """From when to when, as far as it is known."""
    end, phrases = telling.incident.end, telling.phrases
    ended = phrases.ended.format(when=when(end, phrases.times, telling.language)) if end else ""
    return f"{_began(telling)} {ended}"


def _began(telling: Telling) -> str:
    onset, phrases = telling.incident.onset, telling.phrases
    began = telling.loss.began or phrases.began
    return began.format(when=when(onset, phrases.times, telling.language)) if onset else ""


def _places(telling: Telling) -> str:
    """From where the loss is, or was, seen: country and kind of line, never the name of a vantage point."""
    seeing = telling.incident.vantages or telling.incident.seen_from
    found = (telling.watchlist.vantage(one) for one in seeing)
    seen = sorted({(one.country, one.network) for one in found if one and one.country})
    if not seen:
        return ""
    places = [_place(country, [network for _, network in lines], telling) for country, lines in groupby(seen, itemgetter(0))]
    return telling.phrases.seen_from.format(places=_listed(places, len(places), "; ", telling))


def _place(code: str, networks: Iterable[NetworkKind], telling: Telling) -> str:
    known = telling.phrases.networks
    kinds = ", ".join(known[network] for network in networks if network in known)
    country = country_name(code, telling.language)
    return f"{country} ({kinds})" if kinds else country


def _listed(names: Sequence[str], count: int, separator: str, telling: Telling) -> str:
    """The first few of `count` things, of which not all need have names, and how many more there are."""
    shown = separator.join(names[:PLACES])
    rest = count - min(len(names), PLACES)
    return f"{shown} {telling.phrases.more.format(count=rest)}" if rest else shown


def _provider(telling: Telling) -> str:
    """The company that acted, where one did."""
    slug = telling.incident.provider
    if not slug:
        return ""
    found = next((one for one in telling.watchlist.providers if one.id == slug), None)
    name = plain(found.name.of(telling.language) if found else slug, NAME_LIMIT)
    return telling.phrases.provider.format(name=name)
