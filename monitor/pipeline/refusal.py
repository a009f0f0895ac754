"""Looks that cannot be stored: whether they themselves are at fault or the database is, and where they are kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from monitor.bus import Report
from monitor.bus.frames import encode

SEVERAL: Final = 3
"""So many looks that are refused for one reason, and none stored in between, are no coincidence: the fault is not theirs."""


class CannotBeWritten(Exception):
    """The database can be used, but does not take these looks; the message is the name of the error."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A look that could not be stored, though the database could be used, and the name of the error."""

    report: Report
    error: str


@dataclass(slots=True)
class Refusals:
    """The looks that were refused since the last one was stored, as far as they were refused for one reason."""

    error: str = ""
    count: int = 0
    _stored: bool = False

    def stored(self) -> None:
        """Take note that a look was stored."""
        self._stored, self.count = True, 0

    def trouble(self, refused: Sequence[Refused]) -> str | None:
        """What is wrong with the database, now that these looks were refused one after the other; None if they are at fault.

        Where any other look was stored at the same time, the database is in order.
        """
        if self._stored or not refused:
            self._stored = False
            return None
        for one in refused:
            self.count = self.count + 1 if one.error == self.error else 1
            self.error = one.error
        if self.count < SEVERAL:
            return None
        return f"no look can be stored ({self.error}): check the database, the memory and the disk of its machine, or report this"


def keep_apart(folder: Path, report: Report) -> str | None:
    """Write a look as it came into a file of its own, named by its id's hash: the id came from outside.

    Returns why that cannot be done, or None.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / f"{sha256(report.observation.id.encode()).hexdigest()}.report").write_bytes(encode(report))
    except OSError as error:
        wrong = f"a look can be stored neither in the database nor apart ({error.strerror})"
        return f"{wrong}: make room in the data folder, and let Cutwatch write to it"
    return None
