"""The scenario format: a world, what disturbs it over time, and what Cutwatch must then say. `docs/lab.md` explains it.

The format is closed: an unknown key is an error. Vantage points, targets, routes and the confirmation policy are written
in the words of Cutwatch's own configuration.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Any, Final, Self

import idna
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.core.incident import IncidentStage, Kind
from monitor.core.message import MessageKind
from monitor.core.watchlist import Confirmation, Country, Route, Slug, Target, VantagePoint
from probes.kit.budgets import Budgets
from probes.kit.vocabulary import State, Strength, WhyUnclear
from tests.lab.certificates import Certificate
from tests.lab.dns import Refusal

_OFFSET = re.compile(r"^\+(\d{1,6})(s|min|h|d)$")
_ENDPOINT = re.compile(r"^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):(\d{1,5})$")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
_MOST_BYTES = 64 * 1024 * 1024

CHANNEL: Final = "lab"
"""The one channel to which a scenario's routes lead."""


def _address(text: str) -> str:
    return str(ip_address(text))


def endpoint(address: str, port: int) -> str:
    """An address and a port in one word, as `ip:port` or `[ip]:port`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _endpoint(text: str) -> str:
    found = _ENDPOINT.match(text)
    return endpoint(_address(found[1] or found[2]), int(found[3])) if found else _address(text)


def _name(text: str) -> str:
    """A host name in the form in which DNS, SNI and Host carry it: lower case, A-labels."""
    return text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()


def _offset(value: Any) -> Any:
    found = _OFFSET.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write the time since the start as a sign, a number and a unit: +0min, +90s, +2h or +1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _dns_answer(value: Any) -> Any:
    if isinstance(value, list | tuple) and value:
        return tuple(map(_address, value))
    if isinstance(value, str) and value in tuple(Refusal):
        return Refusal(value)
    raise ValueError(f"write a list of addresses, or one of {', '.join(Refusal)}")


def _certificates(value: Any) -> Any:
    given = value.values() if isinstance(value, dict) else (value,)
    if not all(each in tuple(Certificate) for each in given):
        raise ValueError(f"write one of {', '.join(Certificate)}, or a mapping from names to them")
    return {_name(name): Certificate(kind) for name, kind in value.items()} if isinstance(value, dict) else Certificate(value)


def _location(text: str) -> str:
    if not text.isascii():
        raise ValueError("a Location header is ASCII: write international names as A-labels (xn--…)")
    return text


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("give at least one")
    return values


Address = Annotated[str, AfterValidator(_address)]
"""A nominal address: the one that DNS answers and verdicts name, whatever loopback socket stands for it."""

Endpoint = Annotated[str, AfterValidator(_endpoint)]
"""`ip:port` (`[ip]:port` for IPv6), or an address alone for all its ports."""

Name = Annotated[str, AfterValidator(_name)]
Offset = Annotated[timedelta, BeforeValidator(_offset)]
DnsAnswer = Annotated[Refusal | tuple[str, ...], BeforeValidator(_dns_answer)]
Certificates = Annotated[Certificate | dict[str, Certificate], BeforeValidator(_certificates)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Closed(BaseModel):
    """Base of the format: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Closed):
    """An HTML page. `bytes` pads it to an exact length; `html` gives it literally instead."""

    title: str | None = None
    text: str = ""
    bytes: int | None = Field(default=None, ge=1, le=_MOST_BYTES)
    html: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.html is not None and (self.title or self.text or self.bytes):
            raise ValueError("a page is either `html`, or made of `title`, `text` and `bytes`")
        return self


class Reply(Closed):
    """What a site says to a request. The first reply of the site whose `host`, `path` and `to` all fit is given.

    `host` and `path` are shell patterns; `to` names the vantage points that get this reply (empty: everybody).
    """

    host: Name = "*"
    path: str = "*"
    to: tuple[Slug, ...] = ()
    status: int = Field(default=200, ge=200, le=599)
    page: Slug | None = None
    redirect: Annotated[str, AfterValidator(_location)] | None = Field(
        default=None, description="the Location header; give a 3xx status with it"
    )
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _redirects(self) -> Self:
        if (self.redirect is not None) != (300 <= self.status < 400):
            raise ValueError("`redirect` and a status from 300 to 399 go together")
        return self


class Port(Closed):
    """A port that somebody listens on. With a `certificate` it speaks TLS; without a `site` it closes once it was asked."""

    site: Slug | None = None
    certificate: Certificates | None = Field(default=None, description="one for all, or by SNI (other names: a good one)")


class Host(Closed):
    """A machine at a nominal address. The true DNS gives this address for its `names`; unlisted ports are closed."""

    asn: int | None = Field(default=None, ge=1, le=4294967295)
    names: tuple[Name, ...] = ()
    ports: dict[PortNumber, Port] = Field(default_factory=dict)


class Topology(Closed):
    """The world when nothing interferes. A name that no host has does not exist; an address without a host never answers."""

    vantages: Annotated[tuple[VantagePoint, ...], AfterValidator(_some)]
    hosts: dict[Address, Host] = Field(default_factory=dict)
    sites: dict[Slug, tuple[Reply, ...]] = Field(default_factory=dict)
    pages: dict[Slug, Page] = Field(default_factory=dict)


class Action(StrEnum):
    """What a censor does to a connection."""

    REFUSE = "refuse"
    DROP = "drop"
    RESET = "reset"
    CLOSE = "close"
    INJECT = "inject"
    THROTTLE = "throttle"


class PathRule(Closed):
    """One rule on the path. It acts on connections `to` an endpoint, once the trigger (`sni`, `host` or `contains`) is seen.

    `sni` and `host` also fit subdomains. Without a trigger `drop` and `refuse` act on the SYN, the others on the first bytes.
    """

    action: Action
    to: Endpoint | None = None
    sni: Name | None = None
    host: Name | None = None
    contains: str | None = None
    page: Slug | None = Field(default=None, description="what `inject` says")
    bytes_per_second: int | None = Field(default=None, ge=1, description="what `throttle` lets through")

    @property
    def is_triggered(self) -> bool:
        """Whether the rule waits for something to be said."""
        return not (self.sni is None and self.host is None and self.contains is None)

    @property
    def acts_on_connecting(self) -> bool:
        """Whether the rule acts before a connection stands."""
        return self.action in {Action.REFUSE, Action.DROP} and not self.is_triggered

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.action is Action.REFUSE and self.is_triggered:
            raise ValueError("`refuse` acts before anything is said: leave out sni, host and contains")
        if (self.page is not None) != (self.action is Action.INJECT):
            raise ValueError("`page` and the action `inject` go together")
        if (self.bytes_per_second is not None) != (self.action is Action.THROTTLE):
            raise ValueError("`bytes_per_second` and the action `throttle` go together")
        return self


class Conditions(Closed):
    """How things differ from the undisturbed world, all of it: nothing carries over from conditions before.

    - `dns`: by resolver and name, what that resolver says instead of the truth; the name `*` stands for every other name
    - `path`: by vantage point, rules on its way to the world; the first that fits a connection acts on it
    - `ports`: by address, all the ports that this host now has
    """

    dns: dict[Address, dict[Name, DnsAnswer]] = Field(default_factory=dict)
    path: dict[Slug, tuple[PathRule, ...]] = Field(default_factory=dict)
    ports: dict[Address, dict[PortNumber, Port]] = Field(default_factory=dict)


class ExpectedVerdict(Closed):
    """What every look by this probe from this vantage point must say during the phase. Keys left out are not compared."""

    vantage: Slug
    probe: Slug
    target: Slug | None = Field(default=None, description="left out: every target")
    state: State
    rule: str | None = None
    mechanism: str | None = None
    strength: Strength | None = None
    why_unclear: WhyUnclear | None = None


class ExpectedIncident(Closed):
    """An incident as it stands at the end of the phase. Keys left out are not compared."""

    kind: Kind
    stage: IncidentStage
    target: Slug | None = None
    country: Country | None = None
    vantages: tuple[Slug, ...] | None = Field(default=None, description="exactly these, in any order")
    mechanisms: tuple[str, ...] | None = Field(default=None, description="exactly these, in any order")
    strength: Strength | None = None
    rule: str | None = None
    intermittent: bool | None = None


class ExpectedMessage(Closed):
    """A message that came to be owed during the phase."""

    route: Slug
    kind: MessageKind


class Expect(Closed):
    """What must hold. `incidents` and `messages`, where given, are complete and in the order in which they came."""

    verdicts: tuple[ExpectedVerdict, ...] = ()
    incidents: tuple[ExpectedIncident, ...] | None = None
    messages: tuple[ExpectedMessage, ...] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expect at least one of verdicts, incidents or messages")
        return self


class Phase(Closed):
    """A time with expectations of its own. It lasts until the next phase, or the scenario's end."""

    at: Offset
    about: str | None = None
    conditions: Conditions | None = Field(default=None, description="left out: those of the phase before; `{}`: none")
    expect: Expect


class Scenario(Closed):
    """One story: who is looked at, what happens, and what must be said of it.

    Without a time axis it has `conditions` and `expect`; with one it has `phases` and an `end`. Targets with `every` are
    looked at from the start of each phase in that rhythm, the others once per phase.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
    about: str = Field(min_length=1)
    organisation: Slug = "example"
    targets: Annotated[tuple[Target, ...], AfterValidator(_some)]
    starts: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    conditions: Conditions | None = None
    expect: Expect | None = None
    phases: Annotated[tuple[Phase, ...], AfterValidator(_some)] | None = None
    end: Offset | None = None
    routes: tuple[Route, ...] = ()
    confirmation: Confirmation = Confirmation()
    budgets: Budgets = Budgets(dns=1, tcp=1, tls=1, http=1, look=6)

    @property
    def parts(self) -> tuple[Phase, ...]:
        """The phases as they are written; a scenario without a time axis is one."""
        if self.phases is not None:
            return self.phases
        assert self.expect is not None
        return (Phase.model_construct(at=timedelta(0), about=None, conditions=self.conditions, expect=self.expect),)

    @property
    def timeline(self) -> Iterator["Stretch"]:
        """The phases as they are lived through, in order."""
        parts, conditions = self.parts, Conditions()
        ends = [*(phase.at for phase in parts[1:]), self.end or parts[-1].at]
        for phase, end in zip(parts, ends, strict=True):
            conditions = conditions if phase.conditions is None else phase.conditions
            yield Stretch(phase.at, end, conditions, phase.expect)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.phases is None) == (self.expect is None):
            raise ValueError("a scenario has either `expect` (with `conditions`), or `phases`")
        if self.phases and self.conditions:
            raise ValueError("with `phases`, each phase has its own conditions")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [phase.at for phase in self.phases or ()] + ([self.end] if self.end is not None else [])
        if times != sorted(set(times)):
            raise ValueError("phases must follow one another in time, and `end` must come after the last of them")
        if any(target.every for target in self.targets) and self.end is None:
            raise ValueError("a target with `every` needs the scenario's `end`")
        return self


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a story during which conditions and expectations stay the same."""

    start: timedelta
    end: timedelta
    conditions: Conditions
    expect: Expect


class ScenarioFile(Closed):
    """One file: a world, given here or as the path of a file that holds it, and the scenarios that play in it."""

    world: Topology
    scenarios: Annotated[tuple[Scenario, ...], AfterValidator(_some)]
