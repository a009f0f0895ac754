"""What people may state of an incident: texts that can be seen, and addresses that do nothing when they are followed."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.configuration import load
from monitor.core.dossier import CitedSource, EvidenceItem, LegalGround
from monitor.core.model import Words

UNSEEN = (" ", "\t\n", "\x00\x1b", "\u200b\u202e", "\u00a0\u2003")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", " https://a.example/", "//a.example/", "https:///x"]
)
def test_only_addresses_of_the_web_are_taken(address: str) -> None:
    for given in ({"url": address}, {"archived": address}):
        with pytest.raises(ValidationError, match="address of the web"):
            CitedSource.model_validate({"title": "A report", **given})
    with pytest.raises(ValidationError, match="address of the web"):
        EvidenceItem(title="A letter", url=address)


def test_addresses_of_the_web_are_taken() -> None:
    for address in ("https://ovd.info/letter.pdf", "http://web.archive.org/web/2024/https://ovd.info/"):
        assert CitedSource(title="A report", url=address, archived=address).url == address


@pytest.mark.parametrize("text", UNSEEN)
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    for given in ({"en": text}, {"en": "A title", "ru": text}):
        with pytest.raises(ValidationError, match="can be seen"):
            Words.model_validate(given)
    with pytest.raises(ValidationError, match="can be seen"):
        CitedSource(title=text)
    with pytest.raises(ValidationError, match="can be seen"):
        LegalGround.model_validate({"value": "court_order", "cited": text, "basis": "document"})


def test_every_documented_incident_that_comes_with_us_still_loads() -> None:
    folder = Path(__file__).parents[3] / "config"
    assert len(load(folder).incidents) == len([*(folder / "incidents").glob("*.yaml")]) >= 44
