"""What a statement says that is held back is in nothing that an outsider can ask for, and what only adds one leaves no trace.

That something was corrected which everybody could read, and when, is told: whoever has a copy must know that it is an old one.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from monitor.core.decision import Decision, add_evidence, add_reply, decide, reinstate
from monitor.core.descriptive import ActorKind, ActorRole, Basis, LegalBasis, Review
from monitor.core.dossier import (
    Actor,
    DatedStatement,
    Dates,
    Dossier,
    EvidenceItem,
    LegalGround,
    Marks,
    Reinstatement,
    Reply,
)
from monitor.core.incident import apply
from monitor.core.kinds import EventKind, Kind
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Provider, ProviderKind
from tests.api import cast
from tests.api.conftest import House

CASE = "/api/v1/incidents/CW-2026-0001"

EVERYWHERE = (
    CASE,
    f"{CASE}/events",
    f"{CASE}/log",
    *(f"{CASE}/versions/{number}" for number in (1, 2, 3, 4)),
    "/api/v1/incidents",
    "/api/v1/incidents?kind=notice&by=onset&since=2022-01-01T00:00:00Z",
    "/api/v1/notices",
    "/api/v1/alerts",
    "/api/v1/providers",
    "/api/v1/providers/godaddy",
    "/feed.json",
    "/feed.atom",
    "/calendar.ics",
    "/incidents/CW-2026-0001",
    "/incidents/CW-2026-0001/log",
    *(f"/incidents/CW-2026-0001/v{number}" for number in (1, 2, 3, 4)),
    "/timeline",
)

COURT = Actor(entity=Words(en="A court"), kind=ActorKind.STATE_COURT, role=ActorRole.ORDERER, basis=Basis.DOCUMENT)

INFORMANT = Actor(
    entity=Words(en="Informantov"),
    provider="godaddy",
    kind=ActorKind.UNKNOWN,
    role=ActorRole.REPORTER,
    basis=Basis.SELF_REPORT,
)

TITLE = Words(en="A registrar announces the end")

OPEN = Dossier(title=TITLE, actors=(COURT,), review=Review.REPORTED)


def stated(tlp: Tlp | None) -> Dossier:
    """A dossier of which some is only for the organisation, where `tlp` says so."""
    return Dossier(
        title=TITLE,
        actors=(INFORMANT.model_copy(update={"tlp": tlp}), COURT),
        legal_basis=(LegalGround(value=LegalBasis.COURT_ORDER, cited="the paper of Informantov", basis=Basis.DOCUMENT, tlp=tlp),),
        dates=Dates(effective=DatedStatement(date="2027-03-17", basis=Basis.SELF_REPORT, tlp=tlp)),
        note="Informantov must not be named",
        marks=Marks(note=tlp),
        review=Review.REPORTED,
    )


def story(*dossiers: Dossier) -> cast.Story:
    """A notice that was entered, then corrected once for each further dossier."""
    told = cast.attested(1, kind=Kind.NOTICE, dossier=dossiers[0])
    for dossier in dossiers[1:]:
        told = told.then(EventKind.CORRECTED, cast.NOW, dossier=dossier, reason="Informantov told us")
    return told


def decided(story: cast.Story, decision: Decision) -> cast.Story:
    """The same story after a person has decided this."""
    event = decide(story.incident, decision, cast.NOW)
    return cast.Story(apply(story.incident, event), (*story.events, event))


async def everything(client: httpx2.AsyncClient) -> dict[str, str]:
    answers = {address: await client.get(address) for address in EVERYWHERE}
    return {address: answer.text for address, answer in answers.items()}


@pytest.fixture
async def watched(house: House) -> House:
    godaddy = Provider(id="godaddy", name=Words(en="GoDaddy"), kinds=(ProviderKind.REGISTRAR,))
    await house.watch(cast.watchlist().model_copy(update={"providers": (godaddy,)}))
    return house


async def test_whoever_reads_the_public_answers_cannot_tell_that_something_is_held_back(
    watched: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(watched.store, story(stated(Tlp.AMBER)))
    for address, text in (await everything(anonymous)).items():
        assert "Informantov" not in text, address
        assert "2027" not in text, address
    shown = (await anonymous.get(CASE)).json()
    assert shown["onset"] is None
    assert shown["dossier"] == OPEN.model_dump(mode="json")
    assert (await anonymous.get("/api/v1/providers/godaddy")).json()["record"]["incidents"] == 0


async def test_a_filter_by_time_finds_nothing_by_a_date_that_is_held_back(watched: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(watched.store, story(stated(Tlp.AMBER)))
    address = "/api/v1/incidents?by=onset&since=2027-03-01T00:00:00Z&until=2027-04-01T00:00:00Z"
    assert (await anonymous.get(address)).json()["items"] == []
    async with watched.client(secret=await watched.key()) as keyed:
        assert len((await keyed.get(address)).json()["items"]) == 1


async def test_what_is_held_back_later_leaves_the_versions_before_and_gives_no_reason(
    watched: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(watched.store, story(stated(None), stated(Tlp.RED), stated(Tlp.AMBER)))
    for address, text in (await everything(anonymous)).items():
        assert "Informantov" not in text, address
    log = (await anonymous.get(f"{CASE}/log")).json()["items"]
    assert [(one["version"], one["reason"], one["differences"], "dossier" in one["data"]) for one in log] == [
        (1, None, [], True),
        (2, None, [], False),
        (3, None, [], False),
    ]


async def test_the_reason_of_a_correction_is_told_where_its_readers_see_what_it_changed(
    watched: House, anonymous: httpx2.AsyncClient
) -> None:
    hidden = stated(Tlp.AMBER)
    shown = hidden.model_copy(update={"confidence_note": "Two sources agree."})
    opened = cast.attested(1, kind=Kind.NOTICE, dossier=hidden)
    await cast.plant(watched.store, opened.then(EventKind.CORRECTED, cast.NOW, dossier=shown, reason="a second source"))
    last = (await anonymous.get(f"{CASE}/log")).json()["items"][-1]
    assert last["reason"] == "a second source"
    assert [one["field"] for one in last["differences"]] == ["dossier.confidence_note"]


async def test_the_organisation_itself_reads_all_of_it(watched: House) -> None:
    await cast.plant(watched.store, story(stated(Tlp.RED)))
    async with watched.client(secret=await watched.key(organisations=("ovd-info",))) as insider:
        assert (await insider.get(CASE)).json()["dossier"] == stated(Tlp.RED).model_dump(mode="json")
    async with watched.client(secret=await watched.key(organisations=("memorial",))) as other:
        assert "Informantov" not in (await other.get(CASE)).text


NOTE = "Informantov told us on Monday."

REWORDED = (
    ({"note": NOTE}, {"note": "Informantov told.", "marks": Marks(note=Tlp.AMBER)}),
    (
        {"actors": (COURT, INFORMANT.model_copy(update={"note": NOTE}))},
        {"actors": (COURT, INFORMANT.model_copy(update={"tlp": Tlp.RED}))},
    ),
    (
        {"dates": Dates(ended=DatedStatement(date="2027-04", basis=Basis.DOCUMENT, note="Informantov"))},
        {"dates": Dates(ended=DatedStatement(date="2027-05", basis=Basis.DOCUMENT, tlp=Tlp.AMBER))},
    ),
)
"""What a dossier stated openly, and what it stated after one correction."""


async def test_what_was_marked_once_does_not_come_back_when_it_is_no_longer_stated(
    watched: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(watched.store, story(stated(None), stated(Tlp.AMBER), OPEN))
    for address, text in (await everything(anonymous)).items():
        assert "Informantov" not in text, address
        assert "2027" not in text, address
    first = (await anonymous.get(f"{CASE}/versions/1")).json()
    assert (first["onset"], first["dossier"]) == (None, OPEN.model_dump(mode="json"))


@pytest.mark.parametrize(("before", "after"), REWORDED, ids=["a text", "one of many", "a date"])
@pytest.mark.parametrize("is_dropped", [False, True], ids=["it stands", "it was dropped"])
async def test_what_is_reworded_as_it_is_marked_does_not_stay_in_its_old_words(
    watched: House, anonymous: httpx2.AsyncClient, before: dict[str, Any], after: dict[str, Any], is_dropped: bool
) -> None:
    dossiers = [OPEN.model_copy(update=stated) for stated in (before, after)]
    await cast.plant(watched.store, story(*dossiers, *[OPEN] * is_dropped))
    for address, text in (await everything(anonymous)).items():
        assert "Informantov" not in text, address
        assert "2027" not in text, address
    assert "A registrar announces" in (await anonymous.get("/incidents/CW-2026-0001/v1")).text


async def test_what_is_stated_openly_now_may_be_read_in_the_versions_that_stated_it_openly(
    watched: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(watched.store, story(stated(None), stated(Tlp.AMBER), stated(None)))
    seen = [(await anonymous.get(f"{CASE}/versions/{number}")).text for number in (1, 2, 3)]
    assert ["Informantov" in text for text in seen] == [True, False, True]


GIVEN_BACK = Reinstatement(
    scope="full", date="2026-11-21", by=Words(en="Informantov"), basis=Basis.PROVIDER, note=Words(en="by hand"), tlp=Tlp.AMBER
)


@pytest.mark.parametrize("is_measured", [False, True], ids=["attested", "measured"])
@pytest.mark.parametrize("is_dropped", [False, True], ids=["it stands", "it was dropped"])
async def test_when_access_was_given_back_is_told_to_nobody_who_may_not_know_how(
    watched: House, anonymous: httpx2.AsyncClient, is_measured: bool, is_dropped: bool
) -> None:
    begun = cast.suspicion(1, kind=Kind.WITHDRAWAL).confirmed().released() if is_measured else cast.attested(1, dossier=OPEN)
    given = decided(begun, reinstate(GIVEN_BACK, "Informantov told us", "staff"))
    if is_dropped:
        left = given.incident.dossier and given.incident.dossier.model_copy(update={"reinstatement": None})
        given = given.then(EventKind.CORRECTED, cast.NOW, dossier=left, reason="Informantov was wrong")
    await cast.plant(watched.store, given)
    for address, text in (await everything(anonymous)).items():
        assert "Informantov" not in text, address
        assert "2026-11-21T00:00:00Z" not in text, address
    shown = (await anonymous.get(CASE)).json()
    assert (shown["stage"], shown["end"], shown["dossier"]["reinstatement"]) == ("reinstated", None, None)
    log = (await anonymous.get(f"{CASE}/log")).json()["items"]
    told = next(one for one in log if one["kind"] == "reinstated")
    assert "end" not in told["data"]
    assert [one for one in told["differences"] if one["field"].startswith("end")] == []


async def test_an_end_that_was_seen_is_told_whatever_is_held_back(watched: House, anonymous: httpx2.AsyncClient) -> None:
    ended = cast.suspicion(1, kind=Kind.WITHDRAWAL).confirmed().released().ended(cast.NOW - timedelta(hours=1))
    await cast.plant(watched.store, decided(ended, reinstate(GIVEN_BACK, "Informantov told us", "staff")))
    assert (await anonymous.get(CASE)).json()["end"]["by"] == "2026-11-21T11:00:00Z"


ADDED = (
    add_evidence(EvidenceItem(title="A scan", tlp=Tlp.AMBER), "Informantov sent it", "staff"),
    add_reply(Reply(by=Words(en="Informantov"), text=Words(en="No."), tlp=Tlp.AMBER), "Informantov wrote", "staff"),
)


@pytest.mark.parametrize("decision", ADDED, ids=["evidence", "a reply"])
async def test_what_is_added_for_fewer_readers_leaves_every_answer_to_the_others_as_it_was(
    watched: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient, decision: Decision
) -> None:
    begun = cast.attested(1, kind=Kind.NOTICE, dossier=OPEN)
    later = cast.attested(2, kind=Kind.NOTICE, dossier=OPEN)
    later = replace(later, incident=replace(later.incident, updated=cast.NOW - timedelta(minutes=30)))
    await cast.plant(watched.store, begun, later)
    before = await everything(anonymous)
    more = decided(begun, decision)
    await cast.plant(watched.store, cast.Story(more.incident, more.events[-1:]))
    assert await everything(anonymous) == before
    async with watched.client(secret=await watched.key(organisations=("memorial",))) as other:
        cursors = [await other.get(f"/api/v1/events?after=CW-2026-0001.{number}") for number in (2, 7)]
    assert {(one.status_code, one.content) for one in cursors} == {(422, cursors[0].content)}
    assert [one["version"] for one in (await staff.get(f"{CASE}/log")).json()["items"]] == [1, 2]


async def test_what_is_added_for_everybody_is_told_and_dated(watched: House, anonymous: httpx2.AsyncClient) -> None:
    begun = cast.attested(1, kind=Kind.NOTICE, dossier=OPEN)
    await cast.plant(watched.store, decided(begun, add_evidence(EvidenceItem(title="A letter"), "found", "staff")))
    shown = (await anonymous.get(CASE)).json()
    assert (shown["version"], shown["updated"]) == (2, "2026-11-21T12:00:00Z")
    assert [one["kind"] for one in (await anonymous.get(f"{CASE}/log")).json()["items"]] == ["opened", "evidence_added"]
