"""Whatever looks, people, clocks and restarts do, in whatever order: what a reader of the log may rely on holds.

The machine is the service without its database: a ledger, the mass events and a log to which others write as well.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from monitor.core import decision
from monitor.core.decision import Decision, Refused, decide
from monitor.core.descriptive import Basis
from monitor.core.dossier import Dossier, Reinstatement
from monitor.core.incident import CaseKey, Change, Event, Incident, apply, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.ledger import REACH, WINDOW, Ledger, is_case_of_looks
from monitor.core.letting_go import CONFIGURATION
from monitor.core.mass import Masses
from monitor.core.model import Tlp, Words
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation, Mass
from probes.kit.vocabulary import State, Strength

START = datetime(2022, 3, 4, 9, 0, tzinfo=UTC)
POLICY = Confirmation().model_copy(update={"reopen": 7200})
"""A case opens again for two hours, so that one incident after the other begins."""
MASS = Mass(members=2, organisations=2)
TARGETS = ("ovd-info", "meduza", "memorial")
VANTAGES = {"moscow": "RU", "kazan": "RU", "berlin": "DE"}
WHY = "the press office says so"
STAFF = "staff"

SEEN = {
    "well": (State.OK, Strength.STRONG),
    "a block page": (State.BLOCKED, Strength.EXPLICIT),
    "a reset": (State.BLOCKED, Strength.STRONG),
    "nothing": (State.UNREACHABLE, Strength.STRONG),
    "a suspension": (State.WITHDRAWN, Strength.EXPLICIT),
    "a notice": (State.NOTICE, Strength.EXPLICIT),
    "nothing anywhere": (State.DOWN, Strength.STRONG),
    "something odd": (State.UNCLEAR, Strength.WEAK),
}

DECISIONS: dict[str, Decision] = {
    "retract": decision.retract(WHY, STAFF),
    "reinstate": decision.reinstate(Reinstatement(scope="full", basis=Basis.SELF_REPORT), WHY, STAFF),
    "announce": decision.reinstate(Reinstatement(scope="announced", basis=Basis.SELF_REPORT), WHY, STAFF),
    "release": decision.release(Tlp.CLEAR, WHY, STAFF),
    "avert": decision.avert(WHY, STAFF),
    "correct": decision.correct(Dossier(title=Words(en="A block", ru=None)), WHY, STAFF),
}

BEGINS = frozenset({EventKind.OPENED, EventKind.CONFIRMED, EventKind.REOPENED})
PROVES = BEGINS - {EventKind.OPENED}
HOUR = timedelta(hours=1)

organisations = st.sampled_from(TARGETS)
vantages = st.sampled_from(sorted(VANTAGES))
sights = st.sampled_from(sorted(SEEN))


class OutOfStep(Exception):
    """Somebody else has written to the log meanwhile."""


class Book:
    """The store's log and its incidents, which refuses what does not follow."""

    def __init__(self) -> None:
        self.log: list[Event] = []
        self.incidents: dict[str, Incident] = {}
        self._numbers = count(1)

    def new_id(self) -> str:
        return f"CW-2022-{next(self._numbers):04d}"

    def append(self, happened: Iterable[tuple[Event, Incident]]) -> None:
        """All of it or nothing, as in a transaction."""
        log, incidents = [*self.log], dict(self.incidents)
        for event, incident in happened:
            before = incidents[event.incident].version if event.incident in incidents else 0
            if event.version != before + 1:
                raise OutOfStep
            log.append(event)
            incidents[event.incident] = incident
        self.log, self.incidents = log, incidents

    def of(self, incident: str) -> list[Event]:
        return [event for event in self.log if event.incident == incident]


class Lives(RuleBasedStateMachine):
    """Three organisations' sites, seen from three places, for some days."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.ledger = Ledger()
        self.masses = Masses()
        self.minute = 0.0
        self.clock = timedelta(0)
        self.seen = 0
        self.stored: dict[str, Verdict] = {}
        self.arrived: dict[str, int] = {}
        """How long the log was when a look arrived."""
        self.held_back: list[Verdict] = []
        self.waiting: list[datetime] = []
        """When looks that came too early, by their dates, will be heard."""
        self.dated_ahead: set[str] = set()
        """Looks of a clock that has since been set back."""
        self.read_again: set[str] = set()
        """Those of them that a start has read again: by their dates alone they cannot be told from what was seen since."""
        self._names = count(1)

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=self.minute) + self.clock

    def look(self, whose: str, vantage: str, sight: str, minutes_ago: float = 0) -> Verdict:
        state, strength = SEEN[sight]
        return Verdict(
            observation=f"{next(self._names):06d}",
            check=f"{whose}@{vantage}",
            organisation=whose,
            target="site",
            probe="website",
            vantage=vantage,
            country=VANTAGES[vantage],
            at=self.now - timedelta(minutes=minutes_ago),
            state=state,
            rule=f"website.{state}",
            because="",
            strength=strength,
            mechanism="http.blockpage" if sight == "a block page" else None,
            ruleset="website/1",
        )

    def hand_over(self, looks: Sequence[Verdict]) -> None:
        """One batch, as the pipeline takes it: until nobody else has written meanwhile."""
        fresh = [one for one in {look.observation: look for look in looks}.values() if one.observation not in self.stored]
        self.waiting += [look.at for look in fresh if look.at > self.now]
        self.arrived |= {look.observation: len(self.book.log) for look in fresh}
        for is_last in (False, True):
            step = self.ledger.take(fresh, POLICY, self.now, self.book.new_id)
            mass = self.masses.take(step.incidents.values(), MASS, POLICY.reopen, self.now, self.book.new_id)
            try:
                self.book.append((*step.events, *mass.events))
            except OutOfStep:
                assert not is_last, "the service's own events do not follow what is on record"
                self.hear_of_decisions()
                continue
            break
        self.stored |= {look.observation: look for look in fresh}
        self.ledger.keep(step)
        self.masses.keep(step.incidents.values(), mass)
        for incident in mass.incidents.values():
            self.ledger.revise(incident)

    @rule(whose=organisations, vantage=vantages, sight=sights, times=st.integers(1, 6), every=st.sampled_from([1, 5, 30]))
    def is_looked_at(self, whose: str, vantage: str, sight: str, times: int, every: int) -> None:
        for _ in range(times):
            self.minute += every
            self.hand_over([self.look(whose, vantage, sight)])

    @rule(names=st.sets(organisations, min_size=2), sight=sights, from_where=st.sets(vantages, min_size=1))
    def happens_to_many_at_once(self, names: set[str], sight: str, from_where: set[str]) -> None:
        for _ in range(4):
            self.minute += 6
            self.hand_over([self.look(name, vantage, sight) for name in sorted(names) for vantage in sorted(from_where)])

    @rule(whose=organisations, vantage=vantages, sight=sights, ago=st.sampled_from([3, 20, 90, 600, 2000]))
    def a_look_comes_late(self, whose: str, vantage: str, sight: str, ago: int) -> None:
        self.hand_over([self.look(whose, vantage, sight, ago)])

    @rule(whose=organisations, vantage=vantages, sight=sights, times=st.integers(1, 4))
    def a_line_is_cut_and_its_looks_wait(self, whose: str, vantage: str, sight: str, times: int) -> None:
        for _ in range(times):
            self.minute += 5
            self.held_back.append(self.look(whose, vantage, sight))

    @precondition(lambda self: self.held_back)
    @rule(data=st.data())
    def they_come_all_at_once_in_any_order(self, data: st.DataObject) -> None:
        looks = data.draw(st.permutations(self.held_back))
        self.held_back = []
        self.hand_over(looks)

    @precondition(lambda self: self.stored)
    @rule(data=st.data())
    def looks_are_handed_over_again(self, data: st.DataObject) -> None:
        before = len(self.book.log)
        again = data.draw(st.lists(st.sampled_from(sorted(self.stored)), max_size=5))
        self.hand_over([self.stored[name] for name in again])
        happened = [event for event in self.book.log[before:] if "mass" not in self.family(event)]
        assert not [event for event in happened if event.kind is not EventKind.LINKED], "a look counts once"

    @rule(minutes=st.sampled_from([10, 61, 600, 1500, 4000]))
    def time_passes(self, minutes: int) -> None:
        self.minute += minutes

    @rule(hours=st.sampled_from([-1, 1]), seconds=st.integers(1, 50))
    def the_clock_is_set(self, hours: int, seconds: int) -> None:
        """By an hour and a little: no instrument is set by an hour to the microsecond, so that no two times fall together."""
        self.clock += timedelta(hours=hours, seconds=seconds)
        made = (*self.stored.values(), *self.held_back)
        self.dated_ahead |= {look.observation for look in made if look.at > self.now}
        self.hand_over([])

    @rule(whose=organisations, vantage=vantages)
    def a_block_page_stands_for_half_an_hour(self, whose: str, vantage: str) -> None:
        """It is told of at once, whatever was before, unless a person has said of just that that it is nothing."""
        self.hear_of_decisions()
        is_disturbed = any(at >= self.now for at in self.waiting)
        key = CaseKey(organisation=whose, target="site", family="path", country=VANTAGES[vantage])
        for _ in range(6):
            self.minute += 5
            self.hand_over([self.look(whose, vantage, "a block page")])
            if any(one.stage is IncidentStage.CONFIRMED and is_case_of_looks(one) for one in self.of_case(key)):
                return
        if is_disturbed:
            return
        (last,) = (one for one in self.ledger.incidents if one.key == key)
        assert (last.stage, last.stage_by) == (IncidentStage.RETRACTED, STAFF), "a block was missed"
        assert last.closed_at is not None
        assert self.now - last.closed_at <= timedelta(seconds=POLICY.reopen) + HOUR, "it is hidden for longer than it may"

    @rule(whose=organisations, vantage=vantages, was_ahead=st.booleans())
    def a_block_ends_and_comes_back(self, whose: str, vantage: str, was_ahead: bool) -> None:
        """While the case may open again, be it in an hour that comes twice."""
        if was_ahead:
            self.the_clock_is_set(1, 7)
        self.a_block_page_stands_for_half_an_hour(whose, vantage)
        for _ in range(6):
            self.minute += 5
            self.hand_over([self.look(whose, vantage, "well") for vantage in sorted(VANTAGES)])
        if was_ahead:
            self.the_clock_is_set(-1, 3)
        self.a_block_page_stands_for_half_an_hour(whose, vantage)

    @rule(whose=organisations)
    def all_is_well_for_some_hours(self, whose: str) -> None:
        """Nothing begins by looks that find all well, and what was lost for good is over; the rest takes longer to fade."""
        self.hear_of_decisions()
        misread = [one for one in (*self.stored.values(), *self.held_back) if one.observation in self.dated_ahead]
        for _ in range(20):
            self.minute += 10
            before = len(self.book.log)
            self.hand_over([self.look(whose, vantage, "well") for vantage in sorted(VANTAGES)])
            begun = [event for event in self.book.log[before:] if event.kind in BEGINS and "mass" not in self.family(event)]
            assert not begun or misread, "what is well is said to be lost"
        steady = [one for one in self.of(whose) if one.stage is IncidentStage.CONFIRMED and not one.intermittent]
        assert not [one for one in steady if is_case_of_looks(one)], "what works is said to be lost"

    def of(self, whose: str) -> list[Incident]:
        return [one for one in self.ledger.incidents if one.key.organisation == whose]

    def of_case(self, key: CaseKey) -> list[Incident]:
        return [one for one in self.book.incidents.values() if one.key == key]

    def family(self, event: Event) -> str:
        return self.book.incidents[event.incident].key.family

    @rule()
    def the_service_starts_again(self) -> None:
        """It knows what is stored: the looks of a day, and those of targets in open cases however old."""
        incidents = list(self.book.incidents.values())
        open_cases = {one.key.organisation for one in incidents if one.is_open}
        since = self.now - REACH
        looks = [one for one in self.stored.values() if one.at >= since]
        for check in {one.check for one in self.stored.values() if one.organisation in open_cases}:
            telling = [one for one in self.stored.values() if one.check == check and one.strength is not Strength.WEAK]
            looks += sorted(telling, key=lambda one: (one.at, one.observation))[-WINDOW:]
        self.read_again |= self.dated_ahead
        self.ledger = Ledger({one.observation: one for one in looks}.values(), incidents)
        self.masses = Masses(incidents)
        self.seen = len(self.book.log)
        self.bring_masses_in_step(self.masses.parents)

    @precondition(lambda self: self.book.incidents)
    @rule(data=st.data(), wanted=st.sampled_from([*sorted(DECISIONS), "link"]))
    def somebody_decides(self, data: st.DataObject, wanted: str) -> None:
        self.minute += 0.1  # nobody decides in the very instant of a look
        incident = self.book.incidents[data.draw(st.sampled_from(sorted(self.book.incidents)))]
        other = self.book.incidents[data.draw(st.sampled_from(sorted(self.book.incidents)))]
        what = DECISIONS.get(wanted) or decision.link(other, RelationKind.SEE_ALSO, WHY, STAFF)
        try:
            event = decide(incident, what, self.now)
        except Refused:
            return
        self.book.append([(event, apply(incident, event))])

    @rule(whose=organisations)
    def somebody_enters_what_was_documented(self, whose: str) -> None:
        change = Change(
            key=CaseKey(organisation=whose, target="site", family="path", country="RU"),
            kind=Kind.BLOCKING,
            stage=IncidentStage.CONFIRMED,
            origin=Origin.ATTESTED,
            by=CONFIGURATION,
        )
        event = record(self.book.new_id(), 1, self.now, EventKind.OPENED, change)
        self.book.append([(event, apply(None, event))])

    @rule(whose=organisations)
    def the_configuration_lets_a_target_go(self, whose: str) -> None:
        self.hear_of_decisions()
        self.ledger.forget_others({check for check in self._checks() if not check.startswith(f"{whose}@")})
        change = Change(stage=IncidentStage.RETRACTED, reason="no longer looked at", by=CONFIGURATION)
        for one in [one for one in self.ledger.incidents if one.is_open and one.key.organisation == whose]:
            event = record(one.id, one.version + 1, self.now, EventKind.RETRACTED, change)
            self.book.append([(event, apply(one, event))])
        self.hear_of_decisions()

    def _checks(self) -> set[str]:
        return {f"{target}@{vantage}" for target in TARGETS for vantage in VANTAGES}

    @rule()
    def hear_of_decisions(self) -> None:
        """What the service does every few seconds."""
        names = dict.fromkeys(event.incident for event in self.book.log[self.seen :])
        decided = [self.book.incidents[name] for name in names]
        self.seen = len(self.book.log)
        for incident in decided:
            self.ledger.revise(incident)
            self.masses.revise(incident)
        self.bring_masses_in_step(decided)

    def bring_masses_in_step(self, decided: Sequence[Incident]) -> None:
        step = self.masses.take(decided, MASS, POLICY.reopen, self.now)
        self.book.append(step.events)
        self.masses.keep((), step)
        for incident in step.incidents.values():
            self.ledger.revise(incident)

    @invariant()
    def no_case_has_two_open_incidents(self) -> None:
        cases = [one.key for one in self.book.incidents.values() if one.is_open]
        assert len(cases) == len(set(cases))

    @invariant()
    def no_cause_ends_two_incidents(self) -> None:
        """A look proves one incident of its case at most, unless nobody can tell any more when it was made."""
        proofs: dict[tuple[CaseKey, str], str] = {}
        for event in self.book.log:
            incident = self.book.incidents[event.incident]
            if event.kind not in PROVES or not is_case_of_looks(incident):
                continue
            for look in set(event.change.looks) - self.read_again:
                what = incident.key, look
                assert proofs.setdefault(what, incident.id) == incident.id, "one look has proven two incidents"

    @invariant()
    def what_a_person_knew_of_has_had_its_say(self) -> None:
        said: dict[CaseKey, int] = {}
        for index, event in enumerate(self.book.log):
            key = self.book.incidents[event.incident].key
            if event.change.by == STAFF and event.change.stage is not None:
                said[key] = index
            elif event.kind in PROVES and key in said:
                looks = set(event.change.looks) - self.dated_ahead
                assert all(self.arrived[look] > said[key] for look in looks), "a person is contradicted by what was known"

    @invariant()
    def no_two_incidents_of_one_case_overlap(self) -> None:
        lasted: dict[CaseKey, Incident] = {}
        for one in self.book.incidents.values():
            was = is_case_of_looks(one) and one.confirmed_at is not None and one.stage is not IncidentStage.RETRACTED
            looks = {look for event in self.book.of(one.id) for look in event.change.looks}
            if not was or looks & self.dated_ahead:
                continue
            before = lasted.get(one.key)
            assert before is None or (before.end and one.onset and before.end.by <= one.onset.by)
            lasted[one.key] = one

    @invariant()
    def no_event_is_lost_and_history_is_in_order(self) -> None:
        for incident in self.book.incidents.values():
            events = self.book.of(incident.id)
            assert [event.version for event in events] == list(range(1, incident.version + 1))
            assert fold(events) == incident

    @invariant()
    def only_what_is_suspected_is_confirmed_and_only_what_is_over_opens_again(self) -> None:
        known: dict[str, Incident] = {}
        for event in self.book.log:
            before = known.get(event.incident)
            assert event.kind is not EventKind.CONFIRMED or (before and before.stage is IncidentStage.SUSPECTED)
            assert event.kind is not EventKind.REOPENED or (before and not before.is_open)
            known[event.incident] = apply(before, event)

    @invariant()
    def nothing_ends_before_it_began_or_without_having_been(self) -> None:
        for one in self.book.incidents.values():
            if one.origin is not Origin.ATTESTED:
                assert one.onset is not None
                assert one.end is None or one.onset.by <= one.end.by
                assert one.confirmed_at is not None or one.stage in {IncidentStage.SUSPECTED, IncidentStage.RETRACTED}
                assert one.is_open == (one.closed_at is None)
                assert one.end is None or not one.is_open

    @invariant()
    def what_is_only_attested_is_never_open(self) -> None:
        assert not any(one.is_open for one in self.book.incidents.values() if one.origin is Origin.ATTESTED)

    @invariant()
    def the_service_knows_what_is_on_record_of_every_open_case(self) -> None:
        if self.seen < len(self.book.log) and any(event.change.by for event in self.book.log[self.seen :]):
            return
        known = {one.key: one for one in self.ledger.incidents}
        for one in self.book.incidents.values():
            if one.is_open and is_case_of_looks(one):
                assert known[one.key] == one

    @invariant()
    def mass_events_are_as_their_members_are(self) -> None:
        if self.seen < len(self.book.log) and any(event.change.by for event in self.book.log[self.seen :]):
            return
        for parent in self.masses.parents:
            members = [self.book.incidents[name] for name in parent.members]
            assert self.book.incidents[parent.id] == parent
            if parent.is_open:
                assert any(one.is_open for one in members)
                assert all(one.parent == parent.id for one in members)
                assert set(parent.affected) <= {one.key.organisation for one in members}


def test_whatever_happens_the_log_can_be_relied_on() -> None:
    run_state_machine_as_test(Lives, settings=settings(max_examples=60, stateful_step_count=25))
