"""`/review`: staff see what waits for a person, the most urgent first, and decide there."""

import re
from datetime import datetime, timedelta

import httpx2
import pytest
from fastapi import HTTPException

from api import deciding
from api.access import Reader
from monitor.core.decision import Decision
from monitor.core.descriptive import Review
from monitor.core.dossier import DatedStatement, Dates, Dossier
from monitor.core.incident import Incident
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Tlp, Words
from monitor.service import Context
from monitor.store import ChannelBacklog, Reading, StoreUnavailable
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page
from tests.api.stories import read

DRAFT = Dossier(title=Words(en="The registrar ends its service", ru="Регистратор прекращает обслуживание"))


def a_notice(number: int, review: Review = Review.DRAFT, **changes: object) -> cast.Story:
    dates = Dates(effective=DatedStatement(date="2026-12", basis="provider"))
    stated = DRAFT.model_copy(update={"review": review, "dates": dates})
    return cast.attested(number, **{"kind": Kind.NOTICE, "tlp": Tlp.AMBER, "dossier": stated, "entry": None, **changes})


async def queue(staff: httpx2.AsyncClient, query: str = "") -> Page:
    return await read(staff, f"/review{query}")


def waiting(page: Page) -> list[str]:
    """The numbers on the page, in order."""
    return [
        link.rpartition("/")[2].partition("?")[0] for link in page.links if re.match(r"/incidents/CW-\d{4}-\d{4}(\?|$)", link)
    ]


async def decide(staff: httpx2.AsyncClient, name: str, decision: str, **given: str) -> httpx2.Response:
    found = re.search(r'name="token" value="([0-9a-f]+)"', (await staff.get("/review")).text)
    return await staff.post(f"/review/{name}/{decision}", data={"token": found[1] if found else "", **given})


async def now(house: House, number: int) -> Incident:
    async with house.store.reading() as reading:
        found = await reading.incident(f"CW-2026-{number:04d}")
    assert found is not None
    return found


async def test_what_nobody_released_or_reviewed_waits_and_nothing_else(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed(),
        cast.suspicion(2, target="donate"),
        cast.suspicion(3, organisation="memorial", target="memohrc-org").confirmed().released(),
        cast.suspicion(4, organisation="amnesty", target="amnesty-org").confirmed().ended(cast.NOW),
        a_notice(5),
        a_notice(6, Review.REPORTED),
        a_notice(7, Review.DISPUTED, tlp=Tlp.CLEAR),
        a_notice(8, stage=IncidentStage.RETRACTED),
    )
    assert set(waiting(await queue(staff))) == {f"CW-2026-{number:04d}" for number in (1, 2, 5, 7)}


async def test_what_wakes_people_comes_first_then_notices_and_suspicions_last(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(
        house.store,
        cast.suspicion(1, target="donate"),
        a_notice(2),
        cast.suspicion(3, organisation="memorial", target="memohrc-org").confirmed(),
        cast.suspicion(4, mechanisms=("tls.mitm",), began=cast.NOW - timedelta(days=2)).confirmed(),
    )
    assert waiting(await queue(staff)) == ["CW-2026-0004", "CW-2026-0002", "CW-2026-0003", "CW-2026-0001"]


async def test_what_somebody_sees_to_goes_to_the_end(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, target="donate"))
    assert waiting(await queue(staff)) == ["CW-2026-0001", "CW-2026-0002"]
    answer = await decide(staff, "CW-2026-0001", "acknowledgement")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    page = await queue(staff)
    assert waiting(page) == ["CW-2026-0002", "CW-2026-0001"]
    assert "Somebody sees to it since" in page.text


async def test_a_measured_incident_is_released_with_a_reason_and_leaves_the_queue(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    assert (await anonymous.get("/incidents/CW-2026-0001")).status_code == 404
    answer = await decide(staff, "CW-2026-0001", "release", version="2", tlp="CLEAR", reason="agreed with them")
    assert answer.status_code == 303
    found = await now(house, 1)
    assert (found.tlp, found.version) == (Tlp.CLEAR, 3)
    assert (await anonymous.get("/incidents/CW-2026-0001")).status_code == 200
    assert waiting(await queue(staff)) == []


async def test_a_draft_is_released_together_with_its_review(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, a_notice(1))
    given = {"version": "1", "review": "corroborated", "tlp": "CLEAR", "reason": "two letters say so"}
    assert (await decide(staff, "CW-2026-0001", "release", **given)).status_code == 303
    found = await now(house, 1)
    assert (found.tlp, found.version) == (Tlp.CLEAR, 3)
    assert found.dossier is not None
    assert found.dossier.review is Review.CORROBORATED
    async with house.store.reading() as reading:
        events = await reading.events(found.id)
    assert [event.kind for event in events[1:]] == [EventKind.CORRECTED, EventKind.RELEASED]
    assert {event.change.by for event in events[1:]} == {"staff"}


@pytest.mark.parametrize("failure", [HTTPException(412, "overtaken"), HTTPException(409, "refused"), StoreUnavailable("locked")])
async def test_where_only_the_review_could_be_kept_the_person_reads_so(
    house: House, staff: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    decide_upon = deciding.decide_upon

    async def overtaken(context: Context, reader: Reader, name: str, if_match: str | None, wanted: Decision) -> None:
        if wanted.kind is EventKind.RELEASED:
            raise failure
        await decide_upon(context, reader, name, if_match, wanted)

    monkeypatch.setattr(deciding, "decide_upon", overtaken)
    await cast.plant(house.store, a_notice(1))
    given = {"version": "1", "review": "corroborated", "tlp": "CLEAR", "reason": "two letters say so"}
    answer = await decide(staff, "CW-2026-0001", "release", **given)
    assert answer.status_code == getattr(failure, "status_code", 503)
    assert "What you said of how far it is checked stands. Who may read it has not been decided" in answer.text
    found = await now(house, 1)
    assert (found.dossier and found.dossier.review, found.tlp) == (Review.CORROBORATED, Tlp.AMBER)
    only = await decide(staff, "CW-2026-0001", "release", version="2", tlp="CLEAR", reason="two letters say so")
    assert "Who may read it has not been decided" not in only.text


async def test_a_draft_may_be_reviewed_and_stay_private(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, a_notice(1))
    given = {"version": "1", "review": "reported", "tlp": "AMBER", "reason": "seen the letter"}
    assert (await decide(staff, "CW-2026-0001", "release", **given)).status_code == 303
    assert ((await now(house, 1)).tlp, (await now(house, 1)).version) == (Tlp.AMBER, 2)
    assert waiting(await queue(staff)) == []


async def test_whoever_only_reviews_releases_nothing_by_mistake(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, a_notice(1), a_notice(2, tlp=Tlp.CLEAR))
    offered = [given["value"] for tag, given in (await queue(staff)).tags if tag == "option" and given["value"] in list(Tlp)]
    assert offered == ["AMBER", "CLEAR", "GREEN", "CLEAR", "GREEN"]


async def test_it_can_be_retracted_with_a_reason_and_not_without(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    assert (await decide(staff, "CW-2026-0001", "retraction", version="2", reason="  ")).status_code == 409
    assert (await decide(staff, "CW-2026-0001", "retraction", version="2", reason="our own router")).status_code == 303
    assert (await now(house, 1)).stage is IncidentStage.RETRACTED


async def test_what_has_changed_since_it_was_read_is_read_again_first(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    for decision, more in (("release", {"tlp": "CLEAR"}), ("retraction", {})):
        answer = await decide(staff, "CW-2026-0001", decision, version="1", reason="as agreed", **more)
        assert answer.status_code == 412
    assert (await now(house, 1)).version == 2


async def test_it_can_be_quiet_for_a_while(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    assert (await decide(staff, "CW-2026-0001", "mute", hours="24")).status_code == 303
    page = await queue(staff)
    assert "No messages about it until" in page.text
    assert "/review/CW-2026-0001/mute" not in {given.get("action") for _, given in page.tags}


async def test_a_suspicion_cannot_be_released_and_a_document_not_muted(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1), a_notice(2))
    offered = {given.get("action") for _, given in (await queue(staff)).tags if given.get("action")}
    assert {one for one in offered if one and "0001" in one} == {
        f"/review/CW-2026-0001/{decision}" for decision in ("acknowledgement", "mute", "retraction")
    }
    assert {one for one in offered if one and "0002" in one} == {
        f"/review/CW-2026-0002/{decision}" for decision in ("release", "retraction")
    }


async def test_a_long_queue_comes_in_pages(house: House, staff: httpx2.AsyncClient) -> None:
    stories = [cast.suspicion(n, target=f"t{n}", began=cast.NOW - timedelta(minutes=n)) for n in range(1, 46)]
    await cast.plant(house.store, *stories)
    first, second, third = [await queue(staff, f"?lang=en&page={number}") for number in (1, 2, 3)]
    assert [len(waiting(page)) for page in (first, second, third)] == [20, 20, 5]
    assert waiting(first)[0] == "CW-2026-0001"
    assert "/review?lang=en&page=2" in first.links
    assert {"/review?lang=en", "/review?lang=en&page=3"} <= set(second.links)
    assert waiting(await queue(staff, "?page=400")) == waiting(third)
    assert (await staff.get("/review?page=0")).status_code == 422
    assert (await staff.get("/review?organization=x")).status_code == 400


async def test_a_queue_that_is_too_long_to_go_through_says_so(
    house: House, staff: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cast.plant(house.store, *(cast.suspicion(n, target=f"t{n}") for n in (1, 2, 3)))
    assert "only the latest" not in (await queue(staff)).text
    monkeypatch.setattr("api.routes.review.READ", 2)
    assert "only the latest 2 were gone through" in (await queue(staff)).text


async def test_messages_that_were_given_up_are_counted_with_what_to_do(
    house: House, staff: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outbox(_: Reading, now: datetime) -> list[ChannelBacklog]:
        assert now == cast.NOW
        return [ChannelBacklog(channel=one, waiting=1, dead=dead, oldest=None) for one, dead in (("mail", 3), ("chat", 0))]

    monkeypatch.setattr(Reading, "outbox", outbox)
    page = await queue(staff)
    assert "never arrived: 3" in page.text
    assert "cutwatch alerts replay" in page.text
    assert "chat" not in page.text


async def test_an_empty_queue_says_so(staff: httpx2.AsyncClient) -> None:
    assert "Nothing waits for you." in (await queue(staff)).text
    assert "ничего не ждёт" in (await queue(staff, "?lang=ru")).text


async def test_nobody_but_signed_in_staff_sees_the_queue_or_decides_there(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    answer = await anonymous.get("/review")
    assert answer.status_code == 401
    assert "cutwatch keys sign-in" in answer.text
    assert "CW-2026" not in answer.text
    assert "/review" not in (await read(anonymous, "/")).links
    assert "/review" in (await read(staff, "/")).links
    forms = {"release": {"version": "2", "tlp": "CLEAR", "reason": "x"}, "retraction": {"version": "2", "reason": "x"}}
    forms |= {"acknowledgement": {}, "mute": {"hours": "4"}}
    async with house.client(secret=await house.key(Scope.ADMIN)) as keyed:
        assert (await keyed.get("/review")).status_code == 401
        for decision, given in forms.items():
            address = f"/review/CW-2026-0001/{decision}"
            assert (await anonymous.post(address, data=given)).status_code == 401
            assert (await keyed.post(address, data=given)).status_code == 401
            assert (await staff.post(address, data={"token": "0" * 64, **given})).status_code == 403
    assert (await now(house, 1)).version == 2


async def test_a_number_that_nobody_has_and_values_that_no_form_sends_are_refused(
    house: House, staff: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    given = {"version": "2", "tlp": "CLEAR", "reason": "x"}
    assert (await decide(staff, "CW-2026-0099", "release", **given)).status_code == 404
    for wrong in ({"tlp": "PINK"}, {"version": "two"}, {"version": "0"}, {"reason": "x" * 2001}, {"review": "good"}):
        assert (await decide(staff, "CW-2026-0001", "release", **{**given, **wrong})).status_code == 422
    assert (await now(house, 1)).version == 2


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_everything_that_can_wait_makes_a_page_in_order(house: House, staff: httpx2.AsyncClient, language: str) -> None:
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed(),
        cast.suspicion(2, target="donate"),
        a_notice(3),
        a_notice(4, Review.DISPUTED, entry="letter"),
    )
    page = await queue(staff, f"?lang={language}")
    assert ("To be reviewed" if language == "en" else "проверку") in page.text
    assert "config/incidents/letter.yaml" in page.text
