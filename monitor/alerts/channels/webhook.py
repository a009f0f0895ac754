"""Posts every message to a web address of your own, signed by Standard Webhooks.

    channels:
      - id: our-system
        kind: webhook
        settings:
          url: https://hooks.example.org/cutwatch
          secret: OUR_SYSTEM_WEBHOOK_SECRET

`secret` is the name of the environment variable that holds the signing secret (`whsec_` and the key in base64), or names its
file with `_FILE` behind it. While you change the secret, hold the new and the old one in it, with a space between: each
message then carries both signatures. `allow_private` lists hosts that may lead to private addresses, and those to which
`http://` is allowed. `trust` is a PEM file with the certificate authority of your own house.

A receiver answers with a status from 200 to 299 within 20 seconds. Everything else is tried again for three days, `410 Gone`
excepted; redirects are not followed. `docs/webhook.md` tells how to verify and read what arrives.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self

import httpx2
from pydantic import BaseModel, ConfigDict, FilePath, model_validator
from standardwebhooks import Webhook

from monitor.alerts.channels.kit.door import Answer, Door, Forbidden, Unreachable
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.core.message import Message
from monitor.core.watchlist import SecretName
from monitor.settings import MissingSecret, secret

PATIENCE = 20.0
"""Seconds for one delivery, from looking up the name to the receiver's status (Standard Webhooks asks for 15 to 30)."""

BODY_CAP = 20_000
"""Bytes that a body may have (Standard Webhooks, payload size)."""

_PREFIX = "whsec_"
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OVERBURDENED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class Settings(BaseModel):
    """What `alerts.yaml` says for a webhook. Errors never repeat what was written: an address may hold a token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    secret: SecretName
    allow_private: tuple[str, ...] = ()
    trust: FilePath | None = None

    @model_validator(mode="after")
    def _url_is_usable(self) -> Self:
        problem = _problem_of(self.url, self.allow_private)
        if problem:
            raise ValueError(problem)
        return self


class UnusableSecret(ValueError):
    """The signing secret has the wrong form; the message names its variable and never the secret."""


class Oversized(ValueError):
    """A message too long for a webhook; the message says by how much."""


async def deliver(message: Message, settings: Settings, now: datetime) -> Outcome:
    """Post one message. `now` is signed with it, so that a receiver can refuse an old recording."""
    door = Door(url=httpx2.URL(settings.url), private=settings.allow_private, trust=settings.trust)
    try:
        body = body_of(message)
        answer = await door.post(body.encode(), headers(message, body, settings, now))
    except Unreachable as problem:
        return Outcome(result=Result.UNAVAILABLE, error=str(problem))
    except (Forbidden, MissingSecret, UnusableSecret, Oversized) as problem:
        return Outcome(result=Result.REFUSED, error=str(problem))
    return outcome_of(answer, now)


def body_of(message: Message) -> str:
    """The body: the message's payload as JSON."""
    body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode()) > BODY_CAP:
        raise Oversized(f"{message.id} has {len(body.encode())} bytes, and a webhook may have {BODY_CAP}; please report this")
    return body


def headers(message: Message, body: str, settings: Settings, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, one signature per secret. Raises `MissingSecret` or `UnusableSecret`."""
    if not _SAFE_ID.fullmatch(message.id):
        raise ValueError("a message id must be letters, digits, hyphens and underscores")
    signatures = [Webhook(key).sign(message.id, now.astimezone(UTC), body) for key in _keys(settings.secret)]
    return {
        "content-type": "application/json",
        "user-agent": "Cutwatch",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """What the receiver's answer means for this message and for the next ones."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome(result=Result.DELIVERED, status=status)
    if status == HTTPStatus.GONE:
        return Outcome(result=Result.GONE, status=status, error="the receiver answered 410 Gone: it wants no more messages")
    overburdened = status >= 500 or status in _OVERBURDENED
    return Outcome(
        result=Result.UNAVAILABLE if overburdened else Result.REFUSED,
        status=status,
        error=_complaint(status),
        retry_after=retry_after(answer.retry_after, now),
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for; None where there is none, or none that can be read (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - now).total_seconds())


def _complaint(status: int) -> str:
    if 300 <= status < 400:
        return f"the receiver answered {status}, a redirect; put the final address into `url`"
    return f"the receiver answered {status}; only 200 to 299 means that it has the message"


def _keys(name: str) -> list[bytes]:
    try:
        given = secret(name)
    except (OSError, UnicodeDecodeError):
        raise UnusableSecret(f"the file that {name}_FILE names cannot be read") from None
    # An empty secret yields one empty part, which is refused: nothing ever leaves unsigned.
    return [_key(part, name) for part in given.split() or [""]]


def _key(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters beyond ASCII
        key = b""
    if not key or not text.startswith(_PREFIX):
        raise UnusableSecret(f"{name} must be {_PREFIX} followed by a key in base64; see docs/webhook.md")
    return key


def _problem_of(url: str, private: tuple[str, ...]) -> str | None:
    """What is wrong with an address, or None. The words never repeat the address."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "`url` is not a web address; write https://host/path"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "`url` must begin with https:// and name a host"
    if parsed.userinfo:
        return "`url` must not hold a user name or password; the signature proves who sent a message"
    if parsed.scheme == "http" and parsed.host not in private:
        return "`url` must begin with https://; http:// is allowed only to hosts listed under `allow_private`"
    return None
