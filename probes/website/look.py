"""Looking at a website: page by page from the address that the own resolver gives, one address per family."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from probes.kit.address import is_address, is_bogon, may_connect
from probes.kit.budgets import MAX_HOPS
from probes.kit.observation import Facts, HttpExchange
from probes.kit.vocabulary import Aim, Depth
from probes.website.redirect import FINAL, TOO_MANY, Turn, turn_after
from probes.website.target import MOST_ALSO, Params, host_of, is_front_page, tls_port
from probes.website.walk import CERTIFICATE

if TYPE_CHECKING:
    from probes.kit.network import Look

_AT_ONCE: Final = 2
"""Handshakes that are under way at one target at once."""


async def observe(params: Params, look: "Look") -> Facts:
    """Fetch the page and what it redirects to; say what was seen, never what it means.

    A full look also asks public resolvers, and tries every address that anybody gave. A control tries `also_addresses`, and
    visits the target's neighbours. Where the walk ended at a redirect, the failure stands on that exchange, or
    `details["refused_redirect"]` says why it was not followed.
    """
    turn = await _walk(params.url, look)
    if look.depth is Depth.FULL:
        await _look_around(params.url, look)
    if params.also_addresses is not None:
        await shake_hands(look, params.url, untried(look.facts(), params.url, params.also_addresses))
        await visit_neighbours(look, params)
    return _noted(look.facts(**_details(look, turn)), turn)


async def shake_hands(look: "Look", url: str, addresses: Sequence[str], *, hop: int = 0, aim: Aim = Aim.ELSEWHERE) -> None:
    """Ask each of `addresses`, at most eight and two at a time, to prove by TLS that it is the host of `url`.

    None that no public host has: what strangers answered must not lead us, or a control, into somebody's home.
    """
    port, host = tls_port(url), host_of(url)
    if port is None or is_address(host):
        return
    chosen = [address for address in addresses if is_address(address) and not is_bogon(address)][:MOST_ALSO]
    for pair in (chosen[start : start + _AT_ONCE] for start in range(0, len(chosen), _AT_ONCE)):
        await asyncio.gather(*(look.handshake(address, port, host, hop=hop, aim=aim) for address in pair))


async def visit_neighbours(look: "Look", params: Params, *, hop: int = 0) -> None:
    """Fetch the front page of every neighbour, over TLS, one after another: they did not ask to be looked at."""
    for name in params.neighbours:
        addresses = await look.resolve(name, hop=hop, aim=Aim.NEIGHBOUR)
        if addresses or look.proxied:
            await look.fetch(f"https://{name}/", addresses[:1], hop=hop, aim=Aim.NEIGHBOUR)


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
    """The page at `url`. At a private address, where a block page may live, no redirect has more than the front page opened."""
    answers = await look.resolve(host_of(url), hop=hop)
    addresses = _one_per_family([one for one in answers if hop == 0 or is_front_page(url) or not is_bogon(one)])
    return await look.fetch(url, addresses, hop=hop) if addresses or look.proxied else None


async def _look_around(url: str, look: "Look") -> None:
    """What a visitor might have met as well: other resolvers' answers, and every address there is."""
    host = host_of(url)
    if is_address(host):
        return
    given = await look.resolve_publicly(host)
    own = (answer for lookup in look.facts().dns if lookup.name == host for answer in lookup.answers)
    theirs = (address for addresses in given.values() for address in addresses)
    await shake_hands(look, url, untried(look.facts(), url, (*own, *theirs)))


def untried(facts: Facts, url: str, addresses: Iterable[str]) -> list[str]:
    """Those of `addresses` that were not yet connected to for a handshake in the name of `url`, each once."""
    tried = {one.address for one in facts.tcp if one.port == tls_port(url)}
    return [address for address in dict.fromkeys(addresses) if address not in tried]


def _one_per_family(addresses: Sequence[str]) -> tuple[str, ...]:
    """The first IPv4 and the first IPv6 address that may be connected to: a light look does not try them all."""
    fit = [address for address in addresses if may_connect(address)]
    first = {":" in address: address for address in reversed(fit)}
    return tuple(first[family] for family in sorted(first))


def _details(look: "Look", turn: Turn) -> dict[str, Any]:
    depth = {"depth": look.depth.value} if look.depth is not Depth.LIGHT else {}
    return depth | ({"refused_redirect": turn.refused} if turn.refused else {})


def _noted(facts: Facts, turn: Turn) -> Facts:
    """The failure of a redirect stands on the last page of the walk."""
    if turn.failure is None or not facts.http:
        return facts
    last = max((one for one in facts.http if one.aim is Aim.VISIT), key=lambda one: one.hop)
    return replace(facts, http=tuple(replace(one, failure=turn.failure) if one is last else one for one in facts.http))
