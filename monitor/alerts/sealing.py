"""Puts what is due into parcels."""

from datetime import datetime, timedelta
from typing import Final

from monitor.core.bundling import Waiting, bundle
from monitor.store import Writing

AT_ONCE: Final = 1000
"""Messages that are sealed in one transaction, at most."""

MUTED: Final = timedelta(minutes=1)
"""For so long news of a muted incident is put aside at a time: so soon it comes when nobody wants quiet any more."""


async def seal(writing: Writing, now: datetime, wait: timedelta) -> None:
    """Seal what is due, with what shares its bundle and falls due within `wait`; settle what need not travel."""
    queued = await writing.sealable(now, AT_ONCE, now + wait)
    incidents = {one.message.incident for one in queued if one.message.incident}
    muted = await writing.muted(incidents)
    bundled = bundle(
        [Waiting(message=one.message, attempts=one.attempts, again=one.again) for one in queued],
        await writing.turns(incidents),
        now,
        {name: min(until, now + MUTED) for name, until in muted.items()},
    )
    await writing.collapse(bundled.collapsed, now)
    await writing.hold(bundled.held)
    await writing.seal_all([(sealed.parcel, sealed.attempts) for sealed in bundled.parcels], now)
