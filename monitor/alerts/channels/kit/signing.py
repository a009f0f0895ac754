"""Signatures of Standard Webhooks: HMAC-SHA256 (`v1`) and Ed25519 (`v1a`).

A secret is a list of keys with spaces between them, and every key signs: so a receiver can change from one to the other
without missing anything. `whsec_` begins a key that both sides know, `whsk_` one that only we know, whose public half
(`whpk_`) is all that the receiver needs. All are in base64 (Standard Webhooks, "signature scheme").
"""

import base64
import binascii
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from monitor.alerts.channels.kit.secrets import UnusableSecret, read

SHARED = "whsec_"
PRIVATE = "whsk_"

SHORTEST = 24
"""Bytes of a key that both sides know, at least (Standard Webhooks, "signature scheme")."""

_SEED = 32
"""Bytes of an Ed25519 key proper. It may be followed by its public half, as many libraries keep it."""


def signatures(name: str, message: str, now: datetime, body: str) -> str:
    """The value of `webhook-signature`: one signature for each key in the secret `name`.

    Raises `MissingSecret` or `UnusableSecret`.
    """
    return " ".join(_signature(key, name, message, now, body) for key in _keys(name))


def check_keys(name: str) -> None:
    """See whether every key in the secret `name` can sign. Raises `MissingSecret` or `UnusableSecret`."""
    for key in _keys(name):
        _private(key, name) if key.startswith(PRIVATE) else _shared(key, name)


def _keys(name: str) -> list[str]:
    # An empty secret yields one empty key, which is refused: nothing ever leaves unsigned.
    return read(name).split() or [""]


def _signature(key: str, name: str, message: str, now: datetime, body: str) -> str:
    if key.startswith(PRIVATE):
        content = f"{message}.{int(now.timestamp())}.{body}".encode()
        return "v1a," + base64.b64encode(_private(key, name).sign(content)).decode()
    return Webhook(_shared(key, name)).sign(message, now.astimezone(UTC), body)


def _shared(key: str, name: str) -> bytes:
    decoded = _decoded(key.removeprefix(SHARED))
    if not decoded or not key.startswith(SHARED):
        raise UnusableSecret(
            f"{name} must be {SHARED} or {PRIVATE} followed by a key in base64, or several such with spaces between; "
            "see docs/webhook.md"
        )
    if len(decoded) < SHORTEST:
        raise UnusableSecret(
            f"what follows {SHARED} in {name} is too short to be safe: make one of at least {SHORTEST} bytes; see docs/webhook.md"
        )
    return decoded


def _private(key: str, name: str) -> Ed25519PrivateKey:
    decoded = _decoded(key.removeprefix(PRIVATE))
    if len(decoded) not in (_SEED, 2 * _SEED):
        raise UnusableSecret(
            f"what follows {PRIVATE} in {name} must be an Ed25519 key of 32 bytes in base64; see docs/webhook.md"
        )
    private = Ed25519PrivateKey.from_private_bytes(decoded[:_SEED])
    if decoded[_SEED:] not in (b"", private.public_key().public_bytes_raw()):
        raise UnusableSecret(f"the two halves of the key that follows {PRIVATE} in {name} do not belong together")
    return private


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters beyond ASCII
        return b""
