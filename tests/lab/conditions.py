"""What disturbs the world for a while: resolvers that say something else, rules on the path, hosts that change."""

from enum import StrEnum
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from monitor.core.model import Slug
from tests.lab.certificates import Certificate
from tests.lab.dns import Refusal
from tests.lab.spelling import Address, BytesPerSecond, Closed, Delay, Destination, Location, Name, PortNumber, ResolverAddress
from tests.lab.topology import Port

TRUTH: Final = "truth"
"""The answer that would be given if nobody interfered."""

Said = Refusal | Literal["truth"] | tuple[Address, ...]


class DnsSaying(Closed):
    """One answer. A denial has a SOA record in its authority section unless `authority` is false."""

    answer: Said
    cname: tuple[Name, ...] = Field(default=(), description="the aliases on the way from the name to its addresses")
    authoritative: bool = Field(default=False, description="whether it claims to be authoritative (AA)")
    authority: bool = True
    ede: tuple[int, ...] = Field(default=(), description="codes of Extended DNS Errors (RFC 8914)")
    after: Delay = Field(default=0, description="seconds until it comes")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """An answer that is nothing else may stand for itself."""
        given = value.get("answer") if isinstance(value, dict) else value
        if given != TRUTH and given not in tuple(Refusal) and not (isinstance(given, list | tuple) and given):
            raise ValueError(f"write a list of addresses, or one of {', '.join(Refusal)}, {TRUTH}")
        return value if isinstance(value, dict) else {"answer": value}


class DnsAnswer(DnsSaying):
    """What is said about a name. Where it does not apply (`every`, `to`), the truth is said."""

    every: int = Field(default=1, ge=1, description="only the first and then each n-th question of a type gets it")
    bogus: bool = Field(default=False, description="SERVFAIL with EDE 6, unless the question says not to validate (CD=1)")
    then: tuple[DnsSaying, ...] = Field(default=(), description="further answers over UDP, each `after` so many seconds")
    to: tuple[Address, ...] = Field(default=(), description="in `spoof`: only questions to these resolvers")


class Action(StrEnum):
    """What a censor does to a connection."""

    REFUSE = "refuse"
    DROP = "drop"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    CLOSE = "close"
    INJECT = "inject"
    INTERCEPT = "intercept"
    THROTTLE = "throttle"
    FREEZE = "freeze"


_ON_CONNECTING: Final = frozenset({Action.REFUSE, Action.DROP, Action.UNREACHABLE})
_UNTRIGGERED: Final = frozenset({Action.REFUSE, Action.UNREACHABLE})


class PathRule(Closed):
    """One rule on the path. It acts on connections `to` a destination, once the trigger (`sni`, `host` or `contains`) is seen.

    `sni` and `host` also fit subdomains. Without a trigger `drop`, `refuse` and `unreachable` act on the SYN, the others on
    the first bytes. What `excepted` names is let through: addresses, and names with the addresses that they truly have.
    """

    action: Action
    to: Destination | None = None
    excepted: tuple[Name, ...] = Field(default=(), alias="except")
    sni: Name | None = None
    host: Name | None = None
    contains: str | None = None
    every: int = Field(default=1, ge=1, description="only the first and then each n-th connection that fits")
    residual: int | None = Field(
        default=None, ge=1, description="seconds of the story for which the address then suffers the same, whatever is said"
    )
    page: Slug | None = Field(default=None, description="what `inject` and `intercept` show")
    status: int | None = Field(default=None, ge=200, le=599, description="of what `inject` says, with an HTTP/1.1 head")
    redirect: Location | None = Field(default=None, description="where `inject` sends the reader (302) in place of a page")
    certificate: Certificate | None = Field(default=None, description="what `intercept` shows, made out to the name asked for")
    bytes_per_second: BytesPerSecond | None = Field(default=None, description="what `throttle` lets through")
    after_bytes: int | None = Field(default=None, ge=0, description="what `freeze` lets through before it falls silent")

    @property
    def is_triggered(self) -> bool:
        """Whether the rule waits for something to be said."""
        return not (self.sni is None and self.host is None and self.contains is None)

    @property
    def acts_on_connecting(self) -> bool:
        """Whether the rule acts before a connection stands."""
        return self.action in _ON_CONNECTING and not self.is_triggered

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for wrong, complaint in self._complaints():
            if wrong:
                raise ValueError(complaint)
        return self

    def _complaints(self) -> tuple[tuple[bool, str], ...]:
        does = self.action
        later = self.every > 1 or self.residual is not None
        shown = self.page is not None or self.redirect is not None
        return (
            (
                does in _UNTRIGGERED and self.is_triggered,
                f"`{does}` acts before anything is said: leave out sni, host and contains",
            ),
            (self.acts_on_connecting and later, "`every` and `residual` need a rule that waits for sni, host or contains"),
            (does is Action.INJECT and not shown, "`page` and the action `inject` go together, or `redirect` in its place"),
            (shown and does not in {Action.INJECT, Action.INTERCEPT}, "`page` and the action `inject` go together"),
            (self.page is not None and self.redirect is not None, "give `page` or `redirect`, not both"),
            (self.redirect is not None and does is not Action.INJECT, "`redirect` and the action `inject` go together"),
            (self.status is not None and does is not Action.INJECT, "`status` and the action `inject` go together"),
            ((self.certificate is None) == (does is Action.INTERCEPT), "`certificate` and the action `intercept` go together"),
            (
                (self.bytes_per_second is None) == (does is Action.THROTTLE),
                "`bytes_per_second` and the action `throttle` go together",
            ),
            ((self.after_bytes is None) == (does is Action.FREEZE), "`after_bytes` and the action `freeze` go together"),
        )


class Conditions(Closed):
    """How things differ from the undisturbed world, all of it: nothing carries over from conditions before.

    - `dns`: by resolver and name, what that resolver says to everybody, over every transport, instead of the truth
    - `spoof`: by vantage point and name, what somebody on its path answers to its questions over UDP, whomever it asks
    - `path`: by vantage point, rules on its way to the world; the first that fits a connection acts on it
    - `ports`: by address, all the ports that this host now has
    """

    dns: dict[ResolverAddress, dict[Name, DnsAnswer]] = Field(default_factory=dict)
    spoof: dict[Slug, dict[Name, DnsAnswer]] = Field(default_factory=dict)
    path: dict[Slug, tuple[PathRule, ...]] = Field(default_factory=dict)
    ports: dict[Address, dict[PortNumber, Port]] = Field(default_factory=dict)
