"""Who joins a mass event, by itself or by a person's word, and how far it may then travel."""

from dataclasses import replace

import pytest

from monitor.core import decision
from monitor.core.decision import Refused, decide, narrow_parent
from monitor.core.incident import CaseKey, Incident, Relation, apply
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.mass import MOST
from monitor.core.mass_account import NARROWED, NOT_RELEASED
from monitor.core.model import Tlp
from tests.monitor.core.massing import WAVE, Story, a_wave, after_a_wave, at, back, blocked, changed, kinds, over


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


def test_whoever_is_red_is_never_among_those_whom_it_names() -> None:
    begun = Story()
    begun.happens(*a_wave(), replace(blocked("golos"), tlp=Tlp.RED), minute=5)
    assert begun.parent.affected == tuple(sorted(WAVE))
    begun.is_decided(changed(begun.parent, EventKind.RELEASED, 10, tlp=Tlp.CLEAR, by="staff"), minute=10)
    begun.happens(blocked("fbk", 40), minute=40)
    assert (begun.parent.struck, begun.parent.affected) == (7, tuple(sorted([*WAVE, "fbk"]))), "it is counted all the same"
    begun.happens(blocked("fbk", 60, target="shop", tlp=Tlp.RED), minute=60)
    assert begun.parent.affected == tuple(sorted(WAVE)), "nor whoever has another that is not"


def test_a_member_that_is_closed_closes_it_and_is_named_no_more() -> None:
    story, wave = after_a_wave()
    story.is_decided(changed(story.parent, EventKind.RELEASED, 10, tlp=Tlp.CLEAR, by="staff"), minute=10)
    member = changed(wave[0], EventKind.RELEASED, 11, tlp=Tlp.RED, by="staff")
    closed = narrow_parent(story.parent, (wave[0], member), at(11), "staff")
    assert closed is not None
    parent = apply(story.parent, closed)
    assert (parent.tlp, parent.affected, closed.change.reason) == (Tlp.RED, tuple(sorted(WAVE[1:])), NARROWED)
    assert parent.struck == 5
    assert "5 losses of 4 organisations" in (parent.because or "")
    story.is_decided(member, parent, minute=11)
    story.happens(minute=60)
    assert story.parent == parent, "nothing brings the name back"


def test_what_a_person_opens_further_than_the_mass_event_leaves_that_as_it_is() -> None:
    story, wave = after_a_wave()
    assert narrow_parent(story.parent, (wave[0], replace(wave[0], tlp=Tlp.GREEN)), at(10), "staff") is None


@pytest.mark.parametrize("tlp", [Tlp.CLEAR, Tlp.GREEN])
def test_it_is_released_no_further_than_a_person_let_a_member_travel(tlp: Tlp) -> None:
    wave = [*a_wave(), replace(blocked("golos"), tlp=Tlp.RED), replace(blocked("fbk"), tlp=Tlp.GREEN)]
    wanted = decision.release(tlp, "asked for", "staff")
    decision.insist_that_members_may_travel(wanted, [over(wave[-1], 5), *wave[:-1]])
    if tlp is Tlp.GREEN:
        decision.insist_that_members_may_travel(wanted, wave)
        return
    with pytest.raises(Refused, match=f"{wave[-1].id} may travel as far as GREEN only: release that first"):
        decision.insist_that_members_may_travel(wanted, wave)


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


def test_what_a_person_said_to_be_part_of_another_act_stays_part_of_that() -> None:
    elsewhere = Relation(RelationKind.MEMBER_OF, "CW-2022-0900")
    linked = blocked("golos", 1, relations=(elsewhere,))
    story = Story()
    story.happens(linked, *a_wave(), minute=5)
    assert linked.id not in story.parent.members
    assert linked.id not in {event.incident for event in story.log}
    story.restarts()
    story.happens(blocked("fbk", 30), minute=30)
    assert (len(story.parent.members), linked.id in story.parent.members) == (6, False)


def test_a_member_of_the_last_mass_event_that_stands_anew_may_be_one_of_the_next() -> None:
    story, wave = after_a_wave()
    story.happens(*(over(one, 100) for one in wave), minute=100)
    week = 7 * 1440
    story.happens(*(back(one, week) for one in story.now(wave)), minute=week)
    first, second = [one for one in story.incidents.values() if one.is_mass]
    assert (first.members, set(second.members)) == (tuple(one.id for one in wave), {one.id for one in wave})


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
