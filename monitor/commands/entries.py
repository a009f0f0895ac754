"""What `cutwatch check` knows only from the record: documented incidents whose files are gone."""

import asyncio
import contextlib
from pathlib import Path

from monitor.core.watchlist import Watchlist
from monitor.intake import without_file
from monitor.settings import Settings
from monitor.store import Store, StoreUnavailable


def remarks_on_entries(settings: Settings, watchlist: Watchlist) -> tuple[str, ...]:
    """A sentence for each documented incident on record whose file this configuration lacks.

    Checking changes nothing: a database that is not there yet is not made, and one of an older version is not upgraded. Such
    a one has nothing to say; the next start will.
    """
    kind, _, path = settings.database.partition(":///")
    if kind.startswith("sqlite") and not Path(path).is_file():
        return ()
    with contextlib.suppress(StoreUnavailable):
        return asyncio.run(_remarks(settings.database, watchlist))
    return ()


async def _remarks(database: str, watchlist: Watchlist) -> tuple[str, ...]:
    store = await Store.open(database)
    try:
        async with store.reading() as reading:
            return without_file(await reading.entries(), watchlist.incidents)
    finally:
        await store.close()
