"""Looks that a command leaves for the service as files."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.bus import Heartbeat, Report
from monitor.bus.incoming import WithIncoming, drop
from monitor.core.plan import Plan
from tests.monitor.bus.making import numbers, plan, report


class Bus:
    """A prober's looks, and what the service says back."""

    heartbeat: Heartbeat | None = None

    def __init__(self, *reports: Report) -> None:
        self.reports = list(reports)
        self.acked: list[str] = []
        self.said: list[object] = []

    async def publish(self, plan: Plan) -> None:
        self.said.append(plan.version)

    async def look(self, check_id: str) -> None:
        self.said.append(check_id)

    async def consume(self, limit: int, wait: float) -> list[Report]:
        taken, self.reports = self.reports[:limit], self.reports[limit:]
        return taken

    async def ack(self, ids: Sequence[str]) -> None:
        self.acked += ids


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "incoming"


def files(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def test_what_was_left_is_brought_and_removed_once_it_is_written(folder: Path) -> None:
    left = report(7, page=b"<html>")
    drop(folder, left)
    bus = WithIncoming(Bus(), folder)
    assert await bus.consume(10, 0) == [left]
    assert files(folder) == 1
    await bus.ack([left.observation.id])
    assert files(folder) == 0


async def test_what_is_in_hand_is_not_brought_twice(folder: Path) -> None:
    drop(folder, report(1))
    bus = WithIncoming(Bus(), folder)
    await bus.consume(10, 0)
    assert await bus.consume(10, 0) == []


async def test_what_was_taken_and_not_written_is_brought_at_the_next_start(folder: Path) -> None:
    drop(folder, report(1))
    assert numbers(await WithIncoming(Bus(), folder).consume(10, 0)) == [1]
    assert numbers(await WithIncoming(Bus(), folder).consume(10, 0)) == [1]


async def test_leaving_it_twice_leaves_it_once(folder: Path) -> None:
    one = report(1)
    drop(folder, one)
    drop(folder, one)
    assert files(folder) == 1


async def test_looks_of_probers_come_first_and_all_within_the_limit(folder: Path) -> None:
    for number in (1, 2, 3):
        drop(folder, report(number))
    bus = WithIncoming(Bus(report(10), report(11)), folder)
    first, second = await bus.consume(3, 0), await bus.consume(3, 0)
    assert numbers(first)[:2] == [10, 11]
    assert sorted(numbers(first + second)) == [1, 2, 3, 10, 11]


async def test_a_prober_hears_of_its_own_looks(folder: Path) -> None:
    under = Bus()
    bus = WithIncoming(under, folder)
    await bus.ack(["from a prober"])
    await bus.publish(plan("a"))
    await bus.look("a")
    assert (under.acked, under.said, bus.heartbeat) == (["from a prober"], ["1", "a"], None)


async def test_what_cannot_be_read_is_set_aside_and_not_tried_again(folder: Path) -> None:
    drop(folder, report(1))
    (folder / "0.report").write_bytes(b"nonsense")
    bus = WithIncoming(Bus(), folder)
    assert numbers(await bus.consume(10, 0)) == [1]
    assert (folder / "0.unreadable").read_bytes() == b"nonsense"
    assert await bus.consume(10, 0) == []


async def test_a_half_written_file_is_not_taken(folder: Path) -> None:
    drop(folder, report(1))
    (folder / "0123.4567").write_bytes(b"\x01\x00")
    assert numbers(await WithIncoming(Bus(), folder).consume(10, 0)) == [1]
    assert files(folder) == 2


async def test_without_a_folder_there_is_nothing(folder: Path) -> None:
    assert await WithIncoming(Bus(), folder).consume(10, 0) == []


def test_only_this_user_may_look_inside(folder: Path) -> None:
    drop(folder, report(1))
    assert folder.stat().st_mode & 0o077 == 0
