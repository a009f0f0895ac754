"""Turns what happened at the door into facts and blobs. A stranger's bytes get into either only bounded and scrubbed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Any, Final, TypeVar

from probes.kit.address import is_address
from probes.kit.asn import Asns
from probes.kit.budgets import BODY_CAP
from probes.kit.chain import Examined
from probes.kit.dnswire import Reply
from probes.kit.failure import UNKNOWN_PREFIX
from probes.kit.header import blocked_by, dated
from probes.kit.marks import Markers
from probes.kit.network.inquiry import SYSTEM, Inquiry
from probes.kit.network.secure import Secure
from probes.kit.network.stage import Part, Stage
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, Mark, Step, TcpConnect, TlsHandshake
from probes.kit.page import title, unpacked
from probes.kit.redact import Scrubber, without_secrets
from probes.kit.transport import Wire

_NAMES_KEPT: Final = 100
_NAME_CAP: Final = 100
_LOCATION_CAP: Final = 2048
_LEGAL_REASONS: Final = 451
"""The status of what may not be shown for legal reasons (RFC 7725)."""

StepT = TypeVar("StepT", bound=Step)


class Records:
    """The steps of one look, and the bytes that belong to them."""

    def __init__(self, scrubber: Scrubber, asns: Asns | None, markers: Markers | None) -> None:
        self._scrubber = scrubber
        self._asns = asns
        self._markers = markers
        self._compared = False
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
            asns=self._networks(self._asns) if self._asns else {},
            lists=dict(self._markers.versions) if self._markers and self._compared else {},
            details=details,
        )

    def _networks(self, asns: Asns) -> dict[str, int]:
        """The networks of all addresses that any step names, as far as they are known."""
        named = {address for lookup in self._dns for address in (lookup.resolver, *_all_answers(lookup))}
        named |= {step.address for step in self._tcp} | {step.address for step in self._tls}
        named |= {step.address for step in self._http if step.address}
        found = ((address, asns.of(address)) for address in sorted(named))
        return {address: number for address, number in found if number is not None}

    def _scrubbed(self, addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(self._scrubber.address, addresses))

    def _failure(self, failure: str | None) -> str | None:
        """What a failure outside the vocabulary says may repeat what a stranger sent."""
        return self._scrubber.scrub_text(failure) if failure and failure.startswith(UNKNOWN_PREFIX) else failure

    @property
    def blobs(self) -> list[Blob]:
        """The bytes that the steps name, each once."""
        return list(self._blobs.values())

    def looked_up(self, inquiry: Inquiry, opened: float, part: Part) -> None:
        """Record a question to a resolver; `opened` is the clock reading at which the look began."""
        self._dns.append(
            DnsLookup(
                **part._asdict(),
                **self._said(inquiry.reply),
                started=inquiry.began - opened,
                duration=inquiry.duration,
                failure=self._failure(inquiry.failure),
                resolver=inquiry.source.resolver,
                transport=inquiry.source.transport,
                name=self._scrubber.scrub_text(inquiry.asked.name),
                qtype=inquiry.asked.qtype,
                checking_disabled=inquiry.checking_disabled,
                further=tuple(replace(one, answers=self._scrubbed(one.answers)) for one in inquiry.further),
                marks=self._marks_of_answers(inquiry),
                wire=self._keep(self._scrubber.messages(inquiry.wire)),
            )
        )

    def _said(self, reply: Reply | None) -> dict[str, Any]:
        if reply is None:
            return {}
        return {
            "rcode": reply.rcode,
            "authoritative": reply.authoritative,
            "answers": self._scrubbed(reply.answers),
            "cnames": tuple(map(self._scrubber.scrub_text, reply.cnames)),
            "dropped": reply.dropped,
            "has_authority": reply.has_authority,
            "extended_errors": reply.extended_errors,
        }

    def _marks_of_answers(self, inquiry: Inquiry) -> tuple[Mark, ...]:
        answers = (*inquiry.answers, *(address for one in inquiry.further for address in one.answers))
        if self._markers is None or not answers:
            return ()
        self._compared = True
        return self._markers.of_answers(answers)

    def not_asked(self, name: str, started: float, part: Part, failure: str) -> None:
        """Record that `name` could not even be put into a question."""
        self._dns.append(
            DnsLookup(
                **part._asdict(),
                started=started,
                duration=0.0,
                failure=self._failure(failure),
                resolver=SYSTEM,
                transport=SYSTEM,
                name=self._scrubber.scrub_text(name)[:_NAME_CAP],
                qtype="A",
            )
        )

    def connected(self, stage: Stage, address: str, port: int) -> None:
        """Record a connection attempt."""
        self._tcp.append(TcpConnect(**self._of(stage), address=self._place(address), port=port))

    def _of(self, stage: Stage) -> dict[str, Any]:
        return stage.facts() | {"failure": self._failure(stage.failure)}

    def _place(self, address: str) -> str:
        """An address, or through a proxy a host's name."""
        shown = self._scrubber.address(address)
        return shown if is_address(shown) else self._scrubber.scrub_text(shown)

    def shaken(self, stage: Stage, address: str, port: int, name: str, secure: Secure, examined: Examined) -> TlsHandshake:
        """Record a handshake that went through, and what its chain is worth."""
        # Where our address stands in the chain, its hash would give it away as well.
        blob = self._scrubber.certificates(Blob(examined.hash, b"".join(secure.chain)))
        step = TlsHandshake(
            **(stage.facts() | {"failure": examined.failure}),
            address=self._place(address),
            port=port,
            server_name=self._scrubber.scrub_text(name),
            version=secure.version,
            cipher=secure.cipher,
            subject=self._scrubbed_text(examined.subject),
            issuer=self._scrubbed_text(examined.issuer),
            not_before=examined.not_before,
            not_after=examined.not_after,
            chain_hash=blob.name,
            marks=self._marks_of_chain(secure.chain),
            chain=self._put(blob),
        )
        self._tls.append(step)
        return step

    def _marks_of_chain(self, certificates: Sequence[bytes]) -> tuple[Mark, ...]:
        if self._markers is None or not certificates:
            return ()
        self._compared = True
        return self._markers.of_chain(certificates)

    def not_shaken(self, stage: Stage, address: str, port: int, name: str) -> TlsHandshake:
        """Record a handshake that failed."""
        shown = self._scrubber.scrub_text(name)
        step = TlsHandshake(**self._of(stage), address=self._place(address), port=port, server_name=shown)
        self._tls.append(step)
        return step

    def exchanged(self, stage: Stage, url: str, address: str | None, wire: Wire) -> HttpExchange:
        """Record a request and what came back.

        The body is kept as a browser would see it, without content encoding: packed, it would hide our own address from
        the scrubber. Its hash is that of the scrubbed form, or anybody could find our address out by trying.
        """
        page = self._scrubber.page(unpacked(wire.body, wire.header(b"content-encoding"), BODY_CAP))
        head = self._scrubbed_head(wire.head())
        location = self._scrubbed_text(wire.header(b"location"))
        answered = wire.status is not None
        heading = title(page.data, wire.header(b"content-type"))
        step = HttpExchange(
            **self._of(stage),
            url=self._scrubber.scrub_text(url),
            address=self._place(address) if address else None,
            status=wire.status,
            header_names=self._names(wire.header_names),
            location=location[:_LOCATION_CAP] if location else None,
            blocked_by=blocked_by(head) if wire.status == _LEGAL_REASONS else None,
            date=dated(wire.header(b"date"), wire.header(b"age")) if answered else None,
            title=heading,
            body_length=len(page.data) if answered else None,
            body_hash=page.name if answered else None,
            truncated=wire.truncated or len(page.data) >= BODY_CAP,
            received=wire.received(),
            marks=self._marks_of_response(head, location, heading, page) if answered else (),
            request=self._put(self._scrubber.page(without_secrets(wire.request))) if wire.request else None,
            head=self._keep(head),
            body=self._put(page) if page.data else None,
        )
        self._http.append(step)
        return step

    def _marks_of_response(self, head: bytes, location: str | None, heading: str | None, page: Blob) -> tuple[Mark, ...]:
        if self._markers is None:
            return ()
        self._compared = True
        return self._markers.of_response(head, location, heading, page.data, page.name)

    def not_exchanged(self, url: str, started: float, part: Part, failure: str) -> HttpExchange:
        """Record that there was nobody to ask: `url` leads nowhere."""
        shown = self._scrubber.scrub_text(url)[:_LOCATION_CAP]
        step = HttpExchange(**part._asdict(), started=started, duration=0.0, failure=self._failure(failure), url=shown)
        self._http.append(step)
        return step

    def _scrubbed_head(self, head: bytes) -> bytes:
        return self._scrubber.scrub(without_secrets(head))

    def _scrubbed_text(self, text: str | None) -> str | None:
        return self._scrubber.scrub_text(text) if text else None

    def _names(self, names: Iterable[bytes]) -> tuple[str, ...]:
        """The names of headers, each once, as they were spelled."""
        kept = tuple(dict.fromkeys(name[:_NAME_CAP] for name in names))[:_NAMES_KEPT]
        return tuple(self._scrubber.scrub(b"\n".join(kept)).decode("latin-1").split("\n")) if kept else ()

    def _keep(self, data: bytes) -> str | None:
        return self._put(Blob.of(data)) if data else None

    def _put(self, blob: Blob) -> str:
        self._blobs[blob.name] = blob
        return blob.name


def _all_answers(lookup: DnsLookup) -> Iterable[str]:
    return chain(lookup.answers, *(one.answers for one in lookup.further))


def _in_order(steps: Iterable[StepT]) -> tuple[StepT, ...]:
    return tuple(sorted(steps, key=attrgetter("started")))
