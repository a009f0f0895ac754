"""`/healthz`, `/readyz` and `/metrics`: for supervisors and Prometheus, who betray nothing to anybody else."""

import httpx2
import pytest

from monitor.core.keys import Scope
from monitor.service import Health
from monitor.settings import Settings
from probes.kit.vocabulary import VantageHealth
from tests.api.conftest import METRICS, WELL, House, status

HERE = {"peer": "127.0.0.1", "base_url": "http://127.0.0.1:8000"}

ALONE = Settings(base_url="http://127.0.0.1:8000")
"""Of a service that nobody reads but on its own machine."""

UNWELL = Health(
    ready=False,
    problems=("the vantage point “moscow-home” cannot see",),
    vantages=(status("moscow-home", "RU", VantageHealth.OFFLINE),),
)


async def test_whoever_asks_is_told_that_there_is_an_answer(anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok"}


async def test_a_monitor_that_is_well_is_ready(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "paused": False, "blind": False, "problems": []}


async def test_a_monitor_that_is_not_ready_tells_its_reasons_on_its_own_machine_and_to_keys(house: House) -> None:
    house.change(health=UNWELL, settings=ALONE)
    async with house.client(**HERE) as local, house.client(secret=await house.key()) as keyed:
        for client in (local, keyed):
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["detail"] == "the vantage point “moscow-home” cannot see"


async def test_strangers_learn_only_that_it_is_not_ready(house: House, anonymous: httpx2.AsyncClient) -> None:
    house.change(health=UNWELL)
    answer = await anonymous.get("/readyz")
    assert answer.status_code == 503
    assert "moscow" not in answer.text


async def test_prometheus_on_the_same_machine_needs_no_key(house: House) -> None:
    house.change(settings=ALONE)
    async with house.client(**HERE) as client:
        answer = await client.get("/metrics")
    assert answer.content == METRICS
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_prometheus_elsewhere_shows_a_key(house: House, anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/metrics")).status_code == 401
    async with house.client(secret=await house.key()) as client:
        assert (await client.get("/metrics")).content == METRICS


async def test_a_proxy_or_an_onion_service_on_the_same_machine_is_not_the_machine(house: House) -> None:
    house.change(settings=ALONE)
    async with house.client(**HERE) as proxy:
        assert (await proxy.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})).status_code == 401
    async with house.client(peer="127.0.0.1", base_url="http://cutwatchexample.onion") as onion:
        assert (await onion.get("/metrics")).status_code == 401


async def test_a_proxy_that_leaves_no_trace_gets_no_metrics_and_no_reasons_where_the_service_is_for_others(house: House) -> None:
    house.change(health=UNWELL)
    async with house.client(**HERE) as proxy:
        assert (await proxy.get("/metrics")).status_code == 401
        assert "moscow" not in (await proxy.get("/readyz")).text


async def test_a_bound_key_counts_for_what_it_is_on_this_machine_too(house: House) -> None:
    house.change(health=UNWELL, settings=ALONE)
    async with house.client(secret=await house.key(organisations=("ovd-info",)), **HERE) as client:
        assert (await client.get("/metrics")).status_code == 403
        assert "moscow" not in (await client.get("/readyz")).text


@pytest.mark.parametrize(("scope", "organisations"), [(Scope.NOTICES, None), (Scope.READ, ("ovd-info",))])
async def test_a_key_for_less_than_everything_reads_no_metrics(
    house: House, scope: Scope, organisations: tuple[str, ...] | None
) -> None:
    async with house.client(secret=await house.key(scope, organisations=organisations)) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 403
    assert b"memorial" not in answer.content


async def test_health_tells_its_problems_to_those_only_who_read_everything(house: House, anonymous: httpx2.AsyncClient) -> None:
    house.change(health=UNWELL)
    assert (await anonymous.get("/api/v1/health")).json() == {"ready": False, "paused": False, "blind": True, "problems": []}
    async with house.client(secret=await house.key()) as client:
        assert (await client.get("/api/v1/health")).json()["problems"] == list(UNWELL.problems)
    house.change(health=WELL)
    assert (await anonymous.get("/api/v1/health")).json()["ready"]
