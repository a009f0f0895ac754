"""An incident in words, in the reader's language: what happened to whom, since when, how sure, and how to cite it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from api.labels import (
    EVENTS,
    INTERCEPTION,
    KINDS,
    MESSAGES,
    ORIGINS,
    RELATIONS,
    STAGES,
    STATES,
    STRENGTHS,
    WHAT_IS_STATED,
    WHAT_IT_WAS,
    WHY_UNCLEAR,
    Label,
)
from api.languages import ago, translations, written, written_clock, written_day, written_on
from api.reasons import reason
from monitor.core import descriptive
from monitor.core.dossier import Bounds, Dossier
from monitor.core.edtf import spoken, spoken_bounds
from monitor.core.incident import Bracket, Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.model import Language, Words
from monitor.core.naming import country_name, plain, target_name
from monitor.core.phrases import PHRASES
from monitor.core.phrases.table import INTERCEPTED, Loss, Phrases
from monitor.core.severity import is_interception, severity
from monitor.core.watchlist import Watchlist
from monitor.store import MessageState
from probes.kit.vocabulary import State, Strength, WhyUnclear

_LABELS: Final[Mapping[type, Mapping[Any, Label]]] = MappingProxyType(
    {State: STATES, Kind: KINDS, IncidentStage: STAGES, Strength: STRENGTHS}
)

_WORDS: Final[Mapping[type, Mapping[Any, str]]] = MappingProxyType(
    {EventKind: EVENTS, WhyUnclear: WHY_UNCLEAR, Origin: ORIGINS, RelationKind: RELATIONS, MessageState: MESSAGES}
)

_LONGEST: Final = 2000
"""Characters of what somebody wrote in a dossier, as its own limit says."""


_LONGEST_NAME: Final = 200
"""Characters of a name, or of a dossier's title: a page has room for all that these say, unlike a message."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Words in one language, about what one watchlist names, as of `now`."""

    language: Language
    watchlist: Watchlist
    now: datetime

    def text(self, english: str, **values: object) -> str:
        """`english` in this language, with its `%(names)s` filled in."""
        found: str = translations(self.language).gettext(english)
        return found % values if values else found

    def label(self, member: StrEnum) -> Label:
        """The label of a state, kind, stage or strength."""
        label = _LABELS[type(member)][member]
        return Label(self.text(label.word), label.shape, label.tone, label.gloss and self.text(label.gloss))

    def word(self, member: StrEnum) -> str:
        """What an event, a reason for doubt, an origin, a relation or the fate of a message is called."""
        return self.text(_WORDS[type(member)][member])

    def country(self, code: str | None) -> str:
        """A country's name; empty where there is none."""
        return country_name(code, self.language) if code else ""

    def organisation(self, slug: str) -> str:
        """An organisation's name, or its id where the configuration no longer holds it."""
        found = self.watchlist.organisation(slug)
        return self._name(found.name) if found else slug

    def target(self, organisation: str, target: str) -> str:
        """A target's name: what the configuration calls it, else its host or domain, else its id."""
        found = self.watchlist.organisation(organisation)
        match = next((one for one in found.targets if one.id == target), None) if found else None
        return target_name(match, self.language, _LONGEST_NAME) if match else target

    def vantage(self, slug: str) -> str:
        """A vantage point's name, or its id where the configuration no longer holds it."""
        found = self.watchlist.vantage(slug)
        return self._name(found.name) if found else slug

    def provider(self, slug: str) -> str:
        """A provider's name, or its id where the configuration does not hold it."""
        found = next((one for one in self.watchlist.providers if one.id == slug), None)
        return self._name(found.name) if found else slug

    def is_described(self, provider: str) -> bool:
        """Whether a provider has a page of its own: the configuration describes it."""
        return any(one.id == provider for one in self.watchlist.providers)

    def place(self, vantage: str, country: str | None) -> str:
        """From where somebody looked: the vantage point, or only its country for a reader who may not know more."""
        return self.vantage(vantage) if vantage else self.country(country) or self.text("somewhere")

    def states(self) -> tuple[State, ...]:
        """All states, in the order in which they are explained."""
        return tuple(State)

    def loss(self, incident: Incident) -> str:
        """What sort of loss it is, and where: "Blocking in Russia"; of a mass event that it struck many."""
        word = self.text(INTERCEPTION.word) if is_interception(incident) else self.label(incident.kind).word
        kind = f"{self._phrases.many_lead if incident.is_mass else ''}{word}"
        if incident.key.country is None:
            return kind
        return self.text("%(kind)s in %(country)s", kind=kind, country=self.country(incident.key.country))

    def title(self, incident: Incident) -> str:
        """An incident in one line: "OVD-Info, ovdinfo.org: Blocking in Russia"; an attested one as its dossier says."""
        if incident.origin is Origin.ATTESTED and incident.dossier:
            return plain(incident.dossier.title.of(self.language), _LONGEST_NAME)
        if not incident.key.organisation:
            return self.loss(incident)
        organisation = self.organisation(incident.key.organisation)
        target = self.target(incident.key.organisation, incident.key.target)
        return f"{organisation}, {target}: {self.loss(incident)}"

    def headline(self, incident: Incident) -> str:
        """The same where the organisation stands above it: "ovdinfo.org: Blocking in Russia"."""
        if incident.origin is Origin.ATTESTED and incident.dossier:
            return plain(incident.dossier.title.of(self.language), _LONGEST_NAME)
        if not incident.key.organisation:
            return self.loss(incident)
        return f"{self.target(incident.key.organisation, incident.key.target)}: {self.loss(incident)}"

    def meaning(self, incident: Incident) -> str:
        """What the incident's kind means: of what is over or only stated, nothing is said to happen now."""
        if is_interception(incident) and incident.is_open:
            return self.text(INTERCEPTION.gloss)
        if incident.is_open:
            return self.label(incident.kind).gloss
        stated = WHAT_IS_STATED if incident.origin is Origin.ATTESTED else WHAT_IT_WAS
        return self.text(stated.get(incident.kind) or WHAT_IT_WAS.get(incident.kind) or KINDS[incident.kind].gloss)

    def news(self, incident: Incident) -> str:
        """What happened, as a message says it; empty where that takes more than the name of one target."""
        if not incident.key.organisation:
            return ""
        country = f" ({self.country(incident.key.country)})" if incident.key.country else ""
        organisation = self.organisation(incident.key.organisation)
        target = self.target(incident.key.organisation, incident.key.target)
        # The names are added, not formatted in: a brace in a name must stay a brace.
        subject = self._phrases.subject.format(organisation=organisation, target=target)
        return f"{subject} {self._loss(incident).happened.format(country=country)}"

    def urgency(self, incident: Incident) -> str:
        """Whether it can wait, as a message says it; empty of what calls nobody."""
        return self._phrases.urgency.get(severity(incident), "")

    def whose_title(self, incident: Incident) -> str:
        """An incident's title, led by whose it is where it does not say so itself: a dossier's need not."""
        title, whose = self.title(incident), self.struck(incident)
        return title if whose in title else f"{whose}: {title}"

    def owner(self, slug: str) -> str:
        """Whose incident it is: an organisation's, or nobody's where a whole network is cut off."""
        return self.organisation(slug) if slug else self.text("Networks cut off from the world")

    def struck(self, incident: Incident) -> str:
        """Whom an incident struck: an organisation that is watched, else whom its dossier names, else several, or a network."""
        if incident.key.organisation:
            return self.organisation(incident.key.organisation)
        if incident.dossier and incident.dossier.subject:
            return self._name(incident.dossier.subject.organisation)
        if incident.origin is Origin.ATTESTED or incident.is_mass:
            return self.text("Several organisations")
        return self.owner("")

    def of(self, said: Words | None) -> str:
        """What somebody wrote, in the reader's language where they wrote it in that too; empty where they wrote nothing."""
        return plain(said.of(self.language), _LONGEST) if said else ""

    def tongue(self, said: Words) -> Language:
        """The language in which `of` gives it."""
        return "ru" if self.language == "ru" and said.ru else "en"

    def described(self, member: StrEnum) -> str:
        """A word of the descriptive vocabularies, as people read it."""
        return descriptive.label(member, self.language)

    def date(self, date: str) -> str:
        """A date as exact as its source: "25 December 2021", "around 2022", "from December 2021 to March 2022"."""
        return spoken(date, self.language)

    def bounds(self, bounds: Bounds) -> str:
        """Between when it must have happened: "not before 2021, not after 25 December 2021"."""
        return spoken_bounds(bounds.not_before, bounds.not_after, self.language)

    def happened(self, incident: Incident) -> str:
        """When it began, as exactly as anybody knows: by our own looks, else as stated, else as it follows from other dates."""
        if incident.origin is not Origin.ATTESTED:
            return self.bracket(incident.onset) if incident.onset else self.text("date not known")
        dossier = incident.dossier
        if dossier and dossier.dates.beginning:
            return self.date(dossier.dates.beginning.date)
        return (dossier and dossier.bounds and self.bounds(dossier.bounds)) or self.text("date not known")

    def bracket(self, bracket: Bracket) -> str:
        """When something happened, as far as looks can tell."""
        by, after = bracket.by, bracket.after
        if bracket.is_within_a_minute:
            return written(by, self.language)
        if after is None:
            return self.text("at the latest at %(by)s", by=written(by, self.language))
        if after.date() != by.date():
            return self.text("between %(after)s and %(by)s", after=written(after, self.language), by=written(by, self.language))
        times = {"after": written_clock(after, self.language), "by": written_clock(by, self.language)}
        return self.text("%(day)s, between %(after)s and %(by)s UTC", day=written_day(by, self.language), **times)

    def reason(self, rule: str | None) -> str:
        """What a rule means, in a sentence; empty where its recorded sentence says it in this language already."""
        return reason(rule, self.language)

    def sureness(self, incident: Incident) -> str:
        """How sure we are, and why we say so."""
        if incident.strength is None and incident.dossier and incident.dossier.sources:
            return self.text("Stated by the sources named; nothing of it was measured here.")
        if incident.strength is None:
            return self.text("Stated by whoever entered it; no source is named, and nothing of it was measured here.")
        stage, strength = self.label(incident.stage), self.label(incident.strength)
        return self.text(
            "%(stage)s: %(stage_gloss)s. %(strength)s evidence: %(strength_gloss)s.",
            stage=stage.word,
            stage_gloss=stage.gloss,
            strength=strength.word,
            strength_gloss=strength.gloss,
        )

    def sources(self, dossier: Dossier) -> tuple[str, ...]:
        """The sources that are named, a line for each: "Source: The report, https://report.example/1"."""
        named = (", ".join(filter(None, (one.title, one.url))) for one in dossier.sources)
        return tuple(self.text("Source: %(source)s", source=plain(one, _LONGEST)) for one in named)

    def mechanism(self, label: str) -> str:
        """What was seen on the way, in plain words; empty for a mechanism that has none yet."""
        known = self._phrases.mechanisms
        signs = [sign for sign in known if f"{label}.".startswith(f"{sign}.")]
        return known[max(signs, key=len)] if signs else ""

    def advice(self, incident: Incident) -> str:
        """What to do now."""
        return self._loss(incident).advice

    def affects(self, incident: Incident) -> str:
        """What the loss does to people."""
        return self._loss(incident).affects

    @property
    def _phrases(self) -> Phrases:
        return PHRASES[self.language]

    def _loss(self, incident: Incident) -> Loss:
        return self._phrases.losses[INTERCEPTED if is_interception(incident) else incident.kind]

    def ago(self, moment: datetime) -> str:
        """How long ago `moment` is: "4 minutes ago"."""
        return ago(moment, self.now, self.language)

    def citation(self, incident: Incident, address: str) -> str:
        """A line that can stand in a footnote. Its date is that of the version cited; `address` is where that stays for good."""
        return self.text(
            "Cutwatch, “%(title)s” (%(id)s, version %(version)s, %(date)s) <%(address)s> accessed %(accessed)s",
            title=self.title(incident),
            id=incident.id,
            version=incident.version,
            date=written_on(incident.updated, self.language),
            address=address,
            accessed=written_on(self.now, self.language),
        )

    def _name(self, name: Words) -> str:
        return plain(name.of(self.language), _LONGEST_NAME)
