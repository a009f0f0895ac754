"""Requests and what came back: a page with its title, headers and bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from probes.imported.measurement.fields import Fields, clean
from probes.imported.measurement.raw import packed_bytes
from probes.imported.measurement.steps import Common
from probes.imported.measurement.words import failure_in
from probes.kit.budgets import BODY_CAP
from probes.kit.marks import Markers
from probes.kit.observation import Blob, HttpExchange
from probes.kit.redact import without_secrets

_TITLE: Final = re.compile(r"<title>([^<]{1,512})</title>", re.IGNORECASE)
"""As OONI finds a title, and its helper too: both sides of a comparison must be read alike."""

_HEAD_CAP: Final = 65536
_NAME_CAP: Final = 100

Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """One exchange and its bytes."""

    exchange: HttpExchange
    blobs: tuple[Blob, ...]


def page(request: Fields, common: Common, address: str | None, markers: Markers | None) -> Page:
    """Read one entry of `requests`. Without a status there was no response, whatever else stands there."""
    asked, response = request.part("request"), request.part("response")
    url = asked.text("url")
    if url is None:
        raise asked.wrong("url", "is missing")
    status = response.whole("code", -1, 999) or 0
    failure = failure_in(request)
    if status <= 0:
        return Page(HttpExchange(**common, failure=failure, url=url, address=address), ())
    return _answered(response, url, status, failure, common, address, markers)


def _answered(
    response: Fields, url: str, status: int, failure: str | None, common: Common, address: str | None, markers: Markers | None
) -> Page:
    whole = packed_bytes(response, "body", response.content.get("body"))
    headers = list(_headers(response))
    body, head = Blob.of(whole[:BODY_CAP]), Blob.of(_head(status, headers))
    location = next((clean(value.decode("utf-8", "replace")) for name, value in headers if name.lower() == "location"), None)
    title = title_of(whole[:BODY_CAP])
    marks = markers.of_response(head.data, location, title, body.data, body.name) if markers else ()
    exchange = HttpExchange(
        **common,
        failure=failure,
        url=url,
        address=address,
        status=status,
        header_names=tuple(dict.fromkeys(name for name, _ in headers)),
        location=location,
        title=title,
        body_length=len(whole),
        body_hash=body.name,
        truncated=response.flag("body_is_truncated"),
        marks=marks,
        head=head.name,
        body=body.name if whole else None,
    )
    return Page(exchange, (head, body) if whole else (head,))


def title_of(body: bytes) -> str | None:
    """The title as OONI reads it, None where there is none."""
    found = _TITLE.search(body.decode("utf-8", "replace"))
    return clean(found[1]) if found else None


def _headers(response: Fields) -> Iterator[Header]:
    """The headers: a list of pairs in newer versions, an object in older ones."""
    pairs: list[Any] = response.items("headers_list")
    if not pairs:
        group = response.part("headers")
        group.bounded(len(group.content))
        pairs = list(group.content.items())
    for pair in pairs:
        name, value = _pair(response, pair)
        yield clean(name, _NAME_CAP), packed_bytes(response, "headers", value)[:_HEAD_CAP]


def _pair(response: Fields, pair: Any) -> tuple[str, Any]:
    """A header's name and value; of several values in a list the first."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise response.wrong("headers_list", "holds something that is no pair")
    name, value = pair
    if isinstance(name, dict):
        name = packed_bytes(response, "headers_list", name).decode("utf-8", "replace")
    if not isinstance(name, str):
        raise response.wrong("headers_list", "holds a name that is no text")
    return name, next(iter(value), None) if isinstance(value, list) else value


def _head(status: int, headers: list[Header]) -> bytes:
    """The response's head as it may have come, without secrets; what does not fit is left out."""
    lines = [f"HTTP/1.1 {status} ".encode(), *(name.encode("utf-8", "replace") + b": " + value for name, value in headers)]
    return without_secrets(b"\r\n".join(lines)[:_HEAD_CAP] + b"\r\n\r\n")
