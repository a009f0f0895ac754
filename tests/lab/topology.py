"""The world of a scenario when nothing interferes: who looks, which machines there are, and what they say."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.core.model import Slug
from monitor.core.watchlist import VantagePoint
from probes.kit.resolvers import PublicResolver
from tests.lab.spelling import Address, BytesPerSecond, Certificates, Closed, Location, Name, PortNumber, some

_MOST_BYTES: Final = 64 * 1024 * 1024


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
    redirect: Location | None = Field(default=None, description="the Location header; give a 3xx status with it")
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
    bytes_per_second: BytesPerSecond | None = Field(default=None, description="how slowly its site answers everybody")
    passes_on: bool = Field(default=False, description="hands every connection on to the host that its SNI or Host names")

    @model_validator(mode="after")
    def _one_job(self) -> Self:
        if self.passes_on and (self.site or self.certificate):
            raise ValueError("a port either `passes_on` what it is sent, or has a `site` and `certificate` of its own")
        if self.bytes_per_second is not None and self.site is None:
            raise ValueError("`bytes_per_second` is about a `site`: give one")
        return self


class Host(Closed):
    """A machine at a nominal address. The true DNS gives this address for its `names`; unlisted ports are closed."""

    asn: int | None = Field(default=None, ge=1, le=4294967295)
    names: tuple[Name, ...] = ()
    ports: dict[PortNumber, Port] = Field(default_factory=dict)


class Topology(Closed):
    """The world when nothing interferes. A name that no host has does not exist; an address without a host never answers.

    `public_resolvers` are those of every vantage point that names none itself; all of them answer everybody alike.
    """

    vantages: Annotated[tuple[VantagePoint, ...], AfterValidator(some)]
    public_resolvers: tuple[PublicResolver, ...] = ()
    hosts: dict[Address, Host] = Field(default_factory=dict)
    sites: dict[Slug, tuple[Reply, ...]] = Field(default_factory=dict)
    pages: dict[Slug, Page] = Field(default_factory=dict)

    @property
    def vantage_ids(self) -> list[str]:
        """The ids of the vantage points."""
        return [vantage.id for vantage in self.vantages]

    @property
    def resolvers(self) -> list[str]:
        """The addresses of all resolvers, own and public."""
        own = (address for vantage in self.vantages for address in vantage.resolvers)
        public = (one.address for vantage in self.vantages for one in self.public_resolvers_of(vantage.id))
        return list(dict.fromkeys((*own, *public)))

    def vantage(self, name: str) -> VantagePoint:
        """The vantage point with this id. Raises LookupError."""
        return next(vantage for vantage in self.vantages if vantage.id == name)

    def public_resolvers_of(self, name: str) -> tuple[PublicResolver, ...]:
        """The public resolvers that the vantage point with this id asks."""
        own = self.vantage(name).public_resolvers
        return self.public_resolvers if own is None else own
