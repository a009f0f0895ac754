"""What an event makes of an incident."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.descriptive import Basis, Outcome
from monitor.core.dossier import Dossier, Reinstatement
from monitor.core.incident import Change, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.model import Words
from tests.monitor.cast import BLOCKED, ONSET

GIVEN_BACK = Reinstatement(scope="full", basis=Basis.SELF_REPORT)


def lost_again(incident: Incident) -> Incident:
    change = Change(stage=IncidentStage.CONFIRMED)
    return apply(incident, record(incident.id, incident.version + 1, ONSET + timedelta(days=2), EventKind.REOPENED, change))


def test_what_was_given_back_and_is_lost_again_is_not_said_to_be_back() -> None:
    event = decide(BLOCKED, decision.reinstate(GIVEN_BACK, "they wrote to us", "staff"), ONSET + timedelta(days=1))
    given_back = apply(BLOCKED, event)
    assert given_back.dossier is not None
    assert given_back.dossier.outcome is Outcome.REINSTATED_FULL
    dossier = lost_again(given_back).dossier
    assert dossier is not None
    assert (dossier.outcome, dossier.reinstatement) == (Outcome.UNKNOWN, None)
    assert dossier.title == given_back.dossier.title
    assert event.change.dossier == given_back.dossier, "the log keeps what was said then"


@pytest.mark.parametrize("outcome", [Outcome.APPEAL_PENDING, Outcome.MIGRATED])
def test_what_else_came_of_it_stays_said(outcome: Outcome) -> None:
    over = replace(BLOCKED, stage=IncidentStage.ENDED, dossier=Dossier(title=Words(en="Blocked", ru=None), outcome=outcome))
    assert lost_again(over).dossier == over.dossier
