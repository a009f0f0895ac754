"""A second step, once the controls have spoken: what others say, whether the resolver is alive, and what waits at addresses."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from probes.dns.case import DnsCase
from probes.dns.look import Params
from probes.kit.address import may_connect
from probes.kit.answers import answers_elsewhere
from probes.kit.failure import Failure
from probes.kit.innocuous import innocuous_beside
from probes.kit.joining import joined
from probes.kit.observation import Control, Facts
from probes.kit.vocabulary import Aim, Depth

if TYPE_CHECKING:
    from probes.kit.network import Look

_MOST_TRIED: Final = 3
"""Addresses of a kind that are asked to prove themselves: enough to see what they are."""


async def compare(params: Params, look: "Look", facts: Facts, control: tuple[Control, ...]) -> Facts:
    """Ask other resolvers, and the own one for a name that nobody blocks; then try the addresses that nobody vouches for.

    It is done in full looks, and in light ones where the answer is not accounted for by a control's; else `facts` come back as
    they are. What struck in a light look is asked once more: a full one has already done so. `look` is a fresh one. What it adds
    starts after everything else did.
    """
    first = DnsCase.read(facts, control)
    is_full = facts.details.get("depth") == Depth.FULL
    if not first.own.lookups or (first.is_accounted_for and not is_full):
        return facts
    again = () if is_full else (look.resolve(params.name),)
    await asyncio.gather(_ask_others(params, look), *again)
    asked = joined(facts, look.facts())
    await _try(params, look, _to_try(DnsCase.read(asked, control), asked))
    return joined(facts, look.facts())


async def _ask_others(params: Params, look: "Look") -> None:
    innocuous = innocuous_beside(params.name)
    await asyncio.gather(
        look.resolve(innocuous, aim=Aim.PROBE_NAME),
        look.resolve_publicly(params.name),
        look.resolve_publicly(innocuous, aim=Aim.PROBE_NAME),
    )


def _to_try(case: DnsCase, facts: Facts) -> list[str]:
    """The addresses that nobody vouches for, and for contrast those that others were given."""
    heard = [lookup for lookup in case.forgeries.in_clear if not case.vouched.answers_for(lookup)]
    doubtful = {answer for lookup in heard for answer in lookup.answers}
    denied = any(lookup.failure == Failure.DNS_NXDOMAIN for lookup in heard)
    if not doubtful and not denied:
        return []
    true = {*case.vouched.given, *answers_elsewhere(facts, case.own.name)} - doubtful
    return [*_first(doubtful), *_first(true)]


def _first(addresses: Iterable[str]) -> list[str]:
    """A few of them, IPv4 before IPv6, which is not to be had everywhere."""
    fit = sorted((":" in address, address) for address in addresses if may_connect(address))
    return [address for _, address in fit[:_MOST_TRIED]]


async def _try(params: Params, look: "Look", addresses: Iterable[str]) -> None:
    shaken = (look.handshake(address, params.port, params.name, aim=Aim.ELSEWHERE) for address in addresses)
    await asyncio.gather(*shaken)
