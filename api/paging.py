"""Pages of what is small enough to be at hand whole: everything that is configured, and where its checks stand."""

from collections.abc import Mapping
from itertools import islice
from typing import Final, TypeVar

from fastapi import HTTPException

from api.parameters import ListPage

Item = TypeVar("Item")

_LEADS_NOWHERE: Final = "after: no page ends with this, as far as you may read; begin again without a cursor"


def turned_to(found: Mapping[str, Item], page: ListPage) -> tuple[list[Item], str | None]:
    """What stands on this page, and the cursor of the next; None on the last.

    `found` has everything that the reader may see, in order, by the names that cursors have. A name is all that a cursor
    holds, so that it tells nothing of what lies between two of them. Raises 422 for one that names nothing of this.
    """
    if page.after is not None and page.after not in found:
        raise HTTPException(422, _LEADS_NOWHERE)
    names = list(found)
    start = names.index(page.after) + 1 if page.after is not None else 0
    end = start + page.limit
    return list(islice(found.values(), start, end)), names[end - 1] if end < len(names) else None
