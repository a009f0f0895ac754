"""Pieces of the sentences in which rules give their reasons. Of a control they tell its country and nothing else."""

from collections.abc import Collection, Iterable


def places(countries: Collection[str | None]) -> str:
    """Where controls stand, one entry for each: `the controls in DE and NL`. None is a control whose country is not told."""
    noun = "the control" if len(countries) == 1 else "the controls"
    known = sorted({country for country in countries if country})
    return f"{noun} in {' and '.join(known)}" if known else noun


def listed(things: Iterable[str], most: int = 3) -> str:
    """The first of them in order, each once, and how many there are beside."""
    every = sorted(set(things))
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + rest
