"""A statement that is held back leaves no trace in anything that an outsider can ask for."""

import httpx2
import pytest

from monitor.core.descriptive import ActorKind, ActorRole, Basis, LegalBasis, Review
from monitor.core.dossier import Actor, DatedStatement, Dates, Dossier, LegalGround, Marks
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
    *(f"{CASE}/versions/{number}" for number in (1, 2, 3)),
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
    "/incidents/CW-2026-0001/v1",
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
