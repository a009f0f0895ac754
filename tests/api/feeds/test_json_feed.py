"""`/feed.json`: what a feed reader sees."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from monitor.core.dossier import CitedSource, Dossier
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Words
from tests.api import cast
from tests.api.conftest import House

TYPES: dict[str, Any] = {
    "version": str,
    "title": str,
    "home_page_url": str,
    "feed_url": str,
    "description": str,
    "icon": str,
    "language": str,
    "items": list,
    "_cutwatch": dict,
}


async def test_the_feed_follows_the_rules_of_json_feed(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, "memorial", "memohrc-org"))
    answer = await staff.get("/feed.json")
    assert answer.headers["content-type"] == "application/feed+json"
    found = answer.json()
    assert {name: type(value) for name, value in found.items()} == TYPES
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == f"{cast.ADDRESS}/feed.json"
    assert len({item["id"] for item in found["items"]}) == len(found["items"]) == 2
    for item in found["items"]:
        assert item["url"] == f"{cast.ADDRESS}/incidents/{item['id']}"
        assert item["title"]
        assert item["content_text"]
        assert all(isinstance(tag, str) for tag in item["tags"])
        for name in ("date_published", "date_modified"):
            assert datetime.fromisoformat(item[name]).tzinfo is not None


async def test_the_extension_says_what_programs_need(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    (item,) = (await staff.get("/feed.json")).json()["items"]
    assert item["_cutwatch"] == {
        "kind": "blocking",
        "stage": "confirmed",
        "organisation": "ovd-info",
        "provider": None,
        "countries": ["RU"],
        "version": 2,
        "origin": "measured",
        "url_api": f"{cast.ADDRESS}/api/v1/incidents/CW-2026-0001",
    }
    assert "cutwatch" not in item


async def test_an_entry_says_how_sure_since_when_and_why(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().ended(cast.NOW - timedelta(hours=1)))
    (item,) = (await staff.get("/feed.json")).json()["items"]
    assert item["title"] == "OVD-Info, ovdinfo.org: Blocking in Russia (Ended)"
    sure, began, over, because = item["content_text"].split("\n")
    assert sure.startswith("Ended: access works again. Explicit evidence:")
    assert began == "Began: 21 Nov 2026, between 07:55 and 08:00 UTC."
    assert over == "Over: 21 Nov 2026, between 10:55 and 11:00 UTC."
    assert because == cast.SNI_RESET


async def test_an_entry_that_rests_on_documents_names_them(house: House, anonymous: httpx2.AsyncClient) -> None:
    source = CitedSource(title="The report", url="https://report.example/1")
    named = Dossier(title=Words(en="A mailing list closed"), sources=(source,))
    await cast.plant(house.store, cast.attested(1, dossier=named), cast.attested(2))
    told = {one["id"]: one["content_text"] for one in (await anonymous.get("/feed.json")).json()["items"]}
    assert "Source: The report, https://report.example/1" in told["CW-2026-0001"]
    assert "no source is named" in told["CW-2026-0002"]


async def test_the_entry_of_an_incident_keeps_its_id_while_its_version_grows(house: House, staff: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1)
    await cast.plant(house.store, story)
    (before,) = (await staff.get("/feed.json")).json()["items"]
    later = story.confirmed()
    await cast.plant(house.store, cast.Story(later.incident, later.events[1:]))
    (after,) = (await staff.get("/feed.json")).json()["items"]
    assert before["id"] == after["id"]
    assert (before["_cutwatch"]["version"], after["_cutwatch"]["version"]) == (1, 2)
    assert before["date_published"] == after["date_published"]
    assert before["date_modified"] < after["date_modified"]


async def test_the_public_feed_holds_what_was_released_and_tombstones(house: House, anonymous: httpx2.AsyncClient) -> None:
    retracted = {"stage": IncidentStage.RETRACTED, "reason": "a cable was cut"}
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed().released(),
        cast.suspicion(2, target="donate").confirmed(),
        cast.suspicion(3, target="donate").confirmed().released().then(EventKind.RETRACTED, cast.NOW, **retracted),
    )
    items = (await anonymous.get("/feed.json")).json()["items"]
    assert [(item["id"], item["_cutwatch"]["stage"]) for item in items] == [
        ("CW-2026-0003", "retracted"),
        ("CW-2026-0001", "confirmed"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("organisation=memorial", ["CW-2026-0002"]),
        ("kind=outage", ["CW-2026-0002"]),
        ("country=RU", ["CW-2026-0002", "CW-2026-0001"]),
        ("country=BY", []),
        ("organisation=ovd-info&kind=blocking&country=RU", ["CW-2026-0001"]),
        ("organisation=nobody", []),
    ],
)
async def test_filters_narrow_the_feed(house: House, staff: httpx2.AsyncClient, query: str, expected: list[str]) -> None:
    later = cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.OUTAGE, began=cast.NOW - timedelta(hours=3))
    await cast.plant(house.store, cast.suspicion(1), later)
    found = (await staff.get(f"/feed.json?{query}")).json()
    assert [item["id"] for item in found["items"]] == expected
    assert found["feed_url"].endswith(f"/feed.json?{'&'.join(sorted(query.split('&')))}")


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("organization=memorial", 400, "it knows: country, kind, lang, organisation, origin, provider, stage, tlp"),
        ("kind=hacking", 422, "kind"),
        ("country=Russia", 422, "country"),
        ("organisation=" + "x" * 500, 422, "organisation"),
        ("lang=de", 422, "lang"),
    ],
)
async def test_a_filter_that_cannot_be_used_is_an_error_that_says_so(
    anonymous: httpx2.AsyncClient, query: str, status: int, told: str
) -> None:
    answer = await anonymous.get(f"/feed.json?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


async def test_the_feed_speaks_russian(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    answer = await staff.get("/feed.json", headers={"accept-language": "ru"})
    (item,) = answer.json()["items"]
    assert item["title"] == "ОВД-Инфо, ovdinfo.org: Блокировка (Россия) (Подтверждено)"
    assert answer.json()["language"] == item["language"] == answer.headers["content-language"] == "ru"


async def test_a_reader_that_has_the_feed_already_gets_no_body(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    answer = await anonymous.get("/feed.json")
    for condition in (
        {"if-none-match": answer.headers["etag"]},
        {"if-none-match": f'"other", {answer.headers["etag"]}'},
        {"if-none-match": "*"},
    ):
        again = await anonymous.get("/feed.json", headers=condition)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    "condition",
    [
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": "Sat, 01 Jan 2050 00:00:00 GMT"},
        {"if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"if-modified-since": "Sat, 01 Jan 2050 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ],
)
async def test_a_reader_that_has_something_else_gets_the_feed(
    house: House, anonymous: httpx2.AsyncClient, condition: dict[str, str]
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    assert (await anonymous.get("/feed.json", headers=condition)).status_code == 200


async def test_languages_and_readers_have_tags_of_their_own(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released(), cast.suspicion(2, target="donate"))
    answers = [await anonymous.get("/feed.json"), await anonymous.get("/feed.json?lang=ru"), await staff.get("/feed.json")]
    assert len({answer.headers["etag"] for answer in answers}) == 3
    assert "Accept-Language" in answers[0].headers["vary"]
    assert answers[2].headers["cache-control"] == "private, no-cache"
