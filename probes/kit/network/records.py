"""Turns what happened at the door into facts and blobs. A stranger's bytes get into either only bounded and scrubbed."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final, TypeVar

from probes.kit.budgets import BODY_CAP
from probes.kit.chain import Examined
from probes.kit.network.lookup import Lookup
from probes.kit.network.secure import Secure
from probes.kit.network.stage import Part, Stage
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, Step, TcpConnect, TlsHandshake
from probes.kit.page import title, unpacked
from probes.kit.redact import Scrubber, without_secrets
from probes.kit.transport import Wire

SYSTEM: Final = "system"
"""How facts name the vantage point's own resolver: its address would say where we look from."""

_NAMES_KEPT: Final = 100
_NAME_CAP: Final = 100
_LOCATION_CAP: Final = 2048

StepT = TypeVar("StepT", bound=Step)


class Records:
    """The steps of one look, and the bytes that belong to them."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._dns: list[DnsLookup] = []
        self._tcp: list[TcpConnect] = []
        self._tls: list[TlsHandshake] = []
        self._http: list[HttpExchange] = []
        self._blobs: dict[str, Blob] = {}

    def facts(self, details: dict[str, Any]) -> Facts:
        """Everything so far."""
        return Facts(
            dns=_in_order(self._dns),
            tcp=_in_order(self._tcp),
            tls=_in_order(self._tls),
            http=_in_order(self._http),
            details=details,
        )

    @property
    def blobs(self) -> list[Blob]:
        """The bytes that the steps name, each once."""
        return list(self._blobs.values())

    def looked_up(self, lookup: Lookup, opened: float, part: Part) -> None:
        """Record a question to the own resolver; `opened` is the clock reading at which the look began."""
        reply = lookup.reply
        self._dns.append(
            DnsLookup(
                **part._asdict(),
                started=lookup.began - opened,
                duration=lookup.duration,
                failure=lookup.failure,
                resolver=SYSTEM,
                transport=SYSTEM,
                name=lookup.asked.name,
                qtype=lookup.asked.qtype,
                rcode=reply.rcode if reply else None,
                authoritative=bool(reply and reply.authoritative),
                answers=reply.answers if reply else (),
                cnames=reply.cnames if reply else (),
                wire=self._keep(lookup.wire),
            )
        )

    def not_asked(self, name: str, started: float, part: Part, failure: str) -> None:
        """Record that `name` could not even be put into a question."""
        self._dns.append(
            DnsLookup(
                **part._asdict(),
                started=started,
                duration=0.0,
                failure=failure,
                resolver=SYSTEM,
                transport=SYSTEM,
                name=self._scrubber.scrub_text(name)[:_NAME_CAP],
                qtype="A",
            )
        )

    def connected(self, stage: Stage, address: str, port: int) -> None:
        """Record a connection attempt."""
        self._tcp.append(TcpConnect(**stage.facts(), address=address, port=port))

    def shaken(self, stage: Stage, address: str, port: int, name: str, secure: Secure, examined: Examined) -> TlsHandshake:
        """Record a handshake that went through, and what its chain is worth."""
        step = TlsHandshake(
            **(stage.facts() | {"failure": examined.failure}),
            address=address,
            port=port,
            server_name=name,
            version=secure.version,
            cipher=secure.cipher,
            subject=examined.subject,
            issuer=examined.issuer,
            not_before=examined.not_before,
            not_after=examined.not_after,
            chain_hash=examined.hash,
            chain=examined.hash,
        )
        self._blobs[examined.hash] = Blob(examined.hash, b"".join(secure.chain))
        self._tls.append(step)
        return step

    def not_shaken(self, stage: Stage, address: str, port: int, name: str) -> TlsHandshake:
        """Record a handshake that failed."""
        step = TlsHandshake(**stage.facts(), address=address, port=port, server_name=name)
        self._tls.append(step)
        return step

    def exchanged(self, stage: Stage, url: str, address: str | None, wire: Wire) -> HttpExchange:
        """Record a request and what came back.

        The body is kept as a browser would see it, without content encoding: packed, it would hide our own address from
        the scrubber. Its hash is that of the scrubbed form, or anybody could find our address out by trying.
        """
        body = self._scrubber.scrub(unpacked(wire.body, wire.header(b"content-encoding"), BODY_CAP))
        location = wire.header(b"location")
        answered = wire.status is not None
        blob = self._keep(body)
        step = HttpExchange(
            **stage.facts(),
            url=self._scrubber.scrub_text(url),
            address=address,
            status=wire.status,
            header_names=_names(wire.header_names),
            location=self._scrubber.scrub_text(location)[:_LOCATION_CAP] if location else None,
            title=title(body, wire.header(b"content-type")),
            body_length=len(body) if answered else None,
            body_hash=(blob or Blob.of(body).name) if answered else None,
            truncated=wire.truncated or len(body) >= BODY_CAP,
            received=wire.received(),
            request=self._keep(self._scrubbed_head(wire.request)),
            head=self._keep(self._scrubbed_head(wire.head())),
            body=blob,
        )
        self._http.append(step)
        return step

    def not_exchanged(self, url: str, started: float, part: Part, failure: str) -> HttpExchange:
        """Record that there was nobody to ask: `url` leads nowhere."""
        shown = self._scrubber.scrub_text(url)[:_LOCATION_CAP]
        step = HttpExchange(**part._asdict(), started=started, duration=0.0, failure=failure, url=shown)
        self._http.append(step)
        return step

    def _scrubbed_head(self, head: bytes) -> bytes:
        return self._scrubber.scrub(without_secrets(head))

    def _keep(self, data: bytes) -> str | None:
        if not data:
            return None
        blob = Blob.of(data)
        self._blobs[blob.name] = blob
        return blob.name


def _in_order(steps: Iterable[StepT]) -> tuple[StepT, ...]:
    return tuple(sorted(steps, key=attrgetter("started")))


def _names(names: Iterable[bytes]) -> tuple[str, ...]:
    """The names of headers, each once, as they were spelled."""
    return tuple(dict.fromkeys(name[:_NAME_CAP].decode("latin-1") for name in names))[:_NAMES_KEPT]
