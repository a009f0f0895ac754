"""The closed words of a judgement, each spelled once (design: `contracts.md`).

They live beside the probes because a probe's rules are written in them; `monitor.core` uses them from here.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What one look says about one target; see `docs/contracts.md` for what each state is not."""

    OK = "ok"
    BLOCKED = "blocked"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    NOTICE = "notice"
    LAPSED = "lapsed"
    DOWN = "down"
    UNCLEAR = "unclear"
    UNMEASURED = "unmeasured"


class Strength(StrEnum):
    """How much a verdict may be relied on. `weak` alone never opens an incident."""

    EXPLICIT = "explicit"
    STRONG = "strong"
    WEAK = "weak"


class WhyUnclear(StrEnum):
    """Why the facts do not decide, although the instrument worked."""

    BOT_WALL = "bot_wall"
    LOGIN_WALL = "login_wall"
    RATE_LIMITED = "rate_limited"
    DEAD_CREDENTIAL = "dead_credential"
    CANARY_FAILED = "canary_failed"
    STALE_MARKER = "stale_marker"
    PROVIDER_OUTAGE = "provider_outage"
    NO_CONTROL = "no_control"
    OWN_NETWORK = "own_network"
    UNPARSEABLE = "unparseable"
    WRONG_OBJECT = "wrong_object"
    UNSUPPORTED = "unsupported"
    CONFLICTING = "conflicting"
    NOT_ENOUGH = "not_enough"


class Unmeasured(StrEnum):
    """Why nobody looked, or why the look does not count."""

    LATE = "late"
    OFFLINE = "offline"
    OVERLOAD = "overload"
    PAUSED = "paused"
    CRASHED = "crashed"


class Validity(StrEnum):
    """Whether the instrument itself worked: a separate axis from what it saw."""

    VALID = "valid"
    INVALID = "invalid"
    ISOLATED = "isolated"
    """It worked, and saw only its own country: what fails there says nothing about anybody else."""


class VantageHealth(StrEnum):
    """What a vantage point's own canaries say about it."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    OFFLINE = "offline"
    ISOLATED = "isolated"


class VantageKind(StrEnum):
    """How we look from a place."""

    DIRECT = "direct"
    PROXY = "proxy"
    AGENT = "agent"
    OONI = "ooni"
    GLOBALPING = "globalping"


IMPORTED_KINDS: Final = frozenset({VantageKind.OONI, VantageKind.GLOBALPING})
"""Kinds of places from which others look, on lines that are not ours."""


class Stage(StrEnum):
    """The steps of a look, each with its own clock and failure."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"


class Depth(StrEnum):
    """How thoroughly a look is made. A light one is all that a well target is troubled with most of the time."""

    LIGHT = "light"
    FULL = "full"


class Meant(StrEnum):
    """Whom a disturbance is meant for, where that is not simply the target."""

    COLLATERAL = "collateral"
    """The target's neighbours suffer the same: it shares an address or a network with whoever is meant."""


class Aim(StrEnum):
    """Why a step was taken."""

    VISIT = "visit"
    """As a visitor would: the own resolver's answers, and the pages behind them."""
    ELSEWHERE = "elsewhere"
    """At an address that the own resolver did not give, or that was not needed for the page: can it prove to be the host?"""
    AGAIN = "again"
    """A step that failed, once more and unchanged."""
    INNOCUOUS_NAME = "innocuous_name"
    """The failing address, asked for a name that nobody blocks."""
    INNOCUOUS_HOST = "innocuous_host"
    """The failing name, said to an address that nobody blocks; or that address under its own name, for comparison."""
    NEIGHBOUR = "neighbour"
    """An unrelated website in the same network or at the same address."""
    PROBE_NAME = "probe_name"
    """A name asked of a resolver to learn about the resolver: one that cannot exist, or one that everybody resolves."""


class MarkKind(StrEnum):
    """What a fingerprint is known to be the mark of."""

    BLOCKPAGE = "blockpage"
    FORGED_ADDRESS = "forged_address"
    STATE_AUTHORITY = "state_authority"
    NOT_A_BLOCKPAGE = "not_a_blockpage"
    """A page that is easily mistaken for one: evidence against."""
    PARKED = "parked"
    SUSPENDED = "suspended"
