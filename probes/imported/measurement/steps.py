"""The steps of a measurement that are alike in all versions: one JSON entry, one of our steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from probes.imported.measurement.fields import Fields
from probes.imported.measurement.raw import packed_bytes
from probes.imported.measurement.words import CALL, NOT_SAID, OWN, endpoint, failure_in, transport_of, wire_name
from probes.kit.address import is_address
from probes.kit.chain import Examined, read_chain
from probes.kit.marks import Markers
from probes.kit.observation import DnsLookup, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim

_MOST_HOPS: Final = 50
_CERTIFICATE_CAP: Final = 65536
_MOST_CERTIFICATES: Final = 10
_WORD_CAP: Final = 100
_NAME_CAP: Final = 255


class Common(TypedDict):
    """What every step records."""

    hop: int
    aim: Aim
    started: float
    duration: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What OONI notes beside a step since 0.5: the redirect hop, that the own resolver led there, and that it is for the page."""

    hop: int | None = None
    classic: bool = False
    fetches: bool = False


def read_tags(entry: Fields) -> Tags:
    """The tags of a step. Raises `Unusable` for a hop that no walk can have reached."""
    tags = entry.texts("tags")
    hops = [tag.removeprefix("depth=") for tag in tags if tag.startswith("depth=")]
    if any(not (hop.isascii() and hop.isdecimal() and len(hop) < 4 and int(hop) <= _MOST_HOPS) for hop in hops):
        raise entry.wrong("tags", "name a redirect that no walk can have reached")
    return Tags(int(hops[-1]) if hops else None, "classic" in tags, "fetch_body=true" in tags)


def common(entry: Fields, hop: int, aim: Aim) -> Common:
    """Clock and place of a step. `t` is when it ended; old versions say nothing of its beginning, so it took no time."""
    ended = entry.seconds("t")
    started = entry.seconds("t0")
    began = started if started is not None else ended or 0.0
    return Common(hop=hop, aim=aim, started=began, duration=max(0.0, (ended or began) - began))


def order_of(entry: Fields) -> tuple[int, float]:
    """What entries are put in order by: transactions are numbered as they begin, and older versions have times only."""
    return entry.whole("transaction_id", 0, 2**53) or 0, entry.seconds("t0") or entry.seconds("t") or 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """The addresses in an answer, with their autonomous systems; and what stood there and is no address."""

    addresses: tuple[str, ...]
    cnames: tuple[str, ...]
    asns: dict[str, int]
    unusable: tuple[str, ...]


def read_answers(query: Fields) -> Answers:
    """The answers to a query."""
    given, cnames, asns = [], [], {}
    for answer in query.parts("answers"):
        address = answer.text("ipv4") or answer.text("ipv6")
        if address is not None:
            given.append(address)
            asns[address] = answer.whole("asn", 0, 2**32 - 1) or 0
        elif name := answer.text("hostname", _NAME_CAP):
            cnames.append(name)
    addresses, unusable = sorted_out(given)
    known = {address: asns[address] for address in addresses if asns[address]}
    return Answers(addresses, tuple(dict.fromkeys(cnames)), known, unusable)


def sorted_out(given: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses among `given`, each once, and what is none."""
    once = tuple(dict.fromkeys(given))
    return tuple(one for one in once if is_address(one)), tuple(one for one in once if not is_address(one))


def lookup(
    query: Fields, common: Common, name: str, answers: Answers, markers: Markers | None, own: str = CALL
) -> DnsLookup | None:
    """One question and its answer, `own` naming the own resolver; None for a way of asking that we do not know."""
    transport = transport_of(query.text("engine", _WORD_CAP) or "")
    if transport is None:
        return None
    return DnsLookup(
        **common,
        failure=failure_in(query),
        resolver=own if transport == OWN else _resolver(query),
        transport=transport,
        name=name,
        qtype=query.text("query_type", _WORD_CAP) or "ANY",
        answers=answers.addresses,
        cnames=answers.cnames,
        marks=markers.of_answers(answers.addresses) if markers else (),
    )


def _resolver(query: Fields) -> str:
    address = query.text("resolver_address", _NAME_CAP) or ""
    found = endpoint(address)
    return found[0] if found else address


def connect(entry: Fields, common: Common) -> TcpConnect | None:
    """One connection attempt; None where what stands there is no address."""
    address, port = entry.text("ip", _WORD_CAP) or "", entry.whole("port", 0, 65535)
    if port is None:
        raise entry.wrong("port", "is missing")
    status = entry.part("status")
    return TcpConnect(**common, failure=failure_of(status), address=address, port=port) if is_address(address) else None


def failure_of(status: Fields) -> str | None:
    """The failure of an attempt that says in one field whether it went well and in another how not."""
    failed = status.content.get("success") is False or status.content.get("status") is False
    return failure_in(status) or (NOT_SAID if failed else None)


def handshake(entry: Fields, common: Common, markers: Markers | None) -> tuple[TlsHandshake, bytes] | None:
    """One handshake with the certificates that were shown; None where what stands there is no address."""
    place = endpoint(entry.text("address", _WORD_CAP) or "")
    if place is None:
        return None
    chain = _chain(entry)
    examined = read_chain(chain, failure_in(entry)) if chain else None
    step = TlsHandshake(
        **common,
        failure=failure_in(entry),
        address=place[0],
        port=place[1],
        server_name=wire_name(entry.text("server_name", _NAME_CAP) or ""),
        version=entry.text("tls_version", _WORD_CAP) or None,
        cipher=entry.text("cipher_suite", _WORD_CAP) or None,
        **_described(examined),
        marks=markers.of_chain(chain) if markers and chain else (),
    )
    return step, b"".join(chain)


def _described(examined: Examined | None) -> dict[str, Any]:
    if examined is None:
        return {}
    return {
        "subject": examined.subject,
        "issuer": examined.issuer,
        "not_before": examined.not_before,
        "not_after": examined.not_after,
        "chain_hash": examined.hash,
        "chain": examined.hash,
    }


def _chain(entry: Fields) -> Sequence[bytes]:
    shown = entry.items("peer_certificates")[:_MOST_CERTIFICATES]
    return [der for one in shown if (der := packed_bytes(entry, "peer_certificates", one)) and len(der) <= _CERTIFICATE_CAP]
