"""`/organisations/{slug}`: what works, where, since when."""

import httpx2

from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import BEGAN, SINCE, a_block, all_is_well, read


async def test_an_organisation_shows_where_it_works_and_since_when(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    page = await read(staff, "/organisations/ovd-info")
    assert "Anna's flat" in page.text
    assert "Blocked" in page.text
    assert "since 21 Nov 2026, 08:00 UTC" in " ".join(page.text.split())
    strips = [given for tag, given in page.tags if tag == "svg"]
    assert len(strips) == 2
    assert all(given["aria-hidden"] == "true" for given in strips)
    assert page.count("table") == page.count("caption") == 2


async def test_a_gap_keeps_what_was_known_before_it(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=BEGAN))
    await cast.see(house.store, cast.looks(State.UNMEASURED, since=BEGAN, until=cast.NOW))
    text = " ".join((await read(staff, "/organisations/ovd-info")).text.split())
    assert "Not measured" in text
    assert "Before that: ● Works, last seen 21 Nov 2026, 07:55 UTC" in text


async def test_an_organisation_that_is_public_shows_outsiders_its_public_targets_only(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await all_is_well(house)
    text = (await read(anonymous, "/organisations/amnesty")).text
    assert "amnesty.org" in text
    assert "intranet" not in text
    assert "Russia · website" in text
    assert "Anna" not in text
