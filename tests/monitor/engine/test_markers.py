"""The fingerprints of a running prober change all at once, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.clock import Clock
from monitor.core.ooni_fingerprints import DNS_FILE, HTTP_FILE
from monitor.engine.list_cache import CachedList, cache_file, write_cached
from monitor.engine.markers import LOOKED_AFTER, CurrentMarkers, markers_for
from probes.kit.marks import Markers
from tests.monitor.ooni_list import DNS, HTTP

OWN = """\
id: ru
compiled: 2026-11-22
countries: [RU]
fingerprints:
  - {id: ru_provider, kind: blockpage, location: [block.example.ru], source: the provider}
"""


class MovedClock(Clock):
    """A clock whose monotonic time stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_at", 0.0)

    def monotonic(self) -> float:
        at: float = object.__getattribute__(self, "_at")
        return at

    def move(self, seconds: float) -> None:
        object.__setattr__(self, "_at", self.monotonic() + seconds)


class House:
    """A configuration and a data folder, and the markers that a prober made of them."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "config", folder / "var"
        (self.config / "fingerprints").mkdir(parents=True)
        self.clock = MovedClock()
        self.write_own(OWN)

    def write_own(self, text: str) -> None:
        (self.config / "fingerprints" / "ru.yaml").write_text(text, encoding="utf-8")

    def fetch(self, http: str = HTTP) -> None:
        files = {DNS_FILE: DNS, HTTP_FILE: http}
        at = datetime(2026, 11, 22, tzinfo=UTC)
        write_cached(self.data, CachedList(fetched_at=at, origin="https://lists.example.org", rows=4, files=files))

    def markers(self) -> CurrentMarkers:
        return CurrentMarkers(self.config, self.data, self.clock)

    def a_minute_later(self, markers: CurrentMarkers) -> None:
        """Let the minute pass, ask once, and wait for what that may have begun."""
        self.clock.move(LOOKED_AFTER)
        assert markers.versions
        if markers._reader is not None:
            markers._reader.join(10)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def names(markers: Markers, location: str = "http://block.example.ru/") -> list[str]:
    return [mark.name for mark in markers.of_response(b"", location, None, b"", "")]


def test_both_lists_are_in_force_and_name_their_versions(house: House) -> None:
    house.fetch()
    markers: Markers = house.markers()
    assert names(markers) == ["own:ru_provider", "ooni:ru_2"]
    assert [mark.name for mark in markers.of_answers(("10.10.34.34",))] == ["ooni:ir_1"]
    assert markers.of_chain(()) == ()
    assert {name: version[:11] for name, version in markers.versions.items()} == {"own": "2026-11-22-", "ooni": "2026-11-22-"}


def test_without_a_fetched_list_ours_is_in_force(house: House) -> None:
    assert names(house.markers()) == ["own:ru_provider"]
    assert list(house.markers().versions) == ["own"]


def test_a_list_that_is_fetched_later_is_in_force_within_a_minute(house: House) -> None:
    markers = house.markers()
    house.fetch()
    assert names(markers) == ["own:ru_provider"]
    house.a_minute_later(markers)
    assert names(markers) == ["own:ru_provider", "ooni:ru_2"]


def test_files_are_not_looked_at_more_than_once_a_minute(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    markers = house.markers()
    house.fetch()
    looked: list[str] = []
    monkeypatch.setattr(markers, "_look_after", lambda: looked.append("now"))
    for _ in range(100):
        names(markers)
    assert looked == []
    house.clock.move(LOOKED_AFTER)
    for _ in range(100):
        names(markers)
    assert looked == ["now"]


def test_files_that_stay_as_they_are_are_not_read_again(house: House) -> None:
    markers = house.markers()
    before = markers._markers
    house.a_minute_later(markers)
    assert markers._markers is before


def test_a_list_that_is_removed_is_no_longer_in_force(house: House) -> None:
    house.fetch()
    markers = house.markers()
    cache_file(house.data).unlink()
    house.a_minute_later(markers)
    assert names(markers) == ["own:ru_provider"]


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"fetched_at": "2026', bytes(range(256))])
def test_a_damaged_file_is_told_of_and_changes_nothing(house: House, damage: bytes) -> None:
    house.fetch()
    markers = house.markers()
    cache_file(house.data).write_bytes(damage)
    with capture_logs() as logs:
        house.a_minute_later(markers)
        house.a_minute_later(markers)
    assert names(markers) == ["own:ru_provider", "ooni:ru_2"]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["the fingerprints of OONI cannot be used"]


def test_a_hostile_list_in_the_cache_is_not_used(house: House) -> None:
    house.fetch(HTTP.replace("closed by order 17", "<html>"))
    with capture_logs() as logs:
        markers = house.markers()
    assert names(markers) == ["own:ru_provider"]
    assert "would accuse them all" in logs[0]["problem"]


def test_a_mistake_in_ours_is_told_of_and_changes_nothing(house: House) -> None:
    markers = house.markers()
    house.write_own("id: ru\n")
    with capture_logs() as logs:
        house.a_minute_later(markers)
    assert names(markers) == ["own:ru_provider"]
    assert logs[0]["event"] == "our own fingerprints cannot be read; run `cutwatch check`"


@pytest.fixture
def forgetful() -> Iterator[None]:
    yield
    markers_for.cache_clear()


@pytest.mark.usefixtures("forgetful")
def test_all_vantage_points_of_a_process_share_them(house: House) -> None:
    assert markers_for(house.config, house.data) is markers_for(house.config, house.data)
    assert names(markers_for(house.config, house.data)) == ["own:ru_provider"]
