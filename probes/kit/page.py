"""What can be said about a page without understanding it: its body, unpacked, and its title. All within bounds."""

import codecs
import html
import re
import zlib
from typing import Final

_PIECE: Final = 4096
_WINDOWS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""zlib's window sizes for the content encodings that we ask for; `deflate` comes with and without zlib's header."""

_TITLE_CAP: Final = 300
"""Characters of a title that are kept."""
_TITLE_BYTES: Final = 8 * _TITLE_CAP
_META_BYTES: Final = 4096
"""Where a page names its character set (HTML asks for the first 1024 bytes; not every page has read that)."""
_CHARSET: Final = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_GUESSES: Final = ("utf-8", "cp1251")
"""Tried where the named set is missing or wrong; the second fits most Russian pages that are not UTF-8."""
_SETS: Final = frozenset(
    {
        *("utf-8", "ascii", "koi8-r", "koi8-u", "cp866", "cp874", "gb2312", "gbk", "gb18030", "big5"),
        *("shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"),
        *(f"iso8859-{part}" for part in (1, 2, 5, 6, 7, 8, 9, 15)),
        *(f"cp{page}" for page in range(1250, 1259)),
    }
)
"""Character sets in which a whole body is read: those of the web (WHATWG Encoding). Python knows others, such as punycode,
that would take minutes for half a megabyte."""


def unpacked(raw: bytes | bytearray, encoding: str, cap: int) -> bytes:
    """`raw` without its content encoding, at most `cap` bytes. A few kilobytes may want to become gigabytes.

    Of a broken stream it is what could be read; what cannot be read at all, or has a foreign encoding, stays as it came.
    """
    for window in _WINDOWS.get(encoding.strip().lower(), ()):
        data = _inflated(raw, window, cap)
        if data:
            return data
    return bytes(raw[:cap])


def _inflated(raw: bytes | bytearray, window: int, cap: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    data = b""
    try:
        # In pieces, so that an error costs no more than its own piece; zlib takes a length of 0 for "no limit".
        for start in range(0, len(raw), _PIECE):
            if len(data) >= cap:
                break
            data += unpacker.decompress(raw[start : start + _PIECE], cap - len(data))
    except zlib.error:
        pass
    return data


def text(body: bytes, content_type: str = "") -> str:
    """The whole body as text. A character that is cut in two at its end is no reason to doubt its character set."""
    for name in (*_named(content_type.encode()), *_named(body[:_META_BYTES]), *_GUESSES):
        try:
            known = codecs.lookup(name)
            if known.name in _SETS:
                return known.incrementaldecoder("strict").decode(body)
        except (LookupError, ValueError):
            continue
    return body.decode("utf-8", "replace")


def title(body: bytes, content_type: str = "") -> str | None:
    """The text of the first title element, in one line; None where there is none, or an empty one."""
    start = body.find(b">", _title_tag(body)) + 1
    if not start:
        return None
    raw = body[start : start + _TITLE_BYTES]
    raw = raw[: end if (end := raw.lower().find(b"</title")) >= 0 else None]
    text = html.unescape(_decoded(raw, body, content_type))
    # What is not printable, a null byte or half a character, is more than some databases can bear.
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:_TITLE_CAP] or None


def _title_tag(body: bytes) -> int:
    """Where the title's tag begins; the body's end where there is none. Nearly every page writes it in lower case."""
    found = body.find(b"<title")
    if found < 0:
        found = body.lower().find(b"<title")
    return found if found >= 0 else len(body)


def _decoded(raw: bytes, body: bytes, content_type: str) -> str:
    for name in (*_named(content_type.encode()), *_named(body[:_META_BYTES]), *_GUESSES):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("utf-8", "replace")


def _named(text: bytes) -> tuple[str, ...]:
    """The character set that `text` names."""
    found = _CHARSET.search(text) if b"charset" in text.lower() else None
    return (found[1].decode(),) if found else ()
