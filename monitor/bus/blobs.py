"""Which raw bytes the service already has, so that a page that does not change is not handed over every five minutes."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from probes.kit.observation import Blob

WORTH: Final = 1024
"""Bytes below which remembering costs more than sending again. DNS messages are never the same twice anyway."""

LIFETIME: Final = 86400.0
"""Seconds for which an acknowledgement is relied on.

That is safe as long as raw observations are retained for more than a day: the observation that brought the bytes keeps them
for that long, and every later one that names them keeps them further.
"""

REMEMBERED: Final = 20_000
"""Blobs that are remembered, about 5 MB in all."""

UNDER_WAY: Final = 2_000
"""Looks on their way whose blobs are remembered; those of a look beyond that are simply sent again next time."""


class KnownBlobs:
    """Blobs that one service has acknowledged. `now` is in seconds of a clock that never runs backwards."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, float] = OrderedDict()
        self._under_way: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def unknown(self, blobs: Iterable[Blob], now: float) -> tuple[Blob, ...]:
        """Those that have to be handed over."""
        return tuple(blob for blob in blobs if now - self._known.get(blob.name, -LIFETIME) >= LIFETIME)

    def submitted(self, observation: str, blobs: Iterable[Blob]) -> None:
        """These blobs travel with this observation."""
        names = tuple(blob.name for blob in blobs if len(blob.data) >= WORTH)
        if names:
            self._under_way[observation] = names
        if len(self._under_way) > UNDER_WAY:
            self._under_way.popitem(last=False)

    def acknowledged(self, observations: Iterable[str], now: float) -> None:
        """The service has written these observations, and what travelled with them."""
        for observation in observations:
            for name in self._under_way.pop(observation, ()):
                self._known[name] = now
                self._known.move_to_end(name)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Forget all: after a reconnection the service may have another database.

        Looks that are in the journal by then may name bytes that it never gets; it keeps them without.
        """
        self._known.clear()
