"""What single header fields of a response say."""

import re
from typing import Final

_LINK: Final = re.compile(r"<([^<>]{1,2000})>([^<]{0,2000})")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_FIELD: Final = re.compile(rb"^link[ \t]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_MOST: Final = 20


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
