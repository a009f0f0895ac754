"""Many literals, one pass: what is found is what a naive search would find."""

from hypothesis import given
from hypothesis import strategies as st

from probes.kit.fingerprint import Fingerprint, Fit, Place
from probes.kit.literals import Literals
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind


def sign(*parts: str, fit: Fit = Fit.CONTAINS) -> Fingerprint:
    mark = Mark(name=f"own:{fit}:{'|'.join(parts)}", kind=MarkKind.BLOCKPAGE)
    return Fingerprint(mark=mark, place=Place.BODY, fit=fit, parts=parts)


def naive(fingerprint: Fingerprint, text: str) -> bool:
    part, folded = fingerprint.parts[0].casefold(), text.casefold()
    if fingerprint.fit is Fit.FULL:
        return folded == part
    return folded.startswith(part) if fingerprint.fit is Fit.PREFIX else part in folded


WORDS = st.text("abAB сСßẞİ\n", min_size=1, max_size=4)


@given(
    st.lists(st.builds(sign, WORDS, fit=st.sampled_from([Fit.CONTAINS, Fit.PREFIX, Fit.FULL])), max_size=12),
    st.text("abAB сСßẞİ\n"),
)
def test_it_finds_what_a_naive_search_finds(fingerprints: list[Fingerprint], text: str) -> None:
    found = list(Literals(fingerprints).found(text))
    expected = [one for one in fingerprints if naive(one, text)]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_capital_and_small_letters_are_the_same_in_any_script() -> None:
    page = sign("Доступ Ограничен")
    assert list(Literals([page]).found("<h1>ДОСТУП ОГРАНИЧЕН</h1>")) == [page]


def test_literals_within_each_other_are_all_found() -> None:
    nested = [sign("block"), sign("blocked"), sign("this site is blocked"), sign("site")]
    assert set(Literals(nested).found("This site is blocked.")) == set(nested)


def test_parts_stand_in_one_line_and_in_their_order() -> None:
    gapped = sign("the URL you", "is prohibited")
    literals = Literals([gapped])
    assert list(literals.found("Sorry, but the URL you are requesting is prohibited!")) == [gapped]
    assert list(literals.found("It is prohibited. But the URL you")) == []
    assert list(literals.found("the URL you\nare requesting is prohibited")) == []


def test_without_literals_nothing_is_found() -> None:
    assert list(Literals([]).found("anything")) == []


def test_a_text_made_of_occurrences_is_bounded() -> None:
    nested = [sign("a" * length) for length in range(1, 200)]
    found = list(Literals(nested).found("a" * 524_288))
    assert set(found) == set(nested)
