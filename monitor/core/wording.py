"""What a message says, for a tired person on a phone.

Always in this order: what happened and to whom; can it wait, and what to do now; how sure; since when and where; what it
affects; link (design: `alerts-and-feeds.md`). One paragraph each, no line of which needs more than 40 columns to be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.core import naming
from monitor.core.extent import Extent
from monitor.core.hearing import Late
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, Origin, Severity
from monitor.core.letting_go import CONFIGURATION
from monitor.core.model import Language
from monitor.core.naming import plain
from monitor.core.phrases import PHRASES, gathered
from monitor.core.phrases.counting import counted
from monitor.core.phrases.times import when
from monitor.core.severity import severity
from monitor.core.telling import Telling

TITLE_LIMIT = 78
"""Characters of a title. The names in it give way, never what happened."""

NAME_LEAST = 12
"""Characters that are left to each name even in the longest title."""

REASON_LIMIT = 300
"""Characters of a person's reason that a message shows."""

GROUP_LIMIT = 10
"""Messages that a text for several of them names before it only counts them."""


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


def in_full(telling: Telling) -> Text:
    """Tell everything, with names. Only for readers who may know of the case, or of a public one."""
    story = _story(telling)
    paragraphs = (
        story.happened,
        f"{story.comes_to_you} {story.urgency} {story.advice}",
        f"{story.certainty} {story.seen}",
        f"{story.when} {_gloss(story, telling)} {story.places} {naming.provider(telling)}",
        story.affects,
    )
    return Text(_title(telling, _act_now(telling)), _body(paragraphs, telling))


def as_news(telling: Telling) -> Text:
    """Tell everything that happened, and nothing of what to do: that is for those whom it struck."""
    story = _story(telling)
    paragraphs = (
        story.happened,
        f"{story.certainty} {story.seen}",
        f"{story.when} {_gloss(story, telling)} {story.places} {naming.provider(telling)}",
        story.affects,
    )
    return Text(_title(telling), _linked(paragraphs, telling.phrases.link, telling))


def discreet(telling: Telling) -> Text:
    """Tell that there is something to read, and name nobody: this may stand on a lock screen."""
    phrases, case, story = telling.phrases, telling.incident.id, _story(telling)
    title, sentence = _hint(telling)
    strikes_many = naming.strikes_many(telling) and not telling.is_over
    paragraphs = (
        f"{case}: {sentence} {phrases.hint_many if strikes_many else ''}",
        f"{story.comes_to_you} {story.urgency} {story.hint}",
        story.certainty,
        f"{story.when} {_gloss(story, telling)}",
        phrases.hint_reason,
    )
    return Text(f"{_call(telling)}{case}: {title}{_act_now(telling)}", _body(paragraphs, telling))


def in_few_words(telling: Telling) -> Text:
    """Tell those who may hear no more of the case what they must still know: that it is over, or was corrected."""
    case, (title, sentence) = telling.incident.id, _hint(telling)
    paragraphs = (f"{case}: {sentence}", _story(telling).hint, telling.phrases.hint_reason)
    return Text(f"{case}: {title}", _linked(paragraphs, telling.phrases.link, telling))


def _hint(telling: Telling) -> tuple[str, str]:
    """Title and first sentence where nobody may be named."""
    phrases = telling.phrases
    if telling.is_reminder:
        return phrases.hint_reminder
    if telling.is_scattered:
        return phrases.hints[telling.event.kind][0], phrases.scattered.hint
    if telling.is_let_go:
        return phrases.let_go.hint
    if telling.extent in phrases.extents:
        return phrases.extents[telling.extent].hint
    return phrases.hints[_news(telling)]


def _news(telling: Telling) -> EventKind:
    """Of what the hint speaks. A loss that has turned out to be another is hinted at as what it is: an alarm, or over."""
    if telling.event.kind is not EventKind.RECLASSIFIED and not telling.is_worse:
        return telling.event.kind
    return telling.turn if telling.is_over else EventKind.RECLASSIFIED


def told_late(body: str, language: Language, late: Late) -> str:
    """The body of a recovery whose alarm never left the house: it says that these readers were not told earlier."""
    happened, *rest = body.split("\n")
    return "\n".join([f"{happened} {PHRASES[language].late[late]}", *rest])


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
    return Text(_title_of_group(items, language), "\n\n".join([urgency, *blocks]))


def _title_of_group(items: Sequence[Mapping[str, Any]], language: Language) -> str:
    """How many of what; and whose, where they are few and all of them may be named."""
    phrases = PHRASES[language]
    act_now = phrases.act_now if gathered.most_urgent(items) is Severity.PAGE else ""
    title = f"{gathered.count(items, phrases.together, language)}{act_now}"
    names = gathered.organisations(items)
    room = (TITLE_LIMIT - len(title)) // max(len(names), 1) - len(", ")
    return f"{title}: {', '.join(plain(name, room) for name in names)}" if names else title


def of_digest(items: Sequence[Mapping[str, Any]], language: Language) -> Text:
    """The same for messages that were held until a given hour."""
    text = of_group(items, language)
    return Text(f"{PHRASES[language].together.digest}{text.title}", text.body)


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
    happened = loss.many + "{country}." if naming.strikes_many(telling) else loss.happened
    # Who was asked to act at once is not told by mere news of it that it can wait.
    is_urgent_as_ever = telling.urgency is severity(telling.incident)
    return _Story(
        happened=f"{_sentence(happened, telling)} {naming.hit(telling)}",
        comes_to_you=phrases.escalation_lead if telling.is_escalation else "",
        urgency=phrases.urgency.get(telling.urgency, "") if is_urgent_as_ever else "",
        advice=loss.advice,
        hint=phrases.hint_advice,
        certainty=_certainty(telling),
        seen=_seen(telling),
        when=f"{_began(telling) or phrases.began_unknown} {phrases.comes_and_goes if telling.incident.intermittent else ''}",
        places=f"{naming.places(telling)} {naming.control(telling)}",
        affects=naming.affected(telling) if telling.incident.is_mass else loss.affects,
    )


def _over(telling: Telling) -> _Story:
    """The loss has ended."""
    phrases = telling.phrases
    many = telling.loss.many_over + "{country}."
    return _Story(
        happened=_sentence(many if naming.strikes_many(telling) else telling.loss.over, telling),
        advice=phrases.nothing_to_do,
        hint=phrases.nothing_to_do,
        certainty=_certainty(telling),
        seen=_reason(telling),
        when=_course(telling),
        places=naming.places(telling),
        affects=naming.affected(telling),
    )


def _turned(telling: Telling) -> _Story:
    """It has come otherwise: the alarm was wrong, or whoever took something away gives it back."""
    phrases = telling.phrases
    turn = phrases.let_go.turn if telling.is_let_go else phrases.turns[telling.turn]
    return _Story(
        happened=_sentence(turn.many if naming.strikes_many(telling) else turn.one, telling),
        advice=turn.advice,
        hint=turn.advice,
        certainty=turn.certainty,
        seen=_reason(telling),
        when=_course(telling) if telling.turn in _SPEAKS_OF_THE_PAST else "",
        affects=naming.affected(telling),
    )


def _scattered(telling: Telling) -> _Story:
    """A mass event was none: nothing is said of its members, who may well be cut off."""
    words = telling.phrases.scattered
    return _Story(happened=words.happened, advice=words.advice, hint=words.advice, seen=_reason(telling))


def _title(telling: Telling, ending: str = "") -> str:
    lead, last = _title_lead(telling), f"{naming.country(telling)}{ending}"
    if telling.is_scattered:
        return f"{lead}{telling.phrases.scattered.title}{last}"
    verb = _verb_of_many(telling) if naming.strikes_many(telling) else telling.loss.title
    around = f"{lead}{telling.phrases.subject.format(organisation='', target='')} {verb}{last}"
    subject = naming.subject(telling, max(TITLE_LIMIT - len(around), 2 * NAME_LEAST))
    return f"{lead}{subject} {verb}".rstrip() + last


def _act_now(telling: Telling) -> str:
    return telling.phrases.act_now if telling.cannot_wait else ""


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
    new = _turn_lead(telling) or _news_lead(telling)
    return new or (phrases.many_lead if naming.strikes_many(telling) else "")


def _turn_lead(telling: Telling) -> str:
    phrases, turn = telling.phrases, telling.turn
    if turn is EventKind.ENDED and telling.event.kind is EventKind.CORRECTED:
        return phrases.corrected_over_title_lead
    return phrases.title_leads.get(turn, "")


def _news_lead(telling: Telling) -> str:
    """How the title begins by what is new. What is not public must never be taken for that."""
    if telling.event.kind is EventKind.RELEASED and not telling.is_public:
        return ""
    if telling.extent in telling.phrases.extents:
        return telling.phrases.extents[telling.extent].title_lead
    return telling.phrases.title_leads.get(telling.event.kind, "")


def _call(telling: Telling) -> str:
    """How the title begins for those who are asked because nobody has answered; of the end they are told as all others are."""
    return telling.phrases.escalation_title_lead if telling.is_escalation and telling.stands else ""


def _lead(telling: Telling) -> str:
    phrases, kind = telling.phrases, telling.event.kind
    if telling.is_reminder:
        return phrases.reminder_lead
    if kind is EventKind.RELEASED and not telling.is_public:
        return phrases.released_to_some
    if telling.extent in phrases.extents:
        return _changed(telling)
    return phrases.leads.get(kind, "")


_OF_PLACES: Final = frozenset({Extent.MORE_PLACES, Extent.FEWER_PLACES, Extent.OTHER_PLACES})


def _changed(telling: Telling) -> str:
    """In what the extent has changed: from where it is seen, if the places can be told apart."""
    where = naming.moved(telling) if telling.extent in _OF_PLACES else ""
    return where or telling.phrases.extents[telling.extent].lead


def _gloss(story: _Story, telling: Telling) -> str:
    """What UTC means, where a time is told."""
    return telling.phrases.utc if "UTC" in story.when else ""


def _body(paragraphs: Iterable[str], telling: Telling) -> str:
    return _linked(paragraphs, telling.phrases.link if telling.is_over else telling.phrases.link_to_act, telling)


def _linked(paragraphs: Iterable[str], link: str, telling: Telling) -> str:
    written = (" ".join(paragraph.split()) for paragraph in paragraphs)
    return "\n".join([*(paragraph for paragraph in written if paragraph), link, telling.link])


def _sentence(phrase: str, telling: Telling) -> str:
    # The names are added, not formatted in: a brace in a name must stay a brace.
    return f"{_lead(telling)}{naming.subject(telling)} {phrase.format(country=naming.country(telling))}"


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
    """What was seen on the way, in plain words, the most telling sign only, or of what is new; and why a person corrected it."""
    phrases, signs, new = telling.phrases, _signs(telling.incident, telling), _new_signs(telling)
    phrase = phrases.also_seen if new else phrases.seen
    seen = phrase.format(seen=phrases.mechanisms[max(new or signs, key=len)]) if signs else ""
    return f"{seen} {_reason(telling)}"


def _new_signs(telling: Telling) -> list[str]:
    """What is seen besides, where the extent has changed."""
    if telling.before is None or telling.extent is Extent.UNKNOWN:
        return []
    known = _signs(telling.before, telling)
    return [sign for sign in _signs(telling.incident, telling) if sign not in known]


def _signs(incident: Incident, telling: Telling) -> list[str]:
    """The beginnings of its mechanisms' labels for which there are plain words, for each mechanism the longest."""
    known = telling.phrases.mechanisms
    fitting = ([sign for sign in known if f"{mechanism}.".startswith(f"{sign}.")] for mechanism in incident.mechanisms)
    return [max(signs, key=len) for signs in fitting if signs]


def _reason(telling: Telling) -> str:
    change = telling.event.change
    if telling.is_reminder or telling.event.kind not in _WITH_REASON or change.by in _NOBODY or not change.reason:
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
