"""One file of the spill: records one after another, each with its length and checksum."""

import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

_MAGIC: Final = b"CWR1"
_HEAD: Final = struct.Struct(">4sII")

OVERHEAD: Final = _HEAD.size
"""Bytes that a record takes besides its payload."""


class Span(NamedTuple):
    """Where a payload lies in its file, in bytes."""

    offset: int
    length: int


class Segment:
    """A spill file that is open. `live` counts the records that are still owed, which its owner keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.live = 0
        self.damaged = False
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(self, payload: bytes) -> Span:
        """Write one record in one call, so that a killed process leaves it whole or torn, never mixed.

        It is durable against the death of this process, not of the machine: there is no fsync per record. Raises OSError
        where it does not fit, and leaves the file as it was.
        """
        record = b"".join((_HEAD.pack(_MAGIC, crc32(payload), len(payload)), payload))
        written = os.pwrite(self._descriptor, record, self.size)
        if written < len(record):
            os.ftruncate(self._descriptor, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        span = Span(self.size + OVERHEAD, len(payload))
        self.size += len(record)
        return span

    def read(self, span: Span) -> bytes:
        """The payload that was written at `span`. Raises OSError."""
        payload = os.pread(self._descriptor, span.length, span.offset)
        if len(payload) < span.length:
            raise OSError(errno.EIO, f"{self.path.name} has become shorter")
        return payload

    def replay(self) -> Iterator[tuple[Span, bytes]]:
        """Every record from the start of the file, up to the first that is not whole.

        A torn record at the end is what a killed process leaves. Anything else is damage, and `damaged` says so: nothing is
        sought behind it, because what looks like a record there may be a page that a stranger's server sent.
        """
        content = self.path.read_bytes()
        self.size = len(content)
        position = 0
        while (payload := _payload_at(content, position)) is not None:
            yield Span(position + OVERHEAD, len(payload)), payload
            position += OVERHEAD + len(payload)
        self.damaged = self.damaged or not _is_torn(content[position:])

    def empty(self) -> None:
        """Forget everything, so that little is on the disk while the service keeps up. Raises OSError."""
        os.ftruncate(self._descriptor, 0)
        self.size = 0

    def close(self) -> None:
        """Let go of the file and leave it as it is."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Let go of the file, and delete it unless somebody should look at its damage."""
        self.close()
        if self.damaged:
            self.path.rename(self.path.with_suffix(".damaged"))
        else:
            self.path.unlink(missing_ok=True)


def _payload_at(content: bytes, start: int) -> bytes | None:
    head = content[start : start + OVERHEAD]
    if len(head) < OVERHEAD:
        return None
    magic, checksum, length = _HEAD.unpack(head)
    payload = content[start + OVERHEAD : start + OVERHEAD + length]
    fits = magic == _MAGIC and len(payload) == length and crc32(payload) == checksum
    return payload if fits else None


def _is_torn(rest: bytes) -> bool:
    """Whether `rest` is nothing, or the beginning of a record whose end was never written."""
    if len(rest) < OVERHEAD:
        return _MAGIC.startswith(rest[: len(_MAGIC)])
    magic, _, length = _HEAD.unpack(rest[:OVERHEAD])
    return bool(magic == _MAGIC) and len(rest) < OVERHEAD + int(length)
