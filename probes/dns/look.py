"""Asking the own resolver for a name, and for one that cannot exist."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from probes.kit.address import is_address
from probes.kit.hostname import ascii_host
from probes.kit.observation import Facts
from probes.kit.probe import ProbeParams
from probes.kit.vocabulary import Aim, Depth

if TYPE_CHECKING:
    from probes.kit.network import Look


class Params(ProbeParams):
    """What the DNS probe must know of a target: the name to ask for, and at which port an address of it can prove itself."""

    name: Annotated[str, AfterValidator(ascii_host)]
    port: int = Field(default=443, ge=1, le=65535)

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:
        """Ask for the host of the URL, or for the domain; an address in place of a name leaves nothing to ask."""
        parts = _split(url)
        name = domain if url is None else (parts.hostname if parts else None) or url
        if name is None or is_address(name):
            return None
        return cls.model_validate({**_port(parts), **given, "name": name})


def _split(url: str | None) -> SplitResult | None:
    """The parts of `url`; None for what is no URL, of which the validation will complain."""
    try:
        parts = urlsplit(url or "")
        parts.port  # noqa: B018 - asking for it is what checks it
    except ValueError:
        return None
    return parts


def _port(parts: SplitResult | None) -> dict[str, int]:
    """Where the website itself speaks TLS, if not at the usual port. One in clear text may speak it at the usual one, too."""
    return {"port": parts.port} if parts and parts.scheme == "https" and parts.port else {}


async def observe(params: Params, look: "Look") -> Facts:
    """Look the name up, and beside it a random one below it."""
    below = f"{secrets.token_hex(8)}.{params.name}"
    await asyncio.gather(look.resolve(params.name), look.resolve(below, aim=Aim.PROBE_NAME))
    return look.facts(depth=look.depth.value) if look.depth is Depth.FULL else look.facts()
