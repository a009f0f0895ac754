"""Dates by which somebody must act, as looks bring them to light."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.core.deadline import CERTIFICATE, GONE_AFTER, Deadline, Deadlines, deadlines_of
from monitor.core.verdict import Verdict
from probes.kit.observation import Facts, Observation, TlsHandshake
from probes.kit.vocabulary import State, Strength

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ENDS = datetime(2027, 1, 10, tzinfo=UTC)


def handshake(**changes: Any) -> TlsHandshake:
    shown = TlsHandshake(started=0.1, duration=0.05, address="192.0.2.1", port=443, server_name="ovdinfo.org", not_after=ENDS)
    return replace(shown, **changes)


def look(*handshakes: TlsHandshake, state: State = State.OK) -> tuple[Observation, Verdict]:
    observation = Observation(
        id="look",
        check="check",
        vantage="berlin",
        started_at=NOW,
        duration=0.4,
        facts=Facts(tls=handshakes),
        probe_version=1,
        software="test",
    )
    verdict = Verdict(
        observation="look",
        check="check",
        organisation="ovd-info",
        target="site",
        probe="website",
        vantage="berlin",
        country="DE",
        at=NOW,
        state=state,
        rule="website.ok",
        because="It answers.",
        strength=Strength.STRONG,
        ruleset="website/1",
    )
    return observation, verdict


def found(at: datetime = ENDS, seen: datetime = NOW, subject: str = "ovdinfo.org") -> Deadline:
    return Deadline(organisation="ovd-info", target="site", kind=CERTIFICATE, subject=subject, at=at, seen_at=seen)


def test_a_good_look_shows_when_the_certificate_ends() -> None:
    assert deadlines_of(*look(handshake())) == (found(),)


@pytest.mark.parametrize(
    "seen",
    [
        look(handshake(), state=State.BLOCKED),
        look(handshake(failure="tls_unknown_authority")),
        look(handshake(hop=1)),
        look(handshake(not_after=None)),
        look(),
    ],
    ids=["a censor's certificate", "one that does not verify", "one redirected to", "none shown", "no handshake"],
)
def test_no_other_certificate_is_believed(seen: tuple[Observation, Verdict]) -> None:
    assert deadlines_of(*seen) == ()


def test_a_look_that_was_not_made_shows_nothing() -> None:
    observation, verdict = look()
    assert deadlines_of(replace(observation, facts=None), verdict) == ()


def test_only_what_has_changed_is_written() -> None:
    known = Deadlines()
    first = known.changed([found(), found()])
    assert first == (found(),)
    known.keep(first)
    assert known.changed([found(seen=NOW + timedelta(minutes=5))]) == ()


def test_what_could_not_be_written_is_news_again() -> None:
    known = Deadlines()
    assert known.changed([found()]) == known.changed([found()]) == (found(),)


def test_an_earlier_date_is_believed_at_once() -> None:
    known = Deadlines()
    known.keep([found()])
    sooner = found(ENDS - timedelta(days=9))
    assert known.changed([sooner]) == (sooner,)


def test_a_renewal_counts_once_nobody_has_seen_the_old_date_for_a_day() -> None:
    known = Deadlines()
    known.keep([found()])
    later = ENDS + timedelta(days=90)
    for hours in range(1, 12):
        at = NOW + timedelta(hours=hours)
        assert known.changed([found(later, at)]) == ()
        assert known.changed([found(seen=at)]) == (), "some servers still show the old one"
    renewed = found(later, at + GONE_AFTER)
    assert known.changed([renewed]) == (renewed,)


def test_a_restart_lets_no_later_date_stand_at_once() -> None:
    later = ENDS + timedelta(days=90)
    known = Deadlines.resumed([found()], NOW + timedelta(days=30))
    assert known.changed([found(later, NOW + timedelta(days=30, hours=1))]) == ()
    sooner = found(ENDS - timedelta(days=9), NOW + timedelta(days=30, hours=1))
    assert known.changed([sooner]) == (sooner,)


def test_a_service_that_starts_anew_every_day_learns_of_a_renewal_all_the_same() -> None:
    renewed = found(ENDS + timedelta(days=90), NOW + timedelta(hours=23))
    known = Deadlines.resumed([found(seen=NOW - timedelta(days=9))], NOW)
    assert known.changed([renewed]) == (renewed,)


def test_several_names_have_dates_of_their_own() -> None:
    other = found(ENDS + timedelta(days=1), subject="www.ovdinfo.org")
    assert Deadlines().changed([found(), other]) == (found(), other)
