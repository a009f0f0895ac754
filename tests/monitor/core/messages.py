"""Every message that there can be, for tests of what all of them must have in common."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from monitor.core.incident import CaseKey, Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS
from monitor.core.model import Language, Words
from monitor.core.phrases import PHRASES
from monitor.core.telling import Telling
from monitor.core.watchlist import Organisation
from tests.monitor.cast import ADDRESS, BLOCKED, CUT_OFF, ended, happening, watchlist

LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")

MASS: Final = replace(
    BLOCKED,
    id="CW-2021-0004",
    key=CaseKey(organisation="", target="", family="mass:path", country="RU"),
    members=tuple(f"CW-2021-{number}" for number in range(1000, 1037)),
    affected=("ovd-info", "press-club", "legal-aid", *(f"group-{number}" for number in range(9))),
)

_OTHERS: Final = (
    Organisation(id="press-club", name=Words(en="Press Club", ru="Пресс-клуб")),
    Organisation(id="legal-aid", name=Words(en="Legal Aid", ru="Правовая помощь")),
)

OVER: Final = (EventKind.ENDED, EventKind.REINSTATED, EventKind.AVERTED)
"""Events after which nothing stands any more."""


def telling(kind: EventKind, incident: Incident, language: Language = "en", **data: Any) -> Telling:
    """What is to be told of this event, with the words that a person gave to it."""
    event = happening(kind, incident, **data)
    known = watchlist()
    known = known.model_copy(update={"organisations": (*known.organisations, *_OTHERS)})
    return Telling(event=event, incident=incident, watchlist=known, language=language, address=ADDRESS)


def incidents() -> Iterator[Incident]:
    """One of every kind, an interception, a mass event of every kind, and some of which little is known."""
    for kind in Kind:
        yield replace(CUT_OFF if kind is Kind.ISOLATION else BLOCKED, kind=kind)
        yield replace(MASS, kind=kind)
    yield replace(BLOCKED, mechanisms=("tls.mitm.state_ca",))
    yield from (replace(BLOCKED, mechanisms=(sign,), intermittent=True) for sign in PHRASES["en"].mechanisms)
    yield replace(BLOCKED, origin=Origin.ATTESTED, strength=None, onset=None, rule=None, because=None)
    yield replace(BLOCKED, key=replace(BLOCKED.key, organisation="gone", target="gone.example", country=None), onset=None)
    yield replace(MASS, members=(), affected=(), provider="mailchimp")


def tellings(language: Language) -> Iterator[Telling]:
    """Every event of every sort of incident, and the reminders and escalations of those that stand."""
    for incident in incidents():
        for kind in EventKind:
            yield telling(kind, ended(incident) if kind in OVER else incident, language)
        let_go = replace(incident, stage=IncidentStage.RETRACTED, stage_by=CONFIGURATION)
        yield telling(EventKind.RETRACTED, let_go, language, reason=NOBODY_LOOKS, by=CONFIGURATION)
        alarm = telling(EventKind.CONFIRMED, incident, language)
        yield replace(alarm, is_reminder=True)
        yield replace(alarm, is_escalation=True)
        yield replace(alarm, is_reminder=True, is_escalation=True)
        yield from (replace(telling(EventKind.SCOPE_CHANGED, incident, language), before=before) for before in _befores(incident))


def _befores(incident: Incident) -> Iterator[Incident]:
    """As it may have been before its extent changed: wider, narrower, elsewhere, shown by less, or steady."""
    yield replace(incident, vantages=("berlin", "kazan-mobile", "moscow-home"))
    yield replace(incident, vantages=(), mechanisms=())
    yield replace(incident, vantages=("berlin",))
    yield replace(incident, struck=1)
    yield replace(incident, struck=1000)
    yield replace(incident, intermittent=False)
