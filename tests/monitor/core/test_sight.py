"""What a round of canaries says, what it is filed under, and what an isolated place's other looks are worth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.model import Words
from monitor.core.plan import Check
from monitor.core.sight import is_round, judge_round, sight_checks, sight_id, speaks_of_its_target
from monitor.core.verdict import Verdict, judge
from monitor.core.watchlist import Canaries, Monitor, VantagePoint, Watchlist
from probes.kit.observation import Facts, Observation, new_id
from probes.kit.probe import Probe, ProbeParams
from probes.kit.rule import Rule
from probes.kit.vocabulary import State, Strength, Unmeasured, Validity, VantageHealth, WhyUnclear

START = datetime(2024, 1, 30, 14, 0, tzinfo=UTC)
HEALTHY, OFFLINE, ISOLATED = VantageHealth.HEALTHY, VantageHealth.OFFLINE, VantageHealth.ISOLATED

PLACES = Watchlist(
    version="1",
    monitor=Monitor(
        vantages=(
            VantagePoint(id="yakutsk", name=Words(en="Yakutsk"), country="RU"),
            VantagePoint(id="kazan", name=Words(en="Kazan"), country="RU"),
            VantagePoint(id="berlin", name=Words(en="Berlin"), country="DE"),
            VantagePoint(id="imported", name=Words(en="Imported"), country="RU", canaries=Canaries()),
        ),
        canaries=Canaries(domestic=("home.example",), foreign=("abroad.example",)),
    ),
)
SIGHTS = sight_checks(PLACES)


BLIND = "blind"
"""A place whose proxy is gone, so that no canary was asked."""


def told_of(health: VantageHealth | str) -> dict[str, object]:
    if health == BLIND:
        return {"health": str(OFFLINE), "detail": "0 of 2 canaries answer", "blind": True}
    return {"health": str(health), "detail": "1 of 2 canaries answer"}


def observed(minute: float, health: VantageHealth | str, vantage: str = "yakutsk") -> Observation:
    at = START + timedelta(minutes=minute)
    return Observation(
        id=new_id(at),
        check=sight_id(vantage),
        vantage=vantage,
        started_at=at,
        duration=0.4,
        facts=Facts(details=told_of(health)),
        probe_version=1,
        software="test",
    )


def a_round(minute: float, health: VantageHealth | str, vantage: str = "yakutsk") -> Verdict:
    return judge_round(SIGHTS[sight_id(vantage)], observed(minute, health, vantage))


def test_every_vantage_point_with_canaries_has_something_its_rounds_are_filed_under() -> None:
    assert {check.vantage for check in SIGHTS.values()} == {"yakutsk", "kazan", "berlin"}
    assert {check.country for check in SIGHTS.values()} == {"RU", "DE"}
    assert SIGHTS[sight_id("kazan")].every == 60


@pytest.mark.parametrize(
    ("health", "state", "rule"),
    [
        (HEALTHY, State.OK, "canaries.sight.healthy"),
        (ISOLATED, State.UNREACHABLE, "canaries.sight.isolated"),
        (OFFLINE, State.UNMEASURED, "canaries.sight.offline"),
        (VantageHealth.UNKNOWN, State.UNCLEAR, "canaries.sight.unknown"),
        ("a word of a later version", State.UNCLEAR, "canaries.sight.unknown"),
    ],
)
def test_a_round_is_judged(health: VantageHealth | str, state: State, rule: str) -> None:
    verdict = a_round(0, health)
    assert (verdict.state, verdict.rule, verdict.country) == (state, rule, "RU")
    assert is_round(verdict)
    assert not speaks_of_its_target(verdict)


def test_a_round_that_never_got_out_is_told_from_one_in_which_nobody_answered() -> None:
    verdict = a_round(0, BLIND)
    assert (verdict.state, verdict.rule) == (State.UNMEASURED, "canaries.sight.blind")


def test_a_round_without_facts_says_nothing() -> None:
    lost = replace(observed(0, ISOLATED), facts=None)
    assert judge_round(SIGHTS[lost.check], lost).state is State.UNCLEAR


async def never(params: ProbeParams, look: object) -> Facts:
    raise AssertionError("nothing is looked at here")


def probe_that_says(state: State) -> Probe:
    rule: Rule[Observation] = Rule(
        id=f"website.{state}",
        state=state,
        strength=Strength.EXPLICIT,
        because="The page came.",
        source="this test",
        fits=lambda case: {},
        why_unclear=WhyUnclear.BOT_WALL if state is State.UNCLEAR else None,
    )
    return Probe(
        name="website",
        version=1,
        documentation="Says what it is told.",
        params=ProbeParams,
        observe=never,
        wants_control=lambda facts: False,
        addresses=lambda facts: (),
        case=lambda observation, recent: observation,
        rules=(rule,),
    )


LOOK = Check(
    id="site", organisation="ovd-info", target="site", probe="website", vantage="yakutsk", country="RU", every=300, params={}
)
SEEN = replace(observed(0, ISOLATED), check="site", validity=Validity.ISOLATED)


@pytest.mark.parametrize("state", [state for state in State if state not in {State.OK, State.UNMEASURED}])
def test_what_fails_in_an_isolated_place_is_a_fact_about_the_isolation(state: State) -> None:
    verdict = judge(probe_that_says(state), LOOK, SEEN)
    assert (verdict.state, verdict.why_unclear, verdict.rule) == (
        State.UNCLEAR,
        WhyUnclear.CANARY_FAILED,
        "instrument.isolated",
    )
    assert not speaks_of_its_target(verdict)


def test_what_works_in_an_isolated_place_works_and_ends_nothing() -> None:
    verdict = judge(probe_that_says(State.OK), LOOK, SEEN)
    assert (verdict.state, verdict.strength, verdict.rule) == (State.OK, Strength.WEAK, "instrument.isolated_works")
    assert verdict.because.endswith("The page came.")
    assert not speaks_of_its_target(verdict)


def test_what_was_not_measured_there_stays_unmeasured() -> None:
    lost = replace(SEEN, unmeasured=Unmeasured.CRASHED)
    assert judge(probe_that_says(State.OK), LOOK, lost).rule == "instrument.crashed"


def test_a_look_from_a_place_that_sees_has_its_say() -> None:
    assert speaks_of_its_target(judge(probe_that_says(State.BLOCKED), LOOK, replace(SEEN, validity=Validity.VALID)))
