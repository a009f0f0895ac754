"""Contrast before confirming (design: detection.md): a failure may be that of the place from which we look.

A vantage point whose upstream breaks sees everything fail at once, and its canaries may still answer. So when most unrelated
targets turned bad there in the same stretch, a bare failure proves nothing of any one of them until another vantage point
sees it too; nor does a page that trickles in. An artefact of interference needs no such contrast: no broken line forges a
block page.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitor.core.incident import case_key
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation

FEWEST: Final = 3
"""Unrelated targets without which there is nothing to contrast with."""

NEWEST: Final = 3
"""Looks of a neighbour that are read: a broken line lets some through, too."""


def all_turned_bad(
    windows: Iterable[Sequence[Verdict]], organisation: str, since: datetime, until: datetime, policy: Confirmation
) -> bool:
    """Whether most unrelated targets turned bad together with a failure that began at `since`, as known at `until`.

    `windows` hold the remembered looks of the checks of one vantage point, each oldest first. Unrelated are the targets of
    other organisations: a censor may well cut off everything of one. A target that was bad long before tells nothing, nor
    does one at which nobody has looked since.
    """
    turned: defaultdict[tuple[str, str], bool] = defaultdict(bool)
    for window in windows:
        known = [look for look in window if look.at <= until]
        if not known or known[-1].organisation == organisation or known[-1].at < since:
            continue
        bad = _turned_bad(known, since - timedelta(seconds=policy.silence))
        if bad is not None:
            turned[known[-1].organisation, known[-1].target] |= bad
    return len(turned) >= FEWEST and sum(turned.values()) > policy.contrast * len(turned)


def _turned_bad(looks: Sequence[Verdict], since: datetime) -> bool | None:
    """Whether one of the newest looks is a loss though all was well after `since`; None where the loss is older than that."""
    if all(case_key(look) is None for look in looks[-NEWEST:]):
        return False
    return True if any(case_key(look) is None and look.at >= since for look in looks) else None
