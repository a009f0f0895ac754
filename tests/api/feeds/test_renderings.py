"""Feeds as bytes: rendered once for every change that their readers may know of, and then only handed out."""

import gzip
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from fastapi import Request

from api.feeds import json_feed, renderings
from api.feeds.renderings import Rendering, Renderings
from api.routes import feed_json
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp
from tests.api import cast
from tests.api.conftest import House


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The audiences for whom something was rendered, one after the other."""
    made: list[str] = []

    async def counting(listing: Any) -> Rendering:
        made.append(listing.visible.reader.audience)
        return await json_feed.render(listing)

    monkeypatch.setattr(feed_json, "FORM", feed_json.FORM.__class__(json_feed.PATH, json_feed.MEDIA_TYPE, counting))
    return made


async def test_it_is_rendered_once_for_each_change_that_the_public_may_know_of(
    house: House, anonymous: httpx2.AsyncClient, rendered: list[str]
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    for _ in range(3):
        await anonymous.get("/feed.json")
    assert rendered == ["public"]
    await cast.plant(house.store, cast.suspicion(2, target="donate"))
    await anonymous.get("/feed.json")
    assert rendered == ["public"], "the time that an answer takes would tell of what is hidden"
    await cast.plant(house.store, cast.suspicion(3, target="donate").confirmed().released())
    await anonymous.get("/feed.json")
    assert rendered == ["public", "public"]


async def test_an_insider_sees_every_change_at_once(house: House, rendered: list[str]) -> None:
    async with house.client(secret=await house.key(Scope.READ, organisations=("ovd-info",))) as client:
        for number in (1, 2):
            await cast.plant(house.store, cast.suspicion(number))
            for _ in range(2):
                assert len((await client.get("/feed.json")).json()["items"]) == number
    assert rendered == ["of ovd-info"] * 2


async def test_what_is_public_no_longer_goes_at_once(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed().released()
    await cast.plant(house.store, story)
    assert len((await anonymous.get("/feed.json")).json()["items"]) == 1
    closed = story.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="asked for by the organisation")
    await cast.plant(house.store, cast.Story(closed.incident, closed.events[-1:]))
    assert (await anonymous.get("/feed.json")).json()["items"] == []


@pytest.mark.parametrize("path", ["/feed.json", "/feed.atom"])
@pytest.mark.parametrize("withdrawn", [0, 1])
async def test_a_copy_that_holds_what_was_withdrawn_is_not_called_good_for_its_date(
    house: House, anonymous: httpx2.AsyncClient, path: str, withdrawn: int
) -> None:
    stories = (cast.suspicion(1).confirmed().released(), cast.suspicion(2, target="donate").confirmed().released())
    await cast.plant(house.store, *stories)
    before = await anonymous.get(path)
    closed = stories[withdrawn].then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="asked for by the organisation")
    await cast.plant(house.store, cast.Story(closed.incident, closed.events[-1:]))
    again = await anonymous.get(path, headers={"if-modified-since": before.headers["last-modified"]})
    assert again.status_code == 200
    assert f"/incidents/{closed.incident.id}" not in again.text


async def test_a_change_of_the_configuration_is_seen_at_once(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1))
    await staff.get("/feed.json")
    house.change(watchlist=cast.watchlist(cast.MEMORIAL).model_copy(update={"version": "2"}))
    (item,) = (await staff.get("/feed.json")).json()["items"]
    assert item["title"].startswith("ovd-info, ovdinfo-org:")


async def test_an_answer_from_the_shelf_asks_the_database_one_thing(
    house: House, anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    first = await anonymous.get("/feed.json")
    asked: list[str] = []

    def refuse(name: str) -> Any:
        async def refusing(*_: object, **__: object) -> None:
            asked.append(name)

        return refusing

    for name in ("incidents", "attributions", "events", "logs", "last_seq"):
        monkeypatch.setattr(f"monitor.store.Reading.{name}", refuse(name))
    assert (await anonymous.get("/feed.json")).content == first.content
    assert asked == []


@pytest.mark.parametrize("path", ["/feed.json", "/feed.atom", "/calendar.ics"])
async def test_a_reader_that_takes_gzip_gets_the_same_bytes_packed_under_a_tag_of_their_own(
    house: House, anonymous: httpx2.AsyncClient, path: str
) -> None:
    await cast.plant(house.store, *(cast.suspicion(number).confirmed().released() for number in range(1, 9)))
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("amnesty", "amnesty-org", f"{number}.example") for number in range(9)])
    plain = await anonymous.get(path, headers={"accept-encoding": "identity"})
    packed = await anonymous.get(path, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    assert not plain.headers["etag"].startswith("W/")
    assert "Accept-Encoding" in plain.headers["vary"]
    for taken, answer in (("identity", plain), ("gzip", packed)):
        for other, expected in (("identity", 304 if taken == "identity" else 200), ("gzip", 304 if taken == "gzip" else 200)):
            asked = {"accept-encoding": other, "if-none-match": answer.headers["etag"]}
            again = await anonymous.get(path, headers=asked)
            assert again.status_code == expected, (taken, other)
            assert again.headers["etag"] == (plain if other == "identity" else packed).headers["etag"]


async def test_a_tag_counts_on_whichever_line_it_stands_weak_or_not_and_in_quotes_only(anonymous: httpx2.AsyncClient) -> None:
    tag = (await anonymous.get("/feed.json")).headers["etag"]
    for lines in (['"x"', tag], [f'"x", W/{tag}'], ['"with, a comma"', f"  {tag}  "], ["*"]):
        again = await anonymous.get("/feed.json", headers=[("if-none-match", line) for line in lines])
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), lines
    for line in (tag.strip('"'), f"W/{tag[1:-1]}", tag[:-1], tag[1:], f'"{tag[1:-1]}-gzip"', '"*"', ""):
        assert (await anonymous.get("/feed.json", headers={"if-none-match": line})).status_code == 200, line


@pytest.mark.parametrize("path", ["/feed.json", "/feed.atom", "/calendar.ics"])
async def test_the_head_alone_can_be_asked_for(house: House, anonymous: httpx2.AsyncClient, path: str) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    whole, head = await anonymous.get(path), await anonymous.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert {name: head.headers[name] for name in ("etag", "content-length", "content-type")} == {
        name: whole.headers[name] for name in ("etag", "content-length", "content-type")
    }


async def test_renderings_are_bounded() -> None:
    kept = Renderings()

    async def render() -> Rendering:
        return Rendering.of(b"{}", None)

    for number in range(renderings.KEPT + 10):
        await kept.get(number, 1, render)
    assert list(kept.kept) == list(range(10, renderings.KEPT + 10))


def test_the_date_of_an_empty_feed_is_not_known(anonymous_request: Any) -> None:
    assert "last-modified" not in Rendering.of(b"{}", None).answer(anonymous_request, "text/plain", {}).headers
    dated = Rendering.of(b"{}", datetime(2026, 1, 1, tzinfo=UTC)).answer(anonymous_request, "text/plain", {})
    assert dated.headers["last-modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_what_is_packed_is_the_same_every_time() -> None:
    body = b"x" * 2000
    assert Rendering.of(body, None).packed == Rendering.of(body, None).packed
    assert gzip.decompress(Rendering.of(body, None).packed) == body


@pytest.fixture
def anonymous_request() -> Any:
    return Request({"type": "http", "headers": []})
