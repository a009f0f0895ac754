"""Reads the list of blocking fingerprints that OONI publishes, and never trusts it.

The form is that of its repository: two files of comma-separated values, one for DNS and one for HTTP. A list with anything
hostile, damaged or senseless in it is refused whole; rows that are in order and of no use here are left out, and counted.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, NamedTuple

from monitor.core.country import countries
from monitor.core.innocuous_pages import too_common
from probes.kit.fingerprint import Fingerprint, Fit, Place
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind

OONI: Final = "ooni"
"""The name of this list in marks and versions."""

DNS_FILE: Final = "fingerprints_dns.csv"
HTTP_FILE: Final = "fingerprints_http.csv"

_COLUMNS: Final = [
    *("name", "scope", "other_names", "location_found", "pattern_type", "pattern"),
    *("confidence_no_fp", "expected_countries", "source", "exp_url", "notes"),
]
_ROWS: Final = 50_000
_PATTERN: Final = 4096
"""Characters of one pattern."""
_GAPS: Final = 8
"""Gaps (`.*`) of one regular expression."""

_ANYWHERE: Final = "ZZ"
_FORGED: Final = MarkKind.FORGED_ADDRESS
_KINDS: Final[Mapping[str, MarkKind]] = {
    **dict.fromkeys(("nat", "isp", "prod"), MarkKind.BLOCKPAGE),
    **dict.fromkeys(("fp", "injb"), MarkKind.NOT_A_BLOCKPAGE),
}
"""Scopes that are used. Left out are institutions' own filters (`inst`), vague words (`vbw`) and whatever else may come."""

_FITS: Final[Mapping[str, Fit]] = {
    "full": Fit.FULL,
    "prefix": Fit.PREFIX,
    "contains": Fit.CONTAINS,
    "regexp": Fit.CONTAINS,
}
_SHORTEST: Final[Mapping[MarkKind, int]] = {MarkKind.BLOCKPAGE: 5, MarkKind.NOT_A_BLOCKPAGE: 12}
"""Characters: less is a word that stands anywhere, on a block page as well."""

_SHORTEST_PAGE: Final = 50
"""Characters of a pattern that is a whole page: with less it is empty, and so are many that nobody blocks."""

_COUNTRY_IN_NAME: Final = re.compile(r"cp\.[bc]_(?:nat|isp)_([a-z]{2})_")
"""Names from Censored Planet hold the country of a country's or provider's page, which its column then lacks."""

_HEADER: Final = re.compile(r"header\.([a-z0-9-]{1,60})")
_CATASTROPHE: Final = re.compile(r"[*+}]\)?[*+{]|\\[1-9]|\(\?P=")
"""A repeated repetition, or a reference back: nobody needs one to recognise a page, and some engines take for ever."""
_LITERAL: Final = re.compile(r"[^\\.^$*+?{}\[\]|()]|\\[^0-9A-Za-z]")


class ListRefused(Exception):
    """The list cannot be used; the message says where, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OoniList:
    """A list that was read. `rows` counts all of it, `skipped` the rows that are of no use here, by the reason."""

    fingerprints: tuple[Fingerprint, ...]
    rows: int
    skipped: Mapping[str, int]


class _Row(NamedTuple):
    file: str
    line: int
    cells: Mapping[str, str]

    def refused(self, problem: str) -> ListRefused:
        return _refused(f"{self.file}, line {self.line}: {problem}")


class _Skipped(Exception):
    """A row in order, but of no use here; the message is the reason, the same for all such rows."""


def read_ooni_list(files: Mapping[str, bytes], before: int = 0) -> OoniList:
    """Read both files. `before` is how many rows the list in use has: one that has lost half of them is no newer list.

    Raises ListRefused.
    """
    rows = [row for name in (DNS_FILE, HTTP_FILE) for row in _rows(name, files[name])]
    if 2 * len(rows) < before:
        raise _refused(
            f"it has {len(rows)} rows, and the list in use {before}: more than half is missing. If that is meant, remove the "
            "list in use from the data folder (`cutwatch lists status` names its file)"
        )
    found, skipped = _sorted_out(rows)
    for mark in too_common(one for one in found if one.mark.kind is not MarkKind.NOT_A_BLOCKPAGE):
        raise _refused(f"the pattern of {mark.name} fits pages that every website has, and would accuse them all")
    return OoniList(fingerprints=tuple(found), rows=len(rows), skipped=skipped)


def _refused(problem: str) -> ListRefused:
    return ListRefused(f"{problem}. The list is refused; see what stands at its address, and try again when it is mended")


def _rows(file: str, content: bytes) -> list[_Row]:
    reader = csv.reader(io.StringIO(_text(file, content), newline=""), strict=True)
    rows: list[_Row] = []
    names: dict[str, int] = {}
    try:
        if next(reader, []) != _COLUMNS:
            raise _refused(f"{file} does not begin with the columns {', '.join(_COLUMNS)}")
        for cells in reader:
            rows.append(_row(file, reader.line_num, cells, names))
            if len(rows) > _ROWS:
                raise _refused(f"{file} has more than {_ROWS} rows")
    except csv.Error as error:
        raise _refused(f"{file}, line {reader.line_num}: {error}") from None
    if not rows:
        raise _refused(f"{file} holds no row")
    return rows


def _text(file: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(f"{file} is not text in UTF-8") from None
    if not text:
        raise _refused(f"{file} is empty")
    if "\0" in text:
        raise _refused(f"{file} is not text: it holds null bytes")
    if not text.endswith("\n"):
        raise _refused(f"{file} breaks off within its last line")
    return text


def _row(file: str, line: int, cells: list[str], names: dict[str, int]) -> _Row:
    if len(cells) != len(_COLUMNS):
        raise _refused(f"{file}, line {line}: {len(cells)} columns, where {len(_COLUMNS)} belong")
    row = _Row(file, line, dict(zip(_COLUMNS, cells, strict=True)))
    name = row.cells["name"]
    if not name or len(name) > 200:
        raise row.refused("the name is empty, or longer than 200 characters")
    if name in names:
        raise row.refused(f"the name stands on line {names[name]} already")
    names[name] = line
    return row


def _sorted_out(rows: list[_Row]) -> tuple[list[Fingerprint], Mapping[str, int]]:
    found: list[Fingerprint] = []
    skipped: Counter[str] = Counter()
    for row in rows:
        _refuse_senseless(row)
        try:
            found.append(_fingerprint(row))
        except _Skipped as reason:
            skipped[str(reason)] += 1
    return found, dict(skipped.most_common())


def _refuse_senseless(row: _Row) -> None:
    """Whatever is wrong with a row, even with one that would be left out: nobody is to profit from being useless."""
    pattern, confidence = row.cells["pattern"], row.cells["confidence_no_fp"]
    if not pattern.strip() or len(pattern) > _PATTERN:
        raise row.refused(f"the pattern is empty, or longer than {_PATTERN} characters")
    if row.cells["pattern_type"] not in _FITS:
        raise row.refused(f"the pattern type is none of {', '.join(_FITS)}")
    if not (confidence.isascii() and confidence.isdigit() and int(confidence) <= 10):
        raise row.refused("the confidence is no number from 0 to 10")
    if row.cells["pattern_type"] == "regexp" and (_CATASTROPHE.search(pattern) or pattern.count(".*") > _GAPS):
        raise row.refused("the regular expression is made to take for ever")
    for country in _named_countries(row):
        if country not in countries() and country != _ANYWHERE:
            raise row.refused("a country is not written as two letters of ISO 3166")
    if (row.file == DNS_FILE) != (row.cells["location_found"] == "dns"):
        raise row.refused("this is no place in which a fingerprint of this file can be found")


def _fingerprint(row: _Row) -> Fingerprint:
    if not row.cells["name"].isprintable():
        raise _Skipped("the name cannot be printed")
    if row.cells["confidence_no_fp"] == "0":
        raise _Skipped("no confidence in it at all")
    kind = _KINDS.get(row.cells["scope"])
    if kind is None:
        raise _Skipped("an institution's own filter, or words too vague")
    where = () if kind is MarkKind.NOT_A_BLOCKPAGE else _countries(row)
    name = f"{OONI}:{row.cells['name'].removeprefix('ooni.')}"
    if row.file == DNS_FILE:
        return _address(row, Mark(name=name, kind=_FORGED, countries=where))
    return _sign(row, Mark(name=name, kind=kind, countries=where))


def _countries(row: _Row) -> tuple[str, ...]:
    """Where a block page counts. One that is expected nowhere in particular would accuse whoever happens to be there."""
    named = tuple(country for country in _named_countries(row) if country != _ANYWHERE)
    if named:
        return named
    found = _COUNTRY_IN_NAME.match(row.cells["name"])
    if found and found[1].upper() in countries():
        return (found[1].upper(),)
    raise _Skipped("no country in which it is expected")


def _named_countries(row: _Row) -> Iterator[str]:
    return (part.strip() for part in row.cells["expected_countries"].split(",") if part.strip())


def _address(row: _Row, mark: Mark) -> Fingerprint:
    try:
        address = str(ip_address(row.cells["pattern"].strip()))
    except ValueError:
        raise _Skipped("not one IP address") from None
    if row.cells["pattern_type"] != "full":
        raise _Skipped("not one IP address")
    return Fingerprint(mark=mark, place=Place.ADDRESS, fit=Fit.FULL, parts=(address,))


def _sign(row: _Row, mark: Mark) -> Fingerprint:
    place, header = _place(row)
    parts = _parts(row)
    fit = _FITS[row.cells["pattern_type"]]
    shortest = _SHORTEST_PAGE if (place, fit) == (Place.BODY, Fit.FULL) else _SHORTEST[mark.kind]
    if max(map(len, parts)) < shortest:
        raise _Skipped("too short to tell anything")
    return Fingerprint(mark=mark, place=place, fit=fit, parts=parts, header=header)


def _place(row: _Row) -> tuple[Place, str | None]:
    where = row.cells["location_found"]
    if where == "body":
        return Place.BODY, None
    if where == "header.location":
        return Place.LOCATION, None
    found = _HEADER.fullmatch(where)
    if found is None:
        raise row.refused("this is no place in which a fingerprint of this file can be found")
    return Place.HEADER, found[1]


def _parts(row: _Row) -> tuple[str, ...]:
    """The literals of a pattern. Of regular expressions those are read that are literals with `.*` between them."""
    pattern = row.cells["pattern"]
    if row.cells["pattern_type"] != "regexp":
        return (pattern,)
    parts = tuple(part for part in map(_literal, pattern.split(".*")) if part)
    if not parts:
        raise _Skipped("too short to tell anything")
    return parts


def _literal(part: str) -> str:
    letters = _LITERAL.findall(part)
    if sum(map(len, letters)) != len(part):
        raise _Skipped("a regular expression of more than literals and `.*`")
    return "".join(letter.removeprefix("\\") if len(letter) > 1 else letter for letter in letters)
