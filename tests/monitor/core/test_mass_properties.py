"""Whatever becomes of losses, in whatever order, and whatever people decide: what may be relied on of mass events holds."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from monitor.core import decision
from monitor.core.decision import Decision, Refused, decide, narrow_parent
from monitor.core.dossier import Reinstatement
from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS
from monitor.core.mass import PAUSE, Masses, MassStep
from monitor.core.mass_account import organisations, stands
from monitor.core.model import Tlp
from monitor.core.watchlist import Mass
from probes.kit.vocabulary import Strength

START = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
MASS = Mass(members=2, organisations=2)
REOPEN = 86400
OWNERS = ("ovd-info", "meduza", "memorial", "sova", "golos")
CLOSEST_FIRST = (Tlp.RED, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR)
GIVEN_BACK = Reinstatement(scope="full", date=None, basis="provider")
WHY, STAFF = "the press office says so", "staff"

owners = st.sampled_from(OWNERS)
marks = st.sampled_from([Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.RED])


class Waves(RuleBasedStateMachine):
    """Losses of five organisations in one country, each with two sites, for some days; and the log of all that happens."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Event] = []
        self.incidents: dict[str, Incident] = {}
        self.masses = Masses()
        self.now = START
        self.unheard: set[str] = set()
        self._numbers = count(1)

    def new_id(self) -> str:
        return f"CW-2022-{next(self._numbers):04d}"

    @property
    def losses(self) -> list[Incident]:
        return [one for one in self.incidents.values() if not one.is_mass]

    @property
    def parents(self) -> list[Incident]:
        return [one for one in self.incidents.values() if one.is_mass]

    def enter(self, happened: Iterable[tuple[Event, Incident]]) -> None:
        for event, incident in happened:
            assert event.version == (self.incidents[incident.id].version if incident.id in self.incidents else 0) + 1
            self.log.append(event)
            self.incidents[incident.id] = incident

    def happens(self, incident: Incident, kind: EventKind, **change: object) -> Incident:
        event = record(incident.id, incident.version + 1, self.now, kind, Change(**change))  # type: ignore[arg-type]  # as told
        changed = apply(incident, event)
        self.enter([(event, changed)])
        return changed

    def follow(self, changed: Iterable[Incident], new_id: Callable[[], str] | None) -> None:
        """One batch: what follows is worked out, must be the same after a new start, and is kept."""
        current = [self.incidents[one.id] for one in changed]
        before, known = dict(self.incidents), Masses(self.incidents.values())
        number = new_id and new_id()
        step, again = (one.take(current, MASS, REOPEN, self.now, new_id and (lambda: number)) for one in (self.masses, known))
        assert step == again, "whoever has started again concludes the same"
        self.enter(step.events)
        self.masses.keep(current, step)
        self.unheard -= {one.id for one in current}
        self.changes_something(step, before)
        self.ends_with_all_its_members(step)
        self.tells_no_further_than_it_may(step, before)

    def changes_something(self, step: MassStep, before: dict[str, Incident]) -> None:
        for event, _ in step.events:
            was, data = before.get(event.incident), event.change
            if was is not None and event.kind in {EventKind.SCOPE_CHANGED, EventKind.RECLASSIFIED, EventKind.LINKED}:
                told = {name: getattr(data, name) for name in ("members", "struck", "affected", "kind", "relations", "tlp")}
                assert any(value not in {None, getattr(was, name)} for name, value in told.items()), "no event without change"

    def ends_with_all_its_members(self, step: MassStep) -> None:
        for event, parent in step.events:
            if parent.is_mass and event.kind is EventKind.ENDED:
                assert set(parent.members) == {one.id for one in self.losses if one.parent == parent.id}

    def tells_no_further_than_it_may(self, step: MassStep, before: dict[str, Incident]) -> None:
        """Nobody is named in a mass event that travels further than all that is known of them, but by a person's word."""
        for event, parent in step.events:
            if not parent.is_mass or event.change.members is None:
                continue
            was = before.get(parent.id)
            named = set(was.members) if was else set()
            told_before = {before[name].key.organisation for name in named if name in before}
            for stranger in (self.incidents[name] for name in parent.members):
                if stranger.key.organisation not in told_before:
                    assert CLOSEST_FIRST.index(parent.tlp) <= CLOSEST_FIRST.index(stranger.tlp)

    @initialize()
    def it_begins_with_two(self) -> None:
        for whose in OWNERS[:2]:
            self.is_confirmed(whose, "site", Tlp.AMBER)
        assert self.parents, "as many as make a mass event are one"

    @precondition(lambda self: not self.unheard)
    @rule(whose=owners, site=st.sampled_from(["site", "shop"]), tlp=marks)
    def is_confirmed(self, whose: str, site: str, tlp: Tlp) -> None:
        key = CaseKey(organisation=whose, target=site, family="path", country="RU")
        if any(one.key == key and one.is_open for one in self.losses):
            return
        onset = Bracket(after=None, by=self.now)
        opening = Change(key=key, kind=Kind.BLOCKING, stage=IncidentStage.SUSPECTED, onset=onset, strength=Strength.STRONG)
        event = record(self.new_id(), 1, self.now, EventKind.OPENED, replace(opening, tlp=tlp))
        self.enter([(event, apply(None, event))])
        confirmed = self.happens(self.incidents[event.incident], EventKind.CONFIRMED, stage=IncidentStage.CONFIRMED)
        self.follow([confirmed], self.new_id)

    def one_of(self, data: st.DataObject, *stages: IncidentStage) -> Incident | None:
        found = sorted(one.id for one in self.losses if one.stage in stages)
        return self.incidents[data.draw(st.sampled_from(found))] if found else None

    @precondition(lambda self: self.incidents and not self.unheard)
    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        if one := self.one_of(data, IncidentStage.CONFIRMED):
            end = Bracket(after=None, by=self.now)
            self.follow([self.happens(one, EventKind.ENDED, stage=IncidentStage.ENDED, end=end)], self.new_id)

    @precondition(lambda self: self.incidents and not self.unheard)
    @rule(data=st.data())
    def returns(self, data: st.DataObject) -> None:
        one = self.one_of(data, IncidentStage.ENDED, IncidentStage.REINSTATED)
        if one and not any(other.key == one.key and other.is_open for other in self.losses):
            self.follow([self.happens(one, EventKind.REOPENED, stage=IncidentStage.CONFIRMED)], self.new_id)

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def is_let_go(self, data: st.DataObject) -> None:
        if one := self.one_of(data, IncidentStage.CONFIRMED):
            stage = IncidentStage.RETRACTED
            self.decided(self.happens(one, EventKind.RETRACTED, stage=stage, reason=NOBODY_LOOKS, by=CONFIGURATION))

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), tlp=marks, retracts=st.booleans())
    def somebody_decides(self, data: st.DataObject, tlp: Tlp, retracts: bool) -> None:
        incident = self.incidents[data.draw(st.sampled_from(sorted(self.incidents)))]
        self.decides(incident, decision.retract(WHY, STAFF) if retracts else decision.release(tlp, WHY, STAFF))

    @precondition(lambda self: any(one.is_open for one in self.parents))
    @rule(tlp=st.sampled_from([Tlp.CLEAR, Tlp.CLEAR, Tlp.GREEN]), retracts=st.sampled_from([False, False, True]))
    def somebody_decides_about_a_mass_event(self, tlp: Tlp, retracts: bool) -> None:
        incident = next(one for one in self.parents if one.is_open)
        self.decides(incident, decision.retract(WHY, STAFF) if retracts else decision.release(tlp, WHY, STAFF))
        self.the_service_hears_of_it()

    @precondition(lambda self: any(one.is_open for one in self.parents))
    @rule()
    def somebody_says_that_access_is_back(self) -> None:
        self.decides(next(one for one in self.parents if one.is_open), decision.reinstate(GIVEN_BACK, WHY, STAFF))
        self.the_service_hears_of_it()

    @precondition(lambda self: any(one.is_open for one in self.parents))
    @rule(data=st.data())
    def somebody_links(self, data: st.DataObject) -> None:
        """One that stands for itself, or is over."""
        alone = sorted(one.id for one in self.losses if one.parent is None)
        if not alone or not any(one.is_open for one in self.parents):
            return
        member = self.incidents[data.draw(st.sampled_from(alone))]
        before, parent = dict(self.incidents), next(one for one in self.parents if one.is_open)
        if self.decides(member, decision.link(parent, RelationKind.MEMBER_OF, WHY, STAFF)):
            assert self.decides(parent, decision.take_in(member, WHY, STAFF))
            now = self.incidents[parent.id]
            assert (now.struck or 0) - (parent.struck or 0) == stands(member), "it counts if it stands"
            others = {*parent.affected} - {member.key.organisation if stands(member) else None}
            assert set(now.affected) == {*others, *organisations([member] if stands(member) else [])}
            event = next(event for event in reversed(self.log) if event.incident == parent.id)
            self.tells_no_further_than_it_may(MassStep(events=((event, now),)), before)

    @precondition(lambda self: not self.unheard and any(one.is_open for one in self.parents))
    @rule(whose=owners, tlp=marks, is_over=st.booleans(), data=st.data())
    def somebody_links_what_came_later(self, whose: str, tlp: Tlp, is_over: bool, data: st.DataObject) -> None:
        self.now += timedelta(hours=2)
        self.is_confirmed(whose, "mirror", tlp)
        if is_over:
            self.ends(data)
        self.somebody_links(data)

    def decides(self, incident: Incident, what: Decision) -> bool:
        try:
            event = decide(incident, what, self.now)
        except Refused:
            return False
        self.enter([(event, apply(incident, event))])
        self.decided(self.incidents[incident.id])
        self.its_mass_event_is_narrowed(incident, self.incidents[incident.id])
        return True

    def its_mass_event_is_narrowed(self, before: Incident, member: Incident) -> None:
        """In the same transaction, whoever decides: it tells at no time what the member may not."""
        parent = self.incidents.get(member.parent or "")
        if parent is None or before.tlp is member.tlp:
            return
        if event := narrow_parent(parent, (before, member), self.now, STAFF):
            self.enter([(event, apply(parent, event))])
            self.decided(parent)
        parent = self.incidents[parent.id]
        assert CLOSEST_FIRST.index(parent.tlp) <= CLOSEST_FIRST.index(member.tlp)
        assert member.tlp is not Tlp.RED or member.key.organisation not in parent.affected

    def decided(self, incident: Incident) -> None:
        self.unheard.add(incident.id)

    @precondition(lambda self: self.unheard)
    @rule()
    def the_service_hears_of_it(self) -> None:
        """What is known of them is read before anything is concluded."""
        changed = [self.incidents[name] for name in sorted(self.unheard)]
        for one in changed:
            self.masses.revise(one)
        self.follow(changed, None)

    @rule(minutes=st.sampled_from([1, 10, 16, 16, 61, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: not self.unheard)
    @rule()
    def a_batch_brings_nothing(self) -> None:
        self.follow([], self.new_id)
        before = len(self.log)
        self.follow([], self.new_id)
        assert len(self.log) == before, "what was told once is no news"

    @rule()
    def the_service_starts_again(self) -> None:
        self.masses = Masses(self.incidents.values())
        self.unheard |= {one.id for one in self.masses.parents}

    @invariant()
    def the_log_makes_what_is_known(self) -> None:
        for one in self.incidents.values():
            assert fold(event for event in self.log if event.incident == one.id) == one

    @invariant()
    def one_cause_has_one_mass_event_at_a_time(self) -> None:
        keys = [one.key for one in self.parents if one.is_open]
        assert len(keys) == len(set(keys))

    @invariant()
    def its_members_are_those_who_name_it(self) -> None:
        if self.unheard:
            return
        for parent in self.masses.parents:
            linked = {one.id for one in self.losses if one.parent == parent.id}
            if parent.is_open:
                assert set(parent.members) <= linked, "who joins may be named a little later"
        for parent in self.parents:
            if parent.stage is IncidentStage.RETRACTED:
                assert not parent.members
                assert not [one for one in self.losses if one.parent == parent.id]

    @invariant()
    def none_stands_on_in_silence(self) -> None:
        """Where a person has closed a mass event, what stands was lost anew since."""
        for parent in () if self.unheard else self.masses.parents:
            if parent.stage is IncidentStage.REINSTATED and parent.closed_at:
                standing = [one for one in self.losses if one.parent == parent.id and stands(one)]
                assert all(one.stage_since and one.stage_since > parent.closed_at for one in standing)

    @precondition(lambda self: not self.unheard)
    @rule()
    def after_a_while_it_tells_the_truth(self) -> None:
        self.now += PAUSE
        self.follow([], self.new_id)
        for parent in self.parents:
            if parent.is_open:
                members = [one for one in self.losses if one.parent == parent.id]
                standing = [one for one in members if stands(one)]
                assert set(parent.members) == {one.id for one in members}
                assert (parent.struck, parent.affected) == (len(standing), organisations(standing))


def test_whatever_happens_a_mass_event_is_what_its_members_are() -> None:
    run_state_machine_as_test(Waves, settings=settings(max_examples=100, stateful_step_count=30))
