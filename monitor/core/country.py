"""Countries by their two letters (ISO 3166-1), as the Unicode CLDR lists them."""

from functools import cache

from babel import Locale

_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
"""Codes of the list that stand for parts of countries, groups of them, or nothing."""


@cache
def countries() -> frozenset[str]:
    """All codes; Kosovo's XK, which ISO leaves to its users, is among them."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NOT_COUNTRIES


def existing_country(code: str) -> str:
    """The code itself. Raises ValueError, with the remedy, where it stands for no country: a typo would switch warnings off."""
    if code not in countries():
        raise ValueError(f"{code} is no country: write its two letters of ISO 3166, such as DE, GE or GB")
    return code
