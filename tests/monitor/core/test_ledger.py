"""What the pipeline remembers between batches. The cast is that of the incident stories."""

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.incident import CaseKey, Change, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.ledger import WINDOW, Ledger, Step
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
POLICY = Confirmation()


def look(minute: float, state: State, vantage: str = "moscow", target: str = "ovd.info", country: str = "RU") -> Verdict:
    return Verdict(
        observation=f"{minute:09.2f}-{vantage}-{target}",
        check=f"{target}@{vantage}",
        organisation="ovd-info",
        target=target,
        probe="website",
        vantage=vantage,
        country=country,
        at=START + timedelta(minutes=minute),
        state=state,
        rule=f"website.{state}",
        because="",
        strength=Strength.EXPLICIT if state is State.BLOCKED else Strength.STRONG,
        ruleset="website/1",
    )


def take(ledger: Ledger, *verdicts: Verdict) -> Step:
    numbers = count(len(ledger.incidents) + 1)
    step = ledger.take(verdicts, POLICY, max(one.at for one in verdicts), lambda: f"CW-2021-{next(numbers):04d}")
    ledger.keep(step)
    return step


def test_nothing_is_remembered_until_it_is_kept() -> None:
    ledger = Ledger()
    bad = look(0, State.BLOCKED)
    first = ledger.take([bad], POLICY, bad.at, lambda: "CW-2021-0001")
    again = ledger.take([bad], POLICY, bad.at, lambda: "CW-2021-0001")
    assert [event.kind for event, _ in first.events] == [EventKind.OPENED]
    assert first == again, "a batch that could not be written is worked out anew, with the same result"
    assert ledger.incidents == ()


def test_two_bad_looks_in_one_batch_open_and_confirm_one_incident() -> None:
    step = take(Ledger(), look(0, State.BLOCKED), look(5, State.BLOCKED))
    assert [event.kind for event, _ in step.events] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert [incident.id for incident in step.incidents.values()] == ["CW-2021-0001"]


def test_two_places_in_one_batch_are_one_case() -> None:
    step = take(Ledger(), look(0, State.BLOCKED), look(0.5, State.BLOCKED, vantage="kazan"))
    assert [event.kind for event, _ in step.events] == [EventKind.OPENED]


def test_targets_are_cases_of_their_own() -> None:
    step = take(Ledger(), look(0, State.BLOCKED), look(0, State.BLOCKED, target="reports.ovd.info"))
    assert len(step.incidents) == 2


def test_a_ledger_rebuilt_from_the_store_goes_on_where_it_was() -> None:
    before = Ledger()
    looks = [look(0, State.OK), look(5, State.BLOCKED)]
    for one in looks:
        take(before, one)
    after = Ledger(looks, before.incidents)
    step = take(after, look(8, State.BLOCKED))
    (incident,) = step.incidents.values()
    assert (incident.stage, incident.kind) == (IncidentStage.CONFIRMED, Kind.BLOCKING)
    assert incident.onset.after == START


def test_an_incident_lasts_however_long_it_takes_and_ends_where_it_ends() -> None:
    ledger = Ledger()
    for minute in range(0, 5 * WINDOW, 5):
        take(ledger, look(minute, State.BLOCKED))
    steps = [take(ledger, look(5 * WINDOW + minute, State.OK)) for minute in (0, 5, 10)]
    assert [event.kind for step in steps for event, _ in step.events] == [EventKind.ENDED]


def test_the_first_good_look_in_an_open_case_asks_for_more() -> None:
    ledger = Ledger()
    take(ledger, look(0, State.BLOCKED), look(5, State.BLOCKED))
    step = take(ledger, look(10, State.OK))
    assert [verdict.state for verdict in step.turned] == [State.OK]


def test_what_comes_and_goes_does_not_ask_for_more_each_time() -> None:
    ledger = Ledger()
    steps = [take(ledger, look(5 * number, State.BLOCKED if number % 2 else State.OK)) for number in range(40)]
    assert sum(len(step.turned) for step in steps) == 1


@given(st.lists(st.sampled_from([State.OK, State.UNCLEAR, State.UNMEASURED]), min_size=1, max_size=300))
def test_while_all_is_well_the_memory_does_not_grow(states: list[State]) -> None:
    ledger = Ledger()
    for minute, state in enumerate(states):
        take(ledger, look(minute, state))
    assert ledger.remembered() <= 1


STEPS = st.lists(
    st.tuples(st.sampled_from([State.OK, State.BLOCKED, State.UNREACHABLE]), st.sampled_from(["moscow", "kazan"])), max_size=30
)


@given(STEPS, st.integers(1, 7))
def test_how_looks_fall_into_batches_makes_no_difference(steps: list[tuple[State, str]], size: int) -> None:
    looks = [look(7 * index, state, vantage) for index, (state, vantage) in enumerate(steps)]
    one_by_one, in_batches = Ledger(), Ledger()
    single = [event.kind for one in looks for event, _ in take(one_by_one, one).events]
    batched = [
        event.kind for start in range(0, len(looks), size) for event, _ in take(in_batches, *looks[start : start + size]).events
    ]
    assert single == batched
    assert {one.id: one.stage for one in one_by_one.incidents} == {one.id: one.stage for one in in_batches.incidents}


def test_what_people_only_attest_is_no_case_of_looks() -> None:
    key = CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU")
    stated = Change(key=key, kind=Kind.BLOCKING, stage=IncidentStage.CONFIRMED, origin=Origin.ATTESTED)
    attested = apply(None, record("CW-2021-0001", 1, START, EventKind.OPENED, stated))
    ledger = Ledger([], [attested])
    assert ledger.incidents == ()
    step = take(ledger, look(0, State.BLOCKED), look(5, State.BLOCKED))
    assert [event.kind for event, _ in step.events] == [EventKind.OPENED, EventKind.CONFIRMED]


def test_an_older_state_of_an_incident_does_not_take_the_place_of_a_newer_one() -> None:
    ledger = Ledger()
    step = take(ledger, look(0, State.BLOCKED), look(5, State.BLOCKED))
    (_, suspected), (_, confirmed) = step.events
    ledger.revise(suspected)
    assert ledger.incidents == (confirmed,)
    ledger.keep(Step(incidents={suspected.key: suspected}))
    assert ledger.incidents == (confirmed,)
