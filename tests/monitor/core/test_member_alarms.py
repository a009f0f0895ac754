"""Nobody is told the same twice: once of a mass event, and once more of each of its members."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from monitor.core.incident import Event, Incident, Relation
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.member_alarms import Kin, not_told_twice
from monitor.core.model import Tlp
from monitor.core.routing import route
from monitor.core.subscription import Channel, Match, Route
from monitor.core.watchlist import Watchlist
from tests.monitor import cast
from tests.monitor.cast import ADDRESS, BLOCKED, ONSET, ended, happening
from tests.monitor.core.messages import MASS

DESK: Final = cast.DESK.model_copy(update={"kind": "chat"})
PHONE: Final = cast.PHONE.model_copy(update={"kind": "chat"})
EVERYTHING: Final = Route(id="everything", channels=("desk",))
OURS: Final = Route(id="ours", match=Match(organisations=("ovd-info",)), channels=("phone",))
MEMBER: Final = replace(BLOCKED, relations=(Relation(RelationKind.MEMBER_OF, MASS.id),))


def watchlist(*routes: Route, channels: tuple[Channel, ...] = (DESK, PHONE)) -> Watchlist:
    """Routes to people."""
    return cast.watchlist(*routes, channels=channels)


def told(kind: EventKind, incident: Incident, parent: Incident | None, known: Watchlist, **data: object) -> list[str]:
    """The routes that are told."""
    event: Event = happening(kind, incident, **data)
    messages = route(event, incident, known, ADDRESS)
    return [one.route for one in not_told_twice(messages, Kin(event=event, incident=incident, parent=parent), known)]


@pytest.mark.parametrize("kind", [EventKind.CONFIRMED, EventKind.REOPENED])
def test_whoever_hears_of_the_mass_event_does_not_hear_of_each_member(kind: EventKind) -> None:
    assert told(kind, MEMBER, MASS, watchlist(EVERYTHING)) == []
    assert told(kind, MEMBER, None, watchlist(EVERYTHING)) == ["everything"]


def test_that_a_member_is_over_is_owed_to_whom_its_alarm_went() -> None:
    """The outbox knows to whom: a recovery is not sent to whom the alarm was not."""
    assert told(EventKind.ENDED, ended(MEMBER), MASS, watchlist(EVERYTHING)) == ["everything"]


def test_programs_hear_of_everything() -> None:
    program = watchlist(EVERYTHING, channels=(DESK.model_copy(update={"kind": "webhook"}),))
    assert told(EventKind.CONFIRMED, MEMBER, MASS, program) == ["everything"]


def test_a_member_that_returns_after_the_mass_event_speaks_for_itself() -> None:
    long_over = replace(ended(MASS), stage_since=ONSET - timedelta(days=1))
    assert told(EventKind.REOPENED, MEMBER, long_over, watchlist(EVERYTHING)) == ["everything"]
    assert told(EventKind.ENDED, ended(MEMBER), long_over, watchlist(EVERYTHING)) == ["everything"]


def test_a_member_that_cannot_wait_speaks_for_itself() -> None:
    intercepted = replace(MEMBER, mechanisms=("tls.mitm.state_ca",))
    assert told(EventKind.CONFIRMED, intercepted, MASS, watchlist(EVERYTHING)) == ["everything"]


def test_whoever_does_not_hear_of_the_mass_event_hears_of_the_member() -> None:
    blocks_only = Route(id="blocks", match=Match(kinds=(Kind.BLOCKING,)), channels=("desk",))
    out_of_reach = replace(MASS, kind=Kind.UNREACHABLE)
    assert told(EventKind.CONFIRMED, MEMBER, out_of_reach, watchlist(blocks_only)) == ["blocks"]
    amber_at_most = watchlist(EVERYTHING, channels=(DESK.model_copy(update={"up_to": Tlp.AMBER}),))
    assert told(EventKind.CONFIRMED, MEMBER, replace(MASS, tlp=Tlp.RED), amber_at_most) == ["everything"]


def test_whoever_asked_for_certain_organisations_hears_of_their_losses_and_not_of_who_else_has_joined() -> None:
    assert told(EventKind.CONFIRMED, MEMBER, MASS, watchlist(EVERYTHING, OURS)) == ["ours"]
    grown = replace(MASS, version=3)
    assert told(EventKind.SCOPE_CHANGED, grown, None, watchlist(OURS), members=[MEMBER.id]) == []
    assert told(EventKind.SCOPE_CHANGED, grown, None, watchlist(EVERYTHING), members=[MEMBER.id]) == ["everything"]
    assert told(EventKind.SCOPE_CHANGED, MEMBER, MASS, watchlist(OURS)) == ["ours"], "where ours is seen from is no other's news"
    assert told(EventKind.CONFIRMED, MASS, None, watchlist(OURS)) == ["ours"]


def test_that_fewer_stand_is_news_to_programs_only() -> None:
    program = watchlist(EVERYTHING, channels=(DESK.model_copy(update={"kind": "webhook"}),))
    fewer = replace(MASS, version=3, struck=1)
    assert told(EventKind.SCOPE_CHANGED, fewer, None, watchlist(EVERYTHING, OURS), struck=1) == []
    assert told(EventKind.SCOPE_CHANGED, fewer, None, program, struck=1) == ["everything"]


def test_that_a_member_was_a_false_alarm_is_told_whatever_else_is() -> None:
    mistaken = replace(MEMBER, stage=IncidentStage.RETRACTED)
    assert told(EventKind.RETRACTED, mistaken, MASS, watchlist(EVERYTHING)) == ["everything"]
