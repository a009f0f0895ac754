"""The stories of `make soak`, small: nothing is lost when a receiver, a process, a lock or a disk lets us down."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import awkward, stories
from tests.faults.__main__ import small_disk
from tests.faults.receiving import Account

pytestmark = pytest.mark.slow


Say = Callable[[object], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print what was counted, whatever becomes of the test."""

    def saying(counted: object) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{counted}\n")

    return saying


def nothing_is_lost(found: Account, say: Say) -> None:
    say(found)
    assert found.wrong == ()
    assert (found.lost, found.delivered) == (0, found.sent)
    assert found.sent > 0


async def test_a_receiver_that_is_overburdened_for_a_while_hears_everything_in_the_end(tmp_path: Path, say: Say) -> None:
    found = await stories.an_overburdened_receiver(tmp_path / "house", targets=24, outage=45, speed=20)
    nothing_is_lost(found, say)
    assert found.parcels < found.sent, "messages that come together travel together"


async def test_a_service_that_is_killed_again_and_again_tells_everything_at_least_once(tmp_path: Path, say: Say) -> None:
    nothing_is_lost(await stories.killed_again_and_again(tmp_path / "house", targets=12, kills=5), say)


async def test_receivers_that_refuse_hang_and_redirect_lose_nothing_while_the_clock_jumps(tmp_path: Path, say: Say) -> None:
    first, again = await awkward.awkward_receivers(tmp_path / "street", cases=3)
    say("\n".join(map(str, first)))
    assert [count.lost for count in (*first, *again)] == [0] * 10
    assert {count.receiver: count.dead for count in first if count.dead} == {"gone": 3}
    assert [(count.delivered, count.sent) for count in again] == [(6, 6)] * 5


async def test_a_locked_database_loses_no_look_and_is_said_aloud(tmp_path: Path, say: Say) -> None:
    looks, stored, aloud = await stories.a_locked_database(tmp_path / "house", targets=8, held=14)
    say(f"looks {looks}, stored {stored}, lost = {looks - stored}")
    assert (stored, aloud) == (looks, True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="making a small disk needs root")
async def test_a_full_disk_loses_no_look_and_is_said_aloud(tmp_path: Path, say: Say) -> None:
    with small_disk(tmp_path / "disk") as data:
        looks, stored, aloud = await stories.a_full_disk(data, tmp_path / "house", targets=8)
        say(f"looks {looks}, stored {stored}, lost = {looks - stored}")
        assert (stored, aloud) == (looks, True)
