"""What people state of an incident, as readers of its page find it; and what a member of staff can do there."""

import re
from typing import Any

import httpx2
import pytest

from monitor.core.descriptive import (
    Action,
    ActorKind,
    ActorRole,
    Basis,
    Compulsion,
    Continuation,
    LegalBasis,
    Outcome,
    Review,
    StatedResult,
)
from monitor.core.dossier import (
    Actor,
    Bounds,
    CitedSource,
    Countries,
    DatedStatement,
    Dates,
    Dossier,
    DueProcess,
    EvidenceItem,
    Impact,
    LegalGround,
    Reinstatement,
    Remedy,
    Reply,
    StatedCompulsion,
    StatedReason,
    Subject,
)
from monitor.core.incident import CaseKey, Relation
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.model import Tlp, Words
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page
from tests.api.routes.test_v1_providers import send
from tests.api.stories import a_block, read

WHOLE = Dossier(
    title=Words(en="Website blocked by order of a court", ru="Сайт заблокирован по решению суда"),
    summary=Words(en="A court has ordered it, and nobody was asked."),
    action=Action.WEBSITE_BLOCK_ORDERED,
    subject=Subject(organisation=Words(en="OVD-Info"), asset=Words(en="ovdinfo.org")),
    actors=(
        Actor(entity=Words(en="Lukhovitsy Court"), kind=ActorKind.STATE_COURT, role=ActorRole.ORDERER, basis=Basis.DOCUMENT),
        Actor(kind=ActorKind.NETWORK_OPERATOR, role=ActorRole.IMPLEMENTER, basis=Basis.MEASURED, country="RU", note="several"),
    ),
    compulsion=StatedCompulsion(value=Compulsion.STATE_ORDERED, basis=Basis.MEDIA, note="as reported"),
    legal_basis=(LegalGround(value=LegalBasis.COURT_ORDER, cited="case 2a-1", basis=Basis.DOCUMENT),),
    due_process=DueProcess(notice_given=False, heard=False, basis=Basis.SELF_REPORT),
    stated_reason=StatedReason(quote="оправдание терроризма", lang="ru", basis=Basis.MEDIA),
    dates=Dates(
        decided=DatedStatement(date="2021-12-20", basis=Basis.DOCUMENT),
        announced=DatedStatement(date="2021-12", basis=Basis.MEDIA, note="only the month"),
        first_observed=DatedStatement(date="2021-12-25~", basis=Basis.SELF_REPORT),
        ended=DatedStatement(date="2022/2023-03", basis=Basis.DERIVED),
    ),
    date_note="Sources differ.",
    bounds=Bounds(not_before="2021-12-20", not_after="2021-12-25", derived_from="decision and first report"),
    reported_on="2021-12-25",
    as_of="2024-03-01",
    countries=Countries(effect=("RU",), actor=("RU",), target=("RU",)),
    affected_services=("website",),
    impact=Impact(recurring_donors=120, audience=5000, note=Words(en="many"), basis=Basis.SELF_REPORT),
    result_as_stated=StatedResult.BLOCKED,
    continuation=Continuation.ONGOING,
    outcome=Outcome.APPEAL_REFUSED,
    outcome_note="twice",
    review=Review.CORROBORATED,
    confidence_note="two sources",
    sources=(
        CitedSource(title="The report", url="https://report.example/1", date="2024-03", passage="para 10", sha256="a" * 64),
        CitedSource(title="A trap", url="https://trap.example/?javascript:alert(1)", note="an odd address"),
    ),
    evidence=(EvidenceItem(title="A screenshot", url="https://shots.example/1", sha256="b" * 64, added="2024", note="seen"),),
    remedies=(Remedy(body=Words(en="Court of appeal"), kind="appeal", by="OVD-Info", filed="2022-01", result=Words(en="no")),),
    replies=(Reply(by=Words(en="The regulator"), date="2022", text=Words(en="It is the law.")),),
    reinstatement=Reinstatement(
        scope="announced", date="2023", by=Words(en="Nobody"), basis=Basis.MEDIA, note=Words(en="not yet")
    ),
    note="A note.",
)


def attested(number: int = 50, dossier: Dossier = WHOLE, **changes: Any) -> cast.Story:
    """A documented case of OVD-Info's that everybody may read."""
    return cast.suspicion(
        number,
        **{
            "key": CaseKey(organisation="ovd-info", target="", family=f"entry:{number}", country="RU"),
            "stage": IncidentStage.CONFIRMED,
            "origin": Origin.ATTESTED,
            "tlp": Tlp.CLEAR,
            "dossier": dossier,
            **dict.fromkeys(("onset", "rule", "because", "strength", "vantages", "mechanisms")),
            **changes,
        },
    )


def words(page: Page) -> str:
    return " ".join(page.text.split())


async def test_the_page_tells_every_statement_with_its_basis(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested())
    page = await read(anonymous, "/incidents/CW-2026-0050")
    for part in (
        "Website blocked by order of a court",
        "Documented, as of 1 March 2024: Ongoing",
        "As of 1 March 2024.",
        "Entered · 21 Nov 2026",
        "nothing of it was measured here",
        "Lukhovitsy Court · Court Stated in a document",
        "not named Measured sorted here under: Network operator / ISP, Russia",
        "Result, as the sources state it Blocked",
        "Reason given оправдание терроризма Stated by media",
        "Ordered by a state Stated by media",
        "Court order: case 2a-1",
        "notice given: no; heard: no",
        "20 December 2021 Stated in a document",
        "December 2021 Stated by media only the month",
        "around 25 December 2021",
        "from 2022 to March 2023",
        "not before 20 December 2021, not after 25 December 2021",
        "25 December 2021 the source's date, not the event's",
        "recurring donors: 120.",
        "Appeal refused: twice",
        "It is the law.",
        "Court of appeal (appeal), OVD-Info; filed: January 2022; no",
        f"SHA-256 {'b' * 64}",
    ):
        assert part in words(page), part
    assert "https://report.example/1" in page.links
    assert "Began" not in page.text, "a date of a document is no bracket of looks"
    assert not [link for link in page.links if link.startswith("javascript")]


async def test_the_page_speaks_russian_and_marks_what_was_written_in_english(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested())
    page = await read(anonymous, "/incidents/CW-2026-0050?lang=ru")
    for part in ("Сайт заблокирован по решению суда", "По состоянию на 1 марта 2024", "Суд", "По документу", "декабрь 2021"):
        assert part in words(page), part
    assert ("span", {"lang": "en", "class": "foreign"}) in page.tags
    unmarked = re.sub(r'<(\w+) lang="en"[^>]*>[^<]*</\1>', "", (await anonymous.get("/incidents/CW-2026-0050?lang=ru")).text)
    for english in (
        "A court has ordered it", "Lukhovitsy", "as reported", "case 2a-1", "only the month", "Sources differ", "first report",
        ">website", "twice", "two sources", "A note.", "para 10", "an odd address", "appeal", "It is the law", "not yet",
    ):  # fmt: skip
        assert english not in unmarked, english


async def test_a_paraphrase_stands_in_no_quotation_marks(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested())
    page = await read(anonymous, "/incidents/CW-2026-0050")
    assert page.count("q") == 0
    assert ("span", {"lang": "ru", "class": "foreign"}) in page.tags


async def test_what_documents_state_is_not_said_to_happen_now(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested())
    page = words(await read(anonymous, "/incidents/CW-2026-0050"))
    assert "interferes" not in page.partition("What the words mean")[0]
    assert "visitors were kept out on the way, or somebody ordered it" in page


async def test_a_notice_without_sources_says_that_it_names_none(house: House, anonymous: httpx2.AsyncClient) -> None:
    bare = WHOLE.model_copy(update={"sources": (), "evidence": ()})
    await cast.plant(house.store, attested(dossier=bare))
    page = words(await read(anonymous, "/incidents/CW-2026-0050"))
    assert "Stated by whoever entered it; no source is named" in page
    assert "sources named" not in page


async def test_only_what_a_person_has_released_is_said_to_be(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested(), cast.suspicion(1).confirmed().released())
    entered = words(await read(staff, "/incidents/CW-2026-0050"))
    assert "Everybody may read it: it was entered as public." in entered
    assert "a person has released it" not in entered
    assert "a person has released it" in words(await read(staff, "/incidents/CW-2026-0001"))


async def test_a_hostile_dossier_is_text_and_nothing_else(house: House, staff: httpx2.AsyncClient) -> None:
    evil = '<script>alert(1)</script>\x1b[31m"quoted" {{ 7*7 }}'
    dossier = Dossier(
        title=Words(en=evil),
        note=evil,
        affected_services=(evil,),
        actors=(Actor(entity=Words(en=evil), kind=ActorKind.UNKNOWN, role=ActorRole.REPORTER, basis=Basis.MEDIA, note=evil),),
        sources=(CitedSource(title=evil, url=f"https://x.example/{evil}"),),
    )
    story = attested(dossier=dossier).then(EventKind.CORRECTED, cast.NOW, dossier=WHOLE, reason=evil, by=evil)
    await cast.plant(house.store, story)
    for address in (
        "/incidents/CW-2026-0050/v1",
        "/incidents/CW-2026-0050",
        "/incidents/CW-2026-0050/log",
        "/organisations/ovd-info",
    ):
        answer = await staff.get(address)
        page = Page(answer.text)
        assert page.mistakes == []
        assert page.count("script") == 0
        assert "\x1b" not in answer.text


async def test_a_documented_case_is_never_broken_now(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, attested())
    page = words(await read(staff, "/organisations/ovd-info"))
    assert "No incident is open." in page
    assert page.index("No incident is open.") < page.index("Documented") < page.index("as of 1 March 2024: Ongoing")
    assert "Website blocked by order" not in (await read(staff, "/")).text


async def test_the_log_shows_each_correction_with_its_reason_and_what_it_changed(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    corrected = WHOLE.model_copy(update={"outcome": Outcome.MIGRATED})
    story = attested().then(EventKind.CORRECTED, cast.NOW, dossier=corrected, reason="they have moved", by="configuration")
    await cast.plant(house.store, story)
    page = await read(anonymous, "/incidents/CW-2026-0050/log")
    assert "Reason: they have moved" in words(page)
    assert "dossier.outcome appeal_refused migrated" in words(page)
    assert "configuration" not in page.text
    assert "/incidents/CW-2026-0050/v1" in page.links


async def test_relations_lead_both_ways_and_only_to_what_the_reader_may_read(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    hidden = cast.suspicion(2, "memorial", "memohrc-org").confirmed()
    related = (Relation(RelationKind.FOLLOWS, "CW-2026-0051"), Relation(RelationKind.SEE_ALSO, "CW-2026-0002"))
    await cast.plant(house.store, hidden, attested(50, relations=related), attested(51))
    public = await read(anonymous, "/incidents/CW-2026-0050")
    assert "in consequence of" in words(public)
    assert "CW-2026-0002" not in public.text
    assert "CW-2026-0002" in (await read(staff, "/incidents/CW-2026-0050")).text
    assert "states: in consequence of this" in words(await read(anonymous, "/incidents/CW-2026-0051"))


async def test_a_mass_event_lists_the_members_that_the_reader_may_read(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    member = cast.suspicion(2, "memorial", "memohrc-org").confirmed()
    public = cast.suspicion(1).confirmed().released()
    mass = cast.suspicion(
        3,
        key=CaseKey(organisation="", target="", family="mass:path", country="RU"),
        kind=Kind.BLOCKING,
        members=("CW-2026-0001", "CW-2026-0002"),
        affected=("memorial", "ovd-info"),
    )
    await cast.plant(house.store, member, public, mass.confirmed().released())
    assert "What it consists of (2)" in words(await read(staff, "/incidents/CW-2026-0003"))
    told = await read(anonymous, "/incidents/CW-2026-0003")
    assert "What it consists of (1)" in words(told)
    assert "emorial" not in told.text
    assert "CW-2026-0002" not in (await anonymous.get("/api/v1/incidents/CW-2026-0003/events")).text


def token_of(page: Page) -> str:
    return next(given["value"] or "" for tag, given in page.tags if tag == "input" and given.get("name") == "token")


async def test_a_member_of_staff_says_on_the_page_that_they_see_to_it_and_may_have_quiet(
    house: House, staff: httpx2.AsyncClient
) -> None:
    await a_block(house)
    token = token_of(await read(staff, "/incidents/CW-2026-0001"))
    answer = await staff.post("/incidents/CW-2026-0001/acknowledgement?lang=ru", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/CW-2026-0001?lang=ru")
    await staff.post("/incidents/CW-2026-0001/mute", data={"token": token, "hours": "24"})
    page = words(await read(staff, "/incidents/CW-2026-0001"))
    assert "Somebody sees to it since 21 Nov 2026, 12:00 UTC" in page
    assert "No messages about it until 22 Nov 2026, 12:00 UTC" in page
    assert "I see to it" not in page


@pytest.mark.parametrize("token", ["", "forged", "ü"])
async def test_a_form_that_is_not_ours_changes_nothing(house: House, staff: httpx2.AsyncClient, token: str) -> None:
    await a_block(house)
    for address, more in (("acknowledgement", {}), ("mute", {"hours": "24"})):
        answer = await staff.post(f"/incidents/CW-2026-0001/{address}", data={"token": token, **more})
        assert answer.status_code == 403
        assert Page(answer.text).mistakes == []
    assert "Somebody sees to it" not in (await read(staff, "/incidents/CW-2026-0001")).text


async def test_another_sessions_form_does_not_do_and_a_key_sends_no_forms(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    token = token_of(await read(staff, "/incidents/CW-2026-0001"))
    async with house.staff() as other:
        assert (await other.post("/incidents/CW-2026-0001/acknowledgement", data={"token": token})).status_code == 403
    async with house.client(secret=await house.key()) as keyed:
        assert "token" not in (await keyed.get("/incidents/CW-2026-0001")).text.partition("<main")[2]
        assert (await keyed.post("/incidents/CW-2026-0001/acknowledgement", data={"token": token})).status_code == 401
    async with house.client() as anonymous:
        assert (await anonymous.post("/incidents/CW-2026-0001/acknowledgement", data={"token": token})).status_code == 401


async def test_only_those_of_the_organisation_learn_who_knows(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    assert "Who knows" not in (await read(anonymous, "/incidents/CW-2026-0001")).text
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as bound:
        page = await read(bound, "/incidents/CW-2026-0001")
    assert "Everybody may read it: a person has released it." in words(page)
    assert page.count("form") == 0


async def test_the_staff_read_what_was_sent_to_whom_and_a_bound_key_does_not(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    await send(house)
    assert "all → mail: delivered" in words(await read(staff, "/incidents/CW-2026-0001"))
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as bound:
        assert "What was sent" not in (await read(bound, "/incidents/CW-2026-0001")).text


async def test_what_did_not_have_to_be_sent_is_folded_and_says_why(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    await send(house)
    spared = Message(
        id="msg_2",
        kind=MessageKind.ALARM,
        incident="CW-2026-0001",
        version=2,
        route="all",
        channel="phone",
        created_at=cast.NOW,
        purpose=Purpose.SECOND,
        stands_in_for="mail",
    )
    async with house.store.writing() as writing:
        await writing.add_messages([spared])
        await writing.cancel(["msg_2"], cast.NOW)
    sent, _, folded = words(await read(staff, "/incidents/CW-2026-0001")).partition("What did not have to be sent (1)")
    assert "all → mail: delivered" in sent
    assert "all → phone" not in sent
    assert "all → phone: not needed (second channel, only if mail fails)" in folded
