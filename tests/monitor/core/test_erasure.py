"""A field that holds a person's data is emptied so that the text is nowhere in what is left, and all of it can be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from monitor.core.dossier import Dossier
from monitor.core.erasure import FREE_TEXT, NoSuchField, emptied, redacted, without
from monitor.core.incident import Change, record
from monitor.core.kinds import EventKind
from tests.monitor.cast import ONSET

PERSON = "Ivan Petrov"


def dossier(**said: Any) -> Dossier:
    return Dossier.model_validate({"title": {"en": "Account closed"}, **said})


def test_what_may_be_missing_goes() -> None:
    left, texts = emptied(dossier(note=f"told by {PERSON}"), "note")
    assert (left, texts) == (dossier(), frozenset({f"told by {PERSON}"}))


def test_what_may_not_be_missing_is_marked_in_both_languages() -> None:
    left, _ = emptied(dossier(), "title")
    assert (left.title.en, left.title.ru) == ("[erased]", "[удалено]")
    assert emptied(dossier(sources=[{"title": PERSON}]), "sources[0].title")[0].sources[0].title == "[erased]"


def test_an_entry_of_a_list_goes_whole() -> None:
    stated = dossier(sources=[{"title": "A report"}, {"title": PERSON, "url": "https://example.org/petrov"}])
    left, texts = emptied(stated, "sources[1]")
    assert left == dossier(sources=[{"title": "A report"}])
    assert texts == {PERSON, "https://example.org/petrov"}


def test_the_same_text_goes_wherever_else_it_stands_as_a_word() -> None:
    stated = dossier(summary={"en": f"{PERSON} of the bank, not {PERSON}a"}, note=PERSON)
    assert emptied(stated, "note")[0].summary.en == f"[erased] of the bank, not {PERSON}a"


def test_a_short_text_is_not_sought_inside_others() -> None:
    assert without({"VK"}, "VK said so") == "VK said so"
    assert without({"VK"}, "VK") == "[erased]"


@pytest.mark.parametrize(
    "field", ["", "nothing", "actors[0]", "actors[7].entity", "title.fr", "note..x", "a b", "[0]", "title[0]"]
)
def test_a_field_that_is_not_there_is_refused_with_what_to_write(field: str) -> None:
    with pytest.raises(NoSuchField, match=r"write one as in|is empty, or there is no such field"):
        emptied(dossier(actors=()), field)


def test_a_closed_word_that_must_be_there_cannot_be_emptied() -> None:
    stated = dossier(actors=[{"kind": "bank", "role": "implementer", "basis": "media"}])
    with pytest.raises(NoSuchField, match="holds no text"):
        emptied(stated, "actors[0].kind")


def test_earlier_events_read_as_if_it_had_never_stood_there() -> None:
    before = record(
        "CW-2026-0001", 3, ONSET, EventKind.CORRECTED, Change(dossier=dossier(note="someone else's words"), reason="x")
    )
    told = record("CW-2026-0001", 4, ONSET, EventKind.RETRACTED, Change(reason=f"so says {PERSON}"))
    other = record("CW-2026-0001", 2, ONSET, EventKind.CONFIRMED, Change(because="reset"))
    changed = {event.version: event for event in redacted([other, before, told], "note", {PERSON})}
    assert changed.keys() == {3, 4}
    assert changed[3].change.dossier.note is None
    assert changed[4].change.reason == "so says [erased]"


def test_another_entry_that_stood_in_the_same_place_before_is_left_alone() -> None:
    event = record("CW-2026-0001", 2, ONSET, EventKind.CORRECTED, Change(dossier=dossier(affected_services=["mail"])))
    assert list(redacted([event], "affected_services[0]", {PERSON})) == []


def text_fields(model: type[BaseModel]) -> set[str]:
    """The names under which the schema has text that nothing restricts."""
    schema = model.model_json_schema()
    found = set()
    for part in (schema, *schema["$defs"].values()):
        for name, kind in part.get("properties", {}).items():
            options = [*kind.get("anyOf", ()), kind, kind.get("items", {})]
            if any(one.get("type") == "string" and not {"enum", "const", "pattern"} & one.keys() for one in options):
                found.add(name)
    return found


DATES = {"date", "decided", "filed", "filing_deadline", "not_before", "not_after", "reported_on", "as_of", "added"}


def test_every_field_in_which_people_write_freely_is_known() -> None:
    assert text_fields(Dossier) - DATES - {"kind"} == FREE_TEXT


@given(st.text(min_size=1, max_size=30).filter(lambda text: any(map(str.isprintable, text.replace(" ", ""))) and "[" not in text))
def test_whatever_the_text_was_what_is_left_can_be_read_and_no_longer_holds_it(text: str) -> None:
    stated = dossier(note=text, summary={"en": text, "ru": f"({text})"}, sources=[{"title": text, "passage": text}])
    left, _ = emptied(stated, "note")
    texts = [left.note, left.summary.en, left.sources[0].title, left.sources[0].passage]
    assert text not in texts
    assert Dossier.model_validate(left.model_dump(mode="json")) == left
