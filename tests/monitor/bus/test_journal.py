"""The spill file keeps every look until it is acknowledged, whatever happens to the process, the disk or the service."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.bus import Report
from monitor.bus.frames import decode
from monitor.bus.journal import Journal, JournalInUse
from monitor.bus.segment import Segment
from probes.kit.vocabulary import Unmeasured, Validity
from tests.monitor.bus.making import numbers, report

PAGE = bytes(20_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spill"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    journal = Journal(folder)
    yield journal
    journal.close()


def sent_by(journal: Journal) -> list[Report]:
    """Everything that is still to be sent."""
    reports = []
    while (frame := journal.next_frame()) is not None:
        report = decode(frame)
        assert isinstance(report, Report)
        reports.append(report)
    return reports


def ids(reports: list[Report]) -> list[str]:
    return [one.observation.id for one in reports]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def fill_disk(monkeypatch: pytest.MonkeyPatch, *, after_bytes: int = 0) -> None:
    """From now on the disk takes only the first `after_bytes` of each record, as a full one does."""
    real = os.pwrite

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        if not after_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:after_bytes], offset)

    monkeypatch.setattr(os, "pwrite", pwrite)


def test_looks_are_sent_oldest_first_and_once(journal: Journal) -> None:
    made = [report(number, page=PAGE) for number in range(3)]
    for one in made:
        journal.append(one)
    assert sent_by(journal) == made
    assert sent_by(journal) == []


def test_what_was_sent_and_not_acknowledged_is_sent_again_after_a_reconnection(journal: Journal) -> None:
    made = [report(number) for number in range(3)]
    for one in made:
        journal.append(one)
    sent_by(journal)
    journal.acknowledge(ids(made[:1]))
    journal.rewind()
    assert sent_by(journal) == made[1:]


def test_an_unknown_acknowledgement_is_passed_over(journal: Journal) -> None:
    journal.append(report())
    journal.acknowledge(["nobody"])
    assert len(journal) == 1


def test_after_a_restart_all_looks_are_there_with_their_ids(folder: Path) -> None:
    made = [report(number, page=PAGE) for number in range(5)]
    before = Journal(folder)
    for one in made:
        before.append(one)
    before.close()
    after = Journal(folder)
    assert sent_by(after) == made
    after.close()


def test_files_are_deleted_once_all_in_them_is_acknowledged(folder: Path) -> None:
    journal = Journal(folder, segment=50_000)
    made = [report(number, page=PAGE) for number in range(6)]
    for one in made:
        journal.append(one)
    assert len(files(folder)) == 2
    journal.acknowledge(ids(made[:3]))
    assert len(files(folder)) == 1
    journal.acknowledge(ids(made[3:]))
    assert sum(path.stat().st_size for path in files(folder)) == 0
    journal.close()
    assert files(folder) == []


def test_files_can_be_read_by_nobody_else(folder: Path, journal: Journal) -> None:
    journal.append(report())
    assert [path.stat().st_mode & 0o777 for path in (folder, *files(folder))] == [0o700, 0o600]


def test_two_probers_cannot_share_a_folder(folder: Path, journal: Journal) -> None:
    with pytest.raises(JournalInUse, match="stop it first"):
        Journal(folder)


@given(count=st.integers(min_value=0, max_value=5), cut=st.integers(min_value=0))
def test_wherever_a_killed_process_left_off_every_whole_look_is_there(count: int, cut: int) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        ends = [0]
        before = Journal(folder)
        for number in range(count):
            before.append(report(number, page=b"page"))
            ends.append(files(folder)[0].stat().st_size)
        before.close()
        for path in files(folder):
            os.truncate(path, cut % (ends[-1] + 1))
        after = Journal(folder)
        whole = sum(end <= cut % (ends[-1] + 1) for end in ends[1:])
        assert numbers(sent_by(after)) == list(range(whole))
        assert not list(folder.glob("*.damaged"))
        after.close()


@given(place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_damaged_file_gives_what_is_before_the_damage_and_is_kept_for_a_person(place: int, flip: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        before = Journal(folder)
        for number in range(3):
            before.append(report(number, page=b"page"))
        before.close()
        path = files(folder)[0]
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= flip
        path.write_bytes(content)
        after = Journal(folder)
        found = sent_by(after)
        assert numbers(found) == list(range(len(found)))
        after.acknowledge(ids(found))
        kept = list(folder.glob("*.damaged"))
        assert len(found) < 3
        assert len(kept) == 1 or _says_it_is_longer_than_the_file(content, len(found))
        after.close()


def _says_it_is_longer_than_the_file(content: bytearray, whole: int) -> bool:
    """A damaged length cannot be told from a record that a killed process did not finish."""
    start = 0
    for _ in range(whole):
        start += 12 + int.from_bytes(content[start + 8 : start + 12], "big")
    return start + 12 + int.from_bytes(content[start + 8 : start + 12], "big") > len(content)


def test_a_look_of_another_version_is_kept_for_a_person(folder: Path) -> None:
    folder.mkdir()
    segment = Segment(folder / "000000000001.journal")
    segment.append(b"\x01\x00\x00\x00\x02\x00\x00\x00\x00{}")
    segment.close()
    journal = Journal(folder)
    assert len(journal) == 0
    assert [path.name for path in folder.glob("*.damaged")] == ["000000000001.damaged"]
    journal.append(report())
    assert [path.name for path in files(folder)] == ["000000000002.journal"]
    journal.close()


@pytest.mark.parametrize("after_bytes", [0, 100])
def test_a_full_disk_stops_nothing_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch, after_bytes: int) -> None:
    journal = Journal(folder)
    journal.append(report(0))
    with monkeypatch.context() as full:
        fill_disk(full, after_bytes=after_bytes)
        journal.append(report(1))
        journal.append(report(2))
        assert "2 are held in memory; make room" in journal.problems[0]
        assert numbers(sent_by(journal)) == [0, 1, 2]
    journal.append(report(3))
    assert journal.problems == ()
    journal.close()
    after = Journal(folder)
    assert numbers(sent_by(after)) == [0, 1, 2, 3]
    after.close()


def test_looks_held_in_memory_are_written_at_the_end_if_the_disk_takes_them_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder)
    with monkeypatch.context() as full:
        fill_disk(full)
        journal.append(report(0))
    journal.close()
    after = Journal(folder)
    assert numbers(sent_by(after)) == [0]
    after.close()


def test_looks_held_in_memory_can_be_acknowledged(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch)
    made = [report(number) for number in range(3)]
    for one in made:
        journal.append(one)
    journal.acknowledge(ids(made))
    assert len(journal) == 0
    assert sent_by(journal) == []


def test_when_memory_is_full_too_the_oldest_looks_become_one_gap_for_each_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder, held=3 * len(PAGE))
    journal.append(report(0, check="memorial"))
    with monkeypatch.context() as full:
        fill_disk(full)
        for number in range(1, 8):
            journal.append(report(number, check="memorial" if number == 2 else "ovd-info", page=PAGE))
        assert "5 looks had to be given up" in journal.problems[1]
        found = sent_by(journal)
    assert sorted(numbers(found)) == [-4, -1, 0, 6, 7]
    gap = next(one.observation for one in found if one.observation.missed == 4)
    assert (gap.check, gap.unmeasured, gap.validity) == ("ovd-info", Unmeasured.OVERLOAD, Validity.INVALID)
    assert gap.started_at == report(1).observation.started_at
    journal.close()


def test_a_gap_that_is_on_its_way_does_not_grow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(folder, held=1)
    with monkeypatch.context() as full:
        fill_disk(full)
        journal.append(report(0))
        first = sent_by(journal)
        journal.append(report(1))
        second = sent_by(journal)
        assert numbers([*first, *second]) == [-1, -1]
        journal.acknowledge(ids(first))
        journal.rewind()
        assert sent_by(journal) == second
    journal.close()


def test_the_spill_is_bounded_and_what_is_in_it_stays(folder: Path) -> None:
    journal = Journal(folder, bound=100_000, segment=30_000, held=50_000)
    made = [report(number, page=PAGE) for number in range(12)]
    for one in made:
        journal.append(one)
        assert sum(path.stat().st_size for path in files(folder)) <= 100_000
    assert "its bound of 100000 bytes is reached" in journal.problems[0]
    assert sorted(numbers(sent_by(journal))) == [-6, 0, 1, 2, 3, 10, 11]
    journal.acknowledge(ids(made[:4]))
    journal.append(report(12))
    assert sorted(numbers(sent_by_again(journal))) == [-6, 10, 11, 12]
    journal.close()


def test_a_spill_that_fills_up_is_said_before_it_is_full(folder: Path) -> None:
    journal = Journal(folder, bound=50_000)
    assert not journal.problems
    journal.append(report(0, page=PAGE))
    journal.append(report(1, page=PAGE))
    assert "the service has not written 2 looks yet" in journal.problems[0]
    journal.close()


def sent_by_again(journal: Journal) -> list[Report]:
    journal.rewind()
    return sent_by(journal)


class AnyLife(RuleBasedStateMachine):
    """Looks are made, sent and acknowledged, the disk fills and empties, the process is killed: in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.place = TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.journal = self.opened()
        self.owed: dict[str, Report] = {}
        self.on_disk: set[str] = set()
        self.is_full = False
        self.made = 0

    def opened(self) -> Journal:
        return Journal(Path(self.place.name), segment=2_000)

    @rule()
    def a_look_is_made(self) -> None:
        self.made += 1
        made = report(self.made)
        self.journal.append(made)
        self.owed[made.observation.id] = made
        if not self.is_full:
            self.on_disk = set(self.owed)

    @rule(count=st.integers(min_value=1, max_value=5))
    def the_oldest_are_acknowledged(self, count: int) -> None:
        names = list(self.owed)[:count]
        self.journal.acknowledge(names)
        for name in names:
            del self.owed[name]
            self.on_disk.discard(name)

    @rule()
    def the_disk_fills(self) -> None:
        fill_disk(self.patch, after_bytes=50)
        self.is_full = True

    @rule()
    def the_disk_has_room_again(self) -> None:
        self.patch.undo()
        self.is_full = False

    @rule()
    def the_process_is_killed_and_started_again(self) -> None:
        os.close(self.journal._lock)
        for segment in self.journal._segments:
            segment.close()
        self.journal = self.opened()
        kept = set(ids(sent_by_again(self.journal)))
        assert self.on_disk <= kept
        self.owed = {name: self.owed[name] for name in self.owed if name in kept}
        self.journal.acknowledge(kept - set(self.owed))

    @invariant()
    def all_that_is_owed_can_be_sent_unchanged(self) -> None:
        assert {one.observation.id: one for one in sent_by_again(self.journal)} == self.owed
        assert len(self.journal) == len(self.owed)

    def teardown(self) -> None:
        self.patch.undo()
        self.journal.close()
        self.place.cleanup()


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=30, stateful_step_count=30)
