"""Nobody is told the same twice: once of a mass event, and once more of each of its members."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from monitor.core.hearing import Turn
from monitor.core.incident import Event, Incident, Relation
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind, Severity
from monitor.core.member_alarms import Ears, Kin, not_told_twice, unheard
from monitor.core.message import Purpose
from monitor.core.model import Tlp
from monitor.core.routing import route
from monitor.core.subscription import Channel, Escalation, Match, Route
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


def told(
    kind: EventKind,
    incident: Incident,
    parent: Incident | None,
    known: Watchlist,
    theirs: tuple[Incident, ...] = (),
    listening: Ears = frozenset({("desk", MASS.id), ("phone", MASS.id)}),
    **data: object,
) -> list[str]:
    """The routes that are told, where all channels have heard of the mass event."""
    event: Event = happening(kind, incident, **data)
    kin = Kin(event=event, incident=incident, parent=parent, members=theirs)
    return [one.route for one in not_told_twice(route(event, incident, known, ADDRESS), kin, known, listening)]


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


def test_a_channel_that_has_not_heard_of_the_mass_event_hears_of_its_members() -> None:
    known = watchlist(EVERYTHING, Route(id="others", channels=("phone",)))
    assert told(EventKind.CONFIRMED, MEMBER, MASS, known, listening={("desk", MASS.id)}) == ["others"]


def test_what_stands_in_for_a_channel_that_heard_of_the_mass_event_need_not_hear_of_its_members() -> None:
    doubled = watchlist(EVERYTHING.model_copy(update={"second": "phone"}))
    assert told(EventKind.CONFIRMED, MEMBER, MASS, doubled, listening={("desk", MASS.id)}) == []
    assert told(EventKind.CONFIRMED, MEMBER, MASS, doubled, listening={("phone", MASS.id)}) == ["everything", "everything"]


CALLING_NIGHTS = OURS.model_copy(update={"escalate": Escalation(channels=("desk",), severities=(Severity.PAGE,))})
LISTENED_IN = ("tls.mitm.state_ca",)


@pytest.mark.parametrize(
    ("route", "member", "mass", "expected"),
    [
        (OURS, MEMBER, MASS, []),
        (OURS, replace(MEMBER, stage=IncidentStage.ENDED), MASS, ["ours"]),
        (OURS, replace(MEMBER, key=replace(MEMBER.key, organisation="press-club")), MASS, ["ours"]),
        (OURS.model_copy(update={"match": Match(organisations=("ovd-info",), providers=("rkn",))}), MEMBER, MASS, []),
        (CALLING_NIGHTS, MEMBER, MASS, []),
        (CALLING_NIGHTS, MEMBER, replace(MASS, mechanisms=LISTENED_IN), ["ours"]),
        (CALLING_NIGHTS, replace(MEMBER, mechanisms=LISTENED_IN), replace(MASS, mechanisms=LISTENED_IN), []),
    ],
    ids=[
        "its own alarm goes there",
        "its own is over",
        "it is another's",
        "neither is theirs",
        "nobody is called",
        "others are called for the mass event only",
        "others are called for its own too",
    ],
)
def test_whoever_hears_of_its_own_loss_does_not_hear_of_it_again_with_all_others(
    route: Route, member: Incident, mass: Incident, expected: list[str]
) -> None:
    assert told(EventKind.CONFIRMED, mass, None, watchlist(route), theirs=(member,)) == expected


def test_whoever_may_not_hear_of_its_own_loss_by_itself_hears_of_it_with_all_others() -> None:
    open_only = watchlist(OURS, channels=(DESK, PHONE.model_copy(update={"up_to": Tlp.CLEAR})))
    assert told(EventKind.CONFIRMED, replace(MASS, tlp=Tlp.CLEAR), None, open_only, theirs=(MEMBER,)) == ["ours"]


def test_a_channel_that_somebody_shares_who_wants_to_hear_of_everything_hears_of_the_mass_event() -> None:
    shared = watchlist(OURS, Route(id="everything", channels=("phone",)))
    names_ours_only = replace(MASS, affected=("ovd-info",))
    assert len(told(EventKind.CONFIRMED, names_ours_only, None, shared, theirs=(MEMBER,))) == 1


def test_a_program_hears_of_the_mass_event_too() -> None:
    program = watchlist(OURS, channels=(DESK, PHONE.model_copy(update={"kind": "webhook"})))
    assert told(EventKind.CONFIRMED, MASS, None, program, theirs=(MEMBER,)) == ["ours"]


ALARM: Final = route(happening(EventKind.CONFIRMED, MEMBER), MEMBER, watchlist(EVERYTHING), ADDRESS)[0]


def turn(version: int, **changes: object) -> Turn:
    heard = Turn(message="a", route="everything", channel="desk", incident=MEMBER.id, version=version)
    return replace(heard, **changes)  # type: ignore[arg-type]  # whichever fields a story changes


@pytest.mark.parametrize(
    ("turns", "speaks"),
    [
        ([], True),
        ([turn(2)], False),
        ([turn(2, has_arrived=False)], False),
        ([turn(2, has_arrived=False, is_lost=True)], True),
        ([turn(2), turn(3, is_last=True)], True),
        ([turn(4), turn(3, is_last=True), turn(2)], False),
        ([turn(4, has_arrived=False, is_lost=True), turn(3, is_last=True), turn(2)], True),
    ],
    ids=["never heard", "heard", "owed", "lost", "over since", "back since", "back since, and lost"],
)
def test_one_that_is_left_alone_speaks_to_those_who_do_not_know_that_it_stands(turns: list[Turn], speaks: bool) -> None:
    assert unheard([ALARM], {MEMBER.id}, turns) == ((ALARM,) if speaks else ())


def test_whoever_stands_in_or_is_called_is_told_where_that_was_not_done() -> None:
    second = replace(ALARM, channel="phone", purpose=Purpose.SECOND, stands_in_for="desk")
    call = replace(ALARM, channel="phone", purpose=Purpose.ESCALATION)
    assert unheard([ALARM, second, call], {MEMBER.id}, []) == (ALARM, second, call)
    assert unheard([ALARM, second, call], {MEMBER.id}, [turn(2)]) == (call,)
    assert unheard([ALARM, second, call], {MEMBER.id}, [turn(2)], {("phone", MEMBER.id)}) == ()
    assert unheard([ALARM, second, call], {MEMBER.id}, [turn(2), turn(2, channel="phone")]) == ()


def test_that_fewer_stand_is_news_to_programs_only() -> None:
    program = watchlist(EVERYTHING, channels=(DESK.model_copy(update={"kind": "webhook"}),))
    fewer = replace(MASS, version=3, struck=1)
    assert told(EventKind.SCOPE_CHANGED, fewer, None, watchlist(EVERYTHING, OURS), struck=1) == []
    assert told(EventKind.SCOPE_CHANGED, fewer, None, program, struck=1) == ["everything"]


def test_that_a_member_was_a_false_alarm_is_told_whatever_else_is() -> None:
    mistaken = replace(MEMBER, stage=IncidentStage.RETRACTED)
    assert told(EventKind.RETRACTED, mistaken, MASS, watchlist(EVERYTHING)) == ["everything"]
