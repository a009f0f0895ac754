"""Pages of what is configured: nobody misses anything, and a cursor tells nothing of what its reader may not know."""

import httpx2
import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from api.paging import turned_to
from api.parameters import ListPage
from monitor.core.keys import Scope
from monitor.core.model import Words
from monitor.core.watchlist import Provider, ProviderKind
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import all_is_well

LISTS = ("organisations", "targets", "states", "vantage-points", "providers")

HIDDEN = {"organisations": "memorial", "targets": "memorial/memohrc-org", "states": "memorial/memohrc-org/website/1"}
"""Cursors that lead to what is not public."""


@pytest.fixture
async def stocked(house: House) -> House:
    kinds = (ProviderKind.EMAIL_MARKETING,)
    providers = tuple(Provider(id=one, name=Words(en=one.title()), kinds=kinds) for one in ("godaddy", "mailchimp"))
    await house.watch(cast.watchlist().model_copy(update={"providers": providers}))
    await all_is_well(house)
    return house


async def leaf_through(client: httpx2.AsyncClient, address: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor = ""
    for _ in range(50):
        page = (await client.get(f"{address}?limit=1{cursor}")).json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&after={page['next']}"
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("name", LISTS)
async def test_pages_hold_everything_once_and_end(stocked: House, name: str) -> None:
    async with stocked.client(secret=await stocked.key(Scope.READ)) as client:
        whole = (await client.get(f"/api/v1/{name}")).json()
        assert whole["next"] is None
        assert len(whole["items"]) > 1
        assert await leaf_through(client, f"/api/v1/{name}") == whole["items"]


@pytest.mark.parametrize("name", HIDDEN)
async def test_a_cursor_of_what_is_hidden_is_answered_as_one_of_what_does_not_exist(stocked: House, name: str) -> None:
    async with stocked.client() as anonymous, stocked.client(secret=await stocked.key(Scope.READ)) as keyed:
        hidden = await anonymous.get(f"/api/v1/{name}?after={HIDDEN[name]}")
        missing = await anonymous.get(f"/api/v1/{name}?after=nobody")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
        assert (hidden.status_code, "begin again" in hidden.json()["detail"]) == (422, True)
        assert hidden.headers["content-type"] == "application/problem+json"
        assert (await keyed.get(f"/api/v1/{name}?after={HIDDEN[name]}")).status_code == 200


async def test_the_cursors_of_states_name_no_vantage_point(stocked: House) -> None:
    async with stocked.client() as anonymous:
        page = (await anonymous.get("/api/v1/states?limit=1")).json()
    assert page["next"] == "amnesty/amnesty-org/website/1"


async def test_the_freshness_of_states_is_that_of_all_pages(stocked: House) -> None:
    async with stocked.client(secret=await stocked.key(Scope.READ)) as client:
        first, whole = [(await client.get(f"/api/v1/states{query}")).json()["freshness"] for query in ("?limit=1", "")]
    assert first == whole


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), unique=True, max_size=30), st.integers(1, 10))
def test_whatever_is_listed_no_page_repeats_or_drops_anything(names: list[str], limit: int) -> None:
    found = dict(zip(names, names, strict=True))
    seen, cursor = [], None
    while True:
        shown, cursor = turned_to(found, ListPage(after=cursor, limit=limit))
        seen += shown
        if cursor is None:
            break
    assert seen == names


def test_a_cursor_whose_item_is_gone_is_an_error() -> None:
    with pytest.raises(HTTPException, match="422"):
        turned_to({"a": 1}, ListPage(after="b"))
