"""`cutwatch demo`."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.lab.demonstration import free_port
from tests.monitor.commands.conftest import Type

ROOT = Path(__file__).resolve().parents[3]
CUTWATCH = Path(sys.executable).parent / "cutwatch"


def test_outside_a_checkout_it_says_where_to_go(cutwatch: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = cutwatch("demo")
    assert result.exit_code == 2
    assert "make demo" in result.stderr


async def test_in_a_checkout_the_installed_command_begins_its_story() -> None:
    environment = {**os.environ, "CUTWATCH_PORT": str(free_port())}
    demo = await asyncio.create_subprocess_exec(CUTWATCH, "demo", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE)
    assert demo.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b"The site works everywhere" not in (line := await demo.stdout.readline()):
                assert line, "it ended before the story began"
    finally:
        demo.terminate()
        await demo.communicate()
    assert demo.returncode == 0
