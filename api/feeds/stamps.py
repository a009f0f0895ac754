"""By what it is known, without reading anything else, that a feed has not changed."""

from collections.abc import Hashable

from api.visible import Visible
from monitor.core.model import Tlp


async def stamp(visible: Visible) -> Hashable:
    """What differs whenever something may have changed for this reader.

    For the public it follows what is public only: else the time of an answer would tell that something else has happened.
    """
    if visible.reader.audience == "public":
        return visible.watchlist.version, *await visible.reading.tally(Tlp.CLEAR)
    return visible.watchlist.version, await visible.reading.last_seq()
