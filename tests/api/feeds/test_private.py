"""Private feeds: a secret part of the address opens what is one organisation's own, and nothing else."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from api.headers import HiddenToken
from monitor.core.incident import CaseKey
from monitor.core.keys import KeyUse, make_feed_key, new_secret
from monitor.core.kinds import Kind
from monitor.core.model import Tlp
from tests.api import cast
from tests.api.conftest import House

PATHS = ("feed.json", "feed.atom", "calendar.ics")


async def secret_of(house: House, organisation: str = "ovd-info") -> str:
    key, secret = make_feed_key("the newsroom", organisation, cast.NOW)
    async with house.store.writing() as writing:
        await writing.add_key(key)
    return secret


async def items(client: httpx2.AsyncClient, secret: str, query: str = "") -> list[str]:
    answer = await client.get(f"/private/{secret}/feed.json{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


@pytest.fixture
async def planted(house: House) -> House:
    shutdown: dict[str, Any] = {
        "key": CaseKey(organisation="", target="", family="isolation", country="RU"),
        "kind": Kind.ISOLATION,
        "mechanisms": (),
    }
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed(),
        cast.suspicion(2, target="donate", tlp=Tlp.RED).confirmed(),
        cast.suspicion(3, "memorial", "memohrc-org").confirmed(),
        cast.suspicion(4, "amnesty", "amnesty-org").confirmed().released(),
        cast.suspicion(5, **shutdown).confirmed(),
    )
    return house


async def test_it_holds_what_is_the_organisation_s_own_but_nothing_for_single_persons(
    planted: House, anonymous: httpx2.AsyncClient
) -> None:
    assert await items(anonymous, await secret_of(planted)) == ["CW-2026-0005", "CW-2026-0001"]
    assert await items(anonymous, await secret_of(planted, "memorial")) == ["CW-2026-0005", "CW-2026-0003"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_filter_given_twice_is_refused(planted: House, anonymous: httpx2.AsyncClient, path: str) -> None:
    answer = await anonymous.get(f"/private/{await secret_of(planted)}/{path}?lang=en&lang=en")
    assert (answer.status_code, "lang" in answer.json()["detail"]) == (400, True)


async def test_the_calendar_is_of_one_organisation_and_knows_no_other(planted: House, anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get(f"/private/{await secret_of(planted)}/calendar.ics?organisation=memorial")
    assert (answer.status_code, "it knows: lang" in answer.json()["detail"]) == (400, True)


async def test_the_red_of_an_organisation_holds_for_its_incidents_too(planted: House, anonymous: httpx2.AsyncClient) -> None:
    red = cast.OVD_INFO.model_copy(update={"tlp": Tlp.RED})
    planted.change(watchlist=cast.watchlist(red).model_copy(update={"version": "2"}))
    assert "CW-2026-0001" not in await items(anonymous, await secret_of(planted))


async def test_filters_work_and_lead_nowhere_else(planted: House, anonymous: httpx2.AsyncClient) -> None:
    secret = await secret_of(planted)
    assert await items(anonymous, secret, "?kind=blocking") == ["CW-2026-0001"]
    assert await items(anonymous, secret, "?kind=isolation") == ["CW-2026-0005"]
    assert await items(anonymous, secret, "?organisation=memorial") == []
    assert (await anonymous.get(f"/private/{secret}/feed.json?organization=x")).status_code == 400


@pytest.mark.parametrize("path", PATHS)
async def test_neither_vantage_points_nor_the_secret_are_in_it(planted: House, anonymous: httpx2.AsyncClient, path: str) -> None:
    secret = await secret_of(planted)
    answer = await anonymous.get(f"/private/{secret}/{path}")
    assert answer.status_code == 200
    for hidden in ("moscow-home", "Anna", secret, 'rel="self"', "feed_url"):
        assert hidden not in answer.text
        assert hidden not in str(answer.headers)


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_else_may_keep_it_and_no_search_engine_lists_it(
    planted: House, anonymous: httpx2.AsyncClient, path: str
) -> None:
    answer = await anonymous.get(f"/private/{await secret_of(planted)}/{path}")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    again = {"if-none-match": answer.headers["etag"]}
    assert (await anonymous.get(f"/private/{await secret_of(planted)}/{path}", headers=again)).status_code == 304


async def test_the_calendar_holds_the_organisation_s_dates_only(planted: House, anonymous: httpx2.AsyncClient) -> None:
    async with planted.store.writing() as writing:
        await writing.note_deadlines(
            [
                cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org"),
                cast.certificate_of("memorial", "memohrc-org", "memohrc.org"),
                cast.certificate_of("amnesty", "amnesty-org", "amnesty.org"),
            ]
        )
    text = (await anonymous.get(f"/private/{await secret_of(planted)}/calendar.ics")).text
    assert "Certificate ends: ovdinfo.org" in text
    assert "memohrc" not in text
    assert "amnesty" not in text


@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_secret_gets_the_answer_of_anything_that_is_missing(
    planted: House, anonymous: httpx2.AsyncClient, path: str
) -> None:
    revoked, key, missing = await secret_of(planted), await planted.key(), await anonymous.get("/private/nothing/here")
    async with planted.store.reading() as reading:
        (feed,) = [one for one in await reading.keys() if one.use is KeyUse.FEED]
    async with planted.store.writing() as writing:
        await writing.revoke_key(feed.id, cast.NOW)
    for secret in (revoked, key, new_secret(), "x", "", "%00", "\u0430"):
        answer = await anonymous.get(f"/private/{secret}/{path}")
        assert (answer.status_code, answer.content, answer.headers) == (404, missing.content, missing.headers), secret


async def test_the_secret_is_no_key_to_the_api(planted: House) -> None:
    async with planted.client(secret=await secret_of(planted)) as client:
        for address in ("/api/v1/incidents", "/feed.json", "/metrics"):
            assert (await client.get(address)).status_code == 401


async def test_its_use_is_noted(planted: House, anonymous: httpx2.AsyncClient) -> None:
    await items(anonymous, await secret_of(planted))
    async with planted.store.reading() as reading:
        assert [one.last_used_at for one in await reading.keys()] == [cast.NOW]


async def test_an_expired_secret_opens_nothing(planted: House, anonymous: httpx2.AsyncClient) -> None:
    key, secret = make_feed_key("the newsroom", "ovd-info", cast.NOW, cast.NOW)
    async with planted.store.writing() as writing:
        await writing.add_key(replace(key, last_used_at=None))
    assert (await anonymous.get(f"/private/{secret}/feed.json")).status_code == 404


async def test_the_secret_reaches_no_log() -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "path": "/private/very-secret/feed.json",
        "raw_path": b"/private/very-secret/feed.json",
    }

    async def nothing(*_: object) -> None:
        return None

    await HiddenToken(nothing)(scope, nothing, nothing)
    shown = {name: value for name, value in scope.items() if "path" in name}
    assert shown == {"path": "/private/hidden/feed.json", "raw_path": b"/private/hidden/feed.json"}
