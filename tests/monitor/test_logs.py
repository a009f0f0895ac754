"""What the logs say, and what they must not."""

import io
import json
import sys
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from monitor.logs import set_up_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def fail() -> None:
    password = "correct horse"
    raise RuntimeError(f"of {len(password)} letters")


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_traceback_shows_where_and_no_variables(form: Literal["human", "json"], capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form)
    try:
        fail()
    except RuntimeError as error:
        structlog.get_logger().error("a job failed", exc_info=error)
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "correct horse" not in said.replace('password = "correct horse"', "")


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    structlog.get_logger().info("a look was made", check="abc")
    assert json.loads(capsys.readouterr().err)["check"] == "abc"


def test_a_log_that_nobody_can_write_to_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up_logs("human")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger().warning("nobody reads this")
    monkeypatch.undo()
    assert closed.closed
