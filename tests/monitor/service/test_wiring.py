"""What the environment tells of the channels."""

from pathlib import Path

from monitor.service.wiring import surroundings
from monitor.settings import Settings


def test_messages_lead_to_where_readers_find_the_service() -> None:
    assert surroundings(Settings(base_url="https://watch.example/")).address == "https://watch.example"
    assert surroundings(Settings(base_url=None, host="127.0.0.1", port=8000)).address == "http://127.0.0.1:8000"


def test_in_the_loopback_world_links_lead_to_this_machine_as_they_are_meant_to() -> None:
    assert surroundings(Settings(base_url=None, lab_world=Path("world.json"))).address is None
