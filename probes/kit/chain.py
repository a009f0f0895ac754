"""Judges a certificate chain after it was captured, so that an intercepting certificate is evidence and not an exception.

OpenSSL's own verifier is used, through pyOpenSSL, because its reasons are those that the field's vocabulary was made from.
Where a chain is bad in several ways the most telling one is named: an unknown authority before a wrong name, because that
is what interception looks like, and a wrong name before a date.
"""

import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from probes.kit.address import is_address
from probes.kit.failure import Failure

_CACHED: Final = 4096
_REUSED_FOR: Final = timedelta(hours=1)
_NAME_CAP: Final = 500
"""Characters of a subject or issuer that are kept: a stranger chooses them."""

_UNKNOWN_AUTHORITY: Final = frozenset({2, 7, 18, 19, 20, 21, 27})
"""OpenSSL's codes for an issuer that is missing, self-signed, untrusted, or did not sign (x509_vfy.h)."""


_Read = TypeVar("_Read")
_Otherwise = TypeVar("_Otherwise")

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")


class NoTrustedRoots(RuntimeError):
    """This machine has no root certificates, so every site would look intercepted; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a chain says and what is wrong with it. `hash` is the SHA-256 of the certificates' DER, concatenated."""

    hash: str
    failure: str | None
    subject: str | None = None
    issuer: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Remembered:
    examined: Examined
    since: datetime
    until: datetime


class Examiner:
    """Examines chains against the system's roots and those in `trust`, a PEM file. Raises NoTrustedRoots if there are none.

    Verifying costs some 0.1 ms, and a site shows the same chain for weeks: what was found is remembered by host and chain,
    for an hour at most and never beyond a date at which it could change.
    """

    def __init__(self, trust: Path | None = None) -> None:
        self._roots = _roots(trust)
        self._remembered: dict[tuple[str, str], _Remembered] = {}

    def examine(self, host: str, chain: Sequence[bytes], now: datetime) -> Examined:
        """Examine `chain` (DER, leaf first) as that of `host`, a name in ASCII or an address, at the time `now`."""
        key = (host, sha256(b"".join(chain)).hexdigest())
        known = self._remembered.get(key)
        if known is not None and known.since <= now < known.until:
            return known.examined
        examined, until = self._examine_anew(host, chain, key[1], now)
        while len(self._remembered) >= _CACHED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[key] = _Remembered(examined, now, until)
        return examined

    def _examine_anew(self, host: str, chain: Sequence[bytes], name: str, now: datetime) -> tuple[Examined, datetime]:
        soon = now + _REUSED_FOR
        certificates = [_certificate(der) for der in chain]
        leaf = certificates[0] if certificates else None
        if leaf is None:
            # OpenSSL let it pass in the handshake, so it is a fact that such a thing was sent, and no more can be read.
            return Examined(hash=name, failure=Failure.SSL_INVALID_CERTIFICATE), soon
        readable = [certificate for certificate in certificates if certificate is not None]
        failure = self._failure(host, readable, now)
        if failure is None and len(readable) < len(chain):
            failure = Failure.SSL_INVALID_CERTIFICATE
        return _described(leaf, name, failure), min([soon, *(date for date in _dates(readable) if date > now)])

    def _failure(self, host: str, chain: Sequence[x509.Certificate], now: datetime) -> str | None:
        """What is wrong with `chain`. Where part of it cannot be read it is invalid, unless something worse was read before."""
        return _tried(lambda: self._fault(host, chain, now), Failure.SSL_INVALID_CERTIFICATE)

    def _fault(self, host: str, chain: Sequence[x509.Certificate], now: datetime) -> str | None:
        code = self._openssl_code(chain, now)
        if code in _UNKNOWN_AUTHORITY:
            return Failure.SSL_UNKNOWN_AUTHORITY
        if not _is_for(host, chain[0]):
            return Failure.SSL_INVALID_HOSTNAME
        if code or not _may_serve(chain[0]):
            return Failure.SSL_INVALID_CERTIFICATE
        return None

    def _openssl_code(self, chain: Sequence[x509.Certificate], now: datetime) -> int:
        """0 where the chain leads to a trusted root at `now`, else OpenSSL's reason."""
        store = crypto.X509Store()
        for root in self._roots:
            store.add_cert(root)
        store.set_time(now)  # a store keeps the first time that it is told, hence a new one each time
        leaf, *others = [crypto.X509.from_cryptography(certificate) for certificate in chain]
        try:
            crypto.X509StoreContext(store, leaf, others).verify_certificate()
        except crypto.X509StoreContextError as error:
            return int(error.errors[0])
        return 0


def read_chain(chain: Sequence[bytes], failure: str | None) -> Examined:
    """What a chain (DER, leaf first) says that somebody else has judged; `failure` is what they found wrong with it."""
    name = sha256(b"".join(chain)).hexdigest()
    leaf = _certificate(chain[0]) if chain else None
    return Examined(hash=name, failure=failure) if leaf is None else _described(leaf, name, failure)


def _tried(reading: Callable[[], _Read], otherwise: _Otherwise) -> _Read | _Otherwise:
    """What `reading` a stranger's certificate gives, or `otherwise`: what is raised at bytes made for it is not foreseen."""
    try:
        return reading()
    except Exception:  # the library has exceptions that share no base with others, such as x509.InvalidVersion
        return otherwise


def _certificate(der: bytes) -> x509.Certificate | None:
    return _tried(lambda: x509.load_der_x509_certificate(der), None)


def _described(leaf: x509.Certificate, name: str, failure: str | None) -> Examined:
    """What can be read of `leaf`."""
    return Examined(
        hash=name,
        failure=failure,
        subject=_tried(lambda: leaf.subject.rfc4514_string()[:_NAME_CAP], None),
        issuer=_tried(lambda: leaf.issuer.rfc4514_string()[:_NAME_CAP], None),
        not_before=_tried(lambda: leaf.not_valid_before_utc, None),
        not_after=_tried(lambda: leaf.not_valid_after_utc, None),
    )


def _roots(trust: Path | None) -> list[crypto.X509]:
    """The system's roots and those in `trust`."""
    system = ssl.get_default_verify_paths()
    files = [Path(system.cafile)] if system.cafile else _hashed(system.capath)
    if trust is not None:
        files.append(trust)
    if not files:
        raise NoTrustedRoots("no root certificates found: install the package ca-certificates, or set SSL_CERT_FILE")
    return [root for file in files for root in _certificates(file, file.stat().st_mtime_ns)]


@lru_cache(maxsize=512)
def _certificates(file: Path, _changed: int) -> tuple[crypto.X509, ...]:
    """The certificates in a PEM file, read once for all vantage points and again when it has changed."""
    return tuple(crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in _PEM.findall(file.read_bytes()))


def _hashed(folder: str | None) -> list[Path]:
    """The certificates of a folder in OpenSSL's form, where each is found by the hash of its subject."""
    return sorted(path for path in Path(folder).iterdir() if _HASHED.fullmatch(path.name)) if folder else []


def _dates(chain: Sequence[x509.Certificate]) -> list[datetime]:
    """The moments at which a judgement of `chain` can change, as far as they can be read."""
    return [date for each in chain for date in _tried(partial(_lifetime, each), ())]


def _lifetime(certificate: x509.Certificate) -> list[datetime]:
    return [certificate.not_valid_before_utc, certificate.not_valid_after_utc]


def _is_for(host: str, leaf: x509.Certificate) -> bool:
    """Whether the alternative names of `leaf` cover `host` (RFC 9525; the common name has not counted for years)."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if is_address(host):
        return ip_address(host) in names.get_values_for_type(x509.IPAddress)
    return any(_matches(pattern.lower(), host) for pattern in names.get_values_for_type(x509.DNSName))


def _matches(pattern: str, host: str) -> bool:
    """A wildcard stands for exactly the first label."""
    if not pattern.startswith("*."):
        return pattern == host
    return pattern[1:] == host[host.find(".") :] and not host.startswith(".")


def _may_serve(leaf: x509.Certificate) -> bool:
    """Whether `leaf` was issued for servers, as far as it says for what."""
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages
