"""`cutwatch look`, in the loopback world of the court block."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.__main__ import app
from tests.lab.demo import NAME, STORY
from tests.lab.demonstration import in_the_world, story, with_canaries, write_configuration
from tests.lab.reading import read
from tests.lab.world import World

Look = Callable[..., Awaitable[Result]]


@pytest.fixture
async def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Look]:
    """Type `cutwatch look` at a time when the first network forges DNS answers."""
    file = read(STORY)
    scenario = story(file.scenarios, NAME)
    forged = list(scenario.timeline)[1].conditions
    async with World.running(with_canaries(file.world), [forged]) as world:
        world.apply(forged)
        world.write_map(tmp_path / "world.json")
        write_configuration(tmp_path / "config", scenario, world.topology, "http://127.0.0.1:9/")
        for name, value in in_the_world(tmp_path).items():
            monkeypatch.setenv(name, value)
        # The command has an event loop of its own, so it runs beside the one in which the world lives.
        yield lambda *words: asyncio.to_thread(CliRunner().invoke, app, ["look", *words])


async def test_every_stage_and_the_verdict_are_shown(look: Look) -> None:
    result = await look("https://ovdinfo.org/", "--from", "ru-home")
    assert result.exit_code == 0
    for words in ("dns", "tcp", "tls", "95.213.10.80", "Control: nl", "blocked (strong)", "website.dns.injection.other"):
        assert words in result.stdout


async def test_from_where_nobody_interferes_it_is_well(look: Look) -> None:
    result = await look("ovdinfo-org", "--from", "nl", "--json")
    assert json.loads(result.stdout)["verdict"]["state"] == "ok"


async def test_a_domain_is_looked_at_by_the_dns_probe(look: Look) -> None:
    result = await look("ovdinfo.org", "--from", "de", "--json")
    assert json.loads(result.stdout)["verdict"]["rule"].startswith("dns.")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("https://ovdinfo.org/", "--from", "mars"), "ru-home"),
        (("https://ovdinfo.org/", "--probe", "crystal"), "website"),
        (("https://127.0.0.1/",), "127.0.0.1"),
        (("not a name",), "name"),
    ],
)
async def test_what_cannot_be_looked_at_is_explained(look: Look, words: tuple[str, ...], remedy: str) -> None:
    result = await look(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert remedy in result.stderr
