"""Who hears what. The cast is that of `tests.monitor.cast`."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import routing
from monitor.core.incident import EventKind, Incident, IncidentStage, Kind, Origin
from monitor.core.message import Message, MessageKind
from monitor.core.watchlist import Match, Organisation, Route, Severity, Target, Tlp, Watchlist, Words
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
        (EventKind.RECLASSIFIED, MessageKind.UPDATE),
        (EventKind.SCOPE_CHANGED, MessageKind.UPDATE),
        (EventKind.RETRACTED, MessageKind.UPDATE),
        (EventKind.ENDED, MessageKind.RECOVERY),
    ],
)
def test_what_happens_to_a_confirmed_incident_is_told(event: EventKind, kind: MessageKind) -> None:
    [message] = told(event)
    assert message.kind is kind
    assert (message.incident, message.version, message.created_at) == (BLOCKED.id, BLOCKED.version, BLOCKED.updated)
    assert message.payload["type"] == f"incident.{event.value}"


@pytest.mark.parametrize("event", [EventKind.OPENED, EventKind.RELEASED])
def test_nobody_is_told_of_a_suspicion_or_of_a_release(event: EventKind) -> None:
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
    }
    assert len(ids) == 5
    assert all(re.fullmatch(r"msg_[0-9a-f]{32}", one) for one in ids)


def test_a_discreet_channel_learns_a_number_and_a_link_and_no_name() -> None:
    [message] = told(EventKind.CONFIRMED, BLOCKED, Route(id="everything", channels=("phone",)))
    written = json.dumps(message.payload).lower()
    assert message.payload["data"]["details"] is None
    assert message.payload["data"]["url"] == f"{ADDRESS}/incidents/CW-2021-0001"
    assert not [name for name in ("ovd", "russia", "blocking", "tls", "moscow", "kazan", "anna") if name in written]


def test_a_public_case_is_told_in_full_even_to_a_discreet_channel() -> None:
    [message] = told(EventKind.CONFIRMED, replace(BLOCKED, tlp=Tlp.CLEAR), Route(id="everything", channels=("phone",)))
    assert message.payload["data"]["details"]["organisation"] == "ovd-info"
    assert "OVD-Info" in message.payload["data"]["title"]


@pytest.mark.parametrize("tlp", [Tlp.GREEN, Tlp.AMBER, Tlp.RED])
def test_only_a_channel_that_may_be_told_gets_the_details_of_a_case_that_is_not_public(tlp: Tlp) -> None:
    case = replace(BLOCKED, tlp=tlp)
    desk, phone = told(EventKind.CONFIRMED, case, Route(id="everything", channels=("desk", "phone")))
    assert desk.payload["data"]["details"] == {
        "organisation": "ovd-info",
        "target": "ovd.info",
        "kind": "blocking",
        "countries": ["RU"],
        "provider": None,
        "origin": "measured",
        "strength": "explicit",
        "rule": "website.tls.reset.sni",
        "because": "The connection is reset as soon as it names the site.",
        "mechanisms": ["tls.reset.sni"],
        "intermittent": False,
        "onset": {"after": "2021-12-25T09:00:00Z", "by": "2021-12-25T09:05:00Z"},
        "end": None,
    }
    assert phone.payload["data"]["details"] is None


def test_the_place_of_a_vantage_point_never_leaves_the_house() -> None:
    for event, case in ((EventKind.CONFIRMED, BLOCKED), (EventKind.ENDED, ended(BLOCKED)), (EventKind.CONFIRMED, DOWN)):
        [message] = told(event, replace(case, tlp=Tlp.CLEAR))
        written = json.dumps(message.payload)
        assert not [name for name in ("moscow", "kazan", "berlin", "Anna") if name in written]


def test_a_route_can_be_tried_out() -> None:
    route = Route(id="night", channels=("phone", "desk"), language="ru")
    messages = routing.test_messages(route, watchlist(route), ONSET)
    assert [(message.kind, message.channel, message.incident) for message in messages] == [
        (MessageKind.TEST, "desk", None),
        (MessageKind.TEST, "phone", None),
    ]
    assert messages[0].payload["type"] == "test"
    assert "Это проверка" in messages[0].payload["data"]["text"]
    assert len({message.id for message in messages}) == 2


def size(message: Message) -> int:
    return len(json.dumps(message.payload, ensure_ascii=False).encode())


def oversized(name: str) -> Watchlist:
    words = Words.model_construct(en=name, ru=name)
    ours = OVD_INFO.model_copy(update={"name": words, "targets": (OVD_INFO.targets[0].model_copy(update={"name": words}),)})
    return watchlist(EVERYTHING, channels=(DESK, PHONE)).model_copy(update={"organisations": (ours,)})


@given(name=st.text(min_size=1), because=st.text(), kind=st.sampled_from(Kind))
def test_a_message_stays_small_whatever_stands_in_it(name: str, because: str, kind: Kind) -> None:
    case = replace(
        BLOCKED,
        kind=kind,
        because=because * 100_000,
        mechanisms=tuple(f"tls.mitm.{number}" for number in range(1000)),
        vantages=tuple(f"place-{number}" for number in range(1000)),
    )
    event = happening(EventKind.RETRACTED, case, reason=name * 10_000)
    [message] = routing.route(event, case, oversized(name * 10_000), ADDRESS)
    assert size(message) < 20_000
