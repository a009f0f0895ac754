"""Fetches OONI's list of fingerprints. It takes the place of the one in use only when all of it was read and understood."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx2

from monitor.core.ooni_fingerprints import DNS_FILE, HTTP_FILE, ListRefused, read_ooni_list
from monitor.engine.list_cache import CacheDamaged, CachedList, read_cached, write_cached

SIZE_CAP: Final = 16 * 1024 * 1024
"""Bytes of one file: fifty times what it has today."""

PATIENCE: Final = 120.0
"""Seconds for all of it,"""

_STEP_PATIENCE: Final = 20.0
"""and for a connection, or the next bytes."""

_ETAG_CAP: Final = 200

Told = Callable[[str, int], None]
"""Is told, as it arrives, of which file how many bytes are there."""


class NotFetched(Exception):
    """The list could not be fetched; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What came of it. `used` and `skipped` count rows; `changed` says whether another list is in use now."""

    version: str
    changed: bool
    rows: int
    used: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    etag: str | None


def ordinary_client() -> httpx2.AsyncClient:
    """A client that verifies certificates, and takes a proxy from the environment as other programs do."""
    return httpx2.AsyncClient(timeout=_STEP_PATIENCE, headers={"user-agent": "Cutwatch", "accept-encoding": "identity"})


async def update_ooni_list(client: httpx2.AsyncClient, origin: str, data: Path, now: datetime, told: Told) -> Updated:
    """Fetch the list from `origin`, check it, and keep it in the data folder, where probers find it.

    Raises NotFetched or ListRefused, or OSError where it cannot be written; the list in use then stays as it is.
    """
    known = _known(data, origin)
    try:
        async with asyncio.timeout(PATIENCE):
            files = {name: await _fetch(client, origin, name, known, told) for name in (DNS_FILE, HTTP_FILE)}
    except TimeoutError:
        raise NotFetched(f"{origin} has not sent the list within {PATIENCE:g} seconds: try again later") from None
    contents = {name: file.content for name, file in files.items()}
    read = read_ooni_list(contents, known.rows if known else 0)
    kept = CachedList(
        fetched_at=known.fetched_at if known and known.contents == contents else now,
        origin=origin,
        rows=read.rows,
        files={name: content.decode("utf-8") for name, content in contents.items()},
        etags={name: file.etag for name, file in files.items() if file.etag},
    )
    changed = known is None or known.version != kept.version
    if kept != known:
        write_cached(data, kept)
    return Updated(version=kept.version, changed=changed, rows=read.rows, used=len(read.fingerprints), skipped=read.skipped)


def _known(data: Path, origin: str) -> CachedList | None:
    """The list in use. What a different server called its state is of no use with this one."""
    try:
        known = read_cached(data)
    except CacheDamaged:
        return None
    return known if known is None or known.origin == origin else known.model_copy(update={"etags": {}})


async def _fetch(client: httpx2.AsyncClient, origin: str, name: str, known: CachedList | None, told: Told) -> _File:
    url = f"{origin.rstrip('/')}/{name}"
    etag = known.etags.get(name) if known else None
    try:
        async with client.stream("GET", url, headers={"if-none-match": etag} if etag else {}) as response:
            if known and etag and response.status_code == 304:
                return _File(known.contents[name], etag)
            _refuse_answer(url, response)
            return _File(await _body(url, response, lambda received: told(name, received)), _etag(response))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = f"{type(error).__name__} {error}".strip()[:200]
        raise NotFetched(f"{url} cannot be fetched ({reason}): see whether this machine reaches it, or name a mirror") from None


def _refuse_answer(url: str, response: httpx2.Response) -> None:
    if response.has_redirect_location:
        raise NotFetched(f"{url} leads elsewhere: write its new address under `lists` in monitor.yaml, if you trust it")
    if response.status_code != 200:
        raise NotFetched(f"{url} answers with status {response.status_code}: correct the address in monitor.yaml, or try later")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise NotFetched(f"{url} is sent packed, although it was asked for as it is: name another mirror")


async def _body(url: str, response: httpx2.Response, told: Callable[[int], None]) -> bytes:
    received = bytearray()
    async for piece in response.aiter_raw():
        received += piece
        if len(received) > SIZE_CAP:
            raise ListRefused(f"{url} is larger than {SIZE_CAP // 1024**2} MiB, and refused: see what stands there")
        told(len(received))
    return bytes(received)


def _etag(response: httpx2.Response) -> str | None:
    etag: str | None = response.headers.get("etag")
    return etag if etag and len(etag) <= _ETAG_CAP and etag.isascii() and etag.isprintable() else None
