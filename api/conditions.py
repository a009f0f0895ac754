"""Conditional requests (RFC 9110, 13.1.2): whether a reader has already what they ask for."""

import re
from hashlib import sha256
from typing import Final

from fastapi import Request
from pydantic import BaseModel

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag in a list of them (RFC 9110, 8.8.3); its group is what is compared, since weak ones do as well."""


def version_tag(version: int, body: BaseModel) -> str:
    """The tag of an incident: the version, which a decision compares, and what this reader is told of it in their language.

    The version alone would not do, as others that are related change nothing in it. It is weak, because the same in other bytes,
    such as packed ones, bears it too.
    """
    return f'W/"{version}-{sha256(body.model_dump_json().encode()).hexdigest()[:16]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether `If-None-Match`, on however many lines, names the tag that a whole answer would bear now."""
    asked = ", ".join(request.headers.getlist("if-none-match"))
    return asked.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(asked)
