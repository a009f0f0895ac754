"""The bus of one machine: a Unix socket in the data folder between the service and its prober.

The prober connects, and reconnects for as long as it lives. The service takes one prober at a time, reads no further than it
can process, and lets the socket's own back-pressure do the rest: what is not read stays in the prober's journal.
"""

import asyncio
import contextlib
import errno
import os
import socket
import stat
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import structlog

from monitor.bus import Heartbeat, Report
from monitor.bus.blobs import KnownBlobs
from monitor.bus.frames import Ack, LostFraming, Message, Wish, encode, listen
from monitor.bus.journal import Journal
from monitor.clock import Clock
from monitor.core.plan import Plan
from probes.kit.observation import Observation

_log = structlog.get_logger()

PATH_CAP: Final = 100
"""Bytes of a socket's path: Linux takes 107, others 103."""

RETRY: Final = 0.2
"""Real seconds between attempts to reach the service."""

WISHES: Final = 1000
"""Looks asked for that may wait; more are not taken, for a check's own turn comes anyway."""

WINDOW: Final = 500
"""Looks that the prober sends ahead of their acknowledgement: fewer than the service holds, so that heartbeats still pass."""

INBOX_LOOKS: Final = 1000
INBOX_BYTES: Final = 64 * 1024 * 1024
"""What the service holds of looks that it has read and not yet processed."""


class SocketUnusable(Exception):
    """The socket cannot be made; the message says what to do."""


def socket_path(folder: Path) -> Path:
    """Where service and prober of this data folder meet. A folder with a long path gets a short private one beside it.

    Raises `SocketUnusable` where that belongs to somebody else.
    """
    wanted = folder.resolve() / "prober.sock"
    if len(os.fsencode(wanted)) <= PATH_CAP:
        return wanted
    name = sha256(os.fsencode(wanted)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"cutwatch-{os.getuid()}-{name}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SocketUnusable(f"{private} is not ours alone: delete it, or choose a CUTWATCH_DATA_DIR with a shorter path")
    return private / "prober.sock"


class LocalProberBus:
    """The prober's end. `run` keeps the connection; everything else works whether or not there is one."""

    def __init__(self, path: Path, journal: Journal, clock: Clock) -> None:
        self._path = path
        self._journal = journal
        self._clock = clock
        self._blobs = KnownBlobs()
        self._plan: Plan | None = None
        self._plan_came = asyncio.Event()
        self._wishes: dict[str, None] = {}
        self._wish_came = asyncio.Event()
        self._heartbeat: bytes | None = None
        self._something_to_say = asyncio.Event()
        self._drained = asyncio.Event()
        self._lost_at: float | None = clock.monotonic()

    def cut_off(self, now: float) -> float:
        """Seconds for which there has been no connection; 0 while there is one. `now` is monotonic."""
        return 0.0 if self._lost_at is None else now - self._lost_at

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                await self._converse(*await asyncio.open_unix_connection(self._path))
            await asyncio.sleep(RETRY)

    async def plans(self) -> AsyncIterator[Plan]:
        """Each plan as it comes; where several came meanwhile, the newest only."""
        while True:
            await self._plan_came.wait()
            self._plan_came.clear()
            plan, self._plan = self._plan, None
            if plan is not None:
                yield plan

    async def looks(self) -> AsyncIterator[str]:
        """Ids of checks that the service wants looked at now."""
        while True:
            await self._wish_came.wait()
            self._wish_came.clear()
            while self._wishes:
                check = next(iter(self._wishes))
                del self._wishes[check]
                yield check

    async def submit(self, report: Report) -> None:
        """Take over a look: it is in the journal when this returns. Raises `Unsendable`."""
        blobs = self._blobs.unknown(report.blobs, self._clock.monotonic())
        self._journal.append(replace(report, blobs=blobs))
        self._blobs.submitted(report.observation.id, blobs)
        self._drained.clear()
        self._something_to_say.set()

    async def heartbeat(self, heartbeat: Heartbeat) -> None:
        """Say how the prober is, and what is wrong with the journal."""
        self._heartbeat = encode(replace(heartbeat, problems=(*heartbeat.problems, *self._journal.problems)))
        self._something_to_say.set()

    async def drain(self, seconds: float) -> int:
        """Wait until the service has written everything, `seconds` at most. Returns how many looks it still has not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._journal):
                    self._drained.clear()
                    await self._drained.wait()
        return len(self._journal)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lost_at = None
        self._journal.rewind()
        self._blobs.forget()
        self._something_to_say.set()
        try:
            await _until_either_ends(listen(reader, "the service", self._hear), self._speak(writer))
        except (OSError, EOFError):
            _log.info("the connection to the service has ended")
        except LostFraming as lost:
            _log.error("the service says what cannot be read, and was hung up on", problem=str(lost))
        finally:
            self._lost_at = self._clock.monotonic()
            await _hang_up(writer)

    async def _hear(self, message: Message, _: int) -> None:
        match message:
            case Plan():
                self._plan = message
                self._plan_came.set()
            case Wish(check):
                if len(self._wishes) < WISHES:
                    self._wishes[check] = None
                    self._wish_came.set()
            case Ack(ids):
                self._journal.acknowledge(ids)
                self._blobs.acknowledged(ids, self._clock.monotonic())
                self._something_to_say.set()
                if not len(self._journal):
                    self._drained.set()
            case _:
                _log.error("the service says what only a prober may", kind=type(message).__name__)

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._something_to_say.wait()
            self._something_to_say.clear()
            while frame := self._next_frame():
                writer.write(frame)
                await writer.drain()

    def _next_frame(self) -> bytes | None:
        if self._heartbeat is not None:
            heartbeat, self._heartbeat = self._heartbeat, None
            return heartbeat
        return self._journal.next_frame() if self._journal.under_way < WINDOW else None


class LocalServiceBus:
    """The service's end, over the socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inbox = _Inbox()
        self._heartbeat: Heartbeat | None = None
        self._plan: Plan | None = None
        self._seen: dict[str, datetime] = {}
        """When each check was last looked at, as far as this process has heard: newer than what the plan says."""
        self._owed_plan = False
        self._wishes: dict[str, None] = {}
        self._acks: deque[str] = deque()
        self._something_to_say = asyncio.Event()
        self._conversation: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The newest heartbeat, None before the first."""
        return self._heartbeat

    async def start(self) -> None:
        """Listen for the prober. Raises `SocketUnusable`."""
        self._path = socket_path(self._folder)
        self._server = await asyncio.start_unix_server(self._welcome, sock=_listening(self._path))

    async def close(self) -> None:
        """Hang up and remove the socket. What was consumed and not acknowledged comes again at the next start."""
        if self._server is not None:
            self._server.close()
        if self._conversation is not None:
            self._conversation.cancel()
            await asyncio.wait({self._conversation})
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def publish(self, plan: Plan) -> None:
        """Give the prober its plan, now or when it connects."""
        self._plan = plan
        self._owed_plan = True
        self._seen = {check.id: self._seen[check.id] for check in plan.checks if check.id in self._seen}
        self._something_to_say.set()

    async def look(self, check_id: str) -> None:
        """Ask for a look now."""
        if len(self._wishes) < WISHES:
            self._wishes[check_id] = None
            self._something_to_say.set()

    async def consume(self, limit: int, wait: float) -> list[Report]:
        """Up to `limit` looks, as soon as there are so many, else what has come after `wait` real seconds."""
        return await self._inbox.take(limit, wait)

    async def ack(self, ids: Sequence[str]) -> None:
        """Say which observations are written."""
        if self._conversation is not None:
            self._acks.extend(ids)
            self._something_to_say.set()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin a conversation in a task of our own: before Python 3.12 streams complain when theirs is cancelled."""
        if self._conversation is not None:
            _log.error("a second prober was turned away: one is connected already")
            writer.close()
            return
        self._conversation = asyncio.create_task(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._owed_plan = self._plan is not None
        self._something_to_say.set()
        try:
            await _until_either_ends(listen(reader, "the prober", self._hear), self._speak(writer))
        except (OSError, EOFError):
            _log.info("the prober has hung up")
        except LostFraming as lost:
            _log.error("the prober says what cannot be read, and was hung up on", problem=str(lost))
        finally:
            self._conversation = None
            self._acks.clear()
            await _hang_up(writer)

    async def _hear(self, message: Message, size: int) -> None:
        match message:
            case Report(observation):
                self._note(observation)
                await self._inbox.put(message, size)
            case Heartbeat():
                self._heartbeat = message
            case _:
                _log.error("the prober says what only the service may", kind=type(message).__name__)

    def _note(self, observation: Observation) -> None:
        """Remember up to when this check is accounted for: a gap reaches to the beginning of the last period in it."""
        periods = max(1, observation.missed)
        reached = observation.started_at + timedelta(seconds=observation.duration * (periods - 1) / periods)
        before = self._seen.get(observation.check, reached)
        self._seen[observation.check] = max(before, reached)

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._something_to_say.wait()
            self._something_to_say.clear()
            for message in self._messages():
                writer.write(encode(message))
                await writer.drain()

    def _messages(self) -> list[Message]:
        messages: list[Message] = []
        if self._owed_plan and self._plan is not None:
            messages.append(self._with_last_runs(self._plan))
        if self._acks:
            messages.append(Ack(tuple(self._acks)))
        messages += [Wish(check) for check in self._wishes]
        self._owed_plan = False
        self._acks.clear()
        self._wishes.clear()
        return messages

    def _with_last_runs(self, plan: Plan) -> Plan:
        """The plan with the newest look at each check, so that a prober that was started again claims no gap that was none."""
        checks = tuple(
            replace(check, last_run=self._seen[check.id]) if check.id in self._seen else check for check in plan.checks
        )
        return replace(plan, checks=checks)


class _Inbox:
    """Looks that were read and not yet processed, bounded in number and bytes."""

    def __init__(self) -> None:
        self._reports: deque[tuple[Report, int]] = deque()
        self._size = 0
        self._changed = asyncio.Condition()

    async def put(self, report: Report, size: int) -> None:
        """Wait for room, then take in."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._is_full())
            self._reports.append((report, size))
            self._size += size
            self._changed.notify_all()

    async def take(self, limit: int, wait: float) -> list[Report]:
        """Up to `limit` reports, as soon as there are so many or no more fit, else what is there after `wait` seconds."""
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait_for(lambda: len(self._reports) >= limit or self._is_full())
            taken = [self._reports.popleft() for _ in range(min(limit, len(self._reports)))]
            self._size -= sum(size for _, size in taken)
            self._changed.notify_all()
        return [report for report, _ in taken]

    def _is_full(self) -> bool:
        return len(self._reports) >= INBOX_LOOKS or self._size >= INBOX_BYTES


async def _until_either_ends(*talks: Coroutine[Any, Any, None]) -> None:
    """Listen and speak until one of them ends, and raise what ended it.

    This is no TaskGroup, because before Python 3.13 that can lose a cancellation that comes while one of its tasks fails.
    """
    tasks = [asyncio.create_task(talk) for talk in talks]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _listening(path: Path) -> socket.socket:
    """A socket at `path` that only this user may reach; a dead one that a killed service left is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        listener.bind(os.fspath(path))
        path.chmod(0o600)  # before anybody can connect: that takes `listen`
    except OSError as error:
        listener.close()
        raise SocketUnusable(f"the socket {path} cannot be made: {error.strerror or error}") from error
    return listener


def _clear(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock, contextlib.suppress(FileNotFoundError):
        answer = knock.connect_ex(os.fspath(path))
        if answer == 0:
            raise OSError(errno.EADDRINUSE, "another service listens on it; stop that first")
        if answer == errno.ECONNREFUSED:
            path.unlink()
