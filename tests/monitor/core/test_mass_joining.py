"""Who joins a mass event, by itself or by a person's word, and how far it may then travel."""

from dataclasses import replace

import pytest

from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.incident import CaseKey, Incident, Relation, apply
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.mass import MOST
from monitor.core.mass_account import NOT_RELEASED
from monitor.core.model import Tlp
from tests.monitor.core.massing import WAVE, Story, a_wave, after_a_wave, at, blocked, changed, kinds, over


def test_the_next_ones_join_and_it_is_told_once_for_all_of_them() -> None:
    story, _ = after_a_wave()
    late = [blocked("golos", 40), blocked("fbk", 41)]
    step = story.happens(*late, minute=42)
    assert kinds(step) == [EventKind.SCOPE_CHANGED, EventKind.LINKED, EventKind.LINKED]
    assert len(story.parent.members) == 7
    assert "golos" in story.parent.affected
    assert "7 losses of 7 organisations" in (story.parent.because or "")


def test_a_wave_that_comes_one_by_one_is_told_every_quarter_of_an_hour() -> None:
    story, _ = after_a_wave()
    steps = [story.happens(blocked(f"paper-{number}", number), minute=number) for number in range(6, 41)]
    told = [number for number, step in enumerate(steps, 6) if EventKind.SCOPE_CHANGED in kinds(step)]
    assert told == [10, 20, 35], "twice as many, twice as many again, and a quarter of an hour later"
    assert [EventKind.LINKED in kinds(step) for step in steps] == [True] * len(steps), "they belong to it at once"
    story.happens(minute=49)
    assert len(story.parent.members) == 5 + 30
    story.happens(minute=50)
    assert (len(story.parent.members), story.parent.struck) == (5 + 35, 5 + 35), "the last are not forgotten"


def test_those_whom_it_does_not_name_yet_are_members_after_a_new_start_too() -> None:
    story, wave = after_a_wave()
    story.happens(blocked("golos", 6), minute=6)
    story.restarts()
    ended = [over(one, 10) for one in story.now(wave)]
    assert kinds(story.happens(*ended, minute=10)) == [], "one still stands"
    story.happens(over(next(one for one in story.incidents.values() if one.key.organisation == "golos"), 12), minute=12)
    assert (story.parent.stage, len(story.parent.members), story.parent.struck) == (IncidentStage.ENDED, 6, 6)
    assert "golos" in story.parent.affected


def test_what_makes_another_loss_of_it_may_be_others_concern() -> None:
    story, _ = after_a_wave()
    assert kinds(story.happens(blocked("golos", 40, kind=Kind.UNREACHABLE), minute=40))[0] is EventKind.RECLASSIFIED
    assert story.parent.kind is Kind.UNREACHABLE


@pytest.mark.parametrize(
    ("parent", "member", "after"),
    [
        (Tlp.CLEAR, Tlp.AMBER, Tlp.AMBER),
        (Tlp.GREEN, Tlp.AMBER, Tlp.AMBER),
        (Tlp.CLEAR, Tlp.CLEAR, Tlp.CLEAR),
        (Tlp.GREEN, Tlp.CLEAR, Tlp.GREEN),
        (Tlp.RED, Tlp.AMBER, Tlp.RED),
        (Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN),
        (Tlp.CLEAR, Tlp.RED, Tlp.RED),
    ],
)
def test_what_was_released_is_not_released_of_those_who_join(parent: Tlp, member: Tlp, after: Tlp) -> None:
    story, _ = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RELEASED, 10, tlp=parent, by="staff"), minute=10)
    (event, _), *_ = story.happens(blocked("golos", 40, tlp=member), minute=40).events
    assert story.parent.tlp is after
    assert event.change.reason == (None if after is parent else NOT_RELEASED)


def test_whoever_is_told_of_to_nobody_is_not_told_of_by_the_way() -> None:
    """A person has marked one of them RED: everybody else would read its name in what is told of them all."""
    hidden = replace(blocked("golos"), tlp=Tlp.RED)
    begun = Story()
    begun.happens(*a_wave(), hidden, minute=5)
    assert begun.parent.tlp is Tlp.RED
    grown, _ = after_a_wave()
    grown.happens(replace(hidden, stage_since=at(40)), minute=40)
    assert grown.parent.tlp is Tlp.RED


def link_by_hand(story: Story, member: Incident, minute: float) -> Incident:
    """A person says that this belongs to the mass event; returns the mass event as that leaves it."""
    events = [
        decide(member, decision.link(story.parent, RelationKind.MEMBER_OF, "one order", "staff"), at(minute)),
        decide(story.parent, decision.take_in(member, "one order", "staff"), at(minute)),
    ]
    assert kinds(story.is_decided(*map(apply, (member, story.parent), events), minute=minute)) == [], "all is told by then"
    return story.parent


def test_one_that_a_person_links_is_told_of_like_the_others() -> None:
    story, _ = after_a_wave()
    parent = link_by_hand(story, blocked("golos", -300), 60)
    assert (len(parent.members), parent.struck, "golos" in parent.affected) == (6, 6, True)
    assert "6 losses of 6 organisations" in (parent.because or "")
    gone = over(replace(blocked("fbk", -300), id="CW-2022-0001-fbk"), -200)
    parent = link_by_hand(story, gone, 70)
    assert (len(parent.members), parent.struck, "fbk" in parent.affected) == (7, 6, False)


@pytest.mark.parametrize("tlp", [Tlp.AMBER, Tlp.RED])
def test_one_that_a_person_links_is_told_of_no_further_than_it_may_travel(tlp: Tlp) -> None:
    story, _ = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RELEASED, 10, tlp=Tlp.CLEAR, by="staff"), minute=10)
    known = link_by_hand(story, blocked("meduza", -300, target="shop", tlp=tlp), 60)
    assert known.tlp is Tlp.CLEAR, "of that organisation it was released"
    assert link_by_hand(story, blocked("golos", -300, tlp=tlp), 60).tlp is tlp


def test_one_that_is_over_is_told_of_no_further_either() -> None:
    story, _ = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RELEASED, 10, tlp=Tlp.CLEAR, by="staff"), minute=10)
    assert link_by_hand(story, over(blocked("golos", -300), -200), 60).tlp is Tlp.AMBER


def test_what_stands_in_no_list_of_ours_counts_for_no_organisation() -> None:
    story, _ = after_a_wave()
    isolated = CaseKey(organisation="", target="", family="isolation", country="RU")
    parent = link_by_hand(story, blocked("", -300, kind=Kind.ISOLATION, key=isolated), 60)
    assert (len(parent.members), parent.struck, parent.affected) == (6, 5, tuple(sorted(WAVE)))


def test_another_site_of_one_of_whom_it_was_released_changes_nothing() -> None:
    story, _ = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RELEASED, 10, tlp=Tlp.CLEAR, by="staff"), minute=10)
    story.happens(blocked("meduza", 40, target="shop"), minute=40)
    assert (story.parent.tlp, len(story.parent.members)) == (Tlp.CLEAR, 6)


def test_a_wave_rolls_on_as_long_as_each_comes_within_an_hour_of_the_last() -> None:
    story, _ = after_a_wave()
    for number in range(1, 6):
        story.happens(blocked(f"paper-{number}", 50 * number), minute=50 * number)
    assert len(story.parent.members) == 10


def test_a_single_one_much_later_stands_for_itself() -> None:
    story, _ = after_a_wave()
    assert kinds(story.happens(blocked("golos", 300), minute=300)) == []


def test_a_second_wave_while_the_first_stands_joins_it() -> None:
    story, _ = after_a_wave()
    second = [blocked(f"paper-{number}", 300, number=1) for number in range(5)]
    assert kinds(story.happens(*second, minute=300))[0] is EventKind.SCOPE_CHANGED
    assert len(story.parent.members) == 10


def test_a_hundred_at_once_are_a_hundred_members() -> None:
    story = Story()
    story.happens(*(blocked(f"paper-{number}") for number in range(100)), minute=1)
    assert (len(story.parent.members), len(story.parent.affected)) == (100, 100)


def test_it_never_has_more_members_than_it_can_carry() -> None:
    story = Story()
    crowd = [blocked(f"paper-{number}") for number in range(MOST + 30)]
    story.happens(*crowd, minute=1)
    assert len(story.parent.members) == MOST
    assert kinds(story.happens(blocked("golos", 2), minute=2)) == []


def test_the_others_links_stay_when_they_join_and_leave() -> None:
    notice = Relation(RelationKind.ANNOUNCED_BY, "CW-2022-0900")
    wave = a_wave()
    wave[0] = replace(wave[0], relations=(notice,))
    story = Story()
    story.happens(*wave, minute=5)
    assert story.incidents[wave[0].id].relations == (notice, Relation(RelationKind.MEMBER_OF, story.parent.id))
