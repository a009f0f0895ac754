"""A statement that is for fewer readers than its incident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.descriptive import ActorKind, ActorRole, Basis
from monitor.core.dossier import Actor, CitedSource, DatedStatement, Dates, Dossier, Marks, Reinstatement, Remedy, Reply
from monitor.core.held_back import as_far_as, ever_held_back, held_back, without
from monitor.core.incident import Bracket, Incident
from monitor.core.kinds import Origin
from monitor.core.model import Tlp, Words
from tests.api import cast

MARKS = st.sampled_from((None, *Tlp))


def an_actor(name: str, tlp: Tlp | None = None) -> Actor:
    return Actor(entity=Words(en=name), kind=ActorKind.STATE_COURT, role=ActorRole.ORDERER, basis=Basis.DOCUMENT, tlp=tlp)


def stating(**said: object) -> Incident:
    return cast.attested(1, dossier=Dossier.model_validate({"title": {"en": "A case"}, **said})).incident


def told(incident: Incident, reach: Tlp = Tlp.CLEAR) -> Dossier:
    dossier = as_far_as(incident, reach).dossier
    assert dossier is not None
    return dossier


def test_a_statement_travels_as_far_as_its_mark_says_and_without_one_as_far_as_the_incident() -> None:
    incident = stating(actors=[an_actor("A"), an_actor("B", Tlp.CLEAR), an_actor("C", Tlp.AMBER), an_actor("D", Tlp.RED)])
    names = {reach: "".join(one.entity.en for one in told(incident, reach).actors if one.entity) for reach in Tlp}
    assert names == {Tlp.CLEAR: "AB", Tlp.GREEN: "AB", Tlp.AMBER: "ABC", Tlp.RED: "ABCD"}


def test_what_stands_inside_another_statement_is_held_back_by_itself() -> None:
    secret = CitedSource(title="A letter from a friend", tlp=Tlp.RED)
    remedy = Remedy(body=Words(en="A court"), sources=(CitedSource(title="The ruling"), secret))
    reply = Reply(by=Words(en="The company"), text=Words(en="No."), source=secret)
    shown = told(stating(remedies=[remedy], replies=[reply]))
    assert [one.title for one in shown.remedies[0].sources] == ["The ruling"]
    assert shown.replies[0].source is None


def test_a_text_is_held_back_by_its_mark_and_the_mark_with_it() -> None:
    shown = told(stating(note="Only for us", affected_services=["payroll"], marks={"note": "AMBER", "affected_services": "RED"}))
    assert shown == Dossier(title=Words(en="A case"))


def test_what_was_dated_by_a_statement_that_is_held_back_is_not_dated() -> None:
    effective = {"date": "2022-03", "basis": "document", "tlp": "AMBER"}
    hidden = as_far_as(stating(dates={"effective": effective}), Tlp.CLEAR)
    assert (hidden.onset, hidden.end) == (None, None)
    announced = {"date": "2022-01", "basis": "document"}
    shown = as_far_as(stating(dates={"effective": effective, "announced": announced}), Tlp.CLEAR)
    assert shown.onset is not None
    assert (shown.onset.by.year, shown.onset.by.month) == (2022, 2)


def test_what_was_measured_stays_dated_whatever_is_held_back() -> None:
    dates = Dates(effective=DatedStatement(date="2022-03", basis=Basis.DOCUMENT, tlp=Tlp.RED))
    measured = cast.suspicion(1, origin=Origin.BOTH, dossier=Dossier(title=Words(en="A case"), dates=dates)).incident
    assert as_far_as(measured, Tlp.CLEAR).onset == measured.onset is not None


def test_what_is_held_back_now_is_known_again_in_a_version_that_did_not_mark_it() -> None:
    before = stating(actors=[an_actor("A"), an_actor("B")], note="Only for us")
    now = stating(actors=[an_actor("B", Tlp.AMBER), an_actor("A")], note="Only for us", marks={"note": "RED"})
    assert now.dossier is not None
    seen = without(before, held_back(now.dossier, Tlp.CLEAR)).dossier
    assert seen == Dossier(title=Words(en="A case"), actors=(an_actor("A"),))


def test_what_is_held_back_is_known_in_every_version_until_it_is_stated_openly() -> None:
    versions = [stating(actors=actors).dossier for actors in ([an_actor("A")], [an_actor("A", Tlp.RED)], [])]
    assert ever_held_back(versions, Tlp.CLEAR) == {an_actor("A")}
    assert ever_held_back([*versions, *versions[:1]], Tlp.CLEAR) == frozenset()
    assert ever_held_back([None, *versions[:1]], Tlp.CLEAR) == frozenset()


def test_what_was_reworded_again_and_again_before_it_was_marked_is_held_back_in_all_its_words() -> None:
    rounds = (an_actor("A"), an_actor("A."), an_actor("A. A."), an_actor("A. A. A.", Tlp.AMBER))
    versions = [stating(actors=[an_actor("B"), one]).dossier for one in rounds]
    held = ever_held_back([*versions, stating(actors=[an_actor("B")]).dossier], Tlp.CLEAR)
    assert held == {an_actor(name) for name in ("A", "A.", "A. A.", "A. A. A.")}


def test_a_source_that_is_reworded_as_it_is_marked_takes_nothing_with_it_of_that_in_which_it_is_cited() -> None:
    was, now = CitedSource(title="A letter from Anna"), CitedSource(title="A letter", tlp=Tlp.RED)
    remedies = [Remedy(body=Words(en="A court"), sources=(one,)) for one in (was, now)]
    first, last = [stating(remedies=[one]) for one in remedies]
    shown = without(first, ever_held_back([first.dossier, last.dossier], Tlp.CLEAR)).dossier
    assert shown is not None
    assert shown.remedies == (Remedy(body=Words(en="A court")),)


def test_what_is_only_added_for_fewer_readers_takes_nothing_out_of_the_versions_before() -> None:
    versions = [stating(actors=actors).dossier for actors in ([an_actor("A")], [], [an_actor("B", Tlp.AMBER)])]
    assert ever_held_back(versions, Tlp.CLEAR) == {an_actor("B")}


NOTES = st.lists(st.tuples(st.sampled_from("abc"), MARKS), min_size=1, max_size=6)


@given(NOTES, st.sampled_from(Tlp))
def test_no_version_states_what_stood_in_a_place_until_it_was_marked(notes: list[tuple[str, Tlp | None]], reach: Tlp) -> None:
    versions = [stating(note=note, marks=Marks(note=mark)) for note, mark in notes]
    held = ever_held_back([one.dossier for one in versions], reach)
    marked = [place for place, one in enumerate(versions) if one.dossier and held_back(one.dossier, reach)]
    until = marked[-1] if marked else -1
    openly = {notes[-1][0]} if until < len(notes) - 1 else set()
    for place, one in enumerate(versions):
        shown = without(one, held).dossier
        assert shown is not None
        if place <= until:
            assert shown.note is None or shown.note in openly
        elif not held:
            assert shown.note == notes[place][0]


GIVEN = Reinstatement(scope="full", date="2026-07-17", basis=Basis.PROVIDER)

END = Bracket(after=datetime(2026, 7, 17, tzinfo=UTC), by=datetime(2026, 7, 18, tzinfo=UTC))


@pytest.mark.parametrize(
    ("stated", "end", "is_told"),
    [
        (GIVEN.model_copy(update={"tlp": Tlp.AMBER}), END, False),
        (None, END, False),
        (GIVEN.model_copy(update={"by": Words(en="The company")}), END, True),
        (GIVEN.model_copy(update={"date": "2026-07", "by": Words(en="The company")}), END, False),
        (None, replace(END, after=END.by - timedelta(minutes=5)), True),
    ],
    ids=["it is marked", "it is stated no more", "somebody states the same", "somebody states something else", "it was seen"],
)
def test_the_end_of_what_was_seen_is_told_where_it_does_not_rest_on_a_word_that_is_held_back(
    stated: Reinstatement | None, end: Bracket, is_told: bool
) -> None:
    seen = replace(stating(reinstatement=stated), origin=Origin.BOTH, end=end)
    assert without(seen, {GIVEN}).end == (end if is_told else None)


@given(st.lists(MARKS, max_size=4), st.builds(Marks, note=MARKS, summary=MARKS), st.sampled_from(Tlp))
def test_nothing_that_is_told_is_marked_closer_than_it_may_travel(actors: list[Tlp | None], marks: Marks, reach: Tlp) -> None:
    said = [an_actor(str(number), mark) for number, mark in enumerate(actors)]
    incident = stating(actors=said, note="n", summary={"en": "s"}, marks=marks)
    shown = as_far_as(incident, reach)
    assert shown.dossier is not None
    assert held_back(shown.dossier, reach) == frozenset()
    kept = [one for one in said if one.tlp is None or list(Tlp).index(one.tlp) <= list(Tlp).index(reach)]
    assert list(shown.dossier.actors) == kept
    assert as_far_as(shown, reach) == shown
