"""Values as compact bytes: JSON without defaults, compressed where that pays."""

import json
import zlib
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

Value = TypeVar("Value")

_WORTH_COMPRESSING: Final = 1024
"""Bytes. Below this, compression saves less than a page and costs as much as writing the row."""

_JSON_STARTS: Final = (b"{", b"[")
"""How a packed value begins that is not compressed; no zlib stream begins so (RFC 1950: its low four bits are 8)."""

_SMALL: Final = 4096
"""Bytes. Up to here a window of that size suffices."""


def compressed(data: bytes) -> bytes:
    """`data` as a zlib stream.

    Most of what we keep is small. zlib's usual window and tables take 256 KiB, and making them can take longer than using
    them, so small data get a small window and the quickest level; the result is a few per cent longer.
    """
    if len(data) > _SMALL:
        return zlib.compress(data)
    small = zlib.compressobj(level=1, wbits=12, memLevel=5)
    return small.compress(data) + small.flush()


class Packer(Generic[Value]):
    """Packs values of one type, and unpacks them again. What is left out when packing is a field's default."""

    def __init__(self, kind: Any) -> None:
        self._adapter: TypeAdapter[Value] = TypeAdapter(kind)

    def pack(self, value: Value) -> bytes:
        """The value as JSON in UTF-8, compressed if it is long."""
        text = self._json(value)
        return text if len(text) <= _WORTH_COMPRESSING else compressed(text)

    def unpack(self, data: bytes) -> Value:
        """What was packed. Raises `zlib.error` or `pydantic.ValidationError` for anything else."""
        text = data if data[:1] in _JSON_STARTS else zlib.decompress(data)
        return self._adapter.validate_json(text)

    def _json(self, value: Value) -> bytes:
        try:
            return self._adapter.dump_json(value, exclude_defaults=True)
        except PydanticSerializationError:
            return _forgiving_json(self._adapter.dump_python(value, exclude_defaults=True))


def _forgiving_json(value: Any) -> bytes:
    """JSON of text that is not Unicode: half a surrogate pair from a hostile server must not cost us the whole look."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")


def readable(text: str) -> str:
    """`text` as every database can hold it: half surrogate pairs become question marks, NUL becomes U+2400."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\u2400")
