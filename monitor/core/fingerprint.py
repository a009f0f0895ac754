"""The schema of the files in `config/fingerprints/`, and what they become."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from monitor.core.model import Country, Model, Slug
from probes.kit.fingerprint import Fingerprint, Fit, Place
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind

OWN = "own"
"""The name of our own list in marks and versions."""

_Literal = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_HeaderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]


class Sign(Model):
    """One thing to be known by its marks. Any one of its signs is enough."""

    id: Slug
    kind: MarkKind
    actor: str | None = Field(default=None, max_length=200)
    countries: tuple[Country, ...] | None = None
    address: tuple[_Literal, ...] = ()
    certificate: tuple[_Literal, ...] = ()
    location: tuple[_Literal, ...] = ()
    header: dict[_HeaderName, _Literal] = Field(default_factory=dict)
    title: tuple[_Literal, ...] = ()
    body: tuple[_Literal, ...] = ()
    source: str = Field(min_length=1, max_length=500)
    note: str | None = None


class SignFile(Model):
    """One file: the signs of one country, or of one kind."""

    id: Slug
    compiled: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    countries: tuple[Country, ...] = ()
    note: str | None = None
    fingerprints: tuple[Sign, ...] = Field(min_length=1)


_FITS: Mapping[Place, Fit] = {
    Place.ADDRESS: Fit.FULL,
    Place.CERTIFICATE: Fit.FULL,
    Place.LOCATION: Fit.HOST,
    Place.TITLE: Fit.FULL,
    Place.BODY: Fit.CONTAINS,
}


def fingerprints_of(file: SignFile) -> Iterator[Fingerprint]:
    """The fingerprints that a file describes."""
    for sign in file.fingerprints:
        countries = file.countries if sign.countries is None else sign.countries
        mark = Mark(name=f"{OWN}:{sign.id}", kind=sign.kind, countries=countries, actor=sign.actor)
        yield from _fingerprints(sign, mark)


def _fingerprints(sign: Sign, mark: Mark) -> Iterator[Fingerprint]:
    for place, fit in _FITS.items():
        for literal in getattr(sign, place.value):
            yield Fingerprint(mark=mark, place=place, fit=fit, parts=(literal,))
    for name, literal in sign.header.items():
        yield Fingerprint(mark=mark, place=Place.HEADER, fit=Fit.PREFIX, parts=(literal,), header=name)
