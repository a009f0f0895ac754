"""From what Globalping's volunteers report to facts: no more than they can see.

A volunteer reports the end of a look, and of a failed one little besides a sentence. So there are no addresses that were
not used, no bytes over time, at most ten kilobytes of a page, and no chain of certificates. Of the volunteer nothing is kept
but country, network number and kind of line; addresses are taken out of all that is stored, since a block page may name theirs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from probes.imported.services.failures import SYSTEM, failed_page, name_failure, port_of
from probes.imported.services.reports import Outcome, Result, Timings, Tls
from probes.imported.services.witness import Wish, Witness, witness_id
from probes.kit.address import is_address
from probes.kit.failure import Failure, unknown
from probes.kit.marks import Markers
from probes.kit.observation import (
    Blob,
    DnsLookup,
    Facts,
    HttpExchange,
    Mark,
    Observation,
    Provenance,
    TcpConnect,
    TlsHandshake,
)
from probes.kit.page import title
from probes.kit.redact import without_addresses, without_secrets
from probes.kit.vocabulary import Depth, Unmeasured, Validity
from probes.website.redirect import is_redirect, turn_after

ATTRIBUTION: Final = "Globalping by jsDelivr (https://globalping.io)"

_LOCATION_CAP: Final = 2000
_NAMES_KEPT: Final = 200
_ANSWERS_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One measurement: of a page (`subject` is its URL) or of a name (`subject` is the record type), by each volunteer."""

    subject: str
    id: str
    results: tuple[Result, ...]


def page_request(url: str) -> dict[str, Any]:
    """The measurement that gets a page: GET, since a page's text may be a block page's."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return {
        "type": "http",
        "target": parts.hostname or "",
        "inProgressUpdates": False,
        "measurementOptions": {
            "protocol": "HTTPS" if secure else "HTTP",
            "port": port_of(url),
            "request": {"method": "GET", "path": parts.path or "/", "query": parts.query},
        },
    }


def name_request(name: str, qtype: str) -> dict[str, Any]:
    """The measurement that asks the volunteers' own resolvers for a name."""
    options = {"query": {"type": qtype}, "protocol": "UDP"}
    return {"type": "dns", "target": name, "inProgressUpdates": False, "measurementOptions": options}


def next_page(visit: Visit) -> str | None:
    """Where all are sent who got a redirect; None where nobody is, or some are sent elsewhere."""
    exchanges = [_exchange(visit.subject, one.result, 0, 0.0) for one in visit.results if one.result.status == "finished"]
    turns = {turn_after(exchange).url for exchange in exchanges if is_redirect(exchange)}
    return turns.pop() if len(turns) == 1 else None


def lacks_answers(visit: Visit) -> bool:
    """Whether somebody was told that the name exists and has no such address."""
    return any(one.result.code == 0 and not _addresses(one.result) for one in visit.results)


def witnesses(visits: Sequence[Visit], wish: Wish, base: str, markers: Markers | None = None) -> tuple[Witness, ...]:
    """What each volunteer saw, in the service's order. One who is not where it was asked for is left out.

    `markers` are the fingerprints to seek in it.
    """
    chains = (_chain(number, visits, wish) for number in range(len(visits[0].results)))
    found = (_witness(number, chain, wish, base, markers) for number, chain in enumerate(chains))
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _Reported:
    visit: Visit
    result: Result


def _chain(number: int, visits: Sequence[Visit], wish: Wish) -> list[_Reported]:
    """What one volunteer reported: on to the next page only where it was itself sent there."""
    chain: list[_Reported] = []
    for visit in visits:
        if number >= len(visit.results):
            break
        one = visit.results[number]
        if chain and _line(one) != _line(chain[0].result):
            break
        chain.append(_Reported(visit, one))
        if "url" in wish.params and not is_redirect(_exchange(visit.subject, one.result, 0, 0.0)):
            break
    return chain


def _line(one: Result) -> tuple[str, int | None]:
    return one.probe.country, one.probe.asn


def _witness(number: int, chain: Sequence[_Reported], wish: Wish, base: str, markers: Markers | None) -> Witness | None:
    first = chain[0].result.probe
    if first.country != wish.country or wish.asn not in {None, first.asn}:
        return None
    last = chain[-1].visit.id
    observation = Observation(
        id=witness_id(wish.now, wish.check, f"{last}#{number}"),
        check=wish.check,
        vantage="",
        country=first.country,
        started_at=wish.now,
        duration=sum(_seconds(one.result.result.timings.total) for one in chain),
        facts=None,
        provenance=Provenance(
            service="globalping",
            name=last,
            url=f"{base}/v1/measurements/{last}",
            attribution=ATTRIBUTION,
            asn=first.asn,
            network=first.network,
        ),
        probe_version=0,
        software="",
    )
    if any(one.result.result.is_invalid for one in chain):
        return Witness(replace(observation, validity=Validity.INVALID, unmeasured=Unmeasured.OFFLINE))
    keeping = _Keeping(markers)
    facts = keeping.page(chain) if "url" in wish.params else keeping.name(wish.host, chain)
    return Witness(replace(observation, facts=facts), tuple(keeping.blobs.values()))


class _Keeping:
    """Puts reports into facts and keeps the bytes that they name."""

    def __init__(self, markers: Markers | None) -> None:
        self.blobs: dict[str, Blob] = {}
        self._markers = markers

    def name(self, name: str, chain: Sequence[_Reported]) -> Facts:
        lookups = tuple(self._marked(_lookup(name, one.visit.subject, one.result.result)) for one in chain)
        return replace(self._blank(chain), dns=lookups)

    def page(self, chain: Sequence[_Reported]) -> Facts:
        facts, started = self._blank(chain), 0.0
        for hop, one in enumerate(chain):
            outcome = one.result.result
            facts = _joined(facts, self._hop(one.visit.subject, outcome, hop, started))
            started += _seconds(outcome.timings.total)
        return facts

    def _hop(self, url: str, outcome: Outcome, hop: int, started: float) -> Facts:
        if outcome.status == "failed":
            return failed_page(url, outcome.said or "", hop, started)
        times = outcome.timings
        begins = [started + _seconds(sum(filter(None, part))) for part in _accumulated(times)]
        host, port = urlsplit(url).hostname or "", port_of(url)
        address = outcome.address if outcome.address and is_address(outcome.address) else None
        known = () if address is None or is_address(host) else (self._marked(_resolved(host, address, hop, started, times)),)
        tcp = () if address is None else (_connected(address, port, hop, begins[0], times),)
        tls = () if outcome.tls is None else (_shaken(outcome.tls, address or host, port, host, hop, begins[1], times),)
        return Facts(dns=known, tcp=tcp, tls=tls, http=(self._kept(_exchange(url, outcome, hop, begins[2]), outcome),))

    def _kept(self, exchange: HttpExchange, outcome: Outcome) -> HttpExchange:
        told = f"HTTP/1.1 {outcome.code} {outcome.code_name or ''}\r\n{outcome.raw_headers or ''}\r\n\r\n"
        head, body = without_secrets(without_addresses(told).encode()), without_addresses(outcome.body or "").encode()
        marks: tuple[Mark, ...] = ()
        if self._markers is not None:
            marks = self._markers.of_response(head, exchange.location, exchange.title, body, Blob.of(body).name)
        return replace(exchange, head=self._keep(head), body=self._keep(body), marks=marks)

    def _blank(self, chain: Sequence[_Reported]) -> Facts:
        return Facts(details=_details(chain), lists=dict(self._markers.versions) if self._markers else {})

    def _marked(self, lookup: DnsLookup) -> DnsLookup:
        return replace(lookup, marks=self._markers.of_answers(lookup.answers)) if self._markers else lookup

    def _keep(self, data: bytes) -> str | None:
        if not data:
            return None
        blob = Blob.of(data)
        self.blobs[blob.name] = blob
        return blob.name


def _accumulated(times: Timings) -> tuple[tuple[float | None, ...], ...]:
    """What had passed, in milliseconds, before the connection, the handshake and the request."""
    return (times.dns,), (times.dns, times.tcp), (times.dns, times.tcp, times.tls)


def _details(chain: Sequence[_Reported]) -> dict[str, Any]:
    """What only this service says: a failure in its own words, without addresses."""
    failed = [one.result.result.said or "" for one in chain if one.result.result.status == "failed"]
    told = {"failure_as_told": unknown(failed[-1])} if failed else {}
    return {"depth": Depth.LIGHT.value, **told}


def _joined(first: Facts, second: Facts) -> Facts:
    return replace(
        first,
        dns=first.dns + second.dns,
        tcp=first.tcp + second.tcp,
        tls=first.tls + second.tls,
        http=first.http + second.http,
    )


def _resolved(host: str, address: str, hop: int, started: float, times: Timings) -> DnsLookup:
    """That the volunteer's resolver gave this address; what else it gave is not told."""
    return DnsLookup(
        hop=hop,
        started=started,
        duration=_seconds(times.dns),
        resolver=SYSTEM,
        transport=SYSTEM,
        name=host,
        qtype="AAAA" if ":" in address else "A",
        rcode="NOERROR",
        answers=(address,),
    )


def _connected(address: str, port: int, hop: int, started: float, times: Timings) -> TcpConnect:
    return TcpConnect(hop=hop, started=started, duration=_seconds(times.tcp), address=address, port=port)


def _shaken(tls: Tls, address: str, port: int, host: str, hop: int, started: float, times: Timings) -> TlsHandshake:
    failure = None if tls.authorized else _CERTIFICATES.get(tls.error or "", Failure.SSL_INVALID_CERTIFICATE)
    subject, issuer = str(tls.subject), str(tls.issuer)
    return TlsHandshake(
        hop=hop,
        started=started,
        duration=_seconds(times.tls),
        failure=failure,
        address=address,
        port=port,
        server_name=host,
        version=tls.protocol,
        cipher=tls.cipher,
        subject=subject or None,
        issuer=(subject if tls.error in _SELF_SIGNED else issuer) or None,
        not_before=tls.created_at,
        not_after=tls.expires_at,
    )


_SELF_SIGNED: Final = frozenset({"DEPTH_ZERO_SELF_SIGNED_CERT"})

_CERTIFICATES: Final[Mapping[str, Failure]] = {
    "ERR_TLS_CERT_ALTNAME_INVALID": Failure.SSL_INVALID_HOSTNAME,
    "CERT_HAS_EXPIRED": Failure.SSL_INVALID_CERTIFICATE,
    "CERT_NOT_YET_VALID": Failure.SSL_INVALID_CERTIFICATE,
    **dict.fromkeys(
        (
            *("DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT"),
            *("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ),
        Failure.SSL_UNKNOWN_AUTHORITY,
    ),
}
"""What the volunteers' TLS library says against a certificate. Source: Node.js, `tls`, X509 certificate error codes."""


def _exchange(url: str, outcome: Outcome, hop: int, started: float) -> HttpExchange:
    """The request and its answer as they are judged, without the bytes."""
    body = without_addresses(outcome.body or "").encode()
    location = _header(outcome, "location")
    seconds = _seconds(sum(filter(None, (outcome.timings.first_byte, outcome.timings.download))))
    return HttpExchange(
        hop=hop,
        started=started,
        duration=seconds,
        url=url,
        address=outcome.address if outcome.address and is_address(outcome.address) else None,
        status=outcome.code,
        header_names=tuple(outcome.headers)[:_NAMES_KEPT],
        location=without_addresses(location)[:_LOCATION_CAP] if location else None,
        title=title(body, _header(outcome, "content-type")),
        body_length=None if outcome.truncated else len(body),
        body_hash=Blob.of(body).name,
        truncated=outcome.truncated,
    )


def _header(outcome: Outcome, name: str) -> str:
    value = outcome.headers.get(name, "")
    return value if isinstance(value, str) else next(iter(value), "")


def _lookup(name: str, qtype: str, outcome: Outcome) -> DnsLookup:
    """A question to the volunteer's resolver and its answer. Which resolver that is would tell who asked."""
    answers = _addresses(outcome)
    return DnsLookup(
        started=0.0,
        duration=_seconds(outcome.timings.total),
        failure=_dns_failure(outcome, answers),
        resolver=SYSTEM,
        transport=SYSTEM,
        name=name,
        qtype=qtype,
        rcode=outcome.code_name or None,
        answers=answers,
        cnames=tuple(_aliases(outcome)),
    )


_RCODES: Final[Mapping[int, Failure]] = {2: Failure.DNS_SERVFAIL, 3: Failure.DNS_NXDOMAIN, 5: Failure.DNS_REFUSED}


def _dns_failure(outcome: Outcome, answers: tuple[str, ...]) -> str | None:
    if outcome.status == "failed":
        return name_failure(outcome.said or "") or unknown(outcome.said or "")
    if outcome.code == 0:
        return None if answers else Failure.DNS_NO_ANSWER
    return _RCODES.get(outcome.code or 0, Failure.DNS_SERVER_MISBEHAVING)


def _addresses(outcome: Outcome) -> tuple[str, ...]:
    values = (one.value for one in outcome.answers if one.type in {"A", "AAAA"})
    return tuple(dict.fromkeys(value for value in values if is_address(value)))[:_ANSWERS_KEPT]


def _aliases(outcome: Outcome) -> Iterator[str]:
    names = (one.value.rstrip(".").lower() for one in outcome.answers[:_ANSWERS_KEPT] if one.type == "CNAME")
    yield from dict.fromkeys(name for name in names if 0 < len(name) <= 253)


def _seconds(milliseconds: float | None) -> float:
    """Seconds; a number that nobody can have measured counts as none."""
    return milliseconds / 1000 if milliseconds is not None and 0 <= milliseconds < 600_000 else 0.0
