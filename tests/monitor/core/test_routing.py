"""Who hears what. The cast is that of `tests.monitor.cast`."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import routing
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, Severity
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.model import Tlp, Words
from monitor.core.subscription import Channel, Escalation, Grouping, Match, QuietHours, Route
from monitor.core.watchlist import Organisation, Target
from tests.monitor.cast import ADDRESS, BLOCKED, CUT_OFF, DESK, DOWN, ONSET, OVD_INFO, PHONE, ended, happening, watchlist

EVERYTHING = Route(id="everything", channels=("desk",))


def told(kind: EventKind, incident: Incident = BLOCKED, *routes: Route, **data: Any) -> tuple[Message, ...]:
    return routing.route(happening(kind, incident, **data), incident, watchlist(*(routes or (EVERYTHING,))), ADDRESS)


def takes(incident: Incident, **match: Any) -> bool:
    return routing.matches(Match(**match), incident, watchlist())


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (EventKind.CONFIRMED, MessageKind.ALARM),
        (EventKind.REOPENED, MessageKind.ALARM),
        (EventKind.RECLASSIFIED, MessageKind.ALARM),
        (EventKind.SCOPE_CHANGED, MessageKind.UPDATE),
        (EventKind.REINSTATEMENT_ANNOUNCED, MessageKind.UPDATE),
        (EventKind.RETRACTED, MessageKind.UPDATE),
        (EventKind.CORRECTED, MessageKind.UPDATE),
        (EventKind.ENDED, MessageKind.RECOVERY),
        (EventKind.REINSTATED, MessageKind.RECOVERY),
        (EventKind.AVERTED, MessageKind.RECOVERY),
    ],
)
def test_what_happens_to_a_confirmed_incident_is_told(event: EventKind, kind: MessageKind) -> None:
    [message] = told(event)
    assert message.kind is kind
    assert (message.incident, message.version, message.created_at) == (BLOCKED.id, BLOCKED.version, BLOCKED.updated)
    assert message.payload["type"] == f"incident.{event.value}"


@pytest.mark.parametrize("event", sorted(set(EventKind) - set(routing.TOLD_AS)))
def test_nobody_is_told_of_a_suspicion_or_of_what_archivists_add(event: EventKind) -> None:
    assert told(event) == ()


@pytest.mark.parametrize("event", EventKind)
def test_nobody_hears_of_what_was_never_confirmed(event: EventKind) -> None:
    assert told(event, replace(BLOCKED, stage=IncidentStage.RETRACTED, confirmed_at=None)) == ()


def test_nobody_is_told_of_what_people_entered() -> None:
    assert told(EventKind.CONFIRMED, replace(BLOCKED, origin=Origin.ATTESTED)) == ()


def test_without_routes_nothing_is_owed() -> None:
    assert routing.route(happening(EventKind.CONFIRMED, BLOCKED), BLOCKED, watchlist(), ADDRESS) == ()


def test_every_channel_of_every_matching_route_gets_one_message() -> None:
    russia = Route(id="russia", match=Match(countries=("RU",)), channels=("desk", "phone", "desk"))
    germany = Route(id="germany", match=Match(countries=("DE",)), channels=("pager",))
    messages = told(EventKind.CONFIRMED, BLOCKED, russia, germany)
    assert [(message.route, message.channel) for message in messages] == [("russia", "desk"), ("russia", "phone")]


def test_two_routes_do_not_say_the_same_words_twice_into_one_channel() -> None:
    routes = (EVERYTHING, Route(id="again", channels=("desk", "phone")), Route(id="russian", channels=("desk",), language="ru"))
    messages = told(EventKind.CONFIRMED, BLOCKED, *routes)
    assert [(message.route, message.channel) for message in messages] == [
        ("everything", "desk"),
        ("again", "phone"),
        ("russian", "desk"),
    ]


@pytest.mark.parametrize(
    "better",
    [{"second": "pager"}, {"repeat": 3600}],
    ids=["has somebody who steps in", "reminds"],
)
def test_of_two_routes_the_one_speaks_that_sees_to_it_more(better: dict[str, Any]) -> None:
    careful = EVERYTHING.model_copy(update={"id": "careful", **better})
    direct, *_ = told(EventKind.CONFIRMED, BLOCKED, EVERYTHING, careful)
    assert (direct.route, direct.channel, direct.purpose) == ("careful", "desk", Purpose.DIRECT)


def test_a_route_that_holds_back_does_not_silence_one_that_does_not() -> None:
    [message] = told(EventKind.CONFIRMED, BLOCKED, night_route(), Route(id="awake", channels=("desk",)))
    assert (message.route, message.bundle) == ("awake", "")


def test_a_route_takes_what_it_names() -> None:
    provided = replace(BLOCKED, provider="cloudflare")
    assert takes(BLOCKED)
    assert takes(BLOCKED, organisations=("memorial", "ovd-info"))
    assert takes(BLOCKED, kinds=("blocking",), countries=("RU",), severities=(Severity.MORNING,))
    assert takes(provided, providers=("cloudflare",))


@pytest.mark.parametrize(
    "match",
    [
        {"organisations": ("memorial",)},
        {"kinds": ("outage",)},
        {"providers": ("cloudflare",)},
        {"countries": ("DE",)},
        {"severities": (Severity.PAGE,)},
        {"countries": ("RU",), "kinds": ("outage",)},
    ],
)
def test_a_route_leaves_what_it_does_not_name(match: dict[str, Any]) -> None:
    assert not takes(BLOCKED, **match)


def test_a_loss_for_everybody_is_a_loss_in_every_country() -> None:
    assert takes(DOWN, countries=("RU",))


def test_the_isolation_of_a_network_wakes_whoever_would_hear_of_everything() -> None:
    [message] = told(EventKind.CONFIRMED, CUT_OFF)
    assert message.payload["data"]["severity"] == "page"
    assert takes(CUT_OFF, kinds=("isolation",), countries=("RU",), severities=(Severity.PAGE,))
    assert not takes(CUT_OFF, countries=("DE",))
    assert not takes(CUT_OFF, providers=("cloudflare",))


def test_the_isolation_of_a_network_concerns_those_who_are_looked_at_from_there() -> None:
    """To them the silence of that place would look like quiet."""
    from_berlin = Organisation(id="memorial", name=Words(en="M"), targets=(Target(id="m", domain="m.org", vantages=("berlin",)),))
    asleep = Organisation(id="asleep", name=Words(en="A"), targets=(Target(id="a", domain="a.org", paused=True),))
    watched = watchlist().model_copy(update={"organisations": (OVD_INFO, from_berlin, asleep)})
    assert routing.concerned(CUT_OFF, watched) == {"ovd-info"}
    assert routing.matches(Match(organisations=("memorial", "ovd-info")), CUT_OFF, watched)
    assert not routing.matches(Match(organisations=("memorial", "asleep")), CUT_OFF, watched)


def test_what_is_told_of_the_isolation_of_a_network_names_no_organisation_and_no_vantage_point() -> None:
    [message] = told(EventKind.CONFIRMED, replace(CUT_OFF, tlp=Tlp.CLEAR))
    details = message.payload["data"]["details"]
    assert (details["organisation"], details["target"], details["countries"]) == (None, None, ["RU"])
    assert not [name for name in ("ovd", "kazan", "Kazan") if name in json.dumps(message.payload)]


def test_the_same_event_never_makes_two_messages() -> None:
    assert told(EventKind.CONFIRMED) == told(EventKind.CONFIRMED)


def test_event_route_and_channel_make_the_id() -> None:
    ids = {
        routing.message_id("CW-2021-0001", 2, "everything", "desk"),
        routing.message_id("CW-2021-0002", 2, "everything", "desk"),
        routing.message_id("CW-2021-0001", 3, "everything", "desk"),
        routing.message_id("CW-2021-0001", 2, "russia", "desk"),
        routing.message_id("CW-2021-0001", 2, "everything", "phone"),
        routing.message_id("CW-2021-0001", 2, "everything", "desk", "second", "phone"),
        routing.message_id("CW-2021-0001", 2, "everything", "desk", "escalation", ""),
    }
    assert len(ids) == 7
    assert all(re.fullmatch(r"msg_[0-9a-f]{32}", one) for one in ids)


def test_a_route_can_be_tried_out() -> None:
    route = Route(id="night", channels=("phone", "desk"), language="ru")
    messages = routing.test_messages(route, watchlist(route), "https://watch.example", ONSET)
    assert [(message.kind, message.channel, message.incident) for message in messages] == [
        (MessageKind.TEST, "desk", None),
        (MessageKind.TEST, "phone", None),
    ]
    assert messages[0].payload["type"] == "test"
    assert "Это проверка" in messages[0].payload["data"]["text"]
    assert messages[0].payload["data"]["text"].endswith("\nhttps://watch.example/"), (
        "so that one sees whether links lead anywhere"
    )
    assert len({message.id for message in messages}) == 2


def test_a_try_out_reaches_those_who_step_in_as_well() -> None:
    """Nobody must find out in an emergency that the second channel led nowhere."""
    route = Route(id="night", channels=("desk",), second="phone", escalate=Escalation(channels=("pager",)))
    messages = routing.test_messages(route, watchlist(route), "https://watch.example", ONSET)
    assert [message.channel for message in messages] == ["desk", "phone", "pager"]


# Whoever was told of the beginning is told of the end


@pytest.mark.parametrize("event", sorted(routing.LAST_WORDS))
def test_the_end_reaches_a_route_that_would_not_take_the_incident_any_more(event: EventKind) -> None:
    """It was taken for an interception when it woke the night's route. What was never told is dropped by the outbox."""
    woken = Route(id="woken", channels=("pager",), match=Match(kinds=("throttling",), severities=("page",), tlp=("GREEN",)))
    assert told(EventKind.SCOPE_CHANGED, BLOCKED, woken) == ()
    assert [message.route for message in told(event, ended(BLOCKED), woken)] == ["woken"]


def test_the_end_does_not_reach_those_whom_it_never_concerned() -> None:
    routes = (
        Route(id="memorial", channels=("desk",), match=Match(organisations=("memorial",))),
        Route(id="germany", channels=("desk",), match=Match(countries=("DE",))),
    )
    assert told(EventKind.ENDED, ended(BLOCKED), *routes) == ()


def test_the_end_goes_to_every_route_because_only_the_outbox_knows_which_of_them_spoke() -> None:
    again = Route(id="again", channels=("desk",))
    assert [message.route for message in told(EventKind.ENDED, ended(BLOCKED), EVERYTHING, again)] == ["everything", "again"]


def test_a_loss_that_turns_out_to_be_another_is_an_alarm_to_those_who_wake_for_it() -> None:
    night = Route(id="night", channels=("pager",), match=Match(severities=("page",)))
    assert told(EventKind.CONFIRMED, BLOCKED, night) == ()
    [message] = told(EventKind.RECLASSIFIED, replace(BLOCKED, kind=Kind.WITHDRAWAL), night)
    assert (message.kind, message.severity) == (MessageKind.ALARM, Severity.PAGE)


# When, and with what


def night_route() -> Route:
    return Route(id="everything", channels=("desk",), quiet_hours=QuietHours(since="08:00", until="07:00"))


def test_what_can_wait_is_held_back_and_what_cannot_is_not() -> None:
    [blocked] = told(EventKind.CONFIRMED, BLOCKED, night_route())
    [stolen] = told(EventKind.CONFIRMED, replace(BLOCKED, kind=Kind.WITHDRAWAL), night_route())
    assert blocked.due_at == datetime(2021, 12, 26, 7, tzinfo=UTC)
    assert (blocked.severity, blocked.bundle) == (Severity.MORNING, "held")
    assert stolen.due_at == ONSET + timedelta(minutes=3, seconds=10)
    assert (stolen.severity, stolen.bundle) == (Severity.PAGE, "page")


@pytest.mark.parametrize("event", [EventKind.ENDED, EventKind.REINSTATED, EventKind.SCOPE_CHANGED])
def test_good_news_lets_people_sleep(event: EventKind) -> None:
    [message] = told(event, replace(BLOCKED, kind=Kind.WITHDRAWAL), night_route())
    assert (message.severity, message.bundle) == (Severity.MORNING, "held")
    assert message.payload["data"]["severity"] == "morning"


def test_whoever_acts_on_a_false_alarm_is_told_at_once() -> None:
    [message] = told(EventKind.RETRACTED, replace(BLOCKED, kind=Kind.WITHDRAWAL), night_route())
    assert (message.severity, message.bundle) == (Severity.PAGE, "page")


# The second channel, and those who are told when nobody acknowledges


def test_every_channel_that_may_fail_has_a_message_that_stands_by() -> None:
    route = Route(id="everything", channels=("desk", "pager"), second="phone")
    messages = told(EventKind.CONFIRMED, BLOCKED, route)
    assert [(one.channel, one.purpose, one.stands_in_for) for one in messages] == [
        ("desk", Purpose.DIRECT, None),
        ("pager", Purpose.DIRECT, None),
        ("phone", Purpose.SECOND, "desk"),
        ("phone", Purpose.SECOND, "pager"),
    ]
    direct, _, second, _ = messages
    assert direct.payload["data"]["details"] is not None
    assert second.payload["data"]["details"] is None, "the second channel is as discreet as its own settings say"
    assert second.due_at == direct.due_at


def test_a_second_channel_that_is_told_anyway_does_not_stand_by() -> None:
    messages = told(EventKind.CONFIRMED, BLOCKED, Route(id="everything", channels=("desk", "phone"), second="phone"))
    assert {one.purpose for one in messages} == {Purpose.DIRECT}


def test_others_are_told_of_an_alarm_if_nobody_acknowledges_it() -> None:
    stolen = replace(BLOCKED, kind=Kind.WITHDRAWAL)
    route = Route(id="everything", channels=("desk",), escalate=Escalation(channels=("pager", "phone")))
    _, *escalated = told(EventKind.CONFIRMED, stolen, route)
    assert [(one.channel, one.purpose, one.due_at) for one in escalated] == [
        ("phone", Purpose.ESCALATION, stolen.updated + timedelta(minutes=15)),
        ("pager", Purpose.ESCALATION, stolen.updated + timedelta(minutes=15)),
    ]
    assert [one.purpose for one in told(EventKind.SCOPE_CHANGED, stolen, route)] == [Purpose.DIRECT]
    assert [one.purpose for one in told(EventKind.CONFIRMED, BLOCKED, route)] == [Purpose.DIRECT]


def test_of_two_routes_the_one_speaks_that_waits_least() -> None:
    patient = Route(id="patient", channels=("desk",), group=Grouping(wait="1h"), second="phone", repeat="1h")
    prompt = Route(id="prompt", channels=("desk",))
    direct, *others = told(EventKind.CONFIRMED, BLOCKED, patient, prompt)
    assert (direct.route, direct.channel) == ("prompt", "desk")
    assert "desk" not in {one.channel for one in others}


def test_the_most_impatient_route_calls_for_help() -> None:
    stolen = replace(BLOCKED, kind=Kind.WITHDRAWAL)
    patient = Route(id="patient", channels=("desk",), second="phone", escalate=Escalation(channels=("pager",), after="1h"))
    hasty = Route(id="hasty", channels=("desk",), escalate=Escalation(channels=("pager",), after="5min"))
    [called] = [one for one in told(EventKind.CONFIRMED, stolen, patient, hasty) if one.purpose is Purpose.ESCALATION]
    assert (called.route, called.due_at) == ("hasty", stolen.updated + timedelta(minutes=5))


@pytest.mark.parametrize("event", sorted(routing.LAST_WORDS))
def test_those_others_are_told_of_the_end_too(event: EventKind) -> None:
    route = Route(id="everything", channels=("desk",), escalate=Escalation(channels=("pager",)))
    direct, escalated = told(event, ended(replace(BLOCKED, kind=Kind.WITHDRAWAL)), route)
    assert (escalated.channel, escalated.purpose) == ("pager", Purpose.ESCALATION)
    assert escalated.due_at == direct.due_at


# Reminders


def reminder(
    number: int, incident: Incident = BLOCKED, event: EventKind = EventKind.CONFIRMED, channel: Channel = DESK
) -> Message:
    later = incident.updated + timedelta(hours=number)
    happened = happening(event, incident)
    return routing.reminder_message(incident, happened, night_route(), channel, number, watchlist(), ADDRESS, later)


def test_a_reminder_has_an_id_of_its_own_and_the_incident_s_haste() -> None:
    first, second = reminder(1), reminder(2, replace(BLOCKED, kind=Kind.WITHDRAWAL))
    assert reminder(1) == first
    assert (first.kind, first.incident, first.payload["type"]) == (MessageKind.REMINDER, BLOCKED.id, "incident.reminder")
    assert (first.bundle, second.bundle) == ("held", "page")
    assert second.created_at <= (second.due_at or ONSET) <= second.created_at + timedelta(seconds=10)
    assert len({first.id, second.id, reminder(1, channel=PHONE).id, *(one.id for one in told(EventKind.CONFIRMED))}) == 4


@pytest.mark.parametrize("event", EventKind)
def test_whatever_happened_last_can_be_reminded_of(event: EventKind) -> None:
    assert reminder(1, event=event, channel=PHONE).payload["data"]["details"] is None


# Mass events


FOUNDATION = Organisation(id="memorial", name=Words(en="Memorial"))
PURGE = replace(
    BLOCKED,
    id="CW-2021-0009",
    key=replace(BLOCKED.key, organisation="", target=""),
    members=("CW-2021-0001", "CW-2021-0002"),
    affected=("memorial", "ovd-info"),
)


def test_a_mass_event_concerns_the_organisations_of_all_its_members() -> None:
    assert routing.concerned(PURGE, watchlist()) == {"memorial", "ovd-info"}
    assert takes(PURGE, organisations=("memorial",))
    assert not takes(PURGE, organisations=("asleep",))


def test_a_mass_event_that_was_released_names_nobody_who_is_red() -> None:
    released = replace(PURGE, tlp=Tlp.CLEAR, key=replace(PURGE.key, family="mass:path"))
    red = FOUNDATION.model_copy(update={"tlp": Tlp.RED})
    for closed, named in ((FOUNDATION, True), (red, False)):
        known = watchlist(EVERYTHING).model_copy(update={"organisations": (OVD_INFO, closed)})
        event = happening(EventKind.CONFIRMED, released)
        texts = [one.payload["data"]["text"] for one in routing.route(event, released, known, ADDRESS)]
        assert texts
        assert [("Memorial" in text, "OVD" in text) for text in texts] == [(named, True)] * len(texts)


def test_those_who_heard_of_a_mass_event_hear_that_it_was_none_though_nobody_is_left_in_it() -> None:
    theirs = Route(id="memorial", channels=("desk",), match=Match(organisations=("memorial",)))
    empty = replace(PURGE, stage=IncidentStage.RETRACTED, members=(), affected=(), vantages=())
    assert [message.route for message in told(EventKind.RETRACTED, empty, theirs)] == ["memorial"]


def test_who_hears_of_one_organisation_is_not_told_which_others_a_mass_event_struck() -> None:
    watched = watchlist(Route(id="memorial", channels=("desk",), match=Match(organisations=("memorial",))))
    watched = watched.model_copy(update={"organisations": (OVD_INFO, FOUNDATION)})
    [message] = routing.route(happening(EventKind.CONFIRMED, PURGE), PURGE, watched, ADDRESS)
    written = json.dumps(message.payload).lower()
    assert not [name for name in ("ovd-info", "ovd.info") if name in written]


# How far it may travel


PUBLIC = Channel(id="public", kind="webhook", discreet=False, up_to=Tlp.CLEAR)


def test_taking_a_release_back_is_told_to_nobody_as_an_alarm() -> None:
    close = Route(id="close", channels=("desk",), match=Match(tlp=("RED",)))
    assert released(replace(BLOCKED, tlp=Tlp.RED), close) == []
    assert released(replace(BLOCKED, tlp=Tlp.AMBER), EVERYTHING) == []


def released(incident: Incident, *routes: Route) -> list[tuple[str, str]]:
    watched = watchlist(*routes, channels=(DESK, PUBLIC))
    messages = routing.route(happening(EventKind.RELEASED, incident), incident, watched, ADDRESS)
    return [(message.kind, message.channel) for message in messages]


def test_a_channel_that_the_public_reads_hears_of_what_was_released_and_not_before() -> None:
    both = Route(id="everything", channels=("desk", "public"))
    messages = routing.route(happening(EventKind.CONFIRMED, BLOCKED), BLOCKED, watchlist(both, channels=(DESK, PUBLIC)), ADDRESS)
    assert [message.channel for message in messages] == ["desk"]
    assert released(replace(BLOCKED, tlp=Tlp.CLEAR), both) == [("alarm", "public")]
    assert released(replace(BLOCKED, tlp=Tlp.GREEN), both) == []


def test_a_route_for_released_incidents_hears_of_a_release() -> None:
    papers = Route(id="papers", channels=("desk",), match=Match(tlp=("CLEAR", "GREEN")))
    assert told(EventKind.CONFIRMED, BLOCKED, papers) == ()
    assert released(replace(BLOCKED, tlp=Tlp.GREEN), papers) == [("alarm", "desk")]


NAMES = ("ovd", "blocked", "RU", "tls.reset", "broken")


def told_the_public(event: EventKind, incident: Incident, **route: Any) -> tuple[Message, ...]:
    """What a channel is owed that takes only what is released to everybody."""
    both = Route(id="everything", **{"channels": ("public",), **route})
    watched = watchlist(both, channels=(DESK, PUBLIC))
    happened = happening(event, incident, reason="the resolver was broken", by="staff")
    return routing.route(happened, incident, watched, ADDRESS)


@pytest.mark.parametrize("event", sorted(routing.LAST_WORDS))
def test_a_channel_that_may_not_hear_of_it_any_more_hears_that_it_is_over_and_no_more(
    event: EventKind,
) -> None:
    """It was told while it was public, and then the release was taken back. What was never told is dropped by the outbox."""
    [message] = told_the_public(event, ended(BLOCKED))
    data = message.payload["data"]
    assert (message.channel, data["details"], data["tlp"]) == ("public", None, "AMBER")
    assert data["text"].splitlines()[-1] == f"{ADDRESS}/incidents/{BLOCKED.id}"
    assert not [name for name in (*NAMES, "Began", "2021 ") if name in json.dumps(message.payload)]


@pytest.mark.parametrize("event", [EventKind.SCOPE_CHANGED, EventKind.REOPENED, EventKind.REINSTATEMENT_ANNOUNCED])
def test_of_what_goes_on_such_a_channel_hears_nothing(event: EventKind) -> None:
    assert told_the_public(event, BLOCKED) == ()


def test_a_second_channel_hears_that_end_only_if_it_spoke_itself() -> None:
    """What another channel was told it must not give away, so it stands in for none."""
    direct, second = told_the_public(EventKind.ENDED, ended(BLOCKED), channels=("desk",), second="public")
    assert (direct.channel, second.channel) == ("desk", "public")
    assert (second.purpose, second.stands_in_for) == (Purpose.DIRECT, None)


def test_what_is_over_is_no_alarm_when_it_is_released() -> None:
    assert released(replace(ended(BLOCKED), tlp=Tlp.CLEAR), Route(id="papers", channels=("public",))) == []


# What was wrong


def corrected(before: Incident, after: Incident, *routes: Route) -> tuple[Message, ...]:
    event = happening(EventKind.CORRECTED, after, reason="the register names another company", by="staff")
    return routing.route(event, after, watchlist(*(routes or (EVERYTHING,))), ADDRESS, before)


def test_whoever_was_told_what_is_wrong_is_told_what_is_right_and_why() -> None:
    [message] = corrected(replace(BLOCKED, kind=Kind.OUTAGE), BLOCKED)
    text = message.payload["data"]["text"]
    assert (message.kind, message.severity, message.payload["type"]) == (
        MessageKind.UPDATE,
        Severity.MORNING,
        "incident.corrected",
    )
    assert text.startswith("We have corrected what we said of this case. OVD-Info: ovd.info is blocked (Russia).")
    assert "The reason: the register names another company" in text


def test_what_is_only_added_is_no_news() -> None:
    assert corrected(replace(BLOCKED, provider=None), replace(BLOCKED, provider="cloudflare")) == ()


def test_what_was_taken_back_needs_no_correction() -> None:
    gone = replace(BLOCKED, stage=IncidentStage.RETRACTED)
    assert corrected(replace(gone, kind=Kind.OUTAGE), gone) == ()


def test_what_people_entered_owes_no_correction() -> None:
    entered = replace(BLOCKED, origin=Origin.ATTESTED)
    assert corrected(replace(entered, kind=Kind.OUTAGE), entered) == ()


def test_a_correction_reaches_a_route_that_took_the_incident_for_what_it_is_not() -> None:
    outages = Route(id="outages", channels=("desk",), match=Match(kinds=("outage",)))
    [message] = corrected(replace(BLOCKED, kind=Kind.OUTAGE), BLOCKED, outages)
    assert (message.route, message.kind) == ("outages", MessageKind.UPDATE)


def test_a_correction_wakes_nobody() -> None:
    stolen = replace(BLOCKED, kind=Kind.WITHDRAWAL, provider="mailchimp")
    [message] = corrected(replace(stolen, provider="cloudflare"), stolen, night_route())
    assert (message.severity, message.bundle) == (Severity.MORNING, "held")


def test_what_turns_out_to_be_worse_is_an_alarm_for_those_who_wake_for_it() -> None:
    night = Route(id="night", channels=("pager",), match=Match(severities=("page",)))
    [message] = corrected(BLOCKED, replace(BLOCKED, mechanisms=("tls.mitm.state_ca", "tls.reset.sni")), night)
    assert (message.kind, message.severity) == (MessageKind.ALARM, Severity.PAGE)
    assert message.payload["data"]["title"] == f"{BLOCKED.id}: alarm, act now"


def test_whoever_waits_for_no_such_thing_hears_that_it_is_worse_only_if_they_heard_of_it() -> None:
    papers = Route(id="papers", channels=("desk",), match=Match(severities=("morning",)))
    [message] = corrected(BLOCKED, replace(BLOCKED, kind=Kind.WITHDRAWAL), papers)
    assert message.kind is MessageKind.UPDATE


def test_a_channel_that_may_not_hear_of_it_any_more_hears_that_it_was_corrected_and_not_how() -> None:
    both = Route(id="everything", channels=("public",))
    event = happening(EventKind.CORRECTED, BLOCKED, reason="the resolver was broken", by="staff")
    before = replace(BLOCKED, kind=Kind.OUTAGE)
    [message] = routing.route(event, BLOCKED, watchlist(both, channels=(DESK, PUBLIC)), ADDRESS, before)
    assert (message.kind, message.payload["data"]["details"]) == (MessageKind.UPDATE, None)
    assert not [name for name in NAMES if name in json.dumps(message.payload)]


routes = st.builds(
    Route,
    id=st.sampled_from(["a", "b", "c"]),
    channels=st.lists(st.sampled_from(["desk", "phone", "pager"]), min_size=1, unique=True).map(tuple),
    second=st.sampled_from([None, "desk", "phone", "pager"]),
    language=st.sampled_from(["en", "ru"]),
    escalate=st.none() | st.builds(Escalation, channels=st.sampled_from([("pager",), ("phone", "desk")])),
)


@given(
    chosen=st.lists(routes, max_size=3, unique_by=lambda route: route.id),
    event=st.sampled_from(sorted(routing.TOLD_AS)),
    kind=st.sampled_from(Kind),
)
def test_event_route_channel_and_purpose_are_told_once(chosen: list[Route], event: EventKind, kind: Kind) -> None:
    messages = told(event, replace(BLOCKED, kind=kind), *chosen) if chosen else ()
    owed = {(one.route, one.channel, one.purpose, one.stands_in_for) for one in messages}
    assert len({one.id for one in messages}) == len(owed) == len(messages)
    assert all((one.due_at or one.created_at) >= one.created_at for one in messages)


def test_an_outage_that_one_place_sees_no_more_is_not_told_as_one_for_everybody() -> None:
    ending = replace(DOWN, vantages=("moscow-home",), seen_from=DOWN.vantages)
    assert told(EventKind.SCOPE_CHANGED, ending) == ()
    assert len(told(EventKind.ENDED, ended(ending))) == 1


def test_an_outage_that_more_places_see_is_told() -> None:
    assert len(told(EventKind.SCOPE_CHANGED, replace(DOWN, seen_from=DOWN.vantages))) == 1


def test_a_block_that_one_place_sees_no_more_is_told() -> None:
    assert len(told(EventKind.SCOPE_CHANGED, replace(BLOCKED, vantages=("moscow-home",), seen_from=BLOCKED.vantages))) == 1


def test_what_it_was_before_reaches_the_words() -> None:
    before = replace(BLOCKED, vantages=("moscow-home",))
    event = happening(EventKind.SCOPE_CHANGED, BLOCKED)
    [message] = routing.route(event, BLOCKED, watchlist(EVERYTHING), ADDRESS, before)
    assert message.payload["data"]["title"].startswith("More places: ")
