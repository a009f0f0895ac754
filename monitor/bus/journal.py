"""The spill file: every look is in it before it is sent, and stays until the service has written it.

Records are appended to files of a few megabytes. A file is deleted once everything in it has been acknowledged, so while the
service keeps up hardly anything reaches the disk. Acknowledgements are not recorded: after a restart what is left in the
files is sent again, and the service knows it by its id.

Where the disk is full, or the spill has reached its bound, looks are held in memory instead and sent from there. When that
is full as well, the oldest of them are given up: of all looks of one check that are given up only one observation remains,
`unmeasured: overload`, with the number of looks that it stands for. What is on the disk already is never given up: it holds
the onset of whatever went wrong, and needs no room that could be won by deleting it.
"""

import errno
import fcntl
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from monitor.bus import Report
from monitor.bus.frames import MalformedFrame, decode, encode
from monitor.bus.segment import OVERHEAD, Segment, Span
from probes.kit.observation import Observation, new_id
from probes.kit.vocabulary import Unmeasured, Validity

_log = structlog.get_logger()

_MEBIBYTE: Final = 1024 * 1024

BOUND: Final = 1024 * _MEBIBYTE
"""Bytes that the spill may take on the disk: half an hour of 10,000 checks every five minutes, a day or two of 100."""

SEGMENT: Final = 4 * _MEBIBYTE
"""Bytes after which a new file is begun."""

HELD: Final = 32 * _MEBIBYTE
"""Bytes that are held in memory while the disk takes nothing."""


class JournalInUse(Exception):
    """Another prober uses this spill folder; the message names it."""


class _Place(NamedTuple):
    segment: Segment
    span: Span


class Journal:
    """What the service has not written yet, oldest first."""

    def __init__(self, folder: Path, *, bound: int = BOUND, segment: int = SEGMENT, held: int = HELD) -> None:
        self._folder = folder
        self._bound = bound
        self._segment_size = segment
        self._held_bound = held
        self._places: dict[str, _Place | None] = {}
        """Where each owed look is kept; None stands for memory."""
        self._unsent: deque[str] = deque()
        self._held: dict[str, bytes] = {}
        self._held_size = 0
        self._gaps = _Gaps()
        self._segments: list[Segment] = []
        self._newest: Segment | None = None
        self._size = 0
        self._refusal: str | None = None
        self._given_up = 0
        self._lock = _locked(folder)
        self._next_number = self._highest_number() + 1
        self._replay()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def under_way(self) -> int:
        """How many looks have been sent since the last `rewind` and are not acknowledged."""
        return len(self._places) - len(self._unsent)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know, in sentences; nothing while all is well."""
        found = []
        if self._refusal:
            found.append(
                f"looks cannot be spilled to {self._folder} ({self._refusal}): {len(self._held)} are held in memory; "
                "make room there, and see that the service can write"
            )
        if self._given_up:
            found.append(f"{self._given_up} looks had to be given up and are recorded as unmeasured")
        if self._size > self._bound // 2:
            found.append(
                f"the service has not written {len(self._places)} looks yet, and {self._size // _MEBIBYTE} of at most "
                f"{self._bound // _MEBIBYTE} MiB of {self._folder} are used: see whether its database can be written"
            )
        return tuple(found)

    def append(self, report: Report) -> None:
        """Keep a look. When this returns it survives the death of this process, unless `problems` says otherwise.

        Raises `Unsendable` where it cannot be put into bytes.
        """
        name, frame = report.observation.id, encode(report)
        place = self._write(frame) if self._flush() else None
        self._owe(name, place)
        if place is not None:
            self._accepted()
            return
        self._held[name] = frame
        self._held_size += len(frame)
        while self._held_size > self._held_bound:
            self._give_up_oldest()

    def next_frame(self) -> bytes | None:
        """The oldest look that has not been sent since the last `rewind`, as a frame; None when there is none."""
        while self._unsent:
            frame = self._read(self._unsent.popleft())
            if frame is not None:
                return frame
        return None

    def rewind(self) -> None:
        """Begin again with the oldest look: whoever was told before may not have heard."""
        self._unsent = deque(self._places)

    def acknowledge(self, names: Iterable[str]) -> None:
        """Forget looks that the service has written; ids that are not owed are passed over."""
        for name in names:
            place = self._places.pop(name, None)
            if place is not None:
                self._release(place.segment)
            elif name in self._held:
                self._held_size -= len(self._held.pop(name))
            else:
                self._gaps.forget(name)

    def close(self) -> None:
        """Let go of the files. What is held in memory alone gets a last chance to be written."""
        if not self._flush():
            _log.error("looks are lost because they could not be spilled", looks=len(self._held), problem=self._refusal)
        for segment in self._segments:
            if segment.live:
                segment.close()
            else:
                segment.remove()
        os.close(self._lock)

    def _owe(self, name: str, place: _Place | None) -> None:
        self._places[name] = place
        self._unsent.append(name)

    def _read(self, name: str) -> bytes | None:
        if name not in self._places:
            return None
        place = self._places[name]
        if place is None:
            return self._held.get(name) or self._gaps.read(name)
        try:
            return place.segment.read(place.span)
        except OSError as error:
            _log.error("a spilled look cannot be read back and is lost", file=str(place.segment.path), problem=error.strerror)
            self.acknowledge((name,))
            return None

    def _replay(self) -> None:
        for path in sorted(self._folder.glob("*.journal")):
            segment = Segment(path)
            for span, frame in segment.replay():
                self._replay_record(segment, span, frame)
            self._segments.append(segment)
            self._size += segment.size
            if segment.damaged:
                _log.error("part of a spill file cannot be read; the file is kept for a person to see", file=str(path))
            if not segment.live:
                self._remove(segment)

    def _replay_record(self, segment: Segment, span: Span, frame: bytes) -> None:
        try:
            report = decode(frame)
        except MalformedFrame as problem:
            _log.error("a spilled look cannot be read by this version", file=str(segment.path), problem=str(problem))
            segment.damaged = True
            return
        if isinstance(report, Report):
            self._owe(report.observation.id, _Place(segment, span))
            segment.live += 1

    def _highest_number(self) -> int:
        """The highest number that a file of this folder bears, whatever became of the file."""
        return max((int(path.stem) for path in self._folder.iterdir() if path.stem.isdecimal()), default=0)

    def _flush(self) -> bool:
        """Move what is held in memory to the disk. Says whether nothing is left.

        Gaps come last: they are small and would still fit where looks do not, and be cut to pieces.
        """
        for name, frame in (*self._held.items(), *self._gaps.frames.items()):
            place = self._write(frame)
            if place is None:
                return False
            self._places[name] = place
            self._held_size -= len(self._held.pop(name, b""))
            self._gaps.forget(name)
        return True

    def _write(self, frame: bytes) -> _Place | None:
        try:
            segment = self._room_for(OVERHEAD + len(frame))
            span = segment.append(frame)
        except OSError as error:
            self._refused(error.strerror or str(error))
            return None
        self._size += OVERHEAD + span.length
        segment.live += 1
        return _Place(segment, span)

    def _room_for(self, size: int) -> Segment:
        """The newest file, or the next where that is full. Files of an earlier run are never appended to: they may end torn."""
        if self._size + size > self._bound:
            raise OSError(errno.EDQUOT, f"its bound of {self._bound} bytes is reached")
        if self._newest is None or self._newest.size >= self._segment_size:
            self._newest = Segment(self._folder / f"{self._next_number:012d}.journal")
            self._next_number += 1
            self._segments.append(self._newest)
        return self._newest

    def _accepted(self) -> None:
        if self._refusal:
            _log.warning("looks are spilled to the disk again", folder=str(self._folder))
            self._refusal = None

    def _refused(self, reason: str) -> None:
        if reason != self._refusal:
            _log.error("looks cannot be spilled to the disk; they are held in memory", folder=str(self._folder), problem=reason)
        self._refusal = reason

    def _release(self, segment: Segment) -> None:
        segment.live -= 1
        if segment.live:
            return
        try:
            self._tidy(segment)
        except OSError as error:
            _log.error("a spill file that is done with cannot be deleted", file=str(segment.path), problem=error.strerror)

    def _tidy(self, segment: Segment) -> None:
        if segment is not self._newest:
            self._remove(segment)
            return
        self._size -= segment.size
        segment.empty()

    def _remove(self, segment: Segment) -> None:
        self._segments.remove(segment)
        self._size -= segment.size
        segment.remove()

    def _give_up_oldest(self) -> None:
        name = next(iter(self._held))
        frame = self._held.pop(name)
        self._held_size -= len(frame)
        self._given_up += 1
        del self._places[name]
        report = decode(frame)
        if isinstance(report, Report) and (gap := self._gaps.take(report.observation)):
            self._owe(gap, None)


class _Gaps:
    """Looks that were given up, folded into one observation for each check. Bounded by the number of checks."""

    def __init__(self) -> None:
        self.frames: dict[str, bytes] = {}
        self._open: dict[str, Observation] = {}

    def take(self, lost: Observation) -> str | None:
        """Take in a look that is given up. Returns the id of the gap where this begins one.

        A gap has an id of its own: the look that it begins with may be on its way, and be acknowledged without the others.
        """
        gap = self._open.get(lost.check)
        folded = _folded(gap, lost)
        self._open[lost.check] = folded
        self.frames[folded.id] = encode(Report(folded))
        return folded.id if gap is None else None

    def read(self, name: str) -> bytes | None:
        """The gap with this id. It is on its way from here on, and no gap that has begun grows any more."""
        self._open.clear()
        return self.frames.get(name)

    def forget(self, name: str) -> None:
        """Drop a gap that is safe elsewhere."""
        if self.frames.pop(name, None) is not None:
            self._open.clear()


def _folded(gap: Observation | None, lost: Observation) -> Observation:
    if gap is not None:
        return replace(gap, missed=gap.missed + max(1, lost.missed))
    return replace(
        lost,
        id=new_id(lost.started_at),
        facts=None,
        control=(),
        validity=Validity.INVALID,
        unmeasured=Unmeasured.OVERLOAD,
        missed=max(1, lost.missed),
    )


def _locked(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalInUse(f"another prober uses {folder}: stop it first, or give this one another CUTWATCH_DATA_DIR") from error
    return descriptor
