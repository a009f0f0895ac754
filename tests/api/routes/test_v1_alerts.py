"""`/api/v1/alerts`: what one would be alerted of, for programs that ask from time to time."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from monitor.alerts.payload import IncidentPayload
from monitor.core.descriptive import ActorKind, ActorRole, Basis
from monitor.core.dossier import Actor, Dossier
from monitor.core.incident import Bracket, CaseKey, Event
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Tlp, Words
from monitor.core.phrases import PHRASES
from monitor.store import Reading
from tests.api import cast
from tests.api.conftest import House

ALERTS = "/api/v1/alerts"


async def told(client: httpx2.AsyncClient, query: str = "") -> list[tuple[str, str]]:
    answer = await client.get(f"{ALERTS}{query}")
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["type"]) for one in answer.json()["items"]]


def a_course(number: int, **where: Any) -> cast.Story:
    """Seen, confirmed, over, and back again."""
    story = cast.suspicion(number, **where).confirmed()
    return story.ended(cast.NOW - timedelta(hours=1)).then(
        EventKind.REOPENED, cast.NOW, stage=IncidentStage.CONFIRMED, onset=Bracket(after=None, by=cast.NOW)
    )


async def test_alerts_are_what_subscribers_are_told_in_the_order_of_the_log(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, a_course(1), cast.suspicion(2, "memorial", "memohrc-org"), cast.attested(3))
    assert await told(staff) == [
        ("CW-2026-0001.2", "incident.confirmed"),
        ("CW-2026-0001.3", "incident.ended"),
        ("CW-2026-0001.4", "incident.reopened"),
    ]


async def test_an_alert_is_what_a_webhook_would_be_sent(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    (item,) = (await staff.get(f"{ALERTS}?lang=ru")).json()["items"]
    assert item.pop("id") == "CW-2026-0001.2"
    payload = IncidentPayload.model_validate(item)
    assert (payload.type, payload.data.incident, payload.data.version) == ("incident.confirmed", "CW-2026-0001", 2)
    assert payload.data.severity == "morning"
    assert "ОВД-Инфо" in payload.data.title
    assert payload.data.details.because == cast.SNI_RESET
    assert payload.data.url == f"{cast.ADDRESS}/incidents/CW-2026-0001"


async def test_pages_leave_nothing_out_and_the_cursor_stays_good(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, *(a_course(number) for number in range(1, 5)))
    seen: list[str] = []
    cursor = (await staff.get(ALERTS, params={"limit": 1})).json()["items"] and "start"
    for _ in range(4):
        page = (await staff.get(f"{ALERTS}?after={cursor}&limit=5")).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [f"CW-2026-000{number}.{version}" for number in range(1, 5) for version in (2, 3, 4)]
    assert cursor == seen[-1]
    await cast.plant(house.store, cast.suspicion(9).confirmed())
    assert await told(staff, f"?after={cursor}") == [("CW-2026-0009.2", "incident.confirmed")]


async def test_where_nothing_has_happened_the_cursor_is_the_start(anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get(ALERTS)).json() == {"items": [], "next": "start"}
    assert (await anonymous.get(f"{ALERTS}?after=start")).json() == {"items": [], "next": "start"}


async def test_the_public_hears_of_a_case_when_it_is_released_and_insiders_when_it_happens(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    story = cast.suspicion(1).confirmed()
    await cast.plant(house.store, cast.suspicion(2, target="donate").confirmed().released(), story)
    before = (await anonymous.get(ALERTS)).json()["next"]
    released = story.released().ended(cast.NOW)
    await cast.plant(house.store, cast.Story(released.incident, released.events[2:]))
    assert await told(anonymous, f"?after={before}") == [
        ("CW-2026-0001.3", "incident.released"),
        ("CW-2026-0001.4", "incident.ended"),
    ]
    async with house.client(secret=await house.key(Scope.READ, organisations=("ovd-info",))) as insider:
        assert [name for name, _ in await told(insider)] == ["CW-2026-0002.2", "CW-2026-0001.2", "CW-2026-0001.4"]


async def test_outsiders_are_told_no_vantage_point_and_no_reason_of_a_release(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    text = (await anonymous.get(ALERTS)).text
    assert "incident.released" in text
    assert not [name for name in ("moscow-home", "Anna", "Petrova") if name in text]


def a_dossier(*names: str, tlp: Tlp | None = None) -> Dossier:
    named = (Words(en=name) for name in names)
    kind, role, basis = ActorKind.NETWORK_OPERATOR, ActorRole.IMPLEMENTER, Basis.DOCUMENT
    actors = [Actor(entity=one, kind=kind, role=role, basis=basis, tlp=tlp) for one in named]
    return Dossier(title=Words(en="A line is cut"), actors=tuple(actors))


async def test_a_correction_is_an_alert_where_it_takes_something_back_and_an_addition_is_none(
    house: House, staff: httpx2.AsyncClient
) -> None:
    named = cast.suspicion(1).confirmed().then(EventKind.CORRECTED, cast.NOW, dossier=a_dossier("Akado"))
    more = named.then(EventKind.CORRECTED, cast.NOW, dossier=a_dossier("Akado", "Rostelecom"))
    await cast.plant(house.store, more.then(EventKind.CORRECTED, cast.NOW, dossier=a_dossier("Rostelecom")))
    assert await told(staff) == [("CW-2026-0001.2", "incident.confirmed"), ("CW-2026-0001.5", "incident.corrected")]


async def test_nobody_hears_that_something_was_taken_back_that_was_held_back_from_them(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    secret = cast.suspicion(1, dossier=a_dossier("Akado", tlp=Tlp.AMBER)).confirmed().released()
    await cast.plant(house.store, secret.then(EventKind.CORRECTED, cast.NOW, dossier=a_dossier()))
    assert await told(anonymous) == [("CW-2026-0001.3", "incident.released")]
    assert [name for name, _ in await told(staff)] == ["CW-2026-0001.2", "CW-2026-0001.4"]


async def test_what_is_closed_again_is_gone_but_its_cursor_stays_good(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed().released()
    await cast.plant(house.store, story)
    cursor = (await anonymous.get(ALERTS)).json()["next"]
    closed = story.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="asked for")
    await cast.plant(house.store, cast.Story(closed.incident, closed.events[-1:]))
    for query in ("", f"?after={cursor}", "?organisation=memorial&kind=outage"):
        assert (await anonymous.get(f"{ALERTS}{query}")).json() == {
            "items": [
                {
                    "id": "CW-2026-0001.4",
                    "type": "incident.unreleased",
                    "time": "2026-11-21T12:00:00Z",
                    "data": {"incident": "CW-2026-0001"},
                }
            ],
            "next": "CW-2026-0001.4",
        }
    assert await told(anonymous, "?after=CW-2026-0001.4") == []


async def test_whoever_may_still_read_what_was_closed_is_told_nothing_of_the_kind(
    house: House, staff: httpx2.AsyncClient
) -> None:
    story = cast.suspicion(1).confirmed().released()
    await cast.plant(house.store, story.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="asked for"))
    async with house.client(secret=await house.key(Scope.READ, organisations=("ovd-info",))) as insider:
        for client in (staff, insider):
            assert await told(client) == [("CW-2026-0001.2", "incident.confirmed")]
            assert await told(client, "?after=CW-2026-0001.2") == []
            log = (await client.get("/api/v1/incidents/CW-2026-0001/log")).json()["items"]
            assert [(one["kind"], one["data"].get("tlp")) for one in log[2:]] == [("released", "CLEAR"), ("released", "AMBER")]


NARROWING: tuple[tuple[EventKind, dict[str, Any]], ...] = (
    (EventKind.SCOPE_CHANGED, {}),
    (EventKind.ENDED, {"stage": IncidentStage.ENDED, "end": Bracket(after=None, by=cast.NOW)}),
    (EventKind.REOPENED, {"stage": IncidentStage.CONFIRMED}),
    (EventKind.RECLASSIFIED, {"mechanisms": ("tcp.reset",)}),
    (EventKind.LINKED, {"members": ("CW-2026-0001", "CW-2026-0002")}),
)


@pytest.mark.parametrize(("kind", "change"), NARROWING, ids=[kind for kind, _ in NARROWING])
async def test_a_mass_event_that_narrows_by_itself_is_gone_and_said_to_be(
    house: House, anonymous: httpx2.AsyncClient, kind: EventKind, change: dict[str, Any]
) -> None:
    mass = many(3)
    await cast.plant(house.store, cast.suspicion(1).confirmed().released(), mass)
    cursor = (await anonymous.get(ALERTS)).json()["next"]
    assert cursor == "CW-2026-0003.3"
    narrowed = mass.then(kind, cast.NOW, tlp=Tlp.AMBER, reason="organisations have joined", **change)
    await cast.plant(house.store, cast.Story(narrowed.incident, narrowed.events[-1:]))
    assert await told(anonymous, f"?after={cursor}") == [("CW-2026-0003.4", "incident.unreleased")]
    assert (await anonymous.get(ALERTS)).json()["next"] == "CW-2026-0003.4"
    feed = (await anonymous.get("/feed.json")).json()
    assert [one["id"] for one in feed["_cutwatch"]["unreleased"]] == ["CW-2026-0003"]
    assert "deleted-entry" in (await anonymous.get("/feed.atom")).text


async def test_cases_that_are_gone_are_told_of_in_the_order_in_which_they_went(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    case, other = (cast.suspicion(number).confirmed().released() for number in (1, 2))
    mass = many(3)
    await cast.plant(house.store, case, mass, other)
    for story, kind in ((case, EventKind.RELEASED), (mass, EventKind.SCOPE_CHANGED), (other, EventKind.CORRECTED)):
        closed = story.then(kind, cast.NOW, tlp=Tlp.AMBER, reason="r")
        await cast.plant(house.store, cast.Story(closed.incident, closed.events[-1:]))
    gone = ["CW-2026-0001.4", "CW-2026-0003.4", "CW-2026-0002.4"]
    assert [name for name, _ in await told(anonymous)] == gone
    assert [name for name, _ in await told(anonymous, "?limit=2")] == gone[:2]
    feed = (await anonymous.get("/feed.json")).json()
    assert [one["id"] for one in feed["_cutwatch"]["unreleased"]] == ["CW-2026-0002", "CW-2026-0003", "CW-2026-0001"]


def many(number: int) -> cast.Story:
    """A mass event that somebody has released."""
    key = CaseKey(organisation="", target="", family="mass:path", country="RU")
    where = {"key": key, "members": ("CW-2026-0001",), "affected": ("ovd-info",), "began": cast.NOW - timedelta(hours=2)}
    return cast.suspicion(number, "", "", **where).confirmed().released()


async def test_nothing_is_told_of_what_was_never_for_everybody(house: House, anonymous: httpx2.AsyncClient) -> None:
    suspected = cast.suspicion(1).then(EventKind.RELEASED, cast.NOW, tlp=Tlp.CLEAR, reason="too early")
    green = cast.suspicion(2).confirmed().then(EventKind.RELEASED, cast.NOW, tlp=Tlp.GREEN, reason="r")
    closed = suspected.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="r")
    await cast.plant(house.store, closed, green.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.RED, reason="r"))
    assert (await anonymous.get(ALERTS)).json() == {"items": [], "next": "start"}
    for feed in ("/feed.json", "/feed.atom"):
        assert "CW-2026" not in (await anonymous.get(feed)).text
    answers = [await anonymous.get(f"{ALERTS}?after={one}") for one in ("CW-2026-0001.3", "CW-2026-0002.3", "CW-2026-9999.3")]
    assert {(one.status_code, one.content) for one in answers} == {(422, answers[0].content)}


async def test_what_is_released_again_is_there_again(house: House, anonymous: httpx2.AsyncClient) -> None:
    closed = cast.suspicion(1).confirmed().released().then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="r")
    await cast.plant(house.store, closed.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.CLEAR, reason="r"))
    assert (await told(anonymous))[-1] == ("CW-2026-0001.5", "incident.released")
    assert await told(anonymous, "?after=CW-2026-0001.4") == [("CW-2026-0001.5", "incident.released")]


async def test_the_cursor_of_what_is_hidden_and_of_what_is_missing_get_the_same_answer(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, target="donate").confirmed().released())
    answers = [await anonymous.get(f"{ALERTS}?after={one}") for one in ("CW-2026-0001.2", "CW-2026-0002.9", "CW-2026-9999.1")]
    assert {(one.status_code, one.content) for one in answers} == {(422, answers[0].content)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?organisation=memorial", ["CW-2026-0002.2"]),
        ("?kind=outage", ["CW-2026-0002.2"]),
        ("?country=RU", ["CW-2026-0001.2", "CW-2026-0002.2"]),
        ("?country=BY", []),
        ("?tlp=CLEAR", []),
        ("?provider=mailchimp", []),
        ("?limit=1", ["CW-2026-0001.2"]),
    ],
)
async def test_filters_narrow_the_alerts(house: House, staff: httpx2.AsyncClient, query: str, expected: list[str]) -> None:
    second = cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.OUTAGE).confirmed()
    await cast.plant(house.store, cast.suspicion(1).confirmed(), second)
    assert [name for name, _ in await told(staff, query)] == expected


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("?since=0", 400, "it knows: after, country, kind, lang, limit, organisation, provider, tlp"),
        ("?after=118", 422, "after"),
        ("?after=CW-2026-0001", 422, "after"),
        ("?after=", 422, "after"),
        ("?limit=0", 422, "limit"),
    ],
)
async def test_what_cannot_be_used_is_an_error_that_says_so(
    anonymous: httpx2.AsyncClient, query: str, status: int, named: str
) -> None:
    answer = await anonymous.get(f"{ALERTS}{query}")
    assert answer.status_code == status
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("scopes", [None, (Scope.NOTICES,)])
async def test_to_answer_the_public_no_hidden_event_is_read_not_even_of_a_network(
    house: House, monkeypatch: pytest.MonkeyPatch, scopes: tuple[Scope, ...] | None
) -> None:
    await cast.plant(house.store, cut_off(1), cut_off(2), cast.suspicion(3).confirmed(), cast.suspicion(4).confirmed().released())
    read: list[str] = []
    whole = Reading.logs

    async def logs(reading: Reading, incidents: Collection[str]) -> dict[str, list[Event]]:
        read.extend(incidents)
        return await whole(reading, incidents)

    monkeypatch.setattr(Reading, "logs", logs)
    secret = await house.key(*scopes, organisations=("ovd-info",)) if scopes else None
    async with house.client(secret=secret) as client:
        assert await told(client) == [("CW-2026-0004.3", "incident.released")]
    assert read == ["CW-2026-0004"]


def cut_off(number: int) -> cast.Story:
    """A network that is cut off from the world, which nobody has released."""
    key = CaseKey(organisation="", target="", family="isolation", country="RU")
    return cast.suspicion(number, key=key, kind=Kind.ISOLATION, vantages=("moscow-home",)).confirmed()


async def test_what_to_do_is_told_to_those_whom_it_struck_and_to_nobody_else(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    texts = []
    for organisation in ("ovd-info", "memorial"):
        async with house.client(secret=await house.key(Scope.READ, organisations=(organisation,))) as client:
            texts.append((await client.get(ALERTS)).json()["items"][0]["data"]["text"])
    texts.append((await anonymous.get(ALERTS)).json()["items"][0]["data"]["text"])
    advice = PHRASES["en"].losses[Kind.BLOCKING].advice
    assert [advice in text for text in texts] == [True, False, False]
    assert texts[1] == texts[2]
    assert "mute" not in texts[2]
    assert texts[2].endswith(f"{cast.ADDRESS}/incidents/CW-2026-0001")
