"""What goes through all incidents reads them once for every change, and for few readers at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from api.everything import READERS, Everything
from api.visible import Visible
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp
from tests.api import cast
from tests.api.conftest import House

PAGES = ("/timeline", "/api/v1/providers", "/providers/mailchimp")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Notes every time that incidents are read from the store and folded."""
    seen: list[object] = []
    reading = Visible.incidents

    async def noted(self: Visible, filters: Any, **rest: Any) -> Any:
        seen.append(filters)
        return await reading(self, filters, **rest)

    monkeypatch.setattr(Visible, "incidents", noted)
    return seen


async def test_the_public_has_everything_read_once_for_every_change(
    house: House, anonymous: httpx2.AsyncClient, asked: list[object]
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    for page in (*PAGES, *PAGES):
        assert (await anonymous.get(page)).status_code in {200, 404}
    assert len(asked) == 1
    await cast.plant(house.store, cast.suspicion(2, "memorial", "memohrc-org").confirmed().released())
    assert "CW-2026-0002" in (await anonymous.get("/timeline")).text
    assert len(asked) == 2


async def test_what_is_hidden_has_nothing_read_anew(house: House, anonymous: httpx2.AsyncClient, asked: list[object]) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    before = (await anonymous.get("/timeline")).text
    await cast.plant(house.store, cast.suspicion(2, "memorial", "memohrc-org").confirmed())
    assert (await anonymous.get("/timeline")).text == before
    assert len(asked) == 1


async def test_what_is_released_no_more_is_kept_for_nobody(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed().released()
    await cast.plant(house.store, story)
    assert "CW-2026-0001" in (await anonymous.get("/timeline")).text
    told = len(story.events)
    closed = story.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER)
    async with house.store.writing() as writing:
        await writing.append(closed.events[told:], [closed.incident])
    assert "CW-2026-0001" not in (await anonymous.get("/timeline")).text


async def test_what_a_key_opens_is_not_kept_for_the_public(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    async with house.client(secret=await house.key()) as insider:
        assert "CW-2026-0001" in (await insider.get("/timeline")).text
    assert "CW-2026-0001" not in (await anonymous.get("/timeline")).text


async def test_a_reader_too_many_is_told_at_once_to_come_back(house: House, anonymous: httpx2.AsyncClient) -> None:
    kept: Everything = house.app.state.everything
    kept.readers = READERS
    for page in ("/timeline", "/api/v1/providers"):
        refused = await anonymous.get(page)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "Try again in a few seconds" in refused.text
    assert (await anonymous.get("/")).status_code == 200
    kept.readers = 0
    assert (await anonymous.get("/timeline")).status_code == 200


async def test_readers_who_come_together_have_it_read_once_and_all_get_it(
    house: House, anonymous: httpx2.AsyncClient, asked: list[object]
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    answers = await asyncio.gather(*(anonymous.get("/timeline") for _ in range(READERS)))
    assert [one.status_code for one in answers] == [200] * READERS
    assert len(asked) == 1


@pytest.mark.parametrize("filters", ["open=true", "by=onset&since=2026-01-01T00:00:00Z", "until=2027-01-01T00:00:00Z"])
async def test_filters_that_the_database_does_not_know_are_answered_from_what_is_kept(
    house: House, anonymous: httpx2.AsyncClient, asked: list[object], filters: str
) -> None:
    stories = (cast.suspicion(number).confirmed().released() for number in range(1, 6))
    await cast.plant(house.store, *stories, cast.suspicion(6).confirmed())
    address = f"/api/v1/incidents?{filters}&kind=blocking&limit=2"
    shown = [one async for one in pages(anonymous, address)]
    assert sorted(shown) == [f"CW-2026-000{number}" for number in range(1, 6)]
    assert len(asked) == 1
    for hidden in ("CW-2026-0006", "CW-2026-0099"):
        assert (await anonymous.get(f"{address}&after={hidden}")).status_code == 422
    async with house.client(secret=await house.key()) as insider:
        assert {one async for one in pages(insider, address)} == {*shown, "CW-2026-0006"}


async def pages(client: httpx2.AsyncClient, address: str) -> AsyncIterator[str]:
    """The incidents of all pages."""
    after = ""
    while after is not None:
        page = (await client.get(f"{address}&after={after}" if after else address)).json()
        for one in page["items"]:
            yield one["id"]
        after = page["next"]


async def test_what_only_stands_or_not_is_asked_of_the_database(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released(), *(cast.attested(number) for number in range(2, 10)))
    asked: list[frozenset[str]] = []
    reading = Visible._batch

    async def noted(self: Visible, *given: Any) -> Any:
        found = await reading(self, *given)
        asked.append(frozenset(one.id for one in found))
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Visible, "_batch", noted)
        assert "CW-2026-0001" in (await anonymous.get("/")).text
    assert asked[0] == {"CW-2026-0001"}
