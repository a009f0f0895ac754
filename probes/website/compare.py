"""A second step, once the control has spoken: what makes the difference, the resolver, the address, the name, or what is near."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from probes.kit.address import is_address
from probes.kit.answers import answers_to
from probes.kit.innocuous import STRANGE_NAME, innocuous_beside
from probes.kit.joining import joined
from probes.kit.observation import Control, Facts, TlsHandshake
from probes.kit.vocabulary import Aim, Stage, Validity
from probes.website.control import is_agreed, leads_no_other, read_controls
from probes.website.look import shake_hands, untried, visit_neighbours
from probes.website.reach import Reach
from probes.website.redirect import turn_after
from probes.website.target import Params, host_of, tls_port
from probes.website.walk import CUT, TIMEOUTS, Walk, read_walk

if TYPE_CHECKING:
    from probes.kit.network import Look

_MOST_TRIED: Final = 4
"""The control's addresses that are tried from here: enough to see that one works."""


async def compare(params: Params, look: "Look", facts: Facts, control: tuple[Control, ...]) -> Facts:
    """Where the look failed, find out what its failure hangs on.

    Other resolvers are asked, and what they and the controls' answered is tried from here; the failing step is taken again,
    with an innocuous name at the same address, and with the same name at an innocuous address; the neighbours are visited. A
    page in clear text that no control got is treated as a failure: its address must prove what it is. Where all is well but for
    some of the website's addresses, those are tried once more. `look` is a fresh one. Returns `facts` with its steps added:
    they carry the hop whose host they concern, and start after everything else did.
    """
    walk = read_walk(facts)
    if walk.host is None:
        return facts
    if _is_settled(walk, control):
        lost = sorted(Reach(facts=facts, own=walk, controls=read_controls(control)).cut_off)
        await shake_hands(look, _url(params, facts, walk), lost[:_MOST_TRIED], hop=walk.hop, aim=Aim.AGAIN)
    else:
        await _Battery(look, params, facts, walk).run(control)
    return joined(facts, look.facts())


def _is_settled(walk: Walk, control: Iterable[Control]) -> bool:
    """Whether the page is the website's for certain: proven, where nobody led us alone; or the same that a control got."""
    theirs = read_controls(control)
    return (walk.is_proven or is_agreed(walk.page, theirs)) and not leads_no_other(walk, theirs)


class _Battery:
    """All that can be tried from here once a look has failed, in the order in which one thing makes the next worth trying."""

    def __init__(self, look: "Look", params: Params, facts: Facts, walk: Walk) -> None:
        self._look = look
        self._params = params
        self._walk = walk
        self._facts = facts
        self._host = walk.host or ""
        self._url = _url(params, facts, walk)
        self._innocuous = innocuous_beside(walk.host)

    async def run(self, control: tuple[Control, ...]) -> None:
        """Try it."""
        ending = self._walk.ending
        resolved = await self._look.resolve(self._innocuous, hop=self._walk.hop, aim=Aim.PROBE_NAME)
        innocuous = (self._innocuous,) if self._look.proxied else resolved[:1]
        await self._try_elsewhere(control)
        match ending.stage:
            case Stage.TCP:
                await self._say(innocuous, self._innocuous)
            case Stage.TLS:
                await self._doubt_handshake(innocuous)
            case Stage.HTTP if ending.failure in CUT | TIMEOUTS:
                await self._doubt_request(innocuous)
        if self._walk.page is not None or self._walk.may_be_led_astray:
            await self._doubt_page(innocuous)
        if ending.failure is not None and ending.stage is not Stage.DNS:
            await visit_neighbours(self._look, self._params, hop=self._walk.hop)

    async def _try_elsewhere(self, control: Iterable[Control]) -> None:
        """See whether the website proves itself from here at the addresses that others were given."""
        if is_address(self._host):
            return
        given = await self._look.resolve_publicly(self._host, hop=self._walk.hop)
        publicly = (address for addresses in given.values() for address in addresses)
        wanted = (*_given_to(control, self._walk), *publicly, *(self._walk.answers or ()))
        if not self._look.proxied:
            await shake_hands(self._look, self._url, untried(self._facts, self._url, wanted), hop=self._walk.hop)

    async def _doubt_handshake(self, innocuous: Sequence[str]) -> None:
        """The failing address under an innocuous name, then under the real one again: a passing trouble is no block.

        Then an innocuous address under its own name, under one that is nobody's, and under the real one: there the target's
        server can have no part in it.
        """
        failed = self._walk.ending.handshake
        if failed is None:
            return
        if failed.failure in CUT | TIMEOUTS:
            await self._shake_hands(failed, self._innocuous, Aim.INNOCUOUS_NAME)
        await self._shake_hands(failed, failed.server_name, Aim.AGAIN)
        named = (STRANGE_NAME, failed.server_name) if failed.failure in CUT | TIMEOUTS else ()
        await self._say(innocuous, self._innocuous, *named)

    async def _shake_hands(self, failed: TlsHandshake, name: str, aim: Aim) -> None:
        await self._look.handshake(failed.address, failed.port, name, hop=self._walk.hop, aim=aim)

    async def _say(self, innocuous: Sequence[str], *names: str) -> None:
        """Say names to an innocuous host, one after another."""
        for address in innocuous:
            for name in names:
                await self._look.handshake(address, 443, name, hop=self._walk.hop, aim=Aim.INNOCUOUS_HOST)

    async def _doubt_request(self, innocuous: Sequence[str]) -> None:
        """The request once more; in clear text, where it is the Host that tells, the same swaps as of a handshake."""
        here = (self._walk.ending.address or "",)
        if self._url.startswith("http:"):
            await self._fetch(_front_page(self._innocuous), here, Aim.INNOCUOUS_NAME)
        await self._fetch(self._url, here, Aim.AGAIN)
        if self._url.startswith("http:"):
            await self._fetch(_front_page(self._innocuous), innocuous, Aim.INNOCUOUS_HOST)
            await self._fetch(_front_page(self._host), innocuous, Aim.INNOCUOUS_HOST)

    async def _doubt_page(self, innocuous: Sequence[str]) -> None:
        """See whether an innocuous host seems to give a page in clear text that nobody else gets, or to send us where it does.

        Under the target's name that tells of somebody who listens for it; under the host's own, of a line that shows it to all.
        A page of the target itself is also asked for once more, and over TLS.
        """
        if self._walk.hop == 0:
            here = (self._walk.ending.address or "",)
            await self._fetch(self._url, here, Aim.AGAIN)
            if tls_port(self._url) is not None and not is_address(self._host):
                await self._fetch(_over_tls(self._url), here, Aim.ELSEWHERE)
        await self._fetch(_front_page(host_of(self._params.url)), innocuous, Aim.INNOCUOUS_HOST)
        await self._fetch(_front_page(self._innocuous), innocuous, Aim.PROBE_NAME)

    async def _fetch(self, url: str, addresses: Sequence[str], aim: Aim) -> None:
        if any(addresses):
            await self._look.fetch(url, addresses, hop=self._walk.hop, aim=aim)


def _url(params: Params, facts: Facts, walk: Walk) -> str:
    """The address that the failing step was meant for."""
    before = [exchange for exchange in facts.http if exchange.aim is Aim.VISIT and exchange.hop == walk.hop - 1]
    return (turn_after(before[-1]).url if before else None) or params.url


def _given_to(control: Iterable[Control], walk: Walk) -> list[str]:
    """What the controls' resolvers answered and the own one did not."""
    valid = (one for one in control if one.validity is Validity.VALID)
    theirs = {answer for one in valid for answer in answers_to(one.facts, walk.host) or ()}
    return sorted(theirs.difference(walk.answers or ()))[:_MOST_TRIED]


def _front_page(host: str) -> str:
    """Nothing but the front page: whatever else an address holds is not for others to hear."""
    return urlunsplit(("http", host, "/", "", ""))


def _over_tls(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(("https", parts.hostname or "", parts.path, parts.query, ""))
