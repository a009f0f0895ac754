"""An ordinary client for the public interfaces of services: verified before a byte is sent, bounded, and open about who asks.

A look must bear whatever a censor answers, and so judges certificates only afterwards; here nobody but the service itself is
worth listening to. Nothing is followed anywhere else, no proxy is taken from the environment, and a token travels in its
header only.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import httpx2

from probes.kit.page import unpacked

ANSWER_CAP: Final = 8 * 1024 * 1024
"""Bytes of one answer, unpacked. A measurement with all its pages has some hundred kilobytes."""

PATIENCE: Final = 30.0
"""Real seconds for one question and its answer."""

LONGEST_WAIT: Final = 86400.0
"""Seconds for which a service may send us away: whoever asks for more is asked again after a day."""

_SENT_AWAY: Final = 429
_REFUSED: Final = frozenset({401, 403})


class Unavailable(Exception):
    """The service gave no answer that can be used; the message says why. `wait` is how many seconds it wants to be left alone."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said. Names of `headers` are in lower case; `body` is without its content encoding."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON, half characters replaced by question marks. Raises `Unavailable` where it is none."""
        try:
            content = json.loads(self.body)
            return _whole(content) if _HALF in self.body.lower() else content
        except (ValueError, RecursionError):
            raise Unavailable("it answers with something that is no JSON") from None

    def number(self, header: str) -> int | None:
        """A header that is a whole number, None where it is missing or anything else."""
        value = self.headers.get(header, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None


class Api:
    """One service at its base address: `https`, or `http` on this very machine.

    Raises ValueError where `base` is neither. `agent` says who asks; `trust` is a PEM file of roots beside the system's.
    """

    def __init__(
        self, base: str, *, agent: str, token: str | None = None, trust: Path | None = None, patience: float = PATIENCE
    ) -> None:
        self.base = checked_base(base)
        self._patience = patience
        headers = {"user-agent": agent, "accept": "application/json", "accept-encoding": "gzip"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        self._client = httpx2.AsyncClient(
            verify=_trust(trust), trust_env=False, timeout=httpx2.Timeout(patience), headers=headers, follow_redirects=False
        )

    async def get(
        self, path: str, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for `path` below the base. Raises `Unavailable`."""
        return await self._ask(self._client.build_request("GET", self.base + path, params=params, headers=headers))

    async def post(self, path: str, content: Mapping[str, Any]) -> Answer:
        """Send `content` as JSON. Raises `Unavailable`."""
        return await self._ask(self._client.build_request("POST", self.base + path, json=content))

    async def aclose(self) -> None:
        """Give up what is held."""
        await self._client.aclose()

    async def _ask(self, request: httpx2.Request) -> Answer:
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._answer(request)
        except TimeoutError:
            raise Unavailable(f"it did not answer within {self._patience:g} seconds") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            # Only the kind of error is told: its message may repeat an address, and a token's header.
            raise Unavailable(f"it cannot be reached ({type(error).__name__})") from None
        return _usable(answer)

    async def _answer(self, request: httpx2.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            packed = bytearray()
            async for chunk in response.aiter_raw():
                packed += chunk
                if len(packed) > ANSWER_CAP:
                    raise Unavailable(_too_large())
        finally:
            await response.aclose()
        body = unpacked(packed, response.headers.get("content-encoding", ""), ANSWER_CAP + 1)
        if len(body) > ANSWER_CAP:
            raise Unavailable(_too_large())
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=body)


_HALF: Final = rb"\ud"
"""How JSON may spell half of a pair of surrogates, which nobody can write down afterwards."""


def _whole(content: Any) -> Any:
    if isinstance(content, str):
        return content.encode("utf-8", "replace").decode()
    if isinstance(content, list):
        return [_whole(one) for one in content]
    if isinstance(content, dict):
        return {_whole(name): _whole(value) for name, value in content.items()}
    return content


def checked_base(base: str) -> str:
    """`base` without a final slash. Raises ValueError, with the remedy, where no secret may travel to it."""
    try:
        url = httpx2.URL(base)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{base[:200]!r} is not a web address: {error}") from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and _is_this_machine(url.host))
    if not is_safe or not url.host or url.userinfo or url.query or url.fragment:
        raise ValueError(f"{url.host or base[:200]!r} cannot be the address of a service: write https://, a host and a path only")
    return str(url).rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _too_large() -> str:
    return f"its answer is larger than {ANSWER_CAP // 1024 // 1024} MiB"


def _usable(answer: Answer) -> Answer:
    """The answer, unless it is none to work with: a redirect, a refusal, a breakdown."""
    if answer.status == _SENT_AWAY:
        raise Unavailable("it asks us to come back later (429)", wait=_wait(answer.headers))
    if answer.status in _REFUSED:
        raise Unavailable(f"it does not let us in ({answer.status}): check the token")
    if 300 <= answer.status < 400 and answer.status != 304:
        raise Unavailable(f"it sends us elsewhere ({answer.status}), where we do not go: check its address")
    if answer.status >= 500:
        raise Unavailable(f"it is out of order ({answer.status})", wait=_wait(answer.headers))
    return answer


def _wait(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds (RFC 9110, 10.2.3): a number, or a date that is read against the service's own clock.

    Where it is missing, what a service says of when its limit is reset will do.
    """
    value = headers.get("retry-after", headers.get("x-ratelimit-reset", "")).strip()
    if value.isascii() and value.isdigit() and len(value) <= 12:
        return min(float(value), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


@lru_cache(maxsize=8)
def _trust(extra: Path | None) -> ssl.SSLContext:
    """One context per trust store: making one takes longer than a question."""
    context = httpx2.create_ssl_context(trust_env=False)
    if extra:
        context.load_verify_locations(extra)
    return context
