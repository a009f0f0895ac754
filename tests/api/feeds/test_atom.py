"""`/feed.atom`: what a feed reader sees, by the rules of RFC 4287 and RFC 6721."""

from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import feedparser  # type: ignore[import-untyped]  # it carries no types
import httpx2
import pytest

from api.feeds.atom import ATOM, TOMBSTONES
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Organisation, Target
from tests.api import cast
from tests.api.conftest import House

A, AT = f"{{{ATOM}}}", f"{{{TOMBSTONES}}}"

ONCE_IN_A_FEED = {"id", "title", "updated", "subtitle", "icon"}
ONCE_IN_AN_ENTRY = {"id", "title", "updated", "published", "content"}
RETRACTED = {"stage": IncidentStage.RETRACTED, "reason": "a cable was cut"}


async def read(client: httpx2.AsyncClient, address: str = "/feed.atom") -> Element:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = fromstring(answer.content)
    check(feed)
    return feed


async def test_names_need_no_prefix(anonymous: httpx2.AsyncClient) -> None:
    text = (await anonymous.get("/feed.atom")).text
    assert '<feed xmlns="http://www.w3.org/2005/Atom"' in text
    assert "ns0:" not in text


def check(feed: Element) -> None:
    """The structure that RFC 4287 asks for, as far as we use it."""
    assert feed.tag == f"{A}feed"
    names = [one.tag for one in feed]
    for name in ONCE_IN_A_FEED:
        assert names.count(A + name) == 1, name
    assert feed.find(f"{A}author/{A}name").text
    check_time(feed.find(f"{A}updated").text)
    ids = [one.text for one in feed.iter(f"{A}id")]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("tag:") for one in ids)
    for entry in feed.findall(f"{A}entry"):
        names = [one.tag for one in entry]
        for name in ONCE_IN_AN_ENTRY:
            assert names.count(A + name) == 1, name
        assert entry.find(f"{A}content").get("type") == "text"
        assert len([one for one in entry.findall(f"{A}link") if one.get("rel") == "alternate"]) == 1
        assert all(one.get("term") for one in entry.findall(f"{A}category"))
        for name in ("updated", "published"):
            check_time(entry.find(A + name).text)
    for stone in feed.findall(f"{AT}deleted-entry"):
        assert stone.get("ref").startswith("tag:")
        check_time(stone.get("when"))


def check_time(text: str) -> None:
    assert text.endswith("Z")
    assert datetime.fromisoformat(text).tzinfo is not None


async def test_an_atom_library_reads_the_feed_without_complaint(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, "memorial", "memohrc-org"))
    answer = await staff.get("/feed.atom", headers={"accept-language": "ru"})
    found = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["content-type"]})
    assert not found.bozo
    assert found.version == "atom10"
    assert (found.feed.author, found.feed.language) == ("Cutwatch", "ru")
    assert [one.rel for one in found.feed.links] == ["alternate", "self"]
    newest, older = found.entries
    assert newest.title == "ОВД-Инфо, ovdinfo.org: Блокировка (Россия) (Подтверждено)"
    assert newest.link == f"{cast.ADDRESS}/incidents/CW-2026-0001"
    assert (newest.published, newest.updated) == ("2026-11-21T08:00:00Z", "2026-11-21T08:10:00Z")
    assert cast.SNI_RESET in newest.content[0].value
    assert {(one.scheme.rpartition(":")[2], one.term) for one in newest.tags} == {
        ("kind", "blocking"),
        ("stage", "confirmed"),
        ("origin", "measured"),
        ("organisation", "ovd-info"),
        ("country", "RU"),
    }
    assert older.id == "tag:watch.example,2026:CW-2026-0002"


async def test_the_feed_has_the_structure_that_the_standard_asks_for(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, "memorial", "memohrc-org"))
    feed = await read(staff, "/feed.atom?country=RU&kind=blocking")
    assert len(feed.findall(f"{A}entry")) == 2
    own = next(one for one in feed.findall(f"{A}link") if one.get("rel") == "self")
    assert own.get("href") == f"{cast.ADDRESS}/feed.atom?country=RU&kind=blocking"


async def test_an_empty_feed_is_one_too(house: House, anonymous: httpx2.AsyncClient) -> None:
    feed = await read(anonymous)
    assert feed.findall(f"{A}entry") == []


async def test_an_entry_keeps_its_id_and_its_first_date_while_it_changes(house: House, staff: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1)
    await cast.plant(house.store, story)
    before = (await read(staff)).find(f"{A}entry")
    await cast.plant(house.store, cast.Story(story.confirmed().incident, story.confirmed().events[1:]))
    after = (await read(staff)).find(f"{A}entry")
    assert before.find(f"{A}id").text == after.find(f"{A}id").text
    assert before.find(f"{A}published").text == after.find(f"{A}published").text
    assert before.find(f"{A}updated").text < after.find(f"{A}updated").text


async def test_what_was_retracted_has_a_tombstone_beside_an_entry_that_says_so(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    story = cast.suspicion(1).confirmed().released().then(EventKind.RETRACTED, cast.NOW, **RETRACTED)
    await cast.plant(house.store, story, cast.suspicion(2).confirmed().released())
    feed = await read(anonymous)
    (stone,) = feed.findall(f"{AT}deleted-entry")
    assert stone.get("ref") == "tag:watch.example,2026:CW-2026-0001"
    assert stone.get("when") == "2026-11-21T12:00:00Z"
    retracted = next(one for one in feed.findall(f"{A}entry") if one.find(f"{A}id").text == stone.get("ref"))
    assert "(Retracted)" in retracted.find(f"{A}title").text


@pytest.mark.parametrize("name", ["<b>&amp;</b>", "]]>", "bell \x07 null \x00 end", "\ufffe\ud7ff name", "<!ENTITY x 'y'>"])
async def test_no_name_breaks_the_feed(house: House, staff: httpx2.AsyncClient, name: str) -> None:
    hostile = Organisation(id="ovd-info", name=Words(en=name), targets=(Target(id="ovdinfo-org", url="https://ovdinfo.org/"),))
    house.change(watchlist=cast.watchlist(hostile).model_copy(update={"version": name}))
    await cast.plant(house.store, cast.suspicion(1, because=name).confirmed())
    feed = await read(staff)
    assert "ovdinfo.org: Blocking" in feed.find(f"{A}entry/{A}title").text


async def test_old_cases_entered_at_once_do_not_push_out_what_happens_now(
    house: House, staff: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.feeds.entries.ENTRIES", 3)
    monkeypatch.setattr("api.feeds.entries.ATTESTED", 2)
    measured = [cast.suspicion(number, began=cast.NOW - timedelta(hours=9)) for number in range(1, 5)]
    attested = [cast.attested(number) for number in range(5, 10)]
    await cast.plant(house.store, *measured, *attested)
    items = (await staff.get("/feed.json")).json()["items"]
    assert [one["_cutwatch"]["origin"] for one in items] == ["attested"] * 2 + ["measured"] * 3
    assert "As of: 2022-03." in items[0]["content_text"]
    only = (await staff.get("/feed.json?origin=attested")).json()["items"]
    assert {one["_cutwatch"]["origin"] for one in only} == {"attested"}


async def test_what_is_public_no_more_leaves_a_tombstone_with_nothing_on_it(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed().released()
    await cast.plant(house.store, story)
    before = await anonymous.get("/feed.atom")
    closed = story.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER, reason="asked for")
    later = closed.then(EventKind.SCOPE_CHANGED, cast.NOW + timedelta(minutes=5), vantages=("moscow-home",))
    await cast.plant(house.store, cast.Story(later.incident, later.events[3:]))
    for address in ("/feed.atom", "/feed.atom?organisation=memorial&kind=outage"):
        feed = await read(anonymous, address)
        assert feed.findall(f"{A}entry") == []
        (stone,) = feed.findall(f"{AT}deleted-entry")
        assert stone.attrib == {"ref": "tag:watch.example,2026:CW-2026-0001", "when": "2026-11-21T12:00:00Z"}
        assert list(stone) == []
    after = await anonymous.get("/feed.atom")
    assert before.headers["etag"] != after.headers["etag"]
    assert after.headers["last-modified"] == "Sat, 21 Nov 2026 12:00:00 GMT"
    extension = (await anonymous.get("/feed.json")).json()["_cutwatch"]
    assert extension == {"unreleased": [{"id": "CW-2026-0001", "when": "2026-11-21T12:00:00Z"}]}
