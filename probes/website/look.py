"""Looking at a website: page by page from the address that the own resolver gives, one address per family."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from probes.kit.address import is_address, may_connect
from probes.kit.budgets import MAX_HOPS
from probes.kit.observation import Facts, HttpExchange
from probes.website.redirect import FINAL, TOO_MANY, Turn, turn_after
from probes.website.target import MOST_ALSO, Params, host_of, tls_port
from probes.website.walk import CERTIFICATE

if TYPE_CHECKING:
    from probes.kit.network import Look


async def observe(params: Params, look: "Look") -> Facts:
    """Fetch the page and what it redirects to, then shake hands with `also_addresses`; say what was seen, never what it means.

    Where the walk ended at a redirect, the failure stands on that exchange, or `details["refused_redirect"]` says why it
    was not followed.
    """
    turn = await _walk(params.url, look)
    await shake_hands(look, params.url, params.also_addresses)
    return _noted(look.facts(**_details(turn)), turn)


async def shake_hands(look: "Look", url: str, addresses: Sequence[str], *, hop: int = 0) -> None:
    """Ask each of `addresses`, at most eight, to prove by TLS that it is the host of `url`."""
    port = tls_port(url)
    if port is None or is_address(host_of(url)):
        return
    chosen = [address for address in addresses if may_connect(address)][:MOST_ALSO]
    await asyncio.gather(*(look.handshake(address, port, host_of(url), hop=hop) for address in chosen))


async def _walk(url: str, look: "Look") -> Turn:
    for hop in range(MAX_HOPS + 1):
        exchange = await _visit(url, look, hop)
        turn = turn_after(exchange) if exchange else FINAL
        if turn == FINAL or _is_impostor(look, hop):
            return FINAL
        if turn.url is None:
            return turn
        url = turn.url
    return Turn(failure=TOO_MANY)


def _is_impostor(look: "Look", hop: int) -> bool:
    """Whether the page came over a certificate that does not prove its host: nobody follows where that sends us."""
    return any(handshake.hop == hop and handshake.failure in CERTIFICATE for handshake in look.facts().tls)


async def _visit(url: str, look: "Look", hop: int) -> HttpExchange | None:
    addresses = _one_per_family(await look.resolve(host_of(url), hop=hop))
    return await look.fetch(url, addresses, hop=hop) if addresses or look.proxied else None


def _one_per_family(addresses: Sequence[str]) -> tuple[str, ...]:
    """The first IPv4 and the first IPv6 address that may be connected to: a light look does not try them all."""
    fit = [address for address in addresses if may_connect(address)]
    first = {":" in address: address for address in reversed(fit)}
    return tuple(first[family] for family in sorted(first))


def _details(turn: Turn) -> dict[str, Any]:
    return {"refused_redirect": turn.refused} if turn.refused else {}


def _noted(facts: Facts, turn: Turn) -> Facts:
    if turn.failure is None or not facts.http:
        return facts
    *earlier, last = facts.http
    return replace(facts, http=(*earlier, replace(last, failure=turn.failure)))
