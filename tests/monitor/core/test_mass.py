"""Mass events: a country blocks many in one night, and there is one parent with members, not a hundred alarms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, Relation, apply, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS, is_let_go
from monitor.core.mass import MOST, TOO_FEW_LEFT, Masses, MassStep, mass_key
from monitor.core.mass_account import NOT_RELEASED, RULE
from monitor.core.model import Tlp
from monitor.core.watchlist import Mass
from probes.kit.vocabulary import Strength

NIGHT = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
REOPEN = 86400
WAVE = ("ovd-info", "meduza", "mediazona", "memorial", "sova")


def at(minute: float) -> datetime:
    return NIGHT + timedelta(minutes=minute)


def blocked(organisation: str, minute: float = 0, *, target: str = "site", number: int = 0, **changes: object) -> Incident:
    """An incident of this organisation that was confirmed in that minute."""
    stands = Incident(
        id=f"CW-2022-{number:04d}-{organisation}-{target}",
        version=2,
        key=CaseKey(organisation=organisation, target=target, family="path", country="RU"),
        kind=Kind.BLOCKING,
        stage=IncidentStage.CONFIRMED,
        onset=Bracket(after=at(minute - 15), by=at(minute - 10)),
        detected=at(minute - 10),
        confirmed_at=at(minute),
        stage_since=at(minute),
        vantages=("moscow",),
        mechanisms=("tls.reset.sni",),
        rule="website.tls.reset.sni",
        because="The connection is reset.",
        strength=Strength.STRONG,
        updated=at(minute),
    )
    return replace(stands, **changes)  # type: ignore[arg-type]  # whichever fields a story changes


def changed(incident: Incident, kind: EventKind, minute: float, **change: object) -> Incident:
    """What this event makes of an incident."""
    event = record(incident.id, incident.version + 1, at(minute), kind, Change(**change))  # type: ignore[arg-type]  # as above
    return apply(incident, event)


def over(incident: Incident, minute: float) -> Incident:
    end = Bracket(after=at(minute - 20), by=at(minute - 15))
    return changed(incident, EventKind.ENDED, minute, stage=IncidentStage.ENDED, end=end)


def back(incident: Incident, minute: float) -> Incident:
    return changed(incident, EventKind.REOPENED, minute, stage=IncidentStage.CONFIRMED)


class Story:
    """A country's night: incidents change, and the mass events follow."""

    def __init__(self, *incidents: Incident, mass: Mass | None = None) -> None:
        self.mass = mass or Mass()
        self.masses = Masses(incidents)
        self.log: list[Event] = []
        self.incidents: dict[str, Incident] = {one.id: one for one in incidents}
        self._numbers = count(1)

    def happens(self, *incidents: Incident, minute: float) -> MassStep:
        """One batch of the service: these incidents have changed."""
        step = self.masses.take(incidents, self.mass, REOPEN, at(minute), lambda: f"CW-2022-M{next(self._numbers)}")
        return self._kept(incidents, step)

    def is_decided(self, *incidents: Incident, minute: float) -> MassStep:
        """A person has changed these incidents."""
        return self._kept(incidents, self.masses.take(incidents, self.mass, REOPEN, at(minute)))

    def _kept(self, incidents: Iterable[Incident], step: MassStep) -> MassStep:
        self.masses.keep(incidents, step)
        self.incidents |= {one.id: one for one in incidents} | dict(step.incidents)
        self.log += [event for event, _ in step.events]
        return step

    def restarts(self) -> None:
        """The service starts again, and knows what the store knows."""
        self.masses = Masses(self.incidents.values())

    @property
    def parent(self) -> Incident:
        (found,) = [one for one in self.incidents.values() if one.is_mass]
        return found

    def now(self, incidents: Sequence[Incident]) -> list[Incident]:
        return [self.incidents[one.id] for one in incidents]


def a_wave(minute: float = 0) -> list[Incident]:
    return [blocked(organisation, minute + number) for number, organisation in enumerate(WAVE)]


def after_a_wave() -> tuple[Story, list[Incident]]:
    story, wave = Story(), a_wave()
    story.happens(*wave, minute=5)
    return story, story.now(wave)


def kinds(step: MassStep) -> list[EventKind]:
    return [event.kind for event, _ in step.events]


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


def test_what_makes_another_loss_of_it_may_be_others_concern() -> None:
    story, _ = after_a_wave()
    assert kinds(story.happens(blocked("golos", 40, kind=Kind.UNREACHABLE), minute=40))[0] is EventKind.RECLASSIFIED
    assert story.parent.kind is Kind.UNREACHABLE


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


def test_it_is_told_of_those_who_stand_and_lists_all() -> None:
    story, wave = after_a_wave()
    story.happens(over(wave[0], 30), over(wave[1], 30), minute=30)
    story.happens(blocked("golos", 45), minute=45)
    parent = story.parent
    assert (len(parent.members), parent.struck) == (6, 4)
    assert parent.affected == ("golos", "mediazona", "memorial", "sova")
    assert "4 losses of 4 organisations" in (parent.because or "")


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


def test_one_that_ends_stays_a_member_and_the_last_ends_it_all() -> None:
    story, wave = after_a_wave()
    steps = [story.happens(over(one, 100 + number), minute=100 + number) for number, one in enumerate(wave)]
    assert [kinds(step) for step in steps] == [[EventKind.SCOPE_CHANGED], [], [], [], [EventKind.ENDED]]
    parent = story.parent
    assert (parent.stage, len(parent.members)) == (IncidentStage.ENDED, 5)
    assert parent.end == story.incidents[wave[-1].id].end


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


def let_go(incident: Incident, minute: float) -> Incident:
    stage = IncidentStage.RETRACTED
    return changed(incident, EventKind.RETRACTED, minute, stage=stage, reason=NOBODY_LOOKS, by=CONFIGURATION)


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


def test_the_others_links_stay_when_they_join_and_leave() -> None:
    notice = Relation(RelationKind.ANNOUNCED_BY, "CW-2022-0900")
    wave = a_wave()
    wave[0] = replace(wave[0], relations=(notice,))
    story = Story()
    story.happens(*wave, minute=5)
    assert story.incidents[wave[0].id].relations == (notice, Relation(RelationKind.MEMBER_OF, story.parent.id))


def test_a_person_who_closes_it_is_not_contradicted_by_what_stands_but_by_what_returns() -> None:
    story, wave = after_a_wave()
    closed = changed(story.parent, EventKind.REINSTATED, 60, stage=IncidentStage.REINSTATED, by="staff")
    assert kinds(story.is_decided(closed, minute=60)) == []
    assert kinds(story.happens(changed(wave[0], EventKind.SCOPE_CHANGED, 70, vantages=("kazan",)), minute=70)) == []
    ended = [over(one, 80) for one in story.now(wave)]
    story.happens(*ended, minute=80)
    assert kinds(story.happens(*(back(one, 120) for one in ended), minute=120)) == [EventKind.REOPENED]


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
