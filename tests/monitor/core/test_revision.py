"""What one version of an incident says that another does not, field by field."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.dossier import Dossier
from monitor.core.incident import Incident, Relation
from monitor.core.kinds import IncidentStage, RelationKind
from monitor.core.revision import Difference, differences
from tests.monitor.cast import BLOCKED, ended


def stated(**said: Any) -> Incident:
    return replace(BLOCKED, dossier=Dossier.model_validate({"title": {"en": "Blocked"}, **said}))


def test_the_same_incident_differs_in_nothing_whatever_its_version() -> None:
    assert differences(BLOCKED, replace(BLOCKED, version=9, digest="0" * 64)) == ()


def test_a_change_is_told_by_the_name_of_its_field() -> None:
    found = differences(BLOCKED, ended(BLOCKED))
    assert found[0] == Difference(field="stage", before="confirmed", after="ended")
    assert [one.field for one in found] == ["stage", "end.after", "end.by"]


def test_a_date_in_the_dossier_is_told_where_it_stands() -> None:
    before = stated(dates={"decided": {"date": "2021", "basis": "self_report"}})
    after = stated(dates={"decided": {"date": "2021-12", "basis": "document"}})
    assert differences(before, after) == (
        Difference(field="dossier.dates.decided.date", before="2021", after="2021-12"),
        Difference(field="dossier.dates.decided.basis", before="self_report", after="document"),
    )


def test_what_was_added_to_a_list_is_told_as_just_that() -> None:
    before = stated(sources=[{"title": "A report"}])
    after = stated(sources=[{"title": "A report"}, {"title": "Another", "lang": "ru"}])
    assert differences(before, after) == (
        Difference(field="dossier.sources[1]", before=None, after={"title": "Another", "lang": "ru"}),
    )


def test_a_dossier_that_is_new_is_told_field_by_field() -> None:
    found = {one.field: one.after for one in differences(BLOCKED, stated(note="ordered by a court"))}
    assert found["dossier.title.en"] == "Blocked"
    assert found["dossier.note"] == "ordered by a court"


def test_a_link_is_told_with_its_kind() -> None:
    linked = replace(BLOCKED, relations=(Relation(RelationKind.FOLLOWS, "CW-2021-0009"),))
    (found,) = differences(BLOCKED, linked)
    assert (found.field, found.after) == ("relations[0]", {"kind": "follows", "incident": "CW-2021-0009"})


incidents = st.builds(
    lambda stage, vantages, note: replace(stated(note=note or None), stage=stage, vantages=tuple(vantages)),
    st.sampled_from(IncidentStage),
    st.lists(st.sampled_from(["berlin", "kazan-mobile"]), max_size=2),
    st.sampled_from(["", "a note", "заметка", "{}"]),
)


@given(incidents, incidents)
def test_differences_read_backwards_are_those_of_the_way_back(one: Incident, other: Incident) -> None:
    there, back = differences(one, other), differences(other, one)
    assert {(each.field, each.before, each.after) for each in there} == {(each.field, each.after, each.before) for each in back}
    assert json.dumps([each.after for each in there]) is not None
    assert (there == ()) == (one == other)
