"""Looks names up for one look: at the vantage point's own resolver, and at public ones."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final

from probes.kit.dnswire import QTYPES, BadName, Extra, Question, question
from probes.kit.failure import Failed, Failure, classify
from probes.kit.network.conversation import Conversation, by_length, by_post
from probes.kit.network.inquiry import SYSTEM, Inquiry, Source
from probes.kit.network.lookup import Lookup
from probes.kit.network.plain import Plain
from probes.kit.network.records import Records
from probes.kit.network.secure import Secure
from probes.kit.network.stage import Part, Stage
from probes.kit.resolvers import PublicResolver, Transport
from probes.kit.vocabulary import Aim, Depth

if TYPE_CHECKING:
    from probes.kit.network.network import Network

_ASKED: Final = 2
"""Resolvers of one transport that are asked at most: the second only where the first knew no address."""
_PORTS: Final = {Transport.UDP: 53, Transport.DOT: 853, Transport.DOH: 443}


class Names:
    """Asks, and records what came of it. `opened` is the clock reading at which the look began, and `depth` how it is made."""

    def __init__(self, network: "Network", records: Records, opened: float, depth: Depth) -> None:
        self._network = network
        self._budgets = network.door.budgets
        self._records = records
        self._opened = opened
        self._thorough = depth is Depth.FULL
        self._extra = Extra.EXTENDED if self._thorough else Extra.NONE

    def _left(self) -> float:
        return self._budgets.look - (perf_counter() - self._opened)

    def _seconds(self) -> float:
        return min(self._budgets.dns, self._left())

    async def own(self, name: str, part: Part) -> tuple[str, ...]:
        """The addresses of `name` from the own resolver, IPv4 first. A thorough look asks again where there are none."""
        try:
            questions = [question(name, qtype) for qtype in QTYPES]
        except BadName as error:
            self._records.not_asked(name, perf_counter() - self._opened, part, classify(error))
            return ()
        lookups = await self._ask([self._lookup(asked, self._extra) for asked in questions], part)
        if self._thorough and part.aim is Aim.VISIT:
            await self._ask_again(lookups, part._replace(aim=Aim.AGAIN))
        return _addresses(lookups)

    def _lookup(self, asked: Question, extra: Extra) -> Lookup:
        linger = self._budgets.late if self._thorough else 0.0
        resolvers = self._network.own_resolvers()
        return Lookup(self._network.connector, resolvers, asked, self._seconds(), extra=extra, linger=linger)

    async def _ask(self, lookups: list[Lookup], part: Part) -> list[Lookup]:
        try:
            for lookup in lookups:
                lookup.begin()
            for lookup in lookups:
                await lookup.end()
        finally:
            for lookup in lookups:
                lookup.close()
                self._records.looked_up(lookup, self._opened, part)
        return lookups

    async def _ask_again(self, lookups: Sequence[Lookup], part: Part) -> None:
        """A forged denial is often made in clear text over UDP only, and not every time."""
        failed = [lookup for lookup in lookups if _is_to_be_doubted(lookup, lookups)]
        if failed:
            lost = [self._lookup(lookup.asked, self._extra) for lookup in failed]
            unchecked = [self._lookup(one.asked, self._extra | Extra.UNCHECKED) for one in failed if _is_servfail(one)]
            over_tcp = [self._over_tcp(lookup.asked) for lookup in failed]
            await asyncio.gather(self._ask([*lost, *unchecked], part), *(self._hold(one, part) for one in over_tcp))

    def _over_tcp(self, asked: Question) -> Conversation:
        resolver = self._network.own_resolvers()[0]

        async def exchange(message: bytes) -> bytes:
            plain = await self._network.connect(*resolver)
            try:
                return await by_length(plain, message)
            finally:
                plain.close()

        return Conversation(asked, Source(SYSTEM, "tcp"), self._extra, exchange)

    async def _hold(self, conversation: Conversation, part: Part, seconds: float | None = None) -> None:
        try:
            await conversation.hold(self._seconds() if seconds is None else seconds)
        finally:
            self._records.looked_up(conversation, self._opened, part)

    async def public(self, name: str, part: Part) -> dict[str, tuple[str, ...]]:
        """The addresses of `name` by transport, from the public resolvers of the door, all transports at once."""
        try:
            questions = [question(name, qtype) for qtype in QTYPES]
        except BadName as error:
            self._records.not_asked(name, perf_counter() - self._opened, part, classify(error))
            return {}
        until = perf_counter() + self._seconds()
        transports = {one.transport: None for one in self._network.door.public_resolvers}
        asked = [one for one in transports if one is not Transport.UDP or self._network.proxy is None]
        found = await asyncio.gather(*(self._by(one, questions, until, part) for one in asked))
        return {transport.value: addresses for transport, addresses in zip(asked, found, strict=True)}

    async def _by(self, transport: Transport, questions: Sequence[Question], until: float, part: Part) -> tuple[str, ...]:
        """Of what is left of the time, the first resolver gets its share, and the second the rest."""
        resolvers = [one for one in self._network.door.public_resolvers if one.transport is transport][:_ASKED]
        for others, resolver in zip(range(len(resolvers) - 1, -1, -1), resolvers, strict=True):
            share = (until - perf_counter()) / (others + 1)
            told = await asyncio.gather(*(self._put(asked, resolver, perf_counter() + share, part) for asked in questions))
            addresses = _addresses(told)
            if addresses:
                return addresses
        return ()

    async def _put(self, asked: Question, resolver: PublicResolver, until: float, part: Part) -> Inquiry:
        """Put one question to `resolver`, and once more without validation where it says SERVFAIL."""
        told = await self._put_once(asked, resolver, Extra.EXTENDED, until, part)
        if _is_servfail(told):
            unchecked = Extra.EXTENDED | Extra.UNCHECKED
            await self._put_once(asked, resolver, unchecked, until, part._replace(aim=Aim.AGAIN))
        return told

    async def _put_once(self, asked: Question, resolver: PublicResolver, extra: Extra, until: float, part: Part) -> Inquiry:
        seconds = until - perf_counter()
        source = Source(resolver.address, resolver.transport.value)
        if resolver.transport is Transport.UDP:
            place = (resolver.address, _port(resolver))
            connector = self._network.connector
            lookup = Lookup(connector, [place], asked, seconds, source=source, extra=extra, linger=self._budgets.late)
            await self._ask([lookup], part)
            return lookup
        conversation = Conversation(asked, source, extra, lambda message: self._exchange(resolver, message, part))
        await self._hold(conversation, part, seconds)
        return conversation

    async def _exchange(self, resolver: PublicResolver, message: bytes, part: Part) -> bytes:
        secure = await self._secure(resolver, part)
        try:
            if resolver.transport is Transport.DOT:
                return await by_length(secure, message)
            return await by_post(secure, resolver, message)
        finally:
            secure.close()

    async def _secure(self, resolver: PublicResolver, part: Part) -> Secure:
        """An encrypted connection to `resolver`, which has proved its name. Raises Failed, OSError."""
        plain = await self._network.way_to(resolver.address, _port(resolver))
        try:
            return await self._shake(plain, resolver, part)
        except BaseException:
            plain.close()
            raise

    async def _shake(self, plain: Plain, resolver: PublicResolver, part: Part) -> Secure:
        """Whoever cannot prove to be `resolver` is told nothing, and its chain is kept as evidence."""
        name = resolver.name or ""
        secure = Secure(plain, self._network.context_for(resolver.transport), name)
        seconds = self._seconds()
        stage = Stage(self._opened, seconds, seconds, part)
        async with stage:
            await secure.handshake()
        if stage.failure:
            raise Failed(stage.failure)
        examined = self._network.examine(name, secure.chain)
        if examined.failure:
            self._records.shaken(stage, resolver.address, _port(resolver), name, secure, examined)
            raise Failed(examined.failure)
        return secure


def _port(resolver: PublicResolver) -> int:
    return resolver.port or _PORTS[resolver.transport]


def _addresses(told: Sequence[Inquiry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer for one in told for answer in one.answers))


def _is_servfail(told: Inquiry) -> bool:
    return told.failure == Failure.DNS_SERVFAIL


def _is_to_be_doubted(lookup: Lookup, lookups: Sequence[Lookup]) -> bool:
    """Whether a lookup failed. To have no address of one family is usual where there is one of the other."""
    return lookup.failure is not None and (lookup.failure != Failure.DNS_NO_ANSWER or not _addresses(lookups))
