"""Who is told of an event, and what: from an event of the log to the messages that it owes. Pure.

- Nobody hears of what was never confirmed, nor of what people entered from documents.
- Whoever may have been told of an incident is told of its end, whatever it was taken for in between: a route chooses by kind,
  provider, severity and TLP what it begins with, not what it ends with. The outbox drops the end in channels that never heard
  of the beginning. Where the incident may not travel any more as far as it did, they hear that it is over, and nothing else.
- Whoever was told what turns out to be wrong is told so. It wakes nobody, unless it is worse than was thought.
- A route that takes only what may travel far hears of an incident once a person has released it, if it is open still.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from monitor.core import content
from monitor.core.correction import is_worse, takes_back
from monitor.core.disclosure import effective_tlp, may_hear, nameable, travels_as_far
from monitor.core.grouping import bundle
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Severity
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.model import Tlp
from monitor.core.severity import severity
from monitor.core.subscription import Channel, Match, Route
from monitor.core.telling import Telling
from monitor.core.timing import due_at, escalated_at
from monitor.core.watchlist import Watchlist

TOLD_AS = MappingProxyType(
    {
        EventKind.CONFIRMED: MessageKind.ALARM,
        EventKind.REOPENED: MessageKind.ALARM,
        # It is another loss now, and may be other people's: to them it is the first they hear.
        EventKind.RECLASSIFIED: MessageKind.ALARM,
        # Told only to those whom it did not reach before.
        EventKind.RELEASED: MessageKind.ALARM,
        EventKind.SCOPE_CHANGED: MessageKind.UPDATE,
        EventKind.REINSTATEMENT_ANNOUNCED: MessageKind.UPDATE,
        EventKind.RETRACTED: MessageKind.UPDATE,
        # Told only where it takes back what was told; an alarm where it is worse than was thought.
        EventKind.CORRECTED: MessageKind.UPDATE,
        EventKind.ENDED: MessageKind.RECOVERY,
        EventKind.REINSTATED: MessageKind.RECOVERY,
        EventKind.AVERTED: MessageKind.RECOVERY,
    }
)
"""The events that somebody is told of. A mere suspicion is nobody's business yet, and what archivists add wakes nobody."""

LAST_WORDS = frozenset({EventKind.ENDED, EventKind.REINSTATED, EventKind.AVERTED, EventKind.RETRACTED})
"""The events after which nothing stands any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell. `before` is the incident as it was until then, where that matters and is known."""

    event: Event
    incident: Incident
    watchlist: Watchlist
    address: str
    before: Incident | None = None

    @property
    def is_last(self) -> bool:
        """Whether it is the end of the story."""
        return self.event.kind in LAST_WORDS

    @property
    def is_correction(self) -> bool:
        """Whether it puts right what was told."""
        return self.event.kind is EventKind.CORRECTED

    @property
    def is_worse(self) -> bool:
        """Whether a correction says that people must know sooner than was thought."""
        stands = self.is_correction and self.incident.is_open
        return stands and self.before is not None and is_worse(self.before, self.incident)

    @property
    def tlp(self) -> Tlp:
        """How far it may travel."""
        return effective_tlp(self.incident, self.watchlist)

    @property
    def tlp_unreleased(self) -> Tlp:
        """How far the incident could travel before a person decided on it."""
        return effective_tlp(replace(self.incident, tlp=Tlp.AMBER), self.watchlist)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One place that a message goes to, and why."""

    route: Route
    channel: Channel
    purpose: Purpose = Purpose.DIRECT
    stands_in_for: str | None = None


def route(
    event: Event, incident: Incident, watchlist: Watchlist, address: str, before: Incident | None = None
) -> tuple[Message, ...]:
    """The messages that `event` owes; `incident` is what the event has made of it, `address` where readers find us.

    `before` is what it was until then: by that a correction is told from a mere addition, and spreading from shrinking.
    """
    if event.kind not in TOLD_AS or incident.confirmed_at is None or severity(incident) is Severity.NONE:
        return ()
    news = News(event=event, incident=incident, watchlist=watchlist, address=address, before=before)
    if not _is_worth_telling(news):
        return ()
    return tuple(_message(news, recipient) for recipient in _recipients(news))


def _is_worth_telling(news: News) -> bool:
    stage = news.incident.stage
    if news.event.kind is EventKind.SCOPE_CHANGED and news.incident.kind is Kind.OUTAGE:
        # Where one place sees it well again, "down for everybody" is no longer true. What follows will say what is.
        return not _was_seen_more_widely(news.incident)
    if news.event.kind is EventKind.RELEASED:
        return stage is IncidentStage.CONFIRMED and not travels_as_far(news.tlp_unreleased, news.tlp)
    if news.is_correction:
        return stage is not IncidentStage.RETRACTED and (news.before is None or takes_back(news.before, news.incident))
    return True


def _was_seen_more_widely(incident: Incident) -> bool:
    return not set(incident.seen_from) <= set(incident.vantages)


def reminder_message(
    incident: Incident,
    last_event: Event,
    route: Route,
    channel: Channel,
    n: int,
    watchlist: Watchlist,
    address: str,
    now: datetime,
) -> Message:
    """The `n`th reminder (from 1) that `incident` stands open and that nobody has acknowledged it.

    It is as urgent as the incident: what woke people wakes them again. A channel is reminded once in a language, whichever of
    its routes reminds.
    """
    event = last_event if last_event.kind in TOLD_AS else replace(last_event, kind=EventKind.CONFIRMED)
    telling = replace(
        _telling(News(event=event, incident=incident, watchlist=watchlist, address=address), route), is_reminder=True
    )
    return Message(
        id=reminder_id(incident.id, n, route, channel),
        kind=MessageKind.REMINDER,
        incident=incident.id,
        version=last_event.version,
        route=route.id,
        channel=channel.id,
        created_at=now,
        due_at=due_at(telling.urgency, now, route),
        bundle=bundle(telling.urgency, now, incident, route),
        severity=telling.urgency,
        payload=content.of_incident(telling, channel, now),
    )


def test_messages(route: Route, watchlist: Watchlist, address: str, now: datetime) -> tuple[Message, ...]:
    """One message per channel of `route`, second and escalation channels too, that says that nothing has happened.

    It leads to `address`, where readers find us.
    """
    named = channels_of(route)
    return tuple(_test_message(route, channel, address, now) for channel in watchlist.alerts.channels if channel.id in named)


def channels_of(route: Route) -> frozenset[str]:
    """The ids of all channels through which a route may speak: its own, and those that step in."""
    escalated = route.escalate.channels if route.escalate else ()
    return frozenset({*route.channels, *escalated, *((route.second,) if route.second else ())})


def matches(match: Match, incident: Incident, watchlist: Watchlist) -> bool:
    """Whether a route with this `match` takes the incident. A loss without a country is everyone's, so every country's."""
    asked = (
        (match.kinds, incident.kind),
        (match.providers, incident.provider),
        (match.severities, severity(incident)),
        (match.tlp, effective_tlp(incident, watchlist)),
    )
    if any(wanted and given not in wanted for wanted, given in asked):
        return False
    if match.organisations and not concerned(incident, watchlist) & set(match.organisations):
        return False
    return not match.countries or not incident.countries or not set(match.countries).isdisjoint(incident.countries)


def concerned(incident: Incident, watchlist: Watchlist) -> frozenset[str]:
    """The ids of those whom an incident is about; of a mass event, those of all its members.

    The isolation of a place is about all who are looked at from there: what they do not hear of from us, they would take
    for silence.
    """
    if incident.key.organisation or incident.affected:
        return frozenset({incident.key.organisation, *incident.affected}) - {""}
    inside = {*incident.vantages, *incident.seen_from}
    return frozenset(
        organisation.id
        for organisation in watchlist.organisations
        for target in organisation.targets
        if not target.paused and (target.vantages is None or inside & set(target.vantages))
    )


def message_id(subject: str, version: int, route: str, channel: str, *why: str) -> str:
    """The same event, route, channel and purpose always give the same id: 36 characters, safe in a header and an address."""
    return "msg_" + sha256("\0".join((subject, str(version), route, channel, *why)).encode()).hexdigest()[:32]


def reminder_id(incident: str, n: int, route: Route, channel: Channel) -> str:
    """The id of the `n`th reminder; the same from all routes that speak one language."""
    return message_id(incident, n, route.language, channel.id, MessageKind.REMINDER)


def _recipients(news: News) -> Collection[Recipient]:
    """Every channel of every route that takes the news, but the same words only once into the same channel.

    Of several routes the one speaks that holds back least and sees to it most. The last words go to every route, since only
    the outbox knows which of them spoke, and tells them once.
    """
    everyone = tuple(_all_recipients(news))
    if news.is_last:
        return everyone
    speaking: dict[tuple[object, ...], Recipient] = {}
    for one in everyone:
        words = (one.channel.id, one.route.language, _may_name(news, one.route), one.purpose, one.stands_in_for)
        speaking[words] = min(speaking.get(words, one), one, key=lambda other: (_kind(news, other), *_reserve(other)))
    return speaking.values()


def _reserve(recipient: Recipient) -> tuple[int, ...]:
    """How long a route holds back, and what it leaves undone. No hour of the day changes it: who spoke first is to speak on."""
    one = recipient.route
    patience = one.escalate.after if one.escalate and recipient.purpose is Purpose.ESCALATION else 0
    return patience, one.quiet_hours is not None, one.group.wait, one.second is None, one.repeat is None


def _all_recipients(news: News) -> Iterator[Recipient]:
    for one in news.watchlist.alerts.routes:
        if not _takes(one, news):
            continue
        direct = tuple(_channels(one.channels, one, news))
        yield from (Recipient(one, channel) for channel in direct)
        if one.second and one.second not in one.channels:
            yield from _standing_by(one, one.second, direct, news)
        if _escalates(one, news):
            escalated = one.escalate.channels if one.escalate else ()
            yield from (Recipient(one, channel, Purpose.ESCALATION) for channel in _channels(escalated, one, news))


def _standing_by(one: Route, name: str, direct: Collection[Channel], news: News) -> Iterator[Recipient]:
    """The second channel, once for each that it stands in for.

    Where it may not hear of the incident any more it stands in for none: what those heard it must not give away.
    """
    for second in _channels((name,), one, news):
        if may_hear(second, news.tlp):
            yield from (Recipient(one, second, Purpose.SECOND, stands_in_for=channel.id) for channel in direct)
        else:
            yield Recipient(one, second)


_CHANGING = {"kinds": (), "providers": (), "severities": (), "tlp": ()}
"""What an incident was once taken for need not be what it ends as."""


def _takes(route: Route, news: News) -> bool:
    if news.is_last:
        return matches(_unchanging(route.match, news.incident), news.incident, news.watchlist)
    if matches(route.match, news.incident, news.watchlist):
        return True
    return news.is_correction and news.before is not None and _took(route, news.before, news.watchlist)


def _took(route: Route, before: Incident, watchlist: Watchlist) -> bool:
    """Whether a route took the incident for what it was said to be, however far it could travel then."""
    return matches(route.match.model_copy(update={"tlp": ()}), before, watchlist)


def _unchanging(match: Match, incident: Incident) -> Match:
    """What a route asks for that an incident cannot have been otherwise."""
    kept = match.model_copy(update=_CHANGING)
    if not incident.key.organisation:
        # Whom a mass event or an isolation is about changes as well: at their end it may be nobody.
        kept = kept.model_copy(update={"organisations": ()})
    if incident.key.country is None:
        # Then it is in its dossier, which may have been corrected.
        kept = kept.model_copy(update={"countries": ()})
    return kept


def _channels(names: Collection[str], route: Route, news: News) -> Iterator[Channel]:
    """Those of the channels that may hear the news; of a release, those that could not hear of the incident before.

    What puts an end to what was told, or puts it right, goes to all: the outbox knows who was told while that was allowed.
    """
    for channel in news.watchlist.alerts.channels:
        if channel.id not in names or not (may_hear(channel, news.tlp) or news.is_last or news.is_correction):
            continue
        if news.event.kind is EventKind.RELEASED and _was_within_reach(route, channel, news.tlp_unreleased):
            continue
        yield channel


def _was_within_reach(route: Route, channel: Channel, tlp: Tlp) -> bool:
    return may_hear(channel, tlp) and (not route.match.tlp or tlp in route.match.tlp)


def _escalates(route: Route, news: News) -> bool:
    """Whether others are told if nobody acknowledges; and of the end too, in case they were."""
    if route.escalate is None:
        return False
    is_alarm = TOLD_AS[news.event.kind] is MessageKind.ALARM or news.is_worse
    return news.is_last or (is_alarm and severity(news.incident) in route.escalate.severities)


def _kind(news: News, recipient: Recipient) -> MessageKind:
    """As what it is told to this recipient: what is worse than was thought is news even to those who never heard of it."""
    told_as = TOLD_AS[news.event.kind]
    is_first = news.is_worse and matches(recipient.route.match, news.incident, news.watchlist)
    return MessageKind.ALARM if is_first and may_hear(recipient.channel, news.tlp) else told_as


def _message(news: News, recipient: Recipient) -> Message:
    event, incident, one = news.event, news.incident, recipient.route
    is_escalation = recipient.purpose is Purpose.ESCALATION
    telling = replace(_telling(news, one), is_escalation=is_escalation)
    haste = telling.urgency
    return Message(
        id=message_id(incident.id, event.version, one.id, recipient.channel.id, *_why(recipient)),
        kind=_kind(news, recipient),
        incident=incident.id,
        version=event.version,
        route=one.id,
        channel=recipient.channel.id,
        created_at=event.at,
        due_at=escalated_at(haste, event.at, one) if is_escalation and not news.is_last else due_at(haste, event.at, one),
        bundle=bundle(haste, event.at, incident, one),
        severity=haste,
        purpose=recipient.purpose,
        stands_in_for=recipient.stands_in_for,
        payload=content.of_incident(telling, recipient.channel, event.at),
    )


def _why(recipient: Recipient) -> tuple[str, ...]:
    """What tells apart the messages of one event, route and channel: nothing, where it is the direct one."""
    if recipient.purpose is Purpose.DIRECT:
        return ()
    return (recipient.purpose, recipient.stands_in_for or "")


def _telling(news: News, route: Route) -> Telling:
    return Telling(
        event=news.event,
        incident=news.incident,
        watchlist=news.watchlist,
        language=route.language,
        address=news.address,
        before=news.before,
        is_worse=news.is_worse,
        may_name=_may_name(news, route),
    )


def _may_name(news: News, route: Route) -> frozenset[str] | None:
    """Who of a mass event may be named: of those that may be at all, the organisations of which the route wants to hear only."""
    if not news.incident.affected:
        return None
    anyone = nameable(news.incident, news.watchlist)
    return anyone & set(route.match.organisations) if route.match.organisations else anyone


def _test_message(route: Route, channel: Channel, address: str, now: datetime) -> Message:
    return Message(
        id=message_id(f"test {now.isoformat()}", 0, route.id, channel.id),
        kind=MessageKind.TEST,
        incident=None,
        version=0,
        route=route.id,
        channel=channel.id,
        created_at=now,
        payload=content.of_test(route.id, route.language, address, now),
    )
