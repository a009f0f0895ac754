"""How scenario files spell addresses, names, moments and kinds, each checked where it is read."""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tests.lab.certificates import Certificate

_OFFSET: Final = re.compile(r"^\+(\d{1,6})(s|min|h|d)$")
_ENDPOINT: Final = re.compile(r"^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):(\d{1,5})$")
_SYSTEM: Final = re.compile(r"^AS([1-9]\d{0,9})$")
_UNITS: Final = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}

EVERY: Final = "*"
"""Stands for every name, or every resolver, that is not listed."""


class Closed(BaseModel):
    """Base of the format: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def endpoint(address: str, port: int) -> str:
    """An address and a port in one word, as `ip:port` or `[ip]:port`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def is_under(name: str | None, parent: str) -> bool:
    """Whether `name` is `parent` or lies below it."""
    return name is not None and (name == parent or name.endswith(f".{parent}"))


def fits(name: str, pattern: str) -> bool:
    """Whether `name` is meant by `pattern`: a name, `*.example.org` for all below it, or `*`."""
    return pattern in {name, EVERY} or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _address(text: str) -> str:
    return str(ip_address(text))


def _resolver(text: str) -> str:
    return text if text == EVERY else _address(text)


def _destination(text: str) -> str:
    if _SYSTEM.match(text):
        return text
    if "/" in text:
        return str(ip_network(text))
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


def _certificates(value: Any) -> Any:
    given = value.values() if isinstance(value, dict) else (value,)
    if not all(each in tuple(Certificate) for each in given):
        raise ValueError(f"write one of {', '.join(Certificate)}, or a mapping from names to them")
    return {_name(name): Certificate(kind) for name, kind in value.items()} if isinstance(value, dict) else Certificate(value)


def _location(text: str) -> str:
    if not text.isascii():
        raise ValueError("a Location header is ASCII: write international names as A-labels (xn--…)")
    return text


def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse an empty list."""
    if not values:
        raise ValueError("give at least one")
    return values


Address = Annotated[str, AfterValidator(_address)]
"""A nominal address: the one that DNS answers and verdicts name, whatever loopback socket stands for it."""

ResolverAddress = Annotated[str, AfterValidator(_resolver)]
"""The nominal address of a resolver, or `*` for every resolver that is not listed."""

Destination = Annotated[str, AfterValidator(_destination)]
"""`ip:port` (`[ip]:port` for IPv6), an address for all its ports, a network such as `::/0`, or `AS13335`."""

Name = Annotated[str, AfterValidator(_name)]
"""A host name; where that makes sense also `*.example.org` (all below it) and `*` (all not listed)."""

Offset = Annotated[timedelta, BeforeValidator(_offset)]
Certificates = Annotated[Certificate | dict[str, Certificate], BeforeValidator(_certificates)]
Location = Annotated[str, AfterValidator(_location)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
BytesPerSecond = Annotated[int, Field(ge=1)]
Delay = Annotated[float, Field(ge=0, le=5)]
"""Real seconds; the story's own time stands still meanwhile."""
