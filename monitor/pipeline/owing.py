"""What a batch owes to readers, by what they have heard already."""

from collections.abc import Iterable
from datetime import datetime

from monitor.core.incident import Incident
from monitor.core.member_alarms import Happened, left_alone, mass_events_of, owed, unheard
from monitor.core.message import Message
from monitor.core.watchlist import Watchlist
from monitor.store import Writing


async def owed_now(
    writing: Writing, happened: Happened, known: Iterable[Incident], watchlist: Watchlist, address: str, now: datetime
) -> tuple[Message, ...]:
    """The messages that `happened` owes; `known` are the incidents as they were before, `address` is where readers find us."""
    messages = owed(happened, known, watchlist, address, await writing.listening(mass_events_of(happened), now))
    alone = left_alone(happened)
    if not alone:
        return messages
    return unheard(messages, alone, await writing.turns(alone), await writing.called_later(alone))
