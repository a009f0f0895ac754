"""OONI's test helper as a control of ours: one look-up, connections to every endpoint that anybody found, and the page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypedDict

from probes.imported.measurement.fields import Fields, clean
from probes.imported.measurement.steps import failure_of, sorted_out
from probes.imported.measurement.words import CALL, endpoint, failure_in, wire_name
from probes.kit.observation import Control, DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim

HELPER: Final = "ooni_helper"
"""The control's place in an observation. Where the helper stands is not published."""

_NAME_CAP: Final = 255
_HEADER_CAP: Final = 100
_LONGEST_BODY: Final = 2**40


class _Whenever(TypedDict):
    """The helper says nothing about its clock."""

    started: float
    duration: float


_WHENEVER: Final = _Whenever(started=0.0, duration=0.0)


def read_control(keys: Fields, asked: str, host: str, started_at: datetime) -> tuple[Control, ...]:
    """The control of a measurement: one, or none where the helper was out of reach.

    `asked` is the address that it was to fetch, `host` its host in ASCII. The endpoints are tried for themselves (`aim`
    ELSEWHERE): by which of them the helper fetched the page is not said.
    """
    control = keys.part("control")
    if failure_in(keys, "control_failure") is not None or not control.content:
        return ()
    return (control_of(control, asked, host, started_at),)


def control_of(control: Fields, asked: str, host: str, started_at: datetime) -> Control:
    """Read the object `control`."""
    lookups, unusable = _lookups(control, host)
    facts = Facts(
        dns=lookups,
        tcp=tuple(_connects(control)),
        tls=tuple(_handshakes(control, host)),
        http=tuple(_exchange(control, asked)),
        asns=dict(_asns(control)),
        details={"unusable_answers": list(unusable)} if unusable else {},
    )
    return Control(vantage=HELPER, country=None, started_at=started_at, facts=facts)


def _lookups(control: Fields, host: str) -> tuple[tuple[DnsLookup, ...], tuple[str, ...]]:
    if not control.has("dns"):
        return (), ()
    dns = control.part("dns")
    # Old helpers list the names that an answer went by among its addresses.
    addresses, unusable = sorted_out(dns.texts("addrs"))
    lookup = DnsLookup(
        **_WHENEVER,
        failure=failure_in(dns),
        resolver=CALL,
        transport="system",
        name=host,
        qtype="ANY",
        answers=addresses,
    )
    return (lookup,), unusable


def _connects(control: Fields) -> Iterator[TcpConnect]:
    for name, status in control.named("tcp_connect"):
        if place := endpoint(name):
            yield TcpConnect(**_WHENEVER, aim=Aim.ELSEWHERE, failure=failure_of(status), address=place[0], port=place[1])


def _handshakes(control: Fields, host: str) -> Iterator[TlsHandshake]:
    for name, status in control.named("tls_handshake"):
        if place := endpoint(name):
            yield TlsHandshake(
                **_WHENEVER,
                aim=Aim.ELSEWHERE,
                failure=failure_of(status),
                address=place[0],
                port=place[1],
                server_name=wire_name(status.text("server_name", _NAME_CAP) or host),
            )


def _exchange(control: Fields, asked: str) -> Iterator[HttpExchange]:
    if not control.has("http_request"):
        return
    request = control.part("http_request")
    status, length = request.whole("status_code", -1, 999) or 0, request.whole("body_length", -1, _LONGEST_BODY)
    headers = request.part("headers")
    headers.bounded(len(headers.content))
    names = tuple(clean(name, _HEADER_CAP) for name in headers.content)
    yield exchange(asked, failure_in(request), status, length, request.text("title"), names)


def exchange(
    url: str, failure: str | None, status: int, length: int | None, title: str | None, names: tuple[str, ...]
) -> HttpExchange:
    """How the helper fetched the page. It writes -1, or nothing, for a status and length that it does not have."""
    return HttpExchange(
        **_WHENEVER,
        failure=failure,
        url=url,
        status=status if status > 0 else None,
        body_length=length if length is not None and length >= 0 else None,
        title=title or None,
        header_names=names,
    )


def _asns(control: Fields) -> Iterator[tuple[str, int]]:
    for address, known in control.named("ip_info"):
        if asn := known.whole("asn", 0, 2**32 - 1):
            yield address, asn
