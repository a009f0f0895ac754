"""Marks what was received by the fingerprints in force: see `docs/fingerprints.md`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from probes.kit.fingerprint import Fingerprint, Fit, Place
from probes.kit.literals import Literals
from probes.kit.observation import Mark
from probes.kit.page import text
from probes.kit.vocabulary import MarkKind

_REMEMBERED: Final = 4096
"""Bodies, and chains, whose marks are kept, so that the same is not gone through again."""

_LINES: Final = 200
"""Header lines that are read."""

_Marks = tuple[Mark, ...]
_KeyT = TypeVar("_KeyT")


class FingerprintMarkers:
    """The `Markers` made of fingerprints. `versions` names every list that they come from.

    A look at a page that was seen before costs some microseconds; a new body is gone through once, for all fingerprints.
    """

    def __init__(self, fingerprints: Iterable[Fingerprint], versions: Mapping[str, str]) -> None:
        known = tuple(fingerprints)
        self._versions = MappingProxyType(dict(versions))
        self._addresses = _by_text(known, Place.ADDRESS)
        self._names = _by_text(known, Place.CERTIFICATE)
        self._titles = _by_text(known, Place.TITLE)
        self._hosts = _by_host(known)
        self._locations = Literals(one for one in known if one.place is Place.LOCATION and one.fit is not Fit.HOST)
        self._headers = _by_header(known)
        self._body = Literals(one for one in known if one.place is Place.BODY)
        self._bodies: dict[str, _Marks] = {}
        self._chains: dict[bytes, _Marks] = {}

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of every list that is used, by the list's name."""
        return self._versions

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        """The marks of addresses in a DNS answer, in their shortest form."""
        return _distinct(mark for address in addresses for mark in self._addresses.get(address, ()))

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        """The marks of certificates, DER, by the names and organisations of subjects and issuers."""
        key = sha256(b"".join(chain)).digest()
        return _remembered(self._chains, key, lambda: self._read_chain(chain))

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        """The marks of a response. The body is gone through once for every `body_hash`, however often it is seen.

        A redirect to a block page is one, whatever its body looks like: servers put the same few words into every redirect.
        """
        headers = _headers(head)
        leading = self._read_location(location)
        found = [*leading, *self._titles.get((title or "").casefold(), ()), *self._read_headers(headers)]
        if body:
            found += _remembered(self._bodies, body_hash, lambda: self._read_body(body, headers.get("content-type", "")))
        if any(mark.kind is MarkKind.BLOCKPAGE for mark in leading):
            return _distinct(mark for mark in found if mark.kind is not MarkKind.NOT_A_BLOCKPAGE)
        return _distinct(found)

    def _read_chain(self, chain: Sequence[bytes]) -> _Marks:
        names = (name for der in chain for name in _names(der))
        return _distinct(mark for name in names for mark in self._names.get(name.casefold(), ()))

    def _read_location(self, location: str | None) -> list[Mark]:
        if not location:
            return []
        host, path = _host_and_path(location)
        labels = host.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels)))
        hosts = [mark for name in above for prefix, mark in self._hosts.get(name, ()) if path.startswith(prefix)]
        return hosts + [one.mark for one in self._locations.found(location)]

    def _read_headers(self, headers: Mapping[str, str]) -> list[Mark]:
        known = ((values, headers[name]) for name, values in self._headers.items() if name in headers)
        return [one.mark for values, value in known for one in values.found(value)]

    def _read_body(self, body: bytes, content_type: str) -> _Marks:
        return _distinct(one.mark for one in self._body.found(text(body, content_type)))


def _distinct(marks: Iterable[Mark]) -> _Marks:
    return tuple(dict.fromkeys(marks))


def _remembered(memory: dict[_KeyT, _Marks], key: _KeyT, read: Callable[[], _Marks]) -> _Marks:
    """What is remembered under `key`, else what `read` gives. The oldest is forgotten first."""
    known = memory.get(key)
    if known is not None:
        return known
    while len(memory) >= _REMEMBERED:
        del memory[next(iter(memory))]
    found = memory[key] = read()
    return found


def _by_text(known: Iterable[Fingerprint], place: Place) -> dict[str, _Marks]:
    found: dict[str, _Marks] = {}
    for one in known:
        if one.place is place:
            key = one.parts[0].casefold()
            found[key] = (*found.get(key, ()), one.mark)
    return found


def _by_host(known: Iterable[Fingerprint]) -> dict[str, list[tuple[str, Mark]]]:
    found: dict[str, list[tuple[str, Mark]]] = {}
    for one in known:
        if one.place is Place.LOCATION and one.fit is Fit.HOST:
            host, slash, path = one.parts[0].casefold().partition("/")
            found.setdefault(host, []).append((slash + path, one.mark))
    return found


def _by_header(known: Sequence[Fingerprint]) -> dict[str, Literals]:
    names = {one.header for one in known if one.header is not None}
    return {name: Literals(one for one in known if one.header == name) for name in names}


def _host_and_path(location: str) -> tuple[str, str]:
    """Where an absolute web address leads, in small letters; nothing where it is relative, or makes no sense."""
    try:
        parts = urlsplit(location.casefold())
        return (parts.hostname or "").rstrip("."), parts.path or "/"
    except ValueError:
        return "", ""


def _headers(head: bytes) -> dict[str, str]:
    """The headers of a response, names in small letters; of a name that stands there twice, the last."""
    lines = head.decode("latin-1").split("\n", _LINES + 1)[1 : _LINES + 1]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().casefold(): value.strip() for name, colon, value in pairs if colon}


def _names(der: bytes) -> list[str]:
    """The common names and organisations of a certificate's subject and issuer; none where it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        both = (certificate.subject, certificate.issuer)
        kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        return [str(value.value) for name in both for kind in kinds for value in name.get_attributes_for_oid(kind)]
    except Exception:  # the library has exceptions that share no base with others, as `probes.kit.chain` found
        return []
