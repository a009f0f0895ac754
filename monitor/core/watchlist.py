"""What is watched, from where, how often, and who hears of it: the configuration, once read and checked.

These models are the schema of the files in `config/`; unknown keys are refused. Reading the files, and explaining every
mistake in them, is the work of `monitor.configuration`.
"""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from monitor.core.documented import Documented
from monitor.core.model import (
    Country,
    Model,
    Moment,
    Seconds,
    SecretName,
    Slug,
    Source,
    Tlp,
    Words,
)
from monitor.core.subscription import Alerts
from probes.kit.budgets import Budgets
from probes.kit.resolvers import PublicResolver
from probes.kit.vocabulary import VantageKind

PublicResolvers = Annotated[tuple[PublicResolver, ...], Field(max_length=20)]
"""Of each transport the first is asked, and the second where the first knows nothing."""


class NetworkKind(StrEnum):
    """What sort of line a vantage point sits on. "Reachable in Russia" needs an eyeball line, not a data centre."""

    DATACENTRE = "datacentre"
    RESIDENTIAL = "residential"
    MOBILE = "mobile"
    UNKNOWN = "unknown"


class ProviderKind(StrEnum):
    """What a provider does for an organisation."""

    REGISTRAR = "registrar"
    DNS = "dns"
    HOSTING = "hosting"
    CDN = "cdn"
    EMAIL_MARKETING = "email_marketing"
    PAYMENTS = "payments"
    DONATION_PLATFORM = "donation_platform"
    SOCIAL = "social"
    SEARCH = "search"
    SAAS = "saas"
    APP_STORE = "app_store"
    ADS = "ads"
    MESSENGER = "messenger"


class PlannedChange(Model):
    """A change that the organisation itself has announced. Losses within it are its own, unless interference shows itself."""

    start: Moment
    end: Moment
    note: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a planned change must end after it starts: correct `start` or `end`")
        return self


class Target(Model):
    """One asset of an organisation: a website (`url`) or a domain that carries none (`domain`)."""

    id: Slug
    url: str | None = None
    domain: str | None = None
    name: Words | None = None
    note: str | None = None
    probes: dict[Slug, dict[str, Any]] | None = Field(
        default=None, description="probe name to its parameters; left out: all that fit"
    )
    vantages: tuple[Slug, ...] | None = Field(default=None, description="look from these only; left out: from all")
    globalping: bool = Field(default=False, description="whether volunteers' lines may be used to look at this")
    every: Seconds | None = None
    tlp: Tlp = Tlp.AMBER
    paused: bool = False
    planned: tuple[PlannedChange, ...] = ()


class Dependency(Model):
    """A provider that an organisation relies on, and the account there by its stable id."""

    provider: Slug
    account: dict[str, str] = Field(default_factory=dict)
    note: str | None = None


class Organisation(Model):
    """A tracked organisation: one file in `config/organisations/`."""

    id: Slug
    name: Words
    aliases: tuple[str, ...] = ()
    country: Country | None = Field(default=None, description="the country whose authorities it must fear most")
    tlp: Tlp = Tlp.AMBER
    targets: tuple[Target, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    sources: tuple[Source, ...] = ()
    note: str | None = None


class AccountField(Model):
    """What an organisation must say about its account at a provider. Numeric ids are preferred: handles change hands."""

    type: Literal["handle", "numeric_id", "url", "domain", "secret_ref"]
    pattern: str | None = Field(default=None, max_length=200)
    required: bool = True
    stable: bool = False


class Provider(Model):
    """A company or platform: one file in `config/providers/`. Its rules come with the platform probe."""

    id: Slug
    name: Words
    kinds: tuple[ProviderKind, ...] = Field(min_length=1)
    jurisdiction: Country | None = None
    homepage: str | None = None
    aliases: tuple[str, ...] = Field(default=(), description="other names under which people and documents know it")
    account: dict[Slug, AccountField] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    note: str | None = None


class Canaries(Model):
    """Names that tell a vantage point whether it can see at all: several, unrelated, looked up and shaken hands with."""

    domestic: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    every: Seconds = 60
    quorum: float = Field(default=0.5, gt=0, le=1, description="share of the names that must answer")


class Service(Model):
    """How a service that looks for us is reached. What is left out is the public one, asked without an account."""

    url: str | None = Field(default=None, max_length=300)
    token: SecretName | None = None
    limit: int = Field(default=1, ge=1, le=10, description="volunteers who are asked for one look")


class VantagePoint(Model):
    """A network and place from which we look, or from which others look for us (`service`).

    `control` names the vantage points to compare with: without one a failure stays `unclear: no_control`, and `down` needs
    two. `proxy` names the environment variable that holds the proxy's address (`socks5h://…` or `http://…`), since that may
    carry a password.
    """

    id: Slug
    name: Words
    country: Country | None = None
    asn: int | None = Field(default=None, ge=1, le=4294967295)
    kind: VantageKind = VantageKind.DIRECT
    network: NetworkKind = NetworkKind.UNKNOWN
    proxy: SecretName | None = None
    own_addresses: SecretName | None = Field(
        default=None,
        description="the variable that holds this place's public addresses, comma-separated; scrubbed from everything stored",
    )
    resolvers: tuple[str, ...] = Field(default=(), description="addresses of the own resolvers; left out: those of the machine")
    public_resolvers: PublicResolvers | None = Field(
        default=None, description="resolvers to ask besides, instead of the common ones; left out: those"
    )
    control: tuple[Slug, ...] = ()
    canaries: Canaries | None = None
    every: Seconds | None = Field(default=None, description="cadence of looks from here; left out: `cadence.look`")
    service: Service = Service()
    paused: bool = False


class Cadence(Model):
    """How often we look."""

    look: Seconds = 300
    hostile: Seconds = 1800
    full: Seconds = Field(
        default=3600, description="this often a look is thorough: all resolvers, all addresses, and a comparison in any case"
    )
    relook: tuple[Seconds, ...] = Field(default=(180, 600), description="after a first bad look, look again after these")


class Limits(Model):
    """Politeness and overload. Gaps are seconds between looks at one registrable domain or address."""

    fast_lane: int = Field(default=64, ge=1, le=1000)
    slow_lane: int = Field(default=64, ge=1, le=1000)
    per_host: int = Field(default=2, ge=1, le=10)
    gap: float = Field(default=1.0, ge=0, le=60)
    budgets: Budgets = Budgets()


class Confirmation(Model):
    """When a suspicion becomes an incident, and when an incident is over (design: detection.md)."""

    explicit_looks: int = Field(default=2, ge=1, le=20)
    strong_looks: int = Field(default=3, ge=1, le=20)
    strong_span: Seconds = 600
    distinct: Seconds = Field(default=150, description="looks from one place closer together than this count once")
    silence: Seconds = Field(default=3600, description="a longer gap between two looks is silence: it neither confirms nor ends")
    memory: Seconds = Field(default=86400, description="after this long a look weighs half as much")
    returns: int = Field(default=6, ge=2, le=50, description="disturbances that confirm a bare failure which comes and goes")
    contrast: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="when more than this share of unrelated targets turned bad at one place together, a bare failure there waits",
    )
    reopen: Seconds = Field(
        default=86400, description="a return within this time re-opens the same incident, marked intermittent"
    )


class Mass(Model):
    """When many incidents are one mass event: enough of them, of enough organisations, confirmed within one `window`.

    One organisation's names all fall with every block of its domain; only that others fall too makes it a mass event.
    """

    members: int = Field(default=5, ge=2, le=1000, description="incidents of one family and country, or of one provider")
    organisations: int = Field(default=3, ge=1, le=1000, description="organisations that these belong to at least")
    window: Seconds = 3600


def _long_enough(seconds: int) -> int:
    """An incident keeps the looks from seven days before it on, and it may take a day to be confirmed."""
    if seconds < 8 * 86400:
        raise ValueError("write 8d or more: an incident keeps the looks of seven days before it, so they must still be there")
    return seconds


class Retention(Model):
    """How long raw observations are kept. Roll-ups, and all looks around an incident, stay for ever."""

    observations: Annotated[Seconds, AfterValidator(_long_enough)] = 90 * 86400


class Lists(Model):
    """Lists that others keep. They are fetched when somebody asks for it (`cutwatch lists update`), and never before."""

    ooni_fingerprints: str = Field(
        default="https://raw.githubusercontent.com/ooni/blocking-fingerprints/main",
        max_length=300,
        description="where the two files of OONI's blocking fingerprints stand",
    )


def _network(value: Any) -> Any:
    """An address, or all addresses that begin alike; not everybody's, which would let anybody say who they are."""
    try:
        network = ip_network(str(value))
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise ValueError("write the address or the network of a proxy of yours, such as 127.0.0.1 or 10.20.0.0/24")
    return network


ProxyNetwork = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Monitor(Model):
    """`config/monitor.yaml`."""

    vantages: tuple[VantagePoint, ...] = Field(min_length=1)
    public: bool = Field(default=True, description="whether anybody may read what a person has released (TLP:CLEAR)")
    trusted_proxies: tuple[ProxyNetwork, ...] = Field(
        default=(), max_length=50, description="reverse proxies that are believed for whom they ask"
    )
    public_resolvers: PublicResolvers = ()
    canaries: Canaries = Canaries()
    cadence: Cadence = Cadence()
    limits: Limits = Limits()
    confirmation: Confirmation = Confirmation()
    mass: Mass = Mass()
    retention: Retention = Retention()
    lists: Lists = Lists()


class Watchlist(Model):
    """The whole configuration. `version` is a hash of what was read, so that a change is noticed."""

    version: str
    monitor: Monitor
    organisations: tuple[Organisation, ...] = ()
    providers: tuple[Provider, ...] = ()
    incidents: tuple[Documented, ...] = ()
    alerts: Alerts = Alerts()

    def organisation(self, slug: str) -> Organisation | None:
        """The organisation with this id, or None."""
        return next((one for one in self.organisations if one.id == slug), None)

    def vantage(self, slug: str) -> VantagePoint | None:
        """The vantage point with this id, or None."""
        return next((one for one in self.monitor.vantages if one.id == slug), None)
