"""The figures of `docs/confirmation.md` in small: a real block, and a few days in which nobody interferes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.confirmation import BLOCKED_FROM, BLOCKED_UNTIL, UGANDA, find_blocks
from bench.public_series import delays, read, verdict_on
from bench.simulated_month import FAILED, HOUR, INSIDE, INTERFERED, Month, live_through
from monitor.core.kinds import Kind
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

DAYS = Month(targets=30, days=2)
ROW = {
    "domain": "site.example",
    "probe_asn": "64496",
    "probe_cc": "UG",
    "measurement_start_time": "2026-01-17 22:10:34.000",
    "measurement_uid": "20260117",
    **{f"top_{layer}_failure": "" for layer in ("dns", "tcp", "tls")},
    **{f"{layer}_{what}": "1" if what == "ok" else "0" for layer in ("dns", "tcp", "tls") for what in ("blocked", "down", "ok")},
}
RESET = {"top_tls_failure": "connection_reset", "tls_blocked": "0.8", "tls_down": "0.2", "tls_ok": "0"}
DOWN = {"top_tcp_failure": "connection_refused", "tcp_blocked": "0.25", "tcp_down": "0.75", "tcp_ok": "0", "tls_ok": "0"}


@pytest.mark.parametrize(
    ("told", "state", "strength"),
    [
        ({}, State.OK, Strength.STRONG),
        ({"dns_blocked": "0.95", "top_tcp_failure": "host_unreachable"}, State.OK, Strength.STRONG),
        (RESET, State.UNREACHABLE, Strength.STRONG),
        (DOWN, State.UNCLEAR, Strength.WEAK),
        ({"dns_blocked": "0.75", "tls_ok": "0"}, State.UNCLEAR, Strength.WEAK),
    ],
)
def test_a_row_is_read_no_further_than_it_goes(told: dict[str, str], state: State, strength: Strength) -> None:
    verdict = verdict_on({**ROW, **told})
    assert (verdict.state, verdict.strength) == (state, strength)


def test_a_real_block_is_confirmed_once_and_ended_once(reference: Path) -> None:
    series = reference / UGANDA
    if not series.is_file():
        pytest.skip(f"{series} is absent")
    found = delays(read(series), Confirmation(), BLOCKED_FROM, BLOCKED_UNTIL)
    assert found.transitions == 2
    assert found.onset is not None
    assert found.onset <= timedelta(hours=12)
    assert found.end is not None
    assert found.end <= timedelta(hours=24)
    assert found.incident is not None
    assert found.incident.kind is Kind.UNREACHABLE, "the rows hold no artefact that would show more"


def test_where_nobody_interferes_nothing_is_confirmed() -> None:
    tale = live_through(DAYS)
    assert tale.confirmed == []
    assert tale.failing / tale.scheduled == pytest.approx(0.01, rel=0.2)
    assert tale.odd / tale.scheduled == pytest.approx(0.001, rel=0.2)
    assert any(incident.confirmed_at is None for _, incident in tale.events), "there was something to be mistaken about"


def test_without_contrast_an_outage_that_nobody_noticed_looks_like_a_block_of_everything() -> None:
    assert len(live_through(replace(DAYS, with_contrast=False)).confirmed) >= 25


def test_a_migration_that_nobody_announced_looks_like_interference() -> None:
    tale = live_through(replace(DAYS, targets=1, with_plan=False))
    assert {incident.key.target for _, incident in tale.confirmed} == {"target-0"}


def test_a_steady_block_is_confirmed_within_three_looks_and_ten_minutes() -> None:
    found, expected = find_blocks(DAYS, INTERFERED, 1)
    assert len(found) == expected == 30
    assert {one.looks for one in found} == {3}
    assert max(one.delay for one in found) <= timedelta(minutes=10, seconds=1)


def test_bare_failures_that_come_and_go_are_found_within_hours() -> None:
    found, expected = find_blocks(replace(DAYS, targets=10), FAILED, 3)
    assert len(found) == expected
    assert all(one.incident.intermittent and one.delay <= timedelta(hours=3) for one in found)


def test_one_vantage_point_alone_either_accuses_everybody_or_finds_nothing() -> None:
    alone = replace(DAYS, vantages=(INSIDE,))
    believed = replace(alone, with_contrast=False, noticed_after=(HOUR, HOUR))
    assert len(live_through(believed).confirmed) >= 30
    found, _ = find_blocks(replace(alone, with_control=False), INTERFERED, 1)
    assert found == []
