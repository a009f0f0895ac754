"""The numbers that new incidents get."""

from collections.abc import Callable
from itertools import count


def numbers_from(first: str) -> Callable[[], str]:
    """Incident ids from `first` on, one by one."""
    stem, _, number = first.rpartition("-")
    following = count(int(number))
    return lambda: f"{stem}-{next(following):04d}"
