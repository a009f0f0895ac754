"""Reading JSON that a stranger wrote: every field is asked for by its type, within bounds, and errors name the place."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 500
"""Entries of any list or object that are read. No measurement of one page comes near."""

TEXT_CAP: Final = 2048
"""Characters of a text that are kept."""

_LONGEST: Final = 86400.0
"""Seconds that a single measurement may have lasted at most."""


class Unusable(ValueError):
    """What was given cannot be read as a measurement; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object and where it stands in its document, as in `test_keys.requests[0]`."""

    content: Mapping[str, Any]
    place: str = ""

    def has(self, name: str) -> bool:
        """Whether there is anything under `name`."""
        return self.content.get(name) is not None

    def text(self, name: str, cap: int = TEXT_CAP) -> str | None:
        """A text, clean and cut to `cap` characters."""
        value = self.content.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "is no text")
        return clean(value, cap)

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        value = self.content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "is no whole number")
        if not least <= value <= most:
            raise self.wrong(name, f"is not between {least} and {most}")
        return value

    def seconds(self, name: str) -> float | None:
        """A time span since the measurement began."""
        value = self.content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "is no number of seconds")
        # A whole number may be too large for a float, which comparing does not mind.
        if not 0 <= value <= _LONGEST or not math.isfinite(value):
            raise self.wrong(name, f"is not between 0 and {_LONGEST:.0f} seconds")
        return float(value)

    def flag(self, name: str) -> bool:
        """Whether `name` is set."""
        return self.content.get(name) is True

    def part(self, name: str) -> "Fields":
        """The object under `name`, an empty one where there is none."""
        value = self.content.get(name)
        if value is None:
            return Fields({}, self._at(name))
        if not isinstance(value, dict):
            raise self.wrong(name, "is no JSON object")
        return Fields(value, self._at(name))

    def parts(self, name: str) -> "list[Fields]":
        """The objects in the list under `name`."""
        items = self.items(name)
        for number, item in enumerate(items):
            if not isinstance(item, dict):
                raise self.wrong(f"{name}[{number}]", "is no JSON object")
        return [Fields(item, f"{self._at(name)}[{number}]") for number, item in enumerate(items)]

    def named(self, name: str) -> "Iterator[tuple[str, Fields]]":
        """The objects under `name`, each with its key."""
        group = self.part(name)
        group.bounded(len(group.content))
        for key in group.content:
            yield clean(key), group.part(key)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in the list under `name`."""
        items = self.items(name)
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(name, "holds something that is no text")
        return tuple(clean(item) for item in items)

    def items(self, name: str) -> list[Any]:
        """The list under `name`, whatever it holds; an empty one where there is none."""
        value = self.content.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(name, "is no list")
        Fields({}, self._at(name)).bounded(len(value))
        return value

    def bounded(self, count: int) -> None:
        """Refuse more than anybody measures. Raises `Unusable`."""
        if count > MOST:
            raise Unusable(
                f"{self.place} holds {count} entries, and at most {MOST} are read: no measurement of one page has more"
            )

    def wrong(self, name: str, what: str) -> Unusable:
        """The error to raise about the field `name`."""
        return Unusable(f"{self._at(name)} {what}: take the measurement as OONI publishes it, unchanged")

    def _at(self, name: str) -> str:
        return f"{self.place}.{clean(name, 80)}" if self.place else clean(name, 80)


def clean(text: str, cap: int = TEXT_CAP) -> str:
    """`text` without what a database or terminal cannot bear: control characters and halves of characters become spaces."""
    text = text[:cap]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
