"""What a mass event tells of how many of its members stand."""

from monitor.core.kinds import EventKind, Kind
from probes.kit.vocabulary import Strength
from tests.monitor.core.massing import WAVE, Story, after_a_wave, back, blocked, kinds, over


def test_it_is_told_of_those_who_stand_and_lists_all() -> None:
    story, wave = after_a_wave()
    story.happens(over(wave[0], 30), over(wave[1], 30), minute=30)
    story.happens(blocked("golos", 45), minute=45)
    parent = story.parent
    assert (len(parent.members), parent.struck) == (6, 4)
    assert parent.affected == ("golos", "mediazona", "memorial", "sova")
    assert "4 losses of 4 organisations" in (parent.because or "")


def test_how_many_still_stand_is_told_every_quarter_of_an_hour_and_not_one_by_one() -> None:
    story = Story()
    story.happens(*(blocked(f"paper-{number}") for number in range(40)), minute=1)
    members = [one for one in story.incidents.values() if not one.is_mass]
    steps = [story.happens(over(one, 20 + number), minute=20 + number) for number, one in enumerate(members[:20])]
    assert [20 + number for number, step in enumerate(steps) if kinds(step)] == [20, 35]
    assert (story.parent.struck, len(story.parent.affected), len(story.parent.members)) == (24, 24, 40)
    assert "24 losses of 24 organisations" in (story.parent.because or "")
    story.restarts()
    assert kinds(story.is_decided(minute=49)) == []
    assert kinds(story.is_decided(minute=50)) == [EventKind.SCOPE_CHANGED], "the last are not forgotten"
    assert story.parent.struck == 20
    assert kinds(story.happens(minute=70)) == [], "told once, it is no news any more"


def test_that_fewer_stand_makes_no_other_loss_of_it() -> None:
    story, _ = after_a_wave()
    story.happens(blocked("golos", 40, kind=Kind.UNREACHABLE, strength=Strength.WEAK, mechanisms=("odd",)), minute=40)
    before = story.parent
    (odd,) = [one for one in story.incidents.values() if one.key.organisation == "golos"]
    step = story.happens(over(odd, 60), minute=60)
    assert kinds(step) == [EventKind.SCOPE_CHANGED]
    told = ("kind", "strength", "mechanisms", "members")
    assert [getattr(story.parent, name) for name in told] == [getattr(before, name) for name in told]
    assert {name for event, _ in step.events for name in event.data} >= {"struck", "affected"}


def test_one_that_returns_is_told_like_one_that_joins() -> None:
    story, wave = after_a_wave()
    story.happens(over(wave[0], 30), minute=30)
    assert (story.parent.struck, story.parent.affected) == (4, tuple(sorted(WAVE[1:])))
    assert kinds(story.happens(back(story.incidents[wave[0].id], 40), minute=40)) == [], "it has spoken a moment ago"
    (event, _), *others = story.happens(minute=45).events
    assert (event.kind, len(event.change.members or ()), others) == (EventKind.SCOPE_CHANGED, 5, [])
    assert (story.parent.struck, story.parent.affected) == (5, tuple(sorted(WAVE)))
