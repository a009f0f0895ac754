"""Which autonomous system an address belongs to."""

from typing import Protocol


class Asns(Protocol):
    """A table of networks."""

    def of(self, address: str) -> int | None:
        """The number of the autonomous system, None where it is not known."""
        ...
