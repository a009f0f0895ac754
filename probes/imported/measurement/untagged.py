"""Web Connectivity before 0.5: steps without tags, and requests with the newest first.

What is not tagged belongs to the first hop: only requests were recorded beyond it. A request was listed as failed too where
nothing was ever sent, because the name did not resolve or no address could be reached.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from probes.imported.measurement.fields import Fields
from probes.imported.measurement.pages import page
from probes.imported.measurement.seen import Seen
from probes.imported.measurement.steps import Answers, Common, common, connect, handshake, lookup, order_of, read_answers
from probes.imported.measurement.words import CALL, OWN, failure_in, transport_of, wire_name
from probes.kit.marks import Markers
from probes.kit.observation import DnsLookup, HttpExchange, Step
from probes.kit.vocabulary import Aim

_NAME_CAP = 255
_NOTHING = Answers((), (), {}, ())


def read_untagged(keys: Fields, asked: str, host: str, markers: Markers | None) -> Seen:
    """Read the steps of `test_keys`, whose measurement was of the address `asked`."""
    seen = Seen()
    for query in _in_order(keys, "queries"):
        _look_up(seen, query, host, markers)
    for entry in _in_order(keys, "tcp_connect"):
        seen.connected(connect(entry, common(entry, 0, Aim.VISIT)))
    for entry in _in_order(keys, "tls_handshakes"):
        seen.shaken(handshake(entry, common(entry, 0, Aim.VISIT), markers))
    _read_requests(seen, keys, markers)
    _read_conclusions(seen, keys, asked, host)
    return seen


def _in_order(keys: Fields, name: str) -> list[Fields]:
    return sorted(keys.parts(name), key=order_of)


def _look_up(seen: Seen, query: Fields, host: str, markers: Markers | None) -> None:
    """Read a query. One answer of the operating system is written down twice, once for each family, as we ask for each."""
    is_own = transport_of(query.text("engine", _NAME_CAP) or "") == OWN
    place = common(query, 0, Aim.VISIT if is_own else Aim.ELSEWHERE)
    name = wire_name(query.text("hostname", _NAME_CAP) or host)
    answers = read_answers(query)
    seen.looked_up(lookup(query, place, name, answers, markers, own=OWN), answers)


def _read_requests(seen: Seen, keys: Fields, markers: Markers | None) -> None:
    """The requests, oldest first; those that went through Tor were a control of old times."""
    requests = [entry for entry in keys.parts("requests") if not entry.part("request").part("tor").flag("is_tor")]
    for hop, entry in enumerate(reversed(requests)):
        fetched = page(entry, common(entry, hop, Aim.VISIT), None, markers)
        if fetched.exchange.status is None and fetched.exchange.failure is not None:
            _take_failed(seen, fetched.exchange)
        else:
            seen.fetched(fetched)


def _take_failed(seen: Seen, exchange: HttpExchange) -> None:
    """Take a request that nobody answered, unless what came before it says already why it was never sent."""
    if exchange.hop == 0 and _failed_before(seen):
        return
    if exchange.failure is not None and exchange.failure.startswith("dns_"):
        place = Common(hop=exchange.hop, aim=Aim.VISIT, started=exchange.started, duration=exchange.duration)
        seen.looked_up(_failed_lookup(place, _host_of(exchange.url), exchange.failure), _NOTHING)
    else:
        seen.http.append(exchange)


def _failed_before(seen: Seen) -> bool:
    """Whether a layer below HTTP failed altogether on the first hop."""
    layers: tuple[Sequence[Step], ...] = (seen.dns, seen.tcp, seen.tls)
    return any(steps and all(one.failure is not None for one in steps) for steps in map(_of_visit, layers))


def _of_visit(steps: Sequence[Step]) -> list[Step]:
    return [one for one in steps if one.hop == 0 and one.aim is Aim.VISIT]


def _read_conclusions(seen: Seen, keys: Fields, asked: str, host: str) -> None:
    """Where no step was recorded, the oldest versions still say how the look-up and the page failed."""
    place = Common(hop=0, aim=Aim.VISIT, started=0.0, duration=0.0)
    failed = failure_in(keys, "dns_experiment_failure")
    if failed is not None and not seen.dns:
        seen.looked_up(_failed_lookup(place, host, failed), _NOTHING)
    failed = failure_in(keys, "http_experiment_failure")
    if failed is not None and not seen.http:
        _take_failed(seen, HttpExchange(**place, failure=failed, url=asked))


def _failed_lookup(place: Common, name: str, failure: str) -> DnsLookup:
    return DnsLookup(**place, failure=failure, resolver=CALL, transport="system", name=name, qtype="ANY")


def _host_of(url: str) -> str:
    try:
        return wire_name(urlsplit(url).hostname or "")
    except ValueError:
        return ""
