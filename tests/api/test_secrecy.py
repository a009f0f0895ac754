"""An anonymous reader finds no trace of what has not been released: in no answer, no header, no count, no error."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Route

from monitor.core.descriptive import ActorKind, ActorRole, Basis, Review
from monitor.core.dossier import Actor, DatedStatement, Dates, Dossier, EvidenceItem, Marks, Reply
from monitor.core.incident import Bracket, CaseKey, Relation
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.message import Message, MessageKind
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Provider, ProviderKind
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House

HIDDEN = ("CW-2026-0002", "CW-2026-0003", "CW-2026-0004", "CW-2026-0008", "CW-2026-0009")

MAILCHIMP = Provider(id="mailchimp", name=Words(en="Mailchimp"), kinds=(ProviderKind.EMAIL_MARKETING,))

NAMES = ("memorial", "Memorial", "memohrc", "donate", "intranet", "moscow-home", "Anna", "Petrova", "berlin", *HIDDEN)
"""What would betray something: hidden organisations, targets, incidents, vantage points, and a person in a reason."""

ENDLESS = {"/api/v1/stream"}
"""Answers that do not end; its own tests tell what they hold."""

QUERIES = (
    "",
    "?lang=ru",
    "?organisation=memorial",
    "?organisation=ovd-info",
    "?kind=unreachable",
    "?country=RU",
    "?stage=suspected",
    "?stage=confirmed",
    "?limit=1",
    "?after=CW-2026-0002",
    "?after=0",
    "?after=CW-2026-0002.2",
    "?after=start",
    "?tlp=AMBER",
    "?origin=measured",
    "?organisation=memorial&country=RU",
    "?organisation=amnesty&target=intranet",
    "?organisation=amnesty&target=amnesty-org&limit=3",
    "?organisation=nobody",
    "?provider=mailchimp",
    "?origin=attested",
    "?origin=measured&open=true",
    "?open=false",
    "?tlp=AMBER",
    "?tlp=CLEAR",
    "?by=onset&since=2026-11-21T00:00:00Z",
    "?since=2026-11-21T11:00:00Z&until=2026-11-21T12:30:00Z",
    "?state=dead",
    "?after=msg_hidden",
)


@pytest.fixture
async def anonymous(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a key who comes through a proxy on this machine, as most do, and is not slowed down."""
    house.change(is_ending=lambda: True)  # so that a stream says where it stands, and ends; it has a story of its own
    async with house.client(peer="127.0.0.1") as client:
        client.headers["accept-encoding"] = "identity"  # so that lengths can be compared
        yield client


def paths_of(app: FastAPI) -> Iterator[str]:
    """Every address that answers GET, as a pattern."""
    for route in routes_of(app.routes):
        if "GET" in (route.methods or set()) and route.path not in ENDLESS:
            yield route.path


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            router: APIRouter = getattr(route, "original_router", route)  # type: ignore[arg-type]  # whatever holds routes
            yield from routes_of(router.routes)


def fill(pattern: str, incident: str, organisation: str, number: str) -> str:
    values = {"{name}": incident, "{slug}": organisation, "{number}": number, "{secret}": "guessed"}
    for placeholder, value in values.items():
        pattern = pattern.replace(placeholder, value)
    return pattern


async def answers(client: httpx2.AsyncClient, addresses: list[str]) -> dict[str, tuple[int, dict[str, str], str]]:
    found = {}
    for address in addresses:
        answer = await client.get(address)
        found[address] = (answer.status_code, dict(answer.headers), answer.text)
    return found


def named(tlp: Tlp | None = None, **more: Any) -> Dossier:
    """A dossier with a name, a date and a note that are only for the organisation, where `tlp` says so."""
    anna = Actor(
        entity=Words(en="Anna Petrova"),
        provider="mailchimp",
        kind=ActorKind.UNKNOWN,
        role=ActorRole.REPORTER,
        basis=Basis.SELF_REPORT,
        tlp=tlp,
    )
    dates = Dates(effective=DatedStatement(date="2026-11-20", basis=Basis.DOCUMENT, note="by Petrova", tlp=tlp))
    stated = {"actors": (anna,), "dates": dates, "note": "seen from moscow-home", "marks": Marks(note=tlp), **more}
    return cleared().model_copy(update=stated)


def cleared() -> Dossier:
    """The same without any of these."""
    return Dossier(title=Words(en="A newsletter is closed"), review=Review.REPORTED)


def marked() -> cast.Story:
    """A public case that named somebody, names her to the organisation alone, and was about to name nobody in between."""
    told = cast.attested(10, dossier=named())
    for dossier in (named(Tlp.AMBER), cleared(), named(Tlp.RED)):
        told = told.then(EventKind.CORRECTED, cast.NOW - timedelta(minutes=20), dossier=dossier, reason="Anna asked for it")
    return told


def a_wave() -> cast.Story:
    """A public mass event of two organisations, one of which is known to nobody outside."""
    key = CaseKey(organisation="", target="", family="mass:path", country="RU")
    members, affected = ("CW-2026-0001", "CW-2026-0002"), ("memorial", "ovd-info")
    because = "2 losses of memorial and ovd-info, seen from moscow-home"
    return cast.suspicion(11, key=key, members=members, affected=affected, because=because).confirmed().released()


def coming_and_going(story: cast.Story, times: int) -> cast.Story:
    """A log that is longer than what is read of it at once."""
    for _ in range(times):
        back = Bracket(after=None, by=story.incident.updated)
        story = story.ended(story.incident.updated + timedelta(seconds=1)).then(
            EventKind.REOPENED, story.incident.updated + timedelta(seconds=2), stage=IncidentStage.CONFIRMED, onset=back
        )
    return story


async def publish(house: House) -> None:
    """What everybody may know: OVD-Info's released cases, a mass event, and Amnesty's public site with what befell it."""
    since = cast.NOW - timedelta(hours=5)
    await cast.plant(house.store, cast.suspicion(1).confirmed().released(), marked(), a_wave())
    long = cast.suspicion(12, "amnesty", "amnesty-org", kind=Kind.OUTAGE).confirmed().released()
    await cast.plant(house.store, coming_and_going(long, 12))
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("amnesty", "amnesty-org", "www.amnesty.org")])
    await cast.see(
        house.store,
        [
            *cast.looks(State.OK, since=since, until=cast.NOW, vantage="berlin"),
            *cast.looks(State.BLOCKED, since=since, until=cast.NOW, vantage="moscow-home"),
            *cast.looks(
                State.OK, since=since, until=cast.NOW, organisation="amnesty", target="amnesty-org", vantage="moscow-home"
            ),
        ],
    )


def documented(number: int, tlp: Tlp, **changes: Any) -> cast.Story:
    """An attested case that names a provider, and two other incidents."""
    return cast.suspicion(
        number,
        key=CaseKey(organisation=changes.pop("of", ""), target="", family=f"entry:case-{number}", country=None),
        kind=Kind.WITHDRAWAL,
        stage=IncidentStage.CONFIRMED,
        origin=Origin.ATTESTED,
        tlp=tlp,
        provider="mailchimp",
        relations=(Relation(RelationKind.SEE_ALSO, "CW-2026-0002"), Relation(RelationKind.FOLLOWS, "CW-2026-0001")),
        dossier=Dossier(title=Words(en=changes.pop("title", "An account is closed"))),
        **dict.fromkeys(("onset", "rule", "because", "strength", "vantages", "mechanisms")),
        **changes,
    )


async def hide(house: House) -> None:
    """What nobody outside may know: cases that are AMBER or only suspected, those related to public ones, what is added to a
    public one for the organisation alone, parcels, deadlines, keys, looks at private targets."""
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("memorial", "memohrc-org", "memohrc.org")])
        await writing.mute("CW-2026-0001", cast.NOW + timedelta(hours=1), "key-Petrova")
        await writing.add_messages([a_message("CW-2026-0002")])
    await house.key(organisations=("memorial",))
    await cast.plant(
        house.store,
        documented(8, Tlp.AMBER, of="memorial", title="Memorial's account is closed"),
        documented(9, Tlp.GREEN, title="Anna's account is closed", members=("CW-2026-0001",)),
    )
    since, until = cast.NOW - timedelta(hours=5), cast.NOW
    await cast.plant(
        house.store,
        coming_and_going(cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.UNREACHABLE).confirmed(), 101),
        cast.suspicion(3, "ovd-info", "donate"),
        cast.suspicion(4, "amnesty", "intranet").released(),
    )
    await add_in_secret(house)
    for organisation, target in (("memorial", "memohrc-org"), ("ovd-info", "donate"), ("amnesty", "intranet")):
        async with house.store.writing() as writing:
            await writing.note_deadlines([cast.certificate_of(organisation, target, f"{target}.example")])
        seen = cast.looks(
            State.BLOCKED, since=since, until=until, organisation=organisation, target=target, vantage="moscow-home"
        )
        await cast.see(house.store, seen)


async def add_in_secret(house: House) -> None:
    """Evidence and a reply, to a public case, that only the organisation may know."""
    before = marked()
    evidence = (EvidenceItem(title="A letter to Anna Petrova", tlp=Tlp.AMBER),)
    replies = (Reply(by=Words(en="Anna"), text=Words(en="No."), tlp=Tlp.RED),)
    more = before.then(EventKind.EVIDENCE_ADDED, cast.NOW, dossier=named(Tlp.RED, evidence=evidence), reason="Petrova")
    more = more.then(EventKind.REPLIED, cast.NOW, dossier=named(Tlp.RED, evidence=evidence, replies=replies), reason="Anna")
    await cast.plant(house.store, cast.Story(more.incident, more.events[len(before.events) :]))


def a_message(incident: str) -> Message:
    return Message(
        id="msg_hidden",
        kind=MessageKind.ALARM,
        incident=incident,
        version=2,
        route="memorial",
        channel="mail",
        created_at=cast.NOW,
    )


ASKED = (
    ("CW-2026-0001", "amnesty", "3"),
    ("CW-2026-0002", "memorial", "1"),
    ("CW-2026-0010", "amnesty", "5"),
    ("CW-2026-0011", "amnesty", "3"),
    ("CW-2026-0012", "amnesty", "27"),
)
"""Incidents, organisations and versions that are asked for."""


async def test_every_answer_is_the_same_whether_or_not_there_is_something_to_hide(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await publish(house)
    patterns = list(paths_of(house.app))
    assert len(patterns) >= 38
    addresses = [
        f"{fill(pattern, incident, organisation, number)}{query}"
        for pattern in patterns
        for incident, organisation, number in ASKED
        for query in (QUERIES if "{" not in pattern else ("", "?lang=ru"))
    ]
    addresses = list(dict.fromkeys(addresses))
    before = await answers(anonymous, addresses)
    await hide(house)
    after = await answers(anonymous, addresses)
    assert before == after


async def test_no_answer_names_what_is_hidden(house: House, anonymous: httpx2.AsyncClient) -> None:
    await publish(house)
    await hide(house)
    public = [one for one in ASKED if one[0] not in HIDDEN]
    addresses = list(dict.fromkeys(fill(pattern, *one) for pattern in paths_of(house.app) for one in public))
    addresses += [f"/api/v1/incidents/CW-2026-0010/versions/{number}" for number in (1, 2, 3, 4)]
    for address, (_, headers, text) in (await answers(anonymous, addresses)).items():
        for name in NAMES:
            if address != "/openapi.json":
                assert name not in text, f"{address} betrays {name}"
            assert name not in str(headers), f"{address} betrays {name} in its headers"


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_a_hidden_incident_and_one_that_does_not_exist_get_the_same_answer(
    house: House, anonymous: httpx2.AsyncClient, hidden: str
) -> None:
    await publish(house)
    await hide(house)
    patterns = [pattern for pattern in paths_of(house.app) if "{name}" in pattern and "static" not in pattern]
    assert len(patterns) == 8
    for pattern in patterns:
        found = await anonymous.get(fill(pattern, hidden, "", "1"))
        missing = await anonymous.get(fill(pattern, "CW-2026-9999", "", "1"))
        assert found.status_code == missing.status_code == 404
        assert found.text.replace(hidden, "CW-2026-9999") == missing.text
        assert found.headers == missing.headers


async def test_a_hidden_organisation_and_one_that_does_not_exist_get_the_same_answer(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    for pattern in ("/organisations/{slug}", "/api/v1/organisations/{slug}"):
        found = await anonymous.get(fill(pattern, "", "memorial", ""))
        missing = await anonymous.get(fill(pattern, "", "nemorial", ""))
        assert found.status_code == missing.status_code == 404
        assert found.text.replace("memorial", "nemorial") == missing.text


LINKS = (
    (EventKind.LINKED, RelationKind.MEMBER_OF),
    (EventKind.NOTICE_LINKED, RelationKind.ANNOUNCED_BY),
    (EventKind.LINKED, RelationKind.SEE_ALSO),
)


@pytest.mark.parametrize(("kind", "relation"), LINKS)
@pytest.mark.parametrize("is_early", [True, False], ids=["before the release", "after it"])
async def test_a_released_incident_that_is_linked_to_a_hidden_one_is_the_same_to_the_byte(
    house: House, anonymous: httpx2.AsyncClient, kind: EventKind, relation: RelationKind, is_early: bool
) -> None:
    linked_at = cast.NOW - timedelta(minutes=1)
    relations = (Relation(relation, "CW-2026-0002"),)
    member = cast.suspicion(5).confirmed()
    if not is_early:
        member = member.released()
    await publish(house)
    await cast.plant(house.store, member)
    await cast.plant(
        house.store, cast.suspicion(6, "amnesty", "amnesty-org", began=cast.NOW - timedelta(hours=2)).confirmed().released()
    )
    paths = [path for path in paths_of(house.app) if "{slug}" not in path]
    addresses = [f"{fill(path, 'CW-2026-0005', '', number)}{query}" for path in paths for number, query in NUMBERED]
    addresses += [f"/api/v1/events?after=CW-2026-0005.{number}" for number in (3, 4)]
    before = await answers(anonymous, addresses)
    linked = member.then(kind, linked_at, relations=relations, reason="one order, said Ms Petrova")
    async with house.store.writing() as writing:
        await writing.append([linked.events[-1]], [linked.incident])
    await cast.plant(house.store, a_mass_event("CW-2026-0005"))
    assert await answers(anonymous, addresses) == before
    if is_early:
        assert (await anonymous.get("/api/v1/incidents/CW-2026-0005")).status_code == 404
        released = linked.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.CLEAR)
        async with house.store.writing() as writing:
            await writing.append([released.events[-1]], [released.incident])
    log = (await anonymous.get("/api/v1/incidents/CW-2026-0005/log")).json()["items"]
    assert [one["kind"] for one in log] == ["opened", "confirmed", "released"]


NUMBERED = (("3", ""), ("4", ""), ("3", "?limit=2"))


def a_mass_event(*members: str) -> cast.Story:
    """Nobody has released it."""
    key = CaseKey(organisation="", target="", family="mass:path", country="RU")
    return cast.suspicion(2, key=key, members=members, struck=len(members)).confirmed()


async def test_later_versions_of_what_was_linked_unseen_keep_their_numbers(house: House, anonymous: httpx2.AsyncClient) -> None:
    relations = (Relation(RelationKind.MEMBER_OF, "CW-2026-0002"),)
    linked = cast.suspicion(1).confirmed().released().then(EventKind.LINKED, cast.NOW, relations=relations)
    ended = linked.ended(cast.NOW + timedelta(minutes=5))
    await cast.plant(house.store, ended, a_mass_event("CW-2026-0001"))
    told = (await anonymous.get("/api/v1/incidents/CW-2026-0001/events")).json()["items"]
    assert [one["version"] for one in told] == [1, 2, 3, 5]
    assert (await anonymous.get("/api/v1/incidents/CW-2026-0001")).json()["version"] == 5
    for address in ("/incidents/CW-2026-0001/v", "/api/v1/incidents/CW-2026-0001/versions/"):
        assert [(await anonymous.get(f"{address}{number}")).status_code for number in (3, 4, 5)] == [200, 404, 200]
    page = (await anonymous.get("/incidents/CW-2026-0001/v3")).text
    assert "CW-2026-0001/v5" not in page.partition("<main")[2].partition("Read the latest version")[2]


async def test_who_may_read_both_ends_is_told_that_they_are_linked(house: House, staff: httpx2.AsyncClient) -> None:
    relations = (Relation(RelationKind.MEMBER_OF, "CW-2026-0002"),)
    linked = cast.suspicion(1).confirmed().released().then(EventKind.LINKED, cast.NOW, relations=relations)
    await cast.plant(house.store, linked, a_mass_event("CW-2026-0001"))
    found = (await staff.get("/api/v1/incidents/CW-2026-0001")).json()
    log = (await staff.get("/api/v1/incidents/CW-2026-0001/log")).json()["items"]
    assert (found["version"], found["part_of"], log[-1]["kind"]) == (4, "CW-2026-0002", "linked")


async def test_a_cursor_does_not_tell_hidden_incidents_from_missing_ones(house: House, anonymous: httpx2.AsyncClient) -> None:
    await publish(house)
    await hide(house)
    hidden = await anonymous.get("/api/v1/incidents?after=CW-2026-0002")
    missing = await anonymous.get("/api/v1/incidents?after=CW-2026-9999")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (422, missing.content)


async def test_the_versions_before_the_release_stay_private(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await publish(house)
    for number, public in ((1, 404), (2, 404), (3, 200), (4, 404)):
        for address in (f"/incidents/CW-2026-0001/v{number}", f"/api/v1/incidents/CW-2026-0001/versions/{number}"):
            assert (await anonymous.get(address)).status_code == public
            assert (await staff.get(address)).status_code == (200 if number < 4 else 404)


async def test_the_log_of_a_released_incident_keeps_its_reasons_and_places_to_itself(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await publish(house)
    told = (await anonymous.get("/api/v1/incidents/CW-2026-0001/events")).json()["items"]
    known = (await staff.get("/api/v1/incidents/CW-2026-0001/events")).json()["items"]
    assert [one["kind"] for one in told] == [one["kind"] for one in known] == ["opened", "confirmed", "released"]
    assert told[0]["data"] == told[1]["data"] == {}
    assert (told[2]["data"]["tlp"], told[2]["data"]["because"]) == ("CLEAR", cast.SNI_RESET)
    assert not {"vantages", "reason"} & told[2]["data"].keys()
    assert known[0]["data"]["vantages"] == ["moscow-home"]
    assert "Petrova" in known[2]["data"]["reason"]
