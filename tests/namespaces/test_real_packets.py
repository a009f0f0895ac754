"""A censor at the border acts on real packets, and the real probe says what it is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from probes.kit.discover import discover
from probes.kit.observation import Control, Facts, Observation
from probes.kit.rule import Finding
from probes.kit.vocabulary import State, Strength
from tests.namespaces.abroad import SITE
from tests.namespaces.country import NOBODY, SERVER, Country, missing
from tests.probes.telling import NOON, seen

WEBSITE: Final = discover()["website"]
_FACTS: Final = TypeAdapter(Facts)
_CONTROLS: Final = TypeAdapter(tuple[Control, ...])
_WHY_NOT: Final = missing()

pytestmark = [pytest.mark.root, pytest.mark.skipif(_WHY_NOT is not None, reason=_WHY_NOT or "")]


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with Country.founded(tmp_path_factory.mktemp("country")) as founded:
        yield founded


@pytest.fixture
def censored(country: Country, request: pytest.FixtureRequest) -> Iterator[Country]:
    """The country while a censor at the border does what the test asks for."""
    with country.censored("tests.namespaces.border", request.param, SITE):
        yield country


def looked(country: Country, place: str, **more: Any) -> Facts:
    question = {"url": f"https://{SITE}/", "resolver": SERVER, "trust": str(country.trust), **more}
    return _FACTS.validate_python(country.ask(place, "tests.namespaces.looking", question))


def observed(country: Country) -> Observation:
    """A look from here, a control's from elsewhere, and the comparison of both."""
    with ThreadPoolExecutor() as both:
        here = both.submit(looked, country, "here")
        theirs = both.submit(looked, country, "elsewhere", also_addresses=(SERVER,)).result()
        own = here.result()
    control = (Control(vantage="elsewhere", country="NL", started_at=NOON, facts=theirs),)
    compared = looked(
        country,
        "here",
        facts=_FACTS.dump_python(own, mode="json"),
        control=_CONTROLS.dump_python(control, mode="json"),
    )
    return replace(seen(compared, control), country="RU")


def judged(country: Country) -> Finding:
    return WEBSITE.judge(observed(country))


def test_without_a_censor_all_is_well(country: Country) -> None:
    assert judged(country).state is State.OK


@pytest.mark.parametrize("censored", ["reset"], indirect=True)
def test_a_reset_by_name_is_told_from_a_bare_reset(censored: Country) -> None:
    finding = judged(censored)

    assert (finding.state, finding.mechanism, finding.strength) == (State.BLOCKED, "tls.reset.sni", Strength.EXPLICIT)


@pytest.mark.parametrize("censored", ["drop"], indirect=True)
def test_a_connection_that_is_dropped_by_name_is_told_from_a_dead_server(censored: Country) -> None:
    finding = judged(censored)

    assert (finding.state, finding.mechanism, finding.strength) == (State.BLOCKED, "tls.timeout", Strength.EXPLICIT)


@pytest.mark.parametrize("censored", ["inject"], indirect=True)
def test_a_forged_answer_is_overtaken_by_the_true_one(censored: Country) -> None:
    observation = observed(censored)
    finding = WEBSITE.judge(observation)

    assert observation.facts is not None
    (lookup,) = [one for one in observation.facts.dns if one.answers == (NOBODY,) and one.further][:1]
    assert [reply.answers for reply in lookup.further] == [(SERVER,)]
    assert (finding.state, finding.rule) == (State.BLOCKED, "website.dns.injection.overtaken")


def test_a_trickle_is_told_from_a_dead_server(country: Country) -> None:
    before = observed(country)
    country.at_the_border(
        "tc", "qdisc", "add", "dev", "to-here", "root", "tbf", "rate", "40kbit", "burst", "4kb", "latency", "2s"
    )

    finding = WEBSITE.judge(observed(country), (before,))

    assert (finding.state, finding.rule) == (State.THROTTLED, "website.http.throttle")
