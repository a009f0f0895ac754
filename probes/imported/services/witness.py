"""What is asked of a service that looks for us, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlsplit

from probes.kit.observation import Blob, Observation

CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much somebody else's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody else's eyes for one check.

    - `check`: its id, by which a service's client remembers what it has brought already
    - `params`: what a look of the probe that will judge this is given: the `url` of a page, or the `name` to ask for
    - `country`, `asn`, `network`: from which line; a network kind of `monitor.core.watchlist.NetworkKind`
    - `limit`: how many volunteers may be troubled at once
    - `now`, and `newest`: when the newest look that is known of this check began, None for none
    """

    check: str
    params: Mapping[str, Any]
    country: str
    asn: int | None = None
    network: str = "unknown"
    limit: int = 1
    now: datetime
    newest: datetime | None = None

    @property
    def host(self) -> str:
        """Whose name is looked at: that of the page, or the one that is asked for."""
        url = self.params.get("url")
        return (urlsplit(url).hostname or "") if isinstance(url, str) else str(self.params.get("name", ""))


@dataclass(frozen=True, slots=True)
class Witness:
    """One look that somebody else made. `check` and `vantage` of the observation are for the engine to say."""

    observation: Observation
    blobs: tuple[Blob, ...] = ()


class Source(Protocol):
    """A service that looks for us, or has looked.

    - `name`: what people call it
    - `delay`: after this time what was seen has been published; zero where the service looks when it is asked
    - `at_once`: how many wishes it may be asked to fulfil at the same time
    """

    name: str
    delay: timedelta
    at_once: int

    async def look(self, wish: Wish) -> tuple[Witness, ...]:
        """What there is to see, and was not brought before; nothing where nobody looked.

        Raises `probes.kit.api.Unavailable` where that is not known.
        """
        ...

    def taken(self, check: str) -> None:
        """All that `look` brought last for this check has been handed over. Until then it would be brought again."""
        ...

    def problem(self) -> str | None:
        """A sentence for the person who runs this, where the service's limits are in the way."""
        ...

    async def aclose(self) -> None:
        """Give up what is held."""
        ...


def witness_id(started_at: datetime, check: str, name: str) -> str:
    """An id that the same measurement has whenever it is brought: it sorts by time, like those of our own looks."""
    digest = sha256("\0".join((check, name)).encode()).hexdigest()
    return f"{int(started_at.timestamp() * 1000):012x}{digest[:20]}"
