"""The conditions of OONI's own quality tests that this probe must judge from the start, and our state for each.

Restated from the reference data (ooni/qa_scenarios.yaml); A-only world, two controls that nobody interferes with.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from probes.kit.discover import discover
from probes.kit.rule import Finding
from probes.kit.vocabulary import State
from tests.probes.fake_look import INNOCENT, FakeLook
from tests.probes.website.looking import story_of

FAMILIES = {"success", "websitedown", "dnsblocking", "tcpblocking", "tlsblocking"}
NAME = "www.example.com"
TRUE = "93.184.216.34"
WEBSITE = discover()["website"]

OURS = {
    "successWithHTTP": (State.OK, "website.service.well_in_clear"),
    "successWithHTTPS": (State.OK, "website.service.well"),
    "websiteDownNXDOMAIN": (State.DOWN, "website.service.down"),
    "websiteDownTCPConnect": (State.DOWN, "website.service.down"),
    "dnsBlockingBOGON": (State.BLOCKED, "website.dns.injection.bogon"),
    "dnsBlockingNXDOMAIN": (State.BLOCKED, "website.dns.injection.nxdomain"),
    "tcpBlockingConnectTimeout": (State.UNREACHABLE, "website.tcp.timeout"),
    "tlsBlockingConnectionResetWithConsistentDNS": (State.BLOCKED, "website.tls.reset.sni_everywhere"),
}


def world(**changes: Any) -> FakeLook:
    return FakeLook(**{"names": {NAME: [TRUE]}, **changes})


def nothing_interferes() -> FakeLook:
    return world()


def nobody_listens() -> FakeLook:
    return world(dead={TRUE: "connection_refused"})


def no_such_name() -> FakeLook:
    return FakeLook()


CONDITIONS: dict[str, tuple[str, Callable[[], FakeLook], Callable[[], FakeLook]]] = {
    "successWithHTTP": (f"http://{NAME}/", nothing_interferes, nothing_interferes),
    "successWithHTTPS": (f"https://{NAME}/", nothing_interferes, nothing_interferes),
    "websiteDownNXDOMAIN": ("http://www.example.xyz/", no_such_name, no_such_name),
    "websiteDownTCPConnect": (f"http://{NAME}:444/", nobody_listens, nobody_listens),
    "dnsBlockingBOGON": (
        f"https://{NAME}/",
        lambda: world(names={NAME: ["10.10.34.35"]}, dead={"10.10.34.35": "generic_timeout_error"}),
        lambda: world(dead={"10.10.34.35": "generic_timeout_error"}),
    ),
    "dnsBlockingNXDOMAIN": (f"https://{NAME}/", no_such_name, nothing_interferes),
    "tcpBlockingConnectTimeout": (
        f"https://{NAME}/",
        lambda: world(dead={TRUE: "generic_timeout_error"}),
        nothing_interferes,
    ),
    "tlsBlockingConnectionResetWithConsistentDNS": (
        f"https://{NAME}/",
        lambda: world(ends={(TRUE, NAME): "connection_reset", (INNOCENT, NAME): "connection_reset"}),
        nothing_interferes,
    ),
}


async def judged(condition: str, controls: int = 2) -> Finding:
    url, here, there = CONDITIONS[condition]
    story = await story_of(url, here(), *(there() for _ in range(controls)))
    return story.judged_by(WEBSITE)


@pytest.mark.parametrize("condition", OURS)
async def test_our_state_under_the_condition(condition: str) -> None:
    finding = await judged(condition)

    assert (finding.state, finding.rule) == OURS[condition]


@pytest.mark.parametrize("condition", ["websiteDownNXDOMAIN", "websiteDownTCPConnect"])
async def test_one_control_is_not_enough_for_down(condition: str) -> None:
    assert (await judged(condition, controls=1)).rule == "website.control.one"


@pytest.mark.parametrize("condition", [name for name, (state, _) in OURS.items() if state is not State.OK])
async def test_without_control_nothing_bad_is_said_for_certain(condition: str) -> None:
    assert (await judged(condition, controls=0)).rule == "website.control.none"


def test_no_condition_of_these_families_is_left_out(reference: Path) -> None:
    scenarios = YAML(typ="safe").load(reference / "ooni" / "qa_scenarios.yaml")["scenarios"]

    assert {one["name"] for one in scenarios if one["family"] in FAMILIES} == set(OURS) == set(CONDITIONS)
