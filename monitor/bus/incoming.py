"""Looks that a command hands over as files: they wait in a folder until the service has written them.

A file is put there whole or not at all, so a command may be killed at any moment, and the service need not be running. What
the service has taken and not written, because it was killed, is taken again at its next start; a look is known by its id.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog

from monitor.bus import Heartbeat, Report, ServiceBus
from monitor.bus.frames import MalformedFrame, decode, encode
from monitor.core.plan import Plan

_log = structlog.get_logger()

FOLDER: Final = "incoming"
"""The folder's name within the data folder."""

_KIND: Final = ".report"
_UNREADABLE: Final = ".unreadable"
_AT_ONCE: Final = 50
"""Files that are taken at a time: each may hold megabytes."""


def drop(folder: Path, report: Report) -> None:
    """Leave a look for the service. Leaving it twice leaves it once. Raises OSError, and `monitor.bus.frames.Unsendable`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(folder, report.observation.id)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(encode(report))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync(folder)


def _path(folder: Path, name: str) -> Path:
    """Where a look waits. Its id came from outside, so the file is named by the id's hash."""
    return folder / f"{sha256(name.encode()).hexdigest()}{_KIND}"


def _sync(folder: Path) -> None:
    """Make the new name last: without this a power cut may take it back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class WithIncoming:
    """A service's bus that also brings what lies in `folder`. A file is removed once its look is acknowledged."""

    def __init__(self, bus: ServiceBus, folder: Path) -> None:
        self._bus = bus
        self._folder = folder
        self._in_hand: dict[str, Path] = {}

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The newest heartbeat, None before the first."""
        return self._bus.heartbeat

    async def publish(self, plan: Plan) -> None:
        """Give probers their plan."""
        await self._bus.publish(plan)

    async def look(self, check_id: str) -> None:
        """Ask for a look now."""
        await self._bus.look(check_id)

    async def consume(self, limit: int, wait: float) -> list[Report]:
        """Up to `limit` looks; those of probers first, since they are of this moment."""
        reports = await self._bus.consume(limit, wait)
        room = min(limit - len(reports), _AT_ONCE)
        return reports + await asyncio.to_thread(lambda: list(self._taken(room)))

    async def ack(self, ids: Sequence[str]) -> None:
        """Say which observations are written."""
        mine = [self._in_hand.pop(name) for name in ids if name in self._in_hand]
        await asyncio.to_thread(_remove, mine)
        await self._bus.ack(ids)

    def _taken(self, room: int) -> Iterator[Report]:
        waiting = sorted(set(self._folder.glob(f"*{_KIND}")).difference(self._in_hand.values()))
        for path in waiting[: max(0, room)]:
            report = _read(path)
            if report is not None:
                self._in_hand[report.observation.id] = path
                yield report


def _read(path: Path) -> Report | None:
    """The look in a file. One that cannot be read is kept under another name, so that it is not tried again and again."""
    try:
        message = decode(path.read_bytes())
    except (MalformedFrame, OSError) as problem:
        _log.error("a look that was left for the service cannot be read and is set aside", file=path.name, problem=str(problem))
        message = None
    if isinstance(message, Report):
        return message
    with contextlib.suppress(OSError):
        path.replace(path.with_suffix(_UNREADABLE))
    return None


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
