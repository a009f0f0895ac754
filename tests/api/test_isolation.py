"""A network is cut off from the world: an incident that is no one organisation's, as readers find it."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from monitor.core.incident import CaseKey
from monitor.core.kinds import Kind
from monitor.core.model import Words
from monitor.core.plan import plan_checks
from monitor.core.sight import CANARIES, NOBODY, sight_checks, sight_id
from monitor.core.watchlist import Canaries, Monitor, Organisation, Target
from monitor.service import Health
from monitor.store import Judged
from probes.kit.vocabulary import State, Strength, VantageHealth
from tests.api import cast
from tests.api.conftest import House, status
from tests.api.stories import read

FAR_AWAY = Organisation(
    id="far-away", name=Words(en="Far Away"), targets=(Target(id="site", url="https://far.example/", vantages=("berlin",)),)
)
CANARY_WATCH = Monitor(vantages=cast.VANTAGES, canaries=Canaries(domestic=("home.example",), foreign=("abroad.example",)))


def a_shutdown(number: int = 7) -> cast.Story:
    return cast.suspicion(
        number,
        key=CaseKey(organisation=NOBODY, target=NOBODY, family="isolation", country="RU"),
        kind=Kind.ISOLATION,
        mechanisms=(),
        rule="canaries.sight.isolated",
        because="The canaries of its own country answer, and those abroad do not.",
        strength=Strength.STRONG,
    ).confirmed()


@pytest.fixture
async def shut_down(house: House) -> House:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), a_shutdown())
    return house


async def test_the_overview_puts_it_before_everybody_s_own_losses(shut_down: House, staff: httpx2.AsyncClient) -> None:
    text = (await read(staff, "/")).text
    assert text.index("Networks cut off from the world") < text.index("Isolation in Russia") < text.index("Blocking in Russia")
    assert ">: Isolation" not in text


async def test_the_overview_tells_it_in_russian(shut_down: House, staff: httpx2.AsyncClient) -> None:
    text = (await read(staff, "/?lang=ru")).text
    assert "Сети, отрезанные от мира" in text
    assert "Изоляция (Россия)" in text


@pytest.mark.parametrize(("language", "advice"), [("en", "by telephone"), ("ru", "по телефону")])
async def test_its_page_says_what_to_do(shut_down: House, staff: httpx2.AsyncClient, language: str, advice: str) -> None:
    page = await read(staff, f"/incidents/CW-2026-0007?lang={language}")
    assert advice in page.text
    assert "canaries.sight.isolated" in page.text
    assert "<h1>: " not in page.text


async def test_its_page_shows_the_rounds_of_canaries_around_it(shut_down: House, staff: httpx2.AsyncClient) -> None:
    watched = cast.watchlist().model_copy(update={"monitor": CANARY_WATCH})
    shut_down.change(watchlist=watched)
    async with shut_down.store.writing() as writing:
        await writing.save_checks((*plan_checks(watched, cast.PROBES), *sight_checks(watched).values()))
    await cast.see(shut_down.store, [a_round(minute) for minute in range(3)])
    found = (await staff.get("/api/v1/incidents/CW-2026-0007/looks")).json()["items"]
    assert [(look["probe"], look["vantage"], look["state"]) for look in found] == [(CANARIES, "moscow-home", "unreachable")] * 3


def a_round(minute: int) -> Judged:
    at = cast.NOW - timedelta(hours=4) + timedelta(minutes=minute)
    look = cast.look(at, State.UNREACHABLE, organisation=NOBODY, target=NOBODY, vantage="moscow-home")
    check = sight_id("moscow-home")
    return Judged(observation=replace(look.observation, check=check), verdict=replace(look.verdict, check=check, probe=CANARIES))


async def test_programs_find_nobody_where_nobody_in_particular_is_meant(shut_down: House, staff: httpx2.AsyncClient) -> None:
    found = (await staff.get("/api/v1/incidents/CW-2026-0007")).json()
    assert (found["organisation"], found["target"], found["countries"]) == (None, None, ["RU"])
    assert found["title"] == "Isolation in Russia"
    (item,) = (await staff.get("/feed.json?kind=isolation")).json()["items"]
    assert item["tags"] == ["isolation", "confirmed"]
    assert item["_cutwatch"]["organisation"] is None
    assert item["title"] == "Isolation in Russia (Confirmed)"


async def test_those_who_are_watched_from_there_may_read_it_and_others_may_not(shut_down: House) -> None:
    await shut_down.watch(cast.watchlist(cast.OVD_INFO, FAR_AWAY))
    for organisation, expected in (("ovd-info", 200), ("far-away", 404)):
        async with shut_down.client(secret=await shut_down.key(organisations=(organisation,))) as client:
            answer = await client.get("/api/v1/incidents/CW-2026-0007")
            listed = [one["id"] for one in (await client.get("/api/v1/incidents")).json()["items"]]
        assert answer.status_code == expected
        assert ("CW-2026-0007" in listed) is (expected == 200)


async def test_the_public_reads_it_once_it_is_released_and_learns_of_no_vantage_point(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, a_shutdown())
    await read(anonymous, "/incidents/CW-2026-0007", expected=404)
    await cast.plant(house.store, a_shutdown(8).released())
    assert (await anonymous.get("/api/v1/incidents/CW-2026-0008")).json()["vantages"] == []
    text = (await read(anonymous, "/incidents/CW-2026-0008")).text
    assert "Isolation in Russia" in text
    assert not [name for name in ("moscow-home", "Anna") if name in text]


async def test_a_place_that_is_cut_off_is_not_called_our_own_fault(house: House, staff: httpx2.AsyncClient) -> None:
    vantages = (status("moscow-home", "RU", VantageHealth.ISOLATED), status("berlin", "DE", VantageHealth.OFFLINE))
    house.change(health=Health(ready=False, vantages=vantages))
    assert "I cannot see." not in (await read(staff, "/")).text
