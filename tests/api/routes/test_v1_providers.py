"""`/api/v1/providers`, `/exposure`, `/deliveries`, `/targets`, `/verdicts` and `/observations`."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.providers import until_reinstated
from monitor.core.descriptive import Basis
from monitor.core.dossier import DatedStatement, Dates, Dossier, Reinstatement
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind
from monitor.core.message import Message, MessageKind, Parcel
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Dependency, PlannedChange
from monitor.store import Attempt
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import a_block
from tests.api.test_secrecy import MAILCHIMP, documented


@pytest.fixture
async def town(house: House) -> House:
    """OVD-Info relies on Mailchimp, who has closed two accounts: one that everybody may know of, and Memorial's."""
    relies = cast.OVD_INFO.model_copy(update={"depends_on": (Dependency(provider="mailchimp"),)})
    watched = cast.watchlist(relies, cast.MEMORIAL, cast.AMNESTY).model_copy(update={"providers": (MAILCHIMP,)})
    await house.watch(watched)
    await cast.plant(house.store, documented(6, Tlp.CLEAR), documented(8, Tlp.AMBER, of="memorial"))
    return house


async def test_a_providers_record_is_what_the_reader_may_know(town: House, staff: httpx2.AsyncClient) -> None:
    async with town.client() as anonymous:
        (public,) = (await anonymous.get("/api/v1/providers")).json()["items"]
        detail = (await anonymous.get("/api/v1/providers/mailchimp")).json()
    (known,) = (await staff.get("/api/v1/providers")).json()["items"]
    assert (public["record"]["incidents"], known["record"]["incidents"]) == (1, 2)
    assert (known["record"]["attested"], known["record"]["open"]) == (2, 0)
    assert [one["id"] for one in detail["incidents"]] == ["CW-2026-0006"]
    assert (await staff.get("/api/v1/providers/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("began", "back", "expected"),
    [
        ("2022-03-10", "2022-05-02", (52, 54)),
        ("2022-03", "2022-05-02", (31, 63)),
        ("2022-03-10", "2022-03-10", (0, 1)),
        ("2022-03-10~", "2022-05-02", None),
        ("2022-03-10", None, None),
        ("2022-06", "2022-05-02", None),
    ],
)
def test_the_time_until_access_was_given_back_is_as_exact_as_its_sources(
    began: str, back: str | None, expected: tuple[int, int] | None
) -> None:
    dates = Dates(effective=DatedStatement(date=began, basis=Basis.MEDIA))
    given = Reinstatement(scope="full", date=back, basis=Basis.PROVIDER)
    story = documented(6, Tlp.CLEAR).then(
        EventKind.CORRECTED, cast.NOW, dossier=Dossier(title=Words(en="An account"), dates=dates, reinstatement=given)
    )
    found = until_reinstated(story.incident)
    assert (found and (found.least, found.most)) == expected


async def test_exposure_tells_an_organisation_what_its_providers_did_to_others_and_its_deadlines(town: House) -> None:
    async with town.store.writing() as writing:
        await writing.note_deadlines(
            [
                cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org"),
                cast.certificate_of("memorial", "memohrc-org", "memohrc.org"),
            ]
        )
    async with town.client(secret=await town.key(organisations=("ovd-info",))) as bound:
        found = (await bound.get("/api/v1/exposure?organisation=ovd-info")).json()
        hidden = await bound.get("/api/v1/exposure?organisation=memorial")
        missing = await bound.get("/api/v1/exposure?organisation=nobody")
    (mailchimp,) = found["dependencies"]
    assert [one["id"] for one in mailchimp["others"]] == ["CW-2026-0006"]
    assert [one["subject"] for one in found["deadlines"]] == ["ovdinfo.org"]
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, missing.content)
    async with town.client() as anonymous:
        assert (await anonymous.get("/api/v1/exposure?organisation=ovd-info")).status_code == 401


async def send(house: House) -> None:
    """One message that has arrived at the second try."""
    message = Message(
        id="msg_1", kind=MessageKind.ALARM, incident="CW-2026-0001", version=2, route="all", channel="mail", created_at=cast.NOW
    )
    parcel = Parcel(
        id="msg_1", route="all", channel="mail", created_at=cast.NOW, messages=("msg_1",), incidents=("CW-2026-0001",)
    )
    async with house.store.writing() as writing:
        await writing.add_messages([message])
        await writing.seal(parcel, cast.NOW, 0)
        await writing.record_attempt(Attempt(parcel="msg_1", at=cast.NOW, outcome="retried", duration=1.0, status=503))
        await writing.record_attempt(Attempt(parcel="msg_1", at=cast.NOW, outcome="delivered", duration=0.1, status=200))
        await writing.delivered("msg_1", cast.NOW)


async def test_deliveries_tell_what_became_of_every_parcel(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    await send(house)
    (parcel,) = (await staff.get("/api/v1/deliveries?channel=mail")).json()["items"]
    assert (parcel["state"], parcel["incidents"]) == ("delivered", ["CW-2026-0001"])
    assert [one["status"] for one in parcel["attempts"]] == [503, 200]
    assert (await staff.get("/api/v1/deliveries?state=dead")).json()["items"] == []


async def test_a_cursor_of_deliveries_that_leads_nowhere_is_an_error(staff: httpx2.AsyncClient) -> None:
    answer = await staff.get("/api/v1/deliveries?after=unknown")
    assert (answer.status_code, "after" in answer.json()["detail"]) == (422, True)


async def test_deliveries_are_for_keys_that_are_bound_to_nobody(house: House) -> None:
    await send(house)
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as bound, house.client() as anonymous:
        assert (await bound.get("/api/v1/deliveries")).status_code == 403
        assert (await anonymous.get("/api/v1/deliveries")).status_code == 401


async def test_a_parcel_is_sent_again_by_an_administrators_key(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    await send(house)
    async with house.client(secret=await house.key(Scope.ADMIN)) as admin:
        assert (await admin.post("/api/v1/deliveries/msg_1/replay")).json() == {"messages": ["msg_1"]}
        assert (await admin.post("/api/v1/deliveries/msg_2/replay")).status_code == 404
    assert (await staff.post("/api/v1/deliveries/msg_1/replay")).status_code == 401
    async with house.client(secret=await house.key(Scope.ADMIN, organisations=("ovd-info",))) as bound:
        assert (await bound.post("/api/v1/deliveries/msg_1/replay")).status_code == 403


async def test_targets_count_where_their_checks_stand(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    items = (await staff.get("/api/v1/targets?organisation=ovd-info")).json()["items"]
    assert [(one["id"], one["states"]) for one in items] == [("ovdinfo-org", {"ok": 1, "blocked": 1}), ("donate", {})]


async def pages(client: httpx2.AsyncClient, address: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await client.get(f"{address}{cursor}")).json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&after={page['next']}"


async def test_verdicts_are_exported_page_by_page_without_gap_or_double(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    since = "2026-11-21T09:00:00Z"
    found = await pages(staff, f"/api/v1/verdicts?organisation=ovd-info&since={since}&limit=7")
    assert len(found) == len({one["observation"] for one in found}) == 72
    assert {one["target"] for one in found} == {"ovdinfo-org"}
    check = found[0]["check"]
    one = await pages(staff, f"/api/v1/verdicts?organisation=ovd-info&check={check}&since={since}&limit=7")
    assert {look["check"] for look in one} == {check}
    assert len(one) == 36


async def test_an_export_as_lines_says_where_it_goes_on(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    address = "/api/v1/observations?organisation=ovd-info&limit=5"
    answer = await staff.get(address, headers={"accept": "application/x-ndjson"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert (len(lines), lines[0]["validity"], lines[0]["facts"]) == (5, "valid", None)
    following = answer.headers["link"].split(">")[0].removeprefix("<")
    assert (await staff.get(following)).json()["items"][0]["observation"] not in {one["observation"] for one in lines}


async def test_a_look_that_a_planned_change_explains_says_so_to_its_organisation(house: House, staff: httpx2.AsyncClient) -> None:
    lost = cast.looks(State.DOWN, since=cast.NOW - timedelta(minutes=30), until=cast.NOW)
    await cast.see(house.store, lost)
    move = PlannedChange(start=cast.NOW - timedelta(hours=1), end=cast.NOW + timedelta(hours=1), note="another server")
    async with house.store.writing() as writing:
        await writing.explain([(lost[0].verdict, move)])

    first, *others = await pages(staff, "/api/v1/observations?organisation=ovd-info&limit=100")

    assert first["planned"] == {"start": "2026-11-21T11:00:00Z", "end": "2026-11-21T13:00:00Z", "note": "another server"}
    assert {one["planned"] for one in others} == {None}


async def test_the_public_exports_only_what_it_may_see_and_learns_nothing_of_where_it_is_seen_from(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    since, until = cast.NOW - timedelta(hours=1), cast.NOW
    for target in ("amnesty-org", "intranet"):
        seen = cast.looks(State.OK, since=since, until=until, organisation="amnesty", target=target, vantage="moscow-home")
        await cast.see(house.store, seen)
    found = await pages(anonymous, "/api/v1/verdicts?organisation=amnesty&limit=100")
    assert {(one["target"], one["vantage"], one["check"]) for one in found} == {("amnesty-org", None, None)}
    check = cast.look(cast.NOW, organisation="amnesty", target="amnesty-org", vantage="moscow-home").verdict.check
    assert await pages(anonymous, f"/api/v1/verdicts?organisation=amnesty&check={check}") == []
    assert (await anonymous.get("/api/v1/verdicts?organisation=memorial")).status_code == 404
    assert (await anonymous.get("/api/v1/observations?organisation=amnesty")).status_code == 401


@pytest.mark.parametrize(
    "query", ["after=x", "since=yesterday", "since=0001-01-01T00:00:00%2B14:00", "until=20260101", "until=0.5", "check=z"]
)
async def test_an_export_that_cannot_be_made_says_why(staff: httpx2.AsyncClient, query: str) -> None:
    answer = await staff.get(f"/api/v1/verdicts?organisation=ovd-info&{query}")
    assert (answer.status_code, query.partition("=")[0]) == (422, answer.json()["errors"][0]["field"])
