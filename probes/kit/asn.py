"""Which autonomous system an address belongs to."""

import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, Self

_MOST: Final = 2_000_000
"""Ranges that are read of a file; the whole internet has some 700,000."""
_LONGEST_LINE: Final = 1000
_LARGEST: Final = 4_294_967_295


class Asns(Protocol):
    """A table of networks."""

    def of(self, address: str) -> int | None:
        """The number of the autonomous system, None where it is not known."""
        ...


class BadTable(ValueError):
    """A file is not a table of ranges; the message says in which line, and what to do."""


class KnownAsns:
    """A table of single addresses, for a small world."""

    def __init__(self, asns: Mapping[str, int]) -> None:
        self._asns = dict(asns)

    def of(self, address: str) -> int | None:
        """Of Asns."""
        return self._asns.get(address)


class AsnTable:
    """A table of ranges, of which the narrowest that holds an address counts. A range takes 24 or 40 bytes at most."""

    def __init__(self, ranges: Iterable[tuple[bytes, bytes, int]]) -> None:
        """`ranges` are (first address, last address, number), addresses packed, in order: the wider before those within it.

        Raises ValueError where they are not, or where two cross.
        """
        self._tables = {4: _Starts(4), 16: _Starts(16)}
        for first, last, number in ranges:
            self._tables[len(first)].add(first, last, number)
        for table in self._tables.values():
            table.complete()
        self.of = lru_cache(maxsize=4096)(self._of)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of `start end asn` in tab-separated lines, as iptoasn.com publishes it; other columns are passed over.

        Raises BadTable, and OSError where the file cannot be read.
        """
        try:
            return cls(_ranges(path))
        except BadTable:
            raise
        except ValueError as error:
            raise BadTable(f"{path}: {error}: download it again") from error

    def _of(self, address: str) -> int | None:
        packed = _packed(address.partition("%")[0])
        return self._tables[len(packed)].of(packed) if packed else None


class _Starts:
    """Where another network begins, packed one behind the other, and whose it is; 0 is nobody's.

    Ranges may lie within one another, as a customer's in its provider's: where the inner one ends, the outer goes on.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._packed = bytearray()
        self._numbers = array("I")
        self._around: list[tuple[bytes, int]] = []
        self._last = b""

    def add(self, first: bytes, last: bytes, number: int) -> None:
        if first < self._last:
            raise ValueError(f"the range that begins at {_text(first)} stands behind a later one")
        self._last = first
        while self._around and self._around[-1][0] < first:
            self._leave()
        if self._around and last > self._around[-1][0]:
            raise ValueError(f"the range that begins at {_text(first)} ends outside the one around it")
        self._begin(first, number)
        self._around.append((last, number))

    def complete(self) -> None:
        while self._around:
            self._leave()

    def _leave(self) -> None:
        last, _ = self._around.pop()
        after = int.from_bytes(last, "big") + 1
        if after < 1 << 8 * self._width:
            self._begin(after.to_bytes(self._width, "big"), self._around[-1][1] if self._around else 0)

    def _begin(self, start: bytes, number: int) -> None:
        if self._packed[-self._width :] == start:
            self._numbers[-1] = number
            return
        self._packed += start
        self._numbers.append(number)

    def of(self, address: bytes) -> int | None:
        index = bisect_right(range(len(self._numbers)), address, key=self._start)
        return (self._numbers[index - 1] or None) if index else None

    def _start(self, index: int) -> bytes:
        return bytes(self._packed[index * self._width : (index + 1) * self._width])


def _packed(address: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return None


def _ranges(path: Path) -> Iterator[tuple[bytes, bytes, int]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for count, line in enumerate(iter(lambda: lines.readline(_LONGEST_LINE), ""), start=1):
            if count > _MOST:
                raise BadTable(f"{path} has more than {_MOST} lines: it is no table of networks; download it again")
            if line.strip():
                yield _range(line, f"{path}:{count}")


def _range(line: str, place: str) -> tuple[bytes, bytes, int]:
    first, last, number, *_ = [*line.split("\t", 3), "", "", ""]
    start, end = _packed(first.strip()), _packed(last.strip())
    number = number.strip()
    if start is None or end is None or len(start) != len(end) or start > end:
        raise BadTable(f"{place}: the line must begin with two addresses of one family, the lower first, with tabs between")
    if not (number.isascii() and number.isdecimal()) or int(number) > _LARGEST:
        raise BadTable(f"{place}: the third column must be the number of an autonomous system")
    return start, end, int(number)


def _text(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
