"""What was reached, and then starved on the way while it flows elsewhere."""

from typing import Final

from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import Meant, State, Strength
from probes.website.case import WebsiteCase
from probes.website.rules.wording import rule

_FREEZE: Final = f"{order(3)}; connections that freeze after 16 to 20 kB are reported from Russia since 2025 (net4people)"

STARVED: Final[tuple[Rule[WebsiteCase], ...]] = (
    rule(
        "tls.freeze.collateral",
        State.THROTTLED,
        Strength.STRONG,
        because=(
            "The page of {host} freezes half-way, again and again, after {received} bytes, and so do those of its neighbours; "
            "{working} could use it: the network they share is meant, or they are not alone."
        ),
        source=_FREEZE,
        mechanism="tls.freeze",
        scope=Meant.COLLATERAL,
        where=lambda case: case.http.freezes and case.neighbours.freeze_too,
    ),
    rule(
        "tls.freeze",
        State.THROTTLED,
        Strength.STRONG,
        because=(
            "The page of {host} freezes half-way, again and again, after {received} bytes, on a line that carries more of others "
            "or carried more of it today; {working} could use it."
        ),
        source=_FREEZE,
        mechanism="tls.freeze",
        where=lambda case: case.http.freezes and case.http.line_carries_more,
    ),
    rule(
        "http.throttle",
        State.THROTTLED,
        Strength.STRONG,
        because=(
            "The page of {host} trickles in at {rate} bytes a second, on a line that is quicker with others or was quicker with "
            "it; {working} got it several times as fast."
        ),
        source=order(3),
        mechanism="http.throttle",
        where=lambda case: case.http.trickles and case.http.line_is_quick,
    ),
    rule(
        "http.slow_here",
        State.THROTTLED,
        Strength.WEAK,
        because=(
            "The page of {host} trickles in at {rate} bytes a second, while {working} got it several times as fast; nothing "
            "says how quick this line is with others."
        ),
        source=f"{order(3)}; weak, since a slow line looks the same",
        mechanism="http.throttle",
        where=lambda case: case.http.trickles,
    ),
)
