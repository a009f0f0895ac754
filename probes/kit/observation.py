"""What was seen, before anybody says what it means.

Durations and offsets are seconds on the monotonic clock, `started` counting from the start of the look. Raw bytes are
kept apart as blobs and named here by the SHA-256 of their redacted form, so an observation stays small and its evidence
verifiable.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from probes.kit.vocabulary import Aim, MarkKind, Unmeasured, Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A known fingerprint that fits what was received.

    `name` is `<list>:<id>`, such as `own:ru_rostelecom` or `ooni:ru_12`. A block page counts only in `countries` (none:
    everywhere); `actor` is whoever the page itself says it is from.
    """

    name: str
    kind: MarkKind
    countries: tuple[str, ...] = ()
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsReply:
    """A further answer to a question that had been answered: late, or a double. `after` is seconds since the question."""

    after: float
    rcode: str
    authoritative: bool = False
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every stage records: which redirect hop it belongs to, why, its own clock, and its failure in OONI's words."""

    hop: int = 0
    aim: Aim = Aim.VISIT
    started: float
    duration: float
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsLookup(Step):
    """One question to one resolver. `transport` is `system` (the vantage point's own resolver), `udp`, `tcp`, `dot` or `doh`."""

    resolver: str
    """An address, or `system` for the own resolver, whose address would say where we look from. Over TCP that one's transport
    is `tcp`."""
    transport: str
    name: str
    qtype: str
    rcode: str | None = None
    authoritative: bool = False
    answers: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    dropped: int = 0
    """Addresses of the answer that are not among `answers`, because there were too many to keep."""
    checking_disabled: bool = False
    """Whether the resolver was told not to validate (CD=1), as after SERVFAIL: an answer only then means bad DNSSEC."""
    extended_errors: tuple[int, ...] = ()
    """EDE codes (RFC 8914): 15 blocked, 16 censored, 17 filtered, 6 DNSSEC bogus."""
    has_authority: bool = True
    """Whether the authority section held anything. A denial without one comes from no proper resolver (RFC 2308)."""
    further: tuple[DnsReply, ...] = ()
    marks: tuple[Mark, ...] = ()
    wire: str | None = None
    """Blob: query and replies, each with the two-byte length prefix of DNS over TCP (RFC 1035, 4.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpConnect(Step):
    """One connection attempt to a nominal address (the address that DNS gave, whatever a test maps it to).

    Through a proxy `address` is the host's name. `dns_bogon_error` says that our own policy forbids the address.
    """

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsHandshake(Step):
    """One handshake. `failure` is also set where the handshake went through and the chain did not verify afterwards."""

    address: str
    port: int
    server_name: str
    version: str | None = None
    cipher: str | None = None
    subject: str | None = None
    issuer: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    chain_hash: str | None = None
    marks: tuple[Mark, ...] = ()
    chain: str | None = None
    """Blob: the certificates as the peer sent them, leaf first, DER, concatenated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange(Step):
    """One request and what came back. `received` is (seconds since the request, bytes so far), four samples a second.

    The bytes are those on the line: over TLS encrypted ones, which tell a line that froze in the middle of a record, before
    anything could be read (`status` is None then), from a silent one.
    """

    url: str
    address: str | None = None
    status: int | None = None
    header_names: tuple[str, ...] = ()
    location: str | None = None
    blocked_by: str | None = None
    """The target of a `Link` header of the relation `blocked-by` (RFC 7725): who blocks, in the words of the response."""
    date: datetime | None = None
    """When it was sent, by the sender's clock, to the second: what our own clock is compared with."""
    title: str | None = None
    body_length: int | None = None
    body_hash: str | None = None
    truncated: bool = False
    received: tuple[tuple[float, int], ...] = ()
    marks: tuple[Mark, ...] = ()
    request: str | None = None
    head: str | None = None
    """Blob: the head of the response as it came, secrets taken out; all that came, where it was no HTTP."""
    body: str | None = None
    """Blob: the body up to the cap, without its content encoding, own addresses taken out; `body_hash` is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one look saw, in the order in which it happened. `details` holds what only one probe kind knows.

    `asns` are the autonomous systems of addresses, as far as they are known; `lists` the versions of the fingerprint lists
    that the marks come from.
    """

    dns: tuple[DnsLookup, ...] = ()
    tcp: tuple[TcpConnect, ...] = ()
    tls: tuple[TlsHandshake, ...] = ()
    http: tuple[HttpExchange, ...] = ()
    asns: dict[str, int] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def steps(self) -> tuple[Step, ...]:
        """All steps, by the time they started."""
        return tuple(sorted((*self.dns, *self.tcp, *self.tls, *self.http), key=lambda step: step.started))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an observation comes from that somebody else made, and under whose name it must be cited.

    `service` is `ooni` or `globalping`; `name` is the measurement's id there. Of the line that it was made from only the
    network's number and kind are kept.
    """

    service: str
    name: str
    url: str | None = None
    attribution: str
    asn: int | None = None
    network: str | None = None
    software: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The same target seen, in the same minute, from where the censor is not. Its failures are facts too."""

    vantage: str
    country: str | None
    started_at: datetime
    facts: Facts
    validity: Validity = Validity.VALID


@dataclass(frozen=True, slots=True)
class Blob:
    """Raw, redacted bytes of a stage. `name` is the SHA-256 of `data`."""

    name: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "Blob":
        """Name `data` by its hash."""
        return cls(sha256(data).hexdigest(), data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Facts, stamped by the engine. A failed look and a missed one are observations too.

    `id` is made by the observer and is the key by which a repeated delivery is recognised. `unmeasured` says why there are
    no facts, or why they do not count; `missed` is how many whole periods such a gap stands for.
    """

    id: str
    check: str
    vantage: str
    country: str | None = None
    started_at: datetime
    duration: float
    facts: Facts | None
    control: tuple[Control, ...] = ()
    validity: Validity = Validity.VALID
    unmeasured: Unmeasured | None = None
    missed: int = 0
    timing_suspect: bool = False
    provenance: Provenance | None = None
    probe_version: int
    software: str


def new_id(now: datetime) -> str:
    """A unique id that sorts by time: 12 hex digits of milliseconds, then 80 random bits."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
