"""What a fingerprint is: a sign, where it stands, and how it must fit."""

from dataclasses import dataclass
from enum import StrEnum

from probes.kit.observation import Mark


class Place(StrEnum):
    """What a fingerprint is looked for in."""

    ADDRESS = "address"
    CERTIFICATE = "certificate"
    LOCATION = "location"
    HEADER = "header"
    TITLE = "title"
    BODY = "body"


class Fit(StrEnum):
    """How a fingerprint must fit there. Capital and small letters are the same everywhere."""

    FULL = "full"
    PREFIX = "prefix"
    CONTAINS = "contains"
    """All parts stand in one line, in their order, with anything between them."""
    HOST = "host"
    """A web address whose host is the one named, or below it, and whose path begins as written: `block.example.ru/page`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One sign of one mark. `parts` are literals: one, but for a `CONTAINS` with gaps. `header` is the name of a header."""

    mark: Mark
    place: Place
    fit: Fit
    parts: tuple[str, ...]
    header: str | None = None
