"""How a page arrived over time: whether it froze half-way, or trickled, here and elsewhere.

Bytes are those on the line, encrypted as they are: a freeze may come before the first record of TLS is whole, so that nothing of
the page can be read, and it was on its way all the same. What had arrived when the request was sent does not count, nor does the
time that a server takes to think: only what grows from sample to sample is a flow.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from probes.kit.observation import HttpExchange
from probes.website.walk import CUT, TIMEOUTS

FREEZES_AT: Final = range(8 * 1024, 64 * 1024)
"""Bytes of a response after which a connection that freezes is a known way to interfere.

In Russia it is 16 to 20 kB of a connection, certificate and all, since 2025 (reported by Cloudflare and net4people); the range
leaves room for a long chain, for buffers on the way and for a neighbour's habit.
"""

_ALIKE: Final = 0.25
"""Two freezes happen at the same place if their bytes differ by no more than this share."""

SLOW: Final = 10 * 1024
"""Bytes a second below which no page of today is usable."""

_LEAST_BYTES: Final = 2 * 1024
_LEAST_STRETCHES: Final = 4
"""What must have been seen before a rate means anything: stretches between two samples in which something arrived."""

_TIMES_FASTER: Final = 5


class _Growth(NamedTuple):
    """What arrived after the request: how much, from when until when, and in how many stretches between two samples."""

    amount: int
    began: float
    ended: float
    stretches: int


def is_frozen(exchange: HttpExchange) -> bool:
    """Whether the response stopped half-way for good: some kilobytes, then silence for at least half of the time.

    Silence ends with our patience, or with a connection that somebody cuts at last.
    """
    grown = _growth(exchange)
    if exchange.failure not in TIMEOUTS | CUT or grown is None:
        return False
    silent = exchange.received[-1][0] - grown.ended
    return received(exchange) in FREEZES_AT and grown.amount >= _LEAST_BYTES and silent >= exchange.received[-1][0] / 2


def freeze_alike(first: HttpExchange, second: HttpExchange) -> bool:
    """Whether two responses froze at about the same place."""
    if not is_frozen(first) or not is_frozen(second):
        return False
    fewer, more = sorted((received(first), received(second)))
    return more - fewer <= _ALIKE * more


def rate(exchange: HttpExchange) -> float | None:
    """Bytes a second while the response flowed; None where it was over too soon to say, or came in lumps."""
    grown = _growth(exchange)
    if grown is None or grown.amount < _LEAST_BYTES or grown.stretches < _LEAST_STRETCHES:
        return None
    return grown.amount / (grown.ended - grown.began)


def received(exchange: HttpExchange | None) -> int:
    """The bytes that arrived."""
    return exchange.received[-1][1] if exchange is not None and exchange.received else 0


def trickles(exchange: HttpExchange) -> bool:
    """Whether the response flowed all the time, and too slowly to be of use."""
    measured = rate(exchange)
    return measured is not None and measured < SLOW and not is_frozen(exchange)


def flows(exchange: HttpExchange, *, beside: HttpExchange) -> bool:
    """Whether a response arrived whole, and several times as fast as the one `beside` it."""
    if exchange.failure is not None or exchange.status is None or not exchange.received:
        return False
    slow, here = rate(beside), rate(exchange)
    if here is not None and slow is not None:
        return here >= _TIMES_FASTER * slow
    return here is None and received(exchange) >= _LEAST_BYTES


def any_flows(exchanges: Iterable[HttpExchange], *, beside: HttpExchange) -> bool:
    """Whether any of them does."""
    return any(flows(one, beside=beside) for one in exchanges)


def outlasts(exchange: HttpExchange, *, frozen: HttpExchange) -> bool:
    """Whether a response went on beyond the place where the other froze, to its end."""
    return exchange.failure is None and received(exchange) > received(frozen)


def _growth(exchange: HttpExchange) -> _Growth | None:
    samples = exchange.received
    grown = [(earlier, later) for earlier, later in pairwise(samples) if later[1] > earlier[1]]
    if not grown:
        return None
    (began, before), (ended, after) = grown[0][0], grown[-1][1]
    return _Growth(after - before, began, ended, len(grown))
