"""What leaves through the API deceives nobody who prints it."""

from dataclasses import replace

import httpx2

from monitor.core.model import Words
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House

HOSTILE = "The page said \x1b[2J\u202etxt.exe \x07" + "x" * 9000


async def test_reasons_are_one_harmless_line(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1, because=HOSTILE).confirmed())
    one = (await staff.get("/api/v1/incidents/CW-2026-0001")).json()
    log = (await staff.get("/api/v1/incidents/CW-2026-0001/log")).json()["items"]
    listed = (await staff.get("/api/v1/events")).json()["items"]
    for because in (one["because"], log[0]["data"]["because"], listed[0]["data"]["because"]):
        assert because.startswith("The page said [2Jtxt.exe ")
        assert len(because) == 2000


async def test_reasons_of_states_and_looks_are_too(house: House, staff: httpx2.AsyncClient) -> None:
    look = cast.look(cast.NOW, State.BLOCKED)
    await cast.see(house.store, [replace(look, verdict=replace(look.verdict, because=HOSTILE))])
    states = (await staff.get("/api/v1/states")).json()["items"]
    assert ["\x1b" in one["because"] or "\u202e" in one["because"] for one in states] == [False]


async def test_names_are_plain_as_well(house: House, staff: httpx2.AsyncClient) -> None:
    await house.watch(cast.watchlist(cast.OVD_INFO.model_copy(update={"name": Words(en="OVD\u202e-Info\x07")})))
    (found,) = (await staff.get("/api/v1/organisations")).json()["items"]
    assert found["name"] == "OVD-Info"
