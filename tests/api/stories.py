"""Situations that several pages are read in, and how a page is read."""

from datetime import datetime, timedelta

import httpx2

from monitor.service import Health
from probes.kit.vocabulary import State, VantageHealth
from tests.api import cast
from tests.api.conftest import House, status
from tests.api.markup import Page

SINCE = cast.NOW - timedelta(hours=6)
BEGAN = cast.NOW - timedelta(hours=4)

BLIND = Health(
    ready=False,
    problems=("I cannot see: no vantage point reaches its own canaries",),
    vantages=(status("moscow-home", "RU", VantageHealth.OFFLINE), status("berlin", "DE", VantageHealth.OFFLINE)),
)


async def all_is_well(house: House, until: datetime = cast.NOW) -> None:
    for organisation in (cast.OVD_INFO, cast.MEMORIAL, cast.AMNESTY):
        for target in organisation.targets:
            for vantage in ("moscow-home", "berlin"):
                await cast.see(
                    house.store,
                    cast.looks(
                        State.OK, since=SINCE, until=until, organisation=organisation.id, target=target.id, vantage=vantage
                    ),
                )


async def a_block(house: House) -> None:
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=BEGAN, vantage="moscow-home"))
    await cast.see(house.store, cast.looks(State.BLOCKED, since=BEGAN, until=cast.NOW, vantage="moscow-home"))
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=cast.NOW, vantage="berlin"))
    await cast.plant(house.store, cast.suspicion(1).confirmed())


async def read(client: httpx2.AsyncClient, address: str, expected: int = 200) -> Page:
    answer = await client.get(address)
    assert answer.status_code == expected, answer.text
    page = Page(answer.text)
    assert page.mistakes == []
    return page
