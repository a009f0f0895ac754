"""From a file to JSON documents: one measurement, or one on every line, also packed by gzip. All within bounds."""

import gzip
import json
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from probes.imported.measurement.fields import Unusable

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one measurement that are read, unpacked."""

_Stream = BufferedReader | gzip.GzipFile

_MOST_LINES: Final = 100_000
_GZIP: Final = b"\x1f\x8b"


def documents(path: Path) -> Iterator[tuple[int | None, Any]]:
    """Every JSON document of the file with the number of its line; None where the whole file is one document.

    Raises `Unusable`, whose message does not name the file.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            if not packed:
                yield from _read(raw)
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield from _read(unpacked)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Unusable("the packed file is damaged: fetch it again") from None
    except OSError as problem:
        raise Unusable(f"it cannot be read: {problem.strerror or 'give the path of a file'}") from problem


def _read(stream: _Stream) -> Iterator[tuple[int | None, Any]]:
    """A first line that is a document by itself is one of many; otherwise the file is a single one, over many lines."""
    first = _line(stream)
    try:
        document = parsed(first)
    except Unusable:
        rest = stream.read(LARGEST - len(first) + 1)
        _check_size(len(first) + len(rest))
        yield None, parsed(first + rest)
        return
    following = _further_lines(stream)
    second = next(following, None)
    yield (None if second is None else 1), document
    if second is not None:
        yield second
        yield from following


def _further_lines(stream: _Stream) -> Iterator[tuple[int, Any]]:
    for number in range(2, _MOST_LINES + 2):
        line = _line(stream)
        if not line:
            return
        if line.strip():
            try:
                yield number, parsed(line)
            except Unusable as problem:
                raise Unusable(f"line {number}: {problem}") from None
    raise Unusable(f"it has more than {_MOST_LINES} lines: give it in parts")


def _line(stream: _Stream) -> bytes:
    line = stream.readline(LARGEST + 1)
    _check_size(len(line))
    return line


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise Unusable(f"a measurement may have {LARGEST // (1024 * 1024)} MB, and this has more: is it one?")


def parsed(raw: bytes) -> Any:
    """The JSON document in `raw`. Raises `Unusable`."""
    try:
        return json.loads(raw, parse_constant=_no_number)
    except RecursionError:
        raise Unusable("it is nested deeper than any measurement: is it one?") from None
    except UnicodeDecodeError:
        raise Unusable("it is no text in UTF-8: give the file as OONI publishes it") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise Unusable(f"it is no whole JSON document ({problem.msg} at {where}): is it cut off? Fetch it again") from None
    except Unusable:
        raise
    except ValueError:
        raise Unusable("it holds a number of thousands of digits: is it a measurement?") from None


def _no_number(word: str) -> None:
    raise Unusable(f"it holds {word}, which JSON does not know: give the file as OONI publishes it")
