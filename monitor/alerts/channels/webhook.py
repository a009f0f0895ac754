"""Posts every message to a web address of your own, signed by Standard Webhooks.

    channels:
      - id: our-system
        kind: webhook
        settings:
          url: https://hooks.example.org/cutwatch
          secret: OUR_SYSTEM_WEBHOOK_SECRET

`secret` is the name of the environment variable that holds the signing secret, or names its file with `_FILE` behind it:
`whsec_` and a key that both sides know, or `whsk_` and an Ed25519 key that only Cutwatch knows, each in base64. While you
change it, hold the new and the old one in it, with a space between: each message then carries both signatures.
`allow_private` lists hosts that may lead to private addresses, and those to which `http://` is allowed. `trust` is a PEM file
with the certificate authority of your own house.

A receiver answers with a status from 200 to 299 within 20 seconds. Everything else is tried again for three days, `410 Gone`
excepted; redirects are not followed. `docs/webhook.md` tells how to verify and read what arrives.
"""

import json
import re
from datetime import datetime
from typing import Self

import httpx2
from pydantic import BaseModel, ConfigDict, FilePath, model_validator

from monitor.alerts.channels.kit.door import Door, Forbidden, Unreachable
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.providers import provider_at
from monitor.alerts.channels.kit.secrets import UnusableSecret
from monitor.alerts.channels.kit.signing import check_keys, signatures
from monitor.alerts.channels.kit.web import outcome_of, problem_of
from monitor.core.message import Parcel
from monitor.core.model import SecretName
from monitor.settings import MissingSecret

PATIENCE = 20.0
"""Seconds for one delivery, from looking up the name to the receiver's status (Standard Webhooks asks for 15 to 30)."""

BODY_CAP = 20_000
"""Bytes that a body may have (Standard Webhooks, payload size)."""

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Settings(BaseModel):
    """What `alerts.yaml` says for a webhook. Errors never repeat what was written: an address may hold a token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    secret: SecretName
    allow_private: tuple[str, ...] = ()
    trust: FilePath | None = None

    @model_validator(mode="after")
    def _url_is_usable(self) -> Self:
        problem = problem_of(self.url, self.allow_private)
        if problem:
            raise ValueError(problem)
        return self


class Oversized(ValueError):
    """A message too long for a webhook; the message says by how much."""


async def deliver(parcel: Parcel, settings: Settings, now: datetime) -> Outcome:
    """Post one parcel. `now` is signed with it, so that a receiver can refuse an old recording."""
    door = Door(url=httpx2.URL(settings.url), private=settings.allow_private, trust=settings.trust)
    try:
        body = body_of(parcel)
        answer = await door.post(body.encode(), headers(parcel, body, settings, now))
    except Unreachable as problem:
        return Outcome(result=Result.UNAVAILABLE, error=str(problem), perhaps_received=problem.perhaps_received)
    except (Forbidden, MissingSecret, UnusableSecret, Oversized) as problem:
        return Outcome(result=Result.REFUSED, error=str(problem))
    return outcome_of(answer, now)


def body_of(parcel: Parcel) -> str:
    """The body: the parcel's payload as JSON."""
    body = json.dumps(parcel.payload, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode()) > BODY_CAP:
        raise Oversized(f"{parcel.id} has {len(body.encode())} bytes, and a webhook may have {BODY_CAP}; please report this")
    return body


def headers(parcel: Parcel, body: str, settings: Settings, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with one signature per key. Raises `MissingSecret` or `UnusableSecret`."""
    if not _SAFE_ID.fullmatch(parcel.id):
        raise ValueError("a message id must be letters, digits, hyphens and underscores")
    return {
        "content-type": "application/json",
        "user-agent": "Cutwatch",
        "webhook-id": parcel.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures(settings.secret, parcel.id, now, body),
    }


def check_secrets(settings: Settings) -> None:
    """See whether messages could be signed. Raises `MissingSecret` or `UnusableSecret`."""
    check_keys(settings.secret)


def provider(settings: Settings) -> str | None:
    """The provider without which this webhook is silent, where it is one that Cutwatch knows."""
    return provider_at(httpx2.URL(settings.url).host)
