"""Which looks are made from where: our own places look at everything, others only at what was asked of them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.core.model import Words
from monitor.core.plan import Check, plan_checks, plan_for_prober
from monitor.core.verdict import judge
from monitor.core.watchlist import Monitor, Organisation, Target, VantagePoint, Watchlist
from probes.kit.discover import discover
from probes.kit.observation import Facts, Observation, Provenance
from probes.kit.probe import Probe
from probes.kit.rule import Finding
from probes.kit.vocabulary import State, Strength

BERLIN = {"id": "berlin", "country": "DE"}
OONI = {"id": "ooni-ru", "kind": "ooni", "country": "RU", "asn": 64500}
GLOBALPING = {"id": "volunteers-ru", "kind": "globalping", "country": "RU", "asn": 64500}


def watchlist(*vantages: dict[str, Any], **target: Any) -> Watchlist:
    return Watchlist(
        version="1",
        monitor=Monitor(vantages=tuple(VantagePoint.model_validate({"name": {"en": "x"}, **one}) for one in vantages)),
        organisations=(
            Organisation(
                id="ovd-info",
                name=Words(en="OVD-Info"),
                targets=(Target.model_validate({"id": "site", "url": "https://ovd.info/", **target}),),
            ),
        ),
    )


def planned(*vantages: dict[str, Any], **target: Any) -> dict[tuple[str, str], Check]:
    checks = plan_checks(watchlist(*vantages, **target), discover())
    return {(one.vantage, one.probe): one for one in checks}


def test_what_is_published_is_only_of_websites() -> None:
    assert set(planned(BERLIN, OONI)) == {("berlin", "website"), ("berlin", "dns"), ("ooni-ru", "website")}


def test_no_volunteer_is_asked_unless_a_target_says_so() -> None:
    assert set(planned(BERLIN, GLOBALPING)) == {("berlin", "website"), ("berlin", "dns")}
    switched_on = planned(GLOBALPING, globalping=True)
    assert set(switched_on) == {("volunteers-ru", "website"), ("volunteers-ru", "dns")}


def test_the_prober_is_told_for_what_volunteers_may_be_asked() -> None:
    for is_on in (True, False):
        found = watchlist(BERLIN, globalping=is_on)
        plan = plan_for_prober(found, plan_checks(found, discover()), {}, paused=False)
        assert {one.volunteers for one in plan.checks} == {is_on}


@pytest.mark.parametrize(
    ("place", "every"), [(OONI, 3600), (GLOBALPING, 1800), ({**OONI, "every": "2h"}, 7200), ({**GLOBALPING, "every": "1h"}, 3600)]
)
def test_however_eager_a_target_is_others_keep_their_pace(place: dict[str, Any], every: int) -> None:
    checks = planned(place, BERLIN, globalping=True, every="60s")
    assert checks[place["id"], "website"].every == every
    assert checks["berlin", "website"].every == 60


def explicit(strength: Strength = Strength.EXPLICIT) -> Probe:
    """A probe whose judgement never varies."""
    found = discover()["website"]

    class Sure(Probe):
        __slots__ = ()

        def judge(self, observation: Observation, recent: Any = ()) -> Finding:
            return Finding(state=State.BLOCKED, rule="website.test", because="it says so", strength=strength)

    return Sure(**{name: getattr(found, name) for name in found.__dataclass_fields__})


def test_looks_of_several_lines_that_come_in_at_one_place_prove_nothing_together() -> None:
    observation = Observation(
        id="1",
        check="c",
        vantage="ooni-ru",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        duration=1.0,
        facts=Facts(),
        provenance=Provenance(service="ooni", name="m", attribution="OONI, CC BY-NC-SA 4.0", asn=64500),
        probe_version=1,
        software="x",
    )
    a_line = planned(OONI)["ooni-ru", "website"]
    a_country = planned({**OONI, "asn": None})["ooni-ru", "website"]
    assert judge(explicit(), a_line, observation).strength is Strength.EXPLICIT
    verdict = judge(explicit(), a_country, observation)
    assert (verdict.state, verdict.strength) == (State.BLOCKED, Strength.WEAK)
    assert replace(verdict, strength=Strength.EXPLICIT, check=a_line.id) == judge(explicit(), a_line, observation)
