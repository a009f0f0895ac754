"""Asking the own resolver for a name, and for one that cannot exist."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator

from probes.kit.address import is_address
from probes.kit.hostname import ascii_host
from probes.kit.observation import Facts
from probes.kit.probe import ProbeParams

if TYPE_CHECKING:
    from probes.kit.network import Look


class Params(ProbeParams):
    """What the DNS probe must know of a target: the name to ask for."""

    name: Annotated[str, AfterValidator(ascii_host)]

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:
        """Ask for the host of the URL, or for the domain; an address in place of a name leaves nothing to ask."""
        name = domain if url is None else _host(url)
        if name is None or is_address(name):
            return None
        return cls.model_validate({**given, "name": name})


def _host(url: str) -> str:
    """The host of `url`; what is no URL stays as it is, for the validation to complain of."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


async def observe(params: Params, look: "Look") -> Facts:
    """Look the name up, and beside it a random one below it."""
    await asyncio.gather(look.resolve(params.name), look.resolve(f"{secrets.token_hex(8)}.{params.name}"))
    return look.facts()
