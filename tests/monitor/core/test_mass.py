"""Mass events: a country blocks many in one night, and there is one parent with members, not a hundred alarms."""

from dataclasses import replace

import pytest

from monitor.core.incident import Bracket, CaseKey, Incident, fold
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.mass import Masses, mass_key
from monitor.core.mass_account import RULE
from monitor.core.watchlist import Mass
from probes.kit.vocabulary import Strength
from tests.monitor.core.massing import REOPEN, WAVE, Story, a_wave, after_a_wave, at, back, blocked, kinds, over


def test_five_sites_of_five_organisations_blocked_within_the_hour_are_one_mass_event() -> None:
    story, wave = after_a_wave()
    parent = story.parent
    assert (parent.stage, parent.kind, parent.key.country) == (IncidentStage.CONFIRMED, Kind.BLOCKING, "RU")
    assert (parent.key.organisation, parent.key.target, parent.key.family) == ("", "", "mass:path")
    assert set(parent.members) == {one.id for one in wave}
    assert parent.affected == tuple(sorted(WAVE))
    assert [one.parent for one in wave] == [parent.id] * 5
    assert (parent.rule, parent.strength) == (RULE, Strength.STRONG)
    assert "5 losses of 5 organisations" in (parent.because or "")


def test_the_events_of_a_mass_event_fold_to_what_it_is() -> None:
    story, wave = after_a_wave()
    own = [event for event in story.log if event.incident == story.parent.id]
    assert [event.kind for event in own] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert fold(own) == story.parent
    assert [event.kind for event in story.log if event.incident != story.parent.id] == [EventKind.LINKED] * len(wave)


def test_it_began_with_its_first_member_and_is_as_sure_as_the_least_sure() -> None:
    wave = a_wave()
    wave[1] = replace(wave[1], strength=Strength.EXPLICIT)
    wave[2] = replace(wave[2], vantages=("kazan",))
    story = Story()
    story.happens(*wave, minute=5)
    assert story.parent.onset == wave[0].onset
    assert story.parent.strength is Strength.STRONG
    assert story.parent.vantages == ("kazan", "moscow")


def test_it_began_with_the_first_that_was_lost_in_this_wave() -> None:
    long_lost = Bracket(after=None, by=at(-600))
    wave = a_wave()
    story = Story()
    story.happens(replace(wave[0], onset=long_lost), *wave[1:], minute=5)
    assert story.parent.onset == wave[1].onset, "one that was confirmed late makes the others no older"
    gradual = [replace(one, onset=Bracket(after=None, by=at(-50 * number))) for number, one in enumerate(wave)]
    rolling = Story()
    rolling.happens(*gradual, minute=5)
    assert rolling.parent.onset == gradual[-1].onset


def test_what_had_been_over_began_anew_with_this_wave() -> None:
    """The site itself is known to come and go for months; that says nothing of the wave."""
    months = 100 * 1440
    returned = [replace(one, onset=Bracket(after=None, by=at(-months)), confirmed_at=at(-months)) for one in a_wave()]
    story = Story()
    story.happens(*returned, minute=5)
    assert story.parent.onset == Bracket(after=None, by=at(0))


def test_that_they_have_one_cause_is_only_possible() -> None:
    story, _ = after_a_wave()
    assert "may have one cause" in (story.parent.because or "")


def test_it_is_called_only_what_all_of_its_members_are() -> None:
    wave = [replace(one, kind=Kind.UNREACHABLE, strength=Strength.WEAK) for one in a_wave()]
    wave[0] = replace(wave[0], kind=Kind.BLOCKING, strength=Strength.EXPLICIT)
    story = Story()
    story.happens(*wave, minute=5)
    assert (story.parent.kind, story.parent.strength) == (Kind.UNREACHABLE, Strength.WEAK)


def test_one_that_is_intercepted_makes_no_interception_of_all_of_them() -> None:
    def intercepted(one: Incident) -> Incident:
        return replace(one, mechanisms=("tls.mitm.state_ca",))

    first, *others = a_wave()
    story = Story()
    story.happens(intercepted(first), *others, minute=5)
    assert story.parent.mechanisms == ("tls.reset.sni",)
    every = Story()
    every.happens(*map(intercepted, a_wave()), minute=5)
    assert every.parent.mechanisms == ("tls.mitm.state_ca",)


def test_four_are_not_many() -> None:
    assert kinds(Story().happens(*a_wave()[:4], minute=5)) == []


def test_one_organisations_many_names_fall_with_its_domain_and_are_no_mass_event() -> None:
    names = [blocked("ovd-info", target=f"mirror-{number}") for number in range(20)]
    assert kinds(Story().happens(*names, minute=5)) == []


def test_whoever_watches_one_organisation_may_say_otherwise() -> None:
    names = [blocked("ovd-info", target=f"mirror-{number}") for number in range(5)]
    story = Story(mass=Mass(organisations=1))
    story.happens(*names, minute=5)
    assert story.parent.affected == ("ovd-info",)


def test_what_falls_over_days_is_no_mass_event() -> None:
    story = Story()
    steps = [story.happens(blocked(name, 90 * number), minute=90 * number) for number, name in enumerate(WAVE)]
    assert [kinds(step) for step in steps] == [[]] * 5


def test_it_takes_the_incidents_one_by_one_as_they_are_confirmed() -> None:
    story = Story()
    steps = [story.happens(one, minute=number) for number, one in enumerate(a_wave())]
    assert [len(step.events) for step in steps] == [0, 0, 0, 0, 2 + 5]


@pytest.mark.parametrize(
    "stranger",
    [
        blocked("golos", key=CaseKey(organisation="golos", target="site", family="path", country="BY")),
        blocked("golos", key=CaseKey(organisation="golos", target="site", family="outage", country=None), kind=Kind.OUTAGE),
        blocked("golos", origin=Origin.ATTESTED),
        blocked("golos", stage=IncidentStage.SUSPECTED, confirmed_at=None),
        blocked("", kind=Kind.ISOLATION, key=CaseKey(organisation="", target="", family="isolation", country="RU")),
    ],
    ids=["another country", "another family", "only attested", "only suspected", "an isolation"],
)
def test_what_is_something_else_does_not_count(stranger: Incident) -> None:
    assert kinds(Story().happens(*a_wave()[:4], stranger, minute=5)) == []


def test_one_provider_that_throws_many_out_is_a_mass_event_without_a_country() -> None:
    def thrown_out(organisation: str, provider: str | None) -> Incident:
        key = CaseKey(organisation=organisation, target="donations", family="withdrawal", country=None)
        return blocked(organisation, key=key, kind=Kind.WITHDRAWAL, provider=provider)

    story = Story()
    assert kinds(story.happens(*(thrown_out(one, None) for one in WAVE), minute=5)) == [], "nothing says that one did it"
    story.happens(*(thrown_out(one, "paypal") for one in WAVE), minute=5)
    assert (story.parent.provider, story.parent.key.family) == ("paypal", "mass:withdrawal:paypal")


def test_whoever_starts_again_goes_on_where_they_were() -> None:
    story, wave = after_a_wave()
    story.restarts()
    assert kinds(story.happens(*story.now(wave), minute=10)) == [], "told again, nothing is news"
    story.happens(blocked("golos", 20), minute=20)
    assert len(story.parent.members) == 6
    story.restarts()
    everyone = [one for one in story.incidents.values() if not one.is_mass]
    assert kinds(story.happens(*(over(one, 100) for one in everyone), minute=100)) == [EventKind.ENDED]


def test_a_batch_that_could_not_be_written_is_worked_out_anew() -> None:
    masses, wave = Masses(), a_wave()
    first, again = (masses.take(wave, Mass(), REOPEN, at(5), lambda: "CW-2022-M1") for _ in range(2))
    assert first == again


def test_a_clock_that_is_set_back_an_hour_does_not_end_or_double_it() -> None:
    story, wave = after_a_wave()
    story.happens(*(over(one, 100) for one in wave), minute=100)
    step = story.happens(*(back(one, 45) for one in story.now(wave)), minute=45)
    assert kinds(step) == [EventKind.REOPENED]


def test_what_stood_long_before_the_service_learned_of_mass_events_alarms_nobody() -> None:
    wave = a_wave()
    assert kinds(Story(*wave).happens(blocked("golos", 3000), minute=3000)) == []


def test_a_parent_is_no_member_of_anything() -> None:
    story, _ = after_a_wave()
    assert mass_key(story.parent) is None
