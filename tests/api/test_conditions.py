"""Conditional requests: who has an incident as it is now is told so, and gets it anew where anything in it has changed."""

import httpx2
import pytest

from monitor.core.incident import Relation
from monitor.core.keys import Scope
from monitor.core.kinds import RelationKind
from tests.api import cast
from tests.api.conftest import House

CASE = "/api/v1/incidents/CW-2026-0001"


@pytest.fixture
async def tag(house: House, anonymous: httpx2.AsyncClient) -> str:
    """The tag of a public incident, as anybody gets it."""
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    return str((await anonymous.get(CASE)).headers["etag"])


async def test_who_has_it_already_is_told_so_with_what_a_whole_answer_would_say(anonymous: httpx2.AsyncClient, tag: str) -> None:
    whole = await anonymous.get(CASE)
    again = await anonymous.get(CASE, headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "content-language", "cache-control"):
        assert again.headers[name] == whole.headers[name]
    assert {"Accept-Language", "Accept-Encoding", "Authorization", "Cookie"} == set(whole.headers["vary"].split(", "))
    assert whole.headers["content-language"] == "en"
    assert tag.startswith('W/"3-')


async def test_the_head_alone_has_the_same_tag(anonymous: httpx2.AsyncClient, tag: str) -> None:
    assert (await anonymous.head(CASE)).headers["etag"] == tag
    assert (await anonymous.head(CASE, headers={"if-none-match": tag})).status_code == 304


@pytest.mark.parametrize("wrong", ['"3"', "3", 'W/"3"', 'W/"2"'])
async def test_another_tag_gets_it_whole(anonymous: httpx2.AsyncClient, tag: str, wrong: str) -> None:
    assert (await anonymous.get(CASE, headers={"if-none-match": wrong})).status_code == 200
    assert wrong != tag


async def test_bodies_that_say_something_else_have_tags_of_their_own(
    house: House, anonymous: httpx2.AsyncClient, tag: str
) -> None:
    russian = await anonymous.get(f"{CASE}?lang=ru")
    assert (russian.headers["content-language"], russian.headers["etag"] == tag) == ("ru", False)
    async with house.client(secret=await house.key(Scope.READ)) as insider:
        told = await insider.get(CASE, headers={"if-none-match": tag})
    assert (told.status_code, told.headers["etag"] == tag) == (200, False)


async def test_packed_or_not_it_says_the_same_and_bears_one_weak_tag(anonymous: httpx2.AsyncClient, tag: str) -> None:
    for encoding in ("identity", "gzip"):
        answer = await anonymous.get(CASE, headers={"accept-encoding": encoding})
        assert answer.headers["etag"] == tag
        assert "Accept-Encoding" in answer.headers["vary"]


async def test_another_incident_that_names_it_changes_the_tag_though_not_the_version(
    house: House, anonymous: httpx2.AsyncClient, tag: str
) -> None:
    naming = cast.attested(2, relations=(Relation(RelationKind.SEE_ALSO, "CW-2026-0001"),))
    await cast.plant(house.store, naming)
    answer = await anonymous.get(CASE, headers={"if-none-match": tag})
    assert (answer.status_code, answer.json()["version"]) == (200, 3)
    assert "CW-2026-0002" in answer.text
