"""The main job, end to end: the court block of 2021 goes through the whole service, and every reader tells of it."""

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.lab.demo import NAME, STORY
from tests.lab.demonstration import Demonstration, free_port, is_well_signed, showing, sign_in_address, story
from tests.lab.reading import read

SPEED = 200.0
"""The 140 minutes of the story in 42 seconds."""


async def cutwatch(shown: Demonstration, *arguments: str) -> str:
    """Run a command of ours beside the running service."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", *arguments, stdout=asyncio.subprocess.PIPE, env=shown.environment
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demonstration]:
    """The service after it has lived through the whole story."""
    file = read(STORY)
    folder: Path = tmp_path_factory.mktemp("main-job")
    async with showing(story(file.scenarios, NAME), file.world, folder, speed=SPEED, port=free_port()) as shown:
        for stretch in shown.scenario.timeline:
            await shown.live_through(stretch)
        await shown.sink.received(4, within=20)
        yield shown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(shown: Demonstration) -> AsyncIterator[httpx2.AsyncClient]:
    """A reader with a key."""
    made = json.loads(await cutwatch(shown, "keys", "create", "a partner", "--json"))
    headers = {"Authorization": f"Bearer {made['secret']}"}
    async with httpx2.AsyncClient(base_url=shown.address, headers=headers, trust_env=False) as client:
        yield client


pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_the_block_is_one_incident_that_has_ended(reader: httpx2.AsyncClient) -> None:
    (incident,) = await _incidents(reader)
    assert (incident["kind"], incident["stage"], incident["organisation"]) == ("blocking", "ended", "ovd-info")
    assert incident["countries"] == ["RU"]
    events = (await reader.get("/api/v1/events")).json()["items"]
    kinds = [event["kind"] for event in events]
    assert kinds[:2] == ["opened", "confirmed"]
    assert "scope_changed" in kinds
    assert kinds[-1] == "ended"


async def test_the_feed_has_an_entry(reader: httpx2.AsyncClient) -> None:
    (item,) = (await reader.get("/feed.json")).json()["items"]
    (incident,) = await _incidents(reader)
    assert item["_cutwatch"]["stage"] == "ended"
    assert item["_cutwatch"]["countries"] == ["RU"]
    assert incident["id"] in item["url"]


async def test_the_metrics_count_it(reader: httpx2.AsyncClient) -> None:
    text = (await reader.get("/metrics")).text
    assert 'cutwatch_incidents_total{country="RU",kind="blocking",provider=""} 1.0' in text
    assert 'cutwatch_incidents_open{country="RU",kind="blocking",organisation="ovd-info",provider=""} 0.0' in text
    labels = 'organisation="ovd-info",target="ovdinfo-org",probe="website",vantage="ru-home"'
    assert f'cutwatch_target_state{{{labels},state="ok"}} 1.0' in text
    assert f'cutwatch_target_state{{{labels},state="blocked"}} 0.0' in text
    assert 'cutwatch_vantage_up{country="RU",vantage="ru-home"} 1.0' in text


async def test_the_alarm_and_the_recovery_arrive_signed_and_in_order(shown: Demonstration) -> None:
    requests = list(shown.sink.requests)
    assert all(is_well_signed(request, shown.secret) for request in requests)
    types = [json.loads(request.body)["type"] for request in requests]
    assert types[0] == "incident.confirmed"
    assert types[-1] == "incident.ended"
    assert set(types[1:-1]) == {"incident.scope_changed"}


async def test_the_page_tells_who_what_and_since_when(reader: httpx2.AsyncClient) -> None:
    (incident,) = await _incidents(reader)
    page = (await reader.get(f"/incidents/{incident['id']}")).text
    for words in ("OVD-Info", "a line at home in Russia", "a mobile line in Russia", "dns.injection.other", "tls.reset.sni"):
        assert words in page


async def test_the_bytes_of_a_blocked_look_are_kept(shown: Demonstration, reader: httpx2.AsyncClient) -> None:
    database = sqlite3.connect(f"file:{shown.environment['CUTWATCH_DATA_DIR']}/cutwatch.db?mode=ro", uri=True)
    (cited,) = database.execute("select count(*) from incident_observation").fetchone()
    (kept,) = database.execute("select count(*) from blob").fetchone()
    database.close()
    assert cited > 0
    assert kept > 0


async def test_an_anonymous_visitor_finds_no_trace_of_it(shown: Demonstration) -> None:
    async with httpx2.AsyncClient(base_url=shown.address, trust_env=False) as stranger:
        for path in ("/", "/feed.json", "/api/v1/incidents", "/organisations/ovd-info"):
            assert "ovdinfo" not in (await stranger.get(path)).text.lower()


async def test_a_visitor_of_the_demonstration_can_sign_in(shown: Demonstration) -> None:
    async with httpx2.AsyncClient(follow_redirects=True, trust_env=False) as visitor:
        page, _, secret = (await sign_in_address(shown)).partition("?token=")
        await visitor.post(page, data={"token": secret})
        assert "ovdinfo" in (await visitor.get(f"{shown.address}/organisations/ovd-info")).text.lower()


async def test_status_on_the_command_line_says_that_all_is_well_again(shown: Demonstration) -> None:
    assert "Nothing is cut off" in await cutwatch(shown, "status")
    (listed,) = (await cutwatch(shown, "incidents", "list", "--all", "--json")).splitlines()
    assert json.loads(listed)["stage"] == "ended"


async def test_a_mistake_in_the_configuration_is_refused_while_the_service_goes_on(
    shown: Demonstration, reader: httpx2.AsyncClient
) -> None:
    file = Path(shown.environment["CUTWATCH_CONFIG"]) / "organisations" / "ovd-info.yaml"
    right = file.read_text(encoding="utf-8")
    file.write_text(right + "targts: []\n", encoding="utf-8")
    shown.service.send_signal(signal.SIGHUP)
    await _metric(reader, "cutwatch_config_last_reload_successful 0.0")
    assert len(await _incidents(reader)) == 1
    file.write_text(right.replace("OVD-Info", "OVD-Info renamed"), encoding="utf-8")
    shown.service.send_signal(signal.SIGHUP)
    await _metric(reader, "cutwatch_config_last_reload_successful 1.0")
    assert "OVD-Info renamed" in (await reader.get("/api/v1/organisations")).text


async def test_it_stops_cleanly_and_leaves_nothing_unwritten(shown: Demonstration) -> None:
    shown.service.terminate()
    async with asyncio.timeout(30):
        output, _ = await shown.service.communicate()
    assert shown.service.returncode == 0
    assert "everything that was seen is written" in output.decode()
    spill = Path(shown.environment["CUTWATCH_DATA_DIR"]) / "spill"
    assert sum(path.stat().st_size for path in spill.iterdir() if path.name != "lock") == 0


async def _incidents(reader: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await reader.get("/api/v1/incidents")).json()["items"]
    return found


async def _metric(reader: httpx2.AsyncClient, line: str) -> None:
    async with asyncio.timeout(10):
        while line not in (await reader.get("/metrics")).text:
            await asyncio.sleep(0.1)
