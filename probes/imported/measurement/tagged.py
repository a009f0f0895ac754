"""Web Connectivity 0.5: every step is tagged with its redirect hop and with what led to its address."""

from dataclasses import dataclass
from typing import Final

from probes.imported.measurement.fields import Fields
from probes.imported.measurement.pages import page
from probes.imported.measurement.seen import Seen
from probes.imported.measurement.steps import Common, common, connect, handshake, lookup, order_of, read_answers, read_tags
from probes.imported.measurement.words import OWN, endpoint, transport_of, wire_name
from probes.kit.marks import Markers
from probes.kit.vocabulary import Aim

_NAME_CAP: Final = 255


def read_tagged(keys: Fields, markers: Markers | None) -> Seen:
    """Read the steps of `test_keys`. A step without a hop belongs to none, such as a question about the resolver itself."""
    seen = Seen()
    for query in _numbered(keys, "queries"):
        _look_up(seen, query, markers)
    led = _Leads.of(keys)
    for entry in _numbered(keys, "tcp_connect"):
        seen.connected(connect(entry, led.place(entry)))
    for entry in _numbered(keys, "tls_handshakes"):
        seen.shaken(handshake(entry, led.place(entry), markers))
    for entry in _numbered(keys, "requests"):
        seen.fetched(page(entry, led.place(entry), led.address(entry), markers))
    return seen


@dataclass(frozen=True, slots=True)
class _Leads:
    """What led to the address of each transaction.

    Versions that are new enough tag it (`classic`). Of the others it is worked out as OONI does: not the own resolver led
    there if only other resolvers, or the helper, gave the address.
    """

    addresses: dict[int, str]
    are_tagged: bool
    foreign: frozenset[str]

    @classmethod
    def of(cls, keys: Fields) -> "_Leads":
        queries = _numbered(keys, "queries")
        own = {address for query in queries if _is_own(query) for address in read_answers(query).addresses}
        others = {address for query in queries if not _is_own(query) for address in read_answers(query).addresses}
        helper = keys.part("control").part("dns").texts("addrs")
        connects = _numbered(keys, "tcp_connect")
        return cls(
            addresses={order_of(entry)[0]: entry.text("ip", _NAME_CAP) or "" for entry in connects},
            are_tagged=any(read_tags(entry).classic for entry in (*queries, *connects)),
            foreign=frozenset(others | {*helper}) - own,
        )

    def address(self, entry: Fields) -> str | None:
        """The address of a step: its own, else that of its transaction."""
        own = endpoint(entry.text("address", _NAME_CAP) or "")
        return own[0] if own else self.addresses.get(order_of(entry)[0]) or entry.text("ip", _NAME_CAP)

    def place(self, entry: Fields) -> Common:
        """Hop, aim and clock of a step. Only what was done for the page where the own resolver led is a visitor's way."""
        tags = read_tags(entry)
        is_led = tags.classic if self.are_tagged else self.address(entry) not in self.foreign
        return common(entry, tags.hop or 0, Aim.VISIT if is_led and tags.fetches else Aim.ELSEWHERE)


def _look_up(seen: Seen, query: Fields, markers: Markers | None) -> None:
    name = wire_name(query.text("hostname", _NAME_CAP) or "")
    answers = read_answers(query)
    place = common(query, read_tags(query).hop or 0, Aim.VISIT if _is_own(query) else Aim.ELSEWHERE)
    seen.looked_up(lookup(query, place, name, answers, markers), answers)


def _is_own(query: Fields) -> bool:
    return transport_of(query.text("engine", _NAME_CAP) or "") == OWN


def _numbered(keys: Fields, name: str) -> list[Fields]:
    """The entries that belong to a hop, in the order in which they began."""
    return sorted((entry for entry in keys.parts(name) if read_tags(entry).hop is not None), key=order_of)
