"""What `docs/messages.md` shows, made from the phrases themselves: `python -m tests.monitor.core.messages_document`.

Every message is printed as a phone of 40 columns shows it.
"""

import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from monitor.core import naming, wording
from monitor.core.hearing import Late
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Severity
from monitor.core.letting_go import CONFIGURATION
from monitor.core.model import Language, Tlp
from monitor.core.phrases import PHRASES
from monitor.core.telling import Telling
from monitor.core.wording import Text
from tests.monitor.cast import BLOCKED, CUT_OFF, DOWN, ended
from tests.monitor.core.messages import LANGUAGES, MASS, telling

COLUMNS: Final = 40

INTRODUCTION: Final = """# What messages say

A message is read by somebody tired, on a phone. It says, in this order: what happened and to whom; whether it can wait, and what to do now; how sure we are; since when and from where it is seen; what it affects; and a link. Behind the link are the proof and the way to cite it, and one can say there that one is taking care of it, or mute it.

It is written in the language of its route, English or Russian. Below each message stands as a phone of 40 columns shows it, the title first. This page is made from the phrases of the program (`python -m tests.monitor.core.messages_document`), and a test compares the two. The organisation stands in for any; nothing of what is told here has to be so today.

- A channel is **discreet** unless it says otherwise: as long as a case is not public, its messages name no organisation, no site, no company and no country, for they may stand on a lock screen.
- Nothing sounds surer than it is: a beginning lies between two looks, an unknown cause is called unknown, and what only people or documents say is told as that.
- Advice that can bring somebody into danger comes with its warning.
- Names are cut before what happened is.
"""  # noqa: E501 (a paragraph of prose is one line)

Told = Callable[[Language], Text]


def _in_full(event: EventKind, incident: Incident, **data: Any) -> Told:
    return lambda language: wording.in_full(telling(event, incident, language, **data))


def _discreet(event: EventKind, incident: Incident) -> Told:
    return lambda language: wording.discreet(telling(event, incident, language))


def _alarm(**given: Any) -> Callable[[Language], Telling]:
    return lambda language: replace(telling(EventKind.CONFIRMED, BLOCKED, language), **given)


def _changed(before: Incident, after: Incident) -> Callable[[Language], Telling]:
    return lambda language: replace(telling(EventKind.SCOPE_CHANGED, after, language), before=before)


def _late(late: Late) -> Told:
    def told(language: Language) -> Text:
        text = wording.in_full(telling(EventKind.ENDED, ended(BLOCKED), language))
        return Text(text.title, wording.told_late(text.body, language, late))

    return told


_OTHER_KINDS: Final = [kind for kind in Kind if kind is not Kind.ISOLATION]


def _items(language: Language) -> list[dict[str, Any]]:
    """The data of messages of which one is over, and others wait."""
    others = [replace(DOWN, id=f"CW-2021-{number:04}", kind=kind) for number, kind in enumerate(_OTHER_KINDS, 5)]
    stories = [(EventKind.CONFIRMED, one) for one in (BLOCKED, DOWN, CUT_OFF, *others)]
    return [_item(event, one, language) for event, one in (*stories, (EventKind.ENDED, ended(BLOCKED)))]


def _item(event: EventKind, incident: Incident, language: Language) -> dict[str, Any]:
    story = telling(event, incident, language)
    return {
        "incident": incident.id,
        "stage": incident.stage.value,
        "type": f"incident.{event}",
        "severity": story.urgency.value,
        "title": wording.in_full(story).title,
        "url": story.link,
    }


def _few(language: Language) -> list[dict[str, Any]]:
    """The data of an alarm and an end, as channels that may name names get it."""
    stories = ((EventKind.CONFIRMED, BLOCKED), (EventKind.ENDED, ended(DOWN)))
    named = ((_item(event, one, language), telling(event, one, language)) for event, one in stories)
    return [{**item, "details": {"organisation_name": naming.organisation(story)}} for item, story in named]


def _calm(language: Language) -> list[dict[str, Any]]:
    return [{**one, "severity": Severity.DIGEST.value} for one in _items(language)[-2:]]


_FEWER: Final = replace(BLOCKED, vantages=("kazan-mobile",))

_NOTICE: Final = replace(DOWN, id="CW-2021-0016", kind=Kind.NOTICE)

SECTIONS: Final[tuple[tuple[str, str, Told], ...]] = (
    ("An alarm in full", "To a channel with `discreet: false`, or of a public case.", _in_full(EventKind.CONFIRMED, BLOCKED)),
    ("A discreet alarm", "The same, where it may stand on a lock screen.", _discreet(EventKind.CONFIRMED, BLOCKED)),
    ("A discreet alarm that cannot wait", "", _discreet(EventKind.CONFIRMED, CUT_OFF)),
    (
        "An outage",
        "No rule calls a thing down unless it failed for two control points as well.",
        _in_full(EventKind.CONFIRMED, DOWN),
    ),
    ("A network cut off", "Nobody's in particular, and it cannot wait.", _in_full(EventKind.CONFIRMED, CUT_OFF)),
    (
        "A mass event",
        "One message instead of many. It names only those of whom the readers of its route may hear.",
        _in_full(EventKind.CONFIRMED, MASS),
    ),
    ("A mass event, discreet", "It names none.", _discreet(EventKind.CONFIRMED, MASS)),
    (
        "A reminder",
        "It stands open, and nobody has acknowledged it.",
        lambda language: wording.in_full(_alarm(is_reminder=True)(language)),
    ),
    (
        "An escalation",
        "To those who are asked next.",
        lambda language: wording.in_full(_alarm(is_escalation=True)(language)),
    ),
    ("More places", "It has spread.", lambda language: wording.in_full(_changed(_FEWER, BLOCKED)(language))),
    (
        "Fewer places",
        "It stands, and one place has come back.",
        lambda language: wording.in_full(_changed(BLOCKED, _FEWER)(language)),
    ),
    ("Fewer places, discreet", "", lambda language: wording.discreet(_changed(BLOCKED, _FEWER)(language))),
    (
        "A mass event that has grown",
        "Some of it is over by now.",
        lambda language: wording.in_full(_changed(replace(MASS, struck=20), replace(MASS, struck=30))(language)),
    ),
    ("A recovery", "To those who had the alarm.", _in_full(EventKind.ENDED, ended(BLOCKED))),
    ("A recovery that comes late", "The alarm did not leave before it was over.", _late(Late.FIRST)),
    ("The end of a return, late", "They knew that it was over, and not that it had come back.", _late(Late.RETURN)),
    (
        "An end after a release was taken back",
        "To a channel that heard of the case while that was allowed, and may not hear of it any more.",
        lambda language: wording.in_few_words(telling(EventKind.ENDED, ended(BLOCKED), language)),
    ),
    (
        "A loss that did not come",
        "",
        _in_full(EventKind.AVERTED, replace(_NOTICE, stage=IncidentStage.AVERTED)),
    ),
    (
        "Given back",
        "",
        _in_full(EventKind.REINSTATED, replace(ended(DOWN), kind=Kind.WITHDRAWAL, stage=IncidentStage.REINSTATED)),
    ),
    (
        "A false alarm",
        "The reason is as a person wrote it.",
        _in_full(
            EventKind.RETRACTED, replace(BLOCKED, stage=IncidentStage.RETRACTED), reason="our own line was down", by="staff"
        ),
    ),
    (
        "A correction",
        "To those who were told what turned out to be wrong.",
        _in_full(EventKind.CORRECTED, BLOCKED, reason="we had the wrong company", by="staff"),
    ),
    ("A correction, discreet", "", _discreet(EventKind.CORRECTED, BLOCKED)),
    (
        "A release to some",
        "The first that these readers hear of the case.",
        _in_full(EventKind.RELEASED, replace(BLOCKED, tlp=Tlp.GREEN)),
    ),
    (
        "No longer watched",
        "The configuration has let go of the place from which it was seen, or of the site.",
        _in_full(EventKind.RETRACTED, replace(BLOCKED, stage=IncidentStage.RETRACTED, stage_by=CONFIGURATION)),
    ),
    (
        "Several messages in one",
        "What fell due together for one receiver; after ten the rest is counted.",
        lambda language: wording.of_group(_items(language), language),
    ),
    (
        "A few messages in one",
        "Up to three say whose they are, where all of them may name somebody.",
        lambda language: wording.of_group(_few(language), language),
    ),
    (
        "A digest",
        "What could wait, and was held until the hour that the route names.",
        lambda language: wording.of_digest(_calm(language), language),
    ),
    ("A test of a route", "`cutwatch alerts test duty`", lambda language: wording.of_test("duty", language)),
)


def document() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_section(*section) for section in SECTIONS), _advice()])


def _section(title: str, about: str, told: Told) -> str:
    shown = (f"```text\n{on_a_phone(told(language))}\n```\n" for language in LANGUAGES)
    return "\n".join([f"## {title}\n", *([f"{about}\n"] if about else []), *shown])


def _advice() -> str:
    english, russian = (PHRASES[language].losses for language in LANGUAGES)
    rows = [f"| {kind} | {english[kind].advice} | {russian[kind].advice} |" for kind in english]
    introduction = "For every kind of loss, as the alarm says it; `intercepted` is a block in which somebody may read along.\n"
    return "\n".join(["## What to do now\n", introduction, "| kind | English | Russian |", "|---|---|---|", *rows, ""])


def on_a_phone(text: Text) -> str:
    """The message in lines of 40 columns; a link is never broken."""
    paragraphs = [*text.title.splitlines(), "", *text.body.splitlines()]
    return "\n".join("\n".join(_lines(one)) for one in paragraphs)


def _lines(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, COLUMNS, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    sys.stdout.write(document())
