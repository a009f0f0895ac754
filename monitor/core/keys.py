"""Keys, sign-in tokens and sessions: who may read what, without ever keeping a secret.

A secret is 256 random bits; only its SHA-256 is stored. So much randomness cannot be guessed, hence the hash needs no salt
and no stretching, and looking it up by its hash tells an attacker nothing by the time it takes.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

_PREFIX = "cutwatch_"
"""Lets a person, or a scanner for leaked secrets, recognise a key in a file."""

_LONGEST = 128

_SECRET = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")
"""What `new_secret` makes: 256 bits take 43 letters."""


class Scope(StrEnum):
    """What a key allows. `admin` allows everything that the others do."""

    READ = "read"
    NOTICES = "notices"
    REVIEW = "review"
    ADMIN = "admin"


class KeyUse(StrEnum):
    """What a secret opens: the API, or the private feeds and calendar of an organisation, whose address it is part of."""

    API = "api"
    FEED = "feed"


_ID_STARTS = MappingProxyType({KeyUse.API: "key", KeyUse.FEED: "feed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is stored: `hash` is the SHA-256 of the secret in hexadecimal.

    `organisations` are those it is bound to; None binds it to none in particular, so that it reads of all.
    """

    id: str
    name: str
    hash: str
    use: KeyUse = KeyUse.API
    scopes: tuple[Scope, ...]
    organisations: tuple[str, ...] | None = None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def usable(self, now: datetime) -> bool:
        """Whether the key still opens anything at `now`."""
        expired = self.expires_at is not None and self.expires_at <= now
        return not expired and self.revoked_at is None

    def allows(self, scope: Scope) -> bool:
        """Whether the key was made for this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


def make_key(
    name: str,
    scopes: tuple[Scope, ...],
    organisations: tuple[str, ...] | None,
    now: datetime,
    expires_at: datetime | None = None,
    use: KeyUse = KeyUse.API,
) -> tuple[Key, str]:
    """Make a key and its secret. The secret is shown once, to the person who asked, and kept nowhere."""
    secret = new_secret()
    key = Key(
        id=f"{_ID_STARTS[use]}-{secrets.token_hex(4)}",
        name=name,
        hash=fingerprint(secret),
        use=use,
        scopes=scopes,
        organisations=organisations,
        created_at=now,
        expires_at=expires_at,
    )
    return key, secret


def make_feed_key(name: str, organisation: str, now: datetime, expires_at: datetime | None = None) -> tuple[Key, str]:
    """Make the secret part of the addresses of one organisation's private feeds and calendar.

    Whoever has it reads what is the organisation's own, and can do nothing else. It opens no other address.
    """
    return make_key(name, (Scope.READ,), (organisation,), now, expires_at, KeyUse.FEED)


def new_secret() -> str:
    """A new secret: 256 random bits in URL-safe letters, for a key, a sign-in address or a session."""
    return _PREFIX + secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """What is stored in place of the secret: its SHA-256, as 64 hexadecimal digits."""
    return sha256(secret.encode()).hexdigest()


def could_be_secret(text: str) -> bool:
    """Whether a text has the form of a secret of ours; whether it opens anything is another question."""
    return _SECRET.fullmatch(text) is not None


def parse_authorization(header: str) -> str | None:
    """The secret in an `Authorization: Bearer …` header (RFC 6750), or None where the header holds no such thing."""
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret.isascii() or not 0 < len(secret) <= _LONGEST:
        return None
    return secret
