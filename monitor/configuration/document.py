"""One file of the configuration as it was read: plain data that still knows its lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.configuration.problems import FieldPath, Problem, field_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file. `data` is empty where the text could not be understood; `problems` says why.

    The values may be of any wrong type: whoever asks for one gets it only where it is what was asked for, so that a mistake in
    one place of a file hides none in another.
    """

    file: str
    content: bytes = b""
    data: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[FieldPath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether the text became data, so that it is worth checking what it says."""
        return bool(self.lines)

    def line(self, path: FieldPath) -> int | None:
        """The line of the value at `path`, or of the nearest value around it."""
        around = (path[:length] for length in range(len(path), -1, -1))
        return next((self.lines[one] for one in around if one in self.lines), None)

    def problem(self, path: FieldPath, message: str, remedy: str) -> Problem:
        """A problem with the value at `path`."""
        return Problem(file=self.file, line=self.line(path), field=field_name(path), message=message, remedy=remedy)

    def value(self, *path: str | int) -> Any:
        """The value at `path`, or None where there is none."""
        found: Any = self.data
        for part in path:
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def text(self, *path: str | int) -> str | None:
        """The text at `path`, or None where there is something else or nothing."""
        found = self.value(*path)
        return found if isinstance(found, str) else None

    def entries(self, *path: str | int) -> Iterator[FieldPath]:
        """The ways to the entries of the list, or to the values of the mapping, at `path`; none where there is neither."""
        found = self.value(*path)
        if isinstance(found, Mapping):
            yield from ((*path, key) for key in found)
        elif isinstance(found, list):
            yield from ((*path, position) for position in range(len(found)))
