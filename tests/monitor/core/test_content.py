"""What a message carries, and to whom it names nobody. The cast is that of `tests.monitor.cast`."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import content, routing
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, Kind
from monitor.core.message import Message
from monitor.core.model import Tlp, Words
from monitor.core.subscription import Escalation, Route
from monitor.core.telling import Telling
from monitor.core.watchlist import Watchlist
from tests.monitor.cast import ADDRESS, BLOCKED, DOWN, OVD_INFO, ended, happening, watchlist

EVERYTHING = Route(id="everything", channels=("desk",))


def told(kind: EventKind, incident: Incident = BLOCKED, *routes: Route, **data: Any) -> tuple[Message, ...]:
    return routing.route(happening(kind, incident, **data), incident, watchlist(*(routes or (EVERYTHING,))), ADDRESS)


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


@pytest.mark.parametrize("tlp", [Tlp.GREEN, Tlp.AMBER])
def test_only_a_channel_that_may_be_told_gets_the_details_of_a_case_that_is_not_public(tlp: Tlp) -> None:
    case = replace(BLOCKED, tlp=tlp)
    desk, phone = told(EventKind.CONFIRMED, case, Route(id="everything", channels=("desk", "phone")))
    assert desk.payload["data"]["details"] == {
        "organisation": "ovd-info",
        "organisation_name": "OVD-Info",
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


def test_no_channel_is_told_the_names_of_what_is_red() -> None:
    [message] = told(EventKind.CONFIRMED, replace(BLOCKED, tlp=Tlp.RED))
    assert message.payload["data"]["tlp"] == "RED"
    assert message.payload["data"]["details"] is None
    assert "ovd" not in json.dumps(message.payload).lower()


def test_the_place_of_a_vantage_point_never_leaves_the_house() -> None:
    for event, case in ((EventKind.CONFIRMED, BLOCKED), (EventKind.ENDED, ended(BLOCKED)), (EventKind.CONFIRMED, DOWN)):
        [message] = told(event, replace(case, tlp=Tlp.CLEAR))
        written = json.dumps(message.payload)
        assert not [name for name in ("moscow", "kazan", "berlin", "Anna") if name in written]


HOSTILE = ("<b>&amp;</b>", "\x1b[31m", "\u202e\u2066", "Subject: x\r\nBcc: y", "\x00", "{country}{0}", "\ud83d\ude00" * 3)


def size(message: Message) -> int:
    return len(json.dumps(message.payload, ensure_ascii=False).encode())


def oversized(name: str) -> Watchlist:
    words = Words.model_construct(en=name, ru=name)
    ours = OVD_INFO.model_copy(update={"name": words, "targets": (OVD_INFO.targets[0].model_copy(update={"name": words}),)})
    route = Route(id="everything", channels=("desk",), second="phone", escalate=Escalation(channels=("pager",)))
    return watchlist(route, route.model_copy(update={"id": "russian", "language": "ru"})).model_copy(
        update={"organisations": (ours,)}
    )


@given(
    name=st.text(min_size=1) | st.sampled_from(HOSTILE),
    because=st.text() | st.sampled_from(HOSTILE),
    kind=st.sampled_from(Kind),
    event=st.sampled_from(sorted(routing.TOLD_AS)),
)
def test_a_message_stays_small_and_harmless_whatever_stands_in_it(name: str, because: str, kind: Kind, event: EventKind) -> None:
    case = replace(
        BLOCKED,
        kind=kind,
        because=because * 100_000,
        rule=because * 100_000,
        provider=name * 100_000,
        mechanisms=tuple(f"tls.mitm.{number}{name * 1000}" for number in range(100)),
        vantages=tuple(f"place-{number}" for number in range(1000)),
    )
    messages = routing.route(happening(event, case, reason=name * 10_000), case, oversized(name * 10_000), ADDRESS)
    for message in messages:
        assert size(message) < 20_000
        data = message.payload["data"]
        assert not set("\r\n\0\x1b\u202e\u2066<>") & set(data["title"] + str(data["details"]))
        assert not set("\r\0\x1b\u202e\u2066<>") & set(data["text"])


INTERCEPTED = replace(BLOCKED, mechanisms=("tls.mitm.state_ca",))


@pytest.mark.parametrize(
    ("event", "incident", "severity"),
    [
        (EventKind.CONFIRMED, INTERCEPTED, "page"),
        (EventKind.SCOPE_CHANGED, INTERCEPTED, "morning"),
        (EventKind.ENDED, ended(INTERCEPTED), "morning"),
    ],
)
def test_a_payload_is_as_urgent_as_its_message(event: EventKind, incident: Incident, severity: str) -> None:
    [message] = told(event, incident)
    assert (message.severity, message.payload["data"]["severity"]) == (severity, severity)
    assert message.payload["data"]["incident_severity"] == "page"


def test_news_that_can_wait_does_not_ask_to_act_now() -> None:
    [message] = told(EventKind.SCOPE_CHANGED, INTERCEPTED)
    assert "act now" not in f"{message.payload['data']['title']} {message.payload['data']['text']}".lower()


def test_a_reader_of_the_stream_learns_how_urgent_the_news_is() -> None:
    over = ended(INTERCEPTED)
    story = Telling(event=happening(EventKind.ENDED, over), incident=over, watchlist=watchlist(), language="en", address=ADDRESS)
    assert content.for_readers(story)["data"]["severity"] == "morning"


def test_those_whom_it_did_not_strike_are_not_asked_to_act() -> None:
    story = Telling(
        event=happening(EventKind.CONFIRMED, INTERCEPTED),
        incident=INTERCEPTED,
        watchlist=watchlist(),
        language="en",
        address=ADDRESS,
    )
    outside, inside = content.for_outsiders(story)["data"], content.for_readers(story)["data"]
    assert inside["title"] == "OVD-Info: ovd.info connection intercepted (Russia), act now"
    assert outside["title"] == "OVD-Info: ovd.info connection intercepted (Russia)"
