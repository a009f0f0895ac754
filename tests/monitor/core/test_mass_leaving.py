"""How a mass event ends, returns and is taken back, with its members and without them."""

import pytest

from monitor.core.incident import Bracket
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.letting_go import NOBODY_LOOKS, is_let_go
from monitor.core.mass import TOO_FEW_LEFT
from tests.monitor.core.massing import Story, a_wave, after_a_wave, at, back, blocked, changed, kinds, let_go, over


def test_one_that_ends_stays_a_member_and_the_last_ends_it_all() -> None:
    story, wave = after_a_wave()
    steps = [story.happens(over(one, 100 + number), minute=100 + number) for number, one in enumerate(wave)]
    assert [kinds(step) for step in steps] == [[EventKind.SCOPE_CHANGED], [], [], [], [EventKind.ENDED]]
    parent = story.parent
    assert (parent.stage, len(parent.members)) == (IncidentStage.ENDED, 5)
    assert parent.end == story.incidents[wave[-1].id].end


def test_it_ends_with_those_too_whom_it_had_not_named_yet() -> None:
    story, wave = after_a_wave()
    story.happens(blocked("golos", 8), minute=8)
    assert len(story.parent.members) == 5
    (late,) = [one for one in story.incidents.values() if one.key.organisation == "golos"]
    assert kinds(story.happens(*(over(one, 12) for one in (*wave, late)), minute=12)) == [EventKind.ENDED]
    assert (len(story.parent.members), story.parent.struck) == (6, 6)


def test_it_opens_again_once_as_many_return_as_make_a_mass_event() -> None:
    story, wave = after_a_wave()
    story.happens(*(over(one, 100) for one in wave), minute=100)
    steps = [story.happens(back(one, 200), minute=200) for one in story.now(wave)]
    assert [kinds(step) for step in steps] == [[]] * 4 + [[EventKind.REOPENED]]
    assert (story.parent.stage, story.parent.end, story.parent.intermittent) == (IncidentStage.CONFIRMED, None, True)


def test_those_who_return_and_those_who_are_new_open_it_together() -> None:
    story, wave = after_a_wave()
    story.happens(*(over(one, 100) for one in wave), minute=100)
    story.happens(*(back(one, 200) for one in story.now(wave)[:3]), minute=200)
    step = story.happens(blocked("golos", 201), blocked("fbk", 201), minute=201)
    assert kinds(step) == [EventKind.REOPENED, EventKind.LINKED, EventKind.LINKED]
    assert (len(story.parent.members), story.parent.struck) == (7, 5)
    assert {"ovd-info", "golos"} <= set(story.parent.affected)


def test_another_wave_the_day_after_is_the_same_event_and_one_next_week_is_another() -> None:
    story, wave = after_a_wave()
    story.happens(*(over(one, 100) for one in wave), minute=100)
    following = [blocked(f"paper-{number}", 700, number=1) for number in range(5)]
    assert kinds(story.happens(*following, minute=700))[0] is EventKind.REOPENED
    story.happens(*(over(story.incidents[one.id], 800) for one in following), minute=800)
    week = 7 * 1440
    story.happens(*(blocked(f"radio-{number}", week, number=2) for number in range(5)), minute=week)
    assert len([one for one in story.incidents.values() if one.is_mass]) == 2


def test_one_that_is_taken_back_leaves_it() -> None:
    story = Story()
    wave = [*a_wave(), blocked("golos", 5)]
    story.happens(*wave, minute=6)
    mistaken = changed(story.incidents[wave[0].id], EventKind.RETRACTED, 30, stage=IncidentStage.RETRACTED, by="staff")
    step = story.is_decided(mistaken, minute=31)
    assert kinds(step) == [EventKind.LINKED, EventKind.SCOPE_CHANGED]
    assert (len(story.parent.members), story.parent.stage) == (5, IncidentStage.CONFIRMED)
    assert "ovd-info" not in story.parent.affected
    assert story.incidents[mistaken.id].parent is None


def test_once_too_few_are_left_it_never_was_one() -> None:
    story, wave = after_a_wave()
    mistaken = changed(wave[0], EventKind.RETRACTED, 30, stage=IncidentStage.RETRACTED, by="staff")
    story.is_decided(mistaken, minute=31)
    assert (story.parent.stage, story.parent.members) == (IncidentStage.RETRACTED, ())
    assert story.log[-1].change.reason == TOO_FEW_LEFT
    assert {one.parent for one in story.now(wave)} == {None}


def test_one_that_nobody_looks_at_any_more_was_no_false_alarm_and_stays_a_member() -> None:
    story, wave = after_a_wave()
    assert kinds(story.is_decided(let_go(wave[0], 30), minute=31)) == [EventKind.SCOPE_CHANGED]
    assert (len(story.parent.members), story.parent.struck) == (5, 4)
    story.happens(blocked("golos", 46), minute=46)
    assert (len(story.parent.members), story.parent.struck) == (6, 5)


def test_once_nobody_looks_at_any_of_them_it_is_let_go_too_and_a_new_wave_is_another() -> None:
    story, wave = after_a_wave()
    story.is_decided(*(let_go(one, 30) for one in wave), minute=31)
    parent = story.parent
    assert is_let_go(parent)
    assert story.log[-1].change.reason == NOBODY_LOOKS
    assert {one.parent for one in story.now(wave)} == {None}
    step = story.happens(*(back(one, 60) for one in story.now(wave)), minute=60)
    assert kinds(step)[:2] == [EventKind.OPENED, EventKind.CONFIRMED]


def test_it_ends_with_those_who_were_followed_to_their_end() -> None:
    story = Story()
    wave = [*a_wave(), blocked("golos", 5)]
    story.happens(*wave, minute=6)
    first, *others = story.now(wave)
    story.is_decided(let_go(first, 30), minute=31)
    story.happens(*(over(one, 100) for one in others), minute=100)
    assert (story.parent.stage, story.parent.struck, len(story.parent.members)) == (IncidentStage.ENDED, 5, 6)
    assert "ovd-info" not in story.parent.affected


@pytest.mark.parametrize(
    ("how", "stage"), [(EventKind.REINSTATED, IncidentStage.REINSTATED), (EventKind.AVERTED, IncidentStage.AVERTED)]
)
def test_a_person_who_closes_it_speaks_of_each_that_stands_and_is_contradicted_by_those_who_return(
    how: EventKind, stage: IncidentStage
) -> None:
    story, wave = after_a_wave()
    story.happens(over(wave[0], 50), minute=50)
    end = Bracket(after=None, by=at(55))
    closed = changed(story.parent, how, 60, stage=stage, end=end, by="staff")
    assert kinds(story.is_decided(closed, minute=61)) == [how] * 4
    first, *others = story.now(wave)
    assert first.stage is IncidentStage.ENDED
    assert {(one.stage, one.stage_by, one.end, one.parent) for one in others} == {(stage, "staff", end, closed.id)}
    assert kinds(story.is_decided(closed, *others, minute=62)) == [], "what was said once is said"
    story.happens(*(back(one, 120) for one in others), minute=120)
    assert kinds(story.happens(back(first, 121), minute=121)) == [EventKind.REOPENED]


def test_what_returns_before_a_persons_word_is_followed_is_not_closed_by_it() -> None:
    story, wave = after_a_wave()
    closed = changed(story.parent, EventKind.REINSTATED, 60, stage=IncidentStage.REINSTATED, by="staff")
    returned = back(over(wave[0], 40), 70)
    assert kinds(story.is_decided(closed, returned, minute=71)) == [EventKind.REINSTATED] * 4
    assert story.incidents[returned.id].stage is IncidentStage.CONFIRMED


def test_those_who_return_as_a_persons_word_is_followed_are_counted_alone() -> None:
    """The service had not yet heard of the word when more were lost."""
    story, _ = after_a_wave()
    closed = changed(story.parent, EventKind.REINSTATED, 60, stage=IncidentStage.REINSTATED, by="staff")
    story.masses.revise(closed)
    story.incidents[closed.id] = closed
    story.happens(*(blocked(f"paper-{number}", 70, number=1) for number in range(5)), minute=70)
    assert (story.parent.stage, len(story.parent.members), story.parent.struck) == (IncidentStage.CONFIRMED, 10, 5)


def test_a_mass_event_that_a_person_took_back_does_not_come_again_the_same_day() -> None:
    story, _ = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RETRACTED, 60, stage=IncidentStage.RETRACTED, by="staff"), minute=60)
    assert kinds(story.happens(*(blocked(f"paper-{number}", 70, number=1) for number in range(5)), minute=70)) == []


def test_the_members_of_one_that_a_person_took_back_stand_for_themselves() -> None:
    story, wave = after_a_wave()
    taken_back = changed(story.parent, EventKind.RETRACTED, 60, stage=IncidentStage.RETRACTED, by="staff")
    assert kinds(story.is_decided(taken_back, minute=60)) == [EventKind.LINKED] * 6
    assert {one.parent for one in story.now(wave)} == {None}
    assert (story.parent.stage, story.parent.stage_by, story.parent.members) == (IncidentStage.RETRACTED, "staff", ())
    story.restarts()
    mistaken = [changed(one, EventKind.RETRACTED, 70, stage=IncidentStage.RETRACTED, by="staff") for one in story.now(wave)]
    assert kinds(story.is_decided(*mistaken, story.parent, minute=70)) == []


@pytest.mark.parametrize("restarts", [False, True])
def test_the_members_of_an_older_one_that_a_person_takes_back_stand_for_themselves_too(restarts: bool) -> None:
    story, wave = after_a_wave()
    older = story.parent
    story.happens(*(over(one, 100) for one in wave), minute=100)
    week = 7 * 1440
    story.happens(*(blocked(f"radio-{number}", week, number=2) for number in range(5)), minute=week)
    mistaken = changed(story.incidents[older.id], EventKind.RETRACTED, week + 10, stage=IncidentStage.RETRACTED, by="staff")
    if restarts:
        story.incidents[mistaken.id] = mistaken
        story.restarts()
    else:
        story.masses.revise(mistaken)
    assert kinds(story.is_decided(*(() if restarts else (mistaken,)), minute=week + 10)) == [EventKind.LINKED] * 6
    assert {one.parent for one in story.now(wave)} == {None}
    assert story.incidents[older.id].members == ()
    assert kinds(story.is_decided(minute=week + 11)) == []
