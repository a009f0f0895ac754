"""Private feeds and calendars: their readers cannot send a key, so that a secret part of the address stands in for one.

Such an address opens what is its organisation's own, up to `AMBER`, and nothing else. It travels through phones, calendar
services and browsers' histories; so `RED`, which is for single persons, and vantage points stay out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request

from api.access import Reader, context_of, is_news, is_public, note_use
from api.headers import FEED_SECRET
from api.problems import not_found
from api.visible import Visible
from monitor.core.disclosure import effective_tlp
from monitor.core.incident import Incident
from monitor.core.keys import KeyUse, fingerprint
from monitor.core.model import Tlp
from monitor.core.watchlist import Organisation, Target, Watchlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber(Reader):
    """Whoever knows the secret address of an organisation's feeds."""

    organisation: str
    watchlist: Watchlist = field(compare=False, repr=False)

    @property
    def audience(self) -> str:
        """Subscribers of one organisation see the same."""
        return f"subscribers of {self.organisation}"

    def may_read_as(self, organisation: str, incident: Incident) -> bool:
        """Whether the incident concerns their organisation and is not for single persons, or is public."""
        own = organisation == self.organisation and effective_tlp(incident, self.watchlist) is not Tlp.RED
        return own or is_public(incident)

    def may_know(self, organisation: Organisation) -> bool:
        """Whether it is their organisation, or one that is watched in the open."""
        own = organisation.id == self.organisation and organisation.tlp is not Tlp.RED
        return own or organisation.tlp is Tlp.CLEAR

    def may_watch(self, organisation: Organisation, target: Target) -> bool:
        """Whether they may know how the target fares."""
        own = organisation.id == self.organisation and Tlp.RED not in {organisation.tlp, target.tlp}
        return own or (organisation.tlp is Tlp.CLEAR and target.tlp is Tlp.CLEAR)


async def subscriber(request: Request, afterwards: BackgroundTasks) -> Subscriber:
    """Find out whose private feeds are asked for. A secret that opens none gets the answer for what does not exist."""
    context = context_of(request)
    async with context.store.reading() as reading:
        key = await reading.key(fingerprint(request.scope.get(FEED_SECRET, "")))
    if key is None or key.use is not KeyUse.FEED or not key.organisations or not key.usable(context.clock.now()):
        raise not_found()
    if is_news(key, context.clock.now()):
        afterwards.add_task(note_use, context, key)
    return Subscriber(name=key.id, organisation=key.organisations[0], watchlist=context.watchlist())


async def see(request: Request, reader: Annotated[Subscriber, Depends(subscriber)]) -> AsyncIterator[Visible]:
    """What this subscriber may see, from one consistent reading of the store, which ends before the answer is sent."""
    context = context_of(request)
    async with context.store.reading() as reading:
        yield Visible(context, reader, reading, context.watchlist(), context.clock.now())


Subscribed = Annotated[Visible, Depends(see, scope="function")]
