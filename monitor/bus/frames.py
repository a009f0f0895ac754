"""What travels over the bus, and how it is put into bytes.

A frame is one byte for the kind, the length of its body and the length of its tail (four bytes each, big-endian), the body
as JSON, and the tail as it is. The tail carries the raw bytes of looks, which JSON would blow up by a third.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import structlog
from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from monitor.bus import Heartbeat, Report
from monitor.core.plan import Plan
from probes.kit.observation import Blob, Observation

_log = structlog.get_logger()


class MalformedFrame(ValueError):
    """A frame cannot be read; the message says what is wrong with it. The next frame can be."""


class LostFraming(MalformedFrame):
    """Nothing after this point can be told apart any more: the connection must be closed."""


class Unsendable(ValueError):
    """A message cannot be put into bytes, such as text with half a surrogate pair, or facts beyond all bounds."""


class Kind(IntEnum):
    """What a frame holds."""

    REPORT = 1
    HEARTBEAT = 2
    PLAN = 3
    LOOK = 4
    ACK = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """The service wants this check looked at now."""

    check: str


@dataclass(frozen=True, slots=True)
class Ack:
    """Ids of observations that the service has written."""

    ids: tuple[str, ...]


Message = Report | Heartbeat | Plan | Wish | Ack


@dataclass(frozen=True, slots=True)
class _ReportBody:
    """A report without its raw bytes: of each blob its name, and its length in the tail."""

    observation: Observation
    blobs: tuple[tuple[str, NonNegativeInt], ...]


_HEAD: Final = struct.Struct(">BII")
_MEBIBYTE: Final = 1024 * 1024

TAIL_CAP: Final = 32 * _MEBIBYTE
"""Bytes of raw data with one look. Eleven hops of 512 KiB, seen by us and four controls, still fit."""

_BODY_CAPS: Final = {
    Kind.REPORT: 4 * _MEBIBYTE,
    Kind.HEARTBEAT: _MEBIBYTE,
    Kind.PLAN: 128 * _MEBIBYTE,
    Kind.LOOK: 1024,
    Kind.ACK: 4 * _MEBIBYTE,
}

_ADAPTERS: Final[dict[Kind, TypeAdapter[Any]]] = {
    Kind.REPORT: TypeAdapter(_ReportBody),
    Kind.HEARTBEAT: TypeAdapter(Heartbeat),
    Kind.PLAN: TypeAdapter(Plan),
    Kind.LOOK: TypeAdapter(Wish),
    Kind.ACK: TypeAdapter(Ack),
}

_KINDS: Final = {Heartbeat: Kind.HEARTBEAT, Plan: Kind.PLAN, Wish: Kind.LOOK, Ack: Kind.ACK}


def encode(message: Message) -> bytes:
    """Put `message` into one frame. Raises `Unsendable`."""
    if isinstance(message, Report):
        blobs = tuple(_fitting(message.blobs))
        body = _ReportBody(message.observation, tuple((blob.name, len(blob.data)) for blob in blobs))
        return _frame(Kind.REPORT, body, b"".join(blob.data for blob in blobs))
    return _frame(_KINDS[type(message)], message, b"")


def _fitting(blobs: Iterable[Blob]) -> Iterator[Blob]:
    """Each blob once, as long as there is room: a look without part of its bytes is worth more than no look."""
    room = TAIL_CAP
    seen: set[str] = set()
    for blob in blobs:
        if blob.name not in seen and len(blob.data) <= room:
            seen.add(blob.name)
            room -= len(blob.data)
            yield blob


def _frame(kind: Kind, content: object, tail: bytes) -> bytes:
    try:
        body = _ADAPTERS[kind].dump_json(content, exclude_defaults=True)
    except ValueError as error:
        raise Unsendable(f"this {kind.name.lower()} cannot be written as JSON: {type(error).__name__}") from error
    if len(body) > _BODY_CAPS[kind]:
        raise Unsendable(f"this {kind.name.lower()} takes {len(body)} bytes, and {_BODY_CAPS[kind]} are allowed")
    return b"".join((_HEAD.pack(kind, len(body), len(tail)), body, tail))


def decode(frame: bytes) -> Message:
    """Read one whole frame. Raises `MalformedFrame`."""
    if len(frame) < _HEAD.size:
        raise LostFraming(f"a frame has a head of {_HEAD.size} bytes, this has {len(frame)}")
    kind, body, tail = _checked(frame[: _HEAD.size])
    end = _HEAD.size + body
    if len(frame) != end + tail:
        raise LostFraming(f"the head promises {end + tail} bytes, and there are {len(frame)}")
    return _content(kind, frame[_HEAD.size : end], frame[end:])


async def listen(stream: asyncio.StreamReader, speaker: str, hear: Callable[[Message, int], Awaitable[None]]) -> None:
    """Hand every message that `speaker` sends to `hear`, with the bytes it took. A malformed one is logged and passed over.

    Raises EOFError when the other side hangs up, and `LostFraming` when it cannot be followed any further.
    """
    while True:
        try:
            message, size = await _read(stream)
        except LostFraming:
            raise
        except MalformedFrame as problem:
            _log.error("a message cannot be read and was passed over", speaker=speaker, problem=str(problem))
        else:
            await hear(message, size)


async def _read(stream: asyncio.StreamReader) -> tuple[Message, int]:
    kind, body, tail = _checked(await stream.readexactly(_HEAD.size))
    content = await stream.readexactly(body)
    return _content(kind, content, await stream.readexactly(tail)), _HEAD.size + body + tail


def _checked(head: bytes) -> tuple[Kind, int, int]:
    number, body, tail = _HEAD.unpack(head)
    try:
        kind = Kind(number)
    except ValueError:
        raise LostFraming(f"there is no frame of kind {number}: is the other side another version of Cutwatch?") from None
    if body > _BODY_CAPS[kind] or tail > (TAIL_CAP if kind is Kind.REPORT else 0):
        raise LostFraming(f"a {kind.name.lower()} of {body} and {tail} bytes is larger than allowed")
    return kind, body, tail


def _content(kind: Kind, body: bytes, tail: bytes) -> Message:
    try:
        content = _ADAPTERS[kind].validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MalformedFrame(f"a {kind.name.lower()} does not fit at {where or 'its beginning'}: {first['msg']}") from None
    if isinstance(content, _ReportBody):
        return Report(content.observation, tuple(_blobs(content.blobs, tail)))
    message: Message = content
    return message


def _blobs(index: tuple[tuple[str, int], ...], tail: bytes) -> Iterator[Blob]:
    if sum(length for _, length in index) != len(tail):
        raise MalformedFrame(f"the lengths of a report's blobs do not add up to its tail of {len(tail)} bytes")
    start = 0
    for name, length in index:
        yield Blob(name, tail[start : start + length])
        start += length
