"""`/`: what is broken now, and how fresh that knowledge is."""

from datetime import timedelta

import httpx2

from monitor.core.incident import CaseKey
from monitor.core.kinds import Kind
from monitor.service import Health
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import BLIND, a_block, all_is_well, read
from tests.api.test_secrecy import MAILCHIMP


async def test_when_nothing_is_cut_off_the_overview_says_so_and_how_fresh_that_is(
    house: House, staff: httpx2.AsyncClient
) -> None:
    await all_is_well(house)
    page = await read(staff, "/")
    assert "Nothing is cut off, as far as we can see." in page.text
    assert "10 of 10 checks were made in the last 10 minutes." in page.text


async def test_old_knowledge_is_not_called_well(house: House, staff: httpx2.AsyncClient) -> None:
    await all_is_well(house, until=cast.NOW - timedelta(hours=1))
    page = await read(staff, "/")
    assert "Nothing is cut off" not in page.text
    assert "most of our knowledge is old" in page.text
    assert "0 of 10 checks" in page.text


async def test_before_the_first_look_the_overview_claims_nothing(staff: httpx2.AsyncClient) -> None:
    page = await read(staff, "/")
    assert "Nothing has been looked at yet" in page.text


async def test_with_nobody_to_watch_the_overview_says_what_to_do(house: House, staff: httpx2.AsyncClient) -> None:
    await house.watch(cast.watchlist().model_copy(update={"organisations": ()}))
    page = await read(staff, "/")
    assert "Nothing is watched yet." in page.text
    assert "cutwatch check" in page.text


async def test_an_anonymous_reader_is_never_told_that_all_is_well(house: House, anonymous: httpx2.AsyncClient) -> None:
    await all_is_well(house)
    page = await read(anonymous, "/")
    assert "Nothing is cut off" not in page.text
    assert "This does not mean that all is well" in page.text


async def test_the_overview_shows_what_is_broken_since_when_and_how_sure(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    page = await read(staff, "/")
    assert "ovdinfo.org: Blocking in Russia" in page.text
    assert "Confirmed" in page.text
    assert "21 Nov 2026, between 07:55 and 08:00 UTC" in " ".join(page.text.split())
    assert "4 hours ago" in page.text


async def test_the_overview_tells_it_by_provider_too(house: House, staff: httpx2.AsyncClient) -> None:
    await house.watch(cast.watchlist().model_copy(update={"providers": (MAILCHIMP,)}))
    story = cast.suspicion(2, target="donate", kind=Kind.WITHDRAWAL, provider="mailchimp")
    await cast.plant(house.store, cast.suspicion(1).confirmed(), story.confirmed())
    page = await read(staff, "/?lang=en")
    assert "/providers/mailchimp?lang=en" in page.links
    assert page.links.count("/incidents/CW-2026-0002?lang=en") == 2
    assert page.links.count("/incidents/CW-2026-0001?lang=en") == 1


async def test_where_no_provider_did_it_the_overview_names_none(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    assert "By provider" not in (await read(staff, "/")).text


async def test_confirmed_cases_stand_before_suspicions(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1, target="donate"), cast.suspicion(2).confirmed())
    text = (await read(staff, "/")).text
    assert text.index("CW-2026-0002") < text.index("CW-2026-0001")


async def test_a_monitor_that_cannot_see_says_so_first_and_to_everybody(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    await all_is_well(house)
    house.change(health=BLIND)
    for client in (staff, anonymous):
        page = await read(client, "/")
        assert page.text.index("I cannot see.") < page.text.index("What is broken now", page.text.index("Skip"))
        assert "Nothing is cut off, as far as" not in page.text


async def test_a_paused_monitor_says_so(house: House, staff: httpx2.AsyncClient) -> None:
    house.change(health=Health(ready=False, paused=True))
    assert "Looking is paused." in (await read(staff, "/")).text


async def test_problems_are_told_to_staff_only(house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient) -> None:
    house.change(health=Health(ready=False, problems=("the prober has not been heard of",)))
    assert "the prober has not been heard of" in (await read(staff, "/")).text
    told = (await read(anonymous, "/")).text
    assert "the prober" not in told
    assert "Cutwatch itself is not well." in told


async def test_a_mass_event_is_one_card_with_those_of_its_members_that_the_reader_may_read(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    mass = cast.suspicion(
        3,
        key=CaseKey(organisation="", target="", family="mass:path", country="RU"),
        members=("CW-2026-0001", "CW-2026-0002"),
        affected=("memorial", "ovd-info"),
    )
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed().released(),
        cast.suspicion(2, "memorial", "memohrc-org").confirmed(),
        cast.suspicion(4, target="donate").confirmed().released(),
        mass.confirmed().released(),
    )
    for client, count in ((staff, 2), (anonymous, 1)):
        page = await read(client, "/")
        assert len([given for tag, given in page.tags if tag == "li" and (given.get("class") or "").startswith("case ")]) == 2
        text = " ".join(page.text.split())
        assert "Many at once: Blocking in Russia" in text
        assert f"What it consists of ({count})" in text
        assert page.links.count("/incidents/CW-2026-0001") == 1
        assert page.links.count("/incidents/CW-2026-0004") == 1
    assert "CW-2026-0002" not in page.text


async def test_of_a_mass_event_with_very_many_members_some_are_shown_and_all_counted(
    house: House, staff: httpx2.AsyncClient
) -> None:
    names = tuple(f"CW-2026-{number:04d}" for number in range(1, 31))
    key = CaseKey(organisation="", target="", family="mass:path", country="RU")
    mass = cast.suspicion(90, key=key, members=names).confirmed()
    await cast.plant(house.store, *(cast.suspicion(number).confirmed() for number in range(1, 31)), mass)
    page = await read(staff, "/")
    assert "What it consists of (30)" in " ".join(page.text.split())
    assert len([link for link in page.links if link.startswith("/incidents/")]) == 20 + 2
