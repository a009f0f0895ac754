"""Finds many literals in one text at once, by an Aho-Corasick automaton: the time depends on the text, not on their number."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import ahocorasick  # type: ignore[import-not-found]  # the library is compiled, and comes without types

from probes.kit.fingerprint import Fingerprint, Fit

_HITS: Final = 100_000
"""Occurrences after which a text is not read on: no page has so many, and a stranger who writes one gains no time by it."""


class Literals:
    """Fingerprints of one place, looked for in one pass. Capital and small letters are the same (Unicode case folding)."""

    def __init__(self, fingerprints: Iterable[Fingerprint]) -> None:
        by_anchor: dict[str, list[Fingerprint]] = {}
        for fingerprint in fingerprints:
            by_anchor.setdefault(max(_folded(fingerprint), key=len), []).append(fingerprint)
        self._behind = list(by_anchor.values())
        self._automaton = _automaton(by_anchor)

    def found(self, text: str) -> Iterator[Fingerprint]:
        """The fingerprints that fit `text`, in the order in which they were given."""
        if not self._behind:
            return
        folded = text.casefold()
        # The library hands out one occurrence after the other, so what a hostile text can make of them takes no memory.
        hits = {position for _, position in islice(self._automaton.iter(folded), _HITS)}
        for position in sorted(hits):
            yield from (one for one in self._behind[position] if _fits(one, folded))


def _automaton(anchors: Iterable[str]) -> Any:
    automaton = ahocorasick.Automaton()
    for position, anchor in enumerate(anchors):
        automaton.add_word(anchor, position)
    automaton.make_automaton()
    return automaton


def _folded(fingerprint: Fingerprint) -> tuple[str, ...]:
    return tuple(part.casefold() for part in fingerprint.parts)


def _fits(fingerprint: Fingerprint, folded: str) -> bool:
    """Whether the fingerprint fits the text, in which its longest part is known to occur somewhere."""
    parts = _folded(fingerprint)
    if fingerprint.fit is Fit.FULL:
        return folded == parts[0]
    if fingerprint.fit is Fit.PREFIX:
        return folded.startswith(parts[0])
    return len(parts) == 1 or any(_in_order(parts, line) for line in folded.split("\n"))


def _in_order(parts: tuple[str, ...], line: str) -> bool:
    """Whether the parts follow each other in `line`. The first place for each leaves the most room for the rest."""
    end = 0
    for part in parts:
        start = line.find(part, end)
        if start < 0:
            return False
        end = start + len(part)
    return True
