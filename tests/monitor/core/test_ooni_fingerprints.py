"""OONI's list: what is used of it, what is left out, and what makes it be refused whole."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ooni_fingerprints import DNS_FILE, HTTP_FILE, ListRefused, OoniList, read_ooni_list
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind
from tests.monitor.ooni_list import COLUMNS, DNS, HTTP, http_row

FILES = {DNS_FILE: DNS.encode(), HTTP_FILE: HTTP.encode()}


def read(http: str = HTTP, dns: str = DNS, before: int = 0) -> OoniList:
    return read_ooni_list({DNS_FILE: dns.encode(), HTTP_FILE: http.encode()}, before)


def with_row(*rows: str) -> OoniList:
    return read(HTTP + "".join(f"{row}\n" for row in rows))


def refusal(http: str = HTTP, dns: str = DNS, before: int = 0) -> str:
    with pytest.raises(ListRefused) as refused:
        read(http, dns, before)
    return str(refused.value)


def marks(list_: OoniList, body: str = "", location: str | None = None) -> tuple[Mark, ...]:
    return FingerprintMarkers(list_.fingerprints, {}).of_response(b"", location, None, body.encode(), "hash")


def test_block_pages_and_forged_addresses_count_in_their_countries() -> None:
    page = Mark(name="ooni:ru_1", kind=MarkKind.BLOCKPAGE, countries=("RU", "BY"))
    assert marks(read(), "<p>Access to this resource was closed by order 17.</p>") == (page,)
    assert marks(read(), location="http://block.example.ru/?u=1") == (
        Mark(name="ooni:ru_2", kind=MarkKind.BLOCKPAGE, countries=("RU",)),
    )
    forged = Mark(name="ooni:ir_1", kind=MarkKind.FORGED_ADDRESS, countries=("IR",))
    assert FingerprintMarkers(read().fingerprints, {}).of_answers(("10.10.34.34",)) == (forged,)


def test_false_positives_are_evidence_against_everywhere() -> None:
    row = http_row("cp.fp_x_forum", "the forum's own page for banned readers", scope="fp", countries="")
    against = Mark(name="ooni:cp.fp_x_forum", kind=MarkKind.NOT_A_BLOCKPAGE)
    assert marks(with_row(row), "This is the forum's own page for banned readers.") == (against,)


def test_a_country_in_the_name_counts_where_the_column_lacks_it() -> None:
    row = http_row("cp.c_isp_kg_some", "closed by a court in Bishkek", countries="")
    (found,) = marks(with_row(row), "closed by a court in Bishkek")
    assert found.countries == ("KG",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (http_row("a", "an unknown country's page", countries=""), "no country in which it is expected"),
        (http_row("a", "a page found anywhere", countries="ZZ"), "no country in which it is expected"),
        (http_row("cp.c_isp_uk_a", "no code of a country", countries=""), "no country in which it is expected"),
        (http_row("a", "the school's own filter", scope="inst"), "an institution's own filter, or words too vague"),
        (http_row("a", "something vague", scope="vbw"), "an institution's own filter, or words too vague"),
        (http_row("a", "a scope of the future", scope="sat"), "an institution's own filter, or words too vague"),
        (http_row("a", "stop"), "too short to tell anything"),
        (http_row("a", "Not found", scope="fp"), "too short to tell anything"),
        (http_row("a", ".*.*", kind="regexp"), "too short to tell anything"),
        (http_row("a", "<HTML></HTML>", kind="full"), "too short to tell anything"),
        (http_row("a", "blocked by [A-Z]{2} order", kind="regexp"), "a regular expression of more than literals and `.*`"),
        (http_row("a", r"order \d of the court", kind="regexp"), "a regular expression of more than literals and `.*`"),
        (http_row("a", "nobody believes this", confidence="0"), "no confidence in it at all"),
        (http_row("a\x1a", "a name that cannot be shown"), "the name cannot be printed"),
    ],
)
def test_what_is_of_no_use_is_left_out_and_counted(row: str, reason: str) -> None:
    assert with_row(row).skipped == {reason: 1}
    assert with_row(row).rows == read().rows + 1


def test_a_name_in_place_of_an_address_is_left_out() -> None:
    assert read(dns=DNS + "ooni.id_1,isp,,dns,full,block.example.id,5,ID,ooni,,\n").skipped == {"not one IP address": 1}


def test_a_regular_expression_of_literals_and_gaps_is_used() -> None:
    row = http_row("a", r"the site .* is closed\. Order .* of the court", kind="regexp")
    assert marks(with_row(row), "Now the site ovd.info IS CLOSED. Order 17 of the court.")
    assert not marks(with_row(row), "the site is closed, order of the court")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (http_row("a", "<html>"), "would accuse them all"),
        (http_row("a", "<body"), "would accuse them all"),
        (http_row("a", ".*<title>.*", kind="regexp"), "would accuse them all"),
        (http_row("a", "https://www.", place="header.location", kind="prefix"), "would accuse them all"),
        (http_row("a", "nginx", place="header.server", kind="prefix"), "would accuse them all"),
        (http_row("a", "(a+)+$", kind="regexp"), "made to take for ever"),
        (http_row("a", "(.*)*blocked", kind="regexp"), "made to take for ever"),
        (http_row("a", "(x*){2,}", kind="regexp"), "made to take for ever"),
        (http_row("a", r"(block)\1", kind="regexp"), "made to take for ever"),
        (http_row("a", "a.*" * 20, kind="regexp"), "made to take for ever"),
        (http_row("a", "x" * 5000), "longer than 4096 characters"),
        (http_row("a", "   "), "the pattern is empty"),
        (http_row("", "a page without a name"), "the name is empty"),
        (http_row("ooni.ru_1", "the second of this name"), "the name stands on line 2 already"),
        (http_row("a", "a page of nowhere", countries="XX"), "two letters of ISO 3166"),
        (http_row("a", "a page of nowhere", countries="Russia"), "two letters of ISO 3166"),
        (http_row("a", "a page of nowhere", countries="ru"), "two letters of ISO 3166"),
        (http_row("a", "an unheard-of way to match", kind="glob"), "the pattern type is none of"),
        (http_row("a", "an unheard-of place", place="trailer"), "this is no place"),
        (http_row("a", "an address of DNS", place="dns"), "this is no place"),
        (http_row("a", "beyond belief", confidence="11"), "no number from 0 to 10"),
        (http_row("a", "beyond belief", confidence="\u0665"), "no number from 0 to 10"),
        (http_row("a", "too many cells") + ",x", "12 columns, where 11 belong"),
        ("a,nat", "2 columns, where 11 belong"),
        ('a,"nat' + ",x" * 9, "unexpected end of data"),
        ('a,"nat"x' + ",x" * 9, "line 5"),
    ],
)
def test_a_hostile_or_damaged_row_has_the_whole_list_refused(row: str, said: str) -> None:
    refused = refusal(f"{HTTP}{row}\n")
    assert said in refused
    assert "The list is refused" in refused


def test_a_resolver_that_everybody_uses_is_no_forged_address() -> None:
    assert "would accuse them all" in refusal(dns=DNS + "a,nat,,dns,full,8.8.8.8,5,RU,ooni,,\n")


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ("", "is empty"),
        ("<!DOCTYPE html>\n<html>Sorry, GitHub is down</html>\n", "does not begin with the columns"),
        (COLUMNS.replace("pattern,", "") + "\n", "does not begin with the columns"),
        (f"{COLUMNS}\n", "holds no row"),
        (HTTP[:-20], "breaks off within its last line"),
        (HTTP.replace("order", "or\0er"), "null bytes"),
    ],
)
def test_what_is_no_whole_list_is_refused(http: str, said: str) -> None:
    assert said in refusal(http)


def test_binary_junk_is_refused() -> None:
    with pytest.raises(ListRefused, match="not text in UTF-8"):
        read_ooni_list({**FILES, HTTP_FILE: b"\x7fELF\x02\x01\xff\xfe" * 100})


def test_a_list_that_has_lost_more_than_half_is_refused() -> None:
    assert read(before=8).rows == 4
    assert "more than half is missing" in refusal(before=9)


@given(st.binary(max_size=600))
def test_whatever_stands_there_it_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(ListRefused):
        read_ooni_list({**FILES, HTTP_FILE: content})


CELLS = st.text('ab,"\n\\.*+(){}|RU body0510', max_size=12)


@given(st.lists(st.lists(CELLS, min_size=11, max_size=11).map(",".join), max_size=4))
def test_whatever_a_row_says_it_is_used_left_out_or_refused(rows: list[str]) -> None:
    found = None
    with suppress(ListRefused):
        found = with_row(*rows)
    assert found is None or found.rows == len(found.fingerprints) + sum(found.skipped.values())


def test_the_published_list_is_read(reference: Path) -> None:
    """As of commit 171641e: most of it is used; the rest is counted by reason."""
    files = {name: (reference / "fingerprints" / name).read_bytes() for name in (DNS_FILE, HTTP_FILE)}
    found = read_ooni_list(files)
    russian = [one for one in found.fingerprints if "RU" in one.mark.countries]
    assert found.rows == 226 + 1729
    assert len(found.fingerprints) + sum(found.skipped.values()) == found.rows
    assert len(found.fingerprints) == 1346
    assert len(russian) == 382
    assert found.skipped == {
        "an institution's own filter, or words too vague": 295,
        "no country in which it is expected": 261,
        "too short to tell anything": 34,
        "not one IP address": 15,
        "a regular expression of more than literals and `.*`": 2,
        "no confidence in it at all": 1,
        "the name cannot be printed": 1,
    }
    assert [one.name for one in marks(found, location="http://warning.rt.ru/?id=1")] == ["ooni:ru_6"]
