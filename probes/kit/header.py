"""What single header fields of a response say."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_LINK: Final = re.compile(r"<([^<>]{1,2000})>([^<]{0,2000})")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_FIELD: Final = re.compile(rb"^link[ \t]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_MOST: Final = 20
_LONGEST_DATE: Final = 64
_AGE: Final = re.compile(r"\d{1,8}")


def blocked_by(head: bytes) -> str | None:
    """Who blocks, by the link of that relation in the head of a response (RFC 7725, 4); None where it has none.

    It names whoever carries the blocking out, not whoever ordered it.
    """
    fields = [field.decode("utf-8", "replace") for field in _FIELD.findall(head)[:_MOST]]
    for target, parameters in (link for field in fields for link in _LINK.findall(field)[:_MOST]):
        relations = " ".join("".join(found) for found in _RELATION.findall(parameters)).lower().split()
        if "blocked-by" in relations:
            return str(target).strip()
    return None


def dated(date: str, age: str) -> datetime | None:
    """When a response was sent, by the clocks of those who sent it: its `Date`, and the `Age` that it has reached in caches.

    To the second (RFC 9110, 6.6.1; RFC 9111, 5.1). None where there is no date, or none that can be read.
    """
    if not date or len(date) > _LONGEST_DATE:
        return None
    seconds = int(age) if _AGE.fullmatch(age) else 0
    try:
        said = parsedate_to_datetime(date)
        return said.astimezone(UTC) + timedelta(seconds=seconds) if said.tzinfo else None
    except (ValueError, OverflowError):
        return None
