"""`cutwatch plan-change`: an organisation announces its own migration."""

import pytest

from monitor.clock import Clock
from tests.monitor.commands.conftest import Type, objects


def test_a_change_is_announced_listed_and_taken_back(cutwatch: Type) -> None:
    typed = ("plan-change", "ovd-info", "ovd.info", "--start", "2099-03-01T09:00", "--end", "2099-03-01T18:00")
    (announced,) = objects(cutwatch(*typed, "--note", "new host", "--json"))
    assert (announced["start"], announced["end"]) == ("2099-03-01T09:00:00Z", "2099-03-01T18:00:00Z")
    assert (announced["note"], announced["cancelled_at"]) == ("new host", None)
    assert objects(cutwatch("plan-change", "--list", "--json")) == [announced]

    assert cutwatch("plan-change", "--cancel", announced["id"]).exit_code == 0
    assert "Nothing is announced" in cutwatch("plan-change", "--list").stdout
    (kept,) = objects(cutwatch("plan-change", "--list", "--all", "--json"))
    assert kept["cancelled_at"] is not None


def test_cancelling_twice_says_that_there_is_nothing_to_cancel(cutwatch: Type) -> None:
    (announced,) = objects(cutwatch("plan-change", "ovd-info", "ovd.info", "--end", tomorrow(), "--json"))
    assert cutwatch("plan-change", "--cancel", announced["id"]).exit_code == 0
    again = cutwatch("plan-change", "--cancel", announced["id"])
    assert again.exit_code == 2
    assert "plan-change --list" in again.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("ovd-info", "ovd.info"), "--end 2026-03-01T18:00"),
        ((), "ORGANISATION TARGET"),
        (("ovd", "ovd.info", "--end", "2099-01-01"), "no organisation ovd"),
        (("ovd-info", "shop", "--end", "2099-01-01"), "has no target shop (ovd.info)"),
        (("ovd-info", "ovd.info", "--end", "2001-01-01"), "is over"),
        (("ovd-info", "ovd.info", "--start", "2099-01-01", "--end", "2099-06-01"), "31 days at most"),
        (("ovd-info", "ovd.info", "--start", "2099-01-02", "--end", "2099-01-01"), "must end after it starts"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(cutwatch: Type, typed: tuple[str, ...], said: str) -> None:
    refused = cutwatch("plan-change", *typed)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert "Nothing is announced" in cutwatch("plan-change", "--list").stdout


def tomorrow() -> str:
    return f"{Clock.from_environment().now().date()}T23:59"
