"""What people may decide about an incident, and what is refused with a sentence."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import decision
from monitor.core.decision import Decision, Refused, decide
from monitor.core.descriptive import Basis, Outcome
from monitor.core.dossier import Dossier, EvidenceItem, Reinstatement, Reply
from monitor.core.incident import Incident, Relation, apply
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.model import Tlp, Words
from monitor.core.revision import differences
from tests.monitor.cast import BLOCKED, CUT_OFF, DOWN

NOW = BLOCKED.updated + timedelta(hours=1)
BY = "command line"
WHY = "the press office says so"

GODADDY_2023_NOTICE = replace(BLOCKED, id="CW-2023-0001", kind=Kind.NOTICE)
GLOBALGIVING_2024 = replace(
    BLOCKED, id="CW-2024-0001", kind=Kind.WITHDRAWAL, origin=Origin.ATTESTED, dossier=Dossier(title=Words(en="Removed"))
)
RESTORED = Reinstatement(scope="full", basis=Basis.PROVIDER)
ANNOUNCED = Reinstatement(scope="announced", basis=Basis.PROVIDER)


def carried_out(incident: Incident, wanted: Decision) -> Incident:
    return apply(incident, decide(incident, wanted, NOW))


def refusal(incident: Incident, wanted: Decision) -> str:
    with pytest.raises(Refused) as refused:
        decide(incident, wanted, NOW)
    return str(refused.value)


def test_a_decision_enters_the_log_with_its_reason_and_by_whom_it_was_taken() -> None:
    event = decide(BLOCKED, decision.retract(f"  {WHY} ", BY), NOW)
    assert (event.incident, event.version, event.at, event.kind) == (BLOCKED.id, 3, NOW, EventKind.RETRACTED)
    assert (event.change.reason, event.change.by) == (WHY, BY)


def test_a_decision_without_a_reason_is_refused() -> None:
    assert "give a reason" in refusal(BLOCKED, decision.retract(" ", BY))


def test_what_is_retracted_cannot_be_retracted_twice() -> None:
    retracted = carried_out(BLOCKED, decision.retract(WHY, BY))
    assert retracted.stage is IncidentStage.RETRACTED
    assert refusal(retracted, decision.retract(WHY, BY)) == "CW-2021-0001 is retracted already"


def test_a_release_changes_how_far_it_may_travel_and_nothing_else() -> None:
    released = carried_out(BLOCKED, decision.release(Tlp.CLEAR, WHY, BY))
    assert {one.field for one in differences(BLOCKED, released)} == {"tlp"}
    assert "CLEAR already" in refusal(released, decision.release(Tlp.CLEAR, WHY, BY))


def test_only_a_notice_can_be_averted() -> None:
    assert carried_out(GODADDY_2023_NOTICE, decision.avert(WHY, BY)).stage is IncidentStage.AVERTED
    assert "is no notice" in refusal(BLOCKED, decision.avert(WHY, BY))


def test_access_that_was_given_back_reinstates_and_says_so_in_the_dossier() -> None:
    back = carried_out(GLOBALGIVING_2024, decision.reinstate(RESTORED, WHY, BY))
    assert (back.stage, back.dossier.outcome, back.dossier.reinstatement) == (
        IncidentStage.REINSTATED,
        Outcome.REINSTATED_FULL,
        RESTORED,
    )


def test_a_measured_loss_that_was_given_back_ends_when_it_was() -> None:
    later = NOW + timedelta(days=9)
    day = RESTORED.model_copy(update={"date": "2021-12-27"})
    back = apply(BLOCKED, decide(BLOCKED, decision.reinstate(day, WHY, BY), later))
    assert carried_out(BLOCKED, decision.reinstate(RESTORED, WHY, BY)).end.by == NOW
    assert (back.end.after.isoformat(), back.end.by.isoformat()) == ("2021-12-27T00:00:00+00:00", "2021-12-28T00:00:00+00:00")


def test_access_cannot_be_given_back_before_it_was_lost_or_in_days_to_come() -> None:
    for date, sentence in (("2021-12-24", "before it was lost"), ("2030", "is still to come")):
        dated = RESTORED.model_copy(update={"date": date})
        assert sentence in refusal(BLOCKED, decision.reinstate(dated, WHY, BY))


def test_a_process_that_is_merely_announced_reinstates_nobody() -> None:
    """mailchimp_reinstatement_process"""
    event = decide(GLOBALGIVING_2024, decision.reinstate(ANNOUNCED, WHY, BY), NOW)
    told = apply(GLOBALGIVING_2024, event)
    assert (event.kind, told.stage) == (EventKind.REINSTATEMENT_ANNOUNCED, IncidentStage.CONFIRMED)
    assert told.dossier.outcome is Outcome.PROCESS_ANNOUNCED


@pytest.mark.parametrize(
    ("incident", "sentence"),
    [
        (replace(BLOCKED, stage=IncidentStage.SUSPECTED), "is only suspected: it can be retracted, but not reinstated"),
        (replace(BLOCKED, stage=IncidentStage.RETRACTED), "is retracted already, so it cannot be reinstated"),
        (GODADDY_2023_NOTICE, "`avert` says that it will not happen"),
        (DOWN, "nobody is known to have caused"),
        (CUT_OFF, "nobody is known to have caused"),
    ],
)
def test_what_nobody_gave_back_cannot_be_reinstated(incident: Incident, sentence: str) -> None:
    assert sentence in refusal(incident, decision.reinstate(RESTORED, WHY, BY))
    assert sentence in refusal(incident, decision.reinstate(ANNOUNCED, WHY, BY))


def test_a_part_of_the_way_back_is_a_correction() -> None:
    half = RESTORED.model_copy(update={"scope": "partial"})
    assert "reinstated_partial" in refusal(BLOCKED, decision.reinstate(half, WHY, BY))


def test_what_people_state_of_a_measured_incident_makes_it_both() -> None:
    stated = Dossier(title=Words(en="Blocked by a court"))
    corrected = carried_out(BLOCKED, decision.correct(stated, WHY, BY))
    assert (corrected.origin, corrected.dossier, corrected.onset) == (Origin.BOTH, stated, BLOCKED.onset)
    assert "nothing would change" in refusal(corrected, decision.correct(stated, WHY, BY))


def test_what_is_only_attested_stays_so_and_lies_where_its_dossier_dates_it() -> None:
    dated = Dossier.model_validate({"title": {"en": "Removed"}, "dates": {"decided": {"date": "2024-01", "basis": "document"}}})
    corrected = carried_out(GLOBALGIVING_2024, decision.correct(dated, WHY, BY))
    undated = carried_out(corrected, decision.correct(GLOBALGIVING_2024.dossier, WHY, BY))
    assert corrected.origin is Origin.ATTESTED
    assert (corrected.onset.after.isoformat(), corrected.onset.by.isoformat()) == (
        "2024-01-01T00:00:00+00:00",
        "2024-02-01T00:00:00+00:00",
    )
    assert undated.onset is None


def test_evidence_and_replies_are_added_to_a_dossier_that_is_begun_where_there_is_none() -> None:
    item, reply = EvidenceItem(title="A screenshot"), Reply(by=Words(en="The host"), text=Words(en="No comment"))
    shown = carried_out(BLOCKED, decision.add_evidence(item, WHY, BY))
    answered = carried_out(shown, decision.add_reply(reply, WHY, BY))
    assert answered.dossier.title == Words(en="ovd-info/ovd.info: blocked", ru="ovd-info/ovd.info: заблокирован доступ")
    assert (answered.dossier.evidence, answered.dossier.replies) == ((item,), (reply,))
    assert "there already" in refusal(answered, decision.add_evidence(item, WHY, BY))
    assert "there already" in refusal(answered, decision.add_reply(reply, WHY, BY))


def test_a_notice_that_foretold_it_is_linked_as_a_notice() -> None:
    event = decide(BLOCKED, decision.link(GODADDY_2023_NOTICE, RelationKind.ANNOUNCED_BY, WHY, BY), NOW)
    assert event.kind is EventKind.NOTICE_LINKED
    assert apply(BLOCKED, event).relations == (Relation(RelationKind.ANNOUNCED_BY, GODADDY_2023_NOTICE.id),)
    assert "is no notice" in refusal(BLOCKED, decision.link(DOWN, RelationKind.ANNOUNCED_BY, WHY, BY))


def test_a_member_and_its_mass_event_name_each_other() -> None:
    many = replace(DOWN, key=replace(DOWN.key, organisation="", target="", family="mass:path"))
    member = carried_out(BLOCKED, decision.link(many, RelationKind.MEMBER_OF, WHY, BY))
    parent = carried_out(many, decision.take_in(BLOCKED, WHY, BY))
    assert (member.parent, parent.members, parent.affected) == (DOWN.id, (BLOCKED.id,), ("ovd-info",))
    refused = refusal(member, decision.link(CUT_OFF, RelationKind.MEMBER_OF, WHY, BY))
    assert "is a member of a mass event already" in refused
    assert DOWN.id not in refused, "whoever decides need not know of it"
    another = replace(many, id="CW-2021-0009")
    assert "cannot be a member" in refusal(parent, decision.link(another, RelationKind.MEMBER_OF, WHY, BY))
    assert "no mass event" in refusal(BLOCKED, decision.link(DOWN, RelationKind.MEMBER_OF, WHY, BY))
    assert "already" in refusal(parent, decision.take_in(BLOCKED, WHY, BY))


def test_an_incident_cannot_be_linked_to_itself_or_twice() -> None:
    linked = carried_out(BLOCKED, decision.link(DOWN, RelationKind.FOLLOWS, WHY, BY))
    assert "to itself" in refusal(BLOCKED, decision.link(BLOCKED, RelationKind.SEE_ALSO, WHY, BY))
    assert "like this already" in refusal(linked, decision.link(DOWN, RelationKind.FOLLOWS, WHY, BY))


def test_an_erasure_empties_the_field_and_says_which() -> None:
    signed = GLOBALGIVING_2024.dossier.model_copy(update={"note": "told by Anna"})
    event = decide(replace(GLOBALGIVING_2024, dossier=signed), decision.erase("note", "Anna asked; told by Anna it was", BY), NOW)
    assert (event.change.dossier.note, event.change.erased) == (None, "note")
    assert "told by Anna" not in str(event.data)
    assert "has no dossier" in refusal(BLOCKED, decision.erase("note", WHY, BY))


_ANY = st.sampled_from(
    [
        decision.release(Tlp.CLEAR, WHY, BY),
        decision.release(Tlp.AMBER, WHY, BY),
        decision.retract(WHY, BY),
        decision.avert(WHY, BY),
        decision.reinstate(RESTORED, WHY, BY),
        decision.reinstate(ANNOUNCED, WHY, BY),
        decision.correct(Dossier(title=Words(en="Other words"), note="x"), WHY, BY),
        decision.add_evidence(EvidenceItem(title="A screenshot"), WHY, BY),
        decision.link(DOWN, RelationKind.FOLLOWS, WHY, BY),
        decision.erase("note", WHY, BY),
    ]
)


@given(st.sampled_from([BLOCKED, GODADDY_2023_NOTICE, GLOBALGIVING_2024, DOWN]), st.lists(_ANY, max_size=8))
def test_no_sequence_of_decisions_skips_a_version_or_leaves_the_last_stage_twice(start: Incident, wanted: list[Decision]) -> None:
    final, incident = 0, start
    for one in wanted:
        try:
            event = decide(incident, one, NOW)
        except Refused:
            continue
        before, incident = incident, apply(incident, event)
        assert incident.version == before.version + 1
        final += incident.stage is not before.stage and incident.stage is not IncidentStage.RETRACTED
    assert final <= 1
