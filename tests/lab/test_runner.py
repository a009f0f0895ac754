import pytest

from monitor.core.watchlist import Canaries
from tests.lab.runner import play
from tests.lab.scenario import Scenario
from tests.lab.topology import Topology

TOPOLOGY = Topology.model_validate(
    {
        "vantages": [
            {"id": "home", "name": {"en": "at home"}, "country": "RU", "resolvers": ["77.88.8.8"], "control": ["nl", "de"]},
            {"id": "nl", "name": {"en": "abroad"}, "country": "NL", "resolvers": ["9.9.9.9"]},
            {"id": "de", "name": {"en": "abroad too"}, "country": "DE", "resolvers": ["1.1.1.1"]},
        ],
        "hosts": {
            "93.184.216.34": {
                "names": ["ovdinfo.org"],
                "ports": {80: {"site": "ovd"}, 443: {"site": "ovd", "certificate": "good"}},
            },
        },
        "sites": {"ovd": [{"page": "front"}]},
        "pages": {"front": {"title": "OVD-Info", "bytes": 2000}},
    }
)

RESET = {"path": {"home": [{"action": "reset", "sni": "ovdinfo.org"}]}}
BLOCKED = {"vantage": "home", "probe": "website", "state": "blocked"}
WELL = {"vantage": "home", "probe": "website", "state": "ok"}


def story(**parts):
    target = {"id": "site", "url": "https://ovdinfo.org/", "probes": {"website": {}}, "vantages": ["home"]}
    if "end" in parts:
        target["every"] = "5min"
    return Scenario.model_validate({"name": "story", "about": "A test.", "targets": [target], **parts})


async def failures(**parts):
    return (await play(story(**parts), TOPOLOGY)).failures


async def test_conditions_hold_until_a_later_phase_states_others():
    phases = [
        {"at": "+0min", "expect": {"verdicts": [WELL]}},
        {"at": "+1h", "conditions": RESET, "expect": {"verdicts": [BLOCKED]}},
        {"at": "+2h", "expect": {"verdicts": [BLOCKED]}},
        {"at": "+3h", "conditions": {}, "expect": {"verdicts": [WELL]}},
    ]
    assert await failures(phases=phases) == ()


async def test_looks_are_repeated_in_their_rhythm_and_confirm_what_lasts():
    suspected = [{"kind": "blocking", "stage": "suspected", "country": "RU"}]
    confirmed = [{"kind": "blocking", "stage": "confirmed", "vantages": ["home"], "mechanisms": ["tls.reset.sni"]}]
    phases = [
        {"at": "+0min", "conditions": RESET, "expect": {"verdicts": [BLOCKED], "incidents": suspected, "messages": []}},
        {"at": "+10min", "expect": {"incidents": confirmed, "messages": [{"route": "staff", "kind": "alarm"}]}},
    ]
    routes = [{"id": "staff", "channels": ["lab"]}]
    assert await failures(phases=phases, end="+15min", routes=routes) == ()


async def test_a_passing_disturbance_ends_as_a_retracted_suspicion():
    retracted = [{"kind": "blocking", "stage": "retracted"}]
    phases = [
        {"at": "+0min", "expect": {"incidents": []}},
        {"at": "+5min", "conditions": RESET, "expect": {"verdicts": [BLOCKED]}},
        {"at": "+10min", "conditions": {}, "expect": {"verdicts": [WELL], "incidents": retracted, "messages": []}},
    ]
    assert await failures(phases=phases, end="+20min", routes=[{"id": "staff", "channels": ["lab"]}]) == ()


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ({"verdicts": [BLOCKED]}, "expected state blocked of home website in the phase at +0min, got state ok"),
        ({"verdicts": [{**WELL, "rule": "website.x"}]}, "got state ok, rule website.service.well"),
        ({"incidents": [{"kind": "outage", "stage": "ended"}]}, "expected kind outage, stage ended at the end"),
        (
            {"messages": [{"route": "staff", "kind": "alarm"}]},
            "expected route staff, kind alarm in the phase at +0min, got no message",
        ),
    ],
)
async def test_whatever_is_not_as_expected_is_told(expect, says):
    [failure] = await failures(expect=expect, routes=[{"id": "staff", "channels": ["lab"]}])
    assert says in failure


async def test_certificates_are_judged_at_the_time_of_the_story():
    ports = {"93.184.216.34": {443: {"site": "ovd", "certificate": "expired"}}}
    lapsed = {"vantage": "home", "probe": "website", "state": "lapsed"}
    parts = {"conditions": {"ports": ports}}
    assert await failures(starts="2021-12-25T06:00:00Z", expect={"verdicts": [lapsed]}, **parts) == ()
    assert await failures(starts="2015-12-25T06:00:00Z", expect={"verdicts": [WELL]}, **parts) == ()


async def test_the_verdict_of_the_reference_is_compared_beside_ours():
    classic = {"accessible": False, "blocking": "http-failure", "dns_consistency": "consistent"}
    assert await failures(conditions=RESET, expect={"verdicts": [{**BLOCKED, "classic": classic}]}) == ()
    wrong = {**classic, "blocking": "tcp_ip"}
    [failure] = await failures(conditions=RESET, expect={"verdicts": [{**BLOCKED, "classic": wrong}]})
    assert "expected state blocked, classic (accessible False, blocking tcp_ip" in failure
    assert "got state blocked, classic (accessible False, blocking http-failure" in failure


async def test_only_a_full_look_compares_what_is_well():
    known = {"verdicts": [{**WELL, "classic": {"dns_consistency": "consistent"}}]}
    unknown = {"verdicts": [{**WELL, "classic": {"dns_consistency": None}}]}
    assert await failures(expect=unknown) == ()
    assert await failures(expect=known, depth="full") == ()


class TestCanaries:
    WATCHED = TOPOLOGY.model_copy(
        update={"vantages": (TOPOLOGY.vantages[0].model_copy(update={"canaries": Canaries(foreign=("ovdinfo.org",))}),)}
    )

    async def play(self, **parts):
        return (await play(story(**parts), self.WATCHED)).failures

    async def test_a_place_that_does_not_see_its_canaries_measures_nothing(self):
        lost = {"vantage": "home", "probe": "website", "state": "unmeasured"}
        phases = [
            {"at": "+0min", "expect": {"verdicts": [WELL], "health": {"home": "healthy"}}},
            {
                "at": "+10min",
                "conditions": {"path": {"home": [{"action": "refuse"}]}},
                "expect": {"verdicts": [lost], "incidents": []},
            },
        ]
        assert await self.play(phases=phases) == ()

    async def test_a_health_that_is_not_as_expected_is_told(self):
        [failure] = await self.play(expect={"health": {"home": "isolated"}})
        assert failure == "expected health isolated of home in the phase at +0min, got healthy"
