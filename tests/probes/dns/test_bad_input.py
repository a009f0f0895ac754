"""Facts that nobody should record get a verdict all the same, and no traceback."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from probes.kit.discover import discover
from probes.kit.observation import DnsReply, Facts
from probes.kit.vocabulary import State, WhyUnclear
from tests.probes.dns.stories import NAME, OTHER, TRUE, answered, failed
from tests.probes.telling import NOON, Story, Telling, both, from_control, seen

DNS: Final = discover()["dns"]

MANY: Final = tuple(f"203.{number // 250}.{number % 250}.1" for number in range(5000))


@pytest.mark.parametrize("nonsense", ["ovdinfo.org.", "256.1.1.1", "", "{name}", "\ud800", "1.2.3.4/24", "0x5db8d822"])
def test_an_answer_that_is_no_address_decides_nothing(nonsense: str) -> None:
    assert Story(answered(nonsense), both(answered(TRUE))).judged_by(DNS).why_unclear is WhyUnclear.UNPARSEABLE


def test_nonsense_beside_an_address_does_not_hide_it() -> None:
    assert Story(answered("nonsense", TRUE), both(answered(TRUE))).judged_by(DNS).rule == "dns.answer.shared"


def test_nonsense_at_the_controls_is_no_address_to_compare_with() -> None:
    finding = Story(answered("127.0.0.1"), both(answered("nonsense"))).judged_by(DNS)

    assert (finding.state, finding.why_unclear) == (State.UNCLEAR, WhyUnclear.NO_CONTROL)


def test_five_thousand_addresses_are_read_and_not_told() -> None:
    finding = Story(answered(*MANY), both(answered(TRUE))).judged_by(DNS)

    assert finding.rule == "dns.answer.different"
    assert "and 4997 more" in finding.because
    assert len(finding.because) < 300


def test_five_thousand_late_answers_are_no_reason_to_despair() -> None:
    late = tuple(DnsReply(after=0.1, rcode="NOERROR", answers=(address,)) for address in MANY)

    assert Story(answered(OTHER, further=late), both(answered(TRUE))).judged_by(DNS).rule == "dns.answer.different"


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_no_time_is_too_early_or_too_late(at: datetime) -> None:
    earlier = seen(answered(OTHER), both(answered(OTHER)), at=NOON)
    observation = seen(answered(OTHER), both(answered(TRUE)), at=at)

    assert DNS.judge(observation, (earlier,)).state in {State.OK, State.UNCLEAR}


def test_times_within_a_look_are_never_reckoned_with() -> None:
    odd = answered(TRUE)
    odd = replace(odd, dns=tuple(replace(one, started=float("nan"), duration=-1e300) for one in odd.dns))

    assert Story(odd, both(answered(TRUE))).judged_by(DNS).rule == "dns.answer.shared"


def test_a_vantage_point_that_is_named_twice_speaks_once() -> None:
    first = from_control(failed("dns_nxdomain_error"))
    again = replace(first, started_at=first.started_at + timedelta(seconds=1), facts=answered(TRUE))

    findings = {Story(failed("dns_nxdomain_error"), order).judged_by(DNS).rule for order in ((first, again), (again, first))}

    assert findings == {"dns.control.one"}


def test_facts_without_any_question_for_the_name_are_not_enough() -> None:
    facts = Telling().asked(NAME, TRUE, transport="doh", resolver="9.9.9.9").shook_hands(TRUE, NAME).facts()

    assert Story(facts, both(answered(TRUE))).judged_by(DNS).why_unclear is WhyUnclear.NOT_ENOUGH
    assert Story(Facts()).judged_by(DNS).why_unclear is WhyUnclear.NOT_ENOUGH
