"""Why a rule says so, in Russian: every rule has a sentence of its own, and what was recorded stays beside it as it was."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from api.reasons import reason, reasons
from monitor.core import sight, verdict
from monitor.core.model import Tlp
from probes.kit.discover import discover
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import a_block, read
from tests.api.test_secrecy import documented

RESET = "Шифрованное соединение обрывают каждый раз, когда в нём называют этот сайт"

MASS = "incident.mass"


def rule_ids() -> Iterator[str]:
    """Every id that a look, a round of canaries, a gap or an incident can carry."""
    for probe in discover().values():
        yield from (rule.id for rule in probe.rules)
    yield from (finding.rule for finding in (*sight.RULES.values(), sight.BLIND))
    yield from (f"instrument.{why}" for why in verdict.UNMEASURED_RULES)
    yield from (verdict.RULE_FAILED, *verdict.ISOLATED_RULES, MASS)


def test_every_rule_has_a_russian_sentence_and_no_sentence_is_left_over() -> None:
    assert set(rule_ids()) - reasons("ru").keys() == set()
    assert reasons("ru").keys() - set(rule_ids()) == set()


@pytest.mark.parametrize("rule", sorted(reasons("ru")))
def test_a_sentence_is_russian_and_true_whatever_was_seen(rule: str) -> None:
    told = reason(rule, "ru")
    assert told[0].isupper()
    assert told.endswith(".")
    assert not {"{", "}", "%", "<"} & set(told)
    foreign = set(re.findall(r"[A-Za-z]+", told))
    assert foreign <= {"DNS", "DNSSEC", "cookie"}
    assert ("DNSSEC" not in told) or "подпис" in told.lower()


def test_in_english_the_recorded_sentence_says_it_all() -> None:
    assert reasons("en") == {}
    assert reason("website.tls.reset.sni", "en") == ""
    assert reason("website.of.the.past", "ru") == reason(None, "ru") == ""


@pytest.mark.parametrize("address", ["/", "/organisations/ovd-info", "/incidents/CW-2026-0001", "/timeline"])
async def test_russian_pages_say_it_in_russian_and_mark_the_evidence_as_english(
    house: House, staff: httpx2.AsyncClient, address: str
) -> None:
    await a_block(house)
    text = (await staff.get(f"{address}?lang=ru")).text
    if address != "/timeline":
        assert RESET in text
        assert "Как записано:" in text
    shown = text.count("was reset as soon as the name")
    assert shown == text.count('<span lang="en" class="foreign">The connection was reset as soon as the name')


async def test_the_recorded_sentence_stays_as_it_is_in_english_and_in_the_api(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    page = await read(staff, "/incidents/CW-2026-0001?lang=en")
    assert cast.SNI_RESET in page.text
    assert "As recorded" not in page.text
    answered = (await staff.get("/api/v1/incidents/CW-2026-0001?lang=ru")).json()
    assert (answered["rule"], answered["because"]) == ("website.tls.reset.sni", cast.SNI_RESET)


async def test_a_rule_that_is_no_longer_known_leaves_the_recorded_sentence(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1, rule="website.of.the.past").confirmed())
    text = (await staff.get("/incidents/CW-2026-0001?lang=ru")).text
    assert '<span lang="en" class="foreign">The connection was reset' in text
    assert "Как записано" not in text


async def test_what_documents_state_rests_on_no_rule(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, documented(6, Tlp.CLEAR))
    assert "Как записано" not in (await anonymous.get("/incidents/CW-2026-0006?lang=ru")).text
