"""Looks that others made are cited wherever they are shown, and no line that was lent is led back to."""

from dataclasses import replace
from datetime import timedelta

import httpx2

from probes.kit.observation import Provenance
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import BEGAN, read

OONI = Provenance(
    service="ooni",
    name="20261121080000.000000_RU_webconnectivity_0123456789abcdef",
    url="https://explorer.ooni.org/m/20261121080000.000000_RU_webconnectivity_0123456789abcdef",
    attribution="OONI, CC BY-NC-SA 4.0",
    asn=64500,
    software="ooniprobe-android 5.0.0",
)

VOLUNTEERS = Provenance(
    service="globalping",
    name="measurement1",
    url="https://api.globalping.io/v1/measurements/measurement1",
    attribution="Globalping by jsDelivr (https://globalping.io)",
    asn=64501,
    network="eyeball",
)


async def seen_by_others(house: House) -> None:
    """A public case that rests on two looks of others and one of our own."""
    looks = [cast.look(BEGAN + timedelta(minutes=10 * n), State.BLOCKED, vantage="moscow-home") for n in range(3)]
    whose = zip(looks, (OONI, VOLUNTEERS, None), strict=True)
    looks = [replace(one, observation=replace(one.observation, provenance=origin)) for one, origin in whose]
    story = cast.suspicion(1).confirmed().released()
    await cast.see(house.store, looks)
    await cast.plant(house.store, story)
    async with house.store.writing() as writing:
        await writing.cite(story.incident.id, [one.observation.id for one in looks])


async def test_a_look_says_who_made_it(house: House, staff: httpx2.AsyncClient) -> None:
    await seen_by_others(house)
    looks = (await staff.get("/api/v1/incidents/CW-2026-0001/looks")).json()["items"]
    published, lent, own = [one["provenance"] for one in looks]
    assert (published["service"], published["url"], published["attribution"]) == ("ooni", OONI.url, OONI.attribution)
    assert (lent["name"], lent["asn"], lent["network"]) == ("measurement1", 64501, "eyeball")
    assert own is None


async def test_strangers_are_told_whom_to_name_and_not_whose_line_was_lent(house: House, anonymous: httpx2.AsyncClient) -> None:
    await seen_by_others(house)
    answer = await anonymous.get("/api/v1/incidents/CW-2026-0001/looks")
    published, lent, _ = [one["provenance"] for one in answer.json()["items"]]
    assert (published["name"], published["asn"]) == (OONI.name, 64500)
    assert lent["attribution"] == VOLUNTEERS.attribution
    assert (lent["name"], lent["url"], lent["asn"]) == (None, None, None)
    page = await anonymous.get("/incidents/CW-2026-0001")
    assert "measurement1" not in answer.text + page.text
    assert "64501" not in answer.text + page.text


async def test_the_page_cites_them(house: House, staff: httpx2.AsyncClient) -> None:
    await seen_by_others(house)
    page = await read(staff, "/incidents/CW-2026-0001")
    assert f"others, who are to be named as well: {VOLUNTEERS.attribution}; {OONI.attribution}" in page.text
    russian = await read(staff, "/incidents/CW-2026-0001?lang=ru")
    assert "измерениями других людей" in russian.text


async def test_the_feed_cites_them(house: House, anonymous: httpx2.AsyncClient) -> None:
    await seen_by_others(house)
    (item,) = (await anonymous.get("/feed.json")).json()["items"]
    assert item["content_text"].endswith(f"{VOLUNTEERS.attribution}; {OONI.attribution}")


async def test_where_all_looks_are_our_own_nobody_else_is_named(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    (item,) = (await staff.get("/feed.json")).json()["items"]
    assert "others" not in item["content_text"]
