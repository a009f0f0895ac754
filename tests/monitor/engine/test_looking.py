"""One look: ours, the controls' where it needs them, and both compared."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.watchlist import Limits, VantagePoint
from monitor.engine.canaries import CanaryWatch
from monitor.engine.looking import CONTROL_LASTS, CONTROLS_KEPT, Controls, Seen, look_once
from monitor.engine.lookouts import Lookout
from probes.kit.observation import Facts
from probes.kit.probe import Probe
from probes.kit.vocabulary import Depth, Validity
from tests.monitor.engine.virtual import FAKE, FakeLook, FakeNetwork, Host, Stage, vantage

BLOCKED = Host(seconds=0.2, failure="connection_reset", addresses=("198.51.100.7", "198.51.100.8"))


def lookout(stage: Stage, place: VantagePoint) -> Lookout:
    network = stage.world.open(place, Limits().budgets)
    assert place.canaries is not None
    return Lookout(place, network, CanaryWatch(place.id, place.canaries, network, stage.clock))


@pytest.fixture
def moscow(stage: Stage) -> Lookout:
    return lookout(stage, vantage("moscow", country="RU"))


@pytest.fixture
def others(stage: Stage) -> list[Lookout]:
    return [lookout(stage, vantage(name, country="DE")) for name in ("berlin", "leipzig")]


@pytest.fixture
async def controls(stage: Stage) -> AsyncIterator[Controls]:
    controls = Controls(stage.clock)
    yield controls
    await controls.close()


async def seen(stage: Stage, here: Lookout, others: list[Lookout], controls: Controls, probe: Probe = FAKE) -> Seen:
    params = b'{"url": "https://ovd.example/"}'
    looked: Seen = await stage.until(look_once(probe, params, here, others, controls, stage.clock))
    return looked


async def test_all_controls_look_at_once(stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    found = await seen(stage, moscow, others, controls)
    assert [(one.vantage, one.country) for one in found.control] == [("berlin", "DE"), ("leipzig", "DE")]
    (berlin, *_), (leipzig, *_) = (look for look in stage.world.looks if look[1] != "moscow")
    assert berlin == leipzig
    assert found.failing == {"moscow"}


async def test_a_full_look_is_compared_though_all_is_well(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    params = b'{"url": "https://ovd.example/"}'
    found: Seen = await stage.until(look_once(FAKE, params, moscow, others, controls, stage.clock, Depth.FULL))

    assert [one.vantage for one in found.control] == ["berlin", "leipzig"]
    assert found.facts is not None
    assert found.facts.details["compared_with"] == ["berlin", "leipzig"]
    assert found.failing == frozenset()


async def test_only_our_own_look_counts_as_slow(stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    stage.world.seen_from["berlin", "ovd.example"] = Host(seconds=30)
    assert (await seen(stage, moscow, others, controls)).own_time == pytest.approx(0.2)


async def test_a_control_that_fails_too_is_named(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.hosts["ovd.example"] = BLOCKED
    assert (await seen(stage, moscow, others, controls)).failing == {"moscow", "berlin", "leipzig"}


async def test_the_same_question_within_a_minute_is_asked_once(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    first = await seen(stage, moscow, others, controls)
    second = await seen(stage, moscow, others, controls)
    assert second.control == first.control
    assert len([look for look in stage.world.looks if look[1] == "berlin"]) == 1
    await stage.clock.advance(CONTROL_LASTS)
    third = await seen(stage, moscow, others, controls)
    assert third.control[0].started_at > first.control[0].started_at


async def test_other_addresses_are_another_question(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    await seen(stage, moscow, others, controls)
    stage.world.seen_from["moscow", "ovd.example"] = replace(BLOCKED, addresses=("203.0.113.1",))
    await seen(stage, moscow, others, controls)
    assert len([look for look in stage.world.looks if look[1] == "berlin"]) == 2


async def test_what_is_kept_of_controls_is_bounded(stage: Stage, others: list[Lookout], controls: Controls) -> None:
    for number in range(2 * CONTROLS_KEPT):
        params = FAKE.params.model_validate({"url": f"https://site-{number}.example/"})
        await stage.until(controls.look(FAKE, params, others[:1]))
    assert len(controls._looks) == CONTROLS_KEPT


async def test_a_look_that_is_interrupted_leaves_the_control_to_others(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    stage.world.seen_from["berlin", "ovd.example"] = Host(seconds=5)
    impatient = asyncio.create_task(seen(stage, moscow, others, controls))
    await stage.clock.advance(2)
    impatient.cancel()
    patient = await seen(stage, moscow, others, controls)
    assert len(patient.control) == 2
    assert len([look for look in stage.world.looks if look[1] == "berlin"]) == 1


async def test_a_control_that_crashes_says_nothing(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    async def observe(params: Any, look: Any) -> Facts:
        if look.vantage == "berlin":
            raise RuntimeError("broken")
        return await FAKE.observe(params, look)

    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    found = await seen(stage, moscow, others, controls, replace(FAKE, observe=observe))
    assert [one.validity for one in found.control] == [Validity.INVALID, Validity.VALID]
    assert found.facts is not None


async def test_a_control_behind_a_broken_proxy_does_not_count(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    stage.world.proxies_down.add("leipzig")
    found = await seen(stage, moscow, others, controls)
    assert [one.validity for one in found.control] == [Validity.VALID, Validity.INVALID]


@pytest.mark.parametrize("broken", ["observe", "wants_control", "addresses", "compare"])
async def test_whatever_a_probe_breaks_in_it_is_a_crash_and_no_more(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls, broken: str
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("broken")

    stage.world.hosts["ovd.example"] = BLOCKED
    changes: dict[str, Any] = {broken: crash}
    assert await seen(stage, moscow, others, controls, replace(FAKE, **changes)) == Seen(facts=None)


async def test_parameters_of_another_version_are_a_crash_and_no_more(stage: Stage, moscow: Lookout, controls: Controls) -> None:
    found = await stage.until(look_once(FAKE, b'{"href": 1}', moscow, [], controls, stage.clock))
    assert found == Seen(facts=None)


async def test_a_probe_without_a_second_step_needs_none(
    stage: Stage, moscow: Lookout, others: list[Lookout], controls: Controls
) -> None:
    stage.world.seen_from["moscow", "ovd.example"] = BLOCKED
    found = await seen(stage, moscow, others, controls, replace(FAKE, compare=None))
    assert found.facts is not None
    assert "compared_with" not in found.facts.details


async def test_at_the_deadline_what_was_seen_until_then_is_what_there_is(
    stage: Stage, moscow: Lookout, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def look(network: FakeNetwork, depth: Depth) -> AsyncIterator[FakeLook]:
        with suppress(TimeoutError):
            yield FakeLook(network.world, network.door.vantage, depth)

    async def too_long(params: Any, look: Any) -> Facts:
        raise TimeoutError

    monkeypatch.setattr(FakeNetwork, "look", look)
    found = await seen(stage, moscow, [], controls, replace(FAKE, observe=too_long, compare=None))
    assert found.facts == Facts(details={"failure": "generic_timeout_error", "from": "moscow"})
